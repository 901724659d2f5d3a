# SPDX-License-Identifier: GPL-2.0-only
"""A database that accepts and does not answer, is slow, or hangs in the midst of what it does: calls do not wait for it."""
import re
import time

import asterisk
import wait
from harness import case, equal
from test_databases import database, node

# The first call after a freeze finds it; a job is late after two seconds.
FOUND = 2.6
# A handshake that waits for nothing takes a few milliseconds, one that waits for the cache 1500.
NO_WAIT = 800


def quick_call(lab, phone, name="alice"):
    """A call of some moments: (milliseconds of its handshake, whether the store has answered)."""
    with asterisk.Events(lab.pbx) as events:
        phone.call("echo", lab.sip_port)
        phone.secure()
        stream = lab.pbx.secure(name)
        event = events.wait("ZrtpSecure", 5, Channel=stream["Channel"])
        equal("mismatch", event["CacheMismatch"], "no")
        phone.hang_up()
        lab.pbx.idle()
    return float(stream["HandshakeMs"]), event["CacheCurrent"]


def cache_of(lab, name):
    shown = lab.pbx.cli(f"zrtp show channel {lab.pbx.secure(name)['Channel']}")
    return re.search(r"(?m)^Cache +(\S+)", shown)[1]


def status(lab, field):
    return re.search(rf"(?m)^{field} +(.*)$", lab.pbx.cli("zrtp cache status"))[1]


def all_stored(lab):
    wait.until("all stored", 10, lambda: status(lab, "Waiting") == "0")


def goes_down(lab, events, phone):
    """The call that finds it. How long it took from then on."""
    began = time.monotonic()
    equal("the store has answered", quick_call(lab, phone)[1], "no")
    events.wait("ZrtpCacheDown", FOUND + 5)
    took = time.monotonic() - began
    if took > FOUND + 1.5:  # the call has ended before it is looked at
        raise AssertionError(f"down after {took:.1f} s")
    return took


@case("a database that hangs is down after two seconds, calls do not wait for it, and it is up when it answers", "22 own")
def hangs(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone, lab.zrtp_phone("bob") as stranger, asterisk.Events(lab.pbx) as events:
            for _ in range(2):
                equal("the store has answered", quick_call(lab, phone)[1], "yes")
            all_stored(lab)
            with server.frozen():
                goes_down(lab, events, phone)
                equal("state", status(lab, "State"), "down")
                if "no answer for" not in status(lab, "Last failure"):
                    raise AssertionError(status(lab, "Last failure"))
                found = [quick_call(lab, phone) for _ in range(3)]
                if max(ms for ms, _ in found) > NO_WAIT:
                    raise AssertionError(f"calls waited for the cache: {found}")
                equal("the store has answered", [current for _, current in found], 3 * ["no"])
                stranger.call("echo", lab.sip_port)
                stranger.secure()
                if float(lab.pbx.secure("bob")["HandshakeMs"]) > NO_WAIT:
                    raise AssertionError("a stranger's call waited for the cache")
                equal("cache of a stranger's call", cache_of(lab, "bob"), "unavailable")
                stranger.hang_up()
            events.wait("ZrtpCacheUp", 10)
            all_stored(lab)
            equal("the store has answered", quick_call(lab, phone)[1], "yes")
            equal("downs, ups", (len(events.all("ZrtpCacheDown")), len(events.all("ZrtpCacheUp"))), (1, 1))
            equal("peers, pairs", server.sql("SELECT count(DISTINCT peer_zid), count(*) FROM zrtp_pairs"), "2|2")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("a lock in the database that another holds: down after two seconds, up and stored once when it goes", "22 own")
def locked(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as events:
            quick_call(lab, phone)
            all_stored(lab)
            with server.holding("LOCK TABLE zrtp_peers IN ACCESS EXCLUSIVE MODE"):
                goes_down(lab, events, phone)
                ms, _ = quick_call(lab, phone)
                if ms > NO_WAIT:
                    raise AssertionError(f"a call waited {ms} ms for the lock")
            events.wait("ZrtpCacheUp", 10)
            all_stored(lab)
            equal("the store has answered", quick_call(lab, phone)[1], "yes")
            all_stored(lab)
            equal("peers, pairs", server.sql("SELECT count(DISTINCT peer_zid), count(*) FROM zrtp_pairs"), "1|1")
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()
