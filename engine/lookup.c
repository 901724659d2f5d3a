/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that answers later (4.3, 4.9). An exchange that begins needs the retained secrets of its peer,
 * and must not begin without them because a disk is slow: a missing secret looks like a first call. So it
 * waits, for a time that is fixed here, and then goes on with what the cache has at hand, or as a call in
 * which the cache cannot be asked. One that answers others meanwhile may ask for more time, fixed as well.
 *
 * Meanwhile all else goes on: Hello, HelloACK, other streams. Our own Commit is not sent yet; the peer's is
 * kept, the first one of a stream, as long as its Hello is one of the two that are: so what follows, be it in
 * the peer's name, puts none off that an exchange would have begun with by now, were the cache quick. Hellos
 * and Commits prove nothing: so strangers can cause one question at a time, and no more than fifty a second.
 */
#include "internal.h"

#include "lookup.h"
#include "peerhello.h"
#include "system.h"

enum lookup_state {
	LOOKUP_OVER,     /* no exchange waits for an answer */
	LOOKUP_OPEN,     /* the cache was asked */
	LOOKUP_ANSWERED, /* and has answered just now, */
	LOOKUP_LATE,     /* or has not, and time is over */
};

struct zrtp_lookup {
	enum lookup_state state;
	uint8_t peer_zid[ZRTP_ZID_SIZE];
	uint64_t asked_at;
	unsigned more; /* how often the cache may still ask for more time */
	enum zrtp_cache_answer answer;
	struct zrtp_retained found;
	struct zrtp_kept_commit *kept;
};

struct zrtp_cache_key zrtp_lookup_key(struct zrtp_session *session, const uint8_t *peer_zid)
{
	return (struct zrtp_cache_key){ .own_zid = session->context->zid,
					.peer_zid = peer_zid,
					.label = session->label ? session->label : "",
					.session = session,
					.retained_size = sizeof(struct zrtp_retained) };
}

/* What the cache says at once. */
static enum zrtp_cache_answer get(const struct zrtp_stream *stream, const uint8_t *peer_zid, bool at_once,
				  struct zrtp_retained *out)
{
	const struct zrtp_cache *cache = &stream->session->context->cache;
	struct zrtp_cache_key key = zrtp_lookup_key(stream->session, peer_zid);
	int answer;

	key.stream_arg = stream->arg;
	key.at_once = at_once;
	answer = cache->get(&key, out, cache->arg);
	if (answer != ZRTP_CACHE_FOUND) {
		zrtp_wipe(out, sizeof(*out));
	}
	/* That it knows nothing counts for an answer only when it was asked in time. */
	if (answer == ZRTP_CACHE_FOUND) {
		return ZRTP_CACHE_FOUND;
	}
	if (answer == ZRTP_CACHE_PENDING) {
		return ZRTP_CACHE_PENDING;
	}
	return at_once || answer == ZRTP_CACHE_AWAY ? ZRTP_CACHE_AWAY : ZRTP_CACHE_UNKNOWN;
}

/* Time is over. A cache that is busy, and about to answer, gets some more. */
static enum zrtp_cache_answer ask_late(const struct zrtp_stream *stream, const uint8_t *peer_zid,
				       struct zrtp_retained *out)
{
	struct zrtp_lookup *lookup = stream->session->lookup;
	enum zrtp_cache_answer answer = get(stream, peer_zid, true, out);

	if (answer != ZRTP_CACHE_PENDING || !lookup->more) {
		return answer == ZRTP_CACHE_FOUND ? answer : ZRTP_CACHE_AWAY;
	}
	lookup->more--;
	lookup->state = LOOKUP_OPEN;
	lookup->asked_at = stream->now;
	return ZRTP_CACHE_PENDING;
}

static enum zrtp_cache_answer ask(const struct zrtp_stream *stream, const uint8_t *peer_zid,
				  struct zrtp_retained *out)
{
	struct zrtp_session *session = stream->session;
	enum zrtp_cache_answer answer = get(stream, peer_zid, false, out);

	if (answer != ZRTP_CACHE_PENDING) {
		return answer;
	}
	if (!session->lookup) {
		session->lookup = zrtp_alloc(session->context, sizeof(*session->lookup));
		if (session->lookup) {
			session->lookup->more = ZRTP_LOOKUP_MORE; /* for all questions, a stranger's too */
		}
	}
	if (!session->lookup) {
		answer = get(stream, peer_zid, true, out); /* nothing to note the answer in */
		return answer == ZRTP_CACHE_FOUND ? answer : ZRTP_CACHE_AWAY;
	}
	session->lookup->state = LOOKUP_OPEN;
	session->lookup->asked_at = stream->now;
	memcpy(session->lookup->peer_zid, peer_zid, ZRTP_ZID_SIZE);
	return ZRTP_CACHE_PENDING;
}

/* Does a stream wait for it still? */
static bool is_awaited(const struct zrtp_session *session)
{
	for (const struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (s->awaits_cache) {
			return true;
		}
	}
	return false;
}

/* Those who waited for it are gone, and so is its time. */
static bool is_forgotten(const struct zrtp_session *session, uint64_t now)
{
	return now >= zrtp_lookup_due(session) && !is_awaited(session);
}

