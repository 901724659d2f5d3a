/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What handlers have noted is done, in the order of enum zrtp_effect: packets and callbacks out. A callback
 * may call back, and destroy streams.
 */
#include "internal.h"

#include "commit.h"
#include "effects.h"
#include "enroll.h"
#include "exchange.h"
#include "failure.h"
#include "given.h"
#include "lookup.h"
#include "output.h"
#include "private.h"
#include "run.h"
#include "secrets.h"
#include "system.h"
#include "timers.h"
#include "turns.h"
#include "view.h"

static void deliver_keys(struct zrtp_stream *stream, enum zrtp_direction direction)
{
	bool initiators = (direction == ZRTP_SEND) == stream->initiator;
	enum zrtp_role role = initiators ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	struct zrtp_srtp_keys keys = { .key_len = stream->choice.cipher->key_size,
				       .salt_len = stream->choice.tag->salt_size,
				       .tag_bits = stream->choice.tag->bits };
	struct zrtp_masters *masters;
	int refused;

	if (!stream->exchange) {
		return; /* with it went the keys, and what asked for them */
	}
	masters = &stream->exchange->masters;
	memcpy(keys.key, masters->srtpkey[role], sizeof(keys.key));
	memcpy(keys.salt, masters->srtpsalt[role], keys.salt_len);
	zrtp_wipe(masters->srtpkey[role], sizeof(keys.key));
	zrtp_wipe(masters->srtpsalt[role], sizeof(keys.salt));
	refused = stream->session->callbacks.keys(stream, direction, &keys, stream->arg);
	zrtp_wipe(&keys, sizeof(keys));
	if (refused && stream->state != ZRTP_STATE_STOPPED) {
		stream->state = zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
}

/* The exchange is complete: the first stream gives the session its keys. */
static void finish(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;
	uint32_t own_expiry = session->policy.cache_expiry;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is complete is there. */
	if (exchange->mode != ZRTP_MODE_MULTISTREAM) {
		zrtp_view_take(stream);
		session->keyed = true;
		session->keys = exchange->session_keys;
		session->hash = stream->choice.hash;
		session->cipher = stream->choice.cipher;
		session->tag = stream->choice.tag;
		session->sas = stream->choice.sas;
		session->peer_confirm_flags = exchange->peer_flags;
		session->signature = exchange->signature;
		session->was_initiator = stream->initiator;
		session->by_preshared = exchange->mode == ZRTP_MODE_PRESHARED;
		session->expiry = exchange->peer_expiry < own_expiry ? exchange->peer_expiry : own_expiry;
		session->agreeing = NULL;
		zrtp_given_drop(session); /* it is in s0 (4.4.1.4) */
		zrtp_spare_drop(session);
		zrtp_lookup_drop(session);
		zrtp_turns_end(stream);
		zrtp_secrets_update(session);
		if (zrtp_enrollment_offered(session)) {
			zrtp_tell(stream, ZRTP_EVENT_ENROLLMENT);
		}
	}
	zrtp_exchange_drop(stream);
}

static void tell_error(struct zrtp_stream *stream)
{
	const struct zrtp_error_info info = {
		.code = stream->error_code,
		.from_peer = stream->error_from_peer,
		.unproven = stream->unproven,
		.text = zrtp_error_text(stream->error_code),
	};

	if (stream->session->callbacks.error) {
		stream->session->callbacks.error(stream, &info, stream->arg);
	}
}

static void tell(struct zrtp_stream *stream, enum zrtp_event event)
{
	if (stream->session->callbacks.event) {
		stream->session->callbacks.event(stream, event, stream->arg);
	}
}

static void tell_all(struct zrtp_stream *stream)
{
	for (unsigned event = 0; event < ZRTP_EVENT_COUNT && !stream->doomed; event++) {
		if (stream->events & 1U << event) {
			stream->events &= ~(1U << event);
			tell(stream, (enum zrtp_event)event);
		}
	}
}

static void perform(struct zrtp_stream *stream, unsigned effect)
{
	const struct zrtp_callbacks *callbacks = &stream->session->callbacks;

	switch (effect) {
	case ZRTP_EFFECT_PEER_FOUND:
		tell(stream, ZRTP_EVENT_PEER_FOUND);
		break;
	case ZRTP_EFFECT_HOLD_MEDIA:
		tell(stream, ZRTP_EVENT_HOLD_MEDIA);
		break;
	case ZRTP_EFFECT_KEYS_RECEIVE:
		deliver_keys(stream, ZRTP_RECEIVE);
		break;
	case ZRTP_EFFECT_SEND:
		zrtp_output_send(stream);
		break;
	case ZRTP_EFFECT_KEYS_SEND:
		deliver_keys(stream, ZRTP_SEND);
		break;
	case ZRTP_EFFECT_FINISH:
		finish(stream);
		break;
	case ZRTP_EFFECT_EVENTS:
		tell_all(stream);
		break;
	case ZRTP_EFFECT_SECURE:
		if (callbacks->secure) {
			callbacks->secure(stream, stream->arg);
		}
		break;
	case ZRTP_EFFECT_CLEAR:
		stream->media_held = false;
		if (callbacks->clear) {
			callbacks->clear(stream, stream->clear_reason, stream->arg);
		}
		break;
	case ZRTP_EFFECT_ERROR:
		tell_error(stream);
		break;
	case ZRTP_EFFECT_ADVANCE:
		zrtp_session_advance(stream->session, stream->now);
		break;
	}
}

void zrtp_stream_run(struct zrtp_stream *stream)
{
	if (stream->running) {
		return; /* a callback called back: the loop below goes on */
	}
	stream->running = true;
	while (stream->effects && !stream->doomed) {
		unsigned effect = stream->effects & -stream->effects;

		stream->effects &= ~effect;
		perform(stream, effect);
	}
	stream->running = false;
	if (stream->doomed) {
		struct zrtp_session *session = stream->session;

		zrtp_release(session->context, stream, sizeof(*stream));
		zrtp_session_wake(session); /* what it had still to do for the others */
	}
}

static struct zrtp_stream *find_noted(const struct zrtp_session *session)
{
	for (struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (s->effects && !s->running) {
			return s;
		}
	}
	return NULL;
}

void zrtp_session_wake(struct zrtp_session *session)
{
	struct zrtp_stream *stream;

	for (stream = session->streams; stream; stream = stream->next) {
		if (stream->state == ZRTP_STATE_FOUND) {
			zrtp_timer_turn(stream, 0);
		}
	}
	while ((stream = find_noted(session))) {
		zrtp_stream_run(stream);
	}
}

/* A stream to step, or one to which another stream's handler did something. */
static struct zrtp_stream *find_waiting(const struct zrtp_session *session)
{
	for (struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (s->advance || (s->effects && !s->running)) {
			return s;
		}
	}
	return NULL;
}

/* The stream that was agreeing is done with it, one way or the other: those
 * that waited for it take their turn. Each step may run callbacks, which may
 * destroy streams: so the list is read again after each. */
void zrtp_session_advance(struct zrtp_session *session, uint64_t now)
{
	struct zrtp_stream *stream;

	for (stream = session->streams; stream; stream = stream->next) {
		stream->advance = stream->state == ZRTP_STATE_FOUND;
	}
	while ((stream = find_waiting(session))) {
		if (stream->advance && stream->state == ZRTP_STATE_FOUND) {
			stream->now = now;
			stream->state = zrtp_try_commit(stream);
		}
		stream->advance = false;
		zrtp_stream_run(stream);
	}
}
