/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief No digit of a channel spans a change of its gate.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/channel.h"
#include "asterisk/linkedlists.h"

#include "packet/channel_media.h"
#include "packet/dtmf_gate.h"
#include "packet/media.h"
#include "leg/leg_tasks.h"
#include "channel/dtmf_break.h"
#include "channel/hooks.h"

/*! \brief Others have heard the begin of a digit: let them hear its end. Consumes the channel's reference. */
static int task_end_digit(void *data)
{
	struct ast_channel *chan = data;
	struct ast_bridge_channel *bridge_channel;
	struct ast_frame frame = { .frametype = AST_FRAME_DTMF_END, .src = "ZRTP" };
	struct timeval since;
	char sending;

	ast_channel_lock(chan);
	bridge_channel = ast_channel_get_bridge_channel(chan);
	sending = bridge_channel ? 0 : ast_channel_sending_dtmf_digit(chan);
	since = ast_channel_sending_dtmf_tv(chan);
	ast_channel_unlock(chan);
	if (bridge_channel) {
		ast_bridge_channel_lock_bridge(bridge_channel);
		if (bridge_channel->owed.dtmf_digit) {
			frame.subclass.integer = bridge_channel->owed.dtmf_digit;
			frame.len = ast_tvdiff_ms(ast_tvnow(), bridge_channel->owed.dtmf_tv);
			ast_bridge_queue_everyone_else(bridge_channel->bridge, bridge_channel, &frame);
			bridge_channel->owed.dtmf_digit = '\0';
		}
		ast_bridge_unlock(bridge_channel->bridge);
		ao2_ref(bridge_channel, -1);
	} else if (sending) {
		ast_channel_end_dtmf(chan, sending, since, "change of encryption");
	}
	ast_channel_unref(chan);

	return 0;
}

/*! \brief Digits that wait in the queue of a channel. \pre chan is locked */
static void drop_queued(struct ast_channel *chan)
{
	struct ast_frame *frame;

	AST_LIST_TRAVERSE_SAFE_BEGIN(ast_channel_readq(chan), frame, frame_list) {
		if (frame->frametype == AST_FRAME_DTMF_BEGIN || frame->frametype == AST_FRAME_DTMF_END) {
			AST_LIST_REMOVE_CURRENT(frame_list);
			ast_frfree(frame);
		}
	}
	AST_LIST_TRAVERSE_SAFE_END;
}

void dtmf_break(struct hook *hook, struct ast_channel *chan)
{
	unsigned int state = dtmf_gate_state(hook->media);
	struct ast_bridge_channel *bridge_channel;

	if (state == hook->dtmf_state) {
		return;
	}
	hook->dtmf_state = state;
	if (ast_test_flag(ast_channel_flags(chan), AST_FLAG_IN_DTMF | AST_FLAG_EMULATE_DTMF)) {
		ast_clear_flag(ast_channel_flags(chan), AST_FLAG_IN_DTMF | AST_FLAG_EMULATE_DTMF);
		ast_channel_dtmf_digit_to_emulate_set(chan, 0);
		ast_channel_emulate_dtmf_duration_set(chan, 0);
		if (leg_push_data(hook->media, task_end_digit, ast_channel_ref(chan))) {
			ast_channel_unref(chan);
		}
	}
	drop_queued(chan);
	/* They are the thread's of the bridge alone. */
	bridge_channel = ast_channel_internal_bridge_channel(chan);
	if (bridge_channel && pthread_equal(bridge_channel->thread, pthread_self())) {
		bridge_channel->dtmf_hook_state.collected[0] = '\0';
	}
}

int dtmf_break_admits(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	struct media *media = hook == hooks_find(chan) ? channel_media(chan) : NULL;
	int res = !media || frame->ts <= 0 || dtmf_mark_is_of(frame->ts, dtmf_gate_state(media));

	ao2_cleanup(media);
	/* When the channel puts it back, or ends it later, it does so with this frame. */
	ast_channel_dtmff(chan)->ts = frame->ts;

	return res;
}
