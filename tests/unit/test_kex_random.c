/* SPDX-License-Identifier: BSD-2-Clause */
/* What key agreements draw (4.8), and that a failure is an error and leaks nothing. */
#include "kexes.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

/* ---- the random source ---- */

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

/* 1 < k. Not X255 and X448, whose scalars have a bit set always. */
static void zero_and_one_are_drawn_again(void **state) /* R230 */
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

/* g^2 and g^3 in plain sight: g is 2. */
static void the_generator_is_two(void **state) /* R291 */
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

/* The strength asked for is the length of the exponent. */
static void the_exponent_has_the_strength_asked_for(void **state) /* R292 R293 R294 */
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

static void a_failing_random_source_is_an_error_and_leaks_nothing(void **state) /* F12 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct zrtp_kex *kex = find(names[i]);

		assert_int_equal(left_by_failure(kex, (struct script){ .count = 0 }), 0);
		/* It has filled in a good value and says that it failed. */
		assert_int_equal(
			left_by_failure(kex, (struct script){ .count = 1, .draw = { two }, .fails = true }),
			0);
	}
	assert_true(taken > 0); /* they are counted */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_and_one_are_drawn_again),
		cmocka_unit_test(the_generator_is_two),
		cmocka_unit_test(scalars_from_the_order_on_are_drawn_again),
		cmocka_unit_test(the_exponent_has_the_strength_asked_for),
		cmocka_unit_test(a_failing_random_source_is_an_error_and_leaks_nothing),
		cmocka_unit_test(a_random_source_that_fails_at_the_second_draw_is_an_error),
		cmocka_unit_test(an_agreement_leaks_nothing),
		cmocka_unit_test(releasing_nothing_is_allowed),
	};

	/* Before libcrypto's first block. */
	if (!CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free)) {
		return 1;
	}
	return cmocka_run_group_tests_name("the table's rows", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("a context's rows", tests, make_constants, free_constants);
}
