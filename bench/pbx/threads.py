# SPDX-License-Identifier: GPL-2.0-only
"""Where the processor time of a call's set-up goes: which threads take it, and how often they are switched."""
import contextlib
import os
import re
import statistics

import figures
import pair
from compare import WARM, alone, end, running, set_up
from drive import Driver

# What `core show threads` has of a thread: its function, or the function that started it.
GROUPS = {
    "default_tps_processing_function": "task processors of the core, with SIP",
    "pbx_thread": "dialplan, which reads the packets",
    "runners_init": "our legs",
    "cache_start": "our cache",
    "wait_for_it": "our cache's journal",
    "timers_init": "our timers",
}
OTHERS = "others"


def groups(pbx):
    """The group of each thread."""
    found = {}
    for row in pbx.cli("core show threads").splitlines():
        parts = re.match(r"\S+ (\d+)\s+(\S+)\s.*\s(\w+)\(\)", row)
        if parts:
            found[parts[1]] = GROUPS.get(parts[2]) or GROUPS.get(parts[3], OTHERS)
    return found


def spent(pbx):
    """Of each thread so far: seconds of processor time, switches."""
    found = {}
    folder = f"/proc/{pair.alive(pbx)}/task"
    for thread in os.listdir(folder):
        with contextlib.suppress(OSError):
            with open(f"{folder}/{thread}/schedstat") as stat, open(f"{folder}/{thread}/status") as status:
                switches = re.findall(r"(?m)^(?:non)?voluntary_ctxt_switches:\s+(\d+)", status.read())
                found[thread] = int(stat.read().split()[0]) / 1e9, sum(map(int, switches))
    return found


def measure(driver, near, kind, calls):
    """Of one call, by group: seconds of processor time, switches. What threads took that have ended meanwhile is missing."""
    driver.clear()
    driver.call(kind, WARM)
    end(driver, near, WARM)
    before = spent(near)
    set_up(driver, near, kind, calls)
    after, group = spent(near), groups(near)
    end(driver, near, calls)
    found = {}
    for thread, numbers in after.items():
        so_far = found.setdefault(group.get(thread, OTHERS), [0.0, 0.0])
        for i, was in enumerate(before.get(thread, (0, 0))):
            so_far[i] += (numbers[i] - was) / calls
    return found


def threads(root, kinds, calls, rounds, lock, say, keep):
    """Interleaved rounds of all kinds. keep gets what there is after each."""
    result = {"calls": calls, "rounds": []}
    with running(pair.far(root)) as far, Driver(far) as driver:
        for number in range(rounds):
            found = {}
            for kind in kinds:
                with alone(lock), running(pair.near(root, kind)) as near:
                    found[kind] = measure(driver, near, kind, calls)
                say(f"round {number + 1} of {rounds}: {kind}: " + ", ".join(
                    f"{name} {cpu * 1e3:.2f} ms" for name, (cpu, _) in found[kind].items()))
            result["rounds"].append(found)
            keep(result)


def table(result):
    """Medians: ms of processor time, switches of threads."""
    rounds = result["rounds"]
    kinds = list(rounds[0])

    def cell(kind, names):
        values = [[sum(each[kind].get(name, (0, 0))[i] for name in names) for i in (0, 1)] for each in rounds]
        cpu, switches = (statistics.median(column) for column in zip(*values))
        return f"{cpu * 1e3:.2f} ms, {switches:.1f}" if switches else ""

    everything = [*GROUPS.values(), OTHERS]
    rows = [[name, *(cell(kind, [name]) for kind in kinds)] for name in everything]
    rows.append(["together", *(cell(kind, everything) for kind in kinds)])
    return figures.table(["of a call: processor time, switches of threads", *(pair.KINDS[kind][0] for kind in kinds)], rows)
