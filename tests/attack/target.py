# SPDX-License-Identifier: GPL-2.0-only
"""One leg of a call as it looks from the network, kept up to date while packets pass."""
import collections
import re
import struct

import capture
import forge

FORGED_CSEQ = re.compile(r"(?m)^CSeq: 7\d\d ")  # the attacker's own, see sdp.py
PHASES = ("setup", "discovery", "exchange", "settled", "held", "ended")


class Leg:
    """One medium of an endpoint's call. The ports are those of the SDP that the PBX sees and sends.

    protected: no clear media at all may be heard on it once it is settled. pool: ZRTP packets
    of other calls.
    """

    def __init__(self, name, sip_port, pool, protected, medium="audio"):
        self.name, self.sip_port, self.medium = name, sip_port, medium
        self.pool, self.protected = pool, protected
        self.phase = "setup"
        self.disturbed = False  # was sent what may end an exchange that is not done
        self.port, self.pbx_port = None, None
        self.zrtp_in, self.zrtp_out, self.hello = [], [], None
        self.rtp_in, self.rtp_first = collections.deque(maxlen=50), []
        self.rtcp_in = collections.deque(maxlen=10)
        self.ssrc, self.pbx_ssrc, self.sequence, self.timestamp = 0x1234, 0x5678, 0, 0
        self.zid, self.pbx_zid = b"a phone's ID", b"a PBX's   ID"
        self.zrtp_sequence = 1
        self.dialog, self.answer = None, None  # the phone's last description, and the PBX's
        self.mine = set()  # what the attacker sends in the phone's name
        self.pressed = False  # was sent digits before there were keys
        self.claimed = False  # was sent a Confirm in the phone's name
        self.early = 0  # octets of media that the attacker sent before there were keys

    def next_zrtp(self):
        self.zrtp_sequence = self.zrtp_sequence + 1 & 0xFFFF
        return self.zrtp_sequence

    def news(self, datagram):
        """Learn from a datagram that passed."""
        source, target, data = datagram.source[1], datagram.target[1], datagram.data
        if self.sip_port in (source, target):
            self._sip(source == self.sip_port, data)
        elif self.port and source in (self.port, self.port + 1):
            if data not in self.mine:
                self._from_phone(capture.kind(data), data)
        elif self.port and target in (self.port, self.port + 1):
            self._from_pbx(capture.kind(data), data)

    def _from_phone(self, kind, data):
        if kind == "zrtp":
            self.zrtp_in.append(data)
            self.ssrc, = struct.unpack_from(">I", data, 8)
            self.zrtp_sequence, = struct.unpack_from(">H", data, 2)
            if capture.message_type(data) == "Hello":
                self.zid = data[forge.HEADER + 64:forge.HEADER + 76]
        elif kind == "rtp":
            self.sequence, self.timestamp, self.ssrc = struct.unpack_from(">HII", data, 2)
            self.rtp_in.append(data)
            if len(self.rtp_first) < 40:
                self.rtp_first.append(data)
        elif kind == "rtcp":
            self.rtcp_in.append(data)

    def _from_pbx(self, kind, data):
        if kind == "zrtp":
            self.zrtp_out.append(data)
            word = capture.message_type(data)
            if word == "Hello":
                self.hello, self.pbx_zid = data, data[forge.HEADER + 64:forge.HEADER + 76]
                if self.phase == "setup":
                    self.phase = "discovery"
            elif word in ("Commit", "DHPart1") and self.phase in ("setup", "discovery"):
                self.phase = "exchange"
        elif kind == "rtp":
            self.pbx_ssrc, = struct.unpack_from(">I", data, 8)

    def _sip(self, by_phone, data):
        text = data.decode(errors="replace")
        found = re.search(rf"(?m)^m={self.medium} (\d+) ", text)
        port = int(found[1]) if found else 0
        whole = text.startswith(("INVITE", "SIP/2.0 200"))
        if not by_phone and port:
            self.pbx_port, self.answer = port, text if whole else self.answer
        elif by_phone and port and not FORGED_CSEQ.search(text):
            self.port, self.dialog = port, text if whole else self.dialog
