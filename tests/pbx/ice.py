# SPDX-License-Identifier: GPL-2.0-only
"""The controlling end of ICE (RFC 8445) with one candidate, put in front of a phone by the relay."""
import hashlib
import hmac
import re
import struct
import zlib

from proxy import TO_PBX, TO_PHONE

COOKIE = 0x2112A442
REQUEST, RESPONSE = 0x0001, 0x0101
USERNAME, INTEGRITY, MAPPED, PRIORITY = 0x0006, 0x0008, 0x0020, 0x0024
USE_CANDIDATE, FINGERPRINT, CONTROLLING = 0x0025, 0x8028, 0x802A
USER, PASSWORD = "labuser", "labpasswordlabpassword00"
ICE = re.compile(r"a=(ice-|candidate:|rtcp-mux|remote-candidates)")


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def with_length(message, more):
    """A message whose header counts octets that are still to come."""
    return message[:2] + struct.pack(">H", len(message) - 20 + more) + message[4:]


def stun(kind, transaction, password, *attributes):
    """A STUN message with its integrity and fingerprint."""
    message = struct.pack(">HHI", kind, 0, COOKIE) + transaction + b"".join(attributes)
    digest = hmac.new(password.encode(), with_length(message, 24), hashlib.sha1).digest()
    message += attribute(INTEGRITY, digest)
    check = zlib.crc32(with_length(message, 8)) ^ 0x5354554E
    return with_length(message + attribute(FINGERPRINT, struct.pack(">I", check)), 0)


class IceEnd:
    """edit and media for a relay, which is to be set as relay.

    candidates: how many the PBX has offered; chosen: it has accepted our nomination.
    """

    def __init__(self):
        self.relay, self.chosen, self.candidates = None, False, 0
        self.theirs = {}

    def edit(self, way, lines):
        kept = [line for line in lines if not ICE.match(line)]
        if way == TO_PHONE:
            self.candidates += sum(line.startswith("a=candidate:") for line in lines)
            self.theirs.update(re.match(r"a=ice-(ufrag|pwd):(\S+)", line).groups() for line in lines
                               if re.match(r"a=ice-(ufrag|pwd):", line))
            return kept
        port = next(re.match(r"m=audio (\d+) ", line)[1] for line in kept if line.startswith("m=audio"))
        return [*kept, f"a=ice-ufrag:{USER}", f"a=ice-pwd:{PASSWORD}",
                f"a=candidate:1 1 UDP 2130706431 127.0.0.1 {port} typ host", "a=rtcp-mux"]

    def media(self, way, data):
        if data[:1] >= b"\x04":
            return data
        if way == TO_PHONE and TO_PHONE in self.relay.party:
            self._stun(data, self.relay.party[TO_PHONE])
        return None

    def _stun(self, data, port):
        kind, = struct.unpack_from(">H", data)
        self.chosen |= kind == RESPONSE
        if kind != REQUEST:
            return
        mapped = struct.pack(">BBHI", 0, 1, port ^ (COOKIE >> 16), 0x7F000001 ^ COOKIE)
        self.relay.inject(TO_PBX, stun(RESPONSE, data[8:20], PASSWORD, attribute(MAPPED, mapped)))
        self.relay.inject(TO_PBX, stun(
            REQUEST, b"nomination..", self.theirs["pwd"],
            attribute(USERNAME, f"{self.theirs['ufrag']}:{USER}".encode()),
            attribute(PRIORITY, struct.pack(">I", 1862270975)),
            attribute(CONTROLLING, bytes(7) + b"\x01"), attribute(USE_CANDIDATE, b"")))
