# SPDX-License-Identifier: GPL-2.0-only
"""early = yes: phones have their keys before one of them answers."""
import contextlib
import os
import re
import time

import asterisk
import calls
import capture
import tone
import wait
from harness import case, equal
from lab import MUSIC_HZ, PBX_HZ
from pairs import all_passed_through, carried, check_wire, no_clear, passed_through, ports_of, same_sas


@contextlib.contextmanager
def ringing(lab, caller, called, first=None, extension="call"):
    """A zrtpcall rings another one that has early media and waits for its user."""
    with lab.zrtp_phone(caller, **(first or {})) as one, \
            lab.zrtp_phone(called, early=True, answer="manual", video="accept") as two:
        one.call(f"{extension}-{called}", lab.sip_port)
        two.wait("incoming")
        yield one, two


def rings_secure(lab, caller, called, hashes, first=None, media=1):
    with capture.Capture(os.path.join(lab.directory, "early.pcap")) as wire, \
            ringing(lab, caller, called, first) as (one, two):
        sas = same_sas(one, two)
        equal("answered", (one.all("up"), two.all("up")), ([], []))
        wait.until("each medium is secure, with its zrtp-hash", 10,
                   lambda: [[e["zrtp_hash"] for e in p.all("secure")] for p in (one, two)] == hashes)
        for name in (caller, called):
            all_passed_through(lab, name, media)
        time.sleep(1)
        two.say("answer")
        one.wait("up")
        time.sleep(2.5)
        for name in (caller, called):
            all_passed_through(lab, name, media)
        equal("SAS", (one.shown(), two.shown()), (sas, sas))
        one.say(f"transfer sip:echo@127.0.0.1:{lab.sip_port}")
        wait.until("a transfer is refused", 5, lambda: [e for e in one.all("transfer") if e["code"] >= 400])
        for phone in (one, two):
            wait.grows("SRTP flows", lambda p=phone: p.statistics()["audio"]["srtp_received"], 30)
        one.hang_up()
        two.wait_ended()
    for name, other in ((caller, called), (called, caller)):
        count = carried(wire, name, other)
        equal(f"SRTP to {name}: {dict(count)}", count["rtp 0"] > 100 and not count["other"], True)


@case("early = yes, pass-through: one SAS before the answer, the same after it, each phone has the other's zrtp-hash")
def early(lab):
    rings_secure(lab, "soon", "soon2", [["matched"], ["matched"]])


@case("early = yes, auto: one SAS before the answer, the same after it")
def early_auto(lab):
    rings_secure(lab, "soonauto", "soonauto2", [["none"], ["none"]])


@case("early = yes: with video, one SAS before the answer, both streams passed through")
def early_video(lab):
    rings_secure(lab, "soonview1", "soonview2", [["matched"] * 2] * 2, {"video": "offer"}, 2)


@case("early = yes: two phones ring, and nothing is joined before one answers")
def early_fork(lab):
    with lab.zrtp_phone("soon") as one, lab.zrtp_phone("soon2", early=True, answer="manual") as two, \
            lab.zrtp_phone("soon3", early=True, answer="manual") as three:
        one.call("both-soon", lab.sip_port)
        two.wait("incoming")
        three.wait("incoming")
        time.sleep(2)
        equal("states", {s["State"] for s in lab.pbx.streams()}, {"waiting"})
        three.say("answer")
        same_sas(one, three)
        all_passed_through(lab, "soon3", 1)
        two.wait_ended()
        equal("secure", two.all("secure"), [])
        one.hang_up()
        three.wait_ended()


@case("early = yes: a caller who hears the PBX's music is not joined before the answer, and then is")
def early_music(lab):
    before = len(lab.pbx.log())
    with ringing(lab, "soon", "soon2", {"record": True}, extension="music") as (one, two):
        time.sleep(2)
        equal("states", {s["State"] for s in lab.pbx.streams()}, {"waiting"})
        equal("told of a bridge", "PJSIP/soon-" in "".join(
            line for line in lab.pbx.log()[before:].splitlines() if "the bridge does not join" in line), False)
        two.say("answer")
        same_sas(one, two)
        one.hang_up()
        two.wait_ended()
    tone.heard(one.recording, MUSIC_HZ)


@case("early = yes: the phone that had keys before the answer gives up; the caller hears nothing in clear",
      errors="it has keys with a phone that is no longer there")
