/* SPDX-License-Identifier: BSD-2-Clause */
/* The key agreements: both sides agree, bad public values are refused, and
 * the random source is used as it should be. */
#include "pair.h"

#include "algorithms/algorithms.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>

static const char *const names[] = { "DH2k", "DH3k", "EC25", "EC38", "EC52", "X255", "X448" };
static const char *const modp[] = { "DH2k", "DH3k" };
static const char *const curves[] = { "EC25", "EC38", "EC52" };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum { STRENGTH = 64 };

/* The rows of a context have what is costly to make, those of the table have not. */
static struct zrtp_constants constants;
static bool of_context;

static const struct zrtp_kex *find(const char *name)
{
	const struct zrtp_kex *kex = zrtp_kex_find(name);

	assert_non_null(kex);
	return of_context ? &constants.kex[kex - zrtp_kex_rows()] : kex;
}

static int make_constants(void **state)
{
	(void)state;
	zrtp_constants_make(&constants);
	of_context = true;
	return 0;
}

static int free_constants(void **state)
{
	(void)state;
	zrtp_constants_free(&constants);
	of_context = false;
	return 0;
}

static int fill(uint8_t *out, size_t len, void *arg)
{
	(void)arg;
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : -1;
}

static const struct zrtp_random real = { fill, NULL };

/* One side. The public value lies in a block of its exact size. */
struct party {
	const struct zrtp_kex *kex;
	void *key;
	uint8_t *pv;
};

static struct party make_party(const struct zrtp_kex *kex, const struct zrtp_random *random)
{
	struct party party = { kex, NULL, malloc(kex->pv_size) };

	assert_int_equal(kex->ops->generate(kex, random, STRENGTH, &party.key, party.pv), 0);
	assert_non_null(party.key);
	return party;
}

static void drop_party(struct party *party)
{
	party->kex->ops->release(party->key);
	free(party->pv);
}

static enum zrtp_kex_result derive(const struct party *party, const uint8_t *pv, uint8_t *out)
{
	uint8_t *result = malloc(party->kex->result_size);
	enum zrtp_kex_result status = zrtp_kex_derive(party->kex, party->key, pv, result);

	if (out && status == ZRTP_KEX_OK) {
		memcpy(out, result, party->kex->result_size);
	}
	free(result);
	return status;
}

/* ---- agreement ---- */

/* R305 */
static void sizes_are_those_of_the_messages(void **state)
{
	static const unsigned pv_words[] = { 64, 96, 16, 24, 33, 8, 14 };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(find(names[i])->pv_size, 4 * pv_words[i]);
		assert_true(find(names[i])->pv_size <= ZRTP_PV_MAX);
		assert_true(find(names[i])->result_size <= ZRTP_KEX_RESULT_MAX);
	}
	assert_null(find("Mult")->ops);
	assert_null(find("Prsh")->ops);
}

/* R229 */
static void two_key_pairs_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct party a = make_party(find(names[i]), &real), b = make_party(find(names[i]), &real);

		assert_memory_not_equal(a.pv, b.pv, a.kex->pv_size);
		drop_party(&a);
		drop_party(&b);
	}
}

/* R084 R091 R097 R102 */
static void both_sides_come_to_the_same_secret(void **state)
{
	uint8_t x[ZRTP_KEX_RESULT_MAX], y[ZRTP_KEX_RESULT_MAX], z[ZRTP_KEX_RESULT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct party a = make_party(find(names[i]), &real), b = make_party(find(names[i]), &real);

		assert_int_equal(derive(&a, b.pv, x), ZRTP_KEX_OK);
		assert_int_equal(derive(&b, a.pv, y), ZRTP_KEX_OK);
		assert_int_equal(derive(&a, a.pv, z), ZRTP_KEX_OK);
		assert_memory_equal(x, y, a.kex->result_size);
		assert_memory_not_equal(x, z, a.kex->result_size);
		drop_party(&a);
		drop_party(&b);
	}
}

/* A key is not harmed by a value that it refused. */
static void a_refused_value_leaves_the_key_usable(void **state)
{
	static const uint8_t zero[ZRTP_PV_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct party a = make_party(find(names[i]), &real), b = make_party(find(names[i]), &real);

		assert_int_equal(derive(&a, zero, NULL), ZRTP_KEX_BAD_PV);
		assert_int_equal(derive(&a, b.pv, NULL), ZRTP_KEX_OK);
		drop_party(&a);
		drop_party(&b);
	}
}

