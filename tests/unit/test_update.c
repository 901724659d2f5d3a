/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine reads from a cache and what it puts into it (4.3, 4.6.1, 4.9), field by
 * field: Alice knows of Bob what each test says, and Bob of Alice.
 */
#include "pair.h"

#include "internal.h"

enum { ALICE, BOB, SECOND = 1000000 };

/* A secret by its number; 0: none. */
static void fill(uint8_t secret[ZRTP_SECRET_SIZE], unsigned number)
{
	memset(secret, (int)number, ZRTP_SECRET_SIZE);
}

static bool is(const uint8_t secret[ZRTP_SECRET_SIZE], unsigned number)
{
	uint8_t expected[ZRTP_SECRET_SIZE];

	fill(expected, number);
	return !memcmp(secret, expected, sizeof(expected));
}

static struct zrtp_retained known(unsigned rs1, unsigned rs2)
{
	struct zrtp_retained r = { .has_rs1 = rs1, .has_rs2 = rs2, .expiry = UINT32_MAX };

	fill(r.rs1, rs1);
	fill(r.rs2, rs2);
	return r;
}

/* A call of two that know that; Alice is the initiator, or Bob. */
struct call {
	struct zrtp_retained alice, bob;
	struct zrtp_policy policy[2];
	const char *endpoint; /* of Bob, says Alice */
	struct pair *pair;
};

static struct call between(unsigned alice_rs1, unsigned alice_rs2, unsigned bob_rs1, unsigned bob_rs2)
{
	struct call call = { .alice = known(alice_rs1, alice_rs2), .bob = known(bob_rs1, bob_rs2) };

	zrtp_policy_init(&call.policy[ALICE]);
	zrtp_policy_init(&call.policy[BOB]);
	call.policy[BOB].passive = true;
	return call;
}

static void bob_begins(struct call *call, bool bob)
{
	call->policy[ALICE].passive = bob;
	call->policy[BOB].passive = !bob;
}

static void make(struct call *call)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[ALICE] = call->policy[ALICE];
	config.policy[BOB] = call->policy[BOB];
	call->pair = pair_new(&config);
	call->pair->side[ALICE].stored = call->alice;
	call->pair->side[BOB].stored = call->bob;
	call->pair->side[ALICE].has_stored = call->pair->side[BOB].has_stored = true;
	assert_int_equal(zrtp_session_set_cache_endpoint(call->pair->side[ALICE].session, call->endpoint),
			 ZRTP_OK);
	pair_add_stream(call->pair, 0);
}

static void become_secure(struct call *call)
{
	pair_start(call->pair, 0);
	assert_true(pair_run_until_secure(call->pair, 0, call->pair->now + 5 * SECOND));
	pair_run(call->pair, call->pair->now + SECOND);
	pair_assert_secure(call->pair, 0);
}

static struct zrtp_retained *run(struct call *call)
{
	make(call);
	become_secure(call);
	return &call->pair->side[ALICE].stored;
}

static bool told(const struct call *call, enum zrtp_event event)
{
	return call->pair->side[ALICE].log[0].event_count[event] != 0;
}

/* ---- lines ---- */

static void a_first_call_begins_a_line(void **state)
{
	struct call call = between(0, 0, 0, 0);
	const struct zrtp_retained *r;

	(void)state;
	call.endpoint = "bob";
	call.alice.line = 9; /* of nothing: the cache knows it by its first secret */
	call.alice.generation = 9;
	call.alice.verified = true;
	r = run(&call);
	assert_int_equal(call.pair->side[ALICE].puts, 1);
	assert_int_equal(r->changed, ZRTP_CHANGED_SECRET);
	assert_int_equal(r->match, ZRTP_MATCH_NONE);
	assert_true(r->has_rs1);
	assert_false(r->has_rs2 || r->rs2_other || r->line_unproved || r->line_later || r->verified);
	assert_int_equal(r->line, 0);
	assert_int_equal(r->generation, 1);
	assert_int_equal(r->made_by, r->endpoint);
	assert_int_not_equal(r->endpoint, 0);
	assert_true(is(call.pair->side[ALICE].session->keys.new_rs1, 0)); /* kept nowhere else */
	pair_free(call.pair);
}

