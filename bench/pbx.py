#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What ZRTP costs an Asterisk, beside SDES-SRTP and plain RTP in the same one.

Two Asterisks of ROOT, a Debian root with the modules installed, in a network of their own: one calls, the other one
answers with Echo() and is measured, by its processor time. make bench-pbx makes the root and runs this.
Who ends it early, by Ctrl-C or a signal, has the figures of all rounds that were done.
"""
import contextlib
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "pbx"), os.path.join(os.path.dirname(HERE), "tests", "pbx")]
NETWORK = "ZRTP_BENCH_NETWORK"

import arguments  # noqa: E402
import compare  # noqa: E402
import figures  # noqa: E402
import pair  # noqa: E402
import scale  # noqa: E402
import soak  # noqa: E402
import threads  # noqa: E402


def own_network():
    """Once more in a network namespace with nothing but loopback, where all ports are free."""
    if NETWORK not in os.environ:
        os.environ[NETWORK] = "own"
        os.execvp("unshare", ["unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh",
                              sys.executable, "-B", *sys.argv])


def say(text):
    print(text, file=sys.stderr, flush=True)


def end_in_order():
    """A signal to end is told once, and the Asterisks with their folders go before the program does."""
    def interrupt(*_):
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        signal.signal(number, interrupt)


def replace(path, text):
    """Another text for a file, as a whole or not at all."""
    new = f"{path}.new"
    try:
        with open(new, "w") as out:
            out.write(text)
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(new)
        raise


class Results:
    """The figures so far: in a file after each round, at the end as tables and plots. Whatever cannot be left does not
    keep the rest from being left."""

    def __init__(self, given):
        self.given, self.found, self.failures = given, {}, []

    def keep(self, name, found):
        """What there is of a part. It may be kept again when there is more."""
        self.found[name] = found
        if self.given.json:
            self._leave(f"--json {self.given.json}", lambda: replace(self.given.json, json.dumps(self.found, indent=1)))

    def _leave(self, what, function):
        try:
            function()
        except (OSError, ValueError) as error:
            text = f"{what}: {error}"
            if text not in self.failures:
                self.failures.append(text)
                say(f"pbx.py: {text}")

    def tables(self):
        """The tables of what was measured, by the name of their place in docs/performance.md."""
        found, compared = {}, self.found.get("comparison")
        if compared:
            found["kinds"] = compare.kinds_table(compared)
            if compare.BASE in compared["kinds"]:
                found.update(ratios=compare.ratios_table(compared), targets=compare.targets_table(compare.judge(compared)))
        if "threads" in self.found:
            found["threads"] = threads.table(self.found["threads"])
        if set(self.found) - {"comparison", "threads"}:
            found["scale"] = scale.tables(self.found)
        return found

    def finish(self, complete):
        """A document gets the tables of a complete run only."""
        found = self.tables()
        print("\n\n".join(found.values()), flush=True)
        if self.given.plots and self.found:
            import plots  # matplotlib is for this alone
            self._leave(f"--plots {self.given.plots}", lambda: plots.draw(self.found, self.given.plots))
        if self.given.document and complete:
            self._leave(f"--document {self.given.document}", lambda: write(self.given.document, found))
        for what, path in (("json", self.given.json), ("plots", self.given.plots)):
            if path and self.found and not any(text.startswith(f"--{what} ") for text in self.failures):
                say(f"{what}: {path}")


def write(path, found):
    """Put the tables into a document."""
    with open(path) as old:
        text = old.read()
    for name, table in found.items():
        text = figures.put(text, name, table)
    replace(path, text)


def measure(given, keep):
    """All that is asked for, in its order."""
    pair.inherit_priority(os.getpid())
    if given.all or not (given.scale or given.soak or given.threads):
        compare.compare(given.root, given.kinds, given.calls, given.talking, given.rounds, given.seconds, given.lock, say,
                        lambda found: keep("comparison", found))
    if given.all or given.threads:
        threads.threads(given.root, given.kinds, given.calls, given.rounds, given.lock, say, lambda found: keep("threads", found))
    if given.all or given.scale:
        for name, function in arguments.scaled(given, say).items():
            keep(name, function())
    if given.all or given.soak:
        kinds = [kind for kind in given.kinds if kind in (compare.BASE, given.kinds[-1])]
        soak.soak(given.root, kinds, given.soak or arguments.SOAK, given.lock, say, lambda found: keep("soak", found))


def main():
    given = arguments.read(__doc__)
    own_network()
    end_in_order()
    results, failure = Results(given), None
    try:
        measure(given, results.keep)
    except KeyboardInterrupt:
        failure = "ended early"
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        failure = str(error)
    results.finish(not failure)
    if failure:
        sys.exit(f"pbx.py: {failure}; {'what was done before is above' if results.found else 'no round was done'}")
    sys.exit(1 if results.failures else 0)


if __name__ == "__main__":
    main()
