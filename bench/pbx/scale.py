# SPDX-License-Identifier: GPL-2.0-only
"""How the cost of a call changes with what there is of them: calls, idle calls, peers in the cache, RTP ports."""
import contextlib
import os
import re
import sqlite3
import time

import figures
import pair
import wait
from compare import BASE, alone, end, media, running, set_up
from drive import Driver

KIND = "x1m1"           # the default policy
RATE = 60               # calls a second, and TALKING with media: the same load with few calls and with many, far from
TALKING = 50            # what two cores carry, so that it is the cost that is compared and not an overload
IDLE_SECONDS = 20
PEERS_RATE = 40         # calls a second while the time to secure is measured
SETTLING = 40           # calls before, which are not measured
PORTS = 10              # pairs
TABLES = ("peer", "pair")


def step(driver, root, kind, size, seconds):
    """So many calls of a kind, of which as many talk as of any other number."""
    with running(pair.near(root)) as near:
        driver.clear()
        driver.call(kind, 4)
        end(driver, near, 4)
        each, _ = set_up(driver, near, kind, size, rate=RATE)
        each.update(media(driver, near, min(size, TALKING), seconds))
        end(driver, near, size)
    with running(pair.near(root)) as near:
        driver.clear()
        driver.call(kind, pair.PHONES, phones=True)
        end(driver, near, pair.PHONES)
        apart, _ = set_up(driver, near, kind, size, rate=RATE, phones=True)
        each["setup_apart"] = apart["setup"]
        end(driver, near, size)
    return each


def steps(root, sizes, rounds, seconds, lock, say):
    """Set-up and media at the same load among few and among many calls, in interleaved rounds; beside it SDES-SRTP."""
    found = {kind: {size: [] for size in sizes} for kind in (KIND, BASE)}
    with running(pair.far(root)) as far, Driver(far) as driver:
        for number in range(rounds):
            for size in (sizes if number % 2 else reversed(sizes)):
                for kind in found:
                    with alone(lock):
                        each = step(driver, root, kind, size, seconds)
                    found[kind][size].append(each)
                    say(f"{size} calls, {kind}, round {number + 1} of {rounds}: set-up {each['setup'] * 1e3:.2f} ms a call, "
                        f"of many endpoints {each['setup_apart'] * 1e3:.2f} ms; media "
                        f"{each['media'] * 1e6:.1f} µs a packet, {each['packets']:.0%} of the packets, cores used "
                        f"{each['media_near'] + each['media_far']:.2f}")
    return found


def ratio_of_steps(found, name):
    """The cost of the most calls over that of the fewest, of each round."""
    few, many = min(found), max(found)
    return [b[name] / a[name] for a, b in zip(found[few], found[many])]


def idle(root, calls, lock, say):
    """So many calls up without media: which timers were late, and what they cost."""
    with alone(lock), running(pair.far(root)) as far, running(pair.near(root)) as near, Driver(far) as driver:
        found, _ = set_up(driver, near, KIND, calls)
        before = near.statistics()
        cpu = pair.cpu(near)
        time.sleep(IDLE_SECONDS)
        cpu = (pair.cpu(near) - cpu) / IDLE_SECONDS
        after = near.statistics()
        pair.check_suites(near, KIND, calls)
        end(driver, near, calls)
    late = {when: numbers["timers that ran out late"] for when, numbers in (("set-up", before), ("all", after))}
    result = {"calls": calls, "cpu": cpu, "late": late["all"], "late_set_up": late["set-up"], "p99": found["p99"]}
    say(f"{calls} calls up without media: {cpu:.1%} of a core, {result['late']} timers were late, "
        f"{result['late_set_up']} of them at set-up; time to secure p99 {found['p99'] * 1e3:.0f} ms")
    return result


# ---- peers ----

def multiply(path, peers):
    """Copies of one peer with its pair, each under a ZID of its own, until there are so many."""
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        have = base.execute("SELECT count(*) FROM peer").fetchone()[0]
        base.execute("CREATE TEMP TABLE zids AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                     "WHERE i < ?) SELECT randomblob(12) AS zid FROM n ORDER BY zid", (peers - have,))
        for table in TABLES:
            columns = [row[1] for row in base.execute(f"PRAGMA table_info({table})")]
            copied = ", ".join("zids.zid" if name == "peer_zid" else f"one.{name}" for name in columns)
            base.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} FROM zids, "
                         f"(SELECT * FROM {table} LIMIT 1) AS one")
        return base.execute("SELECT count(*) FROM peer").fetchone()[0]


def read_whole(path):
    """Its pages are in memory, as those of a database in use are: it is not the disk that is compared."""
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


@contextlib.contextmanager
def store(root, name):
    """The path of a store inside of the root, deleted at the end."""
    path = f"/tmp/bench-{os.getpid()}-{name}.sqlite"
    try:
        yield path
    finally:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(root + path + suffix)


