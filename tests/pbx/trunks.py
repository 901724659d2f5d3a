# SPDX-License-Identifier: GPL-2.0-only
"""Two PBXs and a SIP trunk between them, over which they call each other many times at once."""
import itertools
import random
import time

import asterisk
import wait
from harness import equal

IP = asterisk.IP
SIP = (25060, 25260)   # of the two ends
AMI = (25064, 25264)
RTP = ((28000, 28999), (29000, 29999))

PJSIP = """\
[udp]
type = transport
protocol = udp
bind = {ip}:{port}
[trunk]
type = endpoint
transport = udp
context = trunk
disallow = all
allow = ulaw
rtp_engine = zrtp
direct_media = no
aors = trunk
from_user = {user}
[trunk]
type = aor
contact = sip:trunk@{ip}:{far}
[trunk]
type = identify
endpoint = trunk
match = {ip}
"""

EXTENSIONS = """\
[trunk]
exten => _X.,1,Answer()
 same => n,Wait(60)
"""


class End:
    """One of the two PBXs."""

    def __init__(self, root, number, general, policy):
        self.pbx = asterisk.Asterisk(root, {
            "zrtp.conf": f"[general]\n{general}{policy}",
            "pjsip.conf": PJSIP.format(ip=IP, port=SIP[number], far=SIP[1 - number], user=f"pbx{number}"),
            "extensions.conf": EXTENSIONS}, AMI[number], RTP[number])
        self.events = None

    def start(self):
        self.pbx.start()
        self.events = asterisk.Events(self.pbx)

    def restart(self):
        """Politely."""
        equal("exit status", self.pbx.stop(), 0)
        self.start()

    def kill(self):
        """As a power cut does, and up again."""
        self.pbx.process.kill()
        self.pbx.process.wait()
        self.start()

    def seen(self, since=0):
        """Events since a time."""
        return list(self.events.seen)[since:]


class Trunk:
    """Use as a context manager. general: lines of [general] of zrtp.conf on both sides; dids: numbers that are called."""

    def __init__(self, bench, general="", policies=("", ""), dids=("200",), seed=1):
        self.dice = random.Random(seed)
        self.ends = [End(bench.root, number, general, policies[number]) for number in (0, 1)]
        self.dids = dids
        self.numbers = itertools.count()

    def __enter__(self):
        for end in self.ends:
            end.start()
        return self

    def __exit__(self, *_):
        for end in self.ends:
            end.pbx.stop()

    def clean(self):
        """Both PBXs end as they should, and are forgotten."""
        for end in self.ends:
            equal("exit status", end.pbx.stop(), 0)
            end.pbx.remove()

    def originate(self, way, seconds):
        """A call from end WAY that lasts so long from its answer on."""
        self.ends[way].events.send("Originate", Channel=f"PJSIP/{self.dice.choice(self.dids)}@trunk", Application="Wait",
                                   Data=f"{seconds:.2f}", Async="true", Timeout="30000", ActionID=f"call{next(self.numbers)}")

    def begin(self, calls, longest):
        """So many calls at once, of random direction and length."""
        found = Round(self, calls)
        for _ in range(calls):
            self.originate(self.dice.randrange(2), self.dice.uniform(longest / 2, longest))
        return found

    def round(self, calls, longest=3.0):
        """The same, until all are over. Returns the Round."""
        found = self.begin(calls, longest)
        found.finish()
        return found

    def killed_in_calls(self, calls, after):
        """One end is killed so soon after calls began, and starts again; the other one has no call when this returns."""
        self.begin(calls, 3.0)
        time.sleep(after)
        self.ends[1].kill()
        self.ends[0].pbx.cli("channel request hangup all")
        for end in self.ends:
            end.pbx.idle(60)


class Round:
    """What became of some calls, on both sides."""

    def __init__(self, trunk, calls):
        self.trunk, self.calls = trunk, calls
        self.marks = [len(end.events.seen) for end in trunk.ends]
        self.begun = time.monotonic()

    def events(self, name):
        """Of both sides, a list each."""
        return [[e for e in end.seen(mark) if e.get("Event") == name]
                for end, mark in zip(self.trunk.ends, self.marks)]

    def finish(self, seconds=120):
        """Wait until all are over."""
        wait.until("calls are secure", seconds, self._are_secure, 0.2)
        for end in self.trunk.ends:
            end.pbx.idle(seconds)

    def _are_secure(self):
        """All, or none is left."""
        if min(self.secure) >= self.calls:
            return True
        return time.monotonic() - self.begun > 20 and not sum(end.pbx.channels() for end in self.trunk.ends)

    @property
    def secure(self):
        """How many, at each end."""
        return [len(e) for e in self.events("ZrtpSecure")]

    def alarms(self):
        """Reasons at each end: whatever tells an operator that something may be wrong with the secrets."""
        return [[e.get("Reason") for e in found] for found in self.events("ZrtpAlert")]

    def mismatches(self):
        """Calls at each end in which no secret matched though there was one."""
        return [sum(e["CacheMismatch"] != "no" for e in found) for found in self.events("ZrtpSecure")]

    def times(self):
        """Milliseconds of all exchanges."""
        return sorted(float(e["HandshakeMs"]) for found in self.events("ZrtpSecure") for e in found)
