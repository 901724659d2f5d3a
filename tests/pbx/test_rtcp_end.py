# SPDX-License-Identifier: GPL-2.0-only
"""Calls that end just as the stock engine sends a report of RTCP: nothing of them stays."""
import time

import foreign
import wait
from harness import case, equal
from lab import Lab

PORTS = range(28000, 29000)
# An application that stops the RTP of its channel, as a channel driver does, when its report of RTCP waits for the lock.
STOP_LATE = """
static int stop_late(struct ast_channel *chan, const char *data)
{
	struct ast_rtp_glue *glue = ast_rtp_instance_get_glue(ast_channel_tech(chan)->type);
	struct ast_rtp_instance *instance = NULL;

	ast_channel_lock(chan);
	glue->get_rtp_info(chan, &instance);
	ast_channel_unlock(chan);
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


def rtp_ports():
    """Those of the PBX that are open. The tests have a network of their own."""
    with open("/proc/net/udp") as table:
        found = [int(line.split()[1].split(":")[1], 16) for line in table.readlines()[1:]]
    return sorted(port for port in found if port in PORTS)


def ends(bench, driver):
    with Lab(bench.root, bench.directory, driver=driver) as lab, foreign.Module(lab.pbx, "test_stop_late", STOP_LATE) as module:
        module.load()
        for priority, words in enumerate(("Answer", "Wait,0.5", "StopLate"), 1):
            said = lab.pbx.cli(f"dialplan add extension stoplate,{priority},{words} into phones")
            equal(f"{words}: {said}", "added into" in said, True)
        for _ in range(3):
            with lab.zrtp_phone("alice", tone=440) as alice, lab.plain_phone("stock", 440) as stock:
                for phone in (alice, stock):
                    phone.call("stoplate", lab.sip_port)
                time.sleep(2.5)  # until it has ended
        lab.pbx.idle()
        lab.pbx.no_streams()
        wait.until("no RTP port of the PBX is open", 10, lambda: rtp_ports() == [])
        equal("exit status", lab.pbx.stop(), 0)


for kind in ("22 own", "16 own"):
    case("calls that end just as a report of RTCP is sent, with ZRTP and with mode = off: no stream and no RTP port stays",
         kind)(lambda bench: ends(bench, "pjsip"))
case("chan_sip: calls that end just as a report of RTCP is sent: no stream and no RTP port stays",
     "16 own")(lambda bench: ends(bench, "sip"))
