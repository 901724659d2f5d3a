/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a call that is not passed through: every combination of facts. */
#include "unit.h"

#include <string.h>

#include "decide/unjoined.h"

enum {
	PARTNERS = UNJOINED_JOINED + 1,
	WISHES = NO_PASSTHROUGH_ENDPOINT + 1,
	COMBINATIONS = 64 * PARTNERS * WISHES
};

static const int64_t moments[] = { 0, 499, 500, 1199, 1200, 3999, 4000, 4999, 5000, 1000000 };

#define MOMENTS (sizeof(moments) / sizeof(*moments))

static struct unjoined_facts combination(unsigned number, int64_t ms)
{
	struct unjoined_facts facts = {
		.up = number & 1,
		.speaks = number >> 1 & 1,
		.partner_speaks = number >> 2 & 1,
		.codes = number >> 3 & 1,
		.wanted = number >> 4 & 1,
		.differs = number >> 5 & 1,
		.partner = (enum unjoined_partner)(number / 64 % PARTNERS),
		.wish = (enum no_passthrough)(number / 64 / PARTNERS),
		.ms = ms,
	};

	return facts;
}

static void each(void (*check)(const struct unjoined_facts *facts, struct unjoined_choice choice))
{
	for (unsigned number = 0; number < COMBINATIONS; number++) {
		for (unsigned moment = 0; moment < MOMENTS; moment++) {
			struct unjoined_facts facts = combination(number, moments[moment]);

			check(&facts, unjoined_choose(&facts));
		}
	}
}

static bool could(const struct unjoined_facts *facts)
{
	return facts->speaks && facts->partner_speaks &&
	       (facts->partner == UNJOINED_ENDPOINT || facts->partner == UNJOINED_WAITING ||
		facts->partner == UNJOINED_JOINED);
}

static void decided(const struct unjoined_facts *facts, struct unjoined_choice choice)
{
	/* Every answered call is decided in five seconds, none before it is answered. */
	if (facts->up && facts->ms >= 5000) {
		assert_int_not_equal(choice.step, UNJOINED_WAIT);
	}
	if (!facts->up) {
		assert_int_equal(choice.step, UNJOINED_WAIT);
	}
	/* A reason with each decision, and none before. */
	assert_int_equal(choice.step == UNJOINED_WAIT, choice.reason == UNJOINED_UNDECIDED);
	if (choice.step == UNJOINED_WAIT) {
		assert_false(choice.warn);
	}
}

static void every_call_is_decided_with_a_reason(void **state)
{
	(void)state;
	each(decided);
}

static void plain(const struct unjoined_facts *facts, struct unjoined_choice choice)
{
	if (!facts->speaks) {
		assert_true(choice.step == UNJOINED_WAIT || choice.step == UNJOINED_TELL);
		assert_false(choice.warn);
	}
	if (!facts->partner_speaks) {
		assert_int_not_equal(choice.step, UNJOINED_HANG_UP);
		assert_false(choice.warn);
	}
}

static void a_phone_without_zrtp_is_never_refused_nor_warned_of(void **state)
{
	(void)state;
	each(plain);
}

static void warned(const struct unjoined_facts *facts, struct unjoined_choice choice)
{
	if (choice.step != UNJOINED_WAIT) {
		assert_int_equal(choice.warn, could(facts));
	}
}

static void a_warning_is_for_calls_where_both_could(void **state)
{
	(void)state;
	each(warned);
}

static void wished(const struct unjoined_facts *facts, struct unjoined_choice choice)
{
	if (facts->wish == NO_PASSTHROUGH_CLEAR) {
		assert_true(choice.step == UNJOINED_WAIT || choice.step == UNJOINED_TELL);
	}
	if (choice.step == UNJOINED_HANG_UP) {
		assert_int_equal(facts->wish, NO_PASSTHROUGH_HANGUP);
		assert_true(could(facts));
	}
	if (facts->wish == NO_PASSTHROUGH_HANGUP && could(facts)) {
		assert_int_not_equal(choice.step, UNJOINED_TELL);
	}
	if (choice.step == UNJOINED_BECOME_END) {
		assert_int_equal(facts->wish, NO_PASSTHROUGH_ENDPOINT);
		assert_true(facts->speaks);
		assert_int_not_equal(facts->partner, UNJOINED_JOINED);
	}
	if (facts->wish == NO_PASSTHROUGH_ENDPOINT && facts->speaks && facts->partner != UNJOINED_JOINED) {
		assert_int_not_equal(choice.step, UNJOINED_TELL);
	}
}

