/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The state of a stream in one word.
 */

#include <stddef.h>

#include "decide/state_word.h"

enum state_word state_word(enum zrtp_state state, bool closed)
{
	static const enum state_word words[ZRTP_STATE_COUNT] = {
		[ZRTP_STATE_IDLE] = WORD_OFF,
		[ZRTP_STATE_DISCOVERY] = WORD_LOOKING,
		[ZRTP_STATE_FOUND] = WORD_LOOKING,
		[ZRTP_STATE_COMMIT_SENT] = WORD_SECURING,
		[ZRTP_STATE_DHPART1_SENT] = WORD_SECURING,
		[ZRTP_STATE_DHPART2_SENT] = WORD_SECURING,
		[ZRTP_STATE_CONFIRM1_SENT] = WORD_SECURING,
		[ZRTP_STATE_CONFIRM2_SENT] = WORD_SECURING,
		[ZRTP_STATE_SECURE] = WORD_SECURE,
		[ZRTP_STATE_GOCLEAR_SENT] = WORD_CLEARING,
		[ZRTP_STATE_CLEAR] = WORD_CLEAR,
		[ZRTP_STATE_NO_ZRTP] = WORD_NO_ZRTP,
		[ZRTP_STATE_ERROR_SENT] = WORD_FAILED,
		[ZRTP_STATE_ERROR] = WORD_FAILED,
		[ZRTP_STATE_STOPPED] = WORD_OFF,
	};

	return closed && words[state] == WORD_NO_ZRTP ? WORD_CLOSED : words[state];
}

const char *state_word_text(enum state_word word)
{
	static const char * const texts[WORD_COUNT] = {
		[WORD_OFF] = "off",
		[WORD_LOOKING] = "looking",
		[WORD_SECURING] = "securing",
		[WORD_SECURE] = "secure",
		[WORD_CLEARING] = "clearing",
		[WORD_CLEAR] = "clear",
		[WORD_NO_ZRTP] = "no-zrtp",
		[WORD_CLOSED] = "closed",
		[WORD_FAILED] = "failed",
		[WORD_WAITING] = "waiting",
		[WORD_PASSTHROUGH] = "passthrough",
		[WORD_DIRECT] = "direct",
	};

	return texts[word];
}
