/* SPDX-License-Identifier: BSD-2-Clause */
/* What people change in a store, and how its secrets are filed by label. */
#include "on_stores.h"

/* ---- labels ---- */

/* A phone like Linphone: (a) and (b) are two strangers to it. */
static void file_by_label(struct test_store *t)
{
	struct zrtp_retained r;

	stores_put_secret(t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	r = stores_get(t, 1, "b", 1001);
	assert_offers(&r, 1, 0);
	assert_true(r.new_label);
	assert_true(r.files_by_label); /* it may: that it has nothing here proves nothing */
	stores_put_secret(t, 1, "b", 1001, 2, 0, ZRTP_MATCH_FAILED);
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	/* Back to the first: its own and the newest, whichever the phone has. */
	r = stores_get(t, 1, "a", 1002);
	assert_offers(&r, 1, 2);
	assert_true(r.rs2_other);
	assert_false(r.new_label);
	stores_put_secret(t, 1, "a", 1002, 3, 1, ZRTP_MATCH_OWN);
	/* Whose the newer one was is not proved. */
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	stores_put_secret(t, 1, "b", 1003, 4, 2, ZRTP_MATCH_OWN);
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_LABEL);
	stores_reopen(t);
	r = stores_get(t, 1, "b", 1003);
	assert_offers(&r, 4, 2);
	assert_false(r.rs2_other);
	r = stores_get(t, 1, "a", 1003);
	assert_offers(&r, 3, 1);
	/* A third number: known to file by label. */
	r = stores_get(t, 1, "c", 1004);
	assert_offers(&r, 4, 3);
	assert_true(r.new_label && r.files_by_label);
	stores_put_secret(t, 1, "c", 1004, 5, 0, ZRTP_MATCH_FAILED);
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_LABEL);
	r = stores_get(t, 1, "a", 1005);
	assert_offers(&r, 3, 1);
	assert_int_equal(stores_find(t, 1).labels, 3);
}

static void a_phone_that_files_by_label_keeps_a_secret_per_label(void **state)
{
	(void)state;
	on_each(file_by_label);
}

static void file_by_zid(struct test_store *t)
{
	struct zrtp_retained r;

	stores_put_secret(t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(t, 1, "b", 1001, 2, 1, ZRTP_MATCH_OTHER);
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_ZID);
	assert_int_equal(stores_find(t, 1).labels, 1);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const labels[] = { "a", "b", "another" };

		stores_reopen(t);
		r = stores_get(t, 1, labels[i], 1002 + i);
		assert_offers(&r, 2 + i, 1 + i);
		assert_false(r.new_label || r.rs2_other);
		stores_put_secret(t, 1, labels[i], 1002 + i, 3 + i, 2 + i, ZRTP_MATCH_OWN);
	}
	assert_int_equal(stores_find(t, 1).labels, 1);
	/* It lost its secrets, or is another phone: the new one comes beside what was proved. */
	stores_put_secret(t, 1, "b", 1010, 8, 5, ZRTP_MATCH_FAILED);
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_ZID);
	for (unsigned i = 0; i < 2; i++) {
		r = stores_get(t, 1, i ? "a" : "b", 1011);
		assert_offers(&r, 8, 5);
		assert_true(r.rs2_other);
		assert_false(r.new_label);
	}
}

static void a_phone_that_files_by_zid_keeps_one_pair(void **state)
{
	(void)state;
	on_each(file_by_zid);
}

