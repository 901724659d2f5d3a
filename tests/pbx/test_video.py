# SPDX-License-Identifier: GPL-2.0-only
"""Pass-through of calls with video."""
import os
import re
import time

import asterisk
import capture
import tone
import wait
from harness import case, equal
from pairs import all_passed_through, both_media, carried, check_screens, same_sas, screens


def screens_pass(lab, caller, called, number=None):
    """Two phones with video are passed through; number: the payload type that the caller has for it."""
    before = lab.pbx.statistics()
    with asterisk.Events(lab.pbx) as events, \
            capture.Capture(os.path.join(lab.directory, "video.pcap")) as wire, \
            screens(lab, caller, called, {"video": "offer", "video_payload": number}) as (first, second):
        both_media(first, second)
        for name in (caller, called):
            all_passed_through(lab, name)
        keyed = wait.until("four streams with keys", 5, lambda: [
            e for e in events.all("ZrtpPassthrough", State="keyed")] if len(
                events.all("ZrtpPassthrough", State="keyed")) == 4 else None)
        equal("streams", len({e["SSRC"] for e in keyed}), 4)
        channel = lab.pbx.stream(caller)["Channel"]
        equal("ZRTP_STATE", "ZRTP_STATE=passthrough" in lab.pbx.cli(f"core show channel {channel}"), True)
        time.sleep(1)
        equal("damaged frames", (first.statistics()["video"]["frames_bad"],
                                 second.statistics()["video"]["frames_bad"]), (0, 0))
    check_screens(wire, caller, called, number or 99)
    after = lab.pbx.statistics()
    for name in ("streams started", "streams secure", "zrtp packets sent", "srtp and srtcp packets sent"):
        equal(f"{name} by the PBX", after[name] - before[name], 0)


@case("pass-through with video: one SAS, audio and video are the same datagrams on both legs")
def video(lab):
    screens_pass(lab, "view1", "view2")


@case("pass-through with video: each phone is sent the zrtp-hash of the other one's audio and video")
def video_hash(lab):
    with screens(lab, "view1", "view2") as (first, second):
        both_media(first, second)
        for phone in (first, second):
            equal(f"hashes at {phone.name}", [e["zrtp_hash"] for e in phone.all("secure")], ["matched"] * 2)
            # Nor was it another one before.
            equal(f"alarms at {phone.name}", phone.all("alarm"), [])


@case("auto: two phones with video are passed through, audio and video")
def auto_video(lab):
    screens_pass(lab, "autoview1", "autoview2")


@case("pass-through with require = yes: two phones with video")
def sealed_video(lab):
    with screens(lab, "sealview1", "sealview2") as (first, second):
        both_media(first, second)
        all_passed_through(lab, "sealview1")
        time.sleep(3.5)
        equal("ended", (first.all("ended"), second.all("ended")), ([], []))


@case("pass-through: video added to a call of phones that have keys is passed through as well")
def video_later(lab):
    with capture.Capture(os.path.join(lab.directory, "later.pcap")) as wire, \
            screens(lab, "view1", "view2", {"video": "accept"}) as (first, second):
        sas = same_sas(first, second)
        all_passed_through(lab, "view1", 1)
        first.say("video")
        both_media(first, second)
        equal("SAS", first.shown(), sas)
        all_passed_through(lab, "view1")
        all_passed_through(lab, "view2")
        time.sleep(1)
    check_screens(wire, "view1", "view2")


def both_secure(lab, name):
    """The two streams of a phone at the PBX, once both are secure."""
    def probe():
        found = [s for s in lab.pbx.streams() if asterisk.endpoint_of(s["Channel"]) == name and s["State"] == "secure"]
        return found if len(found) == 2 else None
    return wait.until(f"two secure streams of {name} at the PBX", 10, probe)


@case("auto: feature codes make the PBX the ZRTP endpoint of audio and of video")
def auto_video_features(lab):
    with screens(lab, "autoview1", "autoview2", extension="keys") as (first, second):
        for phone in (first, second):
            phone.secure()
            phone.wait("secure", 10, medium="video")
            streams = both_secure(lab, phone.name)
            equal("streams at the PBX", sorted(s["Kex"] for s in streams), ["Mult", "X255"])
            equal("SAS at the PBX", {s["SAS"] for s in streams}, {phone.shown()})


@case("pass-through with video: the called phone is offered the calling one's payload type")
def video_numbers(lab):
    screens_pass(lab, "view1", "view2", 97)


@case("auto: two phones with video, the calling one has another payload type than the PBX")
def auto_video_numbers(lab):
    screens_pass(lab, "autoview1", "autoview2", 120)


@case("auto: the caller's payload type for video, and feature codes: the PBX is the ZRTP endpoint of audio and of video")
def auto_video_numbers_end(lab):
    with screens(lab, "autoview1", "autoview2", {"video": "offer", "video_payload": 97}, extension="keys") as (
            first, second):
        for phone in (first, second):
            phone.secure()
            phone.wait("secure", 10, medium="video")
            equal("SAS at the PBX", lab.pbx.secure(phone.name)["SAS"], phone.shown())
        for phone in (first, second):
            wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
            equal("frames damaged", phone.statistics()["video"]["frames_bad"], 0)


def half_calls(lab, rounds=1):
    """A phone with video calls one without, and is called by it, with each policy: the video of their bridge ends in the
    moment when they are joined, and the core may think their bridge over before, meanwhile, or not at all."""
    with_video = {"video": "offer"}
    for _ in range(rounds):
        for policy in ("view", "sealview", "soonview", "autoview"):
            for first, second in ((with_video, {}), ({}, with_video)):
                with screens(lab, f"{policy}1", f"{policy}2", first, second) as (caller, called):
                    same_sas(caller, called)
                    for phone in (caller, called):
                        all_passed_through(lab, phone.name, 1)


