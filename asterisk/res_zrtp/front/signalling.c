/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What res_pjsip_zrtp asks and tells, see common/signalling.h.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"

#include <zrtp/zrtp.h>

#include "common/signalling.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "decide/unjoined.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/leg.h"
#include "leg/leg_tasks.h"
#include "passthrough/mode.h"
#include "passthrough/mode_look.h"
#include "passthrough/mode_steps.h"
#include "passthrough/other_phone.h"
#include "passthrough/rekey.h"
#include "front/signalling.h"

/*! \brief The media object of an instance with a reference, NULL when it has no ZRTP. */
static struct media *usable_media(struct ast_rtp_instance *instance)
{
	struct media *media;

	ao2_lock(instance);
	media = gate_media(instance);
	media = media && media_usable(media, instance) ? ao2_bump(media) : NULL;
	ao2_unlock(instance);

	return media;
}

/*! \brief Of our own Hello, which is made if need be. \retval -1 there is none */
static int own_hash(struct media *media, struct ast_rtp_instance *instance, struct ast_channel *chan, char *out)
{
	int labelled;

	*out = '\0';
	ao2_lock(media);
	labelled = media_signalling(media)->labelled;
	media_signalling(media)->labelled |= chan != NULL;
	if (chan && ast_strlen_zero(media_life(media)->channel_id)) {
		ast_copy_string(media_life(media)->channel_id, ast_channel_uniqueid(chan), sizeof(media_life(media)->channel_id));
	}
	ao2_unlock(media);
	if (leg_join(media, ast_rtp_instance_get_ssrc(instance))) {
		return -1;
	}
	/* Here and now: an offer must not go without because threads are busy. */
	if (leg_hello(media, labelled ? NULL : chan)) {
		return -1;
	}
	ao2_lock(media);
	ast_copy_string(out, media_signalling(media)->own_hash, ZRTP_HELLO_HASH_TEXT_SIZE);
	ao2_unlock(media);

	return ast_strlen_zero(out) ? -1 : 0;
}

/*! \brief Are the hashes of its call known? */
static int has_call(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_signalling(media)->call_hashes != NULL;
	ao2_unlock(media);

	return res;
}

/*!
 * \brief Which hash the peer is to be told of.
 *
 * Phones hold on to the first one they are told. So where it is open who will
 * be the end they are told none, and where it is ours that they are told the
 * choice is made.
 */
static int hash(struct ast_rtp_instance *instance, struct ast_channel *chan, char *out)
{
	struct media *media = usable_media(instance);
	int res = -1;

	if (!media) {
		return -1;
	}
	*out = '\0';
	if (chan) {
		rekey_adopt(media, chan);
	}
	if (chan && !has_call(media) && media_role(media) != ROLE_END) {
		other_phone_meet(media, chan, 0);
	}
	if (media_role(media) == ROLE_WAITING && media_settings(media)->mode == MODE_AUTO
		&& (!other_phone_waits(media) || (chan && mode_settled(media, chan)))) {
		mode_end(media);
	}
	if (media_role(media) == ROLE_END) {
		res = own_hash(media, instance, chan, out);
	} else if (media_role(media) == ROLE_PASSTHROUGH || (media_settings(media)->mode == MODE_PASSTHROUGH
		&& media_settings(media)->no_passthrough != NO_PASSTHROUGH_ENDPOINT)) {
		res = other_phone_hash(media, out) ? 0 : -1;
	}
	ao2_lock(media);
	ast_copy_string(media_signalling(media)->told_hash, res ? "" : out, sizeof(media_signalling(media)->told_hash));
	ao2_unlock(media);
	ao2_ref(media, -1);

	return res;
}

static void calls(struct ast_rtp_instance *instance, struct ast_channel *chan,
	const struct zrtp_signalling_numbers *numbers)
{
	struct media *media = usable_media(instance);

	if (media && media_role(media) != ROLE_END) {
		other_phone_meet(media, chan, 1);
		other_phone_keep_numbers(media, numbers);
	}
	ao2_cleanup(media);
}

static int numbers(struct ast_rtp_instance *instance, struct zrtp_signalling_numbers *out)
{
	struct media *media = usable_media(instance);
	int res = media ? other_phone_numbers(media, out) : -1;

	ao2_cleanup(media);

	return res;
}

static enum zrtp_signalling_value check(const char *value)
{
	switch (zrtp_hello_hash_check(value)) {
	case ZRTP_OK:
		return ZRTP_SIGNALLING_VALID;
	case ZRTP_DROPPED:
		return ZRTP_SIGNALLING_OTHER_VERSION;
	default:
		return ZRTP_SIGNALLING_MALFORMED;
	}
}

/*! \brief Put down what a description says. \retval 1 it is news \pre media is locked */
static int take_hash(struct media *media, const char *tag, const char *value, int announces)
{
	int other = dialog_other_tag(media_signalling(media)->peer_tag, tag);
	int other_hash = strcasecmp(media_signalling(media)->peer_hash, value) != 0;
	int changed = other || other_hash;

	if (changed && value[0]) {
		peer_announce(media_peer(media));
	}
	snprintf(media_signalling(media)->peer_hash, sizeof(media_signalling(media)->peer_hash), "%s", value);
	media_report(media)->signalled = value[0] != '\0';
	media_pass(media)->sdp_zrtp = !!announces;
	media_signalling(media)->other_party |= other;
	media_signalling(media)->other_hash |= other && other_hash;

	return changed;
}

static void peer_hash(struct ast_rtp_instance *instance, const char *tag, const char *value, int announces)
{
	struct media *media, *partner = NULL;
	int changed, has_leg;

	ao2_lock(instance);
	media = gate_media(instance);
	if (media) {
		dialog_announce(media, tag, value != NULL);
		ao2_lock(media);
		changed = take_hash(media, tag, S_OR(value, ""), announces);
		partner = ao2_bump(media_pass(media)->partner);
		has_leg = media_place(media) && !media_life(media)->ended;
		ao2_unlock(media);
		if (changed && has_leg) {
			leg_push(media, leg_task_signalling);
		}
		other_phone_learn(media);
		if (changed && partner) {
			mode_look(partner, 0); /* the other phone has to know */
		}
	}
	ao2_unlock(instance);
	ao2_cleanup(partner);
}

static void listen_to(struct ast_rtp_instance *instance, struct zrtp_signalling_listener *listener,
	enum zrtp_signalling_medium medium)
{
	struct media *media;

	ao2_lock(instance);
	media = gate_media(instance);
	if (media) {
		ao2_lock(media);
		ao2_replace(media_signalling(media)->listener, listener);
		media_set_medium(media, medium);
		ao2_unlock(media);
		dialog_find(media);
	}
	ao2_unlock(instance);
}

static void came_from(struct ast_rtp_instance *instance, const struct ast_sockaddr *source)
{
	struct media *media = gate_media_get(instance);

	if (media) {
		ao2_lock(media);
		media_address(&media_peer(media)->signaller, source);
		ao2_unlock(media);
		ao2_ref(media, -1);
	}
}

const struct zrtp_signalling signalling_table = {
	.version = ZRTP_SIGNALLING_VERSION,
	.hash = hash,
	.calls = calls,
	.numbers = numbers,
	.check = check,
	.peer_hash = peer_hash,
	.listen = listen_to,
	.came_from = came_from,
};
