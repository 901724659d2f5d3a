/* SPDX-License-Identifier: BSD-2-Clause */
/* The post-quantum key agreements: known answers, recorded exchanges of bzrtp, refusals. */
#include "kat.h"
#include "needs_mlkem.h"

#include "algorithms/algorithms.h"
#include "algorithms/mlkem.h"
#include "keys.h"
#include "negotiate.h"

#include "kem-data.h"
#include "kem-pair-data.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum { COMMIT_NAMES = 56, COMMIT_HVI = 76, COMMIT_PK = 108, DHPART_PV = 76 };

static const struct {
	const char *name;
	unsigned id, size;
} curves[] = { { "X25519", 0x20, 32 }, { "X448", 0x21, 56 } };

static const struct zrtp_mlkem mlkems[] = { { "ML-KEM-512", 800, 768 },
					    { "ML-KEM-768", 1184, 1088 },
					    { "ML-KEM-1024", 1568, 1568 } };

static struct kat_field part(const struct kat *kat, const char *component, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.%s", component, name);
	return kat_find(kat, path);
}

static const struct zrtp_hash *hash_of(const struct kat *kat)
{
	const struct zrtp_hash *hash = zrtp_hash_find(kat_get(kat, "hash").octets);

	assert_non_null(hash);
	return hash;
}

/* ---- without ML-KEM ---- */

/* K255, K448, and the first part of X1M1, X3M3. */
static void a_curve_is_a_kem(void **state)
{
	unsigned seen = 0, alone = 0;

	(void)state;
	assert_int_equal(KAT_COUNT(kat_kem), 15);
	for (size_t i = 0; i < KAT_COUNT(kat_kem); i++) {
		const struct kat *kat = &kat_kem[i];

		for (unsigned c = 0; c < COUNT(curves); c++) {
			struct kat_field dh = part(kat, curves[c].name, "dh"),
					 want = part(kat, curves[c].name, "kem_secret");
			uint8_t secret[56];

			if (!dh.octets) {
				continue;
			}
			assert_int_equal(dh.len, curves[c].size);
			assert_int_equal(zrtp_kem_from_dh(hash_of(kat), curves[c].id, curves[c].size,
							  dh.octets, kat_get(kat, "ct").octets,
							  kat_get(kat, "pk").octets, secret),
					 0);
			assert_int_equal(want.len, curves[c].size);
			assert_memory_equal(secret, want.octets, want.len);
			if (kat_get(kat, "kex").octets[0] == 'K') { /* it is all there is */
				kat_same(kat, "result", secret, want.len);
				alone++;
			}
			seen++;
		}
	}
	assert_int_equal(seen, 12);
	assert_int_equal(alone, 6);
}

static void two_secrets_make_one_result(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_kem); i++) {
		const struct kat *kat = &kat_kem[i];
		bool third = !memcmp(kat_get(kat, "kex").octets, "X3M3", 4);
		struct kat_field curve = part(kat, curves[third].name, "kem_secret"),
				 mlkem = part(kat, third ? "ML-KEM-1024" : "ML-KEM-512", "kem_secret"),
				 ct = kat_get(kat, "ct");
		const struct zrtp_piece secrets[] = { { curve.octets, curve.len },
						      { mlkem.octets, mlkem.len } };
		uint8_t out[ZRTP_HASH_MAX];

		if (curve.octets && mlkem.octets) {
			assert_int_equal(zrtp_kem_combine(hash_of(kat), secrets, 2,
							  (struct zrtp_piece){ ct.octets, ct.len }, out),
					 0);
			kat_same(kat, "result", out, hash_of(kat)->size);
			seen++;
		}
	}
	assert_int_equal(seen, 6);
}

/* ---- recorded exchanges ---- */

static struct zrtp_piece piece_of(const struct kat *kat, const char *name)
{
	struct kat_field f = kat_get(kat, name);

	return (struct zrtp_piece){ f.octets, f.len };
}

