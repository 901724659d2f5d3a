# SPDX-License-Identifier: GPL-2.0-only
"""A trunk between two PBXs: calls at once in both directions, to several numbers, and what ends of PBXs do to them."""
import collections

from harness import case, equal
from trunks import Trunk

SEVERAL = ("201", "202", "203")


def no_alarm(found, what):
    """No side may raise one. On a machine that has too much to do some calls end before they are secure."""
    equal(f"{what}: alerts on both sides", [dict(collections.Counter(a)) for a in found.alarms()], [{}, {}])
    equal(f"{what}: mismatches", found.mismatches(), [0, 0])
    equal(f"{what}: failures", [len(f) + len(c) for f, c in zip(found.events("ZrtpFailed"), found.events("ZrtpClear"))], [0, 0])
    if min(found.secure) < found.calls / 4:
        raise AssertionError(f"{what}: secure on each side: {found.secure} of {found.calls}")


@case("20 calls at once over a trunk between two PBXs, to several numbers in both directions: no alarm from the first calls on",
      kind="22 own")
def quick(bench):
    with Trunk(bench, dids=SEVERAL) as trunk:
        for number in range(3):
            no_alarm(trunk.round(20, longest=1.5), f"round {number}")
        trunk.clean()


def rounds(bench, kind, calls, count):
    times = []
    with Trunk(bench, f"cache = {kind}\n", dids=SEVERAL, seed=calls) as trunk:
        for number in range(count):
            found = trunk.round(calls, longest=max(3.0, calls / 20))
            no_alarm(found, f"{kind}, round {number}")
            times += found.times()
        trunk.clean()
    times.sort()
    print(f"     {kind}, {calls} at once: ms until secure: half {times[len(times) // 2]:.0f}, "
          f"99 of 100 {times[len(times) * 99 // 100]:.0f}, all {times[-1]:.0f}", flush=True)


for KIND in ("sqlite", "file"):
    for CALLS in (5, 50, 200):
        case(f"{CALLS} calls at once over a trunk between two PBXs, cache = {KIND}, 20 rounds: no alarm", kind="22 own attack")(
            lambda bench, kind=KIND, calls=CALLS: rounds(bench, kind, calls, 20))


@case("a PBX that is restarted, and one that is killed, in calls at once over a trunk: no alarm before or after", kind="22 own attack")
def ends(bench):
    for kind in ("sqlite", "file"):
        with Trunk(bench, f"cache = {kind}\n", dids=SEVERAL) as trunk:
            no_alarm(trunk.round(20), f"{kind}, before")
            trunk.ends[1].restart()
            no_alarm(trunk.round(20), f"{kind}, after a restart")
            for number in range(5):
                trunk.killed_in_calls(20, after=0.05 * number)
                no_alarm(trunk.round(20), f"{kind}, after kill {number}")
