# SPDX-License-Identifier: GPL-2.0-only
"""display_sas: what an ordinary phone shows of the leg of the other party, and what keeps nothing of it."""
import re
import time

import asterisk
import wait
from harness import case, equal

# Fields of AMI that others keep: the caller id and connected line of each channel, CDR, CEL.
KEPT = re.compile(r"(CallerIDName|ConnectedLineName|EffectiveConnectedLineName|CallerID|CallerIDani|Application Data)$")


def shown_by(request):
    """The name that a phone shows by this request, which has P-Asserted-Identity."""
    found = re.search(r'(?im)^P-Asserted-Identity:\s*(?:"([^"]*)"|([^<"]*?))\s*<', request)
    return (found[1] if found[1] is not None else found[2]) if found else None


def shows(desk, wanted, seconds=10):
    """Wait until the phone shows a name; return it. wanted: a pattern."""
    end = time.monotonic() + seconds
    names = []
    while time.monotonic() < end:
        names.append(shown_by(desk.wait_request("UPDATE", max(0.1, end - time.monotonic()))))
        if names[-1] is not None and re.fullmatch(wanted, names[-1]):
            return names[-1]
    raise AssertionError(f"{desk.name} shows {names}, not {wanted}")


def connected(events, lab, name, item="name"):
    """CONNECTEDLINE() of a phone's channel, by the name of its endpoint."""
    channel = next(c for c in re.findall(r"(?m)^(PJSIP/\S+?)!", lab.pbx.cli("core show channels concise"))
                   if asterisk.endpoint_of(c) == name)
    return events.ask("Getvar", Channel=channel, Variable=f"CONNECTEDLINE({item})")["Value"]


def keeps_nothing(events):
    """Fail if an event of the call has a text of ours where others keep it."""
    for event in events.seen:
        for field, value in event.items():
            if KEPT.search(field) and "encrypted: " in value:
                raise AssertionError(f"{event.get('Event')}: {field} is {value}")


def reads(lab):
    lab.pbx.write("cdr_manager.conf", "[general]\nenabled = yes\n")
    lab.pbx.cli("module load cdr_manager.so")
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("display", allow_clear=True) as phone, \
            lab.plain_phone("desk") as desk:
        phone.expect_call()
        desk.call("call-display", lab.sip_port)
        sas = phone.secure()
        shows(desk, f"SAS {sas} encrypted: Alice")
        equal("CONNECTEDLINE(name)", connected(events, lab, "desk"), "Alice")
        channel = lab.pbx.stream("display")["Channel"]
        phone.expect_call()
        lab.pbx.cli(f"zrtp go clear {channel}")
        phone.wait("clear", 10, medium="audio")
        phone.say("acknowledge")
        shows(desk, "not encrypted: Alice")
        wait.until("in clear", 5, lambda: lab.pbx.stream("display")["State"] == "clear")  # the phone has acknowledged it
        lab.pbx.cli(f"zrtp go secure {channel}")
        sas = phone.secure()
        shows(desk, f"SAS {sas} encrypted: Alice")
        phone.say(f"transfer sip:silent@127.0.0.1:{lab.sip_port}")
        # Its partner has gone: no text of ours is left.
        shows(desk, "Alice")
        equal("CONNECTEDLINE(priv-name)", connected(events, lab, "desk", "priv-name"), "")
        desk.hang_up()
        events.wait("Cdr", 10)
        time.sleep(0.5)
    keeps_nothing(events)
    equal("more than an event was looked at", len([e for e in events.seen if "ConnectedLineName" in e]) > 5, True)


case("display_sas: an ordinary phone reads the SAS, sees that encryption ends, and has the name back after a transfer")(reads)
case("display_sas: an ordinary phone reads the SAS", kind="16")(reads)


