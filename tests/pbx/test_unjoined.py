# SPDX-License-Identifier: GPL-2.0-only
"""Calls that could be passed through and have no ZRTP: each has a state, an event and a line in the log."""
import contextlib
import re
import time

import asterisk
import calls
import wait
from harness import case, equal
from pairs import passed_through, same_sas

WARNING = "NOT ENCRYPTED"


@contextlib.contextmanager
def call(lab, caller, called, extension="call", **options):
    """Two zrtpcalls in a call, whatever its ZRTP; events and what was logged since."""
    before = len(lab.pbx.log())
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone(caller, **options) as first, \
            lab.zrtp_phone(called, **options) as second:
        second.expect_call()
        first.call(f"{extension}-{called}", lab.sip_port)
        second.wait("up")
        yield first, second, events, lambda: lab.pbx.log()[before:]


def end(first, second):
    first.hang_up()
    second.wait_ended()


def of(name, found):
    return [e for e in found if asterisk.endpoint_of(e["Channel"]) == name]


def told_clear(lab, events, name, reason, seconds=8):
    """The call of an endpoint is in clear, and everything says so."""
    wait.until(f"ZrtpClear {reason} of {name}", seconds, lambda: of(name, events.all("ZrtpClear", Reason=reason)))
    equal("state", lab.pbx.stream(name)["State"], "clear")
    channel = lab.pbx.stream(name)["Channel"]
    shown = events.ask("ZrtpShowChannel", Channel=channel)
    equal("state, outcome, reason and keys of the channel",
          [shown[f"Zrtp{item}"] for item in ("State", "Outcome", "Security", "ClearReason", "PhoneKeys")],
          ["clear", "clear", "clear", reason, "no"])
    equal("ZRTP_STATE", "ZRTP_STATE=clear" in lab.pbx.cli(f"core show channel {channel}"), True)


def lines(log, name, what):
    return [line for line in log.splitlines() if re.search(rf"PJSIP/{name}-\w+: .*{what}", line)]


@case("pass-through: feature codes keep two phones with ZRTP apart: state clear, an event, and a warning that says why",
      errors=WARNING)
def codes(lab):
    with call(lab, "through", "through2", "keys") as (first, second, events, log):
        for name in ("through", "through2"):
            told_clear(lab, events, name, "FeatureCodes")
        time.sleep(1.5)
        for name in ("through", "through2"):
            equal(f"warnings of {name}", len(lines(log(), name, f"{WARNING}.*feature codes.*hHtTkKwWxX")), 1)
            equal(f"events of {name}", len(of(name, events.all("ZrtpClear"))), 1)
        end(first, second)


@case("pass-through: a recording keeps two phones with ZRTP apart: the warning says so", errors=WARNING, kind="22 attack")
def listener(lab):
    with call(lab, "through", "through2", "tape") as (first, second, events, log):
        told_clear(lab, events, "through", "Listener")
        equal("warnings", len(lines(log(), "through", f"{WARNING}.*records, listens or plays")), 1)
        end(first, second)


@case("pass-through: two phones without ZRTP: state clear, an event and one notice for each, no warning")
def plain(lab):
    with call(lab, "through", "through2", no_zrtp=True) as (first, second, events, log):
        for name in ("through", "through2"):
            told_clear(lab, events, name, "NoZrtp")
            equal(f"lines of {name}", len(lines(log(), name, "not encrypted: the phone does not speak ZRTP")), 1)
        equal("warnings", WARNING in log(), False)
        end(first, second)


@case("pass-through: a phone with ZRTP in an application: state clear, an event and a notice that names mode = auto",
      kind="22 attack")
def application(lab):
    before = len(lab.pbx.log())
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("through") as phone:
        phone.call("echo", lab.sip_port)
        told_clear(lab, events, "through", "NoPartner")
        equal("notices", len(lines(lab.pbx.log()[before:], "through", "not encrypted: there is no other phone.*mode = auto")), 1)
        phone.hang_up()


@case("pass-through: the PBX is the ZRTP endpoint of the other phone: the clear leg has a warning, the other one is secure",
      errors=WARNING)
