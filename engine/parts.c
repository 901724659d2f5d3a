/* SPDX-License-Identifier: BSD-2-Clause */
/* Our Commit, DHPart1 and DHPart2 as octets (5.4 to 5.6). */
#include "internal.h"

#include "exchange.h"
#include "parts.h"
#include "secrets.h"

/* With the IDs of our secrets for this role. */
size_t zrtp_build_dhpart(struct zrtp_stream *stream, enum zrtp_message_type type, const uint8_t *pv,
			 size_t pv_len, uint8_t *out, size_t size)
{
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t ids[4 * ZRTP_ID_SIZE];
	const struct zrtp_dhpart part = { .h1 = stream->h[1], .ids = ids, .pv = pv, .pv_len = pv_len };
	size_t len;

	if (zrtp_secret_ids(stream, exchange->choice.hash, exchange->role, ids)) {
		return 0;
	}
	len = zrtp_dhpart_write(out, size, type, &part);
	return len && !zrtp_message_seal(zrtp_implicit(stream), out, len, stream->h[0]) ? len : 0;
}

int zrtp_write_commit(struct zrtp_stream *stream, const struct zrtp_commit_rest *rest)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_choice *choice = &exchange->choice;
	const struct zrtp_commit commit = {
		.h2 = stream->h[2],
		.zid = stream->session->zid,
		.name = { (const uint8_t *)choice->hash->name, (const uint8_t *)choice->cipher->name,
			  (const uint8_t *)choice->tag->name, (const uint8_t *)choice->kex->name,
			  (const uint8_t *)choice->sas->name },
		.mode = exchange->mode,
		.hvi = rest->hvi,
		.pk = rest->pk,
		.pk_len = rest->pk ? choice->kex->pk_size : 0,
		.nonce = stream->nonce,
		.key_id = rest->key_id,
	};

	exchange->commit.len =
		zrtp_commit_write(exchange->commit.octets, sizeof(exchange->commit.octets), &commit);
	exchange->commit.mode = commit.mode;
	exchange->commit.pk_len = commit.pk_len;
	return exchange->commit.len ? zrtp_message_seal(zrtp_implicit(stream), exchange->commit.octets,
							exchange->commit.len, stream->h[1])
				    : -1;
}

/* DHPart2 is fixed before Commit, which commits to it through hvi. */
int zrtp_write_dh_commit(struct zrtp_stream *stream, const uint8_t *pk)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_dhpart2_octets *dhpart2 = &exchange->dhpart2;
	uint8_t hvi[ZRTP_HVI_SIZE];
	const struct zrtp_commit_rest rest = { .hvi = hvi, .pk = pk };

	return zrtp_hvi(exchange->choice.hash, zrtp_piece_of(dhpart2->octets, dhpart2->len),
			zrtp_piece_of(stream->peer_hello.octets, stream->peer_hello.len), hvi)
		       ? -1
		       : zrtp_write_commit(stream, &rest);
}
