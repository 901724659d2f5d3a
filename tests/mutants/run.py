#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plants one fault at a time and looks whether a test notices it.

run.py [-j N] [-k PATTERN] [-s hand|random|all] [-n N] [--seed N] [--again] [--only survived]
       [--floor PERCENT] [--sanitize KINDS] [-l] [--scores]

docs/mutants.md says how to read and to extend the lists. Ends with one line,
"N killed, N survived, N equivalent, N errors"; exit status 0 if there were no errors and at least
PERCENT of the faults that are not equivalent were killed.
"""
import argparse
import json
import os
import queue
import re
import sys
import threading

import chance
import faults
import module
import scores
from place import Broken, Place, alone, contents, errors_of
from results import Result, Results, digest, score
from tree import Tree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(os.environ.get("ZRTP_CACHE_DIR") or "/var/cache/asterisk-zrtp", "mutants")

SLOW = 2  # seconds of a test that most faults need not wait for
# No unit test depends on these.
APART = ("docs/", "bench/", "scripts/", "tests/mutants/", "tests/attack/", "tests/fuzz/", "tests/pbx/")


class Bench:
    """What the workers share: the faults still to try, and the results."""

    def __init__(self, given, tree, files):
        self.given, self.tree, self.files = given, tree, files
        self.results = Results(os.path.join(FOLDER, "results"))
        self.sources = {"pbx": self._sources(APART[:-1]), "asterisk/": self._sources(APART),
                        "": self._sources((*APART, "asterisk/"))}
        self.key_of_all = digest(self.sources["asterisk/"], given.sanitize)
        self.done, self.todo, self.lock, self.spare = [], queue.Queue(), threading.Lock(), []
        self.sound = set()
        self.failed = None

    def _sources(self, without):
        """A hash of what a result depends on."""
        kept = sorted(path for path in self.files if not path.startswith(without))
        return digest(*(part for path in kept for part in (path, self.files[path])))

    def key(self, fault, path):
        sources = self.sources["pbx" if fault.pbx else "asterisk/" if path.startswith("asterisk/") else ""]
        return digest(sources, self.given.sanitize, fault.where, fault.old, fault.new, fault.nth, fault.pbx,
                      fault.tests)

    def say(self, result, fresh=True):
        if result.verdict == "does not compile" and result.title.startswith("chance "):
            return self.take_another()
        self.done.append(result)
        if fresh:
            with self.lock:
                print(f"{result.verdict:10} {result.title}" + (f" ({result.note})" if result.note else ""), flush=True)

    def take_another(self):
        """A fault by chance is not even C: take the next one."""
        with self.lock:
            spare = self.spare.pop(0) if self.spare else None
        for found in self.fresh([spare] if spare else []):
            self.todo.put((*found, False))

    def fresh(self, wanted):
        """[(fault, path, text)] of what has to be tried; what is known already, or cannot be, is done."""
        todo = []
        for fault in wanted:
            last = self.results.last.get(fault.title)
            if self.given.only and (not last or last.verdict != self.given.only):
                continue
            try:
                path, text = fault.plant(self.tree)
            except faults.Gone as why:
                self.say(Result("", fault.title, "", "does not apply", f"{fault.source}: {why}", ""))
                continue
            known = self.results.known.get(self.key(fault, path))
            if fault.equivalent:
                self.say(Result("", fault.title, path, "equivalent", fault.equivalent, ""), fresh=False)
            elif known and not self.given.again:
                self.say(known._replace(title=fault.title), fresh=False)
            else:
                todo.append((fault, path, text))
        return todo

    def note(self, fault, path, verdict, why):
        """A verdict is there: keep it and print it."""
        result = Result(self.key(fault, path), fault.title, path, verdict, why, fault.stanza())
        self.results.add(result)
        self.say(result)

    def work(self, place):
        """One worker: takes faults until there are none. The slow tests come when all faults have seen
        the quick ones, since most are noticed by those."""
        try:
            while self.failed is None:
                try:
                    fault, path, text, slow = self.todo.get_nowait()
                except queue.Empty:
                    break
                verdict, why = self.judge(place, fault, path, text, slow)
                if verdict:
                    self.note(fault, path, verdict, why)
                else:
                    self.todo.put((fault, path, text, True))
        except Exception as why:  # a worker that is gone must not look like one that is done
            self.failed = f"{type(why).__name__}: {why}"
            raise
        finally:
            place.restore()

    def judge(self, place, fault, path, text, slow):
        """(verdict, which test or why); no verdict yet if only the slow tests are left."""
        tests = sorted(place.reaching(path, fault.tests.split()),
                       key=lambda test: self.results.price(test, fault, path))
        quick = [test for test in tests if test.is_program and test.took <= SLOW]
        if not slow:
            verdict = self.try_quick(place, path, text, quick)
            if verdict[0] or quick != tests:
                return verdict
        place.plant(path, text)
        tests = [test for test in tests if test not in quick]
        if not place.links(tests):
            return "does not compile", errors_of(place.compiles(path) or "a test program cannot be linked")
        for test in tests:
            if failure := place.notices(test):
                return "killed", failure
        if place.same_code(path):
            return "equivalent", "the compiler makes the same code of it"
        return "survived", "" if tests or quick else "no test program has this file"

    def try_quick(self, place, path, text, tests):
        """The tests that need little: (verdict, which or why), (None, None) if none of them notices."""
        loaded = place.preload(path, text)
        if loaded is None:
            place.plant(path, text)
            if not place.links(tests):
                return "does not compile", errors_of(place.compiles(path) or "a test program cannot be linked")
        else:
            place.clean()
            if loaded[1]:
                return "does not compile", errors_of(loaded[1])
        for test in tests:
            if failure := place.notices(test, loaded[0] if loaded else ""):
                if loaded:
                    self.must_pass(place, path, test)
                return "killed", failure
        return None, None

    def must_pass(self, place, path, test):
        """The library alone, without a fault in it, must not make the test fail. Looked at once."""
        with self.lock:
            known = (path, test.name) in self.sound
            self.sound.add((path, test.name))
        if not known:
            library, words = place.preload(path, self.tree.texts[path])
            if failure := words or place.notices(test, library):
                raise Broken(f"{path} as a library of its own, without a fault: {failure}")


def prepare(given, bench):
    """Workers' places, built and with their tests timed, side by side."""
    places = [Place(TOP, os.path.join(FOLDER, f"{given.sanitize or 'plain'}-{n}"), given.sanitize)
              for n in range(given.j)]

    def make(place):
        try:
            place.prepare(bench.files)
        except Broken as why:
            bench.failed = str(why)
    in_threads(make, places)
    if bench.failed:
        raise Broken(bench.failed)
    known = kept_times(os.path.join(FOLDER, "baseline"), bench.key_of_all)
    for place in places:
        known.update(place.baseline(known))
    with open(os.path.join(FOLDER, "baseline"), "w", encoding="utf-8") as file:
        json.dump([bench.key_of_all, known], file)
    return places


