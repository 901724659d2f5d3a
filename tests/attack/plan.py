# SPDX-License-Identifier: GPL-2.0-only
"""What happens in call number N of a seed: chosen once, before it begins."""
import dataclasses
import random

from sdp import CHANGES
from target import PHASES
from weapons import WEAPONS

# kind of call: endpoint, phone, then the same of the called one or an extension; how often.
# Phones: zrtpcall, linphone, none (zrtpcall without ZRTP).
KINDS = {
    "mitm: application": ("mitm", "zrtpcall", "record", None, 4),
    "mitm: application, Linphone": ("mitm", "linphone", "record", None, 2),
    "mitm: two phones": ("mitm", "zrtpcall", "mitm", "zrtpcall", 3),
    "mitm: beside a plain phone": ("mitm", "zrtpcall", "mitm", "none", 2),
    "mitm: plain phone": ("mitm", "none", "record", None, 1),
    "require: application": ("strict", "zrtpcall", "record", None, 3),
    "require: application, Linphone": ("strict", "linphone", "record", None, 1),
    "require: two phones": ("strict", "zrtpcall", "strict", "zrtpcall", 2),
    "require: plain phone": ("strict", "none", "record", None, 1),
    "on_error = clear: application": ("open", "zrtpcall", "record", None, 2),
    "keypad: two phones": ("keypad", "zrtpcall", "keypad", "zrtpcall", 3),
    "keypad: application": ("keypad", "zrtpcall", "record", None, 2),
    "NAT: application": ("nat", "zrtpcall", "record", None, 3),
    "NAT: plain phone": ("nat", "none", "record", None, 1),
    "video: two phones": ("film", "zrtpcall", "film", "zrtpcall", 3),
    "video, require: echo": ("strictfilm", "zrtpcall", "echo", None, 2),
    "pass-through": ("through", "zrtpcall", "through", "zrtpcall", 3),
    "pass-through, Linphone": ("through", "linphone", "through", "linphone", 1),
    "pass-through, require": ("sealed", "zrtpcall", "sealed", "zrtpcall", 2),
    "pass-through, require: plain phone": ("sealed", "zrtpcall", "sealed", "none", 1),
    "pass-through, video": ("view", "zrtpcall", "view", "zrtpcall", 1),
    "auto": ("auto", "zrtpcall", "auto", "zrtpcall", 3),
    "auto: beside a plain phone": ("auto", "zrtpcall", "auto", "none", 1),
    "auto: application": ("auto", "zrtpcall", "record", None, 1),
    "auto: NAT": ("autonat", "zrtpcall", "autonat", "zrtpcall", 1),
    "auto: early": ("early", "zrtpcall", "early", "zrtpcall", 1),
}
# What the call's own people and the operator do in the middle of it: how often.
ACTS = {"hold": 3, "reload zrtp": 2, "reload a broken zrtp.conf": 1, "reload pjsip": 0.5, "reload rtp": 0.5,
        "unload, refused": 1, "unload zrtp-hash, refused": 1, "video": 1, "signalling": 3, "show": 2}
PATHS = {None: 6, "late": 1, "lossy": 1, "spoiled": 1, "shuffled": 1}


@dataclasses.dataclass
class Plan:
    number: int
    name: str                # of the kind of call
    endpoint: str
    phone: str
    called: str              # an endpoint, or an extension
    called_phone: str        # None: an extension
    extension: str
    inbound: bool            # the PBX calls the phone
    answer: float            # seconds until the called phone answers
    phases: frozenset        # in which the attacker sends
    seconds: float           # of attack once the call is settled
    acts: list               # (seconds, act, argument)
    path: str                # what a man on the path does to the caller's packets, or None
    ending: str              # who hangs up: "phone", "pbx"
    options: dict            # of the phones
    dice_seed: str           # of the attacks


def _weighted(dice, table):
    return dice.choices(list(table), list(table.values()))[0]


def attack(plan, number):
    """The name of the attack number N of a call, and the dice for what is in it."""
    dice = random.Random(f"{plan.dice_seed} {number}")
    return dice.choices(list(WEAPONS), [often for _, often in WEAPONS.values()])[0], dice


def _options(dice, two):
    """How the zrtpcalls of a call are started."""
    return {"kex": dice.choice(("X255", "X255", "DH3k", "EC25")), "tag": dice.choice(("GCM", "HS80", "HS32")),
            "cipher": dice.choice(("AES1", "AES3")), "passive": dice.random() < 0.2,
            "no_hash": dice.random() < 0.15 and not two, "known": dice.random() < 0.4,
            "loss": dice.choice((0, 0, 0, 20))}


def _acts(dice, seconds, video):
    acts = []
    for _ in range(dice.choice((0, 1, 1, 2))):
        act = _weighted(dice, {**ACTS, "video": ACTS["video"] if video else 0})
        acts.append((dice.uniform(0, seconds * 0.6), act, dice.choice(CHANGES)))
    return sorted(acts)


def make(seed, number):
    dice = random.Random(f"{seed} {number}")
    name = _weighted(dice, {kind: row[4] for kind, row in KINDS.items()})
    endpoint, phone, called, called_phone, _ = KINDS[name]
    two = called_phone is not None
    seconds = dice.uniform(2, 6)
    path = _weighted(dice, PATHS) if phone == "zrtpcall" and "video" not in name and not two else None
    inbound = not two and not path and dice.random() < 0.3
    phases = frozenset(phase for phase in PHASES if dice.random() < (0.45 if phase in PHASES[:3] else 0.9))
    if two:  # feature codes are in the way of a pass-through, and any host can dial those of a phone in clear
        extension = "simple" if "pass-through" in name or called_phone == "none" else dice.choice(("call", "call", "simple"))
    else:
        extension = dice.choice(("record", "early")) if called == "record" and not inbound else called
    return Plan(number, name, endpoint, phone, called, called_phone, extension, inbound, dice.choice((0, 0, 1)),
                phases, seconds, _acts(dice, seconds, "video" in name), path, dice.choice(("phone", "pbx")),
                _options(dice, two), f"{seed} {number} attack")
