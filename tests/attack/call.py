# SPDX-License-Identifier: GPL-2.0-only
"""One call of a plan under attack, from its first INVITE until nothing of it is left, and what was wrong with it."""
import contextlib
import os
import random
import re
import shutil
import threading
import time

import acts
import judge
import path
import wait
from assault import Assault
from asterisk import Events
from field import HZ, PBX_HZ, SIP_PORT
from party import PLAIN, Party, scratch
from wire import Tap

PATIENCE = 12    # seconds until a call has to be secure
LISTEN = 1.3     # seconds of peace at the end, in which everybody must be heard
SETTLED = ("ZrtpSecure", "ZrtpClear", "ZrtpPassthrough", "ZrtpFailed", "ZrtpRefused")


class Stamped(list):
    """AMI events, each with the time at which it was read."""

    def append(self, message):
        message["at"] = time.time()
        super().append(message)


class Result:
    def __init__(self, plan):
        self.plan, self.outcome, self.findings = plan, "", []
        self.counts, self.pcap = {}, None


class Call:
    """lane: whose endpoints it uses. pool: ZRTP packets of earlier calls."""

    def __init__(self, plan, field, wire, lane, pool):
        self.plan, self.field, self.wire, self.lane, self.pool = plan, field, wire, lane, pool
        self.result = Result(plan)
        self.directory = scratch(field, plan.number)
        self.parties = [Party(plan, field, lane, side, self.directory, pool)
                        for side in ("ab" if plan.called_phone else "a")]
        self.caller = self.parties[0]
        self.strangers = list(field.stranger_ports(lane))
        self.path = path.Path(plan.path, plan.number) if plan.path else None
        self.signalled = False  # the attacker has a part in the signalling
        self.marks = {}         # recording -> samples when all was settled
        self.forger = None

    # ---- the course of it

    def run(self):
        """Make the call; return its Result."""
        with contextlib.ExitStack() as stack:
            self.events = stack.enter_context(Events(self.field.pbx, Stamped()))
            if self.path:
                relay = path.relay(self.path, self.caller.sip_port, SIP_PORT, self.lane)
                stack.enter_context(relay)
                self.caller.behind(relay.far)
                self.entry = relay.near
            else:
                self.entry = SIP_PORT
            self.tap = Tap(self.wire, self._ports(), self._news)
            stack.callback(self.tap.close)
            for party in reversed(self.parties):
                stack.enter_context(party.phone)
            self.legs = [leg for party in self.parties for leg in party.legs]
            with Assault(self.plan, self.wire, self.legs, self.strangers) as self.assault:
                try:
                    self._course()
                except wait.Timeout as late:
                    self._finding(f"{late}")
            if self.assault.failure:
                raise self.assault.failure
        self._judge_wire()
        self._judge_recordings()
        self._keep()
        return self.result

    def _finding(self, text):
        self.result.findings.append(text)

    def _ports(self):
        ports = [*self.strangers]
        for party in self.parties:
            first = self.field.rtp_port(party.name)
            ports += [party.sip_port, *range(first, first + 10)]
        if self.path:
            ports += range(27500 + 10 * self.lane, 27510 + 10 * self.lane)
        return ports

    def _news(self, datagram):
        for leg in self.legs if hasattr(self, "legs") else ():
            leg.news(datagram)

    def _course(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.field.heard(self.caller.name))
        self._dial()
        watcher = threading.Thread(target=self._watch_secure, daemon=True)
        self.watching = True
        watcher.start()
        try:
            settled = self._settle()
            if settled:
                self._middle()
        finally:
            self.watching = False
            watcher.join()
        self._hang_up()
        self._leftovers()

    def _dial(self):
        plan, phone = self.plan, self.caller.phone
        self.dialled = time.monotonic()
        phone.expect_call()
        if plan.inbound:
            self.events.send("Originate", Channel=f"PJSIP/{self.caller.name}", Context="phones", Async="true",
                             Exten=plan.extension if plan.extension != "early" else "record", Priority="1")
            return
        for other in self.parties[1:]:
            other.phone.expect_call()
        target = f"{plan.extension}-{self.parties[1].name}" if plan.called_phone else plan.extension
        phone.call(target, self.entry)

    def _watch_secure(self):
        """Note when the PBX says that a leg is secure."""
        while self.watching:
            for party in self.parties:
                event = not party.secure_at and party.event(self.events, "ZrtpSecure")
                if event:
                    party.secure_at = event["at"]
                    self._phase(party, "settled")
            time.sleep(0.02)

    @staticmethod
    def _phase(party, phase):
        for leg in party.legs:
            leg.phase = phase

    def _expected(self):
        """The parties whose audio has to be secure, at the PBX or with each other."""
        zrtp = [party for party in self.parties if party.kind != PLAIN]
        passed = any(party.policy in ("through", "sealed", "view") for party in self.parties)
        return [] if passed and len(zrtp) < 2 else zrtp

    def _disturbed(self):
        # In mode auto a Hello in the name of a phone without ZRTP has the other one passed through to it.
        claimed = self.caller.policy == "auto" and any(party.kind == PLAIN for party in self.parties)
        return bool(self.path) or self.signalled or claimed or any(leg.disturbed for leg in self.legs)

    def _settle(self):
        """Wait for what this call should become. Say whether it is worth going on."""
        wanted = self._expected()

        def done():
            if any(party.ended() for party in self.parties):
                return "ended"
            if wanted:
                return "secure" if all(party.phone_secure() for party in wanted) and all(
                    party.event(self.events, "ZrtpSecure", "ZrtpPassthrough") for party in wanted) else None
            return "clear" if all(party.event(self.events, *SETTLED) for party in self.parties) else None
        try:
            self.result.outcome = wait.until("settled", PATIENCE, done)
        except wait.Timeout:
            self.result.outcome = "not settled"
        if self.result.outcome == "ended":
            self._ended_early(wanted)
            return False
        if wanted and self.result.outcome == "not settled":
            self.result.outcome = "failed"
            if not self._disturbed():
                self._finding(f"not secure in {PATIENCE} s, nothing was sent that may end an exchange: "
                              + ", ".join(f"{p.name} {p.ask(self.events).get('ZrtpState')}" for p in self.parties))
        for party in self.parties:
            self._phase(party, "settled")
            party.before = party.ask(self.events)
        for recording in self._recordings():
            self.marks[recording] = max(judge.samples(recording), judge.of_before(time.monotonic() - self.dialled)) \
                + sum(leg.early for leg in self.legs)
        return True

    def _ended_early(self, wanted):
        refused = any(party.event(self.events, "ZrtpRefused") for party in self.parties)
        self.result.outcome = "refused" if refused else "ended"
        if not refused and not self._disturbed():
            self._finding("ended before it was settled, nothing was sent that may end an exchange")

    def _middle(self):
        """The attack on the settled call, with what its people do; then peace, and a look at everybody."""
        began = time.monotonic()
        for at, act, argument in self.plan.acts:
            time.sleep(max(0, at - (time.monotonic() - began)))
            acts.do(self, act, argument)
        time.sleep(max(0, self.plan.seconds - (time.monotonic() - began)))
        self.assault.paused.set()
        if self.path:
            self.path.active.clear()
        time.sleep(0.6)
        self.listening = time.time()
        received = {party.name: party.received() for party in self.parties if not party.ended()}
        time.sleep(LISTEN)
        self._look(received)

    def _look(self, received):
        """Is each leg as it was, and is everybody heard?"""
        if self.signalled:
            return
        for party in self.parties:
            if party.ended():
                # A leg without encryption that may not be clear is hung up; nothing else ends a call.
                if self.result.outcome == "secure":
                    self._finding(f"{party.name}: the call was ended")
                continue
            if self.result.outcome == "secure" and party in self._expected():
                for text in judge.changed(party.before, party.ask(self.events), party.name):
                    self._finding(text)
            # Digits before the keys may be forged: they may have begun a transfer, which waits for more of them.
            if self.result.outcome == "secure" and not any(p.kind == PLAIN for p in self.parties) \
                    and not any(leg.disturbed for leg in self.legs):
                taken = party.received()
                if taken is not None and taken - (received[party.name] or 0) < LISTEN * 25:
                    self._finding(f"{party.name} took only {taken - received[party.name]} packets in {LISTEN} s")

    def _hang_up(self):
        self._phase_all("ended")
        self.assault.paused.clear()
        ender = self.caller
        channel = ender.channel(self.events)
        if ender.ended() or all(party.ended() for party in self.parties):
            pass
        elif self.plan.ending == "phone" and not self.signalled:
            ender.phone.say("terminate" if ender.kind == "linphone" else "hangup")
        elif channel:
            self.events.ask("Hangup", Channel=channel)
        time.sleep(0.3)

    def _phase_all(self, phase):
        for party in self.parties:
            self._phase(party, phase)

    def _leftovers(self):
        """Nothing of the call may be left in the PBX."""
        names = "|".join(party.name for party in self.parties)

        def left():
            text = self.field.pbx.cli("zrtp show streams") + self.field.pbx.cli("core show channels concise")
            return re.search(rf"PJSIP/(?:{names})-", text)
        wait.until(f"nothing left of the call of {names}", 15, lambda: not left(), 0.5)

    # ---- the verdict

    def _recordings(self):
        heard = [self.field.heard(self.caller.name)] if self.plan.extension in ("record", "early") else []
        return [*heard, *(party.recording for party in self.parties if party.recording)]

    def _judge_wire(self):
        passed = any(party.event(self.events, "ZrtpPassthrough") for party in self.parties) or \
            self.caller.policy in ("through", "sealed", "view")
        forwarded = set().union(*(leg.mine for leg in self.legs), self._taken_for_keyed()) if passed else frozenset()
        for party in self.parties:
            since = 0.0 if party.require else party.secure_at
            if since is None:
                continue
            mine = {leg.port + n for leg in party.legs if leg.port for n in (0, 1)}
            for text in judge.clear_media(self.tap, since, forwarded, mine | set(self._away())):
                self._finding(f"{party.name}: {text}")
        # No tone of the caller can be secure for a stranger.
        if not self.signalled and all(party.secure_at or party.require for party in self.parties):
            since = max(party.secure_at or 0 for party in self.parties)
            for text in judge.to_strangers(self.tap, self.strangers, since):
                self._finding(text)
        # Whom a description of the media names gets what any phone gets.
        named = {self.strangers[0], self.strangers[0] + 1} if self.signalled else set()
        plain = any(party.kind == PLAIN for party in self.parties)
        for text in judge.amplified(self.tap, set(self.strangers) - named, self.assault.stranger_octets, plain,
                                    forwarded):
            self._finding(text)

    def _taken_for_keyed(self):
        """Media of phones without ZRTP in whose name the attacker had an exchange with the other one (see docs/security.md)."""
        ports = {leg.port for party in self.parties if party.kind == PLAIN for leg in party.legs if leg.claimed}
        return {d.data for d in list(self.tap.seen) if d.source[1] in ports}

    def _away(self):
        """Ports to which a re-INVITE in a phone's name may have sent its media."""
        return self.strangers if self.signalled and len(self.parties) == 1 else ()

    def _judge_recordings(self):
        protected = all(leg.protected for leg in self.legs)
        if self.result.outcome == "secure" or all(party.require for party in self.parties):
            for recording in self._recordings() if protected else ():
                at = 0 if all(party.require for party in self.parties) else self.marks.get(recording, 0)
                for text in judge.attacker_heard(recording, at, os.path.basename(recording)):
                    self._finding(text)
        if self.result.outcome == "secure" and not self.signalled and not self.result.findings:
            for text in self._everybody_heard():
                self._finding(text)

    def _everybody_heard(self):
        caller = self.caller
        if self.path and not self._carried():
            return  # the machine was too busy for the relay
        if any(party.kind == PLAIN for party in self.parties):
            return  # any host can send in the name of a phone without ZRTP
        if self.plan.extension == "call" and any(leg.pressed for leg in self.legs):
            return  # a transfer that digits in clear have begun talks to the phone and waits for more of them
        if self.plan.called_phone:
            other = self.parties[1]
            yield from judge.tail_heard(caller.recording, other.hz, caller.name)
            yield from judge.tail_heard(other.recording, caller.hz, other.name)
        elif self.plan.extension in ("record", "early"):
            yield from judge.tail_heard(caller.recording, PBX_HZ, caller.name)
            yield from judge.tail_heard(self.field.heard(caller.name), caller.hz, "the PBX")
        elif self.plan.extension == "echo":
            yield from judge.tail_heard(caller.recording, HZ["a"], caller.name)

    def _carried(self):
        """Did the relay carry the caller's media to the PBX while everybody listened?"""
        leg = self.caller.legs[0]
        carried = [d for d in self.tap.sent(leg.port, leg.pbx_port, self.listening)
                   if d.time < self.listening + LISTEN and d.data not in leg.mine]
        return len(carried) > LISTEN * 40

    def _keep(self):
        """Packets for other calls; and the capture, the recordings and the phones' logs, if there was a finding."""
        for leg in self.legs:
            self.pool.extend(random.sample(leg.zrtp_in, min(5, len(leg.zrtp_in))))
        del self.pool[:-200]
        self.result.counts = self.assault.counts
        if self.result.findings:
            self.result.pcap = os.path.join(self.directory, "call.pcap")
            self.tap.save(self.result.pcap)
            for recording in filter(os.path.exists, self._recordings()):
                if os.path.dirname(recording) != self.directory:
                    shutil.copy(recording, self.directory)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
