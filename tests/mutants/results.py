# SPDX-License-Identifier: GPL-2.0-only
"""What became of each fault, kept in a file so that a run can be resumed; and the score."""
import hashlib
import json
import os
import threading
import typing

VERDICTS = ("killed", "survived", "equivalent", "does not apply", "does not compile")
ERRORS = VERDICTS[3:]


class Result(typing.NamedTuple):
    """The verdict on one fault."""
    key: str      # hash of the fault and of all sources
    title: str
    path: str     # the file it is in
    verdict: str
    note: str     # which test noticed it, or why none can
    stanza: str


def digest(*parts):
    """A hash of texts and octets."""
    whole = hashlib.sha256()
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()[:24]


class Results:
    """The results of this run and of those before it."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.known, self.last, self.kills = {}, {}, {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    try:
                        result = Result(*json.loads(line))
                    except (ValueError, TypeError):
                        continue  # written while the machine went down
                    self._keep(result)

    def _keep(self, result):
        self.known[result.key] = self.last[result.title] = result
        if result.verdict == "killed":
            killer = (result.path, result.note.split(":")[0])
            self.kills[killer] = self.kills.get(killer, 0) + 1

    def price(self, test, fault, path):
        """By what to sort tests: the one that noticed this fault before is first, then what is quick and
        has noticed many in this file."""
        last = self.last.get(fault.title)
        if last and last.verdict == "killed" and last.note.startswith(f"{test.name}:"):
            return 0
        return (0.1 + test.took) / (1 + self.kills.get((path, test.name), 0))

    def add(self, result):
        with self.lock:
            self._keep(result)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")


def score(results):
    """The lines to end with: by file, the survivors, the errors, the sums."""
    lines, by_file = [], {}
    for result in results:
        by_file.setdefault(result.path or "nowhere", []).append(result.verdict)
    for path, verdicts in sorted(by_file.items()):
        killed, survived = verdicts.count("killed"), verdicts.count("survived")
        share = f"{100 * killed // (killed + survived):3} %" if killed + survived else "    -"
        lines.append(f"{share}  {killed:3} of {killed + survived:3}  {path}")
    for result in results:
        if result.verdict == "survived":
            lines += ["", f"SURVIVED {result.path}", result.stanza]
    for result in results:
        if result.verdict in ERRORS:
            lines += ["", f"ERROR {result.title}: {result.verdict}: {result.note}"]
    counts = [sum(r.verdict == verdict for r in results) for verdict in VERDICTS]
    lines += ["", f"{counts[0]} killed, {counts[1]} survived, {counts[2]} equivalent, {counts[3] + counts[4]} errors"]
    return lines
