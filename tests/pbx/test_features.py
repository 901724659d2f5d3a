# SPDX-License-Identifier: GPL-2.0-only
"""What else a PBX does with calls, and what becomes of RTP in the course of one: the keys stay, both sides are heard,
and nothing can be read on the wire."""
import contextlib
import os
import re
import signal

import asterisk
import calls
import capture
import tone
import wait
from cachecalls import no_complaints, pbx
from harness import case, equal
from lab import MUSIC_HZ, PBX_HZ, PHONE_HZ, PROXY_PORT, rtp_port
from pairs import keyed, passed_through
from relays import call
from test_coexist import hide, ice_relay, negotiated
from test_listen import ARI_FILES, ARI_MODULES, Ari, modules
from test_networks import hears_more
from test_transfers import transferred

OTHER_HZ = 1300
READABLE = 0.5  # of a packet's energy at one frequency: a tone's is nearly all, of 160 random octets less than a sixth


def record(lab, name):
    return capture.Capture(os.path.join(lab.directory, f"{name}.pcap"))


def media_of(wire, name):
    """What phone NAME sent and got at its RTP ports: it takes one of ten."""
    ports = range(rtp_port(name), rtp_port(name) + 10)
    return ([d for d in wire.datagrams if d.source in ports], [d for d in wire.datagrams if d.target in ports])


def unreadable(wire, name, *tones, always=False):
    """No RTP packet of a phone has one of these tones once it is secure, or always, and no RTCP is in clear."""
    sent, got = media_of(wire, name)
    since = 0 if always else capture.secure_since(sorted(sent + got, key=lambda d: d.time)) + 0.1
    for way, datagrams in (("from", sent), ("to", got)):
        packets = capture.media(datagrams, "rtp", since)
        equal(f"RTP {way} {name}", len(packets) > 50, True)
        readable = [d for d in packets if any(tone.share(tone.from_ulaw(d.data[12:172]), hz) > READABLE for hz in tones)]
        equal(f"RTP {way} {name} that can be heard on the wire, of {len(packets)}", len(readable), 0)
        reports = [d for d in capture.media(datagrams, "rtcp", since) if capture.is_plain_rtcp(d.data)]
        equal(f"RTCP in clear {way} {name}", len(reports), 0)


def sources(wire, name):
    """The SSRCs of the RTP that came to a phone once it was secure."""
    sent, got = media_of(wire, name)
    since = capture.secure_since(sorted(sent + got, key=lambda d: d.time))
    return {d.data[8:12] for d in capture.media(got, "rtp", since)}


def begins_anew(datagrams):
    """How often the sequence numbers of RTP went through 65535."""
    numbers = [int.from_bytes(d.data[2:4], "big") for d in capture.media(datagrams, "rtp")]
    return sum(after < before - 0x8000 for before, after in zip(numbers, numbers[1:]))


def both_hear(*phones):
    for phone in phones:
        hears_more(phone)


def still(lab, sas):
    """These phones, and where the PBX is the end it too, have the SAS that they had: phone -> SAS."""
    for phone, before in sas.items():
        equal(f"SAS of {phone.name}", phone.shown(), before)
        stream = lab.pbx.stream(phone.name)
        if stream["State"] != "passthrough":
            equal(f"stream of {phone.name}", (stream["State"], stream["SAS"]), ("secure", before))


def redirect(lab, name, extension):
    """Send a phone's channel elsewhere in the dialplan; it is there."""
    channel = lab.pbx.stream(name)["Channel"]
    lab.pbx.cli(f"channel redirect {channel} phones,{extension},1")
    wait.until(f"{channel} at {extension}", 20, lambda: f"{channel}!phones!{extension}!" in lab.pbx.cli("core show channels concise"))


# ---- what becomes of RTP ----

NEAR_THE_END = {"first_sequence": 65530, "require": True}  # nothing is sent before the keys: SRTP begins there


@case("RTP from 65530 on, and of another source in mid-call: a call with the PBX keeps its keys, and the phone hears its echo")
def numbers(lab):
    with record(lab, "numbers") as wire, \
            lab.zrtp_phone("strict", tone=PHONE_HZ, record=True, **NEAR_THE_END) as phone:
        phone.call("echo", lab.sip_port)
        sas = {phone: phone.secure()}
        both_hear(phone)
        phone.say("source")
        both_hear(phone)
        still(lab, sas)
        phone.hang_up()
    tone.heard(phone.recording, PHONE_HZ)
    unreadable(wire, "strict", PHONE_HZ, always=True)
    equal("begins anew", begins_anew(media_of(wire, "strict")[0]) > 0, True)


