# SPDX-License-Identifier: GPL-2.0-only
"""What the cases have in common: making a call secure and comparing both sides."""
import time

from harness import equal

# What linphonec calls the algorithms in its log.
NAMES = {"AES1": "AES-128", "AES3": "AES-256", "DH3k": "DHM-3072", "X255": "ECDH-255",
         "S256": "SHA-256", "S384": "SHA-384", "HS80": "HMAC-SHA1-80", "GCM": "GCM", "HS32": "HMAC-SHA1-32",
         "B32": "Base32", "B256": "PGP-WordList"}


def start(lab, phone, way, extension="announce"):
    """Set up a call. way: "phone calls" or "PBX calls"."""
    if way == "phone calls":
        phone.call(extension, lab.sip_port)
    else:
        phone.expect_call()
        lab.call_phone(phone.name, extension)


def secure(lab, phone, seconds=10):
    """Wait until both sides are secure, check that they agree, return the PBX's stream."""
    sas = phone.secure(seconds)
    stream = lab.pbx.secure(phone.name, 5)
    equal("SAS at the PBX", stream["SAS"].lower(), sas.lower())
    ours = (f"Cipher: {NAMES[stream['Cipher']]} - KeyAgreement: {NAMES[stream['Kex']]} - "
            f"Hash: {NAMES[stream['Hash']]} - AuthTag: {NAMES[stream['Tag']]} - "
            f"Sas Rendering: {NAMES[stream['SASType']]}")
    equal("algorithms at the phone", phone.algorithms(), ours)
    return stream


def end(lab, phone, way):
    """End a call; the side that called hangs up."""
    if way == "phone calls":
        phone.hang_up()
    else:
        lab.pbx.cli("channel request hangup all")
        phone.wait_ended()
    lab.pbx.idle()


def talk(seconds=1.2):
    """Let them speak and listen for a while."""
    time.sleep(seconds)
