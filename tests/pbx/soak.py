# SPDX-License-Identifier: GPL-2.0-only
"""A cluster in bad weather: nodes and their database that are slow, hung, away or dead, and phones that call."""
import contextlib
import os
import random
import re
import subprocess
import threading
import time

import asterisk
import wait
from remembered import Call, Memory

PATIENCE = 20  # seconds until a call through a node that lives must be secure
MISMATCH = "ache mismatch"


class Diary:
    """What happened, for the report, and to find a cause."""

    def __init__(self, path):
        self.began, self.lock = time.monotonic(), threading.Lock()
        self.file = open(path, "w")
        self.counts, self.findings, self.slowest = {}, [], 0.0

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def note(self, text):
        with self.lock:
            self.file.write(f"{time.strftime('%H:%M:%S')} {time.monotonic() - self.began:8.2f} {text}\n")
            self.file.flush()

    def find(self, text):
        self.note(f"FINDING {text}")
        with self.lock:
            self.findings.append(text)


class Node:
    """One Asterisk behind a relay of its own to the database. It may be killed and started while others use it."""

    def __init__(self, name, lab, relay, diary):
        self.name, self.lab, self.relay, self.diary = name, lab, relay, diary
        self.life, self.died = 0, 0.0
        self.events, self.open_since = None, None
        self.alive = False

    def start(self):
        self.lab.pbx.start()
        self.events = asterisk.Events(self.lab.pbx)
        self.open_since = None
        self.life += 1
        self.alive = True
        self.began, self.first_size = time.monotonic(), self.size()
        self.diary.note(f"{self.name} runs, life {self.life}: {self.first_size}")

    def size(self):
        """Memory, KiB, and descriptors that it has."""
        return {"KiB": self.lab.pbx.rss(), "descriptors": len(self.lab.pbx.open_files())}

    def kill(self):
        self.alive, self.died = False, time.monotonic()
        self.diary.note(f"{self.name} is killed, life {self.life} of {time.monotonic() - self.began:.0f} s: {self.size()}")
        self.lab.pbx.process.kill()
        self.lab.pbx.process.wait()
        self._forget_events()

    def _forget_events(self):
        with contextlib.suppress(OSError):
            self.events.__exit__()

    def stop(self):
        self.alive = False
        self._forget_events()
        return self.lab.pbx.stop()

    def here(self):
        return Call(self.name, self.life)

    def status(self):
        """What it says of its cache, or nothing when it dies meanwhile."""
        try:
            return self.events.ask("ZrtpCacheStatus")
        except (OSError, wait.Timeout):
            return None

    def told(self, endpoint, sas, since):
        """Its event of that call."""
        for event in self.events.seen[since:]:
            if event.get("Event") == "ZrtpSecure" and event["SAS"].lower() == sas.lower() \
                    and asterisk.endpoint_of(event["Channel"]) == endpoint:
                return event
        return None

    def look(self, memories):
        """Which changes of calls are in the database for certain: all, if none waits. They are a second old at least.

        Those which all the same wait are in the journal then, and so the next life has to store them.
        """
        here = self.here()
        before = [(memory, memory.waiting(here)) for memory in memories]
        time.sleep(1)
        status = self.status() if self.alive and here == self.here() else None
        if not status or here != self.here():
            return False
        if status.get("OwnZID"):
            self.open_since = self.open_since or time.monotonic()
        if status["Waiting"] == status["InJournal"]:
            for memory, numbers in before:
                memory.journaled(numbers)
        if status["Waiting"] != "0" or not self.open_since:
            return False
        for memory, numbers in before:
            for _ in range(memory.of_earlier(numbers, here)):
                self.diary.count("stored from the journal of an earlier life")
            memory.reached(numbers)
        return True


class Worker(threading.Thread):
    """What it starts dies with it (see processes.py), so it stays until over is set."""

    over = threading.Event()

    def __init__(self):
        super().__init__(daemon=True)
        self.finished = threading.Event()

    def run(self):
        try:
            self.work()
        finally:
            self.finished.set()
            self.over.wait()