@case("RTP from 65530 on, and of another source in mid-call: phones that are passed through hear each other")
def numbers_through(lab):
    with record(lab, "through") as wire, lab.zrtp_phone("sealed", tone=PHONE_HZ, record=True, **NEAR_THE_END) as first, \
            lab.zrtp_phone("sealed2", tone=OTHER_HZ, record=True, **NEAR_THE_END) as second:
        sas = keyed(lab, first, second)
        both_hear(first, second)
        for phone in (first, second):
            phone.say("source")
            both_hear(first, second)
        passed_through(lab, "sealed", "sealed2")
        still(lab, {first: sas, second: sas})
        first.hang_up()
        second.wait_ended()
    tone.heard(first.recording, OTHER_HZ, PHONE_HZ)
    tone.heard(second.recording, PHONE_HZ, OTHER_HZ)
    for name in ("sealed", "sealed2"):
        unreadable(wire, name, PHONE_HZ, OTHER_HZ, always=True)
        equal(f"{name} begins anew", begins_anew(media_of(wire, name)[0]) > 0, True)


@case("sequence numbers of both ways go through 65535 several times: phone and PBX count them alike, and so do two phones "
      "that are passed through", kind="22 attack")
def roll_over(lab):
    quick = {**NEAR_THE_END, "sequence_step": 90}  # the PBX's own numbers follow the jumps of what it sends on
    with record(lab, "roll") as wire, lab.zrtp_phone("strict", tone=PHONE_HZ, **quick) as alone, \
            lab.zrtp_phone("sealed", tone=PHONE_HZ, **quick) as first, lab.zrtp_phone("sealed2", tone=OTHER_HZ, **quick) as second:
        sas = dict.fromkeys((first, second), keyed(lab, first, second))
        alone.call("echo", lab.sip_port)
        sas[alone] = alone.secure()
        for phone in sas:
            wait.until(f"{phone.name} hears what goes through 65535 twice", 240, lambda p=phone:
                       p.statistics()["audio"]["srtp_received"] > 1700)
        both_hear(*sas)
        still(lab, sas)
        for phone in sas:
            equal(f"refused by {phone.name}", phone.statistics()["audio"]["refused"], 0)
        for phone in (alone, first):
            phone.hang_up()
        second.wait_ended()
    for phone in sas:
        for way, datagrams in zip(("from", "to"), media_of(wire, phone.name)):
            equal(f"RTP {way} {phone.name} begins anew", begins_anew(datagrams) > 1, True)


@case("parked and fetched, moved to other applications and bridges: one SSRC, one SAS, unreadable, and both hear each other",
      kind="22 attack")
def parked(lab):
    with record(lab, "parked") as wire, asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice", tone=PHONE_HZ) as alice, \
            lab.zrtp_phone("bob", tone=PHONE_HZ, record=True) as bob, lab.zrtp_phone("carol", tone=OTHER_HZ, record=True) as carol:
        call(lab, alice, bob)
        sas = {bob: bob.shown()}
        alice.say(f"transfer sip:park@127.0.0.1:{lab.sip_port}")
        events.wait("ParkedCall", 10)
        both_hear(bob)
        still(lab, sas)
        carol.call("parked", lab.sip_port)
        sas[carol] = carol.secure()
        both_hear(bob, carol)
        for extension in ("announce", "call-alice"):
            alice.expect_call()
            redirect(lab, "bob", extension)
            both_hear(bob)
        alice.secure()
        both_hear(alice, bob)
        del sas[carol]
        still(lab, sas)
        bob.hang_up()
    for hz in (MUSIC_HZ, OTHER_HZ, PBX_HZ, PHONE_HZ):
        tone.heard(bob.recording, hz)
    tone.heard(carol.recording, PHONE_HZ, PBX_HZ)
    unreadable(wire, "bob", MUSIC_HZ, OTHER_HZ, PBX_HZ, PHONE_HZ)
    equal("SSRCs of the PBX", len(sources(wire, "bob")), 1)


