# SPDX-License-Identifier: GPL-2.0-only
"""Calls with video of which each leg is a ZRTP session of the PBX."""
import asterisk
from harness import case, equal
from relays import enroll, enrollment, flows, reaches, same_sas


def kex(lab, name):
    """The key agreements of all streams of endpoint NAME's calls."""
    return sorted(stream["Kex"] for stream in lab.pbx.streams() if asterisk.endpoint_of(stream["Channel"]) == name)


@case("video: keyed by Multistream beside the audio, one SAS for the leg, and that is relayed")
def video(lab):
    with enrollment(lab), lab.zrtp_phone("screen1", video="offer") as caller, \
            lab.zrtp_phone("screen2", video="accept", enroll="accept") as called:
        enroll(lab, called)
        called.expect_call()
        caller.call("call-screen2", lab.sip_port)
        for phone in (caller, called):
            for medium in ("audio", "video"):  # either may be the first
                phone.wait("secure", 10, medium=medium)
            reaches(lab, phone.name, Streams="2", SecureStreams="2", Outcome="secure")
            equal("key agreements", kex(lab, phone.name), ["Mult", "X255"])
        same_sas(lab, called, caller)
        for phone in (caller, called):
            equal("one SAS", len({s["SAS"] for s in lab.pbx.streams()
                                  if asterisk.endpoint_of(s["Channel"]) == phone.name}), 1)
            flows(phone)
        caller.hang_up()


@case("video: added in mid-call, keyed by Multistream under the same SAS")
def video_later(lab):
    with lab.zrtp_phone("screen1") as phone:
        phone.call("echo", lab.sip_port)
        sas = phone.secure()
        reaches(lab, "screen1", Streams="1", SecureStreams="1")
        phone.say("video")
        phone.wait("secure", 10, medium="video", multistream=True)
        table = reaches(lab, "screen1", Streams="2", SecureStreams="2", Outcome="secure")
        equal("SAS", table["SAS"], sas)
        equal("key agreements", kex(lab, "screen1"), ["Mult", "X255"])
        flows(phone)
        phone.hang_up()
