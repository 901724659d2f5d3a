# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall as a phone: our engine at the other end of the line, with all that no other phone does."""
import glob
import json
import os
import subprocess
import tempfile
import threading

import processes
import wait

IP = "127.0.0.1"
LIBRARIES = f"usr/lib/{os.uname().machine}-linux-gnu"
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("ZRTPCALL", os.path.join(TOP, "build", "tools", "zrtpcall", "zrtpcall"))


class ZrtpPhone:
    """One zrtpcall. Use as a context manager.

    Keywords are the program's options with "_" for "-": a text is the option's value, True an
    option without one, a list several of the same. record=True records into .recording.
    root: a Debian root whose libraries it has, those that it lacks are of this machine; for an
    OpenSSL with ML-KEM.
    """

    def __init__(self, directory, name, sip_port=0, rtp_ports=None, *, record=False, root=None, **options):
        self.name, self.root = name, root
        self.directory = tempfile.mkdtemp(prefix=name + "-", dir=directory)
        self.recording = os.path.join(self.directory, "heard.wav") if record else None
        self.options = {"listen": f"{IP}:{sip_port}", "user": name, "stay": True, **options}
        if rtp_ports:
            self.options.setdefault("rtp_ports", f"{rtp_ports[0]}-{rtp_ports[1]}")
        if record:
            self.options["record"] = self.recording
        self.process = None
        self.events, self.mark, self.status = [], 0, None

    # Life

    def command(self):
        command = [PROGRAM]
        if self.root:
            loader = sorted(glob.glob(os.path.join(self.root, "lib*", "ld-linux-*.so.*")))[0]
            command = [loader, "--library-path",
                       f"{os.path.join(self.root, LIBRARIES)}:/{LIBRARIES}", PROGRAM]
        for name, value in self.options.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None and one is not False:
                    command += ["--" + name.replace("_", "-"), *([] if one is True else [str(one)])]
        return command

    def start(self):
        if not os.access(PROGRAM, os.X_OK):
            raise AssertionError(f"{PROGRAM} is missing: make unit builds it, or set ZRTPCALL")
        self.events, self.mark, self.status = [], 0, None
        with open(os.path.join(self.directory, "errors"), "ab") as errors:
            self.process = processes.start(self.command(), cwd=self.directory, stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, stderr=errors, env=self._environment())
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.uri = self.wait("listening", 5)["uri"]
        return self

    def _listen(self):
        with open(os.path.join(self.directory, "events"), "ab") as log:
            for line in self.process.stdout:
                log.write(line)
                log.flush()
                self.events.append(json.loads(line))

    def _environment(self):
        # The loader of the root is what runs then, and LeakSanitizer takes its own memory for lost.
        return {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"} if self.root else None

    def errors(self):
        """What it said on stderr."""
        with open(os.path.join(self.directory, "errors"), errors="replace") as text:
            return text.read()

    def wait_exit(self, seconds=30):
        """Wait until it has ended by itself; return the exit status."""
        self.status = self.process.wait(seconds)
        self._reap()
        return self.status

    def _reap(self):
        self.listener.join(5)
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None
        if self.status not in (0, 1, 2, 3, 4):
            raise AssertionError(f"{self.name}: exit status {self.status}: {self.errors()[-2000:]}")

    def stop(self):
        """Quit; return the exit status. An unclean end, also one that a sanitizer found, raises."""
        if self.process is None:
            return self.status
        try:
            self.say("quit")
        except (BrokenPipeError, ValueError):
            pass
        self.status = processes.stop(self.process, 15)
        self._reap()
        return self.status

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # Talking to it

    def say(self, command):
        """Type a command."""
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def all(self, event, **fields):
        """Events of that name with these fields since the mark."""
        return [e for e in self.events[self.mark:] if e.get("event") == event
                and all(e.get(name) == value for name, value in fields.items())]

    def wait(self, event, seconds=10, **fields):
        """The first such event since the mark, past or to come."""
        def probe():
            if self.process and self.process.poll() is not None and not self.all(event, **fields):
                self.listener.join(5)
                if not self.all(event, **fields):
                    raise AssertionError(f"{self.name} ended with {self.process.poll()}: {self.errors()}")
            return self.all(event, **fields)
        wanted = " ".join(f"{name}={value}" for name, value in fields.items())
        try:
            return wait.until(f"{self.name}: event {event} {wanted}", seconds, probe)[0]
        except wait.Timeout as late:
            last = "\n".join(str(e) for e in self.events[-12:])
            raise wait.Timeout(f"{late}; its last events:\n{last}\n{self.errors()[-1000:]}") from None

    def expect_call(self):
        """Forget the events so far: the next call is what counts."""
        self.mark = len(self.events)

    def dial(self, uri):
        self.expect_call()
        self.say(f"dial {uri}")

    def call(self, extension, port):
        self.dial(f"sip:{extension}@{IP}:{port}")

    def hang_up(self):
        self.say("hangup")
        self.wait_ended()

    def wait_ended(self, seconds=5):
        """Wait until the call has ended; return that event with the counts of each medium."""
        return self.wait("ended", seconds)

    def secure(self, seconds=10):
        """Wait until its call is secure; return the SAS of the call's own exchange."""
        self.wait("secure", seconds, medium="audio")
        return self.wait("sas", 5, relayed=False)["sas"]

    def relayed(self, seconds=10, **fields):
        """Wait until a PBX relayed the far end's SAS; return the event."""
        return self.wait("sas", seconds, relayed=True, **fields)

    def shown(self):
        """The SAS it shows now."""
        seen = len(self.all("sas"))
        self.say("sas")
        wait.until(f"{self.name}: sas", 5, lambda: len(self.all("sas")) > seen)
        return self.all("sas")[-1]["sas"]

    def statistics(self):
        """The counts of its call so far."""
        seen = len(self.all("stats"))
        self.say("stats")
        wait.until(f"{self.name}: stats", 5, lambda: len(self.all("stats")) > seen)
        return self.all("stats")[-1]

    def algorithms(self):
        """The algorithms of the audio stream by kind: kex, hash, cipher, tag, sas_type."""
        event = self.all("secure", medium="audio")[-1]
        return {kind: event[kind] for kind in ("kex", "hash", "cipher", "tag", "sas_type")}

    def digits(self, by=None):
        """The digits it heard, in order. by: "rtp" or "info"."""
        return "".join(e["digit"] for e in self.all("digit") if by in (None, e["by"]))
