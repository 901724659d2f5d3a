/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures (4.1, 4.7.1, 5.9): which code the peer gets, how often, and what is left. */
#include "requirements.h"

/* Any message with our SSRC, whatever it says; before that a call was good. */
static void a_collision_of_ssrcs_is_reported_to_the_peer(void **state) /* R014 R015 R202 R373 */
{
	static const enum zrtp_message_type types[] = { ZRTP_MSG_HELLO, ZRTP_MSG_HELLOACK,
							ZRTP_MSG_CONF2ACK };
	struct pair_config config = initiator(ALICE);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained before = pair->side[ALICE].stored;
		struct pair_tap taps[] = { { .type = "Error   ", .to = BOB },
					   { .type = "Commit  ", .to = BOB },
					   { .type = NULL } };
		uint8_t message[ZRTP_HELLO_MAX], datagram[ZRTP_DATAGRAM_MAX];
		size_t len;

		pair_new_call(pair, &config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		len = stream_of(pair, BOB, 0)->hello_len;
		memcpy(message, stream_of(pair, BOB, 0)->hello, len);
		if (types[i] != ZRTP_MSG_HELLO) {
			len = zrtp_bare_write(message, sizeof(message), types[i]);
		}
		len = pair_wrap(datagram, pair_info(pair, ALICE, 0).ssrc, 1, message, len);
		(void)zrtp_stream_receive(stream_of(pair, ALICE, 0), datagram, len, pair->now);
		assert_int_equal(taps[0].seen, 1);
		assert_memory_equal(message_of(&taps[0].last) + 12, "\0\0\0\x91", 4);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[ALICE].log[0].error_code, ZRTP_ERROR_EQUAL_SSRC);
		assert_int_equal(taps[1].seen, 0);
		assert_not_secure(pair, ALICE, 0);
		assert_memory_equal(&before, &pair->side[ALICE].stored, sizeof(before));
		/* Any host may have sent it: a peer with an SSRC of its own is heard. */
		assert_int_equal(zrtp_stream_start(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[ALICE].log[0].secure, 1);
		pair_free(pair);
	}
}

/* R029 R201 R323 R356 R357 R359 R361 R362 R363 R364 R365 */
static void a_failure_is_reported_to_the_peer_with_its_code(void **state)
{
	static const uint8_t many[] = { 0x88 };
	static const struct {
		struct edit edit;
		uint32_t code;
	} cases[] = {
		{ { "Hello   ", ALICE, AT_VERSION, "0.90", 4, 0, 0 }, 0x30 },
		{ { "Hello   ", ALICE, AT_HELLO_COUNTS, many, 1, 0, 0 }, 0x10 },
		{ { "Commit  ", BOB, AT_NAMES, "XXXX", 4, 0, 0 }, 0x51 },
		{ { "Commit  ", BOB, AT_NAMES + 4, "XXXX", 4, 0, 0 }, 0x52 },
		{ { "Commit  ", BOB, AT_NAMES + 8, "XXXX", 4, 0, 0 }, 0x54 },
		{ { "Commit  ", BOB, AT_NAMES + 12, "XXXX", 4, 0, 0 }, 0x53 },
		{ { "Commit  ", BOB, AT_NAMES + 16, "XXXX", 4, 0, 0 }, 0x55 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair_config config = initiator(ALICE);
		struct edit edit = cases[i].edit;
		const struct pair_log *hearer;
		struct pair *pair;

		pair = pair_new(&config);
		pair->filter = edit_packet;
		pair->filter_arg = &edit;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		hearer = &pair->side[!edit.to].log[0];
		assert_int_equal(hearer->error, 1);
		assert_true(hearer->error_from_peer);
		assert_int_equal(hearer->error_code, cases[i].code);
		assert_not_secure(pair, ALICE, 0);
		assert_not_secure(pair, BOB, 0);
		pair_free(pair);
	}
}

static void an_error_is_repeated_until_it_is_acknowledged(void **state) /* R377 R419 */
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = {
			{ .type = "Error   ", .to = BOB },
			{ .type = "ErrorACK", .to = ALICE, .lose = round ? 3 : PAIR_LOSE_ALL },
			{ .type = NULL }
		};
		struct pair *pair = pair_started(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_run(pair, pair->now + 3 * PAIR_DELAY);
		assert_int_equal(zrtp_stream_decline(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		if (round) {
			assert_int_equal(taps[0].seen, 4);
		} else {
			pair_assert_t2(&taps[0]);
		}
		assert_int_equal(taps[1].seen, taps[0].seen);
		pair_free(pair);
	}
}

static void a_failure_leaves_no_key_of_its_stream(void **state) /* R180 R203 */
{
	static const struct edit edits[] = { { "DHPart2 ", BOB, AT_PV + 4, NULL, 0, 0, 0 },
					     { "Confirm1", ALICE, AT_TEXT, NULL, 0, 0, 0 },
					     { "Confirm2", BOB, AT_TEXT, NULL, 0, 0, 0 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = initiator(ALICE);
		struct edit edit = edits[i];
		struct pair *pair = pair_new(&config);

		pair->filter = edit_packet;
		pair->filter_arg = &edit;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(pair->side[side].log[0].error, 1);
			assert_no_keys_left(pair, side, 0);
			assert_false(pair->side[side].session->keyed);
		}
		pair_free(pair);
	}
}

static void a_failure_of_one_stream_leaves_the_others_secure(void **state) /* R204 */
{
	struct pair_config config = initiator(ALICE);
	struct edit edit = { "Confirm1", ALICE, AT_TEXT, NULL, 0, 0, 0 };
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_int_equal(pair->side[ALICE].log[1].error_code, ZRTP_ERROR_BAD_CONFIRM);
	pair_assert_secure(pair, 0);
	pair->filter = NULL;
	run_secure(pair, 2);
	pair_assert_secure(pair, 2);
	assert_true(pair_info(pair, ALICE, 2).multistream);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_collision_of_ssrcs_is_reported_to_the_peer),
		cmocka_unit_test(a_failure_is_reported_to_the_peer_with_its_code),
		cmocka_unit_test(an_error_is_repeated_until_it_is_acknowledged),
		cmocka_unit_test(a_failure_leaves_no_key_of_its_stream),
		cmocka_unit_test(a_failure_of_one_stream_leaves_the_others_secure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
