#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How many lookups and updates a second PostgreSQL does of the cache's tables.

bench/postgres.py [SECONDS [PEERS ...]]    default 5 seconds; 100, 10000 and 1000000 peers

Runs a server of its own with the tables as shipped, and the statements that Asterisk's driver
makes of one call's lookup and update, one client at a time as the module has one thread. fsync
is on, as it must be for secrets. As root, since the server runs as user postgres.
"""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "pbx"))

import postgres  # noqa: E402

PORT = 25091
OWN = "0" * 24
SEALED = "ab" * 61  # a sealed secret of 32 octets

# md5() spreads ZIDs as random ones are.
FILL = f"""
TRUNCATE zrtp_peers, zrtp_pairs;
INSERT INTO zrtp_peers (own_zid, peer_zid, first_use, last_use, revision, latest)
  SELECT '{OWN}', left(md5(n::text), 24), 1, 1, 1, 1 FROM generate_series(1, {{peers}}) n;
INSERT INTO zrtp_pairs (own_zid, peer_zid, label, rs1, rs2, expires, revision)
  SELECT '{OWN}', left(md5(n::text), 24), '=sip:100@pbx.example', '{SEALED}', '{SEALED}',
         9223372036854775807, 1 FROM generate_series(1, {{peers}}) n;
VACUUM ANALYZE zrtp_peers;
VACUUM ANALYZE zrtp_pairs;
CHECKPOINT;
"""

LOOKUP = "\\set n random(1, {peers})\n" \
         f"SELECT * FROM zrtp_peers WHERE peer_zid = left(md5(:n::text), 24)::char(24) AND own_zid = '{OWN}' LIMIT 1;\n" \
         f"SELECT * FROM zrtp_pairs WHERE peer_zid = left(md5(:n::text), 24)::char(24) AND own_zid = '{OWN}' " \
         "AND label = '=sip:100@pbx.example' LIMIT 1;\n"
UPDATE = "\\set n random(1, {peers})\n" + f"""
SELECT * FROM zrtp_meta WHERE property = 'key' LIMIT 1;
SELECT * FROM zrtp_peers WHERE peer_zid = left(md5(:n::text), 24)::char(24) AND own_zid = '{OWN}' LIMIT 1;
SELECT * FROM zrtp_pairs WHERE peer_zid = left(md5(:n::text), 24)::char(24) AND own_zid = '{OWN}' AND label = '=sip:100@pbx.example' LIMIT 1;
UPDATE zrtp_peers SET name='=', endpoints='=', scope='0', pbx='', pbx_alternate='', aux='', first_use='1', last_use='2', revision=revision+1, latest=latest+1 WHERE peer_zid = left(md5(:n::text), 24)::char(24) AND own_zid = '{OWN}';
UPDATE zrtp_pairs SET rs1='{SEALED}', rs2='{SEALED}', verified='0', preshared_count='0', last_use='2', expires='9223372036854775807', revision=revision+1 WHERE peer_zid = left(md5(:n::text), 24)::char(24) AND own_zid = '{OWN}' AND label = '=sip:100@pbx.example';
"""


def rate(server, script, seconds):
    """Runs of a script per second, by one client."""
    path = os.path.join(server.directory, "script")
    with open(path, "w") as out:
        out.write(script)
    done = subprocess.run(
        [os.path.join(server.programs, "pgbench"), "-n", "-c", "1", "-T", str(seconds), "-f", path,
         "-h", postgres.IP, "-p", str(PORT), "-U", "postgres", postgres.DATABASE],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+) \(without", done.stdout)
    if done.returncode or not found:
        sys.exit(f"postgres: pgbench failed: {done.stdout.strip()}")
    return float(found[1])


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sizes = [int(size) for size in sys.argv[2:]] or [100, 10000, 1000000]
    with open(os.path.join(TOP, "asterisk", "sql", "zrtp-realtime.postgresql.sql")) as script:
        tables = script.read()
    print(f"{'peers':>9} {'lookups/s':>10} {'updates/s':>10}")
    with postgres.Postgres(PORT) as server:
        server.sql(tables)
        for peers in sizes:
            server.sql(FILL.format(peers=peers))
            lookups = rate(server, LOOKUP.format(peers=peers), seconds)
            updates = rate(server, UPDATE.format(peers=peers), seconds)
            print(f"{peers:9} {lookups:10.0f} {updates:10.0f}", flush=True)


main()
