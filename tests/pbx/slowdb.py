# SPDX-License-Identifier: GPL-2.0-only
"""A relay of TCP between the PBX and its database, which makes the database slow, hung or away.

The database itself is well: a test asks it beside the relay.
"""
import contextlib
import select
import socket
import struct
import threading
import time

IP = "127.0.0.1"
# What a thread waits for at most before it looks whether something else is wanted of it, seconds.
LOOK = 0.05


class SlowDb:
    """Use as a context manager: what connects to port gets to the database at target.

    It passes all at once at first. delay(ms): each thing that the PBX sends waits as long, which is each statement, as
    a driver waits for its answer. freeze(): connections stay, new ones begin, and nothing answers. refuse():
    connections are cut, new ones refused. thaw(): as at first.
    """

    def __init__(self, port, target):
        self.port, self.target = port, target
        self.seconds = 0.0
        self.frozen, self.closed = threading.Event(), threading.Event()
        self.listener = None
        self.pairs, self.threads, self.lock = [], [], threading.Lock()

    def __enter__(self):
        self._listen()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.refuse()
        for thread in self.threads:
            thread.join()

    def delay(self, ms):
        self.seconds = ms / 1000

    def freeze(self):
        self.frozen.set()

    def refuse(self):
        listener, self.listener = self.listener, None
        if listener:
            listener.close()
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):  # it has ended by itself
                    end.shutdown(socket.SHUT_RDWR)

    def thaw(self):
        self.seconds = 0.0
        self.frozen.clear()
        if not self.listener:
            self._listen()

    def connections(self):
        """How many there are."""
        with self.lock:
            return len(self.pairs)

    def _listen(self):
        self.listener = socket.create_server((IP, self.port))
        self.listener.settimeout(LOOK)
        self._start(self._accept, self.listener)

    def _start(self, run, *arguments):
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while listener is self.listener:
            try:
                near, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:  # refuse() has closed it
                return
            near.settimeout(None)
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                far = socket.create_connection((IP, self.target))
            except OSError:  # the database itself is away
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((near, far))
            self._start(self._relay, near, far)

    def _relay(self, near, far):
        try:
            while not self.closed.is_set():
                if self.frozen.is_set():
                    # Nothing is read, but refuse() ends it all the same.
                    if (near, far) not in self.pairs:
                        return
                    time.sleep(LOOK)
                    continue
                for end in select.select([near, far], [], [], LOOK)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    if end is near:
                        time.sleep(self.seconds)
                    if self.frozen.is_set():
                        self._hold(near, far)
                    (far if end is near else near).sendall(data)
        except OSError:
            pass  # one end was cut
        finally:
            with self.lock:
                if (near, far) in self.pairs:
                    self.pairs.remove((near, far))
            near.close()
            far.close()

    def _hold(self, near, far):
        """What was read before freeze() goes on after thaw()."""
        while self.frozen.is_set() and not self.closed.is_set() and (near, far) in self.pairs:
            time.sleep(LOOK)
