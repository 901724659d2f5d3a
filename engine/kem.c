/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key agreement by a KEM beside Diffie-Hellman: X1M1 and X3M3, as Linphone has them. The
 * Commit carries the initiator's public key and DHPart1 the responder's ciphertext; DHPart2
 * has a nonce in the place of a public value, which hvi commits to. All else is as in DH mode.
 */
#include "internal.h"

#include "draw.h"
#include "exchange.h"
#include "kem.h"
#include "parts.h"
#include "private.h"
#include "work.h"

/* A fresh key pair each time: its public key goes out with the Commit. */
uint32_t zrtp_kem_commit(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart2_octets *dhpart2 = &exchange->dhpart2;
	const struct zrtp_kex *kex = exchange->choice.kex;
	const struct zrtp_random random = { zrtp_draw_private, stream };
	uint8_t nonce[ZRTP_NONCE_SIZE], pk[ZRTP_KEM_MAX];

	zrtp_private_drop(exchange);
	if (zrtp_draw_public(stream, nonce, sizeof(nonce), ZRTP_RANDOM_NONCE)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	dhpart2->len = zrtp_build_dhpart(stream, ZRTP_MSG_DHPART2, nonce, sizeof(nonce), dhpart2->octets,
					 sizeof(dhpart2->octets));
	if (!dhpart2->len) {
		return ZRTP_ERROR_SOFTWARE;
	}
	zrtp_work_done(stream);
	exchange->private_kex = kex;
	exchange->pv_sent = true;
	if (kex->ops->generate(kex, &random, 0, &exchange->private_key, pk) ||
	    zrtp_write_dh_commit(stream, pk)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	return 0;
}

uint32_t zrtp_kem_respond(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart1_octets *dhpart1 = &exchange->dhpart1;
	const struct zrtp_choice *choice = &exchange->choice;
	const struct zrtp_random random = { zrtp_draw_private, stream };
	uint8_t ct[ZRTP_KEM_MAX];

	zrtp_private_drop(exchange); /* of a Commit of ours that has lost */
	zrtp_work_done(stream);
	switch (zrtp_kex_encapsulate(choice->kex, choice->hash, &random, commit->pk, ct,
				     exchange->kem_result)) {
	case ZRTP_KEX_OK:
		break;
	case ZRTP_KEX_BAD_PV:
		return ZRTP_ERROR_BAD_PV;
	case ZRTP_KEX_FAILED:
		return ZRTP_ERROR_SOFTWARE;
	}
	dhpart1->len = zrtp_build_dhpart(stream, ZRTP_MSG_DHPART1, ct, choice->kex->pv_size, dhpart1->octets,
					 sizeof(dhpart1->octets));
	return dhpart1->len ? 0 : ZRTP_ERROR_SOFTWARE;
}