/* The newest of another label matched at rs2's place. */
static void learn_at_rs2(struct test_store *t)
{
	struct zrtp_retained in = stores_update(2, 0, ZRTP_MATCH_FAILED), r;

	stores_put_secret(t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	in.verified = true;
	stores_put(t, 1, "b", 1001, &in);
	r = stores_get(t, 1, "a", 1002);
	assert_offers(&r, 1, 2);
	assert_false(r.verified);
	assert_true(r.rs2_other && r.other_verified);
	stores_put_secret(t, 1, "a", 1002, 3, 2, ZRTP_MATCH_OTHER);
	/* It may be two numbers made one: what the first has stays. */
	assert_int_equal(stores_find(t, 1).scope, ZRTP_SCOPE_UNKNOWN);
	r = stores_get(t, 1, "b", 1003);
	assert_offers(&r, 3, 2);
	r = stores_get(t, 1, "a", 1003);
	assert_offers(&r, 1, 3);
}

static void a_match_of_another_labels_secret_goes_on_there(void **state)
{
	(void)state;
	on_each(learn_at_rs2);
}

static void keep_the_latest(struct test_store *t)
{
	struct zrtp_retained r;
	char label[16];

	stores_put_secret(t, 1, "first", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(t, 1, "second", 1001, 2, 0, ZRTP_MATCH_FAILED);
	stores_put_secret(t, 1, "first", 1002, 3, 1, ZRTP_MATCH_OWN);
	for (unsigned i = 0; i < ZRTP_STORE_LABELS_MAX - 1; i++) {
		snprintf(label, sizeof(label), "%u", i);
		stores_put_secret(t, 1, label, 1010 + i, 100 + i, 0, ZRTP_MATCH_FAILED);
	}
	assert_int_equal(stores_find(t, 1).labels, ZRTP_STORE_LABELS_MAX);
	r = stores_get(t, 1, "first", 2000);
	assert_offers(&r, 3, 100 + ZRTP_STORE_LABELS_MAX - 2); /* and the newest */
	r = stores_get(t, 1, "second", 2000);                  /* used least recently */
	assert_true(r.new_label);
}

/* Calls under as many labels as one likes, from that endpoint. */
static void flood(struct test_store *t, uint64_t endpoint, const char *name, int64_t now, unsigned count,
		  bool twice)
{
	char label[24];

	for (unsigned i = 0; i < count; i++) {
		snprintf(label, sizeof(label), "%s %u", name, i);
		put_from(t, endpoint, label, now + i, 1000 + i, 0, ZRTP_MATCH_FAILED);
		if (twice) {
			put_from(t, endpoint, label, now + i, 2000 + i, 1000 + i, ZRTP_MATCH_OWN);
		}
	}
}

static void keep_what_is_the_phones(struct test_store *t)
{
	struct zrtp_retained r;

	put_from(t, 1, "home", 1000, 1, 0, ZRTP_MATCH_NONE);
	put_from(t, 1, "proved", 1001, 2, 0, ZRTP_MATCH_FAILED);
	put_from(t, 1, "proved", 1002, 3, 2, ZRTP_MATCH_OWN);
	put_from(t, 1, "once", 1003, 4, 0, ZRTP_MATCH_FAILED);
	/* From another endpoint, with and without a second call under each label. */
	flood(t, 2, "stranger", 2000, 260, false);
	flood(t, 2, "again", 3000, 20, true);
	assert_int_equal(stores_find(t, 1).labels, ZRTP_STORE_LABELS_MAX);
	r = stores_get(t, 1, "once", 4000);
	assert_false(r.new_label);
	/* What the phone stores has room all the same. */
	put_from(t, 1, "new", 4001, 5, 0, ZRTP_MATCH_FAILED);
	r = stores_get(t, 1, "new", 4002);
	assert_false(r.new_label);
	/* From its own endpoint: what has matched stays. */
	flood(t, 1, "own", 5000, 260, false);
	assert_int_equal(stores_find(t, 1).labels, ZRTP_STORE_LABELS_MAX);
	r = stores_get(t, 1, "home", 6000);
	assert_false(r.new_label);
	r = stores_get(t, 1, "proved", 6000);
	assert_false(r.new_label);
	r = stores_get(t, 1, "own 259", 6000);
	assert_false(r.new_label);
	if (t->kind != STORE_MEMORY) {
		return; /* the rest takes long */
	}
	/* Where all are proved there is no room for one that is not. */
	flood(t, 1, "own", 7000, 300, true);
	put_from(t, 1, "last", 8000, 9, 0, ZRTP_MATCH_FAILED);
	r = stores_get(t, 1, "last", 8001);
	assert_true(r.new_label);
	r = stores_get(t, 1, "home", 8001);
	assert_false(r.new_label);
	assert_int_equal(stores_find(t, 1).labels, ZRTP_STORE_LABELS_MAX);
}

static void labels_that_a_caller_chooses_push_out_nothing_of_the_phones(void **state)
{
	(void)state;
	on_each(keep_what_is_the_phones);
}

static void the_labels_of_a_peer_are_bounded(void **state)
{
	(void)state;
	on_each(keep_the_latest);
}

static void bind(struct test_store *t)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE), r;
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "a" };
	char list[ZRTP_STORE_NAME_SIZE] = "", long_name[ZRTP_STORE_NAME_SIZE];
	struct zrtp_store_about about;

	stores_zid(zid, 1);
	in.changed |= ZRTP_CHANGED_PBX;
	in.has_pbx = true;
	stores_put(t, 1, "a", 1000, &in);
	for (unsigned i = 0; i < 2; i++) { /* twice the same is once */
		assert_int_equal(zrtp_store_add_endpoint(t->store, stores_own, zid, "alice", &t->error),
				 ZRTP_STORE_OK);
		assert_int_equal(zrtp_store_add_endpoint(t->store, stores_own, zid, "bob", &t->error),
				 ZRTP_STORE_OK);
	}
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoë", &t->error), ZRTP_STORE_OK);
	stores_reopen(t);
	stores_put_secret(t, 1, "a", 1001, 2, 1, ZRTP_MATCH_OWN);
	assert_int_equal(zrtp_store_get_about(t->store, &key, 1002, &r, &about, &t->error), ZRTP_STORE_OK);
	assert_string_equal(about.name, "Zoë");
	assert_string_equal(about.endpoints, "alice,bob");
	assert_true(zrtp_endpoints_have(about.endpoints, "bob"));
	for (const char *const *not = (const char *const[]){ "", "b", "bobby", "alice,bob", NULL }; *not ;
	     not ++) {
		assert_false(zrtp_endpoints_have(about.endpoints, *not ));
	}
	assert_int_equal(zrtp_store_set_endpoints(t->store, stores_own, zid, "carol", &t->error),
			 ZRTP_STORE_OK);
	assert_string_equal(stores_find(t, 1).endpoints, "carol");
	memset(long_name, 'x', sizeof(long_name));
	long_name[ZRTP_STORE_NAME_SIZE - 1] = '\0';
	assert_true(zrtp_endpoints_add(list, long_name));
	assert_false(zrtp_endpoints_add(list, "y"));
	assert_string_equal(list, long_name);
	assert_int_equal(zrtp_store_add_endpoint(t->store, stores_own, zid, long_name, NULL),
			 ZRTP_STORE_INVALID);
	for (const char *const *not = (const char *const[]){ "a,b", "", "a\n", NULL }; *not ; not ++) {
		assert_int_equal(zrtp_store_add_endpoint(t->store, stores_own, zid, *not, NULL),
				 ZRTP_STORE_INVALID);
	}
	assert_int_equal(zrtp_store_set_endpoints(t->store, stores_own, zid, "a,,b", NULL),
			 ZRTP_STORE_INVALID);
	assert_string_equal(stores_find(t, 1).endpoints, "carol");
	assert_int_equal(zrtp_store_unenroll(t->store, stores_own, zid, &t->error), ZRTP_STORE_OK);
	assert_string_equal(stores_find(t, 1).endpoints, "");
	assert_string_equal(stores_find(t, 1).name, "Zoë");
}

