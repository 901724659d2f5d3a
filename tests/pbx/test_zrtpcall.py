# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall, the headless phone, and the PBX."""
import os

import calls
import capture
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ, rtp_port, sip_port


def same(lab, phone):
    """Wait until phone and PBX are secure; check that they agree, return the PBX's stream."""
    sas = phone.secure()
    stream = lab.pbx.secure(phone.name)
    equal("SAS at the PBX", stream["SAS"], sas)
    equal("algorithms", phone.algorithms(),
          {"kex": stream["Kex"], "hash": stream["Hash"], "cipher": stream["Cipher"],
           "tag": stream["Tag"], "sas_type": stream["SASType"]})
    return stream


@case("zrtpcall: the old Asterisk, same SAS, tones both ways, the secret is found again", kind="16")
@case("zrtpcall: calls the PBX and is called, same SAS, tones both ways, the secret is found again")
def both_ways(lab):
    with lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as phone:
        for number, way in enumerate(("phone calls", "PBX calls")):
            calls.start(lab, phone, way, "record")
            same(lab, phone)
            equal("key continuity", phone.all("sas")[-1]["rs_matched"], number > 0)
            calls.talk()
            calls.end(lab, phone, way)
            counts = phone.wait_ended()["audio"]
            equal(f"SRTP in both directions: {counts}",
                  min(counts["srtp_sent"], counts["srtp_received"]) > 30, True)
            tone.heard(lab.pbx.file("sounds", "heard-alice.wav"), PHONE_HZ, PBX_HZ)
            tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    equal("exit status", phone.status, 0)


# R285
@case("on the wire, GCM: only SRTP and SRTCP once secure, with 16 octets more; both ciphers, both roles, tones")
def wire_gcm(lab):
    for cipher, way, passive in (("AES1", "phone calls", True), ("AES3", "PBX calls", False)):
        wire = capture.Capture(os.path.join(lab.directory, f"gcm-{cipher}.pcap"))
        with wire, lab.zrtp_phone("gcm", tag="GCM", cipher=cipher, passive=passive, tone=PHONE_HZ, record=True) as phone:
            calls.start(lab, phone, way, "record")
            stream = same(lab, phone)
            equal("tag and cipher", (stream["Tag"], stream["Cipher"]), ("GCM", cipher))
            if passive:
                equal("role", stream["Role"], "initiator")
            # Not for as long as the announcement takes, which ends with a shorter packet.
            wait.until("packets of both", 10, lambda p=phone: min(
                p.statistics()["audio"][kind] for kind in ("srtp_received", "srtp_sent")) > 110)
            calls.end(lab, phone, way)
        tone.heard(lab.pbx.file("sounds", "heard-gcm.wav"), PHONE_HZ, PBX_HZ)
        tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
        first = rtp_port("gcm")  # it takes one of ten
        port = next(d.target for d in wire.datagrams if first <= d.target < first + 10 and capture.kind(d.data) == "zrtp")
        count = capture.check_secure(wire, port, "GCM", {"heard": PBX_HZ, "said": PHONE_HZ})
        equal(f"packets and reports: {count}", min(count["heard"], count["said"]) > 100 and count["reports"] > 0, True)


@case("zrtpcall: hears its own voice from the PBX's echo")
def echo(lab):
    with lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as phone:
        phone.call("echo", lab.sip_port)
        same(lab, phone)
        calls.talk()
        phone.hang_up()
        tone.heard(phone.recording, PHONE_HZ)


@case("zrtpcall: DTMF by RFC 4733 and INFO reaches the dialplan, the PBX's reach it")
def digits(lab):
    with lab.zrtp_phone("alice") as phone:
        logged = len(lab.pbx.log())
        phone.call("digits", lab.sip_port)
        same(lab, phone)
        phone.say("dtmf 1123#")
        wait.until("the PBX read 1123", 8, lambda: "zrtpcall read 1123\n" in lab.pbx.log()[logged:])
        phone.say("info 467#")
        wait.until("the PBX read 467", 8, lambda: "zrtpcall read 467\n" in lab.pbx.log()[logged:])
        wait.until("the phone heard 95", 8, lambda: phone.digits("rtp") == "95")
        phone.hang_up()


