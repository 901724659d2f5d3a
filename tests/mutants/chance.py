# SPDX-License-Identifier: GPL-2.0-only
"""Faults by chance: the usual kinds, a sample that depends on a seed and on each fault's own text only."""
import os
import re

from faults import Fault
from results import digest
from tree import NOT_CODE, blanked, places

AREAS = ("engine", "srtp", "cache")
# Of the Asterisk module, what needs no Asterisk.
DECISIONS = "asterisk/res_zrtp/decide/"
# What swapping changes into each other, word by word.
SWAPPED = [("ZRTP_INITIATOR", "ZRTP_RESPONDER"), ("ZRTP_EFFECT_KEYS_SEND", "ZRTP_EFFECT_KEYS_RECEIVE"),
           ("SEND", "RECEIVE"), ("rs1", "rs2"), ("zid_i", "zid_r")]
CALL = re.compile(r"^[ \t]*(?!return\b|else\b|case\b)(\w+)\((?:[^;{}]*)\);[ \t]*$", re.M)
ASSIGNED = re.compile(r"^[ \t]*[\w>.\[\]*-]+ [-+|&]?= [^;{}]*;[ \t]*$", re.M)
WIPES = ("zrtp_wipe", "OPENSSL_cleanse")
CONDITION = re.compile(r"\bif \(")


def _closing(code, start):
    """Where the parenthesis that opens at start is closed."""
    depth = 0
    for place in range(start, len(code)):
        depth += (code[place] == "(") - (code[place] == ")")
        if not depth:
            return place
    return start


def _conditions(code, text):
    for match in CONDITION.finditer(code):
        end = _closing(code, match.end() - 1)
        inside = text[match.end():end]
        yield "negated condition", match.end(), end, f"!({inside})"
        yield "dropped check", match.end(), end, f"0 && ({inside})"


def _words(code, _):
    for kind, pattern, new in (
            ("off by one", r" < (?=\S)", " <= "), ("off by one", r" <= ", " < "),
            ("off by one", r" > (?=\S)", " >= "), ("off by one", r" >= ", " > "),
            ("negated condition", r" == ", " != "), ("negated condition", r" != ", " == "),
            ("negated condition", r" && ", " || "), ("negated condition", r" \|\| ", " && "),
            ("negated condition", r"(?<=[( ])!(?=[\w(])", ""),
            ("returned success", r"\breturn -1;", "return 0;"), ("returned success", r"\breturn false;", "return true;"),
            ("returned the opposite", r"\breturn true;", "return false;"),
            ("swapped role", r"\bzrtp_other(?=\()", "")):
        for match in re.finditer(pattern, code):
            yield kind, match.start(), match.end(), new


def _numbers(code, text):
    for match in re.finditer(r"(?<![\w.'])([1-9]\d?)(?=[;,) \]])(?!\s*<<)", code):
        yield "off by one", match.start(), match.end(), str(int(match.group()) + 1)
    for match in re.finditer(r"\bsizeof\([^()]*(?:\([^()]*\))?[^()]*\)|\bZRTP_\w+_SIZE\b", code):
        yield "wrong length", match.start(), match.end(), f"({text[match.start():match.end()]} - 1)"


def _swaps(code, _):
    for one, other in SWAPPED:
        for old, new in ((one, other), (other, one)):
            for match in re.finditer(rf"\b{old}\b", code):
                yield "swapped role", match.start(), match.end(), new


def _drops(code, text):
    for pattern, kind in ((CALL, "dropped call"), (ASSIGNED, "dropped assignment")):
        for match in pattern.finditer(code):
            begin = match.start() + len(match.group()) - len(match.group().lstrip())
            wiped = kind == "dropped call" and match.group(1) in WIPES
            yield "removed wipe" if wiped else kind, begin, match.end(), ";"


def _labels(_, text):
    for match in NOT_CODE.finditer(text):
        if match.group().startswith('"') and len(match.group()) > 3:
            first = match.group()[1]
            yield "wrong label", match.start() + 1, match.start() + 2, "X" if first != "X" else "Y"


def _edits(definition, text):
    code = blanked(text)
    makers = [_conditions, _words, _numbers, _swaps, _drops]
    # Texts are labels of the key schedule in the engine, but words for people elsewhere.
    if definition.path.startswith("engine/") and not definition.path.endswith("/text.c"):
        makers.append(_labels)
    body = code.find("{")
    for maker in makers:
        for kind, start, end, new in maker(code, text):
            if start > body:
                yield kind, start, end, new


def _fault(definition, text, edit):
    """A fault of an edit, anchored to the lines it is in."""
    kind, start, end, new = edit
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    old = text[first:last].strip()
    changed = (text[first:start] + new + text[end:last]).strip()
    spots = [begin for begin, _ in places(text, old)]
    nth = spots.index(first + len(text[first:last]) - len(text[first:last].lstrip())) + 1
    own = digest(definition.name, kind, old, changed, str(nth))[:8]
    return own, Fault(f"chance {own}: {kind} in {definition.name}",
                      f"{os.path.basename(definition.path)} {definition.name}", "", old, changed,
                      nth=str(nth) if len(spots) > 1 else "", source="chance")


def _has_tests(path):
    """Of the Asterisk module, the files that unit test programs are made from."""
    return path.startswith(DECISIONS) and path.endswith(".c")


def candidates(tree):
    """All faults there could be: id to fault."""
    found = {}
    tested = {path for path in tree.texts if path.endswith(".c") and path.split("/")[0] in AREAS
              or _has_tests(path)}
    for definition in (d for same in tree.by_name.values() for d in same if d.function):
        path = definition.path
        if path not in tested:
            continue
        text = tree.texts[path][definition.start:definition.end]
        for edit in _edits(definition, text):
            try:
                own, fault = _fault(definition, text, edit)
            except ValueError:  # the anchor's text overlaps itself
                continue
            if fault.old != fault.new:
                found[own] = fault
    return found


def sample(tree, size, seed, listed):
    """A sample of the faults by chance. listed: stanzas whose titles begin with the same "chance ID"
    and that say why a fault is equivalent."""
    excused = {fault.title.split(":")[0]: fault.equivalent for fault in listed if fault.title.startswith("chance ")}
    found = candidates(tree)
    taken = [found[own] for own in sorted(found, key=lambda own: digest(seed, own))[:size]]
    for fault in taken:
        fault.equivalent = excused.get(fault.title.split(":")[0], "")
    return taken
