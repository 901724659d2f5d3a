/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * X1M1 and X3M3, as Linphone has them; no RFC and no draft does. X25519 with ML-KEM-512, X448
 * with ML-KEM-1024: an attacker has to break both. The initiator's Commit carries a public
 * key of each, the responder's DHPart1 a ciphertext of each, and the result is
 *
 *   K1 = HMAC("", secret of the curve), K2 = HMAC(K1, secret of ML-KEM),
 *   HMAC(K2, ciphertexts)
 *
 * with the negotiated hash (the dualPRF combiner of Bindel and others, 2018).
 */
#include "algorithms.h"
#include "mlkem.h"

#include <openssl/crypto.h>
#include <string.h>

enum { CURVE_MAX = 56, PARTS = 2 };

static const struct hybrid {
	unsigned curve_id, curve_size;
	int curve;
	struct zrtp_mlkem mlkem;
} hybrids[] = {
	{ 0x20, 32, EVP_PKEY_X25519, { "ML-KEM-512", 800, 768 } },
	{ 0x21, 56, EVP_PKEY_X448, { "ML-KEM-1024", 1568, 1568 } },
};

static const struct hybrid *of(const struct zrtp_kex *kex)
{
	return &hybrids[kex->id];
}

/* ---- the derivations ---- */

enum { SUITE_SIZE = 5 };

static void put_suite(uint8_t out[SUITE_SIZE], unsigned id)
{
	const uint8_t suite[SUITE_SIZE] = { 'K', 'E', 'M', (uint8_t)(id >> 8), (uint8_t)id };

	memcpy(out, suite, sizeof(suite));
}

static size_t append(uint8_t *at, size_t len, const void *octets, size_t count)
{
	memcpy(at + len, octets, count);
	return len + count;
}

/* HKDF-Extract with no salt. */
static int extract(const struct zrtp_hash *hash, unsigned id, const uint8_t *dh, size_t dh_len, uint8_t *prk)
{
	uint8_t data[4 + SUITE_SIZE + 7 + CURVE_MAX], suite[SUITE_SIZE];
	size_t len = append(data, 0, "ZRTP", 4);
	int status;

	put_suite(suite, id);
	len = append(data, len, suite, sizeof(suite));
	len = append(data, len, "eae_prk", 7);
	len = append(data, len, dh, dh_len);
	status = zrtp_hmac(hash, "", 0, data, len, prk); /* no NULL: that is another key */
	OPENSSL_cleanse(data, sizeof(data));
	return status;
}

/* HKDF-Expand to size octets, of which a block of the hash may be too few. */
static int expand(const struct zrtp_hash *hash, const uint8_t *prk, const uint8_t *info, size_t info_len,
		  size_t size, uint8_t *out)
{
	uint8_t block[ZRTP_HASH_MAX], data[ZRTP_HASH_MAX + 160];
	size_t done = 0;
	int status = info_len + 1 > sizeof(data) - ZRTP_HASH_MAX ? -1 : 0;

	for (uint8_t counter = 1; !status && done < size; counter++) {
		size_t len = counter > 1 ? append(data, 0, block, hash->size) : 0;
		size_t count = size - done < hash->size ? size - done : hash->size;

		len = append(data, len, info, info_len);
		len = append(data, len, &counter, 1);
		status = zrtp_hmac(hash, prk, hash->size, data, len, block);
		if (!status) {
			done = append(out, done, block, count);
		}
	}
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(data, sizeof(data));
	return status;
}

int zrtp_kem_from_dh(const struct zrtp_hash *hash, unsigned id, unsigned size, const uint8_t *dh,
		     const uint8_t *ct, const uint8_t *pk, uint8_t *secret)
{
	const uint8_t length[2] = { 0, (uint8_t)size };
	uint8_t info[2 + 9 + SUITE_SIZE + 13 + 2 * CURVE_MAX], prk[ZRTP_HASH_MAX], suite[SUITE_SIZE];
	size_t len = append(info, 0, length, sizeof(length));
	int status;

	put_suite(suite, id);
	len = append(info, len, "ZRTP-v1.1", 9);
	len = append(info, len, suite, sizeof(suite));
	len = append(info, len, "shared_secret", 13);
	len = append(info, len, ct, size);
	len = append(info, len, pk, size);
	status = extract(hash, id, dh, size, prk) || expand(hash, prk, info, len, size, secret) ? -1 : 0;
	OPENSSL_cleanse(prk, sizeof(prk));
	return status;
}

