# SPDX-License-Identifier: GPL-2.0-only
"""What differs between Asterisks: their pjproject, their libxml2, where they have their directories."""
import contextlib
import json
import os
import re
import subprocess
import xml.etree.ElementTree

import test_sdp
import test_sip
import wait
from harness import case, equal
from lab import Lab
from test_calls import FORGETFUL

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = "/usr/src/asterisk-zrtp/source"  # in a root
SHOW = {"function": "core show function", "application": "core show application",
        "manager": "manager show command", "managerEvent": "manager show event",
        "configInfo": "config show help"}

# A pjproject that clones responses without their dialog, and has other sizes, is that of the old root.
case("zrtp-hash: 183 and 200 have the same", "16")(test_sip.early_media)
case("zrtp-hash: an offer in 200, its answer in ACK", "16")(test_sip.late_offer)
case("zrtp-hash: audio and video have one each, a refused m-line has none", "16",
     errors="does not speak ZRTP")(test_sip.two_lines)
case("zrtp-hash: a re-INVITE with another one, and with the same", "16")(test_sip.another)
case("zrtp-hash: in offer and answer, that of the Hello sent; the phone's is checked", "16",
     errors=FORGETFUL)(test_sdp.both_ways)


def documented():
    """All that our XML files have, as (kind, name, synopsis)."""
    folder = os.path.join(TOP, "asterisk", "doc")
    for file in sorted(os.listdir(folder)):
        if file.endswith(".xml"):
            for element in xml.etree.ElementTree.parse(os.path.join(folder, file)).getroot():
                synopsis = element.find(".//synopsis")
                yield element.tag, element.get("name"), " ".join("".join(synopsis.itertext()).split())


def options():
    """Each key of zrtp.conf that our XML has, as (section, key, synopsis)."""
    file = os.path.join(TOP, "asterisk", "doc", "res_zrtp-en_US.xml")
    for section in xml.etree.ElementTree.parse(file).getroot().iter("configObject"):
        for option in section.iter("configOption"):
            yield section.get("name"), option.get("name"), option.find("synopsis").text


def documentation(bench):
    """Each function, application, action and event has the words of our file at the console."""
    with Lab(bench.root, bench.directory, modules=["app_enroll_zrtp"]) as lab:
        found = list(documented())
        equal("kinds", {kind for kind, _, _ in found}, set(SHOW))
        for kind, name, synopsis in found:
            said = " ".join(lab.pbx.cli(f"{SHOW[kind]} {name}").split())
            equal(f"{SHOW[kind]} {name}", synopsis in said, True)
        for section, key, synopsis in options():
            said = " ".join(lab.pbx.cli(f"config show help res_zrtp {section} {key}").split())
            equal(f"config show help res_zrtp {section} {key}", synopsis in said, True)
        said = lab.pbx.cli("manager show command ZrtpVerify")
        equal("ActionID", "Comes back in each message" in " ".join(said.split()), True)


# Says that a timer is longer than it is, to who asks with the timer itself as its data.
LONGER = """
#define _GNU_SOURCE
#include <dlfcn.h>
void *pj_timer_entry_init(void *entry, int id, void *data, void *call)
{
	if (data == entry) {
		((char *) entry)[40] = 0;
	}
	return ((void *(*)(void *, int, void *, void *)) dlsym(RTLD_NEXT, "pj_timer_entry_init"))(entry, id, data, call);
}
"""


@case("a pjproject that keeps things elsewhere: no zrtp-hash, which is said, and calls are secure as before", "22 own")
def unknown_layout(bench):
    with Lab(bench.root, bench.directory) as lab:
        pbx = lab.pbx
        equal("status", pbx.stop(), 0)
        with open(pbx.file("longer.c"), "w") as text:
            text.write(LONGER)
        subprocess.run(["chroot", bench.root, "gcc", "-shared", "-fPIC", "-o", f"{pbx.home}/longer.so", f"{pbx.home}/longer.c"],
                       check=True)
        pbx.environment.append(f"LD_PRELOAD={pbx.home}/longer.so")
        pbx.start()
        wait.until("the log says so", 5, lambda: re.search(
            r"ERROR.*pjproject [\d.]+ of this Asterisk is not as this module knows it \(timers\)", pbx.log()))
        equal("loaded", re.search(r"res_pjsip_zrtp\.so .*Not Running", pbx.cli("module show like res_pjsip_zrtp")) is not None, True)
        with lab.zrtp_phone("alice") as phone:
            phone.call("announce", lab.sip_port)
            stream = pbx.secure("alice")
            equal("SAS", stream["SAS"], phone.secure())
            phone.hang_up()
        pbx.idle()


