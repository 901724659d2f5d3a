/* SPDX-License-Identifier: BSD-2-Clause */
/* The store on each back end: what a call gets, what becomes of what it puts,
 * and what people change. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const uint8_t own[ZRTP_ZID_SIZE] = "the own ZID";

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

static void put(struct test_store *t, unsigned peer, const char *label, int64_t now,
		const struct zrtp_retained *in)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { own, zid, label };

	stores_zid(zid, peer);
	if (zrtp_store_put(t->store, &key, now, in, &t->error)) {
		fail_msg("put: %s", t->error.text);
	}
}

static void put_secret(struct test_store *t, unsigned peer, const char *label, int64_t now, unsigned rs1,
		       unsigned rs2, enum zrtp_match match)
{
	const struct zrtp_retained in = stores_update(rs1, rs2, match);

	put(t, peer, label, now, &in);
}

static struct zrtp_retained get(struct test_store *t, unsigned peer, const char *label, int64_t now)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { own, zid, label };
	struct zrtp_retained out;
	enum zrtp_store_status status;

	stores_zid(zid, peer);
	status = zrtp_store_get(t->store, &key, now, &out, &t->error);
	if (status && status != ZRTP_STORE_UNKNOWN) {
		fail_msg("get: %s", t->error.text);
	}
	return out;
}

static struct zrtp_store_peer find(struct test_store *t, unsigned peer)
{
	struct zrtp_store_peer out;
	uint8_t zid[ZRTP_ZID_SIZE];

	stores_zid(zid, peer);
	assert_int_equal(zrtp_store_find(t->store, own, zid, &out, &t->error), ZRTP_STORE_OK);
	return out;
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
	struct zrtp_retained r = get(t, 1, "", 1000);

	assert_offers(&r, 0, 0);
	put_secret(t, 1, "", 1000, 11, 0, ZRTP_MATCH_NONE);
	stores_reopen(t);
	r = get(t, 1, "", 1001);
	assert_offers(&r, 11, 0);
	assert_false(r.new_label || r.rs2_other || r.verified);
	assert_int_equal(r.expiry, UINT32_MAX);
	put_secret(t, 1, "", 1002, 12, 11, ZRTP_MATCH_OWN);
	stores_reopen(t);
	r = get(t, 1, "", 1003);
	assert_offers(&r, 12, 11);
	assert_int_equal(find(t, 1).first_use, 1000);
	assert_int_equal(find(t, 1).last_use, 1002);
	r = get(t, 2, "", 1003);
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
	put(t, 1, "", 1000, &in);
	r = get(t, 1, "", 1040);
	assert_offers(&r, 1, 0);
	assert_int_equal(r.expiry, 60);
	r = get(t, 1, "", 1100);
	assert_offers(&r, 0, 0);
	/* Interval 0 marks what is there, no more (4.9). */
	in = stores_update(2, 0, ZRTP_MATCH_NONE);
	put(t, 2, "", 1000, &in);
	in.expiry = 0;
	in.changed = ZRTP_CHANGED_EXPIRY;
	put(t, 2, "", 1050, &in);
	r = get(t, 2, "", 1050);
	assert_offers(&r, 0, 0);
	assert_int_equal(find(t, 2).labels, 1);
	assert_int_equal(zrtp_store_purge(t->store, 1099, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(pairs, 1);
	assert_int_equal(peers, 1);
	assert_int_equal(zrtp_store_purge(t->store, 1100, &pairs, &peers, &t->error), ZRTP_STORE_OK);
	assert_int_equal(peers, 1);
	/* A new secret after the old one ended: the dead one is no rs2. */
	in = stores_update(3, 0, ZRTP_MATCH_NONE);
	in.expiry = 10;
	put(t, 3, "", 1000, &in);
	put_secret(t, 3, "", 2000, 4, 0, ZRTP_MATCH_NONE);
	r = get(t, 3, "", 2000);
	assert_offers(&r, 4, 0);
}

static void what_expired_is_offered_no_more_and_purged(void **state)
{
	(void)state;
	on_each(expire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_rotate_and_outlive_a_restart),
		cmocka_unit_test(what_expired_is_offered_no_more_and_purged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
