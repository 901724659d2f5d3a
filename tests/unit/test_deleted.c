/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer that is deleted, or whose enrollment is revoked, while it is in a call: what that
 * call stores later brings nothing back; the next exchange does (docs/cache.md). Beside each,
 * the same without the deletion.
 */
#include "internal.h"
#include "stores.h"

#include <stdlib.h>

enum { PHONE, PBX };

static const uint8_t own[ZRTP_ZID_SIZE] = "the own ZID", peer_zid[ZRTP_ZID_SIZE] = "the peer ZID";
static const struct zrtp_cache_key key = { .own_zid = own, .peer_zid = peer_zid, .label = "100" };

/* ---- the store ---- */

static void on_each(void (*test)(struct test_store *t, bool deletes))
{
	for (unsigned run = 0; run < 2 * STORE_KINDS; run++) {
		struct test_store t;

		stores_prepare(&t, (enum store_kind)(run / 2));
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		test(&t, run % 2);
		stores_end(&t);
	}
}

static struct zrtp_retained get(struct test_store *t, int64_t now)
{
	struct zrtp_retained out;
	enum zrtp_store_status status = zrtp_store_get(t->store, &key, now, &out, &t->error);

	assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	return out;
}

static void put(struct test_store *t, int64_t now, const struct zrtp_retained *in)
{
	assert_int_equal(zrtp_store_put(t->store, &key, now, in, &t->error), ZRTP_STORE_OK);
}

static void forget(struct test_store *t)
{
	assert_int_equal(zrtp_store_remove(t->store, own, peer_zid, &t->error), ZRTP_STORE_OK);
	stores_reopen(t);
}

static void put_first(struct test_store *t, int64_t now, unsigned made)
{
	struct zrtp_retained in = stores_update(made, 0, ZRTP_MATCH_NONE);

	put(t, now, &in);
}

/* What a call that began with *got makes of it. */
static struct zrtp_retained made_of(const struct zrtp_retained *got, unsigned made)
{
	struct zrtp_retained in = stores_update(made, 0, ZRTP_MATCH_OWN);

	in.known_since = got->known_since;
	in.line = got->line;
	in.generation = got->generation + 1;
	in.has_rs2 = true;
	memcpy(in.rs2, got->rs1, sizeof(in.rs2));
	in.verified = true;
	return in;
}

static void enrolls(struct zrtp_retained *in, bool had)
{
	in->changed |= ZRTP_CHANGED_PBX;
	in->has_pbx = true;
	in->had_pbx = had;
	stores_secret(in->pbxsecret, 4711);
}

static void known_peer(struct test_store *t, bool deletes)
{
	struct zrtp_retained got, in;

	put_first(t, 1000, 1);
	got = get(t, 1010);
	assert_true(got.has_rs1);
	if (deletes) {
		forget(t);
	}
	in = made_of(&got, 2);
	put(t, 1011, &in);
	assert_int_equal(get(t, 1012).has_rs1, !deletes);
	enrolls(&in, false);
	in.again = true;
	put(t, 1013, &in);
	assert_int_equal(get(t, 1014).has_pbx, !deletes);
	if (deletes) {
		put_first(t, 1020, 3);
		assert_true(get(t, 1021).has_rs1);
	}
}

static void a_peer_that_is_deleted_in_a_call_stays_deleted(void **state)
{
	(void)state;
	on_each(known_peer);
}

/* It called for the first time, and what that call stored is deleted. */
static void first_call(struct test_store *t, bool deletes)
{
	struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE);

	put(t, 1000, &in);
	if (deletes) {
		forget(t);
	}
	in.again = in.verified = true;
	in.changed = ZRTP_CHANGED_VERIFIED;
	put(t, 1001, &in);
	assert_int_equal(get(t, 1002).verified, !deletes);
	in.changed = 0;
	enrolls(&in, false);
	put(t, 1003, &in);
	assert_int_equal(get(t, 1004).has_pbx, !deletes);
	assert_int_equal(get(t, 1004).has_rs1, !deletes);
}

static void a_peer_that_is_deleted_in_its_first_call_stays_deleted(void **state)
{
	(void)state;
	on_each(first_call);
}

/* It has called again since: the older call has no part in that. */
static void called_again(struct test_store *t, bool deletes)
{
	struct zrtp_retained got, in, first = stores_update(1, 0, ZRTP_MATCH_NONE);
	uint8_t secret[ZRTP_SECRET_SIZE];

	put(t, 1000, &first);
	got = get(t, 1010);
	if (deletes) {
		forget(t);
		put_first(t, 1011, 3);
	}
	in = made_of(&got, 2);
	enrolls(&in, false);
	put(t, 1012, &in);
	stores_secret(secret, deletes ? 3 : 2);
	got = get(t, 1013);
	assert_memory_equal(got.rs1, secret, sizeof(secret));
	assert_int_equal(got.has_pbx, !deletes);
	assert_int_equal(got.has_rs2 || got.verified, !deletes);
	/* Nor has a word in the first call of before. */
	first.again = first.verified = true;
	first.changed = ZRTP_CHANGED_VERIFIED;
	put(t, 1014, &first);
	assert_int_equal(get(t, 1015).verified, !deletes);
}

