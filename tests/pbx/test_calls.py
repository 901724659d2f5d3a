# SPDX-License-Identifier: GPL-2.0-only
"""Calls become secure, both sides agree, and people hear each other."""
import re
import sqlite3

import asterisk
import calls
import relays
import tone
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ, WAITING

WAYS = ("phone calls", "PBX calls")

# Linphone keeps the secrets it shares with one PBX apart by the other side's address, and so
# has none of calls in one direction for calls in the other. The PBX is right to warn.
FORGETFUL = "retained secret mismatch"

# Endpoint (named as its policy) -> what the phone offers, what must come out.
AGREEMENTS = {
    "dh3k": ({"kex": ["DH3K"]},
             {"Kex": "DH3k", "Hash": "S256", "Cipher": "AES1", "Tag": "HS80", "SASType": "B32"}),
    "x255": ({"kex": ["X255"]}, {"Kex": "X255"}),
    "s384": ({"hash": ["S384", "S256"], "cipher": ["AES3", "AES1"], "tag": ["HS80"]},
             {"Hash": "S384", "Cipher": "AES3", "Tag": "HS80"}),
    "hs32": ({"tag": ["HS32", "HS80"]}, {"Tag": "HS32"}),
    "b256": ({"sas": ["B256", "B32"]}, {"SASType": "B256"}),
}


def agreement(lab, name, offered, expected):
    """Call both ways until the PBX has been initiator, then responder; hear tones in the first two calls."""
    # Where both may initiate, whose Commit counts is chance.
    for policy, role in ((name, "initiator"), (WAITING[name], "responder")):
        with lab.phone(policy, record=True, **offered) as phone:
            agree(lab, phone, policy, role, expected)
        tone.heard(phone.recording, PBX_HZ, PHONE_HZ)


def agree(lab, phone, policy, role, expected):
    roles = set()
    for attempt in range(16):
        way = WAYS[attempt % 2]
        calls.start(lab, phone, way, "record")
        stream = calls.secure(lab, phone)
        equal("outcome", {key: stream[key] for key in expected}, expected)
        equal("policy", stream["Policy"], f"zrtp/{policy}")
        equal(f"two words: {stream['SAS']}", bool(re.fullmatch("[A-Za-z]+:[A-Za-z]+", stream["SAS"])), policy.startswith("b256"))
        roles.add(stream["Role"])
        calls.talk(1.2 if attempt < 2 else 0.1)
        calls.end(lab, phone, way)
        if attempt < 2:
            tone.heard(lab.pbx.file("sounds", f"heard-{policy}.wav"), PHONE_HZ, PBX_HZ)
        if attempt and role in roles:
            return
    raise AssertionError(f"the PBX was {roles} in {attempt + 1} calls, never {role}")


for _name, (_offered, _expected) in AGREEMENTS.items():
    # R429: b256: same SAS and algorithms, tones, both ways, both roles
    case(f"{_name}: same SAS and algorithms, tones, both ways, both roles", errors=FORGETFUL)(
        lambda lab, n=_name, o=_offered, e=_expected: agreement(lab, n, o, e))


# R320
@case("initiate = no: the PBX is always responder", errors=FORGETFUL)
def quiet(lab):
    with lab.phone("quiet") as phone:
        for attempt in range(6):
            way = WAYS[attempt % 2]
            calls.start(lab, phone, way)
            equal("role", calls.secure(lab, phone)["Role"], "responder")
            calls.end(lab, phone, way)


def media_counts(lab, names):
    """SRTP packets of each phone's leg, in and out."""
    return {name: (int(lab.pbx.stream(name)["Rx"]), int(lab.pbx.stream(name)["Tx"])) for name in names}


@case("two phones through the PBX: each leg its SAS, they hear each other")
def bridged(lab):
    between(lab, "alice", "bob")


@case("direct_media = yes: the PBX stays in between, so both legs stay secure",
      errors="direct_media = yes of its endpoint has no effect")
def direct(lab):
    between(lab, "direct1", "direct2")


