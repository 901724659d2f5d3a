# SPDX-License-Identifier: GPL-2.0-only
"""What CLI, AMI and the dialplan say of a leg is one table."""
import asterisk
import wait
from harness import case, equal
from relays import reaches, status


@case("the table of a leg is the same in CLI, AMI and dialplan, and has all that a person needs",
      errors="unknown item 'NoSuchItem'")
def table(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice") as phone:
        phone.call("told", lab.sip_port)
        sas = phone.secure()
        shown = reaches(lab, "alice", State="secure", HashReceived="yes", HashOffered="yes", HashStatus="matched",
                        Signalling="open", Security="unverified", Cache="first", Verified="no", PeerVerified="no",
                        Enrolling="no", EnrolledAs="-", Policy="zrtp", PeerClient="zrtpcall", PeerName="-",
                        RelayStatus="none", SAS=sas)
        channel = lab.pbx.stream("alice")["Channel"]
        asked = events.ask("ZrtpShowChannel", Channel=channel)
        equal("AMI", {name[4:]: value for name, value in asked.items()
                      if name.startswith("Zrtp")}, {name: "" if value == "-" else value for name, value
                                                    in shown.items() if f"Zrtp{name}" in asked})
        equal("all items", set(name[4:] for name in asked if name.startswith("Zrtp")) <= set(shown), True)
        events.ask("ZrtpStatus")
        entry = events.wait("ZrtpStatusEntry", 5, Channel=channel)
        equal("SAS in the list", entry["ZrtpSAS"], sas)
        equal("end of the list", events.wait("ZrtpStatusComplete", 5)["ListItems"], "1")
        wait.until("the dialplan's items", 5, lambda: f"items no none no {sas}" in lab.pbx.log())
        refused = events.ask("ZrtpShowChannel", Channel="nobody")
        equal("unknown channel", refused["Message"], "Channel: nobody is not a known channel")
        lab.pbx.cli(f'zrtp cache set name {shown["PeerZID"]} "Alice on the 2nd floor"')
        equal("name", (status(lab, "alice")["PeerName"], events.ask("ZrtpShowChannel", Channel=channel)["ZrtpPeerName"]),
              2 * ("Alice on the 2nd floor",))
        wait.until("the dialplan's name", 8, lambda: "peer Alice on the 2nd floor" in lab.pbx.log())
        states = [e["State"] for e in events.all("ZrtpState", Channel=channel)]
        equal("states told", states, ["looking", "securing", "secure"])
        phone.hang_up()
