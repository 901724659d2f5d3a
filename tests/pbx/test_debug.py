# SPDX-License-Identifier: GPL-2.0-only
"""On an Asterisk that is built to find faults: nothing of ours is left, nothing is asserted in vain, locks keep their order."""
import contextlib
import itertools
import os
import random
import re
import threading
import time

import locks
import refs
import wait
from harness import case, equal
from lab import Lab
from test_stress import APPLICATIONS, COMMANDS, IN_CALL, MODULES, PHONES, Crowd, renew, unload, until_gone

CALLS = int(os.environ.get("ZRTP_DEBUG_CALLS", "100"))
SEED = os.environ.get("ZRTP_STRESS_SEED", "1")
BATCH = 20  # seconds of calls between two unloads
# What the core says of a wrong use of memory, locks, objects.
FAULT = re.compile(r"FRACK!|bad magic number|Deadlock|freed more times than|without owning it|mutex '[^']*'|rwlock '[^']*'"
                   r"|fence violation|corrupted after free|unregistered memory|touched without its lock")
OURS = re.compile(r"res_zrtp|res_zrtp_web|res_pjsip_zrtp|app_enroll_zrtp|" + refs.OURS)
FRAME = re.compile(r".*Got \d+ backtrace records|\W*#\s*\d+:")  # of a backtrace that follows
ALLOCATED = re.compile(r" bytes allocated.* by +(\S+ line +\d+ of \S+)$", re.M)


def faults(text):
    """The lines that name a fault in which we have a part: the core's own are the core's."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        if FAULT.search(line):
            around = [line, *itertools.takewhile(FRAME.match, lines[number + 1:])]
            if any(map(OURS.search, around)):
                found.append(line)
    return found


def faults_of(pbx):
    """Those of ours in the log, the console and the log of memory."""
    found = []
    for name in ("full", "console", "mmlog"):
        with open(pbx.file("log", name), errors="replace") as text:
            found += faults(text.read())
    return found


def objects_of(pbx):
    with open(pbx.file("log", "refs"), errors="replace") as log:
        return refs.leaks(log)


def distinct(found):
    """An example of each kind of sentence, and how many there are of it: of addresses and what follows them each once."""
    kinds = {}
    for sentence in map(str, found):
        kinds.setdefault(re.sub(r"0x[0-9a-f]+ ", "", sentence).split(": ")[0], []).append(sentence)
    return [f"{len(of)} times {of[0]}" for of in kinds.values()]


class User(Crowd):
    """A caller that makes one call after the other, each of which is answered before it ends.

    Of a call that ends before the phone has acknowledged the answer, Asterisk 22 keeps the SIP session for ever, and
    with it what of ours belongs to it: no leak of ours. The stress case has those calls.
    """

    def run(self):
        while not self.closed.is_set():
            other = self.dice.choice(PHONES)
            self.phone.call(self.dice.choice((*APPLICATIONS, *(f"{way}-{other}" for way in ("call", "call", "call", "keys", "feature")))),
                            self.lab.sip_port)
            self.calls += 1
            time.sleep(self.dice.choice((3, 4, 5)))
            for _ in range(self.dice.choice((0, 1, 2, 4))):
                self.phone.say(self.dice.choice(IN_CALL).format(other=self.dice.choice(PHONES), port=self.lab.sip_port))
                time.sleep(self.dice.choice((0.3, 0.8, 1.5)))
            for _ in range(3):  # all its calls, also those that others have made
                self.phone.say("hangup")
            time.sleep(1)


def look(lab, dice, closed):
    """What an operator looks at, and reloads."""
    while not closed.wait(dice.choice((0.3, 0.6, 1.2))):
        lab.pbx.cli(dice.choice(COMMANDS))


def batch(lab, phones, number):
    """Calls for a while; return how many."""
    closed = threading.Event()
    crowd = [User(lab, phone, f"{SEED} {phone.name} {number}", closed) for phone in phones]
    operator = threading.Thread(target=look, args=(lab, random.Random(f"{SEED} {number}"), closed), daemon=True)
    for thread in (*crowd, operator):
        thread.start()
    time.sleep(BATCH)
    closed.set()
    for thread in (*crowd, operator):
        thread.join()

    return sum(user.calls for user in crowd)


def mixed(lab):
    """Calls until there were enough, all modules loaded again now and then; return how many."""
    calls = 0
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(lab.zrtp_phone(name, enroll="accept", allow_clear=True, tone=440,
                                                     **({"video": "offer"} if name == "film" else {}))) for name in PHONES]
        phones.append(stack.enter_context(lab.zrtp_phone("plain", no_zrtp=True, tone=440)))
        while calls < CALLS:
            calls += batch(lab, phones, calls)
            equal("Asterisk runs", lab.pbx.running(), True)
            renew(lab, random.Random(f"{SEED} {calls}"))
        phones[0].call("announce", lab.sip_port)  # all is as it was
        phones[0].secure()
        phones[0].hang_up()
    return calls


@case("a hundred mixed calls: no object or memory of ours is left, nothing is asserted, locks keep their order", "debug own")
def hundred(bench):
    found = {}
    with Lab(bench.root, bench.directory, modules=["app_enroll_zrtp"], options="refdebug = yes\n") as lab:
        pbx = lab.pbx
        options = pbx.cli("core show settings")
        equal("not built with", [word for word in ("DEBUG_THREADS", "MALLOC_DEBUG", "REF_DEBUG") if word not in options], [])
        with locks.Watch(pbx) as watch:
            try:
                calls = mixed(lab)
            except wait.Timeout as end:  # threads that wait for each other?
                raise AssertionError(f"{end}; locks against their order: {watch.wrong()}") from end
        equal("looks at locks", watch.looks > 20, True)
        equal("locks of ours seen", watch.ours > 0, True)
        found["locks against their order"] = watch.wrong()
        until_gone(lab, "calls end", lambda left: not any(left))
        found["locks held when all is quiet"] = [lock for thread in locks.threads(pbx.cli("core show locks"))
                                                 for lock in thread if locks.is_ours(lock)]
        for module in MODULES:
            unload(lab, module)
        found["memory"] = [file for file in ALLOCATED.findall(pbx.cli("memory show allocations")) if re.search(refs.OURS, file)]
        pbx.cli("memory show allocations anomalies")
        equal("exit status", pbx.stop(), 0)
        found["objects"] = objects_of(pbx)
        found["faults"] = faults_of(pbx)
    print(f"     {calls} calls, locks looked at {watch.looks} times, {watch.ours} of ours were held", flush=True)
    equal("found", {what: distinct(of) for what, of in found.items() if of}, {})
