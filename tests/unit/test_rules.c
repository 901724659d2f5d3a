/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the secret of a call, by docs/cache.md: each line of its tables. */
#include "rules.h"

/* The user compares the SAS in a call without a match. */
static void put_word(struct test_store *t, uint64_t endpoint, const char *label, int64_t now, unsigned made)
{
	struct zrtp_retained in = stores_update(made, 0, ZRTP_MATCH_FAILED);

	in.verified = true;
	in.endpoint = endpoint;
	in.generation = 1;
	stores_put(t, 1, label, now, &in);
}

static void what_matched_is_proved_and_keeps_v(void **state)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_OWN), r;
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	in.changed = ZRTP_CHANGED_VERIFIED;
	in.verified = true;
	stores_put(&t, 1, "a", T, &in);
	put(&t, PHONE, "a", T + MINUTE, 2, 1);
	r = offered(&t, "a", T + MINUTE, 2, 1, 0);
	assert_true(r.verified && !r.line_unproved);
	stores_end(&t);
}

static void a_mismatch_begins_another_line_without_v(void **state)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_OWN), r;
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	in.changed = ZRTP_CHANGED_VERIFIED;
	in.verified = true;
	stores_put(&t, 1, "a", T, &in);
	put(&t, PHONE, "a", T + MINUTE, 2, 1);
	assert_true(stores_get(&t, 1, "a", T + MINUTE).verified);
	put(&t, PHONE, "a", T + 2 * MINUTE, 3, 0);
	r = offered(&t, "a", T + 3 * MINUTE, 3, 2, 1);
	assert_true(!r.verified && r.other_verified && r.line_unproved);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	assert_int_equal(stores_find(&t, 1).labels, 1);
	/* When it matches it is proved, and has no V for all that. */
	put(&t, PHONE, "a", T + 4 * MINUTE, 4, 3);
	r = offered(&t, "a", T + 5 * MINUTE, 4, 2, 1);
	assert_true(!r.verified && !r.line_unproved);
	stores_end(&t);
}

static void a_new_label_begins_a_line_of_its_own(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	assert_int_equal(stores_find(&t, 1).labels, 2);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	/* By label is proved by the two of one endpoint only, each of which has matched. */
	put(&t, PHONE, "a", T + 2 * MINUTE, 3, 1);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	put(&t, PHONE, "b", T + 3 * MINUTE, 4, 2);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_LABEL);
	stores_end(&t);
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, OTHER, "b", T + MINUTE, 2, 0);
	put(&t, OTHER, "b", T + 2 * MINUTE, 3, 2);
	put(&t, PHONE, "a", T + 3 * MINUTE, 4, 1);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	stores_end(&t);
}

/* By ZID is proved where there was one secret only, whose label and whose call's are known. */
static void the_only_secret_under_a_new_label_proves_by_zid(void **state)
{
	static const struct {
		const char *first, *then;
		bool two;
		enum zrtp_store_scope scope;
	} cases[] = {
		{ "a", "b", false, ZRTP_SCOPE_ZID },
		{ "a", "b", true, ZRTP_SCOPE_UNKNOWN },
		{ "a", ZRTP_STORE_LABEL_UNKNOWN, false, ZRTP_SCOPE_UNKNOWN },
		{ ZRTP_STORE_LABEL_UNKNOWN, "b", false, ZRTP_SCOPE_UNKNOWN },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_store t;

		open_memory(&t);
		put(&t, PHONE, cases[i].first, T, 1, 0);
		if (cases[i].two) {
			put(&t, PHONE, "c", T + 1, 9, 0);
			put(&t, PHONE, cases[i].then, T + MINUTE, 2, 9);
		} else {
			put(&t, PHONE, cases[i].then, T + MINUTE, 2, 1);
		}
		assert_int_equal(stores_find(&t, 1).scope, cases[i].scope);
		if (cases[i].scope == ZRTP_SCOPE_ZID) {
			assert_int_equal(stores_find(&t, 1).labels, 1);
			assert_false(offered(&t, "third", T + 2 * MINUTE, 2, 1, 0).new_label);
		}
		stores_end(&t);
	}
}

/* Nor where the others have matched in no call, and are not what was used last. */
static void one_of_several_secrets_does_not_prove_by_zid(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	put(&t, PHONE, "c", T + 2 * MINUTE, 3, 0);
	put(&t, PHONE, "a", T + 3 * MINUTE, 4, 1);
	put(&t, PHONE, "new", T + 4 * MINUTE, 5, 4);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	stores_end(&t);
}

static void the_users_word_puts_a_line_first(void **state)
{
	(void)state;
	for (unsigned endpoint = PHONE; endpoint <= OTHER; endpoint++) {
		struct test_store t;
		struct zrtp_retained r;

		open_memory(&t);
		put(&t, PHONE, "a", T, 1, 0);
		put(&t, PHONE, "a", T + MINUTE, 2, 1);
		put_word(&t, endpoint, "a", T + 2 * MINUTE, 3);
		if (endpoint == PHONE) {
			r = offered(&t, "a", T + 3 * MINUTE, 3, 0, 0);
			assert_true(r.verified);
		} else { /* his word is of his line only */
			r = offered(&t, "a", T + 3 * MINUTE, 3, 2, 1);
			assert_true(r.verified && r.rs2_other && !r.other_verified);
		}
		stores_end(&t);
	}
}

