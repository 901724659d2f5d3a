# SPDX-License-Identifier: GPL-2.0-only
"""Post-quantum key agreements, as today's Linphones have them: calls with zrtpcall on the libcrypto of the PBX's
root, which has ML-KEM, beside phones that have none."""
import re
import time

import asterisk
import calls
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ, POLICIES, zrtp_conf
from relays import status
from test_injected import policies

PQ = {"Kex": "X1M1", "Hash": "S512", "Cipher": "AES3", "Tag": "GCM"}
NAMES = {"KeyAgreementName": "X25519 + ML-KEM-512", "HashName": "SHA-512", "Suite": "AES-256-GCM"}
OLD = {"Kex": "DH3k", "Hash": "S256", "Tag": "HS80"}
REFUSED = "ZRTP failed|ZRTP is required|a post-quantum key agreement is required|does not speak ZRTP"
HIGH = 1300


def agreed(lab, name, expected):
    stream = lab.pbx.secure(name, 10)
    equal(f"agreed on with {name}", {key: stream[key] for key in expected}, expected)
    return stream


def in_table(lab, name, expected):
    """`zrtp show streams` has the names beside the letters, each below its heading."""
    lines = lab.pbx.cli("zrtp show streams").splitlines()
    head = next(line for line in lines if line.startswith("Channel"))
    row = next(line for line in lines if asterisk.endpoint_of(line.split()[0]) == name)
    found = {column: row[head.index(column + " "):].split()[0] for column in expected}
    equal(f"streams of {name}", found, expected)
    for column in expected:
        equal(f"a blank before {column}", row[head.index(column + " ") - 1], " ")


@case("X25519 + ML-KEM-512 and AES-256-GCM on one leg, DH3k and HS80 on the other: bridged, held, each its own SAS")
def bridged(lab):
    # One cipher for bob: whichever side begins.
    with asterisk.Events(lab.pbx) as events, lab.modern_phone("alice", like="linphone-app", tone=HIGH, record=True) as alice, \
            lab.phone("bob", kex=["DH3K"], cipher=["AES3"], record=True) as bob:
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        sas = {"alice": alice.secure(), "bob": bob.secure()}
        for name, expected in (("alice", PQ), ("bob", OLD)):
            equal(f"SAS of {name}", agreed(lab, name, expected)["SAS"].lower(), sas[name].lower())
        event = wait.until("event", 10, lambda: [e for e in events.all("ZrtpSecure")
                                                if asterisk.endpoint_of(e["Channel"]) == "alice"])[0]
        table = status(lab, "alice")
        for source in (event, table):
            equal("names", {key: source.get(key) for key in NAMES}, NAMES)
            equal("letters", (source["KeyAgreement"], source["AuthTag"]), ("X1M1", "GCM"))
        in_table(lab, "alice", {"KeyAgreementName": "X25519+ML-KEM-512", "HashName": "SHA-512", "Suite": "AES-256-GCM",
                                "SAS": sas["alice"], "Tag": "GCM"})
        in_table(lab, "bob", {"KeyAgreementName": "DH-3072", "HashName": "SHA-256", "Suite": "AES-256+HMAC-SHA1-80",
                              "Tag": "HS80"})
        secured = alice.wait("secure")
        equal("names at the phone", (secured["kex_name"], secured["suite"]), ("X25519 + ML-KEM-512", "AES-256-GCM"))
        calls.talk()
        alice.say("hold")
        alice.wait("modified", 5)
        alice.say("resume")
        before = alice.statistics()["audio"]["srtp_received"]
        wait.until("alice hears bob again", 8, lambda: alice.statistics()["audio"]["srtp_received"] > before + 50)
        equal("exchanges of alice", len(alice.all("secure")), 1)
        alice.hang_up()
        bob.wait_ended()
    tone.heard(alice.recording, PHONE_HZ, HIGH)
    tone.heard(bob.recording, HIGH, PHONE_HZ)
    equal("counted", re.search(r"(?m)^Streams secure by a post-quantum key agreement +[1-9]",
                               lab.pbx.cli("zrtp show statistics")) is not None, True)


