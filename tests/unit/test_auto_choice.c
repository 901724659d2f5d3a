/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mode = auto before two phones have keys: all that may be known of them, at
 * each moment that makes a difference.
 */
#include "unit.h"

#include "decide/auto_choice.h"

enum {
	OWN_HELLO = 1,
	OWN_SDP = 2,
	FAR_HELLO = 4,
	FAR_SDP = 8,
	THERE = 16,
	RINGS = 32,
	WAITS = 64,
	PASSES = 128,
	APART = 256,
	FACTS = 512
};

static const int64_t moments[] = { 0, 499, 500, 1199, 1200, 2399, 2400, 100000 };
enum { MOMENTS = sizeof(moments) / sizeof(moments[0]) };

static struct auto_facts facts_of(unsigned bits, int64_t alone, int64_t together, int64_t asked)
{
	return (struct auto_facts){
		.own = { .hello = !!(bits & OWN_HELLO), .announced = !!(bits & OWN_SDP) },
		.far = { .hello = !!(bits & FAR_HELLO), .announced = !!(bits & FAR_SDP) },
		.there = !!(bits & THERE),
		.rings = !!(bits & RINGS),
		.waits = !!(bits & WAITS),
		.passes = !!(bits & PASSES),
		.apart = !!(bits & APART),
		.alone = alone,
		.together = together,
		.asked = asked,
	};
}

static void each(void (*check)(unsigned bits, const struct auto_facts *facts, struct auto_choice choice))
{
	for (unsigned bits = 0; bits < FACTS; bits++) {
		for (unsigned i = 0; i < MOMENTS; i++) {
			for (unsigned j = 0; j < MOMENTS; j++) {
				for (int asked = -1; asked < MOMENTS; asked++) {
					struct auto_facts facts = facts_of(bits, moments[i], moments[j],
									   asked < 0 ? -1 : moments[asked]);

					check(bits, &facts, auto_choose(&facts));
				}
			}
		}
	}
}

static void an_end_has_a_reason(unsigned bits, const struct auto_facts *facts, struct auto_choice choice)
{
	(void)bits;
	(void)facts;
	assert_int_equal(choice.step == AUTO_END, choice.reason != AUTO_UNDECIDED);
	assert_true(choice.reason < AUTO_REASONS);
	assert_true(strlen(auto_why(choice.reason)) > 0);
}

/* Announcements alone join no phones: nothing is encrypted without a Hello. */
static void hellos_join(unsigned bits, const struct auto_facts *facts, struct auto_choice choice)
{
	bool both = (bits & OWN_HELLO) && (bits & (FAR_HELLO | PASSES));

	if (choice.step == AUTO_ASK) {
		assert_true(both && (bits & WAITS) && !(bits & RINGS) && facts->asked < 0);
	}
	if ((bits & WAITS) && both && !(bits & RINGS) && facts->asked < 0) {
		assert_int_equal(choice.step, AUTO_ASK);
	}
}

/* A Hello goes only to a phone that announced ZRTP, has said none, and may be the partner. */
static void hellos_go_where_they_help(unsigned bits, const struct auto_facts *facts,
				      struct auto_choice choice)
{
	bool helps = (bits & WAITS) && (bits & OWN_HELLO) && (bits & FAR_SDP) &&
		     !(bits & (FAR_HELLO | RINGS | APART));
	bool now = facts->together >= 500 && facts->together < 2400 && facts->asked < 0;

	if (choice.step == AUTO_HAND_OVER) {
		assert_true(helps && now);
	}
	if (helps && now && !(bits & PASSES)) {
		assert_int_equal(choice.step, AUTO_HAND_OVER);
	}
}

/* Whatever is known, some time later it is decided. */
static void all_is_decided_in_time(unsigned bits, const struct auto_facts *facts, struct auto_choice choice)
{
	if (facts->alone >= 2400 && facts->together >= 2400 && facts->asked >= 500) {
		assert_int_equal(choice.step, AUTO_END);
	}
	if (!(bits & WAITS)) {
		assert_int_equal(choice.step, (bits & THERE) || facts->alone >= 500 ? AUTO_END : AUTO_WAIT);
	}
	if ((bits & WAITS) && facts->asked >= 0) {
		assert_int_equal(choice.step, facts->asked >= 500 ? AUTO_END : AUTO_WAIT);
	}
}

/* A phone that neither says Hello nor announces it costs the other one no more than before. */
static void who_announces_nothing_is_not_waited_for(unsigned bits, const struct auto_facts *facts,
						    struct auto_choice choice)
{
	bool own = bits & (OWN_HELLO | OWN_SDP), far = bits & (FAR_HELLO | FAR_SDP | PASSES);

	if ((bits & WAITS) && !(own && far) && facts->asked < 0) {
		assert_int_equal(choice.step == AUTO_END, facts->together >= 1200);
	}
}

static void reasons_are_true(unsigned bits, const struct auto_facts *facts, struct auto_choice choice)
{
	(void)facts;
	switch (choice.reason) {
	case AUTO_OWN_SILENT:
		assert_false(bits & OWN_HELLO);
		break;
	case AUTO_FAR_SILENT:
		assert_true((bits & OWN_HELLO) && !(bits & (FAR_HELLO | PASSES)));
		break;
	case AUTO_ALONE:
		assert_false(bits & (THERE | WAITS));
		break;
	case AUTO_NO_PARTNER:
		assert_true((bits & THERE) && !(bits & WAITS));
		break;
	case AUTO_NO_BRIDGE:
		assert_true(bits & WAITS);
		break;
	default:
		break;
	}
	if (choice.reason) {
		assert_int_equal(auto_is_told(choice.reason), choice.reason != AUTO_ALONE);
	}
}

static void every_end_has_a_true_reason(void **state)
{
	(void)state;
	each(an_end_has_a_reason);
	each(reasons_are_true);
}

static void only_hellos_of_both_join_phones(void **state)
{
	(void)state;
	each(hellos_join);
}

static void a_hello_is_handed_to_who_announced_zrtp_and_is_silent(void **state)
{
	(void)state;
	each(hellos_go_where_they_help);
}

static void no_call_waits_for_ever(void **state)
{
	(void)state;
	each(all_is_decided_in_time);
	each(who_announces_nothing_is_not_waited_for);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_has_a_true_reason),
		cmocka_unit_test(only_hellos_of_both_join_phones),
		cmocka_unit_test(a_hello_is_handed_to_who_announced_zrtp_and_is_silent),
		cmocka_unit_test(no_call_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
