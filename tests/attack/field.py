# SPDX-License-Identifier: GPL-2.0-only
"""The PBX under attack, its endpoints and where they are. A lane has endpoints of its own, so lanes do not meet.

Ports: PBX SIP 25060, AMI 25064; phones SIP 25070 and up, RTP 26000 and up by tens; strangers 27000 and
up, relays 27500 and up; PBX RTP 28000 to 28999.
"""
import os

import lab
import tone
from asterisk import Asterisk

SIP_PORT, AMI_PORT = 25060, 25064
PBX_HZ, HZ = 880, {"a": 440, "b": 1300}
PBX_RTP = range(28000, 29000)

# name of the policy: its lines in zrtp.conf. "mitm" is that of [general].
POLICIES = {
    "strict": "require = yes\n",
    "open": "on_error = clear\n",
    "keypad": lab.POLICIES["keypad"],
    "through": "mode = passthrough\n",
    "sealed": "mode = passthrough\nrequire = yes\n",
    "auto": "mode = auto\n",
    "early": "mode = auto\nearly = yes\n",
}
VIDEO = "allow = h264\n"
NAT = "rtp_symmetric = yes\nforce_rport = yes\n"
# name of an endpoint, without its side and lane: policy, more lines of pjsip.conf.
ENDPOINTS = {
    "mitm": ("", ""), "strict": ("strict", ""), "open": ("open", ""), "keypad": ("keypad", ""), "nat": ("", NAT),
    "film": ("", VIDEO), "strictfilm": ("strict", VIDEO), "through": ("through", ""), "sealed": ("sealed", ""),
    "auto": ("auto", ""), "autonat": ("auto", NAT), "early": ("early", ""), "view": ("through", VIDEO),
}

EXTENSIONS = """\
[phones]
exten => record,1,Answer()
 same => n,MixMonitor({home}/sounds/mix-${{WHO}}.wav,r({home}/sounds/heard-${{WHO}}.wav))
 same => n(again),Playback({home}/sounds/announcement)
 same => n,Goto(again)
exten => early,1,Progress()
 same => n,Wait(0.7)
 same => n,Goto(record,1)
exten => echo,1,Answer()
 same => n,Echo()
exten => _call-.,1,Dial(PJSIP/${{EXTEN:5}},20,tThH)
exten => _simple-.,1,Dial(PJSIP/${{EXTEN:7}},20)
"""


class Field:
    """Use as a context manager. lanes: how many calls at once."""

    def __init__(self, root, directory, lanes):
        self.directory, self.lanes = directory, lanes
        names = [f"{name}{side}{lane}" for lane in range(lanes) for name in ENDPOINTS for side in "ab"]
        self.places = {name: number for number, name in enumerate(names)}
        self.pbx = Asterisk(root, {
            "zrtp.conf": lab.zrtp_conf(POLICIES), "features.conf": lab.FEATURES,
            "pjsip.conf": lab.TRANSPORT.format(port=SIP_PORT) + "".join(map(self._endpoint, names))},
            AMI_PORT, (PBX_RTP[0], PBX_RTP[-1]), modules=["app_enroll_zrtp"])
        self.pbx.write("extensions.conf", EXTENSIONS.format(home=self.pbx.home))
        tone.make(self.pbx.file("sounds", "announcement.wav"), PBX_HZ, 5)
        for side, hz in HZ.items():
            tone.make(self.speech(side), hz, 5)

    def _endpoint(self, name):
        policy, more = ENDPOINTS[name.rstrip("0123456789")[:-1]]
        return lab.ENDPOINT.format(name=name, engine=f"zrtp/{policy}" if policy else "zrtp", direct="no",
                                   transport="udp", ip="127.0.0.1", port=self.sip_port(name), besides=more)

    def speech(self, side):
        """The wav file that the phone of a side speaks."""
        return os.path.join(self.directory, f"speech-{side}.wav")

    def sip_port(self, name):
        return 25070 + self.places[name]

    def rtp_port(self, name):
        return 26000 + 10 * self.places[name]

    def stranger_ports(self, lane):
        return range(27000 + 40 * lane, 27040 + 40 * lane)

    def heard(self, name):
        """What the PBX recorded of an endpoint."""
        return self.pbx.file("sounds", f"heard-{name}.wav")

    def __enter__(self):
        self.pbx.start()
        return self

    def __exit__(self, *_):
        self.pbx.stop()
