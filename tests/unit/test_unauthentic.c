/* SPDX-License-Identifier: BSD-2-Clause */
/* A secure stream that gets nothing but what its keys do not open: when is that told? */
#include "unit.h"

#include "decide/unauthentic.h"

enum { MS = 1000, S = 1000000 };

/* count bad packets, one each step; how often it was told. */
static unsigned bad(struct unauthentic *stream, uint64_t *now, unsigned count, uint64_t step)
{
	unsigned told = 0;

	while (count--) {
		*now += step;
		told += unauthentic_packet(stream, *now) ? 1 : 0;
	}
	return told;
}

static void nothing_else_for_some_seconds_is_logged_once(void **state)
{
	struct unauthentic stream = { .since = 0 };
	uint64_t now = 100 * (uint64_t)S;

	(void)state;
	assert_int_equal(bad(&stream, &now, 250, 20 * MS), 0);
	assert_false(stream.deaf);
	assert_int_equal(bad(&stream, &now, 1, 20 * MS), 1);
	assert_true(stream.deaf);
	assert_int_equal(bad(&stream, &now, 2500, 20 * MS), 0);
}

static void a_minute_later_it_is_logged_again(void **state)
{
	struct unauthentic stream = { .since = 0 };
	uint64_t now = S;

	(void)state;
	assert_int_equal(bad(&stream, &now, 50 * 600, 20 * MS), 10);
}

/* Whatever an attacker sends beside the phone, at whatever rate. */
static void forged_packets_beside_good_ones_are_not_logged(void **state)
{
	(void)state;
	for (unsigned between = 1; between < 5000; between *= 3) {
		struct unauthentic stream = { .since = 0 };
		uint64_t now = S;

		for (unsigned i = 0; i < 1000; i++) {
			assert_int_equal(bad(&stream, &now, between, 20 * MS / between + 1), 0);
			unauthentic_good(&stream);
			assert_int_equal(stream.packets, 0);
		}
		assert_false(stream.deaf);
	}
}

/* A flood is no longer than it lasts, a drip is no stream of packets. */
static void neither_a_burst_nor_a_drip_is_logged(void **state)
{
	struct unauthentic stream = { .since = 0 };
	uint64_t now = S;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(bad(&stream, &now, 10000, 100), 0);
		now += UNAUTHENTIC_PAUSE_USEC;
	}
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(bad(&stream, &now, 1, UNAUTHENTIC_PAUSE_USEC + 1), 0);
	}
	assert_false(stream.deaf);
}

/* Nor a few, which any host can spread over the time. */
static void a_few_forged_packets_are_not_logged(void **state)
{
	struct unauthentic stream = { .since = 0 };
	uint64_t now = S;

	(void)state;
	assert_true((UNAUTHENTIC_PACKETS - 2) * (uint64_t)UNAUTHENTIC_PAUSE_USEC > UNAUTHENTIC_USEC);
	assert_int_equal(bad(&stream, &now, UNAUTHENTIC_PACKETS - 1, UNAUTHENTIC_PAUSE_USEC), 0);
	assert_false(stream.deaf);
}

/* An attacker does not fill a log: on and off for an hour, with good packets in between. */
static void there_is_a_word_a_minute_at_most(void **state)
{
	struct unauthentic stream = { .since = 0 };
	uint64_t now = S;
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		told += bad(&stream, &now, 300, 20 * MS);
		unauthentic_good(&stream);
	}
	assert_in_range(told, 1, 60);
}

static void one_good_packet_and_it_hears_again(void **state)
{
	struct unauthentic stream = { .since = 0 };
	uint64_t now = S;

	(void)state;
	(void)bad(&stream, &now, 300, 20 * MS);
	assert_true(stream.deaf && !stream.heard);
	unauthentic_good(&stream);
	assert_true(!stream.deaf && stream.heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_else_for_some_seconds_is_logged_once),
		cmocka_unit_test(a_minute_later_it_is_logged_again),
		cmocka_unit_test(forged_packets_beside_good_ones_are_not_logged),
		cmocka_unit_test(neither_a_burst_nor_a_drip_is_logged),
		cmocka_unit_test(a_few_forged_packets_are_not_logged),
		cmocka_unit_test(there_is_a_word_a_minute_at_most),
		cmocka_unit_test(one_good_packet_and_it_hears_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
