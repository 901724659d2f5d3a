/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether the PBX is an end of a phone's ZRTP, or passes it through.
 *
 * A leg whose policy may pass through begins as one that waits: no Hello of
 * ours, the phone's own is kept. The bridge decides: where it can join two
 * such legs natively it needs nothing of their audio, and they are partners.
 * With mode = auto a leg that finds no partner soon becomes an end; that is
 * soon enough for phones, which repeat their Hello for some four seconds.
 * What is decided for the first stream of a call holds for all of them. Where
 * a policy has it, a phone and the only one that it rings are partners already.
 *
 * The looks at a call are tasks of one taskprocessor, where no lock is held.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_technology.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/taskprocessor.h"

#include <zrtp/zrtp.h>

#include "common/signalling.h"
#include "decide/auto_choice.h"
#include "decide/net_address.h"
#include "decide/replace_choice.h"
#include "decide/settings.h"
#include "decide/unjoined.h"
#include "base/clock.h"
#include "packet/channel_media.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "packet/stats.h"
#include "leg/events.h"
#include "leg/hello_hash.h"
#include "leg/keyless.h"
#include "leg/leg.h"
#include "leg/refuse.h"
#include "leg/timers.h"
#include "channel/bridge.h"
#include "channel/fax.h"
#include "channel/partner.h"
#include "passthrough/far.h"
#include "passthrough/join.h"
#include "passthrough/mode.h"
#include "passthrough/passthrough.h"
#include "passthrough/rekey.h"
#include "passthrough/unjoined_call.h"

/*! How long a bridge that has accepted two phones may take to join them, milliseconds. */
#define OFFER_MAX 1000
/*! How long phones that are passed through and have to have keys may take: their messages are repeated for so long. */
#define KEYS_MAX 12000
/*! How long a call is watched for a bridge that does not join its phones natively. */
#define APART_MAX 8000
/*! How long a required partner may be missing. */
#define PARTNER_MAX 3000
/*! After a hold the bridge takes a moment to have a native pair again. */
#define UNHEARD_MAX 1500
/*! A phone whose partner has gone is mostly about to be hung up itself. */
#define PARTED_MIN 300
/*! How long after the answer two that were joined before it may have no bridge. */
#define UNBRIDGED_MAX 1500
/*! How long a phone may take to answer an offer with another zrtp-hash. */
#define RENEWAL_MAX 2000
/*! Between two looks. */
#define SOON 100
#define LATER 500

static struct ast_taskprocessor *looks;

static int64_t since(uint64_t then)
{
	return then ? (int64_t) (clock_now() - then) / 1000 : 0;
}

enum role mode_first_role(const struct settings *settings)
{
	return settings->mode == MODE_PASSTHROUGH || settings->mode == MODE_AUTO ? ROLE_WAITING : ROLE_END;
}

/*! \brief The role of a medium, that of an end when it is over. */
static enum role role_of(struct media *media)
{
	enum role role;

	ao2_lock(media);
	role = media->ended ? ROLE_END : media->pass.role;
	ao2_unlock(media);

	return role;
}

/*! \brief Show it in the CLI, unless it is over already. */
static void list(struct media *media, struct ast_channel *chan, int first)
{
	int begin, gone;

	if (chan && first) {
		fax_attach(chan, media);
	}
	ao2_lock(media);
	if (chan) {
		ast_copy_string(media->report.channel, ast_channel_name(chan), sizeof(media->report.channel));
	}
	begin = !media->pass.listed && !media->ended && media->pass.role != ROLE_END;
	media->pass.listed |= begin;
	ao2_unlock(media);
	if (!begin) {
		return;
	}

	stats_list(media);
	ao2_lock(media);
	gone = !media->pass.listed;
	ao2_unlock(media);
	if (gone) {
		stats_unlist(media);
	}
}

/*!
 * \brief May both phones get keys with us in a call that replaces the one they have? Undecided as long as one is.
 * \param which gets the one that is the reason, of the two
 */
