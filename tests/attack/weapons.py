# SPDX-License-Identifier: GPL-2.0-only
"""What the attacker sends: each weapon makes a salvo of packets against one leg of a call.

A weapon is a function(dice, leg) that yields shots, and pauses as numbers of seconds. It has what
the network shows of the leg (see Leg in target.py), and no key.
"""
import collections
import struct

import forge
import tone
from stranger import Stranger

ATTACKER_HZ = 1900
DTMF_PAYLOAD = 101
DIGITS = ("*71", "*72", "*73", "*74", "*75", "*0", "1", "#", "99#")

# what: "rtp" or "rtcp", the port it goes to; stranger: not from the phone's address.
Shot = collections.namedtuple("Shot", "what stranger data", defaults=(False, b""))

_TONE = tone.to_ulaw(tone.samples(ATTACKER_HZ, 1))


# ---- ZRTP

FORGED = (("HelloACK", 0), ("Conf2ACK", 0), ("ErrorACK", 0), ("ClearACK", 0), ("RelayACK", 0), ("Error   ", 4),
          ("GoClear ", 8), ("SASrelay", 28), ("Ping    ", 12), ("PingACK ", 24), ("Confirm1", 64), ("Confirm2", 64),
          ("DHPart1 ", 108), ("DHPart2 ", 108), ("Commit  ", 104), ("Hello   ", 112))
ERRORS = (0x10, 0x20, 0x30, 0x40, 0x51, 0x61, 0x62, 0x63, 0x70, 0x80, 0x90, 0x91, 0xA0, 0xB0, 0x100)


def zrtp_forged(dice, leg):
    """Any type of message in the phone's name, its shape right and its content not."""
    kind, size = dice.choice(FORGED)
    body = dice.randbytes(size)
    if kind in ("Ping    ", "Hello   "):
        body = b"1.10" + body[4:]
    elif kind == "Error   ":
        body = struct.pack(">I", dice.choice(ERRORS))
    for _ in range(dice.choice((1, 1, 3))):
        yield Shot("rtp", dice.random() < 0.2, forge.packet(forge.message(kind, body), leg.next_zrtp(), leg.ssrc))


def zrtp_replayed(dice, leg):
    """What the phone has sent, once more."""
    if leg.zrtp_in:
        for packet in dice.sample(leg.zrtp_in, min(len(leg.zrtp_in), dice.choice((1, 3, 12)))):
            yield Shot("rtp", dice.random() < 0.3, packet)


def zrtp_reflected(dice, leg):
    """What the PBX has sent comes back to it."""
    if leg.zrtp_out:
        yield Shot("rtp", dice.random() < 0.3, dice.choice(leg.zrtp_out))


def zrtp_foreign(dice, leg):
    """What was sent in another call."""
    if leg.pool:
        for _ in range(dice.choice((1, 5))):
            yield Shot("rtp", dice.random() < 0.3, dice.choice(leg.pool))


def zrtp_changed(dice, leg):
    """A genuine packet with a few bits changed, its CRC right or not."""
    if leg.zrtp_in:
        octets = bytearray(dice.choice(leg.zrtp_in))
        for _ in range(dice.choice((1, 1, 4))):
            octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
        yield Shot("rtp", dice.random() < 0.2, forge.sealed(bytes(octets)) if dice.random() < 0.8 else bytes(octets))


def zrtp_malformed(dice, leg):
    """Cut, stretched, relabelled, with lengths that lie."""
    if leg.zrtp_in:
        for packet in forge.malformed(dice.choice(leg.zrtp_in), 6, dice.random()):
            yield Shot("rtp", False, packet[:8] + struct.pack(">I", leg.ssrc) + packet[12:])


def zrtp_stranger(dice, leg):
    """A ZRTP endpoint of the attacker's own, as far as the PBX goes along."""
    ssrc = leg.ssrc if dice.random() < 0.7 else dice.getrandbits(32)
    zid = dice.choice((None, leg.zid, leg.pbx_zid))
    endpoint = Stranger(dice, ssrc, zid, dice.choice((b"X255", b"X255", b"DH3k")))
    elsewhere = dice.random() < 0.3
    yield Shot("rtp", elsewhere, endpoint.hello())
    if leg.hello and dice.random() < 0.8:
        yield dice.choice((0, 0.02))
        yield Shot("rtp", elsewhere, endpoint.packet(forge.message("HelloACK")))
        yield Shot("rtp", elsewhere, endpoint.commit(leg.hello))
        yield dice.choice((0, 0.05, 0.15))
        yield Shot("rtp", elsewhere, endpoint.dhpart2())
        yield dice.choice((0, 0.05))
        yield Shot("rtp", elsewhere, endpoint.confirm2())


