# SPDX-License-Identifier: GPL-2.0-only
"""What strangers, signalling and its own user can do to baresip with our module: nothing in clear, no other keys, no crash."""
import os
import threading
import time

import calls
import capture
import forge
import lab as laboratory
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ
from proxy import TO_PHONE
from test_baresip import BACK
from test_injected import Latest, forged, nothing_but
from test_strangers import foreign

FLOOD = 5000


class Road(Latest):
    """For Proxy: the ZRTP that the PBX sent, and the latest of its RTP."""

    def __init__(self):
        super().__init__()
        self.zrtp = []

    def __call__(self, way, data):
        if way == TO_PHONE and capture.kind(data) == "zrtp":
            self.zrtp.append(data)
        if way == TO_PHONE and capture.kind(data) == "rtp":
            self.rtp = data
        return data


def against(seen):
    """ZRTP against a call that is secure, made from what the PBX sent in it."""
    hello = next(d for d in seen if capture.message_type(d) == "Hello")
    yield from forge.hostile(seen)
    yield from forge.malformed(hello, 600)
    yield from forge.strangers(hello)
    for ssrc in range(1, 9):
        yield from forge.exchange(hello, ssrc)
    for number in range(300):
        yield foreign(hello)
        yield forge.packet(forge.message("Ping    ", b"1.10" + number.to_bytes(8, "big")), number, 7)


@case("baresip attacked in a secure call, by ZRTP of all kinds, a flood of it, RTP and RTCP in clear and with other keys: SAS, "
      "keys and screen stay, it hears and says nothing else, and answers no more than it is sent", kind="22 attack")
def attacked(lab):
    road = Road()
    with capture.Capture(os.path.join(lab.directory, "attacked.pcap")) as wire, lab.baresip("relayed") as phone, \
            lab.proxy(media=road) as relay:
        phone.call("record", laboratory.PROXY_PORT)
        sas = phone.secure()
        before = lab.pbx.secure("relayed")
        phone.say(f"/zrtp_verify {sas}")
        phone.reaches("Encrypted and VERIFIED")
        calls.talk(1)
        began, sent = time.time(), 0
        for packet in against(list(road.zrtp)):
            relay.inject(TO_PHONE, packet)
            sent += 1
            time.sleep(0.002)
        for number in range(100):
            for offset, data in forged(road.rtp, number):
                relay.inject(TO_PHONE, data, offset)
            time.sleep(0.01)
        junk = forge.packet(forge.message("Nonsense", bytes(80)))
        for number in range(FLOOD):
            relay.inject(TO_PHONE, junk)
            if not number % 100:
                time.sleep(0.01)
        calls.talk(3)
        phone.say("/zrtp")
        phone.reaches("Encrypted and VERIFIED")
        equal("SAS", phone.sas(), sas)
        after = lab.pbx.secure("relayed")
        for column in ("SAS", "SSRC", "Kex", "Role"):
            equal(column, after[column], before[column])
        phone.hang_up()
        lab.pbx.idle()
    said = [d for d in wire.between(source=phone.rtp_port) if d.time > began]
    answers = [d for d in said if capture.kind(d.data) == "zrtp"]
    equal(f"{len(answers)} answers to {sent} packets are no more", len(answers) <= sent, True)
    capture.check_srtp(capture.media(said, "rtp"), "GCM", PHONE_HZ)
    capture.check_srtcp(capture.media(wire.between(source=phone.rtp_port + 1), "rtcp", began), "GCM")
    tone.heard(lab.pbx.file("sounds", "heard-relayed.wav"), PHONE_HZ)
    nothing_but(PBX_HZ, phone.recording, 2)


@case("baresip: a hold and resume in the midst of an exchange open nothing: no RTP in clear after the Commit")
def held_between(lab):
    committed = threading.Event()

    def road(way, data):
        kind = capture.message_type(data) if capture.kind(data) == "zrtp" else ""
        if kind == "Commit":
            committed.set()
        return None if kind.startswith("DHPart") else data

    def unannounced(way, lines):
        return [line for line in lines if not line.startswith("a=zrtp-hash")]
    with capture.Capture(os.path.join(lab.directory, "held-between.pcap")) as wire, \
            lab.baresip("relayed", player=BACK) as phone, lab.proxy(media=road, edit=unannounced):
        phone.call("echo", laboratory.PROXY_PORT)
        wait.until("a Commit", 10, committed.is_set)
        time.sleep(0.3)
        began = time.time()
        for command in ("/hold", "/resume"):
            phone.say(command)
            phone.sees("got SDP answer")
        time.sleep(0.7)
        ended = time.time()
        phone.hang_up()
    found = [d for d in wire.between(source=phone.rtp_port) if began < d.time < ended and capture.kind(d.data) == "rtp"]
    equal("RTP after the Commit", len(found), 0)


@case("baresip: RTCP on the port of RTP is SRTCP, and so is the PBX's taken")
def mux(lab):
    with capture.Capture(os.path.join(lab.directory, "baresip-mux.pcap")) as wire, \
            lab.baresip("mux", rtcp_mux=True, config="rtp_stats yes\n") as phone:
        phone.call("record", lab.sip_port)
        phone.secure()
        calls.talk(7)  # a report goes after five
        phone.say("/hangup")
        reports = phone.sees(r"pkt.report: +(\d+)")
        phone.wait_ended()
        lab.pbx.idle()
    since = capture.secure_since(wire.between(source=phone.rtp_port) + wire.between(target=phone.rtp_port)) + 0.1
    for way in ({"source": phone.rtp_port}, {"target": phone.rtp_port}):
        found = capture.media(wire.between(**way), "rtcp", since)
        equal(f"RTCP {way}", len(found) > 0, True)
        capture.check_srtcp(found, "GCM")
    equal("on a port of its own", wire.between(source=phone.rtp_port + 1), [])
    equal(f"its peer reports of packets: {reports[1]}", int(reports[1]) > 100, True)


@case("baresip: the module unloaded in a call: what it said stays encrypted, and the next call is refused")
def unloaded(lab):
    with capture.Capture(os.path.join(lab.directory, "unloaded.pcap")) as wire, lab.baresip("alice") as phone:
        phone.call("record", lab.sip_port)
        phone.secure()
        lab.pbx.secure("alice")
        phone.say("/rmmod zrtp")
        phone.sees("unloading module")
        calls.talk(1.5)
        phone.hang_up()
        lab.pbx.idle()
        lab.pbx.no_streams()
        phone.call("record", lab.sip_port)
        phone.sees("no call, as the module could not be set up")
        equal("calls at the PBX", lab.pbx.streams(), [])
    capture.check_secure(wire, phone.rtp_port, "GCM", {"heard": PBX_HZ, "said": PHONE_HZ})


@case("baresip: a key of its configuration that is misspelt, a cache or key that cannot be opened: no call, and it says why")
def closed(lab):
    for config, said in (("zrtp_postquantum require\n", 'there is no key "zrtp_postquantum"'),
                         ("zrtp_cache /nowhere/cache\n", "zrtp: /nowhere/cache: "),
                         ("zrtp_cache_key /nowhere/key\n", "/nowhere/key")):
        with lab.baresip("alice", config=config) as phone:
            phone.sees(said, anew=False)
            phone.call("echo", lab.sip_port)
            phone.sees("no call, as the module could not be set up")
            equal("calls at the PBX", lab.pbx.streams(), [])
