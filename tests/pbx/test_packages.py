# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages in a stock Asterisk: installed as README says, upgraded, removed, purged."""
import glob
import os
import re
import shutil
import signal
import subprocess

import tone
import wait
from harness import case, equal
from linphone import Linphone
from stock import StockAsterisk, StockRoot, changed

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = "usr/src/zrtp-packages/out"  # in the root that built them, see scripts/deb-in-root
SIP_PORT, PHONE_PORT, PHONE_RTP, PHONE_HZ = 25060, 25070, 26000, 440
PJSIP_CONF = "/etc/asterisk/pjsip.conf"
SECRETS = "/var/lib/asterisk/zrtp.sqlite"
MODULES_CONF = "/etc/asterisk/modules.conf"
KEPT = (SECRETS, "/etc/asterisk/zrtp.conf")
OURS = ("res_zrtp", "res_pjsip_zrtp", "app_enroll_zrtp")

# What an operator has before: a phone that calls a PBX.
ENDPOINT = f"""
[lab]
type = transport
protocol = udp
bind = 127.0.0.1:{SIP_PORT}
[alice]
type = endpoint
transport = lab
context = phones
disallow = all
allow = ulaw
aors = alice
[alice]
type = aor
contact = sip:alice@127.0.0.1:{PHONE_PORT}
"""
EXTENSIONS = """
[phones]
exten => echo,1,Answer()
 same => n,Echo()
exten => prompts,1,Answer()
 same => n,Playback(zrtp/verified)
 same => n,Playback(zrtp/no-such-prompt)
"""