/* libcrypto's errors wait in a queue of the thread, where the host's TLS
 * would find them and take them for its own. */
static void a_refused_value_leaves_no_error_behind(void **state)
{
	static const uint8_t zero[ZRTP_PV_MAX];
	unsigned left = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct party party = make_party(find(names[i]), &real);

		ERR_clear_error();
		assert_int_equal(derive(&party, zero, NULL), ZRTP_KEX_BAD_PV);
		if (ERR_peek_error()) {
			print_error("%s: %s\n", names[i], ERR_reason_error_string(ERR_peek_error()));
			left++;
		}
		ERR_clear_error();
		drop_party(&party);
	}
	assert_int_equal(left, 0);
}

/* ---- bad public values of finite fields ---- */

/* The prime plus offset, as a public value; wraps for none of them. */
static uint8_t *near_prime(const struct zrtp_kex *kex, int offset)
{
	BIGNUM *n = kex->id == 2048 ? BN_get_rfc3526_prime_2048(NULL) : BN_get_rfc3526_prime_3072(NULL);
	uint8_t *pv = malloc(kex->pv_size);

	assert_true(offset < 0 ? BN_sub_word(n, (BN_ULONG)-offset) : BN_add_word(n, (BN_ULONG)offset));
	assert_int_equal(BN_bn2binpad(n, pv, (int)kex->pv_size), kex->pv_size);
	BN_free(n);
	return pv;
}

static uint8_t *number(const struct zrtp_kex *kex, uint8_t n)
{
	uint8_t *pv = calloc(1, kex->pv_size);

	pv[kex->pv_size - 1] = n;
	return pv;
}

static uint8_t *all_ones(const struct zrtp_kex *kex)
{
	uint8_t *pv = malloc(kex->pv_size);

	memset(pv, 0xff, kex->pv_size);
	return pv;
}

static void answer_is(const struct party *party, uint8_t *pv, enum zrtp_kex_result expected)
{
	assert_int_equal(derive(party, pv, NULL), expected);
	free(pv);
}

/* R093 R098 R367, pitfall C16 */
static void finite_field_values_must_lie_between_1_and_p_minus_1(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modp); i++) {
		const struct zrtp_kex *kex = find(modp[i]);
		struct party party = make_party(kex, &real);

		answer_is(&party, number(kex, 0), ZRTP_KEX_BAD_PV);
		answer_is(&party, number(kex, 1), ZRTP_KEX_BAD_PV);
		answer_is(&party, number(kex, 2), ZRTP_KEX_OK);
		answer_is(&party, near_prime(kex, -2), ZRTP_KEX_OK);
		answer_is(&party, near_prime(kex, -1), ZRTP_KEX_BAD_PV);
		answer_is(&party, near_prime(kex, 0), ZRTP_KEX_BAD_PV);
		answer_is(&party, near_prime(kex, 1), ZRTP_KEX_BAD_PV);
		answer_is(&party, near_prime(kex, 2), ZRTP_KEX_BAD_PV);
		answer_is(&party, all_ones(kex), ZRTP_KEX_BAD_PV);
		drop_party(&party);
	}
}

/* ---- bad points of the NIST curves ---- */

