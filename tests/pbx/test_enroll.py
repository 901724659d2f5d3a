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
from zrtpphone import ZrtpPhone

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
        phone.wait_ended(12)  # the PBX hangs up when all is said
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


def kept(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept", record=True) as phone:
        try:
            phone.call("enroll", lab.sip_port)
            phone.secure()
            phone.wait("enrollment", 5)
            time.sleep(prompts.seconds("enroll-welcome", "sas-is") + 1.5)
            phone.say("dtmf 1")
            equal("status", status(events, "alice"), "ENROLLED")
            event = events.wait("ZrtpEnrollment", 5, Status="enrolled")
            phone.wait_ended(10)
            equal("enrolled", enrolled(lab), {event["PeerZID"]: "alice"})
            prompts.expect(tone.read(phone.recording), prompts.ours("enroll-done"), "enroll-done")
            lab.pbx.idle()

            events.seen.clear()
            phone.call("enroll", lab.sip_port)
            equal("status", status(events, "alice"), "ALREADY")
            equal("the phone knows its PBX", phone.all("sas")[-1]["pbx_matched"], True)
            phone.wait_ended(10)
            prompts.expect(tone.read(phone.recording), prompts.ours("enroll-already"), "enroll-already")
            lab.pbx.idle()
        finally:
            revoke_all(lab)
        events.seen.clear()
        phone.call("enroll-patient", lab.sip_port)
        equal("status", status(events, "alice", 40), "UNANSWERED")
        phone.wait_ended(10)
        equal("enrolled", enrolled(lab), {})


case("enrollment with zrtpcall: both keep the secret, the next call is known; revoked, it is not")(kept)
case("enrollment with zrtpcall", kind="16")(kept)


@case("enrollment without a question, and one hung up")
def options(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        try:
            phone.call("enroll-trust", lab.sip_port)
            equal("status", status(events, "alice"), "ENROLLED")
            phone.wait_ended(5)
            equal("endpoints enrolled", list(enrolled(lab).values()), ["alice"])
        finally:
            revoke_all(lab)
        lab.pbx.idle()
        events.seen.clear()
        phone.call("enroll", lab.sip_port)
        phone.secure()
        time.sleep(1)
        phone.hang_up()
        equal("status", status(events, "alice", 5), "HANGUP")
        equal("enrolled", enrolled(lab), {})


@case("enrollment by AMI: listed, revoked, and not twice")
def by_ami(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        try:
            phone.call("enroll-trust", lab.sip_port)
            equal("status", status(events, "alice"), "ENROLLED")
            events.send("ZrtpEnrollmentList")
            item = events.wait("ZrtpEnrollmentListItem", 5)
            equal("endpoint", item["Endpoint"], "alice")
            for message in ("Revoked", "Not revoked: no such phone is enrolled"):
                events.send("ZrtpEnrollmentRevoke", ZID=item["ZID"])
                wait.until(message, 5, lambda m=message: any(e.get("Message") == m for e in list(events.seen)))
            equal("enrolled", enrolled(lab), {})
        finally:
            revoke_all(lab)


AT_ONCE = 20


@case("20 phones enroll at once, each by its keypad")
def at_once(lab):
    phones = [ZrtpPhone(lab.directory, "alice", 0, (27000 + 8 * n, 27007 + 8 * n), enroll="accept")
              for n in range(AT_ONCE)]
    with service(lab) as events, contextlib.ExitStack() as stack:
        try:
            for phone in phones:
                stack.enter_context(phone)
            for phone in phones:
                phone.call("enroll", lab.sip_port)
            for phone in phones:
                phone.secure(30)
            time.sleep(prompts.seconds("enroll-welcome") + 2)
            for phone in phones:
                phone.say("dtmf 1")
            wait.until("all have their verdict", 60, lambda: len(verdicts(events)) == AT_ONCE)
            equal("verdicts", set(verdicts(events).values()), {"ENROLLED"})
            equal("phones enrolled", list(enrolled(lab).values()), ["alice"] * AT_ONCE)
        finally:
            revoke_all(lab)


def verdicts(events):
    return {e["Channel"]: e["Value"] for e in events.all("VarSet", Variable="ENROLLSTATUS")}


@case("enrollment of a call that was secure before: refused as too late, nothing stored")
def late(lab):
    with service(lab) as events, lab.phone("alice", record=True) as phone:
        phone.call("enroll-late", lab.sip_port)
        phone.secure()
        equal("status", status(events, "alice"), "LATE")
        phone.wait_ended(12)
        equal("enrolled", enrolled(lab), {})
    prompts.expect(tone.read(phone.recording), prompts.ours("enroll-late"), "enroll-late")