static void a_match_continues_its_line(void **state)
{
	(void)state;
	for (unsigned second = 0; second < 2; second++) {
		struct call call = between(1, 2, second ? 2 : 1, 0);
		const struct zrtp_retained *r;

		call.alice.line = 5;
		call.alice.generation = 7;
		call.alice.line_unproved = true;
		call.alice.line_later = true;
		call.alice.made_by = 4;
		call.policy[second ? ALICE : BOB].cache_expiry = 1000;
		call.policy[second ? BOB : ALICE].cache_expiry = 2000;
		bob_begins(&call, second);
		r = run(&call);
		assert_int_equal(r->match, ZRTP_MATCH_OWN);
		assert_true(r->has_rs1 && r->has_rs2);
		assert_false(is(r->rs1, 1) || is(r->rs1, 2));
		assert_true(is(r->rs2, second ? 2 : 1)); /* the one that both have */
		assert_false(r->rs2_other || r->line_unproved);
		assert_true(r->line_later);        /* as before */
		assert_int_equal(r->expiry, 1000); /* the smaller one (4.9) */
		assert_int_equal(r->line, 5);
		assert_int_equal(r->generation, 8);
		assert_int_equal(r->made_by, 4);
		pair_free(call.pair);
	}
}

static void a_match_of_another_line_turns_to_that(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		struct call call = between(1, 2, 2, 0);
		const struct zrtp_retained *r;

		call.alice.rs2_other = true;
		call.alice.line = 5;
		call.alice.generation = 7;
		call.alice.other_line = 15;
		call.alice.other_generation = 17;
		call.alice.verified = !(way & 1);
		call.alice.other_verified = way & 1;
		call.alice.line_later = !(way & 2);
		call.alice.other_later = way & 2;
		bob_begins(&call, way & 4);
		r = run(&call);
		assert_int_equal(r->match, ZRTP_MATCH_OTHER);
		assert_true(r->has_rs2 && is(r->rs2, 2));
		assert_false(r->rs2_other || r->line_unproved);
		assert_int_equal(r->line, 15);
		assert_int_equal(r->generation, 18);
		assert_int_equal(r->verified, call.alice.other_verified);
		assert_int_equal(r->line_later, call.alice.other_later);
		pair_free(call.pair);
	}
}

/* The secret that it does not continue is kept beside it. */
static void a_mismatch_begins_a_line_beside_the_other(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		bool word = way & 1, unproved = way & 2, second = way & 4;
		bool keeps_rs2 = unproved && second; /* which is what was proved */
		struct call call = between(1, second ? 2 : 0, 3, 0);
		struct zrtp_retained *r;

		call.policy[ALICE].resync = !word;
		call.alice.line = 5;
		call.alice.generation = 7;
		call.alice.verified = true;
		call.alice.line_unproved = unproved;
		call.alice.line_later = second;
		call.alice.rs2_other = second;
		call.alice.other_line = 25;
		call.alice.other_generation = 27;
		call.alice.made_by = 4;
		r = run(&call);
		if (word) {
			assert_int_equal(call.pair->side[ALICE].puts, 0);
			call.pair->side[ALICE].session->foreign = false;
			assert_int_equal(zrtp_session_set_verified(call.pair->side[ALICE].session, true),
					 ZRTP_OK);
		}
		assert_int_equal(call.pair->side[ALICE].puts, 1);
		assert_int_equal(r->match, ZRTP_MATCH_FAILED);
		assert_true(r->has_rs1 && r->has_rs2 && r->rs2_other);
		assert_true(is(r->rs2, keeps_rs2 ? 2 : 1));
		assert_int_equal(r->other_line, keeps_rs2 ? 25 : 5);
		assert_int_equal(r->other_generation, keeps_rs2 ? 27 : 7);
		assert_int_equal(r->other_verified, !keeps_rs2);
		assert_int_equal(r->other_later, !keeps_rs2 && second);
		assert_int_equal(r->line, 0);
		assert_int_equal(r->generation, 1);
		assert_int_equal(r->verified, word);
		assert_int_equal(r->line_unproved, !word);
		assert_true(r->line_later);
		assert_int_equal(r->made_by, 4);
		/* A word that comes later proves it. */
		assert_int_equal(zrtp_session_set_verified(call.pair->side[ALICE].session, true), ZRTP_OK);
		assert_false(r->line_unproved);
		pair_free(call.pair);
	}
}

