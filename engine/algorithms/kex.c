/* SPDX-License-Identifier: BSD-2-Clause */
/* Key agreement types (5.1.5). X255 and X448 are the names under which
 * Linphone's bzrtp speaks RFC 7748, X1M1 and X3M3 its post-quantum ones; the RFC does not
 * rank them: the ranks are those of bzrtp, since both sides must come to the same choice
 * (4.1.2). */
#include "algorithms.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

static const struct zrtp_kex table[ZRTP_KEX_ROWS] = {
	{ "DH2k", 1, 0, 256, 256, 2048, &zrtp_kex_modp, NULL },
	{ "X255", 2, 0, 32, 32, EVP_PKEY_X25519, &zrtp_kex_x, NULL },
	{ "EC25", 3, 0, 64, 32, NID_X9_62_prime256v1, &zrtp_kex_ec, NULL },
	{ "X448", 4, 0, 56, 56, EVP_PKEY_X448, &zrtp_kex_x, NULL },
	{ "DH3k", 5, 0, 384, 384, 3072, &zrtp_kex_modp, NULL },
	{ "EC38", 6, 0, 96, 48, NID_secp384r1, &zrtp_kex_ec, NULL },
	{ "EC52", 7, 0, 132, 66, NID_secp521r1, &zrtp_kex_ec, NULL },
	{ "X1M1", 8, 832, 800, 0, 0, &zrtp_kex_kem, NULL },
	{ "X3M3", 9, 1624, 1624, 0, 1, &zrtp_kex_kem, NULL },
	{ "E255", 2, 0, 32, 32, EVP_PKEY_X25519, &zrtp_kex_x, NULL }, /* GNU ZRTP's name of X25519 */
	{ "Mult", 0, 0, 0, 0, 0, NULL, NULL },
	{ "Prsh", 0, 0, 0, 0, 0, NULL, NULL },
};

const struct zrtp_kex *zrtp_kex_rows(void)
{
	return table;
}

const struct zrtp_kex *zrtp_kex_find(const void *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!memcmp(table[i].name, name, 4)) {
			return &table[i];
		}
	}
	return NULL;
}

/* What a peer sends must not fill the error queue of the application's
 * thread, which its TLS relies on. */
enum zrtp_kex_result zrtp_kex_derive(const struct zrtp_kex *kex, void *key, const uint8_t *peer_pv,
				     uint8_t *result)
{
	enum zrtp_kex_result status;

	ERR_set_mark();
	status = kex->ops->derive(kex, key, peer_pv, result);
	ERR_pop_to_mark();
	return status;
}

enum zrtp_kex_result zrtp_kex_encapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
					  const struct zrtp_random *random, const uint8_t *pk, uint8_t *ct,
					  uint8_t *result)
{
	enum zrtp_kex_result status;

	ERR_set_mark();
	status = kex->ops->encapsulate(kex, hash, random, pk, ct, result);
	ERR_pop_to_mark();
	return status;
}

enum zrtp_kex_result zrtp_kex_decapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash, void *key,
					  const uint8_t *ct, uint8_t *result)
{
	enum zrtp_kex_result status;

	ERR_set_mark();
	status = kex->ops->decapsulate(kex, hash, key, ct, result);
	ERR_pop_to_mark();
	return status;
}

bool zrtp_algorithm_available(enum zrtp_class which, const char *name)
{
	const struct zrtp_kex *kex;
	char padded[5];
	void *group;

	zrtp_name_pad(padded, name);
	kex = which == ZRTP_CLASS_KEX ? zrtp_kex_find(padded) : NULL;
	if (!kex || !zrtp_kex_is_kem(kex)) {
		return zrtp_algorithm_known(which, padded);
	}
	group = kex->ops->make_group(kex);
	if (group) {
		kex->ops->free_group(group);
	}
	return group != NULL;
}

bool zrtp_algorithm_post_quantum(const char *name)
{
	const struct zrtp_kex *kex;
	char padded[5];

	zrtp_name_pad(padded, name);
	kex = zrtp_kex_find(padded);
	return kex && zrtp_kex_is_kem(kex);
}

bool zrtp_algorithm_known(enum zrtp_class which, const void *name)
{
	const struct zrtp_kex *kex;

	switch (which) {
	case ZRTP_CLASS_HASH:
		return zrtp_hash_find(name) != NULL;
	case ZRTP_CLASS_CIPHER:
		return zrtp_cipher_find(name) != NULL;
	case ZRTP_CLASS_TAG:
		return zrtp_tag_find(name) != NULL;
	case ZRTP_CLASS_KEX:
		kex = zrtp_kex_find(name);
		return kex && kex->ops;
	case ZRTP_CLASS_SAS:
		return zrtp_sas_find(name) != NULL;
	case ZRTP_CLASS_COUNT:
		break;
	}
	return false;
}