static void the_policy_says_what_happens(void **state)
{
	(void)state;
	each(wished);
}

static void in_time(const struct unjoined_facts *facts, struct unjoined_choice choice)
{
	if (facts->partner == UNJOINED_JOINED && facts->ms < 5000) {
		assert_int_equal(choice.step, UNJOINED_WAIT);
	}
	/* A phone says Hello for four seconds. */
	if (facts->up && facts->wish == NO_PASSTHROUGH_ENDPOINT && facts->speaks && facts->ms >= 1200 &&
	    facts->partner != UNJOINED_JOINED) {
		assert_int_equal(choice.step, UNJOINED_BECOME_END);
	}
	if (facts->partner == UNJOINED_WAITING && facts->ms < 1200) {
		assert_int_equal(choice.step, UNJOINED_WAIT);
	}
	/* A Hello may be late. */
	if (!facts->speaks && facts->ms < 4000) {
		assert_int_equal(choice.step, UNJOINED_WAIT);
	}
}

static void each_has_its_time(void **state)
{
	(void)state;
	each(in_time);
}

static enum unjoined_reason reason(struct unjoined_facts facts)
{
	facts.up = 1;
	facts.ms = 5000;
	return unjoined_choose(&facts).reason;
}

static void the_reason_is_the_first_obstacle(void **state)
{
	const struct unjoined_facts both = { .speaks = 1, .partner_speaks = 1, .partner = UNJOINED_WAITING };
	struct unjoined_facts facts = both;

	(void)state;
	assert_int_equal(reason(facts), UNJOINED_BRIDGE);
	facts.differs = 1;
	assert_int_equal(reason(facts), UNJOINED_CODECS);
	facts.wanted = 1;
	assert_int_equal(reason(facts), UNJOINED_LISTENER);
	facts.codes = 1;
	assert_int_equal(reason(facts), UNJOINED_CODES);
	facts.partner_speaks = 0;
	assert_int_equal(reason(facts), UNJOINED_PARTNER);
	facts.speaks = 0;
	assert_int_equal(reason(facts), UNJOINED_PHONE);
	facts = both;
	facts.partner = UNJOINED_NOBODY;
	assert_int_equal(reason(facts), UNJOINED_ALONE);
	facts.partner = UNJOINED_FOREIGN;
	assert_int_equal(reason(facts), UNJOINED_CHANNEL);
	facts.partner = UNJOINED_ENDPOINT;
	assert_int_equal(reason(facts), UNJOINED_POLICY);
	facts.partner = UNJOINED_JOINED;
	assert_int_equal(reason(facts), UNJOINED_KEYS);
}

static void each_reason_has_texts_of_its_own(void **state)
{
	(void)state;
	for (int i = UNJOINED_UNDECIDED + 1; i < UNJOINED_REASONS; i++) {
		assert_true(unjoined_reason_text((enum unjoined_reason)i)[0]);
		assert_true(unjoined_why((enum unjoined_reason)i)[0]);
		assert_non_null(unjoined_remedy((enum unjoined_reason)i));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(unjoined_reason_text((enum unjoined_reason)i),
						unjoined_reason_text((enum unjoined_reason)j));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_decided_with_a_reason),
		cmocka_unit_test(a_phone_without_zrtp_is_never_refused_nor_warned_of),
		cmocka_unit_test(a_warning_is_for_calls_where_both_could),
		cmocka_unit_test(the_policy_says_what_happens),
		cmocka_unit_test(each_has_its_time),
		cmocka_unit_test(the_reason_is_the_first_obstacle),
		cmocka_unit_test(each_reason_has_texts_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
