/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether another branch of a forked call has answered: all facts, at and around every limit. */
#include "unit.h"

#include "decide/branch_choice.h"

static const long long moments[] = {
	-1000000, -1, 0, BRANCH_SETTLE - 1, BRANCH_SETTLE, BRANCH_SILENCE - 1, BRANCH_SILENCE, 1000000,
};
enum { MOMENTS = sizeof(moments) / sizeof(moments[0]) };

/* Calls check() for everything there is. */
static void each(void (*check)(const struct branch_facts *facts, enum branch_choice choice))
{
	for (unsigned bits = 0; bits < 16; bits++) {
		for (unsigned i = 2; i < MOMENTS; i++) {
			for (unsigned j = 0; j < MOMENTS; j++) {
				const struct branch_facts facts = {
					.begun = bits & 1,
					.hash = bits >> 1 & 1,
					.other_hash = bits >> 2 & 1,
					.over = bits >> 3 & 1,
					.since_ms = moments[i],
					.heard_ms = moments[j],
				};

				check(&facts, branch_choose(&facts));
			}
		}
	}
}

static void check_nothing_to_lose(const struct branch_facts *facts, enum branch_choice choice)
{
	if (!facts->begun || facts->over) {
		assert_int_equal(choice, BRANCH_SAME);
	}
}

static void without_an_exchange_there_is_nothing_to_end(void **state)
{
	(void)state;
	each(check_nothing_to_lose);
}

static void check_other_hash(const struct branch_facts *facts, enum branch_choice choice)
{
	if (facts->begun && !facts->over && facts->other_hash) {
		assert_int_equal(choice, BRANCH_ANOTHER);
	}
}

static void another_hash_is_another_phone(void **state)
{
	(void)state;
	each(check_other_hash);
}

static void check_same_hash(const struct branch_facts *facts, enum branch_choice choice)
{
	if (facts->hash && !facts->other_hash) {
		assert_int_equal(choice, BRANCH_SAME);
	}
}

static void the_same_hash_is_the_same_phone_whatever_its_tag(void **state)
{
	(void)state;
	each(check_same_hash);
}

static void check_media(const struct branch_facts *facts, enum branch_choice choice)
{
	if (!facts->begun || facts->over || facts->hash || facts->other_hash) {
		return;
	}
	if (facts->heard_ms >= BRANCH_SETTLE) {
		assert_int_equal(choice, BRANCH_SAME);
	} else {
		assert_int_equal(choice, facts->since_ms < BRANCH_SILENCE ? BRANCH_WAIT : BRANCH_ANOTHER);
	}
}

static void without_a_hash_media_under_the_keys_shows_the_same_phone(void **state)
{
	(void)state;
	each(check_media);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_exchange_there_is_nothing_to_end),
		cmocka_unit_test(another_hash_is_another_phone),
		cmocka_unit_test(the_same_hash_is_the_same_phone_whatever_its_tag),
		cmocka_unit_test(without_a_hash_media_under_the_keys_shows_the_same_phone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