def readme():
    """What README tells an operator to type and to write: commands, and the line of an endpoint."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        section = re.search(r"(?ms)^## Install$(.*?)^## ", file.read())[1]
    lines = [line.strip().split("   #")[0].rstrip() for line in section.splitlines() if line.startswith("    ")]
    line, = set(re.findall(r"rtp_engine = \w+", section))
    return [line for line in lines if line.startswith(("apt-get install ./", "asterisk "))], line


def packages(bench):
    """The folder of the packages; they are built by scripts/deb-in-root."""
    folder = os.path.join(bench.roots["packages"], BUILT)
    if not glob.glob(f"{folder}/asterisk-zrtp_*.deb"):
        raise AssertionError(f"no packages in {folder}: scripts/deb-in-root builds them")
    return folder


def operator(stock, bench):
    """A stock Asterisk with an endpoint, and the packages where `make deb` puts them."""
    for tool in ("gcc", "cc", "c99", "clang", "make", "ld"):
        equal(f"{tool} in the root", stock.run(f"command -v {tool}")[0] != 0, True)
    equal("headers", stock.must("dpkg-query -W -f '${Package}\n' | grep -e '-dev$' || true"), "")
    shutil.copytree(packages(bench), stock.file("/root/build-deb"), ignore=lambda _, names: [
        name for name in names if not name.endswith(".deb")])
    stock.write(PJSIP_CONF, ENDPOINT, "a")
    stock.write("/etc/asterisk/extensions.conf", EXTENSIONS, "a")


def newer(bench, stock, name):
    """The same package with a higher version, as an upgrade brings it."""
    old, = glob.glob(f"{packages(bench)}/{name}_*.deb")
    tree = os.path.join(bench.directory, "newer")
    subprocess.run(["dpkg-deb", "-R", old, tree], check=True)
    with open(f"{tree}/DEBIAN/control", encoding="utf-8") as file:
        text = re.sub(r"(?m)^(Version: .*)$", r"\1+newer", file.read())
    with open(f"{tree}/DEBIAN/control", "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, stock.file("/root/newer.deb")], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)


def phone(bench):
    speech = os.path.join(bench.directory, "stock.wav")
    tone.make(speech, PHONE_HZ, 5)
    return Linphone(bench.directory, "alice", PHONE_PORT, PHONE_RTP, play=speech, record=True)


def padlock(pbx, alice):
    """The phone calls, shows that the call is encrypted, and the PBX has the same SAS; what its cache says of the phone."""
    alice.call("echo", SIP_PORT)
    sas = alice.secure()
    stream = pbx.secure("alice")
    equal("SAS at the PBX", stream["SAS"].lower(), sas.lower())
    return re.search(r"(?m)^Cache +(\S+)", pbx.cli(f"zrtp show channel {stream['Channel']}"))[1]


def running(pbx):
    """Those of our modules that run."""
    return re.findall(r"(?m)^(\S*zrtp\S*)\.so .* Running ", pbx.cli("module show like zrtp"))


@case("packages: installed as README says, and Linphone shows the padlock; an upgrade keeps the call; a purge leaves nothing",
      "stock own")
def whole_life(bench):
    commands, line = readme()
    with StockRoot(bench.root) as stock:
        operator(stock, bench)
        with StockAsterisk(stock) as pbx, phone(bench) as alice:
            before = stock.files()
            installs(stock, pbx, commands, line)
            only_new(before, stock.files())
            prompts(stock, pbx)
            without_calls(stock, pbx)
            installs(stock, pbx, commands, line)
            removal_that_fails(stock, pbx)
            insert(stock, line)
            stock.must(commands[1])
            equal("cache, the first call", padlock(pbx, alice), "first")
            upgrade_in_call(bench, stock, pbx, alice)
            alice.hang_up()
            pbx.idle()
            tone.heard(alice.recording, PHONE_HZ)
            equal("exit status", pbx.stop(), 0)
            pbx.start()
            equal("cache, the new modules", padlock(pbx, alice), "match")
            said = stock.must("dpkg --remove zrtp-tools asterisk-zrtp")
            equal(f"removed in a call: {said}", ("restarted" in said, "res_zrtp" in running(pbx)), (True, True))
            equal("the line of the endpoint is named", bool(re.search(rf"{PJSIP_CONF}:\d+:{line}", said)), True)
            alice.hang_up()
            pbx.idle()
            equal("exit status", pbx.stop(), 0)
        insert(stock, line, remove=True)
        equal("kept by the removal", [name for name in KEPT if not stock.has(name)], [])
        purged = stock.must("dpkg --purge asterisk-zrtp zrtp-tools libre1 librem1")
        equal(f"all overwritten and deleted: {purged}", "could not" in purged.lower(), False)
        equal(f"phones will warn: {purged}", "will warn" in purged and "secrets of /var/lib/asterisk are gone" in purged, True)
        equal("not as it was", changed(before, stock.files()), [])


def installs(stock, pbx, commands, line):
    """What README says, while Asterisk runs: it loads the modules."""
    said = stock.must(commands[0].replace("install", "install -y", 1))
    equal(f"modules that run: {said[-900:]}", sorted(set(OURS) - set(running(pbx))), [])
    equal(f"says what comes next: {said[-900:]}", line in said and commands[1] in said, True)


def without_calls(stock, pbx):
    """A removal that no call hinders: the running Asterisk is without the modules, too."""
    said = stock.must("dpkg --remove asterisk-zrtp")
    equal(f"modules that run: {said}", running(pbx), [])
    equal("no endpoint to be named", "rtp_engine" in said, False)
    equal("kept by the removal", [name for name in KEPT if not stock.has(name)], [])


def removal_that_fails(stock, pbx):
    """dpkg tells the package when it stays after all; an Asterisk that does not answer holds no removal up."""
    script = "timeout -k 1 120 /var/lib/dpkg/info/asterisk-zrtp."
    os.kill(pbx.process.pid, signal.SIGSTOP)
    try:
        said = stock.must(f"{script}prerm remove")
    finally:
        os.kill(pbx.process.pid, signal.SIGCONT)
    equal(f"Asterisk is stopped: {said}", "Asterisk does not answer" in said, True)
    equal("modules that run", sorted(set(OURS) - set(running(pbx))), [])
    stock.must(f"{script}prerm remove")
    equal("modules that run after prerm", running(pbx), [])
    before = stock.read(MODULES_CONF)
    stock.write(MODULES_CONF, before + "noload = app_enroll_zrtp.so\n")
    stock.must(f"{script}postinst abort-remove")
    stock.write(MODULES_CONF, before)
    equal("modules that do not run again", sorted(set(OURS) - set(running(pbx))), ["app_enroll_zrtp"])
    pbx.cli("module load app_enroll_zrtp.so")


def prompts(stock, pbx):
    """Asterisk finds ours; that it says so of one that is not there shows that it would."""
    pbx.cli("channel originate Local/prompts@phones application Wait 5")
    missing = wait.until("a prompt that is missing", 10, lambda: re.findall(
        r"File (\S+) does not exist", stock.read("/var/log/asterisk/messages.log")))
    equal("prompts that are missing", sorted(set(missing)), ["zrtp/no-such-prompt"])
    pbx.idle()


def only_new(before, after):
    """Nothing that was there is another one."""
    equal("changed by the installation", [text for text in changed(before, after) if not text.endswith(" is new")], [])


def insert(stock, line, remove=False):
    """Write the one line into the endpoint, or take it out."""
    text = stock.read(PJSIP_CONF)
    head = "[alice]\ntype = endpoint\n"
    old, new = (head + line + "\n", head) if remove else (head, head + line + "\n")
    equal("one endpoint", text.count(old), 1)
    stock.write(PJSIP_CONF, text.replace(old, new))


def upgrade_in_call(bench, stock, pbx, alice):
    """A newer package comes while a call is up: it stays secure and is heard, with the modules of before."""
    newer(bench, stock, "asterisk-zrtp")
    sas, received = pbx.stream("alice")["SAS"], int(pbx.stream("alice")["Rx"])
    said = stock.must("dpkg -i newer.deb")
    equal(f"says when it takes effect: {said}", "take effect at" in said and "restart" in said, True)
    with open(f"/proc/{pbx.process.pid}/maps") as maps:
        equal("the modules of before are mapped", bool(re.search(r"res_zrtp\.so.*\(deleted\)", maps.read())), True)
    stream = pbx.secure("alice")
    equal("SAS after the upgrade", stream["SAS"], sas)
    wait.until("packets after the upgrade", 10, lambda: int(pbx.stream("alice")["Rx"]) > received + 50)
    equal("the phone still has it", "fully encrypted" in alice.out() and "ended" not in alice.out(), True)


@case("packages: what is theirs and what is not: a cache elsewhere, a link, a copy; modules.conf that loads nothing by itself",
      "stock own")
def not_theirs(bench):
    with StockRoot(bench.root) as stock:
        operator(stock, bench)
        stock.write(MODULES_CONF, re.sub(r"(?m)^autoload\s*=.*", "autoload = no", stock.read(MODULES_CONF)))
        spanish = "/usr/share/asterisk/sounds/es_MX_f_Allison"
        stock.must(f"mkdir {spanish} {spanish}-own && ln -s nowhere {spanish}-own/zrtp")
        before = stock.files()
        said = stock.must("dpkg -i build-deb/asterisk-zrtp_*.deb")
        equal(f"autoload = no: {said}", "modules.conf keeps Asterisk from loading" in said, True)
        stock.must(f"test -e {spanish}/zrtp/verified.ulaw && test -e /usr/share/asterisk/sounds/de/zrtp/verified.ulaw")
        needs_no_library_of_ours(stock)
        stock.write("/etc/asterisk/zrtp.conf", "[general]\ncache_path = /srv/moved.sqlite ; there\ncache_key_file = /srv/key\n")
        stock.must("mkdir /var/lib/asterisk/own && touch /srv/moved.sqlite /srv/key /srv/linked /var/lib/asterisk/zrtp.sqlite.backup /var/lib/asterisk/zrtp.json"
                   " /var/lib/asterisk/zrtp.cache.damaged-1 && ln -s /srv/linked /var/lib/asterisk/zrtp.cache")
        stock.must(f"echo 'a secret' >{SECRETS} && chown asterisk: {SECRETS} && ln {SECRETS} /srv/other-name")
        said = stock.must("dpkg --purge asterisk-zrtp")
        equal("left of the secret", "secret" in stock.read("/srv/other-name"), False)
        # By the rights of who owns the folder: of root's file he can take the name away, and do no more.
        for what in (r"zrtp\.cache\.damaged-1 was deleted, but could not be overwritten",
                     r"cache_path was /srv/moved\.sqlite: it stays", r"cache_key_file was /srv/key: it stays",
                     r"zrtp\.cache is a link; the secrets stay in /srv/linked", r"zrtp\.sqlite\.backup stays", r"zrtp\.json stays"):
            equal(f"{what} in {said}", bool(re.search(what, said)), True)
        equal("what stays", changed(before, stock.files()), [
            f"{name} is new" for name in ("/srv/key", "/srv/linked", "/srv/moved.sqlite", "/srv/other-name", "/var/lib/asterisk/own",
                                          "/var/lib/asterisk/zrtp.json", "/var/lib/asterisk/zrtp.sqlite.backup")])
        named_by_asterisk(stock)
        equal("a link to our prompts is left", stock.has(f"{spanish}/zrtp"), False)


def named_by_asterisk(stock):
    """asterisk.conf is the asterisk user's: root deletes nothing in a folder of root's that it names."""
    stock.must("mkdir /srv/copies && echo 'a secret' >/srv/copies/zrtp.sqlite && dpkg -i build-deb/asterisk-zrtp_*.deb")
    stock.must("dpkg --unpack build-deb/asterisk-zrtp_*.deb")  # and no more: interrupted
    stock.write("/etc/asterisk/asterisk.conf", "[directories]\nastdbdir => /srv/copies\n")
    said = stock.must("dpkg --purge asterisk-zrtp")
    equal(f"says that it stays: {said}", "/srv/copies/zrtp.sqlite stays" in said, True)
    equal("what stays", stock.read("/srv/copies/zrtp.sqlite"), "a secret\n")


def needs_no_library_of_ours(stock):
    """The modules have the engine inside: what they load at run time is others'."""
    folder = os.path.dirname(stock.must("dpkg -L asterisk-zrtp | grep /res_zrtp.so"))
    for name in OURS:
        needed = subprocess.run(["readelf", "-dW", stock.file(f"{folder}/{name}.so")], stdout=subprocess.PIPE, text=True, check=True).stdout
        equal(f"{name} needs", re.findall(r"\[(libzrtp\S*)\]", needed), [])
    depends = stock.must("dpkg-query -W -f '${Depends}' asterisk-zrtp")
    equal(f"depends on this Asterisk: {depends}", bool(re.match(
        r"asterisk-abi-[0-9a-f]{32}, asterisk \(>= \S+~\), asterisk \(<< \S+~\), ", depends)), True)
    equal("depends on no library of ours", "libzrtp" in depends, False)


