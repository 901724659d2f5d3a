# SPDX-License-Identifier: GPL-2.0-only
"""Packets that are not the phone's, or not of its keys: neither core, recording nor other leg has anything of them."""
import contextlib
import hashlib
import os
import random
import struct
import threading
import time

import asterisk
import calls
import capture
import forge
import lab as laboratory
import stranger
import test_closed
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ, POLICIES, zrtp_conf
from pairs import passed_through, ports_of, same_sas
from proxy import TO_PBX, TO_PHONE
from test_peers import STRANGER_RTP, Stranger, acknowledges, says_hello

FORGED_HZ = 1300
ALONE = 0.9          # a tone's part where nothing else is heard; frames may be lost
COUNT = 0x5A5A5A5A   # packets that a forged report says were sent: no phone's does
OTHER_HASH = "a=zrtp-hash:1.10 " + 32 * "a5"
CLEAR_PACKET = capture.ULAW_PACKET


def report(ssrc):
    """A sender report (RFC 3550, 6.4.1) without blocks. Asterisk 22 takes its second word for the SSRC."""
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, ssrc, ssrc, 2, 3, COUNT, COUNT)


def heard_reports(events):
    """Reports that the core has taken, and that say what the forged ones say."""
    return [e for e in events.all("RTCPReceived") if e.get("SentPackets") == str(COUNT)]


class Latest:
    """For Proxy: the latest RTP of the phone. drop(datagram): what does not reach the PBX."""

    def __init__(self, drop=lambda data: False):
        self.drop, self.rtp = drop, None

    def __call__(self, way, data):
        if way == TO_PBX and capture.kind(data) == "rtp":
            self.rtp = data
        return None if way == TO_PBX and self.drop(data) else data


def forged(latest, number):
    """RTP in clear and with other keys, RTCP likewise, in the phone's name: (port offset, datagram)."""
    sequence, stamp, ssrc = struct.unpack(">HII", latest[2:12])
    head = struct.pack(">BBHII", 0x80, 0, (sequence + 1 + number % 2) & 0xFFFF, stamp + 160, ssrc)
    payload = tone.to_ulaw(tone.samples(FORGED_HZ, 0.02))
    yield 0, head + payload
    yield 0, head + random.Random(number).randbytes(160 + 10)
    if number % 10 == 0:
        rtcp = report(ssrc)
        yield 1, rtcp
        # An index and a tag behind it that the core's reader of RTCP lets pass.
        yield 1, rtcp + bytes.fromhex("81c90000 81c90000 81c90000 0000")


def nothing_but(hz, path, seconds):
    """Each of the last half seconds of a recording, but for the very last one, is this tone."""
    pcm, half = tone.read(path), tone.RATE // 2
    for number in range(1, int(seconds * 2)):
        part = pcm[len(pcm) - (number + 1) * half:len(pcm) - number * half]
        found = tone.steady_share(part, hz)
        equal(f"{os.path.basename(path)}: {hz} Hz and nothing else, {number} halves of a second before the end: "
              f"{found:.2f}", found > ALONE, True)


def plain_reports(lab):
    """The same report is taken where it is the phone's own: what is looked for below can be seen."""
    with asterisk.Events(lab.pbx) as events, lab.plain_phone(hz=PHONE_HZ) as phone:
        phone.call("silent", lab.sip_port)
        time.sleep(0.3)
        forge.send_as(phone.rtp_port + 1, phone.remote[1] + 1, report(phone.ssrc))
        wait.until("a report of a phone in clear", 3, lambda: heard_reports(events))
        phone.hang_up()


@case("a secure call: RTP and RTCP in clear and with other keys from the phone's address are heard by neither the core, "
      "a recording nor the other leg")
def injected(lab):
    plain_reports(lab)
    latest = Latest()
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("relayed", tone=PHONE_HZ) as phone, \
            lab.zrtp_phone("bob", record=True) as other, lab.proxy(media=latest) as relay:
        other.expect_call()
        phone.call("tape-bob", laboratory.PROXY_PORT)
        for one in (phone, other):
            one.secure()
        lab.pbx.secure("relayed")
        calls.talk(0.5)
        for number in range(125):
            for offset, data in forged(latest.rtp, number):
                relay.inject(TO_PBX, data, offset)
            time.sleep(0.02)
        equal("forged reports that the core has taken", heard_reports(events), [])
        equal("state", lab.pbx.stream("relayed")["State"], "secure")
        phone.hang_up()
        other.wait_ended()
        lab.pbx.idle()
    for path in (lab.pbx.file("sounds", "taped.wav"), other.recording):
        nothing_but(PHONE_HZ, path, 2)


