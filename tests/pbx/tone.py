# SPDX-License-Identifier: GPL-2.0-only
"""Tones: made, and found again. 8 kHz, mono, 16 bits or mu-law."""
import bisect
import math
import os
import struct
import wave

import wait

RATE = 8000


def samples(hz, seconds, level=12000):
    step = 2 * math.pi * hz / RATE
    return [round(level * math.sin(step * n)) for n in range(int(RATE * seconds))]


def make(path, hz, seconds):
    """Write a wav file with a tone."""
    pcm = samples(hz, seconds)
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(pcm)}h", *pcm))


HEADER = 44  # octets
_HEADER = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16) + b"data\0\0\0\0"


def read(path):
    """The samples of a wav file, also of one whose writer never filled in the sizes, or, as Linphone, fills in its header last."""
    with open(path, "rb") as wav:
        raw = wav.read()
    raw = raw if any(raw[:HEADER]) else _HEADER + raw[HEADER:]
    channels, rate = struct.unpack_from("<HI", raw, raw.index(b"fmt ") + 10)
    pcm = raw[raw.index(b"data") + 8:]
    values = struct.unpack(f"<{len(pcm) // 2}h", pcm[:len(pcm) // 2 * 2])
    if rate % RATE:
        raise AssertionError(f"{path}: {rate} samples a second, not {RATE} or a multiple")
    return values[::channels * (rate // RATE)]


def share(pcm, hz):
    """The part of the energy, 0 to 1, that lies at a frequency (Goertzel)."""
    total = sum(v * v for v in pcm)
    if not total:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    a = b = 0.0
    for value in pcm:
        a, b = value + turn * a - b, a
    return (a * a + b * b - turn * a * b) * 2 / len(pcm) / total


def steady_share(pcm, hz, there=1 / 2):
    """The same, frame by frame of 20 ms: what is missing between two is no other sound. 0 where less than this part is there."""
    frame = RATE // 50
    energies = [(sum(v * v for v in part), share(part, hz))
                for part in (pcm[n:n + frame] for n in range(0, len(pcm) - frame + 1, frame))]
    heard = [(energy, part) for energy, part in energies if energy]
    if len(heard) < there * len(energies) or not heard:
        return 0.0
    return sum(energy * part for energy, part in heard) / sum(energy for energy, _ in heard)


def level(pcm):
    """The root mean square."""
    return math.sqrt(sum(v * v for v in pcm) / len(pcm)) if pcm else 0.0


def _best(measure, pcm, hz):
    half = RATE // 2
    windows = [pcm[n:n + half] for n in range(0, len(pcm) - half + 1, half // 2)]
    return max((measure(w, hz) for w in windows if level(w) > 300), default=0.0)


def best_share(pcm, hz):
    """The largest share of a tone in any half second that is not silent: whether there is something of it."""
    return _best(share, pcm, hz)


def best_steady_share(pcm, hz):
    """The same, frame by frame: whether it is heard, also where the machine stood still and frames came late or never.

    A third of them, in the best half second: where each second one is lost, something is wrong.
    """
    return _best(lambda part, at: steady_share(part, at, 2 / 3), pcm, hz)


# So much of a half second is a tone that is heard.
CLEAR = 0.8
# So much of a half second may be another tone than the one that belongs there: what a frame that
# is lost, or a codec, makes of that. A tone beside it of a fifth of its level is more.
STRAY = 0.04


def comes(path, hz, seconds=20):
    """Wait until a recording, which may just be made, has a clear half second of a tone."""
    def probe():
        pcm = read(path) if os.path.exists(path) and os.path.getsize(path) > HEADER else ()
        begin = max(0, len(pcm) - 4 * RATE) // RATE * RATE  # the same half seconds as heard() looks at
        return best_steady_share(pcm[begin:], hz) >= CLEAR
    wait.until(f"{hz} Hz in {path}", seconds, probe, 0.2)


def heard(path, hz, other=None):
    """Fail unless a recording has a clear half second of one tone, and none with the other."""
    pcm = read(path)
    found = best_steady_share(pcm, hz)
    if found < CLEAR:
        raise AssertionError(f"{hz} Hz not heard: best share {found:.2f} in "
                             f"{len(pcm) / RATE:.1f} s, level {level(pcm):.0f}")
    stray = best_share(pcm, other) if other else 0.0
    if stray > STRAY:
        raise AssertionError(f"{other} Hz heard where only {hz} Hz belongs: share {stray:.2f}")


def _decode(octet):
    octet = ~octet & 0xFF
    value = ((((octet & 15) << 3) + 132) << ((octet >> 4) & 7)) - 132
    return -value if octet & 128 else value


ULAW = [_decode(octet) for octet in range(256)]
_CODES = sorted((value, octet) for octet, value in enumerate(ULAW))


def _encode(value):
    at = bisect.bisect(_CODES, (value, 256))
    near = _CODES[max(at - 1, 0):at + 1]
    return min(near, key=lambda pair: abs(pair[0] - value))[1]


def from_ulaw(octets):
    return [ULAW[octet] for octet in octets]


def to_ulaw(pcm):
    return bytes(_encode(value) for value in pcm)
