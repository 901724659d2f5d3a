# SPDX-License-Identifier: GPL-2.0-only
"""Waiting for things that take a moment."""
import threading
import time


LEAST = 10  # seconds that everything may take on a busy machine: a bound ends a wait, it measures nothing


class Timeout(AssertionError):
    """Something did not happen in its time."""


_asking = threading.local()


def asks_again():
    """Is this a probe of until(), which is called again until it is content with what it sees?"""
    return getattr(_asking, "depth", 0) > 0


def _asked(probe):
    _asking.depth = getattr(_asking, "depth", 0) + 1
    try:
        return probe()
    finally:
        _asking.depth -= 1


def until(what, seconds, probe, pause=0.05):
    """Call probe() until it returns something true; return that, or raise Timeout."""
    seconds = max(seconds, LEAST)
    end = time.monotonic() + seconds
    while True:
        value = _asked(probe)
        if value:
            return value
        if time.monotonic() >= end:
            raise Timeout(f"{what}: not within {seconds:g} s")
        time.sleep(pause)


def grows(what, count, more, seconds=15):
    """Wait until count() is larger than now by more than so much."""
    before = count()
    until(f"{what}: more than {before} + {more}", seconds, lambda: count() > before + more)