static void points_off_the_curve_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(curves); i++) {
		const struct zrtp_kex *kex = find(curves[i]);
		struct party a = make_party(kex, &real), b = make_party(kex, &real);

		for (unsigned bit = 0; bit < kex->pv_size * 8; bit += 61) {
			b.pv[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(derive(&a, b.pv, NULL), ZRTP_KEX_BAD_PV);
			b.pv[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(derive(&a, b.pv, NULL), ZRTP_KEX_OK);
		drop_party(&a);
		drop_party(&b);
	}
}

/* R296 */
static void the_origin_and_all_ones_are_no_points(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(curves); i++) {
		const struct zrtp_kex *kex = find(curves[i]);
		struct party party = make_party(kex, &real);

		answer_is(&party, number(kex, 0), ZRTP_KEX_BAD_PV);
		answer_is(&party, number(kex, 1), ZRTP_KEX_BAD_PV);
		answer_is(&party, all_ones(kex), ZRTP_KEX_BAD_PV);
		drop_party(&party);
	}
}

/* A point with an x so small that x + p still has x's width. */
static void small_x_point(const EC_GROUP *group, BIGNUM *x, BIGNUM *y)
{
	EC_POINT *point = EC_POINT_new(group);

	BN_zero(x);
	do {
		assert_true(BN_add_word(x, 1));
	} while (!EC_POINT_set_compressed_coordinates(group, point, x, 1, NULL));
	assert_true(EC_POINT_get_affine_coordinates(group, point, NULL, y, NULL));
	EC_POINT_free(point);
	ERR_clear_error();
}

static uint8_t *point(const struct zrtp_kex *kex, const BIGNUM *x, const BIGNUM *y)
{
	uint8_t *pv = malloc(kex->pv_size);
	int size = (int)kex->pv_size / 2;

	assert_int_equal(BN_bn2binpad(x, pv, size), size);
	assert_int_equal(BN_bn2binpad(y, pv + size, size), size);
	return pv;
}

static void check_unreduced(const struct zrtp_kex *kex)
{
	struct party party = make_party(kex, &real);
	EC_GROUP *group = EC_GROUP_new_by_curve_name((int)kex->id);
	BIGNUM *p = BN_new(), *x = BN_new(), *y = BN_new();

	small_x_point(group, x, y);
	assert_true(EC_GROUP_get_curve(group, p, NULL, NULL, NULL));
	answer_is(&party, point(kex, x, y), ZRTP_KEX_OK);
	assert_true(BN_add(x, x, p));
	answer_is(&party, point(kex, x, y), ZRTP_KEX_BAD_PV);
	assert_true(BN_sub(x, x, p) && BN_sub(y, p, y)); /* the point's mirror image */
	answer_is(&party, point(kex, x, y), ZRTP_KEX_OK);
	answer_is(&party, point(kex, x, p), ZRTP_KEX_BAD_PV);
	answer_is(&party, point(kex, p, y), ZRTP_KEX_BAD_PV);
	BN_free(p);
	BN_free(x);
	BN_free(y);
	EC_GROUP_free(group);
	drop_party(&party);
}

/* R296: x + p is the same point for a careless reader. */
static void coordinates_from_p_on_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(curves); i++) {
		check_unreduced(find(curves[i]));
	}
}

/* Only P-521 has octets to spare above its coordinates. */
static void stray_bits_above_a_coordinate_are_refused(void **state)
{
	struct party a = make_party(find("EC52"), &real), b = make_party(find("EC52"), &real);

	(void)state;
	for (unsigned bit = 1; bit < 8; bit++) {
		b.pv[0] ^= (uint8_t)(1U << bit);
		assert_int_equal(derive(&a, b.pv, NULL), ZRTP_KEX_BAD_PV);
		b.pv[0] ^= (uint8_t)(1U << bit);
	}
	drop_party(&a);
	drop_party(&b);
}

/* ---- points of small order ---- */