def other_policy(lab):
    with call(lab, "through", "alice") as (first, second, events, log):
        second.secure()
        told_clear(lab, events, "through", "PartnerPolicy")
        equal("warnings", len(lines(log(), "through", f"{WARNING}.*the PBX is the ZRTP endpoint")), 1)
        equal("the other leg", lab.pbx.stream("alice")["State"], "secure")
        end(first, second)


@case("pass-through: a call with keys shows that its phones have some, in CLI, AMI, ZRTP() and the event")
def keys(lab):
    with call(lab, "through", "through2") as (first, second, events, _):
        same_sas(first, second)
        passed_through(lab, "through", "through2")
        for state, known in (("keyed", "yes"), ("begun", "no")):
            event = wait.until(f"event {state}", 5, lambda s=state: of("through", events.all("ZrtpPassthrough", State=s)))[0]
            equal(f"event {state}", event["PhoneKeys"], known)
        stream = lab.pbx.stream("through")
        equal("stream", (stream["State"], stream["PhoneKeys"]), ("passthrough", "yes"))
        shown = events.ask("ZrtpShowChannel", Channel=stream["Channel"])
        equal("channel", [shown[f"Zrtp{item}"] for item in ("State", "Outcome", "PhoneKeys", "ClearReason")],
              ["passthrough", "passthrough", "yes", ""])
        equal("ZrtpClear", events.all("ZrtpClear"), [])
        end(first, second)


@case("pass-through with direct_media = yes: the phones send to each other with one SAS, state direct, and an event says so",
      kind="22 attack")
def past_the_pbx(lab):
    with call(lab, "past1", "past2") as (first, second, events, _):
        same_sas(first, second)
        event = wait.until("event", 10, lambda: of("past1", events.all("ZrtpPassthrough", State="direct")))[0]
        equal("keys that are known of", event["PhoneKeys"], "no")
        equal("state", lab.pbx.stream("past1")["State"], "direct")
        equal("ZRTP_STATE", "ZRTP_STATE=direct" in lab.pbx.cli(f"core show channel {event['Channel']}"), True)
        time.sleep(2)
        equal("events", len(of("past1", events.all("ZrtpPassthrough"))), 1)
        equal("ZrtpClear", events.all("ZrtpClear"), [])
        end(first, second)


@case("on_no_passthrough = hangup: two phones with ZRTP that feature codes keep apart are refused",
      errors="cannot be passed through")
def hangup(lab):
    with call(lab, "joinorend", "joinorend2", "keys") as (first, second, events, _):
        equal("reason", events.wait("ZrtpRefused", 8)["Reason"], "NoPassthrough")
        first.wait_ended(8)
        second.wait_ended(8)


@case("on_no_passthrough = hangup: a phone without ZRTP has its call, and two with ZRTP are passed through",
      kind="22 attack")
def hangup_plain(lab):
    for options in ({"no_zrtp": True}, {}):
        with call(lab, "joinorend", "joinorend2", "keys" if options else "call", **options) as (first, second, events, _):
            if not options:
                same_sas(first, second)
            time.sleep(6)
            equal("refused", events.all("ZrtpRefused"), [])
            equal("ended", first.all("ended"), [])
            end(first, second)


@case("on_no_passthrough = endpoint: feature codes make the PBX the ZRTP endpoint of both phones, and so does an application",
      kind="22 attack")
def by_pbx(lab):
    with call(lab, "joinorpbx", "joinorpbx2", "keys") as (first, second, events, _):
        for phone in (first, second):
            sas = phone.secure()
            equal("SAS at the PBX", lab.pbx.secure(phone.name)["SAS"], sas)
        end(first, second)
        first.call("echo", lab.sip_port)
        first.secure()
        first.hang_up()
        equal("ZrtpClear", events.all("ZrtpClear"), [])


@case("on_no_passthrough = endpoint: two Linphones with feature codes are secure with the PBX, two without are passed through")
def by_pbx_linphone(lab):
    for extension, through in (("keys", False), ("call", True)):
        with lab.phone("joinorpbx") as first, lab.phone("joinorpbx2") as second:
            second.expect_call()
            first.call(f"{extension}-joinorpbx2", lab.sip_port)
            if through:
                same_sas(first, second)
                passed_through(lab, "joinorpbx", "joinorpbx2")
            else:
                calls.secure(lab, first)
                calls.secure(lab, second)
            first.hang_up()
            second.wait_ended()
