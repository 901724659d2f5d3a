# SPDX-License-Identifier: GPL-2.0-only
"""The readable lists of faults: what a stanza means, and how a fault is planted. The format: docs/mutants.md."""
import dataclasses
import glob
import os
import re

from tree import places

LISTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lists")
ONE_LINE = ("equivalent", "pbx", "tests", "nth")


class Gone(Exception):
    """A fault that cannot be planted: the text says why."""


@dataclasses.dataclass
class Fault:
    """One edit of one definition."""
    title: str
    where: str = ""        # "[HINT] NAME", see Tree.find
    why: str = ""          # the promise or the requirement that it breaks
    old: str = ""
    new: str = ""
    equivalent: str = ""   # why no test can notice it
    pbx: str = ""          # which cases of tests/pbx can, if no unit test can
    tests: str = ""        # the only test programs to run
    nth: str = ""          # which one, where the definition has the old text several times
    source: str = ""       # list and line

    def plant(self, tree):
        """(path, the file's text with the fault in it); Gone if the anchor is not there exactly once."""
        found = tree.find(self.where)
        if not found:
            raise Gone(f"there is no {self.where}")
        spots = [(d, span) for d in found for span in places(tree.texts[d.path][d.start:d.end], self.old)]
        if not spots:
            raise Gone(f"{self.where} does not say: {self.old}")
        if len(spots) > 1 and not self.nth:
            raise Gone(f"{self.where} says {len(spots)} times: {self.old}")
        if int(self.nth or 1) > len(spots):
            raise Gone(f"{self.where} has no {self.nth} of: {self.old}")
        definition, (start, end) = spots[int(self.nth or 1) - 1]
        text = tree.texts[definition.path]
        mutated = text[:definition.start + start] + self.new + text[definition.start + end:]
        if mutated == text:
            raise Gone("it changes nothing")
        return definition.path, mutated

    def stanza(self):
        """As a list has it."""
        lines = [f"== {self.title}", f"in: {self.where}"]
        lines += [f"- {line.strip()}" for line in self.old.splitlines()]
        lines += [f"+ {line.strip()}" for line in self.new.splitlines()]
        return "\n".join(lines + ([f"nth: {self.nth}"] if self.nth else []))


class Reader:
    """Reads one list."""

    def __init__(self, path):
        self.path, self.faults, self.held, self.open = path, [], {"in": "", "for": ""}, None

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                self._line(line.rstrip("\n"), f"{os.path.basename(self.path)}:{number}")
        return self.faults

    def _line(self, line, source):
        if line.startswith("== "):
            self.open = Fault(line[3:].strip(), self.held["in"], self.held["for"], source=source)
            self.faults.append(self.open)
        elif not line.strip():
            self.open = None
        elif line.startswith(("- ", "+ ")) and self.open:
            which = "old" if line[0] == "-" else "new"
            before = getattr(self.open, which)
            setattr(self.open, which, f"{before}\n{line[2:]}" if before else line[2:])
        elif match := re.match(r"(\w+): *(.+)", line):
            self._word(*match.groups(), source)
        elif not line.startswith("#"):
            raise SystemExit(f"{source}: not a line of a list of faults: {line}")

    def _word(self, word, text, source):
        if word in self.held:
            self.held[word] = text
            if self.open:
                setattr(self.open, "where" if word == "in" else "why", text)
        elif word in ONE_LINE and self.open:
            setattr(self.open, word, text)
        else:
            raise SystemExit(f"{source}: {word}: is no word of a list of faults, or stands outside of one")


def read(folder=LISTS):
    """All faults of all lists; two of one title are an error."""
    faults = [fault for path in sorted(glob.glob(os.path.join(folder, "*.txt"))) for fault in Reader(path).read()]
    seen = {}
    for fault in faults:
        if not fault.old or not fault.where:
            raise SystemExit(f"{fault.source}: {fault.title}: no anchor")
        if fault.title in seen:
            raise SystemExit(f"{fault.source}: {fault.title}: also at {seen[fault.title]}")
        seen[fault.title] = fault.source
    return faults
