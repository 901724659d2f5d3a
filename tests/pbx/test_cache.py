# SPDX-License-Identifier: GPL-2.0-only
"""Retained secrets over restarts, crashes, several numbers, and two PBXs on one database."""
import concurrent.futures
import contextlib
import os
import random
import re
import secrets
import sqlite3
import subprocess
import time

import asterisk
import calls
import harness
import wait
from harness import Skip, case, equal
from lab import Lab
from mariadb import MariaDB
from postgres import DATABASE, IP, PASSWORD, USER, Postgres

SUSPECT = re.compile(r" (ERROR|WARNING)\[.*(res_zrtp/|res_config|realtime)")
MISMATCH = "Zrtp Event dispatched : cache mismatch"
POSTGRES_PORT, MARIADB_PORT = 25090, 25092
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SQL = os.path.join(TOP, "asterisk", "sql", "zrtp-realtime.postgresql.sql")
MARIADB_SQL = os.path.join(TOP, "asterisk", "sql", "zrtp-realtime.mariadb.sql")

FAMILIES = ("zrtp_meta", "zrtp_peers", "zrtp_pairs")
REALTIME = {
    "extconfig.conf": "[settings]\n" + "".join(
        f"{family} => pgsql,{DATABASE},{family}\n" for family in FAMILIES),
    "res_pgsql.conf": f"[general]\ndbhost = {IP}\ndbport = {POSTGRES_PORT}\ndbname = {DATABASE}\n"
                      f"dbuser = {USER}\ndbpass = {PASSWORD}\nrequirements = warn\n",
}
ODBC = {
    "extconfig.conf": "[settings]\n" + "".join(f"{family} => odbc,zrtp,{family}\n" for family in FAMILIES),
    "res_odbc.conf": f"[zrtp]\nenabled = yes\ndsn = zrtp\nusername = {USER}\npassword = {PASSWORD}\n"
                     "pre-connect = yes\n",
    "odbc.ini": f"[zrtp]\nDriver = MariaDB Unicode\nServer = {IP}\nPort = {MARIADB_PORT}\n"
                f"Database = {DATABASE}\nUser = {USER}\nPassword = {PASSWORD}\n",
}
SECOND = {"sip_port": 25260, "ami_port": 25264, "rtp_ports": (29000, 29999)}


# What a call is worth

def command(lab, text):
    """The last line the console answers; before it may stand what Asterisk says of the machine."""
    return lab.pbx.cli(text).strip().splitlines()[-1]


def say_verified(lab, phone):
    """Both users have compared the SAS."""
    phone.say("zrtp-set-verified")
    peers = re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))
    equal("peers in the cache", len(peers), 1)
    equal("CLI", command(lab, f"zrtp cache set verified {peers[0]} yes"), "Verified")


def make_call(lab, phone, *, way="phone calls", extension="announce", verify=False):
    """One call of a phone that runs: (verified at the phone, at the PBX). A mismatch fails."""
    logged = len(phone.log())
    with asterisk.Events(lab.pbx) as events:
        calls.start(lab, phone, way, extension)
        stream = calls.secure(lab, phone)
        event = events.wait("ZrtpSecure", 5, Channel=stream["Channel"])
        if verify:
            say_verified(lab, phone)
        calls.talk(0.2)
        calls.end(lab, phone, way)
    said = phone.log()[logged:]
    if MISMATCH in said or event["CacheMismatch"] != "no":
        raise AssertionError(f"cache mismatch, {extension}: at the phone {MISMATCH in said}, "
                             f"at the PBX {event['CacheMismatch']}")
    equal("the store has answered", event["CacheCurrent"], "yes")
    return re.findall(r"previously verified (\w+)", said)[-1], event["Verified"]


def restart(lab):
    """Stop and start the PBX politely."""
    equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.start()


def no_complaints(lab, but=None):
    """The log has no errors or warnings of the module or of a database."""
    found = [line for line in lab.pbx.log().splitlines() if SUSPECT.search(line) and not harness.ENDPOINTS.search(line)
             and not (but and re.search(but, line))]
    if found:
        raise AssertionError(f"{len(found)} errors or warnings logged, first: {found[0]}")


