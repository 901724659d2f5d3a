/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Enrolled phones (RFC 6189, 7.3.1): keep one, revoke one, say where one may call.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/endpoint_name.h"
#include "base/text.h"
#include "packet/media.h"
#include "cache/cache.h"
#include "leg/enroll.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"
#include "leg/lookup.h"

void enroll_endpoint(struct ast_channel *chan, char *out, size_t size)
{
	*out = '\0';
	if (!strcmp(ast_channel_tech(chan)->type, "SIP")) {
		/* The channel of a guest has the name that its From header says. */
		if (ast_func_read(chan, "CHANNEL(peername)", out, size)) {
			*out = '\0';
		}
		return;
	}
	ast_channel_lock(chan);
	endpoint_name(out, size, ast_channel_name(chan));
	ast_channel_unlock(chan);
	if (!strcmp(ast_channel_tech(chan)->type, "PJSIP") && endpoint_name_is_anonymous(out)) {
		*out = '\0';
	}
}

int enroll_is_bound(const struct zrtp_session_info *info, const char *endpoint)
{
	struct zrtp_store_about about;

	if (!info->pbx_matched) {
		return 0;
	}
	cache_about(info->peer_zid, &about);

	return zrtp_endpoints_have(about.endpoints, endpoint);
}

int enroll_accept(struct media *media)
{
	struct zrtp_session *session = leg_session(leg_of(media));
	const char *endpoint = leg_endpoint(leg_of(media));
	struct zrtp_store_about about;
	struct zrtp_session_info info;
	char zid[ZID_TEXT_SIZE];

	zrtp_session_get_info(session, &info);
	zid_text(zid, info.peer_zid);
	cache_about(info.peer_zid, &about);
	if (!zrtp_endpoints_add(about.endpoints, endpoint)) {
		ast_log(LOG_WARNING, "%s: phone %s is not enrolled: an endpoint of this name cannot be added to %s\n",
			media_name(media), zid, S_OR(about.endpoints, "(none)"));
		return -1;
	}
	if (zrtp_session_accept_enrollment(session) != ZRTP_OK
		|| cache_bind(info.peer_zid, leg_lookup(leg_of(media))->label, endpoint)) {
		return -1;
	}
	ast_log(LOG_NOTICE, "%s: phone %s of endpoint %s is enrolled\n", media_name(media), zid, endpoint);

	return 0;
}

const char *enroll_revoke(const char *text, char *why, size_t size)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zid_from_text(text, zid)) {
		return "a ZID has 24 hexadecimal digits";
	}
	if (cache_revoke(zid, why, size)) {
		return why;
	}
	ast_log(LOG_NOTICE, "The enrollment of phone %s is revoked\n", text);

	return NULL;
}

const char *enroll_bind(const char *text, const char *endpoints, char *why, size_t size)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zid_from_text(text, zid)) {
		return "a ZID has 24 hexadecimal digits";
	}
	if (cache_set_endpoints(zid, endpoints, why, size)) {
		return why;
	}
	ast_log(LOG_NOTICE, "The enrollment of phone %s is for endpoint %s now\n", text, S_OR(endpoints, "(none)"));

	return NULL;
}
