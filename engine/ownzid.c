/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer with our own ZID (5.9, 0x90): another node of the same cluster, a clone
 * of this machine, a restored backup. Both sides cannot go on so, since the ZIDs
 * tell them apart. Each draws a ZID for this one call and says Hello again.
 *
 * The former Hello goes on being sent before the new one until the peer has said
 * one that we can use: from it the peer learns that its ZID is ours. The new one
 * has the same hash chain, so that it belongs to the Hello that the signalling
 * named: its MAC is checked when H2 is revealed (8.1.1).
 *
 * No secrets are retained from such a call. The nodes of a cluster have one
 * store, where a secret under the ZID of one would be taken for that of all.
 *
 * Nothing here can end a call or change one that has begun: a Hello of our own
 * that comes back is ignored, and a Hello that any host may have made counts
 * only where no other one comes for a while.
 */
#include "internal.h"

#include "effects.h"
#include "failure.h"
#include "hello.h"
#include "ownzid.h"
#include "peerhello.h"
#include "system.h"
#include "timers.h"

/* A peer with a ZID of its own has said Hello by then. */
enum { ALONE_US = 500000 };

static bool has_zid(const struct zrtp_hello *hello, const uint8_t zid[ZRTP_ZID_SIZE])
{
	return !memcmp(hello->zid, zid, ZRTP_ZID_SIZE);
}

bool zrtp_is_own_zid(const struct zrtp_session *session, const struct zrtp_hello *hello)
{
	return has_zid(hello, session->context->zid) || has_zid(hello, session->zid);
}

/* Every Hello of this session has the H3 of one of its streams. */
static bool came_back(const struct zrtp_session *session, const struct zrtp_hello *hello)
{
	for (const struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (!memcmp(hello->h3, s->h[3], ZRTP_IMAGE_SIZE)) {
			return true;
		}
	}
	return false;
}

bool zrtp_is_echo(const struct zrtp_stream *stream, const struct zrtp_hello *hello)
{
	return came_back(stream->session, hello) ||
	       (stream->equal_zid && !memcmp(hello->h3, stream->equal_h3, ZRTP_IMAGE_SIZE));
}

static void say_anew(struct zrtp_stream *stream)
{
	if (zrtp_make_hello(stream)) {
		zrtp_stream_shut(stream); /* nothing can be said any more: fails closed */
		return;
	}
	stream->hello_acked = false;
	if (stream->state == ZRTP_STATE_DISCOVERY || stream->state == ZRTP_STATE_NO_ZRTP) {
		stream->state = ZRTP_STATE_DISCOVERY;
		zrtp_timer_t1(stream);
		zrtp_timer_t1_extend(stream);
	}
}

/* Before anything was agreed on, and before any stream knows a peer: that one has
 * our Hello as it is. */
static bool may_change(const struct zrtp_session *session)
{
	for (const struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (s->peer_hello.len) {
			return false;
		}
	}
	return !session->own_zid && !session->has_peer && !session->keyed && !session->agreeing;
}

/* Does the signalling vouch for it, or has no other peer come? A peer with our ZID
 * does not acknowledge our Hello. */
static bool believed(const struct zrtp_stream *stream)
{
	return stream->hash_status == ZRTP_HASH_MATCHED ||
	       (!stream->hello_acked && stream->now - stream->equal_since >= ALONE_US);
}

static void change_zid(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	uint8_t zid[ZRTP_ZID_SIZE];

	if (!may_change(session) || zrtp_draw(session->context, zid, sizeof(zid), ZRTP_RANDOM_ZID)) {
		return;
	}
	memcpy(session->zid, zid, sizeof(session->zid));
	session->own_zid = true;
	session->policy.cache_expiry = 0; /* nothing is retained, and the peer is told so (4.9) */
	for (struct zrtp_stream *s = session->streams; s; s = s->next) {
		say_anew(s);
	}
	zrtp_tell(stream, ZRTP_EVENT_EQUAL_ZID);
	stream->effects |= ZRTP_EFFECT_ADVANCE; /* what the other streams have to send */
}

void zrtp_own_zid_known(struct zrtp_stream *stream, const struct zrtp_hello *hello)
{
	/* A peer that acknowledges our Hello has a ZID of its own. */
	if (stream->equal_zid && !stream->hello_acked &&
	    !memcmp(hello->h3, stream->equal_h3, ZRTP_IMAGE_SIZE)) {
		change_zid(stream);
	}
}

/* The same where the former Hello comes after the new one. */
static void was_equal(struct zrtp_stream *stream, const struct zrtp_hello *hello)
{
	uint16_t len = stream->peer_hello.len;

	if (stream->hello_acked || memcmp(zrtp_peer_hello(stream).h3, hello->h3, ZRTP_IMAGE_SIZE)) {
		return;
	}
	stream->peer_hello.len = 0; /* nothing was agreed on with it */
	change_zid(stream);
	if (stream->state != ZRTP_STATE_STOPPED) {
		stream->peer_hello.len = len;
	}
}

enum zrtp_state zrtp_on_own_zid(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_hello *hello = &message->u.hello;

	(void)zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	if (came_back(stream->session, hello)) {
		return stream->state;
	}
	if (stream->peer_hello.len) {
		was_equal(stream, hello);
		return stream->state;
	}
	if (!stream->equal_zid) {
		stream->equal_zid = true;
		stream->equal_since = stream->now;
	}
	memcpy(stream->equal_h3, hello->h3, sizeof(stream->equal_h3));
	if (believed(stream)) {
		change_zid(stream);
	}
	return stream->state;
}

bool zrtp_is_renamed(const struct zrtp_stream *stream, const struct zrtp_hello *hello)
{
	return stream->equal_zid && stream->hash_status == ZRTP_HASH_MATCHED &&
	       !has_zid(hello, stream->session->context->zid) &&
	       !memcmp(hello->h3, stream->equal_h3, ZRTP_IMAGE_SIZE);
}

bool zrtp_says_both(const struct zrtp_stream *stream)
{
	return stream->session->own_zid && !stream->peer_hello.len && !stream->born_renamed;
}