static void a_call_of_before_the_deletion_has_no_part_in_what_came_after(void **state)
{
	(void)state;
	on_each(called_again);
}

static void revoked(struct test_store *t, bool revokes)
{
	struct zrtp_retained got, in;

	put_first(t, 1000, 1);
	got = get(t, 1001);
	in = made_of(&got, 2);
	enrolls(&in, false);
	put(t, 1002, &in);
	got = get(t, 1003);
	assert_true(got.has_pbx);
	if (revokes) {
		assert_int_equal(zrtp_store_unenroll(t->store, own, peer_zid, &t->error), ZRTP_STORE_OK);
		stores_reopen(t);
	}
	in = made_of(&got, 3);
	enrolls(&in, true);
	put(t, 1004, &in);
	assert_int_equal(get(t, 1005).has_pbx, !revokes);
	/* Its secrets are stored all the same, and a later call enrolls. */
	got = get(t, 1005);
	assert_memory_equal(got.rs1, in.rs1, sizeof(in.rs1));
	in = made_of(&got, 4);
	enrolls(&in, got.has_pbx);
	put(t, 1006, &in);
	assert_true(get(t, 1007).has_pbx);
}

static void an_enrollment_that_is_revoked_in_a_call_stays_revoked(void **state)
{
	(void)state;
	on_each(revoked);
}

/* ---- the engine with it ---- */

struct phone {
	struct zrtp_retained kept;
	bool has;
};

static int phone_get(const struct zrtp_cache_key *asked, struct zrtp_retained *out, void *arg)
{
	const struct phone *phone = arg;

	(void)asked;
	*out = phone->kept;
	return phone->has ? 0 : -1;
}

static void phone_put(const struct zrtp_cache_key *asked, const struct zrtp_retained *in, void *arg)
{
	struct phone *phone = arg;

	(void)asked;
	phone->kept = *in;
	phone->has = true;
}

static int64_t ticks(void *arg)
{
	return ++*(int64_t *)arg;
}

static void call(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	assert_int_equal(zrtp_session_enroll(pair->side[PBX].session), ZRTP_OK);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30000000));
	pair_run(pair, pair->now + 1000000);
}

static bool is_kept(struct test_store *t, const struct pair *pair, struct zrtp_store_peer *out)
{
	enum zrtp_store_status status =
		zrtp_store_find(t->store, zrtp_context_zid(pair->side[PBX].context),
				zrtp_context_zid(pair->side[PHONE].context), out, &t->error);

	assert_true(!status || status == ZRTP_STORE_UNKNOWN);
	return !status;
}

/* Of the first, second or third call, whatever the user does then. */
static void neither_a_word_nor_an_enrollment_brings_a_peer_back(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 3 * 2; run++) {
		struct test_store t;
		struct pair_config config;
		struct phone phone = { .has = false };
		struct zrtp_store_peer peer;
		struct pair *pair;
		int64_t clock = 1000;
		bool deletes = run % 2;
		struct zrtp_store_link link = { .clock = ticks, .arg = &clock };

		stores_prepare(&t, STORE_MEMORY);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		link.store = t.store;
		pair_config_init(&config);
		config.policy[PBX].resync = config.policy[PBX].mitm = true;
		pair = pair_new(&config);
		pair->side[PHONE].context->cache = (struct zrtp_cache){ phone_get, phone_put, &phone };
		pair->side[PBX].context->cache = zrtp_store_cache(&link);
		for (unsigned i = 0; i <= run / 2; i++) {
			call(pair, &config);
		}
		assert_true(is_kept(&t, pair, &peer));
		if (deletes) {
			assert_int_equal(zrtp_store_remove(t.store, peer.own_zid, peer.peer_zid, &t.error),
					 ZRTP_STORE_OK);
		}
		assert_int_equal(zrtp_session_set_verified(pair->side[PBX].session, true), ZRTP_OK);
		assert_int_equal(zrtp_session_accept_enrollment(pair->side[PBX].session), ZRTP_OK);
		assert_int_equal(is_kept(&t, pair, &peer), !deletes);
		if (!deletes) {
			assert_true(peer.has_pbx && peer.verified);
		}
		call(pair, &config);
		assert_true(is_kept(&t, pair, &peer));
		pair_free(pair);
		stores_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_is_deleted_in_a_call_stays_deleted),
		cmocka_unit_test(a_peer_that_is_deleted_in_its_first_call_stays_deleted),
		cmocka_unit_test(a_call_of_before_the_deletion_has_no_part_in_what_came_after),
		cmocka_unit_test(an_enrollment_that_is_revoked_in_a_call_stays_revoked),
		cmocka_unit_test(neither_a_word_nor_an_enrollment_brings_a_peer_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
