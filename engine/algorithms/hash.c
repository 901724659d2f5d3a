/* SPDX-License-Identifier: BSD-2-Clause */
/* Hash types (5.1.2) with their HMAC (5.1.2.1). */
/* HMAC_CTX is the one interface that can be keyed once and used often, in
 * every libcrypto since 1.1; 3.0 deprecates it without another as cheap. */
#define OPENSSL_API_COMPAT 0x10101000L
#include "algorithms.h"

#include <openssl/hmac.h>
#include <string.h>

/* S256 first: zrtp_implicit() relies on it. */
static const struct zrtp_hash table[ZRTP_HASH_ROWS] = {
	{ "S256", 32, EVP_sha256, "SHA256", NULL },
	{ "S384", 48, EVP_sha384, "SHA384", NULL },
	{ "S512", 64, EVP_sha512, "SHA512", NULL }, /* as Linphone has it, not of the RFC */
};

const struct zrtp_hash *zrtp_hash_rows(void)
{
	return table;
}

static const EVP_MD *md_of(const struct zrtp_hash *hash)
{
	return hash->fetched ? hash->fetched : hash->md();
}

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
	bool ok = md && EVP_DigestInit_ex(md, md_of(hash), NULL);

	for (size_t i = 0; ok && i < count; i++) {
		ok = EVP_DigestUpdate(md, pieces[i].octets, pieces[i].len);
	}
	ok = ok && EVP_DigestFinal_ex(md, out, NULL);
	EVP_MD_CTX_free(md); /* wipes its state */
	return ok ? 0 : -1;
}

struct zrtp_mac *zrtp_mac_open(const struct zrtp_hash *hash, const void *key, size_t key_len)
{
	HMAC_CTX *ctx = HMAC_CTX_new();

	if (ctx && !HMAC_Init_ex(ctx, key, (int)key_len, md_of(hash), NULL)) {
		HMAC_CTX_free(ctx);
		ctx = NULL;
	}
	return (struct zrtp_mac *)ctx;
}

static int update_and_finish(HMAC_CTX *ctx, const void *data, size_t len, uint8_t *out)
{
	unsigned size = 0;

	return HMAC_Update(ctx, data, len) && HMAC_Final(ctx, out, &size) ? 0 : -1;
}

int zrtp_mac_next(struct zrtp_mac *mac, const void *data, size_t len, uint8_t *out)
{
	HMAC_CTX *ctx = (HMAC_CTX *)mac;

	return !update_and_finish(ctx, data, len, out) && HMAC_Init_ex(ctx, NULL, 0, NULL, NULL) ? 0 : -1;
}

void zrtp_mac_close(struct zrtp_mac *mac)
{
	HMAC_CTX_free((HMAC_CTX *)mac); /* wipes the key */
}

int zrtp_hmac(const struct zrtp_hash *hash, const void *key, size_t key_len, const void *data, size_t len,
	      uint8_t *out)
{
	struct zrtp_mac *mac = zrtp_mac_open(hash, key, key_len);
	int status = mac ? update_and_finish((HMAC_CTX *)mac, data, len, out) : -1;

	zrtp_mac_close(mac);
	return status;
}
