#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""kat2c.py IN.json OUT.h: the known answers as C tables for the unit tests.

Every exchange becomes a list of named octet strings; nested objects are
flattened with dots ("secrets.i.rs1")."""
import json
import re
import sys

HEX = re.compile(r"(0x)?([0-9a-f]{2})*$")
TEXT = {"name", "sas_B32", "sas_B256", "zrtp_hash_i", "zrtp_hash_r", "B32", "B256", "input_ascii",
        "SASrelay_relayed_sas_B32", "SASrelay_relayed_sas_B256"}


def flatten(obj, prefix=""):
    for key, value in obj.items():
        if isinstance(value, dict):
            yield from flatten(value, prefix + key + ".")
        elif isinstance(value, str):
            yield prefix + key, value


def octets(key, value):
    if key in TEXT:
        return value.encode()
    if not HEX.match(value):
        raise SystemExit(f"kat2c: {key}: neither text nor hexadecimal: {value[:40]}")
    return bytes.fromhex(value.removeprefix("0x"))


def c_string(data):
    return '"' + "".join(f"\\x{b:02x}" for b in data) + '"'


def emit(out, group, vectors):
    for i, vector in enumerate(vectors):
        out.append(f"static const struct kat_field {group}_{i}[] = {{")
        for key, value in flatten(vector):
            data = octets(key, value)
            out.append(f'\t{{ "{key}", (const uint8_t *){c_string(data)}, {len(data)} }},')
        out.append("\t{ NULL, NULL, 0 },\n};")
    out.append(f"static const struct kat {group}[] = {{")
    for i, vector in enumerate(vectors):
        names = ", ".join(f'"{a}"' for a in vector.get("algorithms", []))
        out.append(f'\t{{ "{vector.get("name", group)}", {{ {names or "NULL"} }}, {group}_{i} }},')
    out.append("};")


def main():
    source, target = sys.argv[1:]
    with open(source) as f:
        kat = json.load(f)
    out = ["/* Made from zrtp-kat.json by kat2c.py. */"]
    emit(out, "kat_dh", kat["dh"])
    emit(out, "kat_multistream", kat["multistream"])
    emit(out, "kat_preshared", kat["preshared"])
    emit(out, "kat_srtps", [kat["srtps"]])
    emit(out, "kat_sas", kat["sas"])
    emit(out, "kat_crc", kat["crc"])
    with open(target, "w") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
