/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What CLI and AMI have, for fronts in other modules: see common/console.h.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/module.h"

#include <zrtp/cache.h>

#include "common/console.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/peers_wanted.h"
#include "leg/actions.h"
#include "leg/enroll.h"
#include "leg/events.h"
#include "channel/conflicts.h"
#include "front/api.h"
#include "front/rtp_callbacks.h"
#include "console/status.h"
#include "console/table.h"

/*! A list of enrolled phones on its way to another module. */
struct listing {
	int (*each)(const struct ast_zrtp_enrolled *phone, void *arg);
	void *arg;
};

static int list(const struct zrtp_store_peer *peer, void *arg)
{
	struct listing *listing = arg;
	char zid[ZID_TEXT_SIZE];
	struct ast_zrtp_enrolled phone = {
		.zid = zid,
		.name = peer->name,
		.endpoints = peer->endpoints,
		.proved = !peer->has_pbx_alternate,
	};

	zid_text(zid, peer->peer_zid);

	return listing->each(&phone, listing->arg);
}

static const char *each_enrolled(int (*each)(const struct ast_zrtp_enrolled *phone, void *arg), void *arg, char *why, size_t size)
{
	static const struct peers_wanted enrolled = { .enrolled = 1, .bare = 1 };
	struct listing listing = { .each = each, .arg = arg };
	struct zrtp_store_error error;

	if (!cache_admin_each(&enrolled, list, NULL, &listing, &error)) {
		return NULL;
	}
	ast_log(LOG_WARNING, "Enrolled phones cannot be listed: %s\n", error.text);
	ast_copy_string(why, error.text, size);

	return why;
}

static struct ast_module *module(void)
{
	return AST_MODULE_SELF;
}

static const struct ast_zrtp_console table = {
	.version = AST_ZRTP_CONSOLE_VERSION,
	.module = module,
	.result_text = action_result_text,
	.each_item = status_each,
	.keys = conflicts_keys,
	.perform = ast_zrtp_perform,
	.event_name = events_name,
	.each_enrolled = each_enrolled,
	.revoke = enroll_revoke,
};

int table_init(void)
{
	callbacks_offer(&table);

	return 0;
}

void table_shutdown(void)
{
	callbacks_offer(NULL);
}
