/* SPDX-License-Identifier: BSD-2-Clause */
/* The store on each back end: what a call gets, what becomes of what it puts,
 * and what people change. */
#include "stores.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Run a test on every kind of store. */
static void on_each(void (*test)(struct test_store *t))
{
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		test(&t);
		stores_end(&t);
	}
}

static void assert_offers(const struct zrtp_retained *r, unsigned rs1, unsigned rs2)
{
	uint8_t secret[ZRTP_SECRET_SIZE];

	assert_int_equal(r->has_rs1, rs1 != 0);
	assert_int_equal(r->has_rs2, rs2 != 0);
	if (rs1) {
		stores_secret(secret, rs1);
		assert_memory_equal(r->rs1, secret, sizeof(secret));
	}
	if (rs2) {
		stores_secret(secret, rs2);
		assert_memory_equal(r->rs2, secret, sizeof(secret));
	}
}

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

static void enroll_peer(struct test_store *t, unsigned peer, unsigned pbx, unsigned alternate)
{
	struct zrtp_retained in;

	memset(&in, 0, sizeof(in));
	in.changed = ZRTP_CHANGED_PBX;
	in.has_pbx = pbx;
	stores_secret(in.pbxsecret, pbx);
	in.has_pbx_alternate = alternate;
	stores_secret(in.pbx_alternate, alternate);
	stores_put(t, peer, "", 1000, &in);
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
	const struct zrtp_cache_key key = { stores_own, zid, label[0] };
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

static void put_pbx(struct test_store *t, unsigned pbx, unsigned alternate)
{
	enroll_peer(t, 1, pbx, alternate);
}

static void assert_pbx(struct test_store *t, unsigned pbx, unsigned alternate)
{
	struct zrtp_retained r = stores_get(t, 1, "", 1001);
	uint8_t secret[ZRTP_SECRET_SIZE];

	assert_true(r.has_pbx);
	stores_secret(secret, pbx);
	assert_memory_equal(r.pbxsecret, secret, sizeof(secret));
	assert_int_equal(r.has_pbx_alternate, alternate != 0);
	if (alternate) {
		stores_secret(secret, alternate);
		assert_memory_equal(r.pbx_alternate, secret, sizeof(secret));
	}
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
	/* It lost its secrets, or is somebody else: the new one comes beside what was proved. */
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

static void put_from(struct test_store *t, uint64_t endpoint, const char *label, int64_t now, unsigned rs1,
		     unsigned rs2, enum zrtp_match match)
{
	struct zrtp_retained in = stores_update(rs1, rs2, match);

	in.endpoint = endpoint;
	stores_put(t, 1, label, now, &in);
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
	const struct zrtp_cache_key key = { stores_own, zid, "a" };
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

static unsigned list_all(struct test_store *t, const char *like, size_t size)
{
	struct zrtp_store_peer page[16], last;
	unsigned total = 0;
	size_t count;

	do {
		assert_int_equal(
			zrtp_store_list(t->store, like, total ? &last : NULL, page, size, &count, &t->error),
			ZRTP_STORE_OK);
		for (size_t i = 0; i < count; i++) {
			assert_true(!total || memcmp(last.peer_zid, page[i].peer_zid, ZRTP_ZID_SIZE) < 0);
			last = page[i];
			total++;
		}
	} while (count == size);
	return total;
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

/* ---- encryption at rest ---- */

static uint64_t purge_all(struct test_store *t)
{
	uint64_t pairs = 0;

	assert_int_equal(zrtp_store_purge(t->store, 5000, &pairs, NULL, &t->error), ZRTP_STORE_OK);
	return pairs;
}

/* Numbers of the secrets of a peer are its own times ten and more. */
static void put_all(struct test_store *t, unsigned peer, uint32_t expiry)
{
	struct zrtp_retained in = stores_update(10 * peer + 1, 0, ZRTP_MATCH_NONE);
	uint8_t aux[ZRTP_SECRET_SIZE], zid[ZRTP_ZID_SIZE];

	stores_zid(zid, peer);
	in.expiry = expiry;
	stores_put(t, peer, "a", 1000, &in);
	in = stores_update(10 * peer + 2, 10 * peer + 1, ZRTP_MATCH_OWN);
	in.expiry = expiry;
	in.changed |= ZRTP_CHANGED_PBX;
	in.has_pbx = in.has_pbx_alternate = true;
	stores_secret(in.pbxsecret, 10 * peer + 3);
	stores_secret(in.pbx_alternate, 10 * peer + 4);
	stores_put(t, peer, "a", 1001, &in);
	in = stores_update(10 * peer + 5, 0, ZRTP_MATCH_FAILED);
	in.expiry = expiry;
	stores_put(t, peer, "b", 1002, &in);
	stores_secret(aux, 10 * peer + 6);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, aux, sizeof(aux), 1003, &t->error), 0);
}

/* Secrets from to to of a peer: none of them, or all. */
static void assert_has(const struct stores_image *disk, unsigned peer, unsigned from, unsigned to, bool there)
{
	uint8_t secret[ZRTP_SECRET_SIZE];

	for (unsigned n = 10 * peer + from; n <= 10 * peer + to; n++) {
		stores_secret(secret, n);
		if (stores_have(disk, secret, sizeof(secret)) != there) {
			fail_msg("secret %u", n);
		}
	}
}

static void encrypted_secrets_are_nowhere_in_the_file(void **state)
{
	static struct stores_image disk;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		for (unsigned sealed = 0; sealed < 2; sealed++) {
			struct test_store t;

			stores_prepare(&t, (enum store_kind)kind);
			t.config.key = sealed ? &t.key : NULL;
			assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
			put_all(&t, 1, UINT32_MAX);
			assert_int_equal(zrtp_store_flush(t.store, &t.error), ZRTP_STORE_OK);
			stores_read_disk(&t, &disk);
			assert_has(&disk, 1, 1, 6, !sealed);
			stores_reopen(&t);
			stores_read_disk(&t, &disk);
			assert_has(&disk, 1, 1, 6, !sealed);
			stores_end(&t);
		}
	}
}

enum { ERASED_PEERS = 60 };

/* Of three peers one is removed, one unenrolled, and one has its auxsecret taken. */
static void take_away(struct test_store *t, struct stores_image *disk)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
		stores_zid(zid, peer);
		if (peer % 3 == 1) {
			assert_int_equal(zrtp_store_remove(t->store, stores_own, zid, &t->error), 0);
		} else if (peer % 3 == 2) {
			assert_int_equal(zrtp_store_unenroll(t->store, stores_own, zid, &t->error), 0);
		} else {
			assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, NULL, 0, 1, &t->error),
					 0);
		}
		stores_read_disk(t, disk);
		assert_has(disk, peer, peer % 3 == 1 ? 1 : 3 * (peer % 3 == 2) + 6 * (peer % 3 == 0),
			   peer % 3 == 2 ? 4 : 6, false);
	}
}

