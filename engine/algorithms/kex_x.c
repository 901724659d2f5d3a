/* SPDX-License-Identifier: BSD-2-Clause */
/* X25519 and X448 (RFC 7748): octets as they are, DHResult likewise. */
#include "algorithms.h"

#include <openssl/crypto.h>

static int generate(const struct zrtp_kex *kex, const struct zrtp_random *random, unsigned strength,
		    void **key, uint8_t *pv)
{
	uint8_t octets[ZRTP_PRIVATE_MAX];
	EVP_PKEY *pkey = NULL;
	size_t len = kex->pv_size;

	(void)strength; /* the curve decides */
	if (!random->fill(octets, kex->pv_size, random->arg)) {
		pkey = EVP_PKEY_new_raw_private_key((int)kex->id, NULL, octets, kex->pv_size);
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	if (!pkey || !EVP_PKEY_get_raw_public_key(pkey, pv, &len)) {
		EVP_PKEY_free(pkey);
		return -1;
	}
	*key = pkey;
	return 0;
}

static bool all_zero(const uint8_t *octets, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++) {
		any |= octets[i];
	}
	return !any;
}

/* A point of small order gives an all-zero result whatever our key is:
 * refused, as RFC 7748 section 6 advises. */
static enum zrtp_kex_result compute(const struct zrtp_kex *kex, void *key, const uint8_t *peer_pv,
				    uint8_t *result)
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key((int)kex->id, NULL, peer_pv, kex->pv_size);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = kex->result_size;
	enum zrtp_kex_result status = ZRTP_KEX_FAILED;

	if (peer && ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0) {
		status = EVP_PKEY_derive(ctx, result, &len) > 0 && !all_zero(result, len) ? ZRTP_KEX_OK
											  : ZRTP_KEX_BAD_PV;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return status;
}

static void release(void *key)
{
	EVP_PKEY_free(key);
}

const struct zrtp_kex_ops zrtp_kex_x = { .generate = generate, .derive = compute, .release = release };
