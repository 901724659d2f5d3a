/* SPDX-License-Identifier: BSD-2-Clause */
/* X25519 and X448 (RFC 7748): octets as they are, DHResult likewise. */
#include "algorithms.h"

#include <openssl/crypto.h>
#include <string.h>

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdatomic.h>

/* What libcrypto 3 looks up before it makes a key of octets, and a key to put the peer's public
 * value into: both cost as much again as all the messages' HMACs. One thread at a time may
 * use each; another one makes its own for once. No secret is in them. */
struct maker {
	_Atomic(EVP_PKEY_CTX *) idle;
	_Atomic(EVP_PKEY *) peer;
};

static EVP_PKEY_CTX *new_context(const struct zrtp_kex *kex)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id((int)kex->id, NULL);

	if (ctx && EVP_PKEY_fromdata_init(ctx) <= 0) {
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static void *make_group(const struct zrtp_kex *kex)
{
	struct maker *maker = OPENSSL_zalloc(sizeof(*maker));

	if (maker) {
		atomic_init(&maker->idle, new_context(kex));
		atomic_init(&maker->peer, NULL);
	}
	return maker;
}

static void free_group(void *group)
{
	struct maker *maker = group;

	EVP_PKEY_CTX_free(atomic_load(&maker->idle));
	EVP_PKEY_free(atomic_load(&maker->peer));
	OPENSSL_free(maker);
}

static EVP_PKEY_CTX *take_context(const struct zrtp_kex *kex)
{
	struct maker *maker = kex->group;
	EVP_PKEY_CTX *ctx = maker ? atomic_exchange(&maker->idle, NULL) : NULL;

	return ctx ? ctx : new_context(kex);
}

static void give_back(const struct zrtp_kex *kex, EVP_PKEY_CTX *ctx)
{
	struct maker *maker = kex->group;
	EVP_PKEY_CTX *none = NULL;

	if (!maker || !atomic_compare_exchange_strong(&maker->idle, &none, ctx)) {
		EVP_PKEY_CTX_free(ctx);
	}
}

static EVP_PKEY *from_octets(const struct zrtp_kex *kex, const char *part, int selection, uint8_t *octets)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(part, octets, kex->pv_size),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = take_context(kex);
	EVP_PKEY *key = NULL;

	if (!ctx) {
		return NULL;
	}
	if (EVP_PKEY_fromdata(ctx, &key, selection, params) <= 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	give_back(kex, ctx);
	return key;
}

/* libcrypto makes the public one of it. */
static EVP_PKEY *private_key(const struct zrtp_kex *kex, uint8_t *octets)
{
	return from_octets(kex, OSSL_PKEY_PARAM_PRIV_KEY, EVP_PKEY_KEYPAIR, octets);
}

static EVP_PKEY *take_peer(const struct zrtp_kex *kex, uint8_t *octets)
{
	struct maker *maker = kex->group;
	EVP_PKEY *key = maker ? atomic_exchange(&maker->peer, NULL) : NULL;

	if (key && EVP_PKEY_set1_encoded_public_key(key, octets, kex->pv_size) <= 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key ? key : from_octets(kex, OSSL_PKEY_PARAM_PUB_KEY, EVP_PKEY_PUBLIC_KEY, octets);
}

static void give_peer_back(const struct zrtp_kex *kex, EVP_PKEY *key)
{
	struct maker *maker = kex->group;
	EVP_PKEY *none = NULL;

	if (!maker || !atomic_compare_exchange_strong(&maker->peer, &none, key)) {
		EVP_PKEY_free(key);
	}
}

/* Every octet string of the length is a public value (RFC 7748, 5): nothing to validate. */
static int set_peer(EVP_PKEY_CTX *ctx, EVP_PKEY *peer)
{
	return EVP_PKEY_derive_set_peer_ex(ctx, peer, 0);
}
#else
static EVP_PKEY *private_key(const struct zrtp_kex *kex, const uint8_t *octets)
{
	return EVP_PKEY_new_raw_private_key((int)kex->id, NULL, octets, kex->pv_size);
}

static EVP_PKEY *take_peer(const struct zrtp_kex *kex, const uint8_t *octets)
{
	return EVP_PKEY_new_raw_public_key((int)kex->id, NULL, octets, kex->pv_size);
}

static void give_peer_back(const struct zrtp_kex *kex, EVP_PKEY *key)
{
	(void)kex;
	EVP_PKEY_free(key);
}

static int set_peer(EVP_PKEY_CTX *ctx, EVP_PKEY *peer)
{
	return EVP_PKEY_derive_set_peer(ctx, peer);
}
#endif

static int generate(const struct zrtp_kex *kex, const struct zrtp_random *random, unsigned strength,
		    void **key, uint8_t *pv)
{
	uint8_t octets[ZRTP_PRIVATE_MAX];
	EVP_PKEY *pkey = NULL;
	size_t len = kex->pv_size;

	(void)strength; /* the curve decides */
	if (!random->fill(octets, kex->pv_size, random->arg)) {
		pkey = private_key(kex, octets);
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
	uint8_t octets[ZRTP_PRIVATE_MAX];
	size_t len = kex->result_size;
	enum zrtp_kex_result status = ZRTP_KEX_FAILED;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY *peer;

	memcpy(octets, peer_pv, kex->pv_size);
	peer = take_peer(kex, octets);
	if (peer && ctx && EVP_PKEY_derive_init(ctx) > 0 && set_peer(ctx, peer) > 0) {
		status = EVP_PKEY_derive(ctx, result, &len) > 0 && !all_zero(result, len) ? ZRTP_KEX_OK
											  : ZRTP_KEX_BAD_PV;
	}
	EVP_PKEY_CTX_free(ctx);
	give_peer_back(kex, peer);
	return status;
}

static void release(void *key)
{
	EVP_PKEY_free(key);
}

const struct zrtp_kex_ops zrtp_kex_x = {
	.generate = generate,
	.derive = compute,
	.release = release,
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	.make_group = make_group,
	.free_group = free_group,
#endif
};
