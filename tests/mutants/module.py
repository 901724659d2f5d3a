# SPDX-License-Identifier: GPL-2.0-only
"""Faults of the Asterisk module that no unit test reaches: built into a copy of a test root, and
tried with the fitting cases of tests/pbx only."""
import contextlib
import os
import re
import shutil
import subprocess
import sys

from place import Broken, Place, contents, errors_of

SUITE = "sid"
LIMIT = 900  # seconds for the cases of one fault
FAILED = re.compile(r"^FAIL +(.*)", re.M)
TOTAL = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


@contextlib.contextmanager
def copied_root(root, folder):
    """A root like the one given, where nothing that is written reaches the other."""
    upper, work, merged = (os.path.join(folder, name) for name in ("upper", "work", SUITE))
    for path in (upper, work):
        shutil.rmtree(path, ignore_errors=True)
    for path in (upper, work, merged):
        os.makedirs(path, exist_ok=True)
    option = f"lowerdir={root},upperdir={upper},workdir={work}"
    if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", option, merged]).returncode:
        raise Broken("no overlay could be mounted over the test root")
    try:
        yield merged
    finally:
        subprocess.run(["umount", merged], check=True)


class Cases:
    """Builds the module with a fault in it, and runs cases."""

    def __init__(self, top, place, folder):
        self.top, self.place = top, place
        self.environment = {**os.environ, "ZRTP_CACHE_DIR": folder, "LC_ALL": "C",
                            "ZRTPCALL": os.path.join(place.build, "tools", "zrtpcall", "zrtpcall")}
        self.root, self.sound = os.path.join(folder, SUITE), {}

    def build(self):
        """Build and install: what the compiler says if that fails."""
        done = subprocess.run([os.path.join(self.place.source, "scripts", "build-in-root"), SUITE], text=True,
                              env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout if done.returncode else ""

    def run(self, pattern):
        """(which cases failed, how many ran)."""
        command = ["unshare", "--net", "sh", "-ec",
                   'ip link set lo up; ip address add 192.0.2.1/32 dev lo; exec "$@"', "sh",
                   sys.executable, "-B", os.path.join(self.top, "tests", "pbx", "run.py"), "-k", pattern,
                   f"{SUITE}={self.root}"]
        process = subprocess.Popen(command, text=True, env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output = process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 15)
            process.communicate()
            return [f"not done after {LIMIT} s"], 1
        total = TOTAL.search(output)
        passed, failed, _ = map(int, total.groups()) if total else (0, 1, 0)
        names = FAILED.findall(output) or [output.strip().split("\n")[-1]]
        return names if failed else [], passed + failed

    def holds(self, pattern):
        """Do the cases pass without a fault? Asked once for each pattern."""
        if pattern not in self.sound:
            failed, ran = self.run(pattern)
            self.sound[pattern] = "no case ran" if not ran else ", ".join(failed)
        return self.sound[pattern]

    def judge(self, fault, path, text):
        """(verdict, which cases or why)."""
        self.place.plant(path, text)
        if words := self.build():
            return "does not compile", errors_of(words)
        failed, _ = self.run(fault.pbx)
        return ("killed", f"pbx: {', '.join(failed)}") if failed else ("survived", "")


def run(bench, wanted, top, folder):
    """Try the faults that need Asterisk, one after the other: the cases take all there is."""
    todo = bench.fresh(wanted)
    if not todo:
        return
    root = subprocess.run([os.path.join(top, "scripts", "test-root"), SUITE], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()
    place = Place(top, os.path.join(folder, "module"))
    files = contents(top)
    script = os.path.join("scripts", "build-in-root")
    files[script] = files[script].replace(b" --werror", b" -Dwerror=false")  # a fault may leave a parameter unused
    place.prepare(files, "tools/zrtpcall/zrtpcall")
    with copied_root(root, os.path.join(folder, "root")):
        cases = Cases(top, place, os.path.join(folder, "root"))
        if words := cases.build():
            raise Broken(f"the module does not build without a fault:\n{words}")
        for pattern in dict.fromkeys(fault.pbx for fault, _, _ in todo):
            if failed := cases.holds(pattern):
                raise Broken(f"without a fault, cases {pattern!r}: {failed}")
        try:
            for fault, path, text in todo:
                bench.note(fault, path, *cases.judge(fault, path, text))
        finally:
            place.restore()
