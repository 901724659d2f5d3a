# SPDX-License-Identifier: GPL-2.0-only
"""Two phones behind the PBX compare one SAS: to whom it is relayed, and when no more."""
import os
import re

import asterisk
import calls
import wait
from harness import case, equal
from lab import Lab, sip_port
from relays import call, enroll, enrollment, flows_audio, own_sas, reaches, same_sas, status


# R458 R462 R465 R466 R467 R482 R520
@case("relay: an enrolled phone is called, calls, and shows the other phone's SAS; alone it shows its own")
def one_enrolled(lab):
    with enrollment(lab) as events, lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, bob)
        for caller, called in ((alice, bob), (bob, alice)):
            call(lab, caller, called)
            sas = same_sas(lab, bob, alice)
            table = status(lab, "bob")
            equal("far SAS", table["FarSAS"], sas)
            equal("SAS of the leg is another", table["SAS"] != sas, True)
            equal("enrolled", (table["Enrolled"], status(lab, "alice")["Enrolled"]), ("yes", "no"))
            event = events.wait("ZrtpSasRelay", 5, Status="acknowledged", Relayed="yes", SAS=sas)
            equal("leg of the event", asterisk.endpoint_of(event["Channel"]), "bob")
            equal("nobody has compared it, or records", (bob.all("sas")[-1]["relayed_verified"],
                                                         bob.all("sas")[-1]["relayed_disclosed"]), (False, False))
            caller.hang_up()
            called.wait_ended()
            lab.pbx.idle()
        sent = [(e["Channel"], e["SAS"], e["Relayed"], e["FarVerified"], e["FarDisclosed"])
                for e in events.all("ZrtpSasRelay", Status="sent")]
        equal(f"what was sent twice in turn, of {sent}", [one for one, next_one in zip(sent, sent[1:]) if one == next_one], [])
        bob.call("echo", lab.sip_port)
        bob.secure()
        own_sas(lab, bob, Partner="none", RelayStatus="none")
        equal("our M flag", bob.all("sas")[-1]["peer_mitm"], True)
        bob.hang_up()


# R463
@case("relay: two enrolled phones, exactly one is shown the other's SAS")
def both_enrolled(lab):
    with enrollment(lab), lab.zrtp_phone("alice", enroll="accept") as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        for phone in (alice, bob):
            enroll(lab, phone)
        chosen = set()
        for caller, called in ((alice, bob), (bob, alice)):
            call(lab, caller, called)
            shown = {name: reaches(lab, name, RelayStatus="acknowledged")["Relayed"] for name in ("alice", "bob")}
            equal("one of them", sorted(shown.values()), ["no", "yes"])
            winner, other = (alice, bob) if shown["alice"] == "yes" else (bob, alice)
            same_sas(lab, winner, other)
            chosen.add(winner.name)
            caller.hang_up()
            called.wait_ended()
            lab.pbx.idle()
        equal("the same one in each direction", len(chosen), 1)


# R461
@case("relay: two phones that are not enrolled are sent nothing")
def none_enrolled(lab):
    with enrollment(lab) as events, lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        call(lab, alice, bob)
        calls.talk(1)
        for phone in (alice, bob):
            own_sas(lab, phone, Partner="leg", RelayStatus="none")
        equal("events", events.all("ZrtpSasRelay"), [])
        alice.hang_up()


@case("relay: revoked, the phone is shown nothing any more")
def revoked(lab):
    with enrollment(lab), lab.zrtp_phone("alice") as alice, lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, bob)
        zid = re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp enrollments show"))[1]
        lab.pbx.cli(f"zrtp enrollment revoke {zid}")
        call(lab, alice, bob)
        calls.talk(1)
        for phone in (alice, bob):
            own_sas(lab, phone, Partner="leg", RelayStatus="none", Enrolled="no")
        alice.hang_up()


def revoke_by(lab, events, way):
    zid = re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp enrollments show"))[1]
    if way == "AMI":
        equal("AMI", events.ask("ZrtpEnrollmentRevoke", ZID=zid)["Message"], "Revoked")
    else:
        equal("CLI", lab.pbx.cli(f"zrtp enrollment revoke {zid}").splitlines()[-1], "Revoked")


@case("relay: withdrawn at once when the enrollment is revoked in mid-call, by CLI and by AMI")
def revoked_in_call(lab):
    with enrollment(lab) as events, lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        for way in ("CLI", "AMI"):
            enroll(lab, bob)
            call(lab, alice, bob)
            same_sas(lab, bob, alice)
            revoke_by(lab, events, way)
            own_sas(lab, bob, seconds=2, Enrolled="no", Relayed="no", RelayStatus="acknowledged", Partner="leg")
            own_sas(lab, alice, Relayed="no", Outcome="secure")
            flows_audio(bob)
            alice.hang_up()
            bob.wait_ended()
            lab.pbx.idle()
            equal("stored again", "0 phones enrolled" in lab.pbx.cli("zrtp enrollments show"), True)
            call(lab, alice, bob)
            reaches(lab, "bob", Enrolled="no", RelayStatus="none", Partner="leg")
            alice.hang_up()
            bob.wait_ended()
            lab.pbx.idle()