class Held:
    """For Proxy: messages of the phone that do not reach the PBX until they may: type -> Event."""

    def __init__(self, *types):
        self.go = {kind: threading.Event() for kind in types}
        self.seen = {kind: threading.Event() for kind in types}

    def __call__(self, way, data):
        kind = capture.message_type(data) if way == TO_PBX and capture.kind(data) == "zrtp" else None
        if kind not in self.go:
            return data
        self.seen[kind].set()
        return data if self.go[kind].is_set() else None


def from_pbx(wire, port):
    """RTP of the PBX in clear, and protected."""
    found = capture.media(wire.between(source=port), "rtp")
    return [d for d in found if len(d.data) == CLEAR_PACKET], [d for d in found if len(d.data) != CLEAR_PACKET]


@case("between Commit and keys no RTP in clear goes out, whichever side has begun; before it does")
def between(lab):
    for name, options, held, began in (("relayed", {"passive": True}, "DHPart1", "Commit"),
                                       ("quiet", {}, "DHPart2", "DHPart1")):
        road = Held("Hello", held)
        with capture.Capture(os.path.join(lab.directory, f"between-{name}.pcap")) as wire, \
                lab.zrtp_phone(name, ignore_hash=True, **options) as phone, lab.proxy(name, media=road) as relay:
            phone.call("announce", laboratory.PROXY_PORT)
            wait.until("media in clear", 5, lambda: len(from_pbx(_so_far(wire), relay.party.get(TO_PHONE, -1))[0]) > 15)
            road.go["Hello"].set()
            wait.until(f"{held} held back", 5, road.seen[held].is_set)
            time.sleep(1)
            road.go[held].set()
            phone.secure()
            port = relay.party[TO_PHONE]
            wait.until("SRTP", 5, lambda p=port: len(from_pbx(_so_far(wire), p)[1]) > 15)
            phone.hang_up()
        since = next(d.time for d in wire.between(source=port)
                     if capture.kind(d.data) == "zrtp" and capture.message_type(d.data) == began)
        clear, secure = from_pbx(wire, port)
        late = [d for d in clear if d.time > since + 0.3]  # some may be on their way, of fifty
        equal(f"packets in clear after {began} of the PBX", len(late), 0)
        equal("SRTP before the keys", [d for d in secure if d.time < since + 0.5], [])


def _so_far(wire):
    """A Capture that goes on, as it is now."""
    now = capture.Capture(wire.path)
    now.datagrams = capture.read(wire.path)
    return now


@contextlib.contextmanager
def policies(lab, **changed):
    """Other policies for a while."""
    lab.pbx.write("zrtp.conf", zrtp_conf({**POLICIES, **changed}))
    lab.pbx.cli("module reload res_zrtp.so")
    try:
        yield
    finally:
        lab.pbx.write("zrtp.conf", zrtp_conf())
        lab.pbx.cli("module reload res_zrtp.so")


class Failing:
    """A ZRTP peer whose exchange fails: it answers the PBX's Commit with an Error.

    send(octets) reaches the PBX; answers: where what it sends is put.
    """

    def __init__(self, send, answers):
        self.peer = stranger.Stranger(random.Random(7), 0x5151)
        self.hello = self.peer.hello()
        self.send, self.answers = send, answers

    def attribute(self):
        return "a=zrtp-hash:1.10 " + hashlib.sha256(self.hello[forge.HEADER:-forge.CRC]).hexdigest()

    def fail(self):
        def commits():
            self.send(self.hello)
            self.send(self.peer.packet(forge.message("HelloACK")))
            time.sleep(0.1)
            return any(capture.kind(d) == "zrtp" and capture.message_type(d) == "Commit" for d in list(self.answers))
        wait.until("a Commit of the PBX", 5, commits)
        for _ in range(4):  # an Error is repeated until it is acknowledged (5.9)
            self.send(self.peer.packet(forge.message("Error   ", struct.pack(">I", 0x51))))
            time.sleep(0.15)


