# SPDX-License-Identifier: GPL-2.0-only
"""RTP as some PBXs and phones have it: numbers that begin near their end, another port than SDP says."""
import contextlib
import socket
import subprocess

import calls
import capture
import tone
import wait
from harness import case, equal
from lab import Lab, PBX_HZ, PHONE_HZ, PROXY_PORT, PROXY_RTP, sip_port
from pairs import same_sas
from proxy import IP, TO_PHONE, Proxy
from test_features import OTHER_HZ, begins_anew, media_of, record, redirect, unreadable
from test_networks import hears_more

FIRST = 65530
SPEAKS = 27960  # the port that media of an asymmetric phone comes from; the next one has its RTCP

# Asterisk draws the first sequence number of a stream from /dev/urandom, the lowest octets of a long that is not negative.
DRAWS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
ssize_t read(int fd, void *out, size_t size)
{
	ssize_t got = ((ssize_t (*)(int, void *, size_t)) dlsym(RTLD_NEXT, "read"))(fd, out, size);
	struct stat what;
	if (got == sizeof(long) && !fstat(fd, &what) && S_ISCHR(what.st_mode) && what.st_rdev == makedev(1, 9)) {
		*(long *) out = (*(long *) out & 0x7fffffffffff0000L) | %d;
	}
	return got;
}
""" % FIRST


def begin_there(bench, pbx):
    """The PBX's streams begin with that number from its next start on."""
    equal("status", pbx.stop(), 0)
    with open(pbx.file("draws.c"), "w") as text:
        text.write(DRAWS)
    subprocess.run(["chroot", bench.root, "gcc", "-shared", "-fPIC", "-o", f"{pbx.home}/draws.so", f"{pbx.home}/draws.c"], check=True)
    pbx.environment.append(f"LD_PRELOAD={pbx.home}/draws.so")
    pbx.start()


def hears_from_there(lab, phone, hears):
    """SRTP of the PBX begins there with its first packet, and the phone hears it beyond 65535."""
    with record(lab, phone.name) as wire, phone:
        phone.call("silent", lab.sip_port)
        sas = phone.secure()
        equal("SAS at the PBX", lab.pbx.secure(phone.name, 5)["SAS"], sas)
        redirect(lab, phone.name, "announce")
        hears()
        equal("state", lab.pbx.stream(phone.name)["State"], "secure")
        phone.hang_up()
        lab.pbx.idle()
    tone.heard(phone.recording, PBX_HZ)
    unreadable(wire, phone.name, PBX_HZ, always=True)
    got = media_of(wire, phone.name)[1]
    numbers = [int.from_bytes(d.data[2:4], "big") for d in capture.media(got, "rtp")]
    equal("the first number, and how often they begin anew", (numbers[0], begins_anew(got)), (FIRST, 1))


@case("the PBX's own SRTP begins at 65530 and goes through 65535: a Linphone and zrtpcall hear it", "22 own")
def own_numbers(bench):
    with Lab(bench.root, bench.directory) as lab:
        begin_there(bench, lab.pbx)
        linphone = lab.phone("alice", record=True)
        hears_from_there(lab, linphone, lambda: calls.talk(3))
        own = lab.zrtp_phone("bob", record=True)
        hears_from_there(lab, own, lambda: hears_more(own))
        equal("status", lab.pbx.stop(), 0)


class Asymmetric(Proxy):
    """A relay whose phone sends from other ports than those where it wants to be sent to."""

    def __enter__(self):
        self.speaks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for offset, sock in enumerate(self.speaks):
            sock.bind((IP, SPEAKS + offset))
        return super().__enter__()

    def __exit__(self, *reason):
        super().__exit__(*reason)
        for sock in self.speaks:
            sock.close()

    def _send(self, source, data, target):
        offset = source - self.rtp[TO_PHONE]
        if offset not in (0, 1):
            super()._send(source, data, target)
            return
        with contextlib.suppress(ConnectionRefusedError):
            self.speaks[offset].sendto(data, (IP, target))


def asymmetric(lab, caller, called=None):
    """A call of such a phone, with another one or with the PBX; return the phones."""
    with Asymmetric(sip_port(caller), lab.sip_port, PROXY_PORT, PROXY_RTP), record(lab, caller) as wire, \
            lab.zrtp_phone(caller, tone=PHONE_HZ, record=True) as first, contextlib.ExitStack() as stack:
        phones = [first]
        if called:
            phones.append(stack.enter_context(lab.zrtp_phone(called, tone=OTHER_HZ, record=True)))
            phones[1].expect_call()
        first.call(f"call-{called}" if called else "echo", PROXY_PORT)
        sas = same_sas(*phones) if called else first.secure()
        wait.until("the PBX knows", 10, lambda: {s["PhoneKeys"] for s in lab.pbx.streams()} == {"yes"} if called
                   else lab.pbx.stream(caller)["SAS"] == sas)
        for phone in phones * 2:
            hears_more(phone)
        first.hang_up()
        if called:
            phones[1].wait_ended()
        lab.pbx.idle()
    ports = {d.source for d in wire.datagrams if d.source in (SPEAKS, PROXY_RTP + 2)}
    equal("port that its packets come from", ports, {SPEAKS})
    tone.heard(first.recording, OTHER_HZ if called else PHONE_HZ)
    if called:
        tone.heard(phones[1].recording, PHONE_HZ, OTHER_HZ)


@case("asymmetric RTP: a phone with ZRTP sends from another port than its SDP says; passed through, both are secure and heard")
def asymmetric_through(lab):
    asymmetric(lab, "through", "through2")


@case("asymmetric RTP: a phone with ZRTP sends from another port than its SDP says; the PBX as the ZRTP endpoint")
def asymmetric_end(lab):
    asymmetric(lab, "alice")


@case("asymmetric RTP: a phone with ZRTP sends from another port than its SDP says; with mode = auto", kind="22 attack")
def asymmetric_auto(lab):
    asymmetric(lab, "auto", "auto2")
