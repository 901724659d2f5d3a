# SPDX-License-Identifier: GPL-2.0-only
"""Phones of other families, as zrtpcall --like has them: what they list and take, and what they do at hold,
with a relayed SAS, with enrollments, and with a cache that is lost."""
import re
import time

import asterisk
import calls
import lab as laboratory
import relays
import test_coexist
import wait
from harness import case, equal
from lab import PHONE_HZ
from pairs import keyed
from test_networks import hears_more

# What is agreed on with the default policy, and whatever side begins.
AGREED = {
    "libzrtp": {"Tag": "HS32", "Cipher": "AES3", "Hash": "S256", "SASType": "B32"},
    "baresip-libzrtp": {"Cipher": "AES3", "Hash": "S256", "SASType": "B32"},
    "baresip": {"Cipher": "AES3", "SASType": "B32"},
    "twinkle": {"Cipher": "AES3", "SASType": "B32"},
    "linphone": {"Tag": "HS80", "Hash": "S256", "Kex": "DH3k", "SASType": "B32"},
}


def agree(lab, like, expected):
    """A call by the phone in which the PBX begins, and one of the PBX in which the side that is first does."""
    for way, options in (("phone calls", {"passive": True}), ("PBX calls", {})):
        with lab.zrtp_phone("alice", like=like, tone=PHONE_HZ, **options) as phone:
            calls.start(lab, phone, way, "echo")
            sas = phone.secure()
            stream = lab.pbx.secure("alice", 5)
            equal("SAS", stream["SAS"], sas)
            equal("agreed", {key: stream[key] for key in expected}, expected)
            wait.until("the phone hears itself", 5,
                       lambda p=phone: p.statistics()["audio"]["srtp_received"] > 10)
            calls.end(lab, phone, way)


for _like, _expected in AGREED.items():
    case(f"a phone like {_like}: what both list is agreed on, whichever side begins")(
        lambda lab, n=_like, e=_expected: agree(lab, n, e))


@case("only_listed = yes: a phone without anything in common gets error 0x54, one that lists ours has its call",
      errors="ZRTP failed|a ZRTP exchange began and was not completed")
def only_listed(lab):
    with asterisk.Events(lab.pbx) as events:
        for tags, error in (("HS32", True), ("HS32,HS80", False)):
            with lab.zrtp_phone("listed", tag=tags, passive=True) as phone:
                phone.call("echo", lab.sip_port)
                if error:
                    equal("code", phone.wait("failed", 8)["code"], 0x54)
                else:
                    phone.secure()
                    equal("tag", lab.pbx.secure("listed", 5)["Tag"], "HS80")
                phone.hang_up()
                lab.pbx.idle()
        equal("failed", [e["Code"] for e in events.all("ZrtpFailed")], ["0x54"])


@case("initiate = no and a phone that does not begin either: the log says so", kind="22 attack",
      errors="ZRTP failed|a ZRTP exchange began and was not completed")
def nobody_begins(lab):
    with lab.zrtp_phone("quiet", drop_sent="Commit") as phone:
        phone.call("echo", lab.sip_port)
        wait.until("the log names initiate", 16, lambda: re.search(
            r"PJSIP/quiet-\w+: ZRTP failed, error 0xb0 .*The policy has initiate = no", lab.pbx.log()))
        phone.hang_up()


@case("a phone like Twinkle is heard again after hold", errors="Hello of another peer ignored")
def twinkle(lab):
    with lab.zrtp_phone("alice", like="twinkle", tone=PHONE_HZ) as phone:
        phone.call("announce", lab.sip_port)  # it begins ZRTP when it hears something
        before = phone.secure()
        lab.pbx.secure("alice")
        phone.say("hold")
        phone.wait("modified", 5)
        time.sleep(0.5)
        phone.expect_call()
        phone.say("resume")
        after = phone.secure(10)
        equal("another SAS", after == before, False)
        before = int(lab.pbx.stream("alice")["Rx"])
        wait.until("both hear each other", 8, lambda: phone.statistics()["audio"]["srtp_received"] > 10
                   and int(lab.pbx.stream("alice")["Rx"]) > before + 10)
        phone.hang_up()


