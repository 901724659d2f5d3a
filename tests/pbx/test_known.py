# SPDX-License-Identifier: GPL-2.0-only
"""What a node knew of its phones when it ended is known at its next start, while the database is away."""
import contextlib
import os
import re
import time

import calls
import wait
from cachecalls import MISMATCH, SECOND, command, enrolled_phone, no_complaints, say_verified
from harness import case, equal
from test_databases import ODBC, ODBC_MODULES, database, mariadb, node
from test_journal import COMMON, call, kill, status, stored


FOLLOWED = 75  # seconds in which a node without calls has seen what others have changed


def known(lab, count, seconds=15):
    try:
        wait.until(f"{count} entries in the copy", seconds, lambda: status(lab, "In copy") == str(count))
    except wait.Timeout as late:
        raise AssertionError(f"{late}, it has {status(lab, 'In copy')}") from late


STARTS = 60  # seconds in which Asterisk has started beside a database that is silent


# What a node of a version that keeps none leaves.
NO_LISTS = "DELETE FROM zrtp_meta WHERE property LIKE 'edits.%'"


def renamed(lab, zid, times):
    """That peer is changed so often."""
    for number in range(times):
        equal("CLI", command(lab, f"zrtp cache set name {zid} name{number}"), "Named")


def copy(lab):
    return lab.pbx.file("lib", "zrtp.known")


def slots(lab):
    """What is in each slot of the copy."""
    data = octets(copy(lab))
    return [data[at:at + 512] for at in range(0, len(data), 512)]


def octets(path):
    with open(path, "rb") as file:
        return file.read()


@contextlib.contextmanager
def two_nodes(bench, but=COMMON):
    """On one database, both up; they must end cleanly."""
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second:
            yield server, first, second
            for lab in (first, second):
                no_complaints(lab, but)
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


def each_number(lab, phone):
    """A phone that files by ZID calls one number after the other; it matches in all."""
    for number in ("silent", "announce", "digits", "told", "say"):
        phone.call(number, lab.sip_port)
        phone.secure()
        equal(f"{number}: secrets match", phone.all("sas")[-1]["rs_matched"], True)
        phone.hang_up()
    lab.pbx.idle()


@case("a node is killed when all is stored, and its database is away from the next start on: phones go on as before, and who we "
      "are is known", "22 own")
