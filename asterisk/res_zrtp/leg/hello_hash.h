/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8), the peer's, and what it is held to.
 */
#ifndef RES_ZRTP_HELLO_HASH_H
#define RES_ZRTP_HELLO_HASH_H

struct media;

/*! \brief Hold the stream to what the peer's signalling says. Serializer only. */
void hello_hash_apply(struct media *media);
/*! \brief The peer's Hello is not the one signalled. Serializer only. */
void hello_hash_mismatch(struct media *media);
/*! \brief Is it time to give up on such a peer? After each call of the ZRTP engine. Serializer only. */
void hello_hash_check(struct media *media);
/*! \brief No Hello but wrong ones came: \retval 1 when that is dealt with as a failure. Serializer only. */
int hello_hash_denied(struct media *media);

#endif
