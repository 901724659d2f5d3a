/* SPDX-License-Identifier: BSD-2-Clause */
/* ML-KEM (FIPS 203) by libcrypto 3.5 or later. Its names are texts, so that what was built
 * with an older one finds it when it runs on a newer one. */
#include "algorithms.h"
#include "mlkem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#include <openssl/core_names.h>
#include <openssl/params.h>

/* The failed look-up leaves an entry in the thread's error queue. */
void *zrtp_mlkem_fetch(const struct zrtp_mlkem *type)
{
	EVP_KEM *kem;

	ERR_set_mark();
	kem = EVP_KEM_fetch(NULL, type->name, NULL);
	ERR_pop_to_mark();
	return kem;
}

void zrtp_mlkem_free(void *fetched)
{
	EVP_KEM_free(fetched);
}

static EVP_PKEY *key_from_seed(const struct zrtp_mlkem *type, uint8_t seed[ZRTP_MLKEM_SEED_SIZE])
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string("seed", seed, ZRTP_MLKEM_SEED_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type->name, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_keygen_init(ctx) <= 0 || EVP_PKEY_CTX_set_params(ctx, params) <= 0 ||
	    EVP_PKEY_generate(ctx, &key) <= 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int zrtp_mlkem_generate(const struct zrtp_mlkem *type, const struct zrtp_random *random, void **key,
			uint8_t *pk)
{
	uint8_t seed[ZRTP_MLKEM_SEED_SIZE];
	EVP_PKEY *made = NULL;
	size_t len = type->pk_size;

	if (!random->fill(seed, sizeof(seed), random->arg)) {
		made = key_from_seed(type, seed);
	}
	OPENSSL_cleanse(seed, sizeof(seed));
	if (!made || EVP_PKEY_get_raw_public_key(made, pk, &len) <= 0 || len != type->pk_size) {
		EVP_PKEY_free(made);
		return -1;
	}
	*key = made;
	return 0;
}

static bool encapsulate(const struct zrtp_mlkem *type, EVP_PKEY *key, uint8_t *m, uint8_t *ct,
			uint8_t secret[ZRTP_MLKEM_SECRET_SIZE])
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string("ikme", m, ZRTP_MLKEM_SECRET_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t ct_len = type->ct_size, len = ZRTP_MLKEM_SECRET_SIZE;
	bool ok = ctx && EVP_PKEY_encapsulate_init(ctx, m ? params : NULL) > 0 &&
		  EVP_PKEY_encapsulate(ctx, ct, &ct_len, secret, &len) > 0 && ct_len == type->ct_size &&
		  len == ZRTP_MLKEM_SECRET_SIZE;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* libcrypto refuses a key with coefficients that are no residues (FIPS 203, 7.2). */
enum zrtp_kex_result zrtp_mlkem_encapsulate(const struct zrtp_mlkem *type, const uint8_t *pk, uint8_t *m,
					    uint8_t *ct, uint8_t secret[ZRTP_MLKEM_SECRET_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(NULL, type->name, NULL, pk, type->pk_size);
	enum zrtp_kex_result status = ZRTP_KEX_BAD_PV;

	if (key) {
		status = encapsulate(type, key, m, ct, secret) ? ZRTP_KEX_OK : ZRTP_KEX_FAILED;
	}
	EVP_PKEY_free(key);
	return status;
}

/* A ciphertext that was changed gives another secret, and no error (implicit rejection). */
enum zrtp_kex_result zrtp_mlkem_decapsulate(const struct zrtp_mlkem *type, void *key, const uint8_t *ct,
					    uint8_t secret[ZRTP_MLKEM_SECRET_SIZE])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t len = ZRTP_MLKEM_SECRET_SIZE;
	bool ok = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) > 0 &&
		  EVP_PKEY_decapsulate(ctx, secret, &len, ct, type->ct_size) > 0 &&
		  len == ZRTP_MLKEM_SECRET_SIZE;

	EVP_PKEY_CTX_free(ctx);
	return ok ? ZRTP_KEX_OK : ZRTP_KEX_FAILED;
}
#else
void *zrtp_mlkem_fetch(const struct zrtp_mlkem *type)
{
	(void)type;
	return NULL;
}

void zrtp_mlkem_free(void *fetched)
{
	(void)fetched;
}

int zrtp_mlkem_generate(const struct zrtp_mlkem *type, const struct zrtp_random *random, void **key,
			uint8_t *pk)
{
	(void)type;
	(void)random;
	(void)key;
	(void)pk;
	return -1;
}

enum zrtp_kex_result zrtp_mlkem_encapsulate(const struct zrtp_mlkem *type, const uint8_t *pk, uint8_t *m,
					    uint8_t *ct, uint8_t secret[ZRTP_MLKEM_SECRET_SIZE])
{
	(void)type;
	(void)pk;
	(void)m;
	(void)ct;
	(void)secret;
	return ZRTP_KEX_FAILED;
}

enum zrtp_kex_result zrtp_mlkem_decapsulate(const struct zrtp_mlkem *type, void *key, const uint8_t *ct,
					    uint8_t secret[ZRTP_MLKEM_SECRET_SIZE])
{
	(void)type;
	(void)key;
	(void)ct;
	(void)secret;
	return ZRTP_KEX_FAILED;
}
#endif