enum zrtp_cache_answer zrtp_lookup(const struct zrtp_stream *stream, const uint8_t peer_zid[ZRTP_ZID_SIZE],
				   struct zrtp_retained *out)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_lookup *lookup = session->lookup;
	enum lookup_state state = lookup ? lookup->state : LOOKUP_OVER;

	if (zrtp_lookup_counts(session) && !memcmp(lookup->peer_zid, peer_zid, ZRTP_ZID_SIZE)) {
		*out = lookup->found;
		return state == LOOKUP_LATE ? ask_late(stream, peer_zid, out) : lookup->answer;
	}
	/* Whosever the question is, there is one at a time. */
	if (lookup && !(state == LOOKUP_OVER ? stream->now >= zrtp_lookup_due(session)
					     : state == LOOKUP_OPEN && is_forgotten(session, stream->now))) {
		return ZRTP_CACHE_PENDING;
	}
	return ask(stream, peer_zid, out);
}

bool zrtp_lookup_counts(const struct zrtp_session *session)
{
	return session->lookup &&
	       (session->lookup->state == LOOKUP_ANSWERED || session->lookup->state == LOOKUP_LATE);
}

bool zrtp_lookup_answer(struct zrtp_session *session, const uint8_t peer_zid[ZRTP_ZID_SIZE],
			enum zrtp_cache_answer answer, const struct zrtp_retained *found)
{
	struct zrtp_lookup *lookup = session->lookup;

	if (!lookup || lookup->state != LOOKUP_OPEN || memcmp(lookup->peer_zid, peer_zid, ZRTP_ZID_SIZE)) {
		return false;
	}
	lookup->state = LOOKUP_ANSWERED;
	lookup->answer = answer;
	if (answer == ZRTP_CACHE_FOUND) {
		lookup->found = *found;
	}
	return true;
}

void zrtp_lookup_expire(struct zrtp_session *session, uint64_t now)
{
	struct zrtp_lookup *lookup = session->lookup;

	if (lookup && lookup->state == LOOKUP_OPEN && now >= lookup->asked_at + ZRTP_LOOKUP_WAIT) {
		lookup->state = LOOKUP_LATE;
	}
}

void zrtp_lookup_over(struct zrtp_session *session)
{
	if (zrtp_lookup_counts(session)) {
		session->lookup->state = LOOKUP_OVER;
		zrtp_wipe(&session->lookup->found, sizeof(session->lookup->found));
	}
}

uint64_t zrtp_lookup_due(const struct zrtp_session *session)
{
	const struct zrtp_lookup *lookup = session->lookup;

	if (!lookup) {
		return ZRTP_NEVER;
	}
	return lookup->asked_at +
	       (lookup->state == LOOKUP_OPEN ? (uint64_t)ZRTP_LOOKUP_WAIT : (uint64_t)ZRTP_LOOKUP_PAUSE);
}

void zrtp_lookup_release(struct zrtp_session *session, struct zrtp_kept_commit *kept)
{
	if (kept) {
		zrtp_release(session->context, kept, sizeof(*kept));
	}
}

void zrtp_lookup_drop(struct zrtp_session *session)
{
	for (struct zrtp_stream *s = session->streams; s; s = s->next) {
		zrtp_lookup_release(session, zrtp_lookup_kept(s));
		s->awaits_cache = false;
	}
	zrtp_release(session->context, session->lookup, sizeof(*session->lookup));
	session->lookup = NULL;
}

/* Where the stream's is, or the end of the list. */
static struct zrtp_kept_commit **place_of(const struct zrtp_stream *stream)
{
	struct zrtp_kept_commit **at = &stream->session->lookup->kept;

	while (*at && (*at)->stream != stream) {
		at = &(*at)->next;
	}
	return at;
}

bool zrtp_lookup_holds(const struct zrtp_stream *stream, const struct zrtp_stored_hello *hello)
{
	const struct zrtp_kept_commit *kept = stream->session->lookup ? *place_of(stream) : NULL;
	struct zrtp_commit commit;

	if (!kept) {
		return false;
	}
	commit = zrtp_commit_view(&kept->commit);
	return zrtp_is_commit_of(stream, hello, &commit);
}

void zrtp_lookup_keep(struct zrtp_stream *stream, const struct zrtp_message *commit)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_kept_commit *kept;

	if (!session->lookup) {
		return;
	}
	if (zrtp_lookup_holds(stream, &stream->peer_hello) ||
	    (zrtp_has_other_hello(stream) && zrtp_lookup_holds(stream, stream->other_hello.stored))) {
		return;
	}
	zrtp_lookup_release(session, zrtp_lookup_kept(stream));
	kept = zrtp_alloc(session->context, sizeof(*kept));
	if (!kept) {
		return;
	}
	kept->stream = stream;
	kept->ssrc = commit->ssrc;
	zrtp_commit_store(&kept->commit, commit);
	kept->next = session->lookup->kept;
	session->lookup->kept = kept;
}

struct zrtp_kept_commit *zrtp_lookup_kept(struct zrtp_stream *stream)
{
	struct zrtp_kept_commit **at, *kept;

	if (!stream->session->lookup) {
		return NULL;
	}
	at = place_of(stream);
	kept = *at;
	if (kept) {
		*at = kept->next;
	}
	return kept;
}
