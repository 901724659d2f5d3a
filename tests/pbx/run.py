#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Calls through a real Asterisk with a real phone.

run.py [-k PATTERN] [-v] [-l] [-s N/M] SUITE=ROOT ...

SUITE=ROOT names a Debian root with Asterisk and res_zrtp.so installed, for instance
sid=/var/cache/asterisk-zrtp/sid. -k runs only the cases whose "kind: name" match, -l lists them,
-v shows where a case failed. The slow cases, of a kind that ends in "attack", run only when
PATTERN has that word. -s runs the Nth of M parts of the cases: in a network namespace
each, since ports are fixed.
"""
import argparse
import re
import sys

import harness
import test_closed  # noqa: E401,F401,E402
import test_cache, test_calls, test_coexist, test_enroll, test_goclear, test_keypad, test_life, test_modules, test_numbers  # noqa: E401,F401,E402
import test_old, test_ownzid, test_parallel, test_passthrough, test_peers, test_relay, test_sdp, test_sip, test_strangers, test_stress, test_unjoined  # noqa: E401,F401,E402
import test_cost, test_wire, test_zrtpcall  # noqa: E401,F401,E402
import test_digits, test_listen  # noqa: E401,F401,E402


def main():
    options = argparse.ArgumentParser(description="PBX tests of ZRTP for Asterisk")
    options.add_argument("-k", metavar="PATTERN", default="", help="only cases that match")
    options.add_argument("-l", action="store_true", help="list the cases")
    options.add_argument("-v", action="store_true", help="show where a case failed")
    options.add_argument("-s", metavar="N/M", default="1/1", help="one part of the cases")
    options.add_argument("roots", nargs="*", metavar="SUITE=ROOT")
    given = options.parse_args()
    cases = [c for c in harness.CASES if re.search(given.k, f"{c[1]}: {c[0]}")
             and (not harness.is_slow(c[1]) or harness.SLOW.strip() in given.k)]
    part, parts = map(int, given.s.split("/"))
    cases = cases[part - 1::parts]
    if given.l:
        print("\n".join(f"{kind}: {name}" for name, kind, _, _ in cases))
        return 0
    roots = dict(root.split("=", 1) for root in given.roots)
    return harness.report(harness.Runner(roots, given.v).run(cases))


sys.exit(main())
