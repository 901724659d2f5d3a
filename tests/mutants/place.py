# SPDX-License-Identifier: GPL-2.0-only
"""A copy of the tree with a build folder of its own, where one fault after the other is planted."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

KEPT_OUT = re.compile(r"\.git|build.*|__pycache__")
OPTIONS = ("-Dtests=true", "-Dtools=enabled", "-Dasterisk=false", "-Dwerror=false", "-Dwarning_level=0",
           "-Dbuildtype=plain", "-Doptimization=0", "-Db_ndebug=false", "-Dshared_tests=true")
# Programs that answer for timing on a busy machine, or for phones: a fault they notice may be none.
LEFT_OUT = re.compile(r"zrtpcall .*|mutants")
# It takes a minute, and is for few faults: those that name it.
WHEN_NAMED = {"crash"}
# What takes long and sees no more by being long. And the dynamic linker's first look for a function
# would leave secrets of its caller's registers on the stack, where tests look for them.
ENVIRONMENT = {"ZRTP_CRASHES": "10", "ZRTP_LINES_RUNS": "300", "LC_ALL": "C", "LD_BIND_NOW": "1"}
FAILED = re.compile(r"^\[  FAILED  \] (?!\d+ test)(\S+)|^(?:FAIL|ERROR): (\S+)", re.M)
GRACE = 5  # seconds of CPU more than four times what a test takes
WAIT = 60  # and of time more than ten times that: others may use the machine


class Broken(Exception):
    """The tree without a fault does not build, or its tests fail."""


def contents(top):
    """The files of a tree that a build may depend on: path to contents."""
    found = {}
    for folder, folders, names in os.walk(top):
        if folder == top:
            folders[:] = [name for name in folders if not KEPT_OUT.fullmatch(name)]
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, top)] = file.read()
    return found


def errors_of(words):
    """The line of a compiler's words that says why."""
    return next((line for line in words.split("\n") if re.search(r"\berror: ", line)), words[-200:])


def alone(folder):
    """Go on with a /tmp of our own in memory, where this machine allows it: quicker, and nothing of a
    program that crashed is left."""
    inside = ["unshare", "--mount", "sh", "-ec", 'mount -t tmpfs none /tmp; exec "$@"', "sh"]
    if "ZRTP_MUTANTS_ALONE" in os.environ or os.path.realpath(folder).startswith("/tmp/"):
        return
    if not subprocess.run([*inside, "true"], stderr=subprocess.DEVNULL).returncode:
        os.environ["ZRTP_MUTANTS_ALONE"] = "1"
        sys.stdout.flush()
        os.execvp("unshare", [*inside, sys.executable, "-B", *sys.argv])


class Test:
    """A test program as Meson knows it."""

    def __init__(self, known, targets, build):
        self.name, self.command = known["name"], known["cmd"]
        self.environment = {**known["env"], **ENVIRONMENT}
        self.targets = [os.path.relpath(targets[i], build) for i in known["depends"] if i in targets]
        self.inputs, self.took = set(), 0.0
        self.is_program = self.command[0].startswith(build)


