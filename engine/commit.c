/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own Commit (4.2 to 4.4): is it our turn, in which mode, with which algorithms? */
#include "internal.h"

#include "clear.h"
#include "commit.h"
#include "draw.h"
#include "effects.h"
#include "exchange.h"
#include "failure.h"
#include "kem.h"
#include "parts.h"
#include "peerhello.h"
#include "private.h"
#include "secrets.h"
#include "timers.h"
#include "turns.h"
#include "view.h"
#include "work.h"

/* 0 or an error code. */
static uint32_t build_dh_commit(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart2_octets *dhpart2 = &exchange->dhpart2;

	if (zrtp_kex_is_kem(exchange->choice.kex)) {
		return zrtp_kem_commit(stream);
	}
	if (zrtp_private_make(stream)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	dhpart2->len =
		zrtp_build_dhpart(stream, ZRTP_MSG_DHPART2, exchange->private_pv,
				  exchange->choice.kex->pv_size, dhpart2->octets, sizeof(dhpart2->octets));
	return dhpart2->len && !zrtp_write_dh_commit(stream, NULL) ? 0 : ZRTP_ERROR_SOFTWARE;
}

static enum zrtp_state commit_sent(struct zrtp_stream *stream)
{
	stream->choice = stream->exchange->choice;
	zrtp_exchange_hold_media(stream);
	stream->outbox &= ~(1U << ZRTP_MSG_HELLOACK); /* Commit says as much (5.3) */
	zrtp_timer_t2(stream, ZRTP_MSG_COMMIT);
	return ZRTP_STATE_COMMIT_SENT;
}

enum zrtp_state zrtp_commit_dh(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = zrtp_exchange_begin(stream, ZRTP_INITIATOR, ZRTP_MODE_DH);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_choose(&exchange->choice, &stream->session->policy, &hello);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_choice_adopt(&exchange->choice, &stream->session->context->constants);
	code = build_dh_commit(stream);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_turn_begin(stream);
	return commit_sent(stream);
}

static int draw_nonce(struct zrtp_stream *stream)
{
	stream->has_nonce = true;
	return zrtp_draw_public(stream, stream->nonce, sizeof(stream->nonce), ZRTP_RANDOM_NONCE);
}

/* Hash, cipher and tag are those of the first stream (4.4.3.1); cipher and tag others if
 * this stream's Hellos have not both those. 0 or an error code: there are none, or they have
 * not the hash, which ZRTPSess is of. */
static uint32_t choose_multistream(const struct zrtp_stream *stream, struct zrtp_choice *out)
{
	const struct zrtp_session *session = stream->session;
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_choice other;
	uint32_t code;

	*out = (struct zrtp_choice){ session->hash, session->cipher, session->tag, zrtp_kex_find("Mult"),
				     session->sas };
	if (!zrtp_suite_offered(out, &session->policy, &hello)) {
		code = zrtp_choose(&other, &session->policy, &hello);
		if (code) {
			return code;
		}
		zrtp_choice_adopt(&other, &session->context->constants);
		out->cipher = other.cipher;
		out->tag = other.tag;
	}
	return zrtp_hash_offered(out, &session->policy, &hello) ? 0 : ZRTP_ERROR_HASH;
}

static enum zrtp_state commit_multistream(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = zrtp_exchange_begin(stream, ZRTP_INITIATOR, ZRTP_MODE_MULTISTREAM);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = choose_multistream(stream, &exchange->choice);
	if (code) {
		return zrtp_fail(stream, code);
	}
	if (draw_nonce(stream) || zrtp_write_commit(stream, &(struct zrtp_commit_rest){ .hvi = NULL })) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	return commit_sent(stream);
}

/* From retained secrets alone (4.4.2). */
static enum zrtp_state commit_preshared(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = zrtp_exchange_begin(stream, ZRTP_INITIATOR, ZRTP_MODE_PRESHARED);
	uint8_t key_id[ZRTP_ID_SIZE];
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_choose(&exchange->choice, &stream->session->policy, &hello);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_choice_adopt(&exchange->choice, &stream->session->context->constants);
	exchange->choice.kex = zrtp_kex_find("Prsh");
	if (draw_nonce(stream) || zrtp_preshared_propose(stream, key_id) ||
	    zrtp_write_commit(stream, &(struct zrtp_commit_rest){ .key_id = key_id })) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	zrtp_turn_begin(stream);
	return commit_sent(stream);
}

static bool is_passive(const struct zrtp_stream *stream)
{
	return zrtp_peer_hello(stream).flags & ZRTP_HELLO_PASSIVE;
}

/* We wait for the peer; if it waits as well, nothing will come of it (5.2). */
static enum zrtp_state wait_for_commit(struct zrtp_stream *stream)
{
	if (is_passive(stream)) {
		zrtp_timer_stop(stream);
		if (!stream->was_clear) { /* not told yet */
			stream->was_clear = true;
			stream->clear_reason = ZRTP_CLEAR_PASSIVE;
			stream->effects |= ZRTP_EFFECT_CLEAR;
		}
	} else {
		zrtp_timer_wait(stream);
	}
	return ZRTP_STATE_FOUND;
}

enum zrtp_state zrtp_try_commit(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_session *session = stream->session;

	if (session->policy.passive) {
		return wait_for_commit(stream);
	}
	if (zrtp_session_clearing(session)) {
		zrtp_timer_stop(stream); /* until its end: zrtp_session_advance() */
		return ZRTP_STATE_FOUND;
	}
	if (session->keyed) {
		/* Mult is not among what every endpoint supports (5.2). */
		return zrtp_peer_lists(stream, "Mult") ? commit_multistream(stream)
						       : zrtp_fail(stream, ZRTP_ERROR_KEX);
	}
	if (!zrtp_turn_is_ours(stream)) {
		return ZRTP_STATE_FOUND;
	}
	if (!zrtp_work_allowed(stream)) {
		zrtp_timer_turn(stream, zrtp_work_due(stream));
		return ZRTP_STATE_FOUND;
	}
	if (!zrtp_view_adopt(stream, &hello)) {
		zrtp_timer_stop(stream); /* until zrtp_ready_due() */
		return ZRTP_STATE_FOUND;
	}
	return zrtp_preshared_possible(stream) ? commit_preshared(stream) : zrtp_commit_dh(stream);
}

bool zrtp_other_may_be_tried(const struct zrtp_stream *stream)
{
	return zrtp_has_other_hello(stream) && stream->exchange && !stream->proved &&
	       stream->state >= ZRTP_STATE_COMMIT_SENT && stream->state < ZRTP_STATE_SECURE;
}

enum zrtp_state zrtp_try_other(struct zrtp_stream *stream)
{
	zrtp_exchange_drop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	zrtp_swap_hello(stream);
	stream->begun_anew = true;
	zrtp_other_hello_drop(stream);
	stream->hello_acked = true;
	stream->ack_ssrc = stream->peer_ssrc;
	if (stream->session->agreeing == stream) {
		stream->session->agreeing = NULL;
		stream->effects |= ZRTP_EFFECT_ADVANCE;
	}
	return zrtp_try_commit(stream);
}
