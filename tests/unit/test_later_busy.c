/* SPDX-License-Identifier: BSD-2-Clause */
/* A cache that answers later (4.3), and has so much to do that it asks for more time. */
#include "later.h"

enum { SECOND = 1000000 };

/* Three times as long again, at most. */
static void a_busy_cache_that_asks_for_it_has_six_seconds(void **state)
{
	static const uint64_t delays[] = { 1700 * MS, 3100 * MS, 5900 * MS, 20 * SECOND };

	(void)state;
	for (unsigned run = 0; run < 2 * sizeof(delays) / sizeof(*delays); run++) {
		struct pair_config config;
		struct pair *pair;
		uint64_t delay = delays[run / 2], asked_at;
		bool never = delay > 4 * WAIT;
		struct later later;

		later_roles(&config, run & 1);
		pair = pair_secured(&config);
		later_begin(&later, pair, BOB);
		later.hand = ZRTP_CACHE_PENDING;
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		asked_at = later.asked_at;
		pair_run(pair, asked_at + (never ? 4 * WAIT - 1 : delay));
		assert_false(pair_session_info(pair, BOB).has_peer_zid);
		assert_int_equal(later.at_once, never ? 3 : delay / WAIT);
		if (!never) {
			later_answer(&later);
		}
		assert_true(pair_run_until_secure(pair, 0, asked_at + 8 * SECOND));
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair_session_info(pair, BOB).rs_matched, !never);
		assert_int_equal(pair_session_info(pair, BOB).cache_unavailable, never);
		assert_int_equal(later.asked, 1);
		assert_int_equal(later.at_once, never ? 4 : delay / WAIT);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_busy_cache_that_asks_for_it_has_six_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
