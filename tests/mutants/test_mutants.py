#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The runner of planted faults: what it says of faults whose verdict is known, and that its lists fit the tree."""
import os
import subprocess
import sys
import tempfile
import unittest

import chance
import faults
from tree import Tree, definitions

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ADD = """/* A sum. */
#include "add.h"
#define LIMIT 3
static const char *const names[] = { "a }", "b" };

int add(int a, int b)
{
	if (a > LIMIT) { /* } */
		return LIMIT;
	}
	return a +
	       b;
}
"""
FILES = {
    "meson.build": """project('sum', 'c')
test('add', executable('test_add', 'engine/add.c', 'tests/unit/test_add.c', include_directories: 'engine'))
""",
    "meson_options.txt": "option('tests', type: 'boolean')\noption('tools', type: 'string')\n"
                         "option('asterisk', type: 'string')\noption('shared_tests', type: 'boolean')\n",
    "engine/add.c": ADD,
    "engine/add.h": "int add(int a, int b);\n",
    "tests/unit/meson.build": "",
    "tests/unit/test_add.c": '#include "add.h"\nint main(void) { return add(2, 2) == 4 ? 0 : 1; }\n',
}
LIST = """in: add
== a sum is a difference
- return a + b;
+ return a - b;

== no test asks for the limit
- return LIMIT;
+ return 0;

== this anchor is gone
- return a * b;
+ return 0;

== this does not compile
- return LIMIT;
+ return LIMITS;

== nothing can notice this
- a > LIMIT
+ a >= LIMIT + 1
equivalent: they are whole numbers
"""


class Lists(unittest.TestCase):
    """The lists of this tree."""

    @classmethod
    def setUpClass(cls):
        cls.tree = Tree(TOP)

    def test_every_anchor_is_there_once(self):
        tree = self.tree
        gone = []
        for fault in faults.read():
            try:
                fault.plant(tree)
            except faults.Gone as why:
                gone.append(f"{fault.source}: {fault.title}: {why}")
        self.assertEqual(gone, [])

    def test_every_fault_says_what_it_breaks(self):
        self.assertEqual([f.source for f in faults.read() if not f.why and not f.title.startswith("chance ")], [])

    def test_the_faults_by_chance_can_be_planted(self):
        tree = self.tree
        sample = chance.sample(tree, 300, "1", [])
        self.assertEqual(len({fault.title for fault in sample}), 300)
        for fault in sample:
            fault.plant(tree)


class Reading(unittest.TestCase):
    """How C is read."""

    def test_definitions_are_found_in_spite_of_braces_in_texts(self):
        self.assertEqual([(d.name, d.function) for d in definitions(ADD, "add.c")],
                         [("LIMIT", False), ("names", False), ("add", True)])


class Runner(unittest.TestCase):
    """The whole runner, on a tree of one function."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.top = os.path.join(self.folder.name, "tree")
        files = {**FILES, "tests/mutants/lists/add.txt": LIST}
        for name in ("run.py", "tree.py", "faults.py", "place.py", "results.py", "module.py", "chance.py", "scores.py"):
            with open(os.path.join(HERE, name), encoding="utf-8") as file:
                files[f"tests/mutants/{name}"] = file.read()
        for path, text in files.items():
            self.write(path, text)

    def write(self, path, text):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_it(self, *arguments):
        done = subprocess.run([sys.executable, "-B", os.path.join(self.top, "tests", "mutants", "run.py"), "-j1",
                               "-s", "hand", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "ZRTP_CACHE_DIR": os.path.join(self.folder.name, "cache")})
        return done.returncode, done.stdout

    def test_verdicts(self):
        status, output = self.run_it()
        self.assertIn("killed     a sum is a difference (add: exit status 1)", output)
        self.assertIn("survived   no test asks for the limit", output)
        self.assertIn("does not apply this anchor is gone (add.txt:10: add does not say: return a * b;)", output)
        self.assertIn("does not compile this does not compile", output)
        self.assertEqual(output.strip().split("\n")[-1], "1 killed, 1 survived, 1 equivalent, 2 errors")
        self.assertEqual(status, 1)

        status, output = self.run_it("-k", "sum|limit")
        self.assertNotIn("killed     ", output, "what is known is not tried again")
        self.assertEqual((output.strip().split("\n")[-1], status), ("1 killed, 1 survived, 0 equivalent, 0 errors", 0))
        self.assertEqual(self.run_it("-k", "sum|limit", "--floor", "60")[0], 1)

        self.write("tests/unit/test_add.c", FILES["tests/unit/test_add.c"].replace("== 4 ?", "== 4 && add(4, 0) == 3 ?"))
        status, output = self.run_it("-k", "sum|limit")
        self.assertIn("killed     no test asks for the limit", output, "another test, another verdict")

        self.write("engine/add.c", ADD.replace("int add(", "static int other(void) { return 0; }\nint add("))
        with open(os.path.join(self.top, "engine", "add.c"), encoding="utf-8") as file:
            text = file.read()
        os.unlink(os.path.join(self.top, "engine", "add.c"))
        self.write("cache/sum.c", text)
        self.write("meson.build", FILES["meson.build"].replace("engine/add.c", "cache/sum.c"))
        self.assertIn("100 %    2 of   2  cache/sum.c", self.run_it("-k", "sum is|limit")[1], "the function moved")

    def test_a_test_that_fails_without_a_fault_is_no_verdict(self):
        self.write("engine/add.c", ADD.replace("a +", "a -"))
        status, output = self.run_it("-k", "limit")
        self.assertIn("mutants: add fails without a fault", output)
        self.assertEqual(status, 1)

    def test_the_same_code_is_equivalent(self):
        self.write("tests/mutants/lists/add.txt", "in: add\n== the same\n- return a + b;\n+ return b + a;\n")
        self.assertIn("0 killed, 0 survived, 1 equivalent, 0 errors", self.run_it()[1])
        self.assertIn("| `engine/`, by hand | 0 | 0 | - | 1 | 0 |", self.run_it("--scores")[1])


if __name__ == "__main__":
    unittest.main()
