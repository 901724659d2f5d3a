# SPDX-License-Identifier: GPL-2.0-only
"""Calls whose retained secrets are kept, and what the cache says of them."""
import concurrent.futures
import contextlib
import os
import re
import secrets

import asterisk
import calls
import harness
import wait
from harness import equal
from lab import Lab

SUSPECT = re.compile(r" (ERROR|WARNING)\[.*(res_zrtp/|res_config|realtime)")
MISMATCH = "Zrtp Event dispatched : cache mismatch"

SECOND = {"sip_port": 25260, "ami_port": 25264, "rtp_ports": (29000, 29999)}


def command(lab, text):
    """The last line the console answers; before it may stand what Asterisk says of the machine."""
    return lab.pbx.cli(text).strip().splitlines()[-1]


def status(lab, field):
    """A line of `zrtp cache status`."""
    return re.search(rf"(?m)^{field} +(.*)$", lab.pbx.cli("zrtp cache status"))[1]


def all_stored(lab):
    """Wait until no change of a call waits for the store."""
    wait.until("all stored", 10, lambda: status(lab, "Waiting") == "0")


def is_up(lab):
    """Wait until the store works."""
    wait.until("the cache is up", 20, lambda: status(lab, "State") == "up")


def say_verified(lab, phone):
    """Both users have compared the SAS."""
    phone.say("zrtp-set-verified")
    peers = re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))
    equal("peers in the cache", len(peers), 1)
    equal("CLI", command(lab, f"zrtp cache set verified {peers[0]} yes"), "Verified")


def make_call(lab, phone, *, way="phone calls", extension="announce", verify=False):
    """One call of a phone that runs: (verified at the phone, at the PBX). A mismatch fails."""
    logged = len(phone.log())
    with asterisk.Events(lab.pbx) as events:
        calls.start(lab, phone, way, extension)
        stream = calls.secure(lab, phone)
        event = events.wait("ZrtpSecure", 5, Channel=stream["Channel"])
        if verify:
            say_verified(lab, phone)
        calls.talk(0.2)
        calls.end(lab, phone, way)
    said = phone.log()[logged:]
    if MISMATCH in said or event["CacheMismatch"] != "no":
        raise AssertionError(f"cache mismatch, {extension}: at the phone {MISMATCH in said}, "
                             f"at the PBX {event['CacheMismatch']}")
    equal("the store has answered", event["CacheCurrent"], "yes")
    return re.findall(r"previously verified (\w+)", said)[-1], event["Verified"]


def restart(lab):
    """Stop and start the PBX politely."""
    equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.start()


def no_complaints(lab, but=None):
    """The log has no errors or warnings of the module or of a database."""
    found = [line for line in lab.pbx.log().splitlines() if SUSPECT.search(line) and not harness.ENDPOINTS.search(line)
             and not (but and re.search(but, line))]
    if found:
        raise AssertionError(f"{len(found)} errors or warnings logged, first: {found[0]}")


@contextlib.contextmanager
def pbx(bench, general, **options):
    """A PBX with these lines in [general]; it must end cleanly."""
    lab = Lab(bench.root, bench.directory, general=general, **options)
    with lab:
        yield lab
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


KEY = secrets.token_hex(32)


def with_key(lab):
    """Put the key of the encryption where zrtp.conf says."""
    path = lab.pbx.file("lib", "zrtp.key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
        key.write(KEY + "\n")


def three_calls(lab, between, change=lambda: None):
    """The first call is verified on both sides; the others, after restarts, know it."""
    phone = lab.phone("alice")
    found = []
    for number in range(3):
        with phone:
            found.append(make_call(lab, phone, verify=number == 0))
        change()
        between(lab)
    equal("verified at phone and PBX", found, [("no", "no"), ("yes", "yes"), ("yes", "yes")])


def both(first, first_options, second, second_options):
    """Do two things at once."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(*first, **first_options), pool.submit(*second, **second_options)]:
            done.result()


@contextlib.contextmanager
def enrolled_phone(lab):
    """A phone enrolled as alice, and given a name."""
    lab.pbx.cli("module load app_enroll_zrtp.so")
    with lab.zrtp_phone("alice", enroll="accept") as phone:
        phone.call("enroll-trust", lab.sip_port)
        zid = wait.until("enrolled", 10, lambda: re.search(
            r"(?m)^([0-9a-f]{24}) \S+ +alice$", lab.pbx.cli("zrtp enrollments show")))[1]
        phone.wait_ended()
        lab.pbx.cli(f'zrtp cache set name {zid} "Alice, at home"')
        yield phone


def knows_all(lab, phone):
    """A call shows name and endpoint of an enrolled phone."""
    phone.call("echo", lab.sip_port)
    phone.secure()
    said = lab.pbx.cli(f"zrtp show channel {lab.pbx.secure('alice')['Channel']}")
    found = dict(re.findall(r"(?m)^(PeerName|Enrolled|EnrolledAs) +(\S.*)$", said))
    equal("known", found, {"PeerName": "Alice, at home", "Enrolled": "yes", "EnrolledAs": "alice"})
    phone.hang_up()
    lab.pbx.idle()


def cache_shown(lab):
    shown = lab.pbx.cli(f"zrtp show channel {lab.pbx.secure('alice')['Channel']}")
    return re.search(r"(?m)^Cache +(\S+)", shown)[1]
