# SPDX-License-Identifier: GPL-2.0-only
"""Signalling in the phone's name: what a phone, an SBC or an attacker may make of a call by re-INVITE."""
import random
import re

IP = "127.0.0.1"
CHANGES = ("hold", "inactive", "away", "away, no hash", "new line", "no hash", "false hash", "hash of nothing", "again")


def header(name, text):
    found = re.search(rf"(?im)^{name}:\s*(.*?)\r$", text)
    return found[1] if found else ""


def _uri(text):
    found = re.search(r"(?im)^Contact:\s*<([^>]+)>", text)
    return found[1] if found else f"sip:{IP}"


def _lines(body, change, port):
    """The phone's session description, changed. port: a stranger's, for media."""
    lines = [line for line in body.split("\r\n") if line]
    lines = [re.sub(r"^(o=\S+ \S+) (\d+)", lambda m: f"{m[1]} {int(m[2]) + 7}", line) for line in lines]
    if change in ("hold", "inactive"):
        lines = [line for line in lines if not re.match(r"a=(sendrecv|sendonly|recvonly|inactive)", line)]
        lines.append("a=sendonly" if change == "hold" else "a=inactive")
    if change.startswith("away"):
        lines = [re.sub(r"^m=audio \d+", f"m=audio {port}", line) for line in lines if not line.startswith("a=rtcp:")]
    if "no hash" in change:
        lines = [line for line in lines if not line.startswith("a=zrtp-hash")]
    if change == "false hash":
        lines = [re.sub(r"^(a=zrtp-hash:\S+) .*", rf"\1 {'5a' * 32}", line) for line in lines]
    if change == "hash of nothing":
        lines = [re.sub(r"^a=zrtp-hash:.*", "a=zrtp-hash:1.10 \x1b[2Jnothing", line) for line in lines]
    if change == "new line":
        media = next(line for line in lines if line.startswith("m=audio"))
        lines = [re.sub(r"^m=audio \d+", "m=audio 0", line) for line in lines if not line.startswith("a=zrtp-hash")]
        lines += [re.sub(r"^m=audio \d+ (\S+) .*", rf"m=audio {port} \1 0", media), "a=rtpmap:0 PCMU/8000"]
    return lines


class Forger:
    """Sends requests within the dialog of a leg's phone. wire: see Wire."""

    def __init__(self, wire, leg, pbx_port, stranger_port):
        self.wire, self.leg, self.pbx_port, self.stranger_port = wire, leg, pbx_port, stranger_port
        self.cseq = 700

    def reinvite(self, change):
        """Offer something else; say whether there was a dialog to do it in."""
        ours, theirs = self.leg.dialog, self.leg.answer
        if not ours or not theirs:
            return False
        self.cseq += 1
        body = "".join(line + "\r\n" for line in _lines(ours.partition("\r\n\r\n")[2], change, self.stranger_port))
        self.request = self._request("INVITE", ours, theirs, body)
        self._send(self.request)
        return True

    def acknowledge(self):
        """Accept the PBX's answer."""
        if self.leg.dialog and self.leg.answer:
            self._send(self._request("ACK", self.leg.dialog, self.leg.answer, ""))

    def _request(self, method, ours, theirs, body):
        if ours.startswith("INVITE"):
            local, remote = header("From", ours), header("To", theirs)
        else:
            local, remote = header("To", ours), header("From", ours)
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (f"{method} {_uri(theirs)} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {IP}:{self.leg.sip_port};rport;branch=z9hG4bK{random.getrandbits(64):x}\r\n"
                f"From: {local}\r\nTo: {remote}\r\nCall-ID: {header('Call-ID', ours)}\r\n"
                f"CSeq: {self.cseq} {method}\r\nMax-Forwards: 70\r\nContact: <{_uri(ours)}>\r\n{kind}"
                f"Content-Length: {len(body.encode())}\r\n\r\n{body}")

    def _send(self, text):
        self.wire.send((IP, self.leg.sip_port), self.pbx_port, text.encode())
