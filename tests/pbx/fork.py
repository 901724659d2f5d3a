# SPDX-License-Identifier: GPL-2.0-only
"""A SIP proxy that forks: the INVITE of the PBX goes to one phone, and when a test says so to another."""
import re
import select
import socket
import threading

import wait

IP = "127.0.0.1"


class Fork:
    """Use as a context manager. The PBX calls PORT; answers of the branches go back as they are.

    first and second are SIP ports of phones; second is called by second_rings(), and from then
    on nothing of the first one reaches the PBX. The phones' Contact is their own, so that the
    rest of the dialog does not come by here.
    """

    def __init__(self, pbx_port, port, first, second):
        self.pbx, self.port, self.first, self.second = (IP, pbx_port), port, (IP, first), (IP, second)
        self.invite = None
        self.forked, self.closed = threading.Event(), threading.Event()

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((IP, self.port))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        self.socket.close()

    def second_rings(self):
        """The second phone gets the INVITE, the first one is cancelled."""
        wait.until("the INVITE", 5, lambda: self.invite)
        self.forked.set()
        self.socket.sendto(self.invite, self.second)
        cancel = re.sub(rb"(?m)^INVITE ", b"CANCEL ", self.invite.split(b"\r\n\r\n")[0])
        cancel = re.sub(rb"(?im)^CSeq: *(\d+) INVITE", rb"CSeq: \1 CANCEL", cancel)
        cancel = re.sub(rb"(?im)^Content-(Type|Length):.*\r\n", b"", cancel + b"\r\n")
        self.socket.sendto(cancel + b"Content-Length: 0\r\n\r\n", self.first)

    def _run(self):
        while not self.closed.is_set():
            if not select.select([self.socket], [], [], 0.05)[0]:
                continue
            data, source = self.socket.recvfrom(65535)
            if source == self.pbx:
                self._of_pbx(data)
            elif source == (self.second if self.forked.is_set() else self.first):
                self.socket.sendto(data, self.pbx)

    def _of_pbx(self, data):
        if data.startswith(b"INVITE "):
            self.invite = data
        self.socket.sendto(data, self.second if self.forked.is_set() else self.first)
