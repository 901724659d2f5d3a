# SPDX-License-Identifier: GPL-2.0-only
"""Linphone's console client as a phone: the other implementation of ZRTP in these tests."""
import contextlib
import os
import re
import shutil
import subprocess
import tempfile

import processes
import wait

IP = "127.0.0.1"
PREFIX = {"kex": "MS_ZRTP_KEY_AGREEMENT_", "hash": "MS_ZRTP_HASH_", "cipher": "MS_ZRTP_CIPHER_",
          "tag": "MS_ZRTP_AUTHTAG_", "sas": "MS_ZRTP_SAS_"}
KEY = {"kex": "zrtp_key_agreements_suites", "hash": "zrtp_hash_suites",
       "cipher": "zrtp_cipher_suites", "tag": "zrtp_auth_suites", "sas": "zrtp_sas_suites"}

RC = """\
[sip]
sip_port={sip_port}
sip_tcp_port=0
sip_tls_port=0
default_proxy=-1
contact="{name}" <sip:{name}@127.0.0.1>
guess_hostname=0
bind_address=127.0.0.1
use_ipv6=0
ipv6_migration_done=1
media_encryption={encryption}
media_encryption_mandatory={mandatory}
register_only_when_network_is_up=0
use_info={info}
use_rfc2833={rfc4733}
{algorithms}
[rtp]
audio_rtp_port={rtp_port}
video_rtp_port={video_port}
bind_address=127.0.0.1
nortp_timeout=300
[net]
mtu=1300
[video]
enabled={video}
capture={video}
display=0
automatically_initiate={video}
automatically_accept={video}
device=StaticImage: Static picture
size=qcif
[sound]
echocancellation=0
agc=0
[storage]
uri=null
call_logs_db_uri=null
zrtp_secrets_db_uri=null
[misc]
uuid=00000000-0000-0000-0000-{sip_port:012d}
{codecs}
"""

# mime, rate, channels. What is not listed, linphonec adds as wanted.
CODECS = (("PCMU", 8000, 1), ("PCMA", 8000, 1), ("opus", 48000, 2),
          ("speex", 32000, 1), ("speex", 16000, 1), ("speex", 8000, 1),
          ("G729", 8000, 1), ("GSM", 8000, 1), ("G722", 8000, 1), ("iLBC", 8000, 1),
          ("L16", 44100, 1), ("BV16", 8000, 1))

PROMPT = "linphonec> "  # once for each line that it takes

# Run in a root, with its own /proc and /tmp and in that its directory, by the same name as outside.
# All of these mounts are of this process alone and end with it.
IN_ROOT = """\
root=$1 directory=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root$directory"
mount --bind "$directory" "$root$directory"
exec chroot "$root" "$@"
"""


