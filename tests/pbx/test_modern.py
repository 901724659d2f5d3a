# SPDX-License-Identifier: GPL-2.0-only
"""Phones of today: a Linphone 5.3 with AES-GCM, run from a Debian root of its own; messages in fragments."""
import contextlib
import os
import re
import time

import asterisk
import calls
import capture
import pairs
import relays
import test_phones
import test_transfers
import tone
import wait
from harness import Skip, case, equal
from lab import PBX_HZ, PHONE_HZ

ROOT = "trixie"
AES256 = {"sip": ["srtp_crypto_suites=AEAD_AES_256_GCM,AES_CM_128_HMAC_SHA1_80"]}


def linphone(lab, name, **options):
    """A Linphone 5.3 for endpoint NAME."""
    if ROOT not in lab.roots:
        raise Skip(f"no {ROOT} root given")
    return lab.phone(name, root=lab.roots[ROOT], **options)


def reports(events, phone):
    """The RTCP that the PBX could read of a phone's leg."""
    return [e for e in events.all("RTCPReceived") if asterisk.endpoint_of(e["Channel"]) == phone.name]


def opened_reports(phone):
    """After its call: how much RTCP of the PBX it could open. Its log has a count for each stream that it ended."""
    return sum(map(int, re.findall(r"received rtcp +(\d+) packets", phone.log())))


def opened_media(phone):
    """How many RTP packets of the PBX it could open, of each stream that it ended, in order: the video ends behind the audio."""
    return list(map(int, re.findall(r"ortp-message- ?received +(\d+) packets", phone.log())))


def opens_all(lab, phone):
    """All that comes from the phone now can be opened."""
    before = lab.pbx.stream(phone.name)
    wait.until(f"packets of {phone.name}", 8, lambda: int(lab.pbx.stream(phone.name)["Rx"]) > int(before["Rx"]) + 20)
    equal(f"dropped of {phone.name}", lab.pbx.stream(phone.name)["Dropped"], before["Dropped"])


def talks(lab, phone, way, role, events):
    """A call with hold and with reports of both sides; all of it on the wire is AES-GCM.

    Whose Commit counts is chance where both may send one. Returns the PBX's stream, or None when its
    role was not that one.
    """
    with capture.Capture(os.path.join(lab.directory, "gcm.pcap")) as wire:
        calls.start(lab, phone, way, "echo")
        first = calls.secure(lab, phone)
        if first["Role"] != role:
            calls.end(lab, phone, way)
            return None
        events.seen.clear()
        held(phone)
        wait.until(f"RTCP of {phone.name}", 15, lambda: reports(events, phone))
        again = lab.pbx.stream(phone.name)
        for column in ("SAS", "SSRC", "State", "Role"):
            equal(column, again[column], first[column])
        opens_all(lab, phone)
        calls.end(lab, phone, way)
    found = capture.check_secure(wire, phone.rtp_port, "GCM", {"heard": PHONE_HZ, "said": PHONE_HZ})
    if found["heard"] < 50 or found["said"] < 50 or not found["reports"]:
        raise AssertionError(f"packets of {phone.name}: {found}")
    wait.until(f"{phone.name} has opened RTCP of the PBX", 5, lambda: opened_reports(phone))
    return first


def held(phone):
    """It puts its call on hold and goes on."""
    for command, answer in (("pause", "is now paused"), ("resume", "Media streams established")):
        phone.expect_call()
        phone.say(command)
        phone.wait(answer, 5)
        time.sleep(0.3)


def in_each_role(lab, runs):
    """runs: endpoint, options of the phone, who calls, the PBX's role, the cipher that must come out."""
    with asterisk.Events(lab.pbx) as events:
        for name, options, way, role, cipher in runs:
            with linphone(lab, name, record=True, **options) as phone:
                for _ in range(16):
                    stream = talks(lab, phone, way, role, events)
                    if stream:
                        break
                else:
                    raise AssertionError(f"the PBX was never {role}")
                equal("agreed", {c: stream[c] for c in ("Cipher", "Tag")}, {"Cipher": cipher, "Tag": "GCM"})
            tone.heard(phone.recording, PHONE_HZ)  # its own, from the PBX


@case("Linphone 5.3: AES-GCM in both directions of call, with 128 and 256 bits, hold, SRTP and SRTCP on the wire")
def both_ways(lab):
    in_each_role(lab, (("quiet", {}, "phone calls", "responder", "AES1"),
                       ("alice", {"settings": AES256}, "PBX calls", "initiator", "AES3")))


@case("Linphone 5.3: AES-GCM in both directions of call, the roles the other way round", kind="22 attack")
def other_roles(lab):
    in_each_role(lab, (("alice", {"cipher": ["AES1"]}, "phone calls", "initiator", "AES1"),
                       ("alice", {"cipher": ["AES1"]}, "PBX calls", "initiator", "AES1"),
                       ("alice", {}, "phone calls", "initiator", "AES3"),
                       ("quiet", {}, "PBX calls", "responder", "AES1"),
                       ("quiet", {"settings": AES256}, "phone calls", "responder", "AES3"),
                       ("quiet", {"settings": AES256}, "PBX calls", "responder", "AES3")))