static enum replace_choice choice_of(struct media *media, struct media *partner, struct media **which)
{
	enum replace_choice mine = rekey_choice(media), theirs = partner ? rekey_choice(partner) : REPLACE_UNSUPPORTED;

	*which = MAX(mine, theirs) == mine ? media : partner;

	return MAX(mine, theirs);
}

/*!
 * \brief Phones that have keys with each other stay together, unless both
 * would take a call in which we are the end: within a call Linphone for one
 * cannot begin with another peer. So transfers are refused.
 */
static void keep_together(struct media *media, struct ast_channel *chan)
{
	struct media *partner, *which;
	struct ast_bridge *bridge;
	int free_to_go;

	ao2_lock(media);
	partner = ao2_bump(media->pass.partner);
	ao2_unlock(media);
	free_to_go = choice_of(media, partner, &which) == REPLACE_MAY;
	ao2_cleanup(partner);
	if (free_to_go) {
		return;
	}

	bridge = bridge_of(chan);
	if (!bridge) {
		return;
	}
	ast_bridge_lock(bridge);
	ast_set_flag(&bridge->feature_flags, AST_BRIDGE_FLAG_TRANSFER_PROHIBITED);
	ast_bridge_unlock(bridge);
	ao2_ref(bridge, -1);
}

/*! \brief What becomes of the first stream concerns the video as well. */
static void wake_video(struct ast_channel *chan)
{
	struct media *video = chan ? channel_video(chan) : NULL;

	if (video) {
		mode_look_now(video);
		ao2_ref(video, -1);
	}
}

/*! \brief What the other phone does is told to this one in SIP while they have keys: the PBX cannot say anything. */
static void pass_hold(struct media *media, struct ast_channel *chan, int on)
{
	struct zrtp_signalling_listener *listener = hello_hash_listener(media);

	if (listener) {
		listener->pass_hold(chan, on);
		ao2_ref(listener, -1);
	}
}

/*! \brief Tell of a state once. */
static void tell(struct media *media, struct ast_channel *chan, int first)
{
	static const char * const states[] = { "ended", "begun", "keyed" };
	unsigned int state, told;

	ao2_lock(media);
	state = media->pass.role != ROLE_PASSTHROUGH ? 0 : media->pass.keyed ? 2 : 1;
	told = media->pass.announced;
	media->pass.announced = state;
	ao2_unlock(media);

	/* First, so that whoever hears the event finds it so. They may have been told of before there was a bridge. */
	if (state == 2 && chan) {
		keep_together(media, chan);
	}
	if (state == 2 && state != told && first) {
		wake_video(chan);
	}
	if (state != told) {
		if (first && chan) {
			pass_hold(media, chan, state == 2);
		}
		events_passthrough(media, states[state], first);
	}
}

/*! \brief Have the bridge think again about joining natively. */
static void reconsider(struct media *media, struct ast_channel *chan)
{
	ao2_lock(media);
	media->pass.asked_at = clock_now();
	ao2_unlock(media);
	ast_channel_set_unbridged(chan, 1);
}

static int fire_start(const void *data)
{
	struct media *media = (struct media *) data;

	leg_start(media);
	ao2_ref(media, -1);

	return 0;
}

/*!
 * \brief Start ZRTP with a phone. One that was told of another Hello than ours
 * in SDP might be offended by it: it is told the right one first, and ZRTP
 * starts when its answer is applied to the media.
 */
static int begin(struct media *media)
{
	ao2_lock(media);
	media->pass.telling = 1;
	ao2_unlock(media);
	if (!hello_hash_renewed(media)) {
		return leg_start(media);
	}
	ao2_ref(media, +1);
	if (timers_add(RENEWAL_MAX, fire_start, media)) {
		ao2_ref(media, -1);
		return leg_start(media);
	}

	return 0;
}

/*!
 * \brief From now on we are the end of this phone's ZRTP. \retval 0, or when to try again
 * \param told the log says why: another phone is there, and the call is not passed through
 */
