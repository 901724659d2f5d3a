# SPDX-License-Identifier: GPL-2.0-only
"""A relay that writes into the SIP of the call that it carries: a phone's re-INVITEs that are not the phone's."""
import queue
import random
import re

import wait
from proxy import IP, TO_PBX, Proxy


def header(text, name):
    return re.search(rf"(?im)^{name}:\s*(.*?)\r?$", text)[1]


class Meddler(Proxy):
    """A Proxy for a phone that calls. Once its call is up, offer() speaks to the PBX in its name."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.invite = self.answer = None
        self.answers = queue.Queue()
        self.asked = False
        self.sequence = None
        self.deaf = False  # the phone gets no re-INVITE of the PBX, which it would answer with its own zrtp-hash

    def _sip(self, way, data):
        text = data.decode(errors="replace")
        if way == TO_PBX and text.startswith("INVITE ") and not self.invite:
            self.invite = super()._sip(way, data).decode()
            self.sequence = int(header(text, "CSeq").split()[0])
            return self.invite.encode()
        if way != TO_PBX and self.deaf and text.startswith("INVITE "):
            return b""
        if way != TO_PBX and self.asked and f"CSeq: {self.sequence} " in text:
            if not text.startswith("SIP/2.0 1"):
                self.answers.put(text)
            return b""
        if way != TO_PBX and text.startswith("SIP/2.0 200") and " INVITE" in header(text, "CSeq"):
            self.answer = text
        return super()._sip(way, data)

    def _send(self, source, data, target):
        if data:
            super()._send(source, data, target)

    def _request(self, method, body=""):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        target = re.search(r"<([^>]+)>", header(self.answer, "Contact"))[1]
        super()._send(self.far, (
            f"{method} {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {IP}:{self.far};rport;branch=z9hG4bK{random.getrandbits(64):x}\r\n"
            f"From: {header(self.invite, 'From')}\r\nTo: {header(self.answer, 'To')}\r\n"
            f"Call-ID: {header(self.invite, 'Call-ID')}\r\nCSeq: {self.sequence} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: {header(self.invite, 'Contact')}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}").encode(),
            self.pbx_port)

    def offer(self, media, seconds=10):
        """Offer these m-lines to the PBX; return its answer."""
        self.sequence += 1
        self.asked = True
        self._request("INVITE", f"v=0\r\no=- 1 {self.sequence} IN IP4 {IP}\r\ns=-\r\nc=IN IP4 {IP}\r\nt=0 0\r\n"
                      + "".join(line + "\r\n" for line in media.splitlines()))
        while True:
            try:
                text = self.answers.get(timeout=max(seconds, wait.LEAST))
            except queue.Empty:
                raise wait.Timeout("no answer to the re-INVITE") from None
            if f"CSeq: {self.sequence} " in text:  # else the PBX has said that of the former one again
                self._request("ACK")
                return text
