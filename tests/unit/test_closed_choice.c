/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a leg through which nothing passes is let go: all facts in all
 * combinations, at and around every limit.
 */
#include "unit.h"

#include "decide/closed_choice.h"

enum { PASSES = 1, OVER = 2, ASKED = 4, BUSY = 8, ANSWERED = 16, ALL = 32 };

static const long long moments[] = {
	0,
	1,
	CLOSED_MIN - 1,
	CLOSED_MIN,
	CLOSED_ANSWERED_MIN - 1,
	CLOSED_ANSWERED_MIN,
	CLOSED_BUSY_MAX - 1,
	CLOSED_BUSY_MAX,
	1000000,
};
enum { MOMENTS = sizeof(moments) / sizeof(moments[0]) };

static enum closed_choice choose(unsigned bits, long long closed, long long answered)
{
	const struct closed_facts facts = {
		.passes = bits & PASSES ? 1 : 0,
		.over = bits & OVER ? 1 : 0,
		.asked = bits & ASKED ? 1 : 0,
		.busy = bits & BUSY ? 1 : 0,
		.answered = bits & ANSWERED ? 1 : 0,
		.closed_ms = closed,
		.answered_ms = answered,
	};

	return closed_choose(&facts);
}

/* Calls check() for everything there is. */
static void each(void (*check)(unsigned bits, long long closed, long long answered,
			       enum closed_choice choice))
{
	for (unsigned bits = 0; bits < ALL; bits++) {
		for (unsigned i = 0; i < MOMENTS; i++) {
			for (unsigned j = 0; j < MOMENTS; j++) {
				check(bits, moments[i], moments[j], choose(bits, moments[i], moments[j]));
			}
		}
	}
}

static void check_innocent(unsigned bits, long long closed, long long answered, enum closed_choice choice)
{
	(void)closed;
	(void)answered;
	assert_int_equal(choice == CLOSED_FORGET, (bits & (PASSES | OVER | ASKED)) != 0);
}

static void a_leg_is_forgotten_when_media_passes_or_the_caller_is_asked(void **state)
{
	(void)state;
	each(check_innocent);
}

static void check_refused(unsigned bits, long long closed, long long answered, enum closed_choice choice)
{
	if (choice == CLOSED_REFUSE) {
		assert_true(bits & ANSWERED);
		assert_true(answered >= CLOSED_ANSWERED_MIN);
		assert_true(closed >= CLOSED_MIN);
		assert_true(!(bits & BUSY) || closed >= CLOSED_BUSY_MAX);
	}
}

static void what_rings_or_was_just_answered_or_is_busy_is_not_refused(void **state)
{
	(void)state;
	each(check_refused);
}

static void check_end(unsigned bits, long long closed, long long answered, enum closed_choice choice)
{
	if (!(bits & (PASSES | OVER | ASKED)) && (bits & ANSWERED) && closed >= CLOSED_BUSY_MAX &&
	    answered >= CLOSED_ANSWERED_MIN) {
		assert_int_equal(choice, CLOSED_REFUSE);
	}
}

static void no_exchange_keeps_dead_air_without_end(void **state)
{
	(void)state;
	each(check_end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leg_is_forgotten_when_media_passes_or_the_caller_is_asked),
		cmocka_unit_test(what_rings_or_was_just_answered_or_is_busy_is_not_refused),
		cmocka_unit_test(no_exchange_keeps_dead_air_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
