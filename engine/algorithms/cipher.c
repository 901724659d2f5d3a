/* SPDX-License-Identifier: BSD-2-Clause */
/* Cipher types (5.1.3): AES in counter mode for SRTP, in CFB for Confirm. */
#include "algorithms.h"

#include <string.h>

static const struct zrtp_cipher table[ZRTP_CIPHER_ROWS] = {
	{ "AES1", 16, EVP_aes_128_cfb128, "AES-128-CFB", NULL },
	{ "AES2", 24, EVP_aes_192_cfb128, "AES-192-CFB", NULL },
	{ "AES3", 32, EVP_aes_256_cfb128, "AES-256-CFB", NULL },
};

const struct zrtp_cipher *zrtp_cipher_rows(void)
{
	return table;
}

static const EVP_CIPHER *cfb_of(const struct zrtp_cipher *cipher)
{
	return cipher->fetched ? cipher->fetched : cipher->cfb();
}

const struct zrtp_cipher *zrtp_cipher_find(const void *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!memcmp(table[i].name, name, 4)) {
			return &table[i];
		}
	}
	return NULL;
}

int zrtp_cfb(const struct zrtp_cipher *cipher, const uint8_t *key, const uint8_t iv[ZRTP_BLOCK_SIZE],
	     bool encrypt, const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = ctx && EVP_CipherInit_ex(ctx, cfb_of(cipher), NULL, key, iv, encrypt) &&
		  EVP_CipherUpdate(ctx, out, &n, in, (int)len);

	EVP_CIPHER_CTX_free(ctx); /* wipes the key schedule */
	return ok && (size_t)n == len ? 0 : -1;
}
