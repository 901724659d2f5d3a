# SPDX-License-Identifier: GPL-2.0-only
"""What an administrator changes at one node reaches the calls of the others, and so does what zrtp-cache changes."""
import concurrent.futures
import re
import subprocess

import asterisk
import wait
from cachecalls import SECOND, command, enrolled_phone
from harness import case, equal
from lab import Lab
from moves import COMMAND
from postgres import USER
from slowdb import SlowDb
from test_databases import ODBC, ODBC_MODULES, POSTGRES_PORT, database, mariadb, node
from test_lists import RELAY_PORT, SLOW

# A node looks every three seconds while there is a call.
REACHES = 6
EDITS = 40


def shown(lab, channel):
    """What a call shows of its phone."""
    said = lab.pbx.cli(f"zrtp show channel {channel}")
    return dict(re.findall(r"(?m)^(PeerName|Enrolled|EnrolledAs|Verified) +(\S.*)$", said))


def reaches(lab, channel, seconds=REACHES, **wanted):
    try:
        wait.until(f"shown: {wanted}", seconds, lambda: shown(lab, channel).items() >= wanted.items(), 0.2)
    except wait.Timeout as late:
        raise wait.Timeout(f"{late}; shown: {shown(lab, channel)}") from None


def zid_of(lab):
    return re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[1]


def known_call(lab, phone):
    """A call of a phone that is known: its channel."""
    phone.call("echo", lab.sip_port)
    phone.secure()
    return lab.pbx.secure("alice")["Channel"]


