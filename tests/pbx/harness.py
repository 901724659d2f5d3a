# SPDX-License-Identifier: GPL-2.0-only
"""Cases, and the bench that gives each one its laboratory. conftest.py is how pytest runs them."""
import collections
import glob
import os
import re
import shutil
import sys
import tempfile

from lab import Lab, Workshop

# The kinds of laboratory a case may ask for: suite of the root, channel driver. Without a driver
# the case runs PBXs of its own.
# A kind with " attack" behind it is that laboratory for a case that takes long: `make attack` runs it,
# `make check` does not.
KINDS = {"22": ("sid", "pjsip"), "16": ("bullseye", "pjsip"), "16 chan_sip": ("bullseye", "sip"),
         "22 own": ("sid", None), "16 own": ("bullseye", None), "debug own": ("debug", None),
         "stock own": ("stock", None)}
# Roots whose cases are left out, not skipped, where the root is not given: they have a target of their own.
ON_DEMAND = ("debug", "stock")
SLOW = " attack"
Case = collections.namedtuple("Case", "name kind errors function module")
CASES = []
# What Asterisk records in a case: none of an earlier one may pass for it.
RECORDED = ("heard-*", "taped*", "spied*", "both*", "behind*")
# What no case may cause in the log unless it means to: errors, and warnings of the module.
SUSPECT = re.compile(r" ERROR\[| WARNING\[.*res_zrtp/")
# What Asterisk itself logs now and then after a transfer, with or without the module.
CORE = re.compile(r"stasis\.c: Internal error: subscription has invalid topic")
# What is no code of an error: no line may have it, whatever the case means to cause.
NO_CODE = re.compile(r"error 0x0\b")
# The laboratory has endpoints of policies that a case may take out of zrtp.conf for a while.
ENDPOINTS = re.compile(r"endpoints\.c: (Endpoint \w+: there is no rtp_engine zrtp/"
                       r"|\d+ more endpoints have an rtp_engine that does not exist)")


class Skip(Exception):
    """This case cannot be judged here; the text says why."""


def case(name, kind="22", errors=None):
    """Mark a function(lab) as a case. errors: pattern of log lines it means to cause."""
    module = sys._getframe(1).f_globals["__name__"]  # where it is listed; its function may be of another

    def mark(function):
        CASES.append(Case(name, kind, errors, function, module))
        return function
    return mark


def is_slow(kind):
    """Is it left to `make attack`?"""
    return kind.endswith(SLOW)


def is_wanted(kind, roots):
    """Is it to run with these roots?"""
    suite = KINDS[kind.removesuffix(SLOW)][0]
    return suite in roots or suite not in ON_DEMAND


def shown(name, kind):
    """The name of a case as it is printed."""
    kind = kind.removesuffix(SLOW).removesuffix(" own")
    return name if kind == "22" else f"Asterisk {kind}: {name}"


def equal(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")


class Bench:
    """A laboratory that is kept while the kind of the cases stays the same."""

    def __init__(self, roots):
        self.roots = roots
        self.lab, self.kind = None, None
        self.directory = tempfile.mkdtemp(prefix="zrtp-check-")
        self.kept = []

    def judge(self, case):
        """Run a case; an exception says what is wrong."""
        lab = self._open(case.kind.removesuffix(SLOW))
        if lab.pbx is None:
            case.function(lab)
            return
        for pattern in RECORDED:
            for path in glob.glob(lab.pbx.file("sounds", pattern + ".wav")):
                os.remove(path)
        logged = len(lab.pbx.log())
        case.function(lab)
        if not lab.pbx.running():
            raise AssertionError(f"Asterisk died: {lab.pbx.console_tail()}")
        lab.pbx.cli("channel request hangup all")
        lab.pbx.idle()
        lab.pbx.no_streams()
        nothing_wrong(lab.pbx.log()[logged:], case.errors)

    def _open(self, kind):
        if self.kind != kind:
            self.close()
        if self.lab is None:
            suite, driver = KINDS[kind]
            if suite not in self.roots:
                raise Skip(f"no {suite} root given")
            root = self.roots[suite]
            self.kind = kind
            self.lab = Lab(root, self.directory, driver) if driver else Workshop(root, self.directory)
            self.lab.roots = self.roots
            self.lab.__enter__()
            if driver:
                nothing_wrong(self.lab.pbx.log())
        return self.lab

    def close(self):
        """Stop the PBX of the laboratory; an exception says what is wrong with how it ends."""
        if self.lab is None:
            return
        lab, self.lab = self.lab, None
        if lab.pbx is None:
            return
        status = lab.pbx.stop()
        reports = lab.pbx.sanitizer_reports()
        if (status != 0 and not lab.pbx.sanitizer_fell()) or reports:
            self.kept.append(lab.pbx.path)
            raise AssertionError("\n".join([f"Asterisk does not end cleanly: exit status {status}", *reports]))
        lab.pbx.remove()

    def keep(self):
        """A case failed: the next one gets another laboratory, and the files of this one stay."""
        lab, self.lab = self.lab, None
        if self.directory not in self.kept:
            self.kept.append(self.directory)
        if lab and lab.pbx:
            lab.pbx.stop()
            self.kept.append(lab.pbx.path)

    def end(self):
        if not self.kept:
            shutil.rmtree(self.directory)


def nothing_wrong(text, meant=None):
    """Nothing in this text of a log is what no case may cause."""
    found = [line for line in text.splitlines() if is_suspect(line, meant)]
    if found:
        raise AssertionError(f"{len(found)} errors or warnings logged, first: {found[0]}")


def is_suspect(line, meant):
    """Is it a line that no case may cause? meant: the pattern of those that this one means to."""
    if NO_CODE.search(line):
        return True
    return (SUSPECT.search(line) and not CORE.search(line) and not ENDPOINTS.search(line)
            and not (meant and re.search(meant, line)))
