#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make the seeds of the fuzz targets from the known answers.

    make_corpus.py ../vectors/zrtp-kat.json ../vectors/kem corpus

The seeds are committed; run this again when a target's input changes.
"""
import json
import os
import sys

TYPES = ["Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2",
         "Conf2ACK", "Error   ", "ErrorACK", "GoClear ", "ClearACK", "SASrelay", "RelayACK",
         "Ping    ", "PingACK "]
STATES = 15  # fuzz_packet.c's targets
FIELDS = ["Hello_i", "Hello_r", "Commit", "DHPart1", "DHPart2", "Confirm1", "Confirm2"]
# Operations of fuzz_peer.c by their place in its table.
OPS = ["deliver", "settle", "drop", "double", "reorder", "flip", "truncate", "replay", "reflect",
       "invent", "wait", "wait_long", "start", "go_clear", "go_secure", "verify", "ping", "relay",
       "hash", "authenticated", "enroll", "secret", "stop", "call",
       "decline"]


def messages(vectors):
    """One of each kind: (type, octets), the shortest exchanges first."""
    exchanges = sorted(vectors["dh"], key=lambda v: len(v["DHPart1"]))[:2]
    exchanges += vectors["multistream"][:1] + vectors["preshared"][:1]
    for exchange in exchanges:
        for field in FIELDS:
            if field in exchange:
                octets = bytes.fromhex(exchange[field])
                yield octets[4:12].decode(), octets
    for name, body in (("HelloACK", 0), ("Conf2ACK", 0), ("Error   ", 4), ("ErrorACK", 0),
                       ("GoClear ", 8), ("ClearACK", 0), ("SASrelay", 64), ("RelayACK", 0),
                       ("Ping    ", 12), ("PingACK ", 24)):
        octets = b"1.10".ljust(body, b"\x01")[:body]
        yield name, b"\x50\x5a" + ((12 + body) // 4).to_bytes(2, "big") + name.encode() + octets


def record(octets, flags=0, kind=0):
    """A datagram of fuzz_packet.c around a message."""
    datagram = b"\x10\0\0\1ZRTP\0\0\x07\xd0" + octets + b"\0\0\0\0"
    return len(datagram).to_bytes(2, "big") + bytes([flags, kind]) + datagram


def program(policies, *steps):
    out = bytearray(policies)
    for step in steps:
        name, *arguments = step.split()
        out.append(OPS.index(name))
        out += bytes(int(a, 0) for a in arguments)
    return bytes(out)


def programs():
    plain, clear, both = (0, 0, 0), (4, 4, 0), (8 | 4, 8 | 4, 0)
    yield "secure", program(plain, "settle", "wait 100")
    yield "one-by-one", program(plain, *["deliver"] * 14, "wait 20", *["deliver"] * 6)
    yield "loss", program(plain, *["deliver", "drop", "wait 30", "deliver"] * 8, "settle")
    yield "doubled", program(plain, *["double", "deliver"] * 14, "settle")
    yield "reordered", program(plain, *["reorder 1", "deliver"] * 12, "settle")
    yield "flipped", program(plain, *["deliver"] * 5, "flip 0 30 1", "settle", "wait_long 3", "settle")
    yield "truncated", program(plain, *["deliver"] * 7, "truncate 1", "settle", "wait_long 3", "settle")
    yield "replayed", program(plain, "settle", *["replay %d" % i for i in range(12)])
    yield "reflected", program(plain, "settle", *["reflect %d %d" % (i, i % 8) for i in range(12)])
    yield "invented", program(plain, "settle", "invent 0 8 2 0 0 0 16", "invent 1 0 40")
    yield "multistream", program(plain, "settle", "start 2", "start 3", "settle", "wait 100", "settle")
    yield "goclear", program(clear, "settle", "go_clear 0", "settle", "go_secure 1", "settle",
                             "wait 50", "settle")
    yield "goclear-forged", program(clear, "settle", "invent 0 10 4", "deliver", "settle")
    yield "goclear-flipped", program(clear, "settle", "go_clear 0", "flip 24 1", "settle")
    yield "goclear-lost", program(clear, "settle", "go_clear 1", "drop", "wait 50", "settle", "drop")
    yield "preshared", program(both, "settle", "verify 2", "verify 3", "call", "settle", "call", "settle")
    yield "relay", program((32, 0, 0), "enroll 2", "settle", "enroll 1", "enroll 0", "call", "settle",
                           "relay 0 1", "settle", "relay 0 0", "wait_long 20")
    yield "secrets", program(plain, "call", "secret 2", "secret 3", "settle", "ping 0", "ping 1", "settle")
    yield "hash", program(plain, "hash 0 0", "hash 1 0", "settle")
    yield "wrong-hash", program(plain, "hash 0 1", "settle", "wait_long 15", "settle")
    yield "srtp-for-conf2ack", program(plain, *["deliver"] * 14, "drop", "authenticated 0", "authenticated 1")
    yield "stopped", program(plain, "deliver", "deliver", "stop 0 0", "settle", "stop 1 1", "settle")
    yield "declined", program(plain, "deliver", "deliver", "deliver", "decline 0", "settle")
    yield "passive", program((16, 16, 3), "settle", "wait_long 31")
    for name, kem in (("x1m1", 4), ("x3m3", 4 | 8), ("x1m1-600", 4 | 16), ("x3m3-600", 4 | 8 | 16)):
        yield name, program((0, 0, kem), "settle", "wait 100", "call", "settle")
        yield f"{name}-passive", program((0, 16, kem), "settle", "start 2", "start 3", "settle")
    pieces = (16, 0, 4 | 8 | 16)
    yield "fragments-doubled", program(pieces, *["double", "deliver"] * 24, "settle")
    yield "fragments-reordered", program(pieces, *["reorder 2", "deliver"] * 20, "settle")
    yield "fragments-lost", program(pieces, *["deliver", "deliver", "drop", "wait 30"] * 10, "settle")
    yield "fragments-flipped", program(pieces, *["deliver"] * 4, *[f"flip 0 {at} 1" for at in range(12, 20)],
                                       "settle", "wait_long 3", "settle")
    yield "fragments-truncated", program(pieces, *["deliver"] * 5, "truncate 3", "settle", "wait_long 3", "settle")
    yield "fragments-replayed", program(pieces, "settle", *[f"replay {i}" for i in range(20)])
    yield "fragments-reflected", program(pieces, "settle", *[f"reflect {i} {i % 8}" for i in range(20)])
    yield "unlike", program((1, 2, 2), "settle", "wait 100", "call", "settle")


def fragments(directory):
    """Recorded fragments, in order, reversed and doubled; the Commits are seeds of the messages too."""
    with open(os.path.join(directory, "packets-X3M3.json"), encoding="ascii") as file:
        packets = [bytes.fromhex(entry["packet"]) for entry in json.load(file)]
    pieces = [len(p).to_bytes(2, "big") + p for p in packets if p[0] == 0x11]
    yield "recorded", b"".join(pieces)
    yield "reversed", b"".join(reversed(pieces))
    yield "doubled", b"".join(p + p for p in pieces)
    yield "one", pieces[0]
    yield "mixed", pieces[0] + pieces[2] + pieces[1] + pieces[3]


def commits(directory):
    for kex in ("X1M1", "X3M3", "MLK1"):
        with open(os.path.join(directory, f"bzrtp-{kex}.json"), encoding="ascii") as file:
            pair = json.load(file)
        for field in ("commit", "dhpart1", "dhpart2"):
            octets = bytes.fromhex(pair[field])
            yield f"{kex}-{field}", bytes([TYPES.index(octets[4:12].decode())]) + octets[12:]


def texts():
    yield "hash", b"\0S256, S384 S512"
    yield "cipher", b"\1AES1,AES2 AES3"
    yield "tag", b"\2HS32\tHS80 GCM"
    yield "kex", b"\3X255 EC25,DH3k, DH2k X448 EC38 EC52"
    yield "kem", b"\3X1M1,X3M3, X255"
    yield "sas", b"\4B32 , B256"
    yield "bad", b"\3X255 nope"
    yield "twice", b"\3X255 X255"
    yield "zrtp-hash", b"\x051.10 " + b"0123456789abcdefABCDEF0123456789" * 2
    yield "zrtp-hash-short", b"\x051.10 0123"


def save(directory, seeds):
    os.makedirs(directory, exist_ok=True)
    for name, octets in seeds:
        with open(os.path.join(directory, name), "wb") as file:
            file.write(octets)


def main():
    vectors = json.load(open(sys.argv[1], encoding="ascii"))
    found = list(messages(vectors))
    names = ["%02d-%s" % (i, name.strip()) for i, (name, _) in enumerate(found)]
    save(os.path.join(sys.argv[3], "message"),
         ((n, bytes([TYPES.index(name)]) + octets[12:]) for n, (name, octets) in zip(names, found)))
    everything = b"".join(record(octets) for _, octets in found[:7] + found[-10:])
    save(os.path.join(sys.argv[3], "packet"),
         (("state-%02d" % state, bytes([state]) + everything) for state in range(STATES)))
    save(os.path.join(sys.argv[3], "packet"),  # secure, and GoClear is allowed
         (("allow-%d" % first, bytes([first]) + everything) for first in (128, 129)))
    save(os.path.join(sys.argv[3], "peer"), programs())
    save(os.path.join(sys.argv[3], "policy"), texts())
    save(os.path.join(sys.argv[3], "fragment"), fragments(sys.argv[2]))
    save(os.path.join(sys.argv[3], "message"), commits(sys.argv[2]))


main()