/* The secret of another label is not kept under this one. */
static void a_new_label_begins_a_line_alone(void **state)
{
	struct call call = between(1, 2, 3, 0);
	const struct zrtp_retained *r;

	(void)state;
	call.endpoint = "bob";
	call.alice.new_label = call.alice.files_by_label = true;
	r = run(&call);
	assert_true(told(&call, ZRTP_EVENT_NEW_LABEL));
	assert_false(told(&call, ZRTP_EVENT_CACHE_MISMATCH));
	assert_int_equal(r->match, ZRTP_MATCH_FAILED);
	assert_true(r->has_rs1);
	assert_false(r->has_rs2 || r->rs2_other || r->new_label);
	assert_true(is(r->rs2, 0));
	pair_free(call.pair);
}

/* 4.3.2: one that files by label, or has our pbxsecret, is no stranger for having none. */
static void a_new_label_of_an_expected_peer_is_no_mismatch(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 16; way++) {
		bool new_label = way & 1, files = way & 2, pbx = way & 4, matches = way & 8;
		struct call call = between(1, 0, matches ? 1 : 3, 0);
		bool expected = !matches && new_label && (files || pbx);
		struct zrtp_session_info info;

		call.alice.new_label = new_label;
		call.alice.files_by_label = files;
		call.alice.has_pbx = call.bob.has_pbx = pbx;
		run(&call);
		info = pair_session_info(call.pair, ALICE);
		assert_int_equal(info.rs_matched, matches);
		assert_int_equal(info.pbx_matched, pbx);
		assert_int_equal(info.new_label, expected);
		assert_int_equal(info.cache_mismatch, !matches && !expected);
		assert_int_equal(told(&call, ZRTP_EVENT_NEW_LABEL), expected);
		assert_int_equal(told(&call, ZRTP_EVENT_CACHE_MISMATCH), !matches && !expected);
		if (matches) {
			assert_int_equal(call.pair->side[ALICE].stored.match,
					 new_label ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN);
		}
		pair_free(call.pair);
	}
}

/* Calls of two PBXs that began at once may each have made a first secret: that none of them
 * matches says nothing, and none of them is kept beside the new one. */
static void first_calls_that_do_not_match_are_no_mismatch(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		bool first = way & 1, matches = way & 2;
		struct call call = between(1, 2, matches ? 1 : 3, 0);
		const struct zrtp_retained *r;

		call.policy[ALICE].resync = true;
		call.alice.first_calls = first;
		r = run(&call);
		assert_int_equal(pair_session_info(call.pair, ALICE).cache_mismatch, !first && !matches);
		assert_int_equal(pair_session_info(call.pair, ALICE).rs_matched, matches);
		assert_int_equal(r->match, matches ? ZRTP_MATCH_OWN
					   : first ? ZRTP_MATCH_NONE
						   : ZRTP_MATCH_FAILED);
		assert_false(r->first_calls);
		assert_int_equal(r->has_rs2, matches || !first);
		assert_true(is(r->rs2, r->has_rs2 ? 1 : 0));
		pair_free(call.pair);
	}
}

/* ---- after a mismatch ---- */

