# SPDX-License-Identifier: GPL-2.0-only
"""a=zrtp-hash in SDP: what the PBX writes, and what it makes of the phone's."""
import contextlib
import hashlib
import os
import re
import threading

import asterisk
import calls
import capture
import lab as laboratory
import wait
from harness import case, equal
from lab import PHONE_HZ
from proxy import TO_PBX, TO_PHONE
from test_calls import FORGETFUL, WAYS
from test_strangers import foreign

ATTRIBUTE = re.compile(r"a=zrtp-hash:(1\.10 [0-9a-f]{64})$")


class Witness:
    """Sees SDP and ZRTP go through the relay: the hashes that are said, and those that are true.

    change(way, lines) returns the lines to pass on, as for Proxy.
    """

    def __init__(self, change=None):
        self.change = change or (lambda way, lines: lines)
        self.said = {TO_PBX: [], TO_PHONE: []}  # the values of each description, in order
        self.true = {TO_PBX: [], TO_PHONE: []}  # of each Hello that is not a repetition

    def edit(self, way, lines):
        at_media = next((n for n, line in enumerate(lines) if line.startswith("m=")), 0)
        if any("zrtp-hash" in line for line in lines[:at_media]):
            raise AssertionError("zrtp-hash at session level")
        self.said[way].append([found[1] for found in map(ATTRIBUTE.match, lines) if found])
        return self.change(way, lines)

    def media(self, way, data):
        if capture.kind(data) == "zrtp" and capture.message_type(data) == "Hello":
            value = "1.10 " + hashlib.sha256(data[12:-4]).hexdigest()
            if value not in self.true[way]:
                self.true[way].append(value)
        return data

    def agrees(self, way, descriptions):
        """Each description had one value, always the same, that of the one Hello."""
        equal(f"Hellos {way}", len(self.true[way]), 1)
        # SIP may have repeated some of them.
        count = max(descriptions, len(self.said[way]))
        equal(f"zrtp-hash {way}", self.said[way], count * [self.true[way]])


def watched(lab, witness):
    return lab.proxy(edit=witness.edit, media=witness.media)


def start(lab, phone, way):
    """A call by way of the relay."""
    if way == "phone calls":
        phone.call("announce", laboratory.PROXY_PORT)
    else:
        calls.start(lab, phone, way)


def ours(lab, name="relayed"):
    """What the PBX makes of the phone's attribute."""
    stream = lab.pbx.stream(name)
    return stream["HashStatus"], stream["Peer"]


# R003 R010 R487 R488 R493 R532
@case("zrtp-hash: in offer and answer, that of the Hello sent; the phone's is checked",
      errors=FORGETFUL)
def both_ways(lab):
    with lab.phone("relayed") as phone:
        for way in WAYS:
            witness = Witness()
            with watched(lab, witness):
                start(lab, phone, way)
                calls.secure(lab, phone)
                equal("the phone's", ours(lab), ("matched", "both"))
                calls.end(lab, phone, way)
            witness.agrees(TO_PHONE, 1)
            witness.agrees(TO_PBX, 1)


@case("zrtp-hash: the same through hold and resume")
def hold(lab):
    witness = Witness()
    with lab.phone("relayed") as phone, watched(lab, witness):
        start(lab, phone, "phone calls")
        calls.secure(lab, phone)
        for command, answer in (("pause", "is now paused"), ("resume", "Media streams established")):
            phone.expect_call()
            phone.say(command)
            phone.wait(answer, 5)
        calls.talk(0.5)
        equal("state", lab.pbx.stream("relayed")["State"], "secure")
        equal("the phone's", ours(lab), ("matched", "both"))
        calls.end(lab, phone, "phone calls")
    witness.agrees(TO_PHONE, 3)
    witness.agrees(TO_PBX, 3)


# What an untrusted relay may do to the attribute


def falsified(lines):
    """Another last digit."""
    def other(line):
        return line[:-1] + ("0" if line[-1] != "0" else "1")
    return [other(line) if ATTRIBUTE.match(line) else line for line in lines]


def without(lines):
    return [line for line in lines if "zrtp-hash" not in line]


def tampering(change, way=TO_PBX):
    return Witness(lambda which, lines: change(lines) if which == way else lines)


