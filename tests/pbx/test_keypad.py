# SPDX-License-Identifier: GPL-2.0-only
"""Commands in mid-call: by keypad, CLI and AMI, and what the caller hears of them."""
import os
import struct
import time

import asterisk
import calls
import capture
import forge
import prompts
import relays
import tone
import wait
from harness import case, equal
from lab import PHONE_HZ

SAS, VERIFY, UNVERIFY, CLEAR, SECURE = "*71", "*72", "*73", "*74", "*75"


def press(phone, code):
    """Type digits on a Linphone, as a person would."""
    for digit in code:
        phone.say(digit)
        time.sleep(0.4)


def sounds_of(sas):
    """The sounds of a B32 SAS, its letters and digits first."""
    return [f"digits/{c}" if c.isdigit() else f"letters/{c}" for c in sas]


def spoken(lab, pcm, sas):
    """Fail unless each letter and digit of a SAS was heard."""
    for sound in sorted(set(sounds_of(sas))):
        prompts.expect(pcm, prompts.core(lab.pbx.root, sound), sound)


WAYS = {"rfc4733": ("keypad", "dtmf"), "info": ("byinfo", "info")}  # endpoint, command of zrtpcall


def in_a_bridge(lab, way):
    """The caller uses its keypad. zrtpcall records each frame that comes; Linphone loses some on a busy machine."""
    endpoint, command = WAYS[way]
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone(endpoint, record=True) as phone, \
            lab.zrtp_phone("bob", record=True) as other:
        other.expect_call()
        phone.call("feature-bob", lab.sip_port)
        sas = phone.secure()
        other.secure()
        lab.pbx.secure(endpoint)
        phone.say(f"{command} {SAS}")
        time.sleep(prompts.seconds("sas-is") + 7)
        for code, verified, name in ((VERIFY, "yes", "verified"), (UNVERIFY, "no", "not-verified")):
            phone.say(f"{command} {code}")
            event = events.wait("ZrtpVerified", 8, Verified=verified)
            equal("SAS of the event", event["SAS"], sas)
            time.sleep(prompts.seconds(name) + 0.5)
        logged = len(lab.pbx.log())
        phone.say(f"{command} {CLEAR}")  # it does not allow it
        wait.until("the command was refused", 8, lambda: "keypad command refused" in lab.pbx.log()[logged:])
        time.sleep(prompts.seconds("not-possible") + 0.5)
        equal("state", lab.pbx.stream(endpoint)["State"], "secure")
        phone.say(f"{command} *0")  # the feature code of the dialplan
        phone.wait_ended(10)
        other.wait_ended()
    heard, others = tone.read(phone.recording), tone.read(other.recording)
    for name in ("sas-is", "verified", "not-verified", "not-possible"):
        prompts.expect(heard, prompts.ours(name), name)
        prompts.absent(others, prompts.ours(name), name)
    spoken(lab, heard, sas)


for _way in WAYS:
    # R434: keypad by rfc4733 in a bridge: only that phone hears the SAS and the answers, features work
    case(f"keypad by {_way} in a bridge: only that phone hears the SAS and the answers, features work",
         errors="keypad command refused")(lambda lab, w=_way: in_a_bridge(lab, w))


def linphone(lab, way):
    """Commands as a person types them on a Linphone."""
    with asterisk.Events(lab.pbx) as events, lab.phone(WAYS[way][0], digits=way) as phone, lab.phone("bob") as other:
        other.expect_call()
        phone.call("feature-bob", lab.sip_port)
        sas = calls.secure(lab, phone)["SAS"]
        calls.secure(lab, other)
        time.sleep(1)
        press(phone, VERIFY)
        # DTMF by INFO goes out one after the other, each when the one before was answered.
        equal("SAS of the event", events.wait("ZrtpVerified", 8, Verified="yes")["SAS"], sas)
        phone.expect_call()
        press(phone, "*0")
        phone.wait_ended(10)
        other.wait_ended()


for _way in WAYS:
    case(f"keypad of a Linphone by {_way} in a bridge: commands and features work")(lambda lab, w=_way: linphone(lab, w))


