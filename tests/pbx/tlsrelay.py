# SPDX-License-Identifier: GPL-2.0-only
"""TLS for a phone that has only TCP: what it sends to one port of ours goes on by TLS to the PBX."""
import os
import select
import socket
import ssl
import subprocess
import threading

IP = "127.0.0.1"


def make_certificate(directory):
    """A key and a certificate for the PBX; returns the two paths."""
    key, certificate = os.path.join(directory, "tls.key"), os.path.join(directory, "tls.crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    os.chmod(key, 0o644)
    return key, certificate


class TlsRelay:
    """Use as a context manager. The phone calls sip:EXTENSION@127.0.0.1:PORT;transport=tcp."""

    def __init__(self, port, pbx_port):
        self.port, self.pbx_port = port, pbx_port
        self.closed = threading.Event()

    def __enter__(self):
        self.listener = socket.create_server((IP, self.port))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        self.listener.close()

    def _run(self):
        while not self.closed.is_set():
            if select.select([self.listener], [], [], 0.2)[0]:
                phone, _ = self.listener.accept()
                with phone:
                    self._serve(phone)

    def _serve(self, phone):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(socket.create_connection((IP, self.pbx_port), 5)) as pbx:
            while not self.closed.is_set():
                if not pbx.pending() and not select.select([phone, pbx], [], [], 0.2)[0]:
                    continue
                if pbx.pending() or select.select([pbx], [], [], 0)[0]:
                    if not self._pass(pbx, phone, (self.pbx_port, "tls"), (self.port, "tcp")):
                        return
                if select.select([phone], [], [], 0)[0] \
                        and not self._pass(phone, pbx, (self.port, "tcp"), (self.pbx_port, "tls")):
                    return

    @staticmethod
    def _pass(source, target, old, new):
        data = source.recv(65535)
        for transport in (old[1], old[1].upper()):
            data = data.replace(f"{IP}:{old[0]};transport={transport}".encode(),
                                f"{IP}:{new[0]};transport={new[1]}".encode())
        if data:
            target.sendall(data)
        return data
