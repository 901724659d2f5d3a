/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8): what the signalling is told of ours, and how the peer announced that it speaks ZRTP.
 */
#ifndef RES_ZRTP_HELLO_HASH_TOLD_H
#define RES_ZRTP_HELLO_HASH_TOLD_H

#include <zrtp/zrtp.h>

#include "common/signalling.h"

struct ast_rtp_instance;
struct media;
struct media_report;

/*! \brief A session description is being applied. \pre instance is locked */
void hello_hash_activated(struct media *media, struct ast_rtp_instance *instance);
/*! \brief The stream's Hello is there. Serializer only. */
void hello_hash_made(struct media *media);
/*!
 * \brief The Hello to expect on this stream is another one than before. No
 * lock may be held. \retval 1 when the peer was told of the former and is being told
 */
int hello_hash_renewed(struct media *media);
/*! \brief How we know that the peer speaks ZRTP: none, signalled, hello, both. */
const char *hello_hash_peer_text(const struct media_report *report);
/*! \brief What the signalling has for calls of this instance with a reference, or NULL. */
struct zrtp_signalling_listener *hello_hash_listener(struct media *media);

#endif
