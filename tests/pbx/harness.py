# SPDX-License-Identifier: GPL-2.0-only
"""Cases, and the runner that gives each one its laboratory."""
import re
import shutil
import sys
import tempfile
import time
import traceback

from lab import Lab, Workshop

# The kinds of laboratory a case may ask for: suite of the root, channel driver. Without a driver
# the case runs PBXs of its own.
# A kind with " attack" behind it is that laboratory for a case that takes long: `make attack` runs it,
# `make check` does not.
KINDS = {"22": ("sid", "pjsip"), "16": ("bullseye", "pjsip"), "16 chan_sip": ("bullseye", "sip"),
         "22 own": ("sid", None), "16 own": ("bullseye", None)}
SLOW = " attack"
CASES = []
# What no case may cause in the log unless it means to: errors, and warnings of the module.
SUSPECT = re.compile(r" ERROR\[| WARNING\[.*res_zrtp/")
# What Asterisk itself logs now and then after a transfer, with or without the module.
CORE = re.compile(r"stasis\.c: Internal error: subscription has invalid topic")
# The laboratory has endpoints of policies that a case may take out of zrtp.conf for a while.
ENDPOINTS = re.compile(r"endpoints\.c: (Endpoint \w+: there is no rtp_engine zrtp/"
                       r"|\d+ more endpoints have an rtp_engine that does not exist)")


class Skip(Exception):
    """This case cannot be judged here; the text says why."""


def case(name, kind="22", errors=None):
    """Mark a function(lab) as a case. errors: pattern of log lines it means to cause."""
    def mark(function):
        CASES.append((name, kind, errors, function))
        return function
    return mark


def is_slow(kind):
    """Is it left to `make attack`?"""
    return kind.endswith(SLOW)


def shown(name, kind):
    """The name of a case as it is printed."""
    kind = kind.removesuffix(SLOW).removesuffix(" own")
    return name if kind == "22" else f"Asterisk {kind}: {name}"


def equal(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")


class Runner:
    """Runs cases one after the other; a laboratory is kept while the kind stays the same."""

    def __init__(self, roots, verbose=False):
        self.roots, self.verbose = roots, verbose
        self.counts = {"ok": 0, "FAIL": 0, "skip": 0}
        self.lab, self.kind = None, None
        self.directory = tempfile.mkdtemp(prefix="zrtp-check-")
        self.kept = []

    def run(self, cases):
        try:
            kinds = list(KINDS)
            for name, kind, errors, function in sorted(
                    cases, key=lambda c: kinds.index(c[1].removesuffix(SLOW))):
                self._one(shown(name, kind), kind.removesuffix(SLOW), errors, function)
        finally:
            self._close_lab()
        if self.counts["FAIL"]:
            print("logs kept: " + " ".join([self.directory, *self.kept]))
        else:
            shutil.rmtree(self.directory)
        return self.counts

    def _one(self, name, kind, errors, function):
        began = time.monotonic()
        verdict, why = "ok", ""
        try:
            self._judge(kind, errors, function)
        except Skip as skip:
            verdict, why = "skip", str(skip)
        except KeyboardInterrupt:
            raise
        except Exception as error:  # whatever went wrong is this case's failure
            verdict, why = "FAIL", f"{error}" or type(error).__name__
            if not isinstance(error, AssertionError) or self.verbose:
                traceback.print_exc()
            self._close_lab(keep=True)
        self.counts[verdict] += 1
        print(f"{verdict:4} {name} ({time.monotonic() - began:.1f} s)" + (f": {why}" if why else ""),
              flush=True)

    def _judge(self, kind, errors, function):
        lab = self._open_lab(kind)
        if lab.pbx is None:
            function(lab)
            return
        logged = len(lab.pbx.log())
        function(lab)
        if not lab.pbx.running():
            raise AssertionError(f"Asterisk died: {lab.pbx.console_tail()}")
        lab.pbx.cli("channel request hangup all")
        lab.pbx.idle()
        lab.pbx.no_streams()
        found = [line for line in lab.pbx.log()[logged:].splitlines() if SUSPECT.search(line)
                 and not CORE.search(line) and not ENDPOINTS.search(line) and not (errors and re.search(errors, line))]
        if found:
            raise AssertionError(f"{len(found)} errors or warnings logged, first: {found[0]}")

    def _open_lab(self, kind):
        if self.kind != kind:
            self._close_lab()
        if self.lab is None:
            suite, driver = KINDS[kind]
            if suite not in self.roots:
                raise Skip(f"no {suite} root given")
            root = self.roots[suite]
            self.kind = kind
            self.lab = Lab(root, self.directory, driver) if driver else Workshop(root, self.directory)
            self.lab.__enter__()
        return self.lab

    def _close_lab(self, keep=False):
        if self.lab is None:
            return
        lab, self.lab = self.lab, None
        if lab.pbx is None:
            return
        status = lab.pbx.stop()
        if keep:
            self.kept.append(lab.pbx.path)
            return
        reports = lab.pbx.sanitizer_reports()
        if status != 0 or reports:
            self.counts["FAIL"] += 1
            self.kept.append(lab.pbx.path)
            print(f"FAIL Asterisk ends cleanly: exit status {status}", *reports, sep="\n")
        else:
            lab.pbx.remove()


def report(counts):
    """Print the one line that says it all; return the exit status."""
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    sys.stdout.flush()
    return 1 if counts["FAIL"] or not counts["ok"] else 0
