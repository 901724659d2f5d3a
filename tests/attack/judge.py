# SPDX-License-Identifier: GPL-2.0-only
"""What must not be: looked for in what was on the wire, in what was heard, and in what the PBX says."""
import math
import os

import capture
import tone
from field import PBX_RTP
from weapons import ATTACKER_HZ

EVENT = 16         # octets of a clear digit (RFC 4733)
SHORTEST = 32      # octets of payload that can be judged by what they look like
AMPLIFICATION = 3
BUFFER = 2 * 2048  # samples of a recording
REPORT = 200       # octets of one RTCP report, which may go where RTCP came from last


def readable(payload):
    """Do octets repeat more, or less, than those of a cipher? The tones and frames of these calls do."""
    random = 256 * (1 - math.exp(-len(payload) / 256))
    return not 0.8 < len(set(payload)) / random < 1.2


def is_clear(data):
    """Is it readable media?"""
    kind = capture.kind(data)
    if kind == "rtcp":
        return capture.is_plain_rtcp(data)
    if kind != "rtp":
        return False
    return len(data) == EVENT or (len(data) >= 12 + SHORTEST and readable(data[12:]))


def by_pbx(datagram):
    return datagram.source[1] in PBX_RTP


def clear_media(tap, since, forwarded, ports):
    """What the PBX sent in clear to some ports after a moment. forwarded: what an attacker made it pass on."""
    found = [d for d in list(tap.seen) if by_pbx(d) and d.time > since and d.target[1] in ports
             and d.data not in forwarded and is_clear(d.data)]
    if not found:
        return []
    first = found[0]
    return [f"{len(found)} clear packets of the PBX, first: {len(first.data)} octets of {capture.kind(first.data)} "
            f"to {first.target[0]}:{first.target[1]} at +{first.time - since:.2f} s"]


def to_strangers(tap, ports, since):
    """Media that the PBX sent to an address of the attacker."""
    found = [d for d in list(tap.seen) if by_pbx(d) and d.time > since and d.target[1] in ports
             and capture.kind(d.data) in ("rtp", "rtcp")]
    return [f"{len(found)} packets of media to a stranger"] if len(found) > 3 else []


def amplified(tap, ports, sent, plain, forwarded):
    """Strangers who were sent more than AMPLIFICATION times what they had sent. sent: octets by address.

    What an attacker sent in the other phone's name and the PBX passed on (forwarded) costs him as much.
    What Asterisk itself answers to STUN is left out, and in a call with a phone in clear
    (plain) RTCP, which Asterisk sends to where it came from last.
    """
    left_out = ("other", "rtcp") if plain else ("other",)
    got = {}
    for d in list(tap.seen):
        if (by_pbx(d) and d.target[1] in ports and capture.kind(d.data) not in left_out
                and d.data not in forwarded):
            got[d.target] = got.get(d.target, 0) + len(d.data)
    return [f"{octets} octets to {address} for {sent.get(address, 0)}" for address, octets in got.items()
            if octets > AMPLIFICATION * sent.get(address, 0) + REPORT]


def attacker_heard(path, at, what):
    """Is the attacker's tone in a recording, from a sample on?"""
    if not os.path.exists(path):
        return []
    pcm = tone.read(path)[at:]
    found = tone.best_share(pcm, ATTACKER_HZ)
    return [f"{what} heard the attacker ({found:.2f})"] if found > 0.15 else []


def tail_heard(path, hz, what, seconds=1.0):
    """Is the tone of the other party in the end of a recording?"""
    pcm = tone.read(path)[-int((seconds + 0.2) * tone.RATE):] if os.path.exists(path) else []
    found = tone.best_share(pcm, hz)
    return [] if found > 0.6 else [f"{what} does not hear {hz} Hz at the end (best share {found:.2f}, "
                                   f"level {tone.level(pcm):.0f})"]


def samples(path):
    """How much of a recording there is, with what may still be in a buffer."""
    return (os.path.getsize(path) // 2 + BUFFER) if os.path.exists(path) else 0


def of_before(seconds):
    """How much there may be of the first seconds of a call, of which nothing may be on the disk yet.

    What an attacker sent meanwhile comes on top: Asterisk plays it one after the other.
    """
    return int(seconds * tone.RATE) + BUFFER


def changed(before, after, what):
    """Items of `ZrtpShowChannel` that a secure call may not change."""
    items = ("ZrtpState", "ZrtpSAS", "ZrtpVerified", "ZrtpRole", "ZrtpKeyAgreement", "ZrtpCipher", "ZrtpPeerZID",
             "ZrtpEnrolled", "ZrtpHashStatus")
    return [f"{what}: {item} was {before.get(item)!r}, is {after.get(item)!r}" for item in items
            if before.get(item) != after.get(item)]
