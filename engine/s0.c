/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared secret and all keys from it (4.4.1.4, 4.4.2, 4.4.3, 4.5). */
#include "internal.h"

#include "effects.h"
#include "exchange.h"
#include "private.h"
#include "s0.h"
#include "secrets.h"
#include "work.h"

/* The Hello of the responder, by the stream's role. */
static struct zrtp_piece responder_hello(const struct zrtp_stream *stream)
{
	return stream->initiator ? zrtp_piece_of(stream->peer_hello.octets, stream->peer_hello.len)
				 : zrtp_piece_of(stream->hello, stream->hello_len);
}

/* All keys from s0, which is wiped (4.5.2, 4.5.3, 4.6.1). */
static int keys_from_s0(struct zrtp_stream *stream, uint8_t s0[ZRTP_HASH_MAX],
			const struct zrtp_kdf_context *context)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_choice *choice = &exchange->choice;
	const struct zrtp_suite suite = { choice->hash, choice->cipher, choice->tag };
	bool first = exchange->mode != ZRTP_MODE_MULTISTREAM;
	const struct zrtp_derived keys = { first ? &exchange->session_keys : NULL, &stream->keys,
					   &exchange->masters };
	int failed = zrtp_keys_derive(&keys, &suite, s0, context);

	zrtp_wipe(s0, ZRTP_HASH_MAX);
	return failed;
}

static int s0_from_dh(struct zrtp_stream *stream, const uint8_t *result, size_t result_len)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_hash *hash = exchange->choice.hash;
	const struct zrtp_piece messages[] = {
		responder_hello(stream),
		zrtp_piece_of(exchange->commit.octets, exchange->commit.len),
		zrtp_piece_of(exchange->dhpart1.octets, exchange->dhpart1.len),
		zrtp_piece_of(exchange->dhpart2.octets, exchange->dhpart2.len),
	};
	struct zrtp_kdf_context context;
	uint8_t s0[ZRTP_HASH_MAX];

	if (zrtp_kdf_context_make(&context, hash, zrtp_zid_of(stream, ZRTP_INITIATOR),
				  zrtp_zid_of(stream, ZRTP_RESPONDER), messages, 4) ||
	    zrtp_s0_dh(hash, result, result_len, &context, exchange->shared, s0)) {
		return -1;
	}
	return keys_from_s0(stream, s0, &context);
}

/* DHResult, or that of a KEM: its responder has it already, since it made DHPart1. */
static enum zrtp_kex_result result_of(struct zrtp_exchange *exchange, const struct zrtp_dhpart *peer,
				      uint8_t result[ZRTP_KEX_RESULT_MAX], size_t *len)
{
	const struct zrtp_kex *kex = exchange->choice.kex;

	*len = kex->result_size ? kex->result_size : exchange->choice.hash->size;
	if (!zrtp_kex_is_kem(kex)) {
		return zrtp_kex_derive(kex, exchange->private_key, peer->pv, result);
	}
	if (exchange->role == ZRTP_INITIATOR) {
		return zrtp_kex_decapsulate(kex, exchange->choice.hash, exchange->private_key, peer->pv,
					    result);
	}
	memcpy(result, exchange->kem_result, *len);
	zrtp_wipe(exchange->kem_result, sizeof(exchange->kem_result));
	return ZRTP_KEX_OK;
}

/* 0, or the error code to end with. */
uint32_t zrtp_agree_dh(struct zrtp_stream *stream, const struct zrtp_dhpart *peer)
{
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t result[ZRTP_KEX_RESULT_MAX];
	uint32_t code = ZRTP_ERROR_SOFTWARE;
	size_t len;

	zrtp_work_done(stream);
	switch (result_of(exchange, peer, result, &len)) {
	case ZRTP_KEX_OK:
		if (!zrtp_secrets_match(stream, peer->ids) && !s0_from_dh(stream, result, len)) {
			code = 0;
		}
		break;
	case ZRTP_KEX_BAD_PV:
		code = ZRTP_ERROR_BAD_PV;
		break;
	case ZRTP_KEX_FAILED:
		break;
	}
	zrtp_wipe(result, sizeof(result));
	zrtp_private_drop(exchange);
	if (!code && stream->session->cache_mismatch) {
		zrtp_tell(stream, ZRTP_EVENT_CACHE_MISMATCH);
	}
	if (!code && zrtp_secrets_has_aux(stream->session) && !stream->session->aux_matched) {
		zrtp_tell(stream, ZRTP_EVENT_AUX_MISMATCH);
	}
	if (!code && stream->session->new_label) {
		zrtp_tell(stream, ZRTP_EVENT_NEW_LABEL);
	}
	if (!code && stream->session->pbx_alternate) {
		zrtp_tell(stream, ZRTP_EVENT_PBX_ALTERNATE);
	}
	return code;
}

int zrtp_agree_without_dh(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_hash *hash = exchange->choice.hash;
	const struct zrtp_piece messages[] = { responder_hello(stream),
					       zrtp_piece_of(exchange->commit.octets, exchange->commit.len) };
	struct zrtp_kdf_context context;
	uint8_t s0[ZRTP_HASH_MAX];
	int failed;

	if (zrtp_kdf_context_make(&context, hash, zrtp_zid_of(stream, ZRTP_INITIATOR),
				  zrtp_zid_of(stream, ZRTP_RESPONDER), messages, 2)) {
		return -1;
	}
	if (exchange->mode == ZRTP_MODE_MULTISTREAM) {
		failed = zrtp_s0_multistream(hash, stream->session->keys.zrtpsess, &context, s0);
	} else {
		failed = zrtp_s0_preshared(hash, exchange->preshared_key, &context, s0);
		zrtp_wipe(exchange->preshared_key, sizeof(exchange->preshared_key));
	}
	return failed ? -1 : keys_from_s0(stream, s0, &context);
}
