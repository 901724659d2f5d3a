# SPDX-License-Identifier: GPL-2.0-only
"""baresip with our module: what its user sees and hears, and what goes over the wire."""
import os
import re

import calls
import capture
import test_modern
import tone
import wait
from harness import case, equal
from lab import PBX_HZ, PHONE_HZ, sip_port
from relays import enrollment, status
from test_enroll import at_prompt
from zrtpphone import ZrtpPhone

# What it hears it says. (Its player of files does not live through a hold, with ZRTP or without.)
BACK = "aubridge,back"
UNCOMPARED, VERIFIED = "Encrypted, NOT COMPARED YET", "Encrypted and VERIFIED"


@case("baresip: calls the PBX and is called, same SAS, tones both ways, post-quantum keys and AES-GCM; compared, it shows so")
def both_ways(lab):
    with lab.baresip("alice") as phone:
        with capture.Capture(os.path.join(lab.directory, "baresip.pcap")) as wire:
            phone.call("record", lab.sip_port)
            sas = phone.secure()
            equal("SAS", lab.pbx.secure("alice")["SAS"], sas)
            phone.reaches(r"X25519 \+ ML-KEM-512, AES-256-GCM")
            phone.reaches(UNCOMPARED)
            calls.talk(2)
            phone.say(f"/zrtp_verify {sas}")
            phone.reaches(VERIFIED)
            phone.hang_up()
            lab.pbx.idle()
        found = capture.check_secure(wire, phone.rtp_port, "GCM", {"heard": PBX_HZ, "said": PHONE_HZ})
        equal("packets both ways", found["heard"] > 50 and found["said"] > 50, True)
        tone.heard(lab.pbx.file("sounds", "heard-alice.wav"), PHONE_HZ)
        lab.call_phone("alice")
        sas = phone.secure()
        equal("SAS of the second call", lab.pbx.secure("alice")["SAS"], sas)
        phone.reaches("You have compared with it before, and it is the same one; its user has not")
        calls.talk(2)
        lab.pbx.cli("channel request hangup all")
        phone.wait_ended()
        tone.heard(phone.recording, PBX_HZ)


def enroll(lab, phone):
    """Dial the enrollment, type yes, and press 1 once the SAS was heard."""
    begun = len(lab.pbx.log())
    phone.call("enroll", lab.sip_port)
    phone.secure()
    phone.reaches("offers to ENROLL you")
    phone.say("/zrtp_enroll")
    phone.sees("You are enrolled")
    at_prompt(lab, begun, "zrtp/sas-is")
    phone.press("1")
    wait.until(f"{phone.name} enrolled at the PBX", 10,
               lambda: re.search(rf"(?m)^[0-9a-f]{{24}} \S+ +{phone.name}$", lab.pbx.cli("zrtp enrollments show")))
    phone.wait_ended(15)
    lab.pbx.idle()


def shows_person(phone, other, line=None):
    """It shows the SAS of the phone behind the PBX, and says so."""
    phone.reaches(r"SAS of the PERSON BEHIND the PBX \"Asterisk ZRTP\"", line=line)
    wait.until(f"{phone.name} shows the SAS of the other phone", 10, lambda: phone.sas(line) == other)


def shows_pbx(lab, phone):
    phone.reaches(r"SAS of the PBX \"[^\"]*\" ITSELF")
    equal("SAS of the leg", phone.secure(), lab.pbx.secure(phone.name)["SAS"])


def attends(lab, third, phone, other):
    """A third phone calls both, and connects them: what was compared with it does not count for the other one."""
    third.call(f"call-{phone.name}", lab.sip_port)
    shows_person(phone, third.secure())
    phone.say("/zrtp_verify")
    phone.reaches(VERIFIED)
    third.say("hold")
    other.expect_call()
    third.say(f"dial sip:call-{other.name}@127.0.0.1:{lab.sip_port}")
    sas = other.secure()
    wait.until("two calls", 5, lambda: len(third.all("calling")) == 2)
    first, second = (event["call"] for event in third.all("calling"))
    third.say(f"{first}: attend {second}")
    shows_person(phone, sas)
    phone.reaches(UNCOMPARED)
    other.hang_up()
    phone.wait_ended()
    lab.pbx.idle()