def kept_times(path, key):
    """How long the tests of these very sources took, if they were run before."""
    try:
        with open(path, encoding="utf-8") as file:
            of, known = json.load(file)
        return known if of == key else {}
    except (OSError, ValueError):
        return {}


def in_threads(function, arguments):
    threads = [threading.Thread(target=function, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def chosen(given, tree):
    """The faults of this run, by hand and by chance; and more of the latter, for those that are no C."""
    listed = faults.read()
    wanted = [] if given.s == "random" else [fault for fault in listed if not fault.title.startswith("chance ")]
    if given.s != "hand":
        wanted += chance.sample(tree, 2 * given.n, given.seed, listed)

    def matches(fault):
        path = next((d.path for d in tree.find(fault.where)), "")
        return re.search(given.k, f"{path} {fault.where}: {fault.title} [{fault.why}] {fault.source}")
    wanted = [fault for fault in wanted if matches(fault)]
    hand = [fault for fault in wanted if not fault.title.startswith("chance ")]
    by_chance = wanted[len(hand):]
    return hand + by_chance[:given.n], by_chance[given.n:]


def main():
    options = argparse.ArgumentParser(description="Which planted faults do the tests notice?")
    options.add_argument("-j", type=int, default=os.cpu_count() or 1, metavar="N", help="so many at once")
    options.add_argument("-k", default="", metavar="PATTERN", help="only where path, function, title or promise match")
    options.add_argument("-s", default="all", choices=("hand", "random", "all"), help="which set")
    options.add_argument("-n", type=int, default=300, metavar="N", help="size of the random set")
    options.add_argument("--seed", default="1", metavar="N", help="of the random set")
    options.add_argument("--again", action="store_true", help="also those whose result is known")
    options.add_argument("--only", default="", metavar="VERDICT", help="only those whose last verdict was this")
    options.add_argument("--floor", type=float, default=0, metavar="PERCENT", help="fail below this score")
    options.add_argument("--sanitize", default="", metavar="KINDS", help="for instance address,undefined")
    options.add_argument("-l", action="store_true", help="list the faults, try none")
    options.add_argument("--scores", action="store_true", help="the tables of docs/mutants.md, from the last verdicts")
    given = options.parse_args()
    tree = Tree(TOP)
    wanted, spare = chosen(given, tree)
    if given.l:
        print("\n\n".join(fault.stanza() for fault in wanted))
        return 0
    if given.scores:
        print("\n".join(scores.tables(wanted, tree, Results(os.path.join(FOLDER, "results")).last)))
        return 0
    os.makedirs(FOLDER, exist_ok=True)
    alone(FOLDER)
    bench = Bench(given, tree, contents(TOP))
    bench.spare = spare
    # Not one file after the other: so a run that is interrupted has seen something of each.
    wanted.sort(key=lambda fault: digest(fault.title))
    for found in bench.fresh([fault for fault in wanted if not fault.pbx]):
        bench.todo.put((*found, False))
    try:
        if not bench.todo.empty():
            in_threads(bench.work, prepare(given, bench))
        if bench.failed is None:
            module.run(bench, [fault for fault in wanted if fault.pbx], TOP, FOLDER)
    except Broken as why:
        bench.failed = str(why)
    if bench.failed:
        sys.exit(f"mutants: {bench.failed}")
    print("\n".join(score(bench.done)))
    verdicts = [result.verdict for result in bench.done]
    killed, survived = verdicts.count("killed"), verdicts.count("survived")
    low = 100 * killed < given.floor * (killed + survived)
    return 1 if low or any("does not" in verdict for verdict in verdicts) else 0


sys.exit(main())
