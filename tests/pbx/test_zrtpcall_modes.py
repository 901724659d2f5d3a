# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall as a tool: its modes against the PBX, Linphone, and an Asterisk without our modules."""
import json
import os
import re
import stat

import capture
import keylog
import lab as laboratory
import tone
import wait
from harness import case, equal
from lab import PHONE_HZ, rtp_port
from zrtpmodes import run


def checked(uri, **options):
    """Exit status and line of `zrtpcall check`."""
    status, said, errors = run("check", uri, **options)
    equal("stderr", errors, "")
    equal(f"lines of {said!r}", said.count("\n"), 1)
    return status, said


def is_secure(what, found, text):
    """`zrtpcall check` finds it secure, with this text; it warns, and says so, if that took more than a second."""
    status, line = found
    seconds = re.search(r"secure in (\d+\.\d{3}) s", line)
    slow = bool(seconds) and float(seconds[1]) > 1
    equal(f"{what}: {line}", (status, bool(re.match(("ZRTP WARNING - slow: " if slow else "ZRTP OK - ") + text, line))), (int(slow), True))


@case("zrtpcall check: our PBX, Linphone, and an Asterisk without ZRTP get three different answers", kind="22 own")
def answers(workshop):
    with laboratory.Lab(workshop.root, workshop.directory) as lab, lab.phone("bob") as bob:
        is_secure("the PBX", checked(f"sip:silent@127.0.0.1:{lab.sip_port}"),
                  r"secure in \d\.\d{3} s with X25519.*, SHA-\d{3}, AES-256-GCM, SAS B32; zrtp-hash matched; peer \S.* \| "
                  r"time_to_secure=\d\.\d{4}s;1;3;0 setup=\d\.\d{4}s;;;0\n$")
        # Who begins chooses the cipher.
        is_secure("Linphone", checked(f"sip:bob@127.0.0.1:{bob.sip_port}"),
                  r"secure in .* with DH-3072, SHA-256, AES-(128|256) \+ HMAC-SHA1-80, SAS B32; zrtp-hash matched; peer BZRTPv1\.1 \|")
        equal("a refused call", checked(f"sip:nobody@127.0.0.1:{lab.sip_port}")[0], 3)
    with laboratory.Lab(workshop.root, workshop.directory, engine="asterisk") as plain:
        for module in ("app_enroll_zrtp", "res_pjsip_zrtp", "res_zrtp"):
            plain.pbx.cli(f"module unload {module}.so")
        equal("ZRTP modules", "0 modules loaded" in plain.pbx.cli("module show like zrtp"), True)
        status, line = checked(f"sip:silent@127.0.0.1:{plain.sip_port}")
        equal(f"plain Asterisk: {line}", (status, line.split(" | ")[0]),
              (2, "ZRTP CRITICAL - in clear: no answer to Hello, it does not speak ZRTP"))


def loaded(lab, extension, **options):
    """Exit status and summary of `zrtpcall load`."""
    status, said, errors = run("load", f"sip:{extension}@127.0.0.1:{lab.sip_port}", json=True, seconds=300, **options)
    equal("stderr", errors, "")
    return status, json.loads(said)


@case("zrtpcall load: thirty calls of one process, fifteen a second, are secure, and leave no channel")
def load(lab):
    status, summary = loaded(lab, "silent", calls=30, rate=15, hold=3)  # what is not secure by then is none
    equal(f"all secure: {summary}", (status, summary["secure"]), (0, 30))
    lab.pbx.idle()


@case("zrtpcall load: five hundred calls at once of one process are secure", kind="22 own attack")
def load_five_hundred(workshop):
    with laboratory.Lab(workshop.root, workshop.directory, rtp_ports=(28000, 29999)) as lab:
        status, summary = loaded(lab, "silent", calls=500, at_once=500, rate=20, hold=40, packets=0)
        equal(f"all secure: {summary}", (status, summary["secure"], summary["most_at_once"]), (0, 500, 500))
        wait.until("no channel is left", 10, lambda: lab.pbx.channels() == 0)


@case("zrtpcall --keylog: what was captured of a call with the PBX is heard with the file, in each direction and suite")
def keys(lab):
    for tag, cipher, suite in (("HS80", "AES1", "AES_CM_128_HMAC_SHA1_80"), ("HS32", "AES3", "AES_256_CM_HMAC_SHA1_32"),
                               ("GCM", "AES3", "AEAD_AES_256_GCM")):
        path = os.path.join(lab.directory, f"{suite}.keys")
        wire = capture.Capture(os.path.join(lab.directory, f"{suite}.pcap"))
        with wire, lab.zrtp_phone("alice", tag=tag, cipher=cipher, only_listed=True, tone=PHONE_HZ, keylog=path) as phone:
            phone.call("echo", lab.sip_port)
            phone.secure()
            for count in ("srtp_sent", "srtp_received"):
                wait.until(f"{count} is enough", 10, lambda name=count: phone.statistics()["audio"][name] > 70)
            phone.hang_up()
        equal("mode of the file", stat.S_IMODE(os.stat(path).st_mode), 0o600)
        equal("the warning", "who reads it can decrypt" in phone.errors(), True)
        logged, since = keylog.read(path), capture.secure_since(wire.datagrams) + 0.1
        ports = range(rtp_port("alice"), rtp_port("alice") + 10)
        for direction, mine in (("sent", lambda d: d.source in ports), ("received", lambda d: d.target in ports)):
            ssrc, named, master = logged[direction]
            equal("suite", named, suite)
            packets = [d.data for d in capture.media(filter(mine, wire.datagrams), "rtp", since)][:40]
            equal("SSRC", {data[8:12].hex() for data in packets}, {f"{ssrc:08x}"})
            equal("packets", len(packets) == 40, True)
            heard = tone.from_ulaw(b"".join(keylog.opened(named, master, data) for data in packets))
            part = tone.steady_share(heard, PHONE_HZ)  # a frame may be missing
            equal(f"the tone is heard, {suite} {direction}: {part:.2f}", part > 0.9, True)


# What the PBX logs of a peer that does wrong.
WARNED = r"res_zrtp/leg/"


def conformance(lab, uri, *verdicts, **options):
    """The rows that are not passed, title -> verdict, of a test in which only these verdicts may be."""
    path = os.path.join(lab.directory, "conformance.json")
    _, said, errors = run("conformance", uri, json=path, seconds=400, **options)
    equal("stderr", errors, "")
    with open(path) as file:
        rows = json.load(file)["rows"]
    equal(f"verdicts: {said}", {row["verdict"] for row in rows} <= {"passed", *verdicts}, True)
    return {row["title"]: row["verdict"] for row in rows if row["verdict"] != "passed"}


@case("zrtpcall conformance: the PBX passes what a caller can see quickly, audio and video", errors=WARNED)
def conforms(lab):
    left = conformance(lab, f"sip:echo@127.0.0.1:{lab.sip_port}", user="pictures",
                       only="R003,R029,R096,R098,R332,R354,R361,R401,R113")
    equal("rows that did not pass", left, {})


@case("zrtpcall conformance: the PBX passes every row", kind="22 attack", errors=WARNED)
def conforms_in_all(lab):
    equal("rows that did not pass", conformance(lab, f"sip:echo@127.0.0.1:{lab.sip_port}", user="pictures"), {})
