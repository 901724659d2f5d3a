# SPDX-License-Identifier: GPL-2.0-only
"""Two PBXs with one ZID, as nodes of a cluster and clones have it, and a trunk between them."""
import os
import sqlite3
import struct
import time

import asterisk
import capture
import forge
import wait
from harness import case, equal
from lab import Lab, rtp_port, sip_port

STORE = ("lib", "zrtp.sqlite")
ZID_AT = forge.HEADER + 64
CALLS = 2


def clone(lab):
    """Another PBX with the store of this one, as it is now."""
    far = Lab(lab.pbx.root, lab.directory, sip_port=sip_port("trunk"), ami_port=25264, rtp_ports=(29000, 29999))
    with sqlite3.connect(lab.pbx.file(*STORE)) as source, sqlite3.connect(far.pbx.file(*STORE)) as target:
        source.backup(target)
    return far


def hellos(datagrams):
    return [d for d in datagrams if capture.kind(d.data) == "zrtp" and capture.message_type(d.data) == "Hello"]


@case("two PBXs with one ZID: the trunk between them is secure in every call, with one SAS and without an alarm")
def trunk(lab):
    with clone(lab) as far, asterisk.Events(lab.pbx) as events, asterisk.Events(far.pbx) as far_events, \
            lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        for number in range(CALLS):
            before = len(lab.pbx.log()), len(far.pbx.log())
            bob.expect_call()
            alice.call("over-call-bob", lab.sip_port)
            for phone in (alice, bob):
                phone.secure(15)
            sas = [pbx.pbx.secure("trunk")["SAS"] for pbx in (lab, far)]
            equal(f"SAS of both ends in call {number}", sas[0], sas[1])
            equal("zrtp-hash", [pbx.pbx.stream("trunk")["HashStatus"] for pbx in (lab, far)], ["matched"] * 2)
            logs = lab.pbx.log()[before[0]:] + far.pbx.log()[before[1]:]
            equal("the logs say why", logs.count("the peer has our own ZID"), 2)
            alice.hang_up()
            bob.wait_ended()
            far.pbx.idle()
        for found in (events, far_events):
            equal("alerts", found.all("ZrtpAlert"), [])
            equal("failures", found.all("ZrtpFailed") + found.all("ZrtpClear"), [])
            equal("mismatches", {e["CacheMismatch"] for e in found.all("ZrtpSecure")}, {"no"})


@case("a Hello of the PBX that comes back to it changes nothing: a phone has its call, and the PBX its ZID")
def reflected(lab):
    with capture.Capture(os.path.join(lab.directory, "reflected.pcap")) as wire, lab.zrtp_phone("bob") as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        zid = phone.all("sas")[-1]["peer_zid"]
        phone.hang_up()

        before = len(lab.pbx.log())
        phone.call("silent", lab.sip_port)
        deadline = time.monotonic() + 1.5
        sent = 0
        while time.monotonic() < deadline:
            own = [d for d in hellos(capture.read(wire.path)) if d.target in range(rtp_port("bob"), rtp_port("bob") + 10)]
            for hello in own[-2:]:
                octets = bytearray(hello.data)
                octets[8:12] = struct.pack(">I", 0x5A5A5A5A)
                forge.send_as(hello.target, hello.source, forge.sealed(bytes(octets)))
                sent += 1
            time.sleep(0.05)
        equal("Hellos sent back", sent > 5, True)
        phone.secure()
        equal("ZID that the phone sees", phone.all("sas")[-1]["peer_zid"], zid)
        equal("mismatch at the phone", phone.all("sas")[-1]["cache_mismatch"], False)
        equal("told", "our own ZID" in lab.pbx.log()[before:], False)
        phone.hang_up()


@case("a phone without ZRTP and Hellos of the PBX that come back: an ordinary call", kind="22 attack")
def reflected_plain(lab):
    with asterisk.Events(lab.pbx) as events, capture.Capture(os.path.join(lab.directory, "plain.pcap")) as wire, \
            lab.plain_phone("carol") as phone:
        phone.call("announce", lab.sip_port)
        for _ in range(40):
            for hello in hellos(capture.read(wire.path))[-1:]:
                octets = bytearray(hello.data)
                octets[8:12] = struct.pack(">I", 0x5A5A5A5A)
                forge.send_as(hello.target, hello.source, forge.sealed(bytes(octets)))
            time.sleep(0.1)
        equal("reason", wait.until("ZrtpClear", 5, lambda: events.all("ZrtpClear"))[0]["Reason"], "NoZrtp")
        equal("media", len(phone.heard) > 50, True)
        phone.hang_up()
