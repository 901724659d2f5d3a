# SPDX-License-Identifier: GPL-2.0-only
"""What was secure, or announced ZRTP, never goes on in clear in silence; phones without ZRTP talk."""
import base64
import os
import re
import socket
import struct
import threading
import time

import asterisk
import calls
import capture
import lab as laboratory
import prompts
import tone
import wait
from fork import Fork
from harness import case, equal
from sipp import Sipp, description
from lab import PBX_HZ, PHONE_HZ
from meddler import Meddler

STRANGER = 26996  # a port that no phone has
STRANGER_HZ = 1300


class Stranger:
    """A host with a port and without ZRTP, which speaks a tone to the PBX and keeps what comes."""

    def __init__(self, port=STRANGER):
        self.heard, self.target, self.sent = [], None, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.socket.settimeout(0.02)
        self.closed = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()
        self.socket.close()

    def _run(self):
        speech, number, due = tone.to_ulaw(tone.samples(STRANGER_HZ, 1)), 0, time.monotonic()
        while not self.closed.is_set():
            if self.target and time.monotonic() >= due:
                due = max(due + 0.02, time.monotonic() - 0.1)
                at = number * 160 % len(speech)
                self.socket.sendto(struct.pack(">BBHII", 0x80, 0, number & 0xFFFF, number * 160, 0x1234)
                                   + speech[at:at + 160], ("127.0.0.1", self.target))
                self.sent = number = number + 1
            try:
                self.heard.append(self.socket.recv(4096))
            except socket.timeout:
                pass

    def media(self):
        return [d for d in self.heard if capture.kind(d) in ("rtp", "rtcp")]


def meddled(lab, name="relayed", **options):
    return Meddler(laboratory.sip_port(name), lab.sip_port, laboratory.PROXY_PORT, laboratory.PROXY_RTP, **options)


def ports(answer):
    return [int(port) for port in re.findall(r"(?m)^m=\w+ (\d+) ", answer)]


def heard_file(lab, name="relayed"):
    return lab.pbx.file("sounds", f"heard-{name}.wav")


def not_heard(lab):
    """The call is over, and its recording has nothing of the stranger. Much of it is written only when it is closed."""
    def written():
        log = lab.pbx.log()
        return log.count("End MixMonitor Recording") == log.count("Begin MixMonitor Recording") > 0
    wait.until("the recordings are written", 10, written)
    pcm = tone.read(heard_file(lab))
    equal("there is a recording", len(pcm) > 0, True)
    if tone.best_share(pcm, STRANGER_HZ) > 0.1:
        raise AssertionError("the PBX heard the stranger")


MOVED = f"m=audio 0 RTP/AVP 0\nm=audio {STRANGER} RTP/AVP 0\na=rtpmap:0 PCMU/8000"


def moved(lab, *offers):
    """A secure call, then re-INVITEs of a SIP proxy in between that give its audio to a stranger."""
    with lab.zrtp_phone("relayed") as phone, meddled(lab) as relay, Stranger() as stranger, \
            asterisk.Events(lab.pbx) as events:
        phone.call("record", laboratory.PROXY_PORT)
        phone.secure()
        lab.pbx.secure("relayed")
        calls.talk(0.5)
        for offer in offers:
            answer = relay.offer(offer)
            equal("answer", answer.split()[1], "200")
            calls.talk(0.3)
        stranger.target = ports(answer)[-1]
        refused = events.wait("ZrtpRefused", 25)
        equal("reason", refused["Reason"], "WasSecure")
        equal("cause", (refused["Cause"], refused["Action"]), ("65", "hangup"))
        lab.pbx.idle()
    equal("the stranger spoke", stranger.sent > 0, True)
    equal("clear packets for the stranger", len(stranger.media()), 0)
    not_heard(lab)


CLOSED = "its call has keys, and this stream gets none|the call was secure, and goes on without ZRTP"


@case("secure, then the audio on a new m-line at a stranger's: nothing passes, hung up", errors=CLOSED)
def moved_at_once(lab):
    moved(lab, MOVED)


