/* SPDX-License-Identifier: BSD-2-Clause */
/* What people call the algorithms, in lists and for display; what a machine lacks. */
#include "lists.h"

#include "algorithms.h"
#include "needs_mlkem.h"

#include <limits.h>

static const struct {
	enum zrtp_class which;
	const char *code, *name;
} all[] = {
	{ ZRTP_CLASS_HASH, "S256", "SHA-256" },
	{ ZRTP_CLASS_HASH, "S384", "SHA-384" },
	{ ZRTP_CLASS_HASH, "S512", "SHA-512" },
	{ ZRTP_CLASS_CIPHER, "AES1", "AES-128" },
	{ ZRTP_CLASS_CIPHER, "AES2", "AES-192" },
	{ ZRTP_CLASS_CIPHER, "AES3", "AES-256" },
	{ ZRTP_CLASS_TAG, "HS32", "HMAC-SHA1-32" },
	{ ZRTP_CLASS_TAG, "HS80", "HMAC-SHA1-80" },
	{ ZRTP_CLASS_TAG, "GCM ", "AES-GCM" },
	{ ZRTP_CLASS_KEX, "DH2k", "DH-2048" },
	{ ZRTP_CLASS_KEX, "DH3k", "DH-3072" },
	{ ZRTP_CLASS_KEX, "EC25", "P-256" },
	{ ZRTP_CLASS_KEX, "EC38", "P-384" },
	{ ZRTP_CLASS_KEX, "EC52", "P-521" },
	{ ZRTP_CLASS_KEX, "X255", "X25519" },
	{ ZRTP_CLASS_KEX, "X448", "X448" },
	{ ZRTP_CLASS_KEX, "X1M1", "X25519 + ML-KEM-512" },
	{ ZRTP_CLASS_KEX, "X3M3", "X448 + ML-KEM-1024" },
	{ ZRTP_CLASS_SAS, "B32 ", "letters" },
	{ ZRTP_CLASS_SAS, "B256", "words" },
};

enum { ALL = sizeof(all) / sizeof(*all) };

static void names_and_letters_are_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		assert_string_equal(zrtp_algorithm_name(all[i].which, all[i].code), all[i].name);
		assert_string_equal(zrtp_algorithm_code(all[i].which, all[i].name, strlen(all[i].name)),
				    all[i].code);
		assert_string_equal(zrtp_algorithm_code(all[i].which, all[i].code, 4), all[i].code);
		assert_true(zrtp_algorithm_known(all[i].which, all[i].code));
		sets(all[i].which, all[i].name, all[i].code);
		sets(all[i].which, all[i].code, all[i].code);
	}
	assert_string_equal(zrtp_algorithm_name(ZRTP_CLASS_TAG, "GCM"), "AES-GCM");
	assert_string_equal(zrtp_algorithm_name(ZRTP_CLASS_SAS, "B32"), "letters");
}

/* Whatever a policy may list has a name, and another algorithm has another one. */
static void every_algorithm_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ZRTP_HASH_ROWS; i++) {
		assert_non_null(zrtp_algorithm_name(ZRTP_CLASS_HASH, zrtp_hash_rows()[i].name));
	}
	for (unsigned i = 0; i < ZRTP_CIPHER_ROWS; i++) {
		assert_non_null(zrtp_algorithm_name(ZRTP_CLASS_CIPHER, zrtp_cipher_rows()[i].name));
	}
	for (unsigned i = 0; i < ZRTP_KEX_ROWS; i++) {
		assert_non_null(zrtp_algorithm_name(ZRTP_CLASS_KEX, zrtp_kex_rows()[i].name));
	}
	assert_string_equal(zrtp_algorithm_name(ZRTP_CLASS_KEX, "Mult"), "Multistream");
	assert_string_equal(zrtp_algorithm_name(ZRTP_CLASS_KEX, "Prsh"), "Preshared");
	assert_string_equal(zrtp_algorithm_name(ZRTP_CLASS_KEX, "E255"), "X25519");
	for (unsigned i = 0; i < ALL; i++) {
		for (unsigned k = 0; k < i; k++) {
			assert_true(all[i].which != all[k].which || strcmp(all[i].name, all[k].name) != 0);
		}
	}
}

