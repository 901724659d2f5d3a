# SPDX-License-Identifier: GPL-2.0-only
"""Whose digits are these? What an attacker can do with them, and that the phone's own are obeyed."""
import os
import re
import struct
import threading
import time

import asterisk
import capture
import forge
import lab as laboratory
import relays
import test_enroll
import test_injected
import tone
import wait
from harness import case, equal
from plainphone import PlainPhone
from proxy import TO_PBX
from test_keypad import CLEAR, SAS, UNVERIFY, VERIFY
from tlsrelay import TlsRelay, make_certificate

STEP, SAMPLES = 0.02, 160
FUTURE = 0xFFFFFF00
ONE_DIGIT = "5"


class Attacker:
    """On the way of a phone's media: holds back a ZRTP message, sees all, sends what it likes."""

    def __init__(self, hold=None):
        self.hold, self.held = hold, threading.Event()
        self.go = threading.Event()
        self.clear = None                    # the latest RTP packet of the phone in clear
        self.sequence = None

    def __call__(self, way, data):
        if way != TO_PBX:
            return data
        if capture.kind(data) == "rtp" and not self.go.is_set():
            self.clear = data
        if capture.kind(data) == "zrtp" and capture.message_type(data) == self.hold and not self.go.is_set():
            self.held.set()
            return None
        return data

    def begin(self, relay):
        """Take over the phone's RTP from its latest packet on."""
        self.relay = relay
        wait.until("RTP of the phone", 5, lambda: self.clear)
        self.sequence, self.stamp, self.ssrc = struct.unpack(">HII", self.clear[2:12])
        self.sequence += 40
        return self

    def _send(self, digit, duration, **more):
        self.sequence += 1
        self.relay.inject(TO_PBX, forge.digit(digit, self.sequence, self.stamp, duration, ssrc=self.ssrc, **more))

    def press(self, digit):
        """A whole digit."""
        for step in range(6):
            self._send(digit, SAMPLES * (step + 1), first=step == 0)
            time.sleep(STEP)
        for _ in range(3):
            self._send(digit, SAMPLES * 7, end=True)
        time.sleep(0.1)
        self.stamp += 8 * SAMPLES + 800

    def hold_down(self, digit, seconds, then=lambda: None):
        """The begin of a digit, its continuation, and no end."""
        for step in range(int(seconds / STEP)):
            self._send(digit, SAMPLES * (step + 1), first=step == 0)
            time.sleep(STEP)
            if step == 10:
                then()

    def spoil(self, digit):
        """The end of a digit from the end of time."""
        stamp, self.stamp = self.stamp, FUTURE
        self._send(digit, SAMPLES, end=True)
        self.stamp = stamp


def undisturbed(lab, phone, other, events):
    """The call is what it was: secure, not verified, both are there."""
    for each in (phone, other):
        equal(f"state of {each.name}", lab.pbx.stream(each.name)["State"], "secure")
    equal("verified", relays.status(lab, phone.name)["Verified"], "no")
    equal("events", events.all("ZrtpVerified") + events.all("ZrtpClear"), [])


def flows(lab, phone):
    """The PBX takes the audio of the phone, and has it in the core."""
    before = int(lab.pbx.stream(phone.name)["Rx"])
    wait.until("SRTP of the phone", 3, lambda: int(lab.pbx.stream(phone.name)["Rx"]) > before + 20)


def forged_code(lab, hold, code):
    """A code of which all is forged in clear but the end of its last digit."""
    attacker = Attacker(hold)
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad", allow_clear=True, tone=440) as phone, \
            lab.zrtp_phone("bob", record=True) as other, lab.proxy("keypad", media=attacker) as relay:
        other.expect_call()
        phone.call("feature-bob", laboratory.PROXY_PORT)
        phone.wait("up", 5)
        wait.until(f"{hold} held back", 5, attacker.held.is_set)
        attacker.begin(relay)
        for digit in code[:-1]:
            attacker.press(digit)
        attacker.hold_down(code[-1], 0.5, then=attacker.go.set)
        phone.secure()
        other.secure()
        time.sleep(1)
        undisturbed(lab, phone, other, events)
        flows(lab, phone)
        wait.grows("what the other phone hears", lambda: len(tone.read(other.recording)) if os.path.exists(other.recording) else 0, 0)
        # The honest phone types the same code.
        phone.say(f"dtmf {code}")
        if code in (VERIFY, UNVERIFY, ONE_DIGIT):
            events.wait("ZrtpVerified", 8, Verified="no" if code == UNVERIFY else "yes")
        elif code == CLEAR:
            wait.until("going clear", 8, lambda: events.all("ZrtpClear") or phone.all("clear"))
        else:
            other.wait_ended(8)
        phone.hang_up()


@case("keypad: a code forged in clear, its last digit not ended, is no command; the phone's own is obeyed")
def forged_command(lab):
    forged_code(lab, "Hello", VERIFY)


@case("keypad: a code of one digit, begun in clear and ended under the call's keys, is no command; the phone's own is obeyed",
      errors="Transmission error")
