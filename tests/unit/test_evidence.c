/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What counts as evidence that a peer speaks ZRTP, and what follows from it:
 * all facts in all combinations.
 */
#include "unit.h"

#include "decide/evidence.h"

/* A bit for each fact. */
enum { HELLO = 1, SIGNALLED = 2, LEG_SIGNALLED = 4, PROVED = 8, LEG_KEYED = 16, ALL = 32 };

static enum evidence judge(unsigned bits)
{
	const struct evidence_facts facts = {
		.hello = bits & HELLO ? 1 : 0,
		.signalled = bits & SIGNALLED ? 1 : 0,
		.leg_signalled = bits & LEG_SIGNALLED ? 1 : 0,
		.proved = bits & PROVED ? 1 : 0,
		.leg_keyed = bits & LEG_KEYED ? 1 : 0,
	};

	return evidence_judge(&facts);
}

static void a_hello_alone_is_no_evidence(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < ALL; bits++) {
		bool more = bits & ~(unsigned)HELLO;

		assert_int_equal(!!evidence_speaks_zrtp(judge(bits)), more);
	}
}

/* An attacker who adds a Hello to any call changes nothing but whether there is an alert. */
static void a_hello_closes_nothing(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < ALL; bits++) {
		for (unsigned way = 0; way < 4; way++) {
			enum evidence_end without =
				evidence_end(judge(bits & ~(unsigned)HELLO), way & 1, way & 2);
			enum evidence_end with = evidence_end(judge(bits | HELLO), way & 1, way & 2);

			assert_int_equal(without == EVIDENCE_END_CLOSED, with == EVIDENCE_END_CLOSED);
			assert_int_equal(evidence_starts_closed(judge(bits & ~(unsigned)HELLO), way & 1),
					 evidence_starts_closed(judge(bits | HELLO), way & 1));
		}
	}
}

static void an_ordinary_end_is_that_of_a_phone_of_which_nothing_was_heard(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < ALL; bits++) {
		assert_int_equal(evidence_end(judge(bits), 0, 0) == EVIDENCE_END_CLEAR, bits == 0);
		assert_int_equal(evidence_end(judge(bits), 1, 0) == EVIDENCE_END_CLEAR, bits == 0);
	}
}

static void keys_close_whatever_the_administrator_lets_pass(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < ALL; bits++) {
		bool keyed = bits & (PROVED | LEG_KEYED), announced = bits & (SIGNALLED | LEG_SIGNALLED);

		assert_int_equal(evidence_end(judge(bits), 0, 0) == EVIDENCE_END_CLOSED, keyed || announced);
		assert_int_equal(evidence_end(judge(bits), 1, 0) == EVIDENCE_END_CLOSED, keyed);
		assert_int_equal(evidence_end(judge(bits), 0, 1), EVIDENCE_END_CLOSED);
		assert_int_equal(evidence_end(judge(bits), 1, 1), EVIDENCE_END_CLOSED);
	}
}

/* The first stream is in clear until its exchange begins, unless it had keys. */
static void streams_with_evidence_start_closed(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < ALL; bits++) {
		bool keyed = bits & (PROVED | LEG_KEYED), announced = bits & (SIGNALLED | LEG_SIGNALLED);

		assert_int_equal(!!evidence_starts_closed(judge(bits), 1), keyed || announced);
		assert_int_equal(!!evidence_starts_closed(judge(bits), 0), keyed);
	}
}

static void each_has_a_word_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(evidence_text(judge(0)), "none");
	assert_string_equal(evidence_text(judge(HELLO)), "hello");
	assert_string_equal(evidence_text(judge(HELLO | SIGNALLED)), "signalled");
	assert_string_equal(evidence_text(judge(LEG_SIGNALLED)), "signalled");
	assert_string_equal(evidence_text(judge(SIGNALLED | LEG_KEYED)), "keys");
	assert_string_equal(evidence_text(judge(PROVED)), "keys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_alone_is_no_evidence),
		cmocka_unit_test(a_hello_closes_nothing),
		cmocka_unit_test(an_ordinary_end_is_that_of_a_phone_of_which_nothing_was_heard),
		cmocka_unit_test(keys_close_whatever_the_administrator_lets_pass),
		cmocka_unit_test(streams_with_evidence_start_closed),
		cmocka_unit_test(each_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
