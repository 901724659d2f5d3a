# SPDX-License-Identifier: GPL-2.0-only
"""Two phones in a call, which the PBX passes through: what they show, and what is on the wire."""
import collections
import contextlib
import os
import re
import time

import asterisk
import capture
import lab as laboratory
import tone
import wait
from harness import equal
from lab import PHONE_HZ

OTHER_HZ = 1300


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
        for column in ("Role", "Kex", "SAS", "HandshakeMs"):
            equal(f"{column} of {name}", stream[column], "-")


def keyed(lab, first, second):
    """A call of two phones that have keys with each other, which the PBX knows; return its SAS."""
    second.expect_call()
    first.call(f"call-{second.name}", lab.sip_port)
    sas = same_sas(first, second)
    passed_through(lab, first.name, second.name)
    wait.until("the PBX knows", 5, lambda: {s["PhoneKeys"] for s in lab.pbx.streams()} == {"yes"})
    return sas


def hear_each_other(first, second):
    """Wait until they do."""
    tone.comes(first.recording, OTHER_HZ)
    tone.comes(second.recording, PHONE_HZ)


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


def lab_sas(phone):
    """The SAS a phone showed last, over the whole of its log."""
    return re.findall(r"auth token is (\S+)\.\s", phone.all_out())[-1]


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
    """What the PBX sent to a zrtpcall, by kind and payload type: all of it is what the other one sent.

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
