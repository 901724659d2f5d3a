# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall as a tool: its modes against the PBX, Linphone, and an Asterisk without our modules."""
import json
import re

import lab as laboratory
import wait
from harness import case, equal
from zrtpmodes import run


def checked(uri, **options):
    """Exit status and line of `zrtpcall check`."""
    status, said, errors = run("check", uri, **options)
    equal("stderr", errors, "")
    equal(f"lines of {said!r}", said.count("\n"), 1)
    return status, said


@case("zrtpcall check: our PBX, Linphone, and an Asterisk without ZRTP get three different answers", kind="22 own")
def answers(workshop):
    with laboratory.Lab(workshop.root, workshop.directory) as lab, lab.phone("bob") as bob:
        status, line = checked(f"sip:silent@127.0.0.1:{lab.sip_port}")
        equal(f"the PBX: {line}", (status, bool(re.fullmatch(
            r"ZRTP OK - secure in \d\.\d{3} s with X25519.*, SHA-\d{3}, AES-256-GCM, SAS B32; zrtp-hash matched; peer \S.* \| "
            r"time_to_secure=\d\.\d{4}s;1;3;0 setup=\d\.\d{4}s;;;0\n", line))), (0, True))
        status, line = checked(f"sip:bob@127.0.0.1:{bob.sip_port}")
        equal(f"Linphone: {line}", (status, bool(re.search(
            r"ZRTP OK - secure in .* with DH-3072, SHA-256, AES-256 \+ HMAC-SHA1-80, SAS B32; zrtp-hash matched; peer BZRTPv1\.1 \|",
            line))), (0, True))
        equal("a refused call", checked(f"sip:nobody@127.0.0.1:{lab.sip_port}")[0], 3)
    with laboratory.Lab(workshop.root, workshop.directory, engine="asterisk") as plain:
        for module in ("app_enroll_zrtp", "res_pjsip_zrtp", "res_zrtp"):
            plain.pbx.cli(f"module unload {module}.so")
        equal("ZRTP modules", "0 modules loaded" in plain.pbx.cli("module show like zrtp"), True)
        status, line = checked(f"sip:silent@127.0.0.1:{plain.sip_port}")
        equal(f"plain Asterisk: {line}", (status, line.split(" | ")[0]),
              (2, "ZRTP CRITICAL - in clear: no answer to Hello, it does not speak ZRTP"))


def loaded(lab, extension, **options):
    """Exit status and summary of `zrtpcall load`."""
    status, said, errors = run("load", f"sip:{extension}@127.0.0.1:{lab.sip_port}", json=True, seconds=300, **options)
    equal("stderr", errors, "")
    return status, json.loads(said)


@case("zrtpcall load: thirty calls of one process, fifteen a second, are secure, and leave no channel")
def load(lab):
    status, summary = loaded(lab, "silent", calls=30, rate=15, hold=1)
    equal(f"all secure: {summary}", (status, summary["secure"]), (0, 30))
    wait.until("no channel is left", 5, lambda: lab.pbx.channels() == 0)


@case("zrtpcall load: five hundred calls at once of one process are secure", kind="22 own attack")
def load_five_hundred(workshop):
    with laboratory.Lab(workshop.root, workshop.directory, rtp_ports=(28000, 29999)) as lab:
        status, summary = loaded(lab, "silent", calls=500, at_once=500, rate=20, hold=40, packets=0)
        equal(f"all secure: {summary}", (status, summary["secure"], summary["most_at_once"]), (0, 500, 500))
        wait.until("no channel is left", 10, lambda: lab.pbx.channels() == 0)
