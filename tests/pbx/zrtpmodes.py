# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall's modes (check, load, conformance), run to their end."""
import contextlib
import random
import socket
import subprocess
import tempfile
import unittest

from zrtpphone import IP, PROGRAM, ZrtpPhone


def run(mode, uri, *arguments, seconds=60, **options):
    """Exit status, stdout and stderr of `zrtpcall MODE`; options as those of ZrtpPhone."""
    command = [PROGRAM, mode, "--listen", f"{IP}:0", *arguments]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), *([] if value is True else [str(value)])]
    done = subprocess.run([*command, uri], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=seconds)
    return done.returncode, done.stdout, done.stderr


def free_ports(count):
    """The first of so many UDP ports in a row that are free, where neither the kernel nor a zrtpcall takes any by itself:
    several tests run at once in one network."""
    while True:
        first = random.randrange(61000, 65536 - count, 2)
        with contextlib.ExitStack() as taken:
            try:
                for port in range(first, first + count):
                    taken.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((IP, port))
            except OSError:
                continue
        return first


class WithPhones(unittest.TestCase):
    """A test with a folder of its own, and phones that end with it."""

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)

    def phone(self, name="bob", **options):
        phone = ZrtpPhone(self.place.name, name, **options).start()
        self.addCleanup(phone.stop)
        return phone
