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
enum { ZRTP_SRTP_TRAILER_MAX = 16 };

struct zrtp_srtp;

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

/* Verify and decrypt in place. ZRTP_DROPPED: the packet is a forgery or a
 * replay; ignore it. Otherwise as zrtp_srtp_protect(). */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_srtp_unprotect(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet,
							 size_t *len);

#ifdef __cplusplus
}
#endif

#endif
