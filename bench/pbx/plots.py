# SPDX-License-Identifier: GPL-2.0-only
"""Plots of the figures, as PNG files. The only part that needs matplotlib."""
import os

import matplotlib
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

import figures  # noqa: E402
import pair  # noqa: E402
from compare import FIGURES  # noqa: E402
from soak import WARM  # noqa: E402

COLOURS = {"plain": "#9a9a9a", "sdes": "#3b6fb6", "stock": "#8fb3e0", "x255": "#2a9d5c", "hs80": "#d98c21", "x1m1": "#8a4fb0"}
SHORT = {"plain": "RTP", "sdes": "SDES\nHS80", "stock": "SDES\nHS80\nstock", "x255": "ZRTP\nX25519\nGCM",
         "hs80": "ZRTP\nX25519\nHS80", "x1m1": "ZRTP\nX1M1\nGCM"}


def save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(os.path.join(folder, name), dpi=80)
    pyplot.close(figure)


def bars(axis, result, name):
    """Medians of the rounds; the lines go from the least to the greatest."""
    text, _, factor = FIGURES[name]
    for place, kind in enumerate(result["kinds"]):
        middle, least, most = (value * factor for value in figures.spread([each[kind][name] for each in result["rounds"]]))
        axis.bar(place, middle, color=COLOURS[kind], yerr=[[middle - least], [most - middle]], capsize=3)
    axis.set_xticks(range(len(result["kinds"])))
    axis.set_xticklabels([SHORT[kind] for kind in result["kinds"]], fontsize=7)
    axis.set_title(text, fontsize=9)


def comparison(result, folder):
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6))
    for axis, name in zip(axes.flat, ("media", "setup", "rate", "memory")):
        bars(axis, result, name)
    figure.suptitle(f"{result['calls']} calls at once, {result['talking']} with media: medians, "
                    f"least and greatest of {len(result['rounds'])} round(s)", fontsize=10)
    save(figure, folder, "bench-pbx.png")


def secure(result, folder):
    figure, axis = pyplot.subplots(figsize=(6, 3.5))
    for kind in (kind for kind in result["kinds"] if kind in pair.SUITES):
        times = sorted(1000 * value for value in result["waits"][kind])
        axis.plot(times, [100 * (at + 1) / len(times) for at in range(len(times))], color=COLOURS[kind], label=pair.KINDS[kind][0])
    axis.set_xlabel("ms from answer to secure, as fast as calls can be set up")
    axis.set_ylabel("% of the calls")
    axis.legend(fontsize=7)
    save(figure, folder, "bench-pbx-secure.png")


def soak(result, folder):
    """All kinds in one picture, with the line that was fitted to the second half."""
    names = list(next(iter(result.values()))["fits"])
    figure, axes = pyplot.subplots(len(names), 1, figsize=(7, 1.6 * len(names)), sharex=True)
    for axis, name in zip(axes, names):
        for kind, found in result.items():
            points = [(done, each[name]) for done, each in found["samples"]]
            axis.plot(*zip(*points), color=COLOURS[kind], linewidth=0.9, label=pair.KINDS[kind][0])
            late = [point for point in points if point[0] >= WARM * found["calls"]]
            slope, start, _ = figures.line(late)
            axis.plot([late[0][0], late[-1][0]], [start + slope * at for at in (late[0][0], late[-1][0])], color=COLOURS[kind],
                      linewidth=2, alpha=0.5)
        axis.set_ylabel(name, fontsize=7)
        axis.set_ylim(bottom=0, top=1.08 * axis.get_ylim()[1])
    axes[0].legend(fontsize=7)
    figure.suptitle("many short calls; the straight lines are fitted to the second half", fontsize=10)
    axes[-1].set_xlabel("calls so far")
    save(figure, folder, "bench-pbx-soak.png")


def draw(result, folder):
    """All there is figures for."""
    os.makedirs(folder, exist_ok=True)
    if "comparison" in result:
        comparison(result["comparison"], folder)
        if any(kind in pair.SUITES for kind in result["comparison"]["kinds"]):
            secure(result["comparison"], folder)
    if "soak" in result:
        soak(result["soak"], folder)
