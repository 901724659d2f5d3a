/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What mode_choice.c has to know of a stream.
 *
 * What takes the locks of bridges and channels is looked up only where it may count.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_technology.h"
#include "asterisk/channel.h"

#include "common/clock.h"
#include "decide/auto_choice.h"
#include "decide/mode_choice.h"
#include "decide/settings.h"
#include "decide/unjoined.h"
#include "packet/channel_media.h"
#include "packet/dialog.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "channel/bridge.h"
#include "passthrough/join.h"
#include "passthrough/mode_facts.h"
#include "passthrough/other_phone.h"
#include "passthrough/rekey_choice.h"
#include "passthrough/unjoined_call.h"

/*! \return milliseconds, 0 of what has not happened */
static int64_t since(uint64_t then)
{
	return then ? (int64_t) (clock_now() - then) / 1000 : 0;
}

/*! \brief The standing of a stream; when it is over, as if the PBX were its ZRTP endpoint. */
static enum standing standing_of(struct media *media)
{
	enum standing res;

	ao2_lock(media);
	res = media_life(media)->ended ? STANDING_END : media_pass(media)->standing;
	ao2_unlock(media);

	return res;
}

struct ast_channel *mode_other_side(struct media *media, struct ast_channel *chan, int *rings)
{
	struct ast_channel *other = ast_channel_bridge_peer(chan);

	*rings = 0;
	if (other || !media_settings(media)->early || ast_channel_is_bridged(chan)) {
		return other;
	}
	other = other_phone_only(media);
	*rings = other && !ast_channel_is_bridged(other)
		&& (ast_channel_state(chan) != AST_STATE_UP || ast_channel_state(other) != AST_STATE_UP);
	if (!*rings) {
		other = ast_channel_cleanup(other);
	}

	return other;
}

static int on_hold(struct ast_channel *chan)
{
	int res;

	ast_channel_lock(chan);
	res = ast_channel_hold_state(chan) == AST_CONTROL_HOLD;
	ast_channel_unlock(chan);

	return res;
}

/*! \brief What is known of a phone. \pre media is locked */
static struct auto_phone phone_of(const struct media *media)
{
	return (struct auto_phone) { .hello = media_pass(media)->speaks_zrtp, .announced = media_pass(media)->sdp_zrtp };
}

/*! \brief With mode = auto: who is at the other side, and since when does it wait? */
static void take_pair(struct mode_view *view)
{
	struct media *media = view->media, *present = view->present;
	struct auto_facts facts = { .there = view->other && !view->rings, .rings = view->rings };

	if (present) {
		ao2_lock(present);
		facts.waits = pass_role(media_pass(present)) == ROLE_WAITING && (!view->rings || media_settings(present)->early);
		facts.far = phone_of(present);
		facts.passes = media_settings(present)->mode == MODE_PASSTHROUGH;
		ao2_unlock(present);
	}
	ao2_lock(media);
	if (!facts.waits) {
		media_pass(media)->bridged_at = 0;
	} else if (!media_pass(media)->bridged_at) {
		media_pass(media)->bridged_at = clock_now();
	}
	facts.own = phone_of(media);
	facts.alone = since(media_pass(media)->waiting_since);
	facts.together = since(media_pass(media)->bridged_at);
	facts.asked = media_pass(media)->asked_at ? MAX(since(media_pass(media)->asked_at), 1) : -1;
	ao2_unlock(media);
	/* It takes the locks of the bridge and of both channels, so only where it may count. */
	facts.apart = facts.waits && !view->rings && facts.far.announced && !facts.far.hello && join_obstacles(view->chan) != 0;

	view->pair = auto_choose(&facts);
	view->facts.pair = view->pair.step;
}

/*! \brief A call that may be passed through has no keys. */
static void take_clear(struct mode_view *view)
{
	struct mode_facts *facts = &view->facts;
	int waits = facts->held || view->far_held || view->rings;

	view->clear = unjoined_look(view->media, view->chan, view->rings ? NULL : view->other, waits);
	facts->clear = view->clear.step;
	facts->clear_for = unjoined_age(view->media);
}

/*! \brief Is something in the PBX to hear the phones, which have a bridge that is no native one? */
static int is_idle(const struct mode_view *view)
{
	int speaks;

	if (view->rings) {
		return join_early_idle(view->chan, view->other);
	}
	ao2_lock(view->media);
	speaks = media_pass(view->media)->speaks_zrtp;
	ao2_unlock(view->media);

	return speaks && join_idle(view->chan);
}

/*! \brief Two partners that no native bridge has. */
static void take_watched(struct mode_view *view)
{
	struct mode_facts *facts = &view->facts;
	struct media *media = view->media;
	int quiet = view->other && (facts->held || view->far_held);

	facts->idle = facts->together && is_idle(view);
	facts->replace = rekey_choice_of_two(media, view->partner, &view->bound);
	facts->leads = media_number(media) <= media_number(view->partner);
	ao2_lock(media);
	if (facts->together) {
		if (media_pass(media)->standing == STANDING_EARLY && !view->rings) {
			media_pass(media)->standing = facts->standing = STANDING_SIMPLE;
		}
		media_pass(media)->unbridged_at = 0;
	} else if (media_pass(media)->standing == STANDING_EARLY && !media_pass(media)->unbridged_at) {
		media_pass(media)->unbridged_at = clock_now();
	}
	if (quiet || facts->idle || media_pass(media)->standing == STANDING_NATIVE) {
		media_pass(media)->unheard_since = 0;
	} else if (!media_pass(media)->unheard_since) {
		media_pass(media)->unheard_since = clock_now();
	}
	facts->unbridged = since(media_pass(media)->unbridged_at);
	facts->unheard = since(media_pass(media)->unheard_since);
	ao2_unlock(media);
}

