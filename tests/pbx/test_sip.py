# SPDX-License-Identifier: GPL-2.0-only
"""a=zrtp-hash in flows of SIP that phones here do not make by themselves."""
import re

import asterisk
import lab as laboratory
import wait
from harness import case, equal
from sipp import Sipp, description

ONE, OTHER = "1.10 " + 32 * "a5", "1.10 " + 32 * "5A"
LINE, SECOND = f"a=zrtp-hash:{ONE}", f"a=zrtp-hash:{OTHER}"
AUDIO, VIDEO = "m=audio 26990 RTP/AVP 0", "m=video 26992 RTP/AVP 99\na=rtpmap:99 VP8/90000"


def flow(lab, name, what, **parts):
    return Sipp(lab, name, laboratory.sip_port(name), what, **parts)


def state(lab, name):
    stream = wait.until(f"stream of {name}", 5, lambda: lab.pbx.stream(name))
    return stream["HashStatus"], stream["Peer"]


def one_each(hashes, descriptions, media=1):
    """Each description has one value on each of its m-lines, the same each time."""
    if len(hashes) < descriptions:
        raise AssertionError(f"{len(hashes)} descriptions of the PBX, expected {descriptions}")
    equal("values on each m-line", [[len(v) for v in d] for d in hashes], len(hashes) * [media * [1]])
    equal("the same each time", hashes, len(hashes) * hashes[:1])
    equal("different on each m-line", len({v[0] for v in hashes[0]}), media)


def seen(lab, phone, expected):
    """What the PBX makes of a call's offer, at the latest when it ends; None if the call was over before."""
    found = None
    while found != expected and phone.process.poll() is None:
        stream = lab.pbx.stream(phone.name)
        found = (stream["HashStatus"], stream["Peer"]) if stream else found
    return found


# What the phone's offer says, what the PBX makes of it, what it logs of the m-line.
OFFERS = {
    "none": ([], ("none", "none"), None),
    "a right one": ([LINE], ("none", "signalled"), None),
    "the same one twice": ([LINE, LINE.replace("a5", "A5")], ("none", "signalled"), None),
    "two that contradict each other": ([LINE, SECOND], ("none", "signalled"),
                                       "several a=zrtp-hash contradict each other"),
    "a malformed one": (["a=zrtp-hash:1.10 nonsense"], ("none", "none"),
                        "1 malformed a=zrtp-hash ignored, the last one is '1.10 nonsense'"),
    "an empty one": (["a=zrtp-hash:"], ("none", "none"), "1 malformed a=zrtp-hash ignored"),
    "a very long one": (["a=zrtp-hash:1.10 " + 900 * "a"], ("none", "none"), "1 malformed a=zrtp-hash ignored"),
    "a malformed one and a right one": (["a=zrtp-hash:1.10 a5", LINE], ("none", "signalled"),
                                        "1 malformed a=zrtp-hash ignored"),
    "one of another version": (["a=zrtp-hash:2.00 a5a5"], ("none", "none"), "is of other ZRTP versions than 1.10 only"),
    "one at session level": ([LINE, AUDIO], ("none", "none"), "at session level ignored"),
}


# R488
@case("zrtp-hash in offers: none, right, twice, contradicting, malformed, other version, session level",
      errors="a=zrtp-hash")
def offers(lab):
    for what, (lines, expected, logged) in OFFERS.items():
        for pause in (1500, 10000):
            mark = len(lab.pbx.log())
            with flow(lab, "plain", "call", offer=description(*lines), pause=pause) as phone:
                found = seen(lab, phone, expected)
                phone.done()
            one_each(phone.hashes(), 1)
            if found == expected:
                break
            lab.pbx.idle()  # over before it was looked at, or too soon: the next one lasts longer
        equal(what, found, expected)
        log = [line for line in lab.pbx.log()[mark:].splitlines() if "a=zrtp-hash" in line]
        equal(f"{what}: lines in the log", len(log), 1 if logged else 0)
        if logged and not re.search(r"PJSIP/plain-\w+: m-line 1 \(audio\): .*" + re.escape(logged), log[0]):
            raise AssertionError(f"{what}: logged is {log[0]}")
        lab.pbx.idle()


