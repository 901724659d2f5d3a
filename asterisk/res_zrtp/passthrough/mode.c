/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether the PBX is the ZRTP endpoint of a phone, or passes its ZRTP through.
 *
 * A leg whose policy may pass through begins as one that waits: no Hello of
 * ours, the phone's own is kept. The bridge decides: where it can join two
 * such legs natively it needs nothing of their audio, and they are partners.
 * With mode = auto the PBX soon becomes the endpoint of a leg without partner; that is
 * soon enough for phones, which repeat their Hello for some four seconds.
 * What is decided for the first stream of a call holds for all of them. Where
 * a policy has it, a phone and the only one that it rings are partners already.
 *
 * What is to be done is decided in mode_choice.c.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"

#include "common/clock.h"
#include "decide/auto_choice.h"
#include "decide/mode_choice.h"
#include "decide/replace_choice.h"
#include "decide/settings.h"
#include "decide/unjoined.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/events.h"
#include "leg/refuse.h"
#include "channel/bridge.h"
#include "channel/display.h"
#include "channel/partner.h"
#include "passthrough/join.h"
#include "passthrough/mode.h"
#include "passthrough/mode_facts.h"
#include "passthrough/mode_look.h"
#include "passthrough/mode_steps.h"
#include "passthrough/other_phone.h"
#include "passthrough/passthrough.h"
#include "passthrough/rekey.h"
#include "passthrough/unjoined_call.h"

/*! So often a bridge is asked about two that it has left apart. */
#define LEFT_ASKS 3

enum standing mode_first_standing(const struct settings *settings)
{
	return settings->mode == MODE_PASSTHROUGH || settings->mode == MODE_AUTO ? STANDING_WAITING : STANDING_END;
}

/*! \brief For the log: why does the bridge not join them? */
static const char *why_apart(struct ast_channel *chan, enum auto_reason reason)
{
	unsigned int obstacles = reason == AUTO_NO_BRIDGE ? join_obstacles(chan) : 0;

	if (obstacles & JOIN_CODES) {
		return unjoined_why(UNJOINED_CODES);
	}
	if (obstacles & JOIN_WANTED) {
		return unjoined_why(UNJOINED_LISTENER);
	}
	if (obstacles & JOIN_PROMPTS) {
		return "the bridge has prompts of a time limit to play";
	}

	return obstacles & JOIN_DIFFERS ? unjoined_why(UNJOINED_CODECS) : auto_why(reason);
}

static void become_end(struct mode_view *view, enum mode_reason reason)
{
	if (reason == MODE_BY_PAIR) {
		mode_become_end(view->media, why_apart(view->chan, view->pair.reason), auto_is_told(view->pair.reason));
	} else if (reason == MODE_BY_POLICY) {
		mode_become_end(view->media, "on_no_passthrough = endpoint", 1);
	} else {
		mode_become_end(view->media, "so it is for the rest of its call", 0);
	}
	if (!view->first) {
		mode_wake_video(view->chan);
	}
}

static void hang_up(struct mode_view *view, enum mode_reason reason)
{
	static const enum refusal refusals[] = {
		[MODE_NO_KEYS] = REFUSAL_NO_ZRTP,
		[MODE_NO_PARTNER] = REFUSAL_NO_PARTNER,
		[MODE_PARTNER_GONE] = REFUSAL_PARTNER_GONE,
		[MODE_DIRECT_MEDIA] = REFUSAL_DIRECT_MEDIA,
		[MODE_NO_PASSTHROUGH] = REFUSAL_NO_PASSTHROUGH,
	};

	refuse_leg(view->media, view->chan, refusals[reason]);
}

/*! \brief Join a phone with the one that it rings, if both policies have it. */
static int join_ringing(struct mode_view *view)
{
	return view->rings && view->present && media_settings(view->present)->early && join_early(view->chan, view->other);
}

/*!
 * \brief Ask a bridge that has not thought them over. What keeps it from joining them need not be seen here, and each
 * time that it thinks they are offered to it, for which the PBX waits before it becomes their endpoint: so not for ever.
 */
static void ask_left(struct mode_view *view)
{
	struct passthrough *pass;
	int asks;

	if (!view->present || !join_left(view->chan)) {
		return;
	}
	ao2_lock(view->media);
	pass = media_pass(view->media);
	if (pass->left_with != media_number(view->present)) {
		pass->left_with = media_number(view->present);
		pass->left_asks = 0;
	}
	asks = pass->left_asks < LEFT_ASKS;
	pass->left_asks += asks;
	ao2_unlock(view->media);
	if (asks) {
		ast_channel_set_unbridged(view->chan, 1);
	}
}

/*! \retval 1 it is joined */
static int join(struct mode_view *view)
{
	if (view->first) {
		return join_videos(view->chan, view->other);
	}
	if (!join_phones(view->chan) && !join_ringing(view)) {
		ask_left(view);
		return 0;
	}
	mode_wake_video(view->chan);

	return 1;
}

/*! \brief The partner looks for itself what is to become of it. */
static void part(struct mode_view *view)
{
	passthrough_part_simple(view->media);
	if (!view->first) {
		mode_tell(view->media, view->chan, 1);
		mode_wake_video(view->chan);
	}
	mode_look_now(view->partner);
}

/*! \brief Have the bridge think again about joining natively. */
static void reconsider(struct mode_view *view)
{
	ao2_lock(view->media);
	media_pass(view->media)->asked_at = clock_now();
	ao2_unlock(view->media);
	ast_channel_set_unbridged(view->chan, 1);
}

