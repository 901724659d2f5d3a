#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How long other calls take to become secure while strangers send ZRTP.

bench/flood.py ROOT [RATE [CALLS]]    default 30000 datagrams a second in all, 100 calls

ROOT is a Debian root with Asterisk and the modules installed. Six calls without ZRTP get as many
datagrams a second: first ones that are no ZRTP, then Hellos, Commits and Errors that a stranger
makes, a new exchange each time. The figure is the 99th percentile of the time from INVITE to
secure of other calls, and how many times that of the first round it is. As root, in a network of
its own: make bench-flood.
"""
import contextlib
import multiprocessing
import os
import random
import socket
import struct
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "pbx"))

import forge  # noqa: E402
import wait  # noqa: E402
from lab import Lab  # noqa: E402

VICTIMS = ("dh3k", "x255", "s384", "hs32", "b256", "plain")
ROUNDS = 200


def other(hello):
    """As large as a Hello, and nothing that any version of ZRTP knows."""
    yield b"\x7f" + random.randbytes(len(hello) - 1)


def strangers(hello):
    """Exchanges that begin and are given up, each of another stranger."""
    for number in range(1, ROUNDS):
        error = forge.packet(forge.message("Error   ", struct.pack(">I", 0x20)), 3, number)
        acknowledged = forge.packet(forge.message("HelloACK"), 2, number)
        ours, commit = forge.exchange(hello, number)
        yield from (ours, acknowledged, error, ours, commit, error)


def flood(targets, packets, rate, stop):
    """Send in turn to each target, from the phone's own port, rate datagrams a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        made = [[struct.pack(">HHHH", source, target, 8 + len(p), 0) + p for p in packets]
                for source, target in targets]
        began, sent = time.monotonic(), 0
        while not stop.is_set():
            due = int((time.monotonic() - began) * rate)
            for number in range(sent, min(due, sent + 2000)):
                each = made[number % len(made)]
                raw.sendto(each[number // len(made) % len(each)], ("127.0.0.1", 0))
            sent = max(sent, min(due, sent + 2000))
            time.sleep(0.001)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(lab, calls):
    times = []
    with lab.zrtp_phone("alice") as phone:
        for _ in range(calls):
            began = time.monotonic()
            phone.call("announce", lab.sip_port)
            try:
                phone.secure(30)
                times.append(time.monotonic() - began)
            except wait.Timeout:
                times.append(30.0)
            phone.hang_up()
    return times


def main():
    root, rate, calls = (sys.argv[1:] + ["30000", "100"][len(sys.argv) - 2:])[:3]
    figures = {}
    with tempfile.TemporaryDirectory() as directory, Lab(root, directory, "pjsip") as lab, \
            contextlib.ExitStack() as stack:
        phones = [stack.enter_context(lab.plain_phone(name)) for name in VICTIMS]
        for phone in phones:
            phone.call("echo", lab.sip_port)
        hello = wait.until("a Hello of the PBX", 5, lambda: phones[0].zrtp)[0]
        time.sleep(6)
        targets = [(phone.rtp_port, phone.remote[1]) for phone in phones]
        for name, make in (("other datagrams", other), ("forged ZRTP", strangers)):
            stop = multiprocessing.Event()
            sender = multiprocessing.Process(target=flood, args=(targets, list(make(hello)), int(rate), stop))
            sender.start()
            time.sleep(1)
            times = measure(lab, int(calls))
            stop.set()
            sender.join()
            figures[name] = percentile(times, 0.99)
            print(f"{name}, {rate} a second: time to secure median {percentile(times, 0.5) * 1000:.0f} ms, "
                  f"99 % {figures[name] * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms", flush=True)
    ratio = figures["forged ZRTP"] / figures["other datagrams"]
    print(f"ratio of the 99th percentiles: {ratio:.2f}, to be at most 2")
    return 0 if ratio <= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