static void names_are_understood_as_people_write_them(void **state)
{
	(void)state;
	sets(ZRTP_CLASS_HASH, "sha512,SHA384 sha-256", "S512S384S256");
	sets(ZRTP_CLASS_CIPHER, "AES256, aes-128", "AES3AES1");
	sets(ZRTP_CLASS_KEX, "X25519 + ML-KEM-512, X25519, P-256, DH-3072", "X1M1X255EC25DH3k");
	sets(ZRTP_CLASS_KEX, "X25519+ML-KEM-512 X25519 secp256r1", "X1M1X255EC25");
	sets(ZRTP_CLASS_KEX, "x25519 +mlkem512\tcurve25519", "X1M1X255");
	sets(ZRTP_CLASS_KEX, "X448+ ML-KEM-1024,EC25", "X3M3EC25");
	sets(ZRTP_CLASS_TAG, "AES-GCM, HMAC-SHA1-80 HS32", "GCM HS80HS32");
	sets(ZRTP_CLASS_SAS, "letters, words", "B32 B256");
	sets(ZRTP_CLASS_SAS, "Base-256, base32", "B256B32 ");
}

static void what_is_no_name_is_refused(void **state)
{
	static const struct {
		enum zrtp_class which;
		const char *text;
		size_t at; /* of what is wrong */
	} wrong[] = {
		{ ZRTP_CLASS_KEX, "X25519, X255", 8 },
		{ ZRTP_CLASS_KEX, "X25519 + ML-KEM-768", 0 },
		{ ZRTP_CLASS_KEX, "X25519MLKEM768", 0 },
		{ ZRTP_CLASS_KEX, "X25519 ML-KEM-512", 7 },
		{ ZRTP_CLASS_KEX, "X1M1, X25519 +", 6 },
		{ ZRTP_CLASS_KEX, "+ X25519", 0 },
		{ ZRTP_CLASS_KEX, "DH3k, + ", 6 },
		{ ZRTP_CLASS_KEX, "Multistream", 0 },
		{ ZRTP_CLASS_KEX, "X25519 + , ML-KEM-512", 0 },
		{ ZRTP_CLASS_KEX, "Preshared", 0 },
		{ ZRTP_CLASS_HASH, "SHA-1", 0 },
		{ ZRTP_CLASS_HASH, "SHA-2560", 0 },
		{ ZRTP_CLASS_HASH, "AES-128", 0 },
		{ ZRTP_CLASS_CIPHER, "AES", 0 },
		{ ZRTP_CLASS_CIPHER, "AES-2567", 0 },
		{ ZRTP_CLASS_CIPHER, "-", 0 },
		{ ZRTP_CLASS_TAG, "AES-256-GCM", 0 },
		{ ZRTP_CLASS_SAS, "base", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *bad = NULL;
		struct zrtp_policy policy, before;

		zrtp_policy_init(&policy);
		before = policy;
		assert_int_equal(zrtp_policy_set(&policy, wrong[i].which, wrong[i].text, &bad), ZRTP_INVALID);
		assert_ptr_equal(bad, wrong[i].text + wrong[i].at);
		assert_memory_equal(&policy, &before, sizeof(policy));
	}
	assert_null(zrtp_algorithm_name(ZRTP_CLASS_KEX, "X1K1"));
	assert_null(zrtp_algorithm_name(ZRTP_CLASS_KEX, ""));
	assert_null(zrtp_algorithm_name(ZRTP_CLASS_KEX, "X1M1M"));
	assert_null(zrtp_algorithm_name(ZRTP_CLASS_HASH, "X1M1"));
	assert_null(zrtp_algorithm_code(ZRTP_CLASS_HASH, "", 0));
	assert_null(zrtp_algorithm_code(ZRTP_CLASS_COUNT, "S256", 4));
}

static void cipher_and_tag_together_have_a_name(void **state)
{
	char text[ZRTP_SUITE_TEXT_SIZE];

	(void)state;
	assert_string_equal(zrtp_suite_text("AES3", "GCM ", text), "AES-256-GCM");
	assert_string_equal(zrtp_suite_text("AES1", "GCM", text), "AES-128-GCM");
	assert_string_equal(zrtp_suite_text("AES3", "HS80", text), "AES-256 + HMAC-SHA1-80");
	assert_string_equal(zrtp_suite_text("AES1", "HS32", text), "AES-128 + HMAC-SHA1-32");
	assert_string_equal(zrtp_suite_text("2FS1", "HS32", text), "");
	assert_string_equal(zrtp_suite_text("", "", text), "");
}

static void what_may_be_listed_is_named(void **state)
{
	char text[256], small[8], none[1] = { 'x' };

	(void)state;
	assert_string_equal(zrtp_algorithm_names(ZRTP_CLASS_HASH, text, sizeof(text)),
			    "SHA-256 (S256), SHA-384 (S384), SHA-512 (S512)");
	assert_string_equal(zrtp_algorithm_names(ZRTP_CLASS_TAG, text, sizeof(text)),
			    "HMAC-SHA1-32 (HS32), HMAC-SHA1-80 (HS80), AES-GCM (GCM)");
	assert_string_equal(
		zrtp_algorithm_names(ZRTP_CLASS_KEX, text, sizeof(text)),
		"DH-2048 (DH2k), DH-3072 (DH3k), P-256 (EC25), P-384 (EC38), P-521 (EC52), "
		"X25519 (X255), X448 (X448), X25519 + ML-KEM-512 (X1M1), X448 + ML-KEM-1024 (X3M3)");
	assert_string_equal(zrtp_algorithm_names(ZRTP_CLASS_HASH, small, sizeof(small)), "SHA-256");
	assert_string_equal(zrtp_algorithm_names(ZRTP_CLASS_HASH, none, 1), "");
	none[0] = 'x';
	assert_int_equal(*zrtp_algorithm_names(ZRTP_CLASS_HASH, none, 0), 'x');
}

/* ---- what a machine lacks ---- */

struct seen {
	unsigned count;
	struct zrtp_missing missing[8];
};

static void see(const struct zrtp_missing *missing, void *arg)
{
	struct seen *seen = arg;

	seen->missing[seen->count++] = *missing;
}

static void gcm_goes_where_srtp_has_none(void **state)
{
	struct seen seen = { .count = 0 };
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_TAG, "GCM,HS80", NULL), ZRTP_OK);
	assert_int_equal(zrtp_policy_fit(&policy, true, see, &seen), ZRTP_OK);
	assert_int_equal(seen.count, 0);
	assert_int_equal(policy.algorithms[ZRTP_CLASS_TAG].count, 2);
	assert_int_equal(zrtp_policy_fit(&policy, false, see, &seen), ZRTP_OK);
	assert_int_equal(seen.count, 1);
	assert_true(seen.missing[0].of_srtp && !seen.missing[0].last);
	assert_string_equal(seen.missing[0].name, "GCM");
	assert_int_equal(policy.algorithms[ZRTP_CLASS_TAG].count, 1);
	assert_string_equal(policy.algorithms[ZRTP_CLASS_TAG].name[0], "HS80");
	/* Once it is gone nothing is missing. */
	assert_int_equal(zrtp_policy_fit(&policy, false, see, &seen), ZRTP_OK);
	assert_int_equal(seen.count, 1);
}

