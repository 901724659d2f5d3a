/* SPDX-License-Identifier: BSD-2-Clause */
/* Flags, IV and cache update of Confirm1 and Confirm2 (4.6, 5.7). */
#include "requirements.h"

/* R181 R210 R243 R346 R350 R351 R431 R474 R476 R526 R528 */
static void each_flag_of_a_confirm_stands_at_its_place(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		bool enroll = bits & ZRTP_CONFIRM_ENROLL;
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB },
					   { .type = "Confirm1", .to = ALICE },
					   { .type = NULL } };
		struct pair *pair;

		config.policy[BOB].mitm = true;
		for (unsigned i = 0; i < 2; i++) {
			config.policy[i].disclose = bits & ZRTP_CONFIRM_DISCLOSE;
			config.policy[i].allow_clear = bits & ZRTP_CONFIRM_ALLOW_CLEAR;
		}
		pair = pair_secured(&config);
		pair_new_call(pair, &config);
		for (unsigned i = 0; i < 2; i++) {
			pair->side[i].stored.verified = bits & ZRTP_CONFIRM_VERIFIED;
		}
		if (enroll) {
			assert_int_equal(zrtp_session_enroll(pair->side[BOB].session), ZRTP_OK);
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		run_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			unsigned expected = i == ALICE ? bits & 7 : enroll ? bits & ~2U : bits;
			uint8_t plain[ZRTP_CONFIRM_PLAIN];

			open_confirm(pair, i, &taps[i].last, plain);
			assert_true(is_zero(plain + 32, 3));
			assert_int_equal(plain[35], expected);
			assert_memory_equal(plain + 36, "\xff\xff\xff\xff", 4);
			assert_int_equal(pair_session_info(pair, !i).peer_disclosed, expected & 1);
			assert_int_equal(pair_session_info(pair, !i).peer_verified, expected >> 2 & 1);
		}
		pair_free(pair);
	}
}

static void a_cacheless_endpoint_says_so_in_its_confirm(void **state) /* R247 R248 R249 */
{
	(void)state;
	for (unsigned cacheless = 0; cacheless < 2; cacheless++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB },
					   { .type = "Confirm1", .to = ALICE },
					   { .type = "Commit  ", .to = BOB },
					   { .type = NULL } };
		uint8_t plain[ZRTP_CONFIRM_PLAIN];
		struct pair *pair;

		config.cacheless[cacheless] = true;
		config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
		pair = pair_secured(&config);
		assert_int_equal(zrtp_session_set_verified(pair->side[cacheless].session, true),
				 ZRTP_WRONG_STATE);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		call_again(pair, &config);
		open_confirm(pair, cacheless, &taps[cacheless].last, plain);
		assert_int_equal(plain[35], 0);
		assert_true(is_zero(plain + 36, 4));
		assert_memory_not_equal(message_of(&taps[2].last) + AT_NAMES + 12, "Prsh", 4);
		pair_free(pair);
	}
}

static void each_confirm_has_an_iv_of_its_own(void **state) /* R182 R229 */
{
	struct pair_config config = defaults();
	struct different ivs;
	struct pair *pair = pair_new(&config);

	(void)state;
	collect_from(&ivs, "Confirm1", "Confirm2", AT_IV, ZRTP_IV_SIZE);
	pair->filter = collect;
	run_secure(pair, 0);
	run_secure(pair, 1);
	call_again(pair, &config);
	assert_int_equal(ivs.count, 6);
	pair_free(pair);
}

static void the_initiator_updates_its_cache_after_conf2ack_or_srtp(void **state) /* R185 R190 R418 */
{
	(void)state;
	for (unsigned srtp = 0; srtp < 2; srtp++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Conf2ACK", .to = ALICE, .lose = 3 },
					   { .type = "Confirm2", .to = BOB },
					   { .type = NULL } };
		struct pair *pair = pair_new(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 900000);
		assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_CONFIRM2_SENT);
		assert_int_equal(pair->side[BOB].puts, 1);
		assert_int_equal(pair->side[ALICE].puts, 0);
		if (srtp) {
			zrtp_stream_srtp_authenticated(stream_of(pair, ALICE, 0), pair->now);
			assert_int_equal(pair->side[ALICE].puts, 1);
		}
		pair_run(pair, pair->now + 20 * SECOND);
		assert_int_equal(pair->side[ALICE].puts, 1);
		assert_int_equal(taps[1].seen, srtp ? 3 : 4);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flag_of_a_confirm_stands_at_its_place),
		cmocka_unit_test(a_cacheless_endpoint_says_so_in_its_confirm),
		cmocka_unit_test(each_confirm_has_an_iv_of_its_own),
		cmocka_unit_test(the_initiator_updates_its_cache_after_conf2ack_or_srtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
