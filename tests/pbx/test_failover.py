# SPDX-License-Identifier: GPL-2.0-only
"""A database that answers, but not as it should: read-only after a failover, or without a connection to spare."""
import asterisk
from cachecalls import all_stored, status
from harness import case, equal
from test_databases import database, node
from test_hung import quick_call


def set_read_only(server, value):
    server.sql(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    server.sql("SELECT pg_reload_conf()")


@case("the database becomes read-only, as after a failover to a replica: down with that reason, and all is stored afterwards", "22 own attack")
def read_only(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as events:
            quick_call(lab, phone)
            all_stored(lab)
            before = server.sql("SELECT revision FROM zrtp_peers")
            set_read_only(server, "on")
            quick_call(lab, phone)
            equal("reason", "did not take a change" in events.wait("ZrtpCacheDown", 10)["Reason"], True)
            for _ in range(2):
                quick_call(lab, phone)
            equal("state", status(lab, "State"), "down")
            equal("in the database", server.sql("SELECT revision FROM zrtp_peers"), before)
            set_read_only(server, "off")
            events.wait("ZrtpCacheUp", 10)
            all_stored(lab)
            equal("the store has answered", quick_call(lab, phone)[1], "yes")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("the database has no connection left when the PBX wants to connect again: down, and up when it has", "22 own attack")
def no_connection_left(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as events:
            quick_call(lab, phone)
            all_stored(lab)
            server.sql("ALTER ROLE asterisk CONNECTION LIMIT 0")
            server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'asterisk'")
            quick_call(lab, phone)
            equal("reason", "does not answer" in events.wait("ZrtpCacheDown", 10)["Reason"], True)
            quick_call(lab, phone)
            server.sql("ALTER ROLE asterisk CONNECTION LIMIT -1")
            events.wait("ZrtpCacheUp", 10)
            all_stored(lab)
            equal("the store has answered", quick_call(lab, phone)[1], "yes")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()
