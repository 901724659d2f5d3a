# SPDX-License-Identifier: GPL-2.0-only
"""ZRTP packets as no phone should send them."""
import hashlib
import hmac
import random
import socket
import struct

import capture

HEADER, CRC = 12, 4
TYPES = ("Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2",
         "Conf2ACK", "Error   ", "ErrorACK", "GoClear ", "ClearACK", "SASrelay", "RelayACK",
         "Ping    ", "PingACK ", "Nonsense")


def _steps(crc):
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


CRCS = [_steps(octet) for octet in range(256)]


def crc32c(octets):
    crc = 0xFFFFFFFF
    for octet in octets:
        crc = crc >> 8 ^ CRCS[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFFFFFF


def sealed(packet):
    """A packet, its CRC replaced by the right one (least significant octet first)."""
    return packet[:-CRC] + struct.pack("<I", crc32c(packet[:-CRC]))


def packet(message, sequence=1, ssrc=0x5A525450):
    """A whole packet around a message."""
    return sealed(struct.pack(">BBH4sI", 0x10, 0, sequence & 0xFFFF, b"ZRTP", ssrc)
                  + message + bytes(CRC))


def message(kind, body=b"", words=None):
    """A message; words overrides the true length."""
    size = (12 + len(body)) // 4 if words is None else words
    return struct.pack(">HH", 0x505A, size & 0xFFFF) + kind.encode() + body


DIGITS = "0123456789*#ABCD"


def digit(pressed, sequence, stamp, duration, *, end=False, ssrc=0x5A525450, number=101, first=False):
    """An RTP packet of a digit (RFC 4733); duration in samples since its begin at stamp."""
    return struct.pack(">BBHIIBBH", 0x80, number | (0x80 if first else 0), sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc,
                       DIGITS.index(pressed), 0x8A if end else 0x0A, duration)


def malformed(sample, count, seed=1):
    """count packets made from a good one: flipped, cut, stretched, relabelled, lying.

    None is a Hello or Error that any host could send and that has to be believed.
    """
    dice = random.Random(seed)
    for number in range(count):
        way = number % 6
        octets = bytearray(sample)
        octets[8:12] = b"\x12\x34\x56\x78"               # not the SSRC of who gets it
        if way == 0:                                   # a flipped bit, CRC wrong
            octets[dice.randrange(8, len(octets))] ^= 1 << dice.randrange(8)
            yield bytes(octets)
        elif way == 1:                                 # cut, CRC right
            yield sealed(bytes(octets[:dice.randrange(16, len(octets))]))
        elif way == 2:                                 # stretched, CRC right
            yield sealed(bytes(octets) + dice.randbytes(dice.choice((1, 4, 400, 3000))))
        elif way == 3:                                 # another type's label
            octets[16:24] = dice.choice(TYPES[1:]).encode()
            yield sealed(bytes(octets))
        elif way == 4:                                 # a length that lies
            octets[14:16] = struct.pack(">H", dice.choice((0, 1, 2, 3, 300, 0xFFFF)))
            yield sealed(bytes(octets))
        else:                                          # a good label, noise behind it
            body = dice.randbytes(4 * dice.choice((0, *range(2, 120))))  # 1 makes a true Error
            yield packet(message(dice.choice(TYPES), body), dice.randrange(65536))


def send_as(source, target, octets):
    """Send a datagram on the loopback from a port that is another one's."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        raw.sendto(struct.pack(">HHHH", source, target, 8 + len(octets), 0) + octets, ("127.0.0.1", 0))


def strangers(hello):
    """What an attacker without keys can send who wants to be taken for a ZRTP peer, made from a Hello."""
    ssrc, name = b"\x12\x34\x56\x78", bytearray(hello)
    name[8:12] = ssrc
    name[HEADER + 64:HEADER + 76] = b"a stranger.."      # the ZID
    old = bytearray(name)
    old[HEADER + 12:HEADER + 16] = b"1.00"
    own = bytearray(hello)
    own[8:12] = ssrc                                   # the PBX's own ZID comes back to it
    number = int.from_bytes(ssrc, "big")
    yield from map(sealed, map(bytes, (old, own, name)))
    yield packet(message("HelloACK"), 2, number)       # now it commits
    yield packet(message("Error   ", struct.pack(">I", 0x20)), 3, number)
    yield sealed(bytes(name))
    yield packet(message("HelloACK"), 4, number)


def exchange(hello, ssrc=0x12345678):
    """A Hello and a Commit as an attacker makes them who speaks ZRTP: hash chain, MACs and all."""
    dice = random.Random(ssrc)
    chain = [dice.randbytes(32)]
    while len(chain) < 4:
        chain.append(hashlib.sha256(chain[-1]).digest())
    own = bytearray(hello[HEADER:-CRC])
    own[32:64], own[64:76] = chain[3], b"a stranger.."
    own[-8:] = hmac.digest(chain[2], bytes(own[:-8]), "sha256")[:8]
    body = chain[2] + b"a stranger.." + b"S256AES1HS80DH3kB32 " + dice.randbytes(32)
    commit = message("Commit  ", body + bytes(8))
    commit = commit[:-8] + hmac.digest(chain[1], commit[:-8], "sha256")[:8]
    return packet(bytes(own), 1, ssrc), packet(commit, 2, ssrc)


def hostile(seen, seed=2):
    """Packets against a secure call, made from those the phone really sent in it."""
    dice = random.Random(seed)
    ssrc = struct.unpack_from(">I", seen[0], 8)[0]
    sequence = struct.unpack_from(">H", seen[-1], 2)[0]
    bodies = [
        *[message("Error   ", struct.pack(">I", code)) for code in (0x10, 0x62, 0x63, 0x70, 0x100)],
        message("GoClear ", dice.randbytes(8)), message("ClearACK"), message("Conf2ACK"),
        message("ErrorACK"), message("HelloACK"), message("RelayACK"),
        message("SASrelay", dice.randbytes(8 + 16 + 4)),
        message("Ping    ", b"1.10" + dice.randbytes(8)),
        *[message(kind, dice.randbytes(64)) for kind in ("Confirm1", "Confirm2", "DHPart2 ")],
    ]
    for body in bodies:
        sequence += 1
        yield packet(body, sequence, ssrc)
    yield from seen                                    # the whole exchange once more
    for old in seen:                                   # and with a random part changed
        octets = bytearray(old)
        if capture.message_type(old) != "HelloACK" and len(old) > 40:
            octets[dice.randrange(24, len(old) - CRC)] ^= 0xFF
        sequence += 1
        octets[2:4] = struct.pack(">H", sequence & 0xFFFF)
        yield sealed(bytes(octets))
