/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Pass-through of two phones that no native bridge has.
 *
 * The core's native bridge does not carry video past itself, so phones with
 * video are in a simple bridge; and before the answer there is no bridge. Our
 * forwarding needs nothing of a native one but its judgement, that nothing in
 * the PBX wants the media. Here it is made for bridges that are simple because
 * of video only, and for a phone that rings one other. A simple bridge whose
 * only video ends is not thought over by the core until it is asked.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/bridge_features.h"
#include "asterisk/bridge_technology.h"
#include "asterisk/channel.h"
#include "asterisk/framehook.h"
#include "asterisk/linkedlists.h"
#include "asterisk/rtp_engine.h"

#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "channel/bridge.h"
#include "passthrough/join.h"
#include "passthrough/passthrough.h"

enum { AUDIO, VIDEO, MEDIA };

/*! One of the two channels. */
struct side {
	struct ast_bridge_channel *bridge_channel; /*!< NULL: no bridge */
	struct ast_channel *chan;
	struct ast_rtp_instance *instance[MEDIA]; /*!< NULL: no such medium */
	struct media *media[MEDIA];               /*!< NULL: none, or none of ours */
};

/*! \brief What a channel has of one medium. \retval -1 it has keys of its own \pre the channel is locked */
static int take_medium(struct side *side, int medium,
	enum ast_rtp_glue_result (*get)(struct ast_channel *chan, struct ast_rtp_instance **instance))
{
	enum ast_rtp_glue_result result;

	if (!get) {
		return 0;
	}
	result = get(side->chan, &side->instance[medium]);
	if (!side->instance[medium]) {
		return 0;
	}
	side->media[medium] = gate_media_get(side->instance[medium]);

	return result == AST_RTP_GLUE_RESULT_FORBID || !side->media[medium] ? -1 : 0;
}

/*! \pre the channel is locked */
static int take_side(struct side *side)
{
	struct ast_rtp_glue *glue = ast_rtp_instance_get_glue(ast_channel_tech(side->chan)->type);

	return !glue || take_medium(side, AUDIO, glue->get_rtp_info) || take_medium(side, VIDEO, glue->get_vrtp_info) ? -1 : 0;
}

static void drop_side(struct side *side)
{
	int i;

	for (i = 0; i < MEDIA; i++) {
		ao2_cleanup(side->media[i]);
		ao2_cleanup(side->instance[i]);
	}
}

/*! \brief Does something in the core want the media of this channel? \pre it is locked */
static int is_wanted(const struct side *side)
{
	return ast_channel_has_hook_requiring_audio(side->chan)
		|| !ast_framehook_list_contains_no_active_of_type(ast_channel_framehooks(side->chan), AST_FRAME_VIDEO);
}

/*! \brief Does a feature code wait for digits in its RTP? \pre the bridge is locked */
static int has_codes(const struct side *side)
{
	return ao2_container_count(side->bridge_channel->features->dtmf_hooks)
		&& ast_rtp_instance_dtmf_mode_get(side->instance[AUDIO]);
}

/*! \brief Two phones with ZRTP of ours whose media nothing wants. \pre both channels are locked */
static int are_idle(const struct side *side)
{
	struct ast_rtp_codecs *codecs[2];

	if (!side[0].media[AUDIO] || !side[1].media[AUDIO]) {
		return 0;
	}
	codecs[0] = ast_rtp_instance_get_codecs(side[0].instance[AUDIO]);
	codecs[1] = ast_rtp_instance_get_codecs(side[1].instance[AUDIO]);

	return !is_wanted(&side[0]) && !is_wanted(&side[1])
		&& ast_rtp_codecs_get_framing(codecs[0]) == ast_rtp_codecs_get_framing(codecs[1]);
}

/*! \brief Would prompts of the bridge go nowhere? \pre both channels are locked */
static int would_silence(const struct side *side)
{
	struct ast_channel *chan[2] = { side[0].chan, side[1].chan };
	struct media *media[2] = { side[0].media[AUDIO], side[1].media[AUDIO] };

	return passthrough_would_silence(chan, media);
}

static int have_video(const struct side *side)
{
	return side[0].media[VIDEO] || side[1].media[VIDEO];
}