class Place:
    """One copy, one build folder; used by one thread."""

    def __init__(self, top, folder, sanitize=""):
        self.source, self.build = os.path.join(folder, "source"), os.path.join(folder, "build")
        self.top, self.options = top, [*OPTIONS, *([f"-Db_sanitize={sanitize}"] if sanitize else [])]
        self.planted, self.dirty, self.tests, self.compiled = None, False, [], {}

    def prepare(self, files, *targets):
        """Make the copy the same as the tree, touching only what differs; build all, and learn of the
        tests, or build these targets only."""
        os.makedirs(self.source, exist_ok=True)
        old = contents(self.source)
        for path in old.keys() - files.keys():
            os.unlink(os.path.join(self.source, path))
        for path, data in files.items():
            if old.get(path) != data:
                self._write(path, data)
            shutil.copymode(os.path.join(self.top, path), os.path.join(self.source, path))
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            self._must(["meson", "setup", *self.options, self.build, self.source])
        self._must(["ninja", "-j1", "-C", self.build, *targets])
        if not targets:
            self._learn()

    def _write(self, path, data):
        path = os.path.join(self.source, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def _must(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Broken(f"{' '.join(command[:2])} failed without a fault:\n{done.stdout[-3000:]}")
        return done.stdout

    def _learn(self):
        def meson(what):
            return json.loads(self._must(["meson", "introspect", what, self.build]))
        targets = {target["id"]: target["filename"][0] for target in meson("--targets")}
        self.tests = []
        for known in meson("--tests"):
            test = Test(known, targets, self.build)
            if LEFT_OUT.fullmatch(test.name) or not test.targets:
                continue
            listed = self._must(["ninja", "-C", self.build, "-t", "inputs", *test.targets]).split("\n")
            test.inputs = {os.path.relpath(os.path.normpath(os.path.join(self.build, path)), self.source)
                           for path in listed if path}
            self.tests.append(test)

    def baseline(self, known):
        """Every test must pass without a fault; how long each takes: {name: seconds}, known or tried."""
        for test in self.tests:
            if test.name in known:
                test.took = known[test.name]
                continue
            failed, test.took = self._run(test, 900)
            if failed:
                raise Broken(f"{test.name} fails without a fault: {failed}")
        return {test.name: test.took for test in self.tests}

    def reaching(self, path, only=()):
        """The tests whose programs are made from a file, the quickest first. A header: all of its folder."""
        def is_reached(test):
            if path.endswith(".c"):
                return path in test.inputs
            folder = os.path.dirname(path)
            return folder.startswith("include") or any(i.startswith(folder + "/") for i in test.inputs)

        def is_wanted(test):
            return test.name in only if only else test.name not in WHEN_NAMED
        return sorted((t for t in self.tests if is_reached(t) and is_wanted(t)), key=lambda t: t.took)

    def plant(self, path, text):
        """Write a fault into the copy, instead of the one before."""
        self.restore(keep=path)
        if self.planted is None:
            with open(os.path.join(self.source, path), "rb") as file:
                self.planted = path, file.read()
        self._write(path, text.encode())

    def restore(self, keep=None):
        if self.planted and self.planted[0] != keep:
            self._write(*self.planted)
            self.planted = None

    def clean(self):
        """No fault is in what is built."""
        self.restore()
        if self.dirty:
            self._must(["ninja", "-j1", "-C", self.build])
            self.dirty = False

    def compiles(self, path):
        """Does the file compile with the fault in it? The compiler's words if not."""
        name = os.path.relpath(os.path.join(self.source, path), self.build)
        if not path.endswith(".c"):
            return ""
        done = subprocess.run(["ninja", "-C", self.build, "-j1", f"{name}^"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.stdout if done.returncode else ""

    def _commands(self, path):
        """How a file is compiled."""
        if not self.compiled:
            with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
                for known in json.load(file):
                    self.compiled.setdefault(known["file"], []).append(known["command"])
        return self.compiled.get(os.path.relpath(os.path.join(self.source, path), self.build), [])

    def same_code(self, path):
        """Does the compiler make the same code with the fault, which is planted, and without?"""
        commands = self._commands(path)
        if not path.endswith(".c") or not commands:
            return False
        with open(os.path.join(self.source, path), "rb") as file:
            mutated = file.read()
        try:
            both = []
            for data in (mutated, self.planted[1]):
                self._write(path, data)
                both.append(self._optimized(commands[0]))
            return both[0] == both[1]
        finally:
            self._write(path, mutated)

    def _optimized(self, command):
        """The object file of a compile command, with optimization."""
        out = os.path.join(self.build, "optimized.o")
        words = shlex.split(command)
        words[words.index("-o") + 1] = out
        subprocess.run([*words, "-O2", "-DNDEBUG"], cwd=self.build, stderr=subprocess.DEVNULL, check=True)
        with open(out, "rb") as file:
            return file.read()

    def links(self, tests):
        """Build what the tests need with the fault in it; false if that fails."""
        targets = sorted({target for test in tests for target in test.targets})
        self.dirty = True
        return not targets or subprocess.run(["ninja", "-C", self.build, "-j1", *targets], stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL).returncode == 0

    def preload(self, path, text):
        """The file with the fault in it as a library that a test program loads before all others, so that
        its functions are used instead of the sound ones: (its path, "") or (None, what the compiler
        says); None where that cannot be done, as for headers and for what stands in programs themselves."""
        commands = self._commands(path)
        if len(commands) != 1 or "-objects.a.p/" not in commands[0]:
            return None
        source, out = os.path.join(self.build, "fault.c"), os.path.join(self.build, "fault.so")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        words = shlex.split(commands[0])
        for option in ("-o", "-MF", "-MQ", "-c"):
            place = words.index(option)
            del words[place:place + 2]
        folder = os.path.dirname(os.path.join(self.source, path))
        done = subprocess.run([*words, "-iquote", folder, "-shared", "-o", out, source], cwd=self.build, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return (None, done.stdout) if done.returncode else (out, "")

    def notices(self, test, library=""):
        """Run a test: what it says, "" if it passes."""
        return self._run(test, 4 * test.took + GRACE, library)[0]

    def _run(self, test, limit, library=""):
        """(what failed, seconds)."""
        began = time.monotonic()
        environment = {**os.environ, **test.environment}
        preload = ["env", f"LD_PRELOAD={library}"] if library else []  # not for the shell
        command = ["sh", "-c", f'ulimit -t {int(limit) + 1}; exec "$@"', "sh", *preload, *test.command]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=environment, cwd=self.build, start_new_session=True)
        try:
            output = process.communicate(timeout=10 * limit + WAIT)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return f"{test.name}: not done after {10 * limit + WAIT:.0f} s", limit
        took = time.monotonic() - began
        if process.returncode == 0:
            return "", took
        if library and "symbol lookup error" in output:
            return "", took  # a program that does not use the library after all
        if process.returncode in (-9, -24, 128 + 9, 128 + 24):
            return f"{test.name}: not done after {limit:.0f} s of CPU", took
        names = list(dict.fromkeys(first or second for first, second in FAILED.findall(output)))
        more = [f"{len(names) - 3} more"] if len(names) > 3 else []
        return f"{test.name}: {', '.join(names[:3] + more) or f'exit status {process.returncode}'}", took
