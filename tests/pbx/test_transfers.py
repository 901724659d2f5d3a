# SPDX-License-Identifier: GPL-2.0-only
"""Phones that are passed through and lose their partner: transfers, pickups, recordings, and what comes after it."""
import contextlib
import os
import re
import time

import asterisk
import calls
import capture
import lab as laboratory
import tone
import wait
from harness import case, equal
from lab import MUSIC_HZ, PBX_HZ, PHONE_HZ
from pairs import (
    OTHER_HZ, heard_each_other, lab_sas, no_clear, pair_of, passed_through, refused_transfer, same_sas, unchanged)
from zrtpphone import ZrtpPhone

REKEYED = 10


@contextlib.contextmanager
def transferred(lab, extension, by_called=False):
    """Two phones that are passed through; one sends the other to an extension, where it ends secure with the PBX."""
    with capture.Capture(os.path.join(lab.directory, "transferred.pcap")) as wire, \
            asterisk.Events(lab.pbx) as events, pair_of(lab, "auto", "auto2") as (first, second):
        sas = same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1)
        sender, sent = (second, first) if by_called else (first, second)
        sent.expect_call()
        sender.say(f"transfer sip:{extension}@127.0.0.1:{lab.sip_port}")
        stream = calls.secure(lab, sent)
        equal("another SAS", stream["SAS"] != sas, True)
        sender.wait_ended()
        for variable, value in (("ZRTP_STATE", "secure"), ("ZRTP_SAS", stream["SAS"])):
            wait.until(f"{variable} is {value}", 5, lambda v=variable, w=value: events.ask(
                "Getvar", Channel=stream["Channel"], Variable=v)["Value"] == w)
        yield sent
        sent.hang_up()
        equal("alarms", events.all("ZrtpAlert"), [])
    equal("mismatches at the phone", "cache mismatch" in sent.log(), False)
    no_clear(wire, sent.name)