static void a_pbx_takes_the_new_secret_but_not_where_its_own_failed(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		bool resync = way & 1, has = way & 2, same = way & 4;
		struct call call = between(1, 0, 3, 0);

		call.policy[ALICE].resync = resync;
		call.alice.has_pbx = call.bob.has_pbx = has;
		fill(call.bob.pbxsecret, same ? 0 : 9);
		run(&call);
		assert_int_equal(call.pair->side[ALICE].puts, resync && (!has || same));
		pair_free(call.pair);
	}
}

/* 4.9: not to be stored, says the peer. */
static void interval_zero_stores_nothing(void **state)
{
	enum { FIRST, MATCH, MISMATCH, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		struct call call = between(way != FIRST, 0, way == FIRST ? 0 : way == MATCH ? 1 : 3, 0);
		const struct zrtp_retained *r;

		call.policy[ALICE].resync = true;
		call.policy[BOB].cache_expiry = 0;
		call.alice.generation = 7;
		r = run(&call);
		assert_int_equal(call.pair->side[ALICE].puts, way == MATCH);
		if (way == MATCH) { /* what was there may go any time */
			assert_int_equal(r->changed, ZRTP_CHANGED_EXPIRY);
			assert_int_equal(r->expiry, 0);
		}
		assert_true(is(r->rs1, way != FIRST));
		assert_int_equal(r->generation, 7);
		assert_false(call.pair->side[ALICE].session->update_waits);
		if (way == MISMATCH) { /* no word stores it either */
			assert_int_equal(zrtp_session_set_verified(call.pair->side[ALICE].session, true),
					 ZRTP_OK);
			assert_int_equal(call.pair->side[ALICE].puts, 0);
		}
		pair_free(call.pair);
	}
}

/* Whoever has no secret of ours touches none, not even by that and with a pbxsecret that
 * matches; one of another line does, but takes its V along. */
static void interval_zero_leaves_the_other_secrets(void **state)
{
	struct call call = between(1, 0, 3, 0);
	const struct zrtp_retained *r;

	(void)state;
	call.policy[ALICE].resync = true;
	call.policy[BOB].cache_expiry = 0;
	call.alice.has_pbx = call.bob.has_pbx = call.alice.has_pbx_alternate = true;
	run(&call);
	assert_true(pair_session_info(call.pair, ALICE).pbx_matched);
	assert_int_equal(call.pair->side[ALICE].puts, 0);
	pair_free(call.pair);
	for (unsigned verified = 0; verified < 2; verified++) {
		call = between(1, 2, 2, 0);
		call.policy[BOB].cache_expiry = 0;
		call.alice.rs2_other = true;
		call.alice.verified = !verified;
		call.alice.other_verified = verified;
		r = run(&call);
		assert_int_equal(r->changed, ZRTP_CHANGED_EXPIRY);
		assert_int_equal(r->expiry, 0);
		assert_true(is(r->rs1, 2));
		assert_true(!r->has_rs2 && is(r->rs2, 0)); /* it is in one place */
		assert_int_equal(r->verified, verified);
		pair_free(call.pair);
	}
}

/* A secret that we have no ID for, in the place of rs1 or rs2: it is no match, begins no
 * line, and the cache learns that it was shown; but not from another endpoint. */
static void a_spare_secret_that_is_shown_is_reported_to_the_cache(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 32; way++) {
		bool has = way & 1, second = way & 2, foreign = way & 4;
		struct call call = between(1, 0, second ? 8 : 9, second ? 9 : 0);
		const struct zrtp_retained *r;

		bob_begins(&call, way & 8);
		call.policy[ALICE].resync = way & 16; /* which else would take the secret */
		call.alice.has_spare = has;
		fill(call.alice.spare, 9);
		call.endpoint = "bob";
		call.alice.made_by = foreign ? 4 : 0;
		r = run(&call);
		assert_true(told(&call, ZRTP_EVENT_CACHE_MISMATCH));
		if (has && !foreign) {
			assert_int_equal(call.pair->side[ALICE].puts, 1);
			assert_int_equal(r->changed, ZRTP_CHANGED_SEEN);
		} else {
			assert_int_equal(call.pair->side[ALICE].puts, call.policy[ALICE].resync);
		}
		assert_int_equal(is(r->rs1, 1), (has && !foreign) || !call.policy[ALICE].resync);
		pair_free(call.pair);
	}
}