def peers(root, sizes, calls, rounds, lock, say):
    """The time to secure with few and with many peers in SQLite, in interleaved rounds that begin with either in turn."""
    found = {size: [] for size in sizes}
    with contextlib.ExitStack() as stack:
        paths = {size: stack.enter_context(store(root, str(size))) for size in sizes}
        far = stack.enter_context(running(pair.far(root)))
        driver = stack.enter_context(Driver(far))
        for number in range(-1, rounds):
            for size in sizes if number % 2 else reversed(sizes):
                if number >= 0:
                    read_whole(root + paths[size])
                with alone(lock), running(pair.near(root, zrtp=f"cache_path = {paths[size]}")) as near:
                    driver.clear()
                    driver.call(KIND, 4)
                    end(driver, near, 4)
                    if number >= 0:
                        driver.clear()
                        driver.call(KIND, SETTLING, rate=PEERS_RATE)
                        end(driver, near, SETTLING)
                        each, each["waits"] = set_up(driver, near, KIND, calls, rate=PEERS_RATE)
                        end(driver, near, calls)
                        found[size].append(each)
                        say(f"{size} peers, round {number + 1} of {rounds}: time to secure p50 {each['p50'] * 1e3:.1f} ms, "
                            f"p99 {each['p99'] * 1e3:.1f} ms, set-up {each['setup'] * 1e3:.2f} ms")
                if number < 0:  # the file is there with one peer, and closed
                    say(f"{multiply(root + paths[size], size)} peers in {paths[size]}, "
                        f"{os.path.getsize(root + paths[size]) >> 20} MiB")
    return found


def pooled(rounds, share):
    """A percentile of the times to secure of all rounds together: an odd round does not decide."""
    return figures.percentile([value for each in rounds for value in each["waits"]], share)


# ---- ports ----

def ports(root, say):
    """More calls than RTP ports: those beyond are refused, the log says why, and afterwards all ports are free."""
    beyond = PORTS // 2
    with running(pair.far(root)) as far, running(pair.near(root, rtp_ports=(12000, 12000 + 2 * PORTS - 1))) as near, \
            Driver(far) as driver:
        descriptors, before = None, len(near.log())
        for _ in range(3):
            driver.clear()
            for _ in range(PORTS + beyond):
                driver.originate(KIND)
            driver.until(f"{PORTS} calls secure, {beyond} refused", 30,
                         lambda: len(driver.secure) == PORTS and len(driver.failed) == beyond)
            pair.check_suites(near, KIND, PORTS)
            end(driver, near, PORTS)
            wait.until("streams are gone", 15, lambda: not near.streams())
            descriptors = descriptors or pair.descriptors(near)
        left = pair.descriptors(near) - descriptors
        lines = sorted(set(re.sub(r"^\[.*?\] |\[\d+\]|0x\w+", "", row) for row in near.log()[before:].splitlines()))
        reasons = sorted(set(driver.failed.values()))
    say(f"{PORTS} pairs of ports, {PORTS + beyond} calls, three times: {PORTS} secure, {beyond} refused ({', '.join(reasons)}); "
        f"{left:+} descriptors; the log:")
    for row in lines[:6]:
        say("  " + row)
    return {"ports": PORTS, "refused": beyond, "descriptors": left, "log": lines}


def tables(result):
    """What scale and soak measured, in Markdown."""
    rows = []
    if "steps" in result:
        for name, text in (("setup", "set-up CPU of a call"),
                           ("setup_apart", f"set-up CPU of a call of {pair.PHONES} endpoints"), ("media", "media CPU of a packet")):
            for kind, found in result["steps"].items():
                middle, least, most = figures.spread(ratio_of_steps(found, name))
                rows.append([f"{text}, {max(found)} calls over {min(found)}" + (", SDES" if kind == BASE else ""),
                             "" if kind == BASE else "at most 1.1", f"{middle:.2f} ({least:.2f} to {most:.2f})",
                             "" if kind == BASE else figures.verdict(middle, 1.1)])
    if "idle" in result:
        each = result["idle"]
        rows.append([f"{each['calls']} calls without media: late timers", "0", each["late"], figures.verdict(each["late"], 0)])
    if "peers" in result:
        few, many = min(result["peers"]), max(result["peers"])
        for name in ("p50", "p99"):
            values = [b[name] / a[name] for a, b in zip(result["peers"][few], result["peers"][many])]
            share = {"p50": 0.5, "p99": 0.99}[name]
            middle = pooled(result["peers"][many], share) / pooled(result["peers"][few], share)
            rows.append([f"time to secure, {name}, {many} peers over {few}", "at most 1.1" if name == "p50" else "",
                         f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})",
                         figures.verdict(middle, 1.1) if name == "p50" else ""])
    if "ports" in result:
        each = result["ports"]
        rows.append([f"{each['ports']} pairs of RTP ports, {each['refused']} calls too many: descriptors left", "0",
                     each["descriptors"], figures.verdict(each["descriptors"], 0)])
    soaks = result.get("soak", {})
    for name in next(iter(soaks.values()))["fits"] if soaks else ():
        for kind, found in soaks.items():
            fit, ours = found["fits"][name], kind != BASE
            rows.append([f"soak, {name}, growth over the second half" + ("" if ours else ", SDES"),
                         f"at most {fit['bound']}" if ours else "", f"{fit['growth']:+.1f} ± {fit['error']:.1f}", fit["verdict"] if ours else ""])
    return figures.table(["", "bound", "measured", ""], rows)
