/* SPDX-License-Identifier: BSD-2-Clause */
/* The P flag of Hello (5.2). */
#include "default_pair.h"

static struct pair *both_passive(void)
{
	struct pair_config config = defaults();

	config.policy[0].passive = config.policy[1].passive = true;
	return pair_started(&config);
}

static void a_passive_side_says_so_in_its_hello(void **state) /* R320 */
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[0].passive = passive;
		pair = pair_started(&config);
		assert_true(pair->queue[0].to == 1 && pair_is(&pair->queue[0], "Hello   "));
		assert_int_equal(pair->queue[0].octets[12 + 76] >> 4 & 1, passive);
		pair_free(pair);
	}
}

static void assert_both_clear(const struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];

		assert_int_equal(log->clear, 1);
		assert_int_equal(log->clear_reason, ZRTP_CLEAR_PASSIVE);
		assert_int_equal(log->error, 0);
		assert_int_equal(log->secure, 0);
	}
}

static void two_passive_sides_stay_in_clear(void **state) /* R320 */
{
	struct pair *pair = both_passive();

	(void)state;
	pair_run(pair, pair->now + 60 * SECOND);
	assert_both_clear(pair);
	pair_free(pair);
}

/* A HelloACK is lost: the Hello that comes again makes no failure of it. */
static void two_passive_sides_stay_in_clear_when_a_helloack_is_lost(void **state)
{
	(void)state;
	for (unsigned to = 0; to < 2; to++) {
		struct pair *pair = both_passive();
		struct pair_tap taps[] = { { .type = "HelloACK", .to = to, .lose = 2 }, { .type = NULL } };

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_run(pair, pair->now + 60 * SECOND);
		assert_true(taps[0].seen >= 3);
		assert_both_clear(pair);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_passive_side_says_so_in_its_hello),
		cmocka_unit_test(two_passive_sides_stay_in_clear),
		cmocka_unit_test(two_passive_sides_stay_in_clear_when_a_helloack_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