# ---- early media, queues, bridges of others ----

@case("early media with require = yes: ZRTP while it rings, the prompt is heard and cannot be read; answered, the keys are the same")
def early(lab):
    with record(lab, "early") as wire, lab.zrtp_phone("strict", tone=PHONE_HZ, record=True, require=True) as phone:
        phone.call("prompt", lab.sip_port)
        sas = {phone: phone.secure()}
        both_hear(phone)
        equal("answered", phone.all("up"), [])
        redirect(lab, "strict", "announce")
        phone.wait("up")
        both_hear(phone)
        still(lab, sas)
        phone.hang_up()
    tone.heard(phone.recording, PBX_HZ)
    unreadable(wire, "strict", PBX_HZ, PHONE_HZ, always=True)


@case("early media of the called phone: each leg has its keys while it rings, and the same ones after the answer", kind="22 attack")
def early_called(lab):
    with record(lab, "ringing") as wire, lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as alice, \
            lab.zrtp_phone("bob", tone=OTHER_HZ, record=True, early=True, answer="manual") as bob:
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        sas = {phone: phone.secure() for phone in (alice, bob)}
        both_hear(alice)
        equal("answered", alice.all("up"), [])
        bob.say("answer")
        alice.wait("up")
        both_hear(alice, bob)
        still(lab, sas)
        alice.hang_up()
        bob.wait_ended()
    tone.heard(alice.recording, OTHER_HZ)
    tone.heard(bob.recording, PHONE_HZ)
    for name in ("alice", "bob"):
        unreadable(wire, name, PHONE_HZ, OTHER_HZ)


QUEUES = """\
[general]
[desk]
strategy = linear
ringinuse = no
musicclass = default
timeout = 120
"""


@case("a queue with two agents: callers hear music, then an agent each, all under keys that stay; an agent who is transferred "
      "away leaves nothing in clear", kind="22 attack")
def queue(lab):
    lab.pbx.write("queues.conf", f"{QUEUES}member => PJSIP/alice\nmember => PJSIP/bob\n")
    agents = {"tone": PHONE_HZ, "record": True, "answer": "manual"}
    with record(lab, "queue") as wire, modules(lab, "app_queue"), lab.zrtp_phone("alice", **agents) as alice, \
            lab.zrtp_phone("bob", **agents) as bob, lab.zrtp_phone("strict", tone=OTHER_HZ, record=True, require=True) as first, \
            lab.zrtp_phone("dave", tone=OTHER_HZ, record=True) as second:
        sas = {}
        for caller, agent in ((first, alice), (second, bob)):
            agent.expect_call()
            caller.call("queue", lab.sip_port)
            sas[caller] = caller.secure()
            both_hear(caller)
            agent.wait("incoming")
            agent.say("answer")
            sas[agent] = agent.secure()
            both_hear(caller, agent)
            lab.pbx.cli(f"queue pause member PJSIP/{agent.name} queue desk")
        still(lab, sas)
        alice.say(f"transfer sip:conference@127.0.0.1:{lab.sip_port}")  # the caller goes there
        alice.wait_ended(20)
        both_hear(first)
        del sas[alice]
        still(lab, sas)
        for caller in (first, second):
            caller.hang_up()
        bob.wait_ended()
    for phone, hz in ((first, MUSIC_HZ), (first, PHONE_HZ), (second, PHONE_HZ), (alice, OTHER_HZ), (bob, OTHER_HZ)):
        tone.heard(phone.recording, hz)
    for name in ("alice", "bob", "dave", "strict"):
        unreadable(wire, name, MUSIC_HZ, PHONE_HZ, OTHER_HZ, always=name == "strict")


