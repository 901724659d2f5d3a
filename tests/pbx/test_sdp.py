# SPDX-License-Identifier: GPL-2.0-only
"""a=zrtp-hash in SDP: what the PBX writes, and what it makes of the phone's."""
import hashlib
import re

import calls
import capture
import lab as laboratory
from harness import case, equal
from proxy import TO_PBX, TO_PHONE
from test_calls import FORGETFUL, WAYS

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
        equal(f"zrtp-hash {way}", self.said[way], descriptions * [self.true[way]])


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
    return stream["SdpHash"], stream["Peer"]


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
