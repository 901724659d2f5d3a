/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who a channel is bridged with, and whether a channel that its bridge
 * reaches is recorded or listened to.
 *
 * Stasis tells when something changes; what it is then is looked up in the
 * bridge itself, so that late news do no harm. Only here a leg learns of
 * another one, never from packets. A Local channel leads from one bridge to
 * another: what is heard in one is heard in both.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/bridge_technology.h"
#include "asterisk/channel.h"
#include "asterisk/core_local.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_bridges.h"
#include "asterisk/stasis_channels.h"
#include "asterisk/stasis_message_router.h"
#include "asterisk/strings.h"
#include "asterisk/vector.h"

#include "common/channel_by_id.h"
#include "decide/listen_choice.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "leg/leg_state.h"
#include "leg/leg_view.h"
#include "channel/bridge.h"
#include "channel/listen.h"

/*! Bridges that Local channels join to one; a chain that is longer is not followed. */
#define REACH_MAX 16

AST_VECTOR(channels, struct ast_channel *);
AST_VECTOR(bridges, struct ast_bridge *);

/*! What is heard together. All with references. */
struct reach {
	uint64_t look;
	struct bridges bridges;
	enum listening listening;
};

uint64_t bridge_next_look(void)
{
	static uint64_t looks;

	return __atomic_add_fetch(&looks, 1, __ATOMIC_ACQ_REL);
}

static struct stasis_message_router *bridge_router;
static void (*bridged)(struct ast_channel *chan);

void bridges_listen(void (*listener)(struct ast_channel *chan))
{
	__atomic_store_n(&bridged, listener, __ATOMIC_RELEASE);
}

static void tell_bridged(struct ast_channel *chan)
{
	void (*listener)(struct ast_channel *chan) = __atomic_load_n(&bridged, __ATOMIC_ACQUIRE);

	if (listener) {
		listener(chan);
	}
}

static struct leg_view *view_of(struct ast_channel *chan)
{
	struct media *media = channel_media(chan);
	struct leg_view *view = media ? leg_view_of(media) : NULL;

	ao2_cleanup(media);

	return view;
}

/*! \brief Channels of the core that announce and record are no partner. */
static int is_somebody(struct ast_channel *chan)
{
	return !(ast_channel_tech(chan)->properties & AST_CHAN_TP_INTERNAL)
		&& strcmp(ast_channel_tech(chan)->type, "CBRec");
}

/*!
 * \brief The channels of a bridge, each with a reference.
 * \retval 1 when it may join two as partners: no conference, no place to wait in
 */
static int get_channels(struct ast_bridge *bridge, struct channels *out)
{
	struct ast_bridge_channel *bridge_channel;
	int pairs;

	ast_bridge_lock(bridge);
	pairs = !bridge->dissolved
		&& (bridge->allowed_capabilities & (AST_BRIDGE_CAPABILITY_1TO1MIX | AST_BRIDGE_CAPABILITY_NATIVE));
	AST_LIST_TRAVERSE(&bridge->channels, bridge_channel, entry) {
		if (!AST_VECTOR_APPEND(out, bridge_channel->chan)) {
			ast_channel_ref(bridge_channel->chan);
		}
	}
	ast_bridge_unlock(bridge);

	return pairs;
}

static enum partner_kind kind_of(int pairs, int somebodies, int conference)
{
	if (pairs && somebodies == 2) {
		return PARTNER_OTHER;
	}

	return somebodies > 1 && (pairs || conference) ? PARTNER_MANY : PARTNER_NONE;
}

/*! \brief Tell one of them. */
static void tell(const struct channels *channels, size_t self, enum partner_kind kind, const struct reach *reach)
{
	struct leg_view *view = view_of(AST_VECTOR_GET(channels, self));
	struct leg_view *partner = NULL;
	size_t i;

	if (!view) {
		return;
	}
	for (i = 0; kind == PARTNER_OTHER && !partner && i < AST_VECTOR_SIZE(channels); i++) {
		if (i != self && is_somebody(AST_VECTOR_GET(channels, i))) {
			partner = view_of(AST_VECTOR_GET(channels, i));
		}
	}
	leg_view_meet(view, partner ? PARTNER_LEG : kind, partner, reach->listening, reach->look);
	ao2_cleanup(partner);
	ao2_ref(view, -1);
}

