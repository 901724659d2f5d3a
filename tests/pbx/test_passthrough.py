# SPDX-License-Identifier: GPL-2.0-only
"""Pass-through: the phones have ZRTP with each other, and the PBX only carries it."""
import os
import time

import asterisk
import calls
import capture
import forge
import lab as laboratory
import tone
import wait
from harness import case, equal
from lab import MUSIC_HZ, PBX_HZ, PHONE_HZ
from pairs import (
    OTHER_HZ, check_wire, hear_each_other, heard_each_other, is_stun, lab_sas, pair, passed_through, ports_of, same_sas)


@case("pass-through: two phones, one SAS, and on the wire the same datagrams on both legs")
def passthrough(lab):
    before = lab.pbx.statistics()
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "through.pcap")) as wire:
        with pair(lab, "through", "through2") as (first, second):
            same_sas(first, second)
            passed_through(lab, "through", "through2")
            event = events.wait("ZrtpPassthrough", 5, State="keyed")
            equal("partner", asterisk.endpoint_of(event["Partner"]) in ("through", "through2"), True)
            for name in ("through", "through2"):  # Linphone sends a report every few seconds
                wait.until(f"RTCP to {name}", 20, lambda port=laboratory.rtp_port(name) + 1: any(
                    d.target == port and capture.kind(d.data) == "rtcp" for d in capture.read(wire.path)), 0.5)
            hear_each_other(first, second)
    heard_each_other(first, second)
    check_wire(wire, "through", "through2", 1)
    after = lab.pbx.statistics()
    for name in ("streams started", "streams secure", "zrtp packets sent", "srtp and srtcp packets sent"):
        equal(f"{name} by the PBX", after[name] - before[name], 0)


@case("pass-through: hold and resume, no music of the PBX, the same SAS after it")
def held(lab):
    with capture.Capture(os.path.join(lab.directory, "held.pcap")) as wire, \
            pair(lab, "through", "through2") as (first, second):
        sas = same_sas(first, second)
        for _ in range(2):
            for command, answer in (("pause", "is now paused"),
                                    ("resume", "Media streams established")):
                first.expect_call()
                first.say(command)
                first.wait(answer, 5)
                time.sleep(0.7)
        time.sleep(3)
        passed_through(lab, "through", "through2")
        equal("SAS after hold", lab_sas(first), sas)
    if tone.best_steady_share(tone.read(second.recording)[-2 * tone.RATE:], PHONE_HZ) < 0.8:
        raise AssertionError("the phone that held is no longer heard")
    check_wire(wire, "through", "through2")


def plain_between(lab, caller, called):
    """A phone with ZRTP and one without hear each other, in clear."""
    with lab.phone(caller, record=True, mandatory=False) as first, \
            lab.phone(called, record=True, zrtp=False, play=lab.pbx.file("sounds", "announcement.wav")) as second:
        second.expect_call()
        first.call(f"call-{called}", lab.sip_port)
        second.wait("connected", 5)
        tone.comes(first.recording, PBX_HZ)
        tone.comes(second.recording, PHONE_HZ)
        first.hang_up()
        second.wait_ended()
    tone.heard(first.recording, PBX_HZ, PHONE_HZ)
    tone.heard(second.recording, PHONE_HZ, PBX_HZ)


@case("pass-through: a phone with ZRTP and one without have an ordinary call")
def mixed(lab):
    plain_between(lab, "through", "through2")


@case("pass-through: two phones without ZRTP have an ordinary call")
def two_plain(lab):
    with lab.phone("through", record=True, zrtp=False) as first, \
            lab.phone("through2", record=True, zrtp=False, play=lab.pbx.file("sounds", "announcement.wav")) as second:
        second.expect_call()
        first.call("call-through2", lab.sip_port)
        second.wait("connected", 5)
        tone.comes(first.recording, PBX_HZ)
        tone.comes(second.recording, PHONE_HZ)
        first.hang_up()
        second.wait_ended()
    tone.heard(first.recording, PBX_HZ, PHONE_HZ)
    tone.heard(second.recording, PHONE_HZ, PBX_HZ)


@case("pass-through: an application has no ZRTP, and an ordinary call")
def application(lab):
    with lab.phone("through", record=True, mandatory=False) as phone:
        phone.call("record", lab.sip_port)
        phone.wait("connected", 5)
        wait.until("waiting", 3, lambda: (lab.pbx.stream("through") or {}).get("State") == "waiting")
        tone.comes(phone.recording, PBX_HZ)
        tone.comes(lab.pbx.file("sounds", "heard-through.wav"), PHONE_HZ)
        equal("SAS at the PBX", lab.pbx.stream("through")["SAS"], "-")
        phone.hang_up()
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-through.wav"), PHONE_HZ, PBX_HZ)


@case("pass-through with require = yes: a call to an application is hung up, nothing passed in clear",
      errors="no other phone to have ZRTP with")
