/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Names of algorithms, and who has verified, as words.
 */

#include "asterisk.h"

#include <zrtp/zrtp.h>

#include "leg/leg_view.h"
#include "leg/words.h"

const char *words_name(char *out, size_t size, const char name[5])
{
	ast_copy_string(out, name, size);

	return ast_trim_blanks(out);
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

const char *words_relay(enum relay_status status)
{
	static const char * const texts[] = {
		[RELAY_NONE] = "none",
		[RELAY_SENT] = "sent",
		[RELAY_ACKNOWLEDGED] = "acknowledged",
		[RELAY_UNANSWERED] = "unanswered",
	};

	return texts[status];
}