int zrtp_kem_combine(const struct zrtp_hash *hash, const struct zrtp_piece *secrets, unsigned count,
		     struct zrtp_piece ct, uint8_t *out)
{
	uint8_t key[2][ZRTP_HASH_MAX];
	int status = 0;

	for (unsigned i = 0; !status && i < count; i++) {
		status = i ? zrtp_hmac(hash, key[!(i & 1)], hash->size, secrets[i].octets, secrets[i].len,
				       key[i & 1])
			   : zrtp_hmac(hash, "", 0, secrets[0].octets, secrets[0].len, key[0]);
	}
	if (!status) {
		status = zrtp_hmac(hash, key[!(count & 1)], hash->size, ct.octets, ct.len, out);
	}
	OPENSSL_cleanse(key, sizeof(key));
	return status;
}

/* ---- the key agreement ---- */

struct kem_key {
	EVP_PKEY *curve;
	void *mlkem;
	uint8_t curve_pk[CURVE_MAX];
};

static void release(void *handle)
{
	struct kem_key *key = handle;

	if (key) {
		EVP_PKEY_free(key->curve);
		EVP_PKEY_free(key->mlkem);
		OPENSSL_clear_free(key, sizeof(*key));
	}
}

static EVP_PKEY *curve_generate(const struct hybrid *h, const struct zrtp_random *random, uint8_t *pk)
{
	uint8_t octets[CURVE_MAX];
	EVP_PKEY *key = NULL;
	size_t len = h->curve_size;

	if (!random->fill(octets, h->curve_size, random->arg)) {
		key = EVP_PKEY_new_raw_private_key(h->curve, NULL, octets, h->curve_size);
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	if (key && (EVP_PKEY_get_raw_public_key(key, pk, &len) <= 0 || len != h->curve_size)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static int generate(const struct zrtp_kex *kex, const struct zrtp_random *random, unsigned strength,
		    void **out, uint8_t *pk)
{
	const struct hybrid *h = of(kex);
	struct kem_key *key = OPENSSL_zalloc(sizeof(*key));

	(void)strength; /* the algorithms decide */
	if (!key) {
		return -1;
	}
	key->curve = curve_generate(h, random, key->curve_pk);
	if (!key->curve || zrtp_mlkem_generate(&h->mlkem, random, &key->mlkem, pk + h->curve_size)) {
		release(key);
		return -1;
	}
	memcpy(pk, key->curve_pk, h->curve_size);
	*out = key;
	return 0;
}

/* A point of small order gives zero whatever our key is: refused (RFC 7748, 6). */
static enum zrtp_kex_result curve_derive(const struct hybrid *h, EVP_PKEY *own, const uint8_t *other,
					 uint8_t *dh)
{
	const struct zrtp_kex row = { .pv_size = h->curve_size,
				      .result_size = h->curve_size,
				      .id = (unsigned)h->curve };

	return zrtp_kex_x.derive(&row, own, other, dh);
}

static int curve_secret(const struct zrtp_hash *hash, const struct hybrid *h, const uint8_t *dh,
			const uint8_t *ct, const uint8_t *pk, uint8_t *secret)
{
	return zrtp_kem_from_dh(hash, h->curve_id, h->curve_size, dh, ct, pk, secret);
}

/* ct: of both, the curve's first. */
static enum zrtp_kex_result finish(const struct zrtp_hash *hash, const struct hybrid *h,
				   const uint8_t *curve_secret_octets, const uint8_t *mlkem_secret,
				   const uint8_t *ct, uint8_t *result)
{
	const struct zrtp_piece secrets[PARTS] = { { curve_secret_octets, h->curve_size },
						   { mlkem_secret, ZRTP_MLKEM_SECRET_SIZE } };
	const struct zrtp_piece all = { ct, h->curve_size + h->mlkem.ct_size };

	return zrtp_kem_combine(hash, secrets, PARTS, all, result) ? ZRTP_KEX_FAILED : ZRTP_KEX_OK;
}

/* The responder's part with the curve: its public value is the ciphertext. */
static enum zrtp_kex_result curve_encapsulate(const struct zrtp_hash *hash, const struct hybrid *h,
					      const struct zrtp_random *random, const uint8_t *pk,
					      uint8_t *ct, uint8_t *secret)
{
	uint8_t dh[CURVE_MAX];
	EVP_PKEY *own = curve_generate(h, random, ct);
	enum zrtp_kex_result status = own ? curve_derive(h, own, pk, dh) : ZRTP_KEX_FAILED;

	if (status == ZRTP_KEX_OK && curve_secret(hash, h, dh, ct, pk, secret)) {
		status = ZRTP_KEX_FAILED;
	}
	OPENSSL_cleanse(dh, sizeof(dh));
	EVP_PKEY_free(own);
	return status;
}

enum zrtp_kex_result zrtp_kem_encapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
					  const struct zrtp_random *random, uint8_t *m, const uint8_t *pk,
					  uint8_t *ct, uint8_t *result)
{
	const struct hybrid *h = of(kex);
	uint8_t curve[CURVE_MAX], mlkem[ZRTP_MLKEM_SECRET_SIZE];
	enum zrtp_kex_result status = curve_encapsulate(hash, h, random, pk, ct, curve);

	if (status == ZRTP_KEX_OK) {
		status = zrtp_mlkem_encapsulate(&h->mlkem, pk + h->curve_size, m, ct + h->curve_size, mlkem);
	}
	if (status == ZRTP_KEX_OK) {
		status = finish(hash, h, curve, mlkem, ct, result);
	}
	OPENSSL_cleanse(curve, sizeof(curve));
	OPENSSL_cleanse(mlkem, sizeof(mlkem));
	return status;
}

static enum zrtp_kex_result encapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
					const struct zrtp_random *random, const uint8_t *pk, uint8_t *ct,
					uint8_t *result)
{
	return zrtp_kem_encapsulate(kex, hash, random, NULL, pk, ct, result);
}

static enum zrtp_kex_result decapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
					void *handle, const uint8_t *ct, uint8_t *result)
{
	const struct hybrid *h = of(kex);
	struct kem_key *key = handle;
	uint8_t dh[CURVE_MAX], curve[CURVE_MAX], mlkem[ZRTP_MLKEM_SECRET_SIZE];
	enum zrtp_kex_result status = curve_derive(h, key->curve, ct, dh);

	if (status == ZRTP_KEX_OK && curve_secret(hash, h, dh, ct, key->curve_pk, curve)) {
		status = ZRTP_KEX_FAILED;
	}
	if (status == ZRTP_KEX_OK) {
		status = zrtp_mlkem_decapsulate(&h->mlkem, key->mlkem, ct + h->curve_size, mlkem);
	}
	if (status == ZRTP_KEX_OK) {
		status = finish(hash, h, curve, mlkem, ct, result);
	}
	OPENSSL_cleanse(dh, sizeof(dh));
	OPENSSL_cleanse(curve, sizeof(curve));
	OPENSSL_cleanse(mlkem, sizeof(mlkem));
	return status;
}

/* A context looks once whether there is ML-KEM: a row without is not offered. */
static void *make_group(const struct zrtp_kex *kex)
{
	return zrtp_mlkem_fetch(&of(kex)->mlkem);
}

const struct zrtp_kex_ops zrtp_kex_kem = {
	.generate = generate,
	.encapsulate = encapsulate,
	.decapsulate = decapsulate,
	.release = release,
	.make_group = make_group,
	.free_group = zrtp_mlkem_free,
};