@case("relay: a phone like libzrtp shows its own SAS again when the other party leaves")
def taken_back(lab):
    with relays.enrollment(lab), lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("bob", like="libzrtp", enroll="accept") as bob, lab.zrtp_phone("carol") as carol:
        relays.enroll(lab, bob)
        relays.call(lab, alice, bob)
        relays.same_sas(lab, bob, alice)
        alice.say(f"transfer sip:park@127.0.0.1:{lab.sip_port}")
        relays.reaches(lab, "bob", Partner="none")
        relays.own_sas(lab, bob, Relayed="no")
        carol.call("parked", lab.sip_port)
        carol.secure()
        relays.same_sas(lab, bob, carol)
        carol.hang_up()


@case("enrollment: a phone like baresip that enrolls again stays enrolled, and so does one that keeps its first secret",
      errors="has the pbxsecret of another enrollment")
def again(lab):
    for like in ("baresip", "libzrtp"):
        with relays.enrollment(lab) as events, lab.zrtp_phone("alice", like=like, enroll="accept") as phone:
            relays.enroll(lab, phone)
            events.seen.clear()
            phone.call("enroll-trust", lab.sip_port)
            wait.until("already", 15, lambda e=events: [v for v in e.all("VarSet", Variable="ENROLLSTATUS")
                                                        if v["Value"] == "ALREADY"])
            phone.wait_ended()
            lab.pbx.idle()
            for _ in range(2):
                phone.call("echo", lab.sip_port)
                phone.secure()
                table = relays.reaches(lab, "alice", State="secure")
                phone.hang_up()
                lab.pbx.idle()
            equal(f"{like} is enrolled", table["Enrolled"], "yes")
            wait.until("it has proved that", 5, lambda: re.search(
                r"(?m)^[0-9a-f]{24} yes +alice$", lab.pbx.cli("zrtp enrollments show")))


LOST = r"PJSIP/alice-\w+: retained secret mismatch(.*)"


@case("the PBX lost its cache: reported in every call until it is confirmed at the phone, at length once",
      errors="retained secret mismatch")
