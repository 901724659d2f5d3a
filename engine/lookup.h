/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cache has of a peer, which it may tell later: one question at a time in a session. */
#ifndef ZRTP_LOOKUP_H
#define ZRTP_LOOKUP_H

#include "internal.h"

enum {
	ZRTP_LOOKUP_WAIT = 1500000, /* us: so long an exchange waits for the answer */
	ZRTP_LOOKUP_MORE = 3,       /* times that a busy cache may ask for as much again */
	ZRTP_LOOKUP_PAUSE = 20000,  /* us: between two questions. Strangers cause most of what comes faster */
};

/* The session as the cache has it. */
struct zrtp_cache_key zrtp_lookup_key(struct zrtp_session *session, const uint8_t *peer_zid);
/* What the cache has of this peer, for an exchange of the stream.
 *   out   is all zero, and the secrets if ZRTP_CACHE_FOUND is returned
 * ZRTP_CACHE_PENDING: it cannot begin yet; ask again when zrtp_lookup_due() has come or the answer is there.
 */
enum zrtp_cache_answer zrtp_lookup(const struct zrtp_stream *stream, const uint8_t peer_zid[ZRTP_ZID_SIZE],
				   struct zrtp_retained *out);
/* The answer has come; it counts until zrtp_lookup_over(). False: no question of this peer is open. */
bool zrtp_lookup_answer(struct zrtp_session *session, const uint8_t peer_zid[ZRTP_ZID_SIZE],
			enum zrtp_cache_answer answer, const struct zrtp_retained *found);
/* Time is over for a question that has no answer; that counts until zrtp_lookup_over(). */
void zrtp_lookup_expire(struct zrtp_session *session, uint64_t now);
/* Is there one that counts, be it that time is over? Then those who wait are going on just now. */
bool zrtp_lookup_counts(const struct zrtp_session *session);
/* All who waited for it have had it. */
void zrtp_lookup_over(struct zrtp_session *session);
/* When those who wait can go on, with an answer or without; ZRTP_NEVER. */
uint64_t zrtp_lookup_due(const struct zrtp_session *session);
/* The session has its key, or ends: nothing waits any more. */
void zrtp_lookup_drop(struct zrtp_session *session);

/* A Commit that cannot be answered yet: the first one of a stream is kept, as long as its Hello is. Without
 * memory, or if nothing waits, it is as if it had not come: the peer repeats it. */
void zrtp_lookup_keep(struct zrtp_stream *stream, const struct zrtp_message *commit);
/* Is one kept that is of this Hello? */
bool zrtp_lookup_holds(const struct zrtp_stream *stream, const struct zrtp_stored_hello *hello);
/* Take it out, or NULL: there is none. For zrtp_lookup_release(). */
struct zrtp_kept_commit *zrtp_lookup_kept(struct zrtp_stream *stream);
void zrtp_lookup_release(struct zrtp_session *session, struct zrtp_kept_commit *kept);

struct zrtp_kept_commit {
	struct zrtp_kept_commit *next;
	const struct zrtp_stream *stream; /* never followed */
	uint32_t ssrc;
	struct zrtp_stored_commit commit;
};

#endif