@case("zrtpcall: hold and resume keep the keys")
def hold(lab):
    with lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as phone:
        phone.call("echo", lab.sip_port)
        first = same(lab, phone)
        for _ in range(2):
            for command in ("hold", "resume"):
                seen = len(phone.all("modified"))
                phone.say(command)
                wait.until(command, 5, lambda: len(phone.all("modified")) > seen)
                calls.talk(0.5)
        wait.grows("SRTP flows", lambda: phone.statistics()["audio"]["srtp_received"], 30)
        again = lab.pbx.stream("alice")
        for column in ("SAS", "SSRC", "State", "Role"):
            equal(column, again[column], first[column])
        phone.hang_up()


@case("zrtpcall: registers with a password and is called where it is")
def registration(lab):
    uri = f"sip:127.0.0.1:{lab.sip_port}"
    with lab.zrtp_phone("member", register=uri, password="wrong") as phone:
        equal("status of a wrong password", phone.wait("register-failed")["code"], 401)
    equal("exit status", phone.status, 2)
    with lab.zrtp_phone("member", register=uri, password="member's password") as phone:
        phone.wait("registered")
        calls.start(lab, phone, "PBX calls")
        same(lab, phone)
        calls.end(lab, phone, "PBX calls")
        calls.start(lab, phone, "phone calls")
        same(lab, phone)
        calls.end(lab, phone, "phone calls")
    equal("exit status", phone.status, 0)
    wait.until("it unregisters", 5, lambda: "Avail" not in "".join(
        line for line in lab.pbx.cli("pjsip show contacts").splitlines() if "member" in line))


@case("zrtpcall: audio and video, one keyed by Multistream, frames echoed whole, one SAS")
def video(lab):
    with lab.zrtp_phone("pictures", video="offer") as phone:
        phone.call("echo", lab.sip_port)
        sas = phone.secure()
        phone.wait("secure", medium="video")
        equal("by Multistream", sorted(e["multistream"] for e in phone.all("secure")), [False, True])
        wait.until("frames come back", 8, lambda: phone.statistics()["video"]["frames_received"] > 5)
        equal("frames damaged", phone.statistics()["video"]["frames_bad"], 0)
        equal("SAS", {e["sas"] for e in phone.all("sas")}, {sas})
        phone.hang_up()


@case("zrtpcall: video added in mid-call")
def video_later(lab):
    with lab.zrtp_phone("pictures") as phone:
        phone.call("echo", lab.sip_port)
        sas = phone.secure()
        phone.say("video")
        equal("video", phone.wait("secure", medium="video")["multistream"], True)
        wait.until("frames come back", 8, lambda: phone.statistics()["video"]["frames_received"] > 5)
        equal("SAS", phone.shown(), sas)
        phone.hang_up()


def three(lab):
    return [lab.zrtp_phone(name) for name in ("alice", "bob", "carol")]


@case("zrtpcall: transfers blindly, the PBX calls the third phone")
def blind(lab):
    alice, bob, carol = three(lab)
    with alice, bob, carol:
        alice.call("call-bob", lab.sip_port)
        alice.secure()
        bob.secure()
        alice.say(f"transfer sip:call-carol@127.0.0.1:{lab.sip_port}")
        alice.wait("transfer", code=200)
        alice.wait_ended()
        equal("carol's SAS", carol.secure(), lab.pbx.secure("carol")["SAS"])
        equal("bob's call goes on", bob.all("ended"), [])
        bob.hang_up()
        carol.wait_ended()


