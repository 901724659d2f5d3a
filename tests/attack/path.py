# SPDX-License-Identifier: GPL-2.0-only
"""A man on the path between a phone and the PBX: what passes is late, lost, spoiled or out of order."""
import random
import threading

from proxy import Proxy


class Path:
    """A filter for Proxy. active: it leaves packets alone while that is cleared."""

    def __init__(self, how, seed):
        self.how, self.dice = how, random.Random(seed)
        self.active = threading.Event()
        self.active.set()
        self.kept, self.counts = [], {"passed": 0, "touched": 0}
        self.relay = None

    def __call__(self, way, data):
        if not self.active.is_set() or self.dice.random() > 0.25:
            self.counts["passed"] += 1
            return data
        self.counts["touched"] += 1
        if self.how == "lossy":
            return None
        if self.how == "spoiled":
            octets = bytearray(data)
            octets[self.dice.randrange(len(octets))] ^= 1 << self.dice.randrange(8)
            return bytes(octets[:self.dice.choice((len(octets), len(octets), self.dice.randrange(1, 1 + len(octets))))])
        threading.Timer(0.3 if self.how == "late" else 0.05 * self.dice.random(), self._later, (way, data)).start()
        return None

    def _later(self, way, data):
        try:
            self.relay.inject(way, data)
        except (OSError, KeyError):
            pass  # the call is over


def relay(path, phone_port, pbx_port, lane):
    """The relay of a lane, which is on the path."""
    path.relay = Proxy(phone_port, pbx_port, 27500 + 10 * lane, 27504 + 10 * lane, media=path)
    return path.relay
