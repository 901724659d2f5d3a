# SPDX-License-Identifier: GPL-2.0-only
"""What calls change while the cache cannot be stored is in the journal, whatever becomes of Asterisk."""
import contextlib
import os
import random
import re
import sqlite3
import subprocess
import threading
import time

import asterisk
import wait
from cachecalls import SECOND, enrolled_phone, no_complaints, with_key
from harness import Skip, case, equal
from lab import Lab
from test_cache import tiny_disk
from test_databases import TRIGGER, database, node
from test_hung import AT_ONCE, NO_WAIT, all_stored, answers, quick_call

COMMON = r"ZRTP cache is down|res_config_pgsql|its journal|cache is unavailable|cache did not answer in time"


def status(lab, row):
    """A row of `zrtp cache status`."""
    return re.search(rf"(?m)^{row} +(.*)$", lab.pbx.cli("zrtp cache status"))[1].strip()


def journaled(lab, count):
    wait.until(f"{count} changes in the journal", 10, lambda: status(lab, "In journal") == str(count))


def stored(lab, journal="lib/zrtp.journal"):
    """All of it is in the store, and the journal has no octets any more."""
    wait.until("all stored", 30, lambda: (status(lab, "Waiting"), status(lab, "In journal")) == ("0", "0"))
    wait.until("an empty file", 5, lambda: not os.path.getsize(lab.pbx.file(journal)))


def call(lab, phone, matched=None):
    """One call; whether the phone has found a secret of its own."""
    phone.call("echo", lab.sip_port)
    phone.secure()
    lab.pbx.secure(phone.name)
    found = phone.all("sas")[-1]["rs_matched"]
    phone.hang_up()
    lab.pbx.idle()
    if matched is not None:
        equal(f"{phone.name}: secrets match", found, matched)
    return found


def kill(lab):
    lab.pbx.process.kill()
    lab.pbx.process.wait()


@case("a database is away, and so is Asterisk: what calls have changed meanwhile is known at the next start, and at the "
      "other node afterwards", "22 own")
