/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Legs through which nothing passes: looked at again and again until it does, or they are let go.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/closed_choice.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "leg/closed.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/refuse.h"

/*! Between two looks, milliseconds. */
#define LOOK 500

static int task_look(void *data);

static void look_again(struct media *media)
{
	if (leg_push_later(media, LOOK, task_look)) {
		ast_log(LOG_ERROR, "%s: out of memory: the module does not check whether this silent call is to be hung up\n", media_name(media));
		leg_stream(media)->closed_since = 0;
	}
}

/*! \brief Is an exchange under way that may end with keys? */
static int is_busy(enum zrtp_state state)
{
	return state >= ZRTP_STATE_DISCOVERY && state < ZRTP_STATE_SECURE;
}

static void see(struct media *media, struct closed_facts *facts)
{
	struct ast_channel *chan = media_channel(media);
	struct zrtp_stream_info info;

	memset(facts, 0, sizeof(*facts));
	ao2_lock(media);
	facts->over = media_life(media)->ended;
	facts->passes = media_gate(media)->rx == GATE_SECURE || media_gate(media)->tx == GATE_SECURE;
	ao2_unlock(media);
	facts->passes |= gate_is_clear(media);
	if (leg_stream(media)->stream) {
		zrtp_stream_get_info(leg_stream(media)->stream, &info);
		facts->busy = is_busy(info.state);
		facts->asked = info.state == ZRTP_STATE_CLEAR;
	}
	facts->closed_ms = (clock_now() - leg_stream(media)->closed_since) / 1000;
	if (chan) {
		ast_channel_lock(chan);
		facts->answered = ast_channel_state(chan) == AST_STATE_UP;
		facts->answered_ms = ast_channel_get_up_time_ms(chan);
		ast_channel_unlock(chan);
		ast_channel_unref(chan);
	}
}

static int task_look(void *data)
{
	struct media *media = data;
	struct closed_facts facts;
	enum closed_choice choice;

	see(media, &facts);
	choice = closed_choose(&facts);
	if (choice == CLOSED_WAIT) {
		look_again(media);
	} else {
		leg_stream(media)->closed_since = 0;
	}
	if (choice == CLOSED_REFUSE) {
		refuse_leg(media, NULL, leg_stream(media)->closed_why);
	}
	ao2_ref(media, -1);

	return 0;
}

void closed_watch(struct media *media, enum refusal why)
{
	int under_way = leg_stream(media)->closed_since != 0;

	if (media_is_further(media)) {
		return;
	}
	leg_stream(media)->closed_why = why;
	if (!under_way) {
		leg_stream(media)->closed_since = clock_now();
		look_again(media);
	}
}
