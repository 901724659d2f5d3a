# SPDX-License-Identifier: GPL-2.0-only
"""What an operator may do to modules: in any order, forced or not, with errors in zrtp.conf."""
import glob
import itertools
import os
import re
import time

import asterisk
import capture
import foreign
import lab as laboratory
import wait
from harness import case, equal
from lab import POLICIES, Lab, zrtp_conf

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ALL = ("res_zrtp", "res_pjsip_zrtp", "app_enroll_zrtp")
# Whose code is called by ours, or calls it.
BELOW = {"res_zrtp": ("res_srtp", "res_rtp_asterisk"), "res_pjsip_zrtp": ("res_pjsip", "res_pjsip_session")}


def ours(pbx):
    """Those of ours that this PBX loads."""
    with open(pbx.file("etc", "modules.conf")) as conf:
        text = conf.read()
    return tuple(module for module in ALL if f"{module}.so" in text)


def status(pbx, module):
    """Running, "Not Running", or None when it is not there."""
    found = re.search(rf"(?m)^{module}\.so .*?\s(Not Running|Running)\s", pbx.cli(f"module show like {module}.so"))
    return found[1] if found else None


def alive(pbx, command):
    """Give a command and another one: a loader that was torn ends Asterisk at the latter."""
    said = pbx.cli(command)
    pbx.cli("core show version")
    if not pbx.running():
        raise AssertionError(f"Asterisk ended after '{command}': {said} {pbx.console_tail()}")
    return said


def refused(lab, name):
    """The status that a phone without ZRTP gets when it calls, 200 if the call is up."""
    with lab.plain_phone(name, 440) as phone:
        try:
            phone.call("announce", lab.sip_port)
        except AssertionError as refusal:
            return re.search(r"refused with (\d+)", str(refusal))[1]
        phone.hang_up()
    return "200"


def secure_call(lab, name="alice"):
    with lab.zrtp_phone(name) as phone:
        phone.call("announce", lab.sip_port)
        equal("SAS at the PBX", lab.pbx.secure(name)["SAS"], phone.secure())
        phone.hang_up()
    lab.pbx.idle()


def load_all(pbx):
    for module in ours(pbx):
        if status(pbx, module) != "Running":
            alive(pbx, f"module load {module}.so")
        equal(module, status(pbx, module), "Running")


def faulty_boot(bench):
    """All three load with errors in zrtp.conf; calls are refused, but for mode = off."""
    sealed = "cache_key_env = ZRTP_LAB_KEY\n"
    # mode = off takes calls where nothing else is wrong with it, and there is no other section of its name.
    broken = zrtp_conf(general=sealed + "no_such_key = 1\n") + "\n[wrong]\nmode = off\nno_such_key = 1\n" \
        "\n[twice]\nmode = off\n\n[twice]\nrequire = yes\n\n[again]\nrequire = yes\n\n[again]\nmode = off\n"
    with Lab(bench.root, bench.directory, files={"zrtp.conf": broken}, modules=["app_enroll_zrtp"]) as lab:
        pbx = lab.pbx
        for module in ours(pbx):
            equal(module, status(pbx, module), "Running")
        any_order(pbx)
        shown = pbx.cli("zrtp show policies")
        equal("zrtp show policies says so", "NO POLICY IS IN FORCE" in shown, True)
        equal("policies listed", re.findall(r"(?m)^zrtp\S*", shown), ["zrtp/stock"])
        for name in ("alice", "strict", "through"):
            equal(f"call of {name}", refused(lab, name), "488")
        equal("call of mode = off", refused(lab, "stock"), "200")
        for command in ("module load res_zrtp.so", "module load app_enroll_zrtp.so", "module reload res_zrtp.so"):
            alive(pbx, command)
        equal("after a reload of the same", refused(lab, "alice"), "488")
        # Without the key of the cache it is no better: that is opened by the reload which finds the key.
        key = pbx.file("etc", "key")
        pbx.write("zrtp.conf", zrtp_conf(general=f"cache_key_file = {pbx.home}/etc/key\n"))
        alive(pbx, "module reload res_zrtp.so")
        equal("without the key", refused(lab, "alice"), "488")
        with open(os.open(key, os.O_CREAT | os.O_WRONLY, 0o600), "w") as text:
            text.write(64 * "a")
        alive(pbx, "module reload res_zrtp.so")
        equal("mended", "NO POLICY" in pbx.cli("zrtp show policies"), False)
        wait.until("an encrypted cache that is up", 10, lambda: re.findall(
            r"(?m)^(?:Encrypted|State) +(.*)$", pbx.cli("zrtp cache status")) == ["yes", "up"])
        secure_call(lab)
        equal("mode = off", refused(lab, "stock"), "200")
        equal("exit status", pbx.stop(), 0)


