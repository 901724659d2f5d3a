# SPDX-License-Identifier: GPL-2.0-only
"""What else an endpoint may have: it works beside ZRTP, or the log says why not."""
import os
import re
import subprocess
import time

import asterisk
import calls
import capture
import forge
import ice as ice_end
import lab as laboratory
import tone
import wait
from harness import Skip, case, equal
from lab import PBX_HZ, PHONE_HZ
from pairs import heard_each_other, pair, passed_through, same_sas

DTLS_HANDSHAKE = 22  # type of a record, RFC 5246 6.2.1


def logged(lab, pattern, since=0):
    wait.until(f"log says {pattern}", 3, lambda: re.search(pattern, lab.pbx.log()[since:]))


def record(lab, name, silent=False):
    return capture.Capture(os.path.join(lab.directory, f"{name}.pcap"), silent=silent)


def secure_call(lab, name, **options):
    """A call that ends at the PBX is secure, and tones are heard both ways."""
    with lab.phone(name, record=True, **options) as phone:
        phone.call("record", lab.sip_port)
        stream = calls.secure(lab, phone)
        calls.talk(2)
        phone.hang_up()
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    tone.heard(lab.pbx.file("sounds", f"heard-{name}.wav"), PHONE_HZ, PBX_HZ)
    return stream


def other_keys(lab, name, encryption):
    """Media with keys of another origin: no ZRTP, nothing readable, and the log says so."""
    with record(lab, name) as wire, lab.phone(name, record=True, encryption=encryption) as phone:
        phone.call("record", lab.sip_port)
        phone.wait("connected", 5)
        time.sleep(3)
        equal("stream", lab.pbx.stream(name), None)
        channel = re.search(rf"(?m)^(PJSIP/{name}-\w+)!", lab.pbx.cli("core show channels concise"))[1]
        shown = lab.pbx.cli(f"zrtp show channel {channel}")
        equal("whose keys", f"its media is encrypted with keys of {'DTLS' if encryption == 'dtls' else 'SDP'}" in shown, True)
        phone.hang_up()
    logged(lab, rf"PJSIP/{name}-\w+: no ZRTP for a stream: media_encryption of its endpoint")
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    to_phone = wire.between(target=laboratory.rtp_port(name))
    sent = capture.media(to_phone, "rtp")
    equal("RTP of the PBX", len(sent) > 50, True)
    equal("ZRTP of the PBX", dict(capture.messages(to_phone)), {})
    readable = tone.share(tone.from_ulaw(b"".join(d.data[12:172] for d in sent)), PBX_HZ)
    if readable > 0.05:
        raise AssertionError(f"the announcement can be heard on the wire ({readable:.2f})")


@case("media_encryption = sdes: the keys of SDP are used, no ZRTP, nothing readable")
def sdes(lab):
    other_keys(lab, "sdes", "srtp")


@case("media_encryption = dtls: the keys of DTLS are used, no ZRTP, nothing readable")
def dtls(lab):
    other_keys(lab, "dtls", "dtls")


@case("media_encryption = dtls: the PBX repeats what a phone does not answer")
def dtls_repeated(lab):
    with lab.plain_phone("dtls", profile="UDP/TLS/RTP/SAVP") as phone:
        phone.call("echo", lab.sip_port, sdp="a=setup:passive\na=fingerprint:SHA-256 " + ":".join(32 * ["AB"]))
        # After a second, and after two more.
        wait.until("three ClientHellos", 8, lambda: sum(octets[0] == DTLS_HANDSHAKE for octets in phone.heard) >= 3)
        phone.hang_up()
    lab.pbx.idle()


def refused_keys(lab, name, encryption):
    """Media with other keys where ZRTP is required: none passes, and the log says why."""
    before = len(lab.pbx.log())
    # The phone sends nothing either, as it has no keys of the PBX.
    with record(lab, name, silent=True) as wire, lab.phone(name, record=True, encryption=encryption) as phone:
        phone.call("announce", lab.sip_port)
        logged(lab, r"SRTP keys from SDP or DTLS \(media_encryption of its endpoint\) refused", before)
        time.sleep(2)
        phone.say("terminate all")
        time.sleep(0.5)
    equal("RTP of the PBX", len(capture.media(wire.between(target=laboratory.rtp_port(name)), "rtp")), 0)


REFUSED = r"SRTP keys from SDP or DTLS|res_rtp_asterisk|res_pjsip_s|sdp_srtp"


@case("media_encryption = sdes with require = yes: no media passes", errors=REFUSED)
def strict_sdes(lab):
    refused_keys(lab, "strictsdes", "srtp")


@case("media_encryption = dtls with require = yes: no media passes", errors=REFUSED)
def strict_dtls(lab):
    refused_keys(lab, "strictdtls", "dtls")


@case("media_encryption = sdes, optimistic: a phone with ZRTP instead has ZRTP")
def either(lab):
    secure_call(lab, "either")


