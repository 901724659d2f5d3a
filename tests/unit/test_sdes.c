/* SPDX-License-Identifier: BSD-2-Clause */
/* An SDES key of the signalling as auxsecret (8.2). */
#include "default_pair.h"

static const uint8_t sdes_key[32] = { 1, 2, 3, 4 }, sdes_salt[14] = { 9, 8, 7 };

static struct pair *with_sdes(unsigned passive, uint8_t change)
{
	struct pair_config config = defaults();
	struct pair *pair;

	config.policy[passive].passive = true;
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t key[16];

		memcpy(key, sdes_key, sizeof(key));
		key[15] ^= (uint8_t)(i * change);
		assert_int_equal(zrtp_session_set_sdes_key(session_of(pair, i), key, sizeof(key), sdes_salt,
							   sizeof(sdes_salt)),
				 ZRTP_OK);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	return pair;
}

static void the_same_sdes_key_is_a_shared_secret_whichever_side_begins(void **state) /* R503 */
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair *pair = with_sdes(passive, 0);

		for (unsigned i = 0; i < 2; i++) {
			assert_true(pair_session_info(pair, i).aux_matched);
			assert_int_equal(told(pair, i, ZRTP_EVENT_AUX_MISMATCH), 0);
		}
		pair_free(pair);
	}
}

/* Both commit, one loses: its IDs must be those of the new role. */
static void the_same_sdes_key_matches_after_contention(void **state)
{
	unsigned contended = 0;

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		struct pair_tap taps[] = { { .type = "Commit  ", .to = 0 },
					   { .type = "Commit  ", .to = 1 },
					   { .type = NULL } };

		pair->side[0].prng += round * 7919;
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(
				zrtp_session_set_sdes_key(session_of(pair, i), sdes_key, 16, sdes_salt, 14),
				ZRTP_OK);
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		assert_true(pair_session_info(pair, 0).aux_matched);
		assert_true(pair_session_info(pair, 1).aux_matched);
		contended += taps[0].seen && taps[1].seen;
		pair_free(pair);
	}
	assert_int_not_equal(contended, 0);
}

static void another_sdes_key_is_reported_and_does_no_harm(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair *pair = with_sdes(passive, 1);

		for (unsigned i = 0; i < 2; i++) {
			assert_false(pair_session_info(pair, i).aux_matched);
			assert_int_equal(told(pair, i, ZRTP_EVENT_AUX_MISMATCH), 1);
		}
		pair_free(pair);
	}
}

static void an_sdes_key_is_in_its_range_and_in_time(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session = session_of(pair, 0);
	uint8_t key[33] = { 1 }, salt[15] = { 1 };

	(void)state;
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 0, salt, 14), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 33, salt, 14), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 16, salt, 0), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 16, salt, 15), ZRTP_INVALID);
	assert_null(session->given);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 1, salt, 1), ZRTP_OK);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 32, salt, 14), ZRTP_OK);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 16, salt, 14), ZRTP_WRONG_STATE);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_sdes_key_is_a_shared_secret_whichever_side_begins),
		cmocka_unit_test(the_same_sdes_key_matches_after_contention),
		cmocka_unit_test(another_sdes_key_is_reported_and_does_no_harm),
		cmocka_unit_test(an_sdes_key_is_in_its_range_and_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
