# SPDX-License-Identifier: GPL-2.0-only
"""Enrollment: each outcome by a real call, with what the caller hears."""
import contextlib
import re
import time

import asterisk
import calls
import prompts
import tone
import wait
from harness import case, equal

MODULE = "app_enroll_zrtp.so"


@contextlib.contextmanager
def service(lab):
    """The application loaded, and events listened to."""
    lab.pbx.cli(f"module load {MODULE}")
    try:
        with asterisk.Events(lab.pbx) as events:
            yield events
    finally:
        lab.pbx.cli("channel request hangup all")
        lab.pbx.idle()
        lab.pbx.cli(f"module unload {MODULE}")


def status(events, name, seconds=25):
    """Wait for the application's verdict on the call of endpoint NAME."""
    def probe():
        found = events.all("VarSet", Variable="ENROLLSTATUS")
        return [e for e in found if asterisk.endpoint_of(e["Channel"]) == name]
    return wait.until(f"ENROLLSTATUS of {name}", seconds, probe)[-1]["Value"]


def enrolled(lab):
    """{ZID: endpoint} of `zrtp enrollments show`."""
    return dict(re.findall(r"(?m)^([0-9a-f]{24}) (\S+)$", lab.pbx.cli("zrtp enrollments show")))


def revoke_all(lab):
    for zid in enrolled(lab):
        lab.pbx.cli(f"zrtp enrollment revoke {zid}")


@case("enrollment of a phone without ZRTP: told so, nothing stored")
def no_zrtp(lab):
    with service(lab) as events, lab.plain_phone() as phone:
        phone.call("enroll", lab.sip_port, 5)
        equal("status", status(events, "plain"), "NOZRTP")
        time.sleep(6)
        prompts.expect(phone.pcm(), prompts.ours("enroll-no-zrtp"), "enroll-no-zrtp")
        equal("enrolled", enrolled(lab), {})


def by_keypad(lab, digits, verdict, prompt):
    """A Linphone call: hear the SAS, press digits, hear what came of it."""
    with service(lab) as events, lab.phone("alice", record=True) as phone:
        phone.call("enroll", lab.sip_port)
        sas = phone.secure()
        time.sleep(prompts.seconds("enroll-welcome", "sas-is") + 1.5)  # in the middle of the SAS
        for digit in digits:
            phone.say(digit)
            time.sleep(0.5)
        equal("status", status(events, "alice"), verdict)
        time.sleep(5)
        phone.hang_up()
    pcm = tone.read(phone.recording)
    for name in ("enroll-welcome", prompt):
        prompts.expect(pcm, prompts.ours(name), name)
    return sas, pcm


@case("enrollment: the caller hears the SAS, presses 1, and is enrolled; revoked, it is not")
def accepted(lab):
    try:
        _, pcm = by_keypad(lab, "1", "ENROLLED", "enroll-done")
        prompts.expect(pcm, prompts.ours("sas-is"), "sas-is")
        found = enrolled(lab)
        equal("endpoints enrolled", list(found.values()), ["alice"])
    finally:
        revoke_all(lab)
    equal("enrolled", enrolled(lab), {})


@case("enrollment: the caller says that the SAS differs: nothing is stored",
      errors="the SAS differs")
def differs(lab):
    by_keypad(lab, "2", "DIFFERS", "enroll-differs")
    equal("enrolled", enrolled(lab), {})


@case("enrollment of a call that was secure before: refused as too late, nothing stored")
def late(lab):
    with service(lab) as events, lab.phone("alice", record=True) as phone:
        phone.call("enroll-late", lab.sip_port)
        phone.secure()
        equal("status", status(events, "alice"), "LATE")
        time.sleep(6)
        phone.hang_up()
        equal("enrolled", enrolled(lab), {})
    prompts.expect(tone.read(phone.recording), prompts.ours("enroll-late"), "enroll-late")
