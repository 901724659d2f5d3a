# SPDX-License-Identifier: GPL-2.0-only
"""Pass-through: the phones have ZRTP with each other, and the PBX only carries it."""
import collections
import contextlib
import os
import re
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
from zrtpphone import ZrtpPhone

OTHER_HZ = 1300
REKEYED = 10


@contextlib.contextmanager
def pair_of(lab, caller, called, *, extension="call", **options):
    """Two phones with different tones in a call."""
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, OTHER_HZ, 5)
    with lab.phone(caller, record=True, **options) as first, \
            lab.phone(called, record=True, play=high, **options) as second:
        second.expect_call()
        first.call(f"{extension}-{called}", lab.sip_port)
        yield first, second


@contextlib.contextmanager
def pair(lab, caller, called, **options):
    """The same; leaving ends the call."""
    with pair_of(lab, caller, called, **options) as (first, second):
        yield first, second
        first.hang_up()
        second.wait_ended()


def same_sas(first, second, seconds=10):
    """Both phones are secure and show the same SAS; return it."""
    sas = first.secure(seconds)
    equal("SAS of the other phone", second.secure(seconds), sas)
    return sas


def passed_through(lab, *names):
    """The PBX is no end of these phones' ZRTP, and has no SAS of it."""
    for name in names:
        stream = wait.until(f"pass-through of {name}", 5, lambda n=name: next(
            (s for s in [lab.pbx.stream(n)] if s and s["State"] == "passthrough"), None))
        for column in ("Role", "Kex", "SAS", "Ms"):
            equal(f"{column} of {name}", stream[column], "-")


def keyed(lab, first, second):
    """A call of two phones that have keys with each other, which the PBX knows; return its SAS."""
    second.expect_call()
    first.call(f"call-{second.name}", lab.sip_port)
    sas = same_sas(first, second)
    passed_through(lab, first.name, second.name)
    wait.until("the PBX knows", 5, lambda: {s["PhoneKeys"] for s in lab.pbx.streams()} == {"yes"})
    return sas


def heard_each_other(first, second):
    tone.heard(first.recording, OTHER_HZ, PHONE_HZ)
    tone.heard(second.recording, PHONE_HZ, OTHER_HZ)


def is_stun(data):
    """Keep-alives, which are of each leg: by first octet (RFC 7983) and length (RFC 3489, 11.1; no cookie yet)."""
    return len(data) >= 20 and data[0] < 4 and int.from_bytes(data[2:4], "big") == len(data) - 20


def unchanged(wire, name, other, offset=0):
    """All the PBX sent to one phone's port is what the other one's sent, octet for octet."""
    sent = collections.Counter(d.data for d in wire.between(source=laboratory.rtp_port(other) + offset))
    got = [d.data for d in wire.between(target=laboratory.rtp_port(name) + offset) if not is_stun(d.data)]
    own = [data for data in got if not sent[data]]
    if own:
        raise AssertionError(f"{len(own)} of {len(got)} datagrams to {name} are not from {other}, "
                             f"first: {capture.kind(own[0])} {own[0][:32].hex()}")
    return collections.Counter(capture.kind(data) for data in got)


def check_wire(wire, first, second, reports=0):
    """Identical datagrams on both legs, ZRTP from the first one on, and nothing of the PBX's own.

    reports: RTCP packets that must be among them; Linphone sends one every few seconds.
    """
    for name, other in ((first, second), (second, first)):
        count = unchanged(wire, name, other)
        if count["zrtp"] < 4 or count["rtp"] < 50 or count["other"]:
            raise AssertionError(f"datagrams to {name}: {dict(count)}")
        found = unchanged(wire, name, other, 1)["rtcp"]
        if found < reports:
            raise AssertionError(f"{found} RTCP packets to {name}")


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
            time.sleep(6)
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
        time.sleep(2)
        passed_through(lab, "through", "through2")
        equal("SAS after hold", lab_sas(first), sas)
    if tone.best_share(tone.read(second.recording)[-2 * tone.RATE:], PHONE_HZ) < 0.8:
        raise AssertionError("the phone that held is no longer heard")
    check_wire(wire, "through", "through2")


def lab_sas(phone):
    """The SAS a phone showed last, over the whole of its log."""
    return re.findall(r"auth token is (\S+)\.\s", phone.all_out())[-1]


