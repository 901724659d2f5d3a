# SPDX-License-Identifier: GPL-2.0-only
"""Two Asterisks of one root on loopback: the far one calls, the near one answers with Echo() and is measured.

An endpoint of each has the name of the kind of its legs, so that a call from endpoint sdes of the far one comes to
endpoint sdes of the near one; of each kind there are more, see endpoint(). For the kind stock the near one has none of our
modules. It has no manager interface and logs no more than notices.
"""
import contextlib
import os
import re
import time

import asterisk
import wait

IP, NEAR_SIP, FAR_SIP, FAR_AMI = asterisk.IP, 25060, 25062, 25064
NEAR_RTP, FAR_RTP = (10000, 19999), (20002, 24999)

# kind: what it is called in tables, lines of pjsip.conf, policy of zrtp.conf. The last is the default.
KINDS = {
    "plain": ("RTP", "", None),
    "sdes": ("SDES, AES_CM_128_HMAC_SHA1_80", "media_encryption = sdes\n", None),
    "stock": ("SDES, Asterisk without these modules", "media_encryption = sdes\n", None),
    "x255": ("ZRTP, X25519, AES-256-GCM", "rtp_engine = zrtp/x255\n", "key_agreement = X255\n"),
    "hs80": ("ZRTP, X25519, AES-128 + HMAC-SHA1-80", "rtp_engine = zrtp/hs80\n",
             "key_agreement = X255\ncipher = AES1\nauth_tag = HS80\nonly_listed = yes\n"),
    "x1m1": ("ZRTP, X25519 + ML-KEM-512, AES-256-GCM", "rtp_engine = zrtp\n", None),
}
STOCK = "stock"         # what an operator has before
# What `zrtp show streams` has of a stream of each kind that speaks ZRTP: key agreement, cipher, tag.
SUITES = {"x255": ("X255", "AES3", "GCM"), "hs80": ("X255", "AES1", "HS80"), "x1m1": ("X1M1", "AES3", "GCM")}

TRANSPORT = """\
[global]
type = global
endpoint_identifier_order = username
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}
"""
ENDPOINT = """\
[{kind}]
type = endpoint
transport = udp
context = calls
disallow = all
allow = ulaw
direct_media = no
from_user = {kind}
use_ptime = yes
aors = {kind}
{more}
[{kind}]
type = aor
contact = sip:echo@127.0.0.1:{peer}
"""
EXTENSIONS = """\
[calls]
exten => echo,1,Answer()
 same => n,Echo()
exten => quiet,1,Answer()
 same => n,Wait(7200)
exten => tone,1,Milliwatt()
exten => brief,1,Set(TIMEOUT(absolute)=${HOLD})
 same => n,Goto(${MEDIA},1)
"""
MANAGER = """\
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
timestampevents = yes
[tester]
secret = tester
read = all
write = all
writetimeout = 10000
eventfilter = Event: Newstate
eventfilter = Event: Hangup
eventfilter = Event: Zrtp
eventfilter = Event: OriginateResponse
"""
RTP = "[general]\nrtpstart = {}\nrtpend = {}\n"
LOGGER = "[general]\ndateformat = %F %T.%3q\n[logfiles]\nfull => notice,warning,error\n"
MODULES = ("app_milliwatt",)
# As an operator runs it: malloc() without the settings that the tests have for repeatable memory.
ENVIRONMENT = ["-u", "MALLOC_ARENA_MAX", "-u", "GLIBC_TUNABLES"]
FILES = 65536
PHONES = 20     # endpoints of each kind beside the one that has its name


class Pbx(asterisk.Asterisk):
    """An Asterisk that has our part of the processor from its start."""

    path = None

    def __init__(self, *words, **more):
        try:
            super().__init__(*words, **more)
        except BaseException:
            if self.path:  # who ends the program early may do so here
                self.remove()
            raise

    def _booted(self):
        inherit_priority(self.process.pid)
        return super()._booted()


def endpoint(kind, number):
    """One of the endpoints of a kind: what Asterisk does for a call of an endpoint that has many others costs more with each."""
    return f"{kind}-{number % PHONES}"