def goes_clear(lab, relay, phone):
    """A secure call that its phone takes out of ZRTP; its policy waits for a user to confirm that."""
    phone.call("record", laboratory.PROXY_PORT)
    phone.secure()
    lab.pbx.secure("confirm")
    calls.talk(0.5)
    phone.say("clear")
    phone.wait("clear", 5, medium="audio")
    wait.until("so it is at the PBX", 3, lambda: lab.pbx.stream("confirm")["State"] == "clear")


def moves_on(relay, other, attribute):
    """Give the call's audio to a stranger whose Hello the signalling names."""
    answer = relay.offer(f"m=audio {test_closed.STRANGER} RTP/AVP 0\na=rtpmap:0 PCMU/8000\n{attribute}")
    equal("answer", answer.split()[1], "200")
    other.target = test_closed.ports(answer)[-1]


AGAIN = "names another ZRTP peer|ZRTP failed|ZRTP was announced|its call has keys|was secure, and goes on without ZRTP"


def begun_again(lab, fails):
    with policies(lab, confirm="allow_clear = confirm\non_error = clear\n"), asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("confirm", allow_clear=True, tone=PHONE_HZ) as phone, \
            test_closed.meddled(lab, "confirm") as relay, test_closed.Stranger() as other:
        goes_clear(lab, relay, phone)
        failing = Failing(lambda octets: other.socket.sendto(octets, ("127.0.0.1", other.target)), other.heard)
        relay.deaf = fails
        moves_on(relay, other, failing.attribute() if fails else OTHER_HASH)
        known = len(tone.read(test_closed.heard_file(lab, "confirm")))
        if fails:
            failing.fail()
            events.wait("ZrtpFailed", 5)
            time.sleep(1)
        else:
            equal("reason", events.wait("ZrtpClear", 20, Reason="WasSecure")["Reason"], "WasSecure")
            time.sleep(0.5)
        equal("RTP and RTCP for the stranger", other.media(), [])
        equal("state", lab.pbx.cli("core show channel " + lab.pbx.stream("confirm")["Channel"]).count("ZRTP_STATE=clear"), 0)
        lab.pbx.cli("channel request hangup all")
        lab.pbx.idle()
        later = tone.read(test_closed.heard_file(lab, "confirm"))[known:]
    if len(later) and tone.best_share(later, test_closed.STRANGER_HZ) > 0.1:
        raise AssertionError("the PBX heard the stranger")


@case("a call that was secure begins again with a peer that has no ZRTP, with on_error = clear: nothing passes",
      errors=AGAIN)
def again_without(lab):
    begun_again(lab, False)


@case("a call that was secure begins again with a peer whose exchange fails, with on_error = clear: nothing passes",
      errors=AGAIN)
def again_failing(lab):
    begun_again(lab, True)


@case("an exchange that fails: with on_error = clear the call goes on in clear, with require = yes it does not",
      errors="ZRTP failed|ZRTP is required")
def fails(lab):
    with policies(lab, confirm="on_error = clear\n", strict="require = yes\non_error = clear\n"):
        for name, heard in (("confirm", True), ("strict", False)):
            with asterisk.Events(lab.pbx) as events, lab.plain_phone(name, PHONE_HZ) as phone:
                failing = Failing(phone.send, phone.zrtp)
                phone.call("announce", lab.sip_port, sdp=failing.attribute())
                failing.fail()
                channel = events.wait("ZrtpFailed", 5)["Channel"]
                if not heard:
                    equal("ZRTP_STATE", events.ask("Getvar", Channel=channel, Variable="ZRTP_STATE")["Value"], "failed")
                time.sleep(0.5)
                phone.heard.clear()
                if heard:
                    wait.until(f"{name} hears the PBX", 10, lambda p=phone: tone.best_share(p.pcm(), PBX_HZ) > 0.8, 0.5)
                else:
                    time.sleep(1)
                    equal(f"datagrams for {name}", [d for d in phone.heard if d], [])
                phone.hang_up()


