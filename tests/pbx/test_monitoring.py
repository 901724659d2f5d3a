# SPDX-License-Identifier: GPL-2.0-only
"""What monitoring sees: metrics of Prometheus, lines of the log level SECURITY, fields of CDR and CEL."""
import concurrent.futures
import csv
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

import asterisk
import processes
import wait
from asterisk import IP
from cachecalls import pbx
from harness import Skip, case, equal
from pairs import keyed
from lab import POLICIES, zrtp_conf
from test_listen import ARI_FILES, ARI_MODULES, HTTP_PORT as ARI_PORT
from zrtpphone import TOP

HTTP_PORT = 27980
METRICS = {"http.conf": f"[general]\nenabled = yes\nbindaddr = {IP}\nbindport = {HTTP_PORT}\n",
           "prometheus.conf": "[general]\nenabled = yes\nuri = metrics\n"}
PROMETHEUS, OURS = "res_prometheus.so", "res_zrtp_prometheus.so"


def scrape():
    """What Prometheus gets: (metric with its labels) -> number of ours, and the type of each family."""
    with urllib.request.urlopen(f"http://{IP}:{HTTP_PORT}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    families = [family for family in text_string_to_metric_families(text) if family.name.startswith("asterisk_zrtp_")]
    equal("families, each once", len(families), len({family.name for family in families}))
    found = {}
    for family in families:
        equal(f"help of {family.name}", bool(family.documentation), True)
        for sample in family.samples:
            key = sample.name.removeprefix("asterisk_zrtp_"), *sample.labels.values()
            equal(f"{key} is there before", key in found, False)
            found[key] = sample.value
    return found, {family.name.removeprefix("asterisk_zrtp_"): family.type for family in families}


def running(lab, module):
    return bool(re.search(r" \d+ +Running", lab.pbx.cli(f"module show like {module}")))


def one_of_each(lab):
    """A secure call, one in clear, one refused, one passed through, one with an alert."""
    with lab.zrtp_phone("alice") as alice:
        alice.call("silent", lab.sip_port)
        alice.secure()
        lab.pbx.secure("alice")
        alice.hang_up()
    with lab.plain_phone("plain") as plain:
        plain.call("silent", lab.sip_port)
        wait.until("in clear", 10, lambda: (lab.pbx.stream("plain") or {}).get("State") == "no-zrtp")
        plain.hang_up()
    with lab.plain_phone("strict") as strict:
        strict.call("silent", lab.sip_port)
        lab.pbx.idle(20)
    with lab.zrtp_phone("through") as first, lab.zrtp_phone("through2") as second:
        keyed(lab, first, second)
        first.hang_up()
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("carol", wrong_hash=True) as carol:
        carol.call("silent", lab.sip_port)
        events.wait("ZrtpAlert", Reason="HashMismatch")
        carol.hang_up()
    lab.pbx.idle()
    lab.pbx.no_streams()


def stopped(lab):
    """Asterisk is kept from its processor while it looks for a phone with ZRTP: what it has to repeat comes late."""
    with lab.plain_phone("plain") as plain:
        plain.call("silent", lab.sip_port)
        wait.until("a Hello of the PBX", 5, lambda: plain.zrtp)
        before = lab.pbx.statistics()["timers that ran out late"]
        lab.pbx.process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        lab.pbx.process.send_signal(signal.SIGCONT)
        wait.until("a late timer", 5, lambda: lab.pbx.statistics()["timers that ran out late"] > before)


def compare(lab):
    """What is collected is what the console shows."""
    found, types = scrape()
    shown = lab.pbx.statistics()
    same = {("calls_total", "secure"): "calls secure", ("calls_total", "clear"): "calls in clear",
            ("calls_total", "refused"): "calls refused", ("calls_total", "failed"): "calls failed",
            ("calls_total", "closed"): "calls without media", ("calls_total", "direct"): "calls whose phones sent to each other",
            ("calls_total", "passthrough"): "calls passed through, with keys of the phones",
            ("calls_total", "pending"): "calls over before zrtp came to anything",
            ("streams_total", "started"): "streams started", ("streams_total", "secure"): "streams secure",
            ("streams_total", "clear"): "streams whose peer has no zrtp", ("streams_total", "failed"): "streams failed",
            ("streams_total", "post_quantum"): "streams secure by a post-quantum key agreement",
            ("live_streams",): "streams now", ("time_to_secure_seconds_count",): "streams secure, with their time",
            ("packets_total", "ZRTP sent"): "zrtp packets sent", ("packets_total", "ZRTP received"): "zrtp packets received",
            ("packets_total", "SRTP sent"): "srtp and srtcp packets sent",
            ("packets_total", "SRTP received"): "srtp and srtcp packets received",
            ("late_timers_total",): "timers that ran out late",
            ("cache_up",): "cache up", ("cache_waiting",): "cache changes waiting", ("cache_journaled",): "cache changes in the journal",
            ("cache_failures_total",): "cache failures",
            ("policies_in_force",): "policies in force", ("configuration_refused",): "configuration refused",
            ("dropped_packets_total", "RTP, by the gate"): "rtp packets dropped by the gate",
            ("dropped_packets_total", "RTCP, by the gate"): "rtcp packets dropped by the gate",
            ("dropped_packets_total", "STUN from another source address"): "stun packets dropped, source address",
            ("dropped_packets_total", "withheld from an unproved address"): "zrtp packets withheld from an unproved address"}
    for key in found:
        family = key[0]
        text = (same.get(key) or {"key_agreements_total": "key agreements by {}", "alerts_total": "alerts, {}",
                                  "dropped_packets_total": "zrtp packets dropped, {}"}.get(family, "").format(*key[1:]).lower())
        if family == "time_to_secure_seconds_bucket":
            text = "streams secure within, milliseconds: " + ("any" if key[1] == "+Inf" else str(round(1000 * float(key[1]))))
        elif family == "time_to_secure_seconds_sum":
            equal("sum of times", round(found[key] * 1000000), shown["microseconds until secure, of all streams"])
            continue
        equal(f"{key}, {text}", found[key], shown.get(text))
    equal("numbers of the console", len(shown), len(found))
    return found, types


@case("what Prometheus collects is what zrtp show statistics shows: a call of each outcome, key agreements, alerts, times", "22 own")
def metrics(bench):
    with pbx(bench, "", files=METRICS, modules=["res_prometheus", "res_zrtp_prometheus"]) as lab:
        before, _ = compare(lab)
        equal("counted before a call", {key for key, number in before.items() if number}, {("cache_up",), ("policies_in_force",)})
        one_of_each(lab)
        found, types = compare(lab)
        equal("types", {types[name] for name in ("calls", "live_streams", "time_to_secure_seconds")}, {"counter", "gauge", "histogram"})
        equal("calls", {key[1]: number for key, number in found.items() if key[0] == "calls_total" and number},
              {"secure": 1, "clear": 1, "refused": 1, "passthrough": 2, "pending": 1})
        equal("key agreements", {key[1]: number for key, number in found.items() if key[0] == "key_agreements_total" and number},
              {"X25519": 1})
        equal("alerts", {key[1]: number for key, number in found.items() if key[0] == "alerts_total" and number},
              {"HashMismatch": 1})
        buckets = [(float(key[1]), number) for key, number in found.items() if key[0] == "time_to_secure_seconds_bucket"]
        equal("buckets", buckets, sorted(buckets))
        equal("each counted", found["time_to_secure_seconds_bucket", "+Inf"], found["streams_total", "secure"])
        equal("a time", 0 < found["time_to_secure_seconds_sum",] < 10, True)
        stopped(lab)


@case("modules of metrics come and go while they are collected and calls are up, and none that is needed goes, not even by force",
      "22 own")
def come_and_go(bench):
    def collect(until):
        while time.monotonic() < until:
            try:
                scrape()
            except (OSError, http.client.HTTPException):
                pass  # res_prometheus is not there just now, or goes while it answers
    with pbx(bench, "", files=METRICS, modules=["res_prometheus"]) as lab, lab.zrtp_phone("alice") as alice, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        equal("without ours", scrape()[0], {})
        alice.call("silent", lab.sip_port)
        alice.secure()
        collecting = [pool.submit(collect, time.monotonic() + 4) for _ in range(2)]
        for _ in range(12):
            lab.pbx.cli(f"module load {OURS}")
            equal("loaded", running(lab, OURS), True)
            lab.pbx.cli(f"module reload {PROMETHEUS}")
            lab.pbx.cli(f"module unload {OURS}")
            equal("unloaded", running(lab, OURS), False)
        for done in collecting:
            done.result()
        lab.pbx.cli(f"module load {OURS}")
        for module in (PROMETHEUS, "res_zrtp.so"):
            for force in ("", "-f "):
                lab.pbx.cli(f"module unload {force}{module}")
                equal(f"{module} stays", running(lab, module), True)
        equal("streams now", scrape()[0]["live_streams",], 1)
        lab.pbx.cli(f"module reload {PROMETHEUS}")
        equal("after a reload", scrape()[0]["live_streams",], 1)
        time.sleep(0.5)  # what was to be forced is dealt with
        lab.pbx.cli(f"module unload {OURS}")
        lab.pbx.cli(f"module unload {PROMETHEUS}")
        equal("both are gone", [running(lab, module) for module in (OURS, PROMETHEUS)], [False, False])
        lab.pbx.cli(f"module load {OURS}")
        equal("alone it does not load", running(lab, OURS), False)
        lab.pbx.cli(f"module load {PROMETHEUS}")
        lab.pbx.cli(f"module load {OURS}")
        equal("streams, after all", scrape()[0]["live_streams",], 1)
        alice.hang_up()


@case("zrtp.conf has errors when Asterisk starts: the metrics say that no policy is in force, and have all when it is corrected",
      "22 own")
def not_in_force(bench):
    with pbx(bench, "cache = nonsense\n", files=METRICS, modules=["res_prometheus", "res_zrtp_prometheus"]) as lab:
        equal("metrics", scrape()[0], {("policies_in_force",): 0})
        conf = lab.pbx.file("etc", "zrtp.conf")
        with open(conf) as file:
            text = file.read()
        lab.pbx.write("zrtp.conf", text.replace("cache = nonsense\n", ""))
        lab.pbx.cli("module reload res_zrtp.so")
        found, _ = compare(lab)
        equal("in force", (found["policies_in_force",], found["configuration_refused",]), (1, 0))
        lab.pbx.write("zrtp.conf", text)
        lab.pbx.cli("module reload res_zrtp.so")
        found, _ = compare(lab)
        equal("former policies in force", (found["policies_in_force",], found["configuration_refused",]), (1, 1))


LOGGER = asterisk.LOGGER_CONF + "security => security\n"
ADDRESS = re.compile(r"RemoteAddress=|LocalAddress=|\d+\.\d+\.\d+\.\d+|::")


def security_lines(lab, service):
    """The lines of the log level SECURITY, without what is in front of them."""
    lines = [line[line.index('SecurityEvent="'):].strip() for line in lab.pbx.log("security").splitlines() if "SECURITY[" in line]
    return [line for line in lines if f'Service="{service}"' in line]


@case("the security log names alerts, refusals, verification and enrollment with the channel, and never an address to ban", "22 own")
def security_log(bench):
    with pbx(bench, "", files={"logger.conf": LOGGER}, modules=["app_enroll_zrtp"]) as lab, asterisk.Events(lab.pbx) as events:
        with lab.zrtp_phone("carol", wrong_hash=True) as carol:
            carol.call("silent", lab.sip_port)
            events.wait("ZrtpAlert", Reason="HashMismatch")
            carol.hang_up()
        with lab.plain_phone("strict") as strict:
            strict.call("silent", lab.sip_port)
            events.wait("ZrtpRefused", 15, Reason="NoZrtp")
        with lab.zrtp_phone("alice", enroll="accept") as alice:
            alice.call("enroll-trust", lab.sip_port)
            alice.wait("enrolled", 10)
            alice.wait_ended()
            alice.call("silent", lab.sip_port)
            alice.secure()
            channel = lab.pbx.secure("alice")["Channel"]
            for command, verified in (("verify", "yes"), ("unverify", "no")):
                lab.pbx.cli(f"zrtp {command} {channel}")
                events.wait("ZrtpVerified", Verified=verified)
            alice.hang_up()
        with socket.create_connection((IP, lab.pbx.ami_port), 5) as stranger:
            stranger.sendall(b"Action: Login\r\nUsername: tester\r\nSecret: wrong\r\n\r\n")
            wait.until("Asterisk's own line", 5, lambda: [line for line in security_lines(lab, "AMI") if "InvalidPassword" in line])
        wait.until("five lines", 5, lambda: len(security_lines(lab, "ZRTP")) >= 5)
        found = [re.fullmatch(r'SecurityEvent="(\w+)",EventTV="[-\dT:.+]+",Severity="(\w+)",Service="ZRTP",EventVersion="1",'
                              r'SessionID="(?:PJSIP/)?(\w+)-\w+",Reason="(\w+)"', line).groups()
                 for line in security_lines(lab, "ZRTP")]
        equal("lines", found, [("ZrtpAlert", "Error", "carol", "HashMismatch"), ("ZrtpRefused", "Error", "strict", "NoZrtp"),
                               ("ZrtpEnrollment", "Informational", "alice", "enrolled"),
                               ("ZrtpVerified", "Informational", "alice", "operator"),
                               ("ZrtpVerified", "Informational", "alice", "unverified")])
        equal("addresses", [line for line in security_lines(lab, "ZRTP") if ADDRESS.search(line)], [])
        equal("where somebody logged in there is one", all(ADDRESS.search(line) for line in security_lines(lab, "AMI")), True)
        lab.pbx.cli("module unload res_security_log.so")
        with lab.zrtp_phone("carol", wrong_hash=True) as carol:
            carol.call("silent", lab.sip_port)
            wait.until("another alert", 10, lambda: len(events.all("ZrtpAlert", Reason="HashMismatch")) == 2)
            carol.hang_up()
        lab.pbx.idle()
        equal("without res_security_log", len(security_lines(lab, "ZRTP")), len(found))


FIELDS = ("channel", "zrtp_state", "zrtp_coverage", "zrtp_security", "zrtp_key_agreement", "zrtp_suite", "zrtp_refused",
          "zrtp_called_state", "zrtp_called_coverage", "zrtp_called_security")
RECORDS = {"cdr.conf": "[general]\nenable = yes\n",
           "cdr_custom.conf": "[mappings]\nzrtp.csv => " + ",".join(f"${{CSV_QUOTE(${{CDR({name})}})}}" for name in FIELDS) + "\n",
           "cel.conf": "[general]\nenable = yes\nevents = USER_DEFINED\n",
           "cel_custom.conf": "[mappings]\nzrtp.csv => ${CSV_QUOTE(${CHANNEL(channame)})},${CSV_QUOTE(${userdeftype})},"
                              "${CSV_QUOTE(${eventextra})}\n"}
RECORD_MODULES = ["cdr_custom", "cel_custom", "res_cdrel_custom", "func_cdr", "app_celgenuserevent", "app_stack"]
SAMPLE = os.path.join(TOP, "asterisk", "doc", "extensions-zrtp.conf.sample")


def recorded(lab, kind, count):
    """The rows of a file of CDR or CEL, once there are so many; the number of the channel is left out."""
    path = lab.pbx.file("log", f"{kind}-custom", "zrtp.csv")

    def rows():
        try:
            with open(path, newline="") as file:
                return [[asterisk.endpoint_of(row[0]), *row[1:]] for row in csv.reader(file)]
        except FileNotFoundError:
            return []
    return wait.until(f"{count} rows of {kind}", 10, lambda: (lambda found: found if len(found) >= count else None)(rows()))


def with_sample(lab):
    """The sample's contexts, included where the calls of the laboratory begin."""
    with open(lab.pbx.file("etc", "extensions.conf")) as conf, open(SAMPLE) as sample:
        text = conf.read() + sample.read()
    lab.pbx.write("extensions.conf", text + "[phones](+)\ninclude => zrtp-record\n"
                  "exten => _recorded-.,1,Dial(PJSIP/${EXTEN:9},20,b(zrtp-called^s^1))\n")
    lab.pbx.cli("dialplan reload")


def records(bench):
    with pbx(bench, "", files=RECORDS, modules=RECORD_MODULES) as lab:
        for kind in ("cdr", "cel"):
            os.mkdir(lab.pbx.file("log", f"{kind}-custom"))
        with_sample(lab)
        with lab.zrtp_phone("alice") as alice, lab.plain_phone("strict") as strict, lab.plain_phone("plain") as plain:
            alice.call("silent", lab.sip_port)
            alice.secure()
            lab.pbx.secure("alice")
            alice.hang_up()
            lab.pbx.idle()
            strict.call("silent", lab.sip_port)
            lab.pbx.idle(20)
            plain.call("silent", lab.sip_port)
            wait.until("in clear", 10, lambda: (lab.pbx.stream("plain") or {}).get("State") == "no-zrtp")
            plain.hang_up()
            lab.pbx.idle()
        with lab.zrtp_phone("keypad", allow_clear=True) as phone:
            phone.call("silent", lab.sip_port)
            phone.secure()
            lab.pbx.cli(f"zrtp go clear {lab.pbx.secure('keypad')['Channel']}")
            phone.wait("clear", 5, medium="audio")
            phone.say("acknowledge")
            wait.until("in clear", 10, lambda: lab.pbx.stream("keypad")["State"] == "clear")
            phone.hang_up()
            lab.pbx.idle()
        with lab.zrtp_phone("carol") as carol, lab.zrtp_phone("bob") as bob:
            bob.expect_call()
            carol.call("recorded-bob", lab.sip_port)
            for phone in (carol, bob):
                phone.secure()
                lab.pbx.secure(phone.name)
            carol.hang_up()
            lab.pbx.idle()
        none = [""] * 3
        exchange = ["X25519", "AES-256-GCM"]
        equal("CDR", recorded(lab, "cdr", 5), [
            ["alice", "secure", "whole", "unverified", *exchange, "", *none],
            ["strict", "closed", "none", "closed", "", "", "NoZrtp", *none],
            ["plain", "clear", "none", "clear", "", "", "", *none],
            ["keypad", "clear", "part", "clear", *exchange, "", *none],
            ["carol", "secure", "whole", "unverified", *exchange, "", "secure", "whole", "unverified"]])
        found = recorded(lab, "cel", 6)
        equal("CEL", sorted((name, kind, json.loads(text)["extra"].strip()) for name, kind, text in found), sorted(
            (name, "ZRTP", text) for name, text in (("alice", "secure whole"), ("strict", "closed none NoZrtp"),
            ("plain", "clear none"), ("keypad", "clear part"), ("carol", "secure whole"), ("bob", "secure whole"))))


for suite in ("22", "16"):
    case("CDR and CEL have what the ZRTP of a call was when it ended: secure, refused, in clear, secure for a part, both legs",
         f"{suite} own")(records)


class AriClient:
    """examples/ari.js with npm's client. Use as a context manager."""

    def __init__(self, folder):
        self.folder, self.seen, self.said = folder, [], []

    def __enter__(self):
        self.process = processes.start(
            ["node", os.path.join(TOP, "examples", "ari.js"), f"http://{IP}:{ARI_PORT}", "tester", "tester", "lab"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "NODE_PATH": self.folder})
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.wait(type="started")
        return self

    def _listen(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.seen.append(json.loads(line))
            self.said.append(line)

    def wait(self, seconds=30, **fields):
        """The first line with these fields, past or to come."""
        def probe():
            if self.process.poll() is not None:
                raise AssertionError(f"the client ended: {''.join(self.said)[-1000:]}")
            return [line for line in list(self.seen) if all(line.get(name) == value for name, value in fields.items())]
        return wait.until(f"the client prints {fields}", seconds, probe)[0]

    def __exit__(self, *_):
        processes.stop(self.process, 5)
        self.listener.join(5)
        self.process.stdout.close()


def leave_out(name):
    """Have Asterisk keep an event from the application."""
    request = urllib.request.Request(f"http://{IP}:{ARI_PORT}/ari/applications/lab/eventFilter?api_key=tester:tester", method="PUT",
                                     data=json.dumps({"disallowed": [{"type": name}]}).encode(),
                                     headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


@case("ARI: npm's client prints the events of a secure call with their channel, and an item that it asks for",
      "22 own")
def ari(bench):
    folder = os.path.join(os.environ.get("ZRTP_CACHE_DIR", "/var/cache/asterisk-zrtp"), "ari-client-2.2.0")
    if not os.path.exists(os.path.join(folder, ".complete")):
        raise Skip("no client of ARI: scripts/npm-packages fetches it")
    with pbx(bench, "", files=ARI_FILES, modules=ARI_MODULES) as lab, lab.zrtp_phone("alice") as alice:
        with AriClient(os.path.join(folder, "node_modules")) as client, asterisk.Events(lab.pbx) as events:
            alice.call("stasis", lab.sip_port)
            sas = alice.secure()
            secure = client.wait(type="ZrtpSecure")
            equal("of the channel", asterisk.endpoint_of(secure["channel"]), "alice")
            equal("SAS", secure["SAS"], sas)
            equal("key agreement", secure["KeyAgreementName"], "X25519")
            client.wait(type="ZrtpState", State="secure", Outcome="secure")
            leave_out("ZrtpListening")
            lab.pbx.cli(f"mixmonitor start {secure['channel']} {lab.pbx.home}/sounds/mix.wav")
            events.wait("ZrtpListening", Recorded="yes")
            alice.say("dtmf 5")
            equal("an item", client.wait(type="answer")["value"], "unverified")
            lab.pbx.cli(f"zrtp verify {secure['channel']}")
            equal("by whom", client.wait(type="ZrtpVerified")["By"], "operator")
            equal("left out", [line for line in client.seen if line["type"] == "ZrtpListening" and line["Recorded"] == "yes"], [])
            alice.hang_up()
            lab.pbx.idle()


@case("items of a leg beside another one, ZRTP_COVERAGE by AMI, and ZrtpCacheDelete forgets a peer")
def further_items(lab):
    with asterisk.Events(lab.pbx) as events, lab.zrtp_phone("alice", allow_clear=True) as alice, lab.zrtp_phone("bob") as bob:
        bob.expect_call()
        alice.call("call-bob", lab.sip_port)
        for phone in (alice, bob):
            phone.secure()
            lab.pbx.secure(phone.name)
        channel = lab.pbx.stream("alice")["Channel"]

        def item(name):
            return re.search(rf"(?m)^\s*{name}:? *(.*)$", lab.pbx.cli(f"zrtp show channel {channel}"))[1].strip()
        wait.until("the other leg's SAS", 5, lambda: item("FarSAS") not in ("", "-"))
        equal("items", {name: item(name) for name in ("FarSASType", "PeerAllowsClear", "RelayedToUs", "Coverage")},
              {"FarSASType": "B32", "PeerAllowsClear": "yes", "RelayedToUs": "-", "Coverage": "whole"})
        equal("variable", events.ask("Getvar", Channel=channel, Variable="ZRTP_COVERAGE")["Value"], "whole")
        zid = item("PeerZID")
        alice.hang_up()
        lab.pbx.idle()
        lab.pbx.no_streams()
        equal("deleted", events.ask("ZrtpCacheDelete", ZID=zid)["Response"], "Success")
        equal("shown", zid in lab.pbx.cli("zrtp cache show"), False)


@case("sas_relay = no: the phone sees no M flag; cache_expiry = 0: nothing is kept of its call")
def not_relayed(lab):
    def call(expected):
        with lab.zrtp_phone("b256") as phone:
            phone.call("silent", lab.sip_port)
            phone.secure()
            flag = phone.wait("sas", 5, relayed=False)["peer_mitm"]
            zid = re.search(r"(?m)^\s*PeerZID:? *(\w+)$",
                            lab.pbx.cli(f"zrtp show channel {lab.pbx.secure('b256')['Channel']}"))[1]
            phone.hang_up()
            lab.pbx.idle()
            lab.pbx.no_streams()
        equal("M flag, kept", (flag, zid in lab.pbx.cli("zrtp cache show")), expected)
    call((True, True))
    try:
        lab.pbx.write("zrtp.conf", zrtp_conf({**POLICIES, "b256": POLICIES["b256"] + "sas_relay = no\ncache_expiry = 0\n"}))
        lab.pbx.cli("module reload res_zrtp.so")
        call((False, False))
    finally:
        lab.pbx.write("zrtp.conf", zrtp_conf())
        lab.pbx.cli("module reload res_zrtp.so")
