# SPDX-License-Identifier: GPL-2.0-only
"""GoClear towards phones that do not hear it, and attackers who acknowledge it for them."""
import os
import struct
import time

import asterisk
import capture
import forge
import relays
import tone
import wait
from harness import case, equal
from lab import PHONE_HZ
from pairs import ports_of
from test_injected import ALONE

STRANGER_HZ = 1300
MEDIA = ("audio", "video")
AUDIO_PACKET, VIDEO_PACKET = 12 + 160, 12 + 200  # of zrtpcall, before protection


def rtp(number, payload, ssrc=0x1234):
    return struct.pack(">BBHII", 0x80, 0, number & 0xFFFF, 160 * number, ssrc) + payload


def in_clear(wire, ports, since):
    """RTP to these ports that is as long as before protection."""
    return [d for d in capture.media(wire.datagrams, "rtp", since)
            if d.target in ports and len(d.data) in (AUDIO_PACKET, VIDEO_PACKET)]


@case("go clear that the phone does not acknowledge: audio and video stay secure and go on, an event and the log say so",
      errors="did not acknowledge GoClear|RTP Transmission error")
def unanswered(lab):
    with capture.Capture(os.path.join(lab.directory, "unanswered.pcap")) as wire, \
            asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("clearfilm", allow_clear=True, video="offer", drop_received="GoClear") as phone:
        phone.call("echo", lab.sip_port)
        for medium in MEDIA:
            phone.wait("secure", 10, medium=medium)
        relays.flows(phone)
        wait.until("secure at the PBX", 5, lambda: [s["State"] for s in lab.pbx.streams()] == ["secure"] * 2)
        began = time.time()
        name = lab.pbx.stream("clearfilm")["Channel"]
        lab.pbx.cli(f"zrtp go clear {name}")
        events.wait("ZrtpAlert", 20, Reason="ClearUnanswered")
        equal("states", {s["State"] for s in lab.pbx.streams()}, {"secure"})
        equal("the log says so", f"{name}: the peer did not acknowledge GoClear" in lab.pbx.log(), True)
        relays.flows(phone)
        equal("ZrtpClear", events.all("ZrtpClear"), [])
        phone.hang_up()
    equal("packets in clear", len(in_clear(wire, ports_of("clearfilm"), began)), 0)
    asked = [d.time for d in wire.datagrams if capture.kind(d.data) == "zrtp" and capture.message_type(d.data) == "GoClear"]
    # From GoClear on there is nothing more under the keys until it is known what becomes of it (RFC 6189, 4.7.2); of each
    # stream the packet that was on its way to the socket by then may come a moment later.
    for port in ports_of("clearfilm"):
        meanwhile = [d.time - asked[0] for d in capture.media(wire.datagrams, "rtp", asked[0] + 0.04)
                     if d.target == port and d.time < asked[-1]]
        equal(f"RTP to {port} between the first and the last of {len(asked)} GoClear", len(meanwhile[1:]), 0)
        equal(f"its last packet, {meanwhile} after the first", all(late < 0.3 for late in meanwhile), True)


def acknowledge_for(lab, wire):
    """Acknowledge the PBX's GoClear in the phone's name; return the ports of phone and PBX."""
    def sent(kind):
        return [d for d in capture.read(wire.path)
                if capture.kind(d.data) == "zrtp" and capture.message_type(d.data) == kind]
    asked = wait.until("GoClear", 3, lambda: sent("GoClear"))[0]
    own = next(d for d in sent("Hello") if d.source == asked.target)
    forge.send_as(asked.target, asked.source,
                  forge.packet(forge.message("ClearACK"), 4000, struct.unpack(">I", own.data[8:12])[0]))
    return asked.target, asked.source


def last_half_seconds(path, count):
    pcm = tone.read(path)
    half = tone.RATE // 2
    return [pcm[len(pcm) - n * half:len(pcm) - (n - 1) * half] for n in range(count + 1, 1, -1)]


@case("a forged ClearACK: the phone's SRTP is no noise to the core, and clear media of a stranger beside it is not heard")
def forged(lab):
    with capture.Capture(os.path.join(lab.directory, "forged-ack.pcap")) as wire, \
            asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("keypad", allow_clear=True, tone=PHONE_HZ, drop_received="GoClear") as phone:
        phone.call("record", lab.sip_port)
        phone.secure()
        name = lab.pbx.secure("keypad")["Channel"]
        time.sleep(1)  # that it was heard by then
        lab.pbx.cli(f"zrtp go clear {name}")
        source, target = acknowledge_for(lab, wire)
        equal("reason", events.wait("ZrtpClear", 5)["Reason"], "GoClear")
        payload = tone.to_ulaw(tone.samples(STRANGER_HZ, 0.02))
        for number in range(100):
            forge.send_as(source, target, rtp(number, payload))
            time.sleep(0.02)
        phone.hang_up()
    heard = lab.pbx.file("sounds", "heard-keypad.wav")
    tone.heard(heard, PHONE_HZ, STRANGER_HZ)
    for part in last_half_seconds(heard, 3):
        equal(f"the phone is heard, and nothing else: {tone.steady_share(part, PHONE_HZ):.2f}",
              tone.steady_share(part, PHONE_HZ) > ALONE, True)


@case("a phone that goes clear when asked is heard in clear", kind="22 attack")
def obeyed(lab):
    with lab.zrtp_phone("keypad", allow_clear=True, tone=PHONE_HZ) as phone:
        phone.call("record", lab.sip_port)
        phone.secure()
        lab.pbx.cli(f"zrtp go clear {lab.pbx.secure('keypad')['Channel']}")
        phone.wait("clear", 5, medium="audio")
        phone.say("acknowledge")
        time.sleep(3)
        phone.hang_up()
    for part in last_half_seconds(lab.pbx.file("sounds", "heard-keypad.wav"), 3):
        equal(f"the phone is heard: {tone.steady_share(part, PHONE_HZ):.2f}",
              tone.steady_share(part, PHONE_HZ) > ALONE, True)
