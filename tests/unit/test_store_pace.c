/* SPDX-License-Identifier: BSD-2-Clause */
/* A store that hangs or is slow is late at once, and not late again and again. */
#include "unit.h"

#include "decide/store_pace.h"

enum { MS = 1000, START = 5000 * MS };

/* What a job may do. */
enum outcome { QUICK, ALMOST, LONG, HANGS, FAILS, OUTCOMES };

static const struct {
	uint64_t takes;
	int worked;
} jobs[OUTCOMES] = {
	[QUICK] = { 3 * MS, 1 },         [ALMOST] = { PACE_QUICK_USEC - 1, 1 },
	[LONG] = { PACE_QUICK_USEC, 1 }, [HANGS] = { PACE_LATE_USEC, 1 },
	[FAILS] = { 3 * MS, 0 },
};

static enum pace do_job(struct store_pace *pace, uint64_t *now, enum outcome outcome)
{
	pace_begins(pace, *now);
	*now += jobs[outcome].takes;
	(void)pace_look(pace, *now, 0);
	pace_ends(pace, *now, jobs[outcome].worked);
	return pace->late;
}

static void a_job_is_late_after_two_seconds_and_not_before(void **state)
{
	struct store_pace pace = { 0 };

	(void)state;
	assert_int_equal(pace_look(&pace, START, 0), PACE_GOOD); /* nothing runs */
	pace_begins(&pace, START);
	for (uint64_t ms = 0; ms < 2000; ms++) {
		assert_int_equal(pace_look(&pace, START + ms * MS, 0), PACE_GOOD);
	}
	assert_int_equal(pace_look(&pace, START + 2000 * MS, 0), PACE_HANGS);
	/* However long. */
	assert_int_equal(pace_look(&pace, START + 86400ULL * 1000 * MS, 0), PACE_HANGS);
}

static void a_load_that_waits_two_seconds_for_its_turn_is_late(void **state)
{
	struct store_pace pace = { 0 };
	uint64_t now = START;

	(void)state;
	for (unsigned i = 0; i < 10; i++) { /* each job 1 s, one more in the queue each time */
		pace_begins(&pace, now);
		now += 1000 * MS;
		assert_int_equal(pace_look(&pace, now, START), i ? PACE_SLOW : PACE_GOOD);
		pace_ends(&pace, now, 1);
	}
	/* What then hangs is said to. */
	pace_begins(&pace, now);
	assert_int_equal(pace_look(&pace, now + PACE_LATE_USEC, 0), PACE_HANGS);
}

/* Many calls at once, each a quick job: a load waits for as long as its call, unless one is slow then. */
static void behind_quick_jobs_a_load_may_wait_six_seconds(void **state)
{
	struct store_pace pace = { 0 }, slow, hangs;
	uint64_t now = START;

	(void)state;
	while (now < START + PACE_BUSY_USEC - 10 * MS) {
		pace_begins(&pace, now);
		now += 10 * MS;
		pace_ends(&pace, now, 1);
		assert_int_equal(pace_look(&pace, now, START), PACE_GOOD);
	}
	slow = hangs = pace;
	assert_int_equal(pace_look(&pace, START + PACE_BUSY_USEC, START), PACE_SLOW);
	/* Once it is late, none waits longer than behind slow ones. */
	pace_begins(&pace, now);
	pace_ends(&pace, now + 10 * MS, 1);
	assert_int_equal(pace_look(&pace, now, now - PACE_LATE_USEC), PACE_SLOW);
	pace_begins(&slow, now);
	assert_int_equal(pace_look(&slow, now + PACE_QUICK_USEC - 1, now - PACE_LATE_USEC), PACE_GOOD);
	assert_int_equal(pace_look(&slow, now + PACE_QUICK_USEC, now - PACE_LATE_USEC), PACE_SLOW);
	pace_begins(&hangs, now);
	pace_ends(&hangs, now + 10 * MS, 0); /* it has failed */
	assert_int_equal(pace_look(&hangs, now + 10 * MS, now - PACE_LATE_USEC), PACE_SLOW);
}

