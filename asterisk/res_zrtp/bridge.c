/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who a channel is bridged with, and who records or listens.
 *
 * Stasis tells when something changes; what it is then is looked up in the
 * bridge itself, so that late news do no harm. Only here a leg learns of
 * another one, never from packets.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/audiohook.h"
#include "asterisk/bridge.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/bridge_technology.h"
#include "asterisk/channel.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_bridges.h"
#include "asterisk/stasis_channels.h"
#include "asterisk/stasis_message_router.h"
#include "asterisk/strings.h"
#include "asterisk/vector.h"

#include "res_zrtp.h"

#ifdef HAVE_SNAPSHOT_BASE
#define SNAPSHOT_ID(snapshot) ((snapshot)->base->uniqueid)
#else
#define SNAPSHOT_ID(snapshot) ((snapshot)->uniqueid)
#endif

#define SPIES_BUCKETS 61

AST_VECTOR(channels, struct ast_channel *);

/*! Looking at a bridge and telling the legs is one step, so that the last news win. */
AST_MUTEX_DEFINE_STATIC(look_lock);

static struct stasis_message_router *bridge_router, *channel_router;

/*!
 * Unique ids of the channels that ChanSpy listens to, one for each listener:
 * its hook comes after the message of its start and goes after that of its end.
 */
static struct ao2_container *spied;

/*! \brief The instances of a channel, with references, NULL where it has none. */
static void get_instances(struct ast_channel *chan, struct ast_rtp_instance **audio, struct ast_rtp_instance **video)
{
	struct ast_rtp_glue *glue;

	*audio = *video = NULL;
	ast_channel_lock(chan);
	glue = ast_rtp_instance_get_glue(ast_channel_tech(chan)->type);
	if (glue && glue->get_rtp_info) {
		glue->get_rtp_info(chan, audio);
	}
	if (glue && glue->get_vrtp_info) {
		glue->get_vrtp_info(chan, video);
	}
	ast_channel_unlock(chan);
}

struct media *bridge_media(struct ast_channel *chan)
{
	struct ast_rtp_instance *audio, *video;
	struct media *media = NULL;

	get_instances(chan, &audio, &video);
	if (audio || video) {
		media = gate_media_get(audio ? audio : video);
	}
	ao2_cleanup(audio);
	ao2_cleanup(video);

	return media;
}

struct media *bridge_video(struct ast_channel *chan)
{
	struct ast_rtp_instance *audio, *video;
	struct media *media = NULL;

	get_instances(chan, &audio, &video);
	if (audio && video) {
		media = gate_media_get(video);
	}
	ao2_cleanup(audio);
	ao2_cleanup(video);

	return media;
}

struct media *bridge_medium(struct ast_channel *chan, int video)
{
	struct ast_rtp_instance *audio, *videos, *instance;
	struct media *media;

	get_instances(chan, &audio, &videos);
	instance = video ? videos : audio;
	media = instance ? gate_media_get(instance) : NULL;
	ao2_cleanup(audio);
	ao2_cleanup(videos);

	return media;
}

static struct party *party_of(struct ast_channel *chan)
{
	struct media *media = bridge_media(chan);
	struct party *party = media ? leg_party(media) : NULL;

	ao2_cleanup(media);

	return party;
}

static int is_spied(const char *uniqueid)
{
	char *found = ao2_find(spied, uniqueid, OBJ_SEARCH_KEY);

	ao2_cleanup(found);

	return found != NULL;
}

/*! \brief Does somebody record this channel or listen to it? */
static int is_recorded(struct ast_channel *chan)
{
	int res;

	ast_channel_lock(chan);
	res = ast_channel_audiohook_count_by_source_running(chan, "MixMonitor", AST_AUDIOHOOK_TYPE_SPY) > 0
#ifdef HAVE_CHANNEL_MONITOR
		|| ast_channel_monitor(chan)
#endif
		/* They record the bridge they are in: of ConfBridge, of ARI. */
		|| !strcmp(ast_channel_tech(chan)->type, "CBRec")
		|| !strcmp(ast_channel_tech(chan)->type, "Recorder")
		|| is_spied(ast_channel_uniqueid(chan));
	ast_channel_unlock(chan);

	return res;
}

/*! \brief Channels of the core that announce and record are nobody's partner. */
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
static void tell(const struct channels *channels, size_t self, enum partner_kind kind, int recorded)
{
	struct party *party = party_of(AST_VECTOR_GET(channels, self));
	struct party *partner = NULL;
	size_t i;

	if (!party) {
		return;
	}
	for (i = 0; kind == PARTNER_OTHER && !partner && i < AST_VECTOR_SIZE(channels); i++) {
		if (i != self && is_somebody(AST_VECTOR_GET(channels, i))) {
			partner = party_of(AST_VECTOR_GET(channels, i));
		}
	}
	party_meet(party, partner ? PARTNER_LEG : kind, partner, recorded);
	ao2_cleanup(partner);
	ao2_ref(party, -1);
}

