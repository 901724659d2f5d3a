/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who records or listens: what is seen of the channels themselves.
 *
 * Stasis tells when something of it may have changed, and not always after
 * it has. So it is looked at again a little later, and what it is then is read
 * from the channel. Messages are not counted.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/audiohook.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"
#include "asterisk/linkedlists.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_channels.h"
#include "asterisk/stasis_message_router.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "decide/listen_choice.h"
#include "base/tasks.h"
#include "leg/timers.h"
#include "channel/bridge.h"
#include "channel/listen.h"

#ifndef HAVE_SNAPSHOT_BASE
#define BUCKETS 61
#endif

/*! A hook comes after the message of its start, and goes after that of its end: when to look, milliseconds. */
static const int later[] = { 100, 500, 2000 };

/*! Audiohooks that hear a channel. */
static const char * const spies[] = { "MixMonitor", "ChanSpy", "Snoop", "Broadcast" };

/*! Those that change its audio, or listen for tones, and pass it on to nothing. */
static const char * const harmless[] = { "Volume", "Tone Detector", "Speex", "speex", "pitch_shift", "TALK_DETECT",
	"Mute Stream", "Mute" };

/*! Those that only add to what it hears, and JACK_HOOK(), which gives its audio away. */
static const char * const whisperers[] = { "ChanSpy", "Chanspy", "Snoop", "Broadcast" };

static struct stasis_message_router *router;
static struct tasks looks = TASKS_INIT;

#ifndef HAVE_SNAPSHOT_BASE
/*! Uniqueids of channels with an application that takes their audio. */
static struct ao2_container *taken;
#endif

static __thread int asking;

int listen_consumes(enum ast_frame_type type, enum ast_frame_type own)
{
	return !asking && type == own;
}

static int count(struct ast_channel *chan, const char * const *sources, size_t size, enum ast_audiohook_type type)
{
	int found = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		found += ast_channel_audiohook_count_by_source(chan, sources[i], type);
	}

	return found;
}

/*! \pre chan is locked */
static int other_framehook(struct ast_channel *chan)
{
	static const char * const known[] = { "jitterbuffer" };
	struct ast_datastore *datastore;
	size_t i;
	int res;

	asking = 1;
	res = !ast_framehook_list_contains_no_active_of_type(ast_channel_framehooks(chan), AST_FRAME_VOICE);
	asking = 0;
	AST_LIST_TRAVERSE(ast_channel_datastores(chan), datastore, entry) {
		for (i = 0; res && i < ARRAY_LEN(known); i++) {
			res = strcmp(datastore->info->type, known[i]);
		}
	}

	return res;
}

enum listening listen_channel(struct ast_channel *chan)
{
	struct listen_facts facts = { .technology = "" };
	enum listening res;

	ast_channel_lock(chan);
	facts.technology = ast_channel_tech(chan)->type;
	facts.application = S_OR(ast_channel_appl(chan), "");
	facts.in_bridge = ast_channel_is_bridged(chan);
	facts.spies = count(chan, spies, ARRAY_LEN(spies), AST_AUDIOHOOK_TYPE_SPY)
		+ ast_channel_audiohook_count_by_source(chan, "JACK_HOOK", AST_AUDIOHOOK_TYPE_MANIPULATE) > 0;
	facts.harmless_hooks = count(chan, harmless, ARRAY_LEN(harmless), AST_AUDIOHOOK_TYPE_MANIPULATE)
		+ count(chan, whisperers, ARRAY_LEN(whisperers), AST_AUDIOHOOK_TYPE_WHISPER) > 0;
	facts.any_audiohook = ast_channel_audiohooks(chan) && !ast_audiohook_write_list_empty(ast_channel_audiohooks(chan));
	facts.other_framehook = other_framehook(chan);
#ifdef HAVE_CHANNEL_MONITOR
	facts.monitored = ast_channel_monitor(chan) != NULL;
#endif
	res = listen_choose(&facts);
	ast_channel_unlock(chan);

	return res;
}