@contextlib.contextmanager
def policy(lab, text):
    """Calls that begin meanwhile have this in [general], and there are no other policies."""
    lab.pbx.write("zrtp.conf", f"[general]\n{text}\n")
    lab.pbx.cli("module reload res_zrtp.so")
    try:
        yield
    finally:
        lab.pbx.write("zrtp.conf", laboratory.zrtp_conf())
        lab.pbx.cli("module reload res_zrtp.so")


OTHER_ENGINES = "there is no rtp_engine|have an rtp_engine that does not exist"
REFUSED = r"the ZRTP Hello that came does not match the peer's a=zrtp-hash: it is refused"
FAILED = r"ZRTP failed: the peer's Hello is not the one of its a=zrtp-hash"


# R494
@case("zrtp-hash: a wrong one on the way to us: warned, never secure, no media passes",
      errors=f"{REFUSED}|{FAILED}")
def wrong(lab):
    for way in WAYS:
        logged = len(lab.pbx.log())
        with capture.Capture(os.path.join(lab.directory, "wrong.pcap")) as wire, lab.phone("relayed") as phone, \
                watched(lab, tampering(falsified)), asterisk.Events(lab.pbx) as events:
            start(lab, phone, way)
            event = events.wait("ZrtpFailed", 10)
            equal("code", event["Code"], "0x0")
            stream = lab.pbx.stream("relayed")
            equal("state", stream["State"], "looking")
            equal("the phone's", ours(lab), ("mismatch", "signalled"))
            equal("channel of the event", event["Channel"], stream["Channel"])
            sent = int(stream["Tx"])
            calls.talk(1)
            equal("media sent", int(lab.pbx.stream("relayed")["Tx"]) - sent, 0)
            equal("secure", events.all("ZrtpSecure"), [])
            lab.pbx.cli("channel request hangup all")
            phone.wait_ended()
        equal("keep-alives in place of RTCP", capture.keepalives(wire) > 0, True)
        log = lab.pbx.log()[logged:]
        for line in (REFUSED, FAILED):
            equal(f"log names {stream['Channel']}",
                  bool(re.search(re.escape(stream["Channel"]) + ": " + line, log)), True)
        lab.pbx.idle()


@case("zrtp-hash: a wrong one and require = yes: the call is hung up",
      errors=f"{REFUSED}|{FAILED}|{OTHER_ENGINES}|the ZRTP Hello is not the one of a=zrtp-hash")
def wrong_required(lab):
    for way in WAYS:
        with policy(lab, "require = yes"), lab.phone("relayed") as phone, \
                watched(lab, tampering(falsified)):
            start(lab, phone, way)
            phone.wait_ended(20)
            lab.pbx.idle()


@case("zrtp-hash and require = yes: a stranger's Hello first, the phone's after the three seconds: secure, not hung up",
      errors=f"{REFUSED}|{FAILED}|{OTHER_ENGINES}")
def late_but_right(lab):
    relay, began, passing = [], threading.Event(), threading.Event()

    def late(way, data):
        if way != TO_PBX or capture.kind(data) != "zrtp":
            return data
        if not began.is_set():
            began.set()
            relay[0].inject(TO_PBX, foreign(data))
        return data if passing.is_set() else None
    with policy(lab, "require = yes"), lab.phone("relayed") as phone, lab.proxy(media=late) as relayed, \
            asterisk.Events(lab.pbx) as events:
        relay.append(relayed)
        phone.call("announce", laboratory.PROXY_PORT)
        events.wait("ZrtpFailed", 8)
        # The phone says its Hello for less than a second more.
        passing.set()
        equal("zrtp-hash", calls.secure(lab, phone)["HashStatus"], "matched")
        calls.talk(3)
        equal("refused", events.all("ZrtpRefused"), [])
        phone.hang_up()


# R496
@case("zrtp-hash: a wrong one and hash_mismatch = warn: secure, and said to be none of the peer's",
      errors=f"{FORGETFUL}|{OTHER_ENGINES}|the ZRTP Hello that came does not match .* it is accepted")
def wrong_tolerated(lab):
    for way in WAYS:
        with policy(lab, "hash_mismatch = warn"), lab.phone("relayed") as phone, \
                watched(lab, tampering(falsified)), asterisk.Events(lab.pbx) as events:
            start(lab, phone, way)
            calls.secure(lab, phone)
            equal("the phone's", ours(lab), ("mismatch", "both"))
            equal("event", events.wait("ZrtpSecure")["HelloHash"], "mismatch")
            equal("failures", events.all("ZrtpFailed"), [])
            calls.end(lab, phone, way)


