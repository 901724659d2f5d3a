# SPDX-License-Identifier: GPL-2.0-only
"""Waiting for things that take a moment."""
import time


class Timeout(AssertionError):
    """Something did not happen in its time."""


def until(what, seconds, probe, pause=0.05):
    """Call probe() until it returns something true; return that, or raise Timeout."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() >= end:
            raise Timeout(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
