# SPDX-License-Identifier: GPL-2.0-only
"""Who speaks for the other side of baresip's call: other hosts, impostors of a phone without ZRTP, forged re-INVITEs, and all
weapons of `make attack`."""
import os
import random
import sys
import time

import calls
import capture
import forge
import lab as laboratory
import meddler
import test_closed
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ, sip_port
from proxy import TO_PBX, TO_PHONE
from test_baresip import BACK, UNCOMPARED, VERIFIED
from test_injected import nothing_but
from test_peers import Stranger, says_hello
from test_strangers import Impostor

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "attack"))
import target  # noqa: E402
import weapons  # noqa: E402

CLEAR = "NOT ENCRYPTED: others can listen"
DOUBTED = "DO NOT TRUST THIS CALL before you have compared"


def acknowledged(phone):
    """How many HelloACKs a plain phone was sent."""
    return sum(capture.kind(d) == "zrtp" and capture.message_type(d) == "HelloACK" for d in list(phone.zrtp))


@case("baresip: ZRTP is taken from the host that the session description names only, from any port of it, and it says so")
def sources(lab):
    with lab.baresip("alice") as phone, lab.plain_phone("plain", PHONE_HZ) as caller:
        caller.call("alice", phone.sip_port)
        hello = wait.until("a Hello of baresip", 3, lambda: caller.zrtp)[0]
        with Stranger(caller.remote[1]) as stranger:
            for _ in range(20):
                stranger.send(says_hello(hello))
                time.sleep(0.02)
            phone.sees("audio: packets come from 127.*, and the session description says", anew=False)
            time.sleep(0.3)
            equal("what the stranger was sent", stranger.heard, [])
        equal("HelloACKs for it", acknowledged(caller), 0)
        phone.reaches(CLEAR)
        forge.send_as(caller.rtp_port + 4, caller.remote[1], says_hello(hello))
        wait.until("a HelloACK for a Hello of the phone's host", 3, lambda: acknowledged(caller))
        caller.hang_up()


@case("baresip: a stranger's whole exchange in a call without ZRTP: it mutes neither side, and takes over only when the phone is "
      "silent, with a warning", kind="22 attack")
def impostor(lab):
    with lab.baresip("alice") as phone, lab.plain_phone("plain", PBX_HZ) as caller:
        phone.expect_call()
        caller.call("alice", phone.sip_port)
        phone.reaches(CLEAR)
        wait.until("baresip gives up", 20, lambda: "looking for ZRTP" not in phone.shows())
        with Impostor(lab, caller) as other:
            other.zrtp.secure(10)
            time.sleep(4)
            phone.reaches(CLEAR)
            caller.heard.clear()
            wait.until("the phone hears baresip in clear", 10,
                       lambda: tone.best_share(caller.pcm(), PHONE_HZ) > 0.8, 0.5)
            caller.talking.clear()
            phone.reaches(DOUBTED, 10)
            wait.until("SRTP of baresip", 3, lambda: caller.heard and len(caller.heard[-1]) > capture.ULAW_PACKET)
        phone.say("/hangup")
        caller.wait_request("BYE")
        caller.remote = None
        phone.wait_ended()
    # Until then it heard the phone, never the impostor.
    tone.heard(phone.recording, PBX_HZ)


@case("baresip: re-INVITEs of a SIP proxy in between that give its audio to a stranger: he gets SRTP that he cannot read, and is "
      "not heard", kind="22 attack")
def moved(lab):
    with capture.Capture(os.path.join(lab.directory, "moved.pcap")) as wire, lab.baresip("alice") as phone, \
            lab.zrtp_phone("relayed", tone=PBX_HZ) as caller, test_closed.Stranger() as stranger, \
            meddler.Meddler(sip_port("relayed"), phone.sip_port, laboratory.PROXY_PORT, laboratory.PROXY_RTP) as relay:
        phone.expect_call()
        caller.call("alice", laboratory.PROXY_PORT)
        sas = caller.secure()
        equal("SAS", phone.secure(), sas)
        calls.talk(3)
        answer = relay.offer(f"m=audio {test_closed.STRANGER} RTP/AVP 0\na=rtpmap:0 PCMU/8000")
        equal("answer", answer.split()[1], "200")
        stranger.target = test_closed.ports(answer)[-1]
        wait.until("packets for the stranger", 5, lambda: len(stranger.media()) > 50)
        calls.talk(2)
        phone.say("/zrtp")
        phone.reaches(UNCOMPARED)
        equal("SAS", phone.sas(), sas)
        phone.hang_up()
    equal("the stranger spoke", stranger.sent > 50, True)
    capture.check_srtp(capture.media(wire.between(target=test_closed.STRANGER), "rtp"), "GCM", PHONE_HZ)
    tone.heard(phone.recording, PBX_HZ, test_closed.STRANGER_HZ)


