# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall load: what it counts, how it bounds itself, and how it ends."""
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "pbx"))
import wait  # noqa: E402
from zrtpmodes import WithPhones, free_ports, run  # noqa: E402
from zrtpphone import PROGRAM  # noqa: E402


class Load(WithPhones):
    def phone(self, **options):
        return super().phone(no_cache=True, **options)

    def loaded(self, uri, **options):
        """Exit status and summary."""
        status, said, errors = run("load", uri, json=True, **options)
        self.assertEqual(errors, "")
        return status, json.loads(said)

    def test_all_calls_are_secure_at_the_rate_and_as_many_at_once_as_asked(self):
        bob = self.phone()
        # What is not secure when it is hung up is none: hold is more than a busy machine takes for it.
        status, summary = self.loaded(bob.uri, calls=30, rate=20, hold=3, at_once=10)
        self.assertEqual(status, 0, summary)
        counts = {name: summary[name] for name in ("attempted", "answered", "secure", "clear", "failed", "unfinished", "alarms")}
        self.assertEqual(counts, {"attempted": 30, "answered": 30, "secure": 30, "clear": 0, "failed": 0, "unfinished": 0, "alarms": 0})
        self.assertEqual((summary["most_at_once"], summary["sip"], summary["reasons"]), (10, {"200": 30}, {}))
        # Ten at once that last three seconds each: the last ten begin after six, whatever the rate.
        self.assertGreater(summary["seconds"], 8.9)
        self.assertLess(summary["rate"], 29 / 5.9)
        for series in (summary["setup"], summary["time_to_secure"]):
            self.assertEqual(list(series), ["p50", "p90", "p99", "max"])
            self.assertEqual(sorted(series.values()), list(series.values()))
            self.assertGreater(series["p50"], 0)
        wait.until("all have ended", 5, lambda: len(bob.all("ended")) == 30)

    def test_the_rate(self):
        status, summary = self.loaded(self.phone().uri, calls=11, rate=5, hold=3)
        self.assertEqual(status, 0, summary)
        # What a machine misses that stands still is not made up for; more than asked it is never.
        self.assertTrue(3 < summary["rate"] < 5.5, summary)

    def test_packets_are_as_many_as_asked(self):
        bob = self.phone()
        # Neither half as many nor twice as many, also on a machine that stands still for a second and a half.
        for packets, least, most in ((0, 0, 0), (10, 25, 65), (50, 120, 320)):
            bob.expect_call()
            self.loaded(bob.uri, calls=1, hold=4, packets=packets)
            audio = bob.wait_ended()["audio"]
            # With RTCP, which has two or three packets.
            received = audio["clear_received"] + audio["srtp_received"]
            self.assertTrue(least <= received <= most + 4, f"{packets}: {audio}")

    def test_what_is_not_secure_is_counted_with_its_reason(self):
        status, summary = self.loaded(self.phone(no_zrtp=True).uri, calls=2, hold=8)
        self.assertEqual((status, summary["clear"], summary["reasons"]), (3, 2, {"in clear: no answer to Hello": 2}))
        status, summary = self.loaded(self.phone(reject=486).uri, calls=3)
        self.assertEqual((status, summary["answered"], summary["sip"], summary["reasons"]),
                         (2, 0, {"486": 3}, {"not answered: SIP 486 Rejected": 3}))
        status, summary = self.loaded("sip:a@127.0.0.1:9", calls=2, patience=0.5)
        self.assertEqual((status, summary["reasons"]), (2, {"not answered: no answer in time": 2}))
        status, summary = self.loaded(self.phone(kex="DH3k", only_listed=True).uri, calls=2, hold=3, kex="X448", only_listed=True)
        self.assertEqual((status, summary["failed"]), (3, 2))
        self.assertEqual([text[:23] for text in summary["reasons"]], ["ZRTP failed: Error 0x53"])
        status, summary = self.loaded(self.phone(drop_sent=["Confirm1", "Confirm2"]).uri, calls=2, hold=1)
        self.assertEqual((status, summary["unfinished"], summary["reasons"]), (3, 2, {"ended before it was secure": 2}))

    def test_an_alarm_is_counted_and_decides_the_exit_status(self):
        status, summary = self.loaded(self.phone(wrong_hash=True).uri, calls=1, hold=4)
        self.assertEqual((status, summary["alarms"]), (4, 1), summary)

    def begin(self, uri, *arguments, **options):
        return subprocess.Popen([PROGRAM, "load", "--listen", "127.0.0.1:0", *arguments, uri], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, **options)

    def test_an_interrupt_ends_all_calls_with_a_bye(self):
        # Some are up, others ring. Not more than a busy machine can end in the time that is left for it.
        bob = self.phone(answer=1.5)
        load = self.begin(bob.uri, "--calls", "200", "--at-once", "200", "--rate", "10", "--hold", "60", "--json")
        wait.until("five calls", 60, lambda: len(bob.all("secure")) > 5 and len(bob.all("incoming")) > len(bob.all("up")) + 5)
        load.send_signal(signal.SIGINT)
        summary = json.loads(load.communicate(timeout=60)[0])
        wait.until("all have ended", 10, lambda: len(bob.all("ended")) == summary["attempted"])
        self.assertEqual(summary["attempted"], len(bob.all("incoming")))

    def test_progress_is_for_a_terminal(self):
        here, there = pty.openpty()
        load = self.begin(self.phone().uri, "--calls", "4", "--rate", "2", "--hold", "3", stderr=there)
        os.close(there)
        said = ""
        try:
            while True:
                said += os.read(here, 1000).decode()
        except OSError:  # it is closed
            os.close(here)
        summary = load.communicate(timeout=60)[0]
        self.assertRegex(said, r"\r +\d s  \d of 4 calls begun, \d at once, \d secure, 0 not")
        self.assertRegex(summary, r"(?s)\Acalls +4 attempted, 4 answered, .*\nZRTP +4 secure, .*\nset-up +p50 .* p99 .* max .*\n"
                                  r"time to secure +p50 .*\nSIP status +200: 4\n\Z")

    def test_more_than_the_system_allows_is_refused_before_the_first_call(self):
        status, said, errors = run("load", "sip:a@127.0.0.1:9", rtp_ports="20000-20100", at_once=51)
        self.assertEqual((status, said), (1, ""))
        self.assertIn("--rtp-ports has fewer pairs", errors)

        def few():  # as a user who is not root
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
            os.setgid(65534)
            os.setuid(65534)
        done = subprocess.run([PROGRAM, "load", "--listen", "127.0.0.1:0", "--at-once", "200", "sip:a@127.0.0.1:9"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=20, preexec_fn=few)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"200 calls at once take 528 file descriptors, and this process may have 300; .*ulimit")

    def test_ports_that_are_all_taken_are_a_reason(self):
        bob = self.phone()
        first = free_ports(10)
        ports = f"{first}-{first + 8}"
        other = self.begin(bob.uri, "--rtp-ports", ports, "--at-once", "4", "--calls", "4", "--rate", "50", "--hold", "60")
        wait.until("all ports are taken", 10, lambda: len(bob.all("up")) == 4)
        status, summary = self.loaded(bob.uri, rtp_ports=ports, at_once=4, calls=4, rate=50)
        other.send_signal(signal.SIGINT)
        other.communicate(timeout=60)
        self.assertEqual((status, summary["attempted"], summary["answered"]), (2, 4, 0), summary)
        self.assertTrue(all(re.match("not answered: ", text) for text in summary["reasons"]), summary)

    def test_wrong_usage(self):
        for arguments in ((), ("--rate", "0", "sip:a@127.0.0.1"), ("--packets", "51", "sip:a@127.0.0.1"), ("--calls", "0", "sip:a@127.0.0.1")):
            done = subprocess.run([PROGRAM, "load", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