static void jobs_that_no_call_waits_for_may_take_a_second_each(void **state)
{
	struct store_pace pace = { 0 };
	uint64_t now = START;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		pace_begins(&pace, now);
		now += 1999 * MS;
		assert_int_equal(pace_look(&pace, now, now - 1999 * MS), PACE_GOOD);
		pace_ends(&pace, now, 1);
	}
}

/* All sequences of eight jobs: late from one that hangs until three quick ones in a row have worked. */
static void it_is_over_after_quick_jobs_in_a_row_alone(void **state)
{
	unsigned total = 1;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		total *= OUTCOMES;
	}
	for (unsigned code = 0; code < total; code++) {
		struct store_pace pace = { 0 };
		uint64_t now = START;
		unsigned rest = code, row = 0, times = 0;
		bool late = false;

		for (unsigned i = 0; i < 8 && times < 2; i++, rest /= OUTCOMES) {
			enum outcome outcome = rest % OUTCOMES;

			row = outcome == QUICK || outcome == ALMOST ? row + 1 : 0;
			times += !late && outcome == HANGS;
			late = outcome == HANGS || (late && row < PACE_QUICK_JOBS);
			if (times < 2) { /* the second time is another test */
				assert_int_equal(do_job(&pace, &now, outcome) != PACE_GOOD, late);
				assert_int_equal(pace_hurries(&pace), late && row);
			}
		}
	}
}

static void a_store_that_was_thawed_is_good_within_a_second(void **state)
{
	struct store_pace pace = { 0 };
	uint64_t now = START;

	(void)state;
	pace_begins(&pace, now);
	now += 30000 * MS;
	assert_int_equal(pace_look(&pace, now, 0), PACE_HANGS);
	pace_ends(&pace, now, 0); /* the job that hung has failed */
	for (unsigned i = 0; i < PACE_QUICK_JOBS; i++) {
		assert_int_equal(pace.late, PACE_HANGS);
		(void)do_job(&pace, &now, QUICK);
	}
	assert_int_equal(pace.late, PACE_GOOD);
}

static void a_store_that_is_slow_each_time_stays_late(void **state)
{
	struct store_pace pace = { .late = PACE_SLOW };
	uint64_t now = START;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(do_job(&pace, &now, LONG), PACE_SLOW);
		assert_int_equal(do_job(&pace, &now, QUICK), PACE_SLOW);
		assert_int_equal(do_job(&pace, &now, QUICK), PACE_SLOW);
		assert_false(pace_look(&pace, now, 0) == PACE_GOOD);
	}
}

/* After each freeze of length frozen it works for working, both in ms: how often is it late in an hour? */
static unsigned times_late(uint64_t frozen, uint64_t working)
{
	struct store_pace pace = { 0 };
	unsigned count = 0;

	for (uint64_t now = START, end = START + 3600000ULL * MS; now < end;) {
		enum pace before = pace.late;

		pace_begins(&pace, now);
		now += frozen * MS;
		count += pace_look(&pace, now, 0) != PACE_GOOD && before == PACE_GOOD;
		pace_ends(&pace, now, 1);
		for (uint64_t until = now + working * MS; now < until; now += 100 * MS) {
			(void)do_job(&pace, &now, QUICK);
		}
	}
	return count;
}

static void a_storm_of_freezes_is_late_seldom(void **state)
{
	(void)state;
	/* The quick jobs never last for long enough. */
	for (uint64_t working = 1000; working < 10000; working += 1000) {
		assert_in_range(times_late(2500, working), 1, 2);
	}
	/* They do: once each. */
	assert_in_range(times_late(2500, 12000), 200, 300);
	/* Seldom, each time is one. */
	assert_in_range(times_late(2500, 120000), 28, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_is_late_after_two_seconds_and_not_before),
		cmocka_unit_test(a_load_that_waits_two_seconds_for_its_turn_is_late),
		cmocka_unit_test(behind_quick_jobs_a_load_may_wait_six_seconds),
		cmocka_unit_test(jobs_that_no_call_waits_for_may_take_a_second_each),
		cmocka_unit_test(it_is_over_after_quick_jobs_in_a_row_alone),
		cmocka_unit_test(a_store_that_was_thawed_is_good_within_a_second),
		cmocka_unit_test(a_store_that_is_slow_each_time_stays_late),
		cmocka_unit_test(a_storm_of_freezes_is_late_seldom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
