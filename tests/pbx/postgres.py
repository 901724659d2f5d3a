# SPDX-License-Identifier: GPL-2.0-only
"""A PostgreSQL server of its own for a test, on the loopback, in a new directory."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

import processes
import wait

IP = "127.0.0.1"
USER, PASSWORD, DATABASE = "asterisk", "asterisk", "asterisk"


class Postgres:
    """Use as a context manager. stop() and start() as often as a test likes; data is kept."""

    def __init__(self, port, *, durable=True):
        self.port, self.durable = port, durable
        self.process = None
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise AssertionError("PostgreSQL is not installed")
        self.programs = found[-1]
        # Its parent must let the server's user through, which a private directory would not.
        self.directory = tempfile.mkdtemp(prefix="zrtp-postgres-", dir="/tmp")
        account = pwd.getpwnam("postgres")
        self.user, self.group = account.pw_uid, account.pw_gid
        os.chown(self.directory, self.user, self.group)
        self.data = os.path.join(self.directory, "data")

    def _as_postgres(self):
        return {"user": self.user, "group": self.group, "extra_groups": [], "cwd": self.directory,
                "stdin": subprocess.DEVNULL,
                "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": self.directory}}

    def _program(self, name):
        return os.path.join(self.programs, name)

    def __enter__(self):
        subprocess.run([self._program("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust",
                        "-E", "UTF8", "--no-instructions", "--no-sync"], check=True,
                       stdout=subprocess.DEVNULL, **self._as_postgres())
        self.start()
        self.sql(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'", database="postgres")
        self.sql(f"CREATE DATABASE {DATABASE} OWNER {USER}", database="postgres")
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = processes.start(
                [self._program("postgres"), "-D", self.data, "-p", str(self.port), "-h", IP,
                 "-k", self.directory, *([] if self.durable else ["-F"])],
                stdout=log, stderr=log, **self._as_postgres())
        wait.until("PostgreSQL answers", 120, lambda: not subprocess.run(
            [self._program("pg_isready"), "-q", "-h", IP, "-p", str(self.port)],
            check=False).returncode, 0.1)

    def stop(self):
        """At once: connections are cut, what was committed stays."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)  # its fast shutdown
        processes.stop(self.process, 60)  # what it has in memory goes to a disk that may be slow
        self.process = None

    def kill(self):
        """As a crash does it. What its connections' processes have begun they do not end."""
        left = list(self._children())
        self.process.kill()
        self.process.wait()
        self.process = None
        wait.until("its processes have ended", 20, lambda: not any(os.path.exists(f"/proc/{pid}") for pid in left))

    @contextlib.contextmanager
    def frozen(self):
        """It hangs: connections stay, and nothing answers."""
        os.kill(self.process.pid, signal.SIGSTOP)  # it begins no other process from here on
        stopped = [self.process.pid]
        for pid in self._children():
            with contextlib.suppress(ProcessLookupError):  # one that ended just now
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
        try:
            yield
        finally:
            for pid in reversed(stopped):
                os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def holding(self, statement):
        """Another client is in a transaction in which it has made this statement."""
        client = processes.start(
            [self._program("psql"), "-X", "-q", "-h", IP, "-p", str(self.port), "-U", "postgres", "-d", DATABASE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            client.stdin.write(f"BEGIN; {statement};\n\\echo held\n")
            client.stdin.flush()
            client.stdout.readline()
            yield
        finally:
            client.stdin.close()
            client.stdout.close()
            client.wait(60)

    def _children(self):
        """Each connection has a process."""
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path) as stat:
                    fields = stat.read().rsplit(")", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            if int(fields[1].split()[1]) == self.process.pid:
                yield int(fields[0].split()[0])

    def sql(self, text, *, user="postgres", database=DATABASE):
        """Run statements; return what they print, one line a row, fields apart by |."""
        done = subprocess.run(
            [self._program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", IP,
             "-p", str(self.port), "-U", user, "-d", database, "-f", "-"],
            input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise AssertionError("SQL: " + done.stdout.strip())
        return done.stdout.strip()