def plain_between(lab, caller, called):
    """A phone with ZRTP and one without hear each other, in clear."""
    with lab.phone(caller, record=True, mandatory=False) as first, \
            lab.phone(called, record=True, zrtp=False, play=lab.pbx.file("sounds", "announcement.wav")) as second:
        second.expect_call()
        first.call(f"call-{called}", lab.sip_port)
        second.wait("connected", 5)
        time.sleep(2)
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
        time.sleep(2)
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
        time.sleep(2)
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
        time.sleep(1.5)
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


@case("mode = off: ZRTP is left alone, the call is the stock engine's")
def off(lab):
    with capture.Capture(os.path.join(lab.directory, "off.pcap")) as wire, \
            lab.phone("stock", record=True, mandatory=False) as phone:
        phone.call("announce", lab.sip_port)
        phone.wait("connected", 5)
        time.sleep(2)
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
        time.sleep(1.5)
        first.hang_up()
        second.wait_ended()
    tone.heard(second.recording, MUSIC_HZ)


@case("auto: two phones with ZRTP are passed through, with one SAS")
def auto_pair(lab):
    with capture.Capture(os.path.join(lab.directory, "auto.pcap")) as wire, \
            pair(lab, "auto", "auto2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1.5)
    heard_each_other(first, second)
    check_wire(wire, "auto", "auto2")


def ends_at_pbx(lab, extension):
    with lab.phone("auto") as phone:
        phone.call(extension, lab.sip_port)
        stream = calls.secure(lab, phone)
        equal("state", stream["State"], "secure")
        phone.hang_up()


@case("auto: the PBX is the end of ZRTP for an application")
def auto_echo(lab):
    ends_at_pbx(lab, "echo")


@case("auto: the PBX is the end of ZRTP for a conference")
def auto_conference(lab):
    ends_at_pbx(lab, "conference")


@case("auto: the PBX is the end of ZRTP for a phone with a partner without ZRTP; they hear each other")
def auto_plain(lab):
    # Not a Linphone without ZRTP: that has it after all when the INVITE has a zrtp-hash.
    with lab.phone("auto", record=True) as first, lab.plain_phone("auto2", PBX_HZ) as second:
        first.expect_call()
        second.call("call-auto", lab.sip_port)
        calls.secure(lab, first)
        time.sleep(2)
        heard = second.pcm()
    tone.heard(first.recording, PBX_HZ, PHONE_HZ)
    if tone.best_share(heard, PHONE_HZ) < 0.8:
        raise AssertionError("the phone without ZRTP does not hear the other one")


@case("auto with a phone whose policy makes the PBX an end: an end on both legs")
def auto_mitm(lab):
    with pair(lab, "auto", "alice") as (first, second):
        calls.secure(lab, first)
        calls.secure(lab, second)
        time.sleep(1.5)
    heard_each_other(first, second)


@case("pass-through: recording a call of phones that have their own keys is refused, the call goes on",
      errors="something in the PBX wants its audio")
def recorded(lab):
    with capture.Capture(os.path.join(lab.directory, "recorded.pcap")) as wire, \
            pair(lab, "through", "through2") as (first, second):
        sas = same_sas(first, second)
        channel = lab.pbx.stream("through")["Channel"]
        lab.pbx.cli(f"mixmonitor start {channel} {lab.pbx.home}/sounds/spied.wav")
        wait.until("the log says so", 5, lambda: f"{channel}: something in the PBX wants its audio" in lab.pbx.log())
        time.sleep(1)
        passed_through(lab, "through", "through2")
        equal("SAS", lab_sas(first), sas)
        lab.pbx.cli(f"mixmonitor stop {channel}")
        time.sleep(1)
    check_wire(wire, "through", "through2")
    heard_each_other(first, second)
    spied = lab.pbx.file("sounds", "spied.wav")
    if os.path.exists(spied) and tone.level(tone.read(spied)) > 1:
        raise AssertionError("the recording is not silent")


def refused_transfer(lab, caller, called):
    """A transfer of a phone that has its own keys is refused, and the call goes on."""
    with capture.Capture(os.path.join(lab.directory, "transfer.pcap")) as wire, \
            pair(lab, caller, called) as (first, second):
        sas = same_sas(first, second)
        passed_through(lab, caller, called)
        time.sleep(1)
        first.say(f"transfer sip:echo@127.0.0.1:{lab.sip_port}")
        wait.until("the phone hears no", 5, lambda: re.search(r"SIP/2\.0 (4|6)\d\d", first.log()))
        time.sleep(2)
        passed_through(lab, caller, called)
        equal("SAS", (lab_sas(first), lab_sas(second)), (sas, sas))
    heard_each_other(first, second)
    check_wire(wire, caller, called)


def no_clear(wire, name):
    """No RTP or RTCP in clear came to a phone in any of its calls, and SRTP in two of them."""
    first, ports = laboratory.rtp_port(name), set()
    for datagram in wire.datagrams:
        if first <= datagram.target < first + 10:
            what = capture.kind(datagram.data)
            if what == "rtp" and len(datagram.data) == capture.ULAW_PACKET \
                    or what == "rtcp" and capture.is_plain_rtcp(datagram.data):
                raise AssertionError(f"{what} in clear to port {datagram.target} of {name}")
            ports |= {datagram.target} if what == "rtp" else set()
    equal(f"ports of {name} with SRTP", len(ports), 2)


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
            answer = events.ask("Getvar", Channel=stream["Channel"], Variable=variable)
            equal(variable, answer["Value"], value)
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
        sas = {phone.secure() for phone in phones}
        wait.until("all are passed through", 10,
                   lambda: [s["State"] for s in lab.pbx.streams()] == ["passthrough"] * 2 * REKEYED)
        for phone in phones:
            phone.expect_call()
        partner.stop()
        again = {phone.secure(10) for phone in phones}
        equal("SAS as before", sas & again, set())
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
      errors="did not get any with the PBX|it has keys with a phone that is no longer there")
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
        wait.until("the PBX gave up", 10, lambda: "did not get any with the PBX" in lab.pbx.log()[logged:])
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