static void assert_only_the_rest(const struct test_store *t, struct stores_image *disk)
{
	stores_read_disk(t, disk);
	for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
		bool pairs = peer % 3 != 1 && peer % 7;

		assert_has(disk, peer, 1, 2, pairs);
		assert_has(disk, peer, 5, 5, pairs);
		assert_has(disk, peer, 3, 4, peer % 3 == 0);
		assert_has(disk, peer, 6, 6, peer % 3 == 2);
	}
}

/* In the database, its log, the file: with the store open, and after it is closed. The
 * tables are large enough for pages to be split and joined. */
static void what_is_removed_is_nowhere_on_the_disk(void **state)
{
	static struct stores_image disk;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
			put_all(&t, peer, peer % 7 ? UINT32_MAX : 100);
		}
		assert_int_equal(zrtp_store_flush(t.store, &t.error), ZRTP_STORE_OK);
		stores_read_disk(&t, &disk);
		for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
			assert_has(&disk, peer, 1, 6, true);
		}
		take_away(&t, &disk);
		assert_int_equal(purge_all(&t), 2 * 5);
		assert_only_the_rest(&t, &disk);
		stores_reopen(&t);
		assert_only_the_rest(&t, &disk);
		t.key.octets[0] = 1;
		assert_int_equal(zrtp_store_rekey(t.store, &t.key, &t.error), ZRTP_STORE_OK);
		stores_read_disk(&t, &disk);
		for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
			assert_has(&disk, peer, 1, 6, false);
		}
		assert_int_equal(t.warnings, 0);
		stores_end(&t);
	}
}

