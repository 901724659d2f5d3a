/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * srtp.h - SRTP and SRTCP for one stream keyed by ZRTP, on libsrtp2.
 *
 * Optional: an application with an SRTP stack of its own needs only zrtp.h.
 * Packets are protected in place. Not thread safe: one lock per object.
 * srtp_init() of libsrtp2 must have been called before.
 */
#ifndef ZRTP_SRTP_H
#define ZRTP_SRTP_H

#include <zrtp/zrtp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Octets that protection may add to a packet. */
enum { ZRTP_SRTP_TRAILER_MAX = 20 }; /* AES-GCM: a tag of 16 and the index of SRTCP */

struct zrtp_srtp;

/* Has this libsrtp2 AES-GCM, with keys of 128 and of 256 bits? One that was built
 * without a crypto library has not: then "GCM " must not be in a policy, since every call
 * that agrees on it would fail. Makes two sessions and destroys them. */
ZRTP_API bool zrtp_srtp_has_gcm(void);

/* Make an object without keys. NULL: no memory. */
ZRTP_API struct zrtp_srtp *zrtp_srtp_new(void);

/* Wipe the keys and destroy. NULL is ignored. */
ZRTP_API void zrtp_srtp_free(struct zrtp_srtp *srtp);

/* Install, or with keys NULL wipe, the keys of one direction. A receiving key
 * serves any SSRC of the peer. ZRTP_CRYPTO if libsrtp2 refuses. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_srtp_set_keys(struct zrtp_srtp *srtp, enum zrtp_direction direction,
							const struct zrtp_srtp_keys *keys);

/* Encrypt and authenticate in place.
 *   packet  an RTP (rtcp false) or RTCP (true) packet, 4-octet aligned
 *   len     its length, in and out
 *   size    room in packet, at least *len + ZRTP_SRTP_TRAILER_MAX
 * ZRTP_WRONG_STATE: no key. ZRTP_CRYPTO: refused (also a repeated sequence
 * number); the packet must not be sent. ZRTP_INVALID: no room, or too short
 * to be RTP. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_srtp_protect(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet,
						       size_t *len, size_t size);

/*
 * Keys of a late exchange (zrtp_stream_is_late()) wait beside clear media, in a call that was told to be
 * without ZRTP: a host that sees our packets and can send some in the peer's name could have made them. What
 * it cannot do is keep the peer's own media away. So the keys take over only after SRTP under them came for
 * ZRTP_LATE_RUN_US, ZRTP_LATE_RUN_PACKETS at least, and no clear RTP in that time. Hand in only what came
 * from where the peer's media comes from.
 */
enum { ZRTP_LATE_RUN_US = 2000000, ZRTP_LATE_RUN_PACKETS = 10, ZRTP_LATE_PAUSE_US = 1000000 };

/* Receiving keys that wait; they take the place of others. With keys NULL as zrtp_srtp_set_keys(), which also
 * ends the waiting. ZRTP_CRYPTO if libsrtp2 refuses. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_srtp_set_late_keys(struct zrtp_srtp *srtp,
							     const struct zrtp_srtp_keys *keys);

/* What a packet is that came while keys may wait. */
enum zrtp_srtp_late {
	ZRTP_LATE_CLEAR, /* clear media, or no keys wait: deliver it */
	ZRTP_LATE_WAITS, /* SRTP under them: do not deliver it */
	ZRTP_LATE_TAKEN, /* the same, and it was opened in place: deliver it. They have taken over: only
			  * zrtp_srtp_unprotect() counts now. Say so, zrtp_stream_srtp_authenticated() */
};

/* A packet that came in clear, or so it seems. After a pause of ZRTP_LATE_PAUSE_US in the SRTP it begins
 * again to count; what is no RTP (STUN, keep-alives) and RTCP count neither way.
 *
 *   packet  4-octet aligned; changed only if ZRTP_LATE_TAKEN
 *   len     its length, in and out
 *   now     microseconds of a clock that does not go back */
ZRTP_API ZRTP_CHECK enum zrtp_srtp_late zrtp_srtp_receive_late(struct zrtp_srtp *srtp, bool rtcp,
							       uint8_t *packet, size_t *len, uint64_t now);

/* Verify and decrypt in place. ZRTP_DROPPED: the packet is a forgery or a
 * replay; ignore it. With AES-GCM what stood behind its fixed header is gone then, so that
 * what was decrypted without being authentic is not looked at: a caller that wants to try other
 * keys does it on a copy. ZRTP_WRONG_STATE: no key, or one that waits (zrtp_srtp_set_late_keys()) or is
 * retired. Otherwise as zrtp_srtp_protect(). */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_srtp_unprotect(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet,
							 size_t *len);

/* What a packet is that came after GoClear. */
enum zrtp_srtp_former {
	ZRTP_FORMER_NONE,   /* clear media: deliver it */
	ZRTP_FORMER_OPENED, /* SRTP of before, opened in place: deliver that */
	ZRTP_FORMER_DROP,   /* clear, while SRTP of before may still come: do not deliver */
};

/*
 * After GoClear (4.7.2): wipe the sending key, and keep the receiving one for a
 * while, to know the peer's SRTP by it.
 *
 * A ClearACK has no MAC, and a peer that has not heard our GoClear goes on with
 * SRTP: without this that would be noise, and another host's clear media would
 * be taken beside it. So clear media counts once no SRTP has come for
 * ZRTP_FORMER_QUIET_US, and the key is wiped when there was nothing but clear
 * media for another ZRTP_FORMER_KEEP_US, or by zrtp_srtp_set_keys().
 *   now  microseconds of a clock that does not go back
 */
ZRTP_API void zrtp_srtp_retire(struct zrtp_srtp *srtp, uint64_t now);

enum { ZRTP_FORMER_QUIET_US = 1000000, ZRTP_FORMER_KEEP_US = 5000000 };

/* A packet that came in clear, or so it seems. Always ZRTP_FORMER_NONE when no
 * key is kept.
 *   packet  4-octet aligned; changed only if ZRTP_FORMER_OPENED
 *   len     its length, in and out */
ZRTP_API ZRTP_CHECK enum zrtp_srtp_former zrtp_srtp_receive_former(struct zrtp_srtp *srtp, bool rtcp,
								   uint8_t *packet, size_t *len,
								   uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
