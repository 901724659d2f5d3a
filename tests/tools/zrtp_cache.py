# SPDX-License-Identifier: GPL-2.0-only
"""zrtp-cache, the command: what it prints, what it refuses, and its exit codes."""
import fcntl
import json
import os
import stat
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMAND = os.environ["ZRTP_CACHE"]
OWN, BOB, EVE = "000102030405060708090a0b", "b0" * 12, "e0" * 12
DONE, FAILED, USAGE, NONE, IN_USE, DAMAGED, KEY = range(7)
LINES = [
    {"type": "zrtp-cache", "version": 1, "own": OWN},
    {"type": "peer", "own": OWN, "peer": BOB, "name": "Bob", "last_use": 1700000000, "pbx": "22" * 32},
    {"type": "pair", "own": OWN, "peer": BOB, "label": "100", "rs1": "11" * 32, "last_use": 1700000000},
    {"type": "peer", "own": OWN, "peer": EVE, "name": "Eve"},
    {"type": "pair", "own": OWN, "peer": EVE, "label": "", "rs1": "33" * 32, "expires": 1700000001},
]


class Command(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="zrtp-cache-")
        self.addCleanup(self.directory.cleanup)
        self.path = self.file("cache")

    def file(self, name):
        return os.path.join(self.directory.name, name)

    def run_it(self, *words, code=DONE, options=(), text=None):
        done = subprocess.run([COMMAND, "-f", self.path, *options, *words], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout + done.stderr

    def fill(self, kind="sqlite"):
        text = "".join(json.dumps(line) + "\n" for line in LINES)
        self.run_it("import", "-", options=("-t", kind), text=text)

    def test_shows_peers_without_secrets(self):
        for kind in "sqlite", "file":
            with self.subTest(kind):
                self.path = self.file(kind)
                self.fill(kind)
                everything = self.run_it("show") + self.run_it("show", "peer", "b0b0b0b0")
                self.assertIn("2 peers", everything)
                self.assertIn('Label "100"', everything)
                self.assertNotRegex(everything, "1111|2222|3333")
                self.assertIn("1 peers", self.run_it("show", "like", "b_b"))
                self.run_it("show", "like", "nobody", code=NONE)
                self.run_it("show", "peer", "77777777", code=NONE)
                self.run_it("show", "peer", "not hex", code=USAGE)

    def test_changes_one_peer(self):
        self.fill()
        self.assertIn(f"b0b0b0b0b is peer {BOB}, Bob", self.run_it("set", "name", "b0b0b0b0b", "Robert"))
        self.run_it("set", "verified", BOB, "yes")
        self.assertRegex(self.run_it("show"), r"b0b0\S+ +yes +yes +1 .* Robert")
        self.run_it("unenroll", BOB)
        self.assertRegex(self.run_it("show"), r"b0b0\S+ +yes +no ")
        self.run_it("set", "verified", BOB, "maybe", code=USAGE)
        with open(self.file("aux"), "wb") as aux:
            aux.write(b"common")
        self.run_it("set", "aux", BOB, self.file("aux"))
        self.assertIn("Auxsecret:    yes", self.run_it("show", "peer", BOB))
        self.run_it("delete", BOB)
        self.run_it("delete", BOB, code=NONE)

    def test_a_few_digits_name_no_peer(self):
        self.fill()
        for digits in "b", "b0", "b0b0b0b":
            for words in ("delete",), ("unenroll",), ("show", "peer"):
                self.assertIn("first 8 at least", self.run_it(*words, digits, code=USAGE))
        self.assertIn("2 peers", self.run_it("show"))
        near = json.dumps({"type": "peer", "own": OWN, "peer": BOB[:23] + "1", "name": "Rob"})
        self.run_it("import", "-", text=json.dumps(LINES[0]) + "\n" + near + "\n")
        self.assertIn("more than one", self.run_it("delete", BOB[:23], code=USAGE))
        self.assertIn("3 peers", self.run_it("show"))

    def test_rekey_shuts_nobody_out(self):
        key = self.file("key")
        self.fill()
        self.run_it("new-key", key)
        holder = self.holder(self.path)
        self.assertIn(f"in use by process {holder.pid}", self.run_it("rekey", key, code=IN_USE))
        self.assertIn("2 peers", self.run_it("show"))
        holder.communicate("")
        journal = self.file("zrtp.journal")
        with open(journal, "wb") as file:
            file.write(bytes(512) + b"zrtpjrnl" + bytes(504))
        self.assertIn(f"changes of calls wait in {journal}", self.run_it("rekey", key, code=IN_USE))
        with open(journal, "wb") as file:
            file.write(bytes(1024))
        self.assertNotIn("is not seen", self.run_it("rekey", key))
        os.remove(journal)
        self.assertIn("(cache_journal of zrtp.conf) is not seen from here", self.run_it("rekey", key, options=("-k", key)))
        self.assertIn("give its key", self.run_it("show", code=KEY))

    def test_purges_what_has_expired(self):
        self.fill()
        self.assertIn("1 labels and 1 peers removed", self.run_it("purge"))
        self.assertIn("1 peers and 1 labels, all whole", self.run_it("check"))

    def test_export_is_private_and_comes_back(self):
        self.fill()
        out = self.file("export")
        self.assertIn("secrets in clear", self.run_it("export", out))
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        self.assertIn("exists", self.run_it("export", out, code=FAILED))
        self.path = self.file("other")
        self.run_it("import", out)
        again = self.file("again")
        self.run_it("export", again)
        with open(out) as first, open(again) as second:
            self.assertEqual(first.read(), second.read())

    def test_names_a_wrong_line(self):
        self.assertIn("line 2: not what", self.run_it(
            "import", "-", code=FAILED, text=json.dumps(LINES[0]) + "\n{nonsense\n"))

    def test_encrypts_with_a_key(self):
        key, other = self.file("key"), self.file("other-key")
        self.fill()
        self.run_it("new-key", key)
        self.run_it("new-key", other)
        self.run_it("new-key", key, code=FAILED)
        self.run_it("rekey", key)
        self.assertIn("give its key", self.run_it("show", code=KEY))
        self.assertIn("not the key", self.run_it("show", code=KEY, options=("-k", other)))
        self.assertIn("2 peers", self.run_it("show", options=("-k", key)))
        os.chmod(key, 0o644)
        self.assertIn("chmod 600", self.run_it("show", code=KEY, options=("-k", key)))
        os.chmod(key, 0o600)
        with open(key) as file:
            os.environ["ZRTP_TEST_KEY"] = file.read()
        self.run_it("rekey", "none", options=("-K", "ZRTP_TEST_KEY"))
        self.assertIn("2 peers", self.run_it("show"))

    def test_says_who_is_in_the_way(self):
        self.assertIn("No such file", self.run_it("show", code=NONE))
        self.path = self.file("file")
        self.fill("file")
        with open(self.path + ".lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("in use by another process", self.run_it("show", code=IN_USE))
        with open(self.path, "r+b") as file:
            file.seek(100)
            file.write(b"\xff\xff")
        self.assertIn("damaged", self.run_it("show", code=DAMAGED))
        self.assertEqual(sorted(os.listdir(self.directory.name)), ["file", "file.lock"])

    def holder(self, path):
        """Another process that has a database open, as Asterisk has: in WAL mode, between two transactions."""
        held = subprocess.Popen(["python3", "-c", "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n"
                                 "c.execute('SELECT count(*) FROM sqlite_master')"
                                 ".fetchall()\nprint('open', flush=True)\nsys.stdin.read()", path],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(held.stdout.readline(), "open\n")
        return held

    def summed(self, path, *options):
        """What check says that a cache has, without its name."""
        self.path = path
        return self.run_it("check", options=options).splitlines()[1].split(": ", 1)[1]

    def test_copies_to_another_place_and_back(self):
        first, second, third, key = (self.file(name) for name in ("cache", "file", "third", "key"))
        self.fill()
        self.run_it("new-key", key)
        had = self.summed(first)
        self.assertRegex(had, f"^own ZID {OWN}, 2 peers, 2 labels, digest [0-9a-f]{{16}}$")
        said = self.run_it("copy", first, second, options=("-t", "file", "--to-key-file", key))
        self.assertEqual(said, f"copied to {second}: {had}\n")
        self.assertEqual(self.summed(second, "-k", key), had)
        self.assertEqual(self.summed(first), had)
        self.assertEqual(stat.S_IMODE(os.stat(second).st_mode), 0o600)
        with open(second, "rb") as file:
            self.assertNotIn(b"\x11" * 32, file.read())
        # With the key of the one it comes from, unless something else is said.
        self.run_it("copy", second, third, options=("-k", key))
        self.assertIn("give its key", self.run_it("check", options=("-f", third), code=KEY))
        self.assertEqual(self.summed(third, "-k", key), had)
        self.run_it("set", "name", EVE, "Mallory", options=("-k", key))
        self.run_it("copy", third, first, "replace", options=("-k", key, "--to-key-file", "none"))
        self.assertEqual(self.summed(first), self.summed(third, "-k", key))
        self.assertNotEqual(self.summed(first), had)

    def test_a_copy_overwrites_nothing_unasked(self):
        other = self.file("other")
        self.fill()
        had = self.summed(self.path)
        self.run_it("import", "-", options=("-f", other), text=json.dumps(LINES[0]) + "\n" + json.dumps(
            {"type": "peer", "own": OWN, "peer": "cc" * 12, "name": "Carol"}) + "\n")
        self.assertIn("has peers already", self.run_it("copy", self.path, other, code=FAILED))
        self.assertIn("3 peers", self.run_it("copy", self.path, other, "merge"))
        self.assertIn("2 peers", self.run_it("copy", self.path, other, "replace"))
        strange = self.file("strange")
        self.run_it("import", "-", options=("-f", strange), text=json.dumps({**LINES[0], "own": "77" * 12}) + "\n")
        for how in (), ("merge",):
            self.assertIn("77" * 12, self.run_it("copy", self.path, strange, *how, code=FAILED))
        self.assertIn("own ZID " + "77" * 12, self.summed(strange))
        self.path = self.file("cache")
        for words in (self.path, self.path), (self.path,), (self.path, other, "sideways"), ():
            self.run_it("copy", *words, code=USAGE)
        os.link(self.path, self.file("link"))
        self.run_it("copy", self.path, self.file("link"), code=USAGE)
        self.assertIn("No such file", self.run_it("copy", self.file("none"), self.file("new"), code=NONE))
        self.assertFalse(os.path.exists(self.file("new")))
        self.assertEqual(self.summed(self.path), had)

    def test_a_copy_that_fails_leaves_nothing(self):
        """A PBX that were started with it would be another one to all phones."""
        self.fill()
        for kind in "sqlite", "file":
            for options in ("-k", self.file("no-key")), ("--to-key-file", self.file("no-key")):
                self.run_it("copy", self.path, self.file("new"), options=("-t", kind, *options), code=FAILED)
        subprocess.run(["python3", "-c", "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n"
                        "c.execute(\"UPDATE pair SET rs1 = zeroblob(41) WHERE label = '100'\")\nc.commit()", self.path],
                       check=True)
        for kind in "sqlite", "file":
            self.assertIn(f"rs1  of peer {BOB}, label 100 is damaged", self.run_it(
                "copy", self.path, self.file("new"), options=("-t", kind), code=DAMAGED))
        self.assertEqual(sorted(os.listdir(self.directory.name)), ["cache"])

    def test_a_cache_in_use_is_backed_up_and_not_moved(self):
        other, saved = self.file("other"), self.file("saved")
        self.fill()
        had = self.summed(self.path)
        held = self.holder(self.path)
        said = self.run_it("copy", self.path, other, code=IN_USE)
        self.assertIn(f"in use by process {held.pid}", said)
        self.assertIn("stop Asterisk", said)
        self.assertFalse(os.path.exists(other))
        self.assertEqual(self.run_it("backup", saved), f"backup in {saved}: {had}\n")
        self.assertIn("a backup is a new file", self.run_it("backup", saved, code=FAILED))
        self.assertIn("in use by process", self.run_it("copy", saved, self.path, "replace", code=IN_USE))
        held.communicate("")
        self.run_it("delete", BOB)
        self.run_it("copy", saved, self.path, "replace")
        self.assertEqual(self.summed(self.path), had)
        self.assertEqual(self.summed(saved), had)

    def test_a_copy_that_is_killed_is_made_again(self):
        """At any moment: there is all of it, or nothing."""
        peers = [{"type": "peer", "own": OWN, "peer": f"{number:024x}", "pbx": "22" * 32} for number in range(3000)]
        self.run_it("import", "-", text="".join(json.dumps(line) + "\n" for line in [LINES[0], *peers]))
        source, had = self.path, self.summed(self.path)
        killed = 0
        for kind in "sqlite", "file":
            for delay in 0.02, 0.1, 0.2, 0.4, 0.8:
                other = self.file(f"{kind}-{delay}")
                copying = subprocess.Popen([COMMAND, "-t", kind, "copy", source, other], stdout=subprocess.DEVNULL)
                try:
                    copying.wait(delay)
                except subprocess.TimeoutExpired:
                    copying.kill()
                killed += copying.wait() != DONE
                there = self.summed(other) if os.path.exists(other) and os.path.getsize(other) else "nothing"
                if there != had:
                    self.assertRegex(there, "nothing|own ZID none, 0 peers, 0 labels")
                    self.run_it("copy", source, other, options=("-t", kind))
                    self.assertEqual(self.summed(other), had)
        self.assertGreater(killed, 0)

    def test_its_version(self):
        with open(os.path.join(TOP, "VERSION")) as version:
            self.assertEqual(self.run_it("--version"), f"zrtp-cache {version.read().strip()}\n")

    def test_explains_itself(self):
        help_text = self.run_it("--help")
        for command in ("show", "set name", "set verified", "unenroll", "delete", "purge", "export",
                        "import", "rekey", "new-key", "check", "copy", "backup"):
            self.assertIn("  " + command, help_text)
        self.run_it("dance", code=USAGE)
