# SPDX-License-Identifier: GPL-2.0-only
"""What the guides for FreePBX, Issabel and for backups rest on, with Asterisks that are configured as theirs are."""
import contextlib
import os
import re
import shutil
import sqlite3

import asterisk
import calls
import wait
from cachecalls import MISMATCH, make_call, no_complaints, pbx, restart
from harness import case, equal
from lab import Lab
from pairs import passed_through
from test_unjoined import end, of

# What FreePBX 17 dials with as installed; and with what phones can be passed through.
AS_INSTALLED, WITHOUT_CODES = "HhTtr", "r"


def without_engines(text):
    """A configuration as a web interface writes it, which knows nothing of rtp_engine and sets no direct_media."""
    return re.sub(r"(?m)^(rtp_engine|direct_media) *=.*\n", "", text)


def add_extensions(lab, options):
    """Extensions NUMBER-ENDPOINT that dial with these options."""
    with open(lab.pbx.file("etc", "extensions.conf"), "a") as conf:
        conf.write("[phones](+)\n")
        for number, letters in enumerate(options):
            conf.write(f"exten => _{number}-.,1,Dial(PJSIP/${{EXTEN:{len(str(number)) + 1}}},20,{letters})\n")
        conf.write("exten => _more-.,1,Set(__DYNAMIC_FEATURES=note)\n same => n,Dial(PJSIP/${EXTEN:5},20)\n"
                   "[quiet]\nexten => s,1,Return()\n")


def settings(lab, name):
    """The RTP engine of an endpoint and its direct_media, as Asterisk shows them."""
    shown = lab.pbx.cli(f"pjsip show endpoint {name}")
    return [re.search(rf"(?m)^ *{option} *: (.*)$", shown)[1].strip() for option in ("rtp_engine", "direct_media")]


def as_freepbx(lab):
    """Endpoints and AORs in files of their own, each with one behind it that the administrator writes."""
    with open(lab.pbx.file("etc", "pjsip.conf")) as conf:
        text = without_engines(conf.read())
    aors = "".join(re.findall(r"(?ms)^\[\w+\]\ntype = aor\n.*?(?=^\[|\Z)", text))
    for section in re.findall(r"(?ms)^\[\w+\]\ntype = aor\n.*?(?=^\[|\Z)", text):
        text = text.replace(section, "")
    lab.pbx.write("pjsip.endpoint.conf", text)
    lab.pbx.write("pjsip.aor.conf", aors)
    lab.pbx.write("pjsip.endpoint_custom_post.conf", "".join(
        f"[{name}](+)\nrtp_engine = {value}\nmedia_encryption = no\ndirect_media = no\n" for name, value in
        (("alice", "zrtp"), ("auto", "zrtp/auto"), ("auto2", "zrtp/auto"))))
    lab.pbx.write("pjsip.conf", "#include pjsip.endpoint.conf\n#include pjsip.endpoint_custom_post.conf\n"
                                "#include pjsip.aor.conf\n")


@case("FreePBX: rtp_engine from pjsip.endpoint_custom_post.conf; with the Dial options as installed the PBX is the ZRTP "
      "endpoint of two phones in mode auto, without feature codes they are passed through", "22 own")
def freepbx(bench):
    lab = Lab(bench.root, bench.directory)
    as_freepbx(lab)
    add_extensions(lab, (AS_INSTALLED, WITHOUT_CODES))
    with lab:
        equal("settings", [settings(lab, name) for name in ("alice", "auto", "auto2", "bob")],
              [["zrtp", "false"], ["zrtp/auto", "false"], ["zrtp/auto", "false"], ["asterisk", "true"]])
        with lab.phone("alice") as phone:
            phone.call("echo", lab.sip_port)
            calls.secure(lab, phone)
            phone.hang_up()
        lab.pbx.idle()
        with lab.zrtp_phone("auto") as first, lab.zrtp_phone("auto2") as second:
            for number, through in ((0, False), (1, True)):
                second.expect_call()
                first.call(f"{number}-auto2", lab.sip_port)
                shown = [phone.secure() for phone in (first, second)]
                if through:
                    passed_through(lab, "auto", "auto2")
                    equal("SAS of both", shown[0], shown[1])
                else:
                    equal("SAS at the PBX", [lab.pbx.secure(name)["SAS"] for name in ("auto", "auto2")], shown)
                end(first, second)
                lab.pbx.idle()
        no_complaints(lab)
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


@case("Issabel with chan_pjsip: [NAME](+type=endpoint) of pjsip_custom_post.conf reaches the endpoint behind an AOR of its "
      "name", "22 own")
def issabel_pjsip(bench):
    lab = Lab(bench.root, bench.directory)
    with open(lab.pbx.file("etc", "pjsip.conf")) as conf:
        text = without_engines(conf.read())
    # The AOR of alice before her endpoint: the one that a name alone finds.
    aor = re.search(r"(?ms)^\[alice\]\ntype = aor\n.*?(?=^\[)", text)[0]
    lab.pbx.write("pjsip_additional.conf", aor + text.replace(aor, ""))
    lab.pbx.write("pjsip_custom_post.conf", "[alice](+type=endpoint)\nrtp_engine = zrtp\ndirect_media = no\n")
    lab.pbx.write("pjsip.conf", "#include pjsip_additional.conf\n#include pjsip_custom_post.conf\n")
    with lab:
        equal("settings", [settings(lab, name) for name in ("alice", "bob")], [["zrtp", "false"], ["asterisk", "true"]])
        no_complaints(lab)
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


