/* SPDX-License-Identifier: BSD-2-Clause */
/* Preshared mode (4.4.2): a call keyed from retained secrets alone. */
#include "preshared.h"

/* ---- when it is used ---- */

static void the_second_call_needs_no_diffie_hellman(void **state) /* R130 R187 R192 R287 R338 R341 */
{
	struct pair_config config = preshared_both();
	struct pair *pair = verified(&config);
	struct zrtp_retained before[2] = { pair->side[0].stored, pair->side[1].stored };
	struct pair_tap taps[] = { { .type = "DHPart1 ", .to = 0 },
				   { .type = "DHPart1 ", .to = 1 },
				   { .type = "DHPart2 ", .to = 0 },
				   { .type = "DHPart2 ", .to = 1 },
				   { .type = NULL } };
	unsigned sent = pair_info(pair, 0, 0).sent + pair_info(pair, 1, 0).sent;
	uint64_t took = pair_info(pair, 0, 0).secure_at - pair_info(pair, 0, 0).started_at;

	(void)state;
	assert_mode(pair, false);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	call_again(pair, &config);
	assert_mode(pair, true);
	assert_int_equal(taps[0].seen + taps[1].seen + taps[2].seen + taps[3].seen, 0);
	assert_true(pair_info(pair, 0, 0).sent + pair_info(pair, 1, 0).sent + 2 <= sent);
	assert_true(pair_info(pair, 0, 0).secure_at - pair_info(pair, 0, 0).started_at < took);
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_retained *now = &pair->side[i].stored;

		assert_true(pair_session_info(pair, i).rs_matched);
		assert_true(pair_session_info(pair, i).verified);
		assert_true(pair_session_info(pair, i).peer_verified);
		assert_int_equal(pair->side[i].log[0].events & 1U << ZRTP_EVENT_CACHE_MISMATCH, 0);
		assert_memory_not_equal(now->rs1, before[i].rs1, ZRTP_SECRET_SIZE);
		assert_int_equal(now->has_rs2, before[i].has_rs2);
		assert_memory_equal(now->rs2, before[i].rs2, ZRTP_SECRET_SIZE);
		assert_int_equal(now->preshared_count, 1);
	}
	assert_memory_equal(pair->side[0].stored.rs1, pair->side[1].stored.rs1, ZRTP_SECRET_SIZE);
	pair_free(pair);
}

static void rs2_is_untouched_by_any_number_of_preshared_calls(void **state) /* F16 R192 */
{
	struct pair_config config = preshared_both();
	struct pair *pair;
	struct zrtp_retained before;

	(void)state;
	config.policy[0].preshared = false;
	pair = verified(&config);
	call_again(pair, &config); /* by DH: now there is an rs2 */
	before = pair->side[0].stored;
	assert_true(before.has_rs2);
	config.policy[0].preshared = true;
	for (unsigned round = 0; round < 5; round++) {
		call_again(pair, &config);
		assert_mode(pair, true);
		for (unsigned i = 0; i < 2; i++) {
			assert_memory_equal(pair->side[i].stored.rs2, before.rs2, ZRTP_SECRET_SIZE);
			assert_int_equal(pair->side[i].stored.preshared_count, round + 1);
		}
	}
	pair_free(pair);
}

/* The session that it makes is as good as another one. */
static void further_streams_follow_a_preshared_one(void **state) /* R113 R135 */
{
	struct pair_config config = preshared_both();
	struct pair *pair = verified(&config);
	uint8_t key[2][ZRTP_EXPORTED_KEY_MAX];
	size_t len[2];

	(void)state;
	call_again(pair, &config);
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 1);
	assert_true(pair_info(pair, 0, 1).multistream);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_exported_key(pair->side[i].session, key[i], &len[i]), ZRTP_OK);
	}
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(key[0], key[1], len[0]);
	pair_free(pair);
}

static void it_is_not_used_in_a_first_call(void **state) /* R116 R120 */
{
	struct pair_config config = preshared_both();
	struct pair *pair = pair_secured(&config);

	(void)state;
	assert_mode(pair, false);
	pair_free(pair);
}

static void it_is_not_used_with_other_secrets_alone(void **state) /* R120 */
{
	struct pair_config config = preshared_both();
	struct pair *pair = pair_new(&config);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct zrtp_retained *r = &pair->side[i].stored;

		give_pbxsecret(pair, i);
		give_auxsecret(pair, i);
		r->has_rs2 = r->verified = pair->side[i].has_stored = true;
	}
	run_call(pair);
	assert_mode(pair, false);
	assert_true(pair_session_info(pair, 0).pbx_matched);
	pair_free(pair);
}

