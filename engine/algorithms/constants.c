/* SPDX-License-Identifier: BSD-2-Clause */
/* What a context keeps of libcrypto. Threads may share it: it is read only once made, but
 * for the keys of kex_x.c that one thread at a time takes and gives back. */
#include "algorithms.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
/* libcrypto 3 looks an EVP_sha256() up at each use. */
static void fetch(struct zrtp_constants *constants)
{
	for (unsigned i = 0; i < ZRTP_HASH_ROWS; i++) {
		constants->hash[i].fetched = EVP_MD_fetch(NULL, constants->hash[i].fetch_name, NULL);
	}
	for (unsigned i = 0; i < ZRTP_CIPHER_ROWS; i++) {
		constants->cipher[i].fetched = EVP_CIPHER_fetch(NULL, constants->cipher[i].fetch_name, NULL);
	}
}

static void unfetch(struct zrtp_constants *constants)
{
	for (unsigned i = 0; i < ZRTP_HASH_ROWS; i++) {
		EVP_MD_free(constants->hash[i].fetched);
	}
	for (unsigned i = 0; i < ZRTP_CIPHER_ROWS; i++) {
		EVP_CIPHER_free(constants->cipher[i].fetched);
	}
}
#else
static void fetch(struct zrtp_constants *constants)
{
	(void)constants; /* libcrypto 1.1 has constants of its own */
}

static void unfetch(struct zrtp_constants *constants)
{
	(void)constants;
}
#endif

void zrtp_constants_make(struct zrtp_constants *constants)
{
	memcpy(constants->hash, zrtp_hash_rows(), sizeof(constants->hash));
	memcpy(constants->cipher, zrtp_cipher_rows(), sizeof(constants->cipher));
	memcpy(constants->kex, zrtp_kex_rows(), sizeof(constants->kex));
	ERR_set_mark();
	fetch(constants);
	for (unsigned i = 0; i < ZRTP_KEX_ROWS; i++) {
		struct zrtp_kex *kex = &constants->kex[i];

		kex->group = kex->ops && kex->ops->make_group ? kex->ops->make_group(kex) : NULL;
	}
	ERR_pop_to_mark();
}

void zrtp_constants_free(struct zrtp_constants *constants)
{
	unfetch(constants);
	for (unsigned i = 0; i < ZRTP_KEX_ROWS; i++) {
		struct zrtp_kex *kex = &constants->kex[i];

		if (kex->group) {
			kex->ops->free_group(kex->group);
		}
	}
}