class Shut:
    """For Proxy: neither Conf2ACK nor SRTP of the phone reaches the PBX while it is shut; then SRTP alone does."""

    def __init__(self):
        self.shut = True

    def __call__(self, way, data):
        if way != TO_PBX:
            return data
        if capture.kind(data) == "zrtp":
            return data if self.shut and capture.message_type(data) != "Conf2ACK" else None
        return None if self.shut and len(data) > CLEAR_PACKET else data


@case("SRTP in place of Conf2ACK makes a call secure; once ZRTP has begun again with another peer, its keys open nothing",
      errors="names another ZRTP peer|ZRTP was announced|announced ZRTP")
def former_keys(lab):
    for again in (False, True):
        road = Shut()
        with lab.zrtp_phone("relayed", passive=True, tone=PHONE_HZ) as phone, \
                test_closed.meddled(lab, media=road) as relay:
            phone.call("record", laboratory.PROXY_PORT)
            phone.secure()
            wait.until("the PBX has keys, and waits", 5, lambda: lab.pbx.stream("relayed")["Step"] == "confirm2-sent")
            if again:
                answer = relay.offer(f"m=audio {relay.rtp[TO_PHONE]} RTP/AVP 0\na=rtpmap:0 PCMU/8000\n{OTHER_HASH}")
                equal("answer", answer.split()[1], "200")
                wait.until("ZRTP begins again", 3, lambda: lab.pbx.stream("relayed")["State"] == "looking")
            before = int(lab.pbx.stream("relayed")["Rx"])
            road.shut = False
            if again:
                calls.talk(1.5)
                equal("SRTP that was opened", int(lab.pbx.stream("relayed")["Rx"]), before)
            else:
                lab.pbx.secure("relayed", 3)
                calls.talk(1)
            lab.pbx.cli("channel request hangup all")  # to the PBX the phone's next request is an old one
            lab.pbx.idle()
        heard = tone.best_steady_share(tone.read(test_closed.heard_file(lab)), PHONE_HZ)
        equal(f"the PBX hears the phone: {heard:.2f}", heard > 0.8, not again)


def dropped(lab, why):
    return lab.pbx.statistics()[f"zrtp packets dropped, {why}"]


@case("ZRTP from another host than the phone's is dropped, a flood of it from the phone's address bounded; the call goes on")
def sources(lab):
    with lab.plain_phone("alice", PHONE_HZ) as phone:
        phone.call("announce", lab.sip_port)
        hello = wait.until("a Hello of the PBX", 2, lambda: phone.zrtp)[0]
        before = dropped(lab, "source address")
        with Stranger(phone.remote[1]) as other:
            for _ in range(10):
                other.send(says_hello(hello))
                other.send(acknowledges())
            # One or another may come between our look at the socket and the core's, which drops it.
            wait.until("dropped for their source", 10, lambda: dropped(lab, "source address") - before >= 15)
            time.sleep(0.3)
            equal("what the stranger was sent", other.heard, [])
        found = dropped(lab, "source address") - before
        equal(f"of 20 dropped for their source: {found}", found <= 20, True)
        stream = lab.pbx.stream("alice")
        # On a busy machine it may have given up already.
        equal("what is known of a peer", (stream["State"] in ("looking", "no-zrtp"), stream["Peer"]), (True, "none"))
        before = dropped(lab, "too many in a second")
        ping = forge.packet(forge.message("Ping    ", b"1.10" + bytes(8)), 9, 7)
        sent = 0

        def too_many():
            nonlocal sent
            for _ in range(60):
                for _ in range(20):
                    phone.send(ping)
                time.sleep(0.01)
                sent += 20
            return dropped(lab, "too many in a second") - before > 300
        # A hundred at once, and fifty in a second, however long it takes; some may not even come so far.
        wait.until("too many", 10, too_many)
        phone.heard.clear()
        wait.until("the call goes on", 10, lambda: tone.best_share(phone.pcm(), PBX_HZ) > 0.8, 0.5)
        found = dropped(lab, "too many in a second") - before
        equal(f"of {sent} too many: {found}", found <= sent - 100, True)
        phone.hang_up()


