# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall --keylog: whose file it takes, and what it writes. That the keys are right: tests/pbx."""
import os
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "pbx"))
import keylog  # noqa: E402
from zrtpmodes import WithPhones  # noqa: E402
from zrtpphone import PROGRAM  # noqa: E402


class Keylog(WithPhones):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.place.name, "keys")

    def test_both_sides_write_the_same_keys_and_the_peer_is_told(self):
        other = os.path.join(self.place.name, "others")
        alice, bob = self.phone("alice", keylog=self.path), self.phone("bob", keylog=other)
        alice.dial(bob.uri)
        alice.secure()
        bob.secure()
        self.assertIs(alice.all("sas")[-1]["peer_disclosed"], True)
        mine, theirs = keylog.read(self.path), keylog.read(other)
        self.assertEqual((mine["sent"], mine["received"]), (theirs["received"], theirs["sent"]))
        self.assertNotEqual(mine["sent"][2], mine["received"][2])
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertIn("who reads it can decrypt", alice.errors())
        # A further call is appended.
        alice.hang_up()
        bob.expect_call()
        alice.dial(bob.uri)
        alice.secure()
        with open(self.path) as file:
            lines = file.read().splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["call=1", "call=1", "call=2", "call=2"])

    def test_without_it_no_flag_is_set(self):
        alice, bob = self.phone("alice"), self.phone("bob")
        alice.dial(bob.uri)
        alice.secure()
        self.assertIs(alice.all("sas")[-1]["peer_disclosed"], False)

    def refused(self, path, why):
        done = subprocess.run([PROGRAM, "--listen", "127.0.0.1:0", "--keylog", path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(why, done.stderr)

    def make(self, mode=0o600):
        with open(self.path, "w"):
            pass
        os.chmod(self.path, mode)

    def test_a_file_that_others_may_open_is_refused(self):
        for mode in (0o640, 0o604, 0o620):
            self.make(mode)
            self.refused(self.path, "other users may open it")

    def test_a_symbolic_link_a_second_name_a_folder_and_a_pipe_are_refused(self):
        self.make()
        link = self.path + ".link"
        os.symlink(self.path, link)
        self.refused(link, "symbolic links")
        os.link(self.path, self.path + ".hard")
        self.refused(self.path, "another name")
        self.refused(self.place.name, "directory")
        pipe = self.path + ".pipe"
        os.mkfifo(pipe, 0o600)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.refused(pipe, "no regular file")

    @unittest.skipIf(os.geteuid(), "only root can give a file away")
    def test_a_file_of_another_user_is_refused(self):
        self.make()
        os.chown(self.path, 65534, 65534)
        self.refused(self.path, "belongs to another user")


if __name__ == "__main__":
    unittest.main()