/*! \pre look_lock is held, and no other lock */
static void look_at_bridge(struct ast_bridge *bridge)
{
	struct channels channels;
	enum partner_kind kind;
	int pairs, somebodies = 0, recorded = 0;
	size_t i;

	if (AST_VECTOR_INIT(&channels, 4)) {
		return;
	}
	pairs = get_channels(bridge, &channels);
	for (i = 0; i < AST_VECTOR_SIZE(&channels); i++) {
		somebodies += is_somebody(AST_VECTOR_GET(&channels, i));
		recorded |= is_recorded(AST_VECTOR_GET(&channels, i));
	}
	kind = kind_of(pairs, somebodies, bridge->allowed_capabilities & AST_BRIDGE_CAPABILITY_MULTIMIX);
	for (i = 0; i < AST_VECTOR_SIZE(&channels); i++) {
		tell(&channels, i, kind, recorded);
		mode_bridged(AST_VECTOR_GET(&channels, i));
	}
	AST_VECTOR_CALLBACK_VOID(&channels, ast_channel_cleanup);
	AST_VECTOR_FREE(&channels);
}

struct ast_bridge *bridge_of(struct ast_channel *chan)
{
	struct ast_bridge *bridge;

	ast_channel_lock(chan);
	bridge = ast_channel_get_bridge(chan);
	ast_channel_unlock(chan);

	return bridge;
}

/*! \pre look_lock is held, and no other lock */
static void look_at_channel(struct ast_channel *chan)
{
	struct ast_bridge *bridge = bridge_of(chan);
	struct party *party;

	if (bridge) {
		look_at_bridge(bridge);
		ao2_ref(bridge, -1);
		return;
	}
	mode_bridged(chan);
	party = party_of(chan);
	if (party) {
		party_meet(party, PARTNER_NONE, NULL, is_recorded(chan));
		ao2_ref(party, -1);
	}
}

void bridge_look(struct ast_channel *chan)
{
	ast_mutex_lock(&look_lock);
	look_at_channel(chan);
	ast_mutex_unlock(&look_lock);
}

static void look_by_id(const char *bridge_id, const char *channel_id)
{
	struct ast_bridge *bridge = bridge_id ? ast_bridge_find_by_id(bridge_id) : NULL;
	struct ast_channel *chan = channel_id ? ast_channel_get_by_name(channel_id) : NULL;

	ast_mutex_lock(&look_lock);
	if (bridge) {
		look_at_bridge(bridge);
	}
	if (chan) {
		look_at_channel(chan);
	}
	ast_mutex_unlock(&look_lock);
	ao2_cleanup(bridge);
	ast_channel_cleanup(chan);
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

static void on_monitor(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_channel_blob *blob = stasis_message_data(message);

	look_by_id(NULL, SNAPSHOT_ID(blob->snapshot));
}

static void on_chanspy(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_multi_channel_blob *blob = stasis_message_data(message);
	struct ast_channel_snapshot *spyee = ast_multi_channel_blob_get_channel(blob, "spyee_channel");

	if (!spyee) {
		return;
	}
	if (stasis_message_type(message) == ast_channel_chanspy_start_type()) {
		ast_str_container_add(spied, SNAPSHOT_ID(spyee));
	} else {
		ao2_find(spied, SNAPSHOT_ID(spyee), OBJ_SEARCH_KEY | OBJ_UNLINK | OBJ_NODATA);
	}
	look_by_id(NULL, SNAPSHOT_ID(spyee));
}

static int watch_bridges(void)
{
	bridge_router = stasis_message_router_create(ast_bridge_topic_all());

	return !bridge_router
		|| stasis_message_router_add(bridge_router, ast_channel_entered_bridge_type(), on_entered, NULL)
		|| stasis_message_router_add(bridge_router, ast_channel_left_bridge_type(), on_left, NULL) ? -1 : 0;
}

static int watch_listeners(void)
{
	channel_router = stasis_message_router_create(ast_channel_topic_all());

	return !channel_router
		|| stasis_message_router_add(channel_router, ast_channel_chanspy_start_type(), on_chanspy, NULL)
		|| stasis_message_router_add(channel_router, ast_channel_chanspy_stop_type(), on_chanspy, NULL)
#ifdef HAVE_CHANNEL_MONITOR
		|| stasis_message_router_add(channel_router, ast_channel_monitor_start_type(), on_monitor, NULL)
		|| stasis_message_router_add(channel_router, ast_channel_monitor_stop_type(), on_monitor, NULL)
#endif
		|| stasis_message_router_add(channel_router, ast_channel_mixmonitor_start_type(), on_monitor, NULL)
		|| stasis_message_router_add(channel_router, ast_channel_mixmonitor_stop_type(), on_monitor, NULL) ? -1 : 0;
}

int bridges_init(void)
{
	spied = ast_str_container_alloc(SPIES_BUCKETS);

	return !spied || watch_bridges() || watch_listeners() ? -1 : 0;
}

void bridges_shutdown(void)
{
	stasis_message_router_unsubscribe_and_join(bridge_router);
	stasis_message_router_unsubscribe_and_join(channel_router);
	bridge_router = channel_router = NULL;
	ao2_cleanup(spied);
	spied = NULL;
}
