# SPDX-License-Identifier: GPL-2.0-only
"""The module's life: unload, load, reload, and a long day of short calls."""
import concurrent.futures
import re
import time

import calls
import wait
from harness import case, equal
from lab import POLICIES, zrtp_conf

MODULE = "res_zrtp.so"


def loaded(pbx):
    return "res_zrtp.so" in pbx.cli("module show like res_zrtp.so")


def unload(pbx, seconds=10):
    """Unload the module; legs of the last call may still be on their way out."""
    def probe():
        pbx.cli(f"module unload {MODULE}")
        return not loaded(pbx)
    wait.until("module unloads when idle", seconds, probe, 0.5)


@case("unload is refused during a call, works without; after load calls are secure again",
      errors=r"loader\.c: .*[Uu]nload")
def module_cycle(lab):
    with lab.phone("alice") as phone:
        calls.start(lab, phone, "phone calls")
        first = calls.secure(lab, phone)
        lab.pbx.cli(f"module unload {MODULE}")
        equal("module loaded", loaded(lab.pbx), True)
        equal("SAS", calls.secure(lab, phone)["SAS"], first["SAS"])
        calls.end(lab, phone, "phone calls")
        for _ in range(3):
            unload(lab.pbx)
            lab.pbx.cli(f"module load {MODULE}")
            equal("module loaded", loaded(lab.pbx), True)
        calls.start(lab, phone, "phone calls")
        calls.secure(lab, phone)
        calls.end(lab, phone, "phone calls")


@case("reload of zrtp.conf changes a policy")
def reload_good(lab):
    try:
        lab.pbx.write("zrtp.conf", zrtp_conf({**POLICIES, "b256": "sas = letters\n"}))
        lab.pbx.cli(f"module reload {MODULE}")
        equal("SAS type", sas_type(lab, "b256"), "B32")
    finally:
        lab.pbx.write("zrtp.conf", zrtp_conf())
        lab.pbx.cli(f"module reload {MODULE}")
    equal("SAS type", sas_type(lab, "b256"), "B256")


def sas_type(lab, name):
    with lab.phone(name, sas=["B256", "B32"]) as phone:
        calls.start(lab, phone, "phone calls")
        found = calls.secure(lab, phone)["SASType"]
        calls.end(lab, phone, "phone calls")
        return found


@case("a bad line in zrtp.conf: named in the log, the old configuration serves on",
      errors=r"zrtp\.conf|[Rr]eload|res_zrtp")
def reload_bad(lab):
    bad = ("hash = S999", "key_agreement = DH3k, DH9k", "require = perhaps", "no_such_key = 1", "mode = psychic",
           "on_error = panic")
    try:
        for line in bad:
            text = zrtp_conf({**POLICIES, "b256": "sas = letters\n", "bad": f"initiate = yes\n{line}\n"})
            number = 1 + text.splitlines().index(line)
            logged = len(lab.pbx.log())
            lab.pbx.write("zrtp.conf", text)
            lab.pbx.cli(f"module reload {MODULE}")
            wait.until(f"log names zrtp.conf:{number} for '{line}'", 3, lambda: re.search(
                rf"zrtp\.conf:{number}\b", lab.pbx.log()[logged:]))
        logged = len(lab.pbx.log())
        lab.pbx.write("zrtp.conf", zrtp_conf({**POLICIES, "b256": "sas = letters\n",
                                              "bad": "require = yes\nallow_clear = confirm\n"}))
        lab.pbx.cli(f"module reload {MODULE}")
        wait.until("what must be secure may not go clear", 3, lambda: re.search(
            r"zrtp\.conf:\d+: policy \S*bad: require = yes and allow_clear exclude", lab.pbx.log()[logged:]))
        equal("SAS type", sas_type(lab, "b256"), "B256")
    finally:
        lab.pbx.write("zrtp.conf", zrtp_conf())
        lab.pbx.cli(f"module reload {MODULE}")


@case("zrtp.conf gone or with a second [general]: refused, the old configuration serves on",
      errors=r"zrtp\.conf|[Rr]eload|res_zrtp")
def reload_gone(lab):
    try:
        for text, why in (("[general]\nrequire = yes\n[b256]\nsas = letters\n[general]\nrequire = no\n",
                           r"\[general\] is defined twice"), (None, "is gone or cannot be read")):
            logged = len(lab.pbx.log())
            if text:
                lab.pbx.write("zrtp.conf", text)
            else:
                lab.pbx.remove_config("zrtp.conf")
            lab.pbx.cli(f"module reload {MODULE}")
            wait.until(f"log says {why}", 3, lambda w=why, n=logged: re.search(w, lab.pbx.log()[n:]))
            equal("SAS type", sas_type(lab, "b256"), "B256")
    finally:
        lab.pbx.write("zrtp.conf", zrtp_conf())
        lab.pbx.cli(f"module reload {MODULE}")


KIB_PER_CALL = 3  # a lost leg is 6 or more, the noise below 1
PHONES = ("alice", "bob", "carol", "dave")


def many_calls(lab, name, count):
    """Short secure calls of one phone, every fifth one ended before it can be secure."""
    with lab.phone(name) as phone:
        for number in range(count):
            phone.call("announce", lab.sip_port)
            if number % 5 != 4:
                phone.secure()
                phone.hang_up()
                continue
            phone.wait("connected", 5)
            phone.hang_up()
            # A PBX that comes late to the BYE still answers ZRTP. Linphone has the same port again in its next call, takes a
            # HelloACK of the former one for that of this call's PBX, and says no Hello any more.
            wait.until(f"{name}: no stream left", 10, lambda: not lab.pbx.stream(name))


def all_phones(lab, count):
    """Calls of all phones at once; return the memory in KiB once SIP has forgotten them too."""
    with concurrent.futures.ThreadPoolExecutor(len(PHONES)) as pool:
        list(pool.map(lambda name: many_calls(lab, name, count), PHONES))
    lab.pbx.idle()
    lab.pbx.no_streams()
    time.sleep(8)  # longer than timer_b in lab.TRANSPORT
    lab.pbx.cli("malloc trim")
    return lab.pbx.rss()


@case("200 short calls leave no stream, no file, no memory; then the module unloads",
      errors=r"loader\.c: .*[Uu]nload")
def endurance(lab):
    before = all_phones(lab, 30)  # until every pool has its size
    files = lab.pbx.open_files()
    sizes = [before, all_phones(lab, 50)]
    if sizes[1] - sizes[0] > 200 * KIB_PER_CALL:  # on a busy machine a pool may grow late; a leak goes on
        sizes.append(all_phones(lab, 50))
    if sizes[-1] - sizes[-2] > 200 * KIB_PER_CALL:
        raise AssertionError(f"memory grew with each 200 calls: {sizes} KiB")
    try:  # the console's own connection takes a moment to go
        wait.until("no file left open", 5, lambda: set(lab.pbx.open_files()) <= set(files))
    except wait.Timeout:
        equal("new open files", set(lab.pbx.open_files()) - set(files), set())
    unload(lab.pbx)
    lab.pbx.cli(f"module load {MODULE}")
    equal("module loaded", loaded(lab.pbx), True)