def refused(lab):
    with capture.Capture(os.path.join(lab.directory, "refused.pcap")) as wire, \
            lab.phone("sealed", mandatory=False) as phone:
        phone.call("announce", lab.sip_port)
        phone.wait("connected", 5)
        phone.wait_ended(8)
    sent = wire.between(source=None, target=laboratory.rtp_port("sealed"))
    equal("RTP of the PBX", len(capture.media(sent, "rtp")), 0)


@case("pass-through with require = yes: two phones with ZRTP; without it nothing is carried",
      errors="no other phone to have ZRTP with")
def sealed(lab):
    with pair(lab, "sealed", "sealed2") as (first, second):
        same_sas(first, second)
        hear_each_other(first, second)
    heard_each_other(first, second)
    with capture.Capture(os.path.join(lab.directory, "sealed.pcap")) as wire, \
            lab.phone("sealed", zrtp=False) as first, lab.phone("sealed2", zrtp=False) as second:
        second.expect_call()
        first.call("call-sealed2", lab.sip_port)
        second.wait("connected", 5)
        time.sleep(2)
        first.say("terminate")
        second.wait_ended()
    for name in ("sealed", "sealed2"):
        equal(f"RTP to {name}", len(capture.media(wire.between(target=laboratory.rtp_port(name)), "rtp")), 0)


@case("pass-through: a caller who heard the PBX in clear before hears nothing of it while the other phone holds",
      kind="22 attack")
def held_after_application(lab):
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, OTHER_HZ, 5)
    with capture.Capture(os.path.join(lab.directory, "held-later.pcap")) as wire, \
            lab.phone("through", record=True, mandatory=False) as first, \
            lab.phone("through2", record=True, play=high) as second:
        first.call("announce", lab.sip_port)
        first.wait("connected", 5)
        port = laboratory.rtp_port("through")
        wait.until("it hears the announcement", 10, lambda: len(capture.media(
            (d for d in capture.read(wire.path) if d.target == port), "rtp")) > 50)
        second.expect_call()
        lab.pbx.cli(f"channel redirect {lab.pbx.stream('through')['Channel']} phones,call-through2,1")
        second.wait("connected", 10)
        same_sas(first, second)
        passed_through(lab, "through", "through2")
        time.sleep(0.5)
        began = time.time()
        second.say("pause")
        second.wait("is now paused", 5)
        time.sleep(3)
        first.hang_up()
        second.wait_ended()
    sent = {d.data for d in wire.between(source=laboratory.rtp_port("through2"))}
    equal("datagrams of the PBX's own", [d.data for d in wire.between(target=port) if d.time > began
                                         and d.data not in sent and not is_stun(d.data)], [])


@case("mode = off: ZRTP is left alone, the call is the stock engine's")
def off(lab):
    with capture.Capture(os.path.join(lab.directory, "off.pcap")) as wire, \
            lab.phone("stock", record=True, mandatory=False) as phone:
        phone.call("announce", lab.sip_port)
        phone.wait("connected", 5)
        tone.comes(phone.recording, PBX_HZ)
        equal("stream", lab.pbx.stream("stock"), None)
        phone.hang_up()
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    sent = capture.messages(wire.between(target=laboratory.rtp_port("stock")))
    equal("ZRTP of the PBX", dict(sent), {})


@case("pass-through: two phones without ZRTP on hold hear the PBX's music")
def music(lab):
    with lab.phone("through", zrtp=False) as first, lab.phone("through2", record=True, zrtp=False) as second:
        second.expect_call()
        first.call("call-through2", lab.sip_port)
        second.wait("connected", 5)
        time.sleep(0.5)
        first.say("pause")
        first.wait("is now paused", 5)
        tone.comes(second.recording, MUSIC_HZ)
        first.hang_up()
        second.wait_ended()