# A vendor's package of an Asterisk, and one of another Asterisk of Debian's kind.
VENDOR = """Package: asterisk-vendor
Version: {version}
Architecture: amd64
Maintainer: vendor <vendor@vendor.invalid>
Description: an Asterisk
{provides}"""
SUM = "0123456789abcdef0123456789abcdef"


def vendor(stock, version, provides=""):
    """Install a vendor's Asterisk in a folder of its own, with headers; what scripts/asterisk-package says of it."""
    stock.must("rm -rf vendor && mkdir -p vendor/DEBIAN vendor/opt/pbx/sbin vendor/opt/pbx/include/asterisk")
    stock.write("/root/vendor/DEBIAN/control", VENDOR.format(version=version, provides=provides))
    stock.write("/root/vendor/opt/pbx/include/asterisk/buildopts.h", f'#define AST_BUILDOPT_SUM "{SUM}"\n')
    stock.must("cp /bin/true vendor/opt/pbx/sbin/asterisk && dpkg-deb -b vendor vendor.deb && dpkg -i vendor.deb")
    status, said = stock.run("INCLUDEDIR=/opt/pbx/include ./asterisk-package /opt/pbx/sbin/asterisk")
    return said.splitlines() if status == 0 else said


def other_headers(stock, version):
    """The same Asterisk with headers of a package of their own, of this version; the package of headers that is named, or what is said."""
    stock.must("rm -rf dev && mkdir -p dev/DEBIAN dev/opt/dev/asterisk")
    stock.write("/root/dev/DEBIAN/control", VENDOR.format(version=version, provides="").replace("asterisk-vendor", "vendor-dev"))
    stock.write("/root/dev/opt/dev/asterisk/buildopts.h", f'#define AST_BUILDOPT_SUM "{SUM}"\n')
    stock.must("dpkg-deb -b dev dev.deb && dpkg -i dev.deb")
    return stock.run("INCLUDEDIR=/opt/dev ./asterisk-package /opt/pbx/sbin/asterisk")[1].splitlines()[-1]


