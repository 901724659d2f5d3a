# SPDX-License-Identifier: GPL-2.0-only
"""Whatever begins the tests, a status is a program's own, and programs take signals, find one another and come to their files."""
import os
import signal
import subprocess
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IGNORED = (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
FOLDER = "/nonexistent"
PROBE = "probe: ; @command -v python3; command -v ip; command -v debootstrap"


def odd():
    """In a new process: what a careless service leaves its programs."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGUSR1))
    os.umask(0o077)


def said(program, place="tests/pbx"):
    """What a program of Python prints, begun so, that can import what is in a folder."""
    done = subprocess.run([sys.executable, "-B", "-c", f"import sys; sys.path.insert(0, {os.path.join(TOP, place)!r})\n{program}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=odd, timeout=60,
                          env={**os.environ, "TMPDIR": FOLDER, "HTTP_PROXY": "http://127.0.0.1:9", "LC_ALL": "de_DE.UTF-8"})
    return done.stdout.strip()


class Surroundings(unittest.TestCase):
    def test_a_program_that_fails_is_not_taken_for_one_that_passes(self):
        status = "import subprocess; print(subprocess.run(['false']).returncode)"
        self.assertEqual(said(status), "0", "what is guarded against is there no more")
        self.assertEqual(said(f"import processes; {status}"), "1")
        self.assertEqual(said(f"import hostbuild; {status}", "scripts"), "1")

    def test_a_program_takes_each_signal_that_it_is_sent(self):
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1):
            self.assertEqual(said(f"import processes; one = processes.start(['sleep', '20']); one.send_signal({int(number)}); "
                                  "print(one.wait())"), str(-number))

    def test_an_ignored_hangup_does_not_end_the_tests(self):
        self.assertEqual(said("import os, processes, signal; os.kill(os.getpid(), signal.SIGHUP); print('goes on')"), "goes on")

    def test_files_are_where_others_come_to_and_can_read_them(self):
        self.assertEqual(said("import processes, tempfile, os; one = tempfile.mkdtemp(); os.mkdir(one + '/in'); "
                              "print(os.path.dirname(one), oct(os.stat(one + '/in').st_mode)); os.rmdir(one + '/in'); os.rmdir(one)"),
                         "/tmp 0o40755")

    def test_what_is_on_this_machine_is_asked_without_a_proxy(self):
        proxies = "print(sorted(urllib.request.getproxies()))"
        self.assertEqual(said(f"import urllib.request, processes; {proxies}"), "['http']")
        self.assertEqual(said(f"import urllib.request, surroundings; surroundings.alone(); {proxies}"), "[]")

    def test_make_finds_programs_without_any_environment(self):
        done = subprocess.run(["/usr/bin/make", "--silent", "-C", TOP, "--eval", PROBE, "probe"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={})
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 3), done.stdout)


if __name__ == "__main__":
    unittest.main()
