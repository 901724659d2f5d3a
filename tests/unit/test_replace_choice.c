/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which phones may get a call in place of the one they have, how long they may
 * take, and which of them are remembered: every combination of facts.
 */
#include "unit.h"

#include "decide/replace_choice.h"

enum { POSSIBLE = 1, SUPPORTS = 2, KEYED = 4, TOOK = 8, NAMED = 16, FACTS = 32 };

static enum replace_choice choice(enum replaces wish, unsigned bits)
{
	struct replace_facts facts = {
		.wish = wish,
		.possible = !!(bits & POSSIBLE),
		.supports = !!(bits & SUPPORTS),
		.keyed = !!(bits & KEYED),
		.took = !!(bits & TOOK),
		.client_id = bits & NAMED ? "BZRTPv1.1" : "GNU ZRTP 4.6.4",
		.agent = bits & NAMED ? "Linphonec/5.1.65" : "baresip v4.10.0",
	};

	return replace_choose(&facts);
}

/* With known: only a phone that supports it, has keys, and is known in one way or the other. */
static void known_phones_only(void **unused)
{
	(void)unused;
	for (unsigned bits = 0; bits < FACTS; bits++) {
		bool may =
			(bits & POSSIBLE) && (bits & SUPPORTS) && (bits & KEYED) && (bits & (TOOK | NAMED));
		enum replace_choice found = choice(REPLACES_KNOWN, bits);

		assert_int_equal(found == REPLACE_MAY, may);
		if (!(bits & POSSIBLE)) {
			assert_int_equal(found, REPLACE_FORBIDDEN);
		} else if (!(bits & SUPPORTS)) {
			assert_int_equal(found, REPLACE_UNSUPPORTED);
		} else if (!(bits & KEYED)) {
			assert_int_equal(found, REPLACE_UNDECIDED);
		} else if (!may) {
			assert_int_equal(found, REPLACE_UNKNOWN);
		}
	}
}

static void always_takes_all_that_support_it(void **unused)
{
	(void)unused;
	for (unsigned bits = 0; bits < FACTS; bits++) {
		bool may = (bits & POSSIBLE) && (bits & SUPPORTS);

		assert_int_equal(choice(REPLACES_ALWAYS, bits) == REPLACE_MAY, may);
		assert_int_not_equal(choice(REPLACES_ALWAYS, bits), REPLACE_UNKNOWN);
		assert_int_equal(choice(REPLACES_NEVER, bits), REPLACE_FORBIDDEN);
	}
}

/* One name alone is no proof, nor is a part of one somewhere in it. */
static void both_names_have_to_be_known(void **unused)
{
	static const struct {
		const char *client_id, *agent;
		int known;
	} rows[] = {
		{ "BZRTPv1.1", "Linphonec/5.1.65", 1 },
		{ "BZRTPv1.1", "LinphoneAndroid/6.0 belle-sip/5.4", 1 },
		{ "bzrtpv1.0", "linphone", 1 },
		{ "BZRTPv1.1", "", 0 },
		{ "", "Linphonec/5.1.65", 0 },
		{ "", "", 0 },
		{ "BZRTPv1.1", "baresip v4.10.0", 0 },
		{ "GNU ZRTP 4.6.4", "Linphonec/5.1.65", 0 },
		{ "BZRT", "Linphonec", 0 },
		{ "BZRTPv1.1", "Linphon", 0 },
		{ "xBZRTP", "Linphonec", 0 },
		{ "BZRTPv1.1", "like Linphone", 0 },
		{ "GNU ZRTP 4.6.4", "baresip v4.10.0", 0 },
		{ "GNU ZRTP 4.6.4", "Twinkle/1.10.3", 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(replace_is_known(rows[i].client_id, rows[i].agent), rows[i].known);
	}
}

static void every_choice_has_its_reason(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < REPLACE_CHOICES; i++) {
		assert_true(strlen(replace_why((enum replace_choice)i)) > 0);
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(replace_why((enum replace_choice)i),
						replace_why((enum replace_choice)j));
		}
	}
	assert_non_null(strstr(replace_why(REPLACE_UNKNOWN), "replaces = always"));
}

/* Six seconds to ring or answer, half a minute for a person, six seconds for the keys. */
static void the_phone_is_waited_for_while_it_rings(void **unused)
{
	(void)unused;
	for (int64_t called = 0; called <= 80000; called += 500) {
		struct replace_progress silent = { .called = called, .rang = -1, .answered = -1 };

		assert_int_equal(replace_waits(&silent), called < 6000);
		for (int64_t rang = 0; rang <= called; rang += 500) {
			struct replace_progress rings = { .called = called, .rang = rang, .answered = -1 };

			assert_int_equal(replace_waits(&rings), rang < 30000);
			for (int64_t answered = 0; answered <= rang; answered += 5500) {
				rings.answered = answered;
				assert_int_equal(replace_waits(&rings), answered < 6000);
			}
		}
		silent.answered = called;
		assert_int_equal(replace_waits(&silent), called < 6000);
	}
}

static void who_answers_like_a_person_is_one(void **unused)
{
	(void)unused;
	assert_true(replace_was_by_itself(-1, 0));
	assert_true(replace_was_by_itself(-1, 5999));
	assert_false(replace_was_by_itself(-1, 6000));
	assert_true(replace_was_by_itself(100, 100));
	assert_true(replace_was_by_itself(5000, 5999));
	assert_false(replace_was_by_itself(0, 1000));
	assert_false(replace_was_by_itself(100, 20000));
	assert_false(replace_was_by_itself(-1, -1));
	assert_false(replace_was_by_itself(100, -1));
}

static void a_phone_is_remembered_until_it_does_otherwise(void **unused)
{
	struct replace_memory *memory = calloc(1, sizeof(*memory));
	uint8_t zid[REPLACE_ZID] = { 1, 2, 3 }, same_place[REPLACE_ZID] = { 1, 2, 4 },
		other[REPLACE_ZID] = { 9 };
	static const uint8_t nobody[REPLACE_ZID];

	(void)unused;
	assert_non_null(memory);
	assert_false(replace_remembers(memory, nobody));
	assert_false(replace_remembers(memory, zid));
	replace_remember(memory, zid, 1);
	assert_true(replace_remembers(memory, zid));
	assert_false(replace_remembers(memory, same_place));
	assert_false(replace_remembers(memory, nobody));
	replace_remember(memory, same_place, 0);
	replace_remember(memory, other, 1);
	assert_true(replace_remembers(memory, zid));
	assert_true(replace_remembers(memory, other));
	replace_remember(memory, same_place, 1); /* of two with one place the later one */
	assert_true(replace_remembers(memory, same_place));
	assert_false(replace_remembers(memory, zid));
	replace_remember(memory, same_place, 0);
	assert_false(replace_remembers(memory, same_place));
	replace_remember(memory, nobody, 1);
	assert_false(replace_remembers(memory, nobody));
	/* Every place is within it. */
	memset(zid, 0xff, sizeof(zid));
	replace_remember(memory, zid, 1);
	assert_true(replace_remembers(memory, zid));
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_phones_only),
		cmocka_unit_test(always_takes_all_that_support_it),
		cmocka_unit_test(both_names_have_to_be_known),
		cmocka_unit_test(every_choice_has_its_reason),
		cmocka_unit_test(the_phone_is_waited_for_while_it_rings),
		cmocka_unit_test(who_answers_like_a_person_is_one),
		cmocka_unit_test(a_phone_is_remembered_until_it_does_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
