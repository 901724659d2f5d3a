# SPDX-License-Identifier: GPL-2.0-only
"""Who records or listens: each way that Asterisk has, and what is not known."""
import base64
import contextlib
import json
import os
import socket
import threading
import time
import urllib.parse
import urllib.request

import asterisk
import calls
import lab as laboratory
import wait
from harness import case, equal
from pairs import pair_of, passed_through, same_sas
from relays import call, reaches

IP = "127.0.0.1"
HTTP_PORT, OUTSIDE_PORT = 25059, 27950
VOICEMAIL = "[general]\nformat = wav\n[default]\n1 => 1,Somebody\n"
ARI_FILES = {"http.conf": f"[general]\nenabled = yes\nbindaddr = {IP}\nbindport = {HTTP_PORT}\n",
             "ari.conf": "[general]\nenabled = yes\n[tester]\ntype = user\npassword = tester\n"}
ARI_MODULES = ["res_ari*", "res_stasis*", "app_stasis", "res_http_websocket", "res_websocket_client", "res_rtp_multicast", "chan_rtp"]


@contextlib.contextmanager
def modules(lab, *names):
    """Modules loaded for a while."""
    for name in names:
        lab.pbx.cli(f"module load {name}.so")
    try:
        yield
    finally:
        lab.pbx.cli("channel request hangup all")
        lab.pbx.idle()
        for name in reversed(names):
            lab.pbx.cli(f"module unload {name}.so")


@contextlib.contextmanager
def collector():
    """A server that takes what comes by TCP."""
    with socket.create_server((IP, OUTSIDE_PORT)) as server:
        def run():
            try:
                connection, _ = server.accept()
                with connection:
                    while connection.recv(4096):
                        pass
            except OSError:
                pass
        threading.Thread(target=run, daemon=True).start()
        yield


def only(lab, phone, extension, recorded):
    """A call of one phone to an extension."""
    phone.call(extension, lab.sip_port)
    phone.secure()
    reaches(lab, phone.name, Recorded=recorded)
    phone.hang_up()
    lab.pbx.idle()


@case("who listens: Record(), VoiceMail(), AudioSocket() and a channel that sends the audio away are reported; volume is not",
      kind="22 attack")
def applications(lab):
    lab.pbx.write("voicemail.conf", VOICEMAIL)
    with modules(lab, "app_voicemail", "res_audiosocket", "app_audiosocket", "res_rtp_multicast", "chan_rtp",
                 "func_volume"), \
            collector(), asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice") as alice:
        for extension, recorded in (("takes", "yes"), ("mailbox", "yes"), ("socket", "yes"), ("outside", "yes"),
                                    ("louder", "no"), ("silent", "no")):
            before = len(events.all("ZrtpListening"))
            only(lab, alice, extension, recorded)
            if recorded == "yes":
                wait.until(f"{extension}: an event", 5, lambda n=before: len(events.all("ZrtpListening")) > n)
            told = events.all("ZrtpListening")[before:]
            equal(f"{extension}: events", [e["Recorded"] for e in told][:1], ["yes"] if recorded == "yes" else [])


@case("who listens: what is on no list is unknown, and goes when it does")
def unknown(lab):
    with modules(lab, "func_frame_trace"), lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        call(lab, alice, bob, "traced-bob")
        for name in ("alice", "bob"):
            reaches(lab, name, Recorded="unknown")
        alice.hang_up()