/*! \brief Would the core join these two if it were not for video? \pre they and the bridge are locked */
static int is_idle(struct ast_bridge *bridge, const struct side *side)
{
	return (bridge->technology->capabilities & AST_BRIDGE_CAPABILITY_1TO1MIX)
		&& (bridge->allowed_capabilities & AST_BRIDGE_CAPABILITY_NATIVE)
		&& ast_channel_state(side[0].chan) == AST_STATE_UP && ast_channel_state(side[1].chan) == AST_STATE_UP
		&& !side[0].bridge_channel->suspended && !side[1].bridge_channel->suspended
		&& are_idle(side) && !has_codes(&side[0]) && !has_codes(&side[1]) && !would_silence(side);
}

/*! \brief The same before the answer: one that hears tones or music from us is not to lose them. */
static int is_early_idle(attribute_unused struct ast_bridge *bridge, const struct side *side)
{
	return are_idle(side) && !ast_channel_generator(side[0].chan) && !ast_channel_generator(side[1].chan);
}

static int same_payloads(const struct side *side, int medium)
{
	struct ast_channel *chan[2] = { side[0].chan, side[1].chan };
	struct ast_rtp_instance *instance[2] = { side[0].instance[medium], side[1].instance[medium] };

	return passthrough_payloads(chan, instance, medium == VIDEO ? AST_MEDIA_TYPE_VIDEO : AST_MEDIA_TYPE_AUDIO);
}

/*! \brief Has this one no partner yet, and may it have this one? \param zrtp only if its phone speaks it */
static int is_free(struct media *media, struct media *partner, int zrtp)
{
	int res;

	ao2_lock(media);
	res = !media_life(media)->ended && pass_role(media_pass(media)) == ROLE_WAITING && (!zrtp || media_pass(media)->speaks_zrtp)
		&& (!media_pass(media)->keyed || media_pass(media)->keyed_with == media_number(partner));
	ao2_unlock(media);

	return res;
}

static int are_free(const struct side *side, int medium)
{
	return is_free(side[0].media[medium], side[1].media[medium], medium == AUDIO)
		&& is_free(side[1].media[medium], side[0].media[medium], medium == AUDIO);
}

static int are_partners(struct media *media, struct media *other)
{
	int res;

	ao2_lock(media);
	res = media_pass(media)->partner == other;
	ao2_unlock(media);

	return res;
}

static int join_medium(const struct side *side, int medium, enum standing joined)
{
	if (medium == VIDEO) {
		passthrough_beside(side[0].media[medium]);
		passthrough_beside(side[1].media[medium]);
	}
	if (passthrough_join(side[0].media[medium], side[1].media[medium], joined)
		|| passthrough_join(side[1].media[medium], side[0].media[medium], joined)) {
		passthrough_part(side[0].media[medium]);
		passthrough_part(side[1].media[medium]);
		return 0;
	}

	return 1;
}

/*! \brief Both media at once, or none: half a call in clear was not asked for. */
static int join_media(const struct side *side, enum standing joined)
{
	int video = side[0].media[VIDEO] && side[1].media[VIDEO];

	if (!are_free(side, AUDIO) || !same_payloads(side, AUDIO)
		|| (video && (!are_free(side, VIDEO) || !same_payloads(side, VIDEO)))) {
		return 0;
	}

	return join_medium(side, AUDIO, joined) && (!video || join_medium(side, VIDEO, joined));
}

static int join_bridged(struct ast_bridge *bridge, const struct side *side)
{
	return have_video(side) && is_idle(bridge, side) && join_media(side, STANDING_SIMPLE);
}

/*! \brief Their bridge is simple still, though nothing is in the way any more. */
static int are_left(struct ast_bridge *bridge, const struct side *side)
{
	return !have_video(side) && is_idle(bridge, side) && are_free(side, AUDIO) && same_payloads(side, AUDIO);
}

/*! \brief One of them still rings. */
static int join_ringing(struct ast_bridge *bridge, const struct side *side)
{
	return (ast_channel_state(side[0].chan) != AST_STATE_UP || ast_channel_state(side[1].chan) != AST_STATE_UP)
		&& !ast_channel_is_bridged(side[0].chan) && !ast_channel_is_bridged(side[1].chan)
		&& is_early_idle(bridge, side) && join_media(side, STANDING_EARLY);
}

