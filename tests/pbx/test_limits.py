# SPDX-License-Identifier: GPL-2.0-only
"""What a bridge plays by itself to phones that could be passed through: the time limits of Dial."""
import re

import calls
import tone
import wait
from harness import case, equal
from lab import PBX_HZ
from pairs import OTHER_HZ, pair_of, passed_through, same_sas
from test_listen import modules


def plays(lab):
    """How often the PBX has begun to play the prompt."""
    return len(re.findall(r"Playing '\S*/announcement\.", lab.pbx.log()))


@case("auto: the warnings of Dial's L() are heard, the PBX is the ZRTP endpoint on both legs")
def warnings(lab):
    with pair_of(lab, "auto", "auto2", extension="limit") as (first, second):
        for phone in (first, second):
            phone.secure()
        lab.pbx.secure("auto")
        lab.pbx.secure("auto2")
        # The first one may have come before the keys.
        before = plays(lab)
        wait.until("another warning", 30, lambda: plays(lab) > before)
        calls.talk(3)
        # Not the one that hears the prompt: Asterisk's bridge overlooks its hang-up meanwhile.
        second.hang_up()
        first.wait_ended(40)
        lab.pbx.idle(40)
    tone.heard(first.recording, PBX_HZ)


@case("auto: LIMIT_TIMEOUT_FILE is heard before Dial's L() ends the call", kind="22 attack")
def last_prompt(lab):
    with pair_of(lab, "auto", "auto2", extension="stop") as (first, second):
        lab.pbx.secure("auto", 25)
        first.wait_ended(40)
        second.wait_ended(40)
        lab.pbx.idle()
    tone.heard(first.recording, PBX_HZ)


@case("auto: a limit of Dial's L() without a prompt leaves two phones passed through", kind="22 attack")
def silent_limit(lab):
    with pair_of(lab, "auto", "auto2", extension="short") as (first, second):
        same_sas(first, second)
        passed_through(lab, "auto", "auto2")
        first.hang_up()
        second.wait_ended()
        lab.pbx.idle()


@case("TIMEOUT(absolute) and Dial's S() end calls that are passed through, with mode = auto and passthrough", kind="22 attack")
def other_limits(lab):
    for extension, caller, called in (("absolute", "auto", "auto2"), ("lasts", "through", "through2")):
        with pair_of(lab, caller, called, extension=extension) as (first, second):
            same_sas(first, second)
            passed_through(lab, caller, called)
            first.wait_ended(60)
            second.wait_ended()
            lab.pbx.idle()


@case("auto: what PERIODIC_HOOK() plays is heard, the PBX is the ZRTP endpoint of both legs", kind="22 attack")
def periodic(lab):
    with modules(lab, "func_cut", "func_groupcount", "func_uri", "func_periodic_hook"), pair_of(lab, "auto", "auto2", extension="beeps") as (first, second):
        for phone in (first, second):
            phone.secure()
        lab.pbx.secure("auto")
        lab.pbx.secure("auto2")
        before = plays(lab)
        wait.until("two more of them", 60, lambda: plays(lab) > before + 1)
        calls.talk(3)
        first.hang_up()
        second.wait_ended(40)
        lab.pbx.idle(40)
    # It is whispered: mixed with what the other phone says, which alone has nothing of that tone.
    share = tone.best_share(tone.read(first.recording), PBX_HZ)
    equal("its share of some half second", share > 0.3, True)
    tone.heard(first.recording, OTHER_HZ)