class Linphone:
    """One linphonec in a new directory of its own, so with an empty cache of secrets.

    Keywords kex, hash, cipher, tag, sas take lists of four-character ZRTP names.
    zrtp=False turns ZRTP off, mandatory=True refuses to send anything in clear,
    play names a wav file to speak, answer=True takes every call at once. encryption names
    another one than ZRTP, digits ("rfc4733", "info") how it sends those, settings has lines for
    sections of its configuration, ip is its address, codecs are those it has, the preferred one first.
    video=True: it offers video and takes it (VP8; for want of a camera the picture that there is none).
    root: the Debian root whose linphonec it is; none: this machine's.
    """

    def __init__(self, directory, name, sip_port, rtp_port, *, zrtp=True, mandatory=True,
                 play=None, record=False, answer=True, encryption=None, settings=None, ip=IP,
                 firewall="none", digits="rfc4733", codecs=("PCMU",), video=False, root=None,
                 **algorithms):
        self.name, self.sip_port, self.rtp_port = name, sip_port, rtp_port
        self.video, self.video_port = video, rtp_port + 2
        self.directory = tempfile.mkdtemp(prefix=name + "-", dir=directory)
        self.answer, self.root = answer, root
        # Of what is outside its directory, a phone in a root sees nothing.
        self.play = shutil.copy(play, self.directory) if play and root else play
        self.recording = self._file("heard.wav") if record else None
        self.mark = self.typed = 0
        self.ip, self.firewall = ip, firewall
        self.process = None
        os.mkdir(self._file("home"))
        if encryption == "dtls":
            self._identity()
        lines = "\n".join(f"{KEY[kind]}=" + ",".join(PREFIX[kind] + n.upper() for n in names)
                          for kind, names in algorithms.items() if names)
        ordered = sorted(CODECS, key=lambda c: codecs.index(c[0]) if c[0] in codecs else len(codecs))
        sections = "\n".join(
            f"[audio_codec_{n}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled={int(mime in codecs)}"
            for n, (mime, rate, channels) in enumerate(ordered))
        text = RC.format(name=name, sip_port=sip_port, rtp_port=rtp_port, codecs=sections,
                         video=int(video), video_port=self.video_port,
                         encryption=encryption or ("zrtp" if zrtp else "none"),
                         info=int(digits == "info"), rfc4733=int(digits == "rfc4733"),
                         mandatory=int(zrtp and mandatory), algorithms=lines)
        if ip != IP:
            text = text.replace("use_ipv6=0", "use_ipv6=1").replace(IP, ip)
            text = text.replace(f"@{ip}>", f"@[{ip}]>")
        for section, more in (settings or {}).items():
            if f"[{section}]\n" not in text:
                text += f"[{section}]\n"
            text = text.replace(f"[{section}]\n", f"[{section}]\n" + "".join(f"{m}\n" for m in more))
        with open(self._file("rc"), "w") as rc:
            rc.write(text)

    def _file(self, name):
        return os.path.join(self.directory, name)

    def _identity(self):
        """A key and certificate for DTLS: those that it would make itself take it half a second, or many, as chance has it."""
        folder = self._file("home/.linphone-usr-crt")
        os.mkdir(folder)
        key, certificate, both = (os.path.join(folder, name) for name in ("key", "certificate", "identity.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=linphone-dtls-default-identity", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        with open(both, "w") as pem:
            for part in (certificate, key):
                with open(part) as text:
                    pem.write(text.read())
                os.remove(part)

    # Life

    def start(self):
        self.mark = self.typed = 0
        command = ["linphonec", *(["-a"] if self.answer else []), *(["-C"] if self.video else []),
                   "-c", self._file("rc"), "-d", "6", "-l", self._file("log")]
        if self.root:
            command = ["unshare", "--mount", "sh", "-ec", IN_ROOT, "sh", self.root, self.directory, *command]
        with open(self._file("out"), "wb") as out:
            self.process = processes.start(
                command, cwd=self.directory, stdin=subprocess.PIPE, stdout=out, stderr=out,
                env={
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self._file("home"),
                    "TMPDIR": self._file("home"), "TERM": "dumb", "ALSA_CONFIG_PATH": "/dev/null"})
        self.say("soundcard use files")
        self.wait("Using wav files", 10)
        if self.firewall:
            self.say(f"firewall {self.firewall}")
        if self.play:
            self.say(f"play {self.play}")
        if self.recording:
            self.say(f"record {self.recording}")
        return self

    def stop(self):
        if self.process is None:
            return
        for command in ("terminate all", "quit"):
            try:
                self.say(command)
            except (BrokenPipeError, ValueError, wait.Timeout):
                break
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()  # 5.3 goes on reading until then
        processes.stop(self.process, 5)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # Talking to it

    def say(self, command):
        """Type a line on its console."""
        self.typed += 1
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        if self.root and command != "quit":  # a line that comes before 5.3 has taken the last one replaces that
            wait.until(f"{self.name} takes: {command}", 10,
                       lambda: self.all_out().count(PROMPT) > self.typed or self.process.poll() is not None, 0.01)

    def _read(self, name):
        with open(self._file(name), errors="replace") as text:
            return text.read()

    def log(self):
        return self._read("log")

    def out(self):
        """What it printed since the last call began."""
        return self._read("out")[self.mark:]

    def all_out(self):
        """All it printed since it was started."""
        return self._read("out")

    def wait(self, pattern, seconds):
        """Wait until what it printed matches; return the match."""
        return wait.until(f"{self.name}: /{pattern}/", seconds,
                          lambda: re.search(pattern, self.out()))

    def expect_call(self):
        """Forget what was printed: the next call is what counts."""
        self.mark = len(self._read("out"))

    def call(self, extension, port):
        self.expect_call()
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        self.say(f"call sip:{extension}@{host}:{port}")

    def hang_up(self):
        self.say("terminate")
        self.wait_ended()

    def wait_ended(self, seconds=5):
        self.wait(r"Call \d+ with .* ended|Call ended", seconds)

    def secure(self, seconds=10):
        """Wait until its call is secure; return the SAS it shows."""
        return self.wait(r"fully encrypted and auth token is (\S+)\.\s", seconds)[1]

    def secrets(self):
        """The path of its cache of retained secrets, an SQLite database."""
        return self._file("home/.linphone-zidcache")

    def algorithms(self):
        """The algorithms of its last key exchange, as its log names them."""
        lines = re.findall(r"ZRTP algo used during negotiation: (.*)", self.log())
        return lines[-1] if lines else None
