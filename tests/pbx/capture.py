# SPDX-License-Identifier: GPL-2.0-only
"""What really crossed the wire: tcpdump on the loopback, and a reader of its file."""
import collections
import os
import random
import re
import secrets
import signal
import socket
import struct
import subprocess

import processes
import tone
import wait

ULAW_PACKET = 12 + 160            # RTP header and 20 ms of mu-law
TAG = {"HS32": 4, "HS80": 10, "GCM": 16}  # octets SRTP adds
SRTCP_INDEX = 4                   # octets SRTCP adds before its tag, with GCM behind it

MARKED, DISCARD = "127.9", 9  # where marks go: addresses of the loopback that nothing else has

Datagram = collections.namedtuple("Datagram", "time source target data")


def kind(data):
    """zrtp, rtp, rtcp (or their secured forms), other."""
    if len(data) >= 12 and data[0] >> 4 == 1 and data[4:8] == b"ZRTP":
        return "zrtp"
    if len(data) >= 8 and data[0] >> 6 == 2:
        return "rtcp" if 192 <= data[1] <= 223 else "rtp" if len(data) >= 12 else "other"
    return "other"


def message_type(data):
    """The type of the ZRTP message in a datagram, such as Hello or Conf2ACK."""
    return data[16:24].decode("ascii", "replace").strip()


class Capture:
    """Record all UDP of a range of ports on the loopback while in the with block.

    silent: there may be none at all, else a capture without a datagram is a fault.
    """

    def __init__(self, path, first=26000, last=28999, silent=False):
        self.silent = silent
        self.mark_ip, self.marks = f"{MARKED}.{random.randrange(256)}.{random.randrange(1, 255)}", 0
        self.path, self.filter = path, f"udp and (portrange {first}-{last} or dst host {self.mark_ip})"
        self.datagrams = []

    def __enter__(self):
        self.process = processes.start(
            # The kernel's buffer (KiB) has a place of the largest size (octets) for each packet: 8192 of them.
            ["tcpdump", "-i", "lo", "-n", "-U", "--immediate-mode", "-s", "4096", "-B", "32768", "-Z", "root",
             "-w", self.path, self.filter], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return self
        raise AssertionError("tcpdump did not start")

    def __exit__(self, failed, *_):
        taken = self._take_all()
        self.process.send_signal(signal.SIGINT)
        processes.stop(self.process, 30)  # what it says at its end is read
        said = self.process.stderr.read()
        self.process.stderr.close()
        self.datagrams = read(self.path)
        captured, lost = (re.search(rf"(?m)^(\d+) packets? {word}", said) for word in ("captured", "dropped by kernel"))
        # What was not seen must not pass for what was not sent. One packet is a mark.
        if not failed and (not taken or not captured or not lost or int(lost[1]) or int(captured[1]) <= (0 if self.silent else self.marks)):
            raise AssertionError(f"tcpdump did not see everything: {said.strip()}")
        if not failed:
            keepalives(self)  # whatever a case is about, none of a PBX's datagrams may be empty

    def so_far(self):
        """All datagrams up to now."""
        if not self._take_all():
            raise AssertionError("tcpdump takes nothing")
        return read(self.path)

    def _take_all(self):
        """Send a mark and wait until tcpdump has written it, and so all before it: what it has not taken when it ends is lost."""
        mark, begun = secrets.token_bytes(16), os.path.getsize(self.path)
        self.marks += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, (self.mark_ip, DISCARD))
        try:
            return wait.until("a mark in the capture", wait.LEAST, lambda: self._has(mark, begun), 0.01)
        except wait.Timeout:
            return False

    def _has(self, octets, begun):
        with open(self.path, "rb") as pcap:
            pcap.seek(begun)
            return octets in pcap.read()

    def between(self, source=None, target=None):
        """Datagrams from and to these ports."""
        return [d for d in self.datagrams if source in (None, d.source)
                and target in (None, d.target)]


def read(path):
    """All UDP datagrams over IPv4 in a pcap file of an Ethernet-like interface, but its marks."""
    with open(path, "rb") as pcap:
        raw = pcap.read()
    if raw[:4] != b"\xd4\xc3\xb2\xa1" or struct.unpack_from("<I", raw, 20)[0] != 1:
        raise AssertionError(f"{path}: not a little-endian Ethernet pcap file")
    found, at = [], 24
    while at + 16 <= len(raw):
        seconds, micro, size = struct.unpack_from("<III", raw, at)
        frame, at = raw[at + 16:at + 16 + size], at + 16 + size
        if at > len(raw):
            break  # it is being written
        ip = frame[14:]
        if len(ip) < 28 or ip[0] >> 4 != 4 or ip[9] != 17:
            continue
        udp = ip[(ip[0] & 15) * 4:]
        source, target = struct.unpack_from(">HH", udp)
        if not socket.inet_ntoa(ip[16:20]).startswith(MARKED + "."):
            found.append(Datagram(seconds + micro / 1e6, source, target, udp[8:]))
    return found


