# SPDX-License-Identifier: GPL-2.0-only
"""pytest for the cases of this folder: they are what @case marks, not functions by their name.

    pytest-3 tests/pbx --root sid=DIR --root bullseye=DIR [-n 2 --dist loadscope] [-k WORDS] [--lf]

A worker of -n has a network of its own, as the ports are fixed. Cases of one file and one kind stay
together, in their order.
"""
import ctypes
import importlib
import os
import re
import subprocess
import sys
import traceback

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import limit  # noqa: E402
import surroundings  # noqa: E402

CLONE_NEWNET = 0x40000000
# After which a case hangs. The longest one takes three minutes; a slow one as long as it is told to.
SECONDS = 900
WORDS = {"passed": "ok", "failed": "FAIL", "skipped": "skip"}


def pytest_addoption(parser):
    group = parser.getgroup("pbx", "calls through real Asterisks")
    group.addoption("--root", action="append", default=[], metavar="SUITE=DIR",
                    help="a Debian root with Asterisk and the modules")
    group.addoption("--match", default="", metavar="REGEX", help='only the cases whose "kind: name" match')
    group.addoption("--slow", action="store_true", help="the slow cases too")


def own_network():
    """Leave the network of this machine for one of this process, with an address that ICE can use."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise pytest.UsageError(f"no network for a worker: {os.strerror(ctypes.get_errno())}")
    for words in ("link set lo up", "address add 192.0.2.1/32 dev lo"):
        subprocess.run(["ip", *words.split()], check=True)


def pytest_configure(config):
    surroundings.alone()
    if hasattr(config, "workerinput"):
        own_network()
    config.bench = harness.Bench(dict(root.split("=", 1) for root in config.getoption("root")))


def pytest_unconfigure(config):
    config.bench.end()


def from_here(trace):
    """A traceback without what pytest has above it."""
    ours = trace
    while ours and not ours.tb_frame.f_code.co_filename == harness.__file__:
        ours = ours.tb_next
    return ours or trace


class CaseItem(pytest.Item):
    def __init__(self, *, case, **more):
        super().__init__(**more)
        self.case = case

    def runtest(self):
        try:
            with limit.limit(0 if harness.is_slow(self.case.kind) else SECONDS):
                self.config.bench.judge(self.case)
        except harness.Skip as skip:
            pytest.skip(str(skip))
        except BaseException:
            self.config.bench.keep()
            raise

    def repr_failure(self, excinfo):
        text = f"{excinfo.value}" or excinfo.typename
        if not excinfo.errisinstance(AssertionError) or self.config.getoption("verbose") > 0:
            text += "\n" + "".join(traceback.format_exception(excinfo.type, excinfo.value, from_here(excinfo.tb)))
        return f"{text}\nlogs kept: {' '.join(self.config.bench.kept)}"

    def reportinfo(self):
        return self.path, None, self.name


class Kind(pytest.Collector):
    """The cases of a file that share a laboratory."""

    def collect(self):
        for case in harness.CASES:
            if case.module == self.parent.path.stem and case.kind == self.name:
                yield CaseItem.from_parent(self, name=harness.shown(case.name, case.kind), case=case)


class CaseFile(pytest.File):
    def collect(self):
        importlib.import_module(self.path.stem)
        for kind in dict.fromkeys(case.kind for case in harness.CASES if case.module == self.path.stem):
            yield Kind.from_parent(self, name=kind)


def pytest_collect_file(file_path, parent):
    if re.fullmatch(r"test_\w+\.py", file_path.name):
        return CaseFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(config, items):
    kinds = list(harness.KINDS)
    wanted = re.compile(config.getoption("match"))
    items[:] = sorted((item for item in items if wanted.search(f"{item.case.kind}: {item.case.name}")
                       and harness.is_wanted(item.case.kind, config.bench.roots)
                       and (config.getoption("slow") or not harness.is_slow(item.case.kind))),
                      key=lambda item: kinds.index(item.case.kind.removesuffix(harness.SLOW)))


def pytest_runtest_teardown(item, nextitem):
    """The laboratory ends with the last case of its kind, and has to end well."""
    if nextitem is None or nextitem.case.kind.removesuffix(harness.SLOW) != item.case.kind.removesuffix(harness.SLOW):
        with limit.limit(SECONDS):
            item.config.bench.close()


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report):
    """One line a case, by pytest_runtest_logreport(); no letters."""
    return report.outcome, "", ""


class Lines:
    """What is printed: a line for each case, and the totals."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.totals = dict.fromkeys(WORDS, 0)

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        self.totals[report.outcome] += 1
        why, more = self.reason(report)
        self.terminal.ensure_newline()
        self.terminal.write_line(f"{WORDS[report.outcome]:4} {report.nodeid.split('::', 2)[2]} "
                                 f"({report.duration:.1f} s)" + (f": {why}" if why else ""))
        if more:
            self.terminal.write_line(more)

    @staticmethod
    def reason(report):
        """The first line of why a case failed or was skipped, and the rest."""
        if report.passed:
            return "", ""
        text = report.longrepr[2].removeprefix("Skipped: ") if report.skipped else str(report.longrepr)
        first, _, more = text.partition("\n")
        return first, more

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        self.terminal.ensure_newline()
        self.terminal.write_line("{passed} passed, {failed} failed, {skipped} skipped".format(**self.totals))


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal and not hasattr(session.config, "workerinput") and not session.config.getoption("collectonly"):
        session.config.pluginmanager.register(Lines(terminal))
