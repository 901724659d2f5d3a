/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sequence numbers the core gets: those of a phone as they are, and never one that is behind a
 * stranger's. */
#include "unit.h"

#include "decide/rtp_number.h"

enum { CLEAR = 2, SECURE = 5, PHONE = 0x1111, OTHER = 0x2222, ALL = 65536 };

static uint16_t next(struct rtp_number *stream, unsigned state, uint32_t ssrc, unsigned number)
{
	const struct rtp_mark mark = { .ssrc = ssrc, .number = (uint16_t)number };

	return rtp_number_next(stream, state, &mark);
}

/* How far a number is behind another, as a translator of the core counts; 0: it is not. */
static unsigned behind(uint16_t number, uint16_t latest)
{
	int16_t ahead = (int16_t)(uint16_t)(number - latest);

	return ahead > 0 ? 0 : 1 + (unsigned)-ahead;
}

static void a_phone_keeps_its_numbers_through_gaps_and_keys(void **state)
{
	static const unsigned gaps[] = { 1, 2, 50, 600, RTP_NUMBER_GAP };
	struct rtp_number stream = { .state = 0 };
	unsigned number = 65000;

	(void)state;
	for (unsigned i = 0; i < 2 * ALL; i++) {
		number += i % 1000 ? 1 : gaps[i / 1000 % 5];
		assert_int_equal(next(&stream, i / 20000 % 2 ? SECURE : CLEAR, PHONE, number), number % ALL);
	}
}

static void packets_of_a_phone_that_come_late_or_twice_stay_so(void **state)
{
	struct rtp_number stream = { .state = 0 };

	(void)state;
	assert_int_equal(next(&stream, SECURE, PHONE, 10), 10);
	assert_int_equal(next(&stream, SECURE, PHONE, 13), 13);
	assert_int_equal(next(&stream, SECURE, PHONE, 11), 11);
	assert_int_equal(next(&stream, SECURE, PHONE, 13), 13);
	assert_int_equal(next(&stream, SECURE, PHONE, 14), 14);
	assert_int_equal(next(&stream, SECURE, PHONE, 65530), 65530);
	/* What came late is not the latest: another state goes on from the furthest. */
	assert_int_equal(next(&stream, CLEAR, PHONE, 13), 15);
}

/* Whatever number came in clear, with whatever SSRC: the first secure packet is ahead, and all after it. */
static void nothing_that_came_in_clear_is_ahead_of_the_secure_call(void **state)
{
	(void)state;
	for (unsigned forged = 0; forged < ALL; forged += 7) {
		for (unsigned other = 0; other < 2; other++) {
			struct rtp_number stream = { .state = 0 };
			uint16_t latest = next(&stream, CLEAR, PHONE, 1000), number;

			number = next(&stream, CLEAR, other ? OTHER : PHONE, forged);
			latest = behind(number, latest) ? latest : number;
			for (unsigned i = 0; i < 5; i++) {
				number = next(&stream, SECURE, PHONE, 1001 + i);
				assert_int_equal(behind(number, latest), 0);
				assert_true((uint16_t)(number - latest) <= RTP_NUMBER_GAP);
				latest = number;
			}
		}
	}
}

/* What was secure does not silence what follows GoClear either, and new keys or another SSRC begin again. */
static void each_change_goes_on(void **state)
{
	static const struct {
		unsigned state, ssrc;
	} epochs[] = { { CLEAR, PHONE },
		       { SECURE, PHONE },
		       { SECURE + 2, PHONE },
		       { SECURE + 2, OTHER },
		       { CLEAR + 8, OTHER } };

	(void)state;
	for (unsigned start = 0; start < ALL; start += 97) {
		struct rtp_number stream = { .state = 0 };
		uint16_t latest = next(&stream, 1, PHONE, 30000);

		for (unsigned i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++) {
			uint16_t number = next(&stream, epochs[i].state, epochs[i].ssrc, start * (i + 3));

			assert_int_equal(behind(number, latest), 0);
			latest = number;
		}
	}
}

/* A jump within one state is no gap of so many packets, which the core would fill. */
static void a_jump_is_no_gap(void **state)
{
	(void)state;
	for (unsigned jump = RTP_NUMBER_GAP + 1; jump < ALL - RTP_NUMBER_GAP; jump++) {
		struct rtp_number stream = { .state = 0 };

		assert_int_equal(next(&stream, CLEAR, PHONE, 500), 500);
		assert_int_equal(next(&stream, CLEAR, PHONE, 500 + jump), 501);
		assert_int_equal(next(&stream, CLEAR, PHONE, 501 + jump), 502);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_keeps_its_numbers_through_gaps_and_keys),
		cmocka_unit_test(packets_of_a_phone_that_come_late_or_twice_stay_so),
		cmocka_unit_test(nothing_that_came_in_clear_is_ahead_of_the_secure_call),
		cmocka_unit_test(each_change_goes_on),
		cmocka_unit_test(a_jump_is_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
