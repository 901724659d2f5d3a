# SPDX-License-Identifier: GPL-2.0-only
"""The loopback as an attacker has it: every datagram is seen, any can be sent in any host's name."""
import collections
import socket
import struct
import threading

IP, STRANGE_IP = "127.0.0.1", "127.0.0.9"
ETH_P_IP = 0x0800
SOL_PACKET, PACKET_STATISTICS = 263, 6
SO_TIMESTAMPNS = 35

Datagram = collections.namedtuple("Datagram", "time source target data")  # addresses are (IP, port)


class Tap:
    """What was seen from and to some UDP ports since it was made. news(datagram) is called for each."""

    def __init__(self, wire, ports, news):
        self.wire, self.ports, self.news = wire, frozenset(ports), news
        self.seen = []
        with wire.lock:
            for port in self.ports:
                wire.taps[port] = self

    def close(self):
        with self.wire.lock:
            for port in self.ports:
                self.wire.taps.pop(port, None)

    def sent(self, source=None, target=None, since=0.0):
        """Datagrams of these ports later than a moment."""
        return [d for d in list(self.seen) if d.time > since and source in (None, d.source[1])
                and target in (None, d.target[1])]

    def save(self, path):
        """Write them as a capture file of raw IP packets."""
        with open(path, "wb") as pcap:
            pcap.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for d in list(self.seen):
                udp = struct.pack(">HHHH", d.source[1], d.target[1], 8 + len(d.data), 0) + d.data
                ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                                 socket.inet_aton(d.source[0]), socket.inet_aton(d.target[0]))
                pcap.write(struct.pack("<IIII", int(d.time), int(d.time % 1 * 1e6), len(ip) + len(udp),
                                       len(ip) + len(udp)) + ip + udp)


class Wire:
    """Use as a context manager; needs root. taps: port -> Tap."""

    def __init__(self):
        self.taps, self.lock = {}, threading.Lock()
        self.closed = threading.Event()
        self.lost = 0

    def __enter__(self):
        self.ears = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.ears.bind(("lo", ETH_P_IP))
        self.ears.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.ears.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)  # its own clock: this thread may be late
        self.ears.settimeout(0.2)
        self.mouths = {}
        for address in (IP, STRANGE_IP):
            self.mouths[address] = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
            self.mouths[address].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # it is never read
            self.mouths[address].bind((address, 0))
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        self._count_lost()
        for sock in (self.ears, *self.mouths.values()):
            sock.close()

    def _count_lost(self):
        _, lost = struct.unpack("II", self.ears.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self.lost += lost

    def send(self, source, target, octets):
        """Send a datagram from any address (IP, port) to a port of this machine."""
        try:
            self.mouths[source[0]].sendto(
                struct.pack(">HHHH", source[1], target, 8 + len(octets), 0) + octets, (IP, 0))
        except OSError:
            pass  # its buffer is full: the network lost it

    def _listen(self):
        while not self.closed.is_set():
            try:
                frame, stamps, _, _ = self.ears.recvmsg(65535, 64)
            except socket.timeout:
                continue
            if len(frame) < 28 or frame[9] != 17:
                continue
            head = (frame[0] & 15) * 4
            source, target, size = struct.unpack_from(">HHH", frame, head)
            tap = self.taps.get(source) or self.taps.get(target)
            if tap:
                seconds, nano = struct.unpack("qq", stamps[0][2])
                datagram = Datagram(seconds + nano / 1e9, (socket.inet_ntoa(frame[12:16]), source),
                                    (socket.inet_ntoa(frame[16:20]), target), frame[head + 8:head + size])
                tap.seen.append(datagram)
                tap.news(datagram)
