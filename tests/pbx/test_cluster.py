# SPDX-License-Identifier: GPL-2.0-only
"""Two nodes on one database while nodes, database and the way between them fail at random, and phones call.

ZRTP_SOAK: minutes, ZRTP_SOAK_SEED: what is chosen. What happened stands in the file diary of the case's directory.
"""
import contextlib
import os
import random
import re
import threading
import time

import wait
from cachecalls import SECOND, with_key
from harness import case
from lab import Lab
from soak import Diary, KeptUser, LinphoneUser, Node, Weather, Worker, ZrtpUser, of_administrator, of_nodes, of_relay, of_server
from slowdb import SlowDb
from test_databases import ODBC, ODBC_MODULES, POSTGRES_PORT, REALTIME, MARIADB_PORT, MARIADB_SQL, SQL
from mariadb import MariaDB
from postgres import USER, Postgres

MINUTES = float(os.environ.get("ZRTP_SOAK", "10"))
SEED = os.environ.get("ZRTP_SOAK_SEED") or str(random.SystemRandom().randrange(10 ** 6))
RELAYS = (25094, 25096)
KINDS = {"PostgreSQL": (POSTGRES_PORT, REALTIME, ("res_config_pgsql",)),
         "MariaDB": (MARIADB_PORT, ODBC, ODBC_MODULES)}
# What a change of a call must not come to, whatever the weather.
LOST = re.compile(r"cannot be stored|are lost|queue is full|cannot be used")
# Descriptors that a node may have beside those right after its start: connections of its database, the console's.
MORE_FILES = 12
ASKED = 2  # seconds between two questions whether all is stored


@contextlib.contextmanager
def database(kind):
    """A server with the tables as shipped."""
    if kind == "PostgreSQL":
        with Postgres(POSTGRES_PORT) as server, open(SQL) as script:
            server.sql(script.read(), user=USER)
            yield server
    else:
        with MariaDB(MARIADB_PORT) as server, open(MARIADB_SQL) as script:
            server.sql(script.read())
            yield server


def files_for(kind, port):
    """Configuration of a node whose way to the database is this port."""
    used, files, _ = KINDS[kind]
    return {name: text.replace(str(used), str(port)) for name, text in files.items()}


@contextlib.contextmanager
def cluster(bench, kind, diary):
    """Two nodes that run, each with a relay of its own to the database."""
    with database(kind) as server, contextlib.ExitStack() as stack:
        nodes = []
        for name, port, options in zip(("first", "second"), RELAYS, ({}, SECOND)):
            relay = stack.enter_context(SlowDb(port, server.port))
            lab = Lab(bench.root, bench.directory, files=files_for(kind, port), modules=KINDS[kind][2], **options)
            lab.roots = bench.roots
            with_key(lab)
            lab.pbx.write("zrtp.conf", f"[general]\ncache = realtime\ncache_key_file = {lab.pbx.home}/lib/zrtp.key\n")
            nodes.append(Node(name, lab, relay, diary))
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        yield server, nodes


class Looker(Worker):
    """Asks a node again and again whether all is stored."""

    def __init__(self, node, users, closed):
        super().__init__()
        self.node, self.users, self.closed = node, users, closed

    def work(self):
        while not self.closed.wait(ASKED):
            self.node.look([user.memory for user in self.users])


def calm_down(server, nodes, users):
    """All is well again, and all that waited is stored."""
    for node in nodes:
        node.relay.thaw()
        if not node.alive:
            node.start()
    memories = [user.memory for user in users]
    for node in nodes:
        wait.until(f"{node.name} has stored all", 60, lambda node=node: node.look(memories))
        node.lab.pbx.no_streams()
        size = node.size()
        node.diary.note(f"{node.name} at the end, life {node.life} of {time.monotonic() - node.began:.0f} s: {size}")
        if size["descriptors"] > node.first_size["descriptors"] + MORE_FILES:
            node.diary.find(f"{node.name} keeps files open: {node.first_size} at its start, {size} now")


def report(kind, diary):
    print(f"     {kind}: seed {SEED}, " + ", ".join(f"{what}: {number}" for what, number in sorted(diary.counts.items()))
          + f"; slowest call {diary.slowest:.1f} s", flush=True)


def soak(bench, kind):
    diary = Diary(os.path.join(bench.directory, f"diary-{kind}"))
    diary.note(f"seed {SEED}, {MINUTES} minutes")
    closed = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(Worker.over.set)  # after all else, as what they started dies with them
        server, nodes = stack.enter_context(cluster(bench, kind, diary))
        zid = wait.until("own ZID", 20, lambda: nodes[0].status()["OwnZID"])
        about = (zid, diary, SEED, closed)
        users = [*(ZrtpUser(name, nodes, *about) for name in ("alice", "bob", "carol")),
                 KeptUser("screen1", nodes[:1], *about), KeptUser("screen2", nodes[1:], *about),
                 LinphoneUser("dave", nodes[:1], *about)]
        if "trixie" in bench.roots:
            users.append(LinphoneUser("plain", nodes[1:], *about, root=bench.roots["trixie"]))
        weather = [*(Weather(node.name, SEED, closed, (2, 12), of_relay(node, diary)) for node in nodes),
                   Weather("database", SEED, closed, (15, 60), of_server(server, diary)),
                   Weather("nodes", SEED, closed, (15, 50), of_nodes(nodes, diary)),
                   Weather("administrator", SEED, closed, (3, 15), of_administrator(nodes, diary))]
        workers = [*users, *weather, *(Looker(node, users, closed) for node in nodes)]
        Worker.over.clear()
        for worker in workers:
            worker.start()
        end = time.monotonic() + 60 * MINUTES
        while time.monotonic() < end and len(diary.findings) < 5:
            time.sleep(0.5)
            for node in nodes:
                if node.alive and not node.lab.pbx.running():
                    time.sleep(0.5)
                    if node.alive:
                        diary.find(f"{node.name} died by itself: {node.lab.pbx.console_tail()}")
                        end = 0
        closed.set()
        for worker in workers:
            worker.finished.wait()
        calm_down(server, nodes, users)
        for node in nodes:
            for line in node.lab.pbx.log().splitlines():
                if LOST.search(line) and "res_zrtp" in line:
                    diary.find(f"{node.name}: {line}")
    report(kind, diary)
    if diary.findings:
        raise AssertionError(f"seed {SEED}: {len(diary.findings)} findings, first: {diary.findings[0]}; see {diary.file.name}")
    for node in nodes:
        node.lab.pbx.remove()


@case("two nodes on PostgreSQL that is slow, hung, away or killed, nodes killed: alarms by the rule only", "22 own attack")
def soak_postgresql(bench):
    soak(bench, "PostgreSQL")


@case("two nodes on MariaDB that is slow, hung, away or killed, nodes killed: alarms by the rule only", "22 own attack")
def soak_mariadb(bench):
    soak(bench, "MariaDB")
