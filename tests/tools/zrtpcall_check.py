# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall check: each verdict, its line and its exit status, against zrtpcall on the loopback."""
import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "pbx"))
from zrtpmodes import WithPhones, run  # noqa: E402
from zrtpphone import PROGRAM  # noqa: E402

OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


class Check(WithPhones):
    def judged(self, verdict, uri, **options):
        """What it says, without the verdict and what is measured. It is slow only where a test says so, however busy this machine is."""
        status, said, errors = run("check", uri, **{"warning": 8, "critical": 9, **options})
        self.assertEqual((status, errors), (verdict, ""), said)
        self.assertRegex(said, rf"\AZRTP {NAMES[verdict]} - [^|\n]*( \| [^|\n]+)?\n\Z")
        return said.split(" - ", 1)[1].split(" | ")[0].strip()

    def test_secure_is_ok_and_the_call_is_ended(self):
        bob = self.phone()
        said = self.judged(OK, bob.uri)
        self.assertRegex(said, r"^secure in \d\.\d{3} s with X25519.*AES-256-GCM, SAS B32; zrtp-hash matched; peer zrtpcall$")
        bob.wait_ended()

    def test_it_leaves_nothing_at_the_other_side(self):
        bob = self.phone()
        for _ in range(2):
            self.judged(OK, bob.uri)
        self.assertEqual([sas["rs_matched"] for sas in bob.all("sas")], [False, False])

    def test_a_cache_of_its_own_that_the_other_side_has_lost_is_critical(self):
        cache = os.path.join(self.place.name, "check.db")
        zid = "0102030405060708090a0b0c"
        first = self.phone(zid=zid)
        for _ in range(2):
            self.judged(OK, first.uri, cache=cache)
        self.assertEqual([sas["rs_matched"] for sas in first.all("sas")], [False, True])
        self.assertIn("an alarm", self.judged(CRITICAL, self.phone(zid=zid).uri, cache=cache))

    def test_thresholds(self):
        bob = self.phone()
        self.assertIn("slow: secure", self.judged(WARNING, bob.uri, warning=0))
        self.assertIn("too slow: secure", self.judged(CRITICAL, bob.uri, warning=0, critical=0))

    def test_short_options_are_those_of_a_plugin(self):
        bob = self.phone()
        status, said, _ = run("check", bob.uri, "-w", "7.5", "-c", "8.5", "-t", "9")
        self.assertEqual(status, OK, said)
        self.assertRegex(said, r" \| time_to_secure=\d+\.\d{4}s;7\.5;8\.5;0 setup=\d+\.\d{4}s;;;0\n$")

    def test_no_hash_in_the_signalling_is_a_warning_unless_it_is_ignored(self):
        bob = self.phone(ignore_hash=True)
        self.assertIn("no a=zrtp-hash", self.judged(WARNING, bob.uri))
        self.judged(OK, bob.uri, ignore_hash=True)

    def test_no_zrtp_is_critical(self):
        self.assertEqual(self.judged(CRITICAL, self.phone(no_zrtp=True).uri),
                         "in clear: no answer to Hello, it does not speak ZRTP")

    def test_two_that_never_begin_are_a_warning(self):
        self.assertIn("never begins", self.judged(WARNING, self.phone(passive=True).uri, passive=True))

    def test_a_failure_is_critical_and_named(self):
        bob = self.phone(kex="DH3k", only_listed=True)
        self.assertIn("ZRTP failed: Error 0x53", self.judged(CRITICAL, bob.uri, kex="X448", only_listed=True))

    def test_a_false_hash_is_critical(self):
        self.assertIn("an alarm", self.judged(CRITICAL, self.phone(wrong_hash=True).uri))

    def test_a_hash_without_zrtp_behind_it_is_critical(self):
        bob = self.phone(drop_sent=["Hello", "HelloACK", "Commit"], drop_received="Hello")
        self.assertEqual(self.judged(CRITICAL, bob.uri, timeout=2),
                         "no ZRTP within 2 s, though its a=zrtp-hash announces it")

    def test_an_exchange_that_does_not_end_is_critical_in_time(self):
        bob = self.phone(drop_sent=["Confirm1", "Confirm2"])
        begun = time.monotonic()
        self.assertEqual(self.judged(CRITICAL, bob.uri, timeout=2), "answered, and not secure within 2 s")
        self.assertLess(time.monotonic() - begun, 9)  # before its own repetitions end

    def test_what_says_nothing_of_zrtp_is_unknown(self):
        self.assertEqual(self.judged(UNKNOWN, self.phone(reject=486).uri),
                         "the call was refused: SIP 486 Rejected")
        self.assertEqual(self.judged(UNKNOWN, "sip:a@127.0.0.1:9", timeout=1), "no answer within 1 s")
        self.assertEqual(self.judged(UNKNOWN, self.phone(answer="manual").uri, timeout=1),
                         "no answer within 1 s")

    def test_wrong_usage_is_unknown_and_says_so_where_a_monitor_reads(self):
        for arguments in ((), ("-t", "soon", "sip:a@127.0.0.1"), ("-w", "3", "-c", "1", "sip:a@127.0.0.1"),
                          ("--nonsense", "sip:a@127.0.0.1"), ("a", "b"), ("--do", "quit", "sip:a@127.0.0.1"),
                          ("--listen", "203.0.113.1:0", "sip:a@127.0.0.1")):
            done = subprocess.run([PROGRAM, "check", *arguments], stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(done.returncode, UNKNOWN, arguments)
            self.assertRegex(done.stdout, r"\AZRTP UNKNOWN - .*\n\Z")
            self.assertNotEqual(done.stderr, "")

    def test_what_a_stranger_calls_itself_does_no_harm(self):
        bob = self.phone(client_id="<b>|x=1;&\"'`$")
        said = self.judged(OK, bob.uri)
        self.assertTrue(re.search(r"peer \?b\?\?x=1\?+$", said), said)


if __name__ == "__main__":
    unittest.main()
