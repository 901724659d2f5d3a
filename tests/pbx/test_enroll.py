# SPDX-License-Identifier: GPL-2.0-only
"""Enrollment: each outcome by a real call, with what the caller hears."""
import concurrent.futures
import contextlib
import os
import re
import shutil
import sqlite3
import time

import asterisk
import prompts
import tone
import wait
from harness import case, equal
from lab import CHAN_SIP_PORT, PBX_PORT, SIP_CONF, TRANSPORT, Lab
from plainphone import PlainPhone
from zrtpphone import ZrtpPhone

MODULE = "app_enroll_zrtp.so"
# A character of the SAS. One in 256 has no letter.
SPELLED = "(?:letters|phonetic|digits)/"


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
    return dict(re.findall(r"(?m)^([0-9a-f]{24}) \S+ +(\S+)$", lab.pbx.cli("zrtp enrollments show")))


def proved(lab):
    """{ZID: whether the phone has proved since to be enrolled} of it."""
    return dict(re.findall(r"(?m)^([0-9a-f]{24}) (\S+) ", lab.pbx.cli("zrtp enrollments show")))


def keeps(lab, expected):
    """Wait until the PBX lists phones of these endpoints; what calls change is stored a moment later."""
    wait.until(f"enrolled: {expected}", 5, lambda: list(enrolled(lab).values()) == expected)


def revoke_all(lab):
    for zid in enrolled(lab):
        lab.pbx.cli(f"zrtp enrollment revoke {zid}")


