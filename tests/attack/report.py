# SPDX-License-Identifier: GPL-2.0-only
"""What a run says: a line for each call, a table of what was sent, the findings, and one line at the end."""
import collections
import shutil

from target import PHASES
from weapons import WEAPONS


def line(result):
    plan = result.plan
    extra = [f"path {plan.path}"] if plan.path else []
    extra += [act if act != "signalling" else f"re-INVITE ({how})" for _, act, how in plan.acts]
    print(f"{'FAIL' if result.findings else 'ok  '} {plan.number:4} {plan.name}: {result.outcome}, "
          f"{sum(result.counts.values())} packets{', ' if extra else ''}{', '.join(extra)}", flush=True)
    for text in result.findings:
        print(f"       {text}", flush=True)
    if result.pcap:
        print(f"       {result.pcap}", flush=True)


def table(results):
    """Packets sent, by weapon and phase."""
    total = collections.Counter()
    for result in results:
        total.update(result.counts)
    print(f"\n{'packets sent':22}" + "".join(f"{phase:>11}" for phase in PHASES) + f"{'all':>11}")
    for weapon in WEAPONS:
        row = [total[weapon, phase] for phase in PHASES]
        print(f"{weapon:22}" + "".join(f"{n:11}" for n in (*row, sum(row))))
    columns = [sum(total[weapon, phase] for weapon in WEAPONS) for phase in PHASES]
    print(f"{'all':22}" + "".join(f"{n:11}" for n in (*columns, sum(columns))))
    return sum(columns)


def outcomes(results):
    """Calls by kind and what came of them."""
    kinds = collections.defaultdict(collections.Counter)
    for result in results:
        kinds[result.plan.name][result.outcome] += 1
    print(f"\n{'calls':36}{'all':>5}")
    for name, count in sorted(kinds.items()):
        print(f"{name:36}{sum(count.values()):5}  " + ", ".join(f"{n} {word}" for word, n in count.most_common()))


def everything(run, watch, wire, given):
    """Print it all; return the exit status."""
    outcomes(run.results)
    sent = table(run.results)
    failed = [result for result in run.results if result.findings]
    slope = watch.slope()
    print(f"\nAsterisk: {watch.processor or 0:.0f} s of processor time in {watch.seconds:.0f} s; memory "
          f"{watch.memory[0][1] if watch.memory else 0} KiB to {watch.memory[-1][1] if watch.memory else 0} KiB"
          + (f", {slope:+.0f} KiB a minute once warm" if slope is not None else ""))
    if wire.lost:
        print(f"{wire.lost} packets were not seen by the capture")
    for text in [*watch.findings, *run.troubles]:
        print(f"FAIL {text}")
    for result in failed:
        print(f"again: make attack SEED={given.seed} CALLS={result.plan.number}   {result.findings[0]}")
    bad = len(failed) + len(watch.findings) + len(run.troubles)
    if not bad:
        shutil.rmtree(run.field.directory, ignore_errors=True)
        run.field.pbx.remove()
    else:
        print(f"kept: {run.field.directory} {run.field.pbx.path}")
    print(f"{len(run.results)} calls, {sent} packets sent, {bad} findings, seed {given.seed}")
    return 1 if bad or not run.results else 0
