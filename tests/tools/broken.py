# SPDX-License-Identifier: GPL-2.0-only
"""An endpoint that breaks rules of RFC 6189: a right one behind a relay that changes what it sends."""
import os
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "pbx"))
import capture  # noqa: E402
import forge  # noqa: E402
from proxy import TO_PHONE, Proxy  # noqa: E402

BODY = 12 + 12  # of a message, in a datagram
RTP = struct.pack(">BBHII", 0x80, 0, 1, 160, 0x5A525450) + bytes(160)
COMMIT = forge.packet(forge.message("Commit  ", bytes(104)))


def changed(data, at, octets):
    """The same packet with other octets there, its CRC right."""
    return forge.sealed(data[:at] + octets + data[at + len(octets):])


class Broken(Proxy):
    """The endpoint to call is .uri, from .listen. A class has methods on_MESSAGE, and on_our_MESSAGE for what goes to it, that
    get the number of such messages so far in this call and the datagram, and return the one to send or None."""

    def __init__(self, port, near):
        super().__init__(near + 2, port, near, near + 4, media=self._through)
        self.counts, self.uri, self.listen = {}, f"sip:bob@127.0.0.1:{near}", f"127.0.0.1:{near + 2}"

    def _sip(self, way, data):
        if data.startswith(b"INVITE "):
            self.counts = {}
        return super()._sip(way, data)

    def _through(self, way, data):
        kind = capture.kind(data)
        name = capture.message_type(data) if kind == "zrtp" else kind
        if way != TO_PHONE:
            name = "our_" + name
        change = getattr(self, "on_" + name, None)
        if not change:
            return data
        self.counts[name] = self.counts.get(name, 0) + 1
        return change(self.counts[name], data)


class Hellos(Broken):
    """One sequence number for all, a bit in the header and in the Hello, and a Commit too early."""

    def on_Hello(self, number, data):
        if number == 5:
            return COMMIT
        data = changed(data, BODY + 4 + 16 + 32 + 12, b"\x08")
        return changed(data, 1, b"\x01\0\x07")


class Commits(Broken):
    """A Commit with another ZID and a cipher that is in no Hello, one repetition less, clear media after it, no ErrorACK."""

    def on_Commit(self, number, data):
        self.inject(TO_PHONE, RTP)
        if number == 3:
            return None
        data = changed(data, BODY + 32, bytes(12))
        return changed(data, BODY + 32 + 12 + 4, b"2FS3")

    def on_ErrorACK(self, number, data):
        return None


class Secure(Broken):
    """PingACKs with another SSRC, a ClearACK for any GoClear, media that is not SRTP."""

    def on_PingACK(self, number, data):
        return changed(data, BODY + 4 + 8 + 8, b"\0\0\0\0")

    def on_our_GoClear(self, number, data):
        self.inject(TO_PHONE, forge.packet(forge.message("ClearACK")))
        return data

    def on_rtp(self, number, data):
        return data[:-1] + bytes([data[-1] ^ 1])


class Answers(Broken):
    """Hellos go on, a repeated answer is another one, media before Confirm2, answers to a wrong CRC and version."""

    hello = None

    def on_Hello(self, number, data):
        self.hello = self.hello or data
        return data

    def on_Commit(self, number, data):
        return self.hello

    def on_DHPart1(self, number, data):
        return changed(data, BODY + 32, bytes([number] * 8))

    def on_our_DHPart2(self, number, data):
        threading.Timer(0.4, self.inject, (TO_PHONE, RTP)).start()
        return data

    def on_our_Hello(self, number, data):
        if data != forge.sealed(data):
            self.inject(TO_PHONE, forge.packet(forge.message("HelloACK")))
        elif data[BODY:BODY + 4] == b"2.00":
            self.inject(TO_PHONE, COMMIT)
        return data
