# SPDX-License-Identifier: GPL-2.0-only
"""The wall clock of the machine is put on or back while calls are up."""
import contextlib
import os
import re
import struct
import subprocess
import time

import foreign
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


# An application that puts the clock back while the end of a call waits for a report of RTCP, which waits for the lock of its
# channel's RTP. Then it says how long the next end of a call takes.
PUT_BACK = "#include <fcntl.h>" + foreign.STOP_WAITS + """
static int put_back(struct ast_channel *chan, const char *data)
{
	struct ast_rtp_instance *instance = rtp_of(chan), *other;
	const int64_t back = -3600;
	int shift = open(getenv("SHIFT_FILE"), O_WRONLY);
	struct timespec before, after;
	pthread_t thread;

	other = stop_another(instance, &thread);
	pwrite(shift, &back, sizeof(back), 0);
	close(shift);
	ao2_unlock(instance);
	pthread_join(thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &before);
	ast_rtp_instance_stop(other);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ast_log(LOG_NOTICE, "stopped in %ld ms\\n", (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
	ast_rtp_instance_destroy(other);
	ao2_ref(instance, -1);

	return -1;
}
static int load_module(void) { return ast_register_application("PutBack", put_back, "", ""); }
static int unload_module(void) { return ast_unregister_application("PutBack"); }
"""


@case("the wall clock is put back by an hour just as a call ends: the ends of later calls wait for nothing", "22 own")
def put_back_at_an_end(bench):
    with clocked(bench) as (lab, _), foreign.Module(lab.pbx, "test_put_back", PUT_BACK) as module:
        module.load()
        lab.pbx.extension("putback", "Answer", "Wait,0.5", "PutBack")
        with lab.plain_phone("stock", 440) as stock:
            stock.call("putback", lab.sip_port)
            took = wait.until("the later end", 15, lambda: re.search(r"stopped in (\d+) ms", lab.pbx.log()))
        equal(f"{took[0]}: less than the second and more that it waits for a timer that hangs", int(took[1]) < 1000, True)
        no_complaints(lab)