/*! Consumes the id. */
static int task_look(void *data)
{
	bridge_look_at(data);
	ast_free(data);

	return 0;
}

static int on_time(const void *data)
{
	char *id = (char *) data;

	if (tasks_push(&looks, task_look, id)) {
		ast_free(id);
	}

	return 0;
}

static void look(const char *id)
{
	size_t i;

	bridge_look_at(id);
	for (i = 0; i < ARRAY_LEN(later); i++) {
		char *copy = ast_strdup(id);

		if (copy && timers_add(later[i], on_time, copy)) {
			ast_free(copy);
		}
	}
}

static void on_monitor(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_channel_blob *blob = stasis_message_data(message);

	look(SNAPSHOT_ID(blob->snapshot));
}

static void on_chanspy(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_multi_channel_blob *blob = stasis_message_data(message);
	struct ast_channel_snapshot *spyee = ast_multi_channel_blob_get_channel(blob, "spyee_channel");

	if (spyee) {
		look(SNAPSHOT_ID(spyee));
	}
}

#ifdef HAVE_SNAPSHOT_BASE

/*! \brief A channel changes in one way or other: is it to or from an application that takes its audio? */
static void on_snapshot(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_channel_snapshot_update *update = stasis_message_data(message);
	int takes = listen_application(update->new_snapshot->dialplan->appl) != LISTEN_NO;
	int took = update->old_snapshot && listen_application(update->old_snapshot->dialplan->appl) != LISTEN_NO;

	if (takes != took) {
		bridge_look_at(SNAPSHOT_ID(update->new_snapshot));
	}
}

#else

/*! \brief The same; what a channel was before is not told. */
static void on_snapshot(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_channel_snapshot *snapshot = stasis_message_data(message);
	int takes = listen_application(snapshot->appl) != LISTEN_NO && !ast_test_flag(&snapshot->flags, AST_FLAG_DEAD);
	char *found = ao2_find(taken, SNAPSHOT_ID(snapshot), OBJ_SEARCH_KEY);

	if (takes && !found) {
		ast_str_container_add(taken, SNAPSHOT_ID(snapshot));
	} else if (!takes && found) {
		ao2_find(taken, SNAPSHOT_ID(snapshot), OBJ_SEARCH_KEY | OBJ_UNLINK | OBJ_NODATA);
	}
	if (takes != (found != NULL)) {
		bridge_look_at(SNAPSHOT_ID(snapshot));
	}
	ao2_cleanup(found);
}

#endif

int listen_init(void)
{
#ifndef HAVE_SNAPSHOT_BASE
	taken = ast_str_container_alloc(BUCKETS);
	if (!taken) {
		return -1;
	}
#endif
	router = stasis_message_router_create(ast_channel_topic_all());

	return tasks_open(&looks, "zrtp/listeners") || !router
		|| stasis_message_router_add(router, ast_channel_snapshot_type(), on_snapshot, NULL)
		|| stasis_message_router_add(router, ast_channel_chanspy_start_type(), on_chanspy, NULL)
		|| stasis_message_router_add(router, ast_channel_chanspy_stop_type(), on_chanspy, NULL)
#ifdef HAVE_CHANNEL_MONITOR
		|| stasis_message_router_add(router, ast_channel_monitor_start_type(), on_monitor, NULL)
		|| stasis_message_router_add(router, ast_channel_monitor_stop_type(), on_monitor, NULL)
#endif
		|| stasis_message_router_add(router, ast_channel_mixmonitor_start_type(), on_monitor, NULL)
		|| stasis_message_router_add(router, ast_channel_mixmonitor_stop_type(), on_monitor, NULL) ? -1 : 0;
}

void listen_shutdown(void)
{
	stasis_message_router_unsubscribe_and_join(router);
	router = NULL;
	/* No thread adds any more. */
	timers_hurry(on_time);
	tasks_close(&looks);
#ifndef HAVE_SNAPSHOT_BASE
	ao2_cleanup(taken);
	taken = NULL;
#endif
}
