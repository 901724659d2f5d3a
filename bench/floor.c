/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no implementation on libcrypto can go below: the public-key operations
 * of one exchange with everything that can be kept between exchanges kept
 * (groups, Montgomery contexts), no secure memory, no validation beyond what
 * the library does by itself, no message around them. But X255 and X448 have
 * their key objects made each time, so for them it is a comparison.
 */
#include "bench.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/opensslv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_BITS = 256 /* with AES1 (5.1.5), as the engine's run */ };

struct method {
	const char *kex;
	bool (*run)(int id);
	int id;
};

/* ---- X25519, X448 ---- */

static EVP_PKEY *x_generate(int id)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(id, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) > 0) {
		EVP_PKEY_keygen(ctx, &key);
	}
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool x_derive(int id, EVP_PKEY *own, EVP_PKEY *peer)
{
	uint8_t pv[56], result[56];
	size_t pv_len = sizeof(pv), len = sizeof(result);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	EVP_PKEY *public_key = NULL;
	bool ok = EVP_PKEY_get_raw_public_key(peer, pv, &pv_len) &&
		  (public_key = EVP_PKEY_new_raw_public_key(id, NULL, pv, pv_len)) && ctx &&
		  EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, public_key) > 0 &&
		  EVP_PKEY_derive(ctx, result, &len) > 0;

	EVP_PKEY_free(public_key);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool x_run(int id)
{
	EVP_PKEY *a = x_generate(id), *b = x_generate(id);
	bool ok = a && b && x_derive(id, a, b) && x_derive(id, b, a);

	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	return ok;
}

/* ---- ML-KEM, and with X25519 or X448 beside it ---- */

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
enum { PK_MAX = 1568 };

static bool mlkem_run(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *key = NULL, *peer = NULL;
	uint8_t pk[PK_MAX], ct[PK_MAX], a[32], b[32];
	size_t pk_len = sizeof(pk), ct_len = sizeof(ct), a_len = sizeof(a), b_len = sizeof(b);
	bool ok = ctx && EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_generate(ctx, &key) > 0 &&
		  EVP_PKEY_get_raw_public_key(key, pk, &pk_len) > 0 &&
		  (peer = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, pk, pk_len));

	EVP_PKEY_CTX_free(ctx);
	ctx = ok ? EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL) : NULL;
	ok = ctx && EVP_PKEY_encapsulate_init(ctx, NULL) > 0 &&
	     EVP_PKEY_encapsulate(ctx, ct, &ct_len, a, &a_len) > 0;
	EVP_PKEY_CTX_free(ctx);
	ctx = ok ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	ok = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) > 0 &&
	     EVP_PKEY_decapsulate(ctx, b, &b_len, ct, ct_len) > 0 && !memcmp(a, b, sizeof(a));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
	return ok;
}
#else
static bool mlkem_run(const char *name)
{
	(void)name;
	return false;
}
#endif

static bool hybrid_run(int id)
{
	return x_run(id) && mlkem_run(id == EVP_PKEY_X25519 ? "ML-KEM-512" : "ML-KEM-1024");
}

/* ---- NIST curves ---- */

struct curve {
	int id;
	EC_GROUP *group;
	BN_CTX *ctx;
	size_t size; /* of a point */
};

static struct curve *curve_of(int id)
{
	static struct curve curves[3];
	struct curve *c = curves;

	while (c->id && c->id != id) {
		c++;
	}
	if (!c->id) {
		c->id = id;
		c->group = EC_GROUP_new_by_curve_name(id);
		c->ctx = BN_CTX_new();
		c->size = 1 + 2 * ((size_t)(EC_GROUP_get_degree(c->group) + 7) / 8);
	}
	return c;
}

static bool ec_generate(struct curve *c, BIGNUM *k, uint8_t *pv)
{
	EC_POINT *point = EC_POINT_new(c->group);
	bool ok = point && BN_priv_rand_range(k, EC_GROUP_get0_order(c->group)) &&
		  EC_POINT_mul(c->group, point, k, NULL, NULL, c->ctx) &&
		  EC_POINT_point2oct(c->group, point, POINT_CONVERSION_UNCOMPRESSED, pv, c->size, c->ctx);

	EC_POINT_free(point);
	return ok;
}

