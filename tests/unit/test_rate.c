/* SPDX-License-Identifier: BSD-2-Clause */
/* How many ZRTP datagrams of a stream are looked at, in time. */
#include "unit.h"

#include "decide/rate.h"

enum { SECOND = 1000000 };

static unsigned passed(struct rate *rate, uint64_t *now, unsigned count, uint64_t apart)
{
	unsigned passes = 0;

	for (unsigned i = 0; i < count; i++) {
		passes += rate_pass(rate, *now) ? 1 : 0;
		*now += apart;
	}
	return passes;
}

/* A flood: the burst, and then so many in a second, however many come. */
static void a_flood_gets_its_share_and_no_more(void **state)
{
	static const unsigned rates[] = { 51, 100, 1000, 30000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct rate rate = { 0 };
		uint64_t now = 12345;
		unsigned expected = RATE_BURST + 20 * (SECOND / RATE_USEC);
		unsigned found = passed(&rate, &now, 20 * rates[i], SECOND / rates[i]);

		assert_true(found <= expected + 1);
		assert_true(found + 1 >= (expected < 20 * rates[i] ? expected : 20 * rates[i]) - 20);
	}
}

/* What phones send: their Hellos, again and again, and an exchange in between. */
static void a_phone_is_never_kept_waiting(void **state)
{
	struct rate rate = { 0 };
	uint64_t now = 1;

	(void)state;
	for (unsigned call = 0; call < 50; call++) {
		assert_int_equal(passed(&rate, &now, 62, 50000), 62);
		assert_int_equal(passed(&rate, &now, 20, 1000), 20);
		now += SECOND;
	}
}

/* Time that stands still or goes back gives nothing, and nothing away. */
static void time_gives_no_more_than_it_is(void **state)
{
	struct rate rate = { 0 };
	uint64_t now = SECOND;

	(void)state;
	assert_int_equal(passed(&rate, &now, 500, 0), RATE_BURST);
	now = 1;
	assert_int_equal(passed(&rate, &now, 500, 0), 0);
	now = SECOND + RATE_USEC;
	assert_int_equal(passed(&rate, &now, 500, 0), 1);
	now += 3600ULL * SECOND;
	assert_int_equal(passed(&rate, &now, 500, 0), RATE_BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_gets_its_share_and_no_more),
		cmocka_unit_test(a_phone_is_never_kept_waiting),
		cmocka_unit_test(time_gives_no_more_than_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
