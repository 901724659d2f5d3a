# SPDX-License-Identifier: GPL-2.0-only
"""What a phone and the nodes of a cluster can have of each other: the rule of docs/cache.md, A cluster."""
import collections
import threading
import time

COPIED = 0.5  # seconds after which what a node knows is in its copy for certain
Call = collections.namedtuple("Call", "node life")


class Memory:
    """Of one phone. Its calls are numbered; a number stands for the secret that the call made.

    It knows for certain what it says: where it cannot be sure that a node has a secret, it has not.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = {}                          # number: where it was
        self.last, self.second = None, set()     # what the phone keeps; the second one is one of these
        self.stored, self.proved = set(), set()  # in the database; matched in a call that is
        self.kept = set()                        # in the database or the journal of its node, whatever becomes of that
        self.known = {}                          # node, life: what it knows without the database
        self.since = {}                          # node, life: since when
        self.matched = {}                        # number: what matched, if that is certain

    def _crowded(self, number):
        """May the database have two later ones, so that this one has no room?"""
        return sum(other > number and other not in self.proved for other in self.calls) > 1

    def _has(self, number, call, current, stored):
        if not current:
            return number in self.known.get(call, ())
        return self.calls.get(number) == call or (number in stored and not self._crowded(number))

    def must_match(self, call, current, stored):
        """Is one of the two where the node looks? stored: as it was when the call began."""
        with self.lock:
            if self.last is None:
                return False
            return self._has(self.last, call, current, stored) or \
                all(self._has(number, call, current, stored) for number in self.second or (None,))

    def snapshot(self):
        with self.lock:
            return frozenset(self.stored)

    def made(self, number, call, current, stored):
        """A call has become secure at the phone, without an alarm. The node may know of it or have died."""
        with self.lock:
            if self.last is not None:
                sure = self._has(self.last, call, current, stored)
                self.second = {self.last} if sure else self.second | {self.last}
                if sure:
                    self.matched[number] = self.last
            self.last = number
            self.calls[number] = call

    def keeps_one_only(self):
        """A phone that forgets its second one when that has matched."""
        with self.lock:
            if self.matched.get(self.last) is None:
                self.second = set()

    def noted(self, number, call):
        """The node has told that it is secure."""
        with self.lock:
            self.known[call] = {number, *([self.matched[number]] if number in self.matched else [])}
            self.since[call] = time.monotonic()

    def outlives(self, call, died):
        """What an earlier life of the node knew for a while when it died is known in this one, from its copy."""
        with self.lock:
            for life in range(call.life - 1, 0, -1):
                before = call._replace(life=life)
                if call not in self.known and before in self.known:
                    if self.since[before] < died - COPIED:
                        self.known[call], self.since[call] = set(self.known[before]), self.since[before]
                    return

    def waiting(self, call):
        """Calls of a node that may not be stored yet: of this life, and of earlier ones what its journal had."""
        with self.lock:
            return [number for number, where in self.calls.items() if number not in self.stored and where and where.node == call.node
                    and (where.life == call.life or (where.life < call.life and number in self.kept))]

    def journaled(self, numbers):
        """The database or the journal has these."""
        with self.lock:
            self.kept.update(numbers)

    def of_earlier(self, numbers, call):
        """How many of them an earlier life of the node has made."""
        with self.lock:
            return sum(self.calls[number] not in (None, call) for number in numbers)

    def reached(self, numbers):
        """The database has these."""
        with self.lock:
            self.stored.update(numbers)
            self.proved.update(self.matched[number] for number in numbers if number in self.matched)

    def lost(self, number):
        """The node may have died before it told of it."""
        with self.lock:
            self.calls[number] = None