@case("auto: two phones with ZRTP are passed through, with one SAS")
def auto_pair(lab):
    with capture.Capture(os.path.join(lab.directory, "auto.pcap")) as wire, \
            pair(lab, "auto", "auto2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1.2)  # packets enough
        hear_each_other(first, second)
    heard_each_other(first, second)
    check_wire(wire, "auto", "auto2")


def ends_at_pbx(lab, extension):
    with lab.phone("auto") as phone:
        phone.call(extension, lab.sip_port)
        stream = calls.secure(lab, phone)
        equal("state", stream["State"], "secure")
        phone.hang_up()


@case("auto: the PBX is the ZRTP endpoint for an application")
def auto_echo(lab):
    ends_at_pbx(lab, "echo")


@case("auto: the PBX is the ZRTP endpoint for a conference")
def auto_conference(lab):
    ends_at_pbx(lab, "conference")


@case("auto: the PBX is the ZRTP endpoint for a phone with a partner without ZRTP; they hear each other")
def auto_plain(lab):
    # Not a Linphone without ZRTP: that has it after all when the INVITE has a zrtp-hash.
    with lab.phone("auto", record=True) as first, lab.plain_phone("auto2", PBX_HZ) as second:
        first.expect_call()
        second.call("call-auto", lab.sip_port)
        calls.secure(lab, first)
        tone.comes(first.recording, PBX_HZ)
        wait.until("the phone without ZRTP hears the other one", 10,
                   lambda: tone.best_steady_share(second.pcm()[-4 * tone.RATE:], PHONE_HZ) >= tone.CLEAR, 0.2)
    tone.heard(first.recording, PBX_HZ, PHONE_HZ)


@case("auto with a phone whose policy makes the PBX a ZRTP endpoint: so it is on both legs")
def auto_mitm(lab):
    with pair(lab, "auto", "alice") as (first, second):
        calls.secure(lab, first)
        calls.secure(lab, second)
        hear_each_other(first, second)
    heard_each_other(first, second)


@case("pass-through: recording a call of phones that have their own keys is refused, the call goes on",
      errors="recording, spying or playback refused")
def recorded(lab):
    with capture.Capture(os.path.join(lab.directory, "recorded.pcap")) as wire, \
            pair(lab, "through", "through2") as (first, second):
        sas = same_sas(first, second)
        channel = lab.pbx.stream("through")["Channel"]
        lab.pbx.cli(f"mixmonitor start {channel} {lab.pbx.home}/sounds/spied.wav")
        wait.until("the log says so", 5, lambda: f"{channel}: recording, spying or playback refused" in lab.pbx.log())
        time.sleep(1)
        passed_through(lab, "through", "through2")
        equal("SAS", lab_sas(first), sas)
        lab.pbx.cli(f"mixmonitor stop {channel}")
        hear_each_other(first, second)
    check_wire(wire, "through", "through2")
    heard_each_other(first, second)
    spied = lab.pbx.file("sounds", "spied.wav")
    if os.path.exists(spied) and tone.level(tone.read(spied)) > 1:
        raise AssertionError("the recording is not silent")


def forged_commit():
    """The Commit of a phone that sends none."""
    return forge.packet(forge.message("Commit  ", bytes(104)))


@case("pass-through: forged Commit and Confirms do not take phones without keys for some that have them")
def forged(lab):
    with capture.Capture(os.path.join(lab.directory, "forged.pcap")) as wire, \
            lab.plain_phone("through", PHONE_HZ) as first, \
            lab.zrtp_phone("through2", no_zrtp=True) as second:
        first.call("call-through2", lab.sip_port)
        wait.until("passed through", 5, lambda: [s["State"] for s in lab.pbx.streams()] == ["passthrough"] * 2)
        first.send(forged_commit())
        first.send(forge.packet(forge.message("Confirm1", bytes(64))))
        media = wait.until("media of the second phone", 5, lambda: next(
            (d for d in capture.read(wire.path) if d.source in ports_of("through2") and capture.kind(d.data) == "rtp"), None))
        forge.send_as(media.source, media.target, forge.packet(forge.message("Confirm2", bytes(64))))
        time.sleep(0.2)
        wait.until("Commit and Confirm1 passed on", 5, lambda: capture.messages(
            d for d in capture.read(wire.path) if d.target in ports_of("through2")) == {"Commit": 1, "Confirm1": 1})
        equal("keys", {s["PhoneKeys"] for s in lab.pbx.streams()}, {"no"})
        lab.pbx.cli(f"channel redirect {lab.pbx.stream('through')['Channel']} phones,announce,1")
        second.wait_ended(8)
        first.heard.clear()
        time.sleep(4)  # longer than a phone with keys may be without its partner
        equal("state", (lab.pbx.stream("through") or {}).get("State") in ("waiting", "clear"), True)
        heard = first.pcm()
        first.hang_up()
    passed = capture.messages(d for d in wire.datagrams if d.target in ports_of("through2"))
    equal("passed on", passed, {"Commit": 1, "Confirm1": 1})
    if tone.best_steady_share(heard[-2 * tone.RATE:], PBX_HZ) < 0.8:
        raise AssertionError("the phone does not hear the announcement")


@case("auto: with feature codes the PBX is the ZRTP endpoint on both legs")
def auto_features(lab):
    with lab.phone("auto") as first, lab.phone("auto2") as second:
        second.expect_call()
        first.call("keys-auto2", lab.sip_port)
        calls.secure(lab, first)
        calls.secure(lab, second)
        first.hang_up()
        second.wait_ended()


def short_pair(lab):
    with capture.Capture(os.path.join(lab.directory, "short.pcap")) as wire, \
            pair(lab, "through", "through2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "through", "through2")
        first.say("pause")
        first.wait("is now paused", 5)
        time.sleep(0.7)
        first.say("resume")
        time.sleep(2)
        hear_each_other(first, second)
        passed_through(lab, "through", "through2")
    heard_each_other(first, second)
    check_wire(wire, "through", "through2")


case("pass-through, hold and resume: one SAS, the same datagrams on both legs", kind="16")(short_pair)
case("auto: two phones with ZRTP are passed through, with one SAS", kind="16")(auto_pair)
case("auto: the PBX is the ZRTP endpoint for an application", kind="16")(auto_echo)
case("auto: the PBX is the ZRTP endpoint for a phone with a partner without ZRTP", kind="16")(auto_plain)

case("pass-through with require = yes: an application is refused", kind="16",
     errors="no other phone to have ZRTP with")(refused)
