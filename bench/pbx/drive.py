# SPDX-License-Identifier: GPL-2.0-only
"""Makes calls from the far Asterisk to the near one, and notes when each was answered and secure."""
import itertools
import threading
import time

import asterisk
import pair
import wait


class Driver:
    """The manager interface of the far Asterisk. Use as a context manager.

    A call is ready when it is answered, with ZRTP when it is secure. Times are the far Asterisk's own.
    """

    def __init__(self, far):
        self.far = far
        self.numbers = itertools.count(1)
        self.changed = threading.Condition()
        self.clear()
        self.events = asterisk.Events(far)
        self.events.heard = self._heard

    def clear(self):
        """Forget past calls."""
        self.up, self.secure, self.gone, self.failed = {}, {}, {}, {}

    def _heard(self, message):
        name, channel = message.get("Event"), message.get("Channel")
        stamp = float(message.get("Timestamp") or 0)
        with self.changed:
            if name == "Newstate" and message.get("ChannelStateDesc") == "Up":
                self.up.setdefault(channel, stamp)
            elif name == "ZrtpSecure":
                self.secure.setdefault(channel, stamp)
            elif name == "ZrtpFailed":
                self.failed[channel] = message.get("Reason", "")
            elif name == "Hangup":
                self.gone.setdefault(channel, stamp)
            elif name == "OriginateResponse" and message.get("Response") == "Failure":
                self.failed[message.get("ActionID")] = f"not answered, reason {message.get('Reason')}"
            else:
                return
            self.changed.notify_all()

    def ready(self, kind):
        return self.secure if kind in pair.SUITES else self.up

    def originate(self, endpoint, seconds=None, media=False):
        """Begin one call, silent; or the far side ends it so many seconds after the answer, with media if wanted."""
        more = {"Variable": f"HOLD={seconds},MEDIA={'tone' if media else 'quiet'}"} if seconds else {}
        self.events.send("Originate", Channel=f"PJSIP/{endpoint}", Context="calls", Exten="brief" if seconds else "quiet",
                         Priority=1, Async="true", Timeout=30000, ActionID=f"call-{next(self.numbers)}", **more)

    def until(self, what, seconds, true):
        """Wait for events until true() is true."""
        end = time.monotonic() + seconds
        with self.changed:
            while not true():
                left = end - time.monotonic()
                if left <= 0:
                    raise wait.Timeout(f"{what}: not within {seconds} s; {self.summary()}")
                self.changed.wait(left)

    def summary(self):
        return (f"{len(self.up)} answered, {len(self.secure)} secure, {len(self.gone)} ended, "
                f"failed: {list(self.failed.items())[:3]}")

    def call(self, kind, calls, at_once=16, rate=None, phones=False):
        """So many calls up and ready, at most at_once of them being set up.

        rate: so many begin in a second at most; phones: of many endpoints, else all are of one.
        """
        ready, began = self.ready(kind), time.monotonic()
        for number in range(calls):
            if rate:
                time.sleep(max(0, began + number / rate - time.monotonic()))
            self.until(f"{kind}: calls become ready", 30, lambda n=number: n - len(ready) - len(self.failed) < at_once)
            self.originate(pair.endpoint(kind, number) if phones else kind)
        self.until(f"{kind}: {calls} calls ready", 30, lambda: len(ready) + len(self.failed) >= calls)
        if self.failed:
            raise AssertionError(f"{kind}: {self.summary()}")
        return time.monotonic() - began

    def waits(self, kind):
        """Seconds from answer to secure of each call; none where the keys are in SDP."""
        return [max(0.0, at - self.up[channel]) for channel, at in self.ready(kind).items() if channel in self.up]

    def talk(self, calls):
        """The far side sends in so many of the calls that are up."""
        for channel in [name for name in self.up if name not in self.gone][:calls]:
            self.events.send("Redirect", Channel=channel, Context="calls", Exten="tone", Priority=1)

    def hang_up(self):
        self.far.cli("channel request hangup all")
        self.until("calls end", 60, lambda: all(name in self.gone for name in self.up))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.events.__exit__()