@case("a queue in mode = auto: the PBX is the ZRTP endpoint for caller and agent, and they hear each other", kind="22 attack")
def queue_auto(lab):
    lab.pbx.write("queues.conf", f"{QUEUES}member => PJSIP/auto2\n")
    with record(lab, "queue-auto") as wire, modules(lab, "app_queue"), \
            lab.zrtp_phone("auto", like="linphone", tone=OTHER_HZ, record=True) as caller, \
            lab.zrtp_phone("auto2", like="linphone", tone=PHONE_HZ, record=True, answer="manual") as agent:
        agent.expect_call()
        caller.call("queue", lab.sip_port)
        sas = {caller: caller.secure()}
        both_hear(caller)
        agent.wait("incoming")
        agent.say("answer")
        sas[agent] = agent.secure()
        both_hear(caller, agent)
        still(lab, sas)
        equal("states", [lab.pbx.stream(name)["State"] for name in ("auto", "auto2")], ["secure", "secure"])
        caller.hang_up()
        agent.wait_ended()
    for phone, hz in ((caller, MUSIC_HZ), (caller, PHONE_HZ), (agent, OTHER_HZ)):
        tone.heard(phone.recording, hz)
    for name in ("auto", "auto2"):
        unreadable(wire, name, MUSIC_HZ, PHONE_HZ, OTHER_HZ)


@case("auto: a phone that is passed through is parked, and fetched by another one: secure with the PBX, nothing in clear",
      kind="22 attack")
def parked_auto(lab):
    with transferred(lab, "park") as sent, lab.zrtp_phone("auto3", like="linphone", tone=PHONE_HZ) as other:
        other.call("parked", lab.sip_port)
        sas = other.secure()
        equal("SAS", lab.pbx.secure("auto3")["SAS"], sas)
        both_hear(other)
        lab.pbx.secure(sent.name)
        wait.grows("SRTP of the one who was parked", lambda: int(lab.pbx.stream(sent.name)["Rx"]), 50)


@case("bridges of ARI: two phones hear each other in one, and in another after it, with the keys that they had", kind="22 own attack")
def ari_bridge(bench):
    with pbx(bench, "", files=ARI_FILES, modules=ARI_MODULES) as lab, Ari() as ari, \
            record(lab, "ari") as wire, lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as alice, \
            lab.zrtp_phone("strict", tone=OTHER_HZ, record=True, require=True) as other:
        sas = {}
        for phone in (alice, other):
            phone.call("stasis", lab.sip_port)
            sas[phone] = phone.secure()
        channels = [c["id"] for c in ari.ask("GET", "channels")]
        bridges = [ari.ask("POST", "bridges", type=kind)["id"] for kind in ("mixing", "holding", "mixing,dtmf_events")]
        for bridge in bridges:
            for channel in channels:
                ari.ask("POST", f"bridges/{bridge}/addChannel", channel=channel)
            if bridge == bridges[1]:
                ari.ask("POST", f"bridges/{bridge}/moh")
            both_hear(alice, other)
            still(lab, sas)
        for phone in (alice, other):
            phone.hang_up()
        lab.pbx.idle()
        no_complaints(lab)
    tone.heard(alice.recording, OTHER_HZ)
    tone.heard(other.recording, PHONE_HZ)
    unreadable(wire, "alice", PHONE_HZ, OTHER_HZ, MUSIC_HZ)
    unreadable(wire, "strict", PHONE_HZ, OTHER_HZ, MUSIC_HZ, always=True)
    equal("SSRCs of the PBX", len(sources(wire, "alice")), 1)


# ---- other keys beside, ports, timers ----

@case("WebRTC (DTLS-SRTP, ICE, rtcp-mux, AVPF) beside ZRTP: both are encrypted, hear each other, and do so after hold",
      kind="22 attack")
def webrtc(lab):
    ice = ice_relay(lab, "web")
    with record(lab, "web") as wire, ice.relay, lab.zrtp_phone("strict", tone=OTHER_HZ, record=True, require=True) as phone, \
            lab.phone("web", record=True, encryption="dtls", settings={"rtp": ["rtcp_mux=1", "avpf=1"]}) as browser:
        phone.expect_call()
        browser.call("call-strict", PROXY_PORT)
        sas = {phone: phone.secure(20)}
        browser.wait("connected", 20)
        negotiated(ice)
        both_hear(phone)
        channel = re.search(r"(?m)^(PJSIP/web-\w+)!", lab.pbx.cli("core show channels concise"))[1]
        equal("keys of DTLS", "keys of DTLS" in lab.pbx.cli(f"zrtp show channel {channel}"), True)
        for command in ("hold", "resume"):
            phone.expect_call()
            phone.say(command)
            phone.wait("modified")
        both_hear(phone)
        still(lab, sas)
        calls.talk(2)
        browser.hang_up()
        phone.wait_ended()
    tone.heard(phone.recording, PHONE_HZ)
    tone.heard(browser.recording, OTHER_HZ)
    unreadable(wire, "strict", PHONE_HZ, OTHER_HZ, always=True)
    unreadable(wire, "web", PHONE_HZ, OTHER_HZ, always=True)