@contextlib.contextmanager
def pbx(bench, general, **options):
    """A PBX with these lines in [general]; it must end cleanly."""
    lab = Lab(bench.root, bench.directory, general=general, **options)
    with lab:
        yield lab
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


@contextlib.contextmanager
def database():
    """PostgreSQL with the tables as shipped."""
    with Postgres(POSTGRES_PORT) as server, open(SQL) as script:
        server.sql(script.read(), user=USER)
        yield server


KEY = secrets.token_hex(32)


def with_key(lab):
    """Put the key of the encryption where zrtp.conf says."""
    path = lab.pbx.file("lib", "zrtp.key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
        key.write(KEY + "\n")


def node(bench, *, files=REALTIME, modules=("res_config_pgsql",), **options):
    """A PBX of a cluster, not started yet."""
    lab = Lab(bench.root, bench.directory, files=files, modules=modules, **options)
    with_key(lab)
    lab.pbx.write("zrtp.conf", "[general]\ncache = realtime\n"
                  f"cache_key_file = {lab.pbx.home}/lib/zrtp.key\n")
    return lab


def three_calls(lab, between, change=lambda: None):
    """The first call is verified on both sides; the others, after restarts, know it."""
    phone = lab.phone("alice")
    found = []
    for number in range(3):
        with phone:
            found.append(make_call(lab, phone, verify=number == 0))
        change()
        between(lab)
    equal("verified at phone and PBX", found, [("no", "no"), ("yes", "yes"), ("yes", "yes")])


# Continuity

@case("cache in SQLite: verified once, known after restarts of both sides", "22 own")
def sqlite_continuity(bench):
    with pbx(bench, "") as lab:
        three_calls(lab, restart)
        equal("mode of the file", os.stat(lab.pbx.file("lib", "zrtp.sqlite")).st_mode & 0o777, 0o600)
        no_complaints(lab)


@case("cache in a file: verified once, known after restarts of both sides", "22 own")
def file_continuity(bench):
    with pbx(bench, "cache = file\ncache_flush = 3600\n") as lab:
        three_calls(lab, restart)
        equal("mode of the file", os.stat(lab.pbx.file("lib", "zrtp.cache")).st_mode & 0o777, 0o600)
        no_complaints(lab)


@case("cache in memory: verified once, known as long as the module is loaded", "22 own")
def memory_continuity(bench):
    with pbx(bench, "cache = memory\n") as lab:
        three_calls(lab, lambda _: None)
        no_complaints(lab)


@case("cache in SQLite: verified once, known after restarts of both sides", "16 own")
def old_continuity(bench):
    with pbx(bench, "") as lab:
        three_calls(lab, restart)
        no_complaints(lab)


@case("a phone that knows us under four numbers, and is called, never sees a mismatch", "22 own")
def several_numbers(bench):
    ways = [("phone calls", "announce"), ("phone calls", "echo"), ("phone calls", "record"),
            ("phone calls", "silent"), ("PBX calls", "announce")]
    with pbx(bench, "") as lab:
        phone = lab.phone("alice")
        for turn in range(3):
            with phone:
                for way, extension in ways if turn % 2 == 0 else reversed(ways):
                    make_call(lab, phone, way=way, extension=extension)
            if turn == 0:
                restart(lab)
        shown = lab.pbx.cli("zrtp cache show peer " + re.search(
            r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[1])
        for label in ("sip:announce@127.0.0.1", "sip:echo@127.0.0.1", "sip:silent@127.0.0.1"):
            if label not in shown:
                raise AssertionError(f"no label {label}: {shown}")


# Crashes

def killed(lab, name, times, seed):
    """Calls, with the PBX killed at a random moment around each one's update."""
    chance = random.Random(seed)
    with lab.phone(name) as phone:
        for _ in range(times):
            calls.start(lab, phone, "phone calls")
            phone.wait("connected|fully encrypted", 10)
            time.sleep(chance.random() * 0.25)
            lab.pbx.process.kill()
            lab.pbx.process.wait()
            phone.hang_up()
            lab.pbx.start()
            make_call(lab, phone)
    no_complaints(lab)


def kill_test(bench, general, name, times, **options):
    lab = Lab(bench.root, bench.directory, general=general, **options)
    with lab:
        killed(lab, name, times, 4711 + len(name))
    lab.pbx.remove()


def both(first, first_options, second, second_options):
    """Do two things at once."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(*first, **first_options), pool.submit(*second, **second_options)]:
            done.result()


@case("kill -9 of Asterisk at random moments, SQLite and file: the next call is no mismatch",
      "22 own")
def kills(bench):
    both((kill_test, bench, "", "alice", 16), {}, (kill_test, bench, "cache = file\n", "bob", 16), SECOND)


@case("killed after every call, cache in a file that is written late: a phone like Linphone, which has one secret only "
      "when its second one was needed, is known each time", "22 own attack")
def one_secret(bench):
    lab = Lab(bench.root, bench.directory, general="cache = file\ncache_flush = 3600\n")
    file = lab.pbx.file("lib", "zrtp.cache")
    with lab, lab.zrtp_phone("alice", like="linphone") as phone:
        def call(matched, stored_at_once):
            before = os.stat(file).st_ino if os.path.exists(file) else None
            phone.call("echo", lab.sip_port)
            phone.secure()
            lab.pbx.secure("alice")
            equal("secrets match", phone.all("sas")[-1]["rs_matched"], matched)
            if stored_at_once:
                wait.until("the file is another one", 20, lambda: os.stat(file).st_ino != before)
            phone.hang_up()
            lab.pbx.idle()

        call(False, False)
        equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.start()
        for number in range(4):
            # What the PBX made in one call is lost; in the next one the phone's second secret matches.
            call(True, number % 2 == 1)
            lab.pbx.process.kill()
            lab.pbx.process.wait()
            lab.pbx.start()
    no_complaints(lab)
    lab.pbx.remove()


@contextlib.contextmanager
def tiny_disk(lab):
    """A full disk of its own for the cache; yields what makes room."""
    place = lab.pbx.file("tiny")
    os.mkdir(place)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", place], check=True)
    filler = os.path.join(place, "filler")

    def fill():
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
    try:
        yield fill, lambda: os.remove(filler)
    finally:
        lab.pbx.stop()
        subprocess.run(["umount", place], check=True)


def fill_disk(bench, kind, name, **options):
    """A PBX whose cache finds no room for a while."""
    lab = Lab(bench.root, bench.directory, **options)
    lab.pbx.write("zrtp.conf", f"[general]\ncache = {kind}\ncache_path = {lab.pbx.home}/tiny/zrtp\n"
                  "cache_flush = 1\n")
    with tiny_disk(lab) as (fill, make_room), lab:
        phone = lab.phone(name)
        with asterisk.Events(lab.pbx) as events, phone:
            make_call(lab, phone, verify=True)
            fill()
            for _ in range(3):
                make_call(lab, phone)
            equal("BackEnd", events.wait("ZrtpCacheDown", 10)["BackEnd"], kind)
            make_room()
            events.wait("ZrtpCacheUp", 15)
            wait.until("all stored", 10, lambda: re.search(
                r"Waiting +0\b", lab.pbx.cli("zrtp cache status")))
            time.sleep(1.5)
            equal("events", (len(events.all("ZrtpCacheDown")), len(events.all("ZrtpCacheUp"))), (1, 1))
        lab.pbx.process.kill()
        lab.pbx.process.wait()
        lab.pbx.start()
        with phone:
            equal("verified", make_call(lab, phone), ("yes", "yes"))
    lab.pbx.remove()


@case("the disk is full: calls go on, events tell it, and nothing is lost once there is room",
      "22 own")
def full_disk(bench):
    both((fill_disk, bench, "sqlite", "alice"), {}, (fill_disk, bench, "file", "bob"), SECOND)


# What goes with the secrets

@contextlib.contextmanager
def enrolled_phone(lab):
    """A phone enrolled as alice, and given a name."""
    lab.pbx.cli("module load app_enroll_zrtp.so")
    with lab.zrtp_phone("alice", enroll="accept") as phone:
        phone.call("enroll-trust", lab.sip_port)
        zid = wait.until("enrolled", 10, lambda: re.search(
            r"(?m)^([0-9a-f]{24}) \S+ +alice$", lab.pbx.cli("zrtp enrollments show")))[1]
        phone.wait_ended()
        lab.pbx.cli(f'zrtp cache set name {zid} "Alice, at home"')
        yield phone


def knows_all(lab, phone):
    """A call shows name and endpoint of an enrolled phone."""
    phone.call("echo", lab.sip_port)
    phone.secure()
    said = lab.pbx.cli(f"zrtp show channel {lab.pbx.secure('alice')['Channel']}")
    found = dict(re.findall(r"(?m)^(PeerName|Enrolled|EnrolledAs) +(\S.*)$", said))
    equal("known", found, {"PeerName": "Alice, at home", "Enrolled": "yes", "EnrolledAs": "alice"})
    phone.hang_up()
    lab.pbx.idle()


@case("cache in SQLite and in a file: an enrolled phone keeps its name and its endpoint over restarts", "22 own")
def name_continuity(bench):
    for general in ("", "cache = file\ncache_flush = 3600\n"):
        with pbx(bench, general) as lab, enrolled_phone(lab) as phone:
            restart(lab)
            knows_all(lab, phone)
            no_complaints(lab)


# The cluster

@case("two PBXs on one PostgreSQL: a phone enrolled at one is so at the other, as the same endpoint", "22 own")
def cluster_enrollment(bench):
    with database():
        first, second = node(bench), node(bench, **SECOND)
        with first, second, enrolled_phone(first) as phone:
            for lab in (second, first):
                knows_all(lab, phone)
            for lab in (first, second):
                no_complaints(lab)
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


@case("two PBXs on one PostgreSQL: a phone verified at one is known at the other, in turn",
      "22 own")
def cluster(bench):
    with database():
        first, second = node(bench), node(bench, **SECOND)
        with first, second:
            phone = first.phone("alice")
            found = []
            with phone:
                for number in range(20):
                    lab = (first, second)[number % 2]
                    found.append(make_call(lab, phone, verify=number == 0))
            equal("verified in 20 calls", found, [("no", "no")] + 19 * [("yes", "yes")])
            for lab in (first, second):
                no_complaints(lab)
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


DRIVER = r"res_config_pgsql|ZRTP cache is down"


@case("PostgreSQL stops and comes back: calls go on, events tell it, nothing is lost", "22 own")
def outage(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second, asterisk.Events(first.pbx) as events:
            phone = first.phone("alice")
            with phone:
                make_call(first, phone, verify=True)
                server.stop()
                logged = len(phone.log())
                for _ in range(3):
                    calls.start(first, phone, "phone calls")
                    calls.secure(first, phone)
                    calls.end(first, phone, "phone calls")
                if MISMATCH in phone.log()[logged:]:
                    raise AssertionError("cache mismatch while the database was away")
                down = events.wait("ZrtpCacheDown", 5)
                equal("BackEnd", down["BackEnd"], "realtime")
                current = [m["CacheCurrent"] for m in events.all("ZrtpSecure")]
                equal("CacheCurrent", (current[0], current[-1]), ("yes", "no"))
                server.start()
                events.wait("ZrtpCacheUp", 10)
                wait.until("all stored", 10, lambda: re.search(
                    r"Waiting +0\b", first.pbx.cli("zrtp cache status")))
                for lab in (second, first, second):
                    equal("verified", make_call(lab, phone), ("yes", "yes"))
            no_complaints(first, DRIVER)
            no_complaints(second, DRIVER)
            for lab in (first, second):
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


TRIGGER = """CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} RETURN {row}; END $$;
CREATE TRIGGER meddle BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION meddle();"""


def short_call(lab, phone):
    """A call that becomes secure, and whose change is in the queue of the cache."""
    phone.call("echo", lab.sip_port)
    phone.secure()
    lab.pbx.secure("alice")
    phone.hang_up()
    lab.pbx.idle()


@case("a database in which every change conflicts is taken for down, and the module unloads all the same", "22 own")
def conflicts(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone:
            short_call(lab, phone)
            wait.until("stored", 5, lambda: server.sql("SELECT count(*) FROM zrtp_pairs") == "1")
            server.sql(TRIGGER.format(what="UPDATE", table="zrtp_peers", does="", row="NULL"), user=USER)
            short_call(lab, phone)
            wait.until("down", 15, lambda: "ZRTP cache is down, calls go on with what is known: changed by somebody else"
                       in lab.pbx.log())
            zid = re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[1]
            for verb in (f"delete {zid}", f"set verified {zid} no", f"set name {zid} Eve"):
                # What waits would undo it later.
                equal(verb, "would undo it" in lab.pbx.cli(f"zrtp cache {verb}"), True)
            lab.pbx.cli("module unload app_enroll_zrtp.so")
            began = time.monotonic()
            lab.pbx.cli("module unload res_zrtp.so")
            wait.until("unloaded", 10, lambda: "changes of the last calls are lost" in lab.pbx.log())
            if time.monotonic() - began > 10:
                raise AssertionError("the unload waited for a change that never succeeds")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("a peer that a call writes while its last secret expires stays in the database", "22 own")
def purge_beside_call(bench):
    def purge():
        wait.until("stored", 5, lambda: server.sql("SELECT count(*) FROM zrtp_pairs") == "1")
        server.sql("UPDATE zrtp_pairs SET expires = 1")
        return command(lab, "zrtp cache purge")

    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone:
            short_call(lab, phone)
            # What a call under another number does first.
            server.sql(TRIGGER.format(what="DELETE", table="zrtp_pairs", row="OLD", does="UPDATE zrtp_peers SET "
                                      "revision = revision + 1, latest = revision + 1;"), user=USER)
            equal("beside a call", purge(), "1 expired secret, 0 peers removed")
            equal("peers", server.sql("SELECT count(*) FROM zrtp_peers"), "1")
            server.sql("DROP TRIGGER meddle ON zrtp_pairs", user=USER)
            short_call(lab, phone)
            equal("alone", purge(), "1 expired secret, 1 peer removed")
            equal("peers", server.sql("SELECT count(*) FROM zrtp_peers"), "0")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


def on_mariadb(bench):
    with MariaDB(MARIADB_PORT) as server, open(MARIADB_SQL) as script:
        server.sql(script.read())
        lab = node(bench, files=ODBC, modules=["res_odbc", "res_odbc_transaction", "res_config_odbc"])
        with lab:
            three_calls(lab, restart)
            no_complaints(lab)
            equal("rows", server.sql("SELECT count(*), max(revision) >= 3 FROM zrtp_peers"), "1\t1")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


case("cache in MariaDB by ODBC: verified once, known after restarts of both sides", "22 own")(on_mariadb)
case("cache in MariaDB by ODBC: verified once, known after restarts of both sides", "16 own")(on_mariadb)


@case("a database that hangs, or is not there at the start: calls go on and learn later", "22 own")
def absent(bench):
    with Postgres(POSTGRES_PORT) as server, open(SQL) as script:
        server.stop()
        lab = node(bench)
        with lab:
            phone = lab.phone("alice")
            with phone:
                calls.start(lab, phone, "phone calls")
                calls.secure(lab, phone)
                equal("cache without a database", cache_shown(lab), "unavailable")
                calls.end(lab, phone, "phone calls")
                if "State           not open" not in lab.pbx.cli("zrtp cache status"):
                    raise AssertionError("the cache is open without a database")
                server.start()
                server.sql(script.read(), user=USER)
                wait.until("the cache is up", 15, lambda: re.search(
                    r"State +up", lab.pbx.cli("zrtp cache status")))
                make_call(lab, phone)
                make_call(lab, phone)
                with server.frozen(), asterisk.Events(lab.pbx) as events:
                    began = time.monotonic()
                    calls.start(lab, phone, "phone calls")
                    stream = calls.secure(lab, phone)
                    if time.monotonic() - began > 6:
                        raise AssertionError("the call waited for the database")
                    event = events.wait("ZrtpSecure", 5, Channel=stream["Channel"])
                    equal("mismatch, current", (event["CacheMismatch"], event["CacheCurrent"]), ("no", "no"))
                    calls.end(lab, phone, "phone calls")
                make_call(lab, phone)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


# A wall clock that is two hours ahead for as long as a file is there.
CLOCK = """
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += access(getenv("CLOCK_AHEAD"), F_OK) ? 0 : 7200;
	return out ? *out = now.tv_sec : now.tv_sec;
}
"""


@case("the clock is put back while the database is away: the cache is up soon after it", "22 own")
def clock_put_back(bench):
    with Postgres(POSTGRES_PORT) as server, open(SQL) as script:
        server.stop()
        lab = node(bench)
        if lab.pbx.sanitizer():
            raise Skip("a sanitizer has the place of the clock")
        ahead, library = lab.pbx.file("lib", "ahead"), lab.pbx.file("lib", "clock.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=CLOCK, text=True, check=True)
        lab.pbx.environment = [f"LD_PRELOAD={lab.pbx.home}/lib/clock.so", f"CLOCK_AHEAD={lab.pbx.home}/lib/ahead"]
        open(ahead, "w").close()
        with lab:
            wait.until("the database is missed", 10, lambda: "ZRTP cache is down" in lab.pbx.log())
            os.remove(ahead)
            server.start()
            server.sql(script.read(), user=USER)
            wait.until("the cache is up", 15, lambda: re.search(r"State +up", lab.pbx.cli("zrtp cache status")))
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


# Administration

@case("zrtp cache: commands, AMI actions, export and import", "22 own")
def administration(bench):
    with pbx(bench, "") as lab:
        phone = lab.phone("alice")
        with phone:
            make_call(lab, phone, verify=True)
        zid = re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[1]
        equal("name", command(lab, f"zrtp cache set name {zid} Alice in the office"), "Named")
        for like, count in (("alice%", 1), ("bob%", 0), (zid[:4] + "%", 1)):
            if f"{count} peer" not in lab.pbx.cli(f"zrtp cache show like {like}"):
                raise AssertionError(f"like {like}: not {count} peers")
        if "no such peer" not in lab.pbx.cli("zrtp cache show peer " + 24 * "0"):
            raise AssertionError("an unknown peer is shown")
        with asterisk.Events(lab.pbx) as events:
            events.ask("ZrtpCacheList")
            peer = events.wait("ZrtpCachePeer", 5)
            equal("AMI", (peer["ZID"], peer["Name"], peer["Verified"]),
                  (zid, "Alice in the office", "yes"))
            equal("ListItems", events.wait("ZrtpCacheListComplete", 5)["ListItems"], "1")
            equal("set", events.ask("ZrtpCacheSet", ZID=zid, Verified="no")["Response"], "Success")
            equal("bad ZID", events.ask("ZrtpCacheSet", ZID="12", Verified="no")["Response"], "Error")
            equal("status", events.ask("ZrtpCacheStatus")["State"], "up")
        shown = lab.pbx.cli("zrtp cache show")
        if not re.search(rf"(?m)^{zid} no ", shown):
            raise AssertionError(f"not verified any more? {shown}")
        lab.pbx.cli(f"zrtp cache export {lab.pbx.home}/lib/all.json")
        equal("mode of the export", os.stat(lab.pbx.file("lib", "all.json")).st_mode & 0o777, 0o600)
        equal("delete", command(lab, f"zrtp cache delete {zid}"), "Deleted")
        lab.pbx.cli(f"zrtp cache import {lab.pbx.home}/lib/all.json")
        if "Alice in the office" not in lab.pbx.cli(f"zrtp cache show peer {zid}"):
            raise AssertionError("the import did not bring the peer back")
        with phone:
            make_call(lab, phone)
        no_complaints(lab)


@case("a peer that another process deletes is a stranger, under each number", "22 own")
def deleted_elsewhere(bench):
    with pbx(bench, "") as lab, lab.zrtp_phone("alice") as phone:
        for extension, cache in (("announce", "first"), ("announce", "match"), ("echo", "first")):
            phone.call(extension, lab.sip_port)
            phone.secure()
            shown = lab.pbx.cli(f"zrtp show channel {lab.pbx.secure('alice')['Channel']}")
            equal(f"cache, calling {extension}", re.search(r"(?m)^Cache +(\S+)", shown)[1], cache)
            phone.hang_up()
            lab.pbx.idle()
            if cache == "match":
                with contextlib.closing(sqlite3.connect(lab.pbx.file("lib", "zrtp.sqlite"))) as store:
                    store.executescript("DELETE FROM pair; DELETE FROM peer;")


def cache_shown(lab):
    shown = lab.pbx.cli(f"zrtp show channel {lab.pbx.secure('alice')['Channel']}")
    return re.search(r"(?m)^Cache +(\S+)", shown)[1]


@case("a peer that is deleted during its call stays deleted, whatever that call stores then", "22 own")
def deleted_in_a_call(bench):
    with pbx(bench, "") as lab, lab.zrtp_phone("alice") as phone:
        for cache, deletes in (("first", False), ("match", True), ("first", True), ("first", False), ("match", False)):
            phone.call("announce", lab.sip_port)
            phone.secure()
            equal("cache", cache_shown(lab), cache)
            peers = re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))
            equal("peers in the call", len(peers), 1)
            if deletes:
                equal("CLI", command(lab, f"zrtp cache delete {peers[0]}"), "Deleted")
            lab.pbx.cli(f"zrtp verify {lab.pbx.secure('alice')['Channel']}")
            if not deletes:  # the phone misses the secret of earlier calls, and waits for its user
                phone.say("verify")
            phone.hang_up()
            time.sleep(1.1)  # secrets have the second that they were made in
            lab.pbx.idle()
            wait.until("all stored", 5, lambda: re.search(r"Waiting +0\b", lab.pbx.cli("zrtp cache status")))
            equal("peers after it", len(re.findall(r"(?m)^[0-9a-f]{24} ", lab.pbx.cli("zrtp cache show"))), int(not deletes))


def reload_says(lab, text, pattern):
    """A configuration that is refused with these words."""
    logged = len(lab.pbx.log())
    lab.pbx.write("zrtp.conf", text)
    lab.pbx.cli("module reload res_zrtp.so")
    wait.until(f"the log says {pattern}", 5, lambda: re.search(pattern, lab.pbx.log()[logged:]))


@case("cache: wrong settings are named, a key is needed and found wrong, a bad file is kept aside",
      "22 own")
def settings(bench):
    lab = Lab(bench.root, bench.directory)
    with_key(lab)
    keyed = f"[general]\ncache_key_file = {lab.pbx.home}/lib/zrtp.key\n"
    lab.pbx.write("zrtp.conf", keyed)
    with lab:
        phone = lab.phone("alice")
        with phone:
            make_call(lab, phone, verify=True)
        for text, pattern in (
                ("[general]\ncache = tape\n", r"zrtp\.conf:2: cache = tape"),
                ("[general]\ncache_flush = 0\n", r"zrtp\.conf:2: cache_flush = 0"),
                ("[general]\ncache_path = zrtp.db\n", r"zrtp\.conf:2: cache_path"),
                ("[general]\ncache = realtime\n", "needs cache_key_file"),
                ("[general]\n[a]\ncache = file\n", r"zrtp\.conf:3: unknown key cache")):
            reload_says(lab, text, pattern)
        # The wrong key: no policy is in force, and nothing is touched.
        equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.write("zrtp.conf", keyed)
        with open(lab.pbx.file("lib", "zrtp.key"), "w") as key:
            key.write(64 * "0" + "\n")
        lab.pbx.start()
        equal("the log names the wrong key", "this is not the key" in lab.pbx.log(), True)
        equal("state", re.findall(r"(?m)^State +(.*)$", lab.pbx.cli("zrtp cache status")), ["not open"])
        equal("no policy", "NO POLICY IS IN FORCE" in lab.pbx.cli("zrtp show policies"), True)
        equal("exit status", lab.pbx.stop(), 0)
        with_key(lab)
        lab.pbx.start()
        with phone:
            equal("verified", make_call(lab, phone), ("yes", "yes"))
        # A damaged file: kept, named, and calls go on as with a stranger.
        equal("exit status", lab.pbx.stop(), 0)
        for name in ("zrtp.sqlite-wal", "zrtp.sqlite-shm"):
            if os.path.exists(lab.pbx.file("lib", name)):
                os.remove(lab.pbx.file("lib", name))
        with open(lab.pbx.file("lib", "zrtp.sqlite"), "r+b") as file:
            file.seek(200)
            file.write(secrets.token_bytes(4000))
        lab.pbx.start()
        aside = [name for name in os.listdir(lab.pbx.file("lib")) if "damaged" in name]
        if not aside or aside[0] not in lab.pbx.log():
            raise AssertionError(f"the damaged file is not kept aside and named: {aside}")
        with phone:
            make_call(lab, phone)
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()
