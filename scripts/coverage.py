# SPDX-License-Identifier: BSD-2-Clause
"""Sum up what gcov knows: coverage.py BUILD FOLDER"""
import collections
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile


def reports(build):
    """gcov's JSON for each object whose program has run."""
    data = [os.path.abspath(p) for p in glob.glob(build + "/**/*.gcda", recursive=True)]
    with tempfile.TemporaryDirectory() as out:
        for path in data:
            subprocess.run(["gcov", "--json-format", "--branch-probabilities", path], cwd=out, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for report in glob.glob(out + "/*.gcov.json.gz"):
                with gzip.open(report) as file:
                    yield json.load(file)
                os.remove(report)


def collect(build, folder):
    """{file: ({line: hits}, {(line, branch): hits})}, summed over objects."""
    files = collections.defaultdict(lambda: (collections.Counter(), collections.Counter()))
    for report in reports(build):
        for file in report["files"]:
            path = os.path.relpath(os.path.join(report["current_working_directory"], file["file"]))
            if not path.startswith(folder + "/"):
                continue
            lines, branches = files[path]
            for line in file["lines"]:
                lines[line["line_number"]] += line["count"]
                for i, branch in enumerate(line["branches"]):
                    branches[line["line_number"], i] += branch["count"]
    return files


def percent(counters):
    hit, total = sum(c > 0 for c in counters), len(counters)
    return "%5.1f %% of %5d" % (100 * hit / total if total else 100, total)


def row(name, lines, branches):
    print("%-32s %s lines, %s branches" % (name, percent(lines), percent(branches)))


def main():
    files = collect(sys.argv[1], sys.argv[2])
    if not files:
        sys.exit("no coverage data: have the tests run?")
    for path, (lines, branches) in sorted(files.items()):
        row(path, lines.values(), branches.values())
    row("total", [c for f in files.values() for c in f[0].values()],
        [c for f in files.values() for c in f[1].values()])


main()