MATERIALS = "opt/pbx/share/doc/asterisk-zrtp/asterisk-zrtp.spdx.json"
# Where an Asterisk built from source has its things.
CONF = """\
[directories](!)
astetcdir => /opt/pbx/etc/asterisk
astmoddir => /opt/pbx/lib/asterisk/modules   ; not Debian's
 astvarlibdir = /opt/pbx/var/lib/asterisk
astdatadir = /opt/pbx/var/lib/asterisk
"""


def make(bench, *arguments, environment=()):
    """make in the source that is in the root; its status and what it says."""
    done = subprocess.run(["chroot", bench.root, "/usr/bin/env", "-i", "HOME=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                           *environment, "make", "-C", SOURCE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def with_conf(bench, text):
    path = os.path.join(bench.root, "tmp", "zrtp-asterisk.conf")
    with open(path, "w") as conf:
        conf.write(text)
    return "ASTERISK_CONF=/tmp/zrtp-asterisk.conf"


@case("make install: takes its directories from asterisk.conf, and ends without them", "22 own")
def directories(bench):
    _, said = make(bench, "-n", "install", with_conf(bench, CONF), "INCLUDEDIR=/opt/pbx/include", "PREFIX=/opt/pbx")
    found = dict(re.findall(r"-Dasterisk_(\w+)=([^\" ]+)", said))
    equal("directories", found, {"includedir": "/opt/pbx/include", "moddir": "/opt/pbx/lib/asterisk/modules",
                                 "datadir": "/opt/pbx/var/lib/asterisk", "etcdir": "/opt/pbx/etc/asterisk"})
    equal("prefix", "--prefix=/opt/pbx" in said, True)
    _, said = make(bench, "-n", "install", with_conf(bench, CONF), "DATADIR=/elsewhere")
    equal("given", "-Dasterisk_datadir=/elsewhere" in said, True)
    status, said = make(bench, "install", with_conf(bench, CONF.replace("astdatadir", ";astdatadir")))
    equal("without astdatadir", (status != 0, "does not name astmoddir, astdatadir" in said), (True, True))


def files(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder) for path, _, names in os.walk(folder) for name in names)


@contextlib.contextmanager
def pjproject_of_the_system(bench):
    """Headers of a pjproject that is not Asterisk's, where the compiler looks first; none of them may be used."""
    place = "/usr/local/include"
    names = [os.path.join(place, name) for name in ("pjsip.h", "pjlib.h", "pjmedia.h", "pjsip_ua.h", "pjsip_simple.h",
                                                    "pj/timer.h", "pj/types.h", "pj/pool.h", "pjsip/sip_transaction.h")]
    equal("there already", [name for name in names if os.path.exists(bench.root + name)], [])
    try:
        for name in names:
            os.makedirs(os.path.dirname(bench.root + name), exist_ok=True)
            with open(bench.root + name, "w") as header:
                header.write("#error of the system\n")
        yield [f"CFLAGS=-I{place}", f"CPATH={place}"]
    finally:
        for name in names:
            os.remove(bench.root + name)
        for folder in ("pj", "pjsip"):
            os.rmdir(bench.root + os.path.join(place, folder))


@case("make install into a prefix, beside a pjproject of the system: everything is where that Asterisk looks; make uninstall "
      "takes it away", "22 own attack")
def installed(bench):
    stage = os.path.join(bench.root, "tmp", "zrtp-stage")
    build = "BUILD=/tmp/zrtp-make"
    subprocess.run(["rm", "-rf", stage, os.path.join(bench.root, "tmp", "zrtp-make-install")], check=True)
    with pjproject_of_the_system(bench) as flags:
        status, said = make(bench, "install", build, "DESTDIR=/tmp/zrtp-stage", "PREFIX=/opt/pbx", with_conf(bench, CONF),
                            environment=flags)
    equal(f"make install: {said[-300:]}", status, 0)
    found = files(stage)
    data = "opt/pbx/var/lib/asterisk/"
    for name in ("opt/pbx/lib/asterisk/modules/res_zrtp.so", "opt/pbx/lib/asterisk/modules/res_pjsip_zrtp.so",
                 "opt/pbx/lib/asterisk/modules/app_enroll_zrtp.so", "opt/pbx/etc/asterisk/zrtp.conf.sample",
                 data + "documentation/thirdparty/res_zrtp-en_US.xml", "opt/pbx/include/zrtp/zrtp.h",
                 "opt/pbx/share/asterisk-zrtp/sql/zrtp-realtime.postgresql.sql", MATERIALS):
        equal(name, name in found, True)
    with open(os.path.join(stage, MATERIALS)) as document:
        equal("bill of materials", sorted({entry["fileName"].removeprefix("./") for entry in json.load(document)["files"]}),
              [name for name in found if name != MATERIALS and not os.path.islink(os.path.join(stage, name))])
    equal("prompts", [name for name in found if name.startswith(data + "sounds/en/")] != [], True)
    equal("elsewhere", [name for name in found if not name.startswith("opt/pbx/")], [])
    status, said = make(bench, "uninstall", build, "DESTDIR=/tmp/zrtp-stage")
    equal(f"make uninstall: {said[-300:]}", status, 0)
    equal("left", files(stage), [])
    without_destdir(bench, build)


def without_destdir(bench, build):
    """Into folders of the machine itself: the last line says what to type, and does not in a folder for packages."""
    place = "/tmp/zrtp-own"
    subprocess.run(["rm", "-rf", bench.root + place], check=True)
    given = (build, f"PREFIX={place}", with_conf(bench, CONF.replace("/opt/pbx", place)))
    status, said = make(bench, "install", *given)
    equal(f"make install: {said[-300:]}", status, 0)
    last = [line for line in said.splitlines() if not line.startswith("make")][-1]
    for command in ("xmldoc reload", "module load res_zrtp.so", "module load res_pjsip_zrtp.so"):
        equal(f"{command} in the last line: {last}", f"asterisk -rx '{command}'" in last, True)
    status, said = make(bench, "uninstall", *given)
    equal(f"make uninstall: {said[-300:]}", status, 0)
    equal("left", files(bench.root + place), [])
    subprocess.run(["chroot", bench.root, "ldconfig"], check=True)


# What the headers of older Asterisks lack. Without one of them a build would pass, and be a module that cannot be loaded.
LACKING = {"stasis_channels.h": "ast_channel_mixmonitor_start_type", "strings.h": "ast_in_delimited_string",
           "res_pjsip.h": "pjsip_media_type_application_sdp"}


@case("headers of an Asterisk that is too old: not configured, and the versions that are needed are named", "22 own")
def too_old(bench):
    place = "/tmp/zrtp-old"
    for name, lacking in LACKING.items():
        subprocess.run(["rm", "-rf", bench.root + place], check=True)
        subprocess.run(["cp", "-r", bench.root + "/usr/include/asterisk", "-t", _made(bench.root + place)], check=True)
        subprocess.run(["cp", bench.root + "/usr/include/asterisk.h", bench.root + place], check=True)
        header = bench.root + place + "/asterisk/" + name
        with open(header) as text:
            before = text.read()
        equal(f"{name} has {lacking}", lacking in before, True)
        with open(header, "w") as text:
            text.write(before.replace(lacking, lacking + "_gone"))
        done = subprocess.run(["chroot", bench.root, "/usr/bin/env", "-i", "HOME=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                               "meson", "setup", "-Dasterisk=true", f"-Dasterisk_includedir={place}", f"{place}/build", SOURCE],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = " ".join(done.stdout.split())
        equal(f"{lacking}: configured", done.returncode != 0, True)
        equal(f"{lacking}: versions", f"without {lacking}: needed is 16.24, 18.10, 19.2, or 20 and later" in said, True)
    subprocess.run(["rm", "-rf", bench.root + place], check=True)


def _made(folder):
    os.makedirs(folder)
    return folder


for kind in ("22 own", "16 own"):
    case("the documentation of each function, application, action and event is shown at the console", kind)(documentation)
