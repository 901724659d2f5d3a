/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the phone of a leg hears of its own encryption.
 *
 * That a call is secure is played only while the PBX sends with the keys of this leg, that it is
 * not only where clear media may pass: a leg that is closed hears nothing, nor one that is passed through.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"

#include "common/clock.h"
#include "decide/play_choice.h"
#include "decide/settings.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "leg/leg_state.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"
#include "leg/play.h"

/*! \brief Is the call answered? */
static int is_up(struct media *media)
{
	struct ast_channel *chan = media_channel(media);
	int res = 0;

	if (chan) {
		ast_channel_lock(chan);
		res = ast_channel_state(chan) == AST_STATE_UP;
		ast_channel_unlock(chan);
		ast_channel_unref(chan);
	}

	return res;
}

static void know(struct play_facts *facts, const struct play_policy *policy, struct leg_view *view, struct media *media)
{
	enum outcome outcome;

	ao2_lock(view);
	outcome = leg_view_shared(view)->report.outcome;
	ao2_unlock(view);
	ao2_lock(media);
	facts->secure = outcome == OUTCOME_SECURE && media_gate(media)->tx == GATE_SECURE;
	facts->clear = outcome == OUTCOME_CLEAR && media_gate(media)->tx == GATE_CLEAR;
	ao2_unlock(media);
	/* Another thread waits for a channel: asked only where the answer counts. */
	facts->up = (facts->secure || facts->clear) && !play_is_silent(policy) && is_up(media);
	facts->now = clock_now() / 1000;
}

static int task_look(void *data)
{
	struct media *media = data;
	struct leg_view *view = leg_view_of(media);

	if (view) {
		leg_view_alone(view)->play.looking = 0;
		play_look(view);
		ao2_ref(view, -1);
	}
	ao2_ref(media, -1);

	return 0;
}

void play_look(struct leg_view *view)
{
	struct leg_view_alone *alone = leg_view_alone(view);
	const struct play_policy *policy;
	struct play_choice choice;
	struct play_facts facts;

	if (!alone->media || media_is_over(alone->media) || !media_is_end(alone->media)) {
		return;
	}
	policy = &media_settings(alone->media)->play;
	know(&facts, policy, view, alone->media);
	choice = play_choose(&alone->play.heard, policy, &facts);
	if (choice.news != PLAY_NOTHING) {
		leg_prompt(alone->media, play_sound(policy, choice.news), facts.secure);
	} else if (choice.again && !alone->play.looking) {
		alone->play.looking = !leg_push_later(alone->media, choice.again, task_look);
	}
}

void play_forget(struct leg_view *view)
{
	memset(&leg_view_alone(view)->play.heard, 0, sizeof(leg_view_alone(view)->play.heard));
}
