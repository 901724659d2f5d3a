# SPDX-License-Identifier: GPL-2.0-only
"""The tables of docs/mutants.md: the last verdict on each fault that is there now, whichever run said it."""
import faults

COLUMNS = ("noticed", "survived", "score", "equivalent", "not asked")
SETS = ("engine/", "cache/", "srtp/")
DECISIONS, GLUE = "the module's decisions (unit tests)", "the module's glue (calls)"
CHANCE = "by chance, all of the above"


def verdict(fault, last):
    """One of COLUMNS, but for the score."""
    if fault.equivalent:
        return "equivalent"
    known = last.get(fault.title)
    words = {"killed": "noticed", "survived": "survived", "equivalent": "equivalent"}
    return words.get(known and known.verdict, "not asked")


def set_of(fault, path):
    if fault.title.startswith("chance "):
        return CHANCE
    for folder in SETS:
        if path.startswith(folder):
            return f"`{folder}`, by hand"
    return f"{GLUE if fault.pbx else DECISIONS}, by hand"


def row(name, verdicts):
    noticed, survived = verdicts.count("noticed"), verdicts.count("survived")
    score = f"{100 * noticed // (noticed + survived)} %" if noticed + survived else "-"
    cells = [noticed, survived, score, verdicts.count("equivalent"), verdicts.count("not asked")]
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


def table(what, groups):
    lines = [f"| {what} | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    return lines + [row(name, verdicts) for name, verdicts in groups.items()]


def tables(wanted, tree, last):
    """The lines: by set, who survived, by file."""
    by_set, by_file, survivors = {}, {}, []
    for fault in wanted:
        try:
            path, _ = fault.plant(tree)
        except faults.Gone:
            continue
        found = verdict(fault, last)
        by_set.setdefault(set_of(fault, path), []).append(found)
        if not fault.title.startswith("chance "):
            by_file.setdefault(f"`{path}`", []).append(found)
        if found == "survived":
            survivors.append(f"- `{path}`: {fault.title}")
    order = [f"`{folder}`, by hand" for folder in SETS] + [f"{DECISIONS}, by hand", f"{GLUE}, by hand", CHANCE]
    return [*table("set", {name: by_set[name] for name in order if name in by_set}), "", *sorted(survivors), "",
            *table("file", dict(sorted(by_file.items())))]
