/* SPDX-License-Identifier: BSD-2-Clause */
/* A message finds its handler. */
#include "internal.h"

#include "dispatch.h"
#include "effects.h"
#include "failure.h"
#include "peerhello.h"
#include "state.h"
#include "system.h"
#include "view.h"

static bool is_own_hello(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	return message->len == stream->hello_len && !memcmp(message->octets, stream->hello, message->len);
}

/* A message with our own SSRC is a collision, and the exchange cannot go on (4.1, 5.9). Not so
 * our own Hello come back, nor what comes once the peer has said Hello with an SSRC of its own:
 * that is not the peer's, and a host that sees our packets could end every exchange so. */
static enum zrtp_state own_ssrc(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (!zrtp_under_way(stream) || stream->peer_hello.len || is_own_hello(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_SSRC);
	}
	return zrtp_fail(stream, ZRTP_ERROR_EQUAL_SSRC);
}

/* A Ping may come from a stranger, and a stranger's Hello is worth knowing; so
 * is the Commit of the other one, as long as no host has proved to be the peer. */
static bool from_anybody(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	return message->type == ZRTP_MSG_PING || message->type == ZRTP_MSG_HELLO ||
	       (message->type == ZRTP_MSG_COMMIT && zrtp_has_other_hello(stream) && !stream->proved &&
		message->ssrc == stream->other_hello.ssrc);
}

enum zrtp_state zrtp_dispatch(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	zrtp_handler handler = zrtp_handler_for(stream->state, message->type);

	zrtp_logf(stream->session->context, ZRTP_LOG_DEBUG, "%08x: %s from %08x in %s",
		  (unsigned)stream->ssrc, zrtp_message_name(message->type), (unsigned)message->ssrc,
		  zrtp_state_text(stream->state));
	if (message->ssrc == stream->ssrc) {
		return own_ssrc(stream, message);
	}
	if (!handler) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	if (stream->exchange) {
		zrtp_view_take(stream);
	}
	if (zrtp_bound(stream) && message->ssrc != stream->peer_ssrc && !from_anybody(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_SSRC);
	}
	return handler(stream, message);
}