PORTS = (28000, 28007)  # for RTP and RTCP of four streams


@case("ports of rtp.conf used up: further calls are refused and get no media, the calls there are keep their keys, and the "
      "ports come back", kind="22 own attack")
def ports(bench):
    with pbx(bench, "", rtp_ports=PORTS) as lab, record(lab, "ports") as wire, \
            contextlib.ExitStack() as stack:
        phones = [stack.enter_context(lab.zrtp_phone(name, tone=PHONE_HZ)) for name in ("alice", "bob", "carol", "strict")]
        late = stack.enter_context(lab.zrtp_phone("dave", tone=PHONE_HZ))
        for _ in range(3):
            sas = {}
            for phone in phones:
                phone.call("echo", lab.sip_port)
                sas[phone] = phone.secure()
            late.call("echo", lab.sip_port)
            refused = late.wait_ended(10)
            equal(f"refused: {refused}", refused["code"] >= 400, True)
            both_hear(*phones)
            still(lab, sas)
            # One that has its ports, and finds none for the phone it calls, goes on by the dialplan.
            phones[0].hang_up()
            wait.until("its ports are free", 30, lambda: len(lab.pbx.streams()) == len(phones) - 1)
            late.call("try-alice", lab.sip_port)
            sas[late] = late.secure()
            del sas[phones[0]]
            both_hear(late)
            still(lab, sas)
            for phone in sas:
                phone.hang_up()
            lab.pbx.idle()
            lab.pbx.no_streams()
        # Video finds none either: the call goes on without.
        phones[3] = stack.enter_context(lab.zrtp_phone("screen1", tone=PHONE_HZ))
        sas = {}
        for phone in phones:
            phone.call("echo", lab.sip_port)
            sas[phone] = phone.secure()
        phones[3].say("video")
        wait.until("refused", 20, lambda: "Couldn't negotiate stream 1:video" in lab.pbx.log())
        both_hear(*phones)
        still(lab, sas)
        equal("streams", len(lab.pbx.streams()), len(phones))
        for phone in phones:
            phone.hang_up()
        no_complaints(lab)
    for name in ("alice", "bob", "carol", "strict", "dave"):
        unreadable_calls(wire, name)


def unreadable_calls(wire, name):
    """In none of a phone's calls RTP can be heard on the wire between the last message of its exchange and the next Hello."""
    secure, exchanges = {}, 0
    for d in wire.datagrams:
        call_of = frozenset((d.source, d.target))  # its ports and the PBX's
        if not any(rtp_port(name) <= port < rtp_port(name) + 10 for port in call_of):
            continue
        if capture.kind(d.data) == "zrtp":
            if capture.message_type(d.data) == "Hello":
                secure.pop(call_of, None)
            elif capture.message_type(d.data) == "Conf2ACK":
                secure[call_of] = d.time + 0.1
                exchanges += 1
        elif capture.kind(d.data) == "rtp" and d.time > secure.get(call_of, d.time):
            equal(f"RTP of {name} that can be heard", tone.share(tone.from_ulaw(d.data[12:172]), PHONE_HZ) > READABLE, False)
    equal(f"several exchanges of {name}", exchanges > 1, True)


@case("session timers: refreshed by the PBX in mid-call, calls keep their keys: with the PBX, passed through, and a Linphone's",
      kind="22 attack")
