/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief SlowMasquerade(milliseconds): the next masquerade that takes this channel's phone elsewhere takes so long.
 *
 * For tests only. A masquerade takes both channels out of the core's table for some microseconds, during which
 * modules do not find them. Here that takes long, and ZRTP starts in the midst of it: its tasks wait until
 * the masquerade that follows has begun.
 *
 * It is held up behind its middle, when the phone has its new channel: chan_pjsip takes locks of the channel that a session has
 * and gives back those of the channel that it has then.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/frame.h"
#include "asterisk/framehook.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#define APP "SlowMasquerade"
/*! What wakes the threads of res_zrtp. */
#define WAKER "zrtp/pool-control"
/*! For so long they sleep, milliseconds. */
#define ASLEEP 200

/*! \brief The last thing that a masquerade tells a channel before it puts that back into the table. */
static int is_last_of_it(enum ast_framehook_event event, const struct ast_frame *frame)
{
	return event == AST_FRAMEHOOK_EVENT_WRITE && frame && frame->frametype == AST_FRAME_CONTROL
		&& frame->subclass.integer == AST_CONTROL_SRCCHANGE;
}

static struct ast_frame *on_frame(attribute_unused struct ast_channel *chan, struct ast_frame *frame, enum ast_framehook_event event,
	void *data)
{
	int *milliseconds = data;

	if (is_last_of_it(event, frame)) {
		usleep(*milliseconds * 1000);
		*milliseconds = 0;
	}

	return frame;
}

static int on_consume(attribute_unused void *data, enum ast_frame_type type)
{
	return type == AST_FRAME_CONTROL;
}

static void on_destroy(void *data)
{
	ast_free(data);
}

/*! \brief A hook goes with the phone, from the channel that it has to the one that it gets. */
static int hold_masquerade(struct ast_channel *chan, int milliseconds)
{
	int *data = ast_malloc(sizeof(*data));
	struct ast_framehook_interface hook = {
		.version = AST_FRAMEHOOK_INTERFACE_VERSION,
		.event_cb = on_frame,
		.consume_cb = on_consume,
		.destroy_cb = on_destroy,
		.data = data,
	};
	int id;

	if (!data) {
		return -1;
	}
	*data = milliseconds;
	ast_channel_lock(chan);
	id = ast_framehook_attach(chan, &hook);
	ast_channel_unlock(chan);

	return id < 0 ? -1 : 0;
}

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
	return hold_masquerade(chan, atoi(S_OR(data, "0"))) || hold_zrtp() ? -1 : 0;
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