def forged_commit():
    """The Commit of a phone that sends none."""
    return forge.packet(forge.message("Commit  ", bytes(104)))


@case("pass-through: forged Commit and Confirms do not take phones without keys for some that have them")
def forged(lab):
    with capture.Capture(os.path.join(lab.directory, "forged.pcap")) as wire, \
            lab.plain_phone("through", PHONE_HZ) as first, \
            lab.zrtp_phone("through2", no_zrtp=True) as second:
        first.call("call-through2", lab.sip_port)
        wait.until("passed through", 5, lambda: {s["State"] for s in lab.pbx.streams()} == {"passthrough"})
        first.send(forged_commit())
        first.send(forge.packet(forge.message("Confirm1", bytes(64))))
        media = wait.until("media of the second phone", 5, lambda: next(
            (d for d in capture.read(wire.path) if d.source in ports_of("through2") and capture.kind(d.data) == "rtp"), None))
        forge.send_as(media.source, media.target, forge.packet(forge.message("Confirm2", bytes(64))))
        time.sleep(0.2)
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
    if tone.best_share(heard[-2 * tone.RATE:], PBX_HZ) < 0.8:
        raise AssertionError("the phone does not hear the announcement")


@case("auto: with feature codes the PBX is the end of ZRTP on both legs")
def auto_features(lab):
    with lab.phone("auto") as first, lab.phone("auto2") as second:
        second.expect_call()
        first.call("keys-auto2", lab.sip_port)
        calls.secure(lab, first)
        calls.secure(lab, second)
        first.hang_up()
        second.wait_ended()


@contextlib.contextmanager
def screens(lab, caller, called, first=None, second=None, extension="call"):
    """Two zrtpcalls in a call; options of each."""
    with lab.zrtp_phone(caller, **({"video": "offer"} if first is None else first)) as one, \
            lab.zrtp_phone(called, **({"video": "accept"} if second is None else second)) as two:
        two.expect_call()
        one.call(f"{extension}-{called}", lab.sip_port)
        two.wait("up")
        yield one, two
        one.hang_up()
        two.wait_ended()


def both_media(first, second):
    """Both phones show one SAS, their video has its keys by Multistream, and whole frames arrive."""
    same_sas(first, second)
    for phone in (first, second):
        phone.wait("secure", 10, medium="video")
        equal("by Multistream", sorted(e["multistream"] for e in phone.all("secure")), [False, True])
        equal("SAS", {e["sas"] for e in phone.all("sas")}, {first.shown()})
    for phone in (first, second):
        wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
        equal("frames damaged", phone.statistics()["video"]["frames_bad"], 0)


def ports_of(name):
    """Where a zrtpcall may have its media."""
    return range(laboratory.rtp_port(name), laboratory.rtp_port(name) + 10)


