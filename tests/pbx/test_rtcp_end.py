# SPDX-License-Identifier: GPL-2.0-only
"""Calls that end just as the stock engine sends a report of RTCP: nothing of them stays."""
import socket
import time

import foreign
import processes
import wait
from harness import case, equal
from lab import Lab, rtp_port

PORTS = range(28000, 29000)
# An application that stops the RTP of its channel, as a channel driver does, when its report of RTCP waits for the lock.
STOP_LATE = """
static int stop_late(struct ast_channel *chan, const char *data)
{
	struct ast_rtp_instance *instance = rtp_of(chan);

	ao2_lock(instance);
	usleep(1500000);
	ao2_unlock(instance);
	ast_rtp_instance_stop(instance);
	ao2_ref(instance, -1);

	return -1;
}
static int load_module(void) { return ast_register_application("StopLate", stop_late, "", ""); }
static int unload_module(void) { return ast_unregister_application("StopLate"); }
"""

# One that has another instance stopped while a report of its channel waits for the lock, and holds the lock of that one when
# all stands still for it: the stop does not come to its end.
STOP_HANGS = foreign.STOP_WAITS + """
static int stop_hangs(struct ast_channel *chan, const char *data)
{
	pthread_t thread;
	struct ast_rtp_instance *instance = rtp_of(chan), *other = stop_another(instance, &thread);

	ao2_lock(other);
	ao2_unlock(instance);
	usleep(500000);
	ast_log(LOG_NOTICE, "it hangs\\n");
	usleep(4000000);
	ast_log(LOG_NOTICE, "it goes on\\n");
	ao2_unlock(other);
	pthread_join(thread, NULL);
	ast_rtp_instance_destroy(other);
	ao2_ref(instance, -1);

	return -1;
}
static int load_module(void) { return ast_register_application("StopHangs", stop_hangs, "", ""); }
static int unload_module(void) { return ast_unregister_application("StopHangs"); }
"""


def no_rtp_port():
    """Nothing of a past call has one of the PBX's."""
    wait.until("no RTP port of the PBX is open", 10, lambda: not processes.udp_ports().intersection(PORTS))


def report(socket_of_rtcp):
    """One that has come, if one has."""
    try:
        return socket_of_rtcp.recv(2048)
    except TimeoutError:
        return b""


def ends(bench, driver):
    with Lab(bench.root, bench.directory, driver=driver) as lab, foreign.Module(lab.pbx, "test_stop_late", STOP_LATE) as module:
        module.load()
        lab.pbx.extension("stoplate", "Answer", "Wait,0.5", "StopLate")
        for _ in range(3):
            with lab.zrtp_phone("alice", tone=440) as alice, lab.plain_phone("stock", 440) as stock:
                for phone in (alice, stock):
                    phone.call("stoplate", lab.sip_port)
                time.sleep(2.5)  # until it has ended
        lab.pbx.idle()
        lab.pbx.no_streams()
        no_rtp_port()
        equal("exit status", lab.pbx.stop(), 0)


for kind in ("22 own", "16 own"):
    case("calls that end just as a report of RTCP is sent, with ZRTP and with mode = off: no stream and no RTP port stays",
         kind)(lambda bench: ends(bench, "pjsip"))
case("chan_sip: calls that end just as a report of RTCP is sent: no stream and no RTP port stays",
     "16 own")(lambda bench: ends(bench, "sip"))


@case("a call that hangs as it ends: reports of RTCP are sent in other calls", "22 own")
def hangs(bench):
    with Lab(bench.root, bench.directory) as lab, foreign.Module(lab.pbx, "test_stop_hangs", STOP_HANGS) as module, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reports:
        module.load()
        lab.pbx.extension("stophangs", "Answer", "Wait,0.5", "StopHangs")
        reports.bind(("127.0.0.1", rtp_port("stock2") + 1))
        reports.settimeout(0.05)
        with lab.plain_phone("stock2", 440) as other, lab.plain_phone("stock", 440) as stock:
            other.call("echo", lab.sip_port)
            stock.call("stophangs", lab.sip_port)
            wait.until("a report", 5, lambda: report(reports))
            wait.until("it hangs", 10, lambda: "it hangs" in lab.pbx.log())
            while report(reports):
                pass
            wait.until("a report meanwhile", 10, lambda: report(reports))
            equal("it still hangs", "it goes on" in lab.pbx.log(), False)
            wait.until("it goes on", 10, lambda: "it goes on" in lab.pbx.log())
            other.hang_up()
        lab.pbx.idle()
        no_rtp_port()
        equal("exit status", lab.pbx.stop(), 0)
