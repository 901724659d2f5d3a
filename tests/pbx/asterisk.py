# SPDX-License-Identifier: GPL-2.0-only
"""A real Asterisk, run from a Debian root with a configuration of its own."""
import fnmatch
import itertools
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading

import processes
import wait

IP = "127.0.0.1"
# What a build with check_locks logs, see base/held.h of res_zrtp.
UNLOCKED = re.compile(r"\S+\.[ch]\b.*a field is touched without its lock")
SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tsan.suppressions")

ASTERISK_CONF = """\
[directories]
astetcdir => {home}/etc
astmoddir => {moddir}
astvarlibdir => {home}/lib
astdbdir => {home}/lib
astkeydir => {home}/lib
astdatadir => {datadir}
astagidir => {home}/lib
astspooldir => {home}/spool
astrundir => {home}/run
astlogdir => {home}/log
astsbindir => /usr/sbin
[options]
nocolor = yes
verbose = 3
documentation_language = en_US
{options}"""

LOGGER_CONF = """\
[general]
dateformat = %F %T.%3q
[logfiles]
full => notice,warning,error,verbose
"""

MANAGER_CONF = """\
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
[tester]
secret = tester
read = all
write = all
"""

PARKING_CONF = """\
[general]
[default]
parkext = 700
parkpos = 701-709
context = parked
"""

# ICE is for the endpoints that have ice_support = yes.
RTP_CONF = """\
[general]
rtpstart = {first}
rtpend = {last}
rtcpinterval = 1000
icesupport = yes
"""

# What the tests need of a stock Asterisk; the rest only makes noise in the log.
MODULES = """app_slow_masquerade app_chanspy app_confbridge app_directed_pickup app_dial app_echo app_exec app_mixmonitor app_originate app_playback app_playtones
app_read app_record app_senddtmf app_sendtext app_stack app_transfer app_verbose app_bridgewait bridge_* chan_bridge_media
chan_pjsip codec_a_mu codec_alaw codec_resample codec_ulaw format_pcm format_sln format_wav
func_callerid func_channel func_db func_hangupcause func_logic func_pjsip_* func_strings
func_timeout pbx_config res_clioriginate res_crypto res_format_attr_* res_http_websocket res_parking
res_pjproject res_pjsip res_pjsip_* res_rtp_asterisk
res_security_log res_sorcery_* res_srtp res_timing_timerfd res_zrtp""".split()
# In every root: what lacks one was not built as it should be.
OURS = ("res_zrtp", "res_pjsip_zrtp", "app_enroll_zrtp", "res_zrtp_web")
# These want a configuration of their own: without one each start has an error of theirs.
NOT = "res_pjsip_geolocation res_pjsip_stir_shaken res_pjsip_phoneprov_provider res_pjsip_publish_asterisk".split()
# Both drivers want the name that SIP has among a web server's sockets.
BESIDE_CHAN_SIP = ["res_pjsip_transport_websocket"]
# The last line of a start. A thread of its own writes the log, so it may come after the console says booted.
READY = "Asterisk Ready."
# An event of the tests' own, which shows how far the others have come; it is in no list of them.
MARK = "TestReadsOn"

# Every file Asterisk would complain about when it is not there.
EMPTY = """acl.conf ccss.conf confbridge.conf cdr.conf cel.conf features.conf http.conf sorcery.conf udptl.conf
stasis.conf cli.conf cli_permissions.conf dnsmgr.conf codecs.conf dsp.conf extconfig.conf
pjproject.conf pjsip_notify.conf pjsip_wizard.conf websocket_client.conf""".split()


