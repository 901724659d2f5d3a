/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sounds it takes to say a SAS. */
#include "unit.h"

#include <string.h>

#include "decide/sas_sounds.h"

/* What was heard, with a blank after each sound. */
static void hear(const char *sound, void *arg)
{
	strcat(arg, sound);
	strcat(arg, " ");
}

static void says(const char *sas, const char *type, const char *wanted)
{
	char heard[4096] = "";

	sas_sounds(sas, type, hear, heard);
	assert_string_equal(heard, wanted);
}

static void letters_are_said_and_then_their_words(void **state)
{
	(void)state;

	says("xj4k", "B32 ",
	     "letters/x letters/j digits/4 letters/k silence/1 phonetic/x_p phonetic/j_p digits/4 "
	     "phonetic/k_p ");
	says("ABCD", "B32",
	     "letters/a letters/b letters/c letters/d silence/1 phonetic/a_p phonetic/b_p phonetic/c_p "
	     "phonetic/d_p ");
}

static void words_are_spelled_once_with_a_pause_between(void **state)
{
	(void)state;

	says("ox yo", "B256", "letters/o letters/x silence/1 letters/y letters/o ");
}

static void nothing_takes_no_sound(void **state)
{
	(void)state;

	says("", "B256", "");
}

/* A sound is a file's name: nothing of a SAS may lead elsewhere. */
static void every_octet_is_a_letter_a_digit_or_a_pause(void **state)
{
	(void)state;

	for (int c = 1; c < 256; c++) {
		const char sas[2] = { (char)c, '\0' };
		char heard[64] = "";

		sas_sounds(sas, "B256", hear, heard);
		assert_true(!strcmp(heard, "silence/1 ") || !strncmp(heard, "letters/", 8) ||
			    !strncmp(heard, "digits/", 7));
		assert_null(strchr(strchr(heard, '/') + 1, '/'));
		assert_null(strchr(heard, '.'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_are_said_and_then_their_words),
		cmocka_unit_test(words_are_spelled_once_with_a_pause_between),
		cmocka_unit_test(nothing_takes_no_sound),
		cmocka_unit_test(every_octet_is_a_letter_a_digit_or_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
