# SPDX-License-Identifier: GPL-2.0-only
"""A small SIP phone without ZRTP: calls, speaks mu-law, hears, and sends what a test likes."""
import random
import re
import select
import socket
import struct
import threading
import time

import capture
import tone
import wait

IP = "127.0.0.1"


class PlainPhone:
    """One call at a time. Use as a context manager, call(), hang_up().

    played: mu-law octets spoken in a loop. heard: RTP datagrams that came; zrtp: the others.
    domain is that of its From header. speaks_from: the port that its RTP comes from, if it is
    another one than it receives at. profile: of RTP, in what it offers.
    """

    def __init__(self, name, sip_port, rtp_port, hz=None, domain=IP, speaks_from=None, profile="RTP/AVP"):
        self.domain, self.speaks_from, self.profile = domain, speaks_from, profile
        self.name, self.sip_port, self.rtp_port = name, sip_port, rtp_port
        self.played = tone.to_ulaw(tone.samples(hz, 1)) if hz else b"\xff" * 160
        self.heard, self.zrtp = [], []
        self.remote = None
        self.ssrc, self.sequence = random.getrandbits(32), random.getrandbits(15)
        self.talking = threading.Event()
        self.closed = threading.Event()

    def __enter__(self):
        self.sip, self.rtp = (self._socket(port) for port in (self.sip_port, self.rtp_port))
        self.voice = self._socket(self.speaks_from) if self.speaks_from else self.rtp
        self.media = threading.Thread(target=self._run_media, daemon=True)
        self.media.start()
        return self

    def _socket(self, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((IP, port))
        return sock

    def __exit__(self, *_):
        if self.remote:
            self.hang_up()
        self.closed.set()
        self.media.join()
        self.sip.close()
        self.rtp.close()
        self.voice.close()

    def rebind(self, port):
        """Speak from another port from now on."""
        former, self.voice = self.voice, self._socket(port)
        if former is not self.rtp:
            former.close()

    # SIP

    def call(self, extension, port, seconds=5, sdp="", session=""):
        """Call; return when the call is up. sdp, session: more lines for the media and the session."""
        self.pbx = (IP, port)
        self.cseq, self.tag = 1, f"{random.getrandbits(32):x}"
        self.call_id = f"{random.getrandbits(64):x}@{IP}"
        self.uri, self.to = f"sip:{extension}@{IP}:{port}", f"<sip:{extension}@{IP}:{port}>"
        body = (f"v=0\r\no=- 1 1 IN IP4 {IP}\r\ns=-\r\nc=IN IP4 {IP}\r\nt=0 0\r\n"
                + "".join(line + "\r\n" for line in session.splitlines()) +
                f"m=audio {self.rtp_port} {self.profile} 0\r\na=rtpmap:0 PCMU/8000\r\n"
                + "".join(line + "\r\n" for line in sdp.splitlines()))
        self._request("INVITE", body)
        answer = self._final_response("INVITE", seconds)
        status = answer.split(" ", 2)[1]
        self.to = re.search(r"(?im)^To:\s*(.*?)\r$", answer)[1]
        contact = re.search(r"(?im)^Contact:\s*<([^>]+)>", answer)
        self.uri = contact[1] if contact else self.uri
        self._request("ACK")
        if status != "200":
            raise AssertionError(f"{self.name}: call refused with {status}")
        self.remote = (IP, int(re.search(r"(?m)^m=audio (\d+) ", answer)[1]))
        self.talking.set()
        return answer

    def reinvite(self, media, seconds=15):
        """Offer other media, the lines of which are given; return the status of the answer."""
        self.cseq += 1
        self._request("INVITE", f"v=0\r\no=- 1 2 IN IP4 {IP}\r\ns=-\r\nc=IN IP4 {IP}\r\nt=0 0\r\n"
                      + "".join(line + "\r\n" for line in media.splitlines()))
        status = self._final_response("INVITE", seconds).split(" ", 2)[1]
        self._request("ACK")
        return status

    def hang_up(self):
        """End the call, unless the other side was first."""
        self.talking.clear()
        self.cseq += 1
        self._request("BYE")
        self._final_response("BYE", 5)
        self.remote = None

    def _request(self, method, body=""):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.sip.sendto((
            f"{method} {self.uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {IP}:{self.sip_port};rport;"
            f"branch=z9hG4bK{random.getrandbits(64):x}\r\n"
            f"From: <sip:{self.name}@{self.domain}>;tag={self.tag}\r\nTo: {self.to}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {self.cseq} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{self.name}@{IP}:{self.sip_port}>\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode(), self.pbx)

    def _final_response(self, method, seconds):
        """The final response to the request now open; requests meanwhile are answered 200."""
        end = time.monotonic() + max(seconds, wait.LEAST)
        while True:
            ready, _, _ = select.select([self.sip], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise wait.Timeout(f"{self.name}: no answer to {method} in {seconds:g} s")
            text = self.sip.recv(8192).decode(errors="replace")
            if not text.startswith("SIP/2.0 "):
                self._accept(text)
            elif f"CSeq: {self.cseq} {method}" in text and self.call_id in text \
                    and not text.startswith("SIP/2.0 1"):
                return text

    def wait_request(self, method, seconds=5):
        """The next request of the PBX with this method; all that come are answered 200."""
        end = time.monotonic() + max(seconds, wait.LEAST)
        while True:
            ready, _, _ = select.select([self.sip], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise wait.Timeout(f"{self.name}: no {method} in {seconds:g} s")
            text = self.sip.recv(8192).decode(errors="replace")
            if not text.startswith("SIP/2.0 "):
                self._accept(text)
                if text.startswith(method + " "):
                    return text

    def _accept(self, request):
        if request.startswith("ACK "):
            return
        kept = re.findall(r"(?im)^(?:Via|From|To|Call-ID|CSeq):.*\r\n", request)
        self.sip.sendto(("SIP/2.0 200 OK\r\n" + "".join(kept)
                         + "Content-Length: 0\r\n\r\n").encode(), self.pbx)

    # Media

    def send(self, datagram):
        """Send any octets from the RTP port."""
        self.rtp.sendto(datagram, self.remote)

    def _run_media(self):
        due = time.monotonic()
        while not self.closed.is_set():
            if self.talking.is_set() and time.monotonic() >= due:
                due = max(due + 0.02, time.monotonic() - 0.1)
                self._speak()
            pause = min(0.02, max(0.001, due - time.monotonic()))
            if select.select([self.rtp], [], [], pause)[0]:
                data = self.rtp.recv(4096)
                (self.zrtp if capture.kind(data) == "zrtp" else self.heard).append(data)

    def _speak(self):
        at = self.sequence * 160 % len(self.played)
        header = struct.pack(">BBHII", 0x80, 0, self.sequence & 0xFFFF,
                             self.sequence * 160 & 0xFFFFFFFF, self.ssrc)
        self.sequence += 1
        remote = self.remote
        if remote:
            self.voice.sendto(header + self.played[at:at + 160], remote)

    def pcm(self):
        """All audio that came, decoded."""
        return tone.from_ulaw(b"".join(d[12:] for d in self.heard if d[1] & 127 == 0))
