# SPDX-License-Identifier: GPL-2.0-only
"""Programs the tests run, and the ports that are open. No program outlives the tests, whatever ends those, and each takes the signals that it is sent."""
import ctypes
import signal
import subprocess

import surroundings
import wait

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
surroundings.usual()


def _begin():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    surroundings.defaults()


def start(command, **options):
    """subprocess.Popen, out of reach of the terminal's Ctrl-C. It ends when the thread ends that called this."""
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_begin, **options)


def stop(process, seconds=5):
    """Wait for a program that was asked to end; terminate, then kill it. Returns its status."""
    for insist in (lambda: None, process.terminate, process.kill):
        insist()
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    raise wait.Timeout(f"process {process.pid} cannot be stopped")


def udp_ports():
    """Those that are open on IPv4 in the network of the tests."""
    with open("/proc/net/udp") as sockets:
        return {int(line.split()[1].split(":")[1], 16) for line in sockets if ":" in line}
