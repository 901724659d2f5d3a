# SPDX-License-Identifier: GPL-2.0-only
"""The random attacker of make attack runs on the modules as they are."""
import os
import re
import subprocess
import sys

from harness import case, equal

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "attack", "run.py")


@case("make attack: two of its calls are secure while they are attacked, and nothing is found", "22 own")
def two_calls(bench):
    done = subprocess.run([sys.executable, "-B", PROGRAM, "--seed", "20261129", "--calls", "5,8", bench.root], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240)
    calls = sorted(re.findall(r"(?m)^(\S+) +(\d+) .*: (\w+), (\d+) packets", done.stdout))
    if [call[:3] for call in calls] != [("ok", "5", "secure"), ("ok", "8", "secure")] or done.returncode:
        raise AssertionError(f"exit status {done.returncode}: {done.stdout}")
    equal("packets of the attacker", all(int(call[3]) > 50 for call in calls), True)