MUX = {"rtp": ["rtcp_mux=1"]}


@case("rtcp-mux: secure, and SRTCP shares the port")
def mux(lab):
    with record(lab, "mux") as wire:
        secure_call(lab, "mux", settings=MUX)
    port = laboratory.rtp_port("mux")
    reports = capture.media(wire.between(target=port), "rtcp")
    equal("RTCP of the PBX on the RTP port", len(reports) > 0, True)
    equal("RTCP of the PBX beside it", len(wire.between(target=port + 1)), 0)
    capture.check_srtcp([d for d in reports if d.time > capture.secure_since(
        wire.between(target=port) + wire.between(source=port)) + 0.1], "HS80")


@case("rtcp-mux on one leg of a pass-through: RTCP reaches the other leg's own port")
def mux_through(lab):
    mine, other = laboratory.rtp_port("muxthrough"), laboratory.rtp_port("through2")
    ways = (mine, other + 1), (other + 1, mine)
    with record(lab, "muxthrough") as wire, pair(lab, "muxthrough", "through2", settings=MUX) as (first, second):
        same_sas(first, second)
        passed_through(lab, "muxthrough", "through2")
        time.sleep(2)
        wait.until("reports of both", 20, lambda: all(
            capture.media([d for d in capture.read(wire.path) if d.target == target], "rtcp") for _, target in ways))
    heard_each_other(first, second)
    for source, target in ways:
        sent = {d.data for d in capture.media(wire.between(source=source), "rtcp")}
        got = [d.data for d in capture.media(wire.between(target=target), "rtcp")]
        equal(f"RTCP from {source} at {target}", bool(got) and set(got) <= sent, True)


def hide(way, lines):
    """Name a port to the PBX where no socket is, as a phone behind NAT does."""
    if way != "to PBX":
        return lines
    return [re.sub(r"^m=audio \d+ ", "m=audio 27998 ", line) for line in lines]


@case("NAT, rtp_symmetric = yes: the address in SDP is wrong, the call is secure")
def nat(lab):
    with lab.phone("nat", record=True) as phone, lab.proxy("nat", edit=hide):
        phone.call("record", laboratory.PROXY_PORT)
        calls.secure(lab, phone)
        calls.talk(2)
        phone.hang_up()
        lab.pbx.idle()
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-nat.wav"), PHONE_HZ, PBX_HZ)


@case("NAT, rtp_symmetric = yes, in a pass-through: one SAS, and they hear each other")
def nat_through(lab):
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, 1300, 5)
    with lab.phone("natthrough", record=True) as first, lab.proxy("natthrough", edit=hide), \
            lab.phone("through2", record=True, play=high) as second:
        second.expect_call()
        first.call("call-through2", laboratory.PROXY_PORT)
        same_sas(first, second)
        passed_through(lab, "natthrough", "through2")
        calls.talk(2)
        first.hang_up()
        second.wait_ended()
        lab.pbx.idle()
    heard_each_other(first, second)


def need_six(lab):
    if not lab.six:
        raise Skip("this machine has no IPv6 on its loopback")


@case("IPv6: secure, tones both ways")
def six(lab):
    need_six(lab)
    secure_call(lab, "six")


@case("IPv6 on one leg of a pass-through, IPv4 on the other")
def six_through(lab):
    need_six(lab)
    with pair(lab, "sixthrough", "through2") as (first, second):
        same_sas(first, second)
        passed_through(lab, "sixthrough", "through2")
        time.sleep(2)
    heard_each_other(first, second)


def ice_relay(lab, name):
    """A relay that speaks ICE for the phone. The PBX never offers its loopback address."""
    shown = subprocess.run(["ip", "-4", "-o", "addr", "show", "up"], capture_output=True, text=True, check=True).stdout
    if not re.search(r"inet (?!127\.)", shown):
        raise Skip("this machine has no address but the loopback one")
    ice = ice_end.IceEnd()
    ice.relay = lab.proxy(name, edit=ice.edit, media=ice.media)
    return ice


def negotiated(ice):
    """The PBX offered candidates, checked ours and accepted that it is chosen."""
    equal("candidates of the PBX", ice.candidates > 0, True)
    wait.until("the PBX accepts the pair", 3, lambda: ice.chosen)


@case("ICE: secure, tones both ways")
def ice_secure(lab):
    ice = ice_relay(lab, "ice")
    with lab.phone("ice", record=True) as phone, ice.relay:
        phone.call("record", laboratory.PROXY_PORT)
        calls.secure(lab, phone)
        calls.talk(2)
        negotiated(ice)
        phone.hang_up()
        lab.pbx.idle()
    tone.heard(phone.recording, PBX_HZ, PHONE_HZ)
    tone.heard(lab.pbx.file("sounds", "heard-ice.wav"), PHONE_HZ, PBX_HZ)


