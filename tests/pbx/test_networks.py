# SPDX-License-Identifier: GPL-2.0-only
"""Phones whose packets come from elsewhere: a NAT that forgets a call, another port than SDP says, copiers."""
import contextlib
import re
import socket
import struct

import calls
import capture
import tone
import wait
from harness import case, equal
from lab import PHONE_HZ, PROXY_PORT, PROXY_RTP, sip_port
from pairs import passed_through, same_sas
from plainphone import IP
from proxy import TO_PBX, TO_PHONE, Proxy
from test_coexist import hide

REBOUND, COPIER, AGAIN = 27920, 27930, 27940
ENOUGH = 50   # packets in a row: a second of a call that goes on
OPEN = "strictrtp = no\n"


@contextlib.contextmanager
def rtp_conf(lab, line):
    """rtp.conf with one line more for a while."""
    with open(lab.pbx.file("etc", "rtp.conf")) as text:
        usual = text.read()
    try:
        reload_rtp(lab, usual + line)
        yield
    finally:
        reload_rtp(lab, usual)


def reload_rtp(lab, text):
    lab.pbx.write("rtp.conf", text)
    for module in ("res_rtp_asterisk.so", "res_zrtp.so"):
        lab.pbx.cli(f"module reload {module}")


class Traffic:
    """For Proxy: counts the RTP each way; copies what the phone sends, or loses it, while told to."""

    def __init__(self):
        self.count = {TO_PBX: 0, TO_PHONE: 0}
        self.copy, self.lose = None, False

    def __call__(self, way, data):
        if capture.kind(data) == "rtp":
            self.count[way] += 1
            if way == TO_PBX and self.copy:
                self.copy(data)
            if way == TO_PBX and self.lose:
                return None
        return data

    def more(self, way, seconds=30):
        """Wait until the call has gone on for a second or so this way."""
        goal = self.count[way] + ENOUGH
        wait.until(f"RTP {way}", seconds, lambda: self.count[way] >= goal)


class Copier:
    """Sends what it is given to the PBX from a port of its own, and counts what comes back."""

    def __init__(self, target, ahead=0):
        self.target, self.ahead, self.sent = target, ahead, 0

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((IP, COPIER))
        return self

    def __exit__(self, *_):
        self.socket.close()

    def __call__(self, data):
        """Send a copy; ahead: with a sequence number that is so much greater."""
        number = (struct.unpack(">H", data[2:4])[0] + self.ahead) & 0xFFFF
        self.socket.sendto(data[:2] + struct.pack(">H", number) + data[4:], (IP, self.target))
        self.sent += 1

    def got(self):
        """Media that was sent here since the last time."""
        found = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                found += capture.kind(self.socket.recv(4096, socket.MSG_DONTWAIT)) == "rtp"
        return found


def hears_more(phone, seconds=30):
    """Wait until zrtpcall has heard a second more."""
    def count():
        return phone.statistics()["audio"]["srtp_received"]
    goal = count() + ENOUGH
    wait.until(f"media at {phone.name}", seconds, lambda: count() >= goal)


def copied(traffic, relay, ahead=0):
    """A host that copies a phone's packets while that is heard gets nothing of its call, but for a moment when it stalled."""
    def alone():
        traffic.more(TO_PHONE)
        return not copier.got()
    with Copier(relay.party[TO_PHONE], ahead) as copier:
        traffic.copy = copier
        try:
            wait.until("copies", 30, lambda: copier.sent >= 4 * ENOUGH)
            wait.until("a second of the call in which the copier gets nothing", 30, alone)
        finally:
            traffic.copy = None


def rebinds(traffic, relay, port=REBOUND):
    """The NAT forgets the call: media to the phone is back after a while."""
    relay.rebind(port)
    traffic.more(TO_PHONE)
    traffic.more(TO_PBX)


@case("NAT forgets a secure call in the middle of it: the PBX finds the phone again by its SRTP, and no copier instead")
def end_rebinds(lab):
    traffic = Traffic()
    with lab.phone("nat", record=True) as phone, lab.proxy("nat", edit=hide, media=traffic) as relay:
        phone.call("announce", PROXY_PORT)
        calls.secure(lab, phone)
        traffic.more(TO_PHONE)
        copied(traffic, relay)
        rebinds(traffic, relay)
        wait.until("the log", 10, lambda: re.search(
            rf"PJSIP/nat-\w+: the phone's media comes from another address now, .*: {re.escape(IP)}:{REBOUND}", lab.pbx.log()))
        copied(traffic, relay)
        phone.hang_up()
        lab.pbx.idle()


@contextlib.contextmanager
def hidden_pair(lab, traffic):
    """Two phones that are passed through, the first one behind NAT."""
    with lab.proxy("natthrough", edit=hide, media=traffic) as relay, lab.zrtp_phone("natthrough") as first, \
            lab.zrtp_phone("through2") as second:
        second.expect_call()
        first.call("call-through2", PROXY_PORT)
        same_sas(first, second)
        passed_through(lab, "natthrough", "through2")
        traffic.more(TO_PHONE)
        yield relay, first, second
        first.hang_up()
        second.wait_ended()
        lab.pbx.idle()


@case("NAT forgets a call that is passed through, strictrtp = no: the phones hear each other again, and no copier does",
      kind="22 attack")