/* EC_POINT_oct2point checks that the point is on the curve. */
static bool ec_derive(struct curve *c, const BIGNUM *k, const uint8_t *pv)
{
	EC_POINT *peer = EC_POINT_new(c->group), *shared = EC_POINT_new(c->group);
	BIGNUM *x = BN_new();
	bool ok = peer && shared && x && EC_POINT_oct2point(c->group, peer, pv, c->size, c->ctx) &&
		  EC_POINT_mul(c->group, shared, NULL, peer, k, c->ctx) &&
		  EC_POINT_get_affine_coordinates(c->group, shared, x, NULL, c->ctx);

	BN_clear_free(x);
	EC_POINT_free(peer);
	EC_POINT_clear_free(shared);
	return ok;
}

static bool ec_run(int id)
{
	struct curve *c = curve_of(id);
	uint8_t pv_a[133], pv_b[133];
	BIGNUM *a = BN_new(), *b = BN_new();
	bool ok = a && b && ec_generate(c, a, pv_a) && ec_generate(c, b, pv_b) && ec_derive(c, a, pv_b) &&
		  ec_derive(c, b, pv_a);

	BN_clear_free(a);
	BN_clear_free(b);
	return ok;
}

/* ---- finite fields ---- */

struct field {
	int id;
	BIGNUM *p, *g;
	BN_CTX *ctx;
	BN_MONT_CTX *mont;
};

static struct field *field_of(int id)
{
	static struct field fields[2];
	struct field *f = &fields[id == 3072];

	if (!f->id) {
		f->id = id;
		f->p = id == 3072 ? BN_get_rfc3526_prime_3072(NULL) : BN_get_rfc3526_prime_2048(NULL);
		f->g = BN_new();
		f->ctx = BN_CTX_new();
		f->mont = BN_MONT_CTX_new();
		BN_set_word(f->g, 2);
		BN_MONT_CTX_set(f->mont, f->p, f->ctx);
	}
	return f;
}

static bool power(struct field *f, BIGNUM *out, const BIGNUM *base, const BIGNUM *exponent)
{
	return BN_mod_exp_mont_consttime(out, base, exponent, f->p, f->ctx, f->mont);
}

static bool modp_run(int id)
{
	struct field *f = field_of(id);
	BIGNUM *a = BN_new(), *b = BN_new(), *pv_a = BN_new(), *pv_b = BN_new(), *z = BN_new();
	bool ok = a && b && pv_a && pv_b && z &&
		  BN_priv_rand(a, EXPONENT_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
		  BN_priv_rand(b, EXPONENT_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
		  power(f, pv_a, f->g, a) && power(f, pv_b, f->g, b) && power(f, z, pv_b, a) &&
		  power(f, z, pv_a, b);

	BN_clear_free(a);
	BN_clear_free(b);
	BN_clear_free(z);
	BN_free(pv_a);
	BN_free(pv_b);
	return ok;
}

static const struct method methods[] = {
	{ "DH2k", modp_run, 2048 },
	{ "DH3k", modp_run, 3072 },
	{ "EC25", ec_run, NID_X9_62_prime256v1 },
	{ "EC38", ec_run, NID_secp384r1 },
	{ "EC52", ec_run, NID_secp521r1 },
	{ "X255", x_run, EVP_PKEY_X25519 },
	{ "X448", x_run, EVP_PKEY_X448 },
	{ "X1M1", hybrid_run, EVP_PKEY_X25519 },
	{ "X3M3", hybrid_run, EVP_PKEY_X448 },
};

static const struct method *find(const char *kex)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (!strcmp(methods[i].kex, kex)) {
			return &methods[i];
		}
	}
	return NULL;
}

bool floor_has(const char *kex)
{
	return find(kex) != NULL;
}

bool floor_run(const char *kex)
{
	const struct method *method = find(kex);

	return method && method->run(method->id);
}
