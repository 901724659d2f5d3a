# SPDX-License-Identifier: GPL-2.0-only
"""Whose packet is this: peers that move, are replaced or begin again, and strangers who would like to be them."""
import os
import re
import socket
import struct
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
from lab import PHONE_HZ, rtp_port
from proxy import IP, TO_PBX, TO_PHONE
from test_calls import FORGETFUL

# Everything is on the loopback; another host is another address of it.
STRANGER, ELSEWHERE = "127.0.0.66", "127.0.0.3"
HIDDEN, HIDDEN_TOO, NEW_RTP, STRANGER_RTP = 27998, 27996, 27906, 27912
IGNORED = "Hello of another peer ignored"


class Stranger:
    """A socket of another host. heard: what came there."""

    def __init__(self, target, host=STRANGER, port=STRANGER_RTP):
        self.target, self.heard = target, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.socket.settimeout(0.1)
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self):
        while not self.closed.is_set():
            try:
                self.heard.append(self.socket.recv(4096))
            except socket.timeout:
                pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        self.socket.close()

    def send(self, octets):
        self.socket.sendto(octets, (IP, self.target))


def says_hello(hello, zid=b"a stranger..", ssrc=b"\x12\x34\x56\x78"):
    """A Hello made from a real one: another SSRC, and another hash chain and ZID."""
    octets = bytearray(hello)
    octets[8:12] = ssrc
    octets[forge.HEADER + 32:forge.HEADER + 64] = bytes(range(32))
    if zid:
        octets[forge.HEADER + 64:forge.HEADER + 76] = zid
    return forge.sealed(bytes(octets))


def acknowledges(ssrc=b"\x12\x34\x56\x78"):
    return forge.packet(forge.message("HelloACK"), 2, int.from_bytes(ssrc, "big"))


class Road:
    """What lies between a phone and the PBX, for Proxy: it may fall silent, tell another address, or be another road.

    address: what the next descriptions tell the PBX, or None. way_of: the socket that media takes.
    """

    def __init__(self):
        self.address, self.silent, self.stripped, self.way, self.hello = None, False, False, None, None
        self.change = lambda data: data

    def edit(self, way, lines):
        if way != TO_PBX or not self.address:
            return lines
        if self.stripped:
            lines = [line for line in lines if "zrtp-hash" not in line]
        host, port = self.address
        lines = [re.sub(r"^m=audio \d+ ", f"m=audio {port} ", line) for line in lines]
        return [f"c=IN IP4 {host}" if line.startswith("c=") else line for line in lines]

    def media(self, way, data):
        if way == TO_PHONE:
            return data
        if capture.kind(data) == "zrtp" and capture.message_type(data) == "Hello":
            self.hello = data
        if self.silent:
            return None
        data = self.change(data)
        if data is not None and self.way:
            self.way.send(data)
            return None
        return data


class Way(Stranger):
    """Another road to the phone: what comes here goes to it by way of the relay."""

    def __init__(self, relay, host=ELSEWHERE):
        super().__init__(None, host, NEW_RTP)
        self.relay = relay

    def send(self, octets):
        self.target = self.relay.party[TO_PHONE]
        super().send(octets)

    def _listen(self):
        while not self.closed.is_set():
            try:
                data = self.socket.recv(4096)
            except socket.timeout:
                continue
            self.heard.append(data)
            self.relay._send(self.relay.rtp[TO_PBX], data, self.relay.party[TO_PBX])


def offer_again(phone):
    for command, answer in (("pause", "is now paused"), ("resume", "Media streams established")):
        phone.expect_call()
        phone.say(command)
        phone.wait(answer, 5)


def same(lab, name, first):
    stream = lab.pbx.stream(name)
    for column in ("State", "SAS", "SSRC"):
        equal(column, stream[column], first[column])
    return stream


def hears_again(lab, name):
    """The PBX hears the phone, with the keys there are."""
    before = int(lab.pbx.stream(name)["Rx"])
    wait.until(f"the PBX hears {name}", 5, lambda: int(lab.pbx.stream(name)["Rx"]) > before + 30)


def noise(sequence, ssrc=0x12345678):
    """A packet like the phone's RTP that no key opens."""
    return struct.pack(">BBHII", 0x80, 0, sequence & 0xFFFF, 160 * sequence, ssrc) + bytes(range(170))


