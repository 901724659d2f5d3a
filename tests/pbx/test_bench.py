# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark of calls, make bench-pbx, runs on the modules as they are, and is ended early in order."""
import json
import os
import signal
import subprocess
import sys

import wait
from harness import case, equal

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "pbx.py")


@case("make bench-pbx: rounds of calls as each kind of leg; ended early it leaves the rounds that were done, and nothing else", "22 own")
def ended_early(lab):
    path = os.path.join(lab.directory, "bench.json")
    with subprocess.Popen([sys.executable, "-B", PROGRAM, "--root", lab.root, "--calls", "2", "--rounds", "50", "--seconds", "0.1",
                           "--kinds", "x1m1", "--json", path, "--lock", os.path.join(lab.directory, "bench.lock")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            wait.until("a round is done", 90, lambda: os.path.exists(path) or program.poll() is not None)
        finally:
            program.send_signal(signal.SIGTERM)
        tables, said = program.communicate(timeout=60)
    equal("its end", (program.returncode, said.splitlines()[-1]), (1, "pbx.py: ended early; what was done before is above"))
    with open(path) as kept:
        rounds = json.load(kept)["comparison"]["rounds"]
    told = said.count("round ")
    equal("rounds kept, of those told", len(rounds) in (told, told - 1) and len(rounds) > 0, True)
    equal("a call's figures", all(each["x1m1"][name] > 0 for each in rounds for name in ("setup", "rate", "media", "p99")), True)
    equal("the table", "| calls per second |" in tables, True)
    equal("folders of its Asterisks that are left", [name for name in os.listdir(os.path.join(lab.root, "tmp"))
                                                     if name.startswith(f"zrtp-pbx-{program.pid}-")], [])