static struct zrtp_kdf_context context_of(const struct kat *kat)
{
	const struct zrtp_piece messages[] = { piece_of(kat, "hello_r"), piece_of(kat, "commit"),
					       piece_of(kat, "dhpart1"), piece_of(kat, "dhpart2") };
	const uint8_t *zid_i = kat_get(kat, "hello_i").octets + 64,
		      *zid_r = kat_get(kat, "hello_r").octets + 64;
	struct zrtp_kdf_context context;

	assert_int_equal(zrtp_kdf_context_make(&context, hash_of(kat), zid_i, zid_r, messages, 4), 0);
	kat_same(kat, "kdf_context", context.octets, context.len);
	kat_same(kat, "total_hash", context.octets + 2 * ZRTP_ZID_SIZE, hash_of(kat)->size);
	return context;
}

static void check_keys(const struct kat *kat, const uint8_t *s0, const struct zrtp_kdf_context *context)
{
	const struct zrtp_suite suite = { hash_of(kat), zrtp_cipher_find("AES3"), zrtp_tag_find("HS80") };
	struct zrtp_session_keys session;
	struct zrtp_stream_keys keys;
	struct zrtp_masters masters;
	char sas[ZRTP_SAS_TEXT_SIZE];

	assert_int_equal(
		zrtp_keys_derive(&(struct zrtp_derived){ &session, &keys, &masters }, &suite, s0, context),
		0);
	kat_same(kat, "zrtpsess", session.zrtpsess, suite.hash->size);
	kat_same(kat, "sashash", session.sashash, sizeof(session.sashash));
	kat_same(kat, "new_rs1", session.new_rs1, sizeof(session.new_rs1));
	assert_int_equal(zrtp_sas_text("B32", session.sashash, sas), ZRTP_OK);
	kat_same(kat, "sas", sas, 4);
	kat_same(kat, "mackey_i", keys.mackey[ZRTP_INITIATOR], suite.hash->size);
	kat_same(kat, "mackey_r", keys.mackey[ZRTP_RESPONDER], suite.hash->size);
	kat_same(kat, "zrtpkey_i", keys.zrtpkey[ZRTP_INITIATOR], 32);
	kat_same(kat, "zrtpkey_r", keys.zrtpkey[ZRTP_RESPONDER], 32);
	kat_same(kat, "srtp_key_i", masters.srtpkey[ZRTP_INITIATOR], 32);
	kat_same(kat, "srtp_key_r", masters.srtpkey[ZRTP_RESPONDER], 32);
	kat_same(kat, "srtp_salt_i", masters.srtpsalt[ZRTP_INITIATOR], 14);
	kat_same(kat, "srtp_salt_r", masters.srtpsalt[ZRTP_RESPONDER], 14);
}

static void keys_of_recorded_kem_exchanges(void **state)
{
	static const struct zrtp_shared none[3] = { { NULL, 0 } };

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_kem_pair); i++) {
		const struct kat *kat = &kat_kem_pair[i];
		struct zrtp_kdf_context context = context_of(kat);
		struct kat_field result = kat_get(kat, "kem_result");
		uint8_t s0[ZRTP_HASH_MAX];

		assert_int_equal(zrtp_s0_dh(hash_of(kat), result.octets, result.len, &context, none, s0), 0);
		kat_same(kat, "s0", s0, hash_of(kat)->size);
		check_keys(kat, s0, &context);
	}
	assert_int_equal(KAT_COUNT(kat_kem_pair), 7);
}

