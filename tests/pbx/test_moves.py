# SPDX-License-Identifier: GPL-2.0-only
"""A PBX whose cache moves to a database and back, by zrtp-cache, and what becomes of it when that fails."""
import concurrent.futures
import contextlib
import json
import os
import secrets
import sqlite3
import subprocess
import tempfile
import time

import wait
from cachecalls import KEY, enrolled_phone, knows_all, make_call, no_complaints, with_key
from harness import case, equal
from lab import Lab
from moves import (
    DAMAGED, EXTCONFIG, FAILED, IN_USE, KEY as WRONG_KEY, MODULES, RES_ODBC, Command, configure, database, own_zid,
    sql_of, stop)

CONNECTIONS = {"PostgreSQL": "SELECT count(*) FROM pg_stat_activity WHERE usename = 'asterisk'",
               "MariaDB": "SELECT count(*) FROM information_schema.processlist WHERE user = 'asterisk'"}
OWN, PEERS = "000102030405060708090a0b", 100


def there_and_back(bench, kind):
    """One phone enrolled, one verified: both are known at each place, and none sees another PBX."""
    with database(kind) as (_, ini):
        lab = Lab(bench.root, bench.directory, modules=MODULES,
                  files={"extconfig.conf": EXTCONFIG, "res_odbc.conf": RES_ODBC, "odbc.ini": ini})
        with_key(lab)
        key_file = f"cache_key_file = {lab.pbx.home}/lib/zrtp.key\n"
        tool = Command(bench.directory, ini, KEY)
        sqlite = lab.pbx.file("lib", "zrtp.sqlite")
        linphone = lab.phone("bob")
        with lab:
            with linphone:
                make_call(lab, linphone, verify=True)
            with enrolled_phone(lab) as phone:
                zid = own_zid(lab)
                said = tool.run("--to-key-file", tool.key, "copy", sqlite, "odbc:zrtp", code=IN_USE)
                equal("refused while it is in use", "stop Asterisk" in said, True)
                stop(lab)
                had = tool.sum_of(sqlite)
                said = tool.run("--to-key-file", tool.key, "copy", sqlite, "odbc:zrtp")
                equal("copied", said, f"copied to odbc:zrtp: {had}")
                for general in ("cache = realtime\n", ""):
                    configure(lab, general + key_file)
                    lab.pbx.start()
                    lab.pbx.cli("module load app_enroll_zrtp.so")
                    equal("own ZID", own_zid(lab), zid)
                    knows_all(lab, phone)
                    with linphone:
                        equal("verified", make_call(lab, linphone), ("yes", "yes"))
                    stop(lab)
                    if general:
                        had = tool.sum_of("odbc:zrtp", "-k", tool.key)
                        said = tool.run("-k", tool.key, "--to-key-file", "none", "copy", "odbc:zrtp", sqlite, code=FAILED)
                        equal("refused over what is there", "has peers already" in said, True)
                        os.remove(sqlite)
                        tool.run("-k", tool.key, "copy", "odbc:zrtp", sqlite)
                        equal("copied back", tool.sum_of(sqlite, "-k", tool.key), had)
            no_complaints(lab)
        lab.pbx.remove()


@case("a cache moves from SQLite to PostgreSQL and back: phones see the same PBX, which knows them", "22 own")
def postgresql_and_back(bench):
    there_and_back(bench, "PostgreSQL")


@case("a cache moves from SQLite to MariaDB and back: phones see the same PBX, which knows them", "16 own")
def mariadb_and_back(bench):
    there_and_back(bench, "MariaDB")


def filled(tool, path, peers):
    """A cache in SQLite with that many peers, in clear."""
    lines = [{"type": "zrtp-cache", "version": 1, "own": OWN}]
    for number in range(peers):
        zid = f"{number:024x}"
        lines += [{"type": "peer", "own": OWN, "peer": zid, "name": f"Zoë {number} ", "pbx": secrets.token_hex(32)},
                  {"type": "pair", "own": OWN, "peer": zid, "label": "sip:100%@pbx", "rs1": secrets.token_hex(32)}]
    text = os.path.join(tool.folder, "lines")
    with open(text, "w") as file:
        file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    tool.run("-f", path, "import", text)


def killed_copies(bench, kind):
    with database(kind) as (server, ini):
        tool = Command(tempfile.mkdtemp(dir=bench.directory), ini, KEY)
        source, back = (os.path.join(tool.folder, name) for name in ("source", "back"))
        filled(tool, source, PEERS)
        had = tool.sum_of(source)
        began = time.monotonic()
        tool.run("--to-key-file", tool.key, "copy", source, "odbc:zrtp")
        took = time.monotonic() - began
        equal("copied", tool.sum_of("odbc:zrtp", "-k", tool.key), had)
        for table in "zrtp_pairs", "zrtp_peers":
            server.sql(f"DELETE FROM {table}")
        server.sql("DELETE FROM zrtp_meta WHERE property = 'zid'")
        for part in 0.3, 0.6, 0.9:
            command = tool.start("--to-key-file", tool.key, "copy", source, "odbc:zrtp")
            try:
                command.communicate(timeout=part * took)
            except subprocess.TimeoutExpired:
                command.kill()
                command.communicate()
                # What it had asked for may still be done.
                wait.until("its connection has ended", 20, lambda: server.sql(CONNECTIONS[kind]) == "0")
            there = tool.sum_of("odbc:zrtp", "-k", tool.key)
            if there != had:
                equal("nothing", there.startswith("own ZID none, 0 peers, 0 labels"), True)
        if there != had:
            tool.run("--to-key-file", tool.key, "copy", source, "odbc:zrtp")
        equal("copied", tool.sum_of("odbc:zrtp", "-k", tool.key), had)
        equal("source", tool.sum_of(source), had)
        tool.run("-k", tool.key, "--to-key-file", "none", "copy", "odbc:zrtp", back)
        equal("back", tool.sum_of(back), had)
        if kind == "MariaDB":
            edited_at_once(tool, server)
        refusals(tool, server, source, back)


