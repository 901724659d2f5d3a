/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache has answered later, or time is over for that: the streams go on that have waited; see lookup.c.
 */
#include "internal.h"

#include "commit.h"
#include "dispatch.h"
#include "lookup.h"
#include "ready.h"
#include "run.h"
#include "sized.h"

/* The peer's Commit that was kept comes in now, as if the network had delayed it; or it is our turn. */
static void go_on(struct zrtp_stream *stream)
{
	struct zrtp_kept_commit *kept = zrtp_lookup_kept(stream);

	if (kept) {
		const struct zrtp_message message = { .type = ZRTP_MSG_COMMIT,
						      .octets = kept->commit.octets,
						      .len = kept->commit.len,
						      .ssrc = kept->ssrc,
						      .u.commit = zrtp_commit_view(&kept->commit) };

		stream->state = zrtp_dispatch(stream, &message);
	}
	zrtp_lookup_release(stream->session, kept);
	/* That may have been another host's, whose answer is not there: our own Commit does not wait for
	 * that. */
	if (stream->state == ZRTP_STATE_FOUND && !stream->session->policy.passive) {
		stream->state = zrtp_try_commit(stream);
	}
}

static struct zrtp_stream *find_answered(const struct zrtp_session *session)
{
	struct zrtp_stream *s = session->streams;

	while (s && !s->answered) {
		s = s->next;
	}
	return s;
}

/* Each step may run callbacks, which may destroy streams: so the list is read again after each. */
static void wake(struct zrtp_session *session, uint64_t now)
{
	struct zrtp_stream *stream;

	for (stream = session->streams; stream; stream = stream->next) {
		if (stream->awaits_cache) {
			stream->awaits_cache = false;
			stream->answered = true;
		}
	}
	while ((stream = find_answered(session))) {
		stream->answered = false;
		stream->now = now;
		go_on(stream);
		zrtp_stream_run(stream);
	}
	zrtp_lookup_over(session);
}

enum zrtp_status zrtp_session_cache_ready_sized(struct zrtp_session *session,
						const uint8_t peer_zid[ZRTP_ZID_SIZE],
						enum zrtp_cache_answer answer,
						const struct zrtp_retained *found, size_t found_size,
						uint64_t now)
{
	bool valid = answer == ZRTP_CACHE_FOUND ? found != NULL
						: answer == ZRTP_CACHE_UNKNOWN || answer == ZRTP_CACHE_AWAY;
	struct zrtp_retained own = { .has_rs1 = false };
	bool waited;

	if (!valid ||
	    (answer == ZRTP_CACHE_FOUND && !zrtp_sized_take(&own, sizeof(own), found, found_size))) {
		zrtp_wipe(&own, sizeof(own));
		return ZRTP_INVALID;
	}
	waited = zrtp_lookup_answer(session, peer_zid, answer, &own);
	zrtp_wipe(&own, sizeof(own));
	if (!waited) {
		return ZRTP_WRONG_STATE;
	}
	wake(session, now);
	return ZRTP_OK;
}

uint64_t zrtp_ready_due(const struct zrtp_stream *stream)
{
	return stream->awaits_cache ? zrtp_lookup_due(stream->session) : ZRTP_NEVER;
}

void zrtp_ready_expire(struct zrtp_stream *stream, uint64_t now)
{
	if (!zrtp_lookup_counts(stream->session)) { /* else a callback has called back */
		zrtp_lookup_expire(stream->session, now);
		wake(stream->session, now);
	}
}