/* H0 of a Confirm, which opens the chain of its sender; and its confirm_mac. */
static void confirm_h0(const struct kat *kat, const char *confirm, char role, uint8_t h0[32])
{
	const char *zrtpkey = role == 'i' ? "zrtpkey_i" : "zrtpkey_r";
	struct kat_field m = kat_get(kat, confirm),
			 mackey = kat_get(kat, role == 'i' ? "mackey_i" : "mackey_r");
	uint8_t plain[ZRTP_CONFIRM_PLAIN], mac[ZRTP_MAC_SIZE];
	struct zrtp_message parsed;

	assert_int_equal(zrtp_message_parse(&parsed, m.octets, m.len), ZRTP_PARSE_OK);
	assert_int_equal(parsed.u.sealed.cipher_len, sizeof(plain));
	assert_int_equal(zrtp_mac64(hash_of(kat), mackey.octets, mackey.len, parsed.u.sealed.cipher,
				    parsed.u.sealed.cipher_len, mac),
			 0);
	assert_memory_equal(mac, parsed.u.sealed.mac, sizeof(mac));
	assert_int_equal(zrtp_cfb(zrtp_cipher_find("AES3"), kat_get(kat, zrtpkey).octets, parsed.u.sealed.iv,
				  false, parsed.u.sealed.cipher, sizeof(plain), plain),
			 0);
	memcpy(h0, plain, 32);
}

static void is_sealed(const struct kat *kat, const char *name, const uint8_t key[32])
{
	struct kat_field m = kat_get(kat, name);

	assert_true(zrtp_message_authentic(zrtp_implicit_hash(), m.octets, m.len, key));
}

static void macs_and_hvi_of_recorded_kem_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_kem_pair); i++) {
		const struct kat *kat = &kat_kem_pair[i];
		uint8_t hvi[ZRTP_HVI_SIZE], h[2][4][32];

		assert_int_equal(
			zrtp_hvi(hash_of(kat), piece_of(kat, "dhpart2"), piece_of(kat, "hello_r"), hvi), 0);
		assert_memory_equal(hvi, kat_get(kat, "commit").octets + COMMIT_HVI, sizeof(hvi));
		confirm_h0(kat, "confirm2", 'i', h[0][0]);
		confirm_h0(kat, "confirm1", 'r', h[1][0]);
		for (unsigned n = 0; n < 3; n++) {
			assert_int_equal(zrtp_next_image(zrtp_implicit_hash(), h[0][n], h[0][n + 1]), 0);
			assert_int_equal(zrtp_next_image(zrtp_implicit_hash(), h[1][n], h[1][n + 1]), 0);
		}
		is_sealed(kat, "hello_i", h[0][2]);
		is_sealed(kat, "hello_r", h[1][2]);
		is_sealed(kat, "commit", h[0][1]);
		is_sealed(kat, "dhpart1", h[1][0]);
		is_sealed(kat, "dhpart2", h[0][0]);
	}
}

/* The length of a Commit is that of its key agreement, and no other one. */
static void a_recorded_commit_is_read_and_written(void **state)
{
	unsigned known = 0;

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_kem_pair); i++) {
		struct kat_field m = kat_get(&kat_kem_pair[i], "commit");
		const struct zrtp_kex *kex = zrtp_kex_find(m.octets + COMMIT_NAMES + 12);
		uint8_t again[ZRTP_COMMIT_MAX], *other = calloc(1, m.len + 8);
		struct zrtp_message parsed;

		for (int more = -8; more <= 8; more += 4) {
			size_t len = m.len + (size_t)more;

			memcpy(other, m.octets, more > 0 ? m.len : len);
			other[2] = (uint8_t)(len / 4 >> 8);
			other[3] = (uint8_t)(len / 4);
			assert_int_equal(zrtp_message_parse(&parsed, other, len),
					 kex && !more ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED);
		}
		free(other);
		if (!kex) {
			continue;
		}
		assert_int_equal(zrtp_message_parse(&parsed, m.octets, m.len), ZRTP_PARSE_OK);
		assert_int_equal(parsed.u.commit.mode, ZRTP_MODE_DH);
		assert_int_equal(parsed.u.commit.pk_len, kex->pk_size);
		assert_ptr_equal(parsed.u.commit.pk, m.octets + COMMIT_PK);
		assert_int_equal(zrtp_commit_write(again, sizeof(again), &parsed.u.commit), m.len);
		assert_memory_equal(again, m.octets, m.len - ZRTP_MAC_SIZE);
		known++;
	}
	assert_int_equal(known, 2);
}

