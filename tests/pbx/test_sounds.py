# SPDX-License-Identifier: GPL-2.0-only
"""What a phone hears of its own call's encryption: play_secure, play_clear, play_change, in each language."""
import os
import re
import time

import asterisk
import prompts
import tone
import wait
from harness import case, equal
from lab import PHONE_HZ
from test_keypad import said_twice

LANGUAGES = ("de", "es", "fr")


def clear_and_back(lab, phone, ended, begun):
    """Encryption is ended, and begins again; what is played of both, samples, is over. Returns how much was recorded before each."""
    name, recorded = lab.pbx.stream(phone.name)["Channel"], []
    for word, played in (("clear", ended), ("secure", begun)):
        recorded.append(len(tone.read(phone.recording)))
        phone.expect_call()
        lab.pbx.cli(f"zrtp go {word} {name}")
        phone.wait(word, 10, medium="audio")
        phone.say("acknowledge")
        time.sleep(len(played) / tone.RATE + 1)
    return recorded


def tones(lab):
    with lab.zrtp_phone("tones", allow_clear=True, tone=PHONE_HZ, record=True) as phone:
        phone.call("silent", lab.sip_port)
        phone.secure()
        lab.pbx.secure("tones")
        time.sleep(1.5)
        begun = tone.read(phone.recording)
        clear_and_back(lab, phone, prompts.ours("tone-clear"), prompts.ours("tone-secure"))
        phone.hang_up()
    prompts.expect(begun, prompts.ours("tone-secure"), "tone-secure")
    prompts.absent(begun, prompts.ours("tone-clear"), "tone-clear")
    prompts.expect(tone.read(phone.recording), prompts.ours("tone-clear"), "tone-clear")


case("play_secure, play_change = tone: a tone when the call is secure, another one when encryption ends")(tones)
case("play_secure, play_change = tone", kind="16")(tones)


@case("play_secure, play_clear = prompt: in a bridge only the phone that it is about hears it, in its language")
def spoken(lab):
    with lab.zrtp_phone("spoken", allow_clear=True, tone=PHONE_HZ, record=True) as phone, \
            lab.zrtp_phone("bob", tone=PHONE_HZ, record=True) as other:
        other.expect_call()
        phone.call("call-bob", lab.sip_port)
        phone.secure()
        other.secure()
        time.sleep(prompts.seconds("is-secure") + 1.5)
        ended, begun = clear_and_back(lab, phone, prompts.ours("now-clear", "de"), prompts.ours("now-secure", "de"))
        phone.hang_up()
        other.wait_ended()
    heard, others = tone.read(phone.recording), tone.read(other.recording)
    # Each in its time: they share most of their words.
    for name, part in (("is-secure", heard[:ended]), ("now-clear", heard[ended:begun]), ("now-secure", heard[begun:])):
        prompts.expect(part, prompts.ours(name, "de"), name)
        prompts.absent(others, prompts.ours(name, "de"), name)


def wait_over(lab, *names, state="no-zrtp"):
    """The wait for the ZRTP of these phones is over."""
    for name in names:
        wait.until(f"{name} is {state}", 15, lambda name=name: (lab.pbx.stream(name) or {}).get("State") == state)


def hears_not_secure(phone):
    heard = tone.read(phone.recording)
    prompts.expect(heard, prompts.ours("is-clear", "fr"), "is-clear")
    prompts.absent(heard, prompts.ours("is-secure", "fr"), "is-secure")


@case("play_clear = prompt", kind="16")
def not_secure(lab):
    with lab.zrtp_phone("french", no_zrtp=True, tone=PHONE_HZ, record=True) as phone:
        phone.call("silent", lab.sip_port)
        wait_over(lab, "french")
        time.sleep(prompts.seconds("is-clear") + 1)
        phone.hang_up()
    hears_not_secure(phone)


# Each of them waits for ZRTP that does not come: at the same time.
@case("play_clear = prompt: a phone without ZRTP hears that it is not encrypted, by default it hears nothing, nor does a "
      "leg on which no media may pass", errors="no media passes|stays up in silence")
def without_zrtp(lab):
    with lab.zrtp_phone("french", no_zrtp=True, tone=PHONE_HZ, record=True) as phone, \
            lab.plain_phone("mute", PHONE_HZ) as mute, lab.plain_phone("plain", PHONE_HZ) as plain, \
            lab.zrtp_phone("alice", tone=PHONE_HZ, record=True) as alice:
        for caller in (phone, mute, plain, alice):
            caller.call("silent", lab.sip_port)
        alice.secure()
        wait_over(lab, "french", "plain")
        wait_over(lab, "mute", state="closed")
        time.sleep(prompts.seconds("is-clear") + 1)
        phone.hang_up()
        alice.hang_up()
        equal("RTP that came where none may pass", mute.heard, [])
        equal("loudest that the plain phone heard", max(map(abs, plain.pcm()), default=0) < 100, True)
    equal("loudest that the phone with ZRTP heard", max(map(abs, tone.read(alice.recording)), default=0) < 100, True)
    hears_not_secure(phone)


@case("play_secure = prompt: nothing is heard in early media; it is when the call is answered")
def early(lab):
    with lab.zrtp_phone("spoken", tone=PHONE_HZ, record=True) as phone, \
            lab.zrtp_phone("bob", answer="manual", early=True, tone=PHONE_HZ) as other:
        other.expect_call()
        phone.call("call-bob", lab.sip_port)
        phone.secure()
        time.sleep(prompts.seconds("is-secure") + 1.5)
        rings = tone.read(phone.recording)
        other.say("answer")
        phone.wait("up", 10)
        time.sleep(prompts.seconds("is-secure") + 1.5)
        phone.hang_up()
        other.wait_ended()
    prompts.absent(rings, prompts.ours("is-secure", "de"), "is-secure")
    prompts.expect(tone.read(phone.recording), prompts.ours("is-secure", "de"), "is-secure")


@case("SayZRTPSAS in German: the letters are asterisk-zrtp's own, since Asterisk has none, and no prompt covers one")
def letters(lab):
    lab.pbx.cli("dialplan set global SAY_LANGUAGE de")
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("spoken", record=True) as phone:
        sas = said_twice(lab, events, phone)
    heard = tone.read(phone.recording)
    for sign in sorted(set(sas)):
        for name in [f"digits/{sign}"] if sign.isdigit() else [f"letters/{sign}", f"phonetic/{sign}_p"]:
            prompts.expect(heard, prompts.ours(name, "de"), name)


def listed(language):
    """The names of a list of prompts."""
    with open(os.path.join(prompts.TOP, "asterisk", "sounds", f"{language}.txt"), encoding="utf-8") as text:
        return re.findall(r"(?m)^([a-z0-9_/-]+): ", text.read())


@case("each language has each prompt, and each prompt that is listed is there", kind="22 own")
def complete(_):
    for language in ("en", *LANGUAGES):
        for name in listed(language):
            equal(f"{language}: {name} is heard", tone.level(prompts.ours(name, language)) > 300, True)
    wanted = {name for name in listed("en") if not name.startswith("tone-")}
    for language in LANGUAGES:
        equal(language, wanted - set(listed(language)), set())
    for sign in "ybndrfg8ejkmcpqxot1uwisza345h769":
        for name in [f"digits/{sign}"] if sign.isdigit() else [f"letters/{sign}", f"phonetic/{sign}_p"]:
            equal(f"de has {name}", name in listed("de"), True)