def bound(lab, zid):
    """The endpoints of an enrolled phone, as they are listed."""
    found = re.search(rf"(?m)^{zid} \S+ +(\S+)$", lab.pbx.cli("zrtp enrollments show"))
    return found and found[1]


@case("relay: not to a phone that calls as another endpoint than it enrolled as, until it is bound to that")
def other_endpoint(lab):
    cache = os.path.join(lab.directory, "moved.sqlite")
    with enrollment(lab) as events, lab.zrtp_phone("alice") as alice:
        with lab.zrtp_phone("bob", enroll="accept", cache=cache) as phone:
            enroll(lab, phone)
            zid = phone.events[0]["zid"]
        with lab.zrtp_phone("carol", enroll="accept", cache=cache) as phone:
            call(lab, phone, alice)
            own_sas(lab, phone, Enrolled="no", EnrolledAs="bob", PeerName="bob", RelayStatus="none", Partner="leg")
            own_sas(lab, alice, RelayStatus="none")
            notice = f"phone {zid} is enrolled for endpoint bob, not for carol: no SAS is relayed to it"
            equal("notices", lab.pbx.log().count(notice), 1)
            # An administrator has the last word, in the middle of the call too.
            equal("CLI", lab.pbx.cli(f"zrtp enrollment bind {zid} bob,carol").splitlines()[-1], "Bound")
            same_sas(lab, phone, alice, 3)
            reaches(lab, "carol", Enrolled="yes", EnrolledAs="bob,carol")
            equal("AMI", events.ask("ZrtpEnrollmentBind", ZID=zid, Endpoints="bob")["Message"], "Bound")
            own_sas(lab, phone, 3, Enrolled="no", Relayed="no", RelayStatus="acknowledged")
            refused = events.ask("ZrtpEnrollmentBind", ZID="0" * 24, Endpoints="bob")
            equal("unknown phone", refused["Message"], "Not bound: no such phone is enrolled")
            phone.hang_up()
            alice.wait_ended()
            lab.pbx.idle()
            # Its user can enroll it there too.
            phone.call("enroll-trust", lab.sip_port)
            wait.until("bound to both", 10, lambda: bound(lab, zid) == "bob,carol")
            phone.wait_ended()
            lab.pbx.idle()
            call(lab, phone, alice)
            same_sas(lab, phone, alice)
            phone.hang_up()
            alice.wait_ended()
        with lab.zrtp_phone("bob", cache=cache) as phone:
            call(lab, alice, phone)
            same_sas(lab, phone, alice)
            alice.hang_up()


@case("relay: a SASrelay that the phone never acknowledges leaves both legs as they are")
def unanswered(lab):
    with enrollment(lab) as events, lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("bob", enroll="accept", drop_sent="RelayACK") as bob:
        enroll(lab, bob)
        call(lab, alice, bob)
        before = {phone.name: phone.statistics()["audio"] for phone in (alice, bob)}
        reaches(lab, "bob", 25, RelayStatus="unanswered", State="secure", Outcome="secure")
        event = events.wait("ZrtpSasRelay", 5, Status="unanswered")
        equal("leg of the event", asterisk.endpoint_of(event["Channel"]), "bob")
        for phone in (alice, bob):
            after = phone.statistics()["audio"]
            grown = after["srtp_received"] - before[phone.name]["srtp_received"]
            equal(f"{phone.name} still hears SRTP ({grown})", grown > 100, True)
            equal("failures", phone.all("failed") + phone.all("clear") + phone.all("alarm"), [])
        alice.hang_up()


@case("relay: words only when both phones have words")
def renderings(lab):
    for has, expected in (("B32", "B32"), ("B32,B256", "B256")):
        with enrollment(lab), lab.zrtp_phone("b256", sas="B256,B32") as words, \
                lab.zrtp_phone("bob", sas=has, enroll="accept") as bob:
            enroll(lab, bob)
            call(lab, bob, words)
            equal("type of the leg", status(lab, "b256")["SASType"], "B256")
            same_sas(lab, bob, words)
            for name in ("bob", "b256"):
                equal(f"type at {name}", status(lab, name)["ShownSASType"], expected)
            bob.hang_up()


@case("relay: the far phone's V and D flags are relayed; a recording sets D")
def flags(lab):
    with enrollment(lab) as events, lab.zrtp_phone("alice", disclose=True) as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, bob)
        call(lab, alice, bob)
        same_sas(lab, bob, alice)
        equal("the PBX sees D", status(lab, "alice")["PeerDiscloses"], "yes")
        event = events.wait("ZrtpSasRelay", 5, Relayed="yes", Status="acknowledged")
        equal("D, V", (event["FarDisclosed"], event["FarVerified"]), ("yes", "no"))
        equal("D at the phone", bob.all("sas", relayed=True)[-1].get("relayed_disclosed"), True)
        alice.hang_up()
        lab.pbx.idle()
    with enrollment(lab) as events, lab.zrtp_phone("alice") as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, bob)
        call(lab, alice, bob)
        same_sas(lab, bob, alice)
        equal("recorded", status(lab, "bob")["Recorded"], "no")
        channel = lab.pbx.stream("alice")["Channel"]
        for start, value in ((True, "yes"), (False, "no")):
            lab.pbx.cli(f"mixmonitor {'start' if start else 'stop'} {channel}"
                        + (f" {lab.pbx.home}/sounds/spied.wav" if start else ""))
            for name in ("alice", "bob"):
                reaches(lab, name, Recorded=value)
                events.wait("ZrtpListening", 5, Recorded=value)
            wait.until("the relayed D flag", 5,
                       lambda: bob.all("sas")[-1].get("relayed_disclosed") is start)
        alice.hang_up()


