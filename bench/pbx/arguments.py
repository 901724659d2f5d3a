# SPDX-License-Identifier: GPL-2.0-only
"""What bench/pbx.py is asked for, looked at before anything is measured: a mistake costs no half hour."""
import argparse
import importlib
import os

import figures
import pair
import scale

SIZES, IDLE, PEERS, SOAK, LEAST = (50, 400), 1000, (100, 1000000), 20000, 6000
PARTS = ("steps", "idle", "peers", "ports")
PLACES = ("kinds", "ratios", "targets", "threads", "scale")     # of tables in a document
MOST = (pair.FAR_RTP[1] - pair.FAR_RTP[0] + 1) // 2 - 100       # calls: each takes two ports, and some are of calls that end


def number(least, most, convert=int):
    """A type of argparse: a number that is so great at least and at most."""
    def read(text):
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not between {least} and {most}")
        return value
    return read


def names(known):
    """A type of argparse: one or more of these names, each once, with commas."""
    def read(text):
        found = text.split(",")
        unknown = [name for name in found if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"no such name: {', '.join(unknown) or '(none)'}; there are {', '.join(known)}")
        if len(set(found)) < len(found):
            raise argparse.ArgumentTypeError(f"a name stands twice: {text}")
        return found
    return read


def parser(about):
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--root", help="the Debian root (default: sid of scripts/test-root's folder)")
    made.add_argument("--calls", type=number(1, MOST), default=200, help="at once (200)")
    made.add_argument("--talking", type=number(1, MOST), help="so many of them with media at the same time (half of them: two "
                      "cores with both Asterisks carry no more)")
    made.add_argument("--rounds", type=number(1, 1000), default=5, help="medians of so many (5)")
    made.add_argument("--seconds", type=number(0.1, 600, float), default=4, help="of media in each measurement (4)")
    made.add_argument("--kinds", type=names(tuple(pair.KINDS)), default=list(pair.KINDS), help="of legs (" + ",".join(pair.KINDS) + ")")
    made.add_argument("--json", metavar="FILE", help="write all figures there, after each round")
    made.add_argument("--plots", metavar="DIR", help="draw them into this folder (python3-matplotlib)")
    made.add_argument("--scale", action="store_true", help=f"instead: {SIZES[0]} and {SIZES[1]} calls, {IDLE} without media, "
                      f"{PEERS[1]} peers in SQLite, and no ports left")
    made.add_argument("--only", type=names(PARTS), default=list(PARTS), help="of --scale, and --all: these parts (" + ",".join(PARTS) + ")")
    made.add_argument("--soak", type=number(LEAST, 10**7), metavar="N", nargs="?", const=SOAK, help=f"instead: N calls of a second or two "
                      f"({SOAK}; {LEAST} at least: what SIP keeps for 32 seconds must be gone before their second half), of the last "
                      "kind, and as many with SDES if that is among the kinds")
    made.add_argument("--threads", action="store_true", help="instead: which threads take the processor time of a call's set-up")
    made.add_argument("--all", action="store_true", help="the comparison, then --threads, --scale and --soak")
    made.add_argument("--document", metavar="FILE", help="put the tables into this document, between its comments")
    made.add_argument("--lock", metavar="FILE", help="hold this lock during each measurement (one of the root, so that two "
                      "benchmarks of it take turns)")
    return made


def check_document(path):
    """Has it a place for each table, and can it be written?"""
    with open(path, "r+") as document:
        text = document.read()
    for name in PLACES:
        figures.put(text, name, "")


def check_outputs(given):
    """Raise OSError, ValueError or ImportError where a result could not be left."""
    if given.json:
        folder = os.path.dirname(given.json) or "."
        if not os.access(folder, os.W_OK) or os.path.isdir(given.json):
            raise OSError(f"--json {given.json}: no file can be written there")
    if given.plots:
        importlib.import_module("plots")  # which alone needs matplotlib
        os.makedirs(given.plots, exist_ok=True)
        if not os.access(given.plots, os.W_OK):
            raise OSError(f"--plots {given.plots}: no file can be written there")
    if given.document:
        check_document(given.document)


def read(about):
    """The arguments, complete and possible; else the program ends and says why."""
    made = parser(about)
    given = made.parse_args()
    given.root = given.root or os.path.join(os.environ.get("ZRTP_CACHE_DIR", "/var/cache/asterisk-zrtp"), "sid")
    given.talking = given.talking or max(1, given.calls // 2)
    given.lock = given.lock or os.path.join(given.root, "tmp", "bench-pbx.lock")
    if given.talking > given.calls:
        made.error(f"--talking {given.talking}: there are only {given.calls} calls")
    if os.geteuid():
        made.error("must run as root: it runs Asterisk in a Debian root")
    if not os.path.isdir(os.path.join(given.root, "tmp")):
        made.error(f"{given.root} is no Debian root: make bench-pbx makes one")
    try:
        check_outputs(given)
    except ImportError as error:
        made.error(f"--plots: {error} (Debian's package is python3-matplotlib, for /usr/bin/python3)")
    except (OSError, ValueError) as error:
        made.error(str(error))
    return given


def scaled(given, say):
    """What --scale measures, by the name of its result: functions."""
    rounds, root, lock = min(given.rounds, 3), given.root, given.lock
    measure = {"steps": lambda: scale.steps(root, SIZES, rounds, given.seconds, lock, say),
               "idle": lambda: scale.idle(root, IDLE, lock, say),
               "peers": lambda: scale.peers(root, PEERS, given.calls, 2 * rounds + 1, lock, say),
               "ports": lambda: scale.ports(root, say)}
    return {name: measure[name] for name in given.only}
