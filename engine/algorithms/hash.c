/* SPDX-License-Identifier: BSD-2-Clause */
/* Hash types (5.1.2) with their HMAC (5.1.2.1). */
#include "algorithms.h"

#include <openssl/hmac.h>
#include <string.h>

static const struct zrtp_hash table[] = {
	{ "S256", 32, EVP_sha256 },
	{ "S384", 48, EVP_sha384 },
};

const struct zrtp_hash *zrtp_hash_find(const void *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!memcmp(table[i].name, name, 4)) {
			return &table[i];
		}
	}
	return NULL;
}

int zrtp_digest(const struct zrtp_hash *hash, const struct zrtp_piece *pieces, size_t count, uint8_t *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestInit_ex(md, hash->md(), NULL);

	for (size_t i = 0; ok && i < count; i++) {
		ok = EVP_DigestUpdate(md, pieces[i].octets, pieces[i].len);
	}
	ok = ok && EVP_DigestFinal_ex(md, out, NULL);
	EVP_MD_CTX_free(md); /* wipes its state */
	return ok ? 0 : -1;
}

int zrtp_hmac(const struct zrtp_hash *hash, const void *key, size_t key_len, const void *data, size_t len,
	      uint8_t *out)
{
	unsigned size = 0;

	if (!HMAC(hash->md(), key, (int)key_len, data, len, out, &size)) {
		return -1;
	}
	return size == hash->size ? 0 : -1;
}
