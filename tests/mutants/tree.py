# SPDX-License-Identifier: GPL-2.0-only
"""Where a function stands: definitions of C files, found by name, so that a list of faults survives moves."""
import os
import re
import typing

AREAS = ("engine", "srtp", "cache", "asterisk", "include")
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
WORD = re.compile(r"\w+|\"(?:\\.|[^\"\\])*\"|\S")


class Definition(typing.NamedTuple):
    """A function, a table, a struct, an enum (named by its first enumerator if it has no name) or a macro."""
    name: str
    path: str  # below the top of the tree
    start: int
    end: int
    function: bool


def blanked(text):
    """The text with comments, strings and directives as blanks, so that every octet keeps its place."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return DIRECTIVE.sub(blank, NOT_CODE.sub(blank, text))


def _name(head, body):
    """What a definition defines, and whether that is a function."""
    before = head.split("=")[0]
    if "=" not in head and (match := re.search(r"(\w+)\s*\(", before)):
        return match.group(1), True
    if match := re.match(r"\s*(?:typedef\s+)?(?:struct|enum|union)\s+(\w+)\s*$", before):
        return match.group(1), False
    if re.match(r"\s*enum\s*$", before):
        return re.search(r"\w+", body).group(), False
    match = re.search(r"(\w+)\s*(?:\[[^]]*\]\s*)*$", before)
    return (match.group(1) if match else ""), False


def definitions(text, path):
    """All definitions of a file, in its order."""
    code, found, depth, start, brace = blanked(text), [], 0, 0, None
    for match in DEFINE.finditer(text):
        found.append(Definition(match.group(1), path, match.start(), DIRECTIVE.match(text, match.start()).end(), False))
    for place, sign in enumerate(code):
        if sign in "{(":
            brace = place if sign == "{" and depth == 0 and brace is None else brace
            depth += 1
        elif sign in "})":
            depth -= 1
        if depth or sign not in "};":
            continue
        head = code[start:place if brace is None else brace]
        name, function = _name(head, "" if brace is None else code[brace:place])
        if sign == "}" and not function:
            continue  # the declarator or the semicolon follows
        if brace is not None or "=" in head:
            begin = start + len(head) - len(head.lstrip())
            found.append(Definition(name, path, begin, place + 1, function))
        start, brace = place + 1, None
    return sorted(found, key=lambda d: d.start)


class Tree:
    """The C files of a source tree."""

    def __init__(self, top):
        self.top, self.texts, self.by_name = top, {}, {}
        for area in AREAS:
            for folder, _, names in os.walk(os.path.join(top, area)):
                for name in sorted(names):
                    if name.endswith((".c", ".h")):
                        self._read(os.path.relpath(os.path.join(folder, name), top))

    def _read(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8") as file:
            self.texts[path] = file.read()
        for definition in definitions(self.texts[path], path):
            self.by_name.setdefault(definition.name, []).append(definition)

    def find(self, where):
        """The definitions that "NAME" or "HINT NAME" mean: the hint, a file's name or a folder, is
        for names that several files have, and is forgotten where no file of that name has it."""
        *hints, name = where.split()
        found = self.by_name.get(name, [])
        for hint in hints:
            fitting = [d for d in found if hint in d.path.split("/")]
            found = fitting or found
        return found


def places(text, wanted):
    """Where the wanted text stands in a text, however it is broken into lines."""
    words = WORD.findall(wanted)
    pattern = r""
    for before, word in zip([""] + words, words):
        both = before[-1:].isalnum() or before[-1:] == "_"
        both = both and (word[0].isalnum() or word[0] == "_")
        pattern += (r"\s+" if both else r"\s*") + re.escape(word) if pattern else re.escape(word)
    if words and re.match(r"\w", words[0]):
        pattern = r"(?<!\w)" + pattern
    if words and re.search(r"\w$", words[-1]):
        pattern += r"(?!\w)"
    return [match.span() for match in re.finditer(pattern, text)]