static size_t from_hex(uint8_t *out, const char *hex)
{
	size_t n = 0;

	for (; hex[2 * n]; n++) {
		char pair[3] = { hex[2 * n], hex[2 * n + 1], '\0' };

		out[n] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

static void hex_is_refused(const struct party *party, const char *hex)
{
	uint8_t *pv = malloc(party->kex->pv_size);

	assert_int_equal(strlen(hex), 2 * party->kex->pv_size);
	from_hex(pv, hex);
	answer_is(party, pv, ZRTP_KEX_BAD_PV);
}

#define Z8  "0000000000000000"
#define F8  "ffffffffffffffff"
#define Z24 Z8 Z8 Z8
#define F24 F8 F8 F8

/* 0, 1, the two of order 8, p-1, p, p+1; and with the bit that is ignored. */
static void x25519_points_of_small_order_are_refused(void **state)
{
	static const char *const points[] = {
		"00" Z24 "00000000000000",
		"01" Z24 "00000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ec" F24 "ffffffffffff7f",
		"ed" F24 "ffffffffffff7f",
		"ee" F24 "ffffffffffff7f",
		"00" Z24 "00000000000080",
		"01" Z24 "00000000000080",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
		"ec" F24 "ffffffffffffff",
		"ed" F24 "ffffffffffffff",
		"ee" F24 "ffffffffffffff",
	};
	struct party party = make_party(find("X255"), &real);

	(void)state;
	for (size_t i = 0; i < COUNT(points); i++) {
		hex_is_refused(&party, points[i]);
	}
	drop_party(&party);
}

/* 0, 1, p-1, p, p+1 */
static void x448_points_of_small_order_are_refused(void **state)
{
	static const char *const points[] = {
		"00" Z24 Z24 "00000000000000",
		"01" Z24 Z24 "00000000000000",
		"fe" F24 "ffffff"
		"fe" F24 "ffffff",
		"ff" F24 "ffffff"
		"fe" F24 "ffffff",
		"00" Z24 "000000"
		"ff" F24 "ffffff",
	};
	struct party party = make_party(find("X448"), &real);

	(void)state;
	for (size_t i = 0; i < COUNT(points); i++) {
		hex_is_refused(&party, points[i]);
	}
	drop_party(&party);
}

/* ---- the random source ---- */

/* Draws in their order; the last one is then repeated, or fails. */
struct script {
	unsigned count, drawn;
	const uint8_t *draw[8]; /* ZRTP_PRIVATE_MAX octets, right-aligned */
	bool fails;
	size_t asked; /* octets, of the last draw */
};

static int play(uint8_t *out, size_t len, void *arg)
{
	struct script *script = arg;
	unsigned i = script->drawn++;

	script->asked = len;
	if (i >= script->count) {
		return -1;
	}
	assert_true(len <= ZRTP_PRIVATE_MAX);
	memcpy(out, script->draw[i] + ZRTP_PRIVATE_MAX - len, len);
	return script->fails && i + 1 == script->count ? -1 : 0;
}

static const uint8_t zero[ZRTP_PRIVATE_MAX], one[ZRTP_PRIVATE_MAX] = { [ZRTP_PRIVATE_MAX - 1] = 1 },
					     two[ZRTP_PRIVATE_MAX] = { [ZRTP_PRIVATE_MAX - 1] = 2 };

static struct party make_scripted(const struct zrtp_kex *kex, struct script *script)
{
	const struct zrtp_random random = { play, script };

	return make_party(kex, &random);
}

/* The scripted draws end with one that gives the same key as it alone. */
static void is_that_of_the_last_draw(const char *name, struct script script)
{
	struct script alone = { .count = 1, .draw = { script.draw[script.count - 1] } };
	struct party a = make_scripted(find(name), &script), b = make_scripted(find(name), &alone);

	assert_int_equal(script.drawn, script.count);
	assert_int_equal(alone.drawn, 1);
	assert_memory_equal(a.pv, b.pv, a.kex->pv_size);
	drop_party(&a);
	drop_party(&b);
}

/* R230: 1 < k. Not X255 and X448, whose scalars have a bit set always. */
static void zero_and_one_are_drawn_again(void **state)
{
	static const struct script script = { .count = 4, .draw = { zero, one, zero, two } };

	(void)state;
	for (size_t i = 0; i < COUNT(modp); i++) {
		is_that_of_the_last_draw(modp[i], script);
	}
	for (size_t i = 0; i < COUNT(curves); i++) {
		is_that_of_the_last_draw(curves[i], script);
	}
}

/* g^2 and g^3 in plain sight (R291: g is 2). */
static void the_generator_is_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modp); i++) {
		struct script script = { .count = 1, .draw = { two } };
		struct party party = make_scripted(find(modp[i]), &script);
		uint8_t *four = number(party.kex, 4);

		assert_memory_equal(party.pv, four, party.kex->pv_size);
		free(four);
		drop_party(&party);
	}
}

static void order_plus(const struct zrtp_kex *kex, int offset, uint8_t out[ZRTP_PRIVATE_MAX])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name((int)kex->id);
	BIGNUM *n = BN_dup(EC_GROUP_get0_order(group));

	assert_true(offset < 0 ? BN_sub_word(n, (BN_ULONG)-offset) : BN_add_word(n, (BN_ULONG)offset));
	assert_int_equal(BN_bn2binpad(n, out, ZRTP_PRIVATE_MAX), ZRTP_PRIVATE_MAX);
	BN_free(n);
	EC_GROUP_free(group);
}

