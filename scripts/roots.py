# SPDX-License-Identifier: GPL-2.0-only
"""For scripts: a root made by test-root with the modules in it, and the PBX cases that run there."""
import os
import subprocess
import sys

import hostbuild
from hostbuild import OWN_NETWORK, TOP

WORKERS = os.environ.get("PARTS", "2")
GONE = 3  # what test-root ends with when Debian has no such Asterisk today


def script(name, *arguments):
    """Run a script of ours; return its status and what it printed."""
    done = subprocess.run([os.path.join(TOP, "scripts", name), *arguments], stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout.strip()


def made(name):
    """The path of a root, None if Debian has none today; ends if it cannot be made."""
    if os.geteuid():
        sys.exit("must run as root: it makes Debian roots and runs Asterisk in them")
    status, root = script("test-root", name)
    if status == GONE:
        return None
    if status:
        sys.exit(f"{name}: there is no such root")
    return root


def ready(name):
    """The same with the modules built and installed in it; ends if that fails."""
    root = made(name)
    if root is None:
        return None
    if script("build-in-root", name)[0]:
        sys.exit(f"{name}: there is no root with the modules in it")
    failed = hostbuild.build("tools/zrtpcall/zrtpcall")
    if failed:
        sys.exit(failed)
    return root


def cases(root, pattern, *arguments, suite="sid", environment=(), more=None, begin=None):
    """Run the cases whose "kind: name" match in a root that stands for a suite; return the exit status.

    more: roots by suite; begin: called in the new process.
    """
    return subprocess.run([*OWN_NETWORK, "pytest-3", os.path.join(TOP, "tests", "pbx"), "--match", pattern,
                           *(word for name, path in {suite: root, **(more or {})}.items() for word in ("--root", f"{name}={path}")),
                           *arguments],
                          preexec_fn=begin, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                               "ZRTP_PBX_ENVIRONMENT": " ".join(environment)}).returncode


def version(root):
    """What the Asterisk in a root says it is."""
    done = subprocess.run(["chroot", root, "asterisk", "-V"], stdout=subprocess.PIPE, text=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
    return done.stdout.strip()
