# SPDX-License-Identifier: GPL-2.0-only
"""Asterisk 16, with both of its SIP channel drivers."""
import calls
import tone
from harness import case
from lab import PBX_HZ, PHONE_HZ
from test_calls import FORGETFUL


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