static void an_enrolled_phone_keeps_its_endpoints(void **state)
{
	(void)state;
	on_each(bind);
}

/* ---- what people do ---- */

static void administer(struct test_store *t)
{
	struct zrtp_store_label labels[2];
	struct zrtp_retained r;
	uint8_t zid[ZRTP_ZID_SIZE], unknown[ZRTP_ZID_SIZE];
	const uint8_t long_aux[ZRTP_AUX_SECRET_MAX + 1] = { 1 };
	char long_name[ZRTP_STORE_NAME_SIZE + 1];
	size_t count;

	stores_zid(zid, 1);
	stores_zid(unknown, 2);
	stores_put_secret(t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(t, 1, "b", 1001, 2, 0, ZRTP_MATCH_FAILED);
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoë's phone", &t->error),
			 ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_set_verified(t->store, stores_own, zid, true, &t->error), ZRTP_STORE_OK);
	assert_int_equal(
		zrtp_store_set_aux(t->store, stores_own, zid, (const uint8_t *)"aux", 3, 1002, &t->error),
		ZRTP_STORE_OK);
	stores_reopen(t);
	assert_string_equal(stores_find(t, 1).name, "Zoë's phone");
	assert_true(stores_find(t, 1).has_aux);
	r = stores_get(t, 1, "a", 1003);
	assert_true(r.verified && r.other_verified);
	assert_int_equal(r.auxsecret_len, 3);
	assert_memory_equal(r.auxsecret, "aux", 3);
	assert_int_equal(
		zrtp_store_set_aux(t->store, stores_own, zid, long_aux, sizeof(long_aux), 1002, NULL),
		ZRTP_STORE_INVALID);
	assert_int_equal(stores_get(t, 1, "a", 1003).auxsecret_len, 3);
	assert_int_equal(zrtp_store_labels(t->store, stores_own, zid, labels, 2, &count, &t->error),
			 ZRTP_STORE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(labels[0].label, "b");
	assert_string_equal(labels[1].label, "a");
	assert_true(labels[0].verified && labels[1].verified);
	memset(long_name, 'x', sizeof(long_name));
	long_name[ZRTP_STORE_NAME_SIZE] = '\0';
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, long_name, NULL), ZRTP_STORE_INVALID);
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "a\nb", NULL), ZRTP_STORE_INVALID);
	assert_string_equal(stores_find(t, 1).name, "Zoë's phone");
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, unknown, "x", NULL), ZRTP_STORE_UNKNOWN);
	assert_int_equal(zrtp_store_set_verified(t->store, stores_own, unknown, true, NULL),
			 ZRTP_STORE_UNKNOWN);
	assert_int_equal(zrtp_store_remove(t->store, stores_own, unknown, NULL), ZRTP_STORE_UNKNOWN);
	assert_int_equal(zrtp_store_remove(t->store, stores_own, zid, &t->error), ZRTP_STORE_OK);
	r = stores_get(t, 1, "a", 1004);
	assert_offers(&r, 0, 0);
	assert_int_equal(r.auxsecret_len, 0);
	assert_int_equal(zrtp_store_purge(t->store, 1, NULL, NULL, &t->error), ZRTP_STORE_OK);
}

