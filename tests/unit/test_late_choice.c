/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of an exchange that came late, in a call that is clear: the phone's, or of
 * an attacker who sends SRTP in its name. */
#include "unit.h"

#include "decide/late_choice.h"

enum { MS = 1000, STEP = 20 * MS, START = 5000 * MS };

/* From began on SRTP comes every sealed ms, and beside it clear RTP every clear ms,
 * 0: none. When does it take over, in ms? 0: not within ten seconds. */
static unsigned takes_over(unsigned sealed, unsigned clear, uint64_t clear_at)
{
	struct late_choice choice = { 0 };

	for (unsigned ms = 0; ms < 10000; ms++) {
		uint64_t now = START + (uint64_t)ms * MS;

		if (clear && ms % clear == clear / 2) {
			clear_at = now;
		}
		if (ms % sealed == 0 && late_choice_waits(&choice, now, clear_at)) {
			return ms;
		}
	}
	return 0;
}

static void an_honest_phone_takes_over_after_two_seconds(void **state)
{
	(void)state;
	/* It was clear until just now, or was never heard. */
	assert_int_equal(takes_over(20, 0, START - STEP), 2000);
	assert_int_equal(takes_over(10, 0, START - STEP), 2000);
	assert_int_equal(takes_over(60, 0, 0), 2040);
	/* In a silence. */
	assert_in_range(takes_over(400, 0, START - STEP), 2000, 5000);
}

static void srtp_beside_the_phones_clear_rtp_takes_nothing_over(void **state)
{
	(void)state;
	for (unsigned clear = 10; clear < 1900; clear += 10) { /* speech, and the silences of DTX */
		assert_int_equal(takes_over(20, clear, START - STEP), 0);
		assert_int_equal(takes_over(1, clear, START - STEP), 0);
	}
}

static void a_few_packets_take_nothing_over(void **state)
{
	struct late_choice choice = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++) { /* at once */
		assert_false(late_choice_waits(&choice, START, 0));
	}
	choice = (struct late_choice){ 0 };
	for (unsigned i = 0; i < 100; i++) { /* now and then */
		assert_false(late_choice_waits(&choice, START + i * 1100ULL * MS, 0));
	}
	choice = (struct late_choice){ 0 };
	for (unsigned i = 0; i < 9; i++) {
		assert_false(late_choice_waits(&choice, START + i * 900ULL * MS, 0));
	}
}

/* After it was taken over, and SRTP came for so long. */
static struct late_choice taken(unsigned ms)
{
	struct late_choice choice = { .since = 1, .last = 2, .packets = 3 };

	late_choice_taken(&choice, START);
	for (unsigned i = 20; i <= ms; i += 20) {
		late_choice_sealed(&choice, START + (uint64_t)i * MS);
	}
	return choice;
}

static bool clear_again(struct late_choice *choice, uint64_t began, unsigned ms, unsigned sealed)
{
	for (unsigned i = 0; i <= ms; i += 20) {
		if (sealed && i % sealed == 0) {
			late_choice_sealed(choice, began + (uint64_t)i * MS);
		}
		if (late_choice_clear(choice, began + (uint64_t)i * MS)) {
			return true;
		}
	}
	return false;
}

static void a_held_phone_has_its_call_back(void **state)
{
	struct late_choice choice = taken(3000);

	(void)state;
	assert_true(clear_again(&choice, START + 4000ULL * MS, 1000, 0));
	choice = taken(3000); /* however long it was held */
	assert_true(clear_again(&choice, START + 3600000ULL * MS, 1000, 0));
}

/* Of any host, which has time enough. */
static void a_few_clear_packets_give_nothing_back(void **state)
{
	struct late_choice choice = taken(3000);

	(void)state;
	for (unsigned i = 0; i < LATE_BACK_PACKETS - 1; i++) {
		assert_false(
			late_choice_clear(&choice, START + 4000ULL * MS + i * (uint64_t)LATE_PAUSE_USEC));
	}
	assert_true(LATE_BACK_PACKETS > 2 && (LATE_BACK_PACKETS - 2) * LATE_PAUSE_USEC > LATE_BACK_USEC);
}

static void a_phone_that_sends_srtp_keeps_it(void **state)
{
	struct late_choice choice = taken(3000);

	(void)state;
	assert_false(clear_again(&choice, START + 4000ULL * MS, 900, 0)); /* not for so little */
	choice = taken(3000);
	assert_false(clear_again(&choice, START + 4000ULL * MS, 20000, 400));
	choice = taken(31000); /* nor when it has talked for a while */
	assert_false(clear_again(&choice, START + 60000ULL * MS, 20000, 0));
	choice = (struct late_choice){ 0 }; /* nor in a call that was secure from its beginning */
	assert_false(clear_again(&choice, START, 20000, 0));
}

static void pauses_are_no_time_of_srtp(void **state)
{
	struct late_choice choice = taken(0);

	(void)state;
	for (unsigned i = 1; i < 100; i++) { /* one packet in ten seconds */
		late_choice_sealed(&choice, START + i * 10000ULL * MS);
	}
	assert_true(clear_again(&choice, START + 2000000ULL * MS, 1000, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_phone_takes_over_after_two_seconds),
		cmocka_unit_test(srtp_beside_the_phones_clear_rtp_takes_nothing_over),
		cmocka_unit_test(a_few_packets_take_nothing_over),
		cmocka_unit_test(a_held_phone_has_its_call_back),
		cmocka_unit_test(a_few_clear_packets_give_nothing_back),
		cmocka_unit_test(a_phone_that_sends_srtp_keeps_it),
		cmocka_unit_test(pauses_are_no_time_of_srtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
