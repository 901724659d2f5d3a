# SPDX-License-Identifier: GPL-2.0-only
"""Prompts: found again in what a phone has heard.

Pieces of a third of a second are looked for where the loudness goes up and down as about them in the prompt. A piece
counts as heard by the normalized correlation of both, whatever its volume. A phone that runs late loses or repeats frames,
and a machine that stands still loses half a second: a piece with such a place in it is not found, and what comes after it
is elsewhere. Prompts share words, too. So several pieces are tried, and half of them must be there, in their order and about as
far apart as in the prompt. Where one has most words of another one ("This call is encrypted." "This call is not encrypted.") that
is not enough to tell them apart: a test looks for each in the part of the recording where it belongs.
"""
import itertools
import operator
import os

import tone

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FRAME = tone.RATE // 50           # samples whose loudness is one value
CURVE = 40                        # values compared, at most
PLACES = 15                       # the likeliest ones of a piece that are looked at closely
STEP = 4                          # samples taken together then
PIECE = tone.RATE * 35 // 100     # samples of a prompt that are looked for
PIECES = 8                        # as many are tried, at most
MOVED = tone.RATE * 12 // 10      # by so much two pieces may be nearer or farther than in the prompt
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


def _places(heard, wanted, at):
    """Where a piece may begin, in samples. heard, wanted: loudness of recording and prompt; at: its begin in the prompt."""
    begin = max(0, min((at + PIECE // 2) // FRAME - CURVE // 2, len(wanted) - CURVE))
    curve = _around_mean(wanted[begin:begin + CURVE])
    found = [(_likeness(_around_mean(heard[n:n + len(curve)]), curve), n) for n in range(len(heard) - len(curve) + 1)]
    return [(n - begin) * FRAME + at for _, n in sorted(found, reverse=True)[:PLACES]]


def _pieces(prompt):
    """Where the pieces that are looked for begin: the loudest one, then others that are not much softer, from all of the prompt."""
    first = _loudest(prompt, PIECE)
    sums = _sums(map(abs, prompt))

    def volume(n):
        return sums[min(n + PIECE, len(prompt))] - sums[n]

    step = PIECE if len(prompt) > PIECES * PIECE else PIECE // 2
    found = [n for n in range(first % step, len(prompt) - PIECE + 1, step) if n == first or volume(n) > volume(first) / 4]
    parts = [[n for n in found if n * PIECES // len(prompt) == part] for part in range(PIECES)]
    return sorted((max(part, key=volume) for part in parts if part), key=lambda n: (n != first, -volume(n)))


def _best(pcm, piece, place):
    """How much a piece is like what was heard about a place, and where."""
    loud = sum(v * v for v in piece)
    best = 0.0, place
    for phase in range(0, STEP, 2):
        begin = max(0, place - FRAME * 3 // 2 + phase)
        heard = _thin(pcm[begin:begin + PIECE + FRAME * 3])
        power = _sums(v * v for v in heard)
        for n in range(len(heard) - len(piece) + 1):
            part = power[n + len(piece)] - power[n]
            if part > loud / 400:  # not much softer than the prompt
                best = max(best, (sum(map(operator.mul, piece, heard[n:n + len(piece)])) / (loud * part) ** 0.5,
                                  begin + n * STEP))
    return best


def _in_order(pieces):
    """How many pieces were heard in order. pieces: for each its begin in the prompt, and where it was heard."""
    found = sorted((at, where) for at, places in pieces for where in places)
    longest = []
    for at, where in found:
        before = [n for n, (earlier, there) in zip(longest, found)
                  if earlier < at and there < where and abs((where - there) - (at - earlier)) <= MOVED]
        longest.append(max(before, default=0) + 1)
    return max(longest, default=0)


def pieces_heard(pcm, prompt):
    """How many pieces of a prompt a recording has, and how many must be there. The search ends when they are."""
    heard, wanted = _loudness(pcm), _loudness(prompt)
    pieces = _pieces(prompt)
    needed, found, count = (len(pieces) + 1) // 2, [], 0
    for at in pieces:
        piece = _thin(prompt[at:at + PIECE])
        best = [_best(pcm, piece, place) for place in _places(heard, wanted, at)]
        found.append((at, {where for likeness, where in best if likeness >= ENOUGH}))
        count = _in_order(found)
        if count >= needed:
            break
    return count, needed


def expect(pcm, prompt, name):
    """Fail unless the prompt was heard."""
    count, needed = pieces_heard(pcm, prompt)
    if count < needed:
        raise AssertionError(f"prompt {name} not heard in {len(pcm) / tone.RATE:.1f} s: {count} pieces of it, {needed} are needed")


def absent(pcm, prompt, name):
    """Fail if the prompt was heard."""
    count, needed = pieces_heard(pcm, prompt)
    if count >= needed:
        raise AssertionError(f"prompt {name} heard where it does not belong: {count} pieces of it")
