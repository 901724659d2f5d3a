# SPDX-License-Identifier: GPL-2.0-only
"""A stock Asterisk: a Debian root as its packages leave it, its own folders, its own user; and what changes there."""
import ctypes
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile

import processes
import wait
from asterisk import Asterisk

CLONE_NEWNS = 0x20000
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C", "TERM": "dumb",
               "DEBIAN_FRONTEND": "noninteractive"}
# What dpkg, apt, the loader and Asterisk itself write as they go along.
OTHERS = ("/dev", "/proc", "/run", "/tmp", "/var/cache/apt", "/var/cache/debconf", "/var/cache/ldconfig", "/var/lib/apt",
          "/var/lib/dpkg", "/var/log", "/var/lib/asterisk/astdb.sqlite3", "/root", "/etc/ld.so.cache")


def own_mounts():
    """What this process mounts from here on, others do not see, and its end takes away."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "no mounts of one's own")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


class StockRoot:
    """A root to change and to throw away: what is written lies over the pristine one, or, where this machine has no
    overlays, in a copy of it. Use as a context manager."""

    def __init__(self, pristine):
        self.pristine = pristine
        self.place = self.path = None

    def __enter__(self):
        own_mounts()
        self.place = tempfile.mkdtemp(prefix="stock-run-", dir=os.path.dirname(self.pristine))
        self.path, upper, work = (os.path.join(self.place, name) for name in ("root", "upper", "work"))
        for folder in (self.path, upper, work):
            os.mkdir(folder)
        os.chmod(upper, 0o755)  # the root's own folder, for who is not root in there
        lies_over = f"lowerdir={self.pristine},upperdir={upper},workdir={work},volatile"  # without waiting for a disk
        if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", lies_over, self.path], stderr=subprocess.DEVNULL).returncode:
            subprocess.run(["cp", "-a", "--reflink=auto", f"{self.pristine}/.", self.path], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.place, ignore_errors=True)

    def file(self, name):
        """The path on this machine of a file of the root."""
        return os.path.join(self.path, name.lstrip("/"))

    def read(self, name):
        with open(self.file(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text, mode="w"):
        with open(self.file(name), mode, encoding="utf-8") as file:
            file.write(text)

    def has(self, name):
        return os.path.lexists(self.file(name))

    def run(self, command):
        """A line for the shell in the root, as root; its status and what it says."""
        done = subprocess.run(["chroot", self.path, "sh", "-c", f"cd /root && {command}"], env=ENVIRONMENT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def must(self, command):
        """The same of a command that has to succeed; what it says."""
        status, said = self.run(command)
        if status:
            raise AssertionError(f"{command}: status {status}: {said[-1500:]}")
        return said

    def files(self):
        """Each file, link and folder of the root with all that one can see of it, but what others write."""
        found = {}
        for folder, folders, names in os.walk(self.path):
            inside = "/" + os.path.relpath(folder, self.path).removeprefix(".")
            folders[:] = [name for name in folders if os.path.join(inside, name) not in OTHERS]
            for name in [*folders, *names]:
                shown = os.path.join(inside, name)
                if shown not in OTHERS:
                    found[shown] = seen(os.path.join(folder, name))
        return found


def seen(path):
    """Kind, rights and owner of a file, and what is in it; the date is of no interest."""
    state = os.lstat(path)
    inside = None
    if stat.S_ISLNK(state.st_mode):
        inside = os.readlink(path)
    elif stat.S_ISREG(state.st_mode):
        with open(path, "rb") as file:
            inside = hashlib.sha256(file.read()).hexdigest()
    return oct(state.st_mode), state.st_uid, state.st_gid, inside


def changed(before, after):
    """What is not as it was, in words."""
    return sorted([f"{name} is gone" for name in before.keys() - after.keys()]
                  + [f"{name} is new" for name in after.keys() - before.keys()]
                  + [f"{name} was {before[name]}, is {after[name]}" for name in before.keys() & after.keys()
                     if before[name] != after[name]])


class StockAsterisk(Asterisk):
    """The Asterisk of a StockRoot, run as its service runs it. Use as a context manager."""

    def __init__(self, stock):  # without Asterisk's: that has folders of its own
        self.root, self.path, self.process = stock.path, stock.file("/var/log/asterisk"), None

    def start(self):
        with open(os.path.join(self.path, "console"), "wb") as console:
            self.process = processes.start(["chroot", self.root, "asterisk", "-f", "-U", "asterisk", "-G", "asterisk"], env=ENVIRONMENT,
                                           stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        wait.until("Asterisk fully booted", 240, self._booted, 0.2)
        return self

    def console_tail(self):
        with open(os.path.join(self.path, "console"), errors="replace") as log:
            return " | ".join(log.read().splitlines()[-3:]) or "(it said nothing)"

    def cli(self, command):
        done = subprocess.run(["chroot", self.root, "asterisk", "-rx", command], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=90)
        return done.stdout

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