def any_order(pbx):
    """Unload and load the three in several orders, forced and not, and after one has declined."""
    pbx.cli("logger add channel nss debug")
    pbx.cli("core set debug 1 res_zrtp")
    for force, order in zip(("", "-f ", "-h "), list(itertools.permutations(ours(pbx)))[:3]):
        for module in order:
            pbx.cli(f"module unload {force}{module}.so")
        alive(pbx, "core show uptime")
        equal("left", [module for module in ours(pbx) if status(pbx, module)], [])
        for module in order:
            pbx.cli(f"module load {module}.so")
        alive(pbx, "module refresh res_zrtp.so")
        load_all(pbx)
    # Without what it rests on it declines, and loads when that is there again.
    pbx.cli("module unload res_zrtp.so")
    pbx.cli("module unload res_srtp.so")
    alive(pbx, "module load res_zrtp.so")
    equal("declined", status(pbx, "res_zrtp") != "Running", True)
    pbx.cli("module unload app_enroll_zrtp.so")
    for module in ("res_srtp", "res_zrtp", "app_enroll_zrtp"):
        alive(pbx, f"module load {module}.so")
    load_all(pbx)
    # Each load starts NSS for speed, which it cannot where the one before has not let go of it.
    if built_on_nss(pbx):
        equal("starts of NSS", pbx.log("nss").count("NSS, for libsrtp2: started with large tables") >= 4, True)
    pbx.cli("core set debug 0 res_zrtp")
    pbx.cli("logger remove channel nss")


def built_on_nss(pbx):
    """Is the libsrtp2 of this root?"""
    with open(os.path.realpath(glob.glob(f"{pbx.root}/usr/lib/*/libsrtp2.so.1")[0]), "rb") as library:
        return b"libnss3.so" in library.read()


def told(pbx, pattern, logged=0, seconds=8):
    """Wait until the log says that, from here on."""
    wait.until(f"log says {pattern}", seconds, lambda: re.search(pattern, pbx.log()[logged:]))


@case("mistakes in zrtp.conf that Asterisk passes over: each named with its line, nothing is loosened",
      errors=r"zrtp\.conf|[Rr]eload|too long|res_zrtp|Unable to open|Cannot perform")