def make(root, port, peer, rtp_ports, ami_port=None, zrtp=""):
    """An Asterisk with the endpoints of all kinds.

    zrtp: more lines of [general] in zrtp.conf.
    """
    sections = "".join(f"[{kind}]\n{policy}" for kind, (_, _, policy) in KINDS.items() if policy)
    endpoints = "".join(ENDPOINT.format(kind=name, peer=peer, more=more) for kind, (_, more, _) in KINDS.items()
                        for name in (kind, *(endpoint(kind, number) for number in range(PHONES))))
    pbx = Pbx(root, {
        "pjsip.conf": TRANSPORT.format(port=port) + endpoints, "extensions.conf": EXTENSIONS,
        "zrtp.conf": f"[general]\n{zrtp}\n{sections}", "logger.conf": LOGGER, "rtp.conf": RTP.format(*rtp_ports),
        "manager.conf": MANAGER.format(port=ami_port) if ami_port else "",
    }, ami_port, modules=MODULES, options=f"maxfiles = {FILES}\n")
    with open(pbx.file("etc", "asterisk.conf")) as conf:
        text = conf.read()
    pbx.write("asterisk.conf", text.replace("verbose = 3\n", "verbose = 0\n"))
    pbx.environment = ENVIRONMENT + pbx.environment
    return pbx


def near(root, kind=None, rtp_ports=NEAR_RTP, **more):
    pbx = make(root, NEAR_SIP, FAR_SIP, rtp_ports, **more)
    if kind == STOCK:
        with open(pbx.file("etc", "modules.conf")) as conf:
            rows = [row for row in conf if not any(name in row for name in asterisk.OURS)]
        pbx.write("modules.conf", "".join(rows))
    return pbx


def far(root, **more):
    return make(root, FAR_SIP, NEAR_SIP, FAR_RTP, ami_port=FAR_AMI, **more)


def inherit_priority(pid):
    """Linux divides processor time between sessions first, where a nice value counts only inside of one: pass on ours.

    Who belongs to no session (begun by an init that has made none) has no share to be changed, and on a Linux that does not
    divide so there is none.
    """
    with contextlib.suppress(OSError), open(f"/proc/{pid}/autogroup", "w") as group:
        group.write(str(os.nice(0)))


def alive(pbx):
    """The number of its process. One that has ended says so itself: Linux says no more than "invalid argument"."""
    if not pbx.running():
        raise AssertionError("Asterisk ended while it was measured: " + pbx.console_tail())
    return pbx.process.pid


def cpu(pbx):
    """Seconds of processor time so far, user and system, of all its threads, also those that have ended."""
    return time.clock_gettime((~alive(pbx) << 3) | 2)


def memory(pbx):
    """KiB of its own memory that is in use: what it shares with other processes does not count."""
    with open(f"/proc/{alive(pbx)}/smaps_rollup") as rollup:
        text = rollup.read()
    return sum(int(number) for number in re.findall(r"(?m)^Private_\w+:\s+(\d+)", text))


def descriptors(pbx):
    return len(pbx.open_files())


def threads(pbx):
    with open(f"/proc/{alive(pbx)}/status") as status:
        return int(re.search(r"Threads:\s+(\d+)", status.read())[1])


def datagrams():
    """UDP datagrams of this network so far: received, and lost for want of room in a socket."""
    with open("/proc/net/snmp") as snmp:
        names, numbers = [row.split() for row in snmp if row.startswith("Udp:")]
    found = dict(zip(names, numbers))
    return int(found["InDatagrams"]), int(found["RcvbufErrors"])


def check_suites(pbx, kind, calls):
    """All calls are there, and each is encrypted as its kind says."""
    found = wait.until(f"{calls} channels", 10, lambda: pbx.channels() == calls)
    if kind not in SUITES:
        return found
    rows = pbx.streams()
    wrong = [row for row in rows if row["State"] != "secure" or (row["Kex"], row["Cipher"], row["Tag"]) != SUITES[kind]]
    if wrong or len(rows) != calls:
        raise AssertionError(f"{kind}: {len(rows)} streams of {calls} calls, not as they should be: {wrong[:2]}")
    return found
