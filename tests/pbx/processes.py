# SPDX-License-Identifier: GPL-2.0-only
"""Programs the tests run: none outlives the tests, whatever ends those."""
import ctypes
import signal
import subprocess

import wait

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, **options):
    """subprocess.Popen, out of reach of the terminal's Ctrl-C."""
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent, **options)


def stop(process, seconds=5):
    """Wait for a program that was asked to end; terminate, then kill it. Returns its status."""
    for insist in (lambda: None, process.terminate, process.kill):
        insist()
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    raise wait.Timeout(f"process {process.pid} cannot be stopped")
