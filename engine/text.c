/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and sentences for people. */
#include "internal.h"

#include "effects.h"

const char *zrtp_status_text(enum zrtp_status status)
{
	switch (status) {
	case ZRTP_OK:
		return "success";
	case ZRTP_NO_MEMORY:
		return "out of memory";
	case ZRTP_INVALID:
		return "an argument is out of its range";
	case ZRTP_WRONG_STATE:
		return "not possible in the present state";
	case ZRTP_CRYPTO:
		return "the cryptographic library or the random source failed";
	case ZRTP_DROPPED:
		return "the packet was ignored";
	}
	return "unknown status";
}

const char *zrtp_error_text(uint32_t code)
{
	switch (code) {
	case ZRTP_ERROR_MALFORMED:
		return "malformed packet: the CRC is right but the structure is not";
	case ZRTP_ERROR_SOFTWARE:
		return "critical software error";
	case ZRTP_ERROR_VERSION:
		return "unsupported ZRTP version";
	case ZRTP_ERROR_HELLO_MISMATCH:
		return "the Hello messages have no components in common";
	case ZRTP_ERROR_HASH:
		return "hash type not supported";
	case ZRTP_ERROR_CIPHER:
		return "cipher type not supported";
	case ZRTP_ERROR_KEX:
		return "key agreement type not supported";
	case ZRTP_ERROR_TAG:
		return "SRTP authentication tag type not supported";
	case ZRTP_ERROR_SAS:
		return "SAS rendering type not supported";
	case ZRTP_ERROR_NO_SECRET:
		return "no shared secret available, a Diffie-Hellman exchange is required";
	case ZRTP_ERROR_BAD_PV:
		return "bad public value, an attack is likely";
	case ZRTP_ERROR_BAD_HVI:
		return "the hash commitment does not match, an attack is likely";
	case ZRTP_ERROR_SAS_RELAY:
		return "relayed SAS from an untrusted man in the middle";
	case ZRTP_ERROR_BAD_CONFIRM:
		return "authentication of a Confirm message failed";
	case ZRTP_ERROR_NONCE:
		return "nonce used before";
	case ZRTP_ERROR_EQUAL_ZID:
		return "both sides have the same ZID";
	case ZRTP_ERROR_EQUAL_SSRC:
		return "both sides have the same SSRC";
	case ZRTP_ERROR_UNAVAILABLE:
		return "service unavailable";
	case ZRTP_ERROR_TIMEOUT:
		return "the other side stopped answering";
	case ZRTP_ERROR_GOCLEAR:
		return "GoClear received but not allowed";
	default:
		return "unknown error";
	}
}

const char *zrtp_event_text(enum zrtp_event event)
{
	switch (event) {
	case ZRTP_EVENT_PEER_FOUND:
		return "peer speaks ZRTP";
	case ZRTP_EVENT_HOLD_MEDIA:
		return "clear media held back";
	case ZRTP_EVENT_CACHE_MISMATCH:
		return "retained secret mismatch, compare the SAS";
	case ZRTP_EVENT_AUX_MISMATCH:
		return "auxiliary secret mismatch";
	case ZRTP_EVENT_HELLO_HASH_MISMATCH:
		return "Hello differs from the signalled zrtp-hash";
	case ZRTP_EVENT_MAC_ALARM:
		return "an earlier message was forged";
	case ZRTP_EVENT_PEER_CHANGED:
		return "Hello of another peer in a secure stream";
	case ZRTP_EVENT_ENROLLMENT:
		return "the PBX offers enrollment";
	case ZRTP_EVENT_SAS_RELAYED:
		return "another SAS to show, relayed by the PBX";
	case ZRTP_EVENT_SAS_RELAY_REFUSED:
		return "relayed SAS of an untrusted PBX refused";
	case ZRTP_EVENT_RELAY_DONE:
		return "relayed SAS acknowledged";
	case ZRTP_EVENT_RELAY_FAILED:
		return "relayed SAS not acknowledged";
	case ZRTP_EVENT_CLEAR_REFUSED:
		return "GoClear refused, the stream stays secure";
	case ZRTP_EVENT_CLEAR_UNANSWERED:
		return "GoClear not acknowledged, the stream stays secure";
	case ZRTP_EVENT_PONG:
		return "Ping answered";
	case ZRTP_EVENT_NEW_LABEL:
		return "known peer without secret of ours under this new label";
	case ZRTP_EVENT_LATE_KEYS:
		return "a late exchange is complete, its keys wait for the peer's SRTP";
	case ZRTP_EVENT_LATE_FAILED:
		return "a late exchange was completed, but no media came under its keys";
	case ZRTP_EVENT_PBX_ALTERNATE:
		return "the peer has the pbxsecret of another enrollment";
	case ZRTP_EVENT_EQUAL_ZID:
		return "the peer has our ZID, so this call has one of its own";
	case ZRTP_EVENT_COUNT:
		break;
	}
	return "unknown event";
}

const char *zrtp_state_text(enum zrtp_state state)
{
	static const char *const names[ZRTP_STATE_COUNT] = {
		[ZRTP_STATE_IDLE] = "idle",
		[ZRTP_STATE_DISCOVERY] = "discovery",
		[ZRTP_STATE_FOUND] = "found",
		[ZRTP_STATE_COMMIT_SENT] = "commit-sent",
		[ZRTP_STATE_DHPART1_SENT] = "dhpart1-sent",
		[ZRTP_STATE_DHPART2_SENT] = "dhpart2-sent",
		[ZRTP_STATE_CONFIRM1_SENT] = "confirm1-sent",
		[ZRTP_STATE_CONFIRM2_SENT] = "confirm2-sent",
		[ZRTP_STATE_SECURE] = "secure",
		[ZRTP_STATE_GOCLEAR_SENT] = "goclear-sent",
		[ZRTP_STATE_CLEAR] = "clear",
		[ZRTP_STATE_NO_ZRTP] = "no-zrtp",
		[ZRTP_STATE_ERROR_SENT] = "error-sent",
		[ZRTP_STATE_ERROR] = "error",
		[ZRTP_STATE_STOPPED] = "stopped",
	};

	return (unsigned)state < ZRTP_STATE_COUNT ? names[state] : "unknown";
}

const char *zrtp_drop_text(enum zrtp_drop reason)
{
	static const char *const names[ZRTP_DROP_COUNT] = {
		[ZRTP_DROP_NOT_ZRTP] = "not ZRTP",
		[ZRTP_DROP_CRC] = "wrong CRC",
		[ZRTP_DROP_LENGTH] = "wrong length",
		[ZRTP_DROP_UNKNOWN] = "unknown message type",
		[ZRTP_DROP_MALFORMED] = "malformed",
		[ZRTP_DROP_SSRC] = "other SSRC",
		[ZRTP_DROP_UNEXPECTED] = "unexpected in this state",
		[ZRTP_DROP_HASH_CHAIN] = "not of this peer",
		[ZRTP_DROP_HELLO_HASH] = "Hello not the one signalled",
		[ZRTP_DROP_CONTENTION] = "lost Commit",
		[ZRTP_DROP_BUDGET] = "too many key agreements asked for",
	};

	return (unsigned)reason < ZRTP_DROP_COUNT ? names[reason] : "unknown";
}
