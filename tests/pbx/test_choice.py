# SPDX-License-Identifier: GPL-2.0-only
"""A policy for one call, chosen by the dialplan: Set(ZRTP(policy)=NAME)."""
import os
import re
import time

import asterisk
import capture
import lab as laboratory
import wait
from harness import case, equal

WRONG = r"policy '[^']*' cannot be set, .*\. The call is ended"


def policies_of(lab):
    return {stream["Policy"] for stream in lab.pbx.streams()}


def chosen_secure(lab, caller, phone, extension):
    """A phone with ZRTP that is called by a choice is secure by the policy that was chosen."""
    since = len(lab.pbx.log())
    phone.expect_call()
    caller.call(extension, lab.sip_port)
    phone.secure()
    equal("policies", policies_of(lab), {"zrtp", "zrtp/strict"})
    equal("policy of the phone", lab.pbx.stream(phone.name)["Policy"], "zrtp/strict")
    equal("dialplan", "chosen zrtp/strict" in lab.pbx.log()[since:], True)
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
    wait.until(f"log has {why}", 2, lambda: re.search(rf"({why}).*\. The call is ended", lab.pbx.log()[since:]))
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
        not_called(lab, alice, bob, "twice-bob", "policy 'b256' cannot be set, zrtp/strict was chosen before")
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
                               ("slip", "policy 'strict' cannot be set, its item is policy, not 'polcy'"),
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


def nothing_sent(lab, name, started, wire):
    """The channel of a phone with keys in SDP is refused them, and the PBX sends it no RTP."""
    wait.until("refused", 5, lambda: re.search(r"SRTP keys from SDP or DTLS \(media_encryption of its endpoint\) refused|"
                                               r"cannot be set, .*keys of SDP", lab.pbx.log()[started:]))
    time.sleep(2)
    equal("RTP of the PBX", len(capture.media(wire.between(target=laboratory.rtp_port(name)), "rtp")), 0)


@case("media_encryption = sdes and a choice that requires ZRTP: no media passes with the keys of SDP, of a caller and of who is called",
      errors=rf"{WRONG}|SRTP keys from SDP or DTLS|res_rtp_asterisk|res_pjsip_s|sdp_srtp|ZRTP is required")
def other_keys(lab):
    since = len(lab.pbx.log())
    with lab.phone("sdes", record=True, encryption="srtp") as phone:
        phone.call("late", lab.sip_port)
        wait.until("ended", 8, lambda: "its media has begun" in lab.pbx.log()[since:])
        lab.pbx.idle()
    for way in ("caller", "called"):
        since = len(lab.pbx.log())
        path = os.path.join(lab.directory, f"choice-{way}.pcap")
        with capture.Capture(path, silent=True) as wire, lab.phone("sdes", record=True, encryption="srtp") as phone, \
                lab.zrtp_phone("alice") as alice:
            if way == "caller":
                phone.call("self-strict", lab.sip_port)
            else:
                phone.expect_call()
                alice.call("strict-sdes", lab.sip_port)
            nothing_sent(lab, "sdes", since, wire)
            phone.say("terminate all")
        lab.pbx.idle()


@case("a call with a choice that another phone picks up: that phone's leg has the policy of its own endpoint")
def picked_up(lab):
    with lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob", answer="manual") as bob, lab.zrtp_phone("carol") as carol:
        alice.call("strict-bob", lab.sip_port)
        bob.wait("incoming", 5)
        carol.call("pickup", lab.sip_port)
        for phone in (alice, carol):
            phone.secure()
        equal("policy", lab.pbx.stream("carol")["Policy"], "zrtp")
        carol.hang_up()