/* An empty list would mean the mandatory ones, which were not asked for. */
static void a_list_of_which_nothing_remains_is_refused(void **state)
{
	struct seen seen = { .count = 0 };
	struct zrtp_policy policy;
	bool has = zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1M1");

	(void)state;
	zrtp_policy_init(&policy);
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_TAG, "GCM", NULL), ZRTP_OK);
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_KEX, "X1M1 X3M3", NULL), ZRTP_OK);
	assert_int_equal(zrtp_policy_fit(&policy, false, see, &seen), ZRTP_INVALID);
	assert_true(seen.missing[0].last);
	assert_string_equal(policy.algorithms[ZRTP_CLASS_TAG].name[0], "GCM ");
	assert_int_equal(policy.algorithms[ZRTP_CLASS_KEX].count, has ? 2 : 1);
	assert_int_equal(seen.count, has ? 1 : 3);
	assert_int_equal(zrtp_policy_fit(&policy, true, NULL, NULL), has ? ZRTP_OK : ZRTP_INVALID);
}

static void the_best_is_offered_that_there_is(void **state)
{
	struct zrtp_policy policy;
	bool has = zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1M1");
	const struct zrtp_algorithm_list *kex = &policy.algorithms[ZRTP_CLASS_KEX];

	(void)state;
	zrtp_policy_init_best(&policy, true);
	assert_string_equal(policy.algorithms[ZRTP_CLASS_TAG].name[0], "GCM ");
	assert_string_equal(policy.algorithms[ZRTP_CLASS_HASH].name[2], "S512");
	assert_int_equal(kex->count, has ? 4 : 3);
	assert_string_equal(kex->name[0], has ? "X1M1" : "X255");
	assert_string_equal(kex->name[kex->count - 1], "DH3k");
	assert_int_equal(zrtp_policy_has_post_quantum(&policy), has);
	zrtp_policy_init_best(&policy, false);
	assert_string_equal(policy.algorithms[ZRTP_CLASS_TAG].name[0], "HS80");
	assert_int_equal(policy.algorithms[ZRTP_CLASS_TAG].count, 2);
}

