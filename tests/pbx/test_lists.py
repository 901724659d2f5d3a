# SPDX-License-Identifier: GPL-2.0-only
"""Lists of the cache: few statements, and no call waits for them, however slow or hung a database is."""
import contextlib
import hashlib
import os
import re
import subprocess
import threading
import time

import asterisk
import processes
import wait
from cachecalls import command, no_complaints, pbx, restart
from harness import case, equal
from postgres import USER
from slowdb import SlowDb
from test_databases import POSTGRES_PORT, REALTIME, database, node, short_call

RELAY_PORT = 25094
SLOW = {**REALTIME, "res_pgsql.conf": REALTIME["res_pgsql.conf"].replace(str(POSTGRES_PORT), str(RELAY_PORT))}
PEERS = 2000
# Those of a phone that calls are among them; every tenth is enrolled.
FILL = """INSERT INTO zrtp_peers (own_zid, peer_zid, name, endpoints, scope, pbx, first_use, last_use, revision, latest)
 SELECT own.value, left(md5(n::text), 24), '=Phone ' || n, '=', 1, CASE n % 10 WHEN 0 THEN 'aa' ELSE '' END, 1, 1, 1, 1
 FROM generate_series(1, {0}) n, zrtp_meta own WHERE own.property = 'zid';
INSERT INTO zrtp_pairs (own_zid, peer_zid, label, rs1, verified, last_use, expires, revision)
 SELECT own.value, left(md5(n::text), 24), '=' || label, 'aa', label % 2, 1, {1}, label
 FROM generate_series(1, {0}) n, generate_series(1, 2) label, zrtp_meta own WHERE own.property = 'zid';"""
EVER = 9223372036854775807


class Statements:
    """What a server is asked, and how often. (Each node also reads a row of zrtp_meta now and then, for edits of others.)"""

    def __init__(self, server):
        self.path = os.path.join(server.directory, "log")
        server.sql("ALTER SYSTEM SET log_statement = 'all'", database="postgres")
        server.sql("SELECT pg_reload_conf()", database="postgres")
        wait.until("it logs statements", 5, lambda: server.sql("SELECT 'a mark'") and "a mark" in self._text())

    def _text(self):
        with open(self.path, errors="replace") as log:
            return log.read()

    def of(self, ask):
        """How many reads of the tables there are while ask() is done, and what it returns."""
        before = len(self._text())
        done = ask()
        return len(re.findall(r"SELECT .*FROM zrtp_(?:peers|pairs)", self._text()[before:])), done


@contextlib.contextmanager
def over(repeat):
    """Something again and again, beside what a test does."""
    ended, failed, turns = threading.Event(), [], []

    def turn():
        try:
            while not ended.is_set():
                repeat()
                turns.append(None)
        except Exception as error:  # pylint: disable=broad-except
            failed.append(error)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield turns
    finally:
        ended.set()
        thread.join()
    if failed:
        raise failed[0]


def is_known(lab, phone):
    """A call of a phone that the PBX has to look up: the store answers in time, and no side is alarmed."""
    with asterisk.Events(lab.pbx) as events:
        phone.call("echo", lab.sip_port)
        phone.secure()
        event = events.wait("ZrtpSecure", 5)
        phone.hang_up()
        lab.pbx.idle()
    equal("the store has answered, mismatch", (event["CacheCurrent"], event["CacheMismatch"]), ("yes", "no"))


def completions(lab, text, word):
    """What a console offers."""
    return re.findall(r"[0-9a-f]{24}", lab.pbx.cli(f'_command matchesarray "{text} {word}" "{word}"'))


def add_peers(lab, path):
    """A file to import: the peer of an export, as often as is wanted under other names."""
    lab.pbx.cli(f"zrtp cache export {lab.pbx.home}/lib/one.json")
    with open(lab.pbx.file("lib", "one.json")) as exported, open(path, "w") as file:
        head, *lines = exported.readlines()
        zid = re.search('"peer": ?"([0-9a-f]{24})"', lines[0])[1]
        file.write(head)
        for number in range(PEERS):
            other = hashlib.md5(str(number).encode()).hexdigest()[:24]
            file.writelines(line.replace(zid, other) for line in lines)