static void free_channels(struct channels *channels)
{
	AST_VECTOR_CALLBACK_VOID(channels, ast_channel_cleanup);
	AST_VECTOR_FREE(channels);
}

/*! \brief Add a bridge once. Consumes the reference. */
static void reach_add(struct reach *reach, struct ast_bridge *bridge)
{
	size_t i;

	for (i = 0; i < AST_VECTOR_SIZE(&reach->bridges) && AST_VECTOR_GET(&reach->bridges, i) != bridge; i++) {
	}
	if (i < AST_VECTOR_SIZE(&reach->bridges)) {
		ao2_ref(bridge, -1);
	} else if (i == REACH_MAX || AST_VECTOR_APPEND(&reach->bridges, bridge)) {
		reach->listening = listen_worst(reach->listening, LISTEN_UNKNOWN);
		ao2_ref(bridge, -1);
	}
}

/*! \brief The other half of a Local channel, with a reference; NULL of any other one. */
static struct ast_channel *other_half(struct ast_channel *chan)
{
	return strcmp(ast_channel_tech(chan)->type, "Local") ? NULL : ast_local_get_peer(chan);
}

/*! \brief What a channel adds: its listeners, and the bridge or the application behind a Local one. */
static void reach_through(struct reach *reach, struct ast_channel *chan)
{
	struct ast_channel *other = other_half(chan);
	struct ast_bridge *bridge;

	reach->listening = listen_worst(reach->listening, listen_channel(chan));
	if (!other) {
		return;
	}
	bridge = bridge_of(other);
	if (bridge) {
		reach_add(reach, bridge);
	} else {
		reach->listening = listen_worst(reach->listening, listen_channel(other));
	}
	ast_channel_unref(other);
}

/*! \brief All that is heard in a bridge, and who hears. \pre no lock of a channel or bridge is held */
static void reach_from(struct reach *reach, struct ast_bridge *bridge)
{
	size_t at, i;

	reach->look = bridge_next_look();
	reach->listening = LISTEN_NO;
	AST_VECTOR_INIT(&reach->bridges, 2);
	reach_add(reach, ao2_bump(bridge));
	for (at = 0; at < AST_VECTOR_SIZE(&reach->bridges); at++) {
		struct channels channels;

		if (AST_VECTOR_INIT(&channels, 4)) {
			reach->listening = listen_worst(reach->listening, LISTEN_UNKNOWN);
			continue;
		}
		get_channels(AST_VECTOR_GET(&reach->bridges, at), &channels);
		for (i = 0; i < AST_VECTOR_SIZE(&channels); i++) {
			reach_through(reach, AST_VECTOR_GET(&channels, i));
		}
		free_channels(&channels);
	}
}

/*!
 * \brief Tell the legs of one bridge.
 * \param then NULL, or called for each channel
 */
static void tell_bridge(struct ast_bridge *bridge, const struct reach *reach, void (*then)(struct ast_channel *chan))
{
	struct channels channels;
	enum partner_kind kind;
	int pairs, somebodies = 0;
	size_t i;

	if (AST_VECTOR_INIT(&channels, 4)) {
		return;
	}
	pairs = get_channels(bridge, &channels);
	for (i = 0; i < AST_VECTOR_SIZE(&channels); i++) {
		somebodies += is_somebody(AST_VECTOR_GET(&channels, i));
	}
	kind = kind_of(pairs, somebodies, bridge->allowed_capabilities & AST_BRIDGE_CAPABILITY_MULTIMIX);
	for (i = 0; i < AST_VECTOR_SIZE(&channels); i++) {
		tell(&channels, i, kind, reach);
		if (then) {
			then(AST_VECTOR_GET(&channels, i));
		}
	}
	free_channels(&channels);
}

/*! \pre no lock of a channel or bridge is held */
static void look_at_bridge(struct ast_bridge *bridge, void (*then)(struct ast_channel *chan))
{
	struct reach reach;
	size_t i;

	reach_from(&reach, bridge);
	for (i = 0; i < AST_VECTOR_SIZE(&reach.bridges); i++) {
		tell_bridge(AST_VECTOR_GET(&reach.bridges, i), &reach, then);
	}
	AST_VECTOR_CALLBACK_VOID(&reach.bridges, ao2_cleanup);
	AST_VECTOR_FREE(&reach.bridges);
}

