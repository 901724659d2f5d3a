# SPDX-License-Identifier: GPL-2.0-only
"""A busy PBX: whatever phones and operators do, at random and at once, for the sanitizers to watch."""
import contextlib
import os
import random
import re
import threading
import time

import asterisk
import wait
from harness import case, equal

SECONDS = int(os.environ.get("ZRTP_STRESS_SECONDS", "60"))
SEED = os.environ.get("ZRTP_STRESS_SEED", "1")
BATCH = 20  # seconds of calls between two unloads
STUCK = 90  # seconds without any change until something is held for ever
MODULES = ("app_enroll_zrtp.so", "res_pjsip_zrtp.so", "res_zrtp.so")
# Endpoints with phones, and what each may call.
PHONES = ("alice", "bob", "carol", "dave", "through", "through2", "auto", "auto2", "keypad", "nat", "film", "strict")
APPLICATIONS = ("announce", "record", "echo", "early", "conference", "say", "enroll-trust", "silent")
COMMANDS = ("module reload res_zrtp.so", "zrtp show streams", "zrtp show policies", "zrtp show statistics",
            "zrtp enrollments show", "zrtp cache show", "module reload res_pjsip.so", "core show channels concise",
            "module unload res_zrtp.so", "module unload res_pjsip_zrtp.so")
IN_CALL = ("hold", "resume", "dtmf *71", "dtmf *72#", "info *73", "video", "verify", "unverify", "sas", "clear", "secure",
           "acknowledge", "transfer sip:call-{other}@127.0.0.1:{port}", "transfer sip:park@127.0.0.1:{port}",
           "dial sip:call-{other}@127.0.0.1:{port}", "attend 2", "hangup", "hangup")


class Crowd(threading.Thread):
    """One phone and its user, who is never content for long."""

    def __init__(self, lab, phone, seed, closed):
        super().__init__(daemon=True)
        self.lab, self.phone, self.dice, self.closed = lab, phone, random.Random(seed), closed
        self.calls = 0

    def run(self):
        while not self.closed.is_set():
            other = self.dice.choice(PHONES)
            target = self.dice.choice((*APPLICATIONS, f"call-{other}", f"call-{other}", f"keys-{other}", f"feature-{other}",
                                       f"music-{other}", "pickup", "parked", "spy"))
            self.phone.call(target, self.lab.sip_port)
            self.calls += 1
            # Some calls end before the phone rings, in the exchange, or just after it.
            self.closed.wait(self.dice.choice((0.02, 0.1, 0.3, 0.6, 1, 2)))
            for _ in range(self.dice.choice((0, 1, 2, 4))):
                self.phone.say(self.dice.choice(IN_CALL).format(other=self.dice.choice(PHONES), port=self.lab.sip_port))
                self.closed.wait(self.dice.choice((0.05, 0.3, 0.8)))
            for _ in range(3):  # all its calls, also those that others have made
                self.phone.say("hangup")


class Operator(threading.Thread):
    """Who looks, reloads, redirects and hangs up, by CLI and AMI."""

    def __init__(self, lab, events, seed, closed):
        super().__init__(daemon=True)
        self.lab, self.events, self.dice, self.closed = lab, events, random.Random(seed), closed

    def run(self):
        while not self.closed.wait(self.dice.choice((0.1, 0.3, 0.6))):
            act = self.dice.random()
            channels = [e["Channel"] for e in list(self.events.seen)[-200:] if e.get("Event") == "Newchannel"]
            if act < 0.4:
                self.lab.pbx.cli(self.dice.choice(COMMANDS))
            elif channels:
                self._channel(self.dice.choice(channels[-8:]), act)

    def _channel(self, channel, act):
        if act < 0.55:
            self.events.send("Redirect", Channel=channel, Context="phones", Priority="1",
                             Exten=self.dice.choice(("echo", "record", "conference", "call-bob")))
        elif act < 0.7:
            self.events.send("Hangup", Channel=channel)
        elif act < 0.8:
            self.events.send(self.dice.choice(("ZrtpGoClear", "ZrtpGoSecure", "ZrtpVerify")), Channel=channel)
        elif act < 0.9:
            self.events.send("ZrtpShowChannel", Channel=channel)
        else:
            self.events.send("ZrtpStatus")


