/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the ZRTP engine made of a message, for "zrtp set debug".
 *
 * A message is logged before what the engine sends in answer to it, but when the engine has judged it.
 * A step that the cache, a thread that computes, a timer, a command or another stream led to has a line of its own.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/net_address.h"
#include "packet/media.h"
#include "packet/trace.h"
#include "leg/leg_stream.h"
#include "leg/leg_trace.h"

/*! What became of a message, in words. */
#define WHAT_SIZE 200

static enum zrtp_state state_of(const struct zrtp_stream *stream)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(stream, &info);

	return info.state;
}

void leg_trace_step(struct media *media)
{
	struct leg_stream *own = leg_stream(media);
	int state = trace_wanted(media) && own->stream ? (int) state_of(own->stream) : -1;

	if (state >= 0 && own->traced >= 0 && state != own->traced) {
		trace_step(media, zrtp_state_text(own->traced), zrtp_state_text(state));
	}
	own->traced = state;
}

void leg_trace_begin(struct media *media, struct leg_trace *trace, const struct zrtp_stream *stream)
{
	leg_trace_step(media);
	leg_stream(media)->trace = NULL;
	if (trace_wanted(media)) {
		trace->stream = stream;
		zrtp_stream_get_info(stream, &trace->before);
		leg_stream(media)->trace = trace;
	}
}

/*! \brief Why the engine has dropped it; NULL: it has not. */
static const char *drop_reason(const struct zrtp_stream_info *before, const struct zrtp_stream_info *after)
{
	int i;

	for (i = 0; i < ZRTP_DROP_COUNT; i++) {
		if (after->dropped[i] != before->dropped[i]) {
			return zrtp_drop_text(i);
		}
	}

	return NULL;
}

/*! \brief What the Confirm of the peer had, which is encrypted on the wire. */
static void add_flags(char *out, size_t size, const struct zrtp_stream *stream)
{
	struct zrtp_session_info session;
	size_t len = strlen(out);

	zrtp_session_get_info(zrtp_stream_session(stream), &session);
	snprintf(out + len, size - len, "%s%s%s%s", session.peer_verified ? ", SAS verified there (V)" : "",
		session.peer_allows_clear ? ", allows GoClear (A)" : "", session.peer_disclosed ? ", discloses (D)" : "",
		session.enrollment_offered ? ", offers enrollment (E)" : "");
}

static const char *outcome_of(char *out, size_t size, struct leg_stream *own, const struct leg_trace *trace)
{
	const struct zrtp_stream_info *before = &trace->before;
	struct zrtp_stream_info after;
	const char *reason;

	zrtp_stream_get_info(trace->stream, &after);
	reason = drop_reason(before, &after);
	if (reason) {
		snprintf(out, size, TRACE_DROPPED "%s", reason);
	} else if (before->state != after.state) {
		snprintf(out, size, "%s -> %s", zrtp_state_text(before->state), zrtp_state_text(after.state));
		if (trace->stream == own->stream) {
			own->traced = (int) after.state;
		}
		if (after.state == ZRTP_STATE_SECURE || after.state == ZRTP_STATE_CONFIRM2_SENT) {
			add_flags(out, size, trace->stream);
		}
	} else {
		return NULL;
	}

	return out;
}

void leg_trace_end(struct media *media)
{
	struct leg_stream *own = leg_stream(media);
	const struct leg_trace *trace = own->trace;
	char what[WHAT_SIZE];

	own->trace = NULL;
	/* A stream that has ended meanwhile has nothing to tell. */
	if (trace && own->datagram) {
		trace_received(media, own->datagram, own->datagram_len, &own->source,
			trace->stream == own->stream || trace->stream == own->next ? outcome_of(what, sizeof(what), own, trace) : NULL);
	}
}

void leg_trace_send(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *answered)
{
	struct net_address to;
	int withheld = media_send(media, datagram, len, answered, &to);

	leg_trace_end(media);
	leg_trace_step(media);
	trace_sent(media, datagram, len, &to, withheld ? "not sent, as nothing shows yet that the phone is there" : NULL);
}