static void scalars_from_the_order_on_are_drawn_again(void **state)
{
	uint8_t below[ZRTP_PRIVATE_MAX], order[ZRTP_PRIVATE_MAX], above[ZRTP_PRIVATE_MAX],
		ones[ZRTP_PRIVATE_MAX];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (size_t i = 0; i < COUNT(curves); i++) {
		order_plus(find(curves[i]), -1, below);
		order_plus(find(curves[i]), 0, order);
		order_plus(find(curves[i]), 1, above);
		is_that_of_the_last_draw(
			curves[i], (struct script){ .count = 4, .draw = { order, above, ones, below } });
	}
}

/* R292 R293 R294: the strength asked for is the length of the exponent. */
static void the_exponent_has_the_strength_asked_for(void **state)
{
	const unsigned strengths[] = { 32, 48, 64 };
	uint8_t pv[ZRTP_PV_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(strengths); i++) {
		struct script script = { .count = 1, .draw = { two } };
		const struct zrtp_random random = { play, &script };
		const struct zrtp_kex *kex = find("DH3k");
		void *key;

		assert_int_equal(kex->ops->generate(kex, &random, strengths[i], &key, pv), 0);
		assert_int_equal(script.asked, strengths[i]);
		kex->ops->release(key);
	}
}

/* ---- failures ---- */

static long blocks; /* of libcrypto, not yet freed */

static void *counting_malloc(size_t size, const char *file, int line)
{
	void *block = malloc(size);

	(void)file;
	(void)line;
	blocks += block != NULL;
	return block;
}

static void counting_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	blocks -= block != NULL;
	free(block);
}

static void *counting_realloc(void *block, size_t size, const char *file, int line)
{
	if (!block) {
		return counting_malloc(size, file, line);
	}
	if (!size) {
		counting_free(block, file, line);
		return NULL;
	}
	return realloc(block, size);
}

static void fail_to_generate(const struct zrtp_kex *kex, struct script script)
{
	const struct zrtp_random random = { play, &script };
	uint8_t *pv = malloc(kex->pv_size);
	void *key = NULL;

	memset(pv, 0xa5, kex->pv_size);
	assert_int_equal(kex->ops->generate(kex, &random, STRENGTH, &key, pv), -1);
	assert_null(key);
	for (unsigned i = 0; i < kex->pv_size; i++) {
		assert_int_equal(pv[i], 0xa5);
	}
	ERR_clear_error();
	free(pv);
}

/* How many blocks one failure leaves. What libcrypto sets up once is there
 * after the first. */
static long left_by_failure(const struct zrtp_kex *kex, struct script script)
{
	long before;

	fail_to_generate(kex, script);
	before = blocks;
	for (unsigned i = 0; i < 8; i++) {
		fail_to_generate(kex, script);
	}
	return blocks - before;
}

static void a_failing_random_source_is_an_error_and_leaks_nothing(void **state)
{
	(void)state;
	assert_true(blocks > 0); /* they are counted */
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct zrtp_kex *kex = find(names[i]);

		assert_int_equal(left_by_failure(kex, (struct script){ .count = 0 }), 0);
		/* It has filled in a good value and says that it failed. */
		assert_int_equal(
			left_by_failure(kex, (struct script){ .count = 1, .draw = { two }, .fails = true }),
			0);
	}
}

static void a_random_source_that_fails_at_the_second_draw_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modp); i++) {
		assert_int_equal(
			left_by_failure(find(modp[i]), (struct script){ .count = 1, .draw = { zero } }), 0);
	}
	for (size_t i = 0; i < COUNT(curves); i++) {
		assert_int_equal(
			left_by_failure(find(curves[i]), (struct script){ .count = 1, .draw = { one } }), 0);
	}
}

static void agree_once(const struct zrtp_kex *kex)
{
	static const uint8_t bad[ZRTP_PV_MAX];
	struct party a = make_party(kex, &real), b = make_party(kex, &real);

	assert_int_equal(derive(&a, b.pv, NULL), ZRTP_KEX_OK);
	assert_int_equal(derive(&a, bad, NULL), ZRTP_KEX_BAD_PV);
	ERR_clear_error();
	drop_party(&a);
	drop_party(&b);
}