def away_from_the_start(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
            for phone in (alice, bob):
                call(lab, phone, False)
            each_number(lab, bob)
            stored(lab)
            known(lab, 7)
            zid = status(lab, "Own ZID")
            equal("mode", os.stat(copy(lab)).st_mode & 0o777, 0o600)
            kill(lab)
            server.stop()
            lab.pbx.start()
            equal("state, own ZID", (status(lab, "State"), status(lab, "Own ZID")), ("closed", zid))
            for phone in (alice, bob):
                call(lab, phone, True)
            each_number(lab, bob)
            each_number(lab, bob)
            no_complaints(lab, COMMON)
        lab.pbx.remove()


@case("a node is killed again and again while its database is away: phones go on as before, a new one too, and all of it is at "
      "the other node afterwards", "22 own attack")
def again_and_again(bench):
    with two_nodes(bench) as (server, first, second), first.zrtp_phone("alice") as alice, first.zrtp_phone("bob") as bob, \
            first.zrtp_phone("carol") as carol:
        for phone in (alice, bob):
            call(first, phone, False)
        stored(first)
        server.stop()
        for number in range(4):
            kill(first)
            first.pbx.start()
            for phone in (alice, bob):
                call(first, phone, True)
            call(first, carol, number > 0)
        server.start()
        stored(first)
        for phone in (alice, bob, carol):
            call(second, phone, True)
            call(first, phone, True)


def verified_call(lab, phone, verify=False):
    """Whether it is verified at the phone and the PBX. A mismatch fails."""
    logged = len(phone.log())
    calls.start(lab, phone, "phone calls", "announce")
    stream = calls.secure(lab, phone)
    if verify:
        say_verified(lab, phone)
    calls.talk(0.2)
    shown = lab.pbx.cli(f"zrtp show channel {stream['Channel']}")
    calls.end(lab, phone, "phone calls")
    said = phone.log()[logged:]
    equal("mismatch at the phone", MISMATCH in said, False)
    return re.findall(r"previously verified (\w+)", said)[-1], re.search(r"(?m)^Verified +(\w+)", shown)[1]


def linphone_goes_on(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.phone("alice") as phone:
            equal("first call", verified_call(lab, phone, verify=True)[0], "no")
            equal("second call", verified_call(lab, phone), ("yes", "yes"))
            stored(lab)
            zid = status(lab, "Own ZID")
            kill(lab)
            with server.holding("LOCK TABLE zrtp_meta, zrtp_peers, zrtp_pairs IN ACCESS EXCLUSIVE MODE"):
                lab.pbx.start()
                equal("state, own ZID", (status(lab, "State"), status(lab, "Own ZID")), ("closed", zid))
                for _ in range(2):
                    equal("while it hangs", verified_call(lab, phone), ("yes", "yes"))
                kill(lab)
                lab.pbx.start()
                equal("after one more kill", verified_call(lab, phone), ("yes", "yes"))
            stored(lab)
            equal("afterwards", verified_call(lab, phone), ("yes", "yes"))
            no_complaints(lab, COMMON)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("a node is killed, and its database hangs from the next start on: a Linphone goes on without an alarm, with V", "22 own attack")
def linphone_22(bench):
    linphone_goes_on(bench)


@case("a node is killed, and its database hangs from the next start on: a Linphone goes on without an alarm, with V", "16 own attack")
def linphone_16(bench):
    linphone_goes_on(bench)


@case("a peer is deleted and an enrollment revoked while a node is down that has both in its copy: both stay so, and the copy "
      "has them no more", "22 own attack")
def deleted_meanwhile(bench):
    with two_nodes(bench) as (server, first, second), first.zrtp_phone("bob") as bob, first.zrtp_phone("carol") as carol, \
            enrolled_phone(first) as alice:
        call(first, bob, False)
        stored(first)
        gone = server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx = ''")
        call(first, carol, False)
        stored(first)
        known(first, 3)
        enrolled = server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx <> ''")
        kill(first)
        second.pbx.cli("module load app_enroll_zrtp.so")
        equal("deleted", command(second, f"zrtp cache delete {gone}"), "Deleted")
        second.pbx.cli(f"zrtp enrollment revoke {enrolled}")
        server.stop()
        first.pbx.start()
        equal("nothing was asked", status(first, "In copy"), "3")
        call(first, bob)
        call(first, alice, True)
        server.start()
        stored(first)
        known(first, 3)  # alice under two labels, and carol; without a call
        equal("peers, enrolled", server.sql("SELECT count(*), max(pbx) FROM zrtp_peers"), "2|")
        equal("it stays deleted", gone in server.sql("SELECT peer_zid FROM zrtp_peers"), False)
        # More than are named, and no lists of before, as of a node of a version without them: none of it is believed.
        kill(first)
        renamed(second, enrolled, 7)
        server.sql(NO_LISTS)
        first.pbx.start()
        known(first, 0)
        call(first, carol, True)
        known(first, 1)


@case("while a node is down more peers are changed than can be named, and one is deleted that calls just before the database is "
      "back: the copy has it no more, and the node does not know it", "22 own attack")
def called_just_before(bench):
    with two_nodes(bench) as (server, first, second), first.zrtp_phone("bob") as bob, first.zrtp_phone("carol") as carol:
        call(first, bob, False)
        stored(first)
        gone = server.sql("SELECT peer_zid FROM zrtp_peers")
        call(first, carol, False)
        stored(first)
        known(first, 2)
        kill(first)
        equal("deleted", command(second, f"zrtp cache delete {gone}"), "Deleted")
        renamed(second, server.sql("SELECT peer_zid FROM zrtp_peers"), 7)
        server.sql(NO_LISTS)
        server.stop()
        first.pbx.start()
        call(first, bob, True)
        server.start()
        stored(first)
        known(first, 0)
        server.stop()
        call(first, bob, False)
        server.start()
        stored(first)


@case("while a node is down one peer is deleted, an enrollment revoked, and others changed forty times: both are followed, and the "
      "rest of its copy stays", "22 own attack")
def changed_often(bench):
    with two_nodes(bench) as (server, first, second), first.zrtp_phone("bob") as bob, first.zrtp_phone("carol") as carol, \
            enrolled_phone(first) as alice:
        call(first, bob, False)
        stored(first)
        gone = server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx = ''")
        call(first, carol, False)
        call(first, alice, True)
        stored(first)
        known(first, 4)  # alice under two labels
        alices = server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx <> ''")
        kill(first)
        second.pbx.cli("module load app_enroll_zrtp.so")
        equal("deleted", command(second, f"zrtp cache delete {gone}"), "Deleted")
        second.pbx.cli(f"zrtp enrollment revoke {alices}")
        renamed(second, server.sql("SELECT peer_zid FROM zrtp_peers WHERE pbx = '' AND peer_zid <> '" + alices + "'"), 40)
        first.pbx.start()
        known(first, 3)
        before = slots(first)
        # And by a node that runs.
        renamed(second, alices, 20)
        stored(first)
        kill(first)
        server.stop()
        first.pbx.start()
        known(first, 3)
        equal("some were read again, not all", 0 < len(set(before) & set(slots(first))), True)
        call(first, carol, True)
        alice.call("echo", first.sip_port)
        alice.secure()
        shown = first.pbx.cli(f"zrtp show channel {first.pbx.secure('alice')['Channel']}")
        equal("enrolled", re.search(r"(?m)^Enrolled +(\w+)", shown)[1], "no")
        alice.hang_up()
        first.pbx.idle()
        call(first, bob, False)
        server.start()
        stored(first)


@case("a database is restored from a backup, and as many peers are changed as before: a node takes none of its copy for right", "22 own attack")
def restored(bench):
    with two_nodes(bench) as (server, first, second), first.zrtp_phone("bob") as bob, first.zrtp_phone("carol") as carol:
        for phone in (bob, carol):
            call(first, phone, False)
            stored(first)
        one, other = server.sql("SELECT peer_zid FROM zrtp_peers ORDER BY peer_zid").split()
        renamed(second, one, 2)
        backup = server.sql("SELECT value FROM zrtp_meta WHERE property = 'edits'")
        renamed(second, one, 3)
        kill(first)
        before = slots(first)
        first.pbx.start()
        wait.until("it has seen that, and says so", 15, lambda: len(set(slots(first)) - set(before)) >= 2)
        known(first, 2)
        seen = server.sql("SELECT value FROM zrtp_meta WHERE property = 'edits'")
        kill(first)
        server.sql(f"UPDATE zrtp_meta SET value = '{backup}' WHERE property = 'edits'")
        renamed(second, other, 3)
        equal("the same count", server.sql("SELECT value FROM zrtp_meta WHERE property = 'edits'")[:8], seen[:8])
        first.pbx.start()
        known(first, 0)
        for phone in (bob, carol):
            call(first, phone, True)


@case("an enrollment is revoked at another node, of a phone that has called many numbers, and then the peer is deleted, while a node "
      "has no calls: it follows under all numbers, and so does its copy, within about a minute", "22 own attack")
def followed_without_calls(bench):
    numbers = range(700, 718)
    with two_nodes(bench) as (server, first, second):
        with open(first.pbx.file("etc", "extensions.conf"), "a") as dialplan:
            dialplan.write("[phones](+)\nexten => _7XX,1,Answer()\n same => n,Echo()\n")
        first.pbx.cli("dialplan reload")
        with enrolled_phone(first) as alice:
            def enrolled(number):
                alice.call(number, first.sip_port)
                alice.secure()
                shown = first.pbx.cli(f"zrtp show channel {first.pbx.secure('alice')['Channel']}")
                equal(f"{number}: secrets match", alice.all("sas")[-1]["rs_matched"], True)
                alice.hang_up()
                first.pbx.idle()
                return re.search(r"(?m)^Enrolled +(\w+)", shown)[1]

            equal("enrolled", {enrolled(number) for number in numbers}, {"yes"})
            stored(first)
            known(first, len(numbers) + 1)
            before = slots(first)
            zid = server.sql("SELECT peer_zid FROM zrtp_peers")
            second.pbx.cli("module load app_enroll_zrtp.so")
            second.pbx.cli(f"zrtp enrollment revoke {zid}")
            wait.until("all is read again", FOLLOWED, lambda: not set(before) & set(slots(first)))
            server.stop()
            equal("enrolled", [enrolled(number) for number in numbers], len(numbers) * ["no"])
            server.start()
            stored(first)
            equal("deleted", command(second, f"zrtp cache delete {zid}"), "Deleted")
            known(first, 0, FOLLOWED)


@case("the copy is of another store, foreign, damaged or not wanted: calls go on, it is said, and no other file is touched", "22 own attack")
def not_ours(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as alice:
            call(lab, alice, False)
            stored(lab)
            known(lab, 1)
            kill(lab)
            # Another store: its first node gives it a ZID.
            server.sql("DELETE FROM zrtp_meta WHERE property = 'zid'; TRUNCATE zrtp_peers, zrtp_pairs")
            lab.pbx.start()
            wait.until("said", 10, lambda: "is of another own ZID than the store" in lab.pbx.log())
            known(lab, 0)
            call(lab, alice, False)
            stored(lab)
            known(lab, 1)
            kill(lab)
            ours = octets(copy(lab))
            with open(copy(lab), "wb") as file:
                file.write(ours * 2)
            server.stop()
            lab.pbx.start()
            known(lab, 1)
            equal("two of each", len(octets(copy(lab)).replace(bytes(512), b"")), len(ours))
            kill(lab)
            server.start()
            with open(copy(lab), "wb") as file:
                file.write(ours[:700])
            lab.pbx.start()
            equal("damaged", ("entries are damaged" in lab.pbx.log(), status(lab, "Copy")), (True, "works"))
            call(lab, alice, True)
            kill(lab)
            with open(copy(lab), "wb") as file:
                file.write(b"# something else\n" * 100)
            foreign = octets(copy(lab))
            lab.pbx.start()
            equal("copy", status(lab, "Copy"), f"unusable: {lab.pbx.home}/lib/zrtp.known is not a copy of what is known")
            call(lab, alice, True)
            equal("exit status", lab.pbx.stop(), 0)
            equal("untouched", octets(copy(lab)), foreign)
            os.remove(copy(lab))
            with open(lab.pbx.file("etc", "zrtp.conf"), "a") as conf:
                conf.write("cache_journal = no\n")
            lab.pbx.start()
            call(lab, alice, True)
            equal("copy", (status(lab, "Copy"), os.path.exists(copy(lab))), ("off", False))
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("an old copy is put beside a newer database: the database counts, and what is believed while it is away does no harm to it",
      "22 own attack")
def rolled_back(bench):
    with two_nodes(bench, COMMON + "|retained secret mismatch") as (server, first, second), first.zrtp_phone("alice") as alice, \
            first.zrtp_phone("bob") as bob:
        for phone in (alice, bob):
            call(first, phone, False)
        stored(first)
        known(first, 2)
        kill(first)
        old = octets(copy(first))

        def restore():
            with open(copy(first), "wb") as file:
                file.write(old)

        first.pbx.start()
        for _ in range(3):
            call(first, alice, True)
        stored(first)
        kill(first)
        restore()
        first.pbx.start()
        for lab in (first, second):
            call(lab, alice, True)
        stored(first)
        kill(first)
        restore()
        server.stop()
        first.pbx.start()
        for _ in range(2):
            call(first, alice, False)  # the alarm that the phone has without a copy, too, until its user says that it is well
        call(first, bob, True)
        server.start()
        stored(first)
        for lab in (second, first, second):
            for phone in (alice, bob):
                call(lab, phone, True)


@case("what has expired in a copy is not offered, and goes from it: by a purge of an administrator, and at a start, be the database "
      "away; the copy of another process is left alone", "22 own attack")
def expired(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with open(first.pbx.file("etc", "zrtp.conf"), "a") as conf:
            conf.write("cache_expiry = 4\n")
        with open(second.pbx.file("etc", "zrtp.conf"), "a") as conf:
            conf.write(f"cache_journal = {first.pbx.home}/lib/zrtp.journal\n")
        with first, second, first.zrtp_phone("alice") as alice:
            call(first, alice, False)
            stored(first)
            known(first, 1)
            equal("of the second one", status(second, "Copy"),
                  f"unusable: {first.pbx.home}/lib/zrtp.known is in use by another process")
            call(second, alice, True)
            time.sleep(5)
            equal("purge", command(first, "zrtp cache purge"), "0 expired secrets, 0 peers removed")
            known(first, 0)
            call(first, alice, True)
            stored(first)
            known(first, 1)
            kill(first)
            server.stop()
            time.sleep(5)
            first.pbx.start()
            known(first, 0)
            call(first, alice, False)
            no_complaints(first, COMMON)
        for lab in (first, second):
            lab.pbx.remove()


# As the guide has it.
PG_SERVICE = "[asterisk]\nconnect_timeout=2\ntcp_user_timeout=5000\n"


def silent_at_the_start(bench, running, service=False, **options):
    """Connections are taken, and nothing answers, when a node starts that had been killed."""
    with running as server:
        lab = node(bench, **options)
        if service:
            lab.pbx.write("pg_service.conf", PG_SERVICE)
            lab.pbx.environment += ["PGSERVICE=asterisk", f"PGSERVICEFILE={lab.pbx.home}/etc/pg_service.conf"]
        with lab, lab.zrtp_phone("alice") as alice:
            call(lab, alice, False)
            stored(lab)
            known(lab, 1)
            zid = status(lab, "Own ZID")
            kill(lab)
            with server.frozen():
                began = time.monotonic()
                lab.pbx.start()
                if time.monotonic() - began > STARTS:
                    raise AssertionError(f"Asterisk took {time.monotonic() - began:.0f} s to start")
                equal("own ZID", status(lab, "Own ZID"), zid)
                call(lab, alice, True)
                call(lab, alice, True)
            stored(lab)
            call(lab, alice, True)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("PostgreSQL takes connections and is silent when a killed node starts: with a service file it starts, and knows its phones",
      "22 own attack")
def silent_postgres(bench):
    silent_at_the_start(bench, database(), service=True)


@case("MariaDB takes connections and is silent when a killed node starts: it starts, and knows its phones", "22 own attack")
def silent_mariadb(bench):
    silent_at_the_start(bench, mariadb(), files=ODBC, modules=ODBC_MODULES)
