/* SPDX-License-Identifier: BSD-2-Clause */
/* Retained secrets over several calls (4.3, 4.6.1, 4.9). */
#include "pair.h"

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

/* Another call between the two. */
static void call_again(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30000000));
	pair_run(pair, pair->now + 1000000);
	pair_assert_secure(pair, 0);
}

static bool mismatched(const struct pair *pair, unsigned side)
{
	bool told = pair->side[side].log[0].events & 1U << ZRTP_EVENT_CACHE_MISMATCH;

	assert_int_equal(told, pair_session_info(pair, side).cache_mismatch);
	return told;
}

static void assert_matched(const struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(pair, i).rs_matched);
		assert_false(mismatched(pair, i));
	}
}

static void first_call_stores_and_raises_no_alarm(void **state) /* R066 R074 R200 R243 R433 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_false(pair_session_info(pair, i).rs_matched);
		assert_false(mismatched(pair, i));
		assert_true(pair->side[i].stored.has_rs1);
		assert_false(pair->side[i].stored.has_rs2);
		assert_int_equal(pair->side[i].stored.expiry, UINT32_MAX); /* R243 */
		assert_int_equal(pair->side[i].puts, 1);
	}
	assert_memory_equal(pair->side[0].stored.rs1, pair->side[1].stored.rs1, ZRTP_SECRET_SIZE);
	pair_free(pair);
}

static void secrets_match_and_rotate_over_calls(void **state) /* R048 R051 R074 R187 R191 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	for (unsigned call = 0; call < 5; call++) {
		struct zrtp_retained before = pair->side[0].stored;

		call_again(pair, &config);
		assert_matched(pair);
		assert_true(pair->side[0].stored.has_rs2);
		assert_memory_equal(pair->side[0].stored.rs2, before.rs1, ZRTP_SECRET_SIZE);
		assert_memory_not_equal(pair->side[0].stored.rs1, before.rs1, ZRTP_SECRET_SIZE);
	}
	pair_free(pair);
}

/* One side missed the last update: rs2 repairs it, whichever side it was. */
static void a_missed_update_is_no_mismatch(void **state) /* R051 R052 R536 */
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained old;

		call_again(pair, &config);
		old = pair->side[side].stored;
		call_again(pair, &config);
		pair->side[side].stored = old;
		call_again(pair, &config);
		assert_matched(pair);
		pair_free(pair);
	}
}

static void lose_two_updates(struct pair *pair, const struct pair_config *config, unsigned side)
{
	struct zrtp_retained old = pair->side[side].stored;

	call_again(pair, config);
	call_again(pair, config);
	pair->side[side].stored = old;
	/* Break the link to rs2 as well: what is left matches nothing. */
	pair->side[side].stored.has_rs2 = false;
	call_again(pair, config);
}

/* The alarm, and no update without the user's word. */
/* R067 R068 R070 R072 R073 R074 R075 R197 R198 R199 R536 */
static void a_mismatch_raises_the_alarm_on_each_call_until_verified(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct zrtp_retained kept;

	(void)state;
	lose_two_updates(pair, &config, 0);
	assert_true(mismatched(pair, 0) && mismatched(pair, 1));
	kept = pair->side[0].stored;
	call_again(pair, &config); /* R075 */
	assert_true(mismatched(pair, 0) && mismatched(pair, 1));
	assert_memory_equal(&kept, &pair->side[0].stored, sizeof(kept));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	assert_memory_equal(pair->side[0].stored.rs1, pair->side[1].stored.rs1, ZRTP_SECRET_SIZE);
	call_again(pair, &config);
	assert_matched(pair);
	pair_free(pair);
}

static void only_the_side_with_a_secret_sees_the_mismatch(void **state) /* R066 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->side[0].has_stored = false;
	call_again(pair, &config);
	assert_false(mismatched(pair, 0));
	assert_true(mismatched(pair, 1));
	pair_free(pair);
}

/* A PBX has no user to compare the SAS: it takes the new secret at once. */
static void a_pbx_resynchronises(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].resync = true;
	pair = pair_secured(&config);
	assert_int_equal(zrtp_session_set_verified(pair->side[1].session, true), ZRTP_OK);
	pair->side[0].has_stored = false;
	call_again(pair, &config);
	assert_true(mismatched(pair, 1));
	assert_false(pair_session_info(pair, 1).verified);
	call_again(pair, &config);
	assert_matched(pair);
	assert_false(pair_session_info(pair, 1).verified);
	pair_free(pair);
}

static void a_pbx_does_not_resynchronise_against_its_pbxsecret(void **state)
{
	struct pair_config config = defaults();
	struct zrtp_retained before;
	struct pair *pair;

	(void)state;
	config.policy[1].resync = true;
	pair = pair_secured(&config);
	pair->side[0].has_stored = false;
	pair->side[1].stored.has_pbx = true;
	before = pair->side[1].stored;
	for (unsigned i = 0; i < 2; i++) {
		call_again(pair, &config);
		assert_true(mismatched(pair, 1));
		assert_memory_equal(&before, &pair->side[1].stored, sizeof(before));
	}
	pair_free(pair);
}