static void note_told(struct mode_view *view)
{
	ao2_lock(view->media);
	media_pass(view->media)->told = 1;
	ao2_unlock(view->media);
}

/*! \retval 1 it is under way */
static int rekey(struct mode_view *view)
{
	if (view->partner) {
		note_told(view);
	}

	return rekey_begin(view->media, view->chan);
}

/*! \brief Something wants to hear phones that cannot get keys with us: log it. Nothing of their call changes. */
static void refuse_listener(struct mode_view *view)
{
	note_told(view);
	ast_log(LOG_WARNING, "%s: recording, spying or playback refused, as the ZRTP keys are the phones' own: the "
		"call goes on between the phones, and the PBX neither receives nor sends audio (%s: %s)\n",
		ast_channel_name(view->chan), media_name(view->bound), replace_why(view->facts.replace));
	events_warn(view->media, "ListenerRefused", "recording, spying or playback was asked for of phones that have their "
		"own keys");
}

static void tell_left_out(struct mode_view *view)
{
	note_told(view);
	ast_log(LOG_NOTICE, "%s: a further stream is not passed through, and carries nothing: the other phone has "
		"no such stream, or another codec or payload type for it\n", ast_channel_name(view->chan));
}

/*! \brief A further stream is as clear as the first one. */
static void tell_clear(struct mode_view *view)
{
	if (unjoined_tell(view->media, view->chan, &view->clear)) {
		mode_wake_video(view->chan);
	}
}

static int is_keyed(struct media *media)
{
	int keyed;

	ao2_lock(media);
	keyed = media_pass(media)->keyed;
	ao2_unlock(media);

	return keyed;
}

/*! \brief Those after which mode_choice.c is asked again, see there. */
static void say(struct mode_view *view, enum mode_step step)
{
	switch (step) {
	case MODE_TELL_LISTENER:
		refuse_listener(view);
		break;
	case MODE_TELL_CLEAR:
		tell_clear(view);
		break;
	case MODE_TELL_DIRECT:
		mode_set_direct(view->media, STANDING_DIRECT, !media_is_further(view->media));
		break;
	case MODE_NOT_DIRECT:
		mode_set_direct(view->media, STANDING_WAITING, !media_is_further(view->media));
		break;
	case MODE_LEAVE_OUT:
	case MODE_TAKE_IN:
		passthrough_leave_out(view->media, step == MODE_LEAVE_OUT);
		break;
	default:
		tell_left_out(view);
	}
}

/*! \retval 1 the look ends with this step, 0 mode_choice.c is asked again */
static int perform(struct mode_view *view, const struct mode_choice *choice)
{
	switch (choice->step) {
	case MODE_STAY:
		return 1;
	case MODE_JOIN:
		return join(view);
	case MODE_HAND_OVER:
		passthrough_hand_over(view->media, view->present);
		return 1;
	case MODE_ASK_BRIDGE:
		reconsider(view);
		return 1;
	case MODE_BECOME_END:
		become_end(view, choice->reason);
		return 1;
	case MODE_PART:
		part(view);
		return !view->first;
	case MODE_REKEY:
		return rekey(view);
	case MODE_LEAVE_REKEY:
		note_told(view);
		return 1;
	case MODE_MAYBE_DIRECT:
		mode_set_direct(view->media, STANDING_MAYBE_DIRECT, 1);
		return 1;
	case MODE_RELEASE:
		passthrough_release(view->media, is_keyed(view->first));
		return 1;
	case MODE_HANG_UP:
		hang_up(view, choice->reason);
		return 1;
	default:
		say(view, choice->step);
		return 0;
	}
}

/*! \brief What a look begins with: who it is, and what has become of it since the last one. */
static void greet(struct mode_view *view)
{
	struct media *media = view->media;

	mode_list(media, view->chan, !view->first);
	mode_tell(media, view->chan, !view->first);
	other_phone_compare(media);
	if (view->first && view->facts.standing != STANDING_END && view->facts.standing != STANDING_NATIVE) {
		unjoined_follow(media, view->first);
	}
}

/*! \retval 0, or milliseconds after which to look again */
static int look(struct media *media)
{
	struct mode_choice choice;
	struct mode_view view;
	unsigned int done = 0;
	int over;

	do {
		mode_view_take(&view, media, done);
		if (!done) {
			greet(&view);
		}
		choice = mode_choose(&view.facts);
		/* None is taken twice. */
		over = done >> choice.step & 1 || perform(&view, &choice);
		done |= 1U << choice.step;
		if (over && view.first) {
			mode_tell(media, view.chan, 0);
		}
		mode_view_drop(&view);
	} while (!over);

	return choice.again;
}

int mode_settled(struct media *media, struct ast_channel *chan)
{
	struct media *first = channel_media(chan);
	int res = first && first != media;

	if (res) {
		ao2_lock(first);
		res = media_life(first)->ended || pass_role(media_pass(first)) == ROLE_END;
		ao2_unlock(first);
	}
	ao2_cleanup(first);

	return res;
}

/*! \brief A channel has entered or left a bridge: look now. No lock may be held. */
static void mode_bridged(struct ast_channel *chan)
{
	struct media *media = channel_media(chan);

	if (media) {
		mode_look_now(media);
		ao2_ref(media, -1);
	}
	mode_wake_video(chan);
	partner_bridged(chan);
	display_bridged(chan);
}

int mode_init(void)
{
	if (mode_look_init(look)) {
		return -1;
	}
	bridges_listen(mode_bridged);

	return 0;
}

void mode_shutdown(void)
{
	bridges_listen(NULL);
	mode_look_shutdown();
}
