/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream in clear again: what goes with its keys, and who allows it (4.7.2). */
#include "internal.h"

#include "clear.h"
#include "effects.h"
#include "exchange.h"
#include "system.h"
#include "timers.h"

bool zrtp_session_clearing(const struct zrtp_session *session)
{
	for (const struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (s->state == ZRTP_STATE_GOCLEAR_SENT) {
			return true;
		}
	}
	return false;
}

bool zrtp_peer_allows_clear(const struct zrtp_session *session)
{
	return session->peer_confirm_flags & ZRTP_CONFIRM_ALLOW_CLEAR &&
	       !(session->peer_confirm_flags & ZRTP_CONFIRM_ENROLL) && !session->enroll;
}

void zrtp_relay_drop(struct zrtp_stream *stream)
{
	zrtp_release(stream->session->context, stream->relay, ZRTP_CONFIRM_MIN);
	stream->relay = NULL;
	stream->relay_len = 0;
}

/* There is nothing any more that could carry it. */
void zrtp_relay_abandon(struct zrtp_stream *stream)
{
	if (stream->relay_len) {
		zrtp_relay_drop(stream);
		zrtp_tell(stream, ZRTP_EVENT_RELAY_FAILED);
	}
}

void zrtp_clear_stream(struct zrtp_stream *stream, enum zrtp_clear_reason reason)
{
	zrtp_exchange_drop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	zrtp_timer_stop(stream);
	zrtp_relay_abandon(stream);
	stream->clear_reason = reason;
	stream->effects |= ZRTP_EFFECT_CLEAR;
}

enum zrtp_state zrtp_back_to_clear(struct zrtp_stream *stream)
{
	bool held = stream->media_held;

	zrtp_clear_stream(stream, stream->clear_reason);
	if (!held) {
		stream->effects &= ~(unsigned)ZRTP_EFFECT_CLEAR; /* nothing has changed */
	}
	stream->from_clear = false;
	stream->lost_commits = 0;
	return ZRTP_STATE_CLEAR;
}