@case("baresip: enrolls by typing yes, is called from a Linphone through the PBX and shows the Linphone's SAS, after a "
      "blind and an attended transfer too, in a conference that of the PBX; revoked, it shows its own")
def enrolls(lab):
    with enrollment(lab), lab.baresip("bob") as phone, lab.phone("alice") as linphone, lab.zrtp_phone("carol") as third:
        enroll(lab, phone)
        phone.say("/zrtp_enrolled")
        phone.sees("enrolled with 1 PBX")
        linphone.call("call-bob", lab.sip_port)
        shows_person(phone, linphone.secure())
        phone.reaches(UNCOMPARED)
        phone.say("/zrtp_verify")
        phone.reaches(VERIFIED)
        linphone.hang_up()
        phone.wait_ended()
        lab.pbx.idle()
        third.expect_call()
        linphone.call("call-carol", lab.sip_port)
        sas = linphone.secure()
        third.secure()
        third.say(f"transfer sip:call-bob@127.0.0.1:{lab.sip_port}")
        shows_person(phone, sas)
        phone.reaches(UNCOMPARED)
        linphone.hang_up()
        phone.wait_ended()
        lab.pbx.idle()
        attends(lab, third, phone, linphone)
        third.call("conference", lab.sip_port)
        third.secure()
        phone.call("conference", lab.sip_port)
        shows_pbx(lab, phone)
        phone.say("/zrtp_revoke Asterisk")
        phone.sees("peers are called so")
        phone.say("/zrtp_name Asterisk")
        phone.sees("is called Asterisk")
        phone.say("/zrtp_revoke Asterisk")
        phone.sees("Revoked")
        phone.hang_up()
        third.hang_up()
        lab.pbx.idle()
        third.call("call-bob", lab.sip_port)
        third.secure()
        shows_pbx(lab, phone)
        phone.say("/zrtp_enrolled")
        phone.sees("enrolled with 0 PBXs")
        third.hang_up()
        phone.wait_ended()


@case("baresip: hold and resume keep the keys; two calls at once, and a command that does not guess which")
def hold(lab):
    with lab.baresip("alice", player=BACK, calls=2) as phone, lab.zrtp_phone("bob") as other:
        phone.call("echo", lab.sip_port)
        sas = phone.secure()
        for command in ("/hold", "/resume"):
            phone.say(command)
            phone.sees("got SDP answer")
            equal("SAS", lab.pbx.secure("alice")["SAS"], sas)
        other.call("call-alice", lab.sip_port)
        other.secure()
        second = phone.secure(line=2)
        phone.say("/zrtp_verify")
        phone.sees("There are several calls")
        phone.say("/zrtp_verify zzzz")
        phone.sees("No call has this SAS")
        phone.say(f"/zrtp_verify {second}")
        phone.reaches(VERIFIED, line=2)
        phone.reaches(UNCOMPARED, line=1)
        other.hang_up()
        phone.wait_ended()
        phone.hang_up()


@case("baresip: audio and video with one SAS, the video keyed by Multistream")
def video(lab):
    with lab.baresip("film", video=True) as phone, lab.plain_phone("plain"):
        phone.call("echo", lab.sip_port)
        sas = phone.secure()
        wait.until("both streams are secure at the PBX", 15,
                   lambda: len([s for s in lab.pbx.streams() if s["State"] == "secure"]) == 2)
        equal("SAS", {s["SAS"] for s in lab.pbx.streams()} - {"-", ""}, {sas})
        phone.hang_up()


