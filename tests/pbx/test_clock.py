# SPDX-License-Identifier: GPL-2.0-only
"""The wall clock of the machine is put on or back while calls are up."""
import contextlib
import os
import struct
import subprocess
import time

import wait
from cachecalls import no_complaints
from harness import case, equal
from lab import Lab

HERE = os.path.dirname(os.path.abspath(__file__))
HOUR = 3600


@contextlib.contextmanager
def clocked(bench):
    """A PBX, and a function that puts its wall clock so many seconds off this machine's."""
    lab = Lab(bench.root, bench.directory)
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", lab.pbx.file("lib", "clockshift.so"),
                    os.path.join(HERE, "clockshift.c"), "-ldl"], check=True)
    path = lab.pbx.file("lib", "shift")

    def put(seconds):
        with open(path, "r+b") as file:
            file.write(struct.pack("=q", seconds))
    with open(path, "wb") as file:
        file.write(bytes(8))
    lab.pbx.environment += [f"LD_PRELOAD={lab.pbx.home}/lib/clockshift.so", f"SHIFT_FILE={lab.pbx.home}/lib/shift"]
    with lab:
        yield lab, put
    lab.pbx.remove()


@case("the wall clock is put back and on by an hour: calls keep their keys, who is asked for ZRTP is judged in time, and timers are not late",
      "22 own")
def put_back_and_on(bench):
    with clocked(bench) as (lab, put), lab.zrtp_phone("alice") as alice:
        alice.call("announce", lab.sip_port)
        alice.secure()
        for off, judged in ((-HOUR, True), (0, False)):
            with lab.plain_phone("plain") as plain:
                plain.call("announce", lab.sip_port)
                wait.until("it is asked for ZRTP", 10, lambda: lab.pbx.stream("plain"))
                put(off)
                time.sleep(0.5)  # what waits is looked at by the clock that there is now
                equal("not judged at once", lab.pbx.stream("plain")["State"], "looking")
                if judged:
                    wait.until("judged", 10, lambda: lab.pbx.stream("plain")["State"] == "no-zrtp")
                plain.hang_up()
            equal("keys", lab.pbx.stream("alice")["State"], "secure")
        alice.hang_up()
        lab.pbx.idle()
        # Some may be, of more than fifty: when this machine stands still for 50 ms.
        late = lab.pbx.statistics()["timers that ran out late"]
        equal(f"few late timers: {late}", late < 10, True)
        no_complaints(lab)