# R493
@case("zrtp-hash: audio and video have one each, a refused m-line has none", errors="does not speak ZRTP")
def two_lines(lab):
    offer = description(AUDIO, LINE, *VIDEO.split("\n"), SECOND)
    with flow(lab, "film", "call", offer=offer) as phone:
        phone.done()
    one_each(phone.hashes(), 1, 2)
    with flow(lab, "plain", "call", offer=offer) as phone:
        phone.done()
    equal("values of the answer without video", [[len(v) for v in d] for d in phone.hashes()], [[1, 0]])


# R487
@case("zrtp-hash: 183 and 200 have the same")
def early_media(lab):
    with flow(lab, "plain", "call", extension="early", offer=description(LINE)) as phone:
        phone.done()
    one_each(phone.hashes(), 2)


# R487
@case("zrtp-hash: an offer in 200, its answer in ACK")
def late_offer(lab):
    for pause in (1500, 10000):
        with flow(lab, "plain", "late", answer=description(LINE), pause=pause) as phone:
            found = seen(lab, phone, ("none", "signalled"))
            phone.done()
        one_each(phone.hashes(), 1)
        if found == ("none", "signalled"):
            break
        lab.pbx.idle()
    equal("the phone's", found, ("none", "signalled"))


@case("zrtp-hash: a re-INVITE with another one, and with the same")
def another(lab):
    for again in (LINE, SECOND, ""):
        with flow(lab, "plain", "again", offer=description(LINE), again=description(again)) as phone:
            phone.done()
        one_each(phone.hashes(), 2)
        lab.pbx.idle()


@case("zrtp-hash: the PBX calls, and is answered with 200, with 183 and 200", errors="a=zrtp-hash")
def called(lab):
    for what in ("answer", "early"):
        with flow(lab, "plain", what, answer=description(LINE)) as phone:
            lab.call_phone("plain", "silent")
            wait.until("the phone's", 10, lambda: lab.pbx.stream("plain") and state(lab, "plain")[1] == "signalled")
            wait.until("answered", 10, lambda: any(m.startswith("ACK ") for m in phone.messages("received")))
            equal("the phone's, once answered", state(lab, "plain"), ("none", "signalled"))
            lab.pbx.cli("channel request hangup all")
            phone.done()
        one_each(phone.hashes(), 1)
        lab.pbx.idle()


@case("zrtp-hash: three phones ring, one answers: each INVITE has its own, nothing is left")
def fork(lab):
    with flow(lab, "bob", "ring") as bob, flow(lab, "carol", "answer", answer=description(LINE), pause=500) as carol, \
            flow(lab, "dave", "ring") as dave, \
            flow(lab, "plain", "call", extension="fork", offer=description(SECOND), pause=2500) as caller:
        for phone in (caller, bob, carol, dave):
            phone.done()
    for phone in (caller, bob, carol, dave):
        one_each(phone.hashes(), 1)
    values = {phone.hashes()[0][0][0] for phone in (caller, bob, carol, dave)}
    equal("different Hellos", len(values), 4)


@case("zrtp-hash: a call that is not answered, and one that the caller cancels, leave nothing")
def unanswered(lab):
    with flow(lab, "bob", "ring") as phone, asterisk.Events(lab.pbx):
        lab.pbx.cli("channel originate Local/brief@phones extension silent@phones")
        phone.done()
    one_each(phone.hashes(), 1)
    lab.pbx.idle()
    with flow(lab, "bob", "ring") as phone, flow(lab, "plain", "cancel", extension="call-bob",
                                                 offer=description(LINE)) as caller:
        caller.done()
        phone.done()
    one_each(phone.hashes(), 1)
    lab.pbx.idle()
    lab.pbx.no_streams()
