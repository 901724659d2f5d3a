/* SPDX-License-Identifier: BSD-2-Clause */
/* How many calls have begun and are not over: never too few, and those that failed not for ever. */
#include "unit.h"

#include "decide/under_way.h"

enum { SECOND = 1000000, START = 7, CALLS = 400 };

static void calls_that_end_are_not_under_way(void **state)
{
	struct under_way calls = { 0 };

	(void)state;
	assert_int_equal(under_way_count(&calls, START), 0);
	for (unsigned i = 1; i <= CALLS; i++) {
		under_way_begins(&calls, START);
		assert_int_equal(under_way_count(&calls, START), i);
	}
	for (unsigned i = CALLS; i-- > 0;) {
		under_way_ends(&calls, START);
		assert_int_equal(under_way_count(&calls, START), i);
	}
	under_way_ends(&calls, START); /* one that was not counted */
	assert_int_equal(under_way_count(&calls, START), 0);
	under_way_begins(&calls, START);
	assert_int_equal(under_way_count(&calls, START), 1);
}

static void a_call_that_fails_counts_for_forty_to_eighty_seconds(void **state)
{
	(void)state;
	for (uint64_t begins = START; begins < START + 200 * SECOND; begins += SECOND / 2) {
		for (uint64_t age = 0; age < 100 * SECOND; age += SECOND / 2) {
			struct under_way calls = { 0 };

			under_way_begins(&calls, START); /* another one, over long ago or just now */
			under_way_ends(&calls, START);
			under_way_begins(&calls, begins);
			if (age < 40 * SECOND) {
				assert_int_equal(under_way_count(&calls, begins + age), 1);
			} else if (age >= 80 * SECOND) {
				assert_int_equal(under_way_count(&calls, begins + age), 0);
			}
		}
	}
}

static unsigned below(unsigned limit)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(state >> 33) % limit;
}

/* Calls of random length that all end within forty seconds, seen at random moments. */
static void no_call_under_way_is_missed(void **state)
{
	struct under_way calls = { 0 };
	uint64_t ends[CALLS] = { 0 }, now = START;
	unsigned open = 0;

	(void)state;
	for (unsigned step = 0; step < 200000; step++) {
		unsigned i = below(CALLS);

		now += below(SECOND / 5);
		if (!ends[i]) {
			ends[i] = now + 1U + (below(8) ? below(39 * SECOND) : 0);
			under_way_begins(&calls, now);
			open++;
		}
		for (unsigned j = 0; j < CALLS; j++) {
			if (ends[j] && ends[j] <= now) {
				ends[j] = 0;
				under_way_ends(&calls, now);
				open--;
			}
		}
		assert_true(under_way_count(&calls, now) >= open);
	}
}

static void calls_with_freeswitch_do_not_wait_for_each_other(void **state)
{
	(void)state;
	assert_false(under_way_counts("FreeSWITCH"));
	assert_false(under_way_counts("FreeSWITCH      ")); /* as it is padded */
	assert_true(under_way_counts("FreeSWITC"));
	assert_true(under_way_counts("Asterisk ZRTP"));
	assert_true(under_way_counts(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_that_end_are_not_under_way),
		cmocka_unit_test(a_call_that_fails_counts_for_forty_to_eighty_seconds),
		cmocka_unit_test(no_call_under_way_is_missed),
		cmocka_unit_test(calls_with_freeswitch_do_not_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
