/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine puts into a cache after a call (4.3, 4.6.1, 4.9), field by field: a line
 * begins or goes on, and what a mismatch leaves.
 */
#include "known.h"

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

/* One of another endpoint is none of them, and no first call that may enroll. */
static void first_calls_are_of_one_endpoint(void **state)
{
	(void)state;
	for (unsigned other = 0; other < 2; other++) {
		struct call call = between(1, 2, 3, 0);

		call.policy[ALICE].resync = call.policy[ALICE].mitm = true;
		call.endpoint = "bob";
		call.alice.first_calls = true;
		call.alice.made_by = other ? 4711 : 0;
		assert_int_equal(run(&call)->match, other ? ZRTP_MATCH_FAILED : ZRTP_MATCH_NONE);
		assert_int_equal(pair_session_info(call.pair, ALICE).cache_mismatch, other);
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

/* A peer that has no secret of ours touches none, not even by that and with a pbxsecret that
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

/* The word counts from the endpoint whose calls made the first line; where no side knows
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
		cmocka_unit_test(first_calls_are_of_one_endpoint),
		cmocka_unit_test(a_pbx_takes_the_new_secret_but_not_where_its_own_failed),
		cmocka_unit_test(interval_zero_stores_nothing),
		cmocka_unit_test(interval_zero_leaves_the_other_secrets),
		cmocka_unit_test(a_spare_secret_that_is_shown_is_reported_to_the_cache),
		cmocka_unit_test(the_word_of_another_endpoint_stores_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
