/* SPDX-License-Identifier: BSD-2-Clause */
/* What an embedder's cache is given, what it may answer, and which of two secrets stays (4.3, 4.6.1, 7.3.1).
 */
#include "known.h"

#include "exchange.h"

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

/* The flags of an initiator's Hello are no part of the keys: they make no phone a PBX. */
static void m_of_an_initiator_counts_only_for_a_first_call_or_a_known_pbx(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 16; way++) {
		bool bob = way & 1, matches = way & 2, known_pbx = way & 4, first = way & 8;
		struct call call = between(1, 0, matches ? 1 : 3, 0);

		call.policy[ALICE].mitm = call.policy[BOB].mitm = call.policy[ALICE].resync = true;
		call.alice.peer_mitm = known_pbx;
		call.alice.first_calls = first;
		bob_begins(&call, bob);
		assert_int_equal(run(&call)->peer_mitm, !bob || known_pbx || (first && !matches));
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
		cmocka_unit_test(put_names_the_peer_and_what_is_stored),
		cmocka_unit_test(m_of_an_initiator_counts_only_for_a_first_call_or_a_known_pbx),
		cmocka_unit_test(an_endpoint_is_a_number_for_a_name),
		cmocka_unit_test(what_a_failing_cache_left_behind_is_not_used),
		cmocka_unit_test(an_auxsecret_of_a_cache_has_its_length_or_is_none),
		cmocka_unit_test(of_two_pbxsecrets_the_one_that_matches_stays),
		cmocka_unit_test(a_preshared_call_continues_the_line_of_rs1),
		cmocka_unit_test(a_preshared_key_that_did_not_fit_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