static void with_ml_kem_x1m1_is_the_first(void **state)
{
	struct zrtp_policy policy;

	(void)state;
	needs_mlkem();
	zrtp_policy_init_best(&policy, true);
	assert_string_equal(policy.algorithms[ZRTP_CLASS_KEX].name[0], "X1M1");
}

static void not_wanted(const struct zrtp_missing *missing, void *arg)
{
	(void)missing;
	(void)arg;
	fail();
}

/* An application may fill the lists by hand. */
static void a_count_beyond_the_list_is_refused(void **state)
{
	static const unsigned counts[] = { ZRTP_ALGORITHMS_MAX + 1, 200, UINT_MAX - 1, UINT_MAX };
	static const struct zrtp_callbacks callbacks = {
		.send = (void (*)(struct zrtp_stream *, const uint8_t *, size_t, void *))abort,
		.keys = (int (*)(struct zrtp_stream *, enum zrtp_direction, const struct zrtp_srtp_keys *,
				 void *))abort
	};
	const struct zrtp_context_config config = { .client_id = "x" };
	struct zrtp_context *context;
	struct zrtp_session *session = NULL;
	struct zrtp_policy *policy = malloc(sizeof(*policy)), before;

	(void)state;
	assert_non_null(policy);
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			zrtp_policy_init(policy);
			policy->algorithms[c].count = counts[i];
			policy->preshared = true;
			before = *policy;
			assert_int_equal(zrtp_session_new(&session, context, policy, &callbacks),
					 ZRTP_INVALID);
			assert_null(session);
			assert_int_equal(zrtp_policy_fit(policy, false, not_wanted, NULL), ZRTP_INVALID);
			assert_false(zrtp_policy_remove(policy, (enum zrtp_class)c,
							policy->algorithms[c].name[0]));
			assert_false(zrtp_policy_has_post_quantum(policy));
			assert_memory_equal(policy->algorithms, before.algorithms, sizeof(before.algorithms));
		}
	}
	/* A list that is full is a list. */
	zrtp_policy_init(policy);
	policy->algorithms[ZRTP_CLASS_SAS].count = ZRTP_ALGORITHMS_MAX;
	for (unsigned i = 0; i < ZRTP_ALGORITHMS_MAX; i++) {
		memcpy(policy->algorithms[ZRTP_CLASS_SAS].name[i], "B32 ", 5);
	}
	assert_int_equal(zrtp_session_new(&session, context, policy, &callbacks), ZRTP_OK);
	zrtp_session_free(session);
	assert_true(zrtp_policy_remove(policy, ZRTP_CLASS_SAS, "B32"));
	assert_false(zrtp_policy_remove(policy, ZRTP_CLASS_COUNT, "B32"));
	zrtp_context_free(context);
	free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_letters_are_the_same),
		cmocka_unit_test(every_algorithm_has_a_name),
		cmocka_unit_test(names_are_understood_as_people_write_them),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(cipher_and_tag_together_have_a_name),
		cmocka_unit_test(what_may_be_listed_is_named),
		cmocka_unit_test(gcm_goes_where_srtp_has_none),
		cmocka_unit_test(a_list_of_which_nothing_remains_is_refused),
		cmocka_unit_test(the_best_is_offered_that_there_is),
		cmocka_unit_test(with_ml_kem_x1m1_is_the_first),
		cmocka_unit_test(a_count_beyond_the_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
