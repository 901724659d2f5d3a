# SPDX-License-Identifier: GPL-2.0-only
"""baresip-zrtp, the Debian package, beside Debian's baresip: what docs/guide/baresip.md tells to type, and its picture."""
import os
import re
import socket
import struct
import subprocess
import threading

import terminal
import wait
from baresip import TONES, Baresip
from harness import case, equal
from stock import StockAsterisk, StockRoot, changed
from test_packages import PHONE_PORT, PJSIP_CONF, TOP, newer, operator, phone

GUIDE = os.path.join(TOP, "docs", "guide", "baresip.md")
PICTURE = os.path.join(TOP, "docs", "images", "baresip.svg")
USER, HOME = 4711, "/home/phone"
IP, SIP_PORT, RTP_PORT = "127.0.0.1", 5060, 26100
# The operator's side of it: an account with a password, and the extensions that the guide dials. Without greeting (q) to
# enroll takes half the time.
ENDPOINTS = f"""
[usual]
type = transport
protocol = udp
bind = {IP}:{SIP_PORT}
[phone](!)
type = endpoint
transport = usual
context = house
disallow = all
allow = ulaw
rtp_engine = zrtp
from_domain = pbx.example
[100](phone)
auth = 100
aors = 100
[100]
type = auth
username = 100
password = secret
[100]
type = aor
max_contacts = 1
[alice](phone)
aors = alice
[alice]
type = aor
contact = sip:alice@{IP}:{PHONE_PORT}
"""
EXTENSIONS = """
[house]
exten => enroll,1,Enroll_zrtp(q)
exten => 100,1,Dial(PJSIP/100)
"""
# What this machine has not: a network besides its own, and sound.
INSTEAD = ((r"^#?sip_listen\b.*", f"sip_listen {IP}:25080"), (r"^#?net_interface\b.*", f"net_interface {IP}"),
           (r"^audio_player\b.*", "audio_player aubridge,heard"), (r"^audio_source\b.*", "audio_source ausine,440"),
           (r"^audio_alert\b.*", "audio_alert aubridge,alert"), (r"^#?rtp_ports\b.*", f"rtp_ports {RTP_PORT}-{RTP_PORT + 9}"),
           (r"^#?ausrc_srate\b.*", "ausrc_srate 48000"), (r"^#module\s+aubridge\.so", "module aubridge.so"), (r"^#module\s+ausine\.so", "module ausine.so"))


def guide():
    """What the guide tells to type: root's lines, and those of the phone's user."""
    with open(GUIDE, encoding="utf-8") as file:
        section = re.search(r"(?ms)^## From nothing to an enrolled phone$(.*?)^## ", file.read())[1]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    return ([line for line in lines if line.startswith("apt-get ")], [line for line in lines if not line.startswith("apt-get ")])


class Names:
    """A name server that knows one name, as baresip asks no /etc/hosts. Use as a context manager."""

    def __init__(self, name):
        self.name = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((IP, 53))

    def _answer(self, asked):
        question = asked[12:asked.index(b"\0", 12) + 5]
        known = question == self.name + struct.pack("!HH", 1, 1)
        address = question + struct.pack("!HHHIH4s", 0xc00c, 1, 1, 60, 4, socket.inet_aton(IP)) if known else question
        return asked[:2] + struct.pack("!HHHHH", 0x8580, 1, int(known), 0, 0) + address

    def _serve(self):
        while True:
            asked, who = self.socket.recvfrom(512)
            if not asked:
                return
            self.socket.sendto(self._answer(asked), who)

    def __enter__(self):
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (IP, 53))
        self.thread.join(5)
        self.socket.close()


class StockBaresip(Baresip):
    """The baresip of a StockRoot, as a user runs it: no word but its name."""

    def __init__(self, stock, directory):  # without a configuration of the tests: its own first start makes one
        self.root, self.name, self.directory = stock.path, "baresip", directory
        self.process = self.terminal = None
        self.text, self.mark, self.begun = "", 0, 0
        stock.must(f"useradd -u {USER} -m -d {HOME} phone")

    def home(self):
        return HOME

    def wait_ended(self, seconds=10):
        self.sees("session closed", seconds)  # all that it says without -v of a call that the other side ends in its first second
        self.expect_call()

    def command(self):
        return self.as_user("baresip")

    def as_user(self, *command):
        # Who becomes another user is no longer killed with the tests, unless it asks for that again.
        return ["chroot", f"--userspec={USER}:{USER}", self.root, "setpriv", "--pdeathsig", "KILL",
                "env", f"HOME={HOME}", "LOGNAME=phone", *command]

    def types(self, stock, lines):
        """Type what the guide has, when the screen asks for it."""
        for line in lines:
            if line == "baresip":
                self.start()
            elif line == "/quit":
                self.stop()
                instead(stock)
            elif line == "/zrtp_enroll":
                self.sees("offers to ENROLL you", 20)
                self.say(line)
                self.sees("You are enrolled")
            elif line.startswith("/"):
                self.sees("registered successfully", anew=False)
                self.say(line)
            elif line == "1":
                self.sees("incoming rtp for 'audio' established", anew=False)  # the SAS is being read
                self.press(line)
            else:
                subprocess.run(self.as_user("sh", "-ec", line), check=True)


