/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-256-GCM under a random nonce, bound to what stands beside it in clear. */
#include "store.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

int zrtp_store_encrypt(const struct zrtp_store_key *key, const uint8_t *bound, size_t bound_len,
		       const uint8_t *secret, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n, good;

	good = ctx && RAND_bytes(out, CIPHER_NONCE) == 1 &&
	       EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->octets, out) == 1 &&
	       EVP_EncryptUpdate(ctx, NULL, &n, bound, (int)bound_len) == 1 &&
	       EVP_EncryptUpdate(ctx, out + CIPHER_NONCE, &n, secret, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(ctx, out + CIPHER_NONCE + len, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, CIPHER_TAG, out + CIPHER_NONCE + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good ? 0 : -1;
}

int zrtp_store_decrypt(const struct zrtp_store_key *key, const uint8_t *bound, size_t bound_len,
		       const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t tag[CIPHER_TAG];
	int n, res = -1;

	memcpy(tag, in + CIPHER_NONCE + len, CIPHER_TAG);
	if (ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->octets, in) == 1 &&
	    EVP_DecryptUpdate(ctx, NULL, &n, bound, (int)bound_len) == 1 &&
	    EVP_DecryptUpdate(ctx, out, &n, in + CIPHER_NONCE, (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, CIPHER_TAG, tag) == 1) {
		res = EVP_DecryptFinal_ex(ctx, out + len, &n) == 1 ? 1 : 0;
	}
	EVP_CIPHER_CTX_free(ctx);
	if (res != 1) {
		OPENSSL_cleanse(out, len);
	}
	return res;
}
