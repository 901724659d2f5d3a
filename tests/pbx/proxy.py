# SPDX-License-Identifier: GPL-2.0-only
"""A relay between one phone and the PBX that can lose datagrams and edit SDP.

All parties are on 127.0.0.1, so an address is a port, and SIP is routed by replacing ports in
its text: the phone knows only the relay's near port, the PBX only its far port.
"""
import contextlib
import random
import re
import select
import socket
import threading

import capture

IP = "127.0.0.1"
TO_PBX, TO_PHONE = "to PBX", "to phone"


class Loss:
    """A filter that loses a share of the ZRTP packets, the same ones for the same seed."""

    def __init__(self, probability, seed):
        self.probability, self.lost, self.passed = probability, 0, 0
        self.random = {way: random.Random(f"{seed} {way}") for way in (TO_PBX, TO_PHONE)}

    def __call__(self, way, data):
        if capture.kind(data) != "zrtp":
            return data
        if self.random[way].random() < self.probability:
            self.lost += 1
            return None
        self.passed += 1
        return data


class Proxy:
    """Use as a context manager. The phone calls sip:EXTENSION@127.0.0.1:NEAR.

    Ports used: near, near + 1 for SIP; rtp .. rtp + 3 for RTP and RTCP.
    media(way, datagram) returns the datagram to pass on, or None to lose it.
    edit(way, lines) returns the lines of a session description to pass on.
    """

    def __init__(self, phone_port, pbx_port, near, rtp, media=None, edit=None):
        self.phone_port, self.pbx_port, self.near, self.far = phone_port, pbx_port, near, near + 1
        self.media = media or (lambda way, data: data)
        self.edit = edit or (lambda way, lines: lines)
        self.rtp = {TO_PBX: rtp, TO_PHONE: rtp + 2}  # where the party sends its media to us
        self.party = {}                              # its own port, by the way away from it
        self.closed = threading.Event()
        self.forgotten = []                          # sockets that nothing goes through any more

    def __enter__(self):
        ports = [self.near, self.far, *range(self.rtp[TO_PBX], self.rtp[TO_PBX] + 4)]
        self.sockets = {port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in ports}
        for port, sock in self.sockets.items():
            sock.bind((IP, port))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        for sock in [*self.sockets.values(), *self.forgotten]:
            sock.close()

    def _run(self):
        while not self.closed.is_set():
            ports = {sock: port for port, sock in self.sockets.items()}
            for sock in select.select(list(ports), [], [], 0.2)[0]:
                data, port = sock.recv(65535), ports[sock]
                if port == self.near:
                    self._send(self.far, self._sip(TO_PBX, data), self.pbx_port)
                elif port == self.far:
                    self._send(self.near, self._sip(TO_PHONE, data), self.phone_port)
                else:
                    self._relay(port, data)

    def _send(self, source, data, target):
        try:
            self.sockets[source].sendto(data, (IP, target))
        except ConnectionRefusedError:
            pass  # an earlier datagram found no receiver; this one was not sent either

    def _relay(self, port, data):
        offset = (port - self.rtp[TO_PBX]) % 2  # 0 RTP, 1 RTCP
        way = TO_PBX if port < self.rtp[TO_PHONE] else TO_PHONE
        back = TO_PHONE if way == TO_PBX else TO_PBX
        data = self.media(way, data)
        if data is not None and back in self.party:
            self._send(self.rtp[back] + offset, data, self.party[back] + offset)

    def rebind(self, port):
        """RTP for the PBX comes from this port from now on, and what comes for the former one is lost, as with a
        NAT that has forgotten the call. It may be one of before."""
        fresh = next((sock for sock in self.forgotten if sock.getsockname()[1] == port), None)
        if fresh:
            self.forgotten.remove(fresh)
            with contextlib.suppress(BlockingIOError):
                while True:
                    fresh.recv(65535, socket.MSG_DONTWAIT)  # it came when nothing went through
        else:
            fresh = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            fresh.bind((IP, port))
        self.forgotten.append(self.sockets[self.rtp[TO_PHONE]])
        self.sockets[self.rtp[TO_PHONE]] = fresh

    def inject(self, way, data, offset=0):
        """Send a datagram as if it came from the party that really sends that way. offset: 0 RTP, 1 RTCP."""
        back = TO_PHONE if way == TO_PBX else TO_PBX
        self._send(self.rtp[back] + offset, data, self.party[back] + offset)

    def _sip(self, way, data):
        head, blank, body = data.decode(errors="replace").partition("\r\n\r\n")
        if way == TO_PBX:
            swaps = ((self.phone_port, self.far), (self.near, self.pbx_port))
        else:
            swaps = ((self.pbx_port, self.near), (self.far, self.phone_port))
        for old, new in swaps:
            head = head.replace(f"{IP}:{old}", f"{IP}:{new}").replace(f"rport={old}", f"rport={new}")
        if "m=audio" in body:
            body = self._sdp(way, body)
        head = re.sub(r"(?im)^Content-Length:.*$", f"Content-Length: {len(body.encode())}\r", head)
        return (head.rstrip("\r\n") + blank + body).encode()

    def _sdp(self, way, body):
        self.party[way] = int(re.search(r"(?m)^m=audio (\d+) ", body)[1])
        ours = self.rtp[TO_PHONE if way == TO_PBX else TO_PBX]
        lines = [line for line in body.split("\r\n") if line and not line.startswith("a=rtcp:")]
        lines = [re.sub(r"^m=audio \d+ ", f"m=audio {ours} ", line) for line in lines]
        return "".join(line + "\r\n" for line in self.edit(way, lines))
