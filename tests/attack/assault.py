# SPDX-License-Identifier: GPL-2.0-only
"""The attacker of one call: sends one attack after the other at its legs, in the phases that the plan names."""
import collections
import struct
import threading
import time

import capture
import plan as plans
from weapons import WEAPONS
from wire import IP, STRANGE_IP

PER_SECOND = 400  # packets, on average
QUICK = ("setup", "discovery", "exchange")  # these last for moments
RTP_HEADER = 12
# Before the exchange is done a message of these in the phone's name may end it, as RFC 6189 has it.
DISTURBING = {"Error", "Commit", "DHPart1", "DHPart2", "Confirm1", "Confirm2", "GoClear"}
CONFIRMS = {"Confirm1", "Confirm2"}


class Assault:
    """Use as a context manager. counts: (weapon, phase) -> packets. sent_as_stranger: octets by port."""

    def __init__(self, plan, wire, legs, stranger_ports):
        self.plan, self.wire, self.legs, self.strangers = plan, wire, legs, stranger_ports
        self.counts, self.stranger_octets = collections.Counter(), collections.Counter()
        self.closed, self.paused = threading.Event(), threading.Event()
        self.failure = None

    def __enter__(self):
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()

    def _run(self):
        try:
            number = 0
            while not self.closed.is_set():
                leg = self.legs[number % len(self.legs)]
                if not leg.pbx_port or leg.phase not in self.plan.phases or self.paused.is_set():
                    number += len(self.legs) > 1
                    self.closed.wait(0.01)
                    continue
                weapon, dice = plans.attack(self.plan, number)
                began, sent = time.monotonic(), self._salvo(weapon, dice, leg)
                pause = dice.uniform(0.001, 0.03) if leg.phase in QUICK else dice.uniform(0.02, 0.1)
                self.closed.wait(max(pause, sent / PER_SECOND - (time.monotonic() - began)))
                number += 1
        except Exception as error:  # of the attacker itself: the call does not count
            self.failure = error

    def _salvo(self, weapon, dice, leg):
        sent, port = 0, dice.choice(self.strangers)
        address = dice.choice((IP, STRANGE_IP))
        if weapon == "DTMF" and leg.phase in QUICK:
            leg.disturbed = leg.pressed = True  # of a call that is clear yet: a feature code may end it
        for shot in WEAPONS[weapon][0](dice, leg):
            if self.closed.is_set() or self.paused.is_set():
                break
            if isinstance(shot, (int, float)):
                self.closed.wait(shot)
                continue
            self._fire(shot, leg, (address, port))
            self.counts[weapon, leg.phase] += 1
            sent += 1
        return sent

    def _fire(self, shot, leg, stranger):
        offset = int(shot.what == "rtcp")
        if shot.stranger or not leg.port:
            source = stranger
            self.stranger_octets[stranger] += len(shot.data)
        else:
            source = (IP, leg.port + offset)
            leg.mine.add(shot.data)
            leg.claimed |= message(shot.data) in CONFIRMS
            if leg.phase in QUICK and disturbs(shot.data, leg):
                leg.disturbed = True
        if leg.phase in QUICK and capture.kind(shot.data) == "rtp":
            leg.early += max(0, len(shot.data) - RTP_HEADER)
        self.wire.send(source, leg.pbx_port + offset, shot.data)


def message(data):
    """The type of a ZRTP message; None: it is none."""
    return capture.message_type(data) if capture.kind(data) == "zrtp" and len(data) >= 24 else None


def disturbs(data, leg):
    """May this end an exchange that is not done?"""
    return message(data) in DISTURBING and struct.unpack_from(">I", data, 8)[0] == leg.ssrc and data not in leg.zrtp_in