static int become_end(struct media *media, const char *why, int told)
{
	uint8_t hello[ZRTP_DATAGRAM_MAX];
	struct net_address source;
	size_t len = 0;
	int listed, possible;

	ao2_lock(media);
	possible = !media->ended && media->pass.role == ROLE_WAITING;
	if (possible && media->pass.offered_at && since(media->pass.offered_at) < OFFER_MAX) {
		ao2_unlock(media);
		return SOON;
	}
	listed = possible && media->pass.listed;
	if (possible) {
		media->pass.role = ROLE_END;
		media->pass.listed = 0;
		len = media->pass.hello_len;
		media->pass.hello_len = 0;
	}
	if (len) {
		memcpy(hello, media->pass.hello, len);
		source = media->pass.hello_source;
	}
	ao2_unlock(media);
	if (!possible) {
		return 0;
	}

	if (told) {
		ast_log(LOG_NOTICE, "%s: not passed through, the PBX is its ZRTP endpoint: %s\n", media_name(media), why);
	} else {
		ast_debug(1, "%s: the PBX is its ZRTP endpoint: %s\n", media_name(media), why);
	}
	if (listed) {
		stats_unlist(media);
	}
	passthrough_sockets(media, -1, -1);
	far_learn(media);
	keyless_again(media);
	if (leg_join(media, media->ssrc) || begin(media)) {
		ast_log(LOG_ERROR, "%s: ZRTP could not be started, its media is stopped\n", media_name(media));
		gate_wipe(media);
		return 0;
	}
	if (len) {
		leg_push_datagram(media, hello, len, &source);
	}

	return 0;
}

void mode_end(struct media *media)
{
	int active, done;

	ao2_lock(media);
	active = media->activated;
	done = !active && !media->ended && media->pass.role == ROLE_WAITING;
	if (done) {
		media->pass.role = ROLE_END;
	}
	ao2_unlock(media);

	if (active) {
		become_end(media, "the phone needs a zrtp-hash of the PBX now", 0);
	} else if (done) {
		passthrough_sockets(media, -1, -1);
		far_learn(media);
	}
}

/*!
 * \brief The channel at the other side with a reference, or NULL: the other one of
 * a bridge of two or, where the policy has it, the only one that rings.
 */
static struct ast_channel *other_side(struct media *media, struct ast_channel *chan, int *rings)
{
	struct ast_channel *other = ast_channel_bridge_peer(chan);

	*rings = 0;
	if (other || !media->settings->early || ast_channel_is_bridged(chan)) {
		return other;
	}
	other = far_only(media);
	*rings = other && !ast_channel_is_bridged(other)
		&& (ast_channel_state(chan) != AST_STATE_UP || ast_channel_state(other) != AST_STATE_UP);
	if (!*rings) {
		other = ast_channel_cleanup(other);
	}

	return other;
}

/*! \brief What is known of a phone. \pre media is locked */
static struct auto_phone phone_of(const struct media *media)
{
	return (struct auto_phone) { .hello = media->pass.speaks_zrtp, .announced = media->pass.sdp_zrtp };
}

/*! \brief See who is at the other side, and since when it waits. \return its medium, with a reference; may be NULL */
static struct media *see(struct media *media, struct ast_channel *chan, struct auto_facts *out)
{
	int rings = 0;
	struct ast_channel *other = chan ? other_side(media, chan, &rings) : NULL;
	struct media *partner = other ? channel_media(other) : NULL;

	memset(out, 0, sizeof(*out));
	out->there = other && !rings;
	out->rings = rings;
	if (partner) {
		ao2_lock(partner);
		out->waits = partner->pass.role == ROLE_WAITING && (!rings || partner->settings->early);
		out->far = phone_of(partner);
		out->passes = partner->settings->mode == MODE_PASSTHROUGH;
		ao2_unlock(partner);
	}
	ast_channel_cleanup(other);

