# SPDX-License-Identifier: GPL-2.0-only
"""What an attacker without keys can do to a call by ZRTP packets: nothing that lasts."""
import re
import socket
import threading
import time

import asterisk
import calls
import capture
import forge
import lab as laboratory
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ
from proxy import IP, TO_PBX
from sipp import Sipp, description


def foreign(hello):
    """A Hello as a stranger makes it, after the PBX's own."""
    packet = bytearray(hello)
    packet[8:12] = b"\x12\x34\x56\x78"
    packet[forge.HEADER + 64:forge.HEADER + 76] = b"a stranger.."
    return forge.sealed(bytes(packet))


@case("a plain phone and one forged Hello: the call goes on in clear, with an alert; with require = yes it never does",
      errors="a ZRTP exchange began and was not completed|ZRTP failed|ZRTP is required|does not speak ZRTP")
def forged_hello(lab):
    with lab.plain_phone(hz=PHONE_HZ) as phone, lab.plain_phone("strict", PHONE_HZ) as strict, \
            asterisk.Events(lab.pbx) as events:
        for one in (phone, strict):
            one.call("record", lab.sip_port)
        for one in (phone, strict):
            hello = wait.until("a Hello of the PBX", 2, lambda p=one: p.zrtp)[0]
            for _ in range(3):  # the PBX asks its store for the first one
                one.send(foreign(hello))
                time.sleep(0.3)
        channel = lab.pbx.stream("plain")["Channel"]
        equal("reason", events.wait("ZrtpAlert", 16, Channel=channel)["Reason"], "Unproved")
        equal("failures", events.all("ZrtpFailed", Channel=channel), [])
        events.wait("ZrtpRefused", 12)
        hears_the_pbx(phone)
        time.sleep(1)
        equal("media for the phone that has to have ZRTP", [d for d in strict.heard if d], [])
        strict.wait_request("BYE")
        strict.remote = None
    tone.heard(lab.pbx.file("sounds", "heard-plain.wav"), PHONE_HZ, PBX_HZ)


@case("a phone whose ZRTP begins late becomes secure by its media, in a call that was clear")
def late_phone(lab):
    passing = threading.Event()

    def late(way, data):
        return data if passing.is_set() or capture.kind(data) != "zrtp" else None

    def unannounced(way, lines):
        return [line for line in lines if way != TO_PBX or not line.startswith("a=zrtp-hash")]
    with lab.zrtp_phone("relayed", tone=PHONE_HZ, record=True) as phone, \
            lab.proxy(media=late, edit=unannounced):
        phone.call("record", laboratory.PROXY_PORT)
        wait.until("the PBX gives up", 8, lambda: "no-zrtp" in lab.pbx.cli("zrtp show streams"))
        passing.set()
        phone.secure()
        lab.pbx.secure("relayed")
        calls.talk(3)
        phone.hang_up()
        counts = phone.wait_ended()["audio"]
    equal(f"SRTP in both directions: {counts}",
          min(counts["srtp_sent"], counts["srtp_received"]) > 80, True)
    tone.heard(lab.pbx.file("sounds", "heard-relayed.wav"), PHONE_HZ, PBX_HZ)


@case("a stray Hello beside the one of a=zrtp-hash: the call stays matched and secure")
def stray_hello(lab):
    relay, stray, logged = [], [], len(lab.pbx.log())

    def beside(way, data):
        if way == TO_PBX and relay and capture.kind(data) == "zrtp" \
                and capture.message_type(data) == "Hello":
            relay[0].inject(TO_PBX, data)
            relay[0].inject(TO_PBX, foreign(data))
            stray.append(data)
        return data
    with lab.phone("relayed") as phone, lab.proxy(media=beside) as relayed:
        relay.append(relayed)
        phone.call("announce", laboratory.PROXY_PORT)
        first = calls.secure(lab, phone)
        equal("zrtp-hash", first["HashStatus"], "matched")
        calls.talk(4)
        again = calls.secure(lab, phone)
        equal("zrtp-hash after some seconds", again["HashStatus"], "matched")
        equal("SAS", again["SAS"], first["SAS"])
        equal("packets go on", int(again["Tx"]) > int(first["Tx"]) + 50, True)
        equal("stray Hellos", len(stray) > 0, True)
        phone.hang_up()
    if re.search("does not match the peer's a=zrtp-hash", lab.pbx.log()[logged:]):
        raise AssertionError("a mismatch was told of a call that matched")


