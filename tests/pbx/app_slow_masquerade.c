/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief SlowMasquerade(milliseconds): the next masquerade that takes this channel's phone elsewhere takes so long.
 *
 * For tests only. A masquerade takes both channels out of the core's table for some microseconds, during which
 * modules do not find them; here that is long enough for each test to see it.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/utils.h"

#define APP "SlowMasquerade"

/*! \brief The channels are out of the table, and locked. */
static void on_fixup(void *data, attribute_unused struct ast_channel *old_chan, attribute_unused struct ast_channel *new_chan)
{
	usleep(*(int *) data * 1000);
}

static const struct ast_datastore_info info = {
	.type = APP,
	.destroy = ast_free_ptr,
	.chan_fixup = on_fixup,
};

static int slow_exec(struct ast_channel *chan, const char *data)
{
	struct ast_datastore *store = ast_datastore_alloc(&info, NULL);
	int *milliseconds = ast_malloc(sizeof(*milliseconds));

	if (!store || !milliseconds) {
		ast_datastore_free(store);
		ast_free(milliseconds);
		return -1;
	}
	*milliseconds = atoi(S_OR(data, "0"));
	store->data = milliseconds;
	ast_channel_lock(chan);
	ast_channel_datastore_add(chan, store);
	ast_channel_unlock(chan);

	return 0;
}

static int load_module(void)
{
	return ast_register_application(APP, slow_exec, "Make a masquerade slow", "For tests only.")
		? AST_MODULE_LOAD_DECLINE : AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
	return ast_unregister_application(APP);
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "Slow masquerades, for tests",
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
);