def left_of_calls(lab):
    """What is left of all calls: channels, streams, and SIP sessions, each of which uses the module that is of them."""
    uses = re.search(r"(?m)^res_pjsip_zrtp\.so +.* (\d+) +Running", lab.pbx.cli("module show like res_pjsip_zrtp.so"))
    return lab.pbx.channels(), len(lab.pbx.streams()), int(uses[1]) if uses else 0


def until_gone(lab, what, gone):
    """Hang all up until gone(what is left) is true.

    With a sanitizer a busy PBX has still to read for a minute what phones sent it before they were to be quiet. So
    only what stays as it is counts as held for ever: SIP may keep a session for a re-INVITE and then a BYE that no side
    answers, 32 seconds each.
    """
    was, since = None, time.monotonic()
    while True:
        lab.pbx.cli("channel request hangup all")
        left = left_of_calls(lab)
        if gone(left):
            return
        if left != was:
            was, since = left, time.monotonic()
        elif time.monotonic() - since > STUCK:
            raise Held(left, f"{what}: for {STUCK} s there are {left} channels, streams, sessions: " + " | ".join(
                lab.pbx.cli(command) for command in ("core show channels concise", "zrtp show streams", "bridge show all")))
        time.sleep(0.5)


class Held(wait.Timeout):
    """What is left of calls goes no further."""

    def __init__(self, left, text):
        super().__init__(text)
        self.left = left


def renew(lab, dice):
    """Let all calls end, and have all modules loaded again.

    With a sanitizer phones time out. Of a call that it refused, and whose phone does not acknowledge that in time,
    Asterisk 22 keeps the SIP session for ever, and by it the module: the INVITE is over with 408, and nothing but
    pjproject's invite session refers to it, no channel, no stream and nothing of ours. Then all of Asterisk is renewed.
    """
    try:
        until_gone(lab, "calls end", lambda left: not any(left))
        unload_and_load(lab, dice)
    except Held as held:
        if not lab.pbx.sanitizer() or any(held.left[:2]):
            raise
        equal("Asterisk ends cleanly", lab.pbx.stop() == 0 or lab.pbx.sanitizer_fell(), True)
        lab.pbx.start()


def unload(lab, module):
    def gone(_):
        lab.pbx.cli(f"module unload {module}")
        return module not in lab.pbx.cli(f"module show like {module}")
    until_gone(lab, f"{module} unloads", gone)


def unload_and_load(lab, dice):
    """All modules out and in again, in an order that works."""
    for module in MODULES:
        unload(lab, module)
    order = [MODULES[2], *dice.sample(MODULES[:2], 2)]
    for module in order:
        lab.pbx.cli(f"module load {module}")
        equal(f"{module} loaded", module in lab.pbx.cli(f"module show like {module}"), True)


@case("stress: calls, hang-ups, transfers, redirects, holds and reloads at random; unload and load in between",
      kind="22 attack", errors=r" WARNING\[|RTP Transmission error|loader\.c|res_parking|bridge|channel|pjsip|stasis|app_")
def stress(lab):
    dice = random.Random(SEED)
    end = time.monotonic() + SECONDS
    calls = 0
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(lab.zrtp_phone(name, enroll="accept", allow_clear=True, tone=440,
                                                     **({"video": "offer"} if name == "film" else {})))
                  for name in PHONES]
        plain = stack.enter_context(lab.zrtp_phone("plain", no_zrtp=True, tone=440))
        while time.monotonic() < end:
            with asterisk.Events(lab.pbx) as events:
                closed = threading.Event()
                crowd = [Crowd(lab, phone, f"{SEED} {phone.name} {calls}", closed) for phone in [*phones, plain]]
                operator = Operator(lab, events, f"{SEED} {calls}", closed)
                for thread in [*crowd, operator]:
                    thread.start()
                time.sleep(BATCH)
                closed.set()
                for thread in [*crowd, operator]:
                    thread.join()
            calls += sum(user.calls for user in crowd)
            equal("Asterisk runs", lab.pbx.running(), True)
            renew(lab, dice)
        alice = phones[0]
        alice.call("announce", lab.sip_port)  # all is as it was
        alice.secure()
        alice.hang_up()
    print(f"     {calls} calls", flush=True)
