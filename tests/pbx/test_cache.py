# SPDX-License-Identifier: GPL-2.0-only
"""Retained secrets over restarts and crashes, under several numbers, and in an administrator's hands."""
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
import wait
from cachecalls import (
    SECOND, all_stored, both, cache_shown, command, enrolled_phone, knows_all, make_call, no_complaints, pbx, restart,
    three_calls, with_key)
from harness import case, equal
from lab import Lab


# Continuity

# R233 R237
@case("cache in SQLite: verified once, known after restarts of both sides", "22 own")
def sqlite_continuity(bench):
    with pbx(bench, "") as lab:
        three_calls(lab, restart)
        equal("mode of the file", os.stat(lab.pbx.file("lib", "zrtp.sqlite")).st_mode & 0o777, 0o600)
        no_complaints(lab)


# R233
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
            with asterisk.Events(lab.pbx) as events, phone:
                for way, extension in ways if turn % 2 == 0 else reversed(ways):
                    make_call(lab, phone, way=way, extension=extension)
                # The first number is that of a phone which is not known yet.
                equal("alerts", [e["Reason"] for e in events.all("ZrtpAlert")], [] if turn else ["NewNumber"] * (len(ways) - 1))
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
            all_stored(lab)
            time.sleep(1.5)
            equal("events", (len(events.all("ZrtpCacheDown")), len(events.all("ZrtpCacheUp"))), (1, 1))
        lab.pbx.process.kill()
        lab.pbx.process.wait()
        lab.pbx.start()
        with phone:
            equal("verified", make_call(lab, phone), ("yes", "yes"))
    lab.pbx.remove()


@case("the disk is full: calls go on, events report it, and nothing is lost once there is room",
      "22 own")
def full_disk(bench):
    both((fill_disk, bench, "sqlite", "alice"), {}, (fill_disk, bench, "file", "bob"), SECOND)


# What goes with the secrets

@case("cache in SQLite and in a file: an enrolled phone keeps its name and its endpoint over restarts", "22 own")
def name_continuity(bench):
    for general in ("", "cache = file\ncache_flush = 3600\n"):
        with pbx(bench, general) as lab, enrolled_phone(lab) as phone:
            restart(lab)
            knows_all(lab, phone)
            no_complaints(lab)


# Administration

# R530
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
            equal("delete an unknown peer", events.ask("ZrtpCacheDelete", ZID=24 * "0")["Response"], "Error")
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
            all_stored(lab)  # no change waits that would be written after the deletion
            if cache == "match":
                with contextlib.closing(sqlite3.connect(lab.pbx.file("lib", "zrtp.sqlite"))) as store:
                    store.executescript("DELETE FROM pair; DELETE FROM peer;")


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
            all_stored(lab)
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
        wait.until("the log names the wrong key", 5, lambda: "this is not the key" in lab.pbx.log())
        equal("state", re.findall(r"(?m)^State +(.*)$", lab.pbx.cli("zrtp cache status")), ["closed"])
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
