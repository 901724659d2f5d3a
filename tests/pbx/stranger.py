# SPDX-License-Identifier: GPL-2.0-only
"""A ZRTP endpoint that the call does not know: its messages are whole in themselves, without the phone's keys."""
import hashlib
import hmac
import struct

import forge

HASH, CIPHER, TAG, SAS = b"S256", b"AES1", b"HS80", b"B32 "
SIZES = {b"X255": 32, b"DH3k": 384}  # octets of a public value


def image(value):
    return hashlib.sha256(value).digest()


def mac(key, octets):
    return hmac.new(key, octets, hashlib.sha256).digest()[:8]


class Stranger:
    """One chain of hash images (RFC 6189, section 9) and what is said with it.

    dice: where its secrets come from; ssrc: whose stream it says it is; zid: of another one, or its own.
    """

    def __init__(self, dice, ssrc, zid=None, kex=b"X255"):
        self.dice, self.ssrc, self.kex = dice, ssrc, kex
        self.zid = zid or dice.randbytes(12)
        self.sequence = dice.randrange(1 << 15)
        self.images = [dice.randbytes(32)]
        for _ in range(3):
            self.images.append(image(self.images[-1]))
        self.public = dice.randbytes(SIZES[kex])

    def _sealed(self, kind, body, key):
        """A message with the MAC that closes it."""
        octets = forge.message(kind, body + bytes(8))[:-8]
        return octets + mac(key, octets)

    def packet(self, message):
        self.sequence += 1
        return forge.packet(message, self.sequence, self.ssrc)

    def hello(self):
        counts = struct.pack(">I", 0x00011111)
        return self.packet(self._sealed("Hello   ", b"1.10" + b"a stranger      " + self.images[3] + self.zid
                                        + counts + HASH + CIPHER + TAG + self.kex + SAS, self.images[2]))

    def _dhpart2(self):
        return self._sealed("DHPart2 ", self.images[1] + self.dice.randbytes(32) + self.public, self.images[0])

    def commit(self, hello):
        """A Commit to whom a packet with a Hello came from."""
        self.part = self._dhpart2()
        hvi = image(self.part + hello[forge.HEADER:-forge.CRC])
        return self.packet(self._sealed("Commit  ", self.images[2] + self.zid + HASH + CIPHER + TAG + self.kex
                                        + SAS + hvi, self.images[1]))

    def multistream(self):
        """A Commit for a further stream."""
        return self.packet(self._sealed("Commit  ", self.images[2] + self.zid + HASH + CIPHER + TAG + b"Mult"
                                        + SAS + self.dice.randbytes(16), self.images[1]))

    def dhpart2(self):
        """What the Commit has promised."""
        return self.packet(self.part)

    def confirm2(self):
        return self.packet(forge.message("Confirm2", self.dice.randbytes(64)))