def carried(wire, name, other):
    """What the PBX sent to a zrtpcall, by kind and payload number: all of it is what the other one sent.

    From the first ZRTP on: zrtpcall, unlike Linphone, sends clear media before it.
    """
    sent = collections.Counter(d.data for d in wire.datagrams if d.source in ports_of(other))
    got = [d for d in wire.datagrams if d.target in ports_of(name) and not is_stun(d.data)]
    begun = next(d.time for d in got if capture.kind(d.data) == "zrtp")
    got = [d.data for d in got if d.time >= begun]
    own = [data for data in got if not sent[data]]
    if own:
        raise AssertionError(f"{len(own)} of {len(got)} datagrams to {name} are not from {other}, "
                             f"first: {capture.kind(own[0])} {own[0][:32].hex()}")
    return collections.Counter(
        f"rtp {data[1] & 0x7f}" if capture.kind(data) == "rtp" else capture.kind(data) for data in got)


def check_screens(wire, first, second, number=99):
    for name, other in ((first, second), (second, first)):
        count = carried(wire, name, other)
        if count["zrtp"] < 8 or count["rtp 0"] < 50 or count[f"rtp {number}"] < 10 or count["other"]:
            raise AssertionError(f"datagrams to {name}: {dict(count)}")


def all_passed_through(lab, name, count=2):
    wait.until(f"pass-through of {count} streams of {name}", 5, lambda: [
        (s["State"], s["SAS"]) for s in lab.pbx.streams()
        if asterisk.endpoint_of(s["Channel"]) == name] == [("passthrough", "-")] * count)


def screens_pass(lab, caller, called, number=None):
    """Two phones with video are passed through; number: the payload number that the caller has for it."""
    before = lab.pbx.statistics()
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "video.pcap")) as wire, \
            screens(lab, caller, called, {"video": "offer", "video_payload": number}) as (first, second):
        both_media(first, second)
        for name in (caller, called):
            all_passed_through(lab, name)
        keyed = wait.until("four streams with keys", 5, lambda: [
            e for e in events.all("ZrtpPassthrough", State="keyed")] if len(
                events.all("ZrtpPassthrough", State="keyed")) == 4 else None)
        equal("streams", len({e["SSRC"] for e in keyed}), 4)
        channel = lab.pbx.stream(caller)["Channel"]
        equal("ZRTP_STATE", "ZRTP_STATE=passthrough" in lab.pbx.cli(f"core show channel {channel}"), True)
        time.sleep(1)
        equal("damaged frames", (first.statistics()["video"]["frames_bad"],
                                 second.statistics()["video"]["frames_bad"]), (0, 0))
    check_screens(wire, caller, called, number or 99)
    after = lab.pbx.statistics()
    for name in ("streams started", "streams secure", "zrtp packets sent", "srtp and srtcp packets sent"):
        equal(f"{name} by the PBX", after[name] - before[name], 0)


@case("pass-through with video: one SAS, audio and video are the same datagrams on both legs")
def video(lab):
    screens_pass(lab, "view1", "view2")


@case("pass-through with video: each phone is told the zrtp-hash of the other one's audio and video")
def video_hash(lab):
    with screens(lab, "view1", "view2") as (first, second):
        both_media(first, second)
        for phone in (first, second):
            equal(f"hashes at {phone.name}", [e["zrtp_hash"] for e in phone.all("secure")], ["matched"] * 2)


@case("auto: two phones with video are passed through, audio and video")
def auto_video(lab):
    screens_pass(lab, "autoview1", "autoview2")


@case("pass-through with require = yes: two phones with video")
def sealed_video(lab):
    with screens(lab, "sealview1", "sealview2") as (first, second):
        both_media(first, second)
        all_passed_through(lab, "sealview1")
        time.sleep(3.5)
        equal("ended", (first.all("ended"), second.all("ended")), ([], []))


@case("pass-through: video added to a call of phones that have keys is passed through as well")
def video_later(lab):
    with capture.Capture(os.path.join(lab.directory, "later.pcap")) as wire, \
            screens(lab, "view1", "view2", {"video": "accept"}) as (first, second):
        sas = same_sas(first, second)
        all_passed_through(lab, "view1", 1)
        first.say("video")
        both_media(first, second)
        equal("SAS", first.shown(), sas)
        all_passed_through(lab, "view1")
        all_passed_through(lab, "view2")
        time.sleep(1)
    check_screens(wire, "view1", "view2")