def lost(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice", like="linphone") as phone:
        def call(said=None):
            phone.call("echo", lab.sip_port)
            phone.secure()
            table = relays.reaches(lab, "alice", State="secure")
            if said:
                phone.say(said)
                time.sleep(0.5)
            phone.hang_up()
            lab.pbx.idle()
            return table

        zid = call()["PeerZID"]
        before = len(re.findall(LOST, lab.pbx.log()))
        equal("a call with the secret", call()["Cache"], "match")
        lab.pbx.cli(f"zrtp cache delete {zid}")
        call()  # nothing here to compare with: only the phone is alarmed
        for _ in range(3):
            equal("security", call()["Security"], "cache mismatch")
        told = re.findall(LOST, lab.pbx.log())[before:]
        equal("at length", ["AT THE PHONE" in text for text in told], [True, False, False])
        equal("the cure", "zrtp-set-verified" in told[0], True)
        equal("events", len(events.all("ZrtpAlert", Reason="CacheMismatch")), 3)
        time.sleep(1.1)  # the cache tells which call was the later one by the second
        call("verify")
        equal("confirmed at the phone", call()["Cache"], "match")
        equal("no more of it", len(re.findall(LOST, lab.pbx.log())[before:]), 4)


@case("who has verified: here, at the phone, both")
def who(lab):
    with lab.zrtp_phone("alice") as phone:
        for said, ours, expected in ((None, None, "unverified"), (None, "verify", "verified here"),
                                     ("verify", None, "verified here"), (None, "unverify", "verified by the phone"),
                                     (None, "verify", "verified")):
            phone.call("echo", lab.sip_port)
            phone.secure()
            relays.reaches(lab, "alice", State="secure")
            if ours:
                lab.pbx.cli(f"zrtp {ours} {lab.pbx.stream('alice')['Channel']}")
            relays.reaches(lab, "alice", Security=expected)
            if said:
                phone.say(said)
                time.sleep(0.5)
            phone.hang_up()
            lab.pbx.idle()
            time.sleep(1.1)  # of two words in one second the no is kept


FIRST = r"PJSIP/alice-\w+: first call of a known phone with this number"


def verified_at_both(lab, phone, events, extension, number):
    """Four calls of a Linphone with one of its numbers: what is logged, and who has verified."""
    for expected, then in (("unverified", "zrtp verify"), ("verified here", None), ("verified here", "zrtp-set-verified"), ("verified", None)):
        logged = len(lab.pbx.log())
        events.seen.clear()
        phone.call(extension, lab.sip_port)
        calls.secure(lab, phone)
        first = expected == "unverified"
        table = relays.reaches(lab, "alice", State="secure", Security=expected)
        equal(f"cache, {extension}", table["Cache"], "first" if first else "match")
        if then == "zrtp verify":
            lab.pbx.cli(f"zrtp verify {lab.pbx.stream('alice')['Channel']}")
            table = relays.reaches(lab, "alice", Security="verified", Verified="yes")
            equal("by", table["VerifiedBy"], "operator")
        elif then == "zrtp-set-verified":
            phone.expect_call()
            phone.say(then)
            phone.secure()  # it says so once more
        phone.hang_up()
        lab.pbx.idle()
        ended = int(time.time())
        wait.until("another second", 5, lambda then=ended: int(time.time()) > then)
        told = lab.pbx.log()[logged:]
        equal(f"notices, {extension}", len(re.findall(FIRST, told)), int(first and number > 1))
        equal("alarms", re.findall(LOST, told), [])
        equal("events", [e["Reason"] for e in events.all("ZrtpAlert")], ["NewNumber"] * (first and number > 1))


@case("a Linphone that calls two numbers: a notice for the second, no alarm, and of each who has verified", kind="22 attack")
def two_numbers(lab):
    with asterisk.Events(lab.pbx) as events, lab.phone("alice") as phone:
        for number, extension in enumerate(("echo", "silent"), 1):
            verified_at_both(lab, phone, events, extension, number)


@case("NAT, rtp_symmetric = yes, and a phone that is muted: it hears the PBX, and is heard from where its RTP comes")
def muted(lab):
    for options in ({"muted": True}, {"tone": PHONE_HZ}):
        with lab.zrtp_phone("nat", **options) as phone, lab.proxy("nat", edit=test_coexist.hide):
            phone.call("echo" if "tone" in options else "announce", laboratory.PROXY_PORT)
            phone.secure()
            lab.pbx.secure("nat", 5)
            wait.until("the phone is sent media", 5,
                       lambda p=phone: p.statistics()["audio"]["srtp_received"] > 50)
            equal("heard by the PBX", int(lab.pbx.stream("nat")["Rx"]) > 10, "tone" in options)
            phone.hang_up()
            lab.pbx.idle()


def both_hear(*phones):
    for phone in phones:
        hears_more(phone)


def moves(lab, like):
    """Such a phone holds, transfers, is transferred, and is passed through."""
    anew = like == "twinkle"  # its RTP and ZRTP at hold
    with lab.zrtp_phone("alice", like=like, tone=PHONE_HZ) as phone, lab.zrtp_phone("bob", tone=PHONE_HZ) as bob, \
            lab.zrtp_phone("carol", tone=PHONE_HZ) as carol:
        for sender, sent in ((phone, bob), (bob, phone)):
            relays.call(lab, phone, bob)
            both_hear(phone, bob)
            before = phone.shown()
            for command in ("hold", "resume"):
                phone.expect_call()
                phone.say(command)
                phone.wait("modified")
            equal("another SAS", phone.secure() != before if anew else phone.shown() != before, anew)
            both_hear(phone, bob)
            carol.expect_call()
            sender.say(f"transfer sip:call-carol@127.0.0.1:{lab.sip_port}")
            carol.secure()
            sender.wait_ended(20)
            both_hear(sent, carol)
            sent.hang_up()
            carol.wait_ended()
            lab.pbx.idle()
    with lab.zrtp_phone("through", like=like, tone=PHONE_HZ) as first, lab.zrtp_phone("through2", tone=PHONE_HZ) as second:
        for caller, called in ((first, second), (second, first)):
            keyed(lab, caller, called)
            both_hear(caller, called)
            caller.hang_up()
            called.wait_ended()
            lab.pbx.idle()


for _like in ("baresip", "baresip-libzrtp", "libzrtp", "twinkle"):
    case(f"a phone like {_like} holds, transfers, is transferred, and is passed through", kind="22 attack",
         errors="Hello of another peer ignored" if _like == "twinkle" else None)(lambda lab, n=_like: moves(lab, n))