def instead(stock):
    """The configuration that baresip has made gets what this machine has."""
    text = stock.read(f"{HOME}/.baresip/config")
    for pattern, line in INSTEAD:
        text, count = re.subn(f"(?m){pattern}", line, text, count=1)
        equal(f"{pattern} in the configuration", count, 1)
    stock.write(f"{HOME}/.baresip/config", text + TONES)


@case("packages: baresip-zrtp beside Debian's baresip: what the guide tells to type ends with the SAS of the person behind the PBX, as "
      "in its picture; an upgrade keeps the call; a removal warns, and a purge leaves nothing", "stock own")
def typed(bench):
    root_types, user_types = guide()
    with StockRoot(bench.root) as stock:
        operator(stock, bench)
        stock.write(PJSIP_CONF, ENDPOINTS)
        stock.write("/etc/asterisk/extensions.conf", EXTENSIONS, "a")
        stock.must("dpkg -i build-deb/asterisk-zrtp_*.deb")
        stock.must("echo nameserver 127.0.0.1 >/etc/resolv.conf")
        mine = StockBaresip(stock, bench.directory)
        before = stock.files()
        for line in root_types:
            said = stock.must(line.replace("install", "install -y", 1))
        equal(f"says what comes next: {said[-600:]}", "module zrtp.so" in said and "mediaenc=zrtp-require" in said, True)
        with Names("pbx.example"), StockAsterisk(stock) as pbx, phone(bench) as alice:
            mine.types(stock, user_types)
            wait.until("enrolled at the PBX", 10, lambda: re.search(
                r"(?m)^[0-9a-f]{24} \S+ +100$", pbx.cli("zrtp enrollments show")))
            mine.wait_ended(15)
            pbx.idle()
            called(mine, alice, pbx)
            newer(bench, stock, "baresip-zrtp")
            said = stock.must("dpkg -i newer.deb")
            equal(f"an upgrade is for the next start: {said}", "until it is started again" in said, True)
            received = int(pbx.stream("100")["Rx"])
            wait.until("packets after the upgrade", 10, lambda: int(pbx.stream("100")["Rx"]) > received + 50)
            alice.hang_up()
            mine.wait_ended()
            mine.stop()
        said = stock.must("apt-get purge -y --autoremove baresip-zrtp")
        equal(f"warns of calls in clear: {said}", "IN CLEAR" in said, True)
        equal("not as it was", [
            text for text in changed(before, stock.files()) if not text.startswith((f"{HOME}/", "/var/lib/asterisk/zrtp."))], [])


def called(mine, alice, pbx):
    """The person behind the PBX calls; what the screen shows is what the guide has a picture of."""
    mine.expect_call()
    alice.call("100", SIP_PORT)
    mine.sees("Incoming call", anew=False)
    mine.say("/accept")
    sas = alice.secure()
    mine.reaches("PERSON BEHIND the PBX")
    wait.until("the SAS of the other phone", 10, lambda: mine.sas() == sas)
    equal("not that of the own leg", pbx.secure("100")["SAS"] == sas, False)
    shown = re.findall(r"(?s)---- ZRTP, .*?\n----\n", mine.screen())[-1].splitlines()
    if os.environ.get("ZRTP_SCREENSHOTS"):
        terminal.draw(os.path.join(os.environ["ZRTP_SCREENSHOTS"], "baresip.svg"), shown, "The screen of baresip in a call")
    else:
        equal("the picture of the guide (make screenshots takes it again)", but_the_sas(terminal.lines(PICTURE)), but_the_sas(shown))


def but_the_sas(lines):
    """What stands there, whatever the SAS is."""
    text = "\n".join(line for line in lines if line.strip())
    large = re.search(r"(?m)^ +SAS +(.*?) *$", text)[1]
    return text.replace(large, "SAS").replace(large.replace(" ", ""), "SAS")