@case("auto: feature codes make the PBX the end of audio and of video")
def auto_video_features(lab):
    with screens(lab, "autoview1", "autoview2", extension="keys") as (first, second):
        for phone in (first, second):
            phone.secure()
            phone.wait("secure", 10, medium="video")
            streams = [s for s in lab.pbx.streams() if asterisk.endpoint_of(s["Channel"]) == phone.name]
            equal("streams at the PBX", sorted(s["Kex"] for s in streams), ["Mult", "X255"])
            equal("SAS at the PBX", {s["SAS"] for s in streams}, {phone.shown()})


@case("pass-through with video: the called phone is offered the calling one's payload number")
def video_numbers(lab):
    screens_pass(lab, "view1", "view2", 97)


@case("auto: two phones with video, the calling one has another payload number than the PBX")
def auto_video_numbers(lab):
    screens_pass(lab, "autoview1", "autoview2", 120)


@case("auto: the caller's payload number for video, and feature codes: the PBX is the end of audio and of video")
def auto_video_numbers_end(lab):
    with screens(lab, "autoview1", "autoview2", {"video": "offer", "video_payload": 97}, extension="keys") as (
            first, second):
        for phone in (first, second):
            phone.secure()
            phone.wait("secure", 10, medium="video")
            equal("SAS at the PBX", lab.pbx.secure(phone.name)["SAS"], phone.shown())
        for phone in (first, second):
            wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
            equal("frames damaged", phone.statistics()["video"]["frames_bad"], 0)


@case("pass-through: a phone with video and one without have their audio passed through")
def half_video(lab):
    with screens(lab, "view1", "view2", second={}) as (first, second):
        same_sas(first, second)
        for name in ("view1", "view2"):
            all_passed_through(lab, name, 1)


@case("pass-through: video added with another payload number goes nowhere, the audio stays passed through")
def video_left_out(lab):
    before = len(lab.pbx.log())
    with capture.Capture(os.path.join(lab.directory, "left-out.pcap")) as wire, \
            screens(lab, "view1", "view2", {"video": "accept", "video_payload": 97}) as (first, second):
        sas = same_sas(first, second)
        first.say("video")
        wait.until("the log says so", 8, lambda: re.search(
            r"PJSIP/view1-\w+: a stream beside its audio is not passed through", lab.pbx.log()[before:]))
        time.sleep(1)
        equal("SAS", (first.shown(), second.shown()), (sas, sas))
        states = sorted(s["State"] for s in lab.pbx.streams())
        equal("states", states, ["passthrough", "passthrough", "waiting", "waiting"])
    for name, other in (("view1", "view2"), ("view2", "view1")):
        count = carried(wire, name, other)
        equal(f"packets to {name} beside the audio", set(count) - {"zrtp", "rtp 0", "rtcp"}, set())
        equal(f"audio to {name}", count["rtp 0"] > 50, True)


@case("pass-through with video: recording is refused, the call goes on",
      errors="something in the PBX wants its audio")
def video_recorded(lab):
    with capture.Capture(os.path.join(lab.directory, "recorded.pcap")) as wire, \
            screens(lab, "view1", "view2") as (first, second):
        both_media(first, second)
        channel = lab.pbx.stream("view1")["Channel"]
        lab.pbx.cli(f"mixmonitor start {channel} {lab.pbx.home}/sounds/spied-video.wav")
        wait.until("the log says so", 5, lambda: f"{channel}: something in the PBX wants its audio" in lab.pbx.log())
        all_passed_through(lab, "view1")
        time.sleep(1)
    check_screens(wire, "view1", "view2")
    spied = lab.pbx.file("sounds", "spied-video.wav")
    if os.path.exists(spied) and tone.level(tone.read(spied)) > 1:
        raise AssertionError("the recording is not silent")


@case("auto: recording a call with video: each phone gets keys with the PBX for both streams, the video goes on")
def auto_video_recorded(lab):
    with screens(lab, "autoview1", "autoview2", {"video": "offer", "like": "linphone"},
                 {"video": "accept", "like": "linphone"}) as (first, second):
        both_media(first, second)
        all_passed_through(lab, "autoview1")
        channel = lab.pbx.stream("autoview1")["Channel"]
        first.expect_call()
        second.expect_call()
        lab.pbx.cli(f"mixmonitor start {channel} {lab.pbx.home}/sounds/both-video.wav")
        for phone in (first, second):
            phone.secure()
            phone.wait("secure", 10, medium="video")
            streams = wait.until("two streams at the PBX", 5, lambda n=phone.name: [
                s for s in lab.pbx.streams() if asterisk.endpoint_of(s["Channel"]) == n and s["State"] == "secure"])
            equal("streams at the PBX", sorted(s["Kex"] for s in streams), ["DH3k", "Mult"])
            equal("SAS at the PBX", {s["SAS"] for s in streams}, {phone.shown()})
        for phone in (first, second):
            wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
            equal("frames damaged", phone.statistics()["video"]["frames_bad"], 0)