/* A process that reads keeps the log from being emptied: told, and removed all the same. */
static void what_could_not_be_erased_is_told(void **state)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	struct test_store t;
	sqlite3 *db;

	(void)state;
	stores_zid(zid, 1);
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM pair", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(zrtp_store_remove(t.store, stores_own, zid, &t.error), ZRTP_STORE_OK);
	assert_int_equal(t.warnings, 1);
	assert_non_null(strstr(t.warning, "may still be on the disk"));
	assert_false(stores_get(&t, 1, "", 1001).has_rs1);
	sqlite3_close(db);
	stores_end(&t);
}

static void a_wrong_key_opens_nothing_and_changes_nothing(void **state)
{
	static struct stores_image before, after;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		struct zrtp_retained r;
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		t.config.key = &t.key;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
		stores_close(&t);
		stores_read(t.path, &before);
		for (unsigned i = 0; i < ZRTP_STORE_KEY_SIZE; i++) {
			t.key.octets[i] = 1;
			assert_int_equal(stores_open(&t), ZRTP_STORE_KEY);
			assert_string_equal(t.error.text, "this is not the key of the cache");
			t.key.octets[i] = 0;
		}
		t.config.key = NULL;
		assert_int_equal(stores_open(&t), ZRTP_STORE_KEY);
		assert_string_equal(t.error.text, "the cache is encrypted: give its key");
		stores_read(t.path, &after);
		assert_int_equal(after.len, before.len);
		assert_memory_equal(after.octets, before.octets, before.len);
		t.config.key = &t.key;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		assert_int_equal(t.warnings, 0);
		r = stores_get(&t, 1, "", 1001);
		assert_offers(&r, 1, 0);
		stores_end(&t);
	}
}

static void rekey(struct test_store *t)
{
	struct zrtp_store_key key = { { 1 } }, other = { { 2 } };
	struct zrtp_retained r;
	uint8_t secret[ZRTP_SECRET_SIZE], zid[ZRTP_ZID_SIZE];
	uint64_t peers, pairs;

	stores_zid(zid, 1);
	for (unsigned i = 1; i <= 100; i++) {
		stores_put_secret(t, i, "a", 1000, i, 0, ZRTP_MATCH_NONE);
		stores_put_secret(t, i, "b", 1000, i + 1000, i, ZRTP_MATCH_FAILED);
	}
	put_pbx(t, 1, 2);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, (const uint8_t *)"x", 1, 1, &t->error),
			 0);
	assert_int_equal(zrtp_store_rekey(t->store, &key, &t->error), ZRTP_STORE_OK);
	t->key = key;
	t->config.key = &t->key;
	stores_reopen(t);
	stores_secret(secret, 1001);
	assert_false(t->kind != STORE_MEMORY && stores_on_disk(t, secret, sizeof(secret)));
	assert_int_equal(zrtp_store_rekey(t->store, &other, &t->error), ZRTP_STORE_OK);
	t->key = other;
	stores_reopen(t);
	assert_int_equal(zrtp_store_check(t->store, &peers, &pairs, &t->error), ZRTP_STORE_OK);
	assert_int_equal(peers, 100);
	assert_int_equal(pairs, 200);
	r = stores_get(t, 77, "b", 1002);
	assert_offers(&r, 1077, 0);
	assert_pbx(t, 1, 2);
	assert_int_equal(zrtp_store_rekey(t->store, NULL, &t->error), ZRTP_STORE_OK);
	t->config.key = NULL;
	stores_reopen(t);
	r = stores_get(t, 77, "b", 1002);
	assert_offers(&r, 1077, 0);
}