/*! \brief The video of two whose audio is joined. */
static int join_video(attribute_unused struct ast_bridge *bridge, const struct side *side)
{
	return side[0].media[VIDEO] && side[1].media[VIDEO] && are_partners(side[0].media[AUDIO], side[1].media[AUDIO])
		&& are_free(side, VIDEO) && same_payloads(side, VIDEO) && join_medium(side, VIDEO, STANDING_SIMPLE);
}

/*! \brief What keeps them apart, as far as it is to be seen here. */
static int obstacles(attribute_unused struct ast_bridge *bridge, const struct side *side)
{
	int i, res = 0;

	if (!side[0].media[AUDIO] || !side[1].media[AUDIO]) {
		return 0;
	}
	for (i = 0; i < 2; i++) {
		res |= has_codes(&side[i]) ? JOIN_CODES : 0;
		res |= is_wanted(&side[i]) ? JOIN_WANTED : 0;
	}
	res |= would_silence(side) ? JOIN_PROMPTS : 0;
	if (!same_payloads(side, AUDIO) || (side[0].media[VIDEO] && side[1].media[VIDEO] && !same_payloads(side, VIDEO))
		|| ast_rtp_codecs_get_framing(ast_rtp_instance_get_codecs(side[0].instance[AUDIO]))
			!= ast_rtp_codecs_get_framing(ast_rtp_instance_get_codecs(side[1].instance[AUDIO]))) {
		res |= JOIN_DIFFERS;
	}

	return res;
}

typedef int looker(struct ast_bridge *bridge, const struct side *side);

/*! \brief Have a look at two channels, locked. \pre bridge, if any, is locked */
static int with_locks(struct ast_bridge *bridge, struct side *side, looker *look)
{
	int res = 0;

	ast_channel_lock_both(side[0].chan, side[1].chan);
	if (!take_side(&side[0]) && !take_side(&side[1])) {
		res = look(bridge, side);
	}
	ast_channel_unlock(side[0].chan);
	ast_channel_unlock(side[1].chan);

	return res;
}

/*! \brief At the two of a channel's bridge. \retval 0 there are no two */
static int with_bridge(struct ast_channel *chan, looker *look)
{
	struct ast_bridge *bridge = bridge_of(chan);
	struct side side[2] = { { NULL } };
	int res = 0;

	if (!bridge) {
		return 0;
	}
	ast_bridge_lock(bridge);
	if (bridge->num_channels == 2 && !bridge->dissolved) {
		side[0].bridge_channel = AST_LIST_FIRST(&bridge->channels);
		side[1].bridge_channel = AST_LIST_LAST(&bridge->channels);
		side[0].chan = side[0].bridge_channel->chan;
		side[1].chan = side[1].bridge_channel->chan;
		res = with_locks(bridge, side, look);
	}
	ast_bridge_unlock(bridge);
	/* Without locks, as an instance may end with the last reference. */
	drop_side(&side[0]);
	drop_side(&side[1]);
	ao2_ref(bridge, -1);

	return res;
}

/*! \brief At two that no bridge has. */
static int with_both(struct ast_channel *chan, struct ast_channel *other, looker *look)
{
	struct side side[2] = { { .chan = chan }, { .chan = other } };
	int res = with_locks(NULL, side, look);

	drop_side(&side[0]);
	drop_side(&side[1]);

	return res;
}

int join_idle(struct ast_channel *chan)
{
	return with_bridge(chan, is_idle);
}

unsigned int join_obstacles(struct ast_channel *chan)
{
	return with_bridge(chan, obstacles);
}

int join_phones(struct ast_channel *chan)
{
	return with_bridge(chan, join_bridged);
}

int join_left(struct ast_channel *chan)
{
	return with_bridge(chan, are_left);
}

int join_videos(struct ast_channel *chan, struct ast_channel *other)
{
	return with_both(chan, other, join_video);
}

int join_early_idle(struct ast_channel *chan, struct ast_channel *other)
{
	return with_both(chan, other, is_early_idle);
}

int join_early(struct ast_channel *chan, struct ast_channel *other)
{
	return with_both(chan, other, join_ringing);
}