/* Signalling that could not be changed vouches for the Hello; without
 * that promise the same match is no evidence. */
static void protected_signalling_is_evidence_after_a_mismatch(void **state) /* R196 */
{
	(void)state;
	for (unsigned protected = 0; protected < 2; protected ++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_secured(&config);
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

		pair->side[0].has_stored = false;
		config.policy[1].protected_signalling = protected;
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		zrtp_stream_hello_hash(pair->side[0].log[0].stream, hash);
		assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[1].log[0].stream, hash), ZRTP_OK);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 30000000));
		pair_run(pair, pair->now + 1000000);
		assert_true(mismatched(pair, 1));
		if (protected) {
			assert_memory_equal(pair->side[0].stored.rs1, pair->side[1].stored.rs1,
					    ZRTP_SECRET_SIZE);
		} else {
			assert_memory_not_equal(pair->side[0].stored.rs1, pair->side[1].stored.rs1,
						ZRTP_SECRET_SIZE);
		}
		pair_free(pair);
	}
}

/* V: sent only when the user has verified and the secret matched. */
static void verified_flag_travels_to_the_next_call(void **state) /* R181 R431 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	assert_false(pair_session_info(pair, 0).verified);
	assert_int_equal(zrtp_session_set_verified(pair->side[0].session, true), ZRTP_OK);
	call_again(pair, &config);
	assert_true(pair_session_info(pair, 0).verified);
	assert_true(pair_session_info(pair, 1).peer_verified);
	assert_false(pair_session_info(pair, 0).peer_verified);
	assert_int_equal(zrtp_session_set_verified(pair->side[0].session, false), ZRTP_OK);
	call_again(pair, &config);
	assert_false(pair_session_info(pair, 1).peer_verified);
	pair_free(pair);
}

/* An administrator's word in the cache is shown in a call that is up, and no call's word. */
static void an_administrators_word_is_shown_and_not_put(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	assert_int_equal(zrtp_session_cache_verified(pair->side[0].session, false), ZRTP_WRONG_STATE);
	assert_int_equal(zrtp_session_cache_verified(pair->side[0].session, true), ZRTP_OK);
	assert_true(pair_session_info(pair, 0).verified);
	assert_false(pair->side[0].stored.verified);
	assert_int_equal(zrtp_session_cache_verified(pair->side[0].session, false), ZRTP_OK);
	assert_false(pair_session_info(pair, 0).verified);
	pair_free(pair);
}

static void an_administrators_yes_is_not_shown_after_a_mismatch(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->side[1].has_stored = false;
	call_again(pair, &config);
	assert_true(pair_session_info(pair, 0).cache_mismatch);
	assert_int_equal(zrtp_session_cache_verified(pair->side[0].session, true), ZRTP_WRONG_STATE);
	assert_false(pair_session_info(pair, 0).verified);
	pair_free(pair);
}

static void verified_is_not_claimed_after_a_mismatch(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	lose_two_updates(pair, &config, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(mismatched(pair, i));
		assert_false(pair_session_info(pair, i).verified);
		assert_false(pair_session_info(pair, i).peer_verified);
	}
	pair_free(pair);
}

/* Without a cache the interval is 0, and the peer stores
 * nothing. */
static void a_cacheless_peer_is_not_stored(void **state) /* R188 R241 R247 R248 */
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.cacheless[0] = true;
	pair = pair_secured(&config);
	assert_int_equal(pair->side[1].puts, 0);
	assert_int_equal(pair->side[0].gets, 0);
	assert_int_equal(zrtp_session_set_verified(pair->side[0].session, true), ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void interval_zero_marks_an_existing_entry(void **state) /* R188 R242 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct zrtp_retained before = pair->side[1].stored;

	(void)state;
	config.policy[0].cache_expiry = 0;
	call_again(pair, &config);
	assert_int_equal(pair->side[1].stored.expiry, 0);
	assert_memory_equal(pair->side[1].stored.rs1, before.rs1, ZRTP_SECRET_SIZE);
	pair_free(pair);
}

/* An attacker with the peer's ZID but not its secret sends 0. */
static void interval_zero_of_an_impersonator_changes_nothing(void **state) /* R197 R198 */
{
	(void)state;
	for (unsigned resync = 0; resync < 2; resync++) {
		struct pair_config config = defaults();
		struct pair *pair;
		struct zrtp_retained before;

		config.policy[1].resync = resync;
		pair = pair_secured(&config);
		pair->side[0].has_stored = false;
		before = pair->side[1].stored;
		config.policy[0].cache_expiry = 0;
		call_again(pair, &config);
		assert_true(mismatched(pair, 1));
		assert_memory_equal(&before, &pair->side[1].stored, sizeof(before));
		pair_free(pair);
	}
}

static void the_smaller_interval_counts(void **state) /* R239 R240 */
{
	static const uint32_t cases[][2] = { { 3600, UINT32_MAX }, { UINT32_MAX, 3600 }, { 3600, 7200 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[0].cache_expiry = cases[i][0];
		config.policy[1].cache_expiry = cases[i][1];
		pair = pair_secured(&config);
		assert_int_equal(pair->side[0].stored.expiry, 3600);
		assert_int_equal(pair->side[1].stored.expiry, 3600);
		pair_free(pair);
	}
}

static struct pair *with_auxsecrets(const char *a, const char *b)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	if (a) {
		assert_int_equal(
			zrtp_session_set_auxsecret(pair->side[0].session, (const uint8_t *)a, strlen(a)),
			ZRTP_OK);
	}
	if (b) {
		assert_int_equal(
			zrtp_session_set_auxsecret(pair->side[1].session, (const uint8_t *)b, strlen(b)),
			ZRTP_OK);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30000000));
	pair_run(pair, pair->now + 1000000);
	pair_assert_secure(pair, 0);
	return pair;
}

