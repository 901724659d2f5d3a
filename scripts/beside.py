# SPDX-License-Identifier: GPL-2.0-only
"""For scripts: work beside the tests, which takes only what processor time they leave."""
import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor


def step_aside():
    """In a new process: behind all others, also where each session has a share of the processor."""
    os.setsid()
    with contextlib.suppress(OSError):  # where that may not be, it takes its share as before
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as group:
        group.write("19")


class Beside:
    """One job after the other. As a context: whoever leaves it by an exception ends them."""

    def __init__(self, start):
        """start(NAME, ARGUMENT..., OPTION=...) returns a subprocess.Popen."""
        self._start, self._running, self._pool = start, set(), ThreadPoolExecutor(1)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in list(self._running):
                if process.poll() is None:  # the number of one that has ended may be another's
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGTERM)

    def submit(self, job, *arguments):
        """Do job(ARGUMENT..., START) when those before it are done; its future."""
        return self._pool.submit(job, *arguments, self.start)

    def start(self, *arguments, **options):
        process = self._start(*arguments, preexec_fn=step_aside, **options)
        self._running.add(process)
        return process
