/* SPDX-License-Identifier: BSD-2-Clause */
/* Ping and PingACK (5.15, 5.16): answered in every state, but not without limit. */
#include "internal.h"

#include "context.h"
#include "effects.h"
#include "ping.h"
#include "run.h"
#include "timers.h"

/* Any host can send one, and none needs many answers: a few at once, so that
 * several may ask, and then no more for a while. */
enum { PINGS_AT_ONCE = 16, PINGS_USEC = 4000000 };

static bool too_many(struct zrtp_stream *stream)
{
	if (!stream->pings || stream->now - stream->pings_since >= PINGS_USEC) {
		stream->pings_since = stream->now;
		stream->pings = 0;
	}
	return ++stream->pings > PINGS_AT_ONCE;
}

enum zrtp_state zrtp_on_ping(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (too_many(stream)) {
		stream->pings = PINGS_AT_ONCE + 1;
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	memcpy(stream->ping_hash, message->u.ping.endpoint_hash, sizeof(stream->ping_hash));
	stream->ping_ssrc = message->ssrc;
	zrtp_send(stream, ZRTP_MSG_PINGACK);
	zrtp_timer_t1_extend(stream); /* the peer speaks ZRTP (6) */
	return stream->state;
}

enum zrtp_state zrtp_on_pingack(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	uint8_t own[ZRTP_ENDPOINT_HASH_SIZE];

	/* An answer to us, not to another host. */
	if (zrtp_endpoint_hash(stream->session->context, own) || message->u.pingack.ssrc != stream->ssrc ||
	    memcmp(message->u.pingack.received_hash, own, sizeof(own))) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	if (!stream->ping_waits) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	stream->ping_waits = false;
	zrtp_tell(stream, ZRTP_EVENT_PONG);
	return stream->state;
}

enum zrtp_status zrtp_stream_ping(struct zrtp_stream *stream, uint64_t now)
{
	if (stream->state == ZRTP_STATE_STOPPED) {
		return ZRTP_WRONG_STATE;
	}
	stream->now = now;
	stream->ping_waits = true;
	zrtp_send(stream, ZRTP_MSG_PING);
	zrtp_stream_run(stream);
	return ZRTP_OK;
}
