#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Calls through a real Asterisk with a real phone: pytest, with cases chosen by a pattern.

run.py [-k PATTERN] [-v] [-l] SUITE=ROOT ...

SUITE=ROOT names a Debian root with Asterisk and res_zrtp.so installed, for instance
sid=/var/cache/asterisk-zrtp/sid. -k runs only the cases whose "kind: name" match, -l lists them,
-v shows where a case failed. The slow cases, of a kind that ends in "attack", run only when
PATTERN has that word. Ports are fixed: two runs at once need a network each.
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SLOW = "attack"


def main():
    options = argparse.ArgumentParser(description="PBX tests of ZRTP for Asterisk")
    options.add_argument("-k", metavar="PATTERN", default="", help="only cases that match")
    options.add_argument("-l", action="store_true", help="list the cases")
    options.add_argument("-v", action="store_true", help="show where a case failed")
    options.add_argument("roots", nargs="*", metavar="SUITE=ROOT")
    given = options.parse_args()
    command = ["pytest-3", HERE, "-s", "--match", given.k, *(["--slow"] if SLOW in given.k else []),
               *(["--collect-only", "-v"] if given.l else []), *(["-vvv"] if given.v else []),
               *(word for root in given.roots for word in ("--root", root))]
    os.execvpe(command[0], command, {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


sys.exit(main())
