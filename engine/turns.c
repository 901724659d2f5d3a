/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several exchanges of one session at once.
 *
 * Two endpoints run one exchange for a shared secret at a time (4.4.1). But a
 * Hello and a Commit prove nothing, and may be a stranger's: they must neither
 * keep the peer's own exchange on another stream waiting nor say who the peer
 * is (view.c). The one that is completed first binds the session. Which one that is
 * must be the same on both sides: contention.c.
 */
#include "internal.h"

#include "exchange.h"
#include "failure.h"
#include "peerhello.h"
#include "timers.h"
#include "turns.h"
#include "view.h"

enum {
	TURN = 4000000, /* us: so long others wait for the exchange of one stream, */
	TURNS_MAX = 1,  /* and so often, since a stranger may be who has it */
	PAUSE = 1500000 /* us: so long our Commit rests that lost on another stream */
};

struct zrtp_stream *zrtp_turn_holder(const struct zrtp_stream *stream)
{
	struct zrtp_stream *other = stream->session->agreeing;

	return other && other != stream && stream->now < other->turn_until ? other : NULL;
}

void zrtp_turn_begin(struct zrtp_stream *stream)
{
	/* Beside one that runs: a Commit come late, or a stranger's, or the peer's
	 * beside a stranger's. */
	if (zrtp_turn_holder(stream)) {
		return;
	}
	/* Nor does another Commit on the same stream make its turn longer. */
	if (stream->session->agreeing == stream && stream->now < stream->turn_until) {
		return;
	}
	stream->session->agreeing = stream;
	stream->turn_until = stream->turns < TURNS_MAX ? stream->now + TURN : 0;
	stream->turns++;
}

bool zrtp_turn_is_ours(struct zrtp_stream *stream)
{
	struct zrtp_stream *other = zrtp_turn_holder(stream);

	if (other) {
		zrtp_timer_turn(stream, other->turn_until); /* zrtp_session_advance() may wake us before */
	}
	return !other;
}

void zrtp_turn_lost(struct zrtp_stream *stream, uint64_t now)
{
	/* What has won may be a stranger's: then ours goes on. */
	stream->timer.deadline = now + PAUSE;
	stream->session->agreeing = NULL;
}

/* It was a stranger's: look for the peer again. */
static void search_again(struct zrtp_stream *stream)
{
	if (stream->was_clear) {
		stream->state = zrtp_forget_peer(stream);
		return;
	}
	stream->peer_hello.len = 0;
	if (zrtp_has_other_hello(stream)) {
		zrtp_swap_hello(stream);
		if (!zrtp_of_another_peer(stream, zrtp_peer_hello(stream).zid)) {
			stream->state = ZRTP_STATE_FOUND; /* that is the peer's */
			return;
		}
		stream->peer_hello.len = 0;
	}
	zrtp_other_hello_drop(stream);
	stream->hello_acked = false;
	stream->state = ZRTP_STATE_DISCOVERY;
	zrtp_timer_t1(stream);
	zrtp_timer_t1_extend(stream);
}

void zrtp_turns_end(struct zrtp_stream *winner)
{
	for (struct zrtp_stream *s = winner->session->streams; s; s = s->next) {
		if (s == winner) {
			continue;
		}
		if (s->exchange && s->exchange->mode != ZRTP_MODE_MULTISTREAM && zrtp_under_way(s)) {
			zrtp_exchange_drop(s);
			zrtp_wipe(&s->keys, sizeof(s->keys));
			zrtp_late_over(s);
			zrtp_timer_stop(s);
			s->now = winner->now;
			s->begun_anew = true;
			s->state = ZRTP_STATE_FOUND;
		}
		if ((s->state == ZRTP_STATE_FOUND || s->state == ZRTP_STATE_DISCOVERY) && s->peer_hello.len &&
		    zrtp_of_another_peer(s, zrtp_peer_hello(s).zid)) {
			s->now = winner->now;
			search_again(s);
		}
	}
}
