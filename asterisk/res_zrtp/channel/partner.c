/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief require_partner = yes: what a phone says reaches no other leg that is not encrypted.
 *
 * What comes from the phone is dropped while its channel is in a bridge whose
 * other channels were not found encrypted. They are looked at when a channel
 * enters or leaves, and again and again as long as the bridge is there.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/channel.h"
#include "asterisk/frame.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/vector.h"

#include "common/clock.h"
#include "decide/partner_choice.h"
#include "decide/settings.h"
#include "base/tasks.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/leg_state.h"
#include "leg/leg_view.h"
#include "leg/refuse.h"
#include "leg/timers.h"
#include "channel/bridge.h"
#include "channel/hooks.h"
#include "channel/partner.h"

/*! Between two looks at others that may be encrypted soon, or are, milliseconds. */
#define SOON 100
#define LATER 500

static struct tasks looks = TASKS_INIT;

AST_VECTOR(others, struct ast_channel *);

/*! \brief Is this leg, which is one of ours, encrypted? \retval 1 yes, 0 perhaps soon, -1 no */
static int leg_encrypted(struct media *media)
{
	struct leg_view *view = leg_view_of(media);
	struct leg_view_report report = { .outcome = OUTCOME_PENDING };
	enum role role;
	int keyed;

	ao2_lock(media);
	role = pass_role(media_pass(media));
	keyed = role == ROLE_PASSTHROUGH && media_pass(media)->keyed;
	ao2_unlock(media);
	if (view) {
		leg_view_get_report(view, &report);
		ao2_ref(view, -1);
	}
	if (role != ROLE_END) {
		return keyed;
	}

	return report.outcome == OUTCOME_SECURE ? 1 : report.outcome == OUTCOME_CLEAR ? -1 : 0;
}

/*! \brief Keys of SDP are there from the start, those of DTLS after its handshake. \pre instance is locked */
static int has_srtp(struct ast_rtp_instance *instance)
{
	struct ast_rtp_engine_dtls *dtls = ast_rtp_instance_get_dtls(instance);

	if (ast_rtp_instance_get_srtp(instance, 0)) {
		return 1;
	}

	return dtls && dtls->active && dtls->active(instance) ? 0 : -1;
}

/*! \brief Has a channel keys of SDP or DTLS? Others than those with RTP may turn out to be one of it. */
static int other_encrypted(struct ast_channel *chan)
{
	struct ast_rtp_glue *glue = ast_rtp_instance_get_glue(ast_channel_tech(chan)->type);
	struct ast_rtp_instance *instance = NULL;
	int res;

	if (!glue) {
		return 0;
	}
	ast_channel_lock(chan);
	glue->get_rtp_info(chan, &instance);
	ast_channel_unlock(chan);
	if (!instance) {
		return -1;
	}
	ao2_lock(instance);
	res = has_srtp(instance);
	ao2_unlock(instance);
	ao2_ref(instance, -1);

	return res;
}

static void count(struct partner_facts *facts, struct ast_channel *chan)
{
	struct media *media = channel_media(chan);
	int res = media ? leg_encrypted(media) : other_encrypted(chan);

	ao2_cleanup(media);
	facts->others++;
	facts->encrypted += res > 0;
	facts->undecided += !res;
}

/*! \brief Channels of the core that announce and record are no legs. */
static int is_leg(struct ast_channel *chan)
{
	return !(ast_channel_tech(chan)->properties & AST_CHAN_TP_INTERNAL)
		&& strcmp(ast_channel_tech(chan)->type, "CBRec") && strcmp(ast_channel_tech(chan)->type, "CBAnn");
}

/*! \brief See who else is in a bridge. */
static int see(struct ast_bridge *bridge, struct ast_channel *chan, struct partner_facts *facts)
{
	struct ast_bridge_channel *bridge_channel;
	struct others others;
	size_t i;

	memset(facts, 0, sizeof(*facts));
	if (AST_VECTOR_INIT(&others, 4)) {
		return -1;
	}
	ast_bridge_lock(bridge);
	AST_LIST_TRAVERSE(&bridge->channels, bridge_channel, entry) {
		if (bridge_channel->chan != chan && is_leg(bridge_channel->chan)
			&& !AST_VECTOR_APPEND(&others, bridge_channel->chan)) {
			ast_channel_ref(bridge_channel->chan);
		}
	}
	ast_bridge_unlock(bridge);
	for (i = 0; i < AST_VECTOR_SIZE(&others); i++) {
		count(facts, AST_VECTOR_GET(&others, i));
	}
	AST_VECTOR_CALLBACK_VOID(&others, ast_channel_cleanup);
	AST_VECTOR_FREE(&others);

	return 0;
}

