# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall, the headless phone, and the PBX."""
import calls
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ


def same(lab, phone):
    """Wait until phone and PBX are secure; check that they agree, return the PBX's stream."""
    sas = phone.secure()
    stream = lab.pbx.secure(phone.name)
    equal("SAS at the PBX", stream["SAS"], sas)
    equal("algorithms", phone.algorithms(),
          {"kex": stream["Kex"], "hash": stream["Hash"], "cipher": stream["Cipher"],
           "tag": stream["Tag"], "sas_type": stream["SAStype"]})
    return stream


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


@case("zrtpcall: hears its own voice from the PBX's echo")
def echo(lab):
    with lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as phone:
        phone.call("echo", lab.sip_port)
        same(lab, phone)
        calls.talk()
        phone.hang_up()
        tone.heard(phone.recording, PHONE_HZ)


@case("zrtpcall: its digits by RFC 4733 and INFO reach the dialplan, the PBX's reach it")
def digits(lab):
    with lab.zrtp_phone("alice") as phone:
        phone.call("digits", lab.sip_port)
        same(lab, phone)
        phone.say("dtmf 1123#")
        wait.until("the PBX read 1123", 8, lambda: "zrtpcall read 1123" in lab.pbx.log())
        phone.say("info 467#")
        wait.until("the PBX read 467", 8, lambda: "zrtpcall read 467" in lab.pbx.log())
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
        before = phone.statistics()["audio"]
        calls.talk(1)
        after = phone.statistics()["audio"]
        equal("SRTP flows", after["srtp_received"] - before["srtp_received"] > 30, True)
        again = lab.pbx.stream("alice")
        for column in ("SAS", "SSRC", "State", "Role"):
            equal(column, again[column], first[column])
        phone.hang_up()
