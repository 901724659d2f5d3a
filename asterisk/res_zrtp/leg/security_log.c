/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Lines of Asterisk's log level SECURITY.
 *
 * Each type of Asterisk's own security events has a remote address, and programs
 * like fail2ban ban it. What is told here comes of media, whose source any host can
 * forge: with an address in such a line a stranger could have phones banned. So these
 * lines are written to the level directly, in the form of the others and without
 * address, and name the channel.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/localtime.h"
#include "asterisk/logger.h"
#include "asterisk/time.h"

#include "packet/media.h"
#include "leg/security_log.h"

/*! res_security_log.so registers it, and logs nothing when it is not loaded; nor do we. */
#define LEVEL "SECURITY"

static const struct {
	const char *name, *severity;
} kinds[] = {
	[SECURITY_ALERT] = { "ZrtpAlert", "Error" },
	[SECURITY_REFUSED] = { "ZrtpRefused", "Error" },
	[SECURITY_VERIFIED] = { "ZrtpVerified", "Informational" },
	[SECURITY_ENROLLMENT] = { "ZrtpEnrollment", "Informational" },
};

void security_log(struct media *media, enum security_event event, const char *reason)
{
	int level = ast_logger_get_dynamic_level(LEVEL);
	struct timeval now = ast_tvnow();
	char name[AST_CHANNEL_NAME], when[64];
	struct ast_tm tm;
	char *at;

	if (level < 0) {
		return;
	}
	media_name_copy(media, name, sizeof(name));
	for (at = name; *at; at++) {
		if (*at == '"') {
			*at = '_';
		}
	}
	ast_strftime(when, sizeof(when), "%FT%T.%3q%z", ast_localtime(&now, &tm, NULL));
	ast_log_dynamic_level(level, "SecurityEvent=\"%s\",EventTV=\"%s\",Severity=\"%s\",Service=\"ZRTP\",EventVersion=\"1\","
		"SessionID=\"%s\",Reason=\"%s\"\n", kinds[event].name, when, kinds[event].severity, name, reason);
}
