# SPDX-License-Identifier: GPL-2.0-only
"""What a program has of the one that began it, a terminal, a service, a container or a job of CI: what tests rely on
becomes the same each time. usual() for a program that runs others and judges how they end; alone() for one that needs no network.
"""
import os
import signal
import tempfile

# Python ignores these itself, and programs that it begins have their defaults.
PYTHONS = (signal.SIGPIPE, signal.SIGXFSZ)
# Servers and phones that are another user, or in a root, come to files of /tmp; to a user's private folder they do not.
FOLDERS = ("TMPDIR", "TEMP", "TMP")
PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")


def usual():
    """A status is that of the program (where SIGCHLD is ignored each one that failed is taken for one that passed), no signal
    is held back, files can be read, and texts are in English. What is ignored else, as a hangup by nohup, is so still."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    os.environ["LC_ALL"] = "C.UTF-8"
    for name in FOLDERS:
        os.environ.pop(name, None)
    tempfile.tempdir = None  # it is looked up again


def alone():
    """Without a proxy: libraries would ask it for what is on this machine, too."""
    for name in list(os.environ):
        if name.lower() in PROXIES:
            del os.environ[name]


def defaults():
    """In a new process, before its program: what was ignored does again what it does by default."""
    for number in signal.valid_signals():
        if number not in PYTHONS and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
