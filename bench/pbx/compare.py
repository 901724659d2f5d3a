# SPDX-License-Identifier: GPL-2.0-only
"""The comparison: the same calls with each kind of leg, in interleaved rounds."""
import contextlib
import fcntl
import statistics
import sys
import time

import figures
import pair
from drive import Driver

BASE = "sdes"
WARM = 4        # calls before what is measured: what a module looks up once is not of a call
SETTLE = 0.3    # the near side has what the far side has
FLOW = 1.5      # until media flow in all calls

# figure: what it is in tables, decimals, factor
FIGURES = {
    "setup": ("set-up CPU of a call, ms", 2, 1e3),
    "rate": ("calls per second", 1, 1),
    "p50": ("answer to secure, p50, ms", 1, 1e3),
    "p99": ("p99, ms", 1, 1e3),
    "half_p99": ("p99 at half that rate, ms", 1, 1e3),
    "media": ("media CPU of a packet, µs", 2, 1e6),
    "memory": ("memory of a leg, KiB", 1, 1),
    "ending": ("CPU of a call's end, ms", 2, 1e3),
}

# What is to be reached: name, kind, figure, how it is compared with SDES, bound, is it a least?
TARGETS = (
    ("media CPU, AES-GCM, of SDES without these modules", "x255", "media", "ratio to stock", 0.70, False),
    ("media CPU, HS80, of SDES without these modules", "hs80", "media", "ratio to stock", 1.0, False),
    ("media CPU, AES-GCM", "x255", "media", "ratio", 0.70, False),
    ("media CPU, HS80", "hs80", "media", "ratio", 1.0, False),
    ("set-up CPU, X25519", "x255", "setup", "ratio", 1.5, False),
    ("set-up CPU, X1M1", "x1m1", "setup", "ratio", 1.6, False),
    ("calls per second to secure, X25519", "x255", "rate", "ratio", 0.8, True),
    ("calls per second to secure, X1M1", "x1m1", "rate", "ratio", 0.8, True),
    ("memory of a secure leg over SDES, KiB, X25519", "x255", "memory", "difference", 8, False),
    ("memory of a secure leg over SDES, KiB, X1M1", "x1m1", "memory", "difference", 8, False),
    ("answer to secure at half load, p99, s, X25519", "x255", "half_p99", "value", 0.1, False),
    ("answer to secure at half load, p99, s, X1M1", "x1m1", "half_p99", "value", 0.1, False),
)


