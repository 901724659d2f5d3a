/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which command the digits of a phone are. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_KEYPAD_CODE_H
#define RES_ZRTP_KEYPAD_CODE_H

#include <stdint.h>

/*! The commands of the keypad, see keypad.c. */
enum keypad_command {
	KEYPAD_SAS,
	KEYPAD_VERIFY,
	KEYPAD_UNVERIFY,
	KEYPAD_CLEAR,
	KEYPAD_SECURE,
	KEYPAD_COMMANDS
};

/*! The longest code, digits. */
#define KEYPAD_CODE_MAX 8

/*! Digits further apart do not belong to one code, milliseconds. */
#define KEYPAD_PAUSE_MAX 4000

/*! The codes by command; an empty one is off. */
typedef char keypad_codes[KEYPAD_COMMANDS][KEYPAD_CODE_MAX + 1];

/*! The latest digits of one origin. */
struct keypad_run {
	char digits[KEYPAD_CODE_MAX + 1];
	uint64_t last;             /*!< Milliseconds */
};

/*! All digits of a phone, and those of them that are surely its own: the others do not disturb these. */
struct keypad_digits {
	unsigned int state;        /*!< Of the gate, when they came */
	struct keypad_run any, own;
};

enum keypad_result {
	KEYPAD_NOTHING,
	KEYPAD_DO,
	KEYPAD_REFUSE,             /*!< It is a command that only the phone's own digits give, and these are not */
};

/*! \brief Is this a code, or empty? */
int keypad_code_valid(const char *code);

/*! \brief The command whose code is part of another one's, or -1. */
int keypad_clash(const keypad_codes codes);

/*! \brief Do these digits count for a command only if they are surely the phone's own? */
int keypad_guarded(enum keypad_command which);

/*!
 * \brief A digit came. Codes that were not complete end with the state of the
 * gate, and with a pause.
 * \param own it is surely the phone's own
 * \param state of the gate
 * \param now milliseconds of a monotonic clock
 * \param which the command, unless nothing is returned
 */
enum keypad_result keypad_press(struct keypad_digits *keypad, const keypad_codes codes, char digit, int own,
	unsigned int state, uint64_t now, enum keypad_command *which);

#endif