def silent_after_new_address(lab, stripped):
    """The phone tells another address and is silent, while an attacker sends RTP and Hellos from anywhere, and in its name."""
    road = Road()
    road.address, road.stripped = (IP, HIDDEN), stripped
    with lab.phone("nat") as phone, lab.proxy("nat", edit=road.edit, media=road.media) as relay:
        phone.call("announce", laboratory.PROXY_PORT)
        first = calls.secure(lab, phone)
        hears_again(lab, "nat")
        road.silent, road.address = True, (IP, HIDDEN_TOO)
        offer_again(phone)
        time.sleep(1.7)
        with Stranger(relay.party[TO_PHONE]) as stranger:
            for number in range(30):  # Asterisk is learning an address
                stranger.send(noise(number))
                time.sleep(0.02)
            for _ in range(8):
                stranger.send(says_hello(road.hello))
                stranger.send(acknowledges())
                # Only the phone has the secret that goes with its ZID.
                relay.inject(TO_PBX, says_hello(road.hello, zid=None))
                relay.inject(TO_PBX, acknowledges())
                time.sleep(0.2)
            same(lab, "nat", first)
            equal("what the stranger was sent", stranger.heard, [])
        # A NAT that gives the phone another address, which nothing has told: its own media shows it.
        with Way(relay) as way:
            road.way, road.silent = way, False
            hears_again(lab, "nat")
            same(lab, "nat", first)
            wait.until("media for the phone there", 3, lambda: len(way.heard) > 30)
            phone.hang_up()


@case("another address behind NAT, the phone silent: a stranger's Hello gets nothing, the call goes on", errors=IGNORED)
def stranger_behind_nat(lab):
    silent_after_new_address(lab, False)


@case("the same without zrtp-hash: nor does one in the phone's name, with its ZID",
      errors=f"{IGNORED}|{FORGETFUL}|another ZRTP peer did not take over the call")
def stranger_without_hash(lab):
    silent_after_new_address(lab, True)


@case("a phone that moves to another network keeps its keys, and is heard from there")
def moves(lab):
    road = Road()
    with lab.phone("relayed", record=True) as phone, lab.proxy(edit=road.edit, media=road.media) as relay:
        phone.call("record", laboratory.PROXY_PORT)
        first = calls.secure(lab, phone)
        with Way(relay) as way:
            road.way, road.address = way, (ELSEWHERE, NEW_RTP)
            offer_again(phone)
            hears_again(lab, "relayed")
            calls.talk(2)
            same(lab, "relayed", first)
            equal("media for it there", len(way.heard) > 50, True)
            phone.hang_up()


def no_clear_rtp(wire, name):
    """No clear audio to a phone's ports once its first keys were there."""
    ports = range(rtp_port(name), rtp_port(name) + 10)
    since = capture.secure_since(wire.datagrams) + 0.1
    plain = [d for d in wire.datagrams if d.target in ports and d.time > since and capture.kind(d.data) == "rtp"
             and len(d.data) == capture.ULAW_PACKET]
    equal("clear RTP of the PBX once secure", len(plain), 0)


def replaced(lab, **options):
    with capture.Capture(os.path.join(lab.directory, "replaced.pcap")) as wire, \
            lab.zrtp_phone("alice", tone=PHONE_HZ, record=True, **options) as phone:
        phone.call("echo", lab.sip_port)
        before = phone.secure()
        lab.pbx.secure("alice")
        calls.talk(1)
        phone.expect_call()
        phone.say("renew other")
        after = phone.secure(8)
        wait.until("the PBX has the other's SAS", 3, lambda: lab.pbx.stream("alice")["SAS"] == after)
        equal("another SAS", after == before, False)
        hears_again(lab, "alice")
        calls.talk(2.5)
        phone.hang_up()
        lab.pbx.idle()
        # What it says comes back to it: the PBX has heard the other phone, and is heard by it.
        if tone.best_steady_share(tone.read(phone.recording)[-12000:], PHONE_HZ) < 0.8:
            raise AssertionError("the other phone does not hear its own voice from the PBX")
    no_clear_rtp(wire, "alice")


@case("the call is passed on to another phone, which the signalling's zrtp-hash vouches for: its keys, its SAS")
def passed_on_with_hash(lab):
    replaced(lab)


@case("the call is passed on to another phone without zrtp-hash at another address: its keys, its SAS", errors=IGNORED)
def passed_on(lab):
    replaced(lab, ignore_hash=True)