@case("zrtp-hash: a wrong one and hash_mismatch = warn: such a call goes clear like another one", kind="22 attack",
      errors="the ZRTP Hello that came does not match .* it is accepted")
def wrong_goes_clear(lab):
    with policy(lab, "hash_mismatch = warn\nallow_clear = yes"), asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("relayed", allow_clear=True, tone=PHONE_HZ) as phone, watched(lab, tampering(falsified)):
        phone.call("echo", laboratory.PROXY_PORT)
        phone.secure()
        name = lab.pbx.secure("relayed")["Channel"]
        equal("the phone's", ours(lab)[0], "mismatch")
        phone.expect_call()
        lab.pbx.cli(f"zrtp go clear {name}")
        phone.wait("clear", 10, medium="audio")
        phone.say("acknowledge")
        wait.until("clear at the PBX", 8, lambda: lab.pbx.stream("relayed")["State"] == "clear")
        wait.grows("the phone is heard in clear", lambda: phone.statistics()["audio"]["clear_received"], 20)
        equal("failures", events.all("ZrtpFailed"), [])
        phone.hang_up()


# R495
@case("zrtp-hash: taken away on the way: secure, but not vouched for by the signalling",
      errors=FORGETFUL)
def stripped(lab):
    for way in WAYS:
        with lab.phone("relayed") as phone, watched(lab, tampering(without)), \
                asterisk.Events(lab.pbx) as events:
            start(lab, phone, way)
            calls.secure(lab, phone)
            equal("the phone's", ours(lab), ("none", "hello"))
            equal("event", events.wait("ZrtpSecure")["HelloHash"], "none")
            calls.end(lab, phone, way)


@case("ZRTP(): state, SAS, algorithms and zrtp-hash in the dialplan; nothing without ZRTP")
def function(lab):
    wanted = {"state": "State", "sas": "SAS", "sastype": "SASType", "kex": "Kex", "hash": "Hash",
              "cipher": "Cipher", "tag": "Tag", "role": "Role", "hashstatus": "HashStatus", "peer": "Peer"}
    with asterisk.Events(lab.pbx) as events, lab.phone("alice") as phone:
        def value(item, channel):
            return events.ask("Getvar", Channel=channel, Variable=f"ZRTP({item})")["Value"]
        calls.start(lab, phone, "phone calls", "silent")
        stream = calls.secure(lab, phone)
        channel = stream["Channel"]
        for item, column in wanted.items():
            for media in ("", ",audio", ",first"):
                equal(f"ZRTP({item}{media})", value(item + media, channel), stream[column])
        equal("ZRTP(capable)", value("capable", channel), "yes")
        equal("ZRTP(state,video)", value("state,video", channel), "")
        calls.end(lab, phone, "phone calls")


@case("ZRTP(): an unknown item or medium is a warning", errors=r"function\.c: .*(unknown item|media is)")
def function_misused(lab):
    with asterisk.Events(lab.pbx) as events, lab.plain_phone() as phone:
        phone.call("silent", lab.sip_port)
        channel = lab.pbx.stream("plain")["Channel"]
        logged = len(lab.pbx.log())
        for wrong_one in ("nothing", "state,smell", "", ",video"):
            equal(f"ZRTP({wrong_one})", events.ask(
                "Getvar", Channel=channel, Variable=f"ZRTP({wrong_one})").get("Value", ""), "")
        wait.until("four warnings", 2, lambda: lab.pbx.log()[logged:].count("console/function.c: ") == 4)
        equal("ZRTP(capable)", events.ask(
            "Getvar", Channel=channel, Variable="ZRTP(capable)")["Value"], "no")


# Phones that have their ZRTP with each other


def descriptions(phone):
    """The values of zrtp-hash in what the phone sent, and in what it received, in order."""
    values = {"sent": [], "received": []}
    for part in re.split(r"(?m)^\d{4}-\d\d-\d\d \d\d:", phone.log()):
        found = [m[1] for m in map(ATTRIBUTE.match, part.split("\n")) if m]
        if "m=audio" in part:
            values["sent" if "message sent to" in part else "received"].append(found)
    return values


