# SPDX-License-Identifier: GPL-2.0-only
"""What hangs is ended, and says where."""
import contextlib
import signal


class Hangs(Exception):
    """It took longer than it may. No AssertionError: where it hung is what matters."""


@contextlib.contextmanager
def limit(seconds):
    """In the main thread only: Hangs is raised in what takes longer, whole seconds. 0: none is."""
    def end(*_):
        raise Hangs(f"not over after {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
