/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The steps that mode_choice.c decides on, carried out.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "common/signalling.h"
#include "decide/mode_choice.h"
#include "decide/net_address.h"
#include "decide/replace_choice.h"
#include "packet/channel_media.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "packet/stats.h"
#include "leg/events.h"
#include "leg/hello_hash_told.h"
#include "leg/keyless.h"
#include "leg/leg.h"
#include "leg/leg_queue.h"
#include "leg/timers.h"
#include "channel/bridge.h"
#include "channel/fax.h"
#include "passthrough/mode_look.h"
#include "passthrough/mode_steps.h"
#include "passthrough/other_phone.h"
#include "passthrough/passthrough.h"
#include "passthrough/rekey_choice.h"

/*! How long a bridge that has accepted two phones may take to join them, milliseconds. */
#define OFFER_MAX 1000
/*! How long a phone may take to answer an offer with another zrtp-hash. */
#define RENEWAL_MAX 2000

void mode_list(struct media *media, struct ast_channel *chan, int first)
{
	int begin, gone;

	if (chan && first) {
		fax_attach(chan, media);
	}
	ao2_lock(media);
	if (chan) {
		ast_copy_string(media_report(media)->channel, ast_channel_name(chan), sizeof(media_report(media)->channel));
	}
	begin = !media_pass(media)->listed && !media_life(media)->ended && pass_role(media_pass(media)) != ROLE_END;
	media_pass(media)->listed |= begin;
	ao2_unlock(media);
	if (!begin) {
		return;
	}

	stats_list(media);
	ao2_lock(media);
	gone = !media_pass(media)->listed;
	ao2_unlock(media);
	if (gone) {
		stats_unlist(media);
	}
}

/*!
 * \brief Phones that have keys with each other stay together, unless both
 * would take a call in which we are the ZRTP endpoint: within a call Linphone for one
 * cannot begin with another peer. So transfers are refused.
 */
static void keep_together(struct media *media, struct ast_channel *chan)
{
	struct media *partner, *which;
	struct ast_bridge *bridge;
	int free_to_go;

	ao2_lock(media);
	partner = ao2_bump(media_pass(media)->partner);
	ao2_unlock(media);
	free_to_go = rekey_choice_of_two(media, partner, &which) == REPLACE_MAY;
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

void mode_wake_video(struct ast_channel *chan)
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

void mode_tell(struct media *media, struct ast_channel *chan, int first)
{
	static const char * const states[] = { "ended", "begun", "keyed" };
	unsigned int state, told;

	ao2_lock(media);
	state = pass_role(media_pass(media)) != ROLE_PASSTHROUGH ? 0 : media_pass(media)->keyed ? 2 : 1;
	told = media_pass(media)->announced;
	media_pass(media)->announced = state;
	media_pass(media)->had_keys |= state == 2;
	ao2_unlock(media);

	/* First, so that a listener that gets the event finds it so. They may have been told of before there was a bridge. */
	if (state == 2 && chan) {
		keep_together(media, chan);
	}
	if (state != told && first) {
		mode_wake_video(chan);
	}
	if (state != told) {
		if (first && chan) {
			pass_hold(media, chan, state == 2);
		}
		events_passthrough(media, states[state], first);
	}
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
	media_pass(media)->telling = 1;
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

/*! \brief Have we just told a bridge that it may join the phone with another one? \pre media is locked */
static int is_offered(const struct media *media)
{
	return media_pass(media)->offered_at && clock_now() - media_pass(media)->offered_at < OFFER_MAX * 1000;
}

/*! \brief We are its ZRTP endpoint. The Hello that its phone has said is copied. \retval 0 it cannot be, or a bridge is about to have it */
static int take(struct media *media, uint8_t hello[ZRTP_DATAGRAM_MAX], size_t *len, struct net_address *source, int *listed)
{
	int possible;

	*len = 0;
	ao2_lock(media);
	possible = !media_life(media)->ended && pass_role(media_pass(media)) == ROLE_WAITING && !is_offered(media);
	*listed = possible && media_pass(media)->listed;
	if (possible) {
		media_pass(media)->standing = STANDING_END;
		media_pass(media)->listed = 0;
		*len = media_pass(media)->hello_len;
		media_pass(media)->hello_len = 0;
	}
	if (*len) {
		memcpy(hello, media_pass(media)->hello, *len);
		*source = media_pass(media)->hello_source;
	}
	ao2_unlock(media);

	return possible;
}

void mode_become_end(struct media *media, const char *why, int told)
{
	uint8_t hello[ZRTP_DATAGRAM_MAX];
	struct net_address source;
	size_t len;
	int listed;

	if (!take(media, hello, &len, &source, &listed)) {
		return;
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
	other_phone_learn(media);
	keyless_again(media);
	if (leg_join(media, media_ssrc(media)) || begin(media)) {
		ast_log(LOG_ERROR, "%s: ZRTP could not be started, its media is stopped\n", media_name(media));
		gate_wipe(media);
		return;
	}
	if (len) {
		leg_push_datagram(media, hello, len, &source);
	}
}

void mode_end(struct media *media)
{
	int active, done;

	ao2_lock(media);
	active = media_life(media)->activated;
	done = !active && !media_life(media)->ended && pass_role(media_pass(media)) == ROLE_WAITING;
	if (done) {
		media_pass(media)->standing = STANDING_END;
	}
	ao2_unlock(media);

	if (active) {
		mode_become_end(media, "the phone needs a zrtp-hash of the PBX now", 0);
	} else if (done) {
		passthrough_sockets(media, -1, -1);
		other_phone_learn(media);
	}
}

void mode_part(struct media *media, struct ast_channel *chan)
{
	passthrough_part(media);
	mode_tell(media, chan, 1);
	mode_wake_video(chan);
}

void mode_set_direct(struct media *media, enum standing standing, int first)
{
	int was_told;

	ao2_lock(media);
	was_told = media_pass(media)->standing == STANDING_DIRECT;
	media_pass(media)->was_direct |= standing == STANDING_DIRECT;
	if (pass_role(media_pass(media)) == ROLE_WAITING) {
		media_pass(media)->standing = standing;
	}
	ao2_unlock(media);
	if (was_told != (standing == STANDING_DIRECT)) {
		events_passthrough(media, was_told ? "ended" : "direct", first);
	}
}