/* Each reason not to, on the side of the initiator. */
static void it_is_not_used_without_its_conditions(void **state) /* R118 */
{
	(void)state;
	for (unsigned reason = 0; reason < 4; reason++) {
		struct pair_config config = preshared_by_alice();
		struct pair *pair = verified(&config);

		switch (reason) {
		case 0: /* 4.4.2.1: no user has compared the SAS */
			pair->side[0].stored.verified = false;
			break;
		case 1:
			config.policy[0].preshared = false;
			break;
		case 2: /* the peer does not list it */
			config.policy[1].preshared = false;
			break;
		case 3:
			config.policy[0].preshared_limit = 0;
			break;
		}
		call_again(pair, &config);
		assert_mode(pair, false);
		assert_true(pair_session_info(pair, 0).rs_matched);
		pair_free(pair);
	}
}

static void only_a_policy_with_preshared_lists_it(void **state)
{
	(void)state;
	for (unsigned listed = 0; listed < 2; listed++) {
		struct pair_config config = preshared_both();
		struct pair *pair;
		bool found = false;

		config.policy[0].preshared = listed;
		pair = pair_started(&config);
		for (size_t i = 0; i + 4 <= pair->queue[0].len; i++) {
			found = found || !memcmp(pair->queue[0].octets + i, "Prsh", 4);
		}
		assert_true(pair->queue[0].to == 1 && pair_is(&pair->queue[0], "Hello   "));
		assert_int_equal(found, listed);
		pair_free(pair);
	}
}

static void diffie_hellman_comes_again_at_the_limit(void **state) /* R115 */
{
	struct pair_config config = preshared_both();
	struct pair *pair;

	(void)state;
	config.policy[0].preshared_limit = config.policy[1].preshared_limit = 3;
	pair = verified(&config);
	for (unsigned call = 0; call < 9; call++) {
		bool dh = call % 4 == 3;

		call_again(pair, &config);
		assert_mode(pair, !dh);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(pair->side[i].stored.preshared_count, dh ? 0 : call % 4 + 1);
			assert_true(pair->side[i].stored.verified);
		}
	}
	pair_free(pair);
}

/* ---- the vectors ---- */

static void load(struct pair_side *side, const struct kat *kat)
{
	struct kat_field rs1 = kat_get(kat, "rs1"), pbx = kat_find(kat, "pbxsecret_in");

	side->has_stored = true;
	side->stored.has_rs1 = side->stored.verified = true;
	memcpy(side->stored.rs1, rs1.octets, rs1.len);
	side->stored.has_pbx = pbx.len;
	memcpy(side->stored.pbxsecret, pbx.octets ? pbx.octets : side->stored.pbxsecret, pbx.len);
}

static void replay(const struct kat *kat)
{
	struct replay replay;
	struct pair_config config;
	struct pair *pair;

	replay_config(&replay, kat, &config);
	pair = replay_new(&replay, &config);
	for (unsigned i = 0; i < 2; i++) {
		load(&pair->side[i], kat);
	}
	replay_expect(&replay, "Commit  ", kat, "Commit");
	replay_expect(&replay, "Confirm1", kat, "Confirm1");
	replay_expect(&replay, "Confirm2", kat, "Confirm2");
	pair_add_stream(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_stream *stream = pair->side[i].log[0].stream;

		kat_same(kat, i ? "Hello_r" : "Hello_i", stream->hello, stream->hello_len);
	}
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10 * SECOND));
	pair_assert_secure(pair, 0);
	assert_int_equal(replay.compared, 3);
	replay_same_keys(kat, pair);
	for (unsigned i = 0; i < 2; i++) {
		struct zrtp_session_info info = pair_session_info(pair, i);
		uint8_t key[ZRTP_EXPORTED_KEY_MAX];
		size_t len;

		kat_same(kat, "sashash", info.sashash, sizeof(info.sashash));
		kat_same(kat, "sas_B32", info.sas, strlen(info.sas));
		kat_same(kat, "new_rs1", pair->side[i].stored.rs1, ZRTP_SECRET_SIZE);
		kat_same(kat, "ZRTPSess", pair->side[i].session->keys.zrtpsess, 32);
		assert_int_equal(zrtp_session_exported_key(pair->side[i].session, key, &len), ZRTP_OK);
		kat_same(kat, "ExportedKey", key, len);
		assert_int_equal(info.pbx_matched, kat_find(kat, "pbxsecret_in").len != 0);
	}
	pair_free(pair);
}

/* F16 R117 R119 R121 R122 R123 R131 R132 R133 R135 R334 R344 */
static void preshared_exchanges_are_the_vectors_octet_for_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_preshared); i++) {
		replay(&kat_preshared[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_call_needs_no_diffie_hellman),
		cmocka_unit_test(rs2_is_untouched_by_any_number_of_preshared_calls),
		cmocka_unit_test(further_streams_follow_a_preshared_one),
		cmocka_unit_test(it_is_not_used_in_a_first_call),
		cmocka_unit_test(it_is_not_used_with_other_secrets_alone),
		cmocka_unit_test(it_is_not_used_without_its_conditions),
		cmocka_unit_test(only_a_policy_with_preshared_lists_it),
		cmocka_unit_test(diffie_hellman_comes_again_at_the_limit),
		cmocka_unit_test(preshared_exchanges_are_the_vectors_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
