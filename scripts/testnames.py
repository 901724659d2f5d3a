# SPDX-License-Identifier: GPL-2.0-only
"""The tests that the sources have, and the requirements that each says it shows.

A test names the requirements of docs/rfc6189.in that it would fail without in a comment of its own:

    static void hello_is_repeated(void **state) /* R012 R014 */     or the line above: /* R012 R014 */

    # R458 R462                  the line above a case of tests/pbx
    # R458 R462: NAME            above a case() whose name is made of parts: which of the names
"""
import ast
import collections
import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SLOW = " attack"
ID = r"[RF]\d\d\d?"
IDS = rf"{ID}(?:[\s*]+{ID})*"
COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"
DEFINED = re.compile(rf"^((?:{COMMENT}\s*)*)static void (\w+)\(\s*void \*\*\w+\)\s*((?:{COMMENT})?)", re.M)
MARK = re.compile(rf"/\*[\s*]*({IDS})[\s*]*\*/")
LINE_MARK = re.compile(rf"\s*# ({ID}(?: {ID})*)(?:: (.+))?$")

# pattern: of the names a case is printed with, None in C
Test = collections.namedtuple("Test", "kind name pattern path ids")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def cmocka(kind):
    """The tests that the programs of tests/KIND register."""
    for path in sorted(glob.glob(os.path.join(TOP, "tests", kind, "*.c"))):
        text = read(path)
        ids = {name: re.findall(ID, " ".join(MARK.findall(above + beside)))
               for above, name, beside in DEFINED.findall(text)}
        for name in re.findall(r"cmocka_unit_test\w*\(\s*(\w+)", text):
            yield Test(kind, name, None, os.path.relpath(path, TOP), ids.get(name, []))


def pattern(node):
    """A pattern for the values of a string or f-string."""
    if isinstance(node, ast.JoinedStr):
        return "".join(re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values)
    return re.escape(node.value)


def shown(kind):
    """What tests/pbx/harness.py prints before the name of a case of a kind."""
    kind = kind.removesuffix(SLOW).removesuffix(" own")
    return "" if kind == "22" else f"Asterisk {kind}: "


def kind_of(call):
    """The kind in a call of case(): its second argument, where that is written out."""
    given = call.args[1:2] + [word.value for word in call.keywords if word.arg == "kind"]
    return given[0].value if given and isinstance(given[0], ast.Constant) else "22"


def marks(lines, number):
    """[(ids, name)] of the comments right above a line; name: which of several, or None."""
    found = []
    while number > 1 and (match := LINE_MARK.match(lines[number - 2])):
        found.append((match[1].split(), match[2]))
        number -= 1
    return found


def pbx():
    """The cases of tests/pbx, and a Test more for each name that the comment above one of them spells out."""
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "pbx", "test_*.py"))):
        text = read(path)
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "case":
                continue
            kind, place = kind_of(node), os.path.relpath(path, TOP)
            names = re.escape(shown(kind)) + pattern(node.args[0])
            named = isinstance(node.args[0], ast.Constant)
            own = []
            for ids, name in marks(lines, node.lineno):
                if named and not name:
                    own += ids
                else:
                    yield Test("attack" if kind.endswith(SLOW) else "pbx", name or names, names, place, ids)
            yield Test("attack" if kind.endswith(SLOW) else "pbx",
                       shown(kind) + node.args[0].value if named else None, names, place, own)


def every():
    return [*cmocka("unit"), *pbx(), *cmocka("interop")]


def strays():
    """(path, line) of each comment of ids that stands at no test, so that nothing reads it."""
    for kind in ("unit", "interop"):
        for path in sorted(glob.glob(os.path.join(TOP, "tests", kind, "*.[ch]"))):
            text = read(path)
            tests = set(re.findall(r"cmocka_unit_test\w*\(\s*(\w+)", text))
            taken = set()
            for match in DEFINED.finditer(text):
                if match[2] in tests:
                    taken |= set(range(match.start(), match.end()))
            for match in MARK.finditer(text):
                before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
                if match.start() not in taken and (not before.strip() or before.startswith("static ")):
                    yield os.path.relpath(path, TOP), text.count("\n", 0, match.start()) + 1
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "pbx", "*.py"))):
        text = read(path)
        lines, taken = text.splitlines(), set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "case":
                taken |= set(range(node.lineno - len(marks(lines, node.lineno)), node.lineno))
        for number, line in enumerate(lines, 1):
            if re.search(rf"#\s*{ID}\b", line) and number not in taken:
                yield os.path.relpath(path, TOP), number