@case("ICE on one leg of a pass-through: one SAS, and they hear each other")
def ice_through(lab):
    ice = ice_relay(lab, "icethrough")
    high = lab.pbx.file("sounds", "high.wav")
    tone.make(high, 1300, 5)
    with lab.phone("icethrough", record=True) as first, ice.relay, \
            lab.phone("through2", record=True, play=high) as second:
        second.expect_call()
        first.call("call-through2", laboratory.PROXY_PORT)
        same_sas(first, second)
        passed_through(lab, "icethrough", "through2")
        calls.talk(2)
        negotiated(ice)
        first.hang_up()
        second.wait_ended()
        lab.pbx.idle()
    heard_each_other(first, second)


@case("direct media in a pass-through: the phones send to each other, with one SAS")
def past(lab):
    with record(lab, "past") as wire, pair(lab, "past1", "past2") as (first, second):
        same_sas(first, second)
        for name in ("past1", "past2"):
            wait.until(f"{name} is direct", 10, lambda n=name: lab.pbx.stream(n)["State"] == "direct")
        time.sleep(2)
        for name in ("past1", "past2"):
            equal("state", lab.pbx.stream(name)["State"], "direct")
    heard_each_other(first, second)
    one, two = laboratory.rtp_port("past1"), laboratory.rtp_port("past2")
    equal("RTP past the PBX", len(capture.media(wire.between(one, two), "rtp")) > 50, True)
    equal("and back", len(capture.media(wire.between(two, one), "rtp")) > 50, True)


BUNDLE = "a=mid:0\na=rtcp-mux\nm=video 26998 RTP/AVP 96\na=rtpmap:96 VP8/90000\na=mid:1\na=rtcp-mux"


@case("BUNDLE: no ZRTP for the bundled stream, and the log says so")
def bundle(lab):
    with lab.plain_phone("bundle", PHONE_HZ) as phone:
        phone.call("announce", lab.sip_port, sdp=BUNDLE, session="a=group:BUNDLE 0 1")
        wait.until("a Hello of the PBX", 3, lambda: phone.zrtp)
    logged(lab, r"PJSIP/bundle-\w+: no ZRTP for a stream: bundle of its endpoint")


FAX = ("m=image 26997 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:9600\n"
       "a=T38FaxRateManagement:transferredTCF\na=T38FaxUdpEC:t38UDPRedundancy")


@case("T.38 with require = yes: refused, and the log says so", errors="T.38|does not speak ZRTP")
def strict_fax(lab):
    with lab.plain_phone("strictfax", PHONE_HZ) as phone:
        phone.call("silent", lab.sip_port)
        time.sleep(0.5)
        equal("answer to T.38", phone.reinvite(FAX), "488")
    logged(lab, r"PJSIP/strictfax-\w+: T\.38 refused, it would carry the call past ZRTP")


@case("T.38 after an exchange that failed: refused, as no media passes", errors="T.38|zrtp-hash|ZRTP failed")
def failed_fax(lab):
    with lab.plain_phone("fax", PHONE_HZ) as phone:
        phone.call("silent", lab.sip_port, sdp="a=zrtp-hash:1.10 " + 64 * "0")
        hello = wait.until("a Hello of the PBX", 3, lambda: phone.zrtp)[0]
        phone.send(list(forge.strangers(hello))[2])
        logged(lab, r"PJSIP/fax-\w+: the ZRTP Hello that came does not match")
        wait.until("failure", 5, lambda: re.search(r"PJSIP/fax-\w+: ZRTP failed", lab.pbx.log()))
        equal("answer to T.38", phone.reinvite(FAX), "488")
    logged(lab, r"PJSIP/fax-\w+: T\.38 refused, it would carry the call past ZRTP")


@case("rtp_keepalive and digits to phones that are passed through: no error, no empty datagram; a leg of the PBX's own gets them")
def keepalive(lab):
    with record(lab, "kept") as wire, lab.zrtp_phone("kept1") as first, lab.zrtp_phone("kept2") as second, \
            asterisk.Events(lab.pbx) as events:
        second.expect_call()
        first.call("call-kept2", lab.sip_port)
        equal("SAS", first.secure(), second.secure())
        wait.until("pass-through", 5, lambda: lab.pbx.stream("kept1")["State"] == "passthrough")
        for digit in "15":
            said = events.ask("PlayDTMF", Channel=lab.pbx.stream("kept1")["Channel"], Digit=digit)
            equal("PlayDTMF", said["Response"], "Success")
        time.sleep(3.5)
        first.hang_up()
        second.wait_ended()
    capture.keepalives(wire)
    with lab.zrtp_phone("kept") as phone:
        phone.call("silent", lab.sip_port)
        phone.secure()
        before = int(lab.pbx.stream("kept")["Tx"])
        time.sleep(3.5)
        sent = int(lab.pbx.stream("kept")["Tx"]) - before
        equal(f"{sent} packets to a phone that hears nothing else", sent >= 2, True)
        phone.hang_up()