def exchanged(lab, caller, called):
    """Each phone was told the other one's hash, in each description."""
    with lab.phone(caller) as first, lab.phone(called) as second:
        second.expect_call()
        first.call(f"call-{called}", lab.sip_port)
        equal("SAS", second.secure(), first.secure())
        wait.until("pass-through", 5, lambda: lab.pbx.stream(caller)["State"] == "passthrough")
        first.expect_call()
        first.say("pause")
        first.wait("is now paused", 5)
        first.say("resume")
        first.wait("Media streams established", 5)
        calls.talk(1)
        first.hang_up()
        second.wait_ended()
    told, heard = descriptions(first), descriptions(second)
    equal("Hellos announced", [len({v for values in told["sent"] for v in values}),
                               len({v for values in heard["sent"] for v in values})], [1, 1])
    equal(f"what {caller} was told", told["received"], len(told["received"]) * heard["sent"][:1])
    equal(f"what {called} was told", heard["received"], len(heard["received"]) * told["sent"][:1])
    equal(f"descriptions for {caller} and {called}", [len(told["received"]) > 2, len(heard["received"]) > 0],
          [True, True])


@case("zrtp-hash: pass-through sends each phone the other one's")
def through(lab):
    exchanged(lab, "through", "through2")


@case("zrtp-hash: auto sends a phone in an application the PBX's, which is right", errors=FORGETFUL)
def automatic_end(lab):
    with lab.phone("auto") as phone:
        for way in WAYS:
            calls.start(lab, phone, way)
            calls.secure(lab, phone)
            equal("the phone's", ours(lab, "auto"), ("matched", "both"))
            calls.end(lab, phone, way)
    values = [len(values) for values in descriptions(phone)["received"]]  # SIP may have repeated some
    equal("one value in each description", values, max(2, len(values)) * [1])


@case("zrtp-hash: auto sends two phones none, as the PBX may be their ZRTP endpoint or not", errors=FORGETFUL)
def undecided(lab):
    for extension, state in (("call-auto2", "passthrough"), ("hear-auto2", "secure")):
        with lab.phone("auto") as first, lab.phone("auto2") as second:
            second.expect_call()
            first.call(extension, lab.sip_port)
            for phone in (first, second):
                phone.secure()
                wait.until(f"{state} of {phone.name}", 5, lambda name=phone.name: (
                    lab.pbx.stream(name)["State"] == state))
            first.hang_up()
            second.wait_ended()
        for phone in (first, second):
            told = descriptions(phone)["received"]  # SIP may have repeated some
            equal(f"told {phone.name}", told, max(1, len(told)) * [[]])


@case("zrtp-hash: a re-INVITE that names another Hello, which never comes: the call keeps its keys, and nothing goes out in clear",
      errors=f"{FORGETFUL}|another ZRTP peer did not take over the call")
def replaced(lab):
    seen = []

    def later(way, lines):
        seen.append(way)
        return falsified(lines) if way == TO_PBX and seen.count(TO_PBX) > 1 else lines
    witness = Witness(later)
    with lab.phone("relayed") as phone, watched(lab, witness), asterisk.Events(lab.pbx) as events:
        start(lab, phone, "phone calls")
        first = calls.secure(lab, phone)
        phone.expect_call()
        phone.say("pause")
        phone.wait("is now paused", 5)
        phone.expect_call()
        phone.say("resume")
        calls.talk(4)
        stream = lab.pbx.stream("relayed")
        equal("still secure", (stream["State"], stream["SAS"]), ("secure", first["SAS"]))
        equal("secure, failed, clear since", [len(events.all(name)) for name in ("ZrtpSecure", "ZrtpFailed", "ZrtpClear")],
              [1, 0, 0])
        calls.talk(1)
        equal("media goes out", int(lab.pbx.stream("relayed")["Tx"]) > int(stream["Tx"]) + 20, True)
        lab.pbx.cli("channel request hangup all")
        phone.wait_ended()
    told = [values[0] for values in witness.said[TO_PHONE]]
    # SIP may have repeated the first one.
    equal("an answer has the hash of the new Hello",
          [value in witness.true[TO_PHONE] for value in told if value != told[0]][:1], [True])


@case("a malformed a=zrtp-hash with escape sequences is logged without them", errors="malformed a=zrtp-hash ignored")
def escape(lab):
    logged = len(lab.pbx.log())
    with lab.plain_phone() as phone:
        phone.call("silent", lab.sip_port, sdp="a=zrtp-hash:1.10 \x1b[2J\x9b31m\x07forged")
        wait.until("the log says so", 5, lambda: "malformed a=zrtp-hash" in lab.pbx.log()[logged:])
    found = [c for c in lab.pbx.log()[logged:] if c in "\x1b\x9b\x07"]
    equal("control characters in the log", found, [])