def through_rebinds(lab):
    traffic = Traffic()
    with rtp_conf(lab, OPEN), hidden_pair(lab, traffic) as (relay, first, second):
        copied(traffic, relay)
        copied(traffic, relay, 1000)
        rebinds(traffic, relay)
        hears_more(second)
        # Silent where it was: the copier's packets are followed, until the next of the phone's.
        traffic.lose = True
        with Copier(relay.party[TO_PHONE], 1000) as copier:
            traffic.copy = copier
            wait.until("media at the copier", 30, copier.got)
            traffic.copy, traffic.lose = None, False
            traffic.more(TO_PHONE)
            hears_more(second)
            copier.got()
            traffic.more(TO_PHONE)
            equal("media that the copier still got", copier.got(), 0)


FORTH_AND_BACK = (REBOUND, AGAIN, REBOUND, PROXY_RTP + 2, REBOUND)


@case("NAT forgets a call again and again, with ports of before too: with the PBX and passed through, and no copier is heard",
      kind="22 attack")
def forth_and_back(lab):
    traffic = Traffic()
    with lab.phone("nat", record=True) as phone, lab.proxy("nat", edit=hide, media=traffic) as relay:
        phone.call("announce", PROXY_PORT)
        sas = calls.secure(lab, phone)["SAS"]
        traffic.more(TO_PHONE)
        for port in FORTH_AND_BACK:
            rebinds(traffic, relay, port)
            copied(traffic, relay)
        equal("SAS", lab.pbx.stream("nat")["SAS"], sas)
        phone.hang_up()
        lab.pbx.idle()
    traffic = Traffic()
    with rtp_conf(lab, OPEN), hidden_pair(lab, traffic) as (relay, _, second):
        for port in FORTH_AND_BACK:
            rebinds(traffic, relay, port)
            copied(traffic, relay, 1000)
            hears_more(second)


@case("NAT forgets a call that is passed through, strictrtp = yes: as with the stock engine nothing moves, and the log says so",
      kind="22 attack", errors="passed through and silent, RTP from")
def through_strict(lab):
    traffic = Traffic()
    with hidden_pair(lab, traffic) as (relay, first, second):
        time_to_learn(traffic)
        relay.rebind(REBOUND)
        wait.until("the log", 30, lambda: f"RTP from {IP}:{REBOUND} is refused" in lab.pbx.log())
        before = traffic.count[TO_PHONE]
        traffic.more(TO_PBX)
        equal("media of the other phone at the new port", traffic.count[TO_PHONE] - before, 0)


def time_to_learn(traffic):
    """For five seconds after an answer sources may change."""
    for _ in range(6):
        traffic.more(TO_PBX)


@case("asymmetric RTP in a pass-through, a phone without ZRTP sends from another port than its SDP says: they hear each other")
def asymmetric(lab):
    high = lab.pbx.file("sounds", "announcement.wav")
    with lab.plain_phone("through", hz=PHONE_HZ, speaks_from=REBOUND) as first, \
            lab.phone("through2", record=True, zrtp=False, play=high) as second:
        second.expect_call()
        first.call("call-through2", lab.sip_port)
        second.wait("connected", 5)
        wait.until("media at the first phone", 15, lambda: len(first.heard) >= 2 * ENOUGH)
        calls.talk(2)
        first.hang_up()
        second.wait_ended()
        lab.pbx.idle()
    tone.heard(second.recording, PHONE_HZ, None)


class NumberPlan(Proxy):
    """A relay that makes all user parts of To one, and notes in a header what they were, if it is honest."""

    noted = True

    def _sip(self, way, data):
        text = super()._sip(way, data).decode()
        if way == TO_PBX and text.startswith(("INVITE", "ACK", "BYE")):
            self.dialled = re.search(r"(?im)^To:[^<]*<sip:([^@>]+)@", text)[1]
            text = re.sub(r"(?im)^(To:[^<]*<sip:)[^@>]+@", r"\1trunk@", text)
            if self.noted:
                text = text.replace("\r\n", f"\r\nX-Dialled: <sip:{self.dialled}@dialled.example>\r\n", 1)
        elif way == TO_PHONE:
            text = re.sub(r"(?im)^(To:[^<]*<sip:)trunk@", lambda m: f"{m[1]}{self.dialled}@", text)
        return text.encode()


def labels(lab):
    """All labels of all peers in the PBX's cache."""
    peers = re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))
    return "".join(lab.pbx.cli(f"zrtp cache show peer {zid}") for zid in peers)


@case("label_header: an SBC makes two numbers one in To, and secrets are kept by the header that says what was dialled")
def label_header(lab):
    with NumberPlan(sip_port("dialled"), lab.sip_port, PROXY_PORT, PROXY_RTP) as plan:
        for number, label in (("announce", "sip:announce@dialled.example"), ("silent", "sip:silent@dialled.example"),
                              (None, "sip:trunk@")):
            plan.noted = number is not None
            # Another phone each time: of one that is known a further label may be kept back.
            with lab.zrtp_phone("dialled") as phone:
                phone.call(number or "echo", PROXY_PORT)
                phone.secure()
                lab.pbx.secure("dialled")
                phone.hang_up()
                lab.pbx.idle()
            wait.until(f"label {label}", 10, lambda wanted=label: wanted in labels(lab))
