# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of baresip's calls with our module: holds, restarts of either side, zrtp-require on both sides, video, TLS."""
import os
import shutil
import time

import calls
import test_modern
import tlsrelay
import wait
from harness import case, equal
from lab import sip_port
from test_baresip import BACK, sas_of


def goes_on(ours, packets=50):
    """More media comes to zrtpcall, and all of it is SRTP."""
    before = ours.statistics()["audio"]
    wait.until("SRTP goes on", 5, lambda: ours.statistics()["audio"]["srtp_received"] > before["srtp_received"] + packets)
    equal("in clear", ours.statistics()["audio"]["clear_received"], before["clear_received"])


@case("baresip: held by one side, by both, and resumed in the same order, a call has its keys, and speech goes on")
def both_hold(lab):
    with lab.baresip("alice", player=BACK) as phone, lab.zrtp_phone("bob", tone=660) as ours:
        ours.call("alice", phone.sip_port)
        sas = ours.secure()
        equal("SAS", phone.secure(), sas)
        goes_on(ours)
        for mine, his in (("/hold", "hold"), ("/resume", "resume")):
            phone.say(mine)
            phone.sees("got SDP answer")
            modified = len(ours.all("modified"))
            ours.say(his)
            wait.until(f"{his} is answered", 5, lambda n=modified: len(ours.all("modified")) > n)
            time.sleep(0.5)
        equal("SAS", (phone.sas(), ours.shown()), (sas, sas))
        goes_on(ours)
        ours.hang_up()
        phone.wait_ended()


@case("baresip: itself or the other phone killed in a call, and started again: the next call knows the secret of before")
def killed(lab):
    cache = os.path.join(lab.directory, "other.sqlite")
    with lab.baresip("alice") as phone, lab.zrtp_phone("bob", cache=cache) as ours:
        for restarted in ("none", "it", "the other"):
            ours.expect_call()
            phone.call("bob", sip_port("bob"))
            equal("SAS", phone.secure(), ours.secure())
            if restarted != "none":
                phone.reaches("It has called before, and is the same one")
                equal("alarms", ours.all("alarm"), [])
            calls.talk(0.5)
            if restarted == "none":  # the next call is that of who was killed in this one
                phone.kill()
                ours.hang_up()
                phone.start()
            elif restarted == "it":
                ours.process.kill()
                ours.process.wait()
                ours.start()
                phone.hang_up()
            else:
                phone.hang_up()


@case("baresip: zrtp-require on both sides makes a call with keys; with a phone without ZRTP there is none, and not a packet in clear")
def required(lab):
    with lab.baresip("alice", mediaenc="zrtp-require") as phone, lab.baresip("bob", mediaenc="zrtp-require") as other, \
            lab.baresip("strict", mediaenc="zrtp-require") as third, lab.plain_phone("plain", 440) as plain:
        other.expect_call()
        phone.call("bob", other.sip_port)
        equal("SAS", phone.secure(), other.secure())
        phone.hang_up()
        other.wait_ended()
        third.call("echo", lab.sip_port)
        equal("SAS with the PBX, whose policy has require = yes", third.secure(), lab.pbx.secure("strict")["SAS"])
        third.hang_up()
        phone.expect_call()
        plain.call("alice", phone.sip_port)
        phone.sees("the other side has no ZRTP, and mediaenc says zrtp-require", 15)
        plain.wait_request("BYE")
        plain.remote = None
        equal("media that it was sent", plain.heard, [])


@case("baresip: video with a Linphone 5.3, keyed by Multistream, in both directions of call")
def video(lab):
    with lab.baresip("film", video=True) as phone, test_modern.linphone(lab, "dave", video=True) as linphone:
        for caller, called in ((phone, linphone), (linphone, phone)):
            called.expect_call()
            caller.call(called.name, sip_port(called.name))
            equal("SAS", sas_of(phone), sas_of(linphone))
            phone.sees(r"mediaenc event 'Secure' \(video,", 15, anew=False)
            calls.talk(1)
            caller.hang_up()
            called.wait_ended()


def give_certificate(called, caller):
    """The one gets a key and a certificate, the other trusts that. Each sees its own directory only."""
    key, certificate = tlsrelay.make_certificate(called.directory)
    both = shutil.copy(key, os.path.join(called.directory, "both.pem"))
    with open(both, "a") as file, open(certificate) as more:
        file.write(more.read())
    called.configure(f"sip_certificate {both}\n")
    for phone, trusted in ((called, certificate), (caller, shutil.copy(certificate, caller.directory))):
        phone.configure(f"sip_cafile {trusted}\nsip_verify_server yes\n")


@case("baresip: whether TLS protects it is shown of each dialog: with a checked certificate it does, for who is called by a "
      "stranger, or over UDP, it does not")
def tls(lab):
    notice = "The signalling is not protected by TLS"
    with lab.zrtp_phone("dave") as other:
        called, caller = lab.baresip("carol"), lab.baresip("alice")
        give_certificate(called, caller)
        with called, caller:
            for transport, port, noticed in (("udp", called.sip_port, True), ("tls", called.sip_port + 1, False)):
                called.expect_call()
                caller.begun = caller.here()
                caller.say(f"/dial sip:carol@127.0.0.1:{port};transport={transport}")
                equal("SAS", caller.secure(), called.secure())
                equal(f"{transport}: noticed by who calls", notice in caller.shows(), noticed)
                equal(f"{transport}: noticed by who is called", notice in called.shows(), True)
                caller.hang_up()
                called.wait_ended()
            caller.expect_call()
            other.call("alice", caller.sip_port)
            caller.secure()
            caller.reaches(notice)
            other.hang_up()
            caller.wait_ended()
