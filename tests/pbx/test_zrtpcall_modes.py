# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall as a tool: its modes against the PBX, Linphone, and an Asterisk without our modules."""
import re

import lab as laboratory
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
