# SPDX-License-Identifier: GPL-2.0-only
"""mode = auto and phones that say Hello only once they have heard something; and what the log says where a call
is not passed through."""
import re

import wait
from harness import case, equal
from lab import PHONE_HZ
from pairs import passed_through, same_sas


def both_hear(*phones):
    """SRTP goes on arriving at all of these zrtpcalls."""
    for phone in phones:
        before = phone.statistics()["audio"]["srtp_received"]
        wait.until(f"{phone.name} hears the other one", 8,
                   lambda p=phone, b=before: p.statistics()["audio"]["srtp_received"] > b + 25)


@case("auto: a phone that says Hello only once it has heard something, and a Linphone that requires encryption and so "
      "sends no media: passed through, whichever calls")
def waits_to_hear(lab):
    with lab.phone("auto") as first, lab.zrtp_phone("auto2", like="twinkle", tone=PHONE_HZ) as second:
        for caller, called, extension in ((first, second, "call-auto2"), (second, first, "call-auto")):
            called.expect_call()
            caller.call(extension, lab.sip_port)
            same_sas(first, second)
            passed_through(lab, "auto", "auto2")
            both_hear(second)
            caller.hang_up()
            called.wait_ended()
            lab.pbx.idle()


@case("auto: two phones that say Hello only once they have heard something are passed through")
def both_wait(lab):
    with lab.zrtp_phone("auto", like="twinkle", tone=PHONE_HZ) as first, \
            lab.zrtp_phone("auto2", like="twinkle", tone=PHONE_HZ) as second:
        second.expect_call()
        first.call("call-auto2", lab.sip_port)
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        both_hear(first, second)
        first.hang_up()
        second.wait_ended()


def told(lab, logged, why):
    """The log says why, for the leg that was decided first; the other one has lost its partner then."""
    wait.until("the log says why they are not passed through", 5, lambda: re.search(
        rf"NOTICE\[.*PJSIP/auto(2|long)?-\w+: not passed through, the PBX is its ZRTP endpoint: {why}", lab.pbx.log()[logged:]))


@case("auto: of a phone whose SDP announces ZRTP no Hello comes: not passed through, the other one is secure with the PBX; "
      "the log says why")
def announced_and_silent(lab):
    logged = len(lab.pbx.log())
    with lab.zrtp_phone("auto") as first, lab.zrtp_phone("auto2", like="twinkle", drop_sent="Hello", tone=PHONE_HZ) as second:
        second.expect_call()
        first.call("call-auto2", lab.sip_port)
        equal("SAS", first.secure(), lab.pbx.secure("auto")["SAS"])
        told(lab, logged, "(the phone at the other side|the phone) sent no ZRTP Hello in time")
        equal("secure at the silent one", second.all("secure"), [])
        first.hang_up()
        second.wait_ended()


@case("auto: feature codes keep two phones from being passed through, and the log says so")
def codes_told(lab):
    logged = len(lab.pbx.log())
    with lab.zrtp_phone("auto") as first, lab.zrtp_phone("auto2") as second:
        second.expect_call()
        first.call("keys-auto2", lab.sip_port)
        for phone in (first, second):
            equal("SAS", phone.secure(), lab.pbx.secure(phone.name)["SAS"])
        told(lab, logged, "the bridge waits for feature codes")
        first.hang_up()
        second.wait_ended()


@case("auto: a bridge that leaves two phones apart, as their packets differ in length, is not asked for ever: "
      "both have keys with the PBX")
def left_apart(lab):
    logged = len(lab.pbx.log())
    with lab.zrtp_phone("auto") as first, lab.zrtp_phone("autolong") as second:
        second.expect_call()
        first.call("call-autolong", lab.sip_port)
        for phone in (first, second):
            equal("SAS", phone.secure(), lab.pbx.secure(phone.name)["SAS"])
        told(lab, logged, "the bridge does not join the phones natively")
        first.hang_up()
        second.wait_ended()
