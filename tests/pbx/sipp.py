# SPDX-License-Identifier: GPL-2.0-only
"""SIPp as a phone: SIP without media, where what a real phone never says is said."""
import os
import re
import subprocess

import processes
import wait

IP = "127.0.0.1"
FLOWS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sipp")


def description(*lines, port=26990):
    """An SDP with one audio m-line and whatever else; lines before the first m= are the session's."""
    at_session = [line for line in lines if not line.startswith("m=")]
    first = next((n for n, line in enumerate(lines) if line.startswith("m=")), len(lines))
    if first < len(lines):
        session, media = lines[:first], list(lines[first:])
    else:
        session, media = (), [f"m=audio {port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", *at_session]
    return "\n".join(["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                      *session, *media]) + "\n"


class Sipp:
    """One call of a flow of the folder sipp/, for endpoint NAME. Use as a context manager.

    extension is what it calls; parts are put in the flow, by their names in capital letters.
    """

    def __init__(self, lab, name, port, flow, extension="silent", **parts):
        self.name, self.flow, self.port = name, flow, port
        self.file = os.path.join(lab.directory, f"{flow}-{name}")
        with open(os.path.join(FLOWS, flow + ".xml")) as form:
            text = form.read()
        parts = {"name": name, "pause": 1000, "extra": "", **parts}
        for part, value in parts.items():
            text = text.replace(f"@{part.upper()}@", str(value))
        missing = re.findall(r"@([A-Z]+)@", text)
        if missing:
            raise AssertionError(f"{flow}: nothing given for {missing}")
        with open(self.file + ".xml", "w") as scenario:
            scenario.write(text)
        if os.path.exists(self.file + ".log"):
            os.remove(self.file + ".log")
        self.command = ["sipp", f"{IP}:{lab.sip_port}", "-sf", self.file + ".xml", "-i", IP,
                        "-p", str(port), "-mi", IP, "-s", extension, "-m", "1", "-nostdin",
                        "-timeout", "90", "-timeout_error", "-trace_msg", "-message_file", self.file + ".log"]
        self.process = None

    def __enter__(self):
        with open(self.file + ".out", "wb") as out:
            self.process = processes.start(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                           env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": "/"})
        wait.until(f"{self.flow} has its port", 5, lambda: self.process.poll() is not None or self.port in processes.udp_ports())
        return self

    def __exit__(self, *_):
        processes.stop(self.process, 2)

    def done(self, seconds=20):
        """Wait until the flow went as written."""
        wait.until(f"end of flow {self.flow}", seconds, lambda: self.process.poll() is not None)
        if self.process.returncode:
            raise AssertionError(f"flow {self.flow} did not go as written: "
                                 + " | ".join(m.splitlines()[0] for m in self.messages("received")))
        return self

    def messages(self, way):
        """The SIP messages "sent" or "received" so far."""
        try:
            with open(self.file + ".log", errors="replace") as log:
                parts = re.split(r"(?m)^-{20,}.*$", log.read())
        except FileNotFoundError:
            return []
        return [part.split("\n\n", 1)[1] for part in parts if f"UDP message {way}" in part and "\n\n" in part]

    def hashes(self):
        """For each description received: the zrtp-hash values of each of its m-lines."""
        found = []
        for message in self.messages("received"):
            text = message.replace("\r", "")
            if "\nm=" in text:
                media = text.split("\nm=")[1:]
                found.append([re.findall(r"(?m)^a=zrtp-hash:(1\.10 [0-9a-f]{64})$", part) for part in media])
        return found