@case("X25519 + ML-KEM-512: retained secrets match in the second and third call, whichever side calls")
def retained(lab):
    with lab.modern_phone("alice", like="linphone-app") as alice:
        for number, way in enumerate(("phone calls", "PBX calls", "phone calls")):
            calls.start(lab, alice, way, "echo")
            alice.secure()
            agreed(lab, "alice", PQ)
            equal(f"cache, call {number + 1}", status(lab, "alice")["Cache"], "first" if number == 0 else "match")
            calls.end(lab, alice, way)
            ended = int(time.time())
            wait.until("another second", 5, lambda then=ended: int(time.time()) > then)
        equal("alarms", alice.all("alarm"), [])


@case("X25519 + ML-KEM-512: video after it by Multistream, nothing of it in clear")
def video(lab):
    with lab.modern_phone("screen1", video="offer") as phone:
        phone.call("echo", lab.sip_port)
        for medium in ("audio", "video"):
            phone.wait("secure", 15, medium=medium)
        equal("key agreements", sorted(e["kex"] for e in phone.all("secure")), ["Mult", "X1M1"])
        wait.until("frames", 8, lambda: phone.statistics()["video"]["frames_received"] > 10)
        equal("video in clear", phone.statistics()["video"]["clear_received"], 0)
        phone.hang_up()


@case("X448 + ML-KEM-1024, whose messages go in fragments, by a policy with names: secure")
def fragments(lab):
    with lab.modern_phone("strict", kex="X448 + ML-KEM-1024") as phone, \
            policies(lab, strict="require = yes\nkey_agreement = X3M3, DH-3072\n"):
        phone.call("echo", lab.sip_port)
        sas = phone.secure(15)
        equal("SAS", agreed(lab, "strict", {"Kex": "X3M3", "Hash": "S512"})["SAS"], sas)
        phone.hang_up()


def joined(lab, first, second):
    """They are passed through with keys, and hear each other."""
    second.expect_call()
    first.call(f"call-{second.name}", lab.sip_port)
    equal("SAS", first.secure(15), second.secure(15))
    for phone in (first, second):
        wait.until(f"{phone.name} hears", 8, lambda p=phone: p.statistics()["audio"]["srtp_received"] > 20)
        wait.until(f"keys of {phone.name}", 5, lambda p=phone: status(lab, p.name).get("PhoneKeys") == "yes")
    first.hang_up()
    second.wait_ended()


@case("post_quantum = require: a phone with X25519 alone and one without ZRTP are refused, one with ML-KEM has its call",
      errors=REFUSED)
def required(lab):
    with policies(lab, strict="post_quantum = require\n"), asterisk.Events(lab.pbx) as events:
        for options, reason in (({"kex": "X255,DH3k"}, "NotPostQuantum"), ({"kex": "X255", "passive": True}, "NotPostQuantum"),
                                ({"no_zrtp": True}, "NoZrtp"), ({}, None), ({"passive": True}, None)):
            with lab.modern_phone("strict", **options) as phone:
                seen = len(events.all("ZrtpRefused"))
                phone.call("announce", lab.sip_port)
                if reason:
                    wait.until("refused", 25, lambda n=seen: len(events.all("ZrtpRefused")) > n)
                    refused = events.all("ZrtpRefused")[-1]
                    equal("event", (refused["Reason"], refused["Cause"]), (reason, "65"))
                    ended = phone.wait_ended(10)
                    equal("media in clear", ended["audio"]["clear_received"], 0)
                else:
                    phone.secure()
                    agreed(lab, "strict", {"Kex": "X1M1"})
                    phone.hang_up()
                    equal("refused", len(events.all("ZrtpRefused")), seen)
            lab.pbx.idle()


@case("post_quantum = require, passed through: phones that agree on X25519 are refused, on X25519 + ML-KEM-512 they talk",
      errors=REFUSED)