@case("packages: for the Asterisk of the package that is there, Debian's or a vendor's, and beside no other", "stock own")
def whose_asterisk(bench):
    with StockRoot(bench.root) as stock:
        operator(stock, bench)
        shutil.copy(os.path.join(TOP, "scripts", "asterisk-package"), stock.file("/root/asterisk-package"))
        equal("vendor", vendor(stock, "22.5.2-1.vendor12"), [
            "asterisk-vendor 22.5.2-1.vendor12", "asterisk-vendor (>= 22.5.2~), asterisk-vendor (<< 22.5.2.0~)", "asterisk-vendor"])
        equal("headers of the same release", other_headers(stock, "22.5.2-2"), "vendor-dev")
        equal("headers of another release", "are of another Asterisk" in other_headers(stock, "22.5.1-1"), True)
        equal("with an ABI", vendor(stock, "2:20.9.3~dfsg-1", f"Provides: asterisk-abi-{SUM}\n")[1],
              f"asterisk-abi-{SUM}, asterisk-vendor (>= 2:20.9.3~), asterisk-vendor (<< 2:21~)")
        equal("headers of another one", "are of another Asterisk" in vendor(
            stock, "22.5.2-1", f"Provides: asterisk-abi-{SUM[::-1]}\n"), True)
        _, said = stock.run("cp /opt/pbx/sbin/asterisk . && INCLUDEDIR=/opt/pbx/include ./asterisk-package /root/asterisk")
        equal(f"of no package: {said}", "belongs to no package" in said, True)
        stock.must("dpkg --purge asterisk-vendor vendor-dev")
        status = stock.read("/var/lib/dpkg/status")
        paragraph = re.search(r"(?ms)^Package: asterisk\n.*?\n\n", status)[0]
        for what, pattern, other in (("ABI", r"(asterisk-abi-)[0-9a-f]{4}", r"\1beef"), ("release", r"(?m)^(Version: 1:)22", r"\g<1>23")):
            changed_paragraph = re.sub(pattern, other, paragraph)
            equal(f"another {what}", changed_paragraph != paragraph, True)
            stock.write("/var/lib/dpkg/status", status.replace(paragraph, changed_paragraph))
            failed, said = stock.run("dpkg -i build-deb/asterisk-zrtp_*.deb")
            equal(f"beside another {what}: {said[-600:]}", (failed != 0, "depends on asterisk" in said), (True, True))
            stock.must("dpkg --purge --force-depends asterisk-zrtp")
        stock.write("/var/lib/dpkg/status", status)
        stock.must("dpkg -i build-deb/asterisk-zrtp_*.deb")
