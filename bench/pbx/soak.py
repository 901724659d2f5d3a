# SPDX-License-Identifier: GPL-2.0-only
"""Many short calls one after the other: does anything grow with them?

Each kind of legs has a fresh Asterisk, and the same calls with the same media at the same moments of its run. Before memory is
measured malloc() gives back the free memory that it holds, so that its habits do not count as growth.
"""
import math
import random
import re
import statistics
import time

import figures
import pair
import wait
from compare import alone, running
from drive import Driver

SAMPLE = 3              # seconds
WARM = 0.5              # of the run: SIP keeps what a call had for 32 seconds, and pools grow
STEPS = 5               # of a step that grows nothing else a line makes growth: so the medians of so many parts are told too
WITH_MEDIA = 5          # each fifth call has media
AT_ONCE = 120
# What may grow from there to the end, which are thousands of calls.
BOUNDS = {"memory, KiB": 1024, "descriptors": 8, "threads": 8, "streams": 8, "task processors": 8}


def taskprocessors(pbx):
    return int(re.search(r"(\d+) taskprocessors", pbx.cli("core show taskprocessors"))[1])


def sample(pbx):
    pbx.cli("malloc trim")
    return {"memory, KiB": pair.memory(pbx), "descriptors": pair.descriptors(pbx), "threads": pair.threads(pbx),
            "streams": pbx.statistics()["streams now"], "task processors": taskprocessors(pbx)}


def fits(samples, calls):
    """A straight line through each figure of the samples (calls done, figures) after the warm-up."""
    late = [(done, each) for done, each in samples if done >= WARM * calls]
    found = {}
    for name, bound in BOUNDS.items():
        points = [(done, each[name]) for done, each in late]
        slope, _, error = figures.line(points)
        length = points[-1][0] - points[0][0]
        part = math.ceil(len(points) / STEPS)
        found[name] = {"growth": slope * length, "error": error * length, "bound": bound,
                       "medians": [statistics.median(value for _, value in points[at:at + part])
                                   for at in range(0, len(points), part)],
                       "verdict": "missed" if figures.grows(points, bound) else "met"}
    return found


def run(driver, near, kind, calls, say):
    """The calls, with samples of the near Asterisk in between."""
    dice, samples, due, began = random.Random(1), [], 0, time.monotonic()
    for number in range(calls):
        driver.until("calls end", 60, lambda n=number: n - len(driver.gone) - len(driver.failed) < AT_ONCE)
        driver.originate(kind, seconds=round(dice.uniform(1, 2), 2), media=number % WITH_MEDIA == 0)
        if time.monotonic() >= due and len(driver.gone):
            samples.append((len(driver.gone), sample(near)))
            due = time.monotonic() + SAMPLE
            if len(samples) % 5 == 1:
                say(f"{kind}: {len(driver.gone)} of {calls} calls in {time.monotonic() - began:.0f} s, {len(driver.secure)} secure: "
                    + ", ".join(f"{name} {value}" for name, value in samples[-1][1].items()))
    driver.until("the last calls end", 60, lambda: len(driver.gone) + len(driver.failed) >= calls)
    return samples


def soak(root, kinds, calls, lock, say, keep):
    """One kind after the other. keep gets what there is after each."""
    found = {}
    for kind in kinds:
        found[kind] = of_kind(root, kind, calls, lock, say)
        keep(found)


def of_kind(root, kind, calls, lock, say):
    with alone(lock), running(pair.far(root)) as far, running(pair.near(root)) as near, Driver(far) as driver:
        driver.call(kind, 4)
        driver.hang_up()
        near.idle(30)
        before = sample(near)
        driver.clear()
        began = time.monotonic()
        samples = run(driver, near, kind, calls, say)
        near.idle(60)
        wait.until("streams are gone", 30, lambda: not near.streams())
        after = sample(near)
        found = {"calls": calls, "kind": kind, "seconds": time.monotonic() - began, "answered": len(driver.up),
                 "secure": len(driver.secure), "failed": driver.failed, "before": before, "after": after,
                 "samples": samples, "fits": fits(samples, calls)}
    say(f"{kind}: {calls} calls in {found['seconds']:.0f} s: {found['answered']} answered, {found['secure']} secure; "
        f"before {before}, after {after}; medians of the second half's fifths: "
        + ", ".join(f"{name} {fit['medians']}" for name, fit in found["fits"].items()))
    return found