static int task_look(void *data)
{
	struct ast_channel *chan = data;
	struct hook *hook;

	ast_channel_lock(chan);
	hook = hooks_find(chan);
	if (hook) {
		hook->looking = 0;
	}
	ast_channel_unlock(chan);
	if (hook) {
		partner_bridged(chan);
	}
	ast_channel_unref(chan);

	return 0;
}

/*! \brief In the timers' thread, which must not wait for a channel. */
static int fire(const void *data)
{
	struct ast_channel *chan = (struct ast_channel *) data;

	if (tasks_push(&looks, task_look, chan)) {
		ast_channel_unref(chan);
	}

	return 0;
}

/*! \brief Look again, unless that is due already. \pre chan is locked */
static void look_again(struct hook *hook, struct ast_channel *chan, int milliseconds)
{
	if (hook->looking) {
		return;
	}
	hook->looking = !timers_add(milliseconds, fire, ast_channel_ref(chan));
	if (!hook->looking) {
		ast_channel_unref(chan);
	}
}

/*! \brief Is this the bridge that was looked at? A later one may have its address. \pre chan of hook is locked */
static int looked_at(const struct hook *hook, const struct ast_bridge *bridge)
{
	return hook->bridge == bridge && !strncmp(hook->bridge_id, bridge->uniqueid, sizeof(hook->bridge_id) - 1);
}

/*! \brief Decide, and do it. */
static void decide(struct ast_channel *chan, struct ast_bridge *bridge, struct media *media, struct partner_facts *facts,
	uint64_t look)
{
	enum partner_choice choice;
	struct hook *hook;

	ast_channel_lock(chan);
	hook = hooks_find(chan);
	if (!hook || look < hook->partner_look) {
		ast_channel_unlock(chan);
		return;
	}
	hook->partner_look = look;
	if (hook->together != facts->others || !looked_at(hook, bridge)) {
		hook->together = facts->others;
		hook->together_since = clock_now();
	}
	facts->together_ms = (clock_now() - hook->together_since) / 1000;
	choice = partner_choose(facts);
	hook->bridge = bridge; /* compared only */
	ast_copy_string(hook->bridge_id, bridge->uniqueid, sizeof(hook->bridge_id));
	hook->approved = choice == PARTNER_PASS;
	look_again(hook, chan, choice == PARTNER_HOLD ? SOON : LATER);
	ast_channel_unlock(chan);
	if (choice == PARTNER_REFUSE) {
		refuse_leg(media, chan, REFUSAL_PARTNER_CLEAR);
	}
}

/*! \brief A channel that took the place of another one has its own policy. \retval 1 it is wanted */
static int want(struct ast_channel *chan, const struct settings *settings)
{
	struct ast_bridge *bridge;
	struct hook *hook;

	ast_channel_lock(chan);
	hook = hooks_find(chan);
	bridge = ast_channel_internal_bridge(chan);
	if (hook) {
		hook->partner_wanted = settings->require_partner;
		hook->approved &= bridge && looked_at(hook, bridge);
	}
	ast_channel_unlock(chan);

	return settings->require_partner;
}

void partner_bridged(struct ast_channel *chan)
{
	struct media *media = channel_media(chan);
	uint64_t look = bridge_next_look();
	struct ast_bridge *bridge = media && want(chan, media_settings(media)) ? bridge_of(chan) : NULL;
	struct partner_facts facts;

	if (bridge && !see(bridge, chan, &facts)) {
		decide(chan, bridge, media, &facts, look);
	}
	ao2_cleanup(bridge);
	ao2_cleanup(media);
}

int partner_withholds(const struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	struct ast_bridge *bridge;

	if (!hook->partner_wanted) {
		return 0;
	}
	switch (frame->frametype) {
	case AST_FRAME_VOICE:
	case AST_FRAME_VIDEO:
	case AST_FRAME_DTMF_BEGIN:
	case AST_FRAME_DTMF_END:
	case AST_FRAME_TEXT:
	case AST_FRAME_TEXT_DATA:
	case AST_FRAME_IMAGE:
		bridge = ast_channel_internal_bridge(chan);
		return bridge ? !hook->approved || !looked_at(hook, bridge)
			: partner_relays(ast_channel_appl(chan), ast_channel_state(chan) == AST_STATE_UP);
	default:
		return 0;
	}
}

int partner_init(void)
{
	return tasks_open(&looks, "zrtp/partner");
}

void partner_shutdown(void)
{
	timers_hurry(fire);
	tasks_close(&looks);
}
