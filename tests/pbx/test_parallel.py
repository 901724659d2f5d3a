# SPDX-License-Identifier: GPL-2.0-only
"""Phones that let the first Hello choose the stream for the key agreement, as GNU ZRTP does."""
import wait
from harness import case, equal
from pairs import all_passed_through, both_media, same_sas

# Of two phones that choose by chance half differ: so many calls do not all agree by luck.
CALLS = 6


def parallel(lab, name, seed, **options):
    return lab.zrtp_phone(name, parallel=True, seed=seed, **options)


def leaders(phone):
    return [e["leader"] for e in phone.events if e.get("event") == "zrtp" and "leader" in e]


def one_call(lab, first, second, extension="call"):
    """A call between the two; leaves it up."""
    second.expect_call()
    first.call(f"{extension}-{second.name}", lab.sip_port)
    second.wait("up")


def end(first, second):
    first.hang_up()
    second.wait_ended()


@case("pass-through with video: phones that make the first Hello's stream the one for the keys get them in every one of some calls")
def every_call(lab):
    with parallel(lab, "view1", 3, video="offer") as first, parallel(lab, "view2", 8, video="accept") as second:
        for _ in range(CALLS):
            one_call(lab, first, second)
            both_media(first, second)
            all_passed_through(lab, "view1")
            end(first, second)
        equal("streams chosen", (leaders(first), leaders(second)), (["audio"] * CALLS, ["audio"] * CALLS))


@case("auto with video: phones that make the first Hello's stream the one for the keys get them in every one of some calls",
      kind="22 attack")
def auto_every_call(lab):
    with parallel(lab, "autoview1", 3, video="offer") as first, \
            parallel(lab, "autoview2", 8, video="accept") as second:
        for _ in range(CALLS // 2):
            one_call(lab, first, second)
            both_media(first, second)
            all_passed_through(lab, "autoview1")
            end(first, second)


@case("a phone with video that makes the first Hello's stream the one for the keys gets them from the PBX, whichever it is",
      kind="22 attack")
def with_pbx(lab):
    with parallel(lab, "screen1", 3, video="offer") as first, parallel(lab, "screen2", 8, video="accept") as second:
        for _ in range(CALLS // 2):
            one_call(lab, first, second)
            for phone in (first, second):
                phone.wait("secure", 10, medium="audio")
                phone.wait("secure", 10, medium="video")
                equal("SAS at the PBX", lab.pbx.secure(phone.name)["SAS"], phone.shown())
            end(first, second)
        equal("audio and video were chosen", set(leaders(first) + leaders(second)), {"audio", "video"})


@case("pass-through: such phones with audio only, and video added later", kind="22 attack")
def later(lab):
    with parallel(lab, "view1", 3, video="accept") as first, parallel(lab, "view2", 8, video="accept") as second:
        one_call(lab, first, second)
        sas = same_sas(first, second)
        all_passed_through(lab, "view1", 1)
        first.say("video")
        both_media(first, second)
        equal("SAS", first.shown(), sas)
        end(first, second)


@case("pass-through with video: the video's ZRTP does not wait for ever for an audio without it",
      kind="22 attack")
def audio_without(lab):
    # The audio's Hello goes through, but nothing that follows it: no keys come of it.
    with lab.zrtp_phone("view1", video="offer", drop_received=["Commit", "DHPart1", "DHPart2"]) as first, \
            lab.zrtp_phone("view2", video="accept") as second:
        one_call(lab, first, second)
        for phone in (first, second):
            wait.until(f"a Hello of the video arrives at {phone.name}", 15,
                       lambda p=phone: p.statistics()["video"]["zrtp_received"])
        end(first, second)