class User(Worker):
    """A phone and who calls with it. nodes: those that it may call by. What it is counted as is said by kind."""

    kind = "phone that moves"

    def __init__(self, name, nodes, zid, diary, seed, closed):
        super().__init__()
        self.name, self.nodes, self.zid, self.diary, self.closed = name, nodes, zid, diary, closed
        self.dice = random.Random(f"{seed} {name}")
        self.node = nodes[0]
        self.memory, self.number, self.phones = Memory(), 0, 0

    def work(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.end)
            self.begin()
            try:
                while not self.closed.is_set():
                    self.one_call(self.choose())
                    self.closed.wait(self.dice.choice((0.1, 0.4, 1, 3)))
            except Exception as error:  # the test's own fault
                self.diary.find(f"{self.name}: {type(error).__name__}: {error}")
                raise

    def choose(self):
        """As a balancer does: a node that lives, most often the one of before."""
        living = [node for node in self.nodes if node.alive]
        if living and (self.node not in living or self.dice.random() < 0.4):
            self.node = self.dice.choice(living)
        return self.node

    def one_call(self, node, must=False):
        """A call, judged by the rule. must: it has to match, whatever was before."""
        if not node or not node.alive:
            return
        self.number += 1
        here, stored, opened = node.here(), self.memory.snapshot(), node.open_since
        self.memory.outlives(here, node.died)
        events, since = node.events, len(node.events.seen)
        began = time.monotonic()
        self.dial(node)
        shown = None
        while not shown and time.monotonic() - began < PATIENCE and node.alive and here == node.here():
            shown = self.shown()
            time.sleep(0.02)
        took = time.monotonic() - began
        event = None
        if shown:
            with contextlib.suppress(wait.Timeout):
                event = wait.until("told", 2, lambda: events is node.events and node.told(self.name, shown["sas"], since) or not (
                    node.alive and here == node.here()))
        died = not (node.alive and here == node.here())
        self.hang_up(died)
        shown = shown or self.shown()
        self.judge(node, here, shown, event if event is not True else None, died, took, opened, stored, must)

    def judge(self, node, here, shown, event, died, took, opened, stored, must):
        what = f"{self.name} {self.number} at {here.node} life {here.life}: "
        if not shown:
            self.diary.note(f"{what}not secure{', the node died' if died else ''}")
            self.diary.count("cut by a kill" if died else "not secure")
            if not died:
                self.diary.find(f"{what}not secure within {PATIENCE} s")
            return
        self.diary.count(f"{self.kind}: calls")
        self.diary.slowest = max(self.diary.slowest, took)
        if not died and not event:
            self.diary.find(f"{what}secure at the phone, and the node does not say so")
        if self.is_stranger(shown):
            self.diary.note(f"{what}the node has no ZID of its own yet")
            self.diary.count("at a node without a ZID")
            if opened:
                self.diary.find(f"{what}another PBX, though the node had opened its cache")
            return
        current = event["CacheCurrent"] == "yes" if event else None
        expected = must or all(self.memory.must_match(here, asked, stored) for asked in (
            (True, False) if current is None else (current,)))
        alarm = shown["alarm"]
        self.diary.note(f"{what}{'ALARM' if alarm else 'ok'} in {took:.2f} s, current {current}, died {died}; phone has "
                        f"{self.memory.last} {sorted(self.memory.second)}, stored to {max(stored, default=0)}"
                        f"{'' if expected else ', nothing in reach for certain'}")
        self.diary.count(f"asked the database: {current}")
        if alarm:
            self.diary.count(f"{self.kind}: alarms {'that the rule allows' if not expected else 'against the rule'}"
                             f"{self.why(here, current)}")
            if expected:
                self.diary.find(f"{what}an alarm against the rule")
            self.renew()
            return
        self.diary.count(f"{self.kind}: {'nothing in reach for certain, and no alarm' if not expected else 'matched as by the rule'}")
        self.memory.made(self.number, here, bool(current), stored)
        self.remembers()
        if event:
            self.memory.noted(self.number, here)
        else:
            self.memory.lost(self.number)

    def why(self, here, current):
        """What the rule says of it."""
        if current:
            return ""
        return ", node has not asked since its start" if not self.memory.known.get(here) else ", node could not ask"

    def renew(self):
        """After an alarm it is another phone, with a ZID of its own."""
        self.end()
        self.memory = Memory()
        self.begin()

    def remembers(self):
        pass


