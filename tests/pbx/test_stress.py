# SPDX-License-Identifier: GPL-2.0-only
"""A busy PBX: whatever phones and operators do, at random and at once, for the sanitizers to watch."""
import contextlib
import os
import random
import threading
import time

import asterisk
import wait
from harness import case, equal

SECONDS = int(os.environ.get("ZRTP_STRESS_SECONDS", "60"))
SEED = os.environ.get("ZRTP_STRESS_SEED", "1")
BATCH = 20  # seconds of calls between two unloads
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


def quiet(lab):
    """Let all calls end; wait until nothing of them is left."""
    def none():
        lab.pbx.cli("channel request hangup all")
        return lab.pbx.channels() == 0 and not lab.pbx.streams()
    try:
        # SIP may keep a session for a re-INVITE and then a BYE that nobody answers, 32 seconds each.
        wait.until("nothing left of all calls", 80, none, 0.5)
    except wait.Timeout as late:
        raise wait.Timeout(f"{late}: " + " | ".join(lab.pbx.cli(command) for command in (
            "core show channels concise", "zrtp show streams", "bridge show all"))) from late


def unload_and_load(lab, dice):
    """All modules out and in again, in an order that works."""
    for module in MODULES:
        wait.until(f"{module} unloads", 45, lambda m=module: (lab.pbx.cli(f"module unload {m}"), m not in lab.pbx.cli(
            f"module show like {m}"))[1], 0.5)
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
            quiet(lab)
            unload_and_load(lab, dice)
        alice = phones[0]
        alice.call("announce", lab.sip_port)  # all is as it was
        alice.secure()
        alice.hang_up()
    print(f"     {calls} calls", flush=True)