class Impostor:
    """An attacker who sees a call without ZRTP and speaks ZRTP, and SRTP, in its phone's name. Use as a context manager.

    A zrtpcall in a call of its own: what it sends there goes to the PBX from the phone's port, and it is
    given the ZRTP that the phone gets. speaks: may it go on.
    """

    PORT = 27952

    def __init__(self, lab, phone):
        self.phone, self.speaks, self.party = phone, True, None
        self.zrtp = lab.zrtp_phone("dave", tone=1300, ignore_hash=True)
        self.answers = Sipp(lab, "carol", laboratory.sip_port("carol"), "answer", pause=10,
                            answer=description(port=self.PORT))
        self.closed = threading.Event()

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((IP, self.PORT))
        self.socket.settimeout(0.005)
        self.answers.__enter__()
        self.zrtp.start()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.zrtp.dial(f"sip:carol@{IP}:{laboratory.sip_port('carol')}")
        return self

    def __exit__(self, *_):
        self.zrtp.stop()
        self.answers.__exit__()
        self.closed.set()
        self.thread.join()
        self.socket.close()

    def _run(self):
        seen = len(self.phone.zrtp)
        while not self.closed.is_set():
            while self.party and len(self.phone.zrtp) > seen:
                self.socket.sendto(self.phone.zrtp[seen], self.party)
                seen += 1
            try:
                data, self.party = self.socket.recvfrom(4096)
            except socket.timeout:
                continue
            if self.speaks and (capture.kind(data) == "zrtp" or len(data) > capture.ULAW_PACKET):
                forge.send_as(self.phone.rtp_port, self.phone.remote[1], data)


def hears_the_pbx(phone):
    phone.heard.clear()
    wait.until("the phone hears the PBX in clear", 10, lambda: tone.best_steady_share(phone.pcm(), PBX_HZ) > 0.8, 0.5)


@case("a stranger's whole exchange in a call without ZRTP: it takes over only while the phone is silent, which then has its "
      "call back", errors="ZRTP exchange")
def impostor(lab):
    with lab.plain_phone(hz=PHONE_HZ) as phone, asterisk.Events(lab.pbx) as events:
        phone.call("record", lab.sip_port)
        wait.until("the PBX gives up", 8, lambda: lab.pbx.stream("plain")["State"] == "no-zrtp")
        with Impostor(lab, phone) as other:
            other.zrtp.secure(10)
            events.wait("ZrtpAlert", 5, Reason="LateExchange")
            time.sleep(2)
            hears_the_pbx(phone)
            equal("secure beside the phone's clear media", events.all("ZrtpSecure"), [])
            phone.talking.clear()
            events.wait("ZrtpSecure", 6)
            wait.until("SRTP of the PBX", 3, lambda: phone.heard and len(phone.heard[-1]) > capture.ULAW_PACKET)
            other.speaks = False
        phone.talking.set()
        equal("reason", events.wait("ZrtpClear", 6, Reason="Unproved")["Reason"], "Unproved")
        wait.until("no longer secure", 5, lambda: lab.pbx.stream("plain")["State"] != "secure")
        time.sleep(0.5)  # some may be on their way
        phone.heard.clear()
        wait.until("packets of the PBX in clear", 10, lambda: len(phone.heard) > 20)
        equal("SRTP of the PBX", [d for d in phone.heard if len(d) > capture.ULAW_PACKET], [])
        phone.hang_up()
    tone.heard(lab.pbx.file("sounds", "heard-plain.wav"), PHONE_HZ)