/* The word counts from the endpoint whose calls made the first line; where nobody knows
 * which that was, from any. */
static void the_word_of_another_endpoint_stores_nothing(void **state)
{
	enum { UNKNOWN, SAME, OTHER, NO_NAME, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		struct call call = between(1, 0, 3, 0);
		struct zrtp_session *alice;

		call.endpoint = way == NO_NAME ? "" : "bob";
		call.alice.made_by = way == UNKNOWN ? 0 : 4;
		make(&call);
		alice = call.pair->side[ALICE].session;
		if (way == SAME) {
			call.pair->side[ALICE].stored.made_by = alice->endpoint;
		}
		become_secure(&call);
		assert_int_equal(pair_session_info(call.pair, ALICE).foreign_endpoint,
				 way == OTHER || way == NO_NAME);
		assert_int_equal(zrtp_session_set_verified(alice, true), ZRTP_OK);
		assert_int_equal(call.pair->side[ALICE].puts, way == UNKNOWN || way == SAME);
		pair_free(call.pair);
	}
}

/* ---- what put is told ---- */

static void put_names_the_peer_and_what_is_stored(void **state)
{
	(void)state;
	for (unsigned mitm = 0; mitm < 4; mitm++) {
		struct call call = between(1, 0, 1, 0);
		struct zrtp_retained *r;

		call.endpoint = "bob";
		call.policy[ALICE].mitm = mitm & 1;
		call.policy[BOB].mitm = mitm >> 1;
		r = run(&call);
		assert_int_equal(r->peer_mitm, mitm == 3); /* a trunk: both are PBXs */
		assert_int_equal(r->changed, ZRTP_CHANGED_SECRET);
		assert_int_equal(call.pair->side[ALICE].session->retained.changed, 0);
		assert_int_equal(zrtp_session_set_verified(call.pair->side[ALICE].session, true), ZRTP_OK);
		assert_int_equal(r->changed, ZRTP_CHANGED_VERIFIED);
		assert_true(r->verified);
		assert_int_equal(zrtp_session_set_verified(call.pair->side[ALICE].session, false), ZRTP_OK);
		assert_false(r->verified);
		assert_int_equal(call.pair->side[ALICE].puts, 3);
		pair_free(call.pair);
	}
}

/* Two names, two numbers; none, and that is 0, which no name is. */
static void an_endpoint_is_a_number_for_a_name(void **state)
{
	struct pair_config config;
	struct pair *pair;
	struct zrtp_session *alice;
	uint64_t bob;

	(void)state;
	pair_config_init(&config);
	pair = pair_new(&config);
	alice = pair->side[ALICE].session;
	assert_int_equal(zrtp_session_set_cache_endpoint(alice, "bob"), ZRTP_OK);
	bob = alice->endpoint;
	assert_true(bob >> 32);
	assert_int_equal(zrtp_session_set_cache_endpoint(alice, "bobby"), ZRTP_OK);
	assert_true(alice->endpoint != bob && alice->endpoint);
	assert_int_equal(zrtp_session_set_cache_endpoint(alice, NULL), ZRTP_OK);
	assert_true(!alice->endpoint);
	assert_int_equal(zrtp_session_set_cache_endpoint(alice, "bob"), ZRTP_OK);
	assert_true(alice->endpoint == bob);
	assert_int_equal(zrtp_session_set_cache_endpoint(alice, ""), ZRTP_OK);
	assert_true(!alice->endpoint);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	assert_int_equal(zrtp_session_set_cache_endpoint(alice, "bob"), ZRTP_WRONG_STATE);
	assert_true(!alice->endpoint);
	pair_free(pair);
}