@case("who listens: a recording behind Local channels is reported for the phones at both sides, until it ends")
def behind_local(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        call(lab, alice, bob, "beside-bob")
        for name in ("alice", "bob"):
            reaches(lab, name, Recorded="no")
        channels = lab.pbx.cli("core show channels concise").splitlines()
        for name in sorted(line.split("!")[0] for line in channels if line.startswith("Local/")):
            lab.pbx.cli(f"mixmonitor start {name} {lab.pbx.home}/sounds/behind.wav")
            for phone in ("alice", "bob"):
                events.wait("ZrtpListening", 5, Recorded="yes")
                reaches(lab, phone, Recorded="yes")
            lab.pbx.cli(f"mixmonitor stop {name}")
            for phone in ("alice", "bob"):
                reaches(lab, phone, Recorded="no")
        alice.hang_up()


@case("who listens: two ChanSpy on one leg, one ends: the other is still reported")
def two_spies(lab):
    with lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob, lab.zrtp_phone("carol") as carol, \
            lab.zrtp_phone("dave") as dave:
        call(lab, alice, bob)
        for spy in (carol, dave):
            spy.call("spy", lab.sip_port)
            spy.secure()
        reaches(lab, "alice", Recorded="yes")
        carol.hang_up()
        time.sleep(2.5)
        reaches(lab, "alice", Recorded="yes")
        dave.hang_up()
        reaches(lab, "alice", Recorded="no")
        alice.hang_up()


@case("who listens: ChanSpy in mode = auto, after the phones got keys with the PBX", kind="22 attack")
def spied_auto(lab):
    with asterisk.Events(lab.pbx) as events, pair_of(lab, "auto", "auto2") as (first, second), \
            lab.zrtp_phone("carol") as carol:
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        first.expect_call()
        second.expect_call()
        carol.call("spy-auto", lab.sip_port)
        calls.secure(lab, first)
        calls.secure(lab, second)
        for name in ("auto", "auto2"):
            reaches(lab, name, Recorded="yes")
        carol.hang_up()
        for name in ("auto", "auto2"):
            reaches(lab, name, Recorded="no")
        wait.until("both are told that it ended", 5, lambda: {asterisk.endpoint_of(e["Channel"]) for e in events.all(
            "ZrtpListening", Recorded="no")} == {"auto", "auto2"})
        first.hang_up()


class Ari:
    """The REST interface, with an application that is there. Use as a context manager."""

    def __init__(self, name="lab"):
        self.name = name

    def __enter__(self):
        self.socket = socket.create_connection((IP, HTTP_PORT), 5)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /ari/events?app={self.name}&api_key=tester:tester HTTP/1.1\r\nHost: {IP}\r\n"
                             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ari\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        answer = self.socket.recv(4096)
        equal(f"WebSocket: {answer[:80]}", b" 101 " in answer, True)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, method, path, **parameters):
        query = urllib.parse.urlencode({**parameters, "api_key": "tester:tester"})
        request = urllib.request.Request(f"http://{IP}:{HTTP_PORT}/ari/{path}?{query}", method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@case("who listens: ARI snoop, a recorded bridge and external media are reported; an application that may record is unknown",
      kind="22 own attack")
def ari(workshop):
    with laboratory.Lab(workshop.root, workshop.directory, files=ARI_FILES, modules=ARI_MODULES) as lab, Ari() as ari, \
            lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        call(lab, alice, bob)
        channel = next(c for c in ari.ask("GET", "channels") if "/alice-" in c["name"])["id"]
        spies = [ari.ask("POST", f"channels/{channel}/snoop", app="lab", spy="both")["id"] for _ in range(2)]
        for name in ("alice", "bob"):
            reaches(lab, name, Recorded="yes")
        ari.ask("DELETE", f"channels/{spies[0]}")
        time.sleep(2.5)
        reaches(lab, "bob", Recorded="yes")
        ari.ask("DELETE", f"channels/{spies[1]}")
        reaches(lab, "bob", Recorded="no")
        alice.hang_up()
        lab.pbx.idle()

        alice.call("stasis", lab.sip_port)
        alice.secure()
        reaches(lab, "alice", Recorded="unknown")
        channel = next(c for c in ari.ask("GET", "channels") if "/alice-" in c["name"])["id"]
        bridge = ari.ask("POST", "bridges", type="mixing")["id"]
        ari.ask("POST", f"bridges/{bridge}/addChannel", channel=channel)
        reaches(lab, "alice", Recorded="no")
        external = ari.ask("POST", "channels/externalMedia", app="lab", external_host=f"{IP}:{OUTSIDE_PORT}",
                           format="ulaw")["id"]
        wait.until("external media in the application", 5, lambda: any(
            c["id"] == external and c["state"] == "Up" for c in ari.ask("GET", "channels")))
        ari.ask("POST", f"bridges/{bridge}/addChannel", channel=external)
        reaches(lab, "alice", Recorded="yes")
        ari.ask("POST", f"bridges/{bridge}/removeChannel", channel=external)
        reaches(lab, "alice", Recorded="no")
        recording = ari.ask("POST", f"bridges/{bridge}/record", name="lab", format="wav")["name"]
        reaches(lab, "alice", Recorded="yes")
        ari.ask("POST", f"recordings/live/{recording}/stop")
        reaches(lab, "alice", Recorded="no")
        alice.hang_up()


@case("who listens: ChanSpy on one leg is reported for both, until it ends")
def spied(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("bob") as bob, lab.zrtp_phone("carol") as carol:
        call(lab, alice, bob)
        carol.call("spy", lab.sip_port)
        carol.secure()
        for name in ("alice", "bob"):
            reaches(lab, name, Recorded="yes")
        carol.hang_up()
        for name in ("alice", "bob"):
            reaches(lab, name, Recorded="no")
        wait.until("an event of each", 5, lambda: len(events.all("ZrtpListening")) >= 4)
        equal("events", sorted((asterisk.endpoint_of(e["Channel"]), e["Recorded"])
                               for e in events.all("ZrtpListening")),
              [("alice", "no"), ("alice", "yes"), ("bob", "no"), ("bob", "yes")])
        alice.hang_up()
