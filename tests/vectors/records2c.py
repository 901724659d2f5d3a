#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""records2c.py NAME IN.json... OUT.h: recorded exchanges as a C table "kat_NAME" for the unit tests.

Each file, or each member of the list that a file is, becomes one entry. Nested objects and lists are
flattened with dots ("streams.0.s0"); what is not hexadecimal stays text.
"""
import json
import os
import re
import sys

from kat2c import c_string

HEX = re.compile(r"([0-9a-f]{2})+$")
TEXT = {"name", "sas", "kex", "hash", "cipher", "suite"}


def flatten(value, prefix=""):
    """Yield (dotted name, key, text) for each leaf."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        name = f"{prefix}{key}"
        if isinstance(member, (dict, list)):
            yield from flatten(member, name + ".")
        else:
            yield name, str(key), str(member)


def octets(key, text):
    return bytes.fromhex(text) if key not in TEXT and HEX.match(text) else text.encode()


def records(paths):
    for path in paths:
        with open(path, encoding="ascii") as file:
            content = json.load(file)
        name = os.path.splitext(os.path.basename(path))[0]
        if isinstance(content, list):
            yield from ((f"{name} {number}", member) for number, member in enumerate(content))
        else:
            yield name, content


def main():
    group, *sources, target = sys.argv[1:]
    out, table = ["/* Made by records2c.py. */"], []
    for number, (name, record) in enumerate(records(sources)):
        out.append(f"static const struct kat_field {group}_{number}[] = {{")
        for field, key, text in flatten(record):
            data = octets(key, text)
            out.append(f'\t{{ "{field}", (const uint8_t *){c_string(data)}, {len(data)} }},')
        out.append("\t{ NULL, NULL, 0 },\n};")
        table.append(f'\t{{ "{name}", {{ NULL }}, {group}_{number} }},')
    out += [f"static const struct kat kat_{group}[] = {{", *table, "};"]
    with open(target, "w", encoding="ascii") as file:
        file.write("\n".join(out) + "\n")


main()