def session_timers(lab):
    with record(lab, "timers") as wire, lab.zrtp_phone("timed", tone=PHONE_HZ) as alone, lab.phone("timed2") as linphone, \
            lab.zrtp_phone("timedthrough1", tone=PHONE_HZ) as first, lab.zrtp_phone("timedthrough2", tone=OTHER_HZ) as second:
        sas = dict.fromkeys((first, second), keyed(lab, first, second))
        alone.call("echo", lab.sip_port)
        linphone.call("echo", lab.sip_port)
        sas[alone] = alone.secure()
        shown = linphone.secure()
        lab.pbx.cli("pjsip set logger on")
        try:
            before = len(lab.pbx.log())
            for name in ("timed", "timed2", "timedthrough1", "timedthrough2"):
                wait.until(f"a refresh to {name}", 120, lambda n=name: re.search(
                    rf"(?m)^(INVITE|UPDATE) sip:.*\n(?:[^\r\n]+\r?\n)*?To:.*sip:{n}@", lab.pbx.log()[before:]), 1)
        finally:
            lab.pbx.cli("pjsip set logger off")
        both_hear(*sas)
        still(lab, sas)
        equal("SAS of Linphone", (lab.pbx.secure("timed2")["SAS"].lower(), linphone.secure()), (shown.lower(), shown))
        wait.grows("SRTP of Linphone", lambda: int(lab.pbx.stream("timed2")["Rx"]), 50)
        for phone in (alone, linphone, first):
            phone.hang_up()
        second.wait_ended()
    for name in ("timed", "timedthrough1", "timedthrough2"):
        unreadable(wire, name, PHONE_HZ, OTHER_HZ)


# ---- phones that have gone ----

@contextlib.contextmanager
def stopped(phone):
    """A phone that does nothing any more, as one that was switched off."""
    os.kill(phone.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(phone.process.pid, signal.SIGCONT)


GONE = r"Disconnecting channel 'PJSIP/{}-\w+' for lack of audio RTP activity"


def heard(phone):
    """RTP and RTCP that a phone has taken so far, whatever it was."""
    counts = phone.statistics()["audio"]
    return counts["srtp_received"] + counts["clear_received"]


@case("rtp_timeout: a phone that falls silent is hung up, passed through as with the stock engine; before it does, no phone is",
      kind="22 attack")
def timeout(lab):
    for kind, state in (("lapsethrough", "secure"), ("lapsestock", "clear")):
        with lab.zrtp_phone(f"{kind}1", tone=PHONE_HZ) as first, lab.zrtp_phone(f"{kind}2", tone=OTHER_HZ) as second:
            second.expect_call()
            first.call(f"call-{kind}2", lab.sip_port)
            before = len(lab.pbx.log())
            for phone in (first, second):
                phone.wait(state, medium="audio")
                wait.grows(f"{kind}: packets to {phone.name}", lambda p=phone: heard(p), 250, 60)
            equal("hung up", first.all("ended") + second.all("ended"), [])
            with stopped(first):
                second.wait_ended(40)
                equal(f"{kind}: the log says why", bool(re.search(GONE.format(f"{kind}1"), lab.pbx.log()[before:])), True)
                equal(f"{kind}: of the other one", re.search(GONE.format(f"{kind}2"), lab.pbx.log()[before:]), None)
            lab.pbx.idle(30)


# ---- what is sent to phones that are not heard ----

@case("NAT, and a phone that is muted, passed through: it hears the other phone", kind="22 attack")
def muted_through(lab):
    with lab.zrtp_phone("natthrough", muted=True) as first, lab.proxy("natthrough", edit=hide), \
            lab.zrtp_phone("through2", tone=OTHER_HZ) as second:
        second.expect_call()
        first.call("call-through2", PROXY_PORT)
        equal("SAS", first.secure(), second.secure())
        passed_through(lab, "natthrough", "through2")
        both_hear(first)
        first.hang_up()
        second.wait_ended()
        lab.pbx.idle()


@case("rtp_keepalive and digits to a leg that has no keys yet, with require = yes: no error, nothing in clear",
      kind="22 attack")
def closed(lab):
    never = {"drop_sent": "DHPart1", "drop_received": "DHPart1"}
    with record(lab, "closed") as wire, asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("keptstrict", tone=PHONE_HZ, require=True, **never) as phone:
        phone.call("echo", lab.sip_port)
        phone.wait("up")
        channel = wait.until("its stream", 10, lambda: lab.pbx.stream("keptstrict"))["Channel"]
        for digit in "123":
            equal("PlayDTMF", events.ask("PlayDTMF", Channel=channel, Digit=digit)["Response"], "Success")
            calls.talk(0.7)
        phone.hang_up()
    sent, got = media_of(wire, "keptstrict")
    equal("RTP and RTCP", [len(capture.media(d, what)) for d in (sent, got) for what in ("rtp", "rtcp")], [0, 0, 0, 0])
    capture.keepalives(wire)
