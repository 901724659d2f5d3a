/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief States, and names of algorithms, as words.
 */

#include "asterisk.h"

#include <zrtp/zrtp.h>

#include "leg/party.h"
#include "leg/words.h"

const char *words_name(char *out, size_t size, const char name[5])
{
	ast_copy_string(out, name, size);

	return ast_trim_blanks(out);
}

const char *words_state(enum zrtp_state state)
{
	static const char * const states[ZRTP_STATE_COUNT] = {
		[ZRTP_STATE_IDLE] = "off",
		[ZRTP_STATE_DISCOVERY] = "looking",
		[ZRTP_STATE_FOUND] = "looking",
		[ZRTP_STATE_COMMIT_SENT] = "going secure",
		[ZRTP_STATE_DHPART1_SENT] = "going secure",
		[ZRTP_STATE_DHPART2_SENT] = "going secure",
		[ZRTP_STATE_CONFIRM1_SENT] = "going secure",
		[ZRTP_STATE_CONFIRM2_SENT] = "going secure",
		[ZRTP_STATE_SECURE] = "secure",
		[ZRTP_STATE_GOCLEAR_SENT] = "going clear",
		[ZRTP_STATE_CLEAR] = "clear",
		[ZRTP_STATE_NO_ZRTP] = "no ZRTP",
		[ZRTP_STATE_ERROR_SENT] = "failed",
		[ZRTP_STATE_ERROR] = "failed",
		[ZRTP_STATE_STOPPED] = "off",
	};

	return states[state];
}

const char *words_verified_by(enum verified_by by)
{
	static const char * const texts[] = {
		[VERIFIED_EARLIER] = "earlier",
		[VERIFIED_PHONE] = "phone",
		[VERIFIED_PARTNER] = "partner",
		[VERIFIED_OPERATOR] = "operator",
	};

	return texts[by];
}