static void auxsecrets_match_or_their_mismatch_is_reported(void **state) /* R050 R054 R055 R076 R077 */
{
	static const struct {
		const char *a, *b;
		bool matched, told_a, told_b;
	} cases[] = {
		{ "a family secret", "a family secret", true, false, false },
		{ "a family secret", "another one", false, true, true },
		{ "a family secret", NULL, false, true, false },
		{ NULL, "x", false, false, true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair *pair = with_auxsecrets(cases[i].a, cases[i].b);
		unsigned bit = 1U << ZRTP_EVENT_AUX_MISMATCH;

		assert_int_equal(pair_session_info(pair, 0).aux_matched, cases[i].matched);
		assert_int_equal(!!(pair->side[0].log[0].events & bit), cases[i].told_a);
		assert_int_equal(!!(pair->side[1].log[0].events & bit), cases[i].told_b);
		pair_free(pair);
	}
}

static void auxsecret_is_set_in_time_and_in_range(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_started(&config);
	uint8_t secret[ZRTP_AUX_SECRET_MAX + 1] = { 1 };

	(void)state;
	assert_int_equal(zrtp_session_set_auxsecret(pair->side[0].session, secret, 0), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_auxsecret(pair->side[0].session, secret, sizeof(secret)),
			 ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_auxsecret(pair->side[0].session, secret, 8), ZRTP_WRONG_STATE);
	pair_free(pair);
}

/* R202: whatever ends an exchange, the cache stays as it was. */
static bool cut_off(struct pair *pair, struct pair_packet *packet)
{
	const char *type = pair->filter_arg;

	return !pair_is(packet, type);
}

static void a_failed_exchange_leaves_the_cache_alone(void **state) /* R189 R202 */
{
	static const char *const types[] = { "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2" };

	(void)state;
	for (unsigned t = 0; t < 5; t++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained before[2] = { pair->side[0].stored, pair->side[1].stored };

		pair_new_call(pair, &config);
		pair->filter = cut_off;
		pair->filter_arg = (void *)types[t];
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 60000000);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(pair->side[i].log[0].secure, 0);
			assert_memory_equal(&before[i], &pair->side[i].stored, sizeof(before[i]));
		}
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_call_stores_and_raises_no_alarm),
		cmocka_unit_test(secrets_match_and_rotate_over_calls),
		cmocka_unit_test(a_missed_update_is_no_mismatch),
		cmocka_unit_test(a_mismatch_raises_the_alarm_on_each_call_until_verified),
		cmocka_unit_test(only_the_side_with_a_secret_sees_the_mismatch),
		cmocka_unit_test(a_pbx_resynchronises),
		cmocka_unit_test(a_pbx_does_not_resynchronise_against_its_pbxsecret),
		cmocka_unit_test(protected_signalling_is_evidence_after_a_mismatch),
		cmocka_unit_test(verified_flag_travels_to_the_next_call),
		cmocka_unit_test(an_administrators_word_is_shown_and_not_put),
		cmocka_unit_test(an_administrators_yes_is_not_shown_after_a_mismatch),
		cmocka_unit_test(verified_is_not_claimed_after_a_mismatch),
		cmocka_unit_test(interval_zero_marks_an_existing_entry),
		cmocka_unit_test(a_cacheless_peer_is_not_stored),
		cmocka_unit_test(interval_zero_of_an_impersonator_changes_nothing),
		cmocka_unit_test(the_smaller_interval_counts),
		cmocka_unit_test(auxsecrets_match_or_their_mismatch_is_reported),
		cmocka_unit_test(auxsecret_is_set_in_time_and_in_range),
		cmocka_unit_test(a_failed_exchange_leaves_the_cache_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
