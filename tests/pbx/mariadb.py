# SPDX-License-Identifier: GPL-2.0-only
"""A MariaDB server of its own for a test, on the loopback, in a new directory."""
import contextlib
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


class MariaDB:
    """Use as a context manager."""

    def __init__(self, port):
        self.port = port
        self.process = None
        self.directory = tempfile.mkdtemp(prefix="zrtp-mariadb-", dir="/tmp")
        self.socket = os.path.join(self.directory, "socket")
        account = pwd.getpwnam("mysql")
        os.chown(self.directory, account.pw_uid, account.pw_gid)
        self.place = [f"--datadir={self.directory}/data", "--user=mysql"]

    def __enter__(self):
        subprocess.run(["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal",
                        "--skip-test-db", *self.place], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start()
        self.sql(f"CREATE DATABASE {DATABASE}; CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';"
                 f"GRANT SELECT, INSERT, UPDATE, DELETE ON {DATABASE}.* TO {USER}@'%'", "mysql")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        processes.stop(self.process, 60)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = processes.start(
                ["/usr/sbin/mariadbd", "--no-defaults", *self.place, f"--port={self.port}",
                 f"--bind-address={IP}", f"--socket={self.socket}",
                 f"--pid-file={self.directory}/pid"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait.until("MariaDB answers", 120, lambda: not self._client("SELECT 1").returncode, 0.2)

    def kill(self):
        """As a crash does it."""
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def frozen(self):
        """It hangs: connections stay, new ones are taken by the kernel, and nothing answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _client(self, text, database="mysql"):
        return subprocess.run(
            ["mariadb", "--no-defaults", "-N", "-B", "-u", "root", f"--socket={self.socket}", database],
            input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def sql(self, text, database=DATABASE):
        """Run statements as root; return what they print, one line a row."""
        done = self._client(text, database)
        if done.returncode:
            raise AssertionError("SQL: " + done.stdout.strip())
        return done.stdout.strip()