def media(lab, name):
    """The two streams of a leg with video: its audio has the key agreement, the video what Multistream makes of it."""
    found = {s["Kex"]: s for s in lab.pbx.streams() if asterisk.endpoint_of(s["Channel"]) == name}
    return (found["DH3k"], found["Mult"]) if sorted(found) == ["DH3k", "Mult"] else None


def secure_media(lab, name):
    """Wait until both are secure, and return them."""
    return wait.until(f"audio and video of {name} secure", 15, lambda: [
        found for found in [media(lab, name)] if found and {s["State"] for s in found} == {"secure"}])[0]


def pictures_flow(lab, name):
    """Packets of both streams come in, each of them authentic, and go out."""
    before = secure_media(lab, name)
    wait.until(f"audio and video of {name} flow", 20, lambda: all(
        int(new[way]) >= int(old[way]) + 5 for new, old in zip(secure_media(lab, name), before) for way in ("Rx", "Tx")))
    equal("dropped", [s["Dropped"] for s in secure_media(lab, name)], [s["Dropped"] for s in before])


def check_pictures(wire, phone, tag):
    """On the wire, too, nothing of the video can be read: VP8 begins with an octet of a few values."""
    port = phone.video_port
    since = capture.secure_since(wire.between(target=port) + wire.between(source=port)) + 0.1
    for way in ({"target": port}, {"source": port}):
        packets = capture.media(wire.between(**way), "rtp", since)
        firsts = {d.data[12] for d in packets if d.data[0] == 0x80}
        if len(packets) < 10 or len(firsts) < len(packets) / 2 and len(firsts) < 40:
            raise AssertionError(f"{len(packets)} packets of video begin with {len(firsts)} octets, {way}")
    sent = capture.media(wire.between(source=port + 1), "rtcp", since)
    got = capture.media(wire.between(target=port + 1), "rtcp", since)
    capture.check_srtcp(sent, tag)
    capture.check_srtcp(got, tag)
    equal("RTCP of the phone's video", len(sent) > 0, True)


def films(lab, phone, tag, suite):
    """A call with video, which has its keys by Multistream, and with hold."""
    with capture.Capture(os.path.join(lab.directory, "video.pcap")) as wire, phone:
        phone.call("echo", lab.sip_port)
        sas = phone.secure(15)
        first = secure_media(lab, phone.name)
        equal("SAS", first[0]["SAS"], sas)
        equal("agreed", [(stream["Tag"], stream["Suite"]) for stream in first], [(tag, suite)] * 2)
        pictures_flow(lab, phone.name)
        held(phone)
        pictures_flow(lab, phone.name)
        equal("the same streams", [(s["SSRC"], s["Role"]) for s in secure_media(lab, phone.name)],
              [(s["SSRC"], s["Role"]) for s in first])
        phone.hang_up()
        # Each of the two ended three times: for the hold, for the resume, and with the call.
        wait.until("the phone's counts", 5, lambda: len(opened_media(phone)) >= 6)
    audio, pictures = opened_media(phone)[4:6]
    equal(f"the phone could open audio ({audio}) and pictures ({pictures})", audio > 50 and pictures > 5, True)
    check_pictures(wire, phone, tag)
    capture.check_secure(wire, phone.rtp_port, tag, {"heard": PHONE_HZ, "said": PHONE_HZ})


@case("Linphone 5.3: video by Multistream, audio and video on AES-GCM, with hold, SRTP and SRTCP on the wire")
def with_video(lab):
    films(lab, linphone(lab, "film", video=True, cipher=["AES3"]), "GCM", "AES-256-GCM")


@case("Linphone 5.1: video by Multistream, with hold, SRTP and SRTCP on the wire", kind="22 attack")
def old_video(lab):
    films(lab, lab.phone("film", video=True, cipher=["AES3"]), "HS80", "AES-256+HMAC-SHA1-80")


@case("a Linphone 5.3 that calls two numbers: a notice for the second, no alarm, and of each who has verified",
      kind="22 attack")
def two_numbers(lab):
    with asterisk.Events(lab.pbx) as events, linphone(lab, "alice") as phone:
        for number, extension in enumerate(("echo", "silent"), 1):
            test_phones.verified_at_both(lab, phone, events, extension, number)