@case("two PBXs on one PostgreSQL: verified, name, revocation and deletion at one reach a call of the other", "22 own")
def nodes(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second, enrolled_phone(first) as phone, asterisk.Events(second.pbx) as events:
            zid = zid_of(first)
            first.pbx.idle()
            channel = known_call(second, phone)
            reaches(second, channel, PeerName="Alice, at home", Enrolled="yes", EnrolledAs="alice", Verified="no")
            equal("CLI", command(first, f"zrtp cache set verified {zid} yes"), "Verified")
            reaches(second, channel, Verified="yes")
            equal("CLI", command(first, f"zrtp cache set name {zid} Zoe"), "Named")
            reaches(second, channel, PeerName="Zoe")
            equal("CLI", command(first, f"zrtp cache set verified {zid} no"), "Not verified")
            reaches(second, channel, Verified="no")
            wait.until("an event of each", 5, lambda: len(events.all("ZrtpVerified")) >= 2)
            equal("events", [event["Verified"] for event in events.all("ZrtpVerified")], ["yes", "no"])
            # Many at once: some are not told by the row.
            for number in range(7):
                first.pbx.cli(f"zrtp cache set name {zid} Zoe-{number}")
            reaches(second, channel, PeerName="Zoe-6")
            first.pbx.cli(f"zrtp enrollment revoke {zid}")
            reaches(second, channel, Enrolled="no", PeerName="Zoe-6")
            # What is damaged can be deleted, as the log advises.
            server.sql("UPDATE zrtp_peers SET pbx = 'none'")
            equal("deleted", command(first, f"zrtp cache delete {zid}"), "Deleted")
            reaches(second, channel, PeerName="-")
            equal("deleted again", "There is no such peer" in first.pbx.cli(f"zrtp cache delete {zid}"), True)
            phone.hang_up()
            second.pbx.idle()
            equal("peers in the database", server.sql("SELECT count(*) FROM zrtp_peers"), "0")
            for lab in (first, second):
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


# The database takes no change of that table.
REFUSE = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON zrtp_meta FOR EACH ROW EXECUTE FUNCTION refuse();"""


@case("the database fails between a revocation and what tells it to other nodes: said again, it reaches a call there", "22 own attack")
def cut_between(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second, enrolled_phone(first) as phone:
            zid = zid_of(first)
            first.pbx.idle()
            channel = known_call(second, phone)
            reaches(second, channel, Enrolled="yes")
            server.sql(REFUSE, user=USER)
            equal("refused", "Not revoked: realtime family zrtp_meta" in first.pbx.cli(f"zrtp enrollment revoke {zid}"), True)
            equal("it is in the database", server.sql("SELECT count(*) FROM zrtp_peers WHERE pbx <> ''"), "0")
            server.sql("DROP TRIGGER refuse ON zrtp_meta", user=USER)
            equal("again", "no such phone is enrolled" in first.pbx.cli(f"zrtp enrollment revoke {zid}"), True)
            reaches(second, channel, Enrolled="no")
            phone.hang_up()
            # Where it was said it is known too, and not from the database.
            second.pbx.idle()
            server.stop()
            channel = known_call(first, phone)
            equal("where it was said", shown(first, channel)["Enrolled"], "no")
            phone.hang_up()
            first.pbx.idle()
            server.start()
            for lab in (first, second):
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


@case("a phone that has called many numbers is changed, in a database with 90 ms to it: it reaches a call, and the cache stays up",
      "22 own attack")
def many_labels(bench):
    with database(), SlowDb(RELAY_PORT, POSTGRES_PORT) as relay:
        first, second = node(bench), node(bench, files=SLOW, **SECOND)
        with open(second.pbx.file("etc", "extensions.conf"), "a") as dialplan:
            dialplan.write("[phones](+)\nexten => _7XX,1,Answer()\n same => n,Echo()\n")
        with first, second, enrolled_phone(first) as phone, asterisk.Events(second.pbx) as events:
            zid = zid_of(first)
            first.pbx.idle()
            for number in range(700, 714):
                phone.call(number, second.sip_port)
                phone.secure()
                phone.hang_up()
                second.pbx.idle()
            channel = known_call(second, phone)
            relay.delay(90)
            equal("CLI", command(first, f"zrtp cache set verified {zid} yes"), "Verified")
            reaches(second, channel, Verified="yes")
            equal("CLI", command(first, f"zrtp cache set verified {zid} no"), "Not verified")
            reaches(second, channel, seconds=30, Verified="no")
            equal("down", [event["Reason"] for event in events.all("ZrtpCacheDown")], [])
            relay.thaw()
            phone.hang_up()
            for lab in (first, second):
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


@case("zrtp-cache changes the SQLite of an Asterisk that runs: it reaches a call", "22 own")
def tool(bench):
    lab = Lab(bench.root, bench.directory)
    with lab, enrolled_phone(lab) as phone:
        zid = zid_of(lab)
        lab.pbx.idle()
        channel = known_call(lab, phone)
        for words, wanted in ((("set", "name", zid, "Zoe"), {"PeerName": "Zoe"}),
                              (("set", "verified", zid, "yes"), {"Verified": "yes"}),
                              (("unenroll", zid), {"Enrolled": "no"})):
            subprocess.run([COMMAND, "-f", lab.pbx.file("lib", "zrtp.sqlite"), *words], check=True)
            reaches(lab, channel, **wanted)
        phone.hang_up()
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


def counts(server):
    """Of the property edits, and of the lists of before."""
    rows = server.sql("SELECT property, value FROM zrtp_meta WHERE property LIKE 'edits%'").replace("\t", "|")
    return {name: int(value[:8], 16) for name, value in (row.split("|") for row in rows.splitlines())}


def edited_at_once(bench, opened, **options):
    """Administrators of two nodes change a peer again and again at the same moments: each change that is said to be done is counted."""
    with opened as server:
        first, second = node(bench, **options), node(bench, **options, **SECOND)
        with first, second, enrolled_phone(first):
            zid = zid_of(first)
            first.pbx.idle()
            count = counts(server)["edits"] + 2 * EDITS
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                said = [*pool.map(lambda lab: [command(lab, f"zrtp cache set name {zid} Zoe-{number}") for number in range(EDITS)],
                                  (first, second))]
            equal("done", set(said[0] + said[1]), {"Named"})
            equal("counted", counts(server), {"edits": count, **{f"edits.{before // 5}": before for before in range(5, count, 5)}})
            for lab in (first, second):
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


@case("two nodes on one PostgreSQL change a peer at the same moments: each change is counted, and all lists are kept", "22 own attack")
def edited_at_once_postgresql(bench):
    edited_at_once(bench, database())


@case("two nodes on one MariaDB change a peer at the same moments: each change is counted, and all lists are kept", "22 own attack")
def edited_at_once_mariadb(bench):
    edited_at_once(bench, mariadb(), files=ODBC, modules=ODBC_MODULES)
