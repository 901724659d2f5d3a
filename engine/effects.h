/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_EFFECTS_H
#define ZRTP_EFFECTS_H

#include "internal.h"

/* What zrtp_stream_run() does, in this order. */
enum zrtp_effect {
	ZRTP_EFFECT_PEER_FOUND = 1 << 0,
	ZRTP_EFFECT_HOLD_MEDIA = 1 << 1,
	ZRTP_EFFECT_KEYS_RECEIVE = 1 << 2,
	ZRTP_EFFECT_SEND = 1 << 3, /* everything in outbox */
	ZRTP_EFFECT_KEYS_SEND = 1 << 4,
	ZRTP_EFFECT_FINISH = 1 << 5, /* take over session keys, update the cache */
	ZRTP_EFFECT_EVENTS = 1 << 6, /* everything in events */
	ZRTP_EFFECT_SECURE = 1 << 7,
	ZRTP_EFFECT_CLEAR = 1 << 8,
	ZRTP_EFFECT_ERROR = 1 << 9,
	ZRTP_EFFECT_ADVANCE = 1 << 10, /* let the session's other streams go on */
};

/* What a handler wants to happen outside. It is noted here, and zrtp_stream_run() does it when the
 * handler has returned. */
/* Send a message of this type, with what it says when it goes out. */
void zrtp_send(struct zrtp_stream *stream, enum zrtp_message_type type);
/* Report an event to the application. */
void zrtp_tell(struct zrtp_stream *stream, enum zrtp_event event);
/* Clear media must stop now. */
void zrtp_hold_media(struct zrtp_stream *stream);
/* Count a packet as ignored; handlers return its value. */
enum zrtp_state zrtp_drop(struct zrtp_stream *stream, enum zrtp_drop reason);

#endif
