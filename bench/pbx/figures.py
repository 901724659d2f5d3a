# SPDX-License-Identifier: GPL-2.0-only
"""What is computed of measurements, without measuring: medians, percentiles, ratios, fits, verdicts."""
import math
import statistics


def percentile(values, share):
    """The least value that so great a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values):
    """Median, least and greatest."""
    return statistics.median(values), min(values), max(values)


def ratios(rounds, kind, base, name):
    """Of each round that has both: the figure NAME of one kind over that of another."""
    return [each[kind][name] / each[base][name] for each in rounds
            if kind in each and base in each and each[base][name]]


def differences(rounds, kind, base, name):
    """Of each round that has both: the figure NAME of one kind less that of another."""
    return [each[kind][name] - each[base][name] for each in rounds if kind in each and base in each]


def line(points):
    """The least-squares line through (x, y): slope, value at x = 0, standard error of the slope."""
    count = len(points)
    if count < 3 or len({x for x, _ in points}) < 2:
        raise ValueError("a line with its error takes three points at different places")
    middle = (sum(x for x, _ in points) / count, sum(y for _, y in points) / count)
    width = sum((x - middle[0]) ** 2 for x, _ in points)
    slope = sum((x - middle[0]) * (y - middle[1]) for x, y in points) / width
    start = middle[1] - slope * middle[0]
    rest = sum((y - start - slope * x) ** 2 for x, y in points)
    return slope, start, math.sqrt(rest / (count - 2) / width)


def grows(points, bound):
    """Does y grow with x by more than bound from the first x to the last, as sure as three standard errors?"""
    slope, _, error = line(points)
    length = points[-1][0] - points[0][0]
    return (slope - 3 * error) * length > bound


def verdict(value, target, least=False):
    """Is a target met? least: the value is to be so great at least, else at most."""
    return "met" if (value >= target if least else value <= target) else "missed"


def table(head, rows):
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def put(text, name, new):
    """A document with NEW between its comments <!-- NAME --> and <!-- end of NAME -->."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"the document has not once <!-- {name} --> and behind it <!-- end of {name} -->")
    return text[:text.index(begin) + len(begin)] + new + "\n" + text[text.index(end):]
