/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores of retained secrets, each back end: pairs, labels, and what people do with them. */
#include "on_stores.h"

/* ---- one pair per peer: as RFC 6189 has it ---- */

static void rotate(struct test_store *t)
{
	struct zrtp_retained r = stores_get(t, 1, "", 1000);

	assert_offers(&r, 0, 0);
	stores_put_secret(t, 1, "", 1000, 11, 0, ZRTP_MATCH_NONE);
	stores_reopen(t);
	r = stores_get(t, 1, "", 1001);
	assert_offers(&r, 11, 0);
	assert_false(r.new_label || r.rs2_other || r.verified);
	assert_int_equal(r.expiry, UINT32_MAX);
	stores_put_secret(t, 1, "", 1002, 12, 11, ZRTP_MATCH_OWN);
	stores_reopen(t);
	r = stores_get(t, 1, "", 1003);
	assert_offers(&r, 12, 11);
	assert_int_equal(stores_find(t, 1).first_use, 1000);
	assert_int_equal(stores_find(t, 1).last_use, 1002);
	r = stores_get(t, 2, "", 1003);
	assert_offers(&r, 0, 0);
}

static void secrets_rotate_and_outlive_a_restart(void **state)
{
	(void)state;
	on_each(rotate);
}

static void expire(struct test_store *t)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE), r;
	uint64_t pairs, peers;

	in.expiry = 100;
	stores_put(t, 1, "", 1000, &in);
	r = stores_get(t, 1, "", 1040);
	assert_offers(&r, 1, 0);
	assert_int_equal(r.expiry, 60);
	r = stores_get(t, 1, "", 1100);
	assert_offers(&r, 0, 0);
	/* Interval 0 marks what is there, no more (4.9). */
	in = stores_update(2, 0, ZRTP_MATCH_NONE);
	stores_put(t, 2, "", 1000, &in);
	in.expiry = 0;
	in.changed = ZRTP_CHANGED_EXPIRY;
	stores_put(t, 2, "", 1050, &in);
	r = stores_get(t, 2, "", 1050);
	assert_offers(&r, 0, 0);
	assert_int_equal(stores_find(t, 2).labels, 1);
	assert_int_equal(zrtp_store_purge(t->store, 1099, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(pairs, 1);
	assert_int_equal(peers, 1);
	assert_int_equal(zrtp_store_purge(t->store, 1100, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(peers, 1);
	/* A new secret after the old one ended: the dead one is no rs2. */
	in = stores_update(3, 0, ZRTP_MATCH_NONE);
	in.expiry = 10;
	stores_put(t, 3, "", 1000, &in);
	stores_put_secret(t, 3, "", 2000, 4, 0, ZRTP_MATCH_NONE);
	r = stores_get(t, 3, "", 2000);
	assert_offers(&r, 4, 0);
}

static void what_expired_is_offered_no_more_and_purged(void **state)
{
	(void)state;
	on_each(expire);
}

static void put_aux(struct test_store *t, unsigned peer)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	stores_zid(zid, peer);
	assert_int_equal(
		zrtp_store_set_aux(t->store, stores_own, zid, (const uint8_t *)"aux", 3, 1000, &t->error), 0);
}

static void put_expiring(struct test_store *t, unsigned peer, const char *label, uint32_t expiry)
{
	struct zrtp_retained in = stores_update(peer, 0, ZRTP_MATCH_NONE);

	in.expiry = expiry;
	stores_put(t, peer, label, 1000, &in);
}

static bool is_there(struct test_store *t, unsigned peer)
{
	struct zrtp_store_peer out;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	stores_zid(zid, peer);
	status = zrtp_store_find(t->store, stores_own, zid, &out, &t->error);
	assert_true(!status || status == ZRTP_STORE_UNKNOWN);
	return !status;
}

/* Peers 1 to 6 have something that does not expire, 7 to 9 have not. */
static void purge_the_rest(struct test_store *t)
{
	uint64_t pairs, peers;
	uint8_t zid[ZRTP_ZID_SIZE];

	enroll_peer(t, 1, 501, 0);
	enroll_peer(t, 2, 0, 502); /* a pbxsecret that is offered no more, but recognised */
	put_aux(t, 3);
	put_expiring(t, 4, "", 100);
	enroll_peer(t, 4, 504, 0);
	put_expiring(t, 5, "", 100);
	put_aux(t, 5);
	put_expiring(t, 6, "a", 100);
	put_expiring(t, 6, "b", 101);
	put_expiring(t, 7, "a", 100);
	put_expiring(t, 7, "b", 99);
	put_expiring(t, 8, "", 1);
	stores_zid(zid, 8);
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoë", &t->error), ZRTP_STORE_OK);
	put_expiring(t, 9, "", 100);
	put_expiring(t, 10, "", UINT32_MAX);
	assert_int_equal(zrtp_store_purge(t->store, 1100, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(pairs, 7);
	assert_int_equal(peers, 3);
	stores_reopen(t);
	for (unsigned peer = 1; peer <= 10; peer++) {
		assert_int_equal(is_there(t, peer), peer < 7 || peer == 10);
	}
	assert_true(stores_is_secret(stores_get(t, 1, "", 1100).pbxsecret, 501));
	assert_true(stores_is_secret(stores_get(t, 2, "", 1100).pbx_alternate, 502));
	assert_true(stores_is_secret(stores_get(t, 4, "", 1100).pbxsecret, 504));
	assert_int_equal(stores_get(t, 3, "", 1100).auxsecret_len, 3);
	assert_int_equal(stores_get(t, 5, "", 1100).auxsecret_len, 3);
	assert_int_equal(stores_find(t, 6).labels, 1);
	assert_true(stores_get(t, 6, "b", 1100).has_rs1);
	assert_int_equal(stores_get(t, 6, "b", 1100).expiry, 1);
	assert_int_equal(zrtp_store_purge(t->store, 1100, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(pairs + peers, 0);
	assert_int_equal(zrtp_store_purge(t->store, INT64_MAX - 1, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(pairs, 1);
	assert_true(is_there(t, 10));
}

/* More than one call removes at once (SQLite), and others that stay between them. */
static void purge_very_many(struct test_store *t)
{
	enum { MANY = 600 };
	uint64_t pairs, peers, all_pairs = 0, all_peers = 0;
	unsigned calls = 0;

	for (unsigned peer = 1; peer <= MANY; peer++) {
		put_expiring(t, peer, "", peer % 3 ? 100 : 1000);
	}
	do {
		assert_int_equal(zrtp_store_purge(t->store, 1100, &pairs, &peers, &t->error), ZRTP_STORE_OK);
		all_pairs += pairs;
		all_peers += peers;
		calls++;
	} while (pairs || peers);
	assert_int_equal(all_pairs, MANY / 3 * 2);
	assert_int_equal(all_peers, MANY / 3 * 2);
	assert_true(calls >= 2);
	for (unsigned peer = 1; peer <= MANY; peer++) {
		assert_int_equal(is_there(t, peer), peer % 3 == 0);
	}
}

static void a_purge_of_very_many_removes_all_in_the_end(void **state)
{
	(void)state;
	on_each(purge_very_many);
}

static void a_purge_keeps_who_is_enrolled_or_has_an_auxsecret(void **state)
{
	(void)state;
	on_each(purge_the_rest);
}

/* The longest label is one more octet than there is room for another. */
static void file_under_long_labels(struct test_store *t)
{
	const struct zrtp_retained in = stores_update(9, 0, ZRTP_MATCH_NONE), none = { .has_rs1 = false };
	char label[2][2 * ZRTP_LABEL_SIZE] = { "", "" };
	struct zrtp_store_label labels[3];
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = label[0] };
	struct zrtp_retained out;
	size_t count;

	stores_zid(zid, 1);
	for (unsigned i = 0; i < 2; i++) { /* they differ in their last octet */
		memset(label[i], 'x', ZRTP_LABEL_SIZE - 1);
		label[i][ZRTP_LABEL_SIZE - 2] = (char)('0' + i);
		stores_put_secret(t, 1, label[i], 1000 + i, i + 1, 0,
				  i ? ZRTP_MATCH_FAILED : ZRTP_MATCH_NONE);
	}
	stores_reopen(t);
	for (unsigned i = 0; i < 2; i++) {
		out = stores_get(t, 1, label[i], 1002);
		assert_true(stores_is_secret(out.rs1, i + 1) && !out.new_label);
	}
	for (size_t len = ZRTP_LABEL_SIZE; len < 2 * ZRTP_LABEL_SIZE - 1; len++) {
		memset(label[0], 'x', len);
		memset(&out, 0xff, sizeof(out));
		assert_int_equal(zrtp_store_put(t->store, &key, 1003, &in, &t->error), ZRTP_STORE_INVALID);
		assert_int_equal(zrtp_store_get(t->store, &key, 1003, &out, &t->error), ZRTP_STORE_INVALID);
		assert_memory_equal(&out, &none, sizeof(out));
	}
	memset(labels, 0x55, sizeof(labels));
	assert_int_equal(zrtp_store_labels(t->store, stores_own, zid, labels, 1, &count, &t->error), 0);
	assert_int_equal(count, 2);
	assert_int_equal(labels[1].label[0], 0x55); /* there was room for one */
}

static void a_label_that_is_too_long_is_refused(void **state)
{
	(void)state;
	on_each(file_under_long_labels);
}

static void count_preshared(struct test_store *t)
{
	struct zrtp_retained in, r;

	stores_put_secret(t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(t, 1, "", 1001, 2, 1, ZRTP_MATCH_OWN);
	in = stores_update(3, 1, ZRTP_MATCH_OWN);
	in.preshared_count = 1;
	stores_put(t, 1, "", 1002, &in);
	r = stores_get(t, 1, "", 1003);
	assert_offers(&r, 3, 1); /* rs2 stays (4.6.1) */
	assert_int_equal(r.preshared_count, 1);
	stores_put_secret(t, 1, "", 1004, 4, 3, ZRTP_MATCH_OWN);
	r = stores_get(t, 1, "", 1005);
	assert_offers(&r, 4, 3);
	assert_int_equal(r.preshared_count, 0);
}

static void preshared_mode_counts_and_leaves_rs2(void **state)
{
	(void)state;
	on_each(count_preshared);
}

/* ---- two at once ---- */

static void merge(struct test_store *t)
{
	struct zrtp_retained r;

	/* Two calls began with (1, 0) and end in either order. */
	stores_put_secret(t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(t, 1, "", 1010, 2, 1, ZRTP_MATCH_OWN);
	stores_put_secret(t, 1, "", 1011, 3, 1, ZRTP_MATCH_OWN);
	r = stores_get(t, 1, "", 1012);
	assert_offers(&r, 3, 2);
	/* The same again changes nothing. */
	stores_put_secret(t, 1, "", 1011, 3, 1, ZRTP_MATCH_OWN);
	r = stores_get(t, 1, "", 1012);
	assert_offers(&r, 3, 2);
	/* News that waited: 5 was made before 6, from the same 3. */
	stores_put_secret(t, 1, "", 1030, 6, 3, ZRTP_MATCH_OWN);
	stores_put_secret(t, 1, "", 1020, 5, 3, ZRTP_MATCH_OWN);
	r = stores_get(t, 1, "", 1031);
	assert_offers(&r, 6, 5);
	/* And much too late: two newer ones are there. */
	stores_put_secret(t, 1, "", 1040, 7, 6, ZRTP_MATCH_OWN);
	stores_put_secret(t, 1, "", 1025, 9, 3, ZRTP_MATCH_OWN);
	r = stores_get(t, 1, "", 1041);
	assert_offers(&r, 7, 6);
}

static void updates_of_two_calls_at_once_are_merged(void **state)
{
	(void)state;
	on_each(merge);
}

static void put_verified(struct test_store *t, const char *label, int64_t now, unsigned rs1, bool verified)
{
	struct zrtp_retained in = stores_update(rs1, 0, ZRTP_MATCH_OWN);

	in.changed = ZRTP_CHANGED_VERIFIED;
	in.verified = verified;
	stores_put(t, 1, label, now, &in);
}

static void keep_words(struct test_store *t)
{
	struct zrtp_retained in, r;

	stores_put_secret(t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	put_verified(t, "", 1001, 1, true);
	r = stores_get(t, 1, "", 1002);
	assert_true(r.verified);
	/* A yes to another secret than the one there counts for nothing. */
	put_verified(t, "", 1003, 1, false);
	put_verified(t, "", 1004, 77, true);
	r = stores_get(t, 1, "", 1005);
	assert_false(r.verified);
	/* A no counts always. */
	put_verified(t, "", 1006, 1, true);
	put_verified(t, "", 1007, 77, false);
	r = stores_get(t, 1, "", 1008);
	assert_false(r.verified);
	/* Words about a peer that was deleted meanwhile do not bring it back. */
	in = stores_update(1, 0, ZRTP_MATCH_OWN);
	in.changed = ZRTP_CHANGED_VERIFIED;
	stores_put(t, 9, "", 1009, &in);
	r = stores_get(t, 9, "", 1010);
	assert_offers(&r, 0, 0);
}

static void a_word_counts_for_the_secret_it_was_said_of(void **state)
{
	(void)state;
	on_each(keep_words);
}

static void enroll(struct test_store *t)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	put_pbx(t, 1, 0);
	stores_reopen(t);
	assert_pbx(t, 1, 0);
	put_pbx(t, 2, 1);
	assert_pbx(t, 2, 1);
	put_pbx(t, 2, 0);
	assert_pbx(t, 2, 0);
	/* Enrolled at another node meanwhile: neither secret is lost. */
	put_pbx(t, 3, 0);
	assert_pbx(t, 3, 2);
	assert_true(stores_find(t, 1).has_pbx_alternate);
	stores_zid(zid, 1);
	assert_int_equal(zrtp_store_unenroll(t->store, stores_own, zid, &t->error), ZRTP_STORE_OK);
	assert_false(stores_find(t, 1).has_pbx || stores_find(t, 1).has_pbx_alternate);
}

static void pbxsecrets_are_kept_until_one_is_settled(void **state)
{
	(void)state;
	on_each(enroll);
}

/* ---- bounds ---- */

/* Of each kind of phone that is kept one, which was used least recently. */
static void strangers_do_not_push_out_known_phones(void **state)
{
	(void)state;
	for (unsigned kind = STORE_MEMORY; kind <= STORE_FILE; kind++) {
		struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE), r;
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		t.config.capacity = 10;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		in.verified = true;
		stores_put(&t, 1, "", 1000, &in);
		enroll_peer(&t, 2, 500, 0);
		for (unsigned i = 3; i < 40; i++) {
			stores_put_secret(&t, i, "", 1000 + i, i, 0, ZRTP_MATCH_NONE);
		}
		assert_int_equal(list_all(&t, NULL, 16), 10);
		stores_reopen(&t);
		assert_int_equal(list_all(&t, NULL, 16), 10);
		r = stores_get(&t, 1, "", 2000);
		assert_offers(&r, 1, 0);
		assert_true(r.verified);
		r = stores_get(&t, 2, "", 2000);
		assert_true(r.has_pbx && stores_is_secret(r.pbxsecret, 500));
		/* Of the others the last eight. */
		for (unsigned i = 3; i < 40; i++) {
			r = stores_get(&t, i, "", 2000);
			assert_offers(&r, i < 32 ? 0 : i, 0);
		}
		/* Where all are kept the one that was not used for the longest time goes. */
		for (unsigned i = 50; i < 59; i++) {
			enroll_peer(&t, i, i, 0);
		}
		assert_false(is_there(&t, 1));
		assert_true(is_there(&t, 2) && is_there(&t, 58) && !is_there(&t, 39));
		stores_end(&t);
	}
}

/* ---- a back end ---- */

static void never(void)
{
	fail();
}

/* Each of them missing, and all behind an older table's end: no such function is called. */
static void a_back_end_without_a_mandatory_function_is_refused(void **state)
{
	static const size_t optional[] = { offsetof(struct zrtp_store_backend, check),
					   offsetof(struct zrtp_store_backend, flush),
					   offsetof(struct zrtp_store_backend, erase) };
	void (*const function)(void) = never;
	struct zrtp_store_backend whole;
	struct zrtp_store_error error;
	struct zrtp_store *store = NULL;

	(void)state;
	for (size_t at = 0; at < sizeof(whole); at += sizeof(function)) {
		memcpy((uint8_t *)&whole + at, &function, sizeof(function));
	}
	for (size_t at = 0; at < sizeof(whole); at += sizeof(function)) {
		struct zrtp_store_backend table = whole;

		assert_int_equal(zrtp_store_open_backend_sized(&store, &whole, at, NULL, NULL, 0, &error),
				 ZRTP_STORE_INVALID);
		if (at != optional[0] && at != optional[1] && at != optional[2]) {
			memset((uint8_t *)&table + at, 0, sizeof(function));
			assert_int_equal(zrtp_store_open_backend(&store, &table, NULL, NULL, &error),
					 ZRTP_STORE_INVALID);
			assert_non_null(strstr(error.text, "mandatory"));
		}
	}
	assert_null(store);
}

/* Of two peers, the first one twice, so that the second change follows from the first. */
static void what_several_calls_change_is_stored_at_once_or_not_at_all(void **state)
{
	(void)state;
	for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
		uint8_t zid[2][ZRTP_ZID_SIZE];
		struct zrtp_cache_key key[2];
		struct zrtp_retained in[3] = { stores_update(1, 0, ZRTP_MATCH_NONE),
					       stores_update(2, 0, ZRTP_MATCH_NONE),
					       stores_update(3, 1, ZRTP_MATCH_OWN) };
		struct zrtp_journal_entry entries[3];
		struct test_store t;

		stores_prepare(&t, kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		for (unsigned i = 0; i < 3; i++) {
			stores_zid(zid[i % 2], 1 + i % 2);
			key[i % 2] = (struct zrtp_cache_key){ .own_zid = stores_own,
							      .peer_zid = zid[i % 2],
							      .label = "" };
			entries[i] = (struct zrtp_journal_entry){ .key = &key[i % 2],
								  .change = &in[i],
								  .change_size = sizeof(in[i]),
								  .now = 1000 + i };
		}
		in[2].has_rs1 = false; /* that cannot be stored */
		assert_int_equal(zrtp_store_put_several(t.store, entries, 3, &t.error), ZRTP_STORE_INVALID);
		assert_false(stores_get(&t, 1, "", 2000).has_rs1);
		assert_false(stores_get(&t, 2, "", 2000).has_rs1);
		entries[1].change = NULL;
		assert_int_equal(zrtp_store_put_several(t.store, entries, 2, &t.error), ZRTP_STORE_INVALID);
		assert_false(stores_get(&t, 1, "", 2000).has_rs1);
		in[2].has_rs1 = true;
		entries[1].change = &in[1];
		assert_int_equal(zrtp_store_put_several(t.store, entries, 3, &t.error), ZRTP_STORE_OK);
		stores_reopen(&t);
		assert_true(stores_is_secret(stores_get(&t, 1, "", 2000).rs1, 3));
		assert_true(stores_is_secret(stores_get(&t, 1, "", 2000).rs2, 1));
		assert_true(stores_is_secret(stores_get(&t, 2, "", 2000).rs1, 2));
		stores_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_rotate_and_outlive_a_restart),
		cmocka_unit_test(what_expired_is_offered_no_more_and_purged),
		cmocka_unit_test(a_purge_keeps_who_is_enrolled_or_has_an_auxsecret),
		cmocka_unit_test(a_purge_of_very_many_removes_all_in_the_end),
		cmocka_unit_test(a_label_that_is_too_long_is_refused),
		cmocka_unit_test(preshared_mode_counts_and_leaves_rs2),
		cmocka_unit_test(updates_of_two_calls_at_once_are_merged),
		cmocka_unit_test(a_word_counts_for_the_secret_it_was_said_of),
		cmocka_unit_test(pbxsecrets_are_kept_until_one_is_settled),
		cmocka_unit_test(strangers_do_not_push_out_known_phones),
		cmocka_unit_test(a_back_end_without_a_mandatory_function_is_refused),
		cmocka_unit_test(what_several_calls_change_is_stored_at_once_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
