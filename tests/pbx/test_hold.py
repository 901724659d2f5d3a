# SPDX-License-Identifier: GPL-2.0-only
"""Hold in a call that is passed through: the other phone is told of it in SIP, since it cannot hear what the PBX says."""
from harness import case, equal
from lab import PHONE_HZ
from pairs import keyed, passed_through, same_sas
from test_auto import both_hear


def hold(first, second):
    """The first phone holds and resumes, and the second one is told of both."""
    for command, event in (("hold", "peer-held"), ("resume", "peer-resumed")):
        for phone in (first, second):
            phone.expect_call()
        first.say(command)
        second.wait(event, 8)
        first.wait("modified", 8)


@case("pass-through: a hold is passed on to the other phone; both keep their keys and hear each other after it")
def told(lab):
    with lab.zrtp_phone("through", tone=PHONE_HZ) as first, lab.zrtp_phone("through2", tone=PHONE_HZ) as second:
        sas = keyed(lab, first, second)
        hold(first, second)
        hold(second, first)
        passed_through(lab, "through", "through2")
        equal("SAS", (first.shown(), second.shown()), (sas, sas))
        both_hear(first, second)
        first.hang_up()
        second.wait_ended()


def anew(lab, caller, called):
    """Phones that begin ZRTP again at hold have other keys after it, and hear each other."""
    with lab.zrtp_phone(caller, like="twinkle", tone=PHONE_HZ) as first, \
            lab.zrtp_phone(called, like="twinkle", tone=PHONE_HZ) as second:
        sas = keyed(lab, first, second)
        hold(first, second)
        again = same_sas(first, second)
        equal("another SAS", again == sas, False)
        passed_through(lab, caller, called)
        both_hear(first, second)
        first.hang_up()
        second.wait_ended()


@case("pass-through: two phones that begin ZRTP again at hold have other keys after it, and hear each other")
def anew_through(lab):
    anew(lab, "through", "through2")


@case("auto: two phones that begin ZRTP again at hold have other keys after it, and hear each other")
def anew_auto(lab):
    anew(lab, "auto", "auto2")
