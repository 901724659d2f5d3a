# SPDX-License-Identifier: GPL-2.0-only
"""Relay of the SAS while who is in the bridge changes: transfers, parking, pickup, a conference."""
import asterisk
import wait
from harness import case, equal
from relays import call, enroll, enrollment, own_sas, reaches, same_sas


# R462
@case("relay: after a blind transfer the enrolled phone shows the third phone's SAS")
def blind(lab):
    with enrollment(lab), lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob", enroll="accept") as bob, \
            lab.zrtp_phone("carol") as carol:
        enroll(lab, bob)
        call(lab, alice, bob)
        first = same_sas(lab, bob, alice)
        carol.expect_call()
        alice.say(f"transfer sip:call-carol@127.0.0.1:{lab.sip_port}")
        carol.secure()
        second = same_sas(lab, bob, carol)
        equal("another SAS", first != second, True)
        carol.hang_up()


@case("relay: after an attended transfer the enrolled phone shows the third phone's SAS")
def attended(lab):
    with enrollment(lab), lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob", enroll="accept") as bob, \
            lab.zrtp_phone("carol") as carol:
        enroll(lab, bob)
        call(lab, alice, bob)
        first = same_sas(lab, bob, alice)
        alice.say("hold")
        carol.expect_call()
        alice.say(f"dial sip:call-carol@127.0.0.1:{lab.sip_port}")
        sas = carol.secure()
        reaches(lab, "carol", Partner="leg")
        number = alice.all("calling")[-1]["call"]
        alice.say(f"{alice.all('calling')[0]['call']}: attend {number}")
        second = same_sas(lab, bob, carol)
        equal("SAS of carol's leg", second, sas)
        equal("another SAS", first != second, True)
        carol.hang_up()


@case("relay: withdrawn when the other side is transferred to a phone without ZRTP", errors="does not speak ZRTP")
def to_plain(lab):
    with enrollment(lab), lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob", enroll="accept") as bob, \
            lab.zrtp_phone("plain", no_zrtp=True) as plain:
        enroll(lab, bob)
        call(lab, alice, bob)
        same_sas(lab, bob, alice)
        plain.expect_call()
        alice.say(f"transfer sip:call-plain@127.0.0.1:{lab.sip_port}")
        plain.wait("up", 10)
        own_sas(lab, bob, Relayed="no", RelayStatus="acknowledged")
        plain.hang_up()


@case("relay: parked, the enrolled phone shows its own SAS; fetched, that of who fetched it")
def parked(lab):
    with enrollment(lab), lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob", enroll="accept") as bob, \
            lab.zrtp_phone("carol") as carol:
        enroll(lab, bob)
        call(lab, alice, bob)
        same_sas(lab, bob, alice)
        alice.say(f"transfer sip:park@127.0.0.1:{lab.sip_port}")
        reaches(lab, "bob", Partner="none")
        own_sas(lab, bob, Relayed="no")
        carol.call("parked", lab.sip_port)
        carol.secure()
        same_sas(lab, bob, carol)
        carol.hang_up()


@case("relay: a call picked up elsewhere shows the SAS of the phone that picked it up")
def picked_up(lab):
    with enrollment(lab), lab.zrtp_phone("alice", enroll="accept") as alice, \
            lab.zrtp_phone("bob", answer="manual") as bob, lab.zrtp_phone("carol") as carol:
        enroll(lab, alice)
        alice.call("call-bob", lab.sip_port)
        bob.wait("incoming", 5)
        carol.call("pickup", lab.sip_port)
        for phone in (alice, carol):
            phone.secure()
        same_sas(lab, alice, carol)
        carol.hang_up()


@case("relay: a phone that is secure before its channel has taken the place of the one that rang has its name, SAS and keypad",
      kind="22 attack")
def picked_up_slowly(lab):
    """For a moment the core finds neither channel, and ZRTP is quicker than its end: here that takes longer."""
    for milliseconds in (500, 1500):
        with enrollment(lab) as events, lab.zrtp_phone("alice", enroll="accept") as alice, \
                lab.zrtp_phone("bob", answer="manual") as bob, lab.zrtp_phone("keypad") as phone:
            enroll(lab, alice)
            alice.call("call-bob", lab.sip_port)
            bob.wait("incoming", 5)
            phone.call(f"slowly-{milliseconds}", lab.sip_port)
            for one in (alice, phone):
                one.secure()
            sas = same_sas(lab, alice, phone)
            channel = lab.pbx.stream("keypad")["Channel"]
            for variable, value in (("ZRTP_STATE", "secure"), ("ZRTP_SAS", sas)):
                wait.until(f"{variable} is {value}", 5,
                           lambda: events.ask("Getvar", Channel=channel, Variable=variable)["Value"] == value)
            phone.say("dtmf *72")
            equal("who verified", asterisk.endpoint_of(events.wait("ZrtpVerified", 8, Verified="yes")["Channel"]), "keypad")
            phone.hang_up()


# R522
@case("ConfBridge of three: each leg secure with its own SAS, nothing relayed, coming and going")
def conference(lab):
    with enrollment(lab) as events, lab.zrtp_phone("alice", enroll="accept", tone=440) as alice, \
            lab.zrtp_phone("bob", tone=600) as bob, lab.zrtp_phone("carol", tone=800) as carol:
        enroll(lab, alice)
        phones = (alice, bob, carol)
        seen = len(events.all("ZrtpSasRelay"))
        for phone in phones:
            phone.call("conference", lab.sip_port)
            phone.secure()
        for phone in phones:
            own_sas(lab, phone, Partner="conference", Recorded="no", RelayStatus="none")
        equal("three different ones", len({phone.shown() for phone in phones}), 3)
        carol.hang_up()
        reaches(lab, "bob", Partner="conference", State="secure")
        carol.call("conference", lab.sip_port)
        carol.secure()
        for phone in phones:
            wait.grows(f"{phone.name} hears the others", lambda p=phone: p.statistics()["audio"]["srtp_received"], 30)
            own_sas(lab, phone, Partner="conference")
        equal("relays", len(events.all("ZrtpSasRelay")), seen)
        for phone in phones:
            phone.hang_up()