def between(lab, caller, called):
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, 1300, 5)
    with lab.phone(caller, record=True) as alice, \
            lab.phone(called, record=True, play=high) as bob:
        bob.expect_call()
        alice.call(f"call-{called}", lab.sip_port)
        for phone in (alice, bob):
            calls.secure(lab, phone)
        calls.talk(1.5)
        for phone in (alice, bob):
            calls.secure(lab, phone)  # also after the bridge has settled
        before = media_counts(lab, (caller, called))
        calls.talk(1)
        after = media_counts(lab, (caller, called))
        for name in before:
            grown = [new - old for new, old in zip(after[name], before[name])]
            equal(f"media of {name} goes through the PBX: {grown}", min(grown) > 30, True)
        alice.hang_up()
        bob.wait_ended()
    tone.heard(alice.recording, 1300, PHONE_HZ)
    tone.heard(bob.recording, PHONE_HZ, 1300)


# R428
@case("AMI event ZrtpSecure has the SAS and the algorithms")
def ami(lab):
    with asterisk.Events(lab.pbx) as events, lab.phone("alice") as phone:
        calls.start(lab, phone, "phone calls")
        stream = calls.secure(lab, phone)
        event = events.wait("ZrtpSecure", 5)
        for field, column in (("Channel", "Channel"), ("SSRC", "SSRC"), ("Role", "Role"),
                              ("KeyAgreement", "Kex"), ("Hash", "Hash"), ("Cipher", "Cipher"),
                              ("AuthTag", "Tag"), ("SASType", "SASType"), ("SAS", "SAS")):
            equal(field, event.get(field), stream[column])
        for field in ("CacheMismatch", "Verified"):
            equal(field, event.get(field, "").lower() in ("no", "false", "0"), True)
        equal("HandshakeMs below 5000", 0 < float(event["HandshakeMs"]) < 5000, True)
        calls.end(lab, phone, "phone calls")
        equal("events for one call", len(events.all("ZrtpSecure")), 1)


@case("hold and resume: same keys, and they hear each other again")
def hold(lab):
    with lab.phone("alice", record=True) as phone:
        calls.start(lab, phone, "phone calls", "record")
        first = calls.secure(lab, phone)
        for _ in range(2):
            for command, answer in (("pause", "is now paused"),
                                    ("resume", "Media streams established")):
                phone.expect_call()
                phone.say(command)
                phone.wait(answer, 5)
                calls.talk(0.5)
        heard = lab.pbx.file("sounds", "heard-alice.wav")
        known = len(tone.read(heard))
        calls.talk(3)  # two seconds of a recording may wait to be written
        again = lab.pbx.stream("alice")
        for column in ("SAS", "SSRC", "State", "Role"):
            equal(column, again[column], first[column])
        # In one piece: frame by frame, a voice of which each second packet is lost would be there too.
        if tone.best_share(tone.read(heard)[known:], PHONE_HZ) < 0.6:
            raise AssertionError("the PBX no longer hears the phone")
        calls.end(lab, phone, "phone calls")


# R067 R068 R072
@case("retained secrets: found again in the next call, missed when one side lost them",
      errors=FORGETFUL)
def retained(lab):
    phone = lab.phone("alice")
    found = []
    with asterisk.Events(lab.pbx) as events:
        for lost in (False, False, False, True):
            if lost:
                with sqlite3.connect(phone.secrets()) as cache:
                    cache.execute("UPDATE zrtp SET rs1 = NULL, rs2 = NULL")
                cache.close()
            with phone:
                calls.start(lab, phone, "phone calls")
                stream = calls.secure(lab, phone)
                event = events.wait("ZrtpSecure", 5, Channel=stream["Channel"])
                found.append((event["CacheMismatch"], relays.status(lab, "alice")["Cache"]))
                calls.talk(0.2)
                calls.end(lab, phone, "phone calls")
    equal("CacheMismatch, and Cache, of four calls", found,
          [("no", found[0][1]), ("no", "match"), ("no", "match"), ("yes", "mismatch")])
