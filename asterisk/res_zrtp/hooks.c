/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Framehooks that keep a channel's audio in the core.
 *
 * Bridges join media natively, or have the endpoints send it to each other,
 * only while nobody in the core wants the audio. The hook wants it. It stays
 * for the life of the channel, and follows it through masquerades.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"

#include "res_zrtp.h"

/*! Says that the channel has the hook. */
static const struct ast_datastore_info mark = {
	.type = "zrtp",
};

static struct ast_frame *hook_event(attribute_unused struct ast_channel *chan, struct ast_frame *frame,
	attribute_unused enum ast_framehook_event event, attribute_unused void *data)
{
	return frame;
}

static int hook_consume(attribute_unused void *data, enum ast_frame_type type)
{
	return type == AST_FRAME_VOICE;
}

static void hook_destroy(attribute_unused void *data)
{
	ast_module_unref(AST_MODULE_SELF);
}

/*! \pre chan is locked */
static int attach(struct ast_channel *chan)
{
	struct ast_framehook_interface interface = {
		.version = AST_FRAMEHOOK_INTERFACE_VERSION,
		.event_cb = hook_event,
		.consume_cb = hook_consume,
		.destroy_cb = hook_destroy,
	};
	struct ast_datastore *datastore = ast_datastore_alloc(&mark, NULL);

	if (!datastore) {
		return -1;
	}
	ast_module_ref(AST_MODULE_SELF);
	if (ast_framehook_attach(chan, &interface) < 0) {
		ast_module_unref(AST_MODULE_SELF);
		ast_datastore_free(datastore);
		return -1;
	}
	ast_channel_datastore_add(chan, datastore);

	return 0;
}

void hooks_attach(struct ast_channel *chan)
{
	ast_channel_lock(chan);
	if (!ast_channel_datastore_find(chan, &mark, NULL) && attach(chan)) {
		ast_log(LOG_ERROR, "%s: cannot keep the audio from being bridged natively\n", ast_channel_name(chan));
	}
	ast_channel_unlock(chan);
}
