# SPDX-License-Identifier: GPL-2.0-only
"""For scripts: this machine's own build of unit tests and tools, and networks of one's own."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "pbx"))
import surroundings  # noqa: E402

surroundings.usual()  # of each script that has this
BUILD = os.path.join(TOP, "build")
# Before a command: it runs in a network where nothing else is.
OWN_NETWORK = ["unshare", "--net", "sh", "-ec", 'ip link set lo up; ip address add 192.0.2.1/32 dev lo; exec "$@"', "sh"]


def build(*targets):
    """Build these, or all; return what failed with its output, or nothing. `make unit` sets up the same."""
    steps = [["ninja", "-C", BUILD, *targets]]
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        steps.insert(0, ["make", "--no-print-directory", "-C", TOP, f"BUILD={BUILD}", f"{BUILD}/build.ninja"])
    for step in steps:
        done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            return f"{done.stdout}{' '.join(step)} failed"
    return ""
