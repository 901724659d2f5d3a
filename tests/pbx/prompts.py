# SPDX-License-Identifier: GPL-2.0-only
"""Prompts: found again in what a phone has heard.

A prompt is looked for where the loudness goes up and down as in the prompt. It counts as heard
when a third of a second of it is in the recording whatever its volume, by the normalized
correlation of both. A phone that runs late loses or repeats a frame here and there, and a piece
with such a place in it is not found: of a long prompt five pieces are tried, and two must be there,
of a short one up to three, and one must be.
"""
import itertools
import operator
import os

import tone

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FRAME = tone.RATE // 50           # samples whose loudness is one value
CURVE = 40                        # values compared, at most
PLACES = 30                       # the likeliest ones that are looked at closely
STEP = 4                          # samples taken together then
PIECE = tone.RATE * 35 // 100     # samples of a prompt that are looked for
PIECES = 5                        # as many are tried, at most
ENOUGH = 0.8


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


def _thin(pcm):
    return [sum(pcm[n:n + STEP]) for n in range(0, len(pcm) - STEP + 1, STEP)]


def _sums(values):
    """sums[n]: of the first n values."""
    return list(itertools.accumulate(values, initial=0))


def _loudness(pcm):
    return [sum(map(abs, pcm[n:n + FRAME])) / FRAME for n in range(0, len(pcm) - FRAME + 1, FRAME)]


def _loudest(values, size):
    """Where the loudest so many values begin."""
    sums = _sums(abs(v) for v in values)
    return max(range(max(1, len(values) - size + 1)), key=lambda n: sums[min(n + size, len(values))] - sums[n])


def _likeness(a, b):
    product = sum(map(operator.mul, a, b))
    power = sum(v * v for v in a) * sum(v * v for v in b)
    return product / power ** 0.5 if power else 0.0


def _around_mean(values):
    mean = sum(values) / len(values)
    return [v - mean for v in values]


def _places(pcm, prompt):
    """Where the prompt may begin, in samples."""
    heard, wanted = _loudness(pcm), _loudness(prompt)
    at = _loudest(wanted, CURVE)
    curve = _around_mean(wanted[at:at + CURVE])
    found = [(_likeness(_around_mean(heard[n:n + len(curve)]), curve), n) for n in range(len(heard) - len(curve) + 1)]
    return [(n - at) * FRAME for _, n in sorted(found, reverse=True)[:PLACES]]


def _pieces(prompt):
    """Where the pieces that are looked for begin: the loudest one, then others; and how many must be there."""
    first = _loudest(prompt, PIECE)
    sums = _sums(map(abs, prompt))

    def volume(n):
        return sums[min(n + PIECE, len(prompt))] - sums[n]

    if len(prompt) < 3 * PIECE:
        ends = [n for n in (0, len(prompt) - PIECE) if n >= 0 and n != first]
        return [first] + [n for n in ends if volume(n) > volume(first) / 4], 1
    others = [n for n in range(first % PIECE, len(prompt) - PIECE + 1, PIECE) if n != first]
    return [first] + sorted(others, key=volume, reverse=True)[:PIECES - 1], 2


def _piece_likeness(pcm, piece, begins):
    """How much a piece is like what was heard about one of these places at best."""
    piece = _thin(piece)
    loud = sum(v * v for v in piece)
    best = 0.0
    for place in begins:
        for phase in range(0, STEP, 2):
            begin = max(0, place - FRAME * 3 // 2 + phase)
            heard = _thin(pcm[begin:begin + PIECE + FRAME * 3])
            power = _sums(v * v for v in heard)
            for n in range(len(heard) - len(piece) + 1):
                part = power[n + len(piece)] - power[n]
                if part > loud / 400:  # not much softer than the prompt
                    best = max(best, sum(map(operator.mul, piece, heard[n:n + len(piece)])) / (loud * part) ** 0.5)
    return best


def likeness(pcm, prompt):
    """How much a recording has of a prompt, up to 1: of the worst of the pieces that must be there."""
    places = _places(pcm, prompt)
    pieces, needed = _pieces(prompt)
    found = []
    for at in pieces:
        found.append(_piece_likeness(pcm, prompt[at:at + PIECE], [place + at for place in places]))
        if len(found) >= needed and sorted(found)[-needed] >= ENOUGH:
            break
    return sorted(found)[-needed]


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
