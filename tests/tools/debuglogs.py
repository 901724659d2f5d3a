# SPDX-License-Identifier: GPL-2.0-only
"""What tests/pbx reads out of the logs of a debug Asterisk: references, locks, faults."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pbx"))
import locks  # noqa: E402
import refs  # noqa: E402
import test_debug  # noqa: E402

MINE, CORE = "../source/asterisk/res_zrtp/leg.c", "main/channel.c"


def line(address, delta, file, state, place="10"):
    return f"{address},{delta},4711,{file},{place},f,{state},tag\n"


def made(address, file):
    return line(address, "+1", file, "**constructor**72**100**")


def gone(address, file):
    return line(address, "-1", file, "**destructor**lock-state:unlocked**")


class References(unittest.TestCase):
    def test_each_given_back(self):
        assert refs.leaks([made("0x1", MINE), line("0x1", "+1", CORE, "1"), line("0x1", "-1", MINE, "2"), gone("0x1", CORE),
                           made("0x2", CORE), line("0x2", "+1", MINE, "1"), line("0x2", "-1", MINE, "2")]) == []

    def test_ours_that_lives_on(self):
        found = refs.leaks([made("0x1", MINE), line("0x1", "+1", MINE, "1", "20"), line("0x1", "-1", CORE, "2")])
        assert len(found) == 1 and "lives on" in found[0] and "leg.c:20 f() +1" in found[0]

    def test_the_cores_that_we_hold(self):
        found = refs.leaks([made("0x2", CORE), line("0x2", "+1", MINE, "1")])
        assert len(found) == 1 and "of the core" in found[0] and "held 1 times" in found[0]

    def test_the_cores_own_leak_is_not_ours(self):
        assert refs.leaks([made("0x2", CORE), line("0x2", "+1", CORE, "1")]) == []

    def test_an_address_used_again(self):
        assert refs.leaks([made("0x1", MINE), line("0x1", "+1", MINE, "1"), gone("0x1", MINE),
                           made("0x1", CORE), line("0x1", "+1", CORE, "1")]) == []

    def test_a_use_after_the_end(self):
        found = refs.leaks([line("0x3", "-1", MINE, "**invalid**"), line("0x3", "-1", CORE, "**invalid**")])
        assert len(found) == 1 and "after its end" in found[0]


def shown(*taken):
    """A thread of `core show locks`: (file, name, address) in the order they were taken."""
    return "=== Thread ID: 0x7f01 LWP:12 (some thread)\n" + "".join(
        f"=== ---> {wait}Lock #{n} ({file}): MUTEX {n} g {name} {address}\n"
        "===      01:02:03.000004, 00:00:00.000000, 00:00:00.000005 (1, 1)\n\tasterisk() [0x1234]\n"
        for n, (wait, file, name, address) in enumerate(taken)) + "=== ------\n"


def look(*texts):
    watch = locks.Watch(None)
    for text in texts:
        watch.look(text)
    return watch.wrong()


class Order(unittest.TestCase):
    chan, instance, media = (("", "pbx.c", "chan", "0xa"), ("", MINE, "instance", "0xb"), ("", MINE, "media", "0xc"))

    def test_kept(self):
        assert look(shown(self.chan, self.instance, self.media), shown(self.chan, self.media), shown(self.instance)) == []

    def test_a_channel_over_media(self):
        found = look(shown(self.media, ("", "channel.c", "chan", "0xa")))
        assert len(found) == 1 and "chan taken at channel.c:1 g() over media" in found[0]

    def test_waiting_counts_and_a_try_does_not(self):
        assert len(look(shown(self.media, ("Waiting for ", MINE, "instance", "0xb")))) == 1
        assert look(shown(self.media, ("Tried and failed to get ", MINE, "instance", "0xb"))) == []

    def test_not_our_concern(self):
        assert look(shown(("", "a.c", "media", "0xc"), ("", "b.c", "chan", "0xa"))) == []

    def test_two_in_both_orders(self):
        one, other = ("", MINE, "table", "0x1"), ("", CORE, "list", "0x2")
        assert len(look(shown(one, other), shown(other, one))) == 1
        assert look(shown(one, other), shown(("", CORE, "list", "0x3"), one)) == []

    def test_a_lock_that_is_taken_twice(self):
        assert look(shown(self.media, self.chan[:3] + ("0xc",))) == []


class Faults(unittest.TestCase):
    def test_ours_by_file_or_by_backtrace(self):
        assert len(test_debug.faults("ERROR[1] ../source/asterisk/res_zrtp/leg.c: FRACK!, Failed assertion x (1)")) == 1
        assert len(test_debug.faults("ERROR[1]: astobj2.c:100: FRACK!, Failed assertion bad magic number\n"
                                     "Got 3 backtrace records\n# 0: asterisk(x)\n# 1: /usr/lib/asterisk/modules/res_zrtp.so(+0x1)\n")) == 1

    def test_the_cores(self):
        assert test_debug.faults("ERROR[1] astobj2.c: FRACK!, Failed assertion\nGot 1 backtrace records\n# 0: asterisk(x)\nres_zrtp.so") == []

    def test_each_kind_is_shown(self):
        assert test_debug.distinct(["0x1 made at a lives on: b", "0x2 made at a lives on: c", "0x3 made at d lives on: b"]) == [
            "2 times 0x1 made at a lives on: b", "1 times 0x3 made at d lives on: b"]

    def test_nothing(self):
        assert test_debug.faults("WARNING[1] res_zrtp/leg.c: a mutex\n") == []