@case("Linphone 5.3 and 5.1 through the PBX: AES-GCM on one leg, HS80 on the other, and after a transfer")
def old_and_new(lab):
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, pairs.OTHER_HZ, 5)
    with capture.Capture(os.path.join(lab.directory, "bridged.pcap")) as wire, \
            linphone(lab, "alice", record=True) as alice, lab.phone("bob", record=True, play=high) as bob:
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        first = calls.secure(lab, alice)
        equal("tags", (first["Tag"], calls.secure(lab, bob)["Tag"]), ("GCM", "HS80"))
        calls.talk(1.5)
        bob.say(f"transfer sip:echo@127.0.0.1:{lab.sip_port}")
        bob.wait_ended(15)
        calls.talk(1.5)
        again = lab.pbx.secure("alice")
        equal("after the transfer", {c: again[c] for c in ("SAS", "Tag", "Role")},
              {c: first[c] for c in ("SAS", "Tag", "Role")})
        opens_all(lab, alice)
        alice.hang_up()
    found = capture.check_secure(wire, alice.rtp_port, "GCM", {"heard": pairs.OTHER_HZ, "said": PHONE_HZ})
    equal("packets", min(found["heard"], found["said"]) > 50, True)
    capture.check_secure(wire, bob.rtp_port, "HS80", {"heard": PHONE_HZ, "said": pairs.OTHER_HZ})
    tone.heard(alice.recording, pairs.OTHER_HZ)
    tone.heard(alice.recording, PHONE_HZ)  # its own, by the PBX after the transfer
    tone.heard(bob.recording, PHONE_HZ, pairs.OTHER_HZ)


@case("relay: an enrolled phone shows the SAS of a Linphone 5.3 on AES-GCM")
def relayed(lab):
    with relays.enrollment(lab), linphone(lab, "alice") as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        relays.enroll(lab, bob)
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        equal("tag", calls.secure(lab, alice)["Tag"], "GCM")
        bob.secure()
        sas = lab.pbx.secure("alice")["SAS"]
        wait.until(f"bob shows {sas}", 8, lambda: bob.shown() == sas)
        relays.reaches(lab, "bob", ShownSAS=sas, Relayed="yes", RelayStatus="acknowledged", State="secure")
        opens_all(lab, alice)
        alice.hang_up()
        bob.wait_ended()


@case("pass-through: two Linphones 5.3 with AES-GCM, one SAS, the same datagrams on both legs")
def passed(lab):
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "through.pcap")) as wire, \
            linphone(lab, "sealed", record=True) as first, linphone(lab, "sealed2", record=True) as second:
        second.expect_call()
        first.call("call-sealed2", lab.sip_port)
        pairs.same_sas(first, second)
        pairs.passed_through(lab, "sealed", "sealed2")
        events.wait("ZrtpPassthrough", 5, State="keyed")
        equal("tags", ["AuthTag: GCM" in phone.algorithms() for phone in (first, second)], [True, True])
        wait.until("a report", 15, lambda: any(
            capture.kind(d.data) == "rtcp" for d in capture.read(wire.path)))
        first.hang_up()
        second.wait_ended()
    pairs.check_wire(wire, "sealed", "sealed2")
    for phone in (first, second):
        capture.check_secure(wire, phone.rtp_port, "GCM", {"heard": PHONE_HZ, "said": PHONE_HZ})


@contextlib.contextmanager
def only_new(lab):
    """Linphones 5.3 wherever a case takes Linphones."""
    lab.phone = lambda name, **options: type(lab).phone(lab, name, root=lab.roots[ROOT], **options)
    try:
        yield
    finally:
        del lab.phone


def as_before(lab, function):
    if ROOT not in lab.roots:
        raise Skip(f"no {ROOT} root given")
    with only_new(lab):
        function(lab)


for _name, _function in (("a blind transfer to an application", test_transfers.auto_transfer),
                         ("an attended transfer between two pairs", test_transfers.auto_attended),
                         ("a recording", test_transfers.auto_recorded)):
    case(f"auto: {_name} of Linphones 5.3 that are passed through: secure with the PBX, nothing in clear",
         kind="22 attack")(lambda lab, f=_function: as_before(lab, f))


@case("pass-through: phones whose messages come in fragments (X3M3) have keys")
def fragments(lab):
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "fragments.pcap")) as wire, \
            lab.zrtp_phone("sealed", root=lab.pbx.root, kex="X3M3,X255", tone=PHONE_HZ) as first, \
            lab.zrtp_phone("sealed2", root=lab.pbx.root, kex="X3M3,X255", tone=PBX_HZ) as second:
        second.expect_call()
        first.call("call-sealed2", lab.sip_port)
        pairs.same_sas(first, second)
        equal("key agreement", (first.algorithms()["kex"], second.algorithms()["kex"]), ("X3M3", "X3M3"))
        pairs.passed_through(lab, "sealed", "sealed2")
        wait.until("both have keys", 5, lambda: len(events.all("ZrtpPassthrough", State="keyed")) == 2)
        # With require = yes nothing else is carried.
        for phone in (first, second):
            wait.until(f"{phone.name} hears the other one", 8,
                       lambda p=phone: p.statistics()["audio"]["srtp_received"] > 50)
        first.hang_up()
        second.wait_ended()
    for name, other in (("sealed", "sealed2"), ("sealed2", "sealed")):
        pairs.carried(wire, name, other)
    cut = [d for d in wire.datagrams if d.data[:2] == b"\x11\0" and d.data[4:8] == b"ZRTP"]
    equal("fragments of both phones are passed on", len({d.target for d in cut}) >= 4, True)