@case("relay: Linphone beside an enrolled phone has no error, no mismatch, no delay",
      errors="retained secret mismatch")
def linphone_partner(lab):
    with enrollment(lab) as events, lab.phone("alice") as alice, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, bob)
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        sas = alice.secure()
        bob.secure()
        wait.until("bob shows Linphone's SAS", 8, lambda: bob.shown() == sas)
        secure = events.wait("ZrtpSecure", 5, Channel=lab.pbx.stream("alice")["Channel"])
        equal("no delay", float(secure["HandshakeMs"]) < 5000, True)
        equal("no mismatch", secure["CacheMismatch"], "no")
        table = reaches(lab, "alice", 25, RelayStatus="unanswered", State="secure", Outcome="secure", Relayed="no")
        equal("security", table["Security"], "unverified")
        calls.talk(1)
        equal("no failure", events.all("ZrtpFailed") + events.all("ZrtpClear"), [])
        alice.hang_up()


# R479
@case("relay: Linphone, enrolled here without knowing it, is not taken for enrolled",
      errors="retained secret mismatch")
def linphone_enrolled(lab):
    with enrollment(lab), lab.phone("alice") as alice, lab.zrtp_phone("bob") as bob:
        alice.call("enroll-trust", lab.sip_port)
        alice.secure()
        wait.until("the PBX keeps a secret", 10, lambda: re.search(
            r"(?m)^[0-9a-f]{24} no +alice$", lab.pbx.cli("zrtp enrollments show")))
        alice.wait_ended()
        lab.pbx.idle()
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        alice.secure()
        bob.secure()
        for name in ("alice", "bob"):
            reaches(lab, name, Partner="leg", Enrolled="no", RelayStatus="none", State="secure")
        equal("shown as enrolled", status(lab, "alice").get("EnrolledAs", "-"), "-")
        own_sas(lab, bob)
        alice.hang_up()
        equal("it has not proved to be enrolled", bool(re.search(
            r"(?m)^[0-9a-f]{24} no +alice$", lab.pbx.cli("zrtp enrollments show"))), True)


# R468
@case("relay: through two PBXs in a row both phones show the SAS between the PBXs")
def two_pbxs(lab):
    with enrollment(lab), Lab(lab.pbx.root, lab.directory, sip_port=sip_port("trunk"), ami_port=25264,
                              rtp_ports=(29000, 29999)) as far, enrollment(far), \
            lab.zrtp_phone("alice", enroll="accept") as alice, lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, alice)
        enroll(far, bob)
        bob.expect_call()
        alice.call("over-call-bob", lab.sip_port)
        for phone in (alice, bob):
            phone.secure(15)
        sas = reaches(lab, "trunk", State="secure", PeerMiTM="yes", Relayed="no", RelayStatus="acknowledged")["SAS"]
        equal("SAS at the other PBX", reaches(far, "trunk", State="secure", PeerMiTM="yes", Relayed="no")["SAS"], sas)
        for pbx, phone in ((lab, alice), (far, bob)):
            wait.until(f"{phone.name} shows {sas}", 8, lambda p=phone: p.shown() == sas)
            equal("relayed", phone.all("sas")[-1]["relayed"], True)
            reaches(pbx, phone.name, Relayed="yes", RelayStatus="acknowledged", FarSAS=sas)
        alice.hang_up()
        bob.wait_ended()
        far.pbx.idle()


@case("relay: taken back while the far leg is in clear, and there again when it is secure again")
def far_leg_clear(lab):
    with enrollment(lab), lab.zrtp_phone("keypad", allow_clear=True) as far, \
            lab.zrtp_phone("bob", enroll="accept") as bob:
        enroll(lab, bob)
        call(lab, bob, far)
        sas = same_sas(lab, bob, far)
        far.say("clear")
        far.wait("clear", 5, medium="audio")
        own_sas(lab, bob, Relayed="no", FarSAS="-", RelayStatus="acknowledged")
        far.say("secure")
        wait.until("relayed again", 8, lambda: bob.shown() == sas)
        same_sas(lab, bob, far)
        bob.hang_up()


case("relay: an enrolled phone is called, calls, and shows the other phone's SAS", kind="16")(one_enrolled)
case("relay: withdrawn at once when the enrollment is revoked in mid-call", kind="16")(revoked_in_call)
case("relay: not to a phone that calls as another endpoint than it enrolled as", kind="16")(other_endpoint)
case("relay: not to a phone that calls as another peer than it enrolled as", kind="16 chan_sip")(other_endpoint)