/* An administrator's no is of all that the ZID has; what no user has verified stays so. */
static void an_administrators_no_is_of_all_lines(void **state)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_OWN), r;
	uint8_t zid[ZRTP_ZID_SIZE];
	struct test_store t;

	(void)state;
	stores_zid(zid, 1);
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	in.changed = ZRTP_CHANGED_VERIFIED;
	in.verified = true;
	stores_put(&t, 1, "a", T, &in);
	put_word(&t, OTHER, "a", T + MINUTE, 3);
	r = offered(&t, "a", T + 2 * MINUTE, 3, 1, 0);
	assert_true(r.verified && r.rs2_other && r.other_verified);
	assert_int_equal(zrtp_store_set_verified(t.store, stores_own, zid, false, &t.error), ZRTP_STORE_OK);
	r = offered(&t, "a", T + 3 * MINUTE, 3, 1, 0);
	assert_true(!r.verified && r.rs2_other && !r.other_verified);
	stores_end(&t);
}

/* It is as old as what it has taken the place of: whose ZID this is does not change. */
static void what_the_users_word_put_first_is_as_old(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, OTHER, "a", T + MINUTE, 2, 0);
	put_word(&t, PHONE, "a", T + 3 * MINUTE, 4);
	offered(&t, "a", T + 4 * MINUTE, 4, 2, 0);
	assert_int_equal(stores_get(&t, 1, "a", T + 4 * MINUTE).made_by, PHONE);
	assert_int_equal(stores_get(&t, 1, "b", T + 4 * MINUTE).made_by, PHONE);
	stores_end(&t);
}

/* Of words the last one, a no before a yes; in whatever order they are told. */
static void the_last_word_counts(void **state)
{
	static const struct {
		int64_t yes_at, no_at;
		bool verified;
	} cases[] = { { 1, 2, false }, { 2, 1, true }, { 1, 1, false } };

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (unsigned no_first = 0; no_first < 2; no_first++) {
			struct test_store t;

			open_memory(&t);
			put(&t, PHONE, "a", T, 1, 0);
			for (unsigned n = 0; n < 2; n++) {
				struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_OWN);
				bool yes = n == no_first;

				in.changed = ZRTP_CHANGED_VERIFIED;
				in.verified = yes;
				stores_put(&t, 1, "a", T + (yes ? cases[i].yes_at : cases[i].no_at), &in);
			}
			assert_int_equal(stores_get(&t, 1, "a", T + 9).verified, cases[i].verified);
			stores_end(&t);
		}
	}
}

/* What two calls of one generation say: the shorter time, and the greater count. */
static void of_one_generation_the_stricter_counts(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		struct test_store t;
		struct zrtp_retained r;

		open_memory(&t);
		put(&t, PHONE, "a", T, 1, 0);
		for (unsigned n = 0; n < 2; n++) {
			struct zrtp_retained in = stores_update(2, 1, ZRTP_MATCH_OWN);

			in.generation = 2;
			in.changed = ZRTP_CHANGED_SECRET;
			in.expiry = n == first ? 1000 : 2000;
			in.preshared_count = n == first ? 3 : 5;
			stores_put(&t, 1, "a", T + MINUTE, &in);
		}
		r = stores_get(&t, 1, "a", T + MINUTE);
		assert_int_equal(r.expiry, 1000);
		assert_int_equal(r.preshared_count, 5);
		stores_end(&t);
	}
}

/* Each line has its own time, and what two labels' first calls made is of two labels. */
static void what_is_of_one_says_nothing_of_another(void **state)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE), r;
	struct test_store t;

	(void)state;
	open_memory(&t);
	in.expiry = 100;
	stores_put(&t, 1, "a", T, &in);
	in = stores_update(2, 0, ZRTP_MATCH_FAILED);
	stores_put(&t, 1, "a", T + 1, &in);
	assert_int_equal(zrtp_store_purge(t.store, T + 200, NULL, NULL, &t.error), ZRTP_STORE_OK);
	offered(&t, "a", T + 200, 2, 0, 0);
	/* An expiration of 0 is of the secret that it was said of. */
	in = stores_update(9, 0, ZRTP_MATCH_OWN);
	in.changed = ZRTP_CHANGED_EXPIRY;
	stores_put(&t, 1, "a", T + 201, &in);
	offered(&t, "a", T + 202, 2, 0, 0);
	in.line = stores_get(&t, 1, "a", T + 202).line; /* which has made another one since */
	stores_put(&t, 1, "a", T + 203, &in);
	offered(&t, "a", T + 204, 2, 0, 0);
	stores_secret(in.rs1, 2);
	stores_put(&t, 1, "a", T + 205, &in);
	offered(&t, "a", T + 206, 0, 0, 0);
	stores_end(&t);
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	in = stores_update(2, 0, ZRTP_MATCH_NONE);
	stores_put(&t, 1, "b", T + 1, &in);
	assert_int_equal(stores_find(&t, 1).labels, 2);
	r = stores_get(&t, 1, "b", T + 2);
	assert_true(stores_is_secret(r.rs1, 2) && !r.new_label);
	stores_end(&t);
	/* Whose line it is does not change with a match from elsewhere. */
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, OTHER, "a", T + MINUTE, 2, 1);
	assert_int_equal(stores_get(&t, 1, "a", T + MINUTE).made_by, PHONE);
	assert_true(stores_get(&t, 1, "a", T).files_by_label);
	in = stores_update(0, 0, ZRTP_MATCH_OWN);
	in.changed = ZRTP_CHANGED_PBX;
	in.has_pbx = true;
	stores_put(&t, 1, "a", T + MINUTE, &in);
	assert_false(stores_get(&t, 1, "a", T).files_by_label); /* who is enrolled has to prove it */
	stores_end(&t);
}