@case("zrtpcall: transfers with consultation")
def attended(lab):
    alice, bob, carol = three(lab)
    with alice, bob, carol:
        for other in (bob, carol):
            alice.call(f"call-{other.name}", lab.sip_port)
            alice.secure()
            other.secure()
        alice.say("1: attend 2")
        alice.wait("transfer", code=200)
        wait.until("alice is free", 5, lambda: lab.pbx.channels() == 2)
        calls.talk(0.5)
        for phone in (bob, carol):
            equal(f"{phone.name}'s call goes on", phone.all("ended"), [])
        bob.hang_up()
        carol.wait_ended()


@case("zrtpcall: is sent on by the PBX and calls there")
def sent_on(lab):
    alice, _, carol = three(lab)
    with alice, carol:
        alice.call("sent-on", lab.sip_port)
        alice.secure()
        alice.wait("transferred", 8)
        carol.secure()
        wait.until("alice's second call", 5, lambda: len(alice.all("up")) == 2)
        alice.say("2: hangup")
        carol.wait_ended()


@case("zrtpcall: --require takes no clear call from the PBX")
def require(lab):
    with lab.zrtp_phone("stock", require=True, secure_within=1.5) as phone:
        phone.call("announce", lab.sip_port)
        counts = phone.wait_ended(8)["audio"]
        equal("clear packets", (counts["clear_sent"], counts["clear_received"]), (0, 0))
        equal("something was refused", counts["refused"] > 0, True)
    equal("exit status", phone.status, 3)


@case("zrtpcall and Linphone without a PBX: same SAS, tones, both ways")
def linphone(lab):
    with lab.zrtp_phone("alice", tone=PBX_HZ, record=True) as alice, \
            lab.phone("bob", record=True) as bob:
        for way in ("ours calls", "Linphone calls"):
            alice.expect_call()
            bob.expect_call()
            if way == "ours calls":
                alice.dial(f"sip:bob@127.0.0.1:{bob.sip_port}")
            else:
                bob.call("alice", sip_port("alice"))
            equal(f"SAS, {way}", alice.secure(), bob.secure())
            calls.talk()
            alice.hang_up()
            bob.wait_ended()
            tone.heard(alice.recording, PHONE_HZ, PBX_HZ)
        tone.heard(bob.recording, PBX_HZ, PHONE_HZ)


# R215 R216
@case("zrtpcall: after the peer's GoClear it reports that, and sends nothing before its user has taken notice")
def notice(lab):
    with lab.zrtp_phone("alice", tone=PHONE_HZ, allow_clear=True) as alice, \
            lab.zrtp_phone("bob", tone=PBX_HZ, allow_clear=True, record=True) as bob:
        alice.dial(bob.uri)
        equal("SAS", alice.secure(), bob.secure())
        alice.say("clear")
        equal("clear media of bob", bob.wait("clear", reason="by-peer")["media"], False)
        alice.wait("clear", reason="requested")
        before = bob.statistics()["audio"]
        calls.talk(0.6)
        after = bob.statistics()["audio"]
        sent = [after[kind] - before[kind] for kind in ("clear_sent", "srtp_sent")]
        equal("RTP and SRTP sent before the notice", sent, [0, 0])
        bob.say("acknowledge")
        wait.grows("clear RTP after it", lambda: bob.statistics()["audio"]["clear_sent"], 15)
        alice.hang_up()


@case("zrtpcall: nothing of a secure call goes out in clear, not even the RTCP at its end")
def farewell(lab):
    with capture.Capture(os.path.join(lab.directory, "farewell.pcap")) as wire:
        with lab.zrtp_phone("alice") as phone:
            phone.call("echo", lab.sip_port)
            same(lab, phone)
            calls.talk(0.5)
            phone.hang_up()
    ports = range(rtp_port("alice"), rtp_port("alice") + 10)
    since = capture.secure_since(wire.datagrams)
    sent = [d.data for d in wire.datagrams if d.source in ports and d.time > since]
    reports = [data for data in sent if capture.kind(data) == "rtcp"]
    equal("RTCP of the phone", len(reports) > 0, True)
    equal("of it in clear", [data.hex() for data in reports if capture.is_plain_rtcp(data)], [])