/* ---- what get may say ---- */

static int wrong_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	(void)key;
	(void)arg;
	*out = known(1, 2); /* half done, then the disk fails */
	out->has_pbx = true;
	return -1;
}

static void what_a_failing_cache_left_behind_is_not_used(void **state)
{
	struct call call = between(0, 0, 1, 0);
	struct zrtp_session_info info;

	(void)state;
	make(&call);
	call.pair->side[ALICE].context->cache.get = wrong_get;
	become_secure(&call);
	info = pair_session_info(call.pair, ALICE);
	assert_false(info.rs_matched || info.pbx_matched || info.cache_mismatch);
	pair_free(call.pair);
}

static void an_auxsecret_of_a_cache_has_its_length_or_is_none(void **state)
{
	(void)state;
	for (unsigned len = 1; len < 256; len++) {
		struct call call = between(1, 0, 1, 0);
		bool fits = len <= ZRTP_AUX_SECRET_MAX;

		if (len > 2 && len < ZRTP_AUX_SECRET_MAX - 1 && len != 32) {
			continue;
		}
		call.alice.auxsecret_len = (uint8_t)len;
		memset(call.alice.auxsecret, 7, sizeof(call.alice.auxsecret));
		make(&call);
		if (fits) {
			assert_int_equal(zrtp_session_set_auxsecret(call.pair->side[BOB].session,
								    call.alice.auxsecret, len),
					 ZRTP_OK);
		}
		become_secure(&call);
		assert_int_equal(pair_session_info(call.pair, ALICE).aux_matched, fits);
		assert_int_equal(told(&call, ZRTP_EVENT_AUX_MISMATCH), 0);
		pair_free(call.pair);
		len = len == ZRTP_AUX_SECRET_MAX + 1 ? 254 : len;
	}
}

/* ---- two pbxsecrets ---- */

static void of_two_pbxsecrets_the_one_that_matches_stays(void **state)
{
	enum { OFFERED, ALTERNATE, NEITHER, BOTH_THE_SAME, WAYS };

	(void)state;
	for (unsigned way = 0; way < 2 * WAYS; way++) {
		static const unsigned has[] = { 4, 5, 6, 4 };
		struct call call = between(1, 0, 1, 0);
		const struct zrtp_retained *r;
		unsigned kind = way % WAYS;

		bob_begins(&call, way >= WAYS);
		call.alice.has_pbx = call.alice.has_pbx_alternate = call.bob.has_pbx = true;
		fill(call.alice.pbxsecret, 4);
		fill(call.alice.pbx_alternate, kind == BOTH_THE_SAME ? 4 : 5);
		fill(call.bob.pbxsecret, has[kind]);
		r = run(&call);
		assert_int_equal(told(&call, ZRTP_EVENT_PBX_ALTERNATE), kind == ALTERNATE);
		assert_int_equal(pair_session_info(call.pair, ALICE).pbx_matched,
				 kind == OFFERED || kind == BOTH_THE_SAME);
		assert_true(r->has_pbx && is(r->pbxsecret, kind == ALTERNATE ? 5 : 4));
		assert_int_equal(r->has_pbx_alternate, kind == ALTERNATE || kind == NEITHER);
		assert_true(is(r->pbx_alternate, kind == ALTERNATE ? 4 : kind == NEITHER ? 5 : 0));
		assert_int_equal(r->changed & ZRTP_CHANGED_PBX, kind == NEITHER ? 0 : ZRTP_CHANGED_PBX);
		pair_free(call.pair);
	}
}

/* ---- Preshared mode ---- */

