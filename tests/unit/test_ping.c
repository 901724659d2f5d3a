/* SPDX-License-Identifier: BSD-2-Clause */
/* Ping and PingACK (5.15, 5.16). */
#include "default_pair.h"

static void a_ping_is_answered_and_reported_in_any_state(void **state) /* R262 R403 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_OK); /* idle */
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 1);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_stream_ping(stream_of(pair, i), pair->now), ZRTP_OK);
	}
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 2);
	assert_int_equal(told(pair, 1, ZRTP_EVENT_PONG), 1);
	pair_assert_secure(pair, 0);
	zrtp_stream_stop(stream_of(pair, 0));
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void a_ping_is_sent_once(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct pair_tap taps[] = { { .type = "Ping    ", .to = 1 },
				   { .type = "PingACK ", .to = 0, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(taps[0].seen, 1);
	assert_int_equal(taps[1].seen, 1);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 0);
	pair_free(pair);
}

/* The octets of a PingACK that say to whom it is. */
static void a_pingack_for_another_peer_is_dropped(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct pair_tap taps[] = { { .type = "PingACK ", .to = 0, .lose = PAIR_LOSE_ALL }, { .type = NULL } };
	uint8_t message[36];

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(taps[0].last.len - 16, sizeof(message));
	memcpy(message, taps[0].last.octets + 12, sizeof(message));
	for (size_t i = 24; i < sizeof(message); i++) {
		message[i] ^= 1;
		assert_int_equal(pair_inject(pair, 0, 0, message, sizeof(message)), ZRTP_DROPPED);
		message[i] ^= 1;
	}
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 0);
	assert_int_equal(pair_inject(pair, 0, 0, message, sizeof(message)), ZRTP_OK);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 1);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ping_is_answered_and_reported_in_any_state),
		cmocka_unit_test(a_ping_is_sent_once),
		cmocka_unit_test(a_pingack_for_another_peer_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
