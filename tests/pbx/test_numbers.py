# SPDX-License-Identifier: GPL-2.0-only
"""Payload types: a phone that may be passed through is offered those of the phone that calls it."""
import contextlib
import os
import re
import time

import asterisk
import calls
import capture
import lab as laboratory
import sipp
import wait
from harness import case, equal
from pairs import check_wire, heard_each_other, lab_sas, pair, passed_through, same_sas
from test_sip import LINE, flow, one_each

OPUS = {"codecs": ("opus", "PCMU")}
OURS, THEIRS = 107, 96  # Opus is that to the PBX, and to Linphone
DIGITS = {97: "telephone-event/48000", 101: "telephone-event/8000"}


def carried(wire, name):
    """The payload types of the RTP that the PBX sent to a Linphone."""
    return {data[1] & 0x7f for data in (d.data for d in wire.between(target=laboratory.rtp_port(name)))
            if capture.kind(data) == "rtp"}


def maps(text):
    """The numbers of a session description that are not static, and what they stand for."""
    found = {int(number): encoding for number, encoding in re.findall(r"(?m)^a=rtpmap:(\d+) (\S+)\s*$", text)}
    numbers = re.search(r"(?m)^m=audio \d+ \S+ (.*?)\s*$", text)[1]
    equal("numbers of the m-line", sorted(map(int, numbers.split())), sorted(found))
    for number in re.findall(r"(?m)^a=fmtp:(\d+) 0-16", text):
        equal(f"what has the format of digits, {number}", found[int(number)][:15], "telephone-event")
    return {number: encoding for number, encoding in found.items() if number > 34}


def once(found):
    """Without those that SIP has repeated: (CSeq, description) each."""
    return [maps(text) for text in dict(found).values()]


def offers(phone):
    """What maps() finds in each offer that a Linphone got."""
    return once(re.findall(r"(?s)(?:^|\n)INVITE sip:[^\n]* SIP/2\.0\r?\n[^\n]*127\.0\.0\.1:25060"
                           r".*?\nCSeq: (\d+) INVITE.*?\n(v=0.*?\n)\r?\n", phone.log()))


def opus_numbers(phone):
    """The numbers of Opus in the offers that a Linphone got."""
    return {number for offer in offers(phone) for number, encoding in offer.items() if encoding == "opus/48000/2"}


@case("pass-through: two Linphones with Opus, the called one is offered the calling one's payload types")
def opus(lab):
    wanted = {THEIRS: "opus/48000/2", **DIGITS}
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "opus.pcap")) as wire, \
            pair(lab, "opus1", "opus2", **OPUS) as (first, second):
        sas = same_sas(first, second)
        passed_through(lab, "opus1", "opus2")
        time.sleep(1.5)
        # Another offer of the PBX in the same call.
        for variable, value in (("PJSIP_MEDIA_OFFER(audio)", "!all,opus"), ("PJSIP_SEND_SESSION_REFRESH()", "invite")):
            events.ask("Setvar", Channel=lab.pbx.stream("opus2")["Channel"], Variable=variable, Value=value)
        wait.until("another offer", 5, lambda: len(offers(second)) == 2)
        time.sleep(2)
        equal("offers", offers(second), [wanted, wanted])
        passed_through(lab, "opus1", "opus2")
        equal("SAS", (lab_sas(first), lab_sas(second)), (sas, sas))
    heard_each_other(first, second)
    check_wire(wire, "opus1", "opus2")
    equal("numbers", (carried(wire, "opus1"), carried(wire, "opus2")), ({THEIRS}, {THEIRS}))


@case("auto: two Linphones with Opus are passed through")
def auto_opus(lab):
    with capture.Capture(os.path.join(lab.directory, "auto-opus.pcap")) as wire, \
            pair(lab, "autoopus1", "autoopus2", **OPUS) as (first, second):
        same_sas(first, second)
        passed_through(lab, "autoopus1", "autoopus2")
        time.sleep(1.5)
    heard_each_other(first, second)
    check_wire(wire, "autoopus1", "autoopus2")


def both_end_here(lab, caller, called, extension, wanted):
    """Two Linphones with Opus have ZRTP with the PBX, and hear each other; the called one is offered that number."""
    with capture.Capture(os.path.join(lab.directory, "ends.pcap")) as wire, \
            pair(lab, caller, called, extension=extension, **OPUS) as (first, second):
        for phone in (first, second):
            calls.secure(lab, phone)
        time.sleep(1.5)
        equal("offers of Opus", opus_numbers(second), {wanted})
    heard_each_other(first, second)
    equal("numbers", (carried(wire, caller), carried(wire, called)), ({THEIRS}, {wanted}))