class Aimed:
    """For Proxy: the weapons of `make attack`, aimed at baresip in the PBX's name, or at a stranger's."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.leg = target.Leg("relayed", 0, [], True)
        self.sent = 0

    def __call__(self, way, data):
        if data not in self.leg.mine:
            (self.leg._from_phone if way == TO_PHONE else self.leg._from_pbx)(capture.kind(data), data)
        return data

    def fires(self, relay, stranger, weapon):
        """One salvo."""
        for shot in weapons.WEAPONS[weapon][0](self.dice, self.leg):
            if isinstance(shot, (int, float)):
                time.sleep(shot)
                continue
            offset = int(shot.what == "rtcp")
            if shot.stranger:
                stranger.socket.sendto(shot.data, ("127.0.0.1", relay.party[TO_PBX] + offset))
            else:
                self.leg.mine.add(shot.data)
                relay.inject(TO_PHONE, shot.data, offset)
            self.sent += 1


def salvos(aimed, relay, stranger, count):
    names, odds = zip(*((name, often) for name, (_, often) in weapons.WEAPONS.items()))
    for weapon in names:
        aimed.fires(relay, stranger, weapon)
    for _ in range(count):
        aimed.fires(relay, stranger, aimed.dice.choices(names, odds)[0])
        time.sleep(aimed.dice.uniform(0, 0.05))


@case("baresip under all weapons of `make attack` in a secure call: SAS and screen stay, it hears the PBX alone, and says nothing "
      "in clear", kind="22 attack")
def weapons_settled(lab):
    aimed = Aimed(17)
    with capture.Capture(os.path.join(lab.directory, "weapons.pcap")) as wire, lab.baresip("relayed") as phone, \
            lab.proxy(media=aimed) as relay, Stranger(0) as stranger:
        phone.call("record", laboratory.PROXY_PORT)
        sas = phone.secure()
        lab.pbx.secure("relayed")
        phone.say(f"/zrtp_verify {sas}")
        phone.reaches(VERIFIED)
        calls.talk(1)
        began = time.time()
        salvos(aimed, relay, stranger, 150)
        calls.talk(3)
        phone.say("/zrtp")
        phone.reaches(VERIFIED)
        equal("SAS", (phone.sas(), lab.pbx.secure("relayed")["SAS"]), (sas, sas))
        phone.hang_up()
        lab.pbx.idle()
    equal(f"what was fired: {aimed.sent}", aimed.sent > 500, True)
    equal("what the stranger was sent", stranger.heard, [])
    said = [d for d in wire.between(source=phone.rtp_port) if d.time > began]
    capture.check_srtp(capture.media(said, "rtp"), "GCM", PHONE_HZ)
    capture.check_srtcp(capture.media(wire.between(source=phone.rtp_port + 1), "rtcp", began), "GCM")
    nothing_but(PBX_HZ, phone.recording, 2)


@case("baresip under all weapons of `make attack` from the first packet on: secure with the PBX, or nothing passes and it says so",
      kind="22 attack", errors="ZRTP|zrtp|RTP|RTCP")
def weapons_at_once(lab):
    for seed in range(6):
        aimed = Aimed(seed)
        with capture.Capture(os.path.join(lab.directory, f"weapons-{seed}.pcap")) as wire, lab.baresip("relayed", player=BACK) as phone, \
                lab.proxy(media=aimed) as relay, Stranger(0) as stranger:
            phone.call("echo", laboratory.PROXY_PORT)
            wait.until("media of the PBX", 5, lambda: TO_PBX in relay.party and aimed.leg.zrtp_in)
            salvos(aimed, relay, stranger, 40)
            time.sleep(3)
            shown = phone.shows()
            ended = not shown or "audio: destroyed" in phone.screen()[phone.begun:]
            level = next((word for word in (UNCOMPARED, DOUBTED, "NOTHING PASSES", CLEAR) if word in shown), "")
            equal(f"seed {seed}: a state that is one: {shown!r}", bool(level) or ended, True)
            if level in (UNCOMPARED, DOUBTED):
                equal(f"seed {seed}: SAS", lab.pbx.stream("relayed")["SAS"], phone.sas())
            lab.pbx.cli("channel request hangup all")
            lab.pbx.idle()
        # The PBX has announced ZRTP: not a packet in clear, whatever came of it.
        clear = [d for d in wire.between(source=phone.rtp_port) if capture.kind(d.data) == "rtp" and len(d.data) == capture.ULAW_PACKET]
        equal(f"seed {seed}: packets in clear", len(clear), 0)