def forged_digit(lab):
    with test_injected.policies(lab, keypad=f"keypad_verify = {ONE_DIGIT}\n"):
        forged_code(lab, "Hello", ONE_DIGIT)


@case("keypad and feature codes forged in clear, their last digit not ended, at every phase", kind="22 attack",
      errors="keypad command refused|Transmission error")
def forged_everywhere(lab):
    for hold in ("Hello", "HelloACK"):
        for code in (VERIFY, CLEAR, UNVERIFY, "*0"):
            forged_code(lab, hold, code)


@case("keypad: a digit forged from the future does not make the phone's own unheard", kind="22 attack")
def future(lab):
    attacker = Attacker("Hello")
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad", tone=440) as phone, \
            lab.proxy("keypad", media=attacker) as relay:
        phone.call("echo", laboratory.PROXY_PORT)
        wait.until("Hello held back", 5, attacker.held.is_set)
        attacker.begin(relay)
        attacker.spoil("5")
        time.sleep(0.2)
        attacker.go.set()
        phone.secure()
        time.sleep(0.5)
        phone.say(f"dtmf {VERIFY}")
        events.wait("ZrtpVerified", 8, Verified="yes")
        phone.hang_up()


@case("audio forged in clear before the keys, its number far ahead, does not make the phone's own unheard after them")
def audio_from_the_future(lab):
    attacker = Attacker("Hello")
    with lab.zrtp_phone("keypad", tone=440) as phone, lab.proxy("keypad", media=attacker) as relay:
        phone.call("record", laboratory.PROXY_PORT)
        wait.until("Hello held back", 5, attacker.held.is_set)
        attacker.begin(relay)
        time.sleep(0.3)
        for ahead in (2000, 20000, 30000):
            relay.inject(TO_PBX, struct.pack(">BBHII", 0x80, 0, attacker.sequence + ahead & 0xFFFF, attacker.stamp + SAMPLES * ahead,
                                             attacker.ssrc) + bytes([0xFF]) * SAMPLES)
        time.sleep(0.3)
        attacker.go.set()
        phone.secure()
        flows(lab, phone)
        time.sleep(1.5)
        phone.hang_up()
        lab.pbx.idle()
    share = tone.best_steady_share(tone.read(lab.pbx.file("sounds", "heard-keypad.wav"))[-tone.RATE:], 440)
    equal(f"the PBX hears the phone at the end, share {share:.2f}", share > 0.6, True)


@case("keypad: forged digits in a secure call, in clear and at once after it became so, are nothing")
def forged_later(lab):
    attacker = Attacker()
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad", tone=440) as phone, \
            lab.zrtp_phone("bob") as other, lab.proxy("keypad", media=attacker) as relay:
        other.expect_call()
        phone.call("feature-bob", laboratory.PROXY_PORT)
        attacker.begin(relay)
        phone.secure()
        other.secure()
        for code in (VERIFY, "*0"):
            for digit in code:
                attacker.press(digit)
        undisturbed(lab, phone, other, events)
        phone.hang_up()


@case("keypad in a call that went clear: a code that takes authenticated DTMF is refused, and the log says why",
      kind="22 attack", errors="keypad command refused")
def typed_in_clear(lab):
    with lab.zrtp_phone("keypad", allow_clear=True, tone=440) as phone:
        phone.call("silent", lab.sip_port)
        phone.secure()
        time.sleep(0.5)
        phone.expect_call()
        phone.say(f"dtmf {CLEAR}")
        phone.wait("clear", 10, medium="audio")
        phone.say("acknowledge")
        wait.until("clear at the PBX", 8, lambda: lab.pbx.stream("keypad")["State"] == "clear")
        logged = len(lab.pbx.log())

        def answered():  # for a while after GoClear what comes in clear is not heard
            phone.say(f"dtmf {VERIFY}")
            time.sleep(2)
            return re.search("its DTMF is not authenticated|: keypad_verify", lab.pbx.log()[logged:])
        wait.until("the command is answered", 30, answered)
        equal("carried out", ": keypad_verify" in lab.pbx.log()[logged:], False)
        phone.hang_up()


@case("a feature code whose first digit was forged in clear is not completed by the phone's next digit", kind="22 attack")
def half_a_feature_code(lab):
    # The core puts the digits of a feature code together for as long as it is told to.
    lab.pbx.write("features.conf", laboratory.FEATURES.replace("= 4000", "= 60000"))
    lab.pbx.cli("module reload features")
    attacker = Attacker("Hello")
    try:
        with lab.zrtp_phone("keypad", tone=440) as phone, lab.zrtp_phone("bob") as other, \
                lab.proxy("keypad", media=attacker) as relay:
            other.expect_call()
            phone.call("feature-bob", laboratory.PROXY_PORT)
            phone.wait("up", 5)
            other.wait("up", 5)
            wait.until("Hello held back", 5, attacker.held.is_set)
            attacker.begin(relay)
            attacker.press("*")
            attacker.go.set()
            phone.secure()
            lab.pbx.secure("keypad")
            time.sleep(0.5)
            phone.say("dtmf 0")
            wait.until("the digit arrives", 10, lambda: other.all("digit"))
            time.sleep(1)
            equal("the call goes on", (phone.all("ended"), other.all("ended")), ([], []))
            phone.say("dtmf *0")  # all of it the phone's own
            other.wait_ended(10)
            phone.wait_ended()
    finally:
        lab.pbx.write("features.conf", laboratory.FEATURES)
        lab.pbx.cli("module reload features")


