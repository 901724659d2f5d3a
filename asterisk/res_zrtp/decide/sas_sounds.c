/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The SAS aloud: which sounds it takes.
 *
 * B32 is said letter by letter, then once more with the words of the phonetic
 * alphabet; the words of B256 are spelled.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "decide/sas_sounds.h"

#define PAUSE "silence/1"

static void letter(char c, int phonetic, void (*each)(const char *sound, void *arg), void *arg)
{
	char sound[sizeof("phonetic/x_p")];

	if (isdigit((unsigned char) c)) {
		snprintf(sound, sizeof(sound), "digits/%c", c);
	} else {
		snprintf(sound, sizeof(sound), phonetic ? "phonetic/%c_p" : "letters/%c", tolower((unsigned char) c));
	}
	each(sound, arg);
}

void sas_sounds(const char *sas, const char *sas_type, void (*each)(const char *sound, void *arg), void *arg)
{
	int phonetic, passes = strncmp(sas_type, "B32", 3) ? 1 : 2;
	const char *c;

	for (phonetic = 0; phonetic < passes; phonetic++) {
		if (phonetic) {
			each(PAUSE, arg);
		}
		for (c = sas; *c; c++) {
			if (isalnum((unsigned char) *c)) {
				letter(*c, phonetic, each, arg);
			} else {
				each(PAUSE, arg);
			}
		}
	}
}