/* ---- with ML-KEM ---- */

/* Draws are these, one after the other. */
struct script {
	struct kat_field draw[2];
	unsigned next;
};

static int play(uint8_t *out, size_t len, void *arg)
{
	struct script *script = arg;

	assert_true(script->next < 2);
	assert_int_equal(script->draw[script->next].len, len);
	memcpy(out, script->draw[script->next++].octets, len);
	return 0;
}

static int fill(uint8_t *out, size_t len, void *arg)
{
	(void)arg;
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : -1;
}

static const struct zrtp_random real = { fill, NULL };

static void check_mlkem(const struct kat *kat, const struct zrtp_mlkem *type)
{
	struct script script = { .draw = { part(kat, type->name, "seed_d_z") } };
	const struct zrtp_random random = { play, &script };
	uint8_t pk[1568], ct[1568], m[32], secret[32];
	void *key = NULL;

	assert_int_equal(zrtp_mlkem_generate(type, &random, &key, pk), 0);
	kat_same(kat, "pk", pk, type->pk_size);
	memcpy(m, part(kat, type->name, "m").octets, sizeof(m));
	assert_int_equal(zrtp_mlkem_encapsulate(type, pk, m, ct, secret), ZRTP_KEX_OK);
	kat_same(kat, "ct", ct, type->ct_size);
	kat_same(kat, "result", secret, sizeof(secret));
	memset(secret, 0, sizeof(secret));
	assert_int_equal(zrtp_mlkem_decapsulate(type, key, ct, secret), ZRTP_KEX_OK);
	kat_same(kat, "result", secret, sizeof(secret));
	EVP_PKEY_free(key);
}

static void known_answers_of_ml_kem(void **state)
{
	unsigned n = 0;

	(void)state;
	needs_mlkem();
	for (size_t i = 0; i < KAT_COUNT(kat_kem); i++) {
		if (!memcmp(kat_get(&kat_kem[i], "kex").octets, "MLK", 3)) {
			check_mlkem(&kat_kem[i], &mlkems[n++]);
		}
	}
	assert_int_equal(n, 3);
}

static void check_hybrid(const struct kat *kat, const struct zrtp_kex *kex, bool third)
{
	const char *curve = curves[third].name, *mlkem = mlkems[third ? 2 : 0].name;
	struct script keys = { .draw = { part(kat, curve, "sk_initiator"), part(kat, mlkem, "seed_d_z") } },
		      answer = { .draw = { part(kat, curve, "sk_responder") } };
	const struct zrtp_random random_i = { play, &keys }, random_r = { play, &answer };
	uint8_t pk[ZRTP_KEM_MAX], ct[ZRTP_KEM_MAX], m[32], result[ZRTP_HASH_MAX];
	void *key = NULL;

	memcpy(m, part(kat, mlkem, "m").octets, sizeof(m));
	assert_int_equal(kex->ops->generate(kex, &random_i, 0, &key, pk), 0);
	kat_same(kat, "pk", pk, kex->pk_size);
	assert_int_equal(zrtp_kem_encapsulate(kex, hash_of(kat), &random_r, m, pk, ct, result), ZRTP_KEX_OK);
	kat_same(kat, "ct", ct, kex->pv_size);
	kat_same(kat, "result", result, hash_of(kat)->size);
	memset(result, 0, sizeof(result));
	assert_int_equal(zrtp_kex_decapsulate(kex, hash_of(kat), key, ct, result), ZRTP_KEX_OK);
	kat_same(kat, "result", result, hash_of(kat)->size);
	kex->ops->release(key);
}

static void known_answers_of_x1m1_and_x3m3(void **state)
{
	unsigned seen = 0;

	(void)state;
	needs_mlkem();
	for (size_t i = 0; i < KAT_COUNT(kat_kem); i++) {
		const struct zrtp_kex *kex = zrtp_kex_find(kat_get(&kat_kem[i], "kex").octets);

		if (kex) {
			check_hybrid(&kat_kem[i], kex, !strcmp(kex->name, "X3M3"));
			seen++;
		}
	}
	assert_int_equal(seen, 6);
}

