# SPDX-License-Identifier: GPL-2.0-only
"""Debian's baresip with our module, on a terminal: what a person types and sees."""
import codecs
import os
import re
import tempfile
import threading

import processes
import wait
from linphone import IN_ROOT

IP = "127.0.0.1"
RATE = 8000
PLACE = "usr/src/asterisk-zrtp/baresip"
# A terminal that is wide enough to break no line of ours.
COLUMNS = 160

CONFIG = """\
poll_method epoll
sip_listen {ip}:{sip_port}
net_interface {ip}
call_max_calls 4
audio_path /usr/share/baresip
audio_source {source}
audio_player {player}
audio_alert aufile,{directory}/alert.wav
ausrc_srate 48000
ausrc_channels 1
auplay_srate {rate}
auplay_channels 1
rtp_ports {rtp_port}-{last_port}
rtcp_mux {mux}
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module ausine.so
module aufile.so
module aubridge.so
module fakevideo.so
{codecs}module zrtp.so
module_app account.so
module_app menu.so
{tones}{more}"""

# No tone of its own: its player of files may hang between one and the call's sound.
TONES = "".join(f"{name}_aufile none\n" for name in ("ring", "callwaiting", "ringback", "notfound", "busy", "error", "sip_autoanswer"))

SHOWN = re.compile(r"---- ZRTP, line (\d+): (.*?) ----\n(.*?)\n----\n", re.DOTALL)
# Escape sequences, and what the line editor writes again for each key.
NOISE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n]*\r(?!\n)|\r")


class Baresip:
    """One baresip. Use as a context manager.

    mediaenc: what its account says; hz: the tone that it says, 0: nothing; answer=True takes every call;
    video=True offers and takes video, a still picture; calls: how many at once, which have ports; player: where sound goes, instead of into .recording;
    rtcp_mux=True: RTCP may go through RTP's port; config: more lines of its configuration.
    """

    def __init__(self, root, directory, name, sip_port, rtp_port, registrar, *, mediaenc="zrtp", hz=440,
                 answer=True, video=False, calls=1, player=None, rtcp_mux=False, config=""):
        self.root, self.name, self.sip_port, self.rtp_port = root, name, sip_port, rtp_port
        self.directory = tempfile.mkdtemp(prefix=name + "-", dir=directory)
        self.recording = self._file("heard.wav")
        self.process = self.terminal = None
        self.text, self.mark, self.begun = "", 0, 0
        source = f"ausine,{hz}" if hz else "aufile,/dev/null"
        self._write("config", CONFIG.format(
            ip=IP, sip_port=sip_port, source=source, player=player or f"aufile,{self.recording}", directory=self.directory, rate=RATE,
            mux="yes" if rtcp_mux else "no",
            rtp_port=rtp_port, last_port=rtp_port + 2 * calls * (1 + video) - 1, tones=TONES, codecs="module vp8.so\n" if video else "",
            more=("video_source fakevideo,nil\nvideo_display fakevideo,nil\n" if video else "") + config))
        encryption = f";mediaenc={mediaenc}" if mediaenc else ""
        self._write("accounts", f"<sip:{name}@{IP}:{registrar}>;regint=0{encryption}"
                    f";answermode={'auto' if answer else 'manual'}\n")
        self._write("contacts", "")

    def _file(self, name):
        return os.path.join(self.directory, name)

    def _write(self, name, text, mode="w"):
        with open(self._file(name), mode) as out:
            out.write(text)

    def configure(self, lines):
        """More lines of its configuration, before it starts."""
        self._write("config", lines, "a")

    # Life

    def start(self):
        self.text, self.mark, self.begun = "", 0, 0
        self.terminal, slave = os.openpty()
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home(), "TERM": "dumb",
                       "COLUMNS": str(COLUMNS), "ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}
        self.process = processes.start(self.command(), cwd=self.directory, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.sees("baresip is ready")
        return self

    def home(self):
        return self.directory

    def command(self):
        """How it is started in its root."""
        with open(os.path.join(self.root, PLACE, "preload")) as preload:
            library = preload.read().strip()
        program = ["env", f"LD_PRELOAD={library}", "baresip"] if library else ["baresip"]
        return ["unshare", "--mount", "sh", "-ec", IN_ROOT, "sh", self.root, self.directory, *program, "-f", self.directory, "-v"]

    def _listen(self):
        characters = codecs.getincrementaldecoder("utf-8")("replace")  # one may come in two pieces
        with open(self._file("screen"), "ab") as log:
            while True:
                try:
                    octets = os.read(self.terminal, 4096)
                except OSError:  # it has ended
                    return
                if not octets:
                    return
                log.write(octets)
                log.flush()
                self.text += characters.decode(octets)

    def screen(self):
        """All that stood on it so far."""
        return NOISE.sub("", self.text.replace("\r\n", "\n"))

    def here(self):
        """Where its screen has come to: a line that has not ended may be written again, and be shorter."""
        return self.screen().rfind("\n") + 1

    def stop(self):
        """Quit; an unclean end raises."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.say("/quit")
        status = processes.stop(self.process, 10)
        self.listener.join(5)
        os.close(self.terminal)
        self.process = None
        if status:
            raise AssertionError(f"{self.name}: exit status {status}: {self.screen()[-2000:]}")

    def kill(self):
        """It dies in the midst of what it does."""
        self.process.kill()
        self.process.wait()
        self.listener.join(5)
        os.close(self.terminal)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # Talking to it

    def say(self, line):
        """Type a line."""
        self.mark = self.here()
        os.write(self.terminal, line.encode() + b"\n")

    def sees(self, pattern, seconds=10, anew=True):
        """Wait until the screen has a pattern, since the last line typed; return the match."""
        return wait.until(f"{self.name} sees {pattern}", seconds,
                          lambda: re.search(pattern, self.screen()[self.mark if anew else 0:]))

    def call(self, extension, port):
        self.begun = self.here()
        self.say(f"/dial sip:{extension}@{IP}:{port}")

    def expect_call(self):
        """What it shows from now on is of a new call."""
        self.begun = self.mark = self.here()

    def hang_up(self):
        self.say("/hangup")
        self.wait_ended()

    def wait_ended(self, seconds=10):
        self.sees(r"audio: destroyed", seconds)
        self.expect_call()

    def press(self, digit):
        """A key in a call, which baresip sends as DTMF."""
        os.write(self.terminal, digit.encode())

    # What it shows

    def shows(self, line=None):
        """The last that it has shown of the calls there are, as the text between its rules; "" if there was nothing."""
        found = [text for number, _, text in SHOWN.findall(self.screen()[self.begun:]) if line in (None, int(number))]
        return found[-1] if found else ""

    def sas(self, line=None):
        """The SAS on the screen, without what makes it large; "" if there is none."""
        found = re.search(r"(?m)^ +SAS +(.*?) *$", self.shows(line))
        if not found:
            return ""
        return found[1].replace("   ", ":") if "   " in found[1] else found[1].replace(" ", "")

    def secure(self, seconds=15, line=None):
        """Wait until it shows a SAS; return that."""
        return wait.until(f"{self.name} shows a SAS", seconds, lambda: self.sas(line))

    def reaches(self, pattern, seconds=10, line=None):
        """Wait until what it shows of a call fits a pattern."""
        return wait.until(f"{self.name} shows {pattern}: {self.shows(line)!r}", seconds,
                          lambda: re.search(pattern, self.shows(line)))
