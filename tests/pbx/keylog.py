# SPDX-License-Identifier: GPL-2.0-only
"""A file of zrtpcall --keylog, and SRTP opened with it: by openssl's AES-CTR and Python's HMAC, not by libsrtp."""
import base64
import functools
import hashlib
import hmac
import re
import struct
import subprocess

LINE = re.compile(r"call=(\d+) medium=(audio|video) direction=(sent|received) ssrc=([0-9a-f]{8}) local=(\S+) remote=(\S+) "
                  r"((?:AES|AEAD)_\w+) inline:([A-Za-z0-9+/=]+)")
# Octets of key, of salt, of tag.
SIZES = {"AES_CM_128_HMAC_SHA1_80": (16, 14, 10), "AES_CM_128_HMAC_SHA1_32": (16, 14, 4),
         "AES_256_CM_HMAC_SHA1_80": (32, 14, 10), "AES_256_CM_HMAC_SHA1_32": (32, 14, 4),
         "AES_192_CM_HMAC_SHA1_80": (24, 14, 10), "AES_192_CM_HMAC_SHA1_32": (24, 14, 4),
         "AEAD_AES_128_GCM": (16, 12, 16), "AEAD_AES_256_GCM": (32, 12, 16)}


def read(path):
    """direction -> (SSRC, suite, master key and salt) of the one call in it."""
    with open(path) as file:
        lines = file.read().splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    if len(lines) != 2 or None in found:
        raise AssertionError(f"{path}: {lines}")
    return {f[3]: (int(f[4], 16), f[7], base64.b64decode(f[8])) for f in found}


def _ctr(key, counter, octets):
    """AES in counter mode by openssl."""
    return subprocess.run(["openssl", "enc", f"-aes-{8 * len(key)}-ctr", "-K", key.hex(), "-iv", counter.hex()],
                          input=octets, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


@functools.lru_cache(None)
def _derive(key, salt, label, size):
    """RFC 3711, 4.3.1, with a key derivation rate of 0."""
    x = bytearray(salt.ljust(14, b"\0"))
    x[7] ^= label
    return _ctr(key, bytes(x) + bytes(2), bytes(size))


def opened(suite, master, packet):
    """The payload of an SRTP packet of a stream that has not wrapped; its tag must be right (but that of GCM,
    which is not looked at)."""
    key_size, salt_size, tag = SIZES[suite]
    key, salt = master[:key_size], master[key_size:]
    if len(salt) != salt_size:
        raise AssertionError(f"{suite}: a salt of {len(salt)} octets")
    session, salt = _derive(key, salt, 0, key_size), _derive(key, salt, 2, salt_size)
    sequence, ssrc = struct.unpack(">H4xI", packet[2:12])
    if "GCM" in suite:
        nonce = bytes(a ^ b for a, b in zip(salt, struct.pack(">HIIH", 0, ssrc, 0, sequence)))
        return _ctr(session, nonce + b"\0\0\0\2", packet[12:-tag])
    right = hmac.digest(_derive(key, master[key_size:], 1, 20), packet[:-tag] + bytes(4), hashlib.sha1)[:tag]
    if right != packet[-tag:]:
        raise AssertionError("the tag of an SRTP packet is wrong")
    counter = bytes(a ^ b for a, b in zip(salt, struct.pack(">IIIH", 0, ssrc, 0, sequence)))
    return _ctr(session, counter + bytes(2), packet[12:-tag])
