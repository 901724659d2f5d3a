# SPDX-License-Identifier: GPL-2.0-only
"""zrtp set debug: each message of a channel as a line, and no more lines than a person can read."""
import re
import time

import calls
import capture
import forge
import wait
from harness import case, equal

PINGS = 12  # in a flood; more than 16 would not be answered


def lines(lab, since):
    """The lines of debugging that the log got, without time and thread."""
    return re.findall(r"ZRTP debug: (.*)", lab.pbx.log()[since:])


def of(found, arrow, kind):
    """The lines of a kind of message in one direction."""
    return [line for line in found if re.search(rf" {arrow} \S+ {kind}, ", line)]


def shown(lab, command):
    """The last line that a command prints."""
    return lab.pbx.cli(command).strip().splitlines()[-1]


@case("zrtp set debug on: each message of a call with what it names and what it led to; off: none")
def whole_call(lab):
    since = len(lab.pbx.log())
    equal("set", shown(lab, "zrtp set debug on"), "ZRTP messages are logged of all channels")
    try:
        with lab.zrtp_phone("alice", kex="X255", client_id="a \x1b[31m phone") as phone:
            phone.call("announce", lab.sip_port)
            phone.secure()
            channel = lab.pbx.secure("alice")["Channel"]  # of two that agree one is secure before the other
            found = lines(lab, since)
            calls.end(lab, phone, "phone calls")
    finally:
        lab.pbx.cli("zrtp set debug off")
    kinds = {kind: [len(of(found, arrow, kind)) > 0 for arrow in ("<--", "-->")]
             for kind in ("Hello", "HelloACK", "Commit", "DHPart1", "DHPart2", "Confirm1", "Confirm2", "Conf2ACK")}
    for one, other in (("Hello", "HelloACK"), ("DHPart1", "DHPart2"), ("Confirm1", "Confirm2")):
        equal(f"{one}, {other}", any(kinds[one]) and any(kinds[other]), True)
    hello = of(found, "<--", "Hello")[0]
    equal("who", hello.split(" ")[0], channel)
    for part in ('client "a ?[31m phone"', "version 1.10", "ZID ", "key_agreement X255"):
        equal(f"{part} in {hello}", part in hello, True)
    commit = (of(found, "<--", "Commit") or of(found, "-->", "Commit"))[0]
    equal(f"algorithms in {commit}", bool(re.search(r"hash \S+, cipher \S+, auth_tag \S+, key_agreement X255, sas B32", commit)), True)
    # Found comes between, or not, by who commits first; a step may be one that no message led to.
    steps = [step for line in found for step in re.findall(r"; (\S+) -> ([^\s,]+)", line)]
    equal(f"from the first state to the last, and none left out: {steps}",
          [state for step in steps for state in step],
          ["discovery", *(step[0] for step in steps[1:] for _ in "12"), "secure"])
    # Nothing as long as a key, but the ZID of Hello and Commit.
    equal("keys", [line for line in found if re.search(r"[0-9a-f]{9}", re.sub(r"ZID [0-9a-f]{24}", "", line))], [])
    with lab.zrtp_phone("bob") as phone:
        since = len(lab.pbx.log())
        phone.call("announce", lab.sip_port)
        phone.secure()
        calls.end(lab, phone, "phone calls")
        equal("off", lines(lab, since), [])


@case("zrtp set debug CHANNEL: that channel only, why a packet is dropped, a flood in few lines, and the end with the call",
      errors="a ZRTP exchange began and was not completed")
def one_channel(lab):
    with lab.plain_phone() as phone, lab.zrtp_phone("alice") as other:
        phone.call("record", lab.sip_port)
        hello = wait.until("a Hello of the PBX", 2, lambda: phone.zrtp)[0]
        name = lab.pbx.stream("plain")["Channel"]
        equal("completed", name in lab.pbx.cli("_command matchesarray \"zrtp set debug PJSIP/pl\" \"PJSIP/pl\""), True)
        equal("no such channel", "is not a known channel" in lab.pbx.cli("zrtp set debug PJSIP/none-1"), True)
        equal("set", shown(lab, f"zrtp set debug {name}"), f"ZRTP messages are logged of {name}")
        since = len(lab.pbx.log())
        other.call("announce", lab.sip_port)
        other.secure()
        bad = bytearray(hello)
        bad[-1] ^= 1
        phone.send(bytes(bad))
        phone.send(forge.packet(forge.message("ClearACK")))
        phone.send(forge.packet(forge.message("Evil\x1b[2J")))
        phone.send(forge.packet(forge.message("Longest ", bytes(2400))))
        wait.until("four lines", 3, lambda: len(of(lines(lab, since), "<--", r"[^,]*")) >= 4)
        found = lines(lab, since)
        equal("of the others", [line for line in found if not line.startswith(name)], [])
        for kind, why in (("Hello", "CRC"), ("ClearACK", "unexpected|not expected"), (r"Evil\?\[2J", "unknown|type"),
                          ("Longest", "longer than any")):
            line = of(found, "<--", kind)[0]
            equal(line, bool(re.search(rf"; dropped: .*({why})", line)), True)
        for number in range(600):
            phone.send(forge.packet(forge.message("ClearACK"), number))
            if number < PINGS * 5 and not number % 5:
                phone.send(forge.packet(forge.message("Ping    ", b"1.10" + bytes(8)), number))
            if not number % 20:
                time.sleep(0.05)
        time.sleep(1)
        phone.send(forge.packet(forge.message("ClearACK")))
        wait.until("what was left out is counted", 3, lambda: re.search(r"\d+ messages left out, there are too many", lab.pbx.log()[since:]))
        equal("lines of a flood", len(of(lines(lab, since), "<--", r"[^,]*")) < 100, True)
        sent = sum(capture.message_type(d) == "PingACK" for d in list(phone.zrtp))
        told = len(of(lines(lab, since), "-->", "PingACK"))
        equal("the flood hides nothing that was sent: answers, and lines of them", (sent, told), (PINGS, PINGS))
        other.hang_up()
        phone.hang_up()
        lab.pbx.idle()
    equal("ended", shown(lab, "zrtp set debug"), "ZRTP messages are logged of no channel")
