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
import lab as laboratory
import tone
import wait
from harness import case, equal
from lab import MUSIC_HZ, PBX_HZ, PHONE_HZ

OTHER_HZ = 1300


@contextlib.contextmanager
def pair_of(lab, caller, called, **options):
    """Two phones with different tones in a call."""
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, OTHER_HZ, 5)
    with lab.phone(caller, record=True, **options) as first, \
            lab.phone(called, record=True, play=high, **options) as second:
        second.expect_call()
        first.call(f"call-{called}", lab.sip_port)
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


def heard_each_other(first, second):
    tone.heard(first.recording, OTHER_HZ, PHONE_HZ)
    tone.heard(second.recording, PHONE_HZ, OTHER_HZ)


def is_stun(data):
    """Keep-alives of phones, which the PBX answers itself."""
    return data[:1] < b"\x04"  # RFC 7983


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


@case("auto: a transfer of a phone that is passed through is refused, the call goes on")
def auto_transfer(lab):
    refused_transfer(lab, "auto", "auto2")


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
    with lab.phone("auto", record=True) as first, lab.phone("alice") as second:
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
    tone.heard(first.recording, PBX_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-auto.wav"), PHONE_HZ, PBX_HZ)


@case("auto: a phone with keys that is moved away from its partner hears nothing in clear, and is hung up",
      errors="it has keys with a phone that is no longer there")
def moved(lab):
    with capture.Capture(os.path.join(lab.directory, "moved.pcap")) as wire, \
            pair_of(lab, "auto", "auto2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        time.sleep(1)
        channel = lab.pbx.stream("auto2")["Channel"]
        lab.pbx.cli(f"channel redirect {channel} phones,announce,1")
        second.wait_ended(8)
    unchanged(wire, "auto2", "auto")
    equal("log", f"{channel}: it has keys with a phone that is no longer there" in lab.pbx.log(), True)


@case("pass-through: a bridge with feature codes cannot have it, the log says so")
def apart(lab):
    with lab.phone("through", mandatory=False) as first, lab.phone("through2", mandatory=False) as second:
        second.expect_call()
        first.call("keys-through2", lab.sip_port)
        second.wait("connected", 5)
        wait.until("the log says so", 8, lambda: re.search(
            r"PJSIP/through-\w+: no pass-through and no ZRTP, the bridge", lab.pbx.log()))
        equal("state", lab.pbx.stream("through")["State"], "waiting")
        first.hang_up()
        second.wait_ended()


@case("auto: with feature codes the PBX is the end of ZRTP on both legs")
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
        passed_through(lab, "through", "through2")
    heard_each_other(first, second)
    check_wire(wire, "through", "through2")


case("pass-through, hold and resume: one SAS, the same datagrams on both legs", kind="16")(short_pair)
case("auto: two phones with ZRTP are passed through, with one SAS", kind="16")(auto_pair)
case("auto: the PBX is the end of ZRTP for an application", kind="16")(auto_echo)
case("auto: the PBX is the end of ZRTP for a phone with a partner without ZRTP", kind="16")(auto_plain)
case("auto: a transfer of a phone that is passed through is refused", kind="16")(auto_transfer)
case("pass-through with require = yes: an application is refused", kind="16",
     errors="no other phone to have ZRTP with")(refused)