def edited_at_once(tool, server):
    """A node changes a peer while zrtp-cache changes another one, which it has read the count for already: both are counted."""
    one, other = "000000000000000000000001", "000000000000000000000002"
    edits = "SELECT value FROM zrtp_meta WHERE property = 'edits'"
    tool.run("-k", tool.key, "-f", "odbc:zrtp", "set", "name", one, "Zoe")
    had = server.sql(edits)
    theirs, both = (f"{(int(had[:8], 16) + more) % (1 << 32):08x}" for more in (1, 2))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        node = pool.submit(server.sql, f"BEGIN; UPDATE zrtp_meta SET value = '{theirs}{other}{had[8:]}' WHERE property = 'edits'; "
                           "SELECT sleep(2); COMMIT")
        wait.until("the node is at it", 10, lambda: "sleep" in server.sql(
            "SELECT info FROM information_schema.processlist WHERE info LIKE 'SELECT sleep%'"), 0.1)
        tool.run("-k", tool.key, "-f", "odbc:zrtp", "set", "name", one, "Zoe 1")
        node.result()
    equal("both are counted", server.sql(edits)[:56], both + one + other)


def refusals(tool, server, source, back):
    """What is in the way is named, and what was there stays."""
    key = ("-k", tool.key)
    rows = "SELECT count(*), sum(revision) FROM zrtp_peers"
    had = server.sql(rows)
    for words, code, told in (
            (("copy", source, "odbc:zrtp"), WRONG_KEY, "give the key of zrtp.conf"),
            (("--to-key-file", tool.key, "copy", source, "odbc:zrtp"), FAILED, "has peers already"),
            (("--to-key-file", tool.key, "copy", source, "odbc:nowhere"), FAILED, "odbc:nowhere: "),
            (("--to-key-file", tool.key, "copy", source, "odbc:zrtp/other"), FAILED, "odbc:zrtp/other: "),
            (("--to-key-file", tool.key, "copy", source, "odbc:zrtp/x;DROP"), FAILED, "a database is odbc:DSN"),
            ((*key, "-f", "odbc:zrtp", "rekey", "none"), 2, "are encrypted")):
        said = tool.run(*words, code=code)
        equal(f"{told}, of: {said}", told in said, True)
    server.sql("UPDATE zrtp_pairs SET line_data = 'zz' WHERE peer_zid = '000000000000000000000007'")
    said = tool.run(*key, "--to-key-file", "none", "copy", "odbc:zrtp", back, "replace", code=DAMAGED)
    equal("the row", "table zrtp_pairs" in said and "000000000000000000000007" in said and "line_data" in said, True)
    server.sql("UPDATE zrtp_pairs SET line_data = '' WHERE peer_zid = '000000000000000000000007'")
    server.sql("UPDATE zrtp_peers SET name = 'no mark' WHERE peer_zid = '000000000000000000000009'")
    said = tool.run(*key, "--to-key-file", "none", "copy", "odbc:zrtp", back, "replace", code=DAMAGED)
    equal("the row", "table zrtp_peers" in said and "000000000000000000000009: its name" in said, True)
    equal("what was there", server.sql(rows), had)
    with contextlib.closing(sqlite3.connect(back)) as present:
        equal("and at the other end", present.execute("SELECT count(*) FROM peer").fetchone(), (PEERS,))
    server.sql("UPDATE zrtp_peers SET name = '=' WHERE peer_zid = '000000000000000000000009'")
    # Without the column of lines: what is there comes, and nothing is put where it has no room.
    server.sql("ALTER TABLE zrtp_pairs DROP COLUMN line_data; UPDATE zrtp_meta SET value = '1' WHERE property = 'schema'")
    said = tool.run("--to-key-file", tool.key, "copy", source, "odbc:zrtp", "replace", code=FAILED)
    equal("the way out", "run zrtp-realtime-2.sql first" in said, True)
    said = tool.run(*key, "--to-key-file", "none", "copy", "odbc:zrtp", back, "replace")
    equal("of before", f"{PEERS} peers, {PEERS} labels" in said, True)
    server.sql(sql_of("zrtp-realtime-2.sql"))
    tool.run(*key, "--to-key-file", tool.key, "copy", back, "odbc:zrtp", "replace", code=WRONG_KEY)  # it is in clear
    said = tool.run("--to-key-file", tool.key, "copy", back, "odbc:zrtp", "replace")
    equal("upgraded", said, f"copied to odbc:zrtp: {tool.sum_of(back)}")


@case("a copy to PostgreSQL that is killed leaves nothing, and what is no row is named", "22 own")
def killed_postgresql(bench):
    killed_copies(bench, "PostgreSQL")


@case("a copy to MariaDB that is killed leaves nothing, and what is no row is named", "22 own")
def killed_mariadb(bench):
    killed_copies(bench, "MariaDB")
