# SPDX-License-Identifier: GPL-2.0-only
"""Asterisk 16, with both of its SIP channel drivers."""
import calls
import capture
import lab as laboratory
import tone
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ
from test_calls import FORGETFUL
from test_closed import MOVED, Stranger, meddled, not_heard, ports
from test_digits import info_in_clear
from test_peers import moves


def both_ways(lab):
    with lab.phone("alice", record=True) as phone:
        for way in ("phone calls", "PBX calls"):
            calls.start(lab, phone, way, "record")
            calls.secure(lab, phone)
            calls.talk()
            calls.end(lab, phone, way)
            tone.heard(lab.pbx.file("sounds", "heard-alice.wav"), PHONE_HZ, PBX_HZ)
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)


case("same SAS, tones, both ways", kind="16", errors=FORGETFUL)(both_ways)
case("same SAS, tones, both ways", kind="16 chan_sip", errors=FORGETFUL)(both_ways)
case("a phone that moves to another network keeps its keys, and is heard from there", kind="16 chan_sip")(moves)
case("DTMF by SIP INFO without TLS: the SAS is said, but not marked as compared", kind="16 chan_sip",
     errors="keypad command refused")(info_in_clear)


@case("secure, then the audio on a new m-line at a stranger's: nothing in clear passes, the keys stay", kind="16 chan_sip",
      errors=FORGETFUL)
def moved(lab):
    """chan_sip has one RTP instance for audio, whatever the m-line: what it has keys with stays what counts."""
    with lab.zrtp_phone("relayed") as phone, meddled(lab) as relay, Stranger() as stranger:
        phone.call("record", laboratory.PROXY_PORT)
        phone.secure()
        before = lab.pbx.secure("relayed")
        calls.talk(0.5)
        answer = relay.offer(MOVED)
        equal("answer", answer.split()[1], "200")
        stranger.target = ports(answer)[-1]
        calls.talk(4)
        stream = lab.pbx.stream("relayed")
        equal("state and SAS", (stream["State"], stream["SAS"]), ("secure", before["SAS"]))
        phone.hang_up()
        lab.pbx.idle()
    clear = [data for data in stranger.media() if capture.kind(data) == "rtp" and len(data) == capture.ULAW_PACKET]
    equal("the stranger spoke", stranger.sent > 0, True)
    equal("clear packets for the stranger", len(clear), 0)
    not_heard(lab)
