# SPDX-License-Identifier: GPL-2.0-only
"""What an administrator changes at one node reaches the calls of the others, and so does what zrtp-cache changes."""
import re
import subprocess

import asterisk
import wait
from cachecalls import SECOND, command, enrolled_phone
from harness import case, equal
from lab import Lab
from moves import COMMAND
from test_databases import database, node

# A node looks every three seconds while there is a call.
REACHES = 6


def shown(lab, channel):
    """What a call shows of its phone."""
    said = lab.pbx.cli(f"zrtp show channel {channel}")
    return dict(re.findall(r"(?m)^(PeerName|Enrolled|EnrolledAs|Verified) +(\S.*)$", said))


def reaches(lab, channel, **wanted):
    try:
        wait.until(f"shown: {wanted}", REACHES, lambda: shown(lab, channel).items() >= wanted.items(), 0.2)
    except wait.Timeout as late:
        raise wait.Timeout(f"{late}; shown: {shown(lab, channel)}") from None


def zid_of(lab):
    return re.search(r"(?m)^([0-9a-f]{24}) ", lab.pbx.cli("zrtp cache show"))[1]


def known_call(lab, phone):
    """A call of a phone that is known: its channel."""
    phone.call("echo", lab.sip_port)
    phone.secure()
    return lab.pbx.secure("alice")["Channel"]


@case("two PBXs on one PostgreSQL: verified, name, revocation and deletion at one reach a call of the other", "22 own")
def nodes(bench):
    with database() as server:
        first, second = node(bench), node(bench, **SECOND)
        with first, second, enrolled_phone(first) as phone, asterisk.Events(second.pbx) as events:
            zid = zid_of(first)
            first.pbx.idle()
            channel = known_call(second, phone)
            reaches(second, channel, PeerName="Alice, at home", Enrolled="yes", EnrolledAs="alice", Verified="no")
            equal("CLI", command(first, f"zrtp cache set verified {zid} yes"), "Verified")
            reaches(second, channel, Verified="yes")
            equal("CLI", command(first, f"zrtp cache set name {zid} Zoe"), "Named")
            reaches(second, channel, PeerName="Zoe")
            equal("CLI", command(first, f"zrtp cache set verified {zid} no"), "Not verified")
            reaches(second, channel, Verified="no")
            equal("events", [event["Verified"] for event in events.all("ZrtpVerified")], ["yes", "no"])
            # Many at once: some are not told by the row.
            for number in range(7):
                first.pbx.cli(f"zrtp cache set name {zid} Zoe-{number}")
            reaches(second, channel, PeerName="Zoe-6")
            first.pbx.cli(f"zrtp enrollment revoke {zid}")
            reaches(second, channel, Enrolled="no", PeerName="Zoe-6")
            phone.hang_up()
            second.pbx.idle()
            equal("enrolled in the database", server.sql("SELECT count(*) FROM zrtp_peers WHERE pbx <> ''"), "0")
            for lab in (first, second):
                equal("exit status", lab.pbx.stop(), 0)
                lab.pbx.remove()


@case("zrtp-cache changes the SQLite of an Asterisk that runs: it reaches a call", "22 own")
def tool(bench):
    lab = Lab(bench.root, bench.directory)
    with lab, enrolled_phone(lab) as phone:
        zid = zid_of(lab)
        lab.pbx.idle()
        channel = known_call(lab, phone)
        for words, wanted in ((("set", "name", zid, "Zoe"), {"PeerName": "Zoe"}),
                              (("set", "verified", zid, "yes"), {"Verified": "yes"}),
                              (("unenroll", zid), {"Enrolled": "no"})):
            subprocess.run([COMMAND, "-f", lab.pbx.file("lib", "zrtp.sqlite"), *words], check=True)
            reaches(lab, channel, **wanted)
        phone.hang_up()
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()