/* The initiator's keys as bzrtp had them. */
static void check_recorded(const struct kat *kat, const struct zrtp_kex *kex, bool third)
{
	const struct zrtp_mlkem *type = &mlkems[third ? 2 : 0];
	struct kat_field dk = kat_get(kat, third ? "ml_kem_1024_dk" : "ml_kem_512_dk"),
			 dh = kat_get(kat, third ? "x448_dh" : "x25519_dh"), commit = kat_get(kat, "commit"),
			 dhpart1 = kat_get(kat, "dhpart1");
	const uint8_t *ct = dhpart1.octets + DHPART_PV, *pk = commit.octets + COMMIT_PK;
	uint8_t curve[56], secret[32], result[ZRTP_HASH_MAX];
	const struct zrtp_piece secrets[] = { { curve, curves[third].size }, { secret, sizeof(secret) } };
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, type->name, NULL, dk.octets, dk.len);

	assert_non_null(key);
	assert_int_equal(zrtp_mlkem_decapsulate(type, key, ct + curves[third].size, secret), ZRTP_KEX_OK);
	EVP_PKEY_free(key);
#endif
	kat_same(kat, third ? "ml_kem_1024_ss" : "ml_kem_512_ss", secret, sizeof(secret));
	assert_int_equal(zrtp_kem_from_dh(hash_of(kat), curves[third].id, curves[third].size, dh.octets, ct,
					  pk, curve),
			 0);
	kat_same(kat, third ? "x448_kem_ss" : "x25519_kem_ss", curve, curves[third].size);
	assert_int_equal(
		zrtp_kem_combine(hash_of(kat), secrets, 2, (struct zrtp_piece){ ct, kex->pv_size }, result),
		0);
	kat_same(kat, "kem_result", result, hash_of(kat)->size);
}

static void secrets_of_recorded_kem_exchanges(void **state)
{
	unsigned seen = 0;

	(void)state;
	needs_mlkem();
	for (size_t i = 0; i < KAT_COUNT(kat_kem_pair); i++) {
		const struct zrtp_kex *kex = zrtp_kex_find(kat_get(&kat_kem_pair[i], "kex").octets);

		if (kex) {
			check_recorded(&kat_kem_pair[i], kex, !strcmp(kex->name, "X3M3"));
			seen++;
		}
	}
	assert_int_equal(seen, 2);
}

/* ---- refusals ---- */

static const char *const kems[] = { "X1M1", "X3M3" };

struct exchange {
	const struct zrtp_kex *kex;
	const struct zrtp_hash *hash;
	void *key;
	uint8_t pk[ZRTP_KEM_MAX], ct[ZRTP_KEM_MAX], result[ZRTP_HASH_MAX];
};

static struct exchange make_exchange(const char *name)
{
	struct exchange x = { .kex = zrtp_kex_find(name), .hash = zrtp_hash_find("S512") };

	assert_int_equal(x.kex->ops->generate(x.kex, &real, 0, &x.key, x.pk), 0);
	assert_int_equal(zrtp_kex_encapsulate(x.kex, x.hash, &real, x.pk, x.ct, x.result), ZRTP_KEX_OK);
	return x;
}

static enum zrtp_kex_result opens(struct exchange *x, uint8_t result[ZRTP_HASH_MAX])
{
	return zrtp_kex_decapsulate(x->kex, x->hash, x->key, x->ct, result);
}

static void both_sides_of_a_kem_come_to_the_same(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < COUNT(kems); i++) {
		struct exchange x = make_exchange(kems[i]), y = make_exchange(kems[i]);
		uint8_t result[ZRTP_HASH_MAX];

		assert_int_equal(opens(&x, result), ZRTP_KEX_OK);
		assert_memory_equal(result, x.result, 64);
		assert_memory_not_equal(x.result, y.result, 64);
		assert_memory_not_equal(x.pk, y.pk, x.kex->pk_size);
		x.kex->ops->release(x.key);
		y.kex->ops->release(y.key);
		x.kex->ops->release(NULL);
	}
}

