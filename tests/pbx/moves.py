# SPDX-License-Identifier: GPL-2.0-only
"""zrtp-cache beside a PBX: the command, and the databases that it copies to and from."""
import contextlib
import os
import re
import subprocess

from harness import equal
from lab import zrtp_conf
from mariadb import MariaDB
from postgres import DATABASE, IP, PASSWORD, USER, Postgres

POSTGRES_PORT, MARIADB_PORT = 25094, 25096
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMAND = os.environ.get("ZRTP_CACHE", os.path.join(TOP, "build", "tools", "zrtp-cache", "zrtp-cache"))
DONE, FAILED, IN_USE, DAMAGED, KEY = 0, 1, 4, 5, 6
FAMILIES = ("zrtp_meta", "zrtp_peers", "zrtp_pairs")
EXTCONFIG = "[settings]\n" + "".join(f"{family} => odbc,zrtp,{family}\n" for family in FAMILIES)
RES_ODBC = f"[zrtp]\nenabled = yes\ndsn = zrtp\nusername = {USER}\npassword = {PASSWORD}\npre-connect = yes\n"
MODULES = ("res_odbc", "res_odbc_transaction", "res_config_odbc")


def sql_of(name):
    with open(os.path.join(TOP, "asterisk", "sql", name)) as script:
        return script.read()


@contextlib.contextmanager
def database(kind):
    """A server with the tables as shipped, and the lines of odbc.ini for it."""
    server = Postgres(POSTGRES_PORT) if kind == "PostgreSQL" else MariaDB(MARIADB_PORT)
    with server:
        if kind == "PostgreSQL":
            server.sql(sql_of("zrtp-realtime.postgresql.sql"), user=USER)
        else:
            server.sql(sql_of("zrtp-realtime.mariadb.sql"))
        yield server, (f"[zrtp]\nDriver = {kind} Unicode\nServer = {IP}\nServername = {IP}\nPort = {server.port}\n"
                       f"Database = {DATABASE}\n")


class Command:
    """zrtp-cache with an odbc.ini, a key and a password of a folder."""

    def __init__(self, folder, ini, key):
        self.folder, self.key = folder, os.path.join(folder, "zrtp.key")
        for name, text in ("odbc.ini", ini), ("password", PASSWORD + "\n"), ("zrtp.key", key + "\n"):
            with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
        self.login = [option for prefix in ("", "to-") for option in (
            f"--{prefix}user", USER, f"--{prefix}password-file", os.path.join(folder, "password"))]

    def start(self, *words):
        return subprocess.Popen([COMMAND, *self.login, *words], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env={**os.environ, "ODBCINI": os.path.join(self.folder, "odbc.ini")})

    def run(self, *words, code=DONE):
        """What it prints; it must end so."""
        command = self.start(*words)
        said = command.communicate(timeout=120)[0].strip()
        if command.returncode != code:
            raise AssertionError(f"zrtp-cache {' '.join(words)}: exit status {command.returncode}, not {code}: {said}")
        return said

    def sum_of(self, place, *options):
        """Own ZID, peers, labels and digest of a cache."""
        return re.search(r"own ZID .*", self.run(*options, "-f", place, "check"))[0]


def configure(lab, general):
    """The cache that a PBX uses from its next start."""
    lab.pbx.write("zrtp.conf", zrtp_conf(general=general))


def own_zid(lab):
    return re.search(r"(?m)^Own ZID +(\S+)", lab.pbx.cli("zrtp cache status"))[1]


def stop(lab):
    equal("exit status", lab.pbx.stop(), 0)