	ao2_lock(media);
	if (!out->waits) {
		media->pass.bridged_at = 0;
	} else if (!media->pass.bridged_at) {
		media->pass.bridged_at = clock_now();
	}
	out->own = phone_of(media);
	out->alone = since(media->pass.waiting_since);
	out->together = since(media->pass.bridged_at);
	out->asked = media->pass.asked_at ? MAX(since(media->pass.asked_at), 1) : -1;
	ao2_unlock(media);
	/* It takes the locks of the bridge and of both channels, so only where it may count. */
	out->apart = out->waits && !rings && out->far.announced && !out->far.hello && join_obstacles(chan) != 0;

	return partner;
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

/*! \brief mode = auto: partner or end? \retval 0, or when to look again */
static int choose(struct media *media, struct media *partner, struct ast_channel *chan, const struct auto_facts *facts)
{
	struct auto_choice choice = auto_choose(facts);

	switch (choice.step) {
	case AUTO_HAND_OVER:
		passthrough_hand_over(media, partner);
		return SOON;
	case AUTO_ASK:
		reconsider(media, chan);
		return SOON;
	case AUTO_END:
		return become_end(media, why_apart(chan, choice.reason), auto_is_told(choice.reason));
	default:
		return SOON;
	}
}

static int on_hold(struct ast_channel *chan)
{
	int res;

	ast_channel_lock(chan);
	res = ast_channel_hold_state(chan) == AST_CONTROL_HOLD;
	ast_channel_unlock(chan);

	return res;
}

/*! \brief Do what the policy has for a call without ZRTP that may be passed through. \retval 0, or when to look again */
static int go_without(struct media *media, struct ast_channel *chan)
{
	int rings;
	struct ast_channel *other = other_side(media, chan, &rings);
	int held = on_hold(chan) || (other && on_hold(other));
	enum unjoined_step step = unjoined_look(media, chan, rings ? NULL : other, held || rings);

	ast_channel_cleanup(other);
	switch (step) {
	case UNJOINED_HANG_UP:
		refuse_leg(media, chan, REFUSAL_NO_PASSTHROUGH);
		return 0;
	case UNJOINED_BECOME_END:
		return become_end(media, "on_no_passthrough = mitm", 1);
	case UNJOINED_TELL:
		/* The bridge may change its mind. */
		return unjoined_since(media) < APART_MAX ? LATER : 0;
	default:
		return LATER;
	}
}

/*! \brief Two phones are passed through: have they keys in time? \retval 0, or when to look again */
static int wait_for_keys(struct media *media, struct ast_channel *chan)
{
	int keyed, require;

	ao2_lock(media);
	keyed = media->pass.keyed;
	require = media->settings->require || (media->pass.partner && media->pass.partner->settings->require);
	ao2_unlock(media);
	if (keyed || !chan) {
		return 0;
	}
	if (!require) {
		return go_without(media, chan) ? LATER : 0;
	}
	if (media->settings->require && ast_channel_state(chan) == AST_STATE_UP && !on_hold(chan)
		&& since(media->pass.joined_at) > KEYS_MAX) {
		refuse_leg(media, chan, REFUSAL_NO_ZRTP);
		return 0;
	}

	return LATER;
}

/*!
 * \brief A phone without a partner that needs one: by its policy, or since it
 * has keys with one that is gone. \retval 0, or when to look again
 */
static int lonely(struct media *media, struct ast_channel *chan, int keyed)
{
	int required = media->settings->require || keyed;
	int64_t alone, parted;

	if (!chan) {
		return 0;
	}
	if (!required) {
		return go_without(media, chan);
	}
	ao2_lock(media);
	parted = since(media->pass.waiting_since);
	/* One that comes late has its time too. */
	alone = since(MAX(media->pass.waiting_since, media->pass.bridged_at));
	ao2_unlock(media);
	if (keyed && (parted < PARTED_MIN || rekey_near(chan) || rekey_begin(media, chan))) {
		return SOON;
	}
	if (ast_channel_state(chan) != AST_STATE_UP || alone < PARTNER_MAX) {
		return LATER;
	}
	refuse_leg(media, chan, keyed ? REFUSAL_PARTNER_GONE : REFUSAL_NO_PARTNER);

	return 0;
}

void mode_part(struct media *media, struct ast_channel *chan)
{
	passthrough_part(media);
	tell(media, chan, 1);
	wake_video(chan);
}

/*!
 * \brief Two that were joined before the answer have no bridge yet after it.
 * \pre media is locked
 */
static int is_between(struct media *media, int together, int rings)
{
	if (together) {
		media->pass.early &= rings;
		media->pass.unbridged_at = 0;
	} else if (media->pass.early && !media->pass.unbridged_at) {
		media->pass.unbridged_at = clock_now();
	}

	return media->pass.early && !together && since(media->pass.unbridged_at) < UNBRIDGED_MAX;
}

/*! \brief Are two phones with ZRTP in a bridge that wants nothing of their media, though it is no native one? */
static int is_idle(struct media *media, struct ast_channel *chan)
{
	int speaks;

	ao2_lock(media);
	speaks = media->pass.speaks_zrtp;
	ao2_unlock(media);

	return speaks && join_idle(chan);
}

/*!
 * \brief Somebody wants to hear phones that cannot get keys with us: tell. Nothing of their call changes.
 * \param which of the two it is that cannot
 */
static void refuse_listener(struct media *media, struct ast_channel *chan, struct media *which, enum replace_choice choice)
{
	ast_log(LOG_WARNING, "%s: recording, spying or playback refused, as the ZRTP keys are the phones' own: the "
		"call goes on between the phones, and the PBX neither receives nor sends audio (%s: %s)\n",
		ast_channel_name(chan), media_name(which), replace_why(choice));
	events_warn(media, "ListenerRefused", "recording, spying or playback was asked for of phones that have their "
		"own keys");
}

/*!
 * \brief The bridge has the phones not as a native pair: is it still
 * theirs? Then their call goes on, whatever else the bridge wanted of it.
 * \retval 0, or when to look again
 */
static int watch(struct media *media, struct media *partner, struct ast_channel *chan)
{
	int rings = 0;
	struct ast_channel *other = chan ? other_side(media, chan, &rings) : NULL;
	struct media *present = other ? channel_media(other) : NULL;
	int held = other && (on_hold(chan) || on_hold(other));
	int together = present == partner;
	int idle = together && (rings ? join_early_idle(chan, other) : is_idle(media, chan));
	struct media *which;
	enum replace_choice choice = choice_of(media, partner, &which);
	int agreed, tell_now, soon_bridged, free_to_go = choice == REPLACE_MAY;

	ao2_lock(media);
	soon_bridged = is_between(media, together, rings);
	agreed = passthrough_agreed(media);
	if (held || idle || media->pass.native) {
		media->pass.unheard_since = 0;
	} else if (!media->pass.unheard_since) {
		media->pass.unheard_since = clock_now();
	}
	/* They have to have keys before they get others. */
	tell_now = together && choice != REPLACE_UNDECIDED && (free_to_go ? media->pass.keyed : agreed) && !media->pass.told
		&& since(media->pass.unheard_since) > UNHEARD_MAX;
	media->pass.told |= tell_now;
	ao2_unlock(media);
	ao2_cleanup(present);
	ast_channel_cleanup(other);

	if (soon_bridged && role_of(partner) == ROLE_PASSTHROUGH) {
		return SOON;
	}
	if (!together || (!agreed && !idle)) {
		mode_part(media, chan);
		return SOON;
	}
	/* Where one of them has gone the other one follows. */
	if (tell_now && free_to_go && (media->pass.number > partner->pass.number || rekey_begin(media, chan))) {
		return LATER;
	}
	if (tell_now) {
		refuse_listener(media, chan, which, choice);
	}

	return LATER;
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

/*! \brief Direct media is not seen here, so it cannot be held to a policy. \retval 0, or when to look again */
static int look_away(struct media *media, struct ast_channel *chan)
{
	unsigned int known;

	ao2_lock(media);
	known = media->pass.direct;
	media->pass.direct = MIN(known + 1, 2);
	ao2_unlock(media);
	/* The native bridge may be about to make partners of them. */
	if (!known) {
		return SOON;
	}
	if (known == 1) {
		events_passthrough(media, "direct", !media_is_further(media));
	}
	if (media->settings->require) {
		refuse_leg(media, chan, REFUSAL_DIRECT_MEDIA);
		return 0;
	}

	return LATER;
}

/*! \brief Join a phone with the one that it rings, if both policies have it. */
static int join_ringing(struct media *media, struct ast_channel *chan)
{
	int rings;
	struct ast_channel *other = other_side(media, chan, &rings);
	struct media *partner = rings ? channel_media(other) : NULL;
	int res = partner && partner->settings->early && join_early(chan, other);

	ao2_cleanup(partner);
	ast_channel_cleanup(other);

	return res;
}

/*! \brief A phone without a partner. \retval 0, or when to look again */
static int look_for_partner(struct media *media, struct ast_channel *chan)
{
	struct auto_facts facts;
	struct media *partner;
	int keyed, told, again;

	ao2_lock(media);
	keyed = media->pass.keyed || dialog_is_phones(media);
	ao2_unlock(media);
	/* What was passed through with keys does not go past us: its audio may be at a stranger's. */
	if (chan && !keyed && is_direct(chan)) {
		return look_away(media, chan);
	}
	ao2_lock(media);
	told = media->pass.direct == 2;
	media->pass.direct = 0;
	ao2_unlock(media);
	if (told) {
		events_passthrough(media, "ended", !media_is_further(media));
	}
	if (chan && (join_phones(chan) || join_ringing(media, chan))) {
		wake_video(chan);
		return LATER;
	}

	partner = see(media, chan, &facts);
	/* A phone with keys does not begin again with somebody else. */
	again = media->settings->mode == MODE_AUTO && !keyed ? choose(media, partner, chan, &facts)
		: lonely(media, chan, keyed);
	ao2_cleanup(partner);

	return again;
}

/*! \brief Has this one, or gets it now, the video of the other side as its partner? */
static int goes_along(struct media *media, struct ast_channel *chan, struct media *partner)
{
	int rings, res;
	struct ast_channel *other = other_side(media, chan, &rings);
	struct media *present = other ? channel_video(other) : NULL;

	/* Between answer and bridge there is no other side; the audio says when it is over. */
	res = partner && role_of(partner) == ROLE_PASSTHROUGH && (!other || present == partner);
	if (!res) {
		passthrough_part(media);
		res = other && join_videos(chan, other);
	}
	ao2_cleanup(present);
	ast_channel_cleanup(other);

	return res;
}

static int is_keyed(struct media *media)
{
	int keyed;

	ao2_lock(media);
	keyed = media->pass.keyed;
	ao2_unlock(media);

	return keyed;
}

/*!
 * \brief The rest of the call is passed through: so is this, or nothing passes
 * here. \retval when to look again
 */
static int go_along(struct media *media, struct media *first, struct ast_channel *chan, struct media *partner)
{
	int tell_now;

	if (goes_along(media, chan, partner)) {
		passthrough_release(media, is_keyed(first));
		return LATER;
	}
	passthrough_leave_out(media, 1);
	ao2_lock(media);
	/* The other phone may be about to add the same. */
	tell_now = !media->pass.told && since(media->pass.waiting_since) > PARTNER_MAX;
	media->pass.told |= tell_now;
	ao2_unlock(media);
	if (tell_now) {
		ast_log(LOG_NOTICE, "%s: a further stream is not passed through, and carries nothing: the other phone has "
			"no such stream, or another codec or payload type for it\n", ast_channel_name(chan));
	}

	return LATER;
}

/*! \brief A stream beside the first one of a call follows that. \retval 0, or when to look again */
static int follow(struct media *media, struct media *first, struct ast_channel *chan, struct media *partner)
{
	enum role role = role_of(first);

	unjoined_follow(media, first);
	if (role == ROLE_PASSTHROUGH) {
		return go_along(media, first, chan, partner);
	}
	passthrough_part(media);
	passthrough_leave_out(media, 0);
	if (role == ROLE_END) {
		return become_end(media, "so it is for the rest of its call", 0);
	}

	return media->settings->mode == MODE_AUTO ? SOON : LATER;
}

/*! \retval 0, or when to look again */
static int look(struct media *media)
{
	struct ast_channel *chan = media_channel(media);
	struct media *first = chan ? channel_media(chan) : NULL, *partner;
	int beside = first && first != media;
	enum role role = role_of(media);
	int again, native;

	list(media, chan, !beside);
	tell(media, chan, !beside);
	far_compare(media);
	ao2_lock(media);
	native = media->pass.native;
	partner = ao2_bump(media->pass.partner);
	ao2_unlock(media);

	if (role == ROLE_END) {
		again = 0;
	} else if (partner && native) {
		again = beside ? 0 : wait_for_keys(media, chan);
	} else if (beside) {
		again = follow(media, first, chan, partner);
	} else if (partner) {
		again = watch(media, partner, chan);
		wait_for_keys(media, chan);
	} else {
		again = look_for_partner(media, chan);
	}
	ao2_cleanup(partner);
	ao2_cleanup(first);
	ast_channel_cleanup(chan);

	return again;
}

static int task_look_now(void *data)
{
	struct media *media = data;
	int again = look(media);

	if (again) {
		mode_look(media, again);
	}
	ao2_ref(media, -1);

	return 0;
}

static int task_look(void *data)
{
	struct media *media = data;

	ao2_lock(media);
	media->pass.deciding = 0;
	ao2_unlock(media);

	return task_look_now(media);
}

void mode_look_now(struct media *media)
{
	ao2_ref(media, +1);
	if (role_of(media) == ROLE_END || ast_taskprocessor_push(looks, task_look_now, media)) {
		ao2_ref(media, -1);
	}
}

int mode_settled(struct media *media, struct ast_channel *chan)
{
	struct media *first = channel_media(chan);
	int res = first && first != media && role_of(first) == ROLE_END;

	ao2_cleanup(first);

	return res;
}

static int fire(const void *data)
{
	struct media *media = (struct media *) data;

	if (ast_taskprocessor_push(looks, task_look, media)) {
		ao2_lock(media);
		media->pass.deciding = 0;
		ao2_unlock(media);
		ao2_ref(media, -1);
	}

	return 0;
}

void mode_look(struct media *media, int milliseconds)
{
	int due;

	ao2_lock(media);
	due = !media->ended && media->pass.role != ROLE_END && !media->pass.deciding;
	media->pass.deciding |= due;
	ao2_unlock(media);
	if (!due) {
		return;
	}

	ao2_ref(media, +1);
	if (timers_add(MAX(milliseconds, 1), fire, media)) {
		ast_log(LOG_ERROR, "%s: out of memory: whether the call is passed through is not checked again\n", media_name(media));
		ao2_lock(media);
		media->pass.deciding = 0;
		ao2_unlock(media);
		ao2_ref(media, -1);
	}
}

/*! \brief A channel has entered or left a bridge: look now. No lock may be held. */
static void mode_bridged(struct ast_channel *chan)
{
	struct media *media = channel_media(chan);

	if (media) {
		mode_look_now(media);
		ao2_ref(media, -1);
	}
	wake_video(chan);
	partner_bridged(chan);
}

int mode_init(void)
{
	looks = ast_taskprocessor_get("zrtp/mode", TPS_REF_DEFAULT);
	if (!looks) {
		return -1;
	}
	bridges_listen(mode_bridged);

	return 0;
}

void mode_shutdown(void)
{
	bridges_listen(NULL);
	looks = ast_taskprocessor_unreference(looks);
}