static bool is_verified(struct test_store *t, const char *label)
{
	struct zrtp_store_label labels[4];
	uint8_t zid[ZRTP_ZID_SIZE];
	size_t count;

	stores_zid(zid, 1);
	assert_int_equal(zrtp_store_labels(t->store, stores_own, zid, labels, 4, &count, &t->error),
			 ZRTP_STORE_OK);
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(labels[i].label, label)) {
			return labels[i].verified;
		}
	}
	fail_msg("no label %s", label);
	return false;
}

static void verify_the_phone(struct test_store *t)
{
	struct zrtp_retained in = stores_update(5, 4, ZRTP_MATCH_OWN);
	uint8_t zid[ZRTP_ZID_SIZE];

	stores_zid(zid, 1);
	put_from(t, 1, "home", 1000, 1, 0, ZRTP_MATCH_NONE);
	put_from(t, 1, "other", 1001, 2, 0, ZRTP_MATCH_FAILED);
	put_from(t, 2, "stranger", 1002, 3, 0, ZRTP_MATCH_FAILED);
	put_from(t, 2, "stranger", 1003, 4, 3, ZRTP_MATCH_OWN);
	assert_int_equal(zrtp_store_set_verified(t->store, stores_own, zid, true, &t->error), ZRTP_STORE_OK);
	assert_true(is_verified(t, "home"));
	assert_true(is_verified(t, "other"));
	assert_false(is_verified(t, "stranger"));
	/* His own word is taken away with the rest. */
	in.endpoint = 2;
	in.verified = true;
	in.changed |= ZRTP_CHANGED_VERIFIED;
	stores_put(t, 1, "stranger", 1004, &in);
	assert_true(is_verified(t, "stranger"));
	assert_int_equal(zrtp_store_set_verified(t->store, stores_own, zid, false, &t->error), ZRTP_STORE_OK);
	assert_false(is_verified(t, "home"));
	assert_false(is_verified(t, "other"));
	assert_false(is_verified(t, "stranger"));
}

