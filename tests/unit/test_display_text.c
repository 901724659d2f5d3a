/* SPDX-License-Identifier: BSD-2-Clause */
/* What the display of the other party shows, whatever name a caller has chosen. */
#include "unit.h"

#include <string.h>

#include "decide/display_text.h"

static void shows(enum display_state state, const char *sas, const char *name, const char *wanted)
{
	char out[DISPLAY_TEXT_SIZE];

	assert_string_equal(display_text(out, state, sas, name), wanted);
}

static void our_words_stand_before_the_name(void **state)
{
	(void)state;

	shows(DISPLAY_SECURE, "ixmb", "Alice", "SAS ixmb encrypted: Alice");
	shows(DISPLAY_SECURE, "topmost:Istanbul", "Alice", "SAS topmost:Istanbul encrypted: Alice");
	shows(DISPLAY_SECURE, "ixmb", "", "SAS ixmb encrypted");
	shows(DISPLAY_CLEAR, "", "Alice", "not encrypted: Alice");
	shows(DISPLAY_CLEAR, "", "", "not encrypted");
	shows(DISPLAY_PENDING, "", "Alice", "");
	shows(DISPLAY_NONE, "", "Alice", "");
}

static void a_name_like_our_words_is_left_out(void **state)
{
	static const char *const names[] = {
		"SAS ixmb encrypted: Bob", "x SAS",  "sas:ixmb", "EnCrypted",
		"is enc\rrypted",          "Crypto", "S\nAS",    "sa\xe2\x80\xaes"
	};
	static const char *const others[] = { "Sasha", "Assas", "Cry P. Ted", "Jos\xc3\xa9" };
	char out[DISPLAY_TEXT_SIZE], wanted[DISPLAY_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		shows(DISPLAY_SECURE, "ixmb", names[i], "SAS ixmb encrypted");
		shows(DISPLAY_CLEAR, "", names[i], "not encrypted");
		shows(DISPLAY_PENDING, "", names[i], "not encrypted");
		shows(DISPLAY_NONE, "", names[i], "");
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(wanted, sizeof(wanted), "not encrypted: %s", others[i]);
		assert_string_equal(display_text(out, DISPLAY_CLEAR, "", others[i]), wanted);
	}
}

/* Before it is known what the call is, our text stands in front of what an eye could take for it. */
static void a_name_that_could_look_like_our_words_is_no_first_thing_on_a_display(void **state)
{
	static const char *const names[] = { "\xd0\x85\xd0\x90\xd0\x85 ixmb",
					     "S\xc3\x81S ixmb",
					     "S\xe2\x80\x8b"
					     "AS ixmb",
					     "5A5 ixmb",
					     "$A$ ixmb",
					     "S.A.S. ixmb",
					     "S A S ixmb",
					     "enc.rypted",
					     "\xf0\x9f\x94\x92 ixmb",
					     "Lisa Smith",
					     "Cry P. Ted",
					     "Jos\xc3\xa9" };
	static const char *const plain[] = { "Alice", "Dr. Eve",      "O'Brien-Smith (home)",
					     "100",   "+49 30 545-1", "" };
	char out[DISPLAY_TEXT_SIZE], wanted[DISPLAY_TEXT_SIZE], name[DISPLAY_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		display_text(wanted, DISPLAY_CLEAR, "", names[i]);
		assert_string_equal(display_text(out, DISPLAY_PENDING, "", names[i]), wanted);
		assert_memory_equal(out, "not encrypted: ", strlen("not encrypted: "));
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		shows(DISPLAY_PENDING, "", plain[i], "");
	}
	memset(name, 'x', sizeof(name));
	name[DISPLAY_NAME_MAX] = '\0';
	shows(DISPLAY_PENDING, "", name, "");
	name[DISPLAY_NAME_MAX] = 'x';
	name[DISPLAY_NAME_MAX + 1] = '\0';
	assert_memory_equal(display_text(out, DISPLAY_PENDING, "", name), "not encrypted: x",
			    strlen("not encrypted: x"));
}

static void what_turns_or_controls_a_display_is_dropped(void **state)
{
	(void)state;

	shows(DISPLAY_CLEAR, "", "A\x1b\x7f\nB", "not encrypted: AB");
	shows(DISPLAY_CLEAR, "",
	      "A\xe2\x80\x8f\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c"
	      "B",
	      "not encrypted: AB");
	shows(DISPLAY_CLEAR, "", "\xe2\x80\x93", "not encrypted: \xe2\x80\x93");
}

static void a_long_name_is_cut_between_two_characters(void **state)
{
	char name[200], out[DISPLAY_TEXT_SIZE];

	(void)state;
	for (size_t before = 0; before <= DISPLAY_NAME_MAX + 4; before++) {
		memset(name, 'x', before);
		strcpy(name + before,
		       "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		       "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
		       "\xac");
		display_text(out, DISPLAY_CLEAR, "", name);
		assert_true(strlen(out) <= strlen("not encrypted: ") + DISPLAY_NAME_MAX);
		assert_true(strlen(out) > strlen("not encrypted: ") + DISPLAY_NAME_MAX - 3);
		assert_memory_equal(out, "not encrypted: ", strlen("not encrypted: "));
		if (before < DISPLAY_NAME_MAX - 2) {
			assert_string_equal(out + strlen(out) - 3, "\xe2\x82\xac");
		}
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	display_text(out, DISPLAY_SECURE, name, name);
	assert_true(strlen(out) < DISPLAY_TEXT_SIZE);
}

/* Every combination at and around the moments that matter. */
static void a_display_changes_when_it_is_time(void **state)
{
	static const long long moments[] = {
		0, DISPLAY_ALONE - 1, DISPLAY_ALONE, DISPLAY_REST - 1, DISPLAY_REST, 99999
	};
	enum { MOMENTS = sizeof(moments) / sizeof(moments[0]) };

	(void)state;
	for (int code = 0; code < 16 * MOMENTS * MOMENTS; code++) {
		const struct display_facts facts = {
			.shown = code & 1,
			.same = code & 2,
			.alone = code & 4,
			.secure = code & 8,
			.changed_ms = moments[code / 16 % MOMENTS],
			.alone_ms = moments[code / 16 / MOMENTS],
		};
		bool wanted = !facts.same;

		if (facts.shown && facts.alone) {
			wanted &= facts.alone_ms >= DISPLAY_ALONE;
		} else if (facts.shown && facts.secure) {
			wanted &= facts.changed_ms >= DISPLAY_REST;
		}
		assert_int_equal(display_changes(&facts), wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_words_stand_before_the_name),
		cmocka_unit_test(a_name_like_our_words_is_left_out),
		cmocka_unit_test(a_name_that_could_look_like_our_words_is_no_first_thing_on_a_display),
		cmocka_unit_test(what_turns_or_controls_a_display_is_dropped),
		cmocka_unit_test(a_long_name_is_cut_between_two_characters),
		cmocka_unit_test(a_display_changes_when_it_is_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
