/* SPDX-License-Identifier: BSD-2-Clause */
/* The key agreements: both sides agree, and published vectors come out. */
#include "kexes.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

/* ---- agreement ---- */

static void sizes_are_those_of_the_messages(void **state) /* R305 */
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

static void two_key_pairs_differ(void **state) /* R229 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct party a = make_party(find(names[i]), &real), b = make_party(find(names[i]), &real);

		assert_memory_not_equal(a.pv, b.pv, a.kex->pv_size);
		drop_party(&a);
		drop_party(&b);
	}
}

static void both_sides_come_to_the_same_secret(void **state) /* R084 R091 R097 R102 */
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

static void published_vectors_come_out(void **state) /* R086 R295 R297 */
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
		cmocka_unit_test(published_vectors_come_out),
	};

	/* Before libcrypto's first block. */
	if (!CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free)) {
		return 1;
	}
	return cmocka_run_group_tests_name("the table's rows", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("a context's rows", tests, make_constants, free_constants);
}
