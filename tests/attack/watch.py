# SPDX-License-Identifier: GPL-2.0-only
"""The PBX as a process while it is attacked: its memory, its processor time, its errors, and what is left."""
import os
import re
import threading
import time

import wait

EVERY = 5                  # seconds between two looks at the memory
WARM = 0.35                # part of the run after which it should have found its size
SLOPE = 150                # KiB a minute that a run may seem to grow
# Errors that the run means to cause (a module that is in use, a file with a mistake), and those that
# Asterisk has for any DTLS packet and for each packet that a closed gate keeps from native bridging.
MEANT = re.compile(r"loader\.c|zrtp\.conf|Received SSL traffic|RTP Transmission error")


class Watch:
    """Use as a context manager around the calls, then finish()."""

    def __init__(self, pbx):
        self.pbx = pbx
        self.memory = []   # (seconds, KiB)
        self.findings = []
        self.closed = threading.Event()

    def __enter__(self):
        self.began = time.monotonic()
        self.processor = self._processor()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        self.seconds = time.monotonic() - self.began
        self.processor = self._processor() - self.processor if self.pbx.running() else None

    def _watch(self):
        while not self.closed.wait(EVERY):
            try:
                self.memory.append((time.monotonic() - self.began, self.pbx.rss()))
            except (OSError, TypeError):
                self.findings.append("Asterisk is gone: " + self.pbx.console_tail())
                return

    def _processor(self):
        """Seconds of processor time so far."""
        with open(f"/proc/{self.pbx.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def slope(self):
        """KiB a minute by which memory grew once warm, by least squares; None: too short a run."""
        warm = [(t, m) for t, m in self.memory if t > WARM * self.seconds]
        if len(warm) < 12:
            return None
        middle_t, middle_m = (sum(column) / len(warm) for column in zip(*warm))
        return 60 * sum((t - middle_t) * (m - middle_m) for t, m in warm) / sum((t - middle_t) ** 2 for t, _ in warm)

    def finish(self):
        """Look at what is left when all calls are over."""
        pbx = self.pbx
        if not pbx.running():
            self.findings.append("Asterisk died: " + pbx.console_tail())
            return
        for what, probe in (("no channel left", lambda: pbx.channels() == 0),
                            ("no stream left", lambda: not pbx.streams())):
            try:
                wait.until(what, 20, probe, 0.5)
            except wait.Timeout as late:
                self.findings.append(str(late))
        self.statistics = pbx.statistics()
        slope = self.slope()
        if slope is not None and self.seconds > 600 and slope > SLOPE:
            self.findings.append(f"memory grows by {slope:.0f} KiB a minute")
        errors = [line for line in pbx.log().splitlines() if " ERROR[" in line and not MEANT.search(line)]
        if errors:
            self.findings.append(f"{len(errors)} errors in the log, first: {errors[0]}")
        self.findings += [f"sanitizer: {text[:3000]}" for text in pbx.sanitizer_reports()]
