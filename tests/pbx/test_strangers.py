# SPDX-License-Identifier: GPL-2.0-only
"""What somebody without keys can do to a call by ZRTP packets: nothing that lasts."""
import re
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
from proxy import TO_PBX


def foreign(hello):
    """A Hello as a stranger makes it, after the PBX's own."""
    packet = bytearray(hello)
    packet[8:12] = b"\x12\x34\x56\x78"
    packet[forge.HEADER + 64:forge.HEADER + 76] = b"a stranger.."
    return forge.sealed(bytes(packet))


@case("a plain phone and one forged Hello: the call goes on in clear, with an alert",
      errors="ZRTP began and came to nothing")
def forged_hello(lab):
    with lab.plain_phone(hz=PHONE_HZ) as phone, asterisk.Events(lab.pbx) as events:
        phone.call("record", lab.sip_port)
        hello = wait.until("a Hello of the PBX", 2, lambda: phone.zrtp)[0]
        for _ in range(3):  # the PBX asks its store for the first one
            phone.send(foreign(hello))
            time.sleep(0.3)
        equal("reason", events.wait("ZrtpAlert", 16)["Reason"], "Unproved")
        equal("failures", events.all("ZrtpFailed"), [])
        phone.heard.clear()
        time.sleep(1.5)
        heard = phone.pcm()
    if tone.best_share(heard, PBX_HZ) < 0.8:
        raise AssertionError("the announcement is no longer heard")
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
    relay, logged = [], len(lab.pbx.log())

    def beside(way, data):
        if way == TO_PBX and relay and capture.kind(data) == "zrtp" \
                and capture.message_type(data) == "Hello":
            relay[0].inject(TO_PBX, data)
            relay[0].inject(TO_PBX, foreign(data))
        return data
    with lab.phone("relayed") as phone, lab.proxy(media=beside) as relayed:
        relay.append(relayed)
        phone.call("announce", laboratory.PROXY_PORT)
        first = calls.secure(lab, phone)
        equal("zrtp-hash", first["SdpHash"], "matched")
        calls.talk(4)
        again = calls.secure(lab, phone)
        equal("zrtp-hash after some seconds", again["SdpHash"], "matched")
        equal("SAS", again["SAS"], first["SAS"])
        equal("packets go on", int(again["Tx"]) > int(first["Tx"]) + 100, True)
        phone.hang_up()
    if re.search("is not the one of the peer's a=zrtp-hash", lab.pbx.log()[logged:]):
        raise AssertionError("a mismatch was told of a call that matched")