def early_given_up(lab):
    with capture.Capture(os.path.join(lab.directory, "given-up.pcap")) as wire, \
            ringing(lab, "soon", "soon2", extension="try") as (one, two):
        same_sas(one, two)
        two.say("reject 486")
        one.wait("up")
        one.wait_ended(8)
    carried(wire, "soon", "soon2")


@case("early = yes, auto: the phone that had keys gives up; the caller gets keys with the PBX, and hears it")
def early_auto_given_up(lab):
    with capture.Capture(os.path.join(lab.directory, "early-rekeyed.pcap")) as wire, \
            lab.phone("soonauto", record=True) as first, \
            lab.zrtp_phone("soonauto2", early=True, answer="manual") as second:
        first.call("try-soonauto2", lab.sip_port)
        sas = second.secure()
        wait.until("SRTP flows", 5, lambda: second.statistics()["audio"]["srtp_sent"] > 20)
        first.expect_call()
        second.say("reject 486")
        equal("another SAS", calls.secure(lab, first)["SAS"] != sas, True)
        time.sleep(2)
        first.hang_up()
    tone.heard(first.recording, PBX_HZ)
    # zrtpcall, unlike Linphone, sends clear media before it has keys.
    keyed = next(d.time for d in wire.datagrams if d.target in ports_of("soonauto")
                 and capture.kind(d.data) == "zrtp" and capture.message_type(d.data) in ("Confirm1", "Confirm2"))
    wire.datagrams = [d for d in wire.datagrams if d.time >= keyed]
    no_clear(wire, "soonauto")


@case("early = yes: a phone without keys gives up, and the caller has an ordinary call")
def early_not_begun(lab):
    with ringing(lab, "soon", "soon2", {"no_zrtp": True, "record": True}, extension="try") as (one, two):
        time.sleep(1)
        two.say("reject 486")
        one.wait("up")
        time.sleep(4)
        one.hang_up()
    tone.heard(one.recording, PBX_HZ)


@case("early = yes: a call with feature codes stays between phones that had keys before the answer",
      errors="recording, spying or playback refused")
def early_features(lab):
    before = len(lab.pbx.log())
    with ringing(lab, "soon", "soon2", extension="keys") as (one, two):
        sas = same_sas(one, two)
        two.say("answer")
        one.wait("up")
        wait.until("the log says so", 5, lambda: re.search(
            r"PJSIP/soon-\w+: recording, spying or playback refused", lab.pbx.log()[before:]))
        all_passed_through(lab, "soon", 1)
        equal("SAS", (one.shown(), two.shown()), (sas, sas))
        one.hang_up()


def held_back(lab, caller, called, state):
    """Early media for longer than phones repeat their Hello; the two phones' streams at the PBX are in a state then."""
    with ringing(lab, caller, called) as (one, two):
        time.sleep(6)
        wait.until(f"{state} before the answer", 10, lambda: [s["State"] for s in lab.pbx.streams()] == [state] * 2)
        two.say("answer")
        one.wait("up")
        both = one.secure(), two.secure()
        one.hang_up()
        two.wait_ended()
    return both


@case("pass-through: early media without early = yes; ZRTP of the phones begins with the answer")
def early_held_back(lab):
    first, second = held_back(lab, "through", "through2", "waiting")
    equal("SAS", first, second)


@case("auto: early media without early = yes makes the PBX the ZRTP endpoint of both legs")
def early_auto_end(lab):
    first, second = held_back(lab, "auto", "auto2", "secure")
    equal("SAS differ", first != second, True)


@case("early = yes: two Linphones have one SAS before the answer and after it")
def early_linphone(lab):
    settings = {"sip": ["incoming_calls_early_media=1"]}
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "early-linphone.pcap")) as wire, \
            lab.phone("soon", record=True) as first, \
            lab.phone("soon2", record=True, answer=False, settings=settings) as second:
        second.expect_call()
        first.call("call-soon2", lab.sip_port)
        passed_through(lab, "soon", "soon2")
        events.wait("ZrtpPassthrough", 10, State="keyed")
        time.sleep(1)
        second.say("answer")
        same_sas(first, second)
        passed_through(lab, "soon", "soon2")
        time.sleep(1.5)
        first.hang_up()
        second.wait_ended()
    check_wire(wire, "soon", "soon2")