def phone_port(wire, name):
    """Where a phone's audio and the PBX's for it are, from what went by: (its port, the PBX's)."""
    found = wait.until(f"RTP of {name}", 5, lambda: [
        d for d in capture.read(wire.path) if d.source in ports_of(name) and capture.kind(d.data) == "rtp"])
    return found[-1].source, found[-1].target, found[-1].data


@case("pass-through: nothing is carried of what comes from another host than the phone's; with require = yes no RTCP in clear")
def through(lab):
    for name, other in (("through", "through2"), ("sealed", "sealed2")):
        with capture.Capture(os.path.join(lab.directory, f"injected-{name}.pcap")) as wire, \
                lab.zrtp_phone(name, tone=PHONE_HZ) as first, lab.zrtp_phone(other) as second:
            second.expect_call()
            first.call(f"call-{other}", lab.sip_port)
            same_sas(first, second)
            passed_through(lab, name, other)
            port, target, latest = phone_port(wire, name)
            ours = set()
            with Stranger(target, port=STRANGER_RTP) as one, Stranger(target + 1, port=STRANGER_RTP + 1) as two:
                for number in range(30):
                    for offset, data in forged(latest, number):
                        ours.add(data)
                        (one, two)[offset].send(data)
                    commit = forge.packet(forge.message("Commit  ", random.Random(number).randbytes(104)))
                    ours.add(commit)
                    one.send(commit)
                    time.sleep(0.02)
                equal("what the stranger was sent", one.heard + two.heard, [])
            if name == "sealed":
                rtcp = report(struct.unpack(">I", latest[8:12])[0])
                ours.add(rtcp)
                forge.send_as(port + 1, target + 1, rtcp)
                time.sleep(0.3)
            second.hang_up()
            first.wait_ended()
        carried = [d for d in wire.datagrams if d.target in ports_of(other) and d.data in ours]
        equal(f"datagrams of a stranger for {other}", len(carried), 0)


@case("pass-through with require = yes: the partner of a phone with keys goes, and an application takes over phones without: "
      "nothing in clear, hung up", errors="it has keys with a phone that is no longer there|no other phone to have ZRTP with")
def sealed_moved(lab):
    for keys in (True, False):
        with capture.Capture(os.path.join(lab.directory, "sealed-moved.pcap")) as wire, asterisk.Events(lab.pbx) as events, \
                lab.zrtp_phone("sealed", no_zrtp=not keys, tone=PHONE_HZ) as first, \
                lab.zrtp_phone("sealed2", no_zrtp=not keys, record=True) as second:
            second.expect_call()
            first.call("call-sealed2", lab.sip_port)
            second.wait("up", 5)
            if keys:
                same_sas(first, second)
                passed_through(lab, "sealed", "sealed2")
            time.sleep(0.5)
            began = time.time()
            lab.pbx.cli(f"channel redirect {lab.pbx.stream('sealed2')['Channel']} phones,announce,1")
            refused = events.wait("ZrtpRefused", 10)
            equal("reason", refused["Reason"], "PartnerGone" if keys else "NoPartner")
            second.wait_ended(5)
            lab.pbx.cli("channel request hangup all")
            first.wait_ended(5)
        for name in ("sealed", "sealed2"):
            found = [d for d in wire.datagrams if d.target in ports_of(name) and d.time > began + 0.1 and d.data
                     and capture.kind(d.data) in ("rtp", "rtcp") and d.source >= 28000]
            own = [d for d in found if len(d.data) == CLEAR_PACKET or capture.is_plain_rtcp(d.data)]
            equal(f"media in clear for {name}", len(own), 0)
        equal("the announcement is heard", bool(os.path.exists(second.recording)
                                                and tone.best_share(tone.read(second.recording), PBX_HZ) > 0.1), False)


@case("pass-through with require = yes: two phones that never get keys are let go", kind="22 attack",
      errors="ZRTP is required")
def sealed_without(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("sealed", no_zrtp=True) as first, \
            lab.zrtp_phone("sealed2", no_zrtp=True) as second:
        second.expect_call()
        first.call("call-sealed2", lab.sip_port)
        second.wait("up", 5)
        equal("reason", events.wait("ZrtpRefused", 20)["Reason"], "NoZrtp")
        for phone in (first, second):
            phone.wait_ended(5)
