/* SPDX-License-Identifier: BSD-2-Clause */
/* Public values that a key agreement has to refuse (4.4.1.2, 5.1.5). */
#include "kexes.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

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

static void finite_field_values_must_lie_between_1_and_p_minus_1(void **state) /* F09 R093 R098 R367 */
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

static void points_off_the_curve_are_refused(void **state) /* F10 R296 */
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

static void the_origin_and_all_ones_are_no_points(void **state) /* R296 */
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

/* X + p is the same point for a careless reader. */
static void coordinates_from_p_on_are_refused(void **state) /* R296 */
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

static void hex_is_refused(const struct party *party, const char *hex)
{
	uint8_t *pv = malloc(party->kex->pv_size);

	assert_int_equal(strlen(hex), 2 * party->kex->pv_size);
	from_hex(pv, hex);
	answer_is(party, pv, ZRTP_KEX_BAD_PV);
}

#define Z8 "0000000000000000"

#define F8 "ffffffffffffffff"

#define Z24 Z8 Z8 Z8

#define F24 F8 F8 F8

/* 0, 1, the two of order 8, p-1, p, p+1; and with the bit that is ignored. */
static void x25519_points_of_small_order_are_refused(void **state) /* F11 */
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
static void x448_points_of_small_order_are_refused(void **state) /* F11 */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finite_field_values_must_lie_between_1_and_p_minus_1),
		cmocka_unit_test(points_off_the_curve_are_refused),
		cmocka_unit_test(the_origin_and_all_ones_are_no_points),
		cmocka_unit_test(coordinates_from_p_on_are_refused),
		cmocka_unit_test(stray_bits_above_a_coordinate_are_refused),
		cmocka_unit_test(x25519_points_of_small_order_are_refused),
		cmocka_unit_test(x448_points_of_small_order_are_refused),
	};

	/* Before libcrypto's first block. */
	if (!CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free)) {
		return 1;
	}
	return cmocka_run_group_tests_name("the table's rows", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("a context's rows", tests, make_constants, free_constants);
}