@case("pass-through: a phone with video and one without have their audio passed through")
def half_video(lab):
    half_calls(lab)


@case("pass-through: a phone with video and one without, two hundred calls: all have their audio passed through", kind="22 attack")
def half_video_again(lab):
    half_calls(lab, 25)


@case("pass-through: a phone with video and one without have their audio passed through", kind="16")
def half_video_old(lab):
    half_calls(lab)


@case("pass-through: video added with another payload type goes nowhere, the audio stays passed through")
def video_left_out(lab):
    before = len(lab.pbx.log())
    with capture.Capture(os.path.join(lab.directory, "left-out.pcap")) as wire, \
            screens(lab, "view1", "view2", {"video": "accept", "video_payload": 97}) as (first, second):
        sas = same_sas(first, second)
        first.say("video")
        wait.until("the log says so", 8, lambda: re.search(
            r"PJSIP/view1-\w+: a further stream is not passed through", lab.pbx.log()[before:]))
        time.sleep(1)
        equal("SAS", (first.shown(), second.shown()), (sas, sas))
        states = sorted(s["State"] for s in lab.pbx.streams())
        equal("states", states, ["passthrough", "passthrough", "waiting", "waiting"])
    for name, other in (("view1", "view2"), ("view2", "view1")):
        count = carried(wire, name, other)
        equal(f"packets to {name} beside the audio", set(count) - {"zrtp", "rtp 0", "rtcp"}, set())
        equal(f"audio to {name}", count["rtp 0"] > 50, True)


@case("pass-through with video: recording is refused, the call goes on",
      errors="recording, spying or playback refused")
def video_recorded(lab):
    with capture.Capture(os.path.join(lab.directory, "recorded.pcap")) as wire, \
            screens(lab, "view1", "view2") as (first, second):
        both_media(first, second)
        channel = lab.pbx.stream("view1")["Channel"]
        lab.pbx.cli(f"mixmonitor start {channel} {lab.pbx.home}/sounds/spied-video.wav")
        wait.until("the log says so", 5, lambda: f"{channel}: recording, spying or playback refused" in lab.pbx.log())
        all_passed_through(lab, "view1")
        time.sleep(1)
    check_screens(wire, "view1", "view2")
    spied = lab.pbx.file("sounds", "spied-video.wav")
    if os.path.exists(spied) and tone.level(tone.read(spied)) > 1:
        raise AssertionError("the recording is not silent")


@case("auto: recording a call with video: each phone gets keys with the PBX for both streams, the video goes on")
def auto_video_recorded(lab):
    with screens(lab, "autoview1", "autoview2", {"video": "offer", "like": "linphone"},
                 {"video": "accept", "like": "linphone"}) as (first, second):
        both_media(first, second)
        all_passed_through(lab, "autoview1")
        channel = lab.pbx.stream("autoview1")["Channel"]
        first.expect_call()
        second.expect_call()
        lab.pbx.cli(f"mixmonitor start {channel} {lab.pbx.home}/sounds/both-video.wav")
        for phone in (first, second):
            phone.secure()
            phone.wait("secure", 10, medium="video")
            streams = both_secure(lab, phone.name)
            equal("streams at the PBX", sorted(s["Kex"] for s in streams), ["DH3k", "Mult"])
            equal("SAS at the PBX", {s["SAS"] for s in streams}, {phone.shown()})
        for phone in (first, second):
            wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
            equal("frames damaged", phone.statistics()["video"]["frames_bad"], 0)


@case("pass-through with video: hold and resume, the same SAS after it, nothing of the PBX's own")
def video_held(lab):
    with capture.Capture(os.path.join(lab.directory, "held-video.pcap")) as wire, \
            screens(lab, "view1", "view2") as (first, second):
        both_media(first, second)
        for command in ("hold", "resume"):
            seen = len(first.all("modified"))
            first.say(command)
            wait.until(command, 5, lambda: len(first.all("modified")) > seen)
            time.sleep(2)
        for medium in ("audio", "video"):
            wait.grows(f"{medium} flows", lambda m=medium: second.statistics()[m]["srtp_received"], 5)
        all_passed_through(lab, "view1")
    check_screens(wire, "view1", "view2")


@case("pass-through with video: a phone that is moved away from its partner hears nothing in clear, and is hung up",
      errors="it has keys with a phone that is no longer there")
def video_moved(lab):
    with capture.Capture(os.path.join(lab.directory, "moved-video.pcap")) as wire, \
            lab.zrtp_phone("view1", video="offer") as first, lab.zrtp_phone("view2", video="accept") as second:
        second.expect_call()
        first.call("call-view2", lab.sip_port)
        both_media(first, second)
        channel = lab.pbx.stream("view2")["Channel"]
        lab.pbx.cli(f"channel redirect {channel} phones,announce,1")
        second.wait_ended(8)
        first.wait_ended(8)
    carried(wire, "view2", "view1")


@case("pass-through: two phones with video and without ZRTP have an ordinary call")
def video_plain(lab):
    with screens(lab, "view1", "view2", {"video": "offer", "no_zrtp": True},
                 {"video": "accept", "no_zrtp": True}) as (first, second):
        for phone in (first, second):
            wait.until("frames arrive", 8, lambda p=phone: p.statistics()["video"]["frames_received"] > 10)
        equal("states", {s["State"] for s in lab.pbx.streams()}, {"waiting"})


case("pass-through with video: one SAS, audio and video are the same datagrams on both legs", kind="16")(video)
case("auto: feature codes make the PBX the ZRTP endpoint of audio and of video", kind="16")(auto_video_features)