static void an_agreement_leaks_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct zrtp_kex *kex = find(names[i]);
		long before;

		agree_once(kex);
		agree_once(kex);
		before = blocks;
		for (unsigned n = 0; n < 4; n++) {
			agree_once(kex);
		}
		assert_int_equal(blocks, before);
	}
}

static void releasing_nothing_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		find(names[i])->ops->release(NULL);
	}
}

/* ---- published vectors ---- */

struct vector {
	const char *kex, *private_a, *pv_a, *private_b, *pv_b, *shared;
};

static const struct vector vectors[] = {
	/* RFC 7748, 6.1 */
	{ "X255", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	/* RFC 7748, 6.2 */
	{ "X448",
	  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9a"
	  "c2"
	  "d8c0a598726b",
	  "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d5317"
	  "7f"
	  "80e532c41fa0",
	  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b036"
	  "6f"
	  "10b65173992d",
	  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07"
	  "bd"
	  "c1c67bf33609",
	  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a44"
	  "9a"
	  "5037514a879d" },
	/* RFC 5903, 8.1 */
	{ "EC25", "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	  "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
	  "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
	  "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
	  "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	  "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	  "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
};

/* The private value as one draw of the random source. */
static struct party make_known(const struct zrtp_kex *kex, const char *private_hex)
{
	uint8_t octets[ZRTP_PRIVATE_MAX] = { 0 }, draw[ZRTP_PRIVATE_MAX] = { 0 };
	size_t len = from_hex(octets, private_hex);
	struct script script = { .count = 1, .draw = { draw } };

	memcpy(draw + sizeof(draw) - len, octets, len);
	return make_scripted(kex, &script);
}

static void same_as_hex(const uint8_t *got, const char *hex)
{
	uint8_t want[ZRTP_PV_MAX];
	size_t len = from_hex(want, hex);

	assert_memory_equal(got, want, len);
}

/* R295 R297 */
static void published_vectors_come_out(void **state)
{
	uint8_t result[ZRTP_KEX_RESULT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct party a = make_known(find(v->kex), v->private_a),
			     b = make_known(find(v->kex), v->private_b);

		same_as_hex(a.pv, v->pv_a);
		same_as_hex(b.pv, v->pv_b);
		assert_int_equal(derive(&a, b.pv, result), ZRTP_KEX_OK);
		same_as_hex(result, v->shared);
		assert_int_equal(derive(&b, a.pv, result), ZRTP_KEX_OK);
		same_as_hex(result, v->shared);
		drop_party(&a);
		drop_party(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_those_of_the_messages),
		cmocka_unit_test(two_key_pairs_differ),
		cmocka_unit_test(both_sides_come_to_the_same_secret),
		cmocka_unit_test(a_refused_value_leaves_the_key_usable),
		cmocka_unit_test(a_refused_value_leaves_no_error_behind),
		cmocka_unit_test(finite_field_values_must_lie_between_1_and_p_minus_1),
		cmocka_unit_test(points_off_the_curve_are_refused),
		cmocka_unit_test(the_origin_and_all_ones_are_no_points),
		cmocka_unit_test(coordinates_from_p_on_are_refused),
		cmocka_unit_test(stray_bits_above_a_coordinate_are_refused),
		cmocka_unit_test(x25519_points_of_small_order_are_refused),
		cmocka_unit_test(x448_points_of_small_order_are_refused),
		cmocka_unit_test(zero_and_one_are_drawn_again),
		cmocka_unit_test(the_generator_is_two),
		cmocka_unit_test(scalars_from_the_order_on_are_drawn_again),
		cmocka_unit_test(the_exponent_has_the_strength_asked_for),
		cmocka_unit_test(a_failing_random_source_is_an_error_and_leaks_nothing),
		cmocka_unit_test(a_random_source_that_fails_at_the_second_draw_is_an_error),
		cmocka_unit_test(an_agreement_leaks_nothing),
		cmocka_unit_test(releasing_nothing_is_allowed),
		cmocka_unit_test(published_vectors_come_out),
	};

	/* Before libcrypto's first block. */
	if (!CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free)) {
		return 1;
	}
	return cmocka_run_group_tests_name("the table's rows", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("a context's rows", tests, make_constants, free_constants);
}
