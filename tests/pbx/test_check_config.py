# SPDX-License-Identifier: GPL-2.0-only
"""zrtp check config: what a zrtp.conf would do, without loading it."""
import os
import re
import subprocess

from harness import case, equal
from lab import POLICIES, zrtp_conf


def lines(text):
    return [line.rstrip() for line in text.splitlines() if "ethernet interface" not in line and line.strip()]


def check(lab, file=""):
    """What it prints, line by line, without what Asterisk says of the machine."""
    return lines(lab.pbx.cli(f"zrtp check config {file}".strip()))


def policies(lab):
    return lab.pbx.cli("zrtp show policies")


@case("zrtp check config: nothing to change; what a file would change, with endpoints that it would refuse; nothing is loaded")
def differences(lab):
    before, logged = policies(lab), len(lab.pbx.log())
    equal("what is in force", check(lab), ["zrtp.conf: 0 errors, 0 warnings"])
    others = {name: text for name, text in POLICIES.items() if name not in ("b256", "strict")}
    general, rest = zrtp_conf({**others, "b256": "sas = letters\nrequire = yes\n", "fresh": "mode = mitm\ncipher = AES3\n"}).split("\n", 1)
    lab.pbx.write("next.conf", f"{general}\nclient_id = Other\ncache_peers = 77\n{rest}")
    try:
        found = check(lab, "next.conf")
        for line in ("policy zrtp/b256 changes, for calls to come:", "  sas = B256 -> B32", "  require = no -> yes",
                     "policy zrtp/fresh is new; it differs from the defaults in:", "  cipher = AES3",
                     "policy zrtp/strict is removed: calls of its endpoints are refused",
                     "  client_id = Asterisk ZRTP -> Other",
                     "  cache_peers = 65536 -> 77  ; when res_zrtp.so is unloaded and loaded",
                     "warning: endpoint strict: there would be no rtp_engine zrtp/strict, its calls would be refused"):
            equal(f"{line} in {found}", line in found, True)
        equal("policies that do not change", [line for line in found if re.match("policy zrtp/(gcm|auto|keypad)", line)], [])
        equal("the end", bool(re.fullmatch(r"next\.conf: 0 errors, \d+ warnings", found[-1])), True)
    finally:
        lab.pbx.remove_config("next.conf")
    equal("in force", policies(lab), before)
    equal("log", re.findall(r".*(?:ERROR|WARNING)\[.*", lab.pbx.log()[logged:]), [])


@case("zrtp check config: every error with file, line and key, also what Asterisk's parser passes over; nothing is loaded")
def mistakes(lab):
    before, logged = policies(lab), len(lab.pbx.log())
    lab.pbx.write("next.conf", "[general]\nrequire = perhaps\n[one]\nmode = psychic\nno_such_key = 1\ncipher += AES1\n"
                               "[two]\nrequire = yes\nallow_clear = yes\n[more]\nsas\n")
    try:
        found = check(lab, "next.conf")
        for pattern in (r"error: \S*next\.conf:2: require = perhaps is not valid", r"error: \S*next\.conf:4: mode = psychic is not valid",
                        r"error: \S*next\.conf:5: unknown key no_such_key", r"error: \S*next\.conf:6: .*\+=",
                        r"error: \S*next\.conf:\d+: policy zrtp/two: require = yes and allow_clear exclude",
                        r"error: \S*next\.conf:11: "):
            equal(f"{pattern} in {found}", len([line for line in found if re.match(pattern, line)]), 1)
        equal("the end", bool(re.fullmatch(r"next\.conf: [6-9] errors, 0 warnings: it would not be taken over", found[-1])), True)
        equal("differences", [line for line in found if line.startswith("policy ")], [])
    finally:
        lab.pbx.remove_config("next.conf")
    equal("gone", check(lab, "/nowhere/zrtp.conf")[-1], "/nowhere/zrtp.conf: 1 error, 0 warnings: it would not be taken over")
    equal("in force", policies(lab), before)
    equal("log", re.findall(r".*res_zrtp/.*ERROR.*|.* ERROR\[.*res_zrtp/.*", lab.pbx.log()[logged:]), [])