def outage(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second, first.zrtp_phone("alice") as alice, first.zrtp_phone("bob") as bob:
            call(first, alice, False)
            stored(first)
            server.stop()
            call(first, alice, True)
            call(first, bob, False)
            call(first, bob, True)
            journaled(first, 3)
            zid = status(first, "Own ZID")
            kill(first)
            equal("mode", os.stat(first.pbx.file("lib", "zrtp.journal")).st_mode & 0o777, 0o600)
            first.pbx.start()
            equal("state, own ZID", (status(first, "State"), status(first, "Own ZID")), ("closed", zid))
            call(first, alice, True)
            call(first, bob, True)
            journaled(first, 5)
            # Politely, it is the same.
            equal("exit status", first.pbx.stop(), 0)
            first.pbx.start()
            with asterisk.Events(first.pbx) as events:
                call(first, alice, True)
                equal("mismatch", events.wait("ZrtpSecure")["CacheMismatch"], "no")
                server.start()
                equal("to store", events.wait("ZrtpCacheUp", 10)["Waiting"], "6")
            stored(first)
            for lab in (second, first):
                call(lab, alice, True)
                call(lab, bob, True)
            for lab in (first, second):
                no_complaints(lab, COMMON)
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


@contextlib.contextmanager
def locked(path):
    """Another process writes the database all the time."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other
        other.execute("COMMIT")


def sqlite(bench, sealed):
    lab = Lab(bench.root, bench.directory)
    if sealed:
        with_key(lab)
        lab.pbx.write("zrtp.conf", f"[general]\ncache_key_file = {lab.pbx.home}/lib/zrtp.key\n")
    journal = lab.pbx.file("lib", "zrtp.journal")
    with lab, lab.zrtp_phone("alice") as alice:
        call(lab, alice, False)
        wait.until("stored", 5, lambda: status(lab, "Waiting") == "0")
        with locked(lab.pbx.file("lib", "zrtp.sqlite")):
            call(lab, alice, True)
            wait.until("one entry", 10, lambda: os.path.getsize(journal) == 512)
            kill(lab)
            with open(journal, "rb") as file:
                octets = file.read()
            equal("encrypted", (octets[9], b"sip:echo@" in octets), (1, False) if sealed else (0, True))
            lab.pbx.start()
            call(lab, alice, True)
        stored(lab)
        call(lab, alice, True)
        no_complaints(lab, COMMON)
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


@case("SQLite is locked by another process, and Asterisk killed: the phone is known at the next start, without a key", "22 own")
def sqlite_in_clear(bench):
    sqlite(bench, False)


@case("SQLite is locked by another process, and Asterisk killed: the phone is known at the next start, with a key", "16 own")
def sqlite_sealed(bench):
    sqlite(bench, True)


REFUSE = """CREATE TRIGGER meddle BEFORE INSERT ON pair WHEN NEW.peer_zid = x'{}' BEGIN SELECT RAISE(ABORT, 'meddled with'); END"""


@case("of changes that wait together SQLite refuses one phone's: those of others are stored, and its own once it is taken", "22 own")
def one_refused(bench):
    lab = Lab(bench.root, bench.directory)
    with lab, lab.zrtp_phone("bob") as bob, lab.zrtp_phone("alice") as alice, lab.zrtp_phone("carol") as carol:
        call(lab, bob, False)
        zid = re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[0]
        call(lab, alice, False)
        wait.until("stored", 5, lambda: status(lab, "Waiting") == "0")
        with locked(lab.pbx.file("lib", "zrtp.sqlite")) as other:
            for phone in (alice, bob, carol, alice):
                call(lab, phone, phone != carol)
            journaled(lab, 4)
            other.execute(REFUSE.format(zid))
        wait.until("all but one stored", 20, lambda: status(lab, "Waiting") == "1")
        wait.until("the log says why", 10, lambda: "meddled with" in lab.pbx.log())
        kill(lab)
        with locked(lab.pbx.file("lib", "zrtp.sqlite")) as other:
            other.execute("DROP TRIGGER meddle")
        lab.pbx.start()
        stored(lab)
        for phone in (alice, bob, carol):
            call(lab, phone, True)
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


@case("the disk of the journal is full, its folder missing, its file of another cache: calls go on, it is said, and the file is kept",
      "22 own")
def unusable(bench):
    lab = Lab(bench.root, bench.directory)
    lab.pbx.write("zrtp.conf", f"[general]\ncache_journal = {lab.pbx.home}/tiny/zrtp.journal\n")
    journal, cache = lab.pbx.file("tiny", "zrtp.journal"), lab.pbx.file("lib", "zrtp.sqlite")
    with tiny_disk(lab) as (fill, make_room), lab, lab.zrtp_phone("alice") as alice:
        call(lab, alice, False)
        stored(lab, "tiny/zrtp.journal")  # else the next one may have room behind it
        fill()
        with locked(cache), asterisk.Events(lab.pbx) as events:
            call(lab, alice, True)
            equal("path", events.wait("ZrtpCacheJournal", 10, State="failed")["Path"], f"{lab.pbx.home}/tiny/zrtp.journal")
            equal("journal", status(lab, "Journal").split(":")[0], "failed")
            make_room()
            events.wait("ZrtpCacheJournal", 10, State="works")
            journaled(lab, 1)
            equal("AMI", [events.ask("ZrtpCacheStatus")[name] for name in ("Journal", "InJournal")], ["works", "1"])
            kill(lab)
        with open(journal, "rb") as file:
            had = file.read()
        for name in os.listdir(os.path.dirname(cache)):
            if name.startswith("zrtp.sqlite"):
                os.remove(os.path.join(os.path.dirname(cache), name))
        lab.pbx.start()
        equal("journal", "another own ZID" in status(lab, "Journal"), True)
        call(lab, alice, False)
        equal("exit status", lab.pbx.stop(), 0)
        with open(journal, "rb") as file:
            equal("the file", file.read(), had)
        lab.pbx.write("zrtp.conf", "[general]\ncache_journal = /dev/null/zrtp.journal\n")
        lab.pbx.start()
        equal("journal", status(lab, "Journal").startswith("unusable: /dev/null/zrtp.journal: "), True)
        call(lab, alice, True)
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


PHONES = ("alice", "bob", "carol", "dave", "relayed")


@case("Asterisk is killed in the replay of its journal, again and again: no phone is a stranger at either node", "22 own attack")
def killed_in_replay(bench):
    chance = random.Random(4711)
    with database() as server, contextlib.ExitStack() as stack:
        first, second = stack.enter_context(node(bench)), stack.enter_context(node(bench, **SECOND))
        phones = [stack.enter_context(first.zrtp_phone(name)) for name in PHONES]
        for phone in phones:
            call(first, phone, False)
        for _ in range(3):
            stored(first)
            server.stop()
            for phone in phones:
                call(first, phone, True)
                call(first, phone, True)
            journaled(first, 2 * len(phones))
            kill(first)
            server.start()
            server.sql(TRIGGER.format(what="UPDATE", table="zrtp_peers", does="PERFORM pg_sleep(0.2);", row="NEW"))
            # Some of it is stored in each life.
            for _ in range(3):
                first.pbx.start()
                time.sleep(chance.random() * 0.8)
                kill(first)
            server.sql("DROP TRIGGER meddle ON zrtp_peers; DROP FUNCTION meddle")
            first.pbx.start()
            stored(first)
            for phone in phones:
                call(second, phone, True)
                call(first, phone, True)
        for lab in (first, second):
            no_complaints(lab, COMMON)
            equal("exit status", lab.pbx.stop(), 0)
            lab.pbx.remove()


@case("a peer is deleted and an enrollment revoked at the other node while a journal has changes of them: both stay so", "22 own attack")
def deleted_meanwhile(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second, first.zrtp_phone("bob") as bob, enrolled_phone(first) as alice:
            call(first, bob, False)
            wait.until("stored", 5, lambda: status(first, "Waiting") == "0")
            gone = server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx = ''")
            enrolled = server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx <> ''")
            server.stop()
            call(first, alice, True)
            call(first, bob, True)
            journaled(first, 2)
            kill(first)
            server.start()
            wait.until("up", 15, lambda: status(second, "State") == "up")
            second.pbx.cli("module load app_enroll_zrtp.so")
            equal("deleted", second.pbx.cli(f"zrtp cache delete {gone}").strip().splitlines()[-1], "Deleted")
            second.pbx.cli(f"zrtp enrollment revoke {enrolled}")
            first.pbx.start()
            stored(first)
            equal("peers", server.sql("SELECT peer_zid, pbx FROM zrtp_peers"), f"{enrolled}|")
            call(second, alice, True)
        for lab in (first, second):
            no_complaints(lab, COMMON)
            lab.pbx.remove()


@contextlib.contextmanager
def disk_of_its_own(lab):
    """A disk for the journal; yields what stops it from answering, as a context manager."""
    place, image = lab.pbx.file("disk"), lab.pbx.file("disk.image")
    if not os.path.exists("/dev/loop-control"):
        raise Skip("this machine has no loop devices, so no disk can be made to hang")
    os.mkdir(place)
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)

    @contextlib.contextmanager
    def frozen():
        subprocess.run(["fsfreeze", "-f", place], check=True)
        try:
            yield
        finally:
            subprocess.run(["fsfreeze", "-u", place], check=True)
    try:
        yield frozen
    finally:
        lab.pbx.stop()
        subprocess.run(["umount", place], check=True)


def on_that_disk(bench):
    lab = node(bench)
    lab.pbx.write("zrtp.conf", f"[general]\ncache = realtime\ncache_key_file = {lab.pbx.home}/lib/zrtp.key\n"
                  f"cache_journal = {lab.pbx.home}/disk/zrtp.journal\n")
    return lab


def main_thread(lab):
    """Z: it has ended, and others of the process have not."""
    with open(f"/proc/{lab.pbx.process.pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


@case("a database hangs at the start: calls have the own ZID and the secrets that the journal has", "22 own")
def hung_at_the_start(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as alice:
            call(lab, alice, False)
            stored(lab)
            server.stop()
            call(lab, alice, True)
            journaled(lab, 1)
            zid = status(lab, "Own ZID")
            kill(lab)
            server.start()
            with server.holding("LOCK TABLE zrtp_meta, zrtp_peers, zrtp_pairs IN ACCESS EXCLUSIVE MODE"):
                lab.pbx.start()
                equal("state, own ZID", (status(lab, "State"), status(lab, "Own ZID")), ("closed", zid))
                call(lab, alice, True)
                journaled(lab, 2)
            stored(lab)
            call(lab, alice, True)
            no_complaints(lab, COMMON)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("the disk of the journal hangs: the cache goes on, calls do not wait, it is told, and unloading is refused", "22 own")
def hung_disk(bench):
    with database() as server:
        lab = on_that_disk(bench)
        with disk_of_its_own(lab) as frozen, lab, lab.zrtp_phone("alice") as alice, asterisk.Events(lab.pbx) as events:
            quick_call(lab, alice)
            all_stored(lab)
            server.stop()
            quick_call(lab, alice)
            journaled(lab, 1)
            with frozen():
                server.start()
                events.wait("ZrtpCacheUp", 10)
                told = events.wait("ZrtpCacheJournal", 10, State="failed")
                equal("reason", told["Reason"], "no answer from its disk for two seconds")
                ms, current = quick_call(lab, alice)
                equal("the store has answered, quickly", (current, ms < NO_WAIT), ("yes", True))
                all_stored(lab)
                answers(lab, "zrtp cache status", "failed: no answer from its disk", AT_ONCE)
                answers(lab, "module unload res_zrtp.so", "Unable to unload")
                equal("the store has answered", quick_call(lab, alice)[1], "yes")
            events.wait("ZrtpCacheJournal", 10, State="works")
            wait.until("nothing in the journal", 5, lambda: status(lab, "In journal") == "0")
            # A call that has just ended may be on its way out.
            wait.until("unloaded", 10, lambda: "Unloaded" in lab.pbx.cli("module unload res_zrtp.so"))
        lab.pbx.remove()


@case("the disk of the journal hangs at the start and at the end: the cache is up without it, and the end waits for the disk only",
      "22 own attack")
def hung_disk_at_both_ends(bench):
    with database() as server:
        lab = on_that_disk(bench)
        with disk_of_its_own(lab) as frozen, lab.zrtp_phone("alice") as alice:
            with frozen():
                lab.pbx.start()
                wait.until("up", 10, lambda: status(lab, "State") == "up")
                equal("journal", status(lab, "Journal"), "unusable: no answer from its disk for five seconds")
                for _ in range(2):
                    quick_call(lab, alice)
                equal("the store has answered", quick_call(lab, alice)[1], "yes")
                answers(lab, "module unload res_zrtp.so", "Unable to unload")
                equal("the store has answered", quick_call(lab, alice)[1], "yes")
            wait.until("unloaded", 10, lambda: "Unloaded" in lab.pbx.cli("module unload res_zrtp.so"))
            answers(lab, "module load res_zrtp.so", "Loaded")
            equal("journal", status(lab, "Journal"), "works")
            server.stop()
            with frozen():
                quick_call(lab, alice)
                began = time.monotonic()
                asks = threading.Thread(target=lab.pbx.cli, args=("core stop now",))  # which waits for the end of the process
                asks.start()
                wait.until("the end of all but what the disk keeps", 15, lambda: main_thread(lab) == "Z")
                if time.monotonic() - began > 12:
                    raise AssertionError(f"core stop now took {time.monotonic() - began:.1f} s")
            asks.join()
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()