def mistakes(lab):
    good = zrtp_conf({**POLICIES, "strict": "require = yes\nmode = endpoint\n"})
    at = 1 + good.splitlines().index("require = yes")

    def instead(text):
        return good.replace("require = yes\n", text, 1)

    wrong = [
        (instead("require\n"), at, "require: a key without ="),
        (instead("require yes\n"), at, "a key without ="),
        (instead("require = yes\nrequire = no\n"), at + 1, f"twice, the first one in line {at}"),
        (instead("require = yes" + 8200 * " " + "\n"), at, "too long"),
        (instead("#exec /bin/true\n"), at, "switched off"),
        (instead("#inlcude strict.conf\n"), at, "no such directive"),
        (instead("sas += B256\n"), at, r"\+= does not add"),
        (instead("early = yes\n"), at, "early = yes has no effect"),
        (instead(";-- require = yes\n"), at, "does not end with --;"),
        (instead("#include odd-*.conf\nrequire = yes\n"), at, "cannot be read"),
        (good.replace("[strict]\n", "[strict] require = yes\n"), at - 1, "follows the name"),
        (good.replace("[general]\n", "[general]\ncache_key_file = /nowhere/key\n"), 2, "/nowhere/key"),
        ("; all of it is gone\n", 1, "all sections are gone from this file"),
    ]
    os.symlink("/nowhere", lab.pbx.file("etc", "odd-1.conf"))
    lab.pbx.write("odd-2.conf", "; nothing\n")
    try:
        lab.pbx.write("zrtp.conf", "\ufeff" + good.replace("\n", "\r\n"))
        lab.pbx.cli("module reload res_zrtp.so")
        equal("byte order mark, CRLF", "has errors" in lab.pbx.cli("zrtp show policies"), False)
        for text, line, what in wrong:
            logged = len(lab.pbx.log())
            lab.pbx.write("zrtp.conf", text)
            lab.pbx.cli("module reload res_zrtp.so")
            told(lab.pbx, rf"zrtp\.conf:{line}: .*{what}", logged)
            told(lab.pbx, "the former configuration stays in force", logged)
        shown = lab.pbx.cli("zrtp show policies")
        equal("said in zrtp show policies", "stay in force" in shown, True)
        equal("require of zrtp/strict", re.search(r"zrtp/strict\n(?:  .*\n)*?  require +=  ?(\w+)", shown)[1], "yes")
    finally:
        lab.pbx.write("zrtp.conf", zrtp_conf())
        lab.pbx.cli("module reload res_zrtp.so")
    equal("mended", "has errors" in lab.pbx.cli("zrtp show policies"), False)


def out_for_good(pbx, module):
    """Unload with -h, which passes over refusals; a second time the loader does not ask."""
    alive(pbx, f"module unload -h {module}.so")
    time.sleep(0.4)
    alive(pbx, f"module unload -h {module}.so")
    equal(f"{module} after -h", status(pbx, module), "Not Running")


def forced(bench):
    """Forced unloads in a call that requires ZRTP: all stays as it is, to the last packet."""
    missing = {name: text for name, text in POLICIES.items() if name != "confirm"}
    with Lab(bench.root, bench.directory, files={"zrtp.conf": zrtp_conf(missing)}, modules=["app_enroll_zrtp"]) as lab:
        pbx = lab.pbx
        # An endpoint that names a policy which is not there: said at once, and again at each reload.
        for reload in (None, "res_zrtp.so", "res_pjsip.so"):
            logged = len(pbx.log()) if reload else 0
            if reload:
                pbx.cli(f"module reload {reload}")
            told(pbx, "Endpoint confirm: there is no rtp_engine zrtp/confirm, .* zrtp/strict", logged)
        equal("others named", len(re.findall("Endpoint (?!confirm).*there is no rtp_engine", pbx.log())), 0)
        with capture.Capture(bench.directory + "/forced.pcap") as wire, \
                lab.zrtp_phone("strict", tone=440) as phone, lab.zrtp_phone("alice") as other:
            phone.call("echo", lab.sip_port)
            sas = phone.secure()
            other.call("enroll", lab.sip_port)
            other.secure()
            ends = [module for module in ours(pbx) if module in BELOW]
            below = [module for upper in ends for module in BELOW[upper]]
            for module in (*below, *ours(pbx)):
                alive(pbx, f"module unload -f {module}.so")
                if module != "app_enroll_zrtp":
                    equal(f"{module} after -f", status(pbx, module), "Running")
            for module in ends:
                out_for_good(pbx, module)
                alive(pbx, f"module load {module}.so")
                equal(f"{module} is on the list again", status(pbx, module), "Running")
            for module in below:
                out_for_good(pbx, module)
            time.sleep(1.5)
            wait.until("packets enough", 10, lambda: phone.statistics()["audio"]["srtp_received"] > 320)
            stream = pbx.stream("strict")
            equal("still secure", (stream["State"], stream["SAS"]), ("secure", sas))
            tag, received = stream["Tag"], phone.statistics()
            phone.hang_up()
        first = laboratory.rtp_port("strict")
        port = next(d.target for d in wire.datagrams
                    if capture.kind(d.data) == "zrtp" and first <= d.target < first + 10)
        count = capture.check_secure(wire, port, tag, {"heard": 440, "said": 440})
        if count["heard"] < 300 or count["reports"] < 3:
            raise AssertionError(f"too few packets: {count} {received}")
        plain = [d for d in capture.media(wire.between(target=port), "rtp") if len(d.data) == capture.ULAW_PACKET]
        equal("plain RTP of the PBX", len(plain), 0)
        plain = [d for d in wire.between(target=port + 1) if capture.is_plain_rtcp(d.data)]
        equal("plain RTCP of the PBX", len(plain), 0)
        equal("exit status", pbx.stop(), 0)


