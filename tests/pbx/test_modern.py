# SPDX-License-Identifier: GPL-2.0-only
"""Phones of today: messages in fragments."""
import os

import asterisk
import capture
import test_passthrough
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ


@case("pass-through: phones whose messages come in fragments (X3M3) have keys")
def fragments(lab):
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "fragments.pcap")) as wire, \
            lab.zrtp_phone("sealed", root=lab.pbx.root, kex="X3M3,X255", tone=PHONE_HZ) as first, \
            lab.zrtp_phone("sealed2", root=lab.pbx.root, kex="X3M3,X255", tone=PBX_HZ) as second:
        second.expect_call()
        first.call("call-sealed2", lab.sip_port)
        test_passthrough.same_sas(first, second)
        equal("key agreement", (first.algorithms()["kex"], second.algorithms()["kex"]), ("X3M3", "X3M3"))
        test_passthrough.passed_through(lab, "sealed", "sealed2")
        wait.until("both have keys", 5, lambda: len(events.all("ZrtpPassthrough", State="keyed")) == 2)
        # With require = yes nothing else is carried.
        for phone in (first, second):
            wait.until(f"{phone.name} hears the other one", 8,
                       lambda p=phone: p.statistics()["audio"]["srtp_received"] > 50)
        first.hang_up()
        second.wait_ended()
    for name, other in (("sealed", "sealed2"), ("sealed2", "sealed")):
        test_passthrough.carried(wire, name, other)
    cut = [d for d in wire.datagrams if d.data[:2] == b"\x11\0" and d.data[4:8] == b"ZRTP"]
    equal("fragments of both phones are passed on", len({d.target for d in cut}) >= 4, True)
