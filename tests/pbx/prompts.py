# SPDX-License-Identifier: GPL-2.0-only
"""Prompts: found again in what a phone has heard.

A prompt counts as heard when its loudest quarter of a second is somewhere in the recording,
whatever its volume: the normalized correlation of both, at a quarter of the rate.
"""
import itertools
import operator
import os

import tone

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEP = 4                          # samples taken together
PIECE = tone.RATE // 4 // STEP    # of a prompt that is looked for
ENOUGH = 0.75


def ours(name, language="en"):
    """The samples of a prompt that comes with the module."""
    with open(os.path.join(TOP, "asterisk", "sounds", language, "zrtp", name + ".ulaw"), "rb") as sound:
        return tone.from_ulaw(sound.read())


def seconds(*names):
    """How long some of these take one after the other."""
    return sum(len(ours(name)) for name in names) / tone.RATE


def core(root, name, package="en_US_f_Allison"):
    """The samples of a prompt of Asterisk's own sounds."""
    return tone.read(os.path.join(root, "usr/share/asterisk/sounds", package, name + ".wav"))


def _thin(pcm, phase=0):
    return [sum(pcm[n:n + STEP]) for n in range(phase, len(pcm) - STEP + 1, STEP)]


def _energies(values):
    """energy[n]: of the first n values."""
    return list(itertools.accumulate((v * v for v in values), initial=0))


def _loudest(values):
    energy = _energies(values)
    size = min(PIECE, len(values))
    at = max(range(len(values) - size + 1), key=lambda n: energy[n + size] - energy[n])
    return values[at:at + size]


def likeness(pcm, prompt):
    """How much of the prompt's loudest piece is in a recording at best, up to 1."""
    best = 0.0
    heard = _thin(pcm)
    energy = _energies(heard)
    for phase in (0, STEP // 2):
        piece = _loudest(_thin(prompt, phase))
        own = sum(v * v for v in piece)
        for at in range(len(heard) - len(piece) + 1):
            power = energy[at + len(piece)] - energy[at]
            if power > own / 400:  # not much softer than the prompt
                product = sum(map(operator.mul, piece, heard[at:at + len(piece)]))
                best = max(best, product / (own * power) ** 0.5)
    return best


def expect(pcm, prompt, name):
    """Fail unless the prompt was heard."""
    found = likeness(pcm, prompt)
    if found < ENOUGH:
        raise AssertionError(f"prompt {name} not heard in {len(pcm) / tone.RATE:.1f} s: likeness {found:.2f}")


def absent(pcm, prompt, name):
    """Fail if the prompt was heard."""
    found = likeness(pcm, prompt)
    if found >= ENOUGH:
        raise AssertionError(f"prompt {name} heard where it does not belong: likeness {found:.2f}")