static void rekeying_keeps_everything(void **state)
{
	(void)state;
	on_each(rekey);
}

/* Two stores on one database: the key changes under the second. */
static void nobody_writes_with_a_key_that_was_replaced(void **state)
{
	struct zrtp_store_key key = { { 1 } };
	struct zrtp_retained in = stores_update(2, 0, ZRTP_MATCH_NONE);
	struct zrtp_store *second;
	struct test_store t;
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key cache_key = { stores_own, zid, "" };

	(void)state;
	stores_zid(zid, 1);
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	assert_int_equal(zrtp_store_open_sqlite(&second, t.path, &t.config, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_rekey(t.store, &key, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(second, &cache_key, 1001, &in, &t.error), ZRTP_STORE_KEY);
	assert_int_equal(zrtp_store_get(second, &cache_key, 1001, &in, &t.error), ZRTP_STORE_KEY);
	in = stores_get(&t, 1, "", 1001);
	assert_offers(&in, 1, 0);
	assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
	stores_end(&t);
}

/* A key for a store that was begun without one: it must not half encrypt it. */
static void a_key_does_not_encrypt_by_itself(void **state)
{
	struct test_store t;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
		stores_close(&t);
		t.config.key = &t.key;
		assert_int_equal(stores_open(&t), ZRTP_STORE_KEY);
		assert_non_null(strstr(t.error.text, "rekey"));
		stores_end(&t);
	}
}

static void write_text(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static void keys_are_read_from_safe_files_only(void **state)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
	struct zrtp_store_key key;
	struct zrtp_store_error error;
	struct test_store t;
	char text[100];

	(void)state;
	stores_prepare(&t, STORE_MEMORY);
	snprintf(text, sizeof(text), "  %s\n", hex);
	write_text(t.path, text, 0600);
	assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_OK);
	for (unsigned i = 0; i < ZRTP_STORE_KEY_SIZE; i++) {
		assert_int_equal(key.octets[i], i);
	}
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		write_text(t.path, text, 0600 | bit);
		assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_KEY);
		assert_non_null(strstr(error.text, "chmod 600"));
	}
	assert_int_equal(zrtp_store_key_file(&key, t.directory, &error), ZRTP_STORE_KEY);
	write_text(t.path, "", 0600);
	assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_KEY);
	assert_int_equal(zrtp_store_key_file(&key, "/nowhere/key", &error), ZRTP_STORE_IO);
	assert_int_equal(zrtp_store_key_text(&key, hex, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_key_text(&key, hex + 1, &error), ZRTP_STORE_KEY);
	snprintf(text, sizeof(text), "%s0", hex);
	assert_int_equal(zrtp_store_key_text(&key, text, &error), ZRTP_STORE_KEY);
	stores_end(&t);
}

/* ---- sharing ---- */