@case("a phone that begins ZRTP again after hold, without zrtp-hash, is heard again", errors=IGNORED)
def anew_after_hold(lab):
    with lab.zrtp_phone("alice", tone=PHONE_HZ, record=True, ignore_hash=True) as phone, \
            capture.Capture(os.path.join(lab.directory, "anew.pcap")) as wire:
        phone.call("record", lab.sip_port)
        before = phone.secure()
        lab.pbx.secure("alice")
        phone.say("hold")
        phone.wait("modified", 5)
        time.sleep(1)
        phone.expect_call()
        phone.say("renew")
        after = phone.secure(8)
        wait.until("the PBX has the new SAS", 3, lambda: lab.pbx.stream("alice")["SAS"] == after)
        equal("another SAS", after == before, False)
        equal("key continuity", phone.all("sas")[-1]["rs_matched"], True)
        phone.say("resume")
        hears_again(lab, "alice")
        phone.hang_up()
    no_clear_rtp(wire, "alice")


def broken(data):
    """As something on the way that changes media would leave it."""
    if capture.kind(data) != "rtp":
        return data
    return data[:-1] + bytes([data[-1] ^ 1])


@case("nothing but packets that fail authentication: logged once, with the likely cause; beside good ones they are not",
      errors=f"{FORGETFUL}|secure, but the phone is not heard: .* Likely something on the way changes its media")
def unauthentic(lab):
    road = Road()

    def beside(data):
        relay.inject(TO_PBX, broken(data))
        return data
    with lab.phone("relayed") as phone, lab.proxy(edit=road.edit, media=road.media) as relay, \
            asterisk.Events(lab.pbx) as events:
        phone.call("announce", laboratory.PROXY_PORT)
        calls.secure(lab, phone)
        channel = lab.pbx.stream("relayed")["Channel"]

        def item(name):
            return re.search(rf"(?m)^\s*{name}:? +(\S+)", lab.pbx.cli(f"zrtp show channel {channel}"))[1]
        road.change = beside
        calls.talk(5.5)
        equal("alerts beside good packets", events.all("ZrtpAlert", Reason="Unauthentic"), [])
        equal("deaf", item("Deaf"), "no")
        road.change = broken
        equal("its channel", events.wait("ZrtpAlert", 8, Reason="Unauthentic")["Channel"], channel)
        equal("deaf now", item("Deaf"), "yes")
        calls.talk(1)
        equal("one alert", len(events.all("ZrtpAlert", Reason="Unauthentic")), 1)
        road.change = lambda data: data
        hears_again(lab, "relayed")
        equal("deaf later", item("Deaf"), "no")
        phone.hang_up()


def to_a_stranger(lab, send):
    """What a stranger is sent in a call with a phone behind NAT, and what it has sent: octets, datagrams in reply."""
    with lab.plain_phone("nat", PHONE_HZ) as phone:
        phone.call("silent", lab.sip_port)
        hello = wait.until("a Hello of the PBX", 2, lambda: phone.zrtp)[0]
        with Stranger(phone.remote[1]) as stranger:
            sent = send(stranger, says_hello(hello))
            return sum(map(len, stranger.heard)), len(stranger.heard), sent


@case("octets for an address that has proved nothing: three times what it sent, Ping and repetitions included")
def amplification(lab):
    def hello_once(stranger, hello):
        stranger.send(hello)
        time.sleep(4)
        return len(hello)

    def ping_often(stranger, _):
        ping = forge.packet(forge.message("Ping    ", b"1.10" + bytes(8)), 9, 7)
        for _ in range(300):
            stranger.send(ping)
            time.sleep(0.003)
        time.sleep(0.3)
        return 300 * len(ping)
    octets, replies, sent = to_a_stranger(lab, hello_once)
    equal(f"{octets} octets in {replies} replies to a Hello of {sent}", replies > 1 and octets <= 3 * sent, True)
    octets, replies, sent = to_a_stranger(lab, ping_often)
    equal(f"{octets} octets in {replies} replies to Pings of {sent}", 1 <= replies <= 32 and octets <= 3 * sent, True)


@case("DH3k through NAT, from a host that signalling does not know: secure", errors=FORGETFUL)
def dh3k_through_nat(lab):
    for options in ({"passive": True}, {}):
        road = Road()
        road.address = (IP, HIDDEN)
        with lab.zrtp_phone("nat", kex="DH3k", ignore_hash=True, **options) as phone, \
                lab.proxy("nat", edit=road.edit, media=road.media) as relay, Way(relay) as way:
            road.way = way
            phone.call("echo", laboratory.PROXY_PORT)
            phone.secure()
            equal("key agreement", lab.pbx.secure("nat")["Kex"], "DH3k")
            phone.hang_up()
        lab.pbx.idle()