@case("secure, then held, then the audio at a stranger's: nothing passes, hung up", kind="22 attack", errors=CLOSED)
def moved_in_steps(lab):
    moved(lab, "m=audio 26994 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=inactive", MOVED)


SDES = ("m=audio {port} RTP/SAVP 0\na=rtpmap:0 PCMU/8000\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + base64.b64encode(bytes(range(30))).decode())
KEYS_IN_SDP = "SRTP keys from SDP|res_rtp_asterisk|res_pjsip_s|sdp_srtp"


@case("secure, then the audio on a new m-line with keys in SDP, which a man in the middle knows: nothing passes",
      errors=f"{CLOSED}|{KEYS_IN_SDP}")
def moved_to_sdes(lab):
    with lab.zrtp_phone("either") as phone, meddled(lab, "either") as relay, Stranger() as stranger, \
            asterisk.Events(lab.pbx) as events:
        phone.call("record", laboratory.PROXY_PORT)
        phone.secure()
        lab.pbx.secure("either")
        calls.talk(0.5)
        answer = relay.offer("m=audio 0 RTP/AVP 0\n" + SDES.format(port=STRANGER))
        if answer.split()[1] == "200":
            events.wait("ZrtpRefused", 25)
            lab.pbx.idle()
        else:
            calls.talk(3)
            equal("the call keeps its keys", lab.pbx.stream("either")["State"], "secure")
            phone.hang_up()
    equal("packets for the stranger", stranger.media(), [])


@case("secure, then keys in SDP for the same audio: refused each time, the call keeps its own and goes on", errors=KEYS_IN_SDP)
def keys_in_sdp(lab):
    with lab.zrtp_phone("either") as phone, meddled(lab, "either") as relay, Stranger() as stranger:
        phone.call("record", laboratory.PROXY_PORT)
        sas = phone.secure()
        lab.pbx.secure("either")
        for _ in range(2):
            # The same keys again are no others to the core of Asterisk.
            equal("answer", relay.offer(SDES.format(port=STRANGER)).split()[1], "488")
        stream = lab.pbx.stream("either")
        equal("state and SAS", (stream["State"], stream["SAS"]), ("secure", sas))
        wait.grows("packets of the phone", lambda: int(lab.pbx.stream("either")["Rx"]), 20)
        wait.grows("packets of the PBX", lambda: phone.statistics()["audio"]["srtp_received"], 20)
        phone.hang_up()
    equal("packets for the stranger", stranger.media(), [])


FAX = ("udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:9600\na=T38FaxRateManagement:transferredTCF\n"
       "a=T38FaxUdpEC:t38UDPRedundancy")


@case("secure, then T.38 in place of the audio, on a new m-line and beside it: refused, the call keeps its keys",
      errors="T.38")
def moved_to_fax(lab):
    with lab.zrtp_phone("fax") as phone, meddled(lab, "fax") as relay, Stranger() as stranger:
        phone.call("record", laboratory.PROXY_PORT)
        phone.secure()
        lab.pbx.secure("fax")
        logged = len(lab.pbx.log())
        for offer in (f"m=image {STRANGER} {FAX}", f"m=audio 0 RTP/AVP 0\nm=image {STRANGER} {FAX}"):
            equal("answer", relay.offer(offer).split()[1], "488")
        # Without a word of ours Asterisk refuses it too, when there was no answer for some seconds.
        equal("refused by us", len(re.findall(r"T\.38 refused, it would carry the call past ZRTP", lab.pbx.log()[logged:])) > 0,
              True)
        calls.talk(1)
        equal("state", lab.pbx.stream("fax")["State"], "secure")
        phone.hang_up()
    equal("packets for the stranger", stranger.heard, [])


@case("passed through with keys, then the audio of one at a stranger's: nothing passes, hung up", kind="22 attack",
      errors="it has keys with a phone that is no longer there")
def moved_through(lab):
    with lab.zrtp_phone("through") as phone, lab.zrtp_phone("through2") as other, meddled(lab, "through") as relay, \
            Stranger() as stranger, asterisk.Events(lab.pbx) as events:
        other.expect_call()
        phone.call("call-through2", laboratory.PROXY_PORT)
        for one in (phone, other):
            one.secure()
        events.wait("ZrtpPassthrough", 5, State="keyed")
        answer = relay.offer(MOVED)
        equal("answer", answer.split()[1], "200")
        stranger.target = ports(answer)[-1]
        events.wait("ZrtpRefused", 15)
        lab.pbx.idle()
    equal("packets for the stranger", [d for d in stranger.media() if len(d) == 172], [])


def frames(phone):
    counts = phone.statistics()["video"]
    return counts["frames_received"] + counts["frames_bad"]


@case("video whose ZRTP is lost: it carries nothing, the audio stays secure", errors="this stream gets none")
def video_without_keys(lab):
    with asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("screen1", video="offer", drop_medium="video", no_hash=True) as phone:
        phone.call("echo", lab.sip_port)
        phone.wait("secure", 10, medium="audio")
        wait.until("the PBX is as far", 5, lambda: "secure" in {s["State"] for s in lab.pbx.streams()})
        time.sleep(0.5)  # some may be on their way
        before = frames(phone)
        channel = lab.pbx.stream("screen1")["Channel"]
        equal("alert", events.wait("ZrtpAlert", 10, Channel=channel)["Reason"], "StreamClosed")
        equal("frames that came once the audio had keys", frames(phone) - before, 0)
        equal("streams", {s["State"] for s in lab.pbx.streams()}, {"secure", "closed"})
        for item, value in (("ZRTP(state,video)", "closed"), ("ZRTP(state)", "secure"), ("ZRTP_STATE", "secure")):
            equal(item, events.ask("Getvar", Channel=channel, Variable=item)["Value"], value)
        items = events.ask("ZrtpShowChannel", Channel=channel)
        equal("the call", {name: items.get(f"Zrtp{name}") for name in ("State", "Outcome", "Video", "SecureStreams")},
              {"State": "secure", "Outcome": "secure", "Video": "closed", "SecureStreams": "1"})
        time.sleep(3.5)  # longer than a leg that carries nothing would be kept
        wait.grows("SRTP goes on", lambda: phone.statistics()["audio"]["srtp_received"], 20)
        equal("legs refused", events.all("ZrtpRefused"), [])
        phone.hang_up()


@case("video whose announced ZRTP is lost: not a frame in clear", kind="22 attack", errors="this stream gets none")
def video_announced(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("screen1", video="offer", drop_medium="video") as phone:
        phone.call("echo", lab.sip_port)
        phone.wait("secure", 10, medium="audio")
        equal("alert", events.wait("ZrtpAlert", 16)["Reason"], "StreamClosed")
        equal("frames that came", frames(phone), 0)
        phone.hang_up()


@case("video in clear beside an audio whose ZRTP begins late: not a frame of it once the audio has keys", kind="22 attack",
      errors="this stream gets none|NOT ENCRYPTED|does not speak ZRTP")
def video_of_late_audio(lab):
    passing, port = threading.Event(), laboratory.rtp_port("screen1")

    def late(way, data):
        return data if passing.is_set() or capture.kind(data) != "zrtp" else None
    # The other phone has frames to send, whatever happens to those of the first one.
    with lab.zrtp_phone("screen2", video="accept", no_zrtp=True), \
            lab.zrtp_phone("screen1", video="offer", drop_medium="video", no_hash=True, tone=PHONE_HZ) as phone, \
            lab.proxy("screen1", media=late), \
            capture.Capture(os.path.join(lab.directory, "late-video.pcap")) as wire:
        phone.call("call-screen2", laboratory.PROXY_PORT)
        wait.until("video in clear", 15, lambda: frames(phone) > 20)
        passing.set()
        phone.wait("secure", 15, medium="audio")

        def video_sent():
            return [d for d in capture.read(wire.path) if d.target in range(port, port + 10)
                    and capture.kind(d.data) == "rtp" and d.data[1] & 0x7f == 99]

        def stopped():
            before = len(video_sent())
            time.sleep(1)
            return len(video_sent()) == before
        wait.until("the PBX sends no video any more", 10, stopped)
        wait.grows("SRTP goes on", lambda: phone.statistics()["audio"]["srtp_received"], 20)
        phone.hang_up()


@case("video with ZRTP: no frame in clear, from the first one on")
def video_with_keys(lab):
    with lab.zrtp_phone("screen1", video="offer") as phone:
        phone.call("echo", lab.sip_port)
        for medium in ("audio", "video"):
            phone.wait("secure", 10, medium=medium)
        wait.until("frames", 5, lambda: phone.statistics()["video"]["frames_received"] > 10)
        equal("video in clear", phone.statistics()["video"]["clear_received"], 0)
        phone.hang_up()


@case("video that a phone adds to a secure call: no frame in clear, then secure")
def video_later(lab):
    with lab.zrtp_phone("screen1", video="accept") as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        phone.say("video")
        phone.wait("secure", 10, medium="video")
        wait.until("frames", 5, lambda: phone.statistics()["video"]["frames_received"] > 10)
        equal("video in clear", phone.statistics()["video"]["clear_received"], 0)
        equal("audio", lab.pbx.secure("screen1")["State"], "secure")
        phone.hang_up()


def talks(phone, hz):
    """A phone without ZRTP hears a tone."""
    phone.heard.clear()
    wait.until("the phone hears the other one", 10, lambda: tone.best_steady_share(phone.pcm(), hz) > 0.8, 0.5)


@case("a phone without ZRTP picks up a call whose channel was secure: it talks")
def picked_up(lab):
    with lab.zrtp_phone("alice", tone=str(PHONE_HZ)) as alice, lab.zrtp_phone("bob", answer="20", early=True) as bob, \
            lab.plain_phone("plain", 620) as plain:
        alice.call("call-bob", lab.sip_port)
        bob.secure()  # while it rings
        plain.call("pickup", lab.sip_port)
        alice.secure()
        talks(plain, PHONE_HZ)
        time.sleep(4)  # its ZRTP is given up meanwhile
        talks(plain, PHONE_HZ)
        lab.pbx.cli("channel request hangup all")
        plain.wait_request("BYE")
        plain.remote = None


@case("a secure call is transferred to a phone without ZRTP: it talks", kind="22 attack")
def transferred(lab):
    with lab.zrtp_phone("alice", tone=str(PHONE_HZ)) as alice, lab.zrtp_phone("bob") as bob, \
            lab.zrtp_phone("plain", no_zrtp=True) as plain:
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        for one in (alice, bob):
            one.secure()
        plain.expect_call()
        bob.say(f"dial sip:call-plain@127.0.0.1:{lab.sip_port}")
        plain.wait("up", 10)
        bob.say(f"{bob.all('incoming')[0]['call']}: attend {bob.all('calling')[-1]['call']}")
        wait.until("the phone that transfers is out", 10, lambda: lab.pbx.stream("bob") is None)
        time.sleep(6)  # longer than one without ZRTP would be kept where it has to have it
        wait.grows("media", lambda: plain.statistics()["audio"]["clear_received"], 50)
        alice.hang_up()


ANNOUNCED = "a=zrtp-hash:1.10 " + 32 * "a5"
STRIPPED = "announced ZRTP by a=zrtp-hash, but no ZRTP exchange comes about|ZRTP was announced by a=zrtp-hash"


@case("no ZRTP: announced, announced where policy lets it pass, announced by another phone that rang, required",
      errors=f"{STRIPPED}|does not speak ZRTP|ZRTP is required")
def missing(lab):
    with asterisk.Events(lab.pbx) as events, capture.Capture(os.path.join(lab.directory, "missing.pcap")) as wire, \
            lab.plain_phone("plain", PHONE_HZ) as stripped, lab.plain_phone("lenient", PHONE_HZ) as lenient, \
            lab.plain_phone("strict", PHONE_HZ) as strict, \
            Sipp(lab, "bob", laboratory.sip_port("bob"), "forked", rings=description(ANNOUNCED),
                 answers=description(port=26992), pause=1000) as forked:
        lab.call_phone("bob", "announce")
        for phone in (stripped, lenient):
            phone.call("announce", lab.sip_port, sdp=ANNOUNCED)
        strict.call("announce", lab.sip_port)
        began = time.time()
        channels = {name: wait.until(f"the stream of {name}", 5, lambda name=name: lab.pbx.stream(name))["Channel"]
                    for name in ("plain", "lenient", "strict", "bob")}
        hung_up(events, strict, channels["strict"], "NoZrtp")
        for name in ("plain", "lenient"):
            equal("alert", events.wait("ZrtpAlert", 16, Channel=channels[name])["Reason"], "Stripped")
        hung_up(events, stripped, channels["plain"], "Stripped")
        equal("another party's", events.wait("ZrtpClear", 8, Channel=channels["bob"])["Reason"], "NoZrtp")
        equal("state where policy has it", lab.pbx.stream("lenient")["State"], "no-zrtp")
        talks(lenient, PBX_HZ)
        equal("refused", {e["Channel"] for e in events.all("ZrtpRefused")}, {channels["plain"], channels["strict"]})
        equal("alerts", {e["Channel"] for e in events.all("ZrtpAlert")}, {channels["plain"], channels["lenient"]})
        stream = lab.pbx.stream("bob")
        equal("of another party", (stream["State"], stream["HashStatus"], stream["Peer"]), ("no-zrtp", "none", "none"))
        lab.pbx.cli("channel request hangup all")
        forked.done()
        lenient.wait_request("BYE")
        lenient.remote = None
    sent = {name: capture.media(wire.between(target=laboratory.rtp_port(name)), "rtp") for name in ("strict", "plain")}
    equal("RTP packets to the phone that has to have ZRTP", len(sent["strict"]), 0)
    late = [d for d in sent["plain"] if d.time > began + 6.5]
    equal("RTP packets to the phone that announced it, from the sixth second on", len(late), 0)
    open_to = capture.media(wire.between(target=26992), "rtp")
    equal("the other party hears something all along", open_to[-1].time - began > 10, True)


@case("a forked call, secure with the phone that rang: another one answers, without ZRTP, with it, and without zrtp-hash",
      errors="does not speak ZRTP|of another peer ignored, the call keeps its secure stream")
def another_branch(lab):
    for rings, answers in (({}, {"no_zrtp": True}), ({}, {}), ({"ignore_hash": True}, {"ignore_hash": True})):
        with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("bob", answer="30", early=True, **rings) as first, \
                lab.zrtp_phone("carol", tone="620", record=True, **answers) as second, \
                Fork(lab.sip_port, laboratory.PROXY_PORT, laboratory.sip_port("bob"),
                     laboratory.sip_port("carol")) as fork:
            lab.pbx.cli(f"channel originate PJSIP/bob/sip:bob@127.0.0.1:{fork.port} extension echo@phones")
            sas = first.secure()
            fork.second_rings()
            second.wait("up", 5)
            if answers.get("no_zrtp"):
                equal("event", events.wait("ZrtpClear", 8)["Reason"], "NoZrtp")
                wait.grows("media", lambda s=second: s.statistics()["audio"]["clear_received"], 80)
                equal("state", lab.pbx.stream("bob")["State"], "no-zrtp")
            else:
                equal("another SAS", second.secure() != sas, True)
                lab.pbx.secure("bob")
                time.sleep(2)
            second.hang_up()
            second.wait_ended()
            tone.heard(second.recording, 620, PBX_HZ)
            first.wait_ended()


def hung_up(events, phone, channel, reason):
    """The PBX refuses a leg for this reason, by an event, a cause, and in words."""
    refused = events.wait("ZrtpRefused", 16, Channel=channel)
    equal("event", (refused["Reason"], refused["Action"], refused["Cause"]), (reason, "hangup", "65"))
    bye = phone.wait_request("BYE", 5)
    equal("Reason of the BYE", re.findall(r'(?im)^Reason: (Q\.850;cause=65;text="[^"]+"|SIP;cause=488;text="[^"]+")\r$', bye) != [],
          True)
    phone.remote = None


@case("ZRTP() and the variables are right in an h extension, whichever side hung up", errors="does not speak ZRTP|ZRTP is required")
def record(lab):
    # A global variable shows through where a channel has none, and changes under it.
    lab.pbx.cli("dialplan set global ZRTP_COVERAGE whole")
    with lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob, lab.plain_phone("strict") as strict:
        for phone in (alice, bob):
            phone.call("recorded", lab.sip_port)
            phone.secure()
        own = f"core show channel {lab.pbx.stream('alice')['Channel']}"
        wait.until("a variable of the channel's own", 5, lambda: "ZRTP_COVERAGE=whole" in lab.pbx.cli(own))
        lab.pbx.cli('dialplan set global ZRTP_COVERAGE ""')
        strict.call("recorded", lab.sip_port)
        alice.hang_up()
        lab.pbx.cli(f"channel request hangup {lab.pbx.stream('bob')['Channel']}")
        for name, record in (("alice", "secure unverified secure ."), ("bob", "secure unverified secure ."),
                             ("strict", "closed closed closed NoZrtp.")):
            wait.until(f"record of {name}", 15, lambda: f"record of {name}: {record}" in lab.pbx.log())
        strict.wait_request("BYE")
        strict.remote = None


@case("require = yes and a phone without ZRTP: redirected while the other one hears why, it is hung up all the same",
      errors="does not speak ZRTP|ZRTP is required")
def redirected(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("strict", no_zrtp=True) as strict:
        strict.expect_call()
        alice.call("call-strict", lab.sip_port)
        refused = events.wait("ZrtpRefused", 15)
        equal("event", (refused["Reason"], asterisk.endpoint_of(refused["Channel"])), ("NoZrtp", "strict"))
        events.send("Redirect", Channel=refused["Channel"], Context="phones", Priority="1", Exten="silent")
        alice.wait_ended(5)
        strict.wait_ended(12)
    lab.pbx.idle()


@case("require_partner = yes: a leg with the keys of DTLS is encrypted, the call goes on")
def partner_dtls(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("both", tone=str(PHONE_HZ), record=True) as phone, \
            lab.phone("dtls", encryption="dtls", record=True) as other:
        other.expect_call()
        phone.call("call-dtls", lab.sip_port)
        phone.secure()
        other.wait("connected", 5)
        time.sleep(6)  # longer than a partner in clear would be kept
        equal("refused", events.all("ZrtpRefused"), [])
        phone.hang_up()
        other.wait_ended()
    tone.heard(other.recording, PHONE_HZ)


@case("require_partner = yes: talks to an encrypted phone, is let go from one in clear, which hears none of it but why",
      errors="the other leg of the call is not encrypted")
def partner(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("both", tone=str(PHONE_HZ), record=True) as phone, \
            lab.zrtp_phone("alice", record=True) as alice, \
            lab.zrtp_phone("plain", no_zrtp=True, record=True) as plain:
        alice.expect_call()
        phone.call("call-alice", lab.sip_port)
        for one in (phone, alice):
            one.secure()
        calls.talk(2)
        phone.hang_up()
        alice.wait_ended()
        equal("refused", events.all("ZrtpRefused"), [])
        plain.expect_call()
        phone.call("call-plain", lab.sip_port)
        plain.wait("up", 10)
        refused = events.wait("ZrtpRefused", 12)
        equal("event", (refused["Reason"], asterisk.endpoint_of(refused["Channel"])), ("PartnerClear", "both"))
        phone.wait_ended(12)
        plain.wait_ended(5)
    tone.heard(alice.recording, PHONE_HZ, PBX_HZ)
    prompts.expect(tone.read(plain.recording), prompts.ours("refused"), "refused")
    prompts.absent(tone.read(phone.recording), prompts.ours("refused"), "refused")
    if tone.best_share(tone.read(plain.recording), PHONE_HZ) > 0.3:
        raise AssertionError("the phone in clear heard the other one")