def few_statements(lab, statements):
    """(10000 peers take about 80: each page is two of them.)"""
    begins = {"zrtp cache show": PEERS + 1, "zrtp enrollments show": PEERS // 10, "zrtp cache show like 'Phone 1_'": 10}
    for text, peers in begins.items():
        asked, shown = statements.of(lambda text=text: lab.pbx.cli(text.replace("'", '"')))
        found = re.findall(r"(?m)^[0-9a-f]{24} ", shown)
        equal(f"{text}: peers, each once", (len(found), len(set(found))), (peers, peers))
        equal(f"{text}: in order", found == sorted(found), True)
        if not 1 <= asked <= 24:
            raise AssertionError(f"{text}: {asked} SELECTs")
    equal("a peer's line", re.findall(r"(?m)^\S+ +no +no +label +2 .* Phone 17$", lab.pbx.cli("zrtp cache show like \"Phone 17\"")) != [], True)
    for typed, most in (("", 6), ("a", 6), ("a8", 1), ("a87ff6", 1), ("x", 0)):
        asked, offered = statements.of(lambda typed=typed: completions(lab, "zrtp cache show peer", typed))
        if asked > most or any(not zid.startswith(typed) for zid in offered) or len(offered) > 101:
            raise AssertionError(f"completion of {typed!r}: {asked} SELECTs, {len(offered)} ZIDs")
        equal(f"completion of {typed!r}: some", len(offered) > 0, typed != "x")


@case("lists of 2000 peers in a slow database: a known phone stays known meanwhile, and few statements do it", "22 own")
def slow(bench):
    with database() as server, SlowDb(RELAY_PORT, POSTGRES_PORT) as relay:
        lab = node(bench, files=SLOW)
        with lab, lab.zrtp_phone("alice") as phone:
            short_call(lab, phone)
            wait.until("stored", 5, lambda: server.sql("SELECT count(*) FROM zrtp_pairs") == "1")
            server.sql(FILL.format(PEERS, EVER), user=USER)
            restart(lab)
            statements = Statements(server)
            few_statements(lab, statements)
            relay.delay(3)
            for text in ("zrtp cache show", "zrtp enrollments show"):
                restart(lab)
                with over(lambda text=text: lab.pbx.cli(text)):
                    is_known(lab, phone)
            no_complaints(lab)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("a purge of 800 secrets in a slow database: a known phone stays known meanwhile", "22 own attack")
def slow_purge(bench):
    with database() as server, SlowDb(RELAY_PORT, POSTGRES_PORT) as relay:
        lab = node(bench, files=SLOW)
        with lab, lab.zrtp_phone("alice") as phone:
            short_call(lab, phone)
            wait.until("stored", 5, lambda: server.sql("SELECT count(*) FROM zrtp_pairs") == "1")
            equal("exit status", lab.pbx.stop(), 0)
            server.sql(FILL.format(400, 1), user=USER)
            relay.delay(3)
            # What has expired goes as soon as the module is loaded.
            lab.pbx.start()
            is_known(lab, phone)
            if server.sql("SELECT count(*) FROM zrtp_pairs WHERE expires = 1") == "0":
                raise AssertionError("the purge was over before the call")
            said = command(lab, "zrtp cache purge")
            if not re.search(r"^[1-9]\d* expired secrets, [1-9]\d* peers removed", said):
                raise AssertionError(f"zrtp cache purge: {said}")
            wait.until("all gone", 20, lambda: server.sql("SELECT count(*) FROM zrtp_pairs WHERE expires = 1") == "0")
            # The phone's own, and those that are enrolled.
            equal("peers", server.sql("SELECT count(*) FROM zrtp_peers"), "41")
            no_complaints(lab)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("a database that hangs: a TAB does not hold up the console, and a list ends with its terminal", "22 own attack")
def hung(bench):
    with database() as server, SlowDb(RELAY_PORT, POSTGRES_PORT) as relay:
        lab = node(bench, files=SLOW)
        with lab:
            server.sql(FILL.format(PEERS, EVER), user=USER)
            relay.freeze()
            began = time.monotonic()
            equal("completions", completions(lab, "zrtp cache delete", "a8"), [])
            # One waits for the database already, the next one does not wait for that.
            equal("completions", completions(lab, "zrtp enrollment revoke", "a8"), [])
            if time.monotonic() - began > 4:
                raise AssertionError(f"the console waited {time.monotonic() - began:.1f} s")
            relay.thaw()
            wait.until("completions", 10, lambda: completions(lab, "zrtp cache delete", "a8"))
            relay.delay(300)
            statements = Statements(server)

            def leave():
                listing = processes.start(lab.pbx.console("zrtp cache show"), stdout=subprocess.DEVNULL)
                wait.until("the list is read", 10, lambda: "peer_zid >=" in statements._text())
                listing.kill()
                listing.wait()
                time.sleep(4)
            asked, _ = statements.of(leave)
            if asked > 5:
                raise AssertionError(f"{asked} SELECTs for a list whose terminal has gone")
            relay.thaw()
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("lists of 2000 peers in SQLite, in a file and in memory: a known phone stays known meanwhile", "22 own attack")
def others(bench):
    for general in ("", "cache = file\n", "cache = memory\n"):
        with pbx(bench, general) as lab, lab.zrtp_phone("alice") as phone:
            short_call(lab, phone)
            imported = lab.pbx.file("lib", "peers.json")
            add_peers(lab, imported)
            equal("import", command(lab, f"zrtp cache import {lab.pbx.home}/lib/peers.json"), f"{2 * PEERS} peers and secrets imported")
            if general != "cache = memory\n":
                restart(lab)
            with over(lambda lab=lab: lab.pbx.cli("zrtp cache show")) as turns:
                is_known(lab, phone)
                wait.until("listed meanwhile", 10, lambda turns=turns: turns)
            equal("peers", command(lab, "zrtp cache show"), f"{PEERS + 1} peers")
            offered = completions(lab, "zrtp cache show peer", "a8")
            if not offered or any(not zid.startswith("a8") for zid in offered):
                raise AssertionError(f"completion of a8: {len(offered)} ZIDs")
            equal("none of another beginning", completions(lab, "zrtp cache show peer", "a8ffffffffffffffffffffff"), [])