@case("who says that a SAS was compared: the phone, the other leg, the operator")
def who_says(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad") as phone:
        phone.call("silent", lab.sip_port)
        phone.secure()
        lab.pbx.secure("keypad")
        relays.reaches(lab, "keypad", Verified="no")
        equal("by", relays.status(lab, "keypad").get("VerifiedBy"), "-")
        phone.say(f"dtmf {VERIFY}")
        equal("by", events.wait("ZrtpVerified", 8, Verified="yes")["By"], "phone")
        relays.reaches(lab, "keypad", VerifiedBy="phone")
        lab.pbx.cli(f"zrtp verify {lab.pbx.stream('keypad')['Channel']}")
        events.wait("ZrtpVerified", 8, Verified="yes", By="operator")
        relays.reaches(lab, "keypad", VerifiedBy="operator")
        channel = lab.pbx.stream("keypad")["Channel"]
        for number, take_back in enumerate((lambda: equal("AMI", events.ask("ZrtpUnverify", Channel=channel)["Message"], "Done"),
                                            lambda: lab.pbx.cli(f"zrtp unverify {channel}")), 1):
            take_back()
            wait.until("taken back", 5, lambda n=number: len(events.all("ZrtpVerified", Verified="no", By="operator")) == n)
            relays.reaches(lab, "keypad", Verified="no")
            time.sleep(1.1)  # of two words in one second the no is kept
            events.ask("ZrtpVerify", Channel=channel)
            relays.reaches(lab, "keypad", Verified="yes")
        phone.hang_up()
        lab.pbx.idle()
        phone.call("silent", lab.sip_port)
        phone.secure()
        relays.reaches(lab, "keypad", Verified="yes", VerifiedBy="earlier")
        phone.hang_up()


@case("keypad of an enrolled phone: it hears the SAS it shows, and its word is for the phone behind")
def enrolled(lab):
    with relays.enrollment(lab) as events, lab.zrtp_phone("keypad", enroll="accept", record=True) as phone, \
            lab.zrtp_phone("bob") as other:
        relays.enroll(lab, phone)
        relays.call(lab, phone, other)
        sas = relays.same_sas(lab, phone, other)
        phone.say(f"dtmf {SAS}")
        time.sleep(prompts.seconds("sas-is") + 7)
        phone.say(f"dtmf {VERIFY}")
        event = events.wait("ZrtpVerified", 8)
        equal("whose word it is about", asterisk.endpoint_of(event["Channel"]), "bob")
        equal("by", event["By"], "partner")
        phone.hang_up()
    spoken(lab, tone.read(phone.recording), sas)


def in_an_application(lab):
    with lab.zrtp_phone("keypad", record=True) as phone:
        phone.call("digits", lab.sip_port)
        sas = phone.secure()
        lab.pbx.secure("keypad")
        logged = len(lab.pbx.log())
        phone.say(f"dtmf {SAS}")
        time.sleep(prompts.seconds("sas-is"))
        phone.say("dtmf 24#")  # while it is being said
        wait.until("the PBX read them all", 8, lambda: f"zrtpcall read {SAS}24" in lab.pbx.log()[logged:])
        time.sleep(8)
        phone.hang_up()
    heard = tone.read(phone.recording)
    prompts.expect(heard, prompts.ours("sas-is"), "sas-is")
    spoken(lab, heard, sas)


case("keypad in an application: the SAS is heard, and the application gets every digit")(in_an_application)
case("keypad in an application", kind="16")(in_an_application)


def said_twice(lab, events, phone):
    """A call that hears its SAS two times, which it returns: a sign is shorter than a moment in which the machine stands still."""
    phone.call("say-twice", lab.sip_port)
    sas = phone.secure()
    said = wait.until("the SAS was said twice", 30, lambda: events.all("VarSet", Variable="SAYZRTPSASSTATUS")[1:])
    equal("status", said[0]["Value"], "SAID")
    phone.hang_up()
    return sas


@case("SayZRTPSAS: the SAS aloud, in English and in Spanish")
def say(lab):
    for language, package in (("en", "en_US_f_Allison"), ("es_MX_f_Allison", "es_MX_f_Allison")):
        lab.pbx.cli(f"dialplan set global SAY_LANGUAGE {language}")
        with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice", record=True) as phone:
            sas = said_twice(lab, events, phone)
        heard = tone.read(phone.recording)
        for sound in sorted(set(sounds_of(sas))):
            prompts.expect(heard, prompts.core(lab.pbx.root, sound, package), f"{package}/{sound}")


@case("SayZRTPSAS in a call without ZRTP: says nothing, and says so")
def say_none(lab):
    with asterisk.Events(lab.pbx) as events, lab.plain_phone() as phone:
        phone.call("say", lab.sip_port)
        equal("status", events.wait("VarSet", 10, Variable="SAYZRTPSASSTATUS")["Value"], "NONE")


def clear_and_back(lab, phone, clear, secure):
    """From secure to clear and back by two functions; returns the clear packets in between."""
    phone.expect_call()
    clear()
    phone.wait("clear", 10, medium="audio")
    phone.say("acknowledge")  # its user does not mind
    wait.until("in clear at the PBX", 5, lambda: lab.pbx.stream(phone.name)["State"] == "clear")
    wait.until("clear media flows", 5, lambda: phone.statistics()["audio"]["clear_received"] > 0)
    counts = phone.statistics()["audio"]
    time.sleep(prompts.seconds("now-clear"))
    later = phone.statistics()["audio"]
    phone.expect_call()
    secure()
    phone.wait("secure", 10, medium="audio")
    lab.pbx.secure(phone.name)
    return {name: later[name] - counts[name] for name in counts if isinstance(counts[name], int)}


# Echo() sends the digits back, also one that comes while nothing may be sent.
@case("go clear and go secure by keypad: clear media only in between, the caller hears of it",
      errors="RTP Transmission error .*temporarily unavailable")
def clear_by_keypad(lab):
    with asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("keypad", allow_clear=True, tone=PHONE_HZ, record=True) as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        lab.pbx.secure("keypad")
        recorded = []

        def secure():
            recorded.append(len(tone.read(phone.recording)))
            phone.say(f"dtmf {SECURE}")
        between = clear_and_back(lab, phone, lambda: phone.say(f"dtmf {CLEAR}"), secure)
        equal(f"clear packets both ways: {between}",
              min(between["clear_sent"], between["clear_received"]) > 30, True)
        equal("reason", events.wait("ZrtpClear", 5)["Reason"], "GoClear")
        wait.until("an event of the second time", 5, lambda: len(events.all("ZrtpSecure")) > 1)
        time.sleep(3)
        equal("secure twice", len(events.all("ZrtpSecure")), 2)
        phone.hang_up()
    heard = tone.read(phone.recording)
    # Each in its time: they share most of their words.
    for name, part in (("now-clear", heard[:recorded[0]]), ("now-secure", heard[recorded[0]:])):
        prompts.expect(part, prompts.ours(name), name)


@case("go clear and go secure by CLI and AMI; refused where policy or phone do not allow it")
def clear_by_cli(lab):
    with lab.zrtp_phone("keypad", allow_clear=True, tone=PHONE_HZ) as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        name = lab.pbx.secure("keypad")["Channel"]
        between = clear_and_back(lab, phone, lambda: lab.pbx.cli(f"zrtp go clear {name}"),
                                 lambda: lab.pbx.cli(f"zrtp go secure {name}"))
        equal(f"clear packets both ways: {between}",
              min(between["clear_sent"], between["clear_received"]) > 30, True)
        phone.hang_up()
    for endpoint, options, why in (("alice", {"allow_clear": True}, "policy"), ("keypad", {}, "peer does not allow")):
        with asterisk.Events(lab.pbx) as events, lab.zrtp_phone(endpoint, **options) as phone:
            phone.call("echo", lab.sip_port)
            phone.secure()
            name = lab.pbx.secure(endpoint)["Channel"]
            answers = (lab.pbx.cli(f"zrtp go clear {name}"), events.ask("ZrtpGoClear", Channel=name))
            if why not in answers[0] or answers[1]["Response"] != "Error" or why not in answers[1]["Message"]:
                raise AssertionError(f"zrtp go clear: {answers!r}")
            equal("state", lab.pbx.stream(endpoint)["State"], "secure")
            phone.hang_up()


# R215 R216
@case("the phone goes clear: with allow_clear = confirm no media passes until it is confirmed")
def clear_by_phone(lab):
    with capture.Capture(os.path.join(lab.directory, "confirm.pcap")) as wire, asterisk.Events(lab.pbx) as events, \
            lab.zrtp_phone("confirm", allow_clear=True, tone=PHONE_HZ) as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        name = lab.pbx.secure("confirm")["Channel"]
        phone.say("clear")
        phone.wait("clear", 5, medium="audio")
        equal("reason", events.wait("ZrtpClear", 5)["Reason"], "GoClearByPeer")
        for item, value in (("ZRTP(sas)", ""), ("ZRTP(state)", "clear"), ("ZRTP_STATE", "closed"), ("ZRTP_SAS", "")):
            equal(item, events.ask("Getvar", Channel=name, Variable=item)["Value"], value)
        time.sleep(0.5)
        before, sent, began = phone.statistics()["audio"], int(lab.pbx.stream("confirm")["Tx"]), time.time()
        time.sleep(1.2)  # longer than between two reports
        ended = time.time()
        equal("SRTP sent before the confirmation", int(lab.pbx.stream("confirm")["Tx"]), sent)
        phone.say("acknowledge")
        lab.pbx.cli(f"zrtp go clear {name}")
        wait.until("clear media flows", 5,
                   lambda: phone.statistics()["audio"]["clear_received"] > before["clear_received"] + 20)
        phone.hang_up()
    meanwhile = [d for d in wire.datagrams if d.source >= 28000 and began < d.time < ended]
    equal("RTP of the PBX before the confirmation", len(capture.media(meanwhile, "rtp")), 0)
    equal("reports of the PBX before it", [d.data for d in capture.media(meanwhile, "rtcp") if capture.is_plain_rtcp(d.data)], [])


# R211
@case("the phone asks for clear where the policy does not allow it: the call stays secure",
      errors="GoClear was refused|clear-refused")
def clear_refused(lab):
    with lab.zrtp_phone("alice", allow_clear=True, tone=PHONE_HZ) as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        lab.pbx.secure("alice")
        before = phone.statistics()["audio"]["clear_received"]
        phone.say("clear")
        time.sleep(1.5)
        equal("state", lab.pbx.stream("alice")["State"], "secure")
        equal("clear packets", phone.statistics()["audio"]["clear_received"], before)
        phone.hang_up()


@case("go clear is refused in a call with video: both media stay secure and go on",
      errors="GoClear was refused|RTP Transmission error")
def film_refused(lab):
    with capture.Capture(os.path.join(lab.directory, "film.pcap")) as wire, \
            lab.zrtp_phone("clearfilm", allow_clear=True, video="offer", drop_received="GoClear") as phone:
        phone.call("echo", lab.sip_port)
        for medium in ("audio", "video"):
            phone.wait("secure", 10, medium=medium)
        relays.flows(phone)
        wait.until("secure at the PBX", 5, lambda: [s["State"] for s in lab.pbx.streams()] == ["secure"] * 2)
        name = lab.pbx.stream("clearfilm")["Channel"]
        lab.pbx.cli(f"zrtp go clear {name}")

        def sent(kind):
            return [d for d in capture.read(wire.path)
                    if capture.kind(d.data) == "zrtp" and capture.message_type(d.data) == kind]
        asked = wait.until("GoClear", 3, lambda: sent("GoClear"))[0]
        own = next(d for d in sent("Hello") if d.source == asked.target)
        error = forge.message("Error   ", struct.pack(">I", 0x100))
        forge.send_as(asked.target, asked.source, forge.packet(error, 4000, struct.unpack(">I", own.data[8:12])[0]))
        wait.until("the log says so", 3, lambda: f"{name}: GoClear was refused" in lab.pbx.log())
        relays.flows(phone)
        phone.hang_up()


@case("keypad after an attended transfer to an application: obeyed once, for the phone that is there now")
def transferred(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("keypad") as alice, \
            lab.zrtp_phone("clearfilm") as bob:
        bob.expect_call()
        alice.call("call-clearfilm", lab.sip_port)
        alice.secure()
        sas = bob.secure()
        alice.call("silent", lab.sip_port)
        alice.secure()
        for name in ("keypad", "clearfilm"):
            lab.pbx.secure(name)
        alice.say("1: attend 2")
        wait.until("the phone that transfers is out", 10, lambda: lab.pbx.stream("keypad") is None)
        logged = len(lab.pbx.log())
        bob.say(f"dtmf {VERIFY}")
        equal("SAS of the event", events.wait("ZrtpVerified", 5, Verified="yes")["SAS"], sas)
        # The channel has the hook of each of them now.
        time.sleep(1)
        equal("refused", "keypad command refused" in lab.pbx.log()[logged:], False)
        equal("commands done", lab.pbx.log()[logged:].count(": keypad_verify"), 1)
        equal("events", len(events.all("ZrtpVerified")), 1)
        bob.hang_up()
