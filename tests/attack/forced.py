# SPDX-License-Identifier: GPL-2.0-only
"""The worst of operator's mistakes, at the end of a run: a module torn out by force under a secure call."""
import tempfile
import time

import judge
import wait
from field import Field
from wire import Tap
from zrtpphone import ZrtpPhone

MODULES = ("res_srtp.so", "res_pjsip_zrtp.so", "res_rtp_asterisk.so", "app_enroll_zrtp.so", "res_zrtp.so")
WATCHED = 3  # seconds


def tear_out(root, directory, wire, module):
    """Tear it out; yield what was wrong."""
    with Field(root, tempfile.mkdtemp(prefix="forced-", dir=directory), 1) as field:
        name = "stricta0"
        rtp_port = field.rtp_port(name)
        tap = Tap(wire, range(rtp_port, rtp_port + 10), lambda datagram: None)
        try:
            with ZrtpPhone(field.directory, name, field.sip_port(name), (rtp_port, rtp_port + 8), tone=440) as phone:
                phone.call("record", 25060)
                phone.secure()
                time.sleep(0.5)
                field.pbx.cli(f"module unload -f {module}")
                time.sleep(WATCHED)
                phone.say("hangup")
                time.sleep(0.5)
        finally:
            tap.close()
        for text in judge.clear_media(tap, 0.0, (), range(rtp_port, rtp_port + 10)):
            yield text
        status = field.pbx.stop() if field.pbx.running() else field.pbx.process.poll()
        if status:
            yield f"Asterisk ended with status {status}: {field.pbx.console_tail()}"
        else:
            field.pbx.remove()


def everything(root, directory, wire):
    """Tear out each module, in a PBX of its own; return the findings."""
    findings = []
    for module in MODULES:
        try:
            found = list(tear_out(root, directory, wire, module))
        except wait.Timeout as late:
            found = [str(late)]
        print(f"{'FAIL' if found else 'ok  '} unload -f {module} under a secure call", flush=True)
        findings += [f"unload -f {module}: {text}" for text in found]
    return findings
