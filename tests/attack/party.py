# SPDX-License-Identifier: GPL-2.0-only
"""One phone of a call, with what the PBX says of it."""
import os
import tempfile

import wait
from field import HZ
from linphone import Linphone
from target import Leg
from zrtpphone import ZrtpPhone

PLAIN, LINPHONE = "none", "linphone"
PROTECTED = ("strict", "strictfilm", "sealed")


class Party:
    """side: "a" calls or is called by the PBX, "b" is called by a."""

    def __init__(self, plan, field, lane, side, directory, pool):
        self.kind = plan.phone if side == "a" else plan.called_phone
        self.policy = plan.endpoint if side == "a" else plan.called
        self.name, self.side, self.hz = f"{self.policy}{side}{lane}", side, HZ[side]
        self.video = "film" in self.policy or "view" in self.policy
        self.require = self.policy in PROTECTED
        self.field, self.directory = field, directory
        self.phone = self._phone(plan)
        self.recording = self.phone.recording
        self.sip_port = field.sip_port(self.name)
        protected = self.kind != PLAIN or self.require
        self.legs = [Leg(self.name, self.sip_port, pool, protected, medium)
                     for medium in (("audio", "video") if self.video else ("audio",))]
        self.secure_at = None  # the time at which the PBX said so
        self.before = {}       # ZrtpShowChannel then

    def _phone(self, plan):
        sip_port, rtp_port = self.field.sip_port(self.name), self.field.rtp_port(self.name)
        options = plan.options
        if self.kind == LINPHONE:
            return Linphone(self.directory, self.name, sip_port, rtp_port, play=self.field.speech(self.side),
                            record=True, tag=[options["tag"]], mandatory=self.side == "a" and self.policy == "strict")
        more = {"no_zrtp": True} if self.kind == PLAIN else {
            "kex": options["kex"], "tag": options["tag"], "cipher": options["cipher"],
            "no_hash": options["no_hash"], "passive": options["passive"] and self.side == "a",
            "drop": options["loss"] or None, "seed": plan.number,
            "cache": os.path.join(self.field.directory, f"{self.name}.sqlite") if options["known"] else None}
        if self.side == "b" and plan.answer:
            more["answer"] = plan.answer
        if self.video:
            more["video"] = "offer" if self.side == "a" else "accept"
        return ZrtpPhone(self.directory, self.name, sip_port, (rtp_port, rtp_port + 8), tone=self.hz,
                         record=True, **more)

    def behind(self, sip_port):
        """A relay stands between this phone and the PBX."""
        self.sip_port = sip_port
        for leg in self.legs:
            leg.sip_port = sip_port

    def channel(self, events):
        """The channel of its call, or None."""
        found = [e["Channel"] for e in list(events.seen) if e.get("Event") == "Newchannel"
                 and e.get("Channel", "").startswith(f"PJSIP/{self.name}-")]
        return found[-1] if found else None

    def event(self, events, *names):
        """The first of some AMI events that came for it, or None."""
        return next((e for e in list(events.seen) if e.get("Event") in names
                     and e.get("Channel", "").startswith(f"PJSIP/{self.name}-")), None)

    def ask(self, events):
        """`ZrtpShowChannel` of it."""
        channel = self.channel(events)
        try:
            return events.ask("ZrtpShowChannel", Channel=channel) if channel else {}
        except wait.Timeout:
            return {"ZrtpState": "no answer"}

    def ended(self):
        """Does the phone say that its call is over?"""
        return bool(self.phone.all("ended")) if self.kind != LINPHONE else "ended" in self.phone.out()

    def phone_secure(self):
        """Does the phone say that its audio is secure?"""
        if self.kind == LINPHONE:
            return "fully encrypted and auth token is" in self.phone.out()
        return bool(self.phone.all("secure", medium="audio"))

    def received(self):
        """Packets of audio that it took so far; None: it does not say."""
        if self.kind == LINPHONE:
            return None
        audio = self.phone.statistics()["audio"]
        return audio["srtp_received"] + audio["clear_received"]


def scratch(field, number):
    """A directory for the phones of call NUMBER."""
    return tempfile.mkdtemp(prefix=f"call{number}-", dir=field.directory)