/* Bob proposes it, with the rs1 of both; Alice has another line beside it. */
static void a_preshared_call_continues_the_line_of_rs1(void **state)
{
	struct call call = between(1, 2, 1, 0);
	const struct zrtp_retained *r;

	(void)state;
	bob_begins(&call, true);
	call.policy[ALICE].preshared = true;
	call.bob.verified = call.alice.verified = true;
	call.alice.rs2_other = true;
	call.alice.line = 5;
	call.alice.other_line = 15;
	call.alice.preshared_count = 3;
	call.alice.has_pbx = call.alice.has_pbx_alternate = true;
	fill(call.alice.pbxsecret, 4);
	fill(call.alice.pbx_alternate, 5);
	call.policy[BOB].preshared = true;
	make(&call);
	for (unsigned i = 0; i < 2; i++) { /* 8.2 in this mode too */
		static const uint8_t key[16] = { 1 }, salt[14] = { 2 };

		assert_int_equal(zrtp_session_set_sdes_key(call.pair->side[i].session, key, sizeof(key), salt,
							   sizeof(salt)),
				 ZRTP_OK);
	}
	become_secure(&call);
	assert_true(pair_info(call.pair, ALICE, 0).preshared);
	r = &call.pair->side[ALICE].stored;
	assert_true(is(r->pbxsecret, 4) && is(r->pbx_alternate, 5));
	assert_int_equal(r->match, ZRTP_MATCH_OWN);
	assert_true(is(r->rs2, 2));
	assert_int_equal(r->line, 5);
	assert_int_equal(r->preshared_count, 4);
	assert_true(r->verified && pair_session_info(call.pair, ALICE).verified);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(call.pair, i).aux_matched);
	}
	pair_free(call.pair);
}

/* The key that was tried in vain is not left in the exchange that takes its place. */
static void a_preshared_key_that_did_not_fit_is_wiped(void **state) /* R134 */
{
	static const uint8_t zero[ZRTP_HASH_MAX];
	struct call call = between(1, 0, 2, 0);
	struct pair_tap taps[] = { { .type = "HelloACK", .to = ALICE, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };
	struct pair *pair;

	(void)state;
	call.policy[ALICE].preshared = true;
	call.bob.verified = true;
	call.policy[BOB].preshared = true;
	call.policy[BOB].passive = false;
	make(&call);
	pair = call.pair;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_start(pair, 0);
	while (pair_info(pair, ALICE, 0).state != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
		assert_true(pair->now < 5 * SECOND);
	}
	assert_int_equal(pair->side[ALICE].log[0].stream->exchange->mode, ZRTP_MODE_DH);
	assert_memory_equal(pair->side[ALICE].log[0].stream->exchange->preshared_key, zero, sizeof(zero));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_call_begins_a_line),
		cmocka_unit_test(a_match_continues_its_line),
		cmocka_unit_test(a_match_of_another_line_turns_to_that),
		cmocka_unit_test(a_mismatch_begins_a_line_beside_the_other),
		cmocka_unit_test(a_new_label_begins_a_line_alone),
		cmocka_unit_test(a_new_label_of_an_expected_peer_is_no_mismatch),
		cmocka_unit_test(first_calls_that_do_not_match_are_no_mismatch),
		cmocka_unit_test(a_pbx_takes_the_new_secret_but_not_where_its_own_failed),
		cmocka_unit_test(interval_zero_stores_nothing),
		cmocka_unit_test(interval_zero_leaves_the_other_secrets),
		cmocka_unit_test(a_spare_secret_that_is_shown_is_reported_to_the_cache),
		cmocka_unit_test(the_word_of_another_endpoint_stores_nothing),
		cmocka_unit_test(put_names_the_peer_and_what_is_stored),
		cmocka_unit_test(an_endpoint_is_a_number_for_a_name),
		cmocka_unit_test(what_a_failing_cache_left_behind_is_not_used),
		cmocka_unit_test(an_auxsecret_of_a_cache_has_its_length_or_is_none),
		cmocka_unit_test(of_two_pbxsecrets_the_one_that_matches_stays),
		cmocka_unit_test(a_preshared_call_continues_the_line_of_rs1),
		cmocka_unit_test(a_preshared_key_that_did_not_fit_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