static void an_administrators_yes_is_of_the_phones_own_endpoint_only(void **state)
{
	(void)state;
	on_each(verify_the_phone);
}

static void peers_are_named_verified_and_removed(void **state)
{
	(void)state;
	on_each(administer);
}

static void list(struct test_store *t)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	char name[32];

	assert_int_equal(list_all(t, NULL, 16), 0);
	for (unsigned i = 1; i <= 40; i++) {
		stores_put_secret(t, i, "", 1000, i, 0, ZRTP_MATCH_NONE);
		snprintf(name, sizeof(name), "Phone %u", i);
		stores_zid(zid, i);
		assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, name, &t->error),
				 ZRTP_STORE_OK);
	}
	assert_int_equal(list_all(t, NULL, 16), 40);
	assert_int_equal(list_all(t, NULL, 1), 40);
	assert_int_equal(list_all(t, NULL, 10), 40);
	assert_int_equal(list_all(t, "phone 1%", 7), 11);
	assert_int_equal(list_all(t, "%0000001a", 16), 1);
	assert_int_equal(list_all(t, "phone _", 16), 9);
	assert_int_equal(list_all(t, "Phone", 16), 0);
}

static void peers_are_listed_by_page_and_pattern(void **state)
{
	(void)state;
	on_each(list);
}

static void keep_zid(struct test_store *t)
{
	uint8_t first[ZRTP_ZID_SIZE], again[ZRTP_ZID_SIZE];

	assert_int_equal(zrtp_store_own_zid(t->store, first, &t->error), ZRTP_STORE_OK);
	stores_reopen(t);
	assert_int_equal(zrtp_store_own_zid(t->store, again, &t->error), ZRTP_STORE_OK);
	assert_memory_equal(first, again, ZRTP_ZID_SIZE);
	assert_int_equal(zrtp_store_set_own_zid(t->store, first, &t->error), ZRTP_STORE_OK);
	first[0] ^= 1;
	assert_int_equal(zrtp_store_set_own_zid(t->store, first, &t->error), ZRTP_STORE_INVALID);
	assert_non_null(strstr(t->error.text, "belongs to ZID"));
}

static void the_own_zid_is_made_once(void **state)
{
	(void)state;
	on_each(keep_zid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_that_files_by_label_keeps_a_secret_per_label),
		cmocka_unit_test(a_phone_that_files_by_zid_keeps_one_pair),
		cmocka_unit_test(a_match_of_another_labels_secret_goes_on_there),
		cmocka_unit_test(the_labels_of_a_peer_are_bounded),
		cmocka_unit_test(labels_that_a_caller_chooses_push_out_nothing_of_the_phones),
		cmocka_unit_test(an_enrolled_phone_keeps_its_endpoints),
		cmocka_unit_test(peers_are_named_verified_and_removed),
		cmocka_unit_test(an_administrators_yes_is_of_the_phones_own_endpoint_only),
		cmocka_unit_test(peers_are_listed_by_page_and_pattern),
		cmocka_unit_test(the_own_zid_is_made_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