def messages(datagrams):
    """A counter of ZRTP message types."""
    return collections.Counter(message_type(d.data) for d in datagrams if kind(d.data) == "zrtp")


def secure_since(datagrams):
    """When the exchange was complete: the time of the Conf2ACK."""
    times = [d.time for d in datagrams
             if kind(d.data) == "zrtp" and message_type(d.data) == "Conf2ACK"]
    if not times:
        raise AssertionError(f"no Conf2ACK on the wire, only {dict(messages(datagrams))}")
    return times[0]


def media(datagrams, what, since=0.0):
    """The "rtp" or "rtcp" among datagrams later than a moment."""
    return [d for d in datagrams if d.time > since and kind(d.data) == what]


def check_secure(wire, port, tag, tones):
    """All media from and to a phone's RTP port is unreadable once the exchange is complete.

    tones: the Hz of what the phone "heard" and "said". Returns how many packets that was.
    """
    to, of = wire.between(target=port), wire.between(source=port)
    complete = secure_since(to + of)
    heard_since, said_since = (protected_since(packets, complete, tag) for packets in (to, of))
    heard, said = media(to, "rtp", heard_since), media(of, "rtp", said_since)
    check_srtp(heard, tag, tones["heard"])
    check_srtp(said, tag, tones["said"])
    reports = media(wire.between(target=port + 1), "rtcp", heard_since)
    check_srtcp(reports, tag)
    check_srtcp(media(wire.between(source=port + 1), "rtcp", said_since), tag)
    return {"heard": len(heard), "said": len(said), "reports": len(reports)}


def protected_since(datagrams, complete, tag):
    """From when there is no excuse for a packet in clear in one direction of an exchange that was complete at this time.

    One may be on its way while the last confirmation is; and whom the machine lets wait just then has it unread for a
    moment. Who has sent a packet of SRTP has read it, and who has sent the confirmation had its keys before.
    """
    if any(d.time == complete and kind(d.data) == "zrtp" and message_type(d.data) == "Conf2ACK" for d in datagrams):
        return complete + 0.1
    first = next((d.time for d in media(datagrams, "rtp", complete) if len(d.data) == ULAW_PACKET + TAG[tag]), complete + 0.5)
    return max(complete + 0.1, min(first, complete + 0.5))


def check_srtp(datagrams, tag, hz):
    """All RTP of one direction: longer by the tag, and the tone cannot be heard in it."""
    sizes = collections.Counter(len(d.data) for d in datagrams)
    if set(sizes) != {ULAW_PACKET + TAG[tag]}:
        raise AssertionError(f"RTP lengths {dict(sizes)}, only {ULAW_PACKET + TAG[tag]} expected")
    readable = tone.share(tone.from_ulaw(b"".join(d.data[12:172] for d in datagrams)), hz)
    if readable > 0.05:
        raise AssertionError(f"the {hz} Hz tone can be heard in the payload ({readable:.2f})")


def is_plain_rtcp(data):
    """True if a datagram walks as a compound of RTCP packets, to its last octet."""
    at = 0
    while at + 4 <= len(data):
        if data[at] >> 6 != 2 or not 192 <= data[at + 1] <= 223:
            return False
        at += 4 * (1 + struct.unpack_from(">H", data, at + 2)[0])
    return at == len(data)


def keepalives(wire, first=28000, last=29999):
    """How many keep-alives the PBX sent in place of RTCP that may not go out; none of its datagrams may be empty."""
    own = [d.data for d in wire.datagrams if first <= d.source <= last]
    if b"" in own:
        raise AssertionError(f"{own.count(b'')} of {len(own)} datagrams of the PBX are empty")
    return sum(len(data) == 20 and data.startswith(b"\x00\x11") for data in own)


def check_srtcp(datagrams, tag):
    """All RTCP of one direction: encrypted, numbered upwards, and not readable."""
    last = -1
    for datagram in datagrams:
        data = datagram.data
        if is_plain_rtcp(data):
            raise AssertionError(f"plain RTCP of {len(data)} octets")
        behind = 0 if tag == "GCM" else TAG[tag]
        word = struct.unpack_from(">I", data, len(data) - behind - SRTCP_INDEX)[0]
        if not word >> 31:
            raise AssertionError("SRTCP without the encryption bit")
        index = word & 0x7FFFFFFF
        if not last < index < last + 100:
            raise AssertionError(f"SRTCP index {index} after {last}")
        last = index
