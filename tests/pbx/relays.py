# SPDX-License-Identifier: GPL-2.0-only
"""Phones that are enrolled, the SAS that each shows, and what the PBX says of their legs."""
import contextlib
import re

import asterisk
import wait
from harness import equal

ENROLLMENT = "app_enroll_zrtp.so"


@contextlib.contextmanager
def enrollment(lab):
    """The application loaded; no phone is enrolled before and after."""
    lab.pbx.cli(f"module load {ENROLLMENT}")
    try:
        with asterisk.Events(lab.pbx) as events:
            yield events
    finally:
        lab.pbx.cli("channel request hangup all")
        lab.pbx.idle()
        for zid in re.findall(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp enrollments show")):
            lab.pbx.cli(f"zrtp enrollment revoke {zid}")
        lab.pbx.cli(f"module unload {ENROLLMENT}")


def enroll(lab, phone):
    """Let a phone trust the PBX, and the PBX know it."""
    phone.call("enroll-trust", lab.sip_port)
    phone.secure()
    phone.wait("enrolled", 10, enrolled=True)
    wait.until(f"{phone.name} enrolled at the PBX", 5,
               lambda: re.search(rf"(?m)^[0-9a-f]{{24}} no +{phone.name}$", lab.pbx.cli("zrtp enrollments show")))
    phone.wait_ended()
    lab.pbx.idle()


def status(lab, name):
    """`zrtp show channel` of endpoint NAME's latest call."""
    stream = lab.pbx.stream(name)
    text = lab.pbx.cli(f"zrtp show channel {stream['Channel']}") if stream else ""
    return dict(re.findall(r"(?m)^(\w+) +(\S.*)$", text))


def reaches(lab, name, seconds=8, **expected):
    """Wait until the table of endpoint NAME's leg has these values; return it."""
    def probe():
        found = status(lab, name)
        return found if all(found.get(item) == value for item, value in expected.items()) else None
    try:
        return wait.until(f"{name}: {expected}", seconds, probe)
    except wait.Timeout as timeout:
        raise AssertionError(f"{timeout}; it has {status(lab, name)}") from None


def call(lab, caller, called, extension=None):
    """caller calls called through the PBX; both are secure."""
    called.expect_call()
    caller.call(extension or f"call-{called.name}", lab.sip_port)
    for phone in (caller, called):
        phone.secure()


def same_sas(lab, enrolled, other, seconds=8):
    """The enrolled phone shows what the other one shows, and the PBX says so; return it."""
    sas = other.shown()
    wait.until(f"{enrolled.name} shows the SAS {sas} of {other.name}", seconds, lambda: enrolled.shown() == sas)
    equal("relayed", enrolled.all("sas")[-1]["relayed"], True)
    equal("relayed to the other one", other.all("sas")[-1]["relayed"], False)
    for phone, relayed in ((enrolled, "yes"), (other, "no")):
        reaches(lab, phone.name, ShownSAS=sas, Relayed=relayed, RelayStatus="acknowledged", Partner="leg",
                State="secure")
    return sas


def own_sas(lab, phone, seconds=8, **expected):
    """The phone shows the SAS of its own leg."""
    own = status(lab, phone.name)["SAS"]
    wait.until(f"{phone.name} shows its own SAS {own}", seconds, lambda: phone.shown() == own)
    equal("relayed", phone.all("sas")[-1]["relayed"], False)
    reaches(lab, phone.name, State="secure", **expected)


def flows_audio(phone):
    wait.grows(f"{phone.name} receives SRTP", lambda: phone.statistics()["audio"]["srtp_received"], 10)


def flows(phone, least=8):
    """SRTP of both media arrives at a phone, and nothing in clear."""
    before = phone.statistics()
    for medium in ("audio", "video"):
        wait.grows(f"{phone.name} receives {medium}", lambda m=medium: phone.statistics()[m]["srtp_received"], least)
    after = phone.statistics()
    for medium in ("audio", "video"):
        equal(f"{medium} in clear", after[medium]["clear_received"] - before[medium]["clear_received"], 0)
