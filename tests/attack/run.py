#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A random attacker on real calls through a real Asterisk.

run.py [--seed N] [--calls LIST] [--minutes N] [--lanes N] ROOT

ROOT is a Debian root with Asterisk and the modules installed. It needs a network of its own (see
scripts/attack). The same seed makes the same calls with the same attacks: --calls 7,12-14 makes
those again. Without --calls it goes on for as many minutes.
"""
import argparse
import itertools
import os
import random
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "pbx"))

import forced  # noqa: E402
import plan as plans  # noqa: E402
import report  # noqa: E402
from call import Call  # noqa: E402
from field import Field  # noqa: E402
from watch import Watch  # noqa: E402
from wire import Wire  # noqa: E402


def numbers(text):
    """7,12-14 -> 7 12 13 14"""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


class Lane(threading.Thread):
    """Makes one call after the other until there is none left or the time is over."""

    def __init__(self, number, run):
        super().__init__(daemon=True)
        self.number, self.run_ = number, run

    def run(self):
        run = self.run_
        while time.monotonic() < run.end and not run.broken:
            with run.lock:
                number = next(run.numbers, None)
            if number is None:
                return
            try:
                result = Call(plans.make(run.seed, number), run.field, run.wire, self.number, run.pool).run()
            except Exception as error:  # the attacker's own fault, or the PBX is gone
                traceback.print_exc()
                run.troubles.append(f"call {number}: {type(error).__name__}: {error}")
                run.broken = not run.field.pbx.running() or len(run.troubles) > 20
                continue
            with run.lock:
                run.results.append(result)
                report.line(result)


class Run:
    def __init__(self, given, field, wire):
        self.seed, self.field, self.wire = given.seed, field, wire
        self.numbers = iter(numbers(given.calls)) if given.calls else itertools.count(1)
        self.end = time.monotonic() + (given.minutes * 60 if not given.calls else 10 ** 6)
        self.lock, self.pool = threading.Lock(), []
        self.results, self.troubles, self.broken = [], [], False


def main():
    options = argparse.ArgumentParser(description="A random attacker on real calls")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 10 ** 6))
    options.add_argument("--calls", metavar="LIST", help="only these calls of the seed, e.g. 7,12-14")
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--lanes", type=int, default=2, help="calls at once")
    options.add_argument("root")
    given = options.parse_args()
    directory = tempfile.mkdtemp(prefix="zrtp-attack-")
    print(f"seed {given.seed}, {given.lanes} calls at once; logs in {directory}", flush=True)
    with Wire() as wire, Field(given.root, directory, given.lanes) as field:
        run, watch = Run(given, field, wire), Watch(field.pbx)
        lanes = [Lane(number, run) for number in range(given.lanes)]
        with watch:
            for lane in lanes:
                lane.start()
            for lane in lanes:
                lane.join()
        watch.finish()
        field.pbx.stop()
        if not given.calls:
            watch.findings += forced.everything(given.root, directory, wire)
    return report.everything(run, watch, wire, given)


sys.exit(main())
