/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handler wants to happen outside: noted here, done by run.c. */
#include "internal.h"

#include "effects.h"

void zrtp_send(struct zrtp_stream *stream, enum zrtp_message_type type)
{
	stream->outbox |= 1U << type;
	stream->effects |= ZRTP_EFFECT_SEND;
}

void zrtp_tell(struct zrtp_stream *stream, enum zrtp_event event)
{
	stream->events |= 1U << event;
	stream->effects |= ZRTP_EFFECT_EVENTS;
}

void zrtp_hold_media(struct zrtp_stream *stream)
{
	if (!stream->media_held) {
		stream->media_held = true;
		stream->effects |= ZRTP_EFFECT_HOLD_MEDIA;
	}
}

enum zrtp_state zrtp_drop(struct zrtp_stream *stream, enum zrtp_drop reason)
{
	stream->dropped[reason]++;
	stream->drop_noted = true;
	return stream->state;
}