static void a_second_process_is_kept_out_of_a_file(void **state)
{
	struct zrtp_store *second;
	struct test_store t;
	struct stat st;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_open_file(&second, t.path, &t.config, &t.error), ZRTP_STORE_BUSY);
	assert_non_null(strstr(t.error.text, "in use by another process"));
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_close(&t);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(zrtp_store_open_file(&second, t.path, &t.config, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
	stores_end(&t);
}

static void remove_lines(struct test_store *t)
{
	stores_close(t);
	stores_sql(t->path, "UPDATE pair SET lines = NULL", NULL);
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
}

/* Rows of a version before, or of tables that have no room for more. */
static void a_row_without_lines_does_not_say_who_began_it(void **state)
{
	struct test_store t;
	struct zrtp_retained r;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	put_from(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	r = stores_get(&t, 1, "a", 1001);
	assert_false(r.line_later);
	assert_int_equal(r.made_by, 1);
	put_from(&t, 2, "b", 1001, 2, 0, ZRTP_MATCH_FAILED);
	r = stores_get(&t, 1, "b", 1002);
	assert_true(r.line_later);
	assert_int_equal(r.made_by, 1);
	remove_lines(&t);
	r = stores_get(&t, 1, "a", 1003);
	assert_true(r.has_rs1 && r.line_later);
	r = stores_get(&t, 1, "b", 1003);
	assert_true(r.has_rs1 && r.line_later);
	/* What is written has them again. */
	put_from(&t, 1, "a", 1004, 3, 1, ZRTP_MATCH_OWN);
	r = stores_get(&t, 1, "a", 1005);
	assert_false(r.line_later);
	stores_end(&t);
}

/* Such tables keep the senior line: it is not lost to a call without a match, and a
 * phone that has lost it is known again by its user's word. */
static void one_line_changes_by_a_word_only_where_there_is_no_room_for_two(void **state)
{
	struct zrtp_retained in = stores_update(3, 0, ZRTP_MATCH_FAILED), r;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(&t, 1, "a", 1060, 2, 1, ZRTP_MATCH_OWN);
	for (unsigned word = 0; word < 2; word++) {
		in.verified = word;
		in.changed |= word ? ZRTP_CHANGED_VERIFIED : 0U;
		stores_put(&t, 1, "a", 1120 + 60 * word, &in);
		remove_lines(&t);
		r = stores_get(&t, 1, "a", 1300);
		assert_offers(&r, word ? 3 : 2, word ? 0 : 1);
		assert_int_equal(r.verified, word);
	}
	stores_end(&t);
}

static void two_stores_share_a_database(void **state)
{
	struct zrtp_store *second, *first;
	struct zrtp_retained r;
	struct test_store t;
	struct stat st;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_open_sqlite(&second, t.path, &t.config, &t.error), ZRTP_STORE_OK);
	first = t.store;
	for (unsigned i = 1; i <= 20; i++) {
		t.store = i % 2 ? first : second;
		r = stores_get(&t, 1, "", 1000 + i);
		assert_offers(&r, i - 1, i > 1 ? i - 2 : 0);
		stores_put_secret(&t, 1, "", 1000 + i, i, i - 1, i == 1 ? ZRTP_MATCH_NONE : ZRTP_MATCH_OWN);
	}
	t.store = first;
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_rotate_and_outlive_a_restart),
		cmocka_unit_test(what_expired_is_offered_no_more_and_purged),
		cmocka_unit_test(a_purge_keeps_who_is_enrolled_or_has_an_auxsecret),
		cmocka_unit_test(a_label_that_is_too_long_is_refused),
		cmocka_unit_test(preshared_mode_counts_and_leaves_rs2),
		cmocka_unit_test(updates_of_two_calls_at_once_are_merged),
		cmocka_unit_test(a_word_counts_for_the_secret_it_was_said_of),
		cmocka_unit_test(pbxsecrets_are_kept_until_one_is_settled),
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
		cmocka_unit_test(strangers_do_not_push_out_known_phones),
		cmocka_unit_test(encrypted_secrets_are_nowhere_in_the_file),
		cmocka_unit_test(what_is_removed_is_nowhere_on_the_disk),
		cmocka_unit_test(what_could_not_be_erased_is_told),
		cmocka_unit_test(a_wrong_key_opens_nothing_and_changes_nothing),
		cmocka_unit_test(rekeying_keeps_everything),
		cmocka_unit_test(nobody_writes_with_a_key_that_was_replaced),
		cmocka_unit_test(a_key_does_not_encrypt_by_itself),
		cmocka_unit_test(keys_are_read_from_safe_files_only),
		cmocka_unit_test(a_second_process_is_kept_out_of_a_file),
		cmocka_unit_test(a_row_without_lines_does_not_say_who_began_it),
		cmocka_unit_test(one_line_changes_by_a_word_only_where_there_is_no_room_for_two),
		cmocka_unit_test(two_stores_share_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