@case("baresip: zrtp-require makes no call with a phone without ZRTP; without it the call is shown as clear")
def require(lab):
    with lab.baresip("alice", mediaenc="zrtp-require") as phone:
        phone.call("echo", lab.sip_port)
        equal("SAS", phone.secure(), lab.pbx.secure("alice")["SAS"])
        phone.hang_up()
        lab.pbx.idle()
    with lab.baresip("stock", mediaenc="zrtp-require") as phone, \
            capture.Capture(os.path.join(lab.directory, "require.pcap")) as wire:
        phone.call("echo", lab.sip_port)
        phone.sees("the other side has no ZRTP, and mediaenc says zrtp-require", 15)
        lab.pbx.idle()
        equal("RTP that it sent", [d for d in wire.between(source=phone.rtp_port) if capture.kind(d.data) != "zrtp"], [])
    with lab.baresip("stock") as phone:
        phone.call("echo", lab.sip_port)
        phone.reaches("NOT ENCRYPTED: others can listen", 15)
        phone.hang_up()


@case("baresip: goes clear and secure again; of the PBX's GoClear it tells, and sends nothing before its user has taken notice")
def clear(lab):
    with lab.baresip("keypad", config="zrtp_allow_clear yes\n") as phone:
        phone.call("echo", lab.sip_port)
        sas = phone.secure()
        phone.say("/zrtp_clear")
        phone.reaches("NOT ENCRYPTED")
        phone.say("/zrtp_secure")
        phone.reaches("Encrypted")
        equal("SAS", phone.sas(), sas)
        name = lab.pbx.secure("keypad")["Channel"]
        lab.pbx.cli(f"zrtp go clear {name}")
        phone.reaches("The other side has ended the encryption")
        phone.reaches("NOTHING PASSES")
        phone.say("/zrtp_clear")
        phone.reaches("NOT ENCRYPTED")
        phone.hang_up()


@case("baresip: a cache that it lost, or the PBX, is an alarm until the SAS is compared")
def lost(lab):
    with lab.baresip("alice") as phone:
        phone.call("echo", lab.sip_port)
        phone.secure()
        lab.pbx.secure("alice")
        zid = status(lab, "alice")["PeerZID"]
        phone.hang_up()
        lab.pbx.idle()
        lab.pbx.cli(f"zrtp cache delete {zid}")
        phone.call("echo", lab.sip_port)
        phone.reaches("DO NOT TRUST THIS CALL")
        phone.reaches("! This phone and yours have called before")
        phone.say("/zrtp_verify")
        phone.reaches(VERIFIED)
        phone.hang_up()
        lab.pbx.idle()
        phone.stop()
        phone.start()
        phone.call("echo", lab.sip_port)
        phone.reaches("it is the same one")
        phone.say("/zrtp_peers")
        zid = phone.sees(r"([0-9a-f]{24})  compared")[1]
        phone.say(f"/zrtp_name {zid} The PBX")
        phone.sees(f"{zid} is called The PBX")
        phone.say("/zrtp")
        phone.sees('PBX "The PBX" ITSELF')
        phone.hang_up()


@case("baresip: with a mistake in its configuration it makes no call, rather than one in clear, and says what is wrong")
def mistake(lab):
    with lab.baresip("alice", config="zrtp_cipher AES3, AES9\n") as phone:
        phone.sees('zrtp_cipher: "AES9" is unknown', anew=False)
        phone.call("echo", lab.sip_port)
        phone.sees("no call, as the module could not be set up")
        phone.expect_call()
        lab.call_phone("alice")
        phone.sees("no call, as the module could not be set up")
        lab.pbx.no_streams()


def sas_of(phone):
    """What a phone of any make shows."""
    sas = phone.secure()
    return phone.shown() if isinstance(phone, ZrtpPhone) else sas


@case("baresip without a PBX: with itself, zrtpcall, a Linphone 5.1 and a 5.3, in both directions, the same SAS")
def direct(lab):
    with lab.baresip("alice") as phone, lab.baresip("bob") as same, lab.zrtp_phone("carol") as ours, \
            test_modern.linphone(lab, "dave") as linphone, lab.phone("plain") as older:
        for caller, called in ((phone, same), (same, phone), (phone, ours), (ours, phone), (phone, linphone),
                               (linphone, phone), (phone, older), (older, phone)):
            called.expect_call()
            caller.call(called.name, sip_port(called.name))
            equal(f"SAS of {caller.name} and {called.name}", *(sas_of(end) for end in (caller, called)))
            caller.hang_up()
            called.wait_ended()
            calls.talk(0.3)
