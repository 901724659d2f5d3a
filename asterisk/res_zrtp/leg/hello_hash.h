/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8), ours and the peer's.
 */
#ifndef RES_ZRTP_HELLO_HASH_H
#define RES_ZRTP_HELLO_HASH_H

#include <zrtp/zrtp.h>

#include "common/signalling.h"

struct ast_rtp_instance;
struct media;
struct media_report;
struct zrtp_signalling_listener;

/*! \brief A session description is being applied. \pre instance is locked */
void hello_hash_activated(struct media *media, struct ast_rtp_instance *instance);
/*! \brief The stream's Hello is there. Serializer only. */
void hello_hash_made(struct media *media);
/*! \brief Hold the stream to what the peer's signalling says. Serializer only. */
void hello_hash_apply(struct media *media);
/*!
 * \brief The Hello to expect on this stream is another one than before. No
 * lock may be held. \retval 1 when the peer was told of the former and is being told
 */
int hello_hash_renewed(struct media *media);
/*! \brief The peer's Hello is not the one signalled. Serializer only. */
void hello_hash_mismatch(struct media *media);
/*! \brief Is it time to give up on such a peer? After each call of the ZRTP engine. Serializer only. */
void hello_hash_check(struct media *media);
/*! \brief No Hello but wrong ones came: \retval 1 when that is dealt with as a failure. Serializer only. */
int hello_hash_denied(struct media *media);
/*! \brief none, matched or mismatch. */
const char *hello_hash_status_text(enum zrtp_hash_status status);
/*! \brief How we know that the peer speaks ZRTP: none, signalled, hello, both. */
const char *hello_hash_peer_text(const struct media_report *report);

/*! \brief What the signalling has for calls of this instance with a reference, or NULL. */
struct zrtp_signalling_listener *hello_hash_listener(struct media *media);

#endif
