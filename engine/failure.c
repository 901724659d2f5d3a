/* SPDX-License-Identifier: BSD-2-Clause */
/* Error and ErrorACK (4.7.1, 5.9, 5.10): how an exchange ends badly. */
#include "internal.h"

#include "clear.h"
#include "effects.h"
#include "exchange.h"
#include "failure.h"
#include "lookup.h"
#include "peerhello.h"
#include "system.h"
#include "timers.h"

/* Forget the exchange and every key, answer nothing more. */
void zrtp_stream_shut(struct zrtp_stream *stream)
{
	if (stream->session->agreeing == stream) {
		stream->session->agreeing = NULL;
	}
	if (stream->session->viewer == stream) {
		stream->session->viewer = NULL;
	}
	zrtp_exchange_drop(stream);
	zrtp_other_hello_drop(stream);
	zrtp_relay_drop(stream);
	zrtp_lookup_release(stream->session, zrtp_lookup_kept(stream));
	stream->awaits_cache = stream->answered = false;
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	zrtp_timer_stop(stream);
	stream->effects = stream->outbox = stream->events = 0;
	stream->state = ZRTP_STATE_STOPPED;
}

/* All crypto context of the stream goes; the cache is not touched, and the
 * session's keys stay as long as other streams use them (4.7.1). */
static void give_up(struct zrtp_stream *stream, uint32_t code, bool from_peer)
{
	struct zrtp_session *session = stream->session;

	stream->error_code = code;
	stream->error_from_peer = from_peer;
	stream->unproven = !stream->proved;
	zrtp_exchange_drop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	if (session->agreeing == stream) {
		session->agreeing = NULL;
	}
	/* What was about to happen must not happen any more. */
	stream->outbox = 0;
	stream->effects &= ZRTP_EFFECT_PEER_FOUND | ZRTP_EFFECT_HOLD_MEDIA | ZRTP_EFFECT_EVENTS;
	stream->effects |= ZRTP_EFFECT_ERROR | ZRTP_EFFECT_ADVANCE;
}

bool zrtp_peer_unproven(const struct zrtp_stream *stream)
{
	return stream->was_clear && !stream->media_held;
}

void zrtp_late_over(struct zrtp_stream *stream)
{
	if (stream->late && stream->proved) {
		zrtp_tell(stream, ZRTP_EVENT_LATE_FAILED);
	}
	stream->awaits_media = stream->proved = false;
}

enum zrtp_state zrtp_forget_peer(struct zrtp_stream *stream)
{
	zrtp_exchange_drop(stream);
	zrtp_timer_stop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	zrtp_late_over(stream);
	stream->hello_acked = false;
	stream->peer_hello.len = 0;
	if (stream->session->agreeing == stream) {
		stream->session->agreeing = NULL;
		stream->effects |= ZRTP_EFFECT_ADVANCE;
	}
	return ZRTP_STATE_NO_ZRTP;
}

enum zrtp_state zrtp_fail(struct zrtp_stream *stream, uint32_t code)
{
	if (zrtp_peer_unproven(stream)) {
		return zrtp_forget_peer(stream);
	}
	if (stream->from_clear && !stream->initiator && !stream->proved) {
		return zrtp_back_to_clear(stream);
	}
	zrtp_logf(stream->session->context, ZRTP_LOG_NOTICE, "%08x: failed in %s: %s", (unsigned)stream->ssrc,
		  zrtp_state_text(stream->state), zrtp_error_text(code));
	give_up(stream, code, false);
	zrtp_timer_t2(stream, ZRTP_MSG_ERROR);
	return ZRTP_STATE_ERROR_SENT;
}

/* The right image but a wrong MAC: an earlier message was not the peer's. */
enum zrtp_state zrtp_forged(struct zrtp_stream *stream)
{
	zrtp_tell(stream, ZRTP_EVENT_MAC_ALARM);
	return zrtp_fail(stream, ZRTP_ERROR_MALFORMED);
}

/* Any host can send an Error: it ends an exchange, as the RFC has it, but only
 * one that a Hello has begun, and never a secure stream. */
enum zrtp_state zrtp_on_error(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (!stream->peer_hello.len) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	if (stream->late && stream->proved) {
		/* Its Confirm was right: an Error, which any host can send, is not. */
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	if (zrtp_peer_unproven(stream)) {
		zrtp_send(stream, ZRTP_MSG_ERRORACK);
		return zrtp_forget_peer(stream);
	}
	if (stream->from_clear && !stream->initiator) {
		zrtp_send(stream, ZRTP_MSG_ERRORACK);
		return stream->lost_commits ? zrtp_drop(stream, ZRTP_DROP_UNEXPECTED)
					    : zrtp_back_to_clear(stream);
	}
	give_up(stream, message->u.error_code, true);
	zrtp_timer_stop(stream);
	zrtp_send(stream, ZRTP_MSG_ERRORACK);
	return ZRTP_STATE_ERROR;
}

/* Acknowledged, so that the peer falls silent, and otherwise ignored. */
enum zrtp_state zrtp_on_error_late(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	(void)message;
	zrtp_send(stream, ZRTP_MSG_ERRORACK);
	return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
}

enum zrtp_state zrtp_on_errorack(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	(void)message;
	zrtp_timer_stop(stream);
	return ZRTP_STATE_ERROR;
}
