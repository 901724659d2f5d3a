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
import pair  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="the Debian root (default: sid of scripts/test-root's folder)")
    parser.add_argument("--calls", type=int, default=200, help="at once (200)")
    parser.add_argument("--rounds", type=int, default=5, help="medians of so many (5)")
    parser.add_argument("--seconds", type=float, default=5, help="of media in each measurement (5)")
    parser.add_argument("--kinds", default=",".join(pair.KINDS), help="of legs (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
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


def main():
    own_network()
    given = options()
    root = given.root or os.path.join(os.environ.get("ZRTP_CACHE_DIR", "/var/cache/asterisk-zrtp"), "sid")
    kinds = given.kinds.split(",")
    unknown = [kind for kind in kinds if kind not in pair.KINDS]
    if unknown:
        sys.exit(f"pbx.py: no such kind of leg: {', '.join(unknown)}; there are {', '.join(pair.KINDS)}")
    pair.inherit_priority(os.getpid())
    result = {"comparison": compare.compare(root, kinds, given.calls, given.rounds, given.seconds, given.lock, say)}
    judged = result["targets"] = compare.judge(result["comparison"])
    print(compare.kinds_table(result["comparison"]))
    if compare.BASE in kinds:
        print("\n" + compare.ratios_table(result["comparison"]))
        print("\n" + compare.targets_table(judged))
    if given.json:
        with open(given.json, "w") as out:
            json.dump(result, out, indent=1)


if __name__ == "__main__":
    main()