@case("display_sas with chan_sip: an ordinary phone reads the SAS", kind="16 chan_sip")
def reads_by_chan_sip(lab):
    with open(lab.pbx.file("etc", "sip.conf"), encoding="utf-8") as file:
        text = file.read()
    for name, options in (("desk", "sendrpid = pai\ntrustrpid = yes\n"), ("display", "callerid = Alice <100>\n")):
        text = text.replace(f"[{name}]\n", f"[{name}]\n{options}")
    lab.pbx.write("sip.conf", text)
    lab.pbx.cli("sip reload")
    wait.until("sip.conf is read", 10, lambda: re.search(r"Send RPID +: Yes", lab.pbx.cli("sip show peer desk")))
    with lab.zrtp_phone("display") as phone, lab.plain_phone("desk") as desk:
        phone.expect_call()
        desk.call("call-display", lab.sip_port)
        equal("shown", shown_by(desk.wait_request("INVITE")), f"SAS {phone.secure()} encrypted: Alice")
        desk.hang_up()


@case("display_sas: after an attended transfer the display shows the SAS of the new party, or none where that withholds its number")
def attended(lab):
    for second, wanted in (("display2", "SAS {sas} encrypted: Dora"), ("withheld", "unknown")):
        with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("display") as phone, lab.zrtp_phone(second) as other, \
                lab.plain_phone("desk") as desk:
            phone.expect_call()
            desk.call("call-display", lab.sip_port)
            shows(desk, f"SAS {phone.secure()} encrypted: Alice")
            other.expect_call()
            phone.call(f"call-{second}", lab.sip_port)
            phone.secure()
            sas = other.secure()
            phone.say("1: attend 2")
            shows(desk, wanted.format(sas=sas))
            keeps_nothing(events)
            desk.hang_up()
            other.wait_ended()
        lab.pbx.idle()


@case("display_sas: a caller whose name looks like a SAS is shown as not encrypted, and without that name")
def faker(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("faker", no_zrtp=True) as phone, \
            lab.plain_phone("desk") as desk:
        with lab.plain_phone("desk2") as waits:  # it may have keys of its own yet
            phone.expect_call()
            waits.call("call-faker", lab.sip_port)
            phone.wait("up", 10)
            equal("shown", shows(waits, ".*"), "not encrypted")
            equal("its wait for ZRTP is over", lab.pbx.stream("desk2")["State"] == "no-zrtp", False)
            waits.hang_up()
            phone.wait_ended()
        phone.expect_call()
        desk.call("call-faker", lab.sip_port)
        phone.wait("up", 10)
        equal("shown", shows(desk, ".*"), "not encrypted")
        wait.until("the wait for ZRTP is over", 15, lambda: (lab.pbx.stream("faker") or {}).get("State") == "no-zrtp")
        time.sleep(1)
        equal("private name", connected(events, lab, "desk", "priv-name"), "not encrypted")
        desk.hang_up()


@case("display_sas: a phone with ZRTP of its own, a parked phone and a conference show nothing of it")
def not_shown(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("display") as phone, lab.zrtp_phone("carol") as other:
        phone.expect_call()
        other.call("call-display", lab.sip_port)
        phone.secure()
        other.secure()
        time.sleep(1)
        equal("with ZRTP", connected(events, lab, "carol", "priv-name"), "")
        other.hang_up()
        phone.wait_ended()
        with lab.plain_phone("desk2") as desk:  # its wait for ZRTP ends first
            phone.expect_call()
            desk.call("call-display", lab.sip_port)
            shows(desk, f"SAS {phone.secure()} encrypted: Alice")
            phone.say(f"transfer sip:park@127.0.0.1:{lab.sip_port}")
            shows(desk, "Alice")
            events.wait("ParkedCall")
            phone.call("parked", lab.sip_port)
            shows(desk, f"SAS {phone.secure()} encrypted: .*")
            phone.hang_up()
        with lab.plain_phone("desk") as desk:
            phone.call("conference", lab.sip_port)
            desk.call("conference", lab.sip_port)
            phone.secure()
            time.sleep(1)
            equal("conference", connected(events, lab, "desk", "priv-name"), "")
            desk.hang_up()
            phone.hang_up()
    keeps_nothing(events)