@case("Issabel with chan_sip: [NAME](+) of sip_custom_post.conf gives a phone ZRTP", "16 own")
def issabel_sip(bench):
    lab = Lab(bench.root, bench.directory, "sip")
    with open(lab.pbx.file("etc", "sip.conf")) as conf:
        lab.pbx.write("sip_additional.conf", without_engines(conf.read()))
    lab.pbx.write("sip_custom_post.conf", "[alice](+)\nrtp_engine = zrtp\n")
    lab.pbx.write("sip.conf", "#include sip_additional.conf\n#include sip_custom_post.conf\n")
    with lab:
        with lab.phone("alice") as phone:
            phone.call("echo", lab.sip_port)
            calls.secure(lab, phone)
            phone.hang_up()
        lab.pbx.idle()
        no_complaints(lab, "no zrtp-hash")
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


# Which options of Dial wait for feature codes: those that have a code. Asterisk itself has # for t and T, and * for h and
# H; k, K, w, W, x and X have none unless features.conf gives them one.
CODES = ("t", "T", "h", "H", "x", "k")
NO_CODES = ("", "r", "R", "m", "g", "i", "I", "c", "S(60)", "L(60000)", "Q(ANSWERED_ELSEWHERE)", "U(quiet^s^1)", "b(quiet^s^1)")
MONITOR = ("w", "W")  # Asterisk 21 has lost what they begin, and takes over no features.conf that names a code for it
FEATURES = "[general]\n[applicationmap]\nnote = *9,self,NoOp\n[featuremap]\nautomixmon = *3\nparkcall = *2\n"


def dialled(bench, features, apart, joined):
    """Calls of two phones with ZRTP, one for each set of options: which of them are passed through."""
    lab = Lab(bench.root, bench.directory, files={"features.conf": features})
    add_extensions(lab, apart + joined)
    with lab:
        for number, letters in enumerate(apart + joined):
            with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("through") as first, lab.zrtp_phone("through2") as second:
                second.expect_call()
                first.call(f"{number}-through2" if letters != "more" else "more-through2", lab.sip_port)
                second.wait("up")
                if letters in apart:
                    wait.until(f"Dial option {letters} keeps the phones apart", 10, lambda e=events: of(
                        "through", e.all("ZrtpClear", Reason="FeatureCodes")))
                else:
                    equal(f"one SAS with Dial option {letters}", first.secure(), second.secure())
                    passed_through(lab, "through", "through2")
                end(first, second)
                lab.pbx.idle()
        equal("exit status", lab.pbx.stop(), 0)
    lab.pbx.remove()


@case("options of Dial: those of feature codes keep two phones apart, the others do not; without a code in features.conf "
      "they do not either", "22 own attack")
def options(bench):
    dialled(bench, FEATURES, (*CODES, "more"), NO_CODES + MONITOR)
    dialled(bench, "[general]\n", ("t", "T", "h", "H"), (*MONITOR, "x", "X", "k", "K"))


@case("options of Dial: those of feature codes keep two phones apart, also w and W", "16 own attack")
def old_options(bench):
    dialled(bench, f"{FEATURES}automon = *1\n", CODES + MONITOR, ("", "r"))


def back_up(lab, name):
    """What `sqlite3 zrtp.sqlite ".backup FILE"` does, while Asterisk has the database open."""
    with contextlib.closing(sqlite3.connect(lab.pbx.file("lib", "zrtp.sqlite"))) as source, \
            contextlib.closing(sqlite3.connect(lab.pbx.file("lib", name))) as target:
        source.backup(target)


def restore(lab, name):
    """As the guide has it: Asterisk stopped, the files beside the database away."""
    equal("exit status", lab.pbx.stop(), 0)
    for tail in ("-wal", "-shm"):
        if os.path.exists(lab.pbx.file("lib", f"zrtp.sqlite{tail}")):
            os.remove(lab.pbx.file("lib", f"zrtp.sqlite{tail}"))
    shutil.copy(lab.pbx.file("lib", name), lab.pbx.file("lib", "zrtp.sqlite"))
    lab.pbx.start()


def alarms(lab, phone, confirm=False):
    """A call: is there an alarm at the phone, and at the PBX?"""
    logged = len(phone.log())
    with asterisk.Events(lab.pbx) as events:
        phone.call("announce", lab.sip_port)
        stream = calls.secure(lab, phone)
        event = events.wait("ZrtpSecure", 5, Channel=stream["Channel"])
        if confirm:
            phone.say("zrtp-set-verified")
        calls.talk(1.5 if confirm else 0.3)  # what the user types is done before the call ends
        phone.hang_up()
        lab.pbx.idle()
    return MISMATCH in phone.log()[logged:], event["CacheMismatch"]


@case("a backup that is made while Asterisk runs: restored after one more call of a phone no alarm, after two more one in "
      "each call until its user confirms the SAS at the phone", "22 own attack")
def backup(bench):
    with pbx(bench, "") as lab:
        phone = lab.phone("alice")
        with phone:
            make_call(lab, phone, verify=True)
            back_up(lab, "first")
            make_call(lab, phone)
        restore(lab, "first")
        with phone:
            equal("one call since the backup", alarms(lab, phone), (False, "no"))
            back_up(lab, "second")
            for _ in range(2):
                make_call(lab, phone)
        restore(lab, "second")
        with phone:
            for _ in range(2):
                equal("two calls since the backup", alarms(lab, phone), (True, "yes"))
            equal("the user confirms", alarms(lab, phone, confirm=True), (True, "yes"))
            equal("afterwards", alarms(lab, phone), (False, "no"))
            make_call(lab, phone)
            restart(lab)
        with phone:
            equal("after a restart", alarms(lab, phone), (False, "no"))