@case("pass-through with video: hold and resume, the same SAS after it, nothing of the PBX's own")
def video_held(lab):
    with capture.Capture(os.path.join(lab.directory, "held-video.pcap")) as wire, \
            screens(lab, "view1", "view2") as (first, second):
        both_media(first, second)
        for command in ("hold", "resume"):
            seen = len(first.all("modified"))
            first.say(command)
            wait.until(command, 5, lambda: len(first.all("modified")) > seen)
            time.sleep(2)
        for medium in ("audio", "video"):
            wait.grows(f"{medium} flows", lambda m=medium: second.statistics()[m]["srtp_received"], 5)
        all_passed_through(lab, "view1")
    check_screens(wire, "view1", "view2")


@case("pass-through with video: a phone that is moved away from its partner hears nothing in clear, and is hung up",
      errors="it has keys with a phone that is no longer there")
def video_moved(lab):
    with capture.Capture(os.path.join(lab.directory, "moved-video.pcap")) as wire, \
            lab.zrtp_phone("view1", video="offer") as first, lab.zrtp_phone("view2", video="accept") as second:
        second.expect_call()
        first.call("call-view2", lab.sip_port)
        both_media(first, second)
        channel = lab.pbx.stream("view2")["Channel"]
        lab.pbx.cli(f"channel redirect {channel} phones,announce,1")
        second.wait_ended(8)
        first.wait_ended(8)
    carried(wire, "view2", "view1")


@case("pass-through: two phones with video and without ZRTP have an ordinary call")
def video_plain(lab):
    with screens(lab, "view1", "view2", {"video": "offer", "no_zrtp": True},
                 {"video": "accept", "no_zrtp": True}) as (first, second):
        for phone in (first, second):
            wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
        equal("states", {s["State"] for s in lab.pbx.streams()}, {"waiting"})


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


@case("early = yes, pass-through: one SAS before the answer, the same after it, each phone told the other's zrtp-hash")
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
      errors="something in the PBX wants its audio")
def early_features(lab):
    before = len(lab.pbx.log())
    with ringing(lab, "soon", "soon2", extension="keys") as (one, two):
        sas = same_sas(one, two)
        two.say("answer")
        one.wait("up")
        wait.until("the log says so", 5, lambda: re.search(
            r"PJSIP/soon-\w+: something in the PBX wants its audio", lab.pbx.log()[before:]))
        all_passed_through(lab, "soon", 1)
        equal("SAS", (one.shown(), two.shown()), (sas, sas))
        one.hang_up()


def held_back(lab, caller, called):
    """Early media for longer than phones repeat their Hello; return the two phones' streams at the PBX then."""
    with ringing(lab, caller, called) as (one, two):
        time.sleep(6)
        states = [s["State"] for s in lab.pbx.streams()]
        two.say("answer")
        one.wait("up")
        both = one.secure(), two.secure()
        one.hang_up()
        two.wait_ended()
    return states, both


@case("pass-through: early media without early = yes; ZRTP of the phones begins with the answer")
def early_held_back(lab):
    states, (first, second) = held_back(lab, "through", "through2")
    equal("states before the answer", states, ["waiting"] * 2)
    equal("SAS", first, second)


@case("auto: early media without early = yes makes the PBX the end of both legs")
def early_auto_end(lab):
    states, (first, second) = held_back(lab, "auto", "auto2")
    equal("states before the answer", states, ["secure"] * 2)
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
        passed_through(lab, "through", "through2")
    heard_each_other(first, second)
    check_wire(wire, "through", "through2")


case("pass-through, hold and resume: one SAS, the same datagrams on both legs", kind="16")(short_pair)
case("auto: two phones with ZRTP are passed through, with one SAS", kind="16")(auto_pair)
case("auto: the PBX is the end of ZRTP for an application", kind="16")(auto_echo)
case("auto: the PBX is the end of ZRTP for a phone with a partner without ZRTP", kind="16")(auto_plain)


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


case("pass-through with require = yes: an application is refused", kind="16",
     errors="no other phone to have ZRTP with")(refused)
case("pass-through with video: one SAS, audio and video are the same datagrams on both legs", kind="16")(video)
case("auto: feature codes make the PBX the end of audio and of video", kind="16")(auto_video_features)