@case("auto: a blind transfer of a phone that is passed through to an application: secure with the PBX, nothing in clear")
def auto_transfer(lab):
    with transferred(lab, "record") as phone:
        time.sleep(2)
    tone.heard(phone.recording, PBX_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-auto2.wav"), OTHER_HZ, PBX_HZ)


@case("auto: the called phone transfers the calling one to an application: secure with the PBX, nothing in clear")
def auto_transfer_back(lab):
    with transferred(lab, "record", by_called=True) as phone:
        time.sleep(2)
    tone.heard(phone.recording, PBX_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-auto.wav"), PHONE_HZ, PBX_HZ)


@case("auto: after such a transfer nothing is left of the former call: the module unloads",
      errors=r"loader\.c: .*[Uu]nload")
def auto_transfer_traces(lab):
    with transferred(lab, "record"):
        pass
    lab.pbx.idle()

    def unloaded():
        lab.pbx.cli("module unload res_zrtp.so")
        return "res_zrtp.so" not in lab.pbx.cli("module show like res_zrtp.so")
    wait.until("module unloads", 20, unloaded, 0.5)
    lab.pbx.cli("module load res_zrtp.so")


@case("auto: a blind transfer of a phone that is passed through into a conference: secure with the PBX")
def auto_transfer_conference(lab):
    with transferred(lab, "conference") as phone:
        time.sleep(2)
    tone.heard(phone.recording, MUSIC_HZ)


@case("auto: a blind transfer of a phone that is passed through to a phone without ZRTP: secure with the PBX")
def auto_transfer_plain(lab):
    with lab.phone("stock", record=True, zrtp=False, play=lab.pbx.file("sounds", "announcement.wav")) as plain:
        with transferred(lab, "call-stock") as phone:
            plain.wait("connected", 5)
            time.sleep(2)
        plain.wait_ended()
    tone.heard(phone.recording, PBX_HZ)
    tone.heard(plain.recording, OTHER_HZ, PBX_HZ)


@case("auto: an attended transfer between two pairs that are passed through: secure with the PBX on both legs")
def auto_attended(lab):
    third_wav = lab.pbx.file("sounds", "announcement.wav")
    with lab.phone("auto3", record=True, play=third_wav) as third, \
            pair_of(lab, "auto", "auto2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        first.say("pause")
        first.wait("is now paused", 5)
        third.expect_call()
        first.call("call-auto3", lab.sip_port)
        same_sas(first, third)
        passed_through(lab, "auto3")
        time.sleep(1)
        second.expect_call()
        third.expect_call()
        first.say("transfer 1 --to-call 2")
        calls.secure(lab, second)
        calls.secure(lab, third)
        time.sleep(2)
        second.hang_up()
        third.wait_ended()
    tone.heard(second.recording, PBX_HZ)
    tone.heard(third.recording, OTHER_HZ, PBX_HZ)


@case("auto: recording a call of phones that are passed through: each gets keys with the PBX, nothing in clear")
def auto_recorded(lab):
    with capture.Capture(os.path.join(lab.directory, "auto-recorded.pcap")) as wire, \
            pair_of(lab, "auto", "auto2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1)
        first.expect_call()
        second.expect_call()
        lab.pbx.cli(f"mixmonitor start {lab.pbx.stream('auto')['Channel']} {lab.pbx.home}/sounds/both.wav")
        calls.secure(lab, first)
        calls.secure(lab, second)
        time.sleep(3)
        first.hang_up()
        second.wait_ended()
    no_clear(wire, "auto")
    no_clear(wire, "auto2")
    heard_each_other(first, second)
    recorded = tone.read(lab.pbx.file("sounds", "both.wav"))
    for hz in (PHONE_HZ, OTHER_HZ):
        if tone.best_share(recorded, hz) < 0.3:
            raise AssertionError(f"the recording lacks the phone of {hz} Hz")


@case(f"auto: {REKEYED} phones whose partners go at once are secure with the PBX, all of them, and hear it")
def auto_rekeyed_at_once(lab):
    phones = [ZrtpPhone(lab.directory, "auto", 0, (27000 + 16 * n, 27015 + 16 * n), like="linphone", record=True)
              for n in range(REKEYED)]
    with asterisk.Events(lab.pbx) as events, contextlib.ExitStack() as stack, \
            ZrtpPhone(lab.directory, "auto2", laboratory.sip_port("auto2"), (27400, 27599), no_cache=True) as partner:
        for phone in phones:
            stack.enter_context(phone).call("after-auto2", lab.sip_port)
        sas = [phone.secure() for phone in phones]
        wait.until("all are passed through", 10,
                   lambda: [s["State"] for s in lab.pbx.streams()] == ["passthrough"] * 2 * REKEYED)
        for phone in phones:
            phone.expect_call()
        partner.stop()
        again = [phone.secure(10) for phone in phones]
        equal("SAS as before", [one for one, other in zip(sas, again) if one == other], [])
        wait.until("the PBX has them all", 5, lambda: {(s["State"], s["SAS"]) for s in lab.pbx.streams()} == {
            ("secure", one) for one in again})
        time.sleep(2)
        for phone in phones:
            phone.hang_up()
        equal("alarms", events.all("ZrtpAlert"), [])
    for phone in phones:
        tone.heard(phone.recording, PBX_HZ)


@case("auto: a phone that does not know Replaces is not transferred, the call goes on")
def auto_transfer_refused(lab):
    with lab.phone("auto") as first, lab.zrtp_phone("auto2") as second:
        second.expect_call()
        first.call("call-auto2", lab.sip_port)
        sas = same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1)
        first.say(f"transfer sip:echo@127.0.0.1:{lab.sip_port}")
        wait.until("the phone hears no", 5, lambda: re.search(r"SIP/2\.0 (4|6)\d\d", first.log()))
        passed_through(lab, "auto", "auto2")
        equal("SAS", (lab_sas(first), second.shown()), (sas, sas))
        first.hang_up()
        second.wait_ended()


@case("auto: phones that answer at once are passed through, in every one of some calls")
def auto_at_once(lab):
    with lab.zrtp_phone("auto2") as second, lab.zrtp_phone("auto") as first:
        for _ in range(8):
            second.expect_call()
            first.call("call-auto2", lab.sip_port)
            same_sas(first, second)
            passed_through(lab, "auto", "auto2")
            first.hang_up()
            second.wait_ended()


@case("auto: a transfer asked for in the moment that phones without Replaces get their keys is refused, the call goes on")
def auto_transfer_at_once(lab):
    steps = "; ".join((f"dial sip:call-auto2@127.0.0.1:{lab.sip_port}", "wait secure",
                       f"transfer sip:echo@127.0.0.1:{lab.sip_port}"))
    with lab.zrtp_phone("auto2") as second, lab.zrtp_phone("auto", do=steps) as first:
        sas = same_sas(first, second)
        wait.until("the transfer is refused", 5, lambda: [e for e in first.all("transfer") if e["code"] >= 400])
        time.sleep(1)
        passed_through(lab, "auto", "auto2")
        equal("SAS", (first.shown(), second.shown()), (sas, sas))
        first.hang_up()
        second.wait_ended()


@contextlib.contextmanager
def picked_up(lab, name, **options):
    """through2 calls through; NAME picks that up: its channel takes the place of the called one."""
    with lab.zrtp_phone("through2") as first, lab.zrtp_phone("through", answer="manual") as second, \
            lab.zrtp_phone(name, **options) as third:
        first.call("call-through", lab.sip_port)
        second.wait("incoming")
        third.call("pickup-through", lab.sip_port)
        second.wait_ended()
        yield first, third
        third.hang_up()


@case("pass-through: a phone that has picked up a call is hung up when its partner goes, not left in silence",
      errors="it has keys with a phone that is no longer there")
def moved_picked_up(lab):
    with picked_up(lab, "view1") as (first, third):
        same_sas(first, third)
        passed_through(lab, "through2", "view1")
        time.sleep(1)
        lab.pbx.cli(f"channel redirect {lab.pbx.stream('through2')['Channel']} phones,announce,1")
        third.wait_ended(8)
        first.wait_ended(8)


@case("video that a phone adds to a call that it has picked up has its keys by Multistream")
def picked_up_video(lab):
    with picked_up(lab, "pictures", video="accept") as (first, third):
        third.secure()
        third.say("video")
        third.wait("secure", 10, medium="video")
        equal("by Multistream", [e["multistream"] for e in third.all("secure")], [False, True])


@case("auto: a phone that does not take the call in place of its own is hung up, nothing in clear",
      errors="not re-keyed, the phone keeps its keys|it has keys with a phone that is no longer there")
def auto_not_replaced(lab):
    with capture.Capture(os.path.join(lab.directory, "stubborn.pcap")) as wire, \
            lab.phone("auto", answer=False, settings={"sip": ["auto_answer_replacing_calls=0"]}) as first, \
            lab.phone("auto2") as second:
        first.call("call-auto2", lab.sip_port)
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1)
        logged = len(lab.pbx.log())
        second.say(f"transfer sip:echo@127.0.0.1:{lab.sip_port}")
        first.wait("assigned id 2", 10)
        first.say("terminate 2")
        wait.until("the PBX gave up", 10, lambda: "not re-keyed, the phone keeps its keys" in lab.pbx.log()[logged:])
        first.wait_ended(8)
        second.hang_up()
    equal("RTP of its partner before", unchanged(wire, "auto", "auto2")["rtp"] > 0, True)


@case("pass-through: a transfer is refused, the call goes on")
def through_transfer(lab):
    refused_transfer(lab, "through", "through2")


@case("auto: a phone whose ZRTP ends at the PBX is transferred from an application to a phone: secure on both legs")
def auto_redirect(lab):
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, OTHER_HZ, 5)
    with lab.phone("auto", record=True) as first, lab.phone("auto2", record=True, play=high) as second:
        first.call("echo", lab.sip_port)
        stream = calls.secure(lab, first)
        second.expect_call()
        lab.pbx.cli(f"channel redirect {stream['Channel']} phones,call-auto2,1")
        calls.secure(lab, second)
        equal("SAS of the transferred", calls.secure(lab, first)["SAS"], stream["SAS"])
        time.sleep(2)
        first.hang_up()
        second.wait_ended()
    tone.heard(first.recording, OTHER_HZ)
    tone.heard(second.recording, PHONE_HZ, OTHER_HZ)


@case("auto: a blind transfer by a phone whose ZRTP ends at the PBX leaves the other leg secure")
def auto_blind(lab):
    with capture.Capture(os.path.join(lab.directory, "blind.pcap")) as wire, \
            lab.phone("auto", record=True) as first, lab.phone("alice") as second:
        second.expect_call()
        first.call("call-alice", lab.sip_port)
        stream = calls.secure(lab, first)
        calls.secure(lab, second)
        second.say(f"transfer sip:record@127.0.0.1:{lab.sip_port}")
        second.wait_ended(8)
        time.sleep(2)
        again = lab.pbx.stream("auto")
        equal("after the transfer", (again["State"], again["SAS"]), ("secure", stream["SAS"]))
        first.hang_up()
    sources = {d.data[8:12].hex() for d in capture.media(wire.between(target=laboratory.rtp_port("auto")), "rtp")}
    equal("SSRC of the PBX", sources, {stream["SSRC"]})
    tone.heard(first.recording, PBX_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-auto.wav"), PHONE_HZ, PBX_HZ)


@case("pass-through: a phone with keys that is moved away from its partner hears nothing in clear, and is hung up",
      errors="it has keys with a phone that is no longer there")
def moved(lab):
    with capture.Capture(os.path.join(lab.directory, "moved.pcap")) as wire, \
            pair_of(lab, "through", "through2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "through", "through2")
        time.sleep(1)
        channel = lab.pbx.stream("through2")["Channel"]
        lab.pbx.cli(f"channel redirect {channel} phones,announce,1")
        second.wait_ended(8)
    equal("RTP of its partner before", unchanged(wire, "through2", "through")["rtp"] > 0, True)
    equal("log", f"{channel}: it has keys with a phone that is no longer there" in lab.pbx.log(), True)


@case("auto without res_pjsip_zrtp.so: a transfer of a phone that is passed through is refused", kind="16")
def without_sdp(lab):
    def loaded():
        lab.pbx.cli("module unload res_pjsip_zrtp.so")
        return "res_pjsip_zrtp.so" in lab.pbx.cli("module show like res_pjsip_zrtp.so")
    wait.until("unloaded, when no session of the cases before is left", 30, lambda: not loaded())
    try:
        refused_transfer(lab, "auto", "auto2")
    finally:
        lab.pbx.cli("module load res_pjsip_zrtp.so")
