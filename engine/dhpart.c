/* SPDX-License-Identifier: BSD-2-Clause */
/* DHPart1 and DHPart2 of the other side (4.4.1): are they the peer's, and the shared secret. */
#include "internal.h"

#include "confirm.h"
#include "dhpart.h"
#include "effects.h"
#include "exchange.h"
#include "failure.h"
#include "peerhello.h"
#include "s0.h"
#include "timers.h"
#include "turns.h"
#include "work.h"

/* The length is that of the key agreement: it was compared. */
static void keep_dhpart1(struct zrtp_exchange *exchange, const struct zrtp_message *message)
{
	memcpy(exchange->dhpart1.octets, message->octets, message->len);
	exchange->dhpart1.len = message->len;
}

static void keep_dhpart2(struct zrtp_exchange *exchange, const struct zrtp_message *message)
{
	memcpy(exchange->dhpart2.octets, message->octets, message->len);
	exchange->dhpart2.len = message->len;
}

/* Of the public value in DHPart2: a KEM has a nonce there. */
static size_t dhpart2_pv_len(const struct zrtp_kex *kex)
{
	return zrtp_kex_is_kem(kex) ? ZRTP_NONCE_SIZE : kex->pv_size;
}

enum zrtp_state zrtp_on_dhpart1(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_dhpart *part = &message->u.dhpart;
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t h2[ZRTP_IMAGE_SIZE], h3[ZRTP_IMAGE_SIZE];
	uint32_t code;

	if (exchange->mode != ZRTP_MODE_DH) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	/* Our Commit lost; but the answer of whom the signalling named always counts. */
	if (zrtp_turn_holder(stream) && stream->hash_status != ZRTP_HASH_MATCHED) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	if (zrtp_next_image(zrtp_implicit(stream), part->h1, h2) ||
	    zrtp_next_image(zrtp_implicit(stream), h2, h3) || !zrtp_equal(h3, hello.h3, sizeof(h3))) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello.octets, stream->peer_hello.len,
				    h2)) {
		return zrtp_forged(stream);
	}
	if (part->pv_len != exchange->choice.kex->pv_size) {
		return zrtp_fail(stream, ZRTP_ERROR_MALFORMED);
	}
	if (!zrtp_work_allowed(stream)) {
		return zrtp_drop(stream, ZRTP_DROP_BUDGET);
	}
	zrtp_exchange_hold_media(stream);
	keep_dhpart1(exchange, message);
	memcpy(exchange->peer_h1, part->h1, sizeof(exchange->peer_h1));
	code = zrtp_agree_dh(stream, part);
	if (code) {
		return zrtp_fail(stream, code);
	}
	exchange->pv_sent = true;
	zrtp_timer_t2(stream, ZRTP_MSG_DHPART2);
	return ZRTP_STATE_DHPART2_SENT;
}

/* Is this the DHPart2 that the Commit committed to? 0 or an error code. */
static uint32_t check_hvi(const struct zrtp_stream *stream, const struct zrtp_message *message,
			  const struct zrtp_commit *commit)
{
	uint8_t hvi[ZRTP_HVI_SIZE];

	if (zrtp_hvi(stream->exchange->choice.hash, zrtp_piece_of(message->octets, message->len),
		     zrtp_piece_of(stream->hello, stream->hello_len), hvi)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	return zrtp_equal(hvi, commit->hvi, sizeof(hvi)) ? 0 : ZRTP_ERROR_BAD_HVI;
}

enum zrtp_state zrtp_on_dhpart2(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_dhpart *part = &message->u.dhpart;
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_commit commit = zrtp_commit_view(&stream->exchange->commit);
	uint8_t h2[ZRTP_IMAGE_SIZE];
	uint32_t code;

	if (zrtp_next_image(zrtp_implicit(stream), part->h1, h2) || !zrtp_equal(h2, commit.h2, sizeof(h2))) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(zrtp_implicit(stream), exchange->commit.octets, exchange->commit.len,
				    part->h1)) {
		return zrtp_forged(stream);
	}
	code = part->pv_len == dhpart2_pv_len(exchange->choice.kex) ? check_hvi(stream, message, &commit)
								    : ZRTP_ERROR_MALFORMED;
	if (!code && !zrtp_work_allowed(stream)) {
		return zrtp_drop(stream, ZRTP_DROP_BUDGET);
	}
	if (!code) {
		keep_dhpart2(exchange, message);
		memcpy(exchange->peer_h1, part->h1, sizeof(exchange->peer_h1));
		code = zrtp_agree_dh(stream, part);
	}
	if (!code && zrtp_confirm_build(stream)) {
		code = ZRTP_ERROR_SOFTWARE;
	}
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_timer_wait(stream);
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return ZRTP_STATE_CONFIRM1_SENT;
}

/* Our Confirm1 was lost. */
enum zrtp_state zrtp_on_dhpart2_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_dhpart2_octets *dhpart2 = &stream->exchange->dhpart2;

	if (message->len != dhpart2->len || memcmp(message->octets, dhpart2->octets, dhpart2->len)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return stream->state;
}