def required_through(lab):
    with policies(lab, sealed="mode = passthrough\npost_quantum = require\n"), asterisk.Events(lab.pbx) as events:
        with lab.modern_phone("sealed") as first, lab.modern_phone("sealed2") as second:
            joined(lab, first, second)
            equal("refused", events.all("ZrtpRefused"), [])
            lab.pbx.idle()
        with lab.modern_phone("sealed", require=True) as first, lab.modern_phone("sealed2", kex="X255", require=True) as second:
            second.expect_call()
            first.call("call-sealed2", lab.sip_port)
            refused = events.wait("ZrtpRefused", 25)
            equal("event", (refused["Reason"], refused["Cause"]), ("NotPostQuantum", "65"))
            for phone in (first, second):
                equal("heard", phone.wait_ended(15)["audio"]["srtp_received"], 0)
            lab.pbx.idle()


@case("zrtp.conf takes names and letters; post_quantum = require without such a key agreement is an error",
      errors=r"zrtp\.conf")
def names(lab):
    with policies(lab, strict="key_agreement = x25519 + ml-kem-512, DH-3072\nhash = SHA-384, S256\ncipher = AES256\n"
                              "auth_tag = AES-GCM, HMAC-SHA1-80\nsas = words\n"):
        text = re.search(r"(?ms)^zrtp/strict$(.*?)^zrtp", lab.pbx.cli("zrtp show policies")).group(1)
        for line in ("key_agreement = X1M1 DH3k ; X25519 + ML-KEM-512, DH-3072", "hash = S384 S256 ; SHA-384, SHA-256",
                     "cipher = AES3 ; AES-256", "auth_tag = GCM HS80 ; AES-GCM, HMAC-SHA1-80", "sas = B256 ; words"):
            equal(line, line in [" ".join(found.split()) for found in text.splitlines()], True)
    for wrong, why in (("post_quantum = require\nkey_agreement = X25519\n", "key_agreement has none that this machine can do"),
                       ("key_agreement = X25519 + ML-KEM-768\n", r"X25519 \+ ML-KEM-512 \(X1M1\)"),
                       ("post_quantum = require\nmode = off\n", "mode = off and post_quantum = require"),
                       ("post_quantum = perhaps\n", "allowed is no or require")):
        logged = len(lab.pbx.log())
        with policies(lab, strict=wrong):
            wait.until(why, 5, lambda n=logged, w=why: re.search(w, lab.pbx.log()[n:]))


@case("without ML-KEM: the default goes without X1M1 in silence, a list loses it with a word, nothing else is an error",
      kind="16", errors=r"zrtp\.conf|is left out")
def without(lab):
    shown = lab.pbx.cli("zrtp show policies")
    equal("default", re.search(r"(?m)^  key_agreement += (.*?)  ;", shown).group(1), "X255 EC25 DH3k")
    equal("silent", "is left out" in lab.pbx.log(), False)
    for text, why in (("key_agreement = X1M1, X3M3, DH-3072\n",
                       r"X1M1 \(X25519 \+ ML-KEM-512\) is left out of key_agreement, OpenSSL 1.* has no ML-KEM"),
                      ("key_agreement = X1M1\n", "no algorithm of key_agreement can be used here"),
                      ("post_quantum = require\n", "key_agreement has none that this machine can do")):
        logged = len(lab.pbx.log())
        lab.pbx.write("zrtp.conf", zrtp_conf({**POLICIES, "strict": text, "strict2": text}))
        try:
            lab.pbx.cli("module reload res_zrtp.so")
            wait.until(why, 5, lambda n=logged, w=why: re.search(w, lab.pbx.log()[n:]))
            if "DH-3072" in text:
                equal("said once", len(re.findall("X1M1 .* is left out", lab.pbx.log()[logged:])), 1)
        finally:
            lab.pbx.write("zrtp.conf", zrtp_conf())
            lab.pbx.cli("module reload res_zrtp.so")


@case("without ML-KEM: one that lists X25519 + ML-KEM-512 first meets us on DH3k", kind="16")
def without_meets(lab):
    with lab.zrtp_phone("alice", like="linphone-app", tone=PHONE_HZ, record=True) as phone:
        phone.call("announce", lab.sip_port)
        sas = phone.secure()
        equal("SAS", agreed(lab, "alice", {"Kex": "DH3k", "Tag": "GCM"})["SAS"], sas)
        wait.until("the phone hears", 5, lambda: phone.statistics()["audio"]["srtp_received"] > 60)
        phone.hang_up()
    tone.heard(phone.recording, PBX_HZ)
