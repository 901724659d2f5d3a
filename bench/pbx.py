#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What ZRTP costs an Asterisk, beside SDES-SRTP and plain RTP in the same one.

Two Asterisks of ROOT, a Debian root with the modules installed, in a network of their own: one calls, the other one
answers with Echo() and is measured, by its processor time. make bench-pbx makes the root and runs this.
"""
import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "pbx"), os.path.join(os.path.dirname(HERE), "tests", "pbx")]
NETWORK = "ZRTP_BENCH_NETWORK"

import compare  # noqa: E402
import figures  # noqa: E402
import pair  # noqa: E402
import scale  # noqa: E402
import soak  # noqa: E402
import threads  # noqa: E402

SIZES, IDLE, PEERS, SOAK, LEAST = (50, 400), 1000, (100, 1000000), 20000, 6000


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="the Debian root (default: sid of scripts/test-root's folder)")
    parser.add_argument("--calls", type=int, default=200, help="at once (200)")
    parser.add_argument("--talking", type=int, help="so many of them with media at the same time (half of them: two cores "
                        "with both Asterisks carry no more)")
    parser.add_argument("--rounds", type=int, default=5, help="medians of so many (5)")
    parser.add_argument("--seconds", type=float, default=4, help="of media in each measurement (4)")
    parser.add_argument("--kinds", default=",".join(pair.KINDS), help="of legs (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    parser.add_argument("--plots", metavar="DIR", help="draw them into this folder (python3-matplotlib)")
    parser.add_argument("--scale", action="store_true", help=f"instead: {SIZES[0]} and {SIZES[1]} calls, {IDLE} without media, "
                        f"{PEERS[1]} peers in SQLite, and no ports left; of these --only steps,idle,peers,ports")
    parser.add_argument("--only", default="steps,idle,peers,ports", help=argparse.SUPPRESS)
    parser.add_argument("--soak", type=int, metavar="N", nargs="?", const=SOAK, help=f"instead: N calls of a second or two ({SOAK}), "
                        "of the last kind, and as many with SDES if that is among the kinds")
    parser.add_argument("--threads", action="store_true", help="instead: which threads take the processor time of a call's set-up")
    parser.add_argument("--all", action="store_true", help="the comparison, then --threads, --scale and --soak")
    parser.add_argument("--document", metavar="FILE", help="put the tables into this document, between its comments")
    parser.add_argument("--lock", metavar="FILE", help="hold this lock during each measurement")
    return parser.parse_args()


def own_network():
    """Once more in a network namespace with nothing but loopback, where all ports are free."""
    if os.geteuid():
        sys.exit("pbx.py: must run as root: it runs Asterisk in a Debian root")
    if NETWORK not in os.environ:
        os.environ[NETWORK] = "own"
        os.execvp("unshare", ["unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh",
                              sys.executable, "-B", *sys.argv])


def say(text):
    print(text, file=sys.stderr, flush=True)


def tables(result):
    """The tables of what was measured, by the name of their place in docs/performance.md."""
    found, compared = {}, result.get("comparison")
    if compared:
        found["kinds"] = compare.kinds_table(compared)
        if compare.BASE in compared["kinds"]:
            found.update(ratios=compare.ratios_table(compared), targets=compare.targets_table(compare.judge(compared)))
    if "threads" in result:
        found["threads"] = threads.table(result["threads"])
    if set(result) - {"comparison", "threads"}:
        found["scale"] = scale.tables(result)
    return found


def write(path, found):
    """Put the tables into a document."""
    with open(path) as old:
        text = old.read()
    for name, table in found.items():
        text = figures.put(text, name, table)
    with open(path, "w") as new:
        new.write(text)


def scaled(root, given):
    """What --scale names, by the name of its result."""
    rounds = min(given.rounds, 3)
    measure = {"steps": lambda: scale.steps(root, SIZES, rounds, given.seconds, given.lock, say),
               "idle": lambda: scale.idle(root, IDLE, given.lock, say),
               "peers": lambda: scale.peers(root, PEERS, given.calls, 2 * rounds + 1, given.lock, say),
               "ports": lambda: scale.ports(root, say)}
    return {name: measure[name]() for name in given.only.split(",")}


def main():
    own_network()
    given = options()
    root = given.root or os.path.join(os.environ.get("ZRTP_CACHE_DIR", "/var/cache/asterisk-zrtp"), "sid")
    unknown = [kind for kind in given.kinds.split(",") if kind not in pair.KINDS]
    if unknown:
        sys.exit(f"pbx.py: no such kind of leg: {', '.join(unknown)}; there are {', '.join(pair.KINDS)}")
    if given.soak and given.soak < LEAST:
        sys.exit(f"pbx.py: a soak takes {LEAST} calls at least: what SIP keeps for 32 seconds must be gone before its second half")
    pair.inherit_priority(os.getpid())
    result = {}
    if given.all or not (given.scale or given.soak or given.threads):
        result["comparison"] = compare.compare(root, given.kinds.split(","), given.calls, given.talking or given.calls // 2,
                                               given.rounds, given.seconds, given.lock, say)
    if given.all or given.threads:
        result["threads"] = threads.threads(root, given.kinds.split(","), given.calls, given.rounds, given.lock, say)
    if given.all or given.scale:
        result.update(scaled(root, given))
    if given.all or given.soak:
        kinds = given.kinds.split(",")
        result["soak"] = soak.soak(root, [kind for kind in kinds if kind in (compare.BASE, kinds[-1])], given.soak or SOAK, given.lock, say)
    if given.json:
        with open(given.json, "w") as out:
            json.dump(result, out, indent=1)
    found = tables(result)
    print("\n\n".join(found.values()))
    if given.plots:
        import plots  # matplotlib is for this alone
        plots.draw(result, given.plots)
    if given.document:
        write(given.document, found)


if __name__ == "__main__":
    main()