/* Of another label what was proved; under none that is known the newest there is. */
/* A call of a PBX, or of a caller who says that he is one. */
static void put_pbx(struct test_store *t, uint64_t endpoint, const char *label, int64_t now, unsigned made,
		    unsigned matched, uint64_t line)
{
	struct zrtp_retained in = stores_update(made, matched, matched ? ZRTP_MATCH_OWN : ZRTP_MATCH_FAILED);

	in.line = line;
	in.generation = 9;
	in.changed = ZRTP_CHANGED_SECRET;
	in.endpoint = endpoint;
	in.peer_mitm = true;
	stores_put(t, 1, label, now, &in);
}

/* He has a line of his own beside the phone's, under its first label: that is not filed by ZID for it, and
 * nothing under other labels goes. */
static void a_caller_who_says_that_he_is_a_pbx_changes_nothing_of_a_phone(void **state)
{
	struct zrtp_retained r;
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	put_pbx(&t, PHONE, "a", T + 2 * MINUTE, 101, 0, 0);
	r = stores_get(&t, 1, "a", T + 3 * MINUTE);
	assert_true(stores_is_secret(r.rs1, 101));
	assert_false(r.peer_mitm);
	put_pbx(&t, PHONE, "a", T + 3 * MINUTE, 102, 101, r.line);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	assert_int_equal(stores_find(&t, 1).labels, 2);
	(void)offered(&t, "b", T + 4 * MINUTE, 2, 102, 0);
	stores_end(&t);
}

/* Nor is a phone that files by ZID a PBX for it; and a PBX that was filed by label is, once its own line
 * matches. */
static void by_zid_a_pbx_is_whose_first_line_is_ones(void **state)
{
	struct zrtp_retained r;
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 1);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_ZID);
	put_pbx(&t, PHONE, "b", T + 2 * MINUTE, 101, 0, 0);
	assert_false(offered(&t, "b", T + 3 * MINUTE, 101, 2, 1).peer_mitm);
	stores_end(&t);
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	r = stores_get(&t, 1, "a", T + 2 * MINUTE);
	put_pbx(&t, PHONE, "a", T + 2 * MINUTE, 3, 1, r.line);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_ZID);
	assert_true(offered(&t, "b", T + 3 * MINUTE, 3, 1, 0).peer_mitm);
	stores_end(&t);
}

static void what_is_offered_of_other_labels(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "a", T + MINUTE, 2, 0);
	offered(&t, "new", T + 2 * MINUTE, 2, 1, 0); /* both, while it is the only label */
	put(&t, PHONE, "b", T + 3 * MINUTE, 3, 0);
	offered(&t, "c", T + 4 * MINUTE, 3, 1, 0);
	stores_end(&t);
	open_memory(&t);
	put(&t, PHONE, ZRTP_STORE_LABEL_UNKNOWN, T, 1, 0);
	offered(&t, ZRTP_STORE_LABEL_UNKNOWN, T + 1, 1, 0, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	assert_true(stores_is_secret(stores_get(&t, 1, ZRTP_STORE_LABEL_UNKNOWN, T + 2 * MINUTE).rs1, 2));
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matched_is_proved_and_keeps_v),
		cmocka_unit_test(a_mismatch_begins_another_line_without_v),
		cmocka_unit_test(a_new_label_begins_a_line_of_its_own),
		cmocka_unit_test(the_only_secret_under_a_new_label_proves_by_zid),
		cmocka_unit_test(one_of_several_secrets_does_not_prove_by_zid),
		cmocka_unit_test(the_users_word_puts_a_line_first),
		cmocka_unit_test(an_administrators_no_is_of_all_lines),
		cmocka_unit_test(what_the_users_word_put_first_is_as_old),
		cmocka_unit_test(what_is_of_one_says_nothing_of_another),
		cmocka_unit_test(a_caller_who_says_that_he_is_a_pbx_changes_nothing_of_a_phone),
		cmocka_unit_test(by_zid_a_pbx_is_whose_first_line_is_ones),
		cmocka_unit_test(what_is_offered_of_other_labels),
		cmocka_unit_test(the_last_word_counts),
		cmocka_unit_test(of_one_generation_the_stricter_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
