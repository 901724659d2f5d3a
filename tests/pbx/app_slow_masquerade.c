/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief SlowMasquerade(milliseconds): the next masquerade that takes this channel's phone elsewhere takes so long.
 *
 * For tests only. A masquerade takes both channels out of the core's table for some microseconds, during which
 * modules do not find them. Here that takes long, and ZRTP starts in the midst of it: its tasks wait until
 * the masquerade that follows has begun.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#define APP "SlowMasquerade"
/*! What wakes the threads of res_zrtp. */
#define WAKER "zrtp/pool-control"
/*! For so long they sleep, milliseconds. */
#define ASLEEP 200

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

static int task_sleep(attribute_unused void *data)
{
	usleep(ASLEEP * 1000);

	return 0;
}

/*! \brief The tasks of ZRTP that are queued from now on wait. */
static int hold_zrtp(void)
{
	struct ast_taskprocessor *waker = ast_taskprocessor_get(WAKER, TPS_REF_IF_EXISTS);
	int res = !waker || ast_taskprocessor_push(waker, task_sleep, NULL) ? -1 : 0;

	ast_taskprocessor_unreference(waker);

	return res;
}

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

	return hold_zrtp();
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