class Asterisk:
    """One PBX. files: name -> text of configuration files beyond the usual ones.

    Without ami_port there is no manager interface; modules are loaded beyond the usual ones. options: more
    lines for those of asterisk.conf. ZRTP_PBX_ENVIRONMENT has words NAME=VALUE for each Asterisk.
    """

    def __init__(self, root, files, ami_port, rtp_ports=(28000, 28999), modules=(), options=""):
        self.root = root
        self.ami_port = ami_port
        self.process = None
        self.environment = os.environ.get("ZRTP_PBX_ENVIRONMENT", "").split()  # when it starts
        self.path = tempfile.mkdtemp(prefix=f"zrtp-pbx-{os.getpid()}-", dir=os.path.join(root, "tmp"))
        self.home = "/" + os.path.relpath(self.path, root)  # as seen inside the root
        for name in ("etc", "lib/keys", "spool/recording", "run", "log", "sounds"):
            os.makedirs(os.path.join(self.path, name))
        usual = {
            "asterisk.conf": ASTERISK_CONF.format(home=self.home, moddir=self.folder("astmoddir"),
                                                  datadir=self.folder("astdatadir"), options=options),
            "logger.conf": LOGGER_CONF,
            "manager.conf": MANAGER_CONF.format(port=ami_port) if ami_port else "",
            "rtp.conf": RTP_CONF.format(first=rtp_ports[0], last=rtp_ports[1]),
            "res_parking.conf": PARKING_CONF,
            "indications.conf": "[general]\ncountry = us\n[us]\ndescription = none\n"
                                "ringcadence = 2000,4000\ndial = 350+440\nbusy = 480\n"
                                "ring = 440\ncongestion = 480\n",
            "modules.conf": self._modules_conf(modules),
        }
        for name, text in {**dict.fromkeys(EMPTY, ""), **usual, **files}.items():
            self.write(name, text)

    def folder(self, name):
        """One of the folders that the root's own asterisk.conf has."""
        with open(os.path.join(self.root, "etc/asterisk/asterisk.conf")) as conf:
            return re.search(rf"^{name}\s*=>\s*(\S+)", conf.read(), re.M).group(1)

    def _modules_conf(self, more):
        present = [name[:-3] for name in os.listdir(self.root + self.folder("astmoddir"))
                   if name.endswith(".so")]
        missing = [name for name in OURS if name not in present]
        if missing:
            raise AssertionError(f"{self.root} has no {', '.join(missing)}: scripts/build-in-root makes them")
        left_out = NOT + (BESIDE_CHAN_SIP if "chan_sip" in more else [])
        load = [name for name in sorted(present) if name not in left_out
                and any(fnmatch.fnmatch(name, wanted) for wanted in [*MODULES, *more])]
        return "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in load)

    def write(self, name, text):
        """Write a configuration file."""
        with open(os.path.join(self.path, "etc", name), "w") as conf:
            conf.write(text)

    def remove_config(self, name):
        """Delete a configuration file."""
        os.remove(os.path.join(self.path, "etc", name))

    def file(self, *parts):
        """The path on this machine of a file in the PBX's directory."""
        return os.path.join(self.path, *parts)

    # Life

    def start(self):
        logged = len(self.log())
        output = open(self.file("log", "console"), "wb")
        self.process = processes.start(
            ["chroot", self.root, "/usr/bin/env", *self.sanitizer(), *self.environment,
             "asterisk", "-f", "-C", f"{self.home}/etc/asterisk.conf"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C",
                 "ODBCINI": f"{self.home}/etc/odbc.ini",
                 "MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"})
        output.close()
        wait.until("Asterisk fully booted", 240, self._booted, 0.1)
        if self._logs_start():
            wait.until("the start is in the log", 20, lambda: READY in self.log()[logged:], 0.02)
        return self

    def _logs_start(self):
        """Does its log take what it says of a start? A benchmark's does not."""
        with open(self.file("etc", "logger.conf")) as conf:
            return "verbose" in conf.read()

    def sanitizer(self):
        """What a build of scripts/sanitize wants in the environment."""
        try:
            with open(self.root + "/usr/src/asterisk-zrtp/preload") as preload:
                library = preload.read().strip()
        except FileNotFoundError:
            return []
        if not library:
            return []
        reports = f"log_path={self.home}/log/sanitizer:exitcode=0"
        shutil.copy(SUPPRESSIONS, self.file("etc"))
        return [
            f"LD_PRELOAD={library}", f"ASAN_OPTIONS={reports}:fast_unwind_on_malloc=0:malloc_context_size=8",
            f"UBSAN_OPTIONS={reports}:print_stacktrace=1", f"TSAN_OPTIONS={reports}:report_thread_leaks=0"
            f":suppressions={self.home}/etc/{os.path.basename(SUPPRESSIONS)}"]

    def sanitizer_reports(self):
        """What a sanitizer said of our modules; what it says of Asterisk alone is Asterisk's."""
        text = ""
        for name in sorted(os.listdir(self.file("log"))):
            if name.startswith("sanitizer."):
                with open(self.file("log", name), errors="replace") as report:
                    text += report.read() + "\n\n"
        parts = [piece for part in re.split(r"={10,}\n", text)
                 for piece in (part.split("\n\n") if "LeakSanitizer" in part else [part])]
        ours = {}
        for part in parts:
            frames = re.findall(r"(\w+ \.\./source/\S+)", part)
            if frames:
                ours.setdefault(tuple(frames), part.strip())  # each place once
        for place in UNLOCKED.findall(self.log()):
            ours.setdefault(place, place)
        return list(ours.values())

    def sanitizer_fell(self):
        """Did the sanitizer itself end badly, in an Asterisk that was about to end? Its fault, no finding."""
        if not any("Asterisk cleanly ending" in line for line in self.log().splitlines()[-5:]):
            return False
        for name in os.listdir(self.file("log")):
            if name.startswith("sanitizer."):
                with open(self.file("log", name), errors="replace") as report:
                    if "Sanitizer: CHECK failed" in report.read():
                        return True
        return False

    def _booted(self):
        if not self.running():
            raise AssertionError("Asterisk ended while starting: " + self.console_tail())
        return "fully booted" in self.cli("core waitfullybooted")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def console_tail(self):
        with open(self.file("log", "console"), errors="replace") as log:
            return " | ".join(log.read().splitlines()[-3:]) or "(it said nothing)"

    def stop(self):
        """Stop politely; return the exit status."""
        if self.process is None:
            return None
        if self.running() and "Unable to connect" in self.cli("core stop now"):
            self.process.terminate()  # it is still starting
        status, self.process = processes.stop(self.process, 30), None
        return status

    def remove(self):
        """Forget the PBX's directory."""
        shutil.rmtree(self.path, ignore_errors=True)

    # Asking

    def console(self, command):
        """The program that has the console answer a command."""
        return ["chroot", self.root, "asterisk", "-C", f"{self.home}/etc/asterisk.conf", "-rx", command]

    def cli(self, command):
        """What the console answers to a command."""
        done = subprocess.run(
            self.console(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=90,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C",
                 "TERM": "dumb"})
        return done.stdout

    def extension(self, name, *steps):
        """Add one to the context phones: APPLICATION or APPLICATION,DATA for each priority."""
        for priority, words in enumerate(steps, 1):
            said = self.cli(f"dialplan add extension {name},{priority},{words} into phones")
            if "added into" not in said:
                raise AssertionError(f"extension {name}: {words}: {said}")

    def log(self, name="full"):
        """The log so far. A thread of Asterisk's own writes it: whatever was logged before this call is there."""
        if self.running():
            self._written()
        return self._read_log(name)

    def _read_log(self, name="full"):
        try:
            with open(self.file("log", name), errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def _written(self):
        """Wait until what is logged by now is in the files: log a line, and look for it."""
        mark = f"written-{secrets.token_hex(8)}"
        try:
            with socket.socket(socket.AF_UNIX) as console:
                console.settimeout(wait.LEAST)
                connect_in(console, self.file("run"), "asterisk.ctl")
                console.sendall(f"cli quit after dialplan set global LOG {mark}\0".encode())
                said = b"".join(iter(lambda: console.recv(4096), b""))
        except OSError:
            return  # it is starting, ending or hung
        if mark.encode() in said and self._logs_start():
            wait.until("the log is written", wait.LEAST, lambda: mark in self._read_log(), 0.005)

    def streams(self):
        """`zrtp show streams` as a list of dictionaries, one per stream."""
        lines = self.cli("zrtp show streams").splitlines()
        head = next((n for n, line in enumerate(lines) if line.startswith("Channel")), None)
        if head is None:
            raise AssertionError("zrtp show streams: " + " | ".join(lines))
        names = lines[head].split()
        rows = [line.split() for line in lines[head + 1:] if "stream(s)" not in line]
        return [dict(zip(names, row)) for row in rows if len(row) == len(names)]

    def stream(self, name):
        """The stream of endpoint NAME's latest call, or None."""
        found = [s for s in self.streams() if endpoint_of(s["Channel"]) == name]
        return max(found, key=lambda s: s["Channel"], default=None)

    def secure(self, name, seconds=10):
        """Wait until the stream of endpoint NAME is secure; return it."""
        def probe():
            stream = self.stream(name)
            return stream if stream and stream["State"] == "secure" else None
        return wait.until(f"PBX: stream of {name} secure", seconds, probe)

    def no_streams(self, seconds=15):
        """Wait until no stream of a past call is left."""
        wait.until("PBX: no ZRTP stream left", seconds, lambda: not self.streams())

    def statistics(self):
        """`zrtp show statistics` as a dictionary of numbers by lower-case name."""
        text = self.cli("zrtp show statistics")
        found = re.findall(r"(?m)^\s*(\S.*?)[\s:]+(\d+)\s*$", text)
        if not found:
            raise AssertionError("zrtp show statistics: " + " | ".join(text.splitlines()))
        return {name.lower(): int(number) for name, number in found}

    def channels(self):
        """The number of channels up."""
        return int(re.search(r"(\d+) active channel", self.cli("core show channels count"))[1])

    def idle(self, seconds=10):
        """Wait until no channel is left."""
        wait.until("PBX: no channel left", seconds, lambda: self.channels() == 0)

    def rss(self):
        """Resident memory in KiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    def open_files(self):
        """What its file descriptors in use refer to; sockets are told by number only."""
        directory = f"/proc/{self.process.pid}/fd"
        found = []
        for name in os.listdir(directory):
            try:
                found.append(os.readlink(f"{directory}/{name}"))
            except FileNotFoundError:
                continue  # closed meanwhile
        return sorted(found)


def connect_in(client, folder, name):
    """Connect to the socket of this name in a folder, whose path may be longer than a socket's can be."""
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        client.connect(f"/proc/self/fd/{place}/{name}")
    finally:
        os.close(place)


def endpoint_of(channel):
    """PJSIP/alice-00000003 -> alice"""
    return channel.split("/", 1)[-1].rsplit("-", 1)[0]


class Events:
    """The manager interface, listened to in a thread. Use as a context manager. seen: a list for the events."""

    def __init__(self, pbx, seen=None):
        self.seen, self.numbers = [] if seen is None else seen, itertools.count()
        self.marks, self.come_to, self.over = itertools.count(), -1, False
        self.heard = self.seen.append  # who takes an event
        self.socket = socket.create_connection((IP, pbx.ami_port), 5)
        self.socket.settimeout(None)
        self.socket.sendall(b"Action: Login\r\nUsername: tester\r\nSecret: tester\r\n\r\n")
        threading.Thread(target=self._listen, daemon=True).start()
        wait.until("AMI login", 5, lambda: any(
            m.get("Message") == "Authentication accepted" for m in self.seen))

    def _listen(self):
        message = {}
        with self.socket.makefile("r", errors="replace", newline="\r\n") as lines:
            try:
                for line in lines:
                    name, colon, value = line.strip().partition(":")
                    if colon:
                        message[name] = value.strip()
                    elif message:
                        self._take(message)
                        message = {}
            except (OSError, ValueError):
                pass  # closed by us
        self.over = True

    def _take(self, message):
        if message.get("UserEvent") != MARK:
            self.heard(message)
        elif message["Of"] == str(id(self)):
            self.come_to = int(message["Number"])

    def _read_on(self):
        """Events come from threads of Asterisk's own: wait until this one has what was told by now."""
        number = next(self.marks)
        try:
            self.send("UserEvent", UserEvent=MARK, Of=id(self), Number=number)
        except OSError:
            return  # it ends
        wait.until("the events that were told", 10, lambda: self.over or self.come_to >= number, 0.002)

    def send(self, action, **fields):
        """Send an action."""
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items())]
        self.socket.sendall("".join(line + "\r\n" for line in [*lines, ""]).encode())

    def all(self, name, **fields):
        """Events NAME with these fields that were told by now; for a wait, which asks again, those that have come."""
        if not wait.asks_again():
            self._read_on()
        return [m for m in list(self.seen) if m.get("Event") == name
                and all(m.get(k) == v for k, v in fields.items())]

    def wait(self, name, seconds=10, **fields):
        """The first event NAME with these fields, past or to come."""
        found = wait.until(f"AMI event {name}", seconds, lambda: self.all(name, **fields))
        return found[0]

    def ask(self, action, **fields):
        """The response to an action."""
        number = str(next(self.numbers))
        lines = [f"Action: {action}", f"ActionID: {number}", *(f"{k}: {v}" for k, v in fields.items())]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return wait.until(f"AMI response to {action}", 5, lambda: [
            m for m in list(self.seen) if m.get("ActionID") == number and "Response" in m])[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