struct ast_bridge *bridge_of(struct ast_channel *chan)
{
	struct ast_bridge *bridge;

	ast_channel_lock(chan);
	bridge = ast_channel_get_bridge(chan);
	ast_channel_unlock(chan);

	return bridge;
}

struct ast_channel *bridge_partner(struct ast_channel *chan)
{
	struct ast_bridge *bridge = bridge_of(chan);
	struct ast_channel *partner = NULL;
	struct channels channels;
	int pairs, somebodies = 0;
	size_t i;

	if (!bridge || AST_VECTOR_INIT(&channels, 4)) {
		ao2_cleanup(bridge);
		return NULL;
	}
	pairs = get_channels(bridge, &channels);
	for (i = 0; i < AST_VECTOR_SIZE(&channels); i++) {
		struct ast_channel *other = AST_VECTOR_GET(&channels, i);

		if (is_somebody(other)) {
			somebodies++;
			partner = other != chan ? other : partner;
		}
	}
	partner = kind_of(pairs, somebodies, 0) == PARTNER_OTHER && partner ? ast_channel_ref(partner) : NULL;
	free_channels(&channels);
	ao2_ref(bridge, -1);

	return partner;
}

/*! \brief The bridge of a channel, or that of the other half of a Local one, with a reference, or NULL. */
static struct ast_bridge *bridge_near(struct ast_channel *chan)
{
	struct ast_bridge *bridge = bridge_of(chan);
	struct ast_channel *other = bridge ? NULL : other_half(chan);

	if (other) {
		bridge = bridge_of(other);
		ast_channel_unref(other);
	}

	return bridge;
}

/*! \pre no lock of a channel or bridge is held */
static void look_at_channel(struct ast_channel *chan, void (*then)(struct ast_channel *chan))
{
	uint64_t look = bridge_next_look();
	struct ast_bridge *bridge = bridge_near(chan);
	struct leg_view *view;

	if (bridge) {
		look_at_bridge(bridge, then);
		ao2_ref(bridge, -1);
		return;
	}
	if (then) {
		then(chan);
	}
	view = view_of(chan);
	if (view) {
		leg_view_meet(view, PARTNER_NONE, NULL, listen_channel(chan), look);
		ao2_ref(view, -1);
	}
}

void bridge_look(struct ast_channel *chan)
{
	look_at_channel(chan, tell_bridged);
}

void bridge_listen(struct ast_channel *chan)
{
	look_at_channel(chan, NULL);
}

static void look_by_id(const char *bridge_id, const char *channel_id)
{
	struct ast_bridge *bridge = bridge_id ? ast_bridge_find_by_id(bridge_id) : NULL;
	struct ast_channel *chan = channel_id ? channel_by_id(channel_id) : NULL;

	if (bridge) {
		look_at_bridge(bridge, tell_bridged);
	}
	if (chan) {
		look_at_channel(chan, tell_bridged);
	}
	ao2_cleanup(bridge);
	ast_channel_cleanup(chan);
}

void bridge_look_at(const char *channel_id)
{
	look_by_id(NULL, channel_id);
}

static void on_entered(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_bridge_blob *blob = stasis_message_data(message);

	look_by_id(blob->bridge->uniqueid, NULL);
}

static void on_left(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_bridge_blob *blob = stasis_message_data(message);

	look_by_id(blob->bridge->uniqueid, SNAPSHOT_ID(blob->channel));
}

static int watch_bridges(void)
{
	bridge_router = stasis_message_router_create(ast_bridge_topic_all());

	return !bridge_router
		|| stasis_message_router_add(bridge_router, ast_channel_entered_bridge_type(), on_entered, NULL)
		|| stasis_message_router_add(bridge_router, ast_channel_left_bridge_type(), on_left, NULL) ? -1 : 0;
}

int bridges_init(void)
{
	return watch_bridges();
}

void bridges_shutdown(void)
{
	stasis_message_router_unsubscribe_and_join(bridge_router);
	bridge_router = NULL;
}
