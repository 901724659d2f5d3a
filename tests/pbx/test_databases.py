# SPDX-License-Identifier: GPL-2.0-only
"""Retained secrets in a database: two PBXs on one, databases that go away, and what others write there."""
import contextlib
import os
import re
import subprocess
import time

import asterisk
import calls
import wait
from cachecalls import (
    MISMATCH, SECOND, all_stored, cache_shown, command, enrolled_phone, is_up, knows_all, make_call, no_complaints, restart,
    three_calls, with_key)
from harness import Skip, case, equal
from lab import Lab
from mariadb import MariaDB
from postgres import DATABASE, IP, PASSWORD, USER, Postgres

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
ODBC_MODULES = ("res_odbc", "res_odbc_transaction", "res_config_odbc")
ODBC = {
    "extconfig.conf": "[settings]\n" + "".join(f"{family} => odbc,zrtp,{family}\n" for family in FAMILIES),
    "res_odbc.conf": f"[zrtp]\nenabled = yes\ndsn = zrtp\nusername = {USER}\npassword = {PASSWORD}\n"
                     "pre-connect = yes\n",
    "odbc.ini": f"[zrtp]\nDriver = MariaDB Unicode\nServer = {IP}\nPort = {MARIADB_PORT}\n"
                f"Database = {DATABASE}\nUser = {USER}\nPassword = {PASSWORD}\n",
}


@contextlib.contextmanager
def database():
    """PostgreSQL with the tables as shipped."""
    with Postgres(POSTGRES_PORT) as server, open(SQL) as script:
        server.sql(script.read(), user=USER)
        yield server


@contextlib.contextmanager
def mariadb():
    """MariaDB with the tables as shipped."""
    with MariaDB(MARIADB_PORT) as server, open(MARIADB_SQL) as script:
        server.sql(script.read())
        yield server


def node(bench, *, files=REALTIME, modules=("res_config_pgsql",), **options):
    """A PBX of a cluster, not started yet."""
    lab = Lab(bench.root, bench.directory, files=files, modules=modules, **options)
    with_key(lab)
    lab.pbx.write("zrtp.conf", "[general]\ncache = realtime\n"
                  f"cache_key_file = {lab.pbx.home}/lib/zrtp.key\n")
    return lab


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


DRIVER = r"res_config_pgsql|res_config_odbc|res_odbc|ZRTP cache is down"


def comes_back(server, stop, first, second):
    """The database ends while two nodes use it, and is there again after some calls."""
    with first, second, asterisk.Events(first.pbx) as events:
        phone = first.phone("alice")
        with phone:
            make_call(first, phone, verify=True)
            stop()
            logged = len(phone.log())
            for _ in range(3):
                calls.start(first, phone, "phone calls")
                calls.secure(first, phone)
                calls.end(first, phone, "phone calls")
            if MISMATCH in phone.log()[logged:]:
                raise AssertionError("cache mismatch while the database was away")
            down = events.wait("ZrtpCacheDown", 5)
            equal("BackEnd", down["BackEnd"], "realtime")
            wait.until("an event of each call", 5, lambda: len(events.all("ZrtpSecure")) == 4)
            current = [m["CacheCurrent"] for m in events.all("ZrtpSecure")]
            equal("CacheCurrent", (current[0], current[-1]), ("yes", "no"))
            server.start()
            events.wait("ZrtpCacheUp", 10)
            all_stored(first)
            is_up(second)  # it has missed the database by itself, or not at all
            for lab in (second, first, second):
                equal("verified", make_call(lab, phone), ("yes", "yes"))
        no_complaints(first, DRIVER)
        no_complaints(second, DRIVER)
        for lab in (first, second):
            equal("exit status", lab.pbx.stop(), 0)
            lab.pbx.remove()


@case("PostgreSQL stops and comes back: calls go on, events report it, nothing is lost", "22 own")
def outage(bench):
    with database() as server:
        comes_back(server, server.stop, node(bench), node(bench, **SECOND))


@case("MariaDB is killed under calls and comes back: calls go on, events report it, nothing is lost", "22 own attack")
def mariadb_outage(bench):
    with mariadb() as server:
        comes_back(server, server.kill, node(bench, files=ODBC, modules=ODBC_MODULES),
                   node(bench, files=ODBC, modules=ODBC_MODULES, **SECOND))


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
            wait.until("down", 15, lambda: "ZRTP cache is down, calls go on with the secrets in memory: changed by another process"
                       in lab.pbx.log())
            zid = re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[1]
            for verb in (f"delete {zid}", f"set verified {zid} no", f"set name {zid} Eve"):
                # What waits would undo it later.
                equal(verb, "would undo it" in lab.pbx.cli(f"zrtp cache {verb}"), True)
            lab.pbx.cli("module unload app_enroll_zrtp.so")
            began = time.monotonic()
            lab.pbx.cli("module unload res_zrtp.so")
            wait.until("unloaded", 10, lambda: "its journal keeps 1 change of calls" in lab.pbx.log())
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
    with mariadb() as server:
        lab = node(bench, files=ODBC, modules=ODBC_MODULES)
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
                if "State           closed" not in lab.pbx.cli("zrtp cache status"):
                    raise AssertionError("the cache is open without a database")
                server.start()
                server.sql(script.read(), user=USER)
                is_up(lab)
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
                is_up(lab)
                all_stored(lab)
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
            is_up(lab)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()