@case("enrollment that was told is in a list that is asked for at once, though the disk is slow")
def listed_at_once(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone, concurrent.futures.ThreadPoolExecutor(1) as pool, \
            contextlib.closing(sqlite3.connect(lab.pbx.file("lib", "zrtp.sqlite"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # no other one can write, all can read
        phone.call("enroll-trust", lab.sip_port)
        events.wait("ZrtpEnrollment")
        listed = pool.submit(enrolled, lab)
        time.sleep(0.3)
        equal("the list waits", listed.done(), False)
        other.execute("ROLLBACK")
        equal("listed", list(listed.result().values()), ["alice"])
        phone.wait_ended()
    revoke_all(lab)


@case("enrollment of a phone without ZRTP: it is announced, nothing stored")
def no_zrtp(lab):
    with service(lab) as events, lab.plain_phone() as phone:
        phone.call("enroll", lab.sip_port, 5)
        equal("status", status(events, "plain"), "NOZRTP")
        phone.wait_request("BYE", 20)
        phone.remote = None
        prompts.expect(phone.pcm(), prompts.ours("enroll-no-zrtp"), "enroll-no-zrtp")
        equal("enrolled", enrolled(lab), {})


def by_keypad(lab, digits, verdict, prompt, *told):
    """A Linphone call: hear the SAS, press digits, hear what came of it. told: events that tell it."""
    with service(lab) as events, lab.phone("alice", record=True) as phone:
        since = len(lab.pbx.log())
        phone.call("enroll", lab.sip_port)
        sas = phone.secure()
        at_prompt(lab, since, SPELLED)
        for digit in digits:
            phone.say(digit)
            time.sleep(0.5)
        equal("status", status(events, "alice"), verdict)
        for name, fields in told:
            events.wait(name, 5, **fields)
        phone.wait_ended(12)  # the PBX hangs up when all is said
    pcm = tone.read(phone.recording)
    for name in ("enroll-welcome", prompt):
        prompts.expect(pcm, prompts.ours(name), name)
    return sas, pcm


@case("enrollment: the caller hears the SAS, presses 1, and is enrolled; revoked, it is not")
def accepted(lab):
    try:
        _, pcm = by_keypad(lab, "1", "ENROLLED", "enroll-doubtful")
        prompts.expect(pcm, prompts.ours("sas-is"), "sas-is")
        keeps(lab, ["alice"])
    finally:
        revoke_all(lab)
    equal("enrolled", enrolled(lab), {})


# R480
@case("enrollment: the caller says that the SAS differs: nothing is stored",
      errors="the SAS differs")
def differs(lab):
    by_keypad(lab, "2", "DIFFERS", "enroll-differs", ("ZrtpEnrollment", {"Status": "refused"}),
              ("ZrtpVerified", {"Verified": "no"}))
    equal("enrolled", enrolled(lab), {})


def kept(lab, revoked=lambda *_: None):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept", record=True) as phone:
        try:
            since = len(lab.pbx.log())
            phone.call("enroll", lab.sip_port)
            phone.secure()
            phone.wait("enrollment", 5)
            at_prompt(lab, since, SPELLED)
            phone.say("dtmf 1")
            equal("status", status(events, "alice"), "ENROLLED")
            event = events.wait("ZrtpEnrollment", 5, Status="enrolled")
            phone.wait_ended(10)
            keeps(lab, ["alice"])
            equal("ZIDs enrolled", list(enrolled(lab)), [event["PeerZID"]])
            prompts.expect(tone.read(phone.recording), prompts.ours("enroll-done"), "enroll-done")
            lab.pbx.idle()

            events.seen.clear()
            phone.call("enroll", lab.sip_port)
            equal("status", status(events, "alice"), "ALREADY")
            phone.secure()  # the PBX may be so first
            equal("the phone knows its PBX", phone.all("sas")[-1]["pbx_matched"], True)
            phone.wait_ended(10)
            prompts.expect(tone.read(phone.recording), prompts.ours("enroll-already"), "enroll-already")
            lab.pbx.idle()
        finally:
            revoke_all(lab)
        revoked(lab, events, phone)


def asked_again(lab, events, phone):
    """It has been revoked: it is asked, and does not answer."""
    events.seen.clear()
    begun = len(lab.pbx.log())
    phone.call("enroll-patient", lab.sip_port)
    equal("status", status(events, "alice", 40), "UNANSWERED")
    phone.wait_ended(10)
    equal("prompt", "Playing 'zrtp/enroll-refused" in lab.pbx.log()[begun:], True)
    equal("enrolled", enrolled(lab), {})


# R473 R474
@case("enrollment with zrtpcall: both keep the secret, the next call is known; revoked, it is not")
def kept_and_revoked(lab):
    kept(lab, asked_again)


case("enrollment with zrtpcall", kind="16")(kept)


@case("enrollment without a question, and one hung up")
def options(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        try:
            phone.call("enroll-trust", lab.sip_port)
            equal("status", status(events, "alice"), "ENROLLED")
            phone.wait_ended(5)
            keeps(lab, ["alice"])
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
            keeps(lab, ["alice"])
            events.send("ZrtpEnrollmentList")
            item = events.wait("ZrtpEnrollmentListItem", 5)
            equal("endpoints and name", (item["Endpoints"], item["Name"]), ("alice", "alice"))
            equal("proved", item["Proved"], "no")
            for message in ("Revoked", "Not revoked: no such phone is enrolled"):
                events.send("ZrtpEnrollmentRevoke", ZID=item["ZID"])
                wait.until(message, 5, lambda m=message: any(e.get("Message") == m for e in list(events.seen)))
            equal("enrolled", enrolled(lab), {})
        finally:
            revoke_all(lab)


@case("enrollment of a phone that the PBX calls: for the endpoint that was called; without the variable too late")
def called(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        try:
            for variable, verdict in (("ZRTP_ENROLL=yes", "ENROLLED"), ("NOTHING=1", "ALREADY")):
                events.seen.clear()
                phone.expect_call()
                events.send("Originate", Channel="PJSIP/alice", Context="phones", Exten="enroll-trust", Priority="1",
                            Async="true", Variable=variable)
                equal("status", status(events, "alice"), verdict)
                phone.wait_ended()
                lab.pbx.idle()
                keeps(lab, ["alice"])
            revoke_all(lab)
            events.seen.clear()
            phone.expect_call()
            events.send("Originate", Channel="PJSIP/alice", Context="phones", Exten="enroll-late", Priority="1",
                        Async="true")
            equal("status", status(events, "alice"), "LATE")
            phone.wait_ended(12)
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
            since = len(lab.pbx.log())
            for phone in phones:
                phone.call("enroll", lab.sip_port)
            for phone in phones:
                phone.secure(30)
            wait.until("all are asked", 30, lambda: lab.pbx.log().count("Playing 'zrtp/sas-is", since) == AT_ONCE)
            for phone in phones:
                phone.say("dtmf 1")
            wait.until("all have their verdict", 60, lambda: len(verdicts(events)) == AT_ONCE)
            equal("verdicts", set(verdicts(events).values()), {"ENROLLED"})
            keeps(lab, ["alice"] * AT_ONCE)
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


def goes_on(lab, verdict, count=1):
    """The dialplan went on after the application, so often in this log."""
    wait.until(f"the dialplan goes on after {verdict}", 5,
               lambda: lab.pbx.log().count(f": enrollment goes on after {verdict}") == count)


@case("enrollment where the exchange fails, or takes too long: FAILED, TIMEOUT, and the dialplan goes on",
      errors="ZRTP failed")
def exchange_fails(lab):
    # The PBX begins, and is never answered. A policy that hangs up would do so about when the prompt has been said.
    with service(lab) as events, lab.zrtp_phone("lenient", enroll="accept", passive=True,
                                                drop_sent="DHPart1") as phone:
        for extension, verdict in (("enroll-patient", "TIMEOUT"), ("enroll", "FAILED")):
            begun, before = len(lab.pbx.log()), lab.pbx.log().count(f": enrollment goes on after {verdict}")
            events.seen.clear()
            phone.call(extension, lab.sip_port)
            equal("status", status(events, "lenient"), verdict)
            goes_on(lab, verdict, before + 1)
            phone.wait_ended(12)
            equal("prompt", "Playing 'zrtp/enroll-failed" in lab.pbx.log()[begun:], True)
            lab.pbx.idle()
        equal("enrolled", enrolled(lab), {})


@case("enrollment with wrong options: the log says which are right, FAILED, and the dialplan goes on",
      errors="options are c, h, q|allowed is 1 to 20")
def wrong_options(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        for extension, reason in (
                ("enroll-letter", "Enroll_zrtp(cx): options are c, h, q, r(n), t(seconds); no phone is enrolled"),
                ("enroll-number", "Enroll_zrtp: option r(99) is not valid; allowed is 1 to 20; no phone is enrolled"),
                ("enroll-argument", "Enroll_zrtp(t): options are c, h, q, r(n), t(seconds); no phone is enrolled"),
                ("enroll-more", "Enroll_zrtp(c(1)): options are c, h, q, r(n), t(seconds); no phone is enrolled")):
            before = lab.pbx.log().count(": enrollment goes on after FAILED")
            events.seen.clear()
            phone.call(extension, lab.sip_port)
            equal("status", status(events, "alice"), "FAILED")
            goes_on(lab, "FAILED", before + 1)
            equal(f"the log says {reason!r}", reason in lab.pbx.log(), True)
            lab.pbx.idle()
        equal("enrolled", enrolled(lab), {})


@case("enrollment of an unauthenticated caller: ANONYMOUS, and the call is not even answered")
def anonymous(lab):
    with service(lab) as events, ZrtpPhone(lab.directory, "stranger", 0, (27000, 27007), enroll="accept") as phone:
        phone.call("enroll-trust", lab.sip_port)
        equal("status", status(events, "anonymous"), "ANONYMOUS")
        phone.wait_ended()
        equal("answered", phone.all("up"), [])
        equal("enrolled", enrolled(lab), {})


ANONYMOUS = """\
[anonymous@lab.example]
type = endpoint
context = phones
disallow = all
allow = ulaw
rtp_engine = zrtp
"""


@case("enrollment of a caller that is anonymous in a domain: ANONYMOUS", kind="22 own")
def anonymous_domain(bench):
    refused(Lab(bench.root, bench.directory, files={"pjsip.conf": TRANSPORT.format(port=PBX_PORT) + ANONYMOUS}),
            "lab.example", "anonymous@lab.example")


@case("enrollment of a guest of chan_sip: not taken for the endpoint that its From header names", kind="16 own")
def guest(bench):
    conf = SIP_CONF.format(port=CHAN_SIP_PORT).replace("allowguest = no", "allowguest = yes")
    # The name of its channel is that of an endpoint; chan_sip has it from the header.
    refused(Lab(bench.root, bench.directory, "sip", files={"sip.conf": conf}), "alice", "alice")


def refused(lab, domain, endpoint):
    """A caller of that domain, whose channel has the name of this endpoint, is not enrolled."""
    with lab:
        with service(lab) as events, PlainPhone("guest", 25299, 27000, domain=domain) as phone:
            with contextlib.suppress(wait.Timeout, AssertionError):  # it is refused
                phone.call("enroll", lab.sip_port)
            equal("answered", phone.remote, None)
            equal("status", status(events, endpoint), "ANONYMOUS")
            equal("enrolled", enrolled(lab), {})
        lab.pbx.idle()
        lab.pbx.stop()
        lab.pbx.remove()


def at_prompt(lab, since, name, channel=""):
    """Wait until a caller, the one of a channel if it is named, is being played a prompt, in the log from there on.

    Before the SAS is said the answer to it does not count.
    """
    called = re.compile(rf"<{re.escape(channel) or '.*'}> Playing '{name}")
    wait.until(f"prompt {name}", 30, lambda: called.search(lab.pbx.log(), since))


PHASES = ("zrtp/enroll-welcome", "zrtp/sas-is", SPELLED, "zrtp/enroll-confirm")


def enrolling(lab, events, phone):
    """Its call to enroll; the channel."""
    before = len(events.all("Newchannel"))
    phone.call("enroll", lab.sip_port)
    return wait.until("its channel", 5, lambda: events.all("Newchannel")[before:])[0]["Channel"]


@case("enrollment hung up: in the exchange, in each prompt, at the question; nothing stored, nothing goes on")
def hung_up(lab):
    before = len(lab.pbx.log())
    with service(lab) as events:
        with lab.zrtp_phone("bob", passive=True, drop_sent="DHPart1") as phone:
            phone.call("enroll", lab.sip_port)
            phone.wait("up", 5)
            phone.hang_up()
            equal("status in the exchange", status(events, "bob", 5), "HANGUP")
        with contextlib.ExitStack() as stack:
            phones = [stack.enter_context(ZrtpPhone(lab.directory, "alice", 0, (27000 + 8 * n, 27007 + 8 * n), enroll="accept"))
                      for n in range(len(PHASES))]
            at_once = [*zip(phones, PHASES), (stack.enter_context(lab.phone("alice")), PHASES[-1])]
            calls = [(enrolling(lab, events, phone), phone, prompt) for phone, prompt in at_once]
            for channel, phone, prompt in calls:
                at_prompt(lab, before, prompt, channel)
                phone.hang_up()
                wait.until(f"status after {prompt}", 5, lambda c=channel: verdicts(events).get(c))
            equal("each status", {c: v for c, v in verdicts(events).items() if "alice" in c},
                  {channel: "HANGUP" for channel, _, _ in calls})
        lab.pbx.idle()
        equal("enrolled", enrolled(lab), {})
    equal("times the dialplan went on", lab.pbx.log()[before:].count(": enrollment goes on"), 0)


@case("enrollment hung up after the answer: what was confirmed stays")
def hung_up_late(lab):
    with service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        try:
            since = len(lab.pbx.log())
            phone.call("enroll", lab.sip_port)
            at_prompt(lab, since, "zrtp/enroll-confirm")
            phone.say("dtmf 1")
            at_prompt(lab, since, "zrtp/enroll-done")
            phone.hang_up()
            equal("status", status(events, "alice", 5), "ENROLLED")
            keeps(lab, ["alice"])
        finally:
            revoke_all(lab)


def enroll_at_once(lab, events, phone):
    events.seen.clear()
    phone.call("enroll-trust", lab.sip_port)
    equal("status", status(events, phone.name), "ENROLLED")
    phone.wait_ended(5)
    lab.pbx.idle()
    keeps(lab, [phone.name])


def knows_its_pbx(lab, phone):
    """Another call: do PBX and phone share a pbxsecret?"""
    phone.call("echo", lab.sip_port)
    phone.secure()
    matched = phone.all("sas")[-1]["pbx_matched"]
    channel = lab.pbx.secure(phone.name)["Channel"]
    said = re.search(r"(?m)^Enrolled +(\S+)", lab.pbx.cli(f"zrtp show channel {channel}"))[1]
    equal("the PBX sees it as the phone does", said, "yes" if matched else "no")
    phone.hang_up()
    lab.pbx.idle()
    return matched


NOT_PROVED = "yes, but the phone has not proved since then that it kept its secret"


def kept_by_pbx(lab):
    """What `zrtp cache show peer` says of the enrollment of the one phone enrolled."""
    zid, = enrolled(lab)
    return re.search(r"(?m)^Enrolled +(\S.*)$", lab.pbx.cli(f"zrtp cache show peer {zid}"))[1]


@case("enrolled again after the phone lost its secret: both are kept until one is used, then that one alone",
      errors="pbxsecret of another enrollment|retained secret mismatch")
def again(lab):
    first, second = (os.path.join(lab.directory, f"twice-{n}.sqlite") for n in (1, 2))
    with service(lab) as events:
        try:
            with lab.zrtp_phone("alice", enroll="accept", cache=first) as phone:
                enroll_at_once(lab, events, phone)
            shutil.copy(first, second)
            unenroll(first)
            with lab.zrtp_phone("alice", enroll="accept", cache=first) as phone:
                enroll_at_once(lab, events, phone)
            wait.until("both secrets at the PBX", 5, lambda: kept_by_pbx(lab) == NOT_PROVED)
            # The older one is the one in use.
            with lab.zrtp_phone("alice", cache=second) as phone:
                equal("known by the older secret", [knows_its_pbx(lab, phone) for _ in range(2)], [False, True])
            wait.until("one secret at the PBX", 5, lambda: kept_by_pbx(lab) == "yes")
            with lab.zrtp_phone("alice", cache=first) as phone:
                equal("known by the other one", [knows_its_pbx(lab, phone) for _ in range(2)], [False, False])
        finally:
            revoke_all(lab)


def unenroll(cache):
    """Take the pbxsecret out of a phone's cache."""
    with contextlib.closing(sqlite3.connect(cache)) as database, database:
        equal("pbxsecrets taken away", database.execute("UPDATE peer SET pbx = NULL WHERE pbx NOTNULL").rowcount, 1)


def lose_secrets(cache):
    """Take the retained secrets out of a phone's cache; what has seen its ZID looks the same."""
    with contextlib.closing(sqlite3.connect(cache)) as database, database:
        database.execute("DELETE FROM pair")


@case("enrollment of a phone without the secrets of earlier calls: by its user's word only, which makes it known again",
      errors="retained secret mismatch|does not share the secret|not enrolled")
def without_secrets(lab):
    cache = os.path.join(lab.directory, "without.sqlite")
    with service(lab) as events:
        try:
            with lab.zrtp_phone("alice", cache=cache) as phone:
                equal("enrolled", knows_its_pbx(lab, phone), False)
            lose_secrets(cache)
            with lab.zrtp_phone("alice", enroll="accept", cache=cache) as phone:
                events.seen.clear()
                phone.call("enroll-trust", lab.sip_port)
                equal("status", status(events, "alice"), "MISMATCH")
                phone.wait_ended(5)
                lab.pbx.idle()
                keeps(lab, [])
            lose_secrets(cache)
            # The phone has a pbxsecret of the refused call, which does not match: it wants its user's word too.
            with lab.zrtp_phone("alice", enroll="ask", cache=cache) as phone:
                events.seen.clear()
                since = len(lab.pbx.log())
                phone.call("enroll", lab.sip_port)
                phone.secure()
                phone.say("verify")
                phone.say("enroll yes")
                at_prompt(lab, since, SPELLED)
                phone.say("dtmf 1")
                equal("status", status(events, "alice"), "ENROLLED")
                equal("whose word it was", events.wait("ZrtpVerified", 3, Verified="yes")["By"], "phone")
                phone.wait_ended(12)
                lab.pbx.idle()
                keeps(lab, ["alice"])
                equal("the next call knows it", knows_its_pbx(lab, phone), True)
        finally:
            revoke_all(lab)