# A module of another maker that switches off the SRTP of the whole process.
SWITCH_OFF = """
static int load_module(void) { ast_rtp_engine_unregister_srtp(); return AST_MODULE_LOAD_SUCCESS; }
static int unload_module(void) { return 0; }
"""


@case("another module switches off SRTP in a call with require = yes: the gate is put back, no RTP in clear",
      "22 own attack")
def switched_off(bench):
    with Lab(bench.root, bench.directory) as lab:
        pbx = lab.pbx
        with foreign.Module(pbx, "test_srtp_off", SWITCH_OFF) as module, \
                capture.Capture(bench.directory + "/off.pcap") as wire, lab.zrtp_phone("strict", tone=440) as phone:
            phone.call("echo", lab.sip_port)
            phone.secure()
            time.sleep(1)
            alive(pbx, f"module load {module.name}.so")
            told(pbx, "SRTP was switched off in this Asterisk")
            time.sleep(3)
            stream = pbx.stream("strict")
            equal("state", stream["State"], "secure")
            phone.hang_up()
        first = laboratory.rtp_port("strict")
        port = next(d.target for d in wire.datagrams if capture.kind(d.data) == "zrtp" and first <= d.target < first + 10)
        count = capture.check_secure(wire, port, stream["Tag"], {"heard": 440, "said": 440})
        equal(f"packets until the end: {count}", count["heard"] > 150, True)
        secure_call(lab)
        equal("exit status", pbx.stop(), 0)


for kind in ("22 own", "16 own attack"):
    case("errors in zrtp.conf at boot: calls are refused but for mode = off, a reload mends it; modules in any order",
         kind)(faulty_boot)
    case("forced unloads in a call with require = yes: no packet in clear, nothing ends", kind)(forced)


@case("versions: CLI, AMI and the list of modules say the same, and the Hello says none")
def versions(lab):
    with open(os.path.join(TOP, "VERSION")) as version:
        number = version.read().strip()
    said = dict(line.split(None, 1) for line in lab.pbx.cli("zrtp show version").splitlines() if line.strip())
    equal("asterisk-zrtp", said["asterisk-zrtp"], number)
    equal("each has a version", [name for name in ("Asterisk", "OpenSSL", "libsrtp") if not re.search(r"\d+\.\d+", said[name])], [])
    with asterisk.Events(lab.pbx) as events:
        answer = events.ask("ZrtpVersion")
    equal("AMI", [answer[name] for name in ("Version", "AsteriskVersion")], [number, said["Asterisk"]])
    listed = lab.pbx.cli("module show like zrtp")
    equal("modules", len(re.findall(rf"(?m)^\w*zrtp\.so .*, {re.escape(number)}", listed)), 2)
    with lab.zrtp_phone("alice") as alice:
        alice.call("echo", lab.sip_port)
        alice.secure()
        equal("client id", alice.all("sas")[-1]["peer_client"], "Asterisk ZRTP")
        alice.hang_up()
