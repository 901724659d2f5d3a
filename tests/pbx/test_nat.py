# SPDX-License-Identifier: GPL-2.0-only
"""Where a phone behind NAT is, before its keys and its media say so."""
import contextlib
import threading
import time

import capture
import forge
import lab as laboratory
import wait
from harness import case, equal
from lab import PHONE_HZ
from proxy import IP, TO_PHONE
from test_calls import FORGETFUL
from test_peers import ELSEWHERE, HIDDEN, Road, Stranger, Way

COMMITS = 5  # more than what the phone has sent until then is answered with, by the octet


def kinds(packets):
    """The ZRTP messages among packets."""
    return [capture.message_type(data) for data in packets if capture.kind(data) == "zrtp"]


class Gate:
    """What of a phone's packets goes on, for Road.change: nothing, these messages once each, or all."""

    def __init__(self, *once):
        self.once, self.seen, self.open = once, [], False

    def __call__(self, data):
        if self.open:
            return data
        kind = capture.kind(data) == "zrtp" and capture.message_type(data)
        if kind not in self.once or kind in self.seen:
            return None
        self.seen.append(kind)
        return data


@contextlib.contextmanager
def behind_nat(lab, gate, host, **options):
    """A phone whose description has a wrong address, and that is at another one; what it sends goes through a gate."""
    road = Road()
    road.address, road.change = (IP, HIDDEN), gate
    with lab.zrtp_phone("nat", ignore_hash=True, tone=PHONE_HZ, **options) as phone, \
            lab.proxy("nat", edit=road.edit, media=road.media) as relay, Way(relay, host) as way:
        road.way = way
        phone.call("silent", laboratory.PROXY_PORT)
        phone.wait("up", 5)
        yield phone, relay, way
        phone.hang_up()
    lab.pbx.idle()


@case("NAT: a stranger whose ZRTP comes first, and is no Hello, does not take the phone's place", kind="22 attack",
      errors=FORGETFUL)
def stranger_first(lab):
    passing = threading.Event()

    def late(data):  # its media would make the core learn its address
        return data if passing.is_set() and capture.kind(data) == "zrtp" else None
    with behind_nat(lab, late, ELSEWHERE) as (phone, relay, _), Stranger(relay.party[TO_PHONE]) as stranger:
        for number, message in enumerate(("Ping    ", "HelloACK", "Commit  ")):
            body = {"Ping    ": b"1.10" + bytes(8), "Commit  ": bytes(104)}.get(message, b"")
            stranger.send(forge.packet(forge.message(message, body), number, 7))
            time.sleep(0.2)
        wait.until("its Ping is answered", 10, lambda: "PingACK" in kinds(stranger.heard))
        passing.set()
        phone.secure(15)
        lab.pbx.secure("nat")


@case("NAT: before the keys too the PBX's own messages go to where the phone's Hello came from, for as long as it takes",
      kind="22 attack", errors=FORGETFUL)
def slow_phone(lab):
    gate = Gate("Hello", "HelloACK")
    with behind_nat(lab, gate, IP, passive=True) as (phone, _, way):
        wait.until("Commits for the phone", 15, lambda: kinds(way.heard).count("Commit") >= COMMITS)
        gate.open = True
        phone.secure(15)
        lab.pbx.secure("nat")


@case("NAT: a phone that has keys and sends no media is sent it where its Confirm came from", kind="22 attack",
      errors=FORGETFUL)
def silent_phone(lab):
    def zrtp_alone(data):
        return data if capture.kind(data) == "zrtp" else None
    with behind_nat(lab, zrtp_alone, ELSEWHERE) as (phone, _, way):
        phone.secure(15)
        lab.pbx.cli(f"channel redirect {lab.pbx.secure('nat')['Channel']} phones,announce,1")
        wait.until("media for the phone", 15, lambda: len([d for d in way.heard if capture.kind(d) == "rtp"]) > 50)
        equal("in clear", [d for d in way.heard[-20:] if len(d) == capture.ULAW_PACKET], [])