/*! \brief A native bridge that has not made partners of its two has the phones send to each other. */
static int is_direct(struct ast_channel *chan)
{
	struct ast_bridge *bridge = bridge_of(chan);
	int res;

	if (!bridge) {
		return 0;
	}
	ast_bridge_lock(bridge);
	res = bridge->num_channels == 2 && !strcmp(bridge->technology->name, "native_rtp");
	ast_bridge_unlock(bridge);
	ao2_ref(bridge, -1);

	return res;
}

/*! \brief Is a call that takes the place of the other side's being made? They take turns. */
static int is_near(struct media *present)
{
	int res;

	if (!present) {
		return 0;
	}
	ao2_lock(present);
	res = media_pass(present)->rekey == REKEY_UNDER_WAY;
	ao2_unlock(present);

	return res;
}

/*! \brief The first stream of a call has no partner. */
static void take_alone(struct mode_view *view)
{
	struct mode_facts *facts = &view->facts;
	int sealed = facts->keyed || facts->phones;

	facts->direct = view->chan && !sealed && is_direct(view->chan);
	facts->near = is_near(view->present);
	/* Who is there counts only where it cannot be the partner. */
	if (view->chan && !(facts->done & (1 << MODE_JOIN))) {
		return;
	}
	if (facts->automatic && !sealed) {
		take_pair(view);
	} else if (view->chan && !facts->require && !sealed) {
		take_clear(view);
	}
}

static void take_beside(struct mode_view *view)
{
	struct mode_facts *facts = &view->facts;
	struct media *media = view->media, *first = view->first;

	facts->first = standing_role(standing_of(first));
	ao2_lock(first);
	facts->first_settled = media_pass(first)->keyed || media_pass(first)->unjoined != UNJOINED_UNDECIDED;
	ao2_unlock(first);
	ao2_lock(media);
	facts->pending = media_pass(media)->beside && (!media_pass(media)->released || media_pass(media)->hello_len);
	ao2_unlock(media);
}

/*! \brief What the stream itself knows. */
static void take_own(struct mode_view *view)
{
	struct mode_facts *facts = &view->facts;
	struct media *media = view->media;

	facts->automatic = media_settings(media)->mode == MODE_AUTO;
	facts->require = media_settings(media)->require;
	ao2_lock(media);
	facts->standing = media_life(media)->ended ? STANDING_END : media_pass(media)->standing;
	view->partner = ao2_bump(media_pass(media)->partner);
	facts->keyed = media_pass(media)->keyed;
	facts->phones = dialog_is_phones(media);
	facts->agreed = passthrough_agreed(media);
	facts->told = media_pass(media)->told;
	facts->joined = since(media_pass(media)->joined_at);
	facts->parted = since(media_pass(media)->waiting_since);
	/* One that comes late has its time too. */
	facts->alone = since(MAX(media_pass(media)->waiting_since, media_pass(media)->bridged_at));
	ao2_unlock(media);
	if (view->partner) {
		facts->partner_requires = media_settings(view->partner)->require;
		facts->partner_joined = standing_joined(standing_of(view->partner));
	}
}

/*! \brief Its channel, and what is at the other side. */
static void take_sides(struct mode_view *view)
{
	struct mode_facts *facts = &view->facts;

	facts->channel = 1;
	facts->up = ast_channel_state(view->chan) == AST_STATE_UP;
	facts->held = on_hold(view->chan);
	view->other = mode_other_side(view->media, view->chan, &view->rings);
	if (view->other) {
		facts->other = 1;
		view->far_held = on_hold(view->other);
		view->present = facts->beside ? channel_video(view->other) : channel_media(view->other);
	}
	facts->together = view->partner && view->present == view->partner;
}

void mode_view_take(struct mode_view *view, struct media *media, unsigned int done)
{
	struct mode_facts *facts = &view->facts;

	memset(view, 0, sizeof(*view));
	facts->done = done;
	view->media = media;
	/* One thread looks at all calls. What has moved is looked at again: its bridge makes news. */
	view->chan = media_channel_now(media);
	view->first = view->chan ? channel_media(view->chan) : NULL;
	if (view->first == media) {
		ao2_ref(view->first, -1);
		view->first = NULL;
	}
	facts->beside = view->first != NULL;
	take_own(view);
	if (facts->standing == STANDING_END) {
		return;
	}
	if (view->chan) {
		take_sides(view);
	}
	if (facts->beside) {
		take_beside(view);
	} else if (!view->partner) {
		take_alone(view);
	} else {
		if (facts->standing != STANDING_NATIVE) {
			take_watched(view);
		}
		if (view->chan && !facts->keyed && !facts->require && !facts->partner_requires) {
			take_clear(view);
		}
	}
}

void mode_view_drop(struct mode_view *view)
{
	ao2_cleanup(view->present);
	ao2_cleanup(view->partner);
	ao2_cleanup(view->first);
	ast_channel_cleanup(view->other);
	ast_channel_cleanup(view->chan);
}
