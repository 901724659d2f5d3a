/* SPDX-License-Identifier: BSD-2-Clause */
/* Finite field Diffie-Hellman in the groups of RFC 3526 (DH2k, DH3k). The
 * key handle is the private exponent. */
#include "algorithms.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>

static BIGNUM *prime(const struct zrtp_kex *kex)
{
	return kex->id == 2048 ? BN_get_rfc3526_prime_2048(NULL) : BN_get_rfc3526_prime_3072(NULL);
}

/* base^exponent mod p as pv_size octets: leading zeros stay (4.4.1.1). */
static int power(const struct zrtp_kex *kex, const BIGNUM *base, const BIGNUM *exponent, const BIGNUM *p,
		 uint8_t *out)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *r = BN_secure_new();
	bool ok = ctx && r && BN_mod_exp_mont_consttime(r, base, exponent, p, ctx, NULL) &&
		  BN_bn2binpad(r, out, (int)kex->pv_size) > 0;

	BN_clear_free(r);
	BN_CTX_free(ctx);
	return ok ? 0 : -1;
}

/* A uniform exponent of strength octets, never 0 or 1 (4.8). */
static BIGNUM *draw_exponent(const struct zrtp_random *random, unsigned strength)
{
	uint8_t octets[64];
	BIGNUM *x = NULL;

	if (strength > sizeof(octets)) {
		return NULL;
	}
	do {
		BN_clear_free(x);
		x = NULL;
		if (random->fill(octets, strength, random->arg)) {
			break;
		}
		x = BN_bin2bn(octets, (int)strength, BN_secure_new());
	} while (x && (BN_is_zero(x) || BN_is_one(x)));
	OPENSSL_cleanse(octets, sizeof(octets));
	if (x) {
		BN_set_flags(x, BN_FLG_CONSTTIME);
	}
	return x;
}

static int generate(const struct zrtp_kex *kex, const struct zrtp_random *random, unsigned strength,
		    void **key, uint8_t *pv)
{
	BIGNUM *p = prime(kex), *g = BN_new(), *x = draw_exponent(random, strength);
	bool ok = p && g && x && BN_set_word(g, 2) && !power(kex, g, x, p, pv);

	BN_free(g);
	BN_free(p);
	if (!ok) {
		BN_clear_free(x);
		return -1;
	}
	*key = x;
	return 0;
}

/* Only 2 .. p-2 are public values; 0, 1, p-1 and anything from p on would put
 * the result in the attacker's hand (4.4.1.2, 4.4.1.3, Table 8). */
static bool in_range(const BIGNUM *pv, BIGNUM *p)
{
	bool ok;

	if (BN_is_zero(pv) || BN_is_one(pv)) {
		return false;
	}
	BN_sub_word(p, 1);
	ok = BN_cmp(pv, p) < 0;
	BN_add_word(p, 1);
	return ok;
}

static enum zrtp_kex_result compute(const struct zrtp_kex *kex, void *key, const uint8_t *peer_pv,
				    uint8_t *result)
{
	BIGNUM *p = prime(kex), *y = BN_bin2bn(peer_pv, (int)kex->pv_size, NULL);
	enum zrtp_kex_result status = ZRTP_KEX_FAILED;

	if (p && y) {
		if (!in_range(y, p)) {
			status = ZRTP_KEX_BAD_PV;
		} else if (!power(kex, y, key, p, result)) {
			status = ZRTP_KEX_OK;
		}
	}
	BN_free(y);
	BN_free(p);
	return status;
}

static void release(void *key)
{
	BN_clear_free(key);
}

const struct zrtp_kex_ops zrtp_kex_modp = { .generate = generate, .derive = compute, .release = release };
