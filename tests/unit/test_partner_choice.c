/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a phone may talk to the others of its bridge: all numbers of others,
 * encrypted or not, at and around the end of patience.
 */
#include "unit.h"

#include "decide/partner_choice.h"

enum { MOST = 5 };

static const long long moments[] = { 0, PARTNER_PATIENCE - 1, PARTNER_PATIENCE, 1000000 };

static void each(void (*check)(const struct partner_facts *facts, enum partner_choice choice))
{
	for (unsigned others = 0; others <= MOST; others++) {
		for (unsigned encrypted = 0; encrypted <= others; encrypted++) {
			for (unsigned undecided = 0; encrypted + undecided <= others; undecided++) {
				for (unsigned i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
					const struct partner_facts facts = { others, encrypted, undecided,
									     moments[i] };

					check(&facts, partner_choose(&facts));
				}
			}
		}
	}
}

static void check_pass(const struct partner_facts *facts, enum partner_choice choice)
{
	assert_int_equal(choice == PARTNER_PASS, facts->encrypted == facts->others);
}

static void a_phone_talks_only_where_all_others_are_encrypted(void **state)
{
	(void)state;
	each(check_pass);
}

static void check_clear(const struct partner_facts *facts, enum partner_choice choice)
{
	if (facts->encrypted + facts->undecided < facts->others) {
		assert_int_equal(choice, PARTNER_REFUSE);
	}
}

static void one_in_clear_is_enough_to_refuse(void **state)
{
	(void)state;
	each(check_clear);
}

static void check_patience(const struct partner_facts *facts, enum partner_choice choice)
{
	if (choice == PARTNER_HOLD) {
		assert_true(facts->together_ms < PARTNER_PATIENCE);
		assert_true(facts->undecided > 0);
	}
}

static void patience_has_a_limit(void **state)
{
	(void)state;
	each(check_patience);
}

static void dial_relays_before_there_is_a_bridge_and_applications_do_not(void **state)
{
	(void)state;
	for (int up = 0; up < 2; up++) {
		assert_true(partner_relays("Dial", up));
		assert_true(partner_relays("RetryDial", up));
		assert_int_equal(partner_relays("AppDial", up), !up); /* a called phone may be asked then */
		assert_false(partner_relays("VoiceMail", up));
		assert_false(partner_relays("Read", up));
		assert_false(partner_relays("AppQueue", up));
		assert_false(partner_relays("", up));
		assert_false(partner_relays(NULL, up));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_talks_only_where_all_others_are_encrypted),
		cmocka_unit_test(one_in_clear_is_enough_to_refuse),
		cmocka_unit_test(patience_has_a_limit),
		cmocka_unit_test(dial_relays_before_there_is_a_bridge_and_applications_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
