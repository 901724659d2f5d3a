# SPDX-License-Identifier: GPL-2.0-only
"""A case that hangs does not hold up the run."""
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pbx"))
import limit  # noqa: E402


class Limit(unittest.TestCase):
    def test_what_waits_for_a_program_is_ended(self):
        with subprocess.Popen(["sleep", "60"]) as program:
            begun = time.monotonic()
            with self.assertRaisesRegex(limit.Hangs, "not over after 1 s"), limit.limit(1):
                program.wait()
            self.assertLess(time.monotonic() - begun, 30)
            program.kill()

    def test_what_is_over_in_time_is_left_alone(self):
        with limit.limit(1):
            pass
        time.sleep(1.5)

    def test_a_fault_of_its_own_goes_on_and_ends_the_limit(self):
        with self.assertRaises(KeyError), limit.limit(1):
            raise KeyError
        time.sleep(1.5)