@contextlib.contextmanager
def alone(path):
    """No other benchmark that takes the same lock measures meanwhile."""
    with open(path, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waits for another benchmark, which holds {path}", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def running(pbx):
    """A PBX from its start to its end."""
    try:
        yield pbx.start()
    finally:
        pbx.stop()
        pbx.remove()


class Load:
    """The processor time and datagrams of a span."""

    def __init__(self, near, far):
        self.near, self.far = near, far
        self.began = self._now()

    def _now(self):
        return time.monotonic(), pair.cpu(self.near), pair.cpu(self.far), *pair.datagrams()

    def end(self):
        """Seconds, CPU of both, datagrams received and lost, since the beginning."""
        return [now - then for now, then in zip(self._now(), self.began)]


def set_up(driver, near, kind, calls, rate=None, phones=False):
    """Calls until all are ready: figures of it, and their times to secure."""
    driver.clear()
    load = Load(near, driver.far)
    took = driver.call(kind, calls, rate=rate, phones=phones)
    time.sleep(SETTLE)
    _, cpu, far, _, lost = load.end()
    waits = driver.waits(kind) if kind in pair.SUITES else [0.0] * calls
    return {"setup": cpu / calls, "rate": calls / took, "setup_near": cpu / took, "setup_far": far / took,
            "setup_lost": lost, "p50": figures.percentile(waits, 0.5), "p99": figures.percentile(waits, 0.99)}, waits


def media(driver, near, calls, seconds):
    """Steady media in so many of the calls that are up."""
    driver.talk(calls)
    time.sleep(FLOW)
    load = Load(near, driver.far)
    time.sleep(seconds)
    took, cpu, far, packets, lost = load.end()
    # Each packet that the near side reads it sends back: of those that arrive anywhere half are its own.
    return {"media": cpu / packets, "media_near": cpu / took, "media_far": far / took,
            "packets": packets / took / (100 * calls), "media_lost": lost}


def end(driver, near, calls):
    """All calls end: processor time of a call's end."""
    before = pair.cpu(near)
    driver.hang_up()
    near.idle(30)
    return {"ending": (pair.cpu(near) - before) / calls}


def measure(root, driver, kind, calls, talking, seconds):
    """One kind in a near Asterisk of its own."""
    with running(pair.near(root, kind)) as near:
        driver.clear()
        driver.call(kind, WARM)
        end(driver, near, WARM)
        near.cli("malloc trim")
        before = pair.memory(near)
        found, waits = set_up(driver, near, kind, calls)
        near.cli("malloc trim")
        found["memory"] = (pair.memory(near) - before) / calls
        pair.check_suites(near, kind, calls)
        found.update(media(driver, near, talking, seconds))
        found.update(end(driver, near, calls))
        found["half_p99"] = 0.0
        if kind in pair.SUITES:
            half, _ = set_up(driver, near, kind, calls, rate=found["rate"] / 2)
            found["half_p99"] = half["p99"]
            end(driver, near, calls)
    return found, waits


def line(kind, found):
    """What a measurement was, in a line for who watches."""
    return (f"{kind:6} set-up {found['setup'] * 1e3:5.2f} ms, {found['rate']:6.1f} calls/s (near {found['setup_near']:.0%}, "
            f"far {found['setup_far']:.0%} of a core); media {found['media'] * 1e6:5.1f} µs a packet (near {found['media_near']:.0%}, "
            f"far {found['media_far']:.0%}, {found['packets']:.0%} of the packets); {found['memory']:.1f} KiB a leg; "
            f"secure p99 {found['p99'] * 1e3:.0f} ms, at half {found['half_p99'] * 1e3:.0f} ms")


def compare(root, kinds, calls, talking, rounds, seconds, lock, say, keep):
    """Rounds of all kinds, each round beginning with another one. talking: so many of the calls have media.

    keep gets what there is after each whole round.
    """
    result = {"calls": calls, "talking": talking, "seconds": seconds, "kinds": kinds, "rounds": [], "waits": {kind: [] for kind in kinds}}
    with running(pair.far(root)) as far, Driver(far) as driver:
        for number in range(rounds):
            found, waits = {}, {}
            for kind in kinds[number % len(kinds):] + kinds[:number % len(kinds)]:
                with alone(lock):
                    found[kind], waits[kind] = measure(root, driver, kind, calls, talking, seconds)
                say(f"round {number + 1} of {rounds}: {line(kind, found[kind])}")
            result["rounds"].append(found)
            for kind in kinds:
                result["waits"][kind] += waits[kind]
            keep(result)


# ---- what comes out of it ----

def cell(values, name):
    _, decimals, factor = FIGURES[name]
    middle, least, most = (value * factor for value in figures.spread(values))
    return f"{middle:.{decimals}f} ({least:.{decimals}f} to {most:.{decimals}f})"


def kinds_table(result):
    """Medians of the rounds, with the least and the greatest."""
    rounds, kinds = result["rounds"], result["kinds"]
    rows = [[text, *(cell([each[kind][name] for each in rounds], name) for kind in kinds)]
            for name, (text, _, _) in FIGURES.items()]
    rows += [[text, *(f"{statistics.median(each[kind][name] for each in rounds):.0%}" for kind in kinds)] for name, text in (
        ("setup_near", "core used at set-up, measured Asterisk"), ("setup_far", "core used at set-up, the other"),
        ("media_near", "core used with media, measured Asterisk"), ("media_far", "core used with media, the other"),
        ("packets", "packets that came of those that should"))]
    return figures.table(["", *(pair.KINDS[kind][0] for kind in kinds)], rows)


def ratios_table(result):
    rounds, kinds = result["rounds"], [kind for kind in result["kinds"] if kind != BASE]
    rows = []
    for name in ("media", "setup", "rate", "ending"):
        row = [FIGURES[name][0].split(",")[0]]
        for kind in kinds:
            middle, least, most = figures.spread(figures.ratios(rounds, kind, BASE, name))
            row.append(f"{middle:.2f} ({least:.2f} to {most:.2f})")
        rows.append(row)
    if pair.STOCK in kinds:
        spreads = [figures.spread(figures.ratios(rounds, kind, pair.STOCK, "media")) for kind in kinds]
        rows.append([FIGURES["media"][0].split(",")[0] + ", of SDES without these modules",
                     *(f"{middle:.2f} ({least:.2f} to {most:.2f})" for middle, least, most in spreads)])
    return figures.table(["of SDES, median of the rounds' ratios", *(pair.KINDS[kind][0] for kind in kinds)], rows)


def judge(result):
    """Each target that these kinds allow: name, bound, median, least, greatest, verdict."""
    rounds, judged = result["rounds"], []
    for name, kind, figure, how, bound, least in TARGETS:
        base = pair.STOCK if how == "ratio to stock" else BASE
        if kind not in result["kinds"] or (how != "value" and base not in result["kinds"]):
            continue
        if how == "value":
            values = [each[kind][figure] for each in rounds]
        else:
            values = (figures.differences if how == "difference" else figures.ratios)(rounds, kind, base, figure)
        middle, low, high = figures.spread(values)
        judged.append({"name": name, "bound": bound, "least": least, "median": middle, "low": low, "high": high,
                       "verdict": figures.verdict(middle, bound, least)})
    return judged


def targets_table(judged):
    rows = [[each["name"], f"at {'least' if each['least'] else 'most'} {each['bound']}",
             f"{each['median']:.3g} ({each['low']:.3g} to {each['high']:.3g})", each["verdict"]] for each in judged]
    return figures.table(["target, of SDES where not said otherwise", "bound", "measured", ""], rows)
