# SPDX-License-Identifier: GPL-2.0-only
"""What packets cost the PBX that any host can send: octets in reply, processor time, memory."""
import os
import random
import struct
import time

import capture
import forge
import lab as laboratory
import wait
from harness import case
from stranger import Stranger

COUNT, PER_SECOND = 120, 200
REPLY = 3               # octets in reply for one sent, on average
PROCESSOR_MS = 2.0      # of a packet, on average: a key agreement takes about one
MEMORY_KIB = 1024       # of all packets of a call together
SSRC = 0x12345678


def kinds(hello, seed):
    """name: a function that gives one packet, or several, after the other."""
    dice = random.Random(seed)

    def exchange(kex):
        stranger = Stranger(dice, SSRC, kex=kex)
        return [stranger.hello(), stranger.commit(hello), stranger.dhpart2()]

    def plain(kind, body=b""):
        return lambda: [forge.packet(forge.message(kind, body), dice.randrange(1 << 16), SSRC)]

    def rtp(payload, size):
        return lambda: [struct.pack(">BBHII", 0x80, payload, dice.randrange(1 << 16), dice.getrandbits(32), SSRC)
                        + dice.randbytes(size)]
    return {
        "ZRTP, wrong CRC": lambda: [Stranger(dice, SSRC).hello()[:-1] + b"?"],
        "Hello, the same": plain("Hello   ", b"1.10" + bytes(108)),
        "Hello, another each time": lambda: [Stranger(dice, SSRC).hello()],
        "Hello, Commit, DHPart2 (X255)": lambda: exchange(b"X255"),
        "Hello, Commit, DHPart2 (DH3k)": lambda: exchange(b"DH3k"),
        "Commit, Multistream": lambda: [Stranger(dice, SSRC).multistream()],
        "Confirm1": plain("Confirm1", dice.randbytes(64)),
        "Error": plain("Error   ", struct.pack(">I", 0x70)),
        "GoClear": plain("GoClear ", dice.randbytes(8)),
        "SASrelay": plain("SASrelay", dice.randbytes(28)),
        "Ping": plain("Ping    ", b"1.10" + dice.randbytes(8)),
        "RTP": rtp(0, 160),
        "DTMF": rtp(101, 4),
        "RTCP on the RTP port": lambda: [struct.pack(">BBHI", 0x80, 201, 1, SSRC)],
    }


def processor(pbx):
    """Milliseconds of processor time so far."""
    with open(f"/proc/{pbx.process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Counts what comes to a phone's port that is ZRTP. send(octets) reaches the PBX from there."""

    def __init__(self, lab, wire, port, send):
        self.lab, self.wire, self.port, self.send = lab, wire, port, send

    def replies(self, since):
        return sum(len(d.data) for d in capture.read(self.wire.path)
                   if d.target == self.port and d.time > since and capture.kind(d.data) == "zrtp")

    def measure(self, make):
        """Send; return packets and octets sent, octets in reply, milliseconds of processor time."""
        sent = octets = 0
        began, before = time.time(), processor(self.lab.pbx)
        while sent < COUNT:
            for packet in make() if make else [b""]:
                if make:
                    self.send(packet)
                    octets += len(packet)
                sent += 1
                time.sleep(1 / PER_SECOND)
        time.sleep(0.3)
        return sent, octets, self.replies(began), processor(self.lab.pbx) - before


class Table:
    """The rows of one state."""

    def __init__(self, state):
        self.state, self.faults = state, []

    def row(self, meter, name, make, quiet):
        """Measure one kind of packet. quiet: what measure() said without packets."""
        sent, octets, replies, ms = meter.measure(make)
        replies, ms = max(0, replies - quiet[2]) / octets, max(0, ms - quiet[3]) / sent
        print(f"     {self.state:10} {name:32} {octets / sent:5.0f} octets, {replies:5.2f} times as many in reply, "
              f"{ms:5.2f} ms", flush=True)
        if replies > REPLY or ms > PROCESSOR_MS:
            self.faults.append(f"{self.state}, {name}: {replies:.1f} times the octets in reply, {ms:.1f} ms a packet")

    def rows(self, meter, hello):
        """All kinds in the same call, and the memory they leave taken."""
        quiet, memory = meter.measure(None), meter.lab.pbx.rss()
        for name, make in kinds(hello, self.state).items():
            self.row(meter, name, make, quiet)
        grown = meter.lab.pbx.rss() - memory
        print(f"     {self.state:10} memory {grown:+} KiB", flush=True)
        if grown > MEMORY_KIB:
            self.faults.append(f"{self.state}: memory {grown:+} KiB")


def discovery(lab, wire):
    """A call for each kind: this state does not last."""
    table, quiet = Table("discovery"), None
    for name in ("", *kinds(b"", "")):
        with lab.plain_phone(hz=440) as phone:
            phone.call("record", lab.sip_port)
            hello = wait.until("a Hello of the PBX", 2, lambda p=phone: p.zrtp)[0]
            meter = Meter(lab, wire, laboratory.rtp_port("plain"), phone.send)
            if name:
                table.row(meter, name, kinds(hello, name)[name], quiet)
            else:
                quiet = meter.measure(None)
    return table.faults


def clear(lab, wire):
    table = Table("clear")
    with lab.plain_phone(hz=440) as phone:
        phone.call("record", lab.sip_port)
        hello = wait.until("a Hello of the PBX", 2, lambda: phone.zrtp)[0]
        wait.until("the PBX gives up", 30, lambda: lab.pbx.stream("plain")["State"] == "no-zrtp")
        table.rows(Meter(lab, wire, laboratory.rtp_port("plain"), phone.send), hello)
    return table.faults


def secure(lab, wire):
    table = Table("secure")
    with lab.zrtp_phone("alice", tone=440) as phone:
        phone.call("record", lab.sip_port)
        phone.secure()
        sas = lab.pbx.secure("alice")["SAS"]
        time.sleep(0.5)
        ours = next(d for d in capture.read(wire.path) if capture.kind(d.data) == "zrtp" and d.source >= 28000
                    and d.target < laboratory.rtp_port("alice") + 10 and capture.message_type(d.data) == "Hello")
        table.rows(Meter(lab, wire, ours.target, lambda octets: forge.send_as(ours.target, ours.source, octets)),
                   ours.data)
        if lab.pbx.secure("alice")["SAS"] != sas:
            table.faults.append("the SAS is another one")
        phone.hang_up()
    return table.faults


@case("cost: what any host's packets draw in octets, processor time and memory, in each state of a stream",
      kind="22 attack", errors=r" WARNING\[|SSL traffic")
def cost(lab):
    faults = []
    for state in (discovery, clear, secure):
        with capture.Capture(os.path.join(lab.directory, "cost.pcap")) as wire:
            faults += state(lab, wire)
    if faults:
        raise AssertionError("; ".join(faults))