class ZrtpUser(User):
    """zrtpcall: it keeps what matched as its second secret, and moves between nodes."""

    def begin(self):
        self.phones += 1
        self.phone = self.nodes[0].lab.zrtp_phone(self.name, patience=4, cache=os.path.join(
            self.nodes[0].lab.directory, f"{self.name}-{self.phones}.sqlite")).start()

    def end(self):
        self.phone.stop()

    def dial(self, node):
        self.phone.call("echo", node.lab.sip_port)

    def shown(self):
        found = self.phone.all("sas", relayed=False)
        return {**found[-1], "alarm": found[-1]["cache_mismatch"]} if found else None

    def is_stranger(self, shown):
        return shown["peer_zid"] != self.zid

    def hang_up(self, died):
        self.phone.say("hangup")
        if died:  # its BYE gets no answer
            time.sleep(0.2)
            self.phone.stop()
            events = self.phone.events
            self.phone.start()
            self.phone.events[:0] = events
            return
        self.phone.wait_ended(PATIENCE)


class KeptUser(ZrtpUser):
    """zrtpcall, kept at its node."""

    kind = "zrtpcall kept at its node"


class LinphoneUser(User):
    """A Linphone, which is kept at its node and forgets its second secret when that has matched."""

    kind = "Linphone kept at its node"

    def __init__(self, *arguments, root=None):
        super().__init__(*arguments)
        self.root = root

    def begin(self):
        self.phone = self.nodes[0].lab.phone(self.name, root=self.root).start()
        self.logged = 0

    def end(self):
        self.phone.stop()

    def choose(self):
        """Without an own ZID the node is another PBX to it, which it does not tell."""
        return self.node if self.node.open_since else None

    def dial(self, node):
        self.logged = len(self.phone.log())
        self.phone.call("echo", node.lab.sip_port)

    def shown(self):
        found = re.search(r"fully encrypted and auth token is (\S+)\.\s", self.phone.out())
        return {"sas": found[1], "alarm": MISMATCH in self.phone.log()[self.logged:]} if found else None

    def is_stranger(self, shown):
        return False

    def remembers(self):
        self.memory.keeps_one_only()

    def hang_up(self, died):
        self.phone.say("terminate")
        if died:
            time.sleep(0.2)
            self.phone.stop()
            self.phone.start()
            return
        self.phone.wait_ended(PATIENCE)


class Weather(Worker):
    """One thing that goes wrong again and again, at times of its own."""

    def __init__(self, name, seed, closed, pause, acts):
        super().__init__()
        self.name, self.closed, self.pause, self.acts = name, closed, pause, acts
        self.dice = random.Random(f"{seed} {name}")

    def work(self):
        while not self.closed.wait(self.dice.uniform(*self.pause)):
            self.dice.choice(self.acts)(self)

    def last(self, low, high):
        """It goes on for a while, or to the end."""
        self.closed.wait(self.dice.uniform(low, high))


def of_relay(node, diary):
    """What may be between a node and its database."""
    def act(name, begin, low, high):
        def run(weather):
            diary.note(f"{node.name}'s database: {name}")
            diary.count(name)
            begin(weather)
            weather.last(low, high)
            node.relay.thaw()
            diary.note(f"{node.name}'s database: well")
        return run
    return (act("slow", lambda weather: node.relay.delay(weather.dice.choice((20, 100, 400, 1200))), 2, 10),
            act("hung", lambda weather: node.relay.freeze(), 1, 12), act("refused", lambda weather: node.relay.refuse(), 1, 12))


def of_server(server, diary):
    def kill(weather):
        diary.note("the database is killed")
        diary.count("kills of the database")
        server.kill()
        weather.last(0, 6)
        server.start()
        diary.note("the database runs")
    return (kill,)


def of_nodes(nodes, diary):
    def kill(weather):
        node = weather.dice.choice(nodes)
        diary.count("kills of a node")
        node.kill()
        weather.last(0, 3)
        node.start()
    return (kill,)


def of_administrator(nodes, diary):
    """Names peers at a node, more than one list of changes has room for: no secret may be lost by that."""
    def rename(weather):
        lab = weather.dice.choice(nodes).lab
        with contextlib.suppress(subprocess.TimeoutExpired):  # a node that dies meanwhile answers nothing
            peers = re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))
            for number in range(8 if peers else 0):
                said = lab.pbx.cli(f"zrtp cache set name {weather.dice.choice(peers)} name{number}")
                diary.count(f"an administrator's changes, {'done' if 'Named' in said else 'refused'}")
    return (rename,)
