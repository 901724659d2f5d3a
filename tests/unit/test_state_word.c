/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One word for the state of a stream, and the documentation that lists these words.
 */
#include "unit.h"

#include "decide/state_word.h"

static void each_state_of_the_engine_has_its_word(void **state)
{
	static const enum state_word words[ZRTP_STATE_COUNT] = {
		WORD_OFF,      WORD_LOOKING,  WORD_LOOKING,  WORD_SECURING, WORD_SECURING,
		WORD_SECURING, WORD_SECURING, WORD_SECURING, WORD_SECURE,   WORD_CLEARING,
		WORD_CLEAR,    WORD_NO_ZRTP,  WORD_FAILED,   WORD_FAILED,   WORD_OFF,
	};

	(void)state;
	for (int i = 0; i < ZRTP_STATE_COUNT; i++) {
		assert_int_equal(state_word((enum zrtp_state)i, false), words[i]);
		/* That nothing passes is more than that there is no ZRTP; all else says so itself. */
		assert_int_equal(state_word((enum zrtp_state)i, true),
				 i == ZRTP_STATE_NO_ZRTP ? WORD_CLOSED : words[i]);
	}
}

static void words_differ_and_have_no_blanks(void **state)
{
	(void)state;
	for (int i = 0; i < WORD_COUNT; i++) {
		const char *text = state_word_text((enum state_word)i);

		assert_non_null(text);
		assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyz-"), strlen(text));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(text, state_word_text((enum state_word)j));
		}
	}
	assert_string_equal(state_word_text(WORD_SECURE), "secure");
	assert_string_equal(state_word_text(WORD_NO_ZRTP), "no-zrtp");
	assert_string_equal(state_word_text(WORD_CLOSED), "closed");
}

/* The part of a file between two texts. */
static char *part(const char *path, const char *from, const char *to)
{
	static char text[400000];
	FILE *file = fopen(path, "r");
	char *begin, *end;
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	assert_true(len > 0 && len < sizeof(text) - 1);
	text[len] = '\0';
	begin = strstr(text, from);
	assert_non_null(begin);
	end = strstr(begin, to);
	assert_non_null(end);
	*end = '\0';
	return begin;
}

/* Each word is listed as row has it, and nothing else is. */
static void lists_the_words(const char *path, const char *list, const char *begin, const char *end)
{
	char row[64];
	int rows = 0;

	for (int i = 0; i < WORD_COUNT; i++) {
		(void)snprintf(row, sizeof(row), "%s%s%s", begin, state_word_text((enum state_word)i), end);
		if (!strstr(list, row)) {
			fail_msg("%s has no %s", path, row);
		}
	}
	for (const char *at = list; (at = strstr(at, begin)); at++) {
		rows++;
	}
	assert_int_equal(rows, WORD_COUNT);
}

static void the_documentation_lists_each_word_and_no_other(void **state)
{
	static const char xml[] = SOURCE_ROOT "/asterisk/doc/res_zrtp-en_US.xml";
	static const char guide[] = SOURCE_ROOT "/docs/guide/reference.md";

	(void)state;
	lists_the_words(xml, part(xml, "<enum name=\"state\">", "</enumlist>") + 10, "<enum name=\"", "\">");
	lists_the_words(guide, part(guide, "\n## States\n", "\n## Items\n"), "\n| `", "` |");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_of_the_engine_has_its_word),
		cmocka_unit_test(words_differ_and_have_no_blanks),
		cmocka_unit_test(the_documentation_lists_each_word_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
