/* SPDX-License-Identifier: BSD-2-Clause */
/* The encrypted messages: Confirm1, Confirm2 (4.6, 5.7) and SASrelay (5.13)
 * have one outline and one use of the keys. */
#include "internal.h"

#include "draw.h"
#include "sealed.h"

/* Encrypt, then the MAC over the ciphertext. */
size_t zrtp_seal(struct zrtp_stream *stream, enum zrtp_message_type type, uint8_t *text, size_t len,
		 uint8_t *out, size_t size)
{
	const struct zrtp_choice *choice = &stream->choice;
	enum zrtp_role role = zrtp_own_role(stream);
	uint8_t iv[ZRTP_IV_SIZE], mac[ZRTP_MAC_SIZE];
	const struct zrtp_sealed sealed = { mac, iv, text, len };

	if (zrtp_draw_public(stream, iv, sizeof(iv), ZRTP_RANDOM_IV) ||
	    zrtp_cfb(choice->cipher, stream->keys.zrtpkey[role], iv, true, text, len, text) ||
	    zrtp_mac64(choice->hash, stream->keys.mackey[role], choice->hash->size, text, len, mac)) {
		return 0;
	}
	return zrtp_sealed_write(out, size, type, &sealed);
}

bool zrtp_sealed_authentic(const struct zrtp_stream *stream, const struct zrtp_sealed *sealed,
			   enum zrtp_role sender)
{
	const struct zrtp_hash *hash = stream->choice.hash;
	uint8_t mac[ZRTP_MAC_SIZE];

	return !zrtp_mac64(hash, stream->keys.mackey[sender], hash->size, sealed->cipher, sealed->cipher_len,
			   mac) &&
	       zrtp_equal(mac, sealed->mac, sizeof(mac));
}
