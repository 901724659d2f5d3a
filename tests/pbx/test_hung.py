# SPDX-License-Identifier: GPL-2.0-only
"""A database that accepts and does not answer, is slow, or hangs in the midst of what it does: calls do not wait for it."""
import re
import time

import asterisk
import wait
from cachecalls import all_stored, status
from harness import case, equal
from test_databases import database, node

# The first call after a freeze finds it; a job is late after two seconds.
FOUND = 2.6
# A handshake that waits for nothing takes a few milliseconds, one that waits for the cache 1500.
NO_WAIT = 1400


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


def goes_down(lab, events, phone):
    """The call that finds it. How long it took from then on."""
    began = time.monotonic()
    equal("the store has answered", quick_call(lab, phone)[1], "no")
    events.wait("ZrtpCacheDown", FOUND + 5)
    took = time.monotonic() - began
    if took > FOUND + 4:  # the call has ended before it is looked at, on a machine that has more to do
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


# An administrator waits five seconds at most; one who is not to wait waits less. Both on a machine that has more to do.
ANSWER, AT_ONCE = 9, 4


def answers(lab, command, text, most=ANSWER):
    """A command, that says this in time."""
    began = time.monotonic()
    said = lab.pbx.cli(command)
    took = time.monotonic() - began
    if text not in said or took > most:
        raise AssertionError(f"{command}: after {took:.1f} s: {said}")


def logged(lab, text):
    wait.until(f"logged: {text}", 10, lambda: text in lab.pbx.log())


@case("a database that hangs keeps no command waiting: the first is done when it answers, the others are refused", "22 own")
def commands(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as events:
            quick_call(lab, phone)
            all_stored(lab)
            zid = server.sql("SELECT peer_zid FROM zrtp_peers")
            with server.frozen():
                answers(lab, f"zrtp cache set name {zid} Bureau", "will be done when the cache answers")
                for command in ("zrtp cache show", f"zrtp cache show peer {zid}", f"zrtp cache delete {zid}", "zrtp cache purge",
                                f"zrtp enrollment revoke {zid}", "zrtp enrollments show"):
                    answers(lab, command, "Not done", AT_ONCE)
                answer = events.ask("ZrtpCacheSet", ZID=zid, Verified="yes")
                equal("AMI", (answer["Response"], answer["Message"][:8]), ("Error", "Not done"))
                answers(lab, "zrtp cache status", "no answer for", AT_ONCE)
                answers(lab, "module reload res_zrtp.so", "")
            events.wait("ZrtpCacheUp", 10)
            logged(lab, f"is done: name of peer {zid}")
            equal("name, V flag", server.sql("SELECT name, (SELECT max(verified) FROM zrtp_pairs) FROM zrtp_peers"), "=Bureau|0")
            answers(lab, f"zrtp cache set verified {zid} yes", "Verified", AT_ONCE)
            equal("exit status", lab.pbx.stop(), 0)
        lab.pbx.remove()


@case("a database that hangs: unloading is refused and the module goes on, loading does without it until it answers", "22 own attack")
def module(bench):
    with database() as server:
        lab = node(bench)
        with lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as events:
            quick_call(lab, phone)
            all_stored(lab)
            with server.frozen():
                quick_call(lab, phone)
                answers(lab, "module unload res_zrtp.so", "Unable to unload", 15)
                logged(lab, "and unload res_zrtp.so when")
                events.wait("ZrtpCacheDown", 5)
                quick_call(lab, phone)  # it goes on
                answers(lab, "zrtp reload", "")
            all_stored(lab)
            equal("the store has answered", quick_call(lab, phone)[1], "yes")
            all_stored(lab)
            answers(lab, "module unload res_zrtp.so", "Unloaded", 10)
            with server.frozen():
                answers(lab, "module load res_zrtp.so", "Loaded")
                equal("state", status(lab, "State"), "closed")
                answers(lab, "zrtp cache show", "Not done", AT_ONCE)
                ms, _ = quick_call(lab, phone)
                if ms > NO_WAIT:
                    raise AssertionError(f"a call waited {ms} ms for a store that was never open")
            wait.until("it is open", 10, lambda: status(lab, "State") == "up")
            equal("the store has answered", quick_call(lab, phone)[1], "yes")
            all_stored(lab)
            with server.frozen():
                quick_call(lab, phone)
                began = time.monotonic()
                equal("exit status", lab.pbx.stop(), 0)
                if time.monotonic() - began > 15:
                    raise AssertionError(f"core stop now took {time.monotonic() - began:.1f} s")
        lab.pbx.remove()
