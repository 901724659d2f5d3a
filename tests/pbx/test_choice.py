# SPDX-License-Identifier: GPL-2.0-only
"""A policy for one call, chosen by the dialplan: Set(ZRTP(policy)=NAME)."""
import re

import asterisk
import wait
from harness import case, equal

WRONG = r"policy '[^']*' cannot be set, .*\. The call is ended"


def policies_of(lab):
    return {stream["Policy"] for stream in lab.pbx.streams()}


def chosen_secure(lab, caller, phone, extension):
    """A phone with ZRTP that is called by a choice is secure by the policy that was chosen."""
    phone.expect_call()
    caller.call(extension, lab.sip_port)
    phone.secure()
    equal("policies", policies_of(lab), {"zrtp", "zrtp/strict"})
    equal("policy of the phone", lab.pbx.stream(phone.name)["Policy"], "zrtp/strict")
    equal("dialplan", "chosen zrtp/strict" in lab.pbx.log(), True)
    caller.hang_up()
    phone.wait_ended()


def refused_in_clear(lab, caller, extension):
    """A phone without ZRTP that is called by a choice that requires it hears nothing, and is hung up."""
    with lab.zrtp_phone("plain", no_zrtp=True) as plain, asterisk.Events(lab.pbx) as events:
        plain.expect_call()
        caller.call(extension, lab.sip_port)
        plain.wait("up", 10)
        event = events.wait("ZrtpRefused", 15)
        equal("refused", (event["Reason"], asterisk.endpoint_of(event["Channel"])), ("NoZrtp", "plain"))
        equal("heard in clear", plain.wait_ended(10)["audio"]["clear_received"], 0)
        caller.wait_ended(10)


def ended_for(lab, caller, extension, why):
    """A call ends since its choice cannot be had, and the log says why."""
    since = len(lab.pbx.log())
    caller.call(extension, lab.sip_port)
    caller.wait_ended(10)
    wait.until(f"log has {why}", 2, lambda: re.search(rf"cannot be set, .*({why}).*\. The call is ended", lab.pbx.log()[since:]))
    lab.pbx.idle()


def not_called(lab, caller, phone, extension, why):
    """A choice that cannot be had: the phone is not called, and the caller's call ends."""
    phone.expect_call()
    ended_for(lab, caller, extension, why)
    equal("called", phone.all("incoming"), [])


def of_called(lab):
    """What a pre-dial handler does, whatever the channel driver."""
    with lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        chosen_secure(lab, alice, bob, "strict-bob")
        not_called(lab, alice, bob, "typo-bob", "no such policy in force")
        refused_in_clear(lab, alice, "strict-plain")
    with lab.zrtp_phone("alice") as alice, lab.zrtp_phone("strict") as strict, lab.zrtp_phone("stock", no_zrtp=True) as stock:
        not_called(lab, alice, strict, "mild-strict", "at least as strict as zrtp/strict in require")
        not_called(lab, alice, stock, "strict-stock", "mode = off|has no rtp_engine")


@case("a pre-dial handler gives a called phone a stricter policy; a laxer or unknown one ends the call before the phone is called",
      errors=rf"{WRONG}|ZRTP is required|does not speak ZRTP")
def called(lab):
    of_called(lab)


@case("a pre-dial handler gives a called phone a stricter policy; a laxer or unknown one ends the call", kind="16 attack",
      errors=rf"{WRONG}|ZRTP is required|does not speak ZRTP")
def called_old(lab):
    of_called(lab)


@case("a pre-dial handler of chan_sip gives a called phone a stricter policy, though its RTP is there by then", kind="16 chan_sip",
      errors=rf"{WRONG}|ZRTP is required|does not speak ZRTP")
def called_sip(lab):
    of_called(lab)


@case("a caller's own policy before the answer: stricter; unknown, or after the answer, the call ends",
      errors=rf"{WRONG}|ZRTP is required|does not speak ZRTP")
def calling(lab):
    with lab.zrtp_phone("alice") as alice:
        alice.call("self-strict", lab.sip_port)
        alice.secure()
        equal("policies", policies_of(lab), {"zrtp/strict"})
        alice.hang_up()
        lab.pbx.idle()
        for extension, why in (("self-strickt", "no such policy in force"), ("late", "its media has begun"),
                               ("self-through", "in mode")):
            ended_for(lab, alice, extension, why)
    with lab.plain_phone() as plain, asterisk.Events(lab.pbx) as events:
        plain.call("self-strict", lab.sip_port)
        equal("reason", events.wait("ZrtpRefused", 12)["Reason"], "NoZrtp")
        plain.wait_request("BYE", 10)
        plain.remote = None
        equal("heard in clear", [octets for octets in plain.heard if octets], [])


@case("a Linphone that a pre-dial handler gives a stricter policy: also behind a Local channel; on the Local channel itself it ends the call",
      errors=rf"{WRONG}|ZRTP is required|does not speak ZRTP")
def linphone(lab):
    with lab.zrtp_phone("alice") as alice, lab.phone("bob") as bob:
        bob.expect_call()
        alice.call("local-bob", lab.sip_port)
        alice.secure()
        wait.until("Linphone is secure", 10, lambda: (lab.pbx.stream("bob") or {}).get("State") == "secure")
        equal("policy", lab.pbx.stream("bob")["Policy"], "zrtp/strict")
        alice.hang_up()
        bob.wait_ended()
    with lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        not_called(lab, alice, bob, "outer-bob", "of a Local channel set it where that dials the phone")