def zrtp_multistream(dice, leg):
    """A Commit for a further stream, of a chain that the phone has not begun."""
    endpoint = Stranger(dice, leg.ssrc, leg.zid)
    yield Shot("rtp", False, endpoint.multistream())


def zrtp_flood(dice, leg):
    """Many of a kind in a short time."""
    samples = [packet for packet in (leg.zrtp_in[-1:] or leg.pool[-1:])]
    samples += [forge.packet(forge.message("Ping    ", b"1.10" + dice.randbytes(8)), leg.next_zrtp(), leg.ssrc)]
    packet, elsewhere = dice.choice(samples), dice.random() < 0.3
    for number in range(dice.choice((50, 150))):
        yield Shot("rtp", elsewhere, packet)
        if number % 5 == 4:
            yield 0.005


# ---- RTP

def _frame(leg, number, payload, kind=0, ssrc=None, marker=0):
    return struct.pack(">BBHII", 0x80, marker << 7 | kind, leg.sequence + number & 0xFFFF,
                       leg.timestamp + 160 * number & 0xFFFFFFFF, leg.ssrc if ssrc is None else ssrc) + payload


def _voice(dice, leg, tail=b""):
    """The attacker's tone, or silence where any host may be heard anyway."""
    at = dice.randrange(0, 7840, 160)
    return (_TONE[at:at + 160] if leg.protected else b"\xff" * 160) + tail


def rtp_tone(dice, leg):
    """The attacker speaks in the phone's name."""
    elsewhere, ssrc = dice.random() < 0.3, dice.choice((None, None, dice.getrandbits(32)))
    ahead, tail = dice.choice((1, 1, 200)), dice.choice((b"", b"", dice.randbytes(4), dice.randbytes(10)))
    for number in range(25):
        yield Shot("rtp", elsewhere, _frame(leg, number + ahead, _voice(dice, leg, tail), 0, ssrc))
        yield dice.choice((0.0, 0.01))


def rtp_replayed(dice, leg):
    """Media of the phone once more: just now, or from long ago."""
    if leg.rtp_in:
        source = list(dice.choice((leg.rtp_in, leg.rtp_first)))
        for packet in source[:dice.choice((1, 10, 40))]:
            yield Shot("rtp", dice.random() < 0.2, packet)


def rtp_changed(dice, leg):
    """Media of the phone, changed or cut on the way."""
    for packet in list(leg.rtp_in)[-10:]:
        octets = bytearray(packet)
        octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
        if dice.random() < 0.4:
            octets = octets[:dice.randrange(1, len(octets))]
        yield Shot("rtp", dice.random() < 0.2, bytes(octets))


def rtp_odd(dice, leg):
    """Headers that no phone would write."""
    for _ in range(8):
        octets = bytearray(_frame(leg, dice.randrange(-50, 50), dice.randbytes(dice.choice((0, 1, 12, 160, 1400)))))
        octets[0] = dice.randrange(256)
        octets[1] = dice.randrange(256)
        yield Shot("rtp", dice.random() < 0.2, bytes(octets[:dice.choice((len(octets), 11, 12, 13))]))


def rtp_flood(dice, leg):
    """A hundred and more packets of media in half a second."""
    elsewhere, ssrc = dice.random() < 0.4, dice.choice((None, dice.getrandbits(32)))
    for number in range(dice.choice((100, 250))):
        yield Shot("rtp", elsewhere, _frame(leg, number, _voice(dice, leg), 0, ssrc))
        if number % 5 == 4:
            yield 0.01


def dtmf(dice, leg):
    """Digits by RFC 4733: commands and feature codes, the last one perhaps without its end."""
    ssrc = dice.choice((None, None, dice.getrandbits(32)))
    number, digits = 0, dice.choice(DIGITS)
    for digit in digits:
        event = "0123456789*#".index(digit)
        start = leg.timestamp + 160 * number
        last = digit is digits[-1] and dice.random() < 0.4
        for step in range(3 if last else 6):
            number += 1
            octets = struct.pack(">BBH", event, (0x80 if step >= 3 else 0) | 10, 160 * min(step + 1, 4))
            packet = bytearray(_frame(leg, number, octets, DTMF_PAYLOAD, ssrc, int(step == 0)))
            packet[4:8] = struct.pack(">I", start & 0xFFFFFFFF)
            yield Shot("rtp", False, bytes(packet))
        yield dice.choice((0, 0.03))


