# SPDX-License-Identifier: GPL-2.0-only
"""What the people of a call, and the operator of the PBX, do while it is attacked."""
import threading
import time

import lab
import wait
from field import POLICIES, SIP_PORT
from sdp import Forger

RELOADS = {"reload zrtp": "module reload res_zrtp.so", "reload pjsip": "module reload res_pjsip.so",
           "reload rtp": "module reload res_rtp_asterisk.so"}
UNLOADS = {"unload, refused": "res_zrtp.so", "unload zrtp-hash, refused": "res_pjsip_zrtp.so"}
_conf = threading.Lock()


def do(call, act, argument):
    if act == "hold":
        _hold(call)
    elif act in RELOADS:
        call.field.pbx.cli(RELOADS[act])
    elif act == "reload a broken zrtp.conf":
        _broken(call)
    elif act in UNLOADS:
        _unload(call, UNLOADS[act])
    elif act == "signalling":
        _signalling(call, argument)
    elif act == "show":
        for command in ("zrtp show streams", "zrtp show policies", "zrtp show statistics"):
            call.field.pbx.cli(command)


def _hold(call):
    """The caller holds for a while; linphonec has no way to be asked for it here."""
    party = call.caller
    if party.kind == "linphone" or party.ended():
        return
    wait.until(f"{party.name}: answered", 12, lambda: party.phone.all("up") or party.ended())
    for command, phase in (("hold", "held"), ("resume", "settled")):
        _modify(party, command)
        for leg in party.legs:
            leg.phase = phase
        time.sleep(0.8)


def _modify(party, command):
    """A re-INVITE of the phone; it is told to try again when another one is on its way (RFC 3261, 14.1)."""
    for attempt in range(3):
        seen, failed = len(party.phone.all("modified")), len(party.phone.all("error"))
        party.phone.say(command)
        wait.until(f"{party.name}: {command}", 8, lambda: party.ended() or len(party.phone.all("modified")) > seen
                   or len(party.phone.all("error")) > failed)
        if party.ended() or len(party.phone.all("modified")) > seen:
            return
        time.sleep(2.1 + attempt)
    raise wait.Timeout(f"{party.name}: {command}: refused three times")


def _broken(call):
    """An operator's mistake, and its repair."""
    pbx = call.field.pbx
    with _conf:
        try:
            pbx.write("zrtp.conf", lab.zrtp_conf({**POLICIES, "strict": "requier = yes\n"}))
            pbx.cli("module reload res_zrtp.so")
        finally:
            pbx.write("zrtp.conf", lab.zrtp_conf(POLICIES))
            pbx.cli("module reload res_zrtp.so")


def _unload(call, module):
    """Only while this call has a leg: else it would not be refused."""
    if call.result.outcome == "secure" and not any(party.ended() for party in call.parties):
        call.field.pbx.cli(f"module unload {module}")
        if module not in call.field.pbx.cli(f"module show like {module}"):
            call.result.findings.append(f"{module} was unloaded in a call")
            call.field.pbx.cli(f"module load {module}")


def _signalling(call, change):
    """A re-INVITE that the phone knows nothing of."""
    leg = call.caller.legs[0]
    call.signalled = True
    forger = Forger(call.wire, leg, SIP_PORT, call.strangers[0])
    if forger.reinvite(change):
        time.sleep(0.4)
        forger.acknowledge()
        time.sleep(1.5)