@case("auto: the caller's payload types, and feature codes: the PBX is the ZRTP endpoint of both and carries Opus by them")
def auto_opus_end(lab):
    both_end_here(lab, "autoopus1", "autoopus2", "keys", THEIRS)


@case("endpoint: two Linphones with Opus, each with its own payload type")
def own_opus(lab):
    both_end_here(lab, "ownopus1", "ownopus2", "call", OURS)


@case("auto: a phone that cannot be passed through is offered the PBX's own payload types")
def auto_own_opus(lab):
    both_end_here(lab, "autoopus1", "ownopus2", "call", OURS)


@case("auto: a caller whose ZRTP has ended at the PBX calls a phone, which is offered the PBX's own payload types",
      kind="22 attack")
def auto_own_later(lab):
    with lab.phone("autoopus1", **OPUS) as first, lab.phone("autoopus2", **OPUS) as second:
        first.call("echo", lab.sip_port)
        stream = calls.secure(lab, first)
        second.expect_call()
        lab.pbx.cli(f"channel redirect {stream['Channel']} phones,call-autoopus2,1")
        calls.secure(lab, second)
        equal("offers of Opus", opus_numbers(second), {OURS})
        first.hang_up()
        second.wait_ended()


def described(numbers):
    """A session description with G.711 behind these."""
    return sipp.description("m=audio 26990 RTP/AVP " + " ".join(map(str, [*numbers, 0])),
                            *[f"a=rtpmap:{number} {encoding}" for number, encoding in numbers.items()],
                            "a=rtpmap:0 PCMU/8000")


def heard_offers(phone, count=1, seconds=5):
    """What maps() finds in each offer that a SIPp got."""
    def probe():
        found = once((re.search(r"(?m)^CSeq: (\d+) INVITE", message)[1], message.replace("\r", ""))
                     for message in phone.messages("received") if message.startswith("INVITE"))
        return found if len(found) == count else None
    return wait.until(f"{count} offers", seconds, probe)


@contextlib.contextmanager
def flows(lab, offer, answer, *, pause=1000, called="answer"):
    """SIPp calls SIPp, with these payload types."""
    with sipp.Sipp(lab, "opus2", laboratory.sip_port("opus2"), called, answer=described(answer), pause=100) as second, \
            sipp.Sipp(lab, "opus1", laboratory.sip_port("opus1"), "call", "call-opus2", offer=described(offer),
                      pause=pause) as first:
        yield second
        first.done()
        second.done()


@case("pass-through: the caller's payload types are offered as they are, whatever the PBX has at them")
def crossed(lab):
    numbers = {101: "opus/48000/2", 107: "telephone-event/48000", 35: "telephone-event/8000"}
    with flows(lab, numbers, numbers) as second:
        equal("offers", heard_offers(second), [numbers])


# R487
@case("zrtp-hash: the refresh of a session timer has the same, and passed through the payload types that were offered",
      errors="announced ZRTP")
def refreshed(lab):
    numbers = {101: "opus/48000/2", **{number + 1: encoding for number, encoding in DIGITS.items()}}
    # One announces ZRTP and has none, and is to stay for a minute.
    with flow(lab, "lenient", "refreshed", offer=sipp.description(LINE), answer=sipp.description(LINE)) as announcing, \
            flows(lab, numbers, numbers, called="kept", pause=48000) as second:
        first, later = heard_offers(second, 2, 60)
        equal("offer", first, numbers)
        equal("Opus in the refresh", later[101], "opus/48000/2")
        equal("numbers in the refresh", set(later) - set(numbers), set())
        announcing.done(70)
    one_each(announcing.hashes(), 2)


@case("pass-through: what the caller does not have gives way to its payload types")
def displaced(lab):
    numbers = {101: "opus/48000/2"}
    with flows(lab, numbers, numbers) as second:
        offered = heard_offers(second)[0]
        equal("Opus", offered.pop(101), "opus/48000/2")
        equal("others", sorted(offered.values()), ["telephone-event/48000", "telephone-event/8000"])


@case("pass-through: one that answers with other payload types than it was offered is not passed through")
def other_answer(lab):
    before = len(lab.pbx.log())
    with flows(lab, {96: "opus/48000/2"}, {112: "opus/48000/2"}, pause=2000) as second:
        equal("Opus", heard_offers(second)[0][96], "opus/48000/2")
        wait.until("the log says so", 5, lambda: re.search(
            r"PJSIP/opus\d-\w+ and PJSIP/opus\d-\w+: no pass-through, their codecs or payload types differ",
            lab.pbx.log()[before:]))
        equal("states", [s["State"] for s in lab.pbx.streams()], ["waiting"] * 2)