# ---- RTCP and all else

def _rtcp(kind, count, body):
    return struct.pack(">BBH", 0x80 | count, kind, len(body) // 4) + body


def rtcp_forged(dice, leg):
    """Reports, BYE, feedback, whole or not, in the phone's name."""
    ssrc = struct.pack(">I", dice.choice((leg.ssrc, leg.ssrc, dice.getrandbits(32))))
    media = struct.pack(">I", leg.pbx_ssrc)
    whole = [_rtcp(201, 0, ssrc), _rtcp(200, 0, ssrc + dice.randbytes(20)), _rtcp(203, 1, ssrc),
             _rtcp(201, 1, ssrc + media + dice.randbytes(20)), _rtcp(202, 1, ssrc + b"\x01\x02hi"),
             _rtcp(206, 1, ssrc + media), _rtcp(206, 4, ssrc + media + dice.randbytes(8)),
             _rtcp(205, 1, ssrc + media + dice.randbytes(4)), _rtcp(204, 0, ssrc + b"ABCD"),
             _rtcp(dice.randrange(192, 224), dice.randrange(32), dice.randbytes(4 * dice.randrange(60)))]
    packet = b"".join(dice.sample(whole, dice.choice((1, 1, 2, 3))))
    if dice.random() < 0.3:
        packet = packet[:dice.randrange(1, len(packet))]
    yield Shot(dice.choice(("rtcp", "rtcp", "rtp")), dice.random() < 0.3, packet)


def rtcp_replayed(dice, leg):
    """Reports of the phone once more, as they were or changed."""
    for packet in list(leg.rtcp_in)[-3:]:
        octets = bytearray(packet)
        if dice.random() < 0.5:
            octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
        yield Shot("rtcp", dice.random() < 0.3, bytes(octets))


def rtcp_flood(dice, leg):
    """Many reports."""
    packet = _rtcp(201, 0, struct.pack(">I", leg.ssrc))
    for number in range(80):
        yield Shot("rtcp", False, packet)
        if number % 5 == 4:
            yield 0.01


def stun(dice, leg):
    """Requests and answers that were not asked for."""
    for _ in range(dice.choice((1, 1, 20))):
        body = dice.choice((b"", b"\x00\x06\x00\x04abcd", b"\x00\x25\x00\x00", dice.randbytes(40)))
        kind = dice.choice((0x0001, 0x0101, 0x0111, 0x0011, dice.randrange(0x4000)))
        size = dice.choice((len(body), len(body), dice.randrange(2000)))
        yield Shot(dice.choice(("rtp", "rtcp")), dice.random() < 0.3,
                   struct.pack(">HH", kind, size) + b"\x21\x12\xa4\x42" + dice.randbytes(12) + body)


def others(dice, leg):
    """DTLS, TURN's channel data, T.38, noise, next to nothing."""
    start = dice.choice((b"\x16\xfe\xff\x00\x00", b"\x16\xfe\xfd", b"\x40\x00", b"\x00\x00\x00\x00", b"", b"\x10"))
    yield Shot(dice.choice(("rtp", "rtcp")), dice.random() < 0.3, start + dice.randbytes(dice.choice((0, 1, 30, 1200))))


# name: (function, how often). What floods is rare.
WEAPONS = {
    "ZRTP forged": (zrtp_forged, 8), "ZRTP replayed": (zrtp_replayed, 4), "ZRTP reflected": (zrtp_reflected, 2),
    "ZRTP of another call": (zrtp_foreign, 2), "ZRTP changed": (zrtp_changed, 4), "ZRTP malformed": (zrtp_malformed, 3),
    "ZRTP of a stranger": (zrtp_stranger, 4), "ZRTP Multistream": (zrtp_multistream, 1),
    "ZRTP flood": (zrtp_flood, 0.4), "RTP tone": (rtp_tone, 4), "RTP replayed": (rtp_replayed, 3),
    "RTP changed": (rtp_changed, 3), "RTP odd": (rtp_odd, 2), "RTP flood": (rtp_flood, 0.4), "DTMF": (dtmf, 4),
    "RTCP forged": (rtcp_forged, 4), "RTCP replayed": (rtcp_replayed, 2), "RTCP flood": (rtcp_flood, 0.3),
    "STUN": (stun, 2), "others": (others, 1),
}