@case("zrtp check config: a FIFO, a device or a directory is an error at once, also as a key; so is a file without sections, as for a reload",
      errors="was listed as a #include but it does not exist")
def no_file(lab):
    outside, folder = lab.pbx.file("etc", "fifo"), f"{lab.pbx.home}/etc"
    fifo = f"{folder}/fifo"
    os.mkfifo(outside, 0o600)
    since = len(lab.pbx.log())
    try:
        for path in (fifo, "/dev/zero", folder):
            equal(path, check(lab, path)[-1], f"{path}: 1 error, 0 warnings: it would not be taken over")
        for text, why in (("; nothing\n", r"error: next\.conf:1: all sections are gone"),
                          (f"[general]\ncache_key_file = {fifo}\n", r"error: \S*next\.conf:2: cache_key_file = "),
                          (f"#include {fifo}\n[general]\n", r"error: \S*next\.conf:1: a file that is included cannot be read")):
            lab.pbx.write("next.conf", text)
            found = check(lab, "next.conf")
            equal(f"{why} in {found}", len([line for line in found if re.match(why, line)]), 1)
            equal("the end", bool(re.fullmatch(r"next\.conf: \d+ errors?, 0 warnings: it would not be taken over", found[-1])), True)
    finally:
        lab.pbx.remove_config("next.conf")
        os.remove(outside)
    equal("log", re.findall(r".* ERROR\[.*res_zrtp/.*", lab.pbx.log()[since:]), [])


def shell(lab, settings, file):
    """zrtp-check-config in the root: its exit status, and the lines that it prints."""
    done = subprocess.run(["chroot", lab.pbx.root, "/usr/bin/env", *lab.pbx.sanitizer(), "zrtp-check-config", "-C", settings, file],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=120,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "TMPDIR": "/tmp"})
    return done.returncode, lines(done.stdout)


def left(lab):
    """The folders of its own that zrtp-check-config has not taken away."""
    return {name for name in os.listdir(f"{lab.pbx.root}/tmp") if name.startswith("zrtp-check-config.")}


@case("zrtp-check-config: from the shell, of the Asterisk that runs and where none runs, with an exit status")
def from_the_shell(lab):
    etc = f"{lab.pbx.home}/etc"
    running, none = f"{etc}/asterisk.conf", f"{etc}/none.conf"
    with open(lab.pbx.file("etc", "asterisk.conf")) as conf:
        settings = re.sub(r"(?m)^(astrundir|astdbdir|astlogdir) *=>.*$", r"\1 => /nowhere", conf.read())
    lab.pbx.write("none.conf", settings)
    lab.pbx.write("included.conf", "[one]\nrequire = yes\n")
    lab.pbx.write("good.conf", "[general]\n#include included.conf\n")
    lab.pbx.write("bad.conf", "[general]\nrequire = perhaps\n")
    before = left(lab)  # of a run that was killed
    lab.pbx.write("harm.conf", f"#exec touch /tmp/{os.path.basename(lab.pbx.home)}.harm\n")
    try:
        for which in (running, none):
            status, found = shell(lab, which, f"{etc}/bad.conf")
            equal(f"{which}: a file with an error", (status, len([line for line in found if "bad.conf:2: require = perhaps" in line])), (2, 1))
            equal(f"{which}: no file", shell(lab, which, f"{etc}/gone.conf"), (3, []))
            equal(f"{which}: a name for the console", shell(lab, which, f"{etc}/a b; core stop now"), (3, []))
        equal("which would remove policies that are in use", shell(lab, running, f"{etc}/good.conf")[0], 1)
        status, found = shell(lab, none, f"{etc}/good.conf")
        equal("where none runs", (status, found[:2]), (0, ["policy zrtp/one is new; it differs from the defaults in:", "  require = yes"]))
        equal("#exec where none runs", shell(lab, none, f"{etc}/harm.conf")[0], 2)
        equal("harm", os.path.exists(f"{lab.pbx.root}/tmp/{os.path.basename(lab.pbx.home)}.harm"), False)
        equal("what is left", left(lab) - before, set())
    finally:
        for name in ("none", "included", "good", "bad", "harm"):
            lab.pbx.remove_config(f"{name}.conf")
