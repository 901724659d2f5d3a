/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_SECRETS_H
#define ZRTP_SECRETS_H

#include "internal.h"

/* What the cache has of the peer; found counts with ZRTP_CACHE_FOUND only. */
void zrtp_secrets_take(struct zrtp_session *session, enum zrtp_cache_answer answer,
		       const struct zrtp_retained *found);
/* Our IDs for DHPart1 or DHPart2 (4.3.1); 0 or -1. */
ZRTP_CHECK int zrtp_secret_ids(struct zrtp_stream *stream, const struct zrtp_hash *hash, enum zrtp_role role,
			       uint8_t out[4 * ZRTP_ID_SIZE]);
/* Find s1, s2, s3 by the IDs the peer sent; 0 or -1. */
ZRTP_CHECK int zrtp_secrets_match(struct zrtp_stream *stream, const uint8_t peer_ids[4 * ZRTP_ID_SIZE]);
/* Preshared mode: may we propose it, the key we propose, the key that a keyID
 * names (1 found, 0 not, -1 failure) (4.4.2). */
bool zrtp_preshared_possible(const struct zrtp_stream *stream);
ZRTP_CHECK int zrtp_preshared_propose(struct zrtp_stream *stream, uint8_t key_id[ZRTP_ID_SIZE]);
ZRTP_CHECK int zrtp_preshared_find(struct zrtp_stream *stream, const uint8_t key_id[ZRTP_ID_SIZE]);
void zrtp_secrets_update(struct zrtp_session *session);
/* Has this call an auxsecret, of the application's or of the cache? */
bool zrtp_secrets_given_aux(const struct zrtp_session *session); /* by the host, for this call */
bool zrtp_secrets_has_aux(const struct zrtp_session *session);
/* V of the secret that matched; false after a mismatch, whose V says nothing. */
bool zrtp_secrets_verified(const struct zrtp_session *session);
/* Hand the retained secrets to the cache. changed: of enum zrtp_change. */
void zrtp_secrets_put(struct zrtp_session *session, unsigned changed);

#endif
