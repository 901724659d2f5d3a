# SPDX-License-Identifier: GPL-2.0-only
"""What stands around a cluster: kamailio in front of the nodes, pgbouncer in front of their database.

What both are told is what docs/guide/cache.md has.
"""
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import processes
import wait
from postgres import IP, PASSWORD, USER

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUIDE = os.path.join(TOP, "docs", "guide", "cache.md")


def from_guide(name, **changes):
    """The file of that name as the guide has it, with other values for what differs from machine to machine."""
    with open(GUIDE) as guide:
        found = re.search(rf"`{re.escape(name)}`:\n\n((?:(?:    .*)?\n)+)", guide.read())
    text = re.sub(r"(?m)^    ", "", found[1]).strip() + "\n"
    for old, new in changes.values():
        if old not in text:
            raise AssertionError(f"{name} of the guide has no {old}")
        text = text.replace(old, new)
    return text


class _Server:
    """A program with a directory of its own. Use as a context manager."""

    def __init__(self, name, account):
        self.directory = tempfile.mkdtemp(prefix=f"zrtp-{name}-", dir="/tmp")
        self.account = pwd.getpwnam(account)
        self.process = None

    def _write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def _start(self, command):
        for path in (self.directory, *glob.glob(f"{self.directory}/*")):
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        with open(os.path.join(self.directory, "said"), "ab") as said:
            self.process = processes.start(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=self.directory,
                                           user=self.account.pw_uid, group=self.account.pw_gid, extra_groups=[])

    def said(self):
        with open(os.path.join(self.directory, "said"), errors="replace") as said:
            return said.read()

    def _runs(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.process.args[0]} ended: {self.said()[-500:]}")
        return True

    def __exit__(self, *_):
        # Its processes are a session of their own; the first one ends the others.
        self.process.send_signal(signal.SIGTERM)
        processes.stop(self.process)
        shutil.rmtree(self.directory, ignore_errors=True)


class Kamailio(_Server):
    """In front of the nodes, which listen at these ports."""

    def __init__(self, port, nodes):
        super().__init__("kamailio", "kamailio")
        self.port, self.nodes = port, nodes

    def __enter__(self):
        listed = self._write("nodes", "".join(f"1 sip:{IP}:{port}\n" for port in self.nodes))
        conf = self._write("kamailio.cfg", "children = 2\ndisable_tcp = yes\n" + from_guide(
            "kamailio.cfg", address=("192.0.2.10:5060", f"{IP}:{self.port}"), nodes=("/etc/kamailio/dispatcher.list", listed)))
        self._start(["/usr/sbin/kamailio", "-DD", "-E", "-f", conf, "-Y", self.directory, "-m", "32", "-M", "4"])
        wait.until("kamailio answers", 20, lambda: self._runs() and self._answers(), 0.2)
        return self

    def _answers(self):
        """To an OPTIONS: that it is there at all."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            sock.bind((IP, 0))
            text = (f"OPTIONS sip:{IP}:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP {IP}:{sock.getsockname()[1]};branch=z9hG4bK1\r\n"
                    f"Max-Forwards: 0\r\nFrom: <sip:up@{IP}>;tag=1\r\nTo: <sip:up@{IP}>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\n"
                    "Content-Length: 0\r\n\r\n")
            sock.sendto(text.encode(), (IP, self.port))
            try:
                return sock.recv(2000).startswith(b"SIP/2.0 483")
            except (TimeoutError, ConnectionRefusedError):
                return False


class PgBouncer(_Server):
    """In front of the PostgreSQL at that port."""

    def __init__(self, port, target, *, mode="session"):
        super().__init__("pgbouncer", "postgres")
        self.port, self.target, self.mode = port, target, mode

    def __enter__(self):
        self._write("users", f'"{USER}" "{PASSWORD}"\n')
        conf = self._write("pgbouncer.ini", from_guide(
            "pgbouncer.ini", database=("port=5432", f"port={self.target}"), port=("6432", str(self.port)),
            mode=("pool_mode = session", f"pool_mode = {self.mode}"),
            users=("/etc/pgbouncer/userlist.txt", f"{self.directory}/users\nlogfile = {self.directory}/log\n"
                   f"pidfile = {self.directory}/pid\nunix_socket_dir =")))
        self._start(["/usr/sbin/pgbouncer", conf])
        wait.until("pgbouncer answers", 20, lambda: self._runs() and self._answers(), 0.2)
        return self

    def _answers(self):
        with socket.socket() as sock:
            return not sock.connect_ex((IP, self.port))
