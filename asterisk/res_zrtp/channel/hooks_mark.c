/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How a channel gets a framehook, and how that is found.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"
#include "asterisk/module.h"

#include "channel/hooks.h"

/*! Says that the channel has the hook, and which. */
const struct ast_datastore_info hooks_mark = {
	.type = "zrtp",
	.destroy = hooks_mark_destroy,
};

static void hook_destroy(void *data)
{
	ao2_ref(data, -1);
	ast_module_unref(AST_MODULE_SELF);
}

void hooks_mark_destroy(void *obj)
{
	ao2_ref(obj, -1);
}

int hooks_add(struct ast_channel *chan, const struct ast_datastore_info *info, ast_framehook_event_callback event,
	ast_framehook_consume_callback consume, void *obj)
{
	struct ast_framehook_interface interface = {
		.version = AST_FRAMEHOOK_INTERFACE_VERSION,
		.event_cb = event,
		.consume_cb = consume,
		.destroy_cb = hook_destroy,
	};
	struct ast_datastore *datastore;

	/* A channel that is being hung up has lost its hooks already, or is about
	 * to: one that is attached now stays for ever, with all that it holds. */
	if (ast_test_flag(ast_channel_flags(chan), AST_FLAG_ZOMBIE)
		|| ast_channel_datastore_find(chan, info, NULL)) {
		return 0;
	}
	datastore = ast_datastore_alloc(info, NULL);
	if (!datastore) {
		return -1;
	}
	interface.data = ao2_bump(obj);
	ast_module_ref(AST_MODULE_SELF);
	if (ast_framehook_attach(chan, &interface) < 0) {
		hook_destroy(interface.data);
		ast_datastore_free(datastore);
		return -1;
	}
	datastore->data = ao2_bump(obj);
	ast_channel_datastore_add(chan, datastore);

	return 0;
}

struct hook *hooks_find(struct ast_channel *chan)
{
	struct ast_datastore *datastore = ast_channel_datastore_find(chan, &hooks_mark, NULL);

	return datastore ? datastore->data : NULL;
}