/* FIPS 203, 7.2, and RFC 7748, 6: neither in the initiator's key nor in the responder's answer. */
static void keys_that_are_none_are_refused_and_leave_no_error(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < COUNT(kems); i++) {
		struct exchange x = make_exchange(kems[i]);
		unsigned curve = curves[i].size;
		uint8_t pk[ZRTP_KEM_MAX], ct[ZRTP_KEM_MAX], result[ZRTP_HASH_MAX];

		ERR_clear_error();
		memcpy(pk, x.pk, sizeof(pk));
		memset(pk + curve, 0xff, 3); /* two coefficients of 4095 */
		assert_int_equal(zrtp_kex_encapsulate(x.kex, x.hash, &real, pk, ct, result), ZRTP_KEX_BAD_PV);
		memcpy(pk, x.pk, sizeof(pk));
		memset(pk, 0, curve);
		assert_int_equal(zrtp_kex_encapsulate(x.kex, x.hash, &real, pk, ct, result), ZRTP_KEX_BAD_PV);
		memset(x.ct, 0, curve);
		assert_int_equal(opens(&x, result), ZRTP_KEX_BAD_PV);
		assert_int_equal(ERR_peek_error(), 0);
		x.kex->ops->release(x.key);
	}
}

static void a_changed_ciphertext_gives_another_result(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < COUNT(kems); i++) {
		struct exchange x = make_exchange(kems[i]);
		uint8_t result[ZRTP_HASH_MAX];

		for (size_t at = curves[i].size; at < x.kex->pv_size; at += 97) {
			x.ct[at] ^= 1;
			assert_int_equal(opens(&x, result), ZRTP_KEX_OK);
			assert_memory_not_equal(result, x.result, 64);
			x.ct[at] ^= 1;
		}
		assert_int_equal(opens(&x, result), ZRTP_KEX_OK);
		assert_memory_equal(result, x.result, 64);
		x.kex->ops->release(x.key);
	}
}

static int no_random(uint8_t *out, size_t len, void *arg)
{
	unsigned *left = arg;

	memset(out, 7, len);
	return (*left)-- ? 0 : -1;
}

static void a_failing_random_source_makes_no_key(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < COUNT(kems); i++) {
		struct exchange x = make_exchange(kems[i]);
		uint8_t pk[ZRTP_KEM_MAX], ct[ZRTP_KEM_MAX], result[ZRTP_HASH_MAX];

		for (unsigned good = 0; good < 2; good++) {
			unsigned left = good;
			const struct zrtp_random random = { no_random, &left };
			void *key = NULL;

			assert_int_equal(x.kex->ops->generate(x.kex, &random, 0, &key, pk), -1);
			assert_null(key);
		}
		assert_int_equal(zrtp_kex_encapsulate(x.kex, x.hash,
						      &(struct zrtp_random){ no_random, &(unsigned){ 0 } },
						      x.pk, ct, result),
				 ZRTP_KEX_FAILED);
		x.kex->ops->release(x.key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_curve_is_a_kem),
		cmocka_unit_test(two_secrets_make_one_result),
		cmocka_unit_test(keys_of_recorded_kem_exchanges),
		cmocka_unit_test(macs_and_hvi_of_recorded_kem_exchanges),
		cmocka_unit_test(a_recorded_commit_is_read_and_written),
		cmocka_unit_test(known_answers_of_ml_kem),
		cmocka_unit_test(known_answers_of_x1m1_and_x3m3),
		cmocka_unit_test(secrets_of_recorded_kem_exchanges),
		cmocka_unit_test(both_sides_of_a_kem_come_to_the_same),
		cmocka_unit_test(keys_that_are_none_are_refused_and_leave_no_error),
		cmocka_unit_test(a_changed_ciphertext_gives_another_result),
		cmocka_unit_test(a_failing_random_source_makes_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
