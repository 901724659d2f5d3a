# SPDX-License-Identifier: GPL-2.0-only
"""What bench/pbx.py computes of its measurements."""
import os
import random
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench", "pbx"))

import figures  # noqa: E402


def test_a_percentile_is_a_value_that_was_measured():
    values = list(range(1, 101))
    random.Random(1).shuffle(values)
    assert [figures.percentile(values, share) for share in (0.5, 0.99, 1)] == [50, 99, 100]
    assert figures.percentile([7], 0.99) == 7
    assert figures.percentile([3, 1], 0.01) == 1


def test_the_spread_has_median_least_and_most():
    assert figures.spread([5, 1, 3]) == (3, 1, 5)


def rounds():
    return [{"sdes": {"media": 2, "none": 0}, "x255": {"media": 1, "none": 1}},
            {"sdes": {"media": 4, "none": 0}, "x255": {"media": 3, "none": 1}},
            {"sdes": {"media": 4, "none": 0}}]


def test_ratios_and_differences_are_of_the_same_round():
    assert figures.ratios(rounds(), "x255", "sdes", "media") == [0.5, 0.75]
    assert figures.differences(rounds(), "x255", "sdes", "media") == [-1, -1]
    assert figures.ratios(rounds(), "x255", "sdes", "none") == []


def test_a_line_through_points_on_a_line():
    slope, start, error = figures.line([(x, 3 + 2 * x) for x in range(10)])
    assert (slope, start) == pytest.approx((2, 3))
    assert error == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("points", [[], [(0, 1), (1, 2)], [(1, 1), (1, 2), (1, 3)]])
def test_no_line_without_enough_points(points):
    with pytest.raises(ValueError):
        figures.line(points)


def noisy(slope, seed):
    dice = random.Random(seed)
    return [(x, 1000 + slope * x + dice.gauss(0, 20)) for x in range(0, 1000, 10)]


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_growth_and_growth_is_seen_through_noise(seed):
    assert not figures.grows(noisy(0, seed), 0)
    assert figures.grows(noisy(0.2, seed), 100)
    assert not figures.grows(noisy(0.2, seed), 300)
    assert not figures.grows(noisy(-0.2, seed), 0)


def test_a_target_is_met_at_its_bound():
    assert [figures.verdict(value, 0.8) for value in (0.79, 0.8, 0.81)] == ["met", "met", "missed"]
    assert [figures.verdict(value, 0.8, least=True) for value in (0.79, 0.8, 0.81)] == ["missed", "met", "met"]


def test_a_table_is_markdown():
    assert figures.table(["", "a"], [["x", 1], ["y", "2"]]) == "|  | a |\n|---|---|\n| x | 1 |\n| y | 2 |"


def test_a_table_takes_the_place_of_the_former_one():
    text = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
    assert figures.put(text, "x", "new") == "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n"
    assert figures.put(figures.put(text, "x", "one\ntwo"), "x", "old") == text


@pytest.mark.parametrize("text", ["", "<!-- x -->\n", "<!-- end of x -->\n<!-- x -->\n", "<!-- x -->\n<!-- x -->\n<!-- end of x -->"])
def test_a_document_without_the_place_stays_as_it_is(text):
    with pytest.raises(ValueError):
        figures.put(text, "x", "new")
