/* SPDX-License-Identifier: BSD-2-Clause */
/* Elliptic curve Diffie-Hellman on the NIST curves (EC25, EC38, EC52). A
 * public value is X || Y, DHResult is X alone (5.1.5). */
#include "algorithms.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <string.h>

enum { PV_MAX = 132 /* of EC52 */ };

struct ec_key {
	const EC_GROUP *group;
	EC_GROUP *own_group; /* the same, if the row has none */
	BIGNUM *private_key;
};

static void *make_group(const struct zrtp_kex *kex)
{
	return EC_GROUP_new_by_curve_name((int)kex->id);
}

static void free_group(void *group)
{
	EC_GROUP_free(group);
}

static const EC_GROUP *group_for(struct ec_key *key, const struct zrtp_kex *kex)
{
	key->own_group = kex->group ? NULL : make_group(kex);
	key->group = kex->group ? kex->group : key->own_group;
	return key->group;
}

static void release(void *handle)
{
	struct ec_key *key = handle;

	if (key) {
		BN_clear_free(key->private_key);
		EC_GROUP_free(key->own_group);
		OPENSSL_clear_free(key, sizeof(*key));
	}
}

/* A uniform scalar, 1 < k < order: drawn again until it fits. */
static BIGNUM *draw_scalar(const EC_GROUP *group, const struct zrtp_random *random)
{
	uint8_t octets[ZRTP_PRIVATE_MAX];
	int bits = EC_GROUP_order_bits(group);
	int len = (bits + 7) / 8;
	BIGNUM *k = NULL;

	do {
		BN_clear_free(k);
		k = NULL;
		if (len > (int)sizeof(octets) || random->fill(octets, (size_t)len, random->arg)) {
			break;
		}
		if (bits % 8) {
			octets[0] &= (uint8_t)((1 << bits % 8) - 1);
		}
		k = BN_bin2bn(octets, len, BN_secure_new());
	} while (k && (BN_is_zero(k) || BN_is_one(k) || BN_cmp(k, EC_GROUP_get0_order(group)) >= 0));
	OPENSSL_cleanse(octets, sizeof(octets));
	if (k) {
		BN_set_flags(k, BN_FLG_CONSTTIME);
	}
	return k;
}

/* Coordinates of a point, each padded to size octets; y may be NULL. */
static int put_point(const EC_GROUP *group, const EC_POINT *point, BN_CTX *ctx, unsigned size, uint8_t *x_out,
		     uint8_t *y_out)
{
	BIGNUM *x = BN_secure_new(), *y = BN_secure_new();
	bool ok = x && y && EC_POINT_get_affine_coordinates(group, point, x, y, ctx) &&
		  BN_bn2binpad(x, x_out, (int)size) > 0 && (!y_out || BN_bn2binpad(y, y_out, (int)size) > 0);

	BN_clear_free(x);
	BN_clear_free(y);
	return ok ? 0 : -1;
}

static int generate(const struct zrtp_kex *kex, const struct zrtp_random *random, unsigned strength,
		    void **out, uint8_t *pv)
{
	struct ec_key *key = OPENSSL_zalloc(sizeof(*key));
	BN_CTX *ctx = BN_CTX_secure_new();
	EC_POINT *point = NULL;
	unsigned size = kex->pv_size / 2;
	bool ok;

	(void)strength; /* the curve decides */
	ok = key && ctx && group_for(key, kex) && (key->private_key = draw_scalar(key->group, random)) &&
	     (point = EC_POINT_new(key->group)) &&
	     EC_POINT_mul(key->group, point, key->private_key, NULL, NULL, ctx) &&
	     !put_point(key->group, point, ctx, size, pv, pv + size);
	EC_POINT_free(point);
	BN_CTX_free(ctx);
	if (!ok) {
		release(key);
		return -1;
	}
	*out = key;
	return 0;
}

/* The peer's point, or NULL if it is not on the curve with both coordinates below the field's
 * prime (SP 800-56A partial validation; the cofactor is 1): libcrypto looks at both here. */
static EC_POINT *get_point(const EC_GROUP *group, BN_CTX *ctx, unsigned size, const uint8_t *pv)
{
	uint8_t octets[1 + PV_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
	EC_POINT *point = EC_POINT_new(group);

	memcpy(octets + 1, pv, 2 * (size_t)size);
	if (point && !EC_POINT_oct2point(group, point, octets, 1 + 2 * (size_t)size, ctx)) {
		EC_POINT_free(point);
		point = NULL;
	}
	return point;
}

static enum zrtp_kex_result compute(const struct zrtp_kex *kex, void *handle, const uint8_t *peer_pv,
				    uint8_t *result)
{
	struct ec_key *key = handle;
	BN_CTX *ctx = BN_CTX_secure_new();
	EC_POINT *peer, *shared = EC_POINT_new(key->group);
	enum zrtp_kex_result status = ZRTP_KEX_FAILED;

	if (ctx && shared) {
		peer = get_point(key->group, ctx, kex->pv_size / 2, peer_pv);
		if (!peer) {
			status = ZRTP_KEX_BAD_PV;
		} else if (EC_POINT_mul(key->group, shared, NULL, peer, key->private_key, ctx) &&
			   !put_point(key->group, shared, ctx, kex->result_size, result, NULL)) {
			status = ZRTP_KEX_OK;
		}
		EC_POINT_free(peer);
	}
	EC_POINT_clear_free(shared);
	BN_CTX_free(ctx);
	return status;
}

const struct zrtp_kex_ops zrtp_kex_ec = {
	.generate = generate,
	.derive = compute,
	.release = release,
	.make_group = make_group,
	.free_group = free_group,
};