@case("digits on a video stream are none; on the audio stream they are")
def video(lab):
    with PlainPhone("pictures", laboratory.sip_port("pictures"), laboratory.rtp_port("pictures")) as phone:
        port = laboratory.rtp_port("pictures") + 4
        logged = len(lab.pbx.log())
        answer = phone.call("digits", lab.sip_port,
                            sdp=f"m=video {port} RTP/AVP 99\na=rtpmap:99 H264/90000")
        phone.talking.clear()
        # Before it is sure that no ZRTP comes nothing passes on a video stream, whatever it is.
        wait.until("both streams are in clear", 8, lambda: {s["State"] for s in lab.pbx.streams()} == {"no-zrtp"})
        target = int(answer.split("m=video ")[1].split(" ")[0])
        attacker = Attacker()
        attacker.clear = struct.pack(">BBHII", 0x80, 0, 1, 1, 0x1234)
        for digits, to, source in (("77", target, port), ("24#", phone.remote[1], phone.rtp_port)):
            relay = type("Wire", (), {"inject": staticmethod(
                lambda _, data, s=source, t=to: forge.send_as(s, t, data))})
            attacker.begin(relay)
            attacker.ssrc = 0x1234 if source == port else phone.ssrc
            for digit in digits:
                attacker.press(digit)
        # It reads for eight seconds, and once more: none may have come in the first ones.
        read = wait.until("the PBX read digits", 20, lambda: re.findall(r"zrtpcall read ([0-9*#]+)\n", lab.pbx.log()[logged:]))
        equal("digits read", read[0], "24")


@case("DTMF by SIP INFO without TLS: the SAS is said, but not marked as compared", errors="keypad command refused")
def info_in_clear(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad") as phone:
        phone.call("silent", lab.sip_port)
        phone.secure()
        time.sleep(0.5)
        logged = len(lab.pbx.log())
        phone.say(f"info {SAS}")
        wait.until("the SAS is said", 5, lambda: ": keypad_sas" in lab.pbx.log()[logged:])
        phone.say(f"info {VERIFY}")
        wait.until("the log says why", 8, lambda: "its DTMF is not authenticated" in lab.pbx.log()[logged:])
        phone.say("info *7")  # mixed: the rest by RTP
        time.sleep(0.7)
        phone.say("dtmf 2")
        time.sleep(1)
        equal("verified", events.all("ZrtpVerified"), [])
        phone.say(f"dtmf {VERIFY}")
        events.wait("ZrtpVerified", 8, Verified="yes")
        phone.hang_up()


@case("DTMF by SIP INFO over TLS is the phone's own", kind="22 own attack")
def info_by_tls(workshop):
    transport = laboratory.TRANSPORT.format(port=laboratory.PBX_PORT)
    with laboratory.Lab(workshop.root, workshop.directory) as lab:
        key, certificate = make_certificate(lab.pbx.file("etc"))
        with open(lab.pbx.file("etc", "pjsip.conf")) as conf:
            text = conf.read()
        inside = lab.pbx.home + "/etc/"
        lab.pbx.write("pjsip.conf", text.replace(transport, transport + (
            f"[tls]\ntype = transport\nprotocol = tls\nmethod = tlsv1_2\nbind = 127.0.0.1:{laboratory.TLS_PORT}\n"
            f"cert_file = {inside}{os.path.basename(certificate)}\npriv_key_file = {inside}{os.path.basename(key)}\n")))
        lab.pbx.stop()
        lab.pbx.start()
        with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad", tcp=True) as phone, \
                TlsRelay(laboratory.TLS_RELAY_PORT, laboratory.TLS_PORT):
            phone.dial(f"sip:silent@127.0.0.1:{laboratory.TLS_RELAY_PORT};transport=tcp")
            phone.secure()
            time.sleep(0.5)
            phone.say(f"info {VERIFY}")
            events.wait("ZrtpVerified", 8, Verified="yes")
            phone.hang_up()


@case("enrollment: an answer by SIP INFO without TLS is not the caller's, one by RTP is", kind="22 attack",
      errors="answer 1 ignored")
def enrollment(lab):
    test_enroll.revoke_all(lab)  # other cases may have left some
    with test_enroll.service(lab) as events, lab.zrtp_phone("alice", enroll="accept") as phone:
        phone.call("enroll", lab.sip_port)
        phone.secure()
        logged = len(lab.pbx.log())
        test_enroll.at_prompt(lab, logged, "zrtp/sas-is")
        phone.say("info 1")
        wait.until("the log says why", 20, lambda: "answer 1 ignored" in lab.pbx.log()[logged:])
        equal("enrolled", test_enroll.enrolled(lab), {})
        time.sleep(0.5)
        phone.say("dtmf 1")
        equal("status", test_enroll.status(events, "alice"), "ENROLLED")
    test_enroll.revoke_all(lab)
