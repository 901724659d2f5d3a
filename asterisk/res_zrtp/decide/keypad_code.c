/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which command the digits of a phone are: decisions only.
 */

#include <string.h>

#include "decide/keypad_code.h"

int keypad_code_valid(const char *code)
{
	size_t len = strlen(code);

	return len <= KEYPAD_CODE_MAX && strspn(code, "0123456789*#ABCD") == len;
}

int keypad_clash(const keypad_codes codes)
{
	int a, b;

	for (a = 0; a < KEYPAD_COMMANDS; a++) {
		for (b = 0; b < KEYPAD_COMMANDS; b++) {
			/* One inside the other would be done on the way to it. */
			if (a != b && codes[a][0] && strstr(codes[b], codes[a])) {
				return a;
			}
		}
	}

	return -1;
}

int keypad_guarded(enum keypad_command which)
{
	return which != KEYPAD_SAS && which != KEYPAD_SECURE;
}

static void add(struct keypad_run *run, char digit, uint64_t now)
{
	size_t len;

	if (now - run->last > KEYPAD_PAUSE_MAX) {
		run->digits[0] = '\0';
	}
	run->last = now;
	len = strlen(run->digits);
	if (len == KEYPAD_CODE_MAX) {
		memmove(run->digits, run->digits + 1, len--);
	}
	run->digits[len] = digit;
	run->digits[len + 1] = '\0';
}

static int ends_with(const char *digits, const char *code)
{
	size_t len = strlen(digits), tail = strlen(code);

	return tail && len >= tail && !strcmp(digits + len - tail, code);
}

/*! \brief The command that these digits end with, or KEYPAD_COMMANDS. */
static enum keypad_command match(const struct keypad_run *run, const keypad_codes codes)
{
	enum keypad_command which;

	for (which = 0; which < KEYPAD_COMMANDS; which++) {
		if (ends_with(run->digits, codes[which])) {
			break;
		}
	}

	return which;
}

enum keypad_result keypad_press(struct keypad_digits *keypad, const keypad_codes codes, char digit, int own,
	unsigned int state, uint64_t now, enum keypad_command *which)
{
	if (keypad->state != state) {
		keypad->any.digits[0] = keypad->own.digits[0] = '\0';
		keypad->state = state;
	}
	add(&keypad->any, digit, now);
	if (own) {
		add(&keypad->own, digit, now);
		*which = match(&keypad->own, codes);
		if (*which < KEYPAD_COMMANDS) {
			keypad->any.digits[0] = keypad->own.digits[0] = '\0';
			return KEYPAD_DO;
		}
	}
	*which = match(&keypad->any, codes);
	if (*which == KEYPAD_COMMANDS) {
		return KEYPAD_NOTHING;
	}
	keypad->any.digits[0] = '\0';

	return keypad_guarded(*which) ? KEYPAD_REFUSE : KEYPAD_DO;
}
