/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What happens in Asterisk, made into rows and alerts: one thread, for all pages.
 *
 * Stasis says that something has changed about a channel; what it is then is looked up in the channel itself. So
 * messages only add the channel to a set, in which it is once, and late ones do no harm. What makes no message is found
 * as each row is read again from time to time. Without a page that is open only alerts are kept.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/json.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_bridges.h"
#include "asterisk/stasis_channels.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "common/channel_by_id.h"
#include "common/clock.h"
#include "common/console.h"
#include "channel_row.h"
#include "rows.h"
#include "stream.h"
#include "watch.h"

#define BUCKETS 257
/*! Changes that come together are read once: how long the first one waits, milliseconds. */
#define TOGETHER 25
/*! So many rows are read again in so many microseconds. */
#define AGAIN 8
#define PAUSE 500000

#ifdef HAVE_SNAPSHOT_BASE
#define SNAPSHOT_ID(snapshot) ((snapshot)->base->uniqueid)
#define SNAPSHOT_NAME(snapshot) ((snapshot)->base->name)
#else
#define SNAPSHOT_ID(snapshot) ((snapshot)->uniqueid)
#define SNAPSHOT_NAME(snapshot) ((snapshot)->name)
#endif

/*! Guards what follows. */
AST_MUTEX_DEFINE_STATIC(lock);
static ast_cond_t changed;
static struct ao2_container *pending; /*!< Uniqueids of channels to look at */
static int pages, all, stopping;

/*! Of the thread alone: a row has changed; when some rows are to be read again, by clock_now(). */
static int news;
static uint64_t again;

static pthread_t thread = AST_PTHREADT_NULL;
static struct stasis_subscription *of_channels, *of_bridges;

AST_MUTEX_DEFINE_STATIC(console_lock);
static const struct ast_zrtp_console *console;

const struct ast_zrtp_console *watch_console(void)
{
	const struct ast_zrtp_console *found;

	ast_mutex_lock(&console_lock);
	if (!console) {
		console = ast_zrtp_console_get();
	}
	found = console;
	ast_mutex_unlock(&console_lock);

	return found;
}

/*! \brief The table, if it was asked for before: Stasis must not wait for one. */
static const struct ast_zrtp_console *console_now(void)
{
	const struct ast_zrtp_console *found;

	ast_mutex_lock(&console_lock);
	found = console;
	ast_mutex_unlock(&console_lock);

	return found;
}

static void add(const char *id)
{
	char *known;

	ast_mutex_lock(&lock);
	if (pages) {
		known = ao2_find(pending, id, OBJ_SEARCH_KEY);
		if (known) {
			ao2_ref(known, -1);
		} else {
			ast_str_container_add(pending, id);
			ast_cond_signal(&changed);
		}
	}
	ast_mutex_unlock(&lock);
}

/*! \brief Events that a person should see as they come. */
static int is_alert(const char *name, struct ast_json *fields)
{
	struct ast_json *verified = ast_json_object_get(fields, "Verified");

	return !strcmp(name, "ZrtpAlert") || !strcmp(name, "ZrtpFailed") || !strcmp(name, "ZrtpRefused")
		|| !strcmp(name, "ZrtpClear") || (!strcmp(name, "ZrtpVerified") && verified
			&& !strcmp(S_OR(ast_json_string_get(verified), ""), "no"));
}

static void on_event(struct stasis_message *message, const char *name)
{
	struct ast_channel_blob *blob = stasis_message_data(message);
	char *text;

	if (is_alert(name, blob->blob)) {
		text = alert_row(name, blob->snapshot ? SNAPSHOT_NAME(blob->snapshot) : "", stasis_message_timestamp(message), blob->blob);
		if (text) {
			rows_alert(text);
			streams_wake();
		}
		ast_json_free(text);
	} else if (!strcmp(name, "ZrtpEnrollment")) {
		rows_enrolled();
		streams_wake();
	}
	if (blob->snapshot) {
		add(SNAPSHOT_ID(blob->snapshot));
	}
}

static void on_snapshot(struct stasis_message *message)
{
#ifdef HAVE_SNAPSHOT_BASE
	struct ast_channel_snapshot_update *update = stasis_message_data(message);

	add(SNAPSHOT_ID(update->new_snapshot));
#else
	struct ast_channel_snapshot *snapshot = stasis_message_data(message);

	add(SNAPSHOT_ID(snapshot));
#endif
}

static void on_channel(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	const struct ast_zrtp_console *table;
	const char *name;

	if (stasis_message_type(message) == ast_channel_snapshot_type()) {
		on_snapshot(message);
#ifndef HAVE_SNAPSHOT_BASE
	} else if (stasis_message_type(message) == stasis_cache_clear_type()) {
		on_snapshot(stasis_message_data(message));
#endif
	} else if ((table = console_now()) && (name = table->event_name(message))) {
		on_event(message, name);
	}
}

static void on_bridge(attribute_unused void *data, attribute_unused struct stasis_subscription *sub,
	struct stasis_message *message)
{
	struct ast_bridge_blob *blob = stasis_message_data(message);

	if ((stasis_message_type(message) == ast_channel_entered_bridge_type()
		|| stasis_message_type(message) == ast_channel_left_bridge_type()) && blob->channel) {
		add(SNAPSHOT_ID(blob->channel));
	}
}

/*! \brief One channel as it is now. Pages hear of it when news are told. */
static void look_at(const char *id)
{
	struct ast_channel *chan = channel_by_id(id);
	char *text = chan ? channel_row(chan, console_now()) : NULL;

	news |= text ? rows_put(id, text) : rows_remove(id);
	ast_json_free(text);
	ast_channel_cleanup(chan);
}

static void look_at_all(void)
{
	struct ast_channel_iterator *i = ast_channel_iterator_all_new();
	struct ast_channel *chan;
	char id[AST_MAX_UNIQUEID];

	/* What was read as the last page closed may have stayed. */
	rows_clear();
	while (i && (chan = ast_channel_iterator_next(i))) {
		ast_channel_lock(chan);
		ast_copy_string(id, ast_channel_uniqueid(chan), sizeof(id));
		ast_channel_unlock(chan);
		ast_channel_unref(chan);
		look_at(id);
	}
	if (i) {
		ast_channel_iterator_destroy(i);
	}
	ast_mutex_lock(&lock);
	/* Another page may have come after the last one went, which took away what was read. */
	if (!all) {
		rows_complete();
	}
	ast_mutex_unlock(&lock);
	news = 1;
}

/*! \brief Wait for something to do. \pre the lock is held \retval 0 nothing has come */
static int wait_for_work(void)
{
	uint64_t now = clock_now();
	struct timespec until = clock_in(again > now ? (again - now + 999) / 1000 : 0);

	while (!stopping && !all && !ao2_container_count(pending)) {
		if (!pages) {
			ast_cond_wait(&changed, &lock);
		} else if (ast_cond_timedwait(&changed, &lock, &until)) {
			return 0;
		}
	}

	return 1;
}

/*! \brief Take what is to be looked at. \pre the lock is held */
static struct ao2_container *take(int *everything)
{
	struct ao2_container *taken = pending, *next = ast_str_container_alloc(BUCKETS);

	*everything = all;
	all = 0;
	if (!next) {
		/* Out of memory: what waits does so a little longer. */
		return NULL;
	}
	pending = next;

	return taken;
}

static void look_at_each(struct ao2_container *ids)
{
	struct ao2_iterator i = ao2_iterator_init(ids, 0);
	char *id;

	for (; (id = ao2_iterator_next(&i)); ao2_ref(id, -1)) {
		look_at(id);
	}
	ao2_iterator_destroy(&i);
	ao2_ref(ids, -1);
}

static void tell_news(void)
{
	if (news) {
		news = 0;
		streams_wake();
	}
}

/*! \brief Also while changes come all the time: what makes no message would be found in a quiet PBX only. */
static void look_again(void)
{
	uint64_t now = clock_now();

	if (now >= again) {
		rows_some(AGAIN, look_at);
		again = now + PAUSE;
	}
}

static void *watch(attribute_unused void *data)
{
	struct ao2_container *ids;
	int everything;

	ast_mutex_lock(&lock);
	while (!stopping) {
		if (!wait_for_work()) {
			ast_mutex_unlock(&lock);
			look_again();
			tell_news();
			ast_mutex_lock(&lock);
			continue;
		}
		ast_mutex_unlock(&lock);
		usleep(TOGETHER * 1000);
		ast_mutex_lock(&lock);
		ids = take(&everything);
		ast_mutex_unlock(&lock);
		if (everything) {
			look_at_all();
		}
		if (ids) {
			look_at_each(ids);
		}
		look_again();
		tell_news();
		ast_mutex_lock(&lock);
	}
	ast_mutex_unlock(&lock);

	return NULL;
}

void watch_begin(void)
{
	watch_console();
	ast_mutex_lock(&lock);
	if (!pages++) {
		rows_clear();
		all = 1;
		ast_cond_signal(&changed);
	}
	ast_mutex_unlock(&lock);
}

void watch_end(void)
{
	ast_mutex_lock(&lock);
	if (!--pages) {
		rows_clear();
	}
	ast_mutex_unlock(&lock);
}

int watch_init(void)
{
	stopping = 0;
	clock_cond_init(&changed);
	pending = ast_str_container_alloc(BUCKETS);
	watch_console();
	if (!pending || ast_pthread_create_background(&thread, NULL, watch, NULL)) {
		thread = AST_PTHREADT_NULL;
		return -1;
	}
	of_channels = stasis_subscribe_pool(ast_channel_topic_all(), on_channel, NULL);
	of_bridges = stasis_subscribe_pool(ast_bridge_topic_all(), on_bridge, NULL);

	return of_channels && of_bridges ? 0 : -1;
}

void watch_shutdown(void)
{
	of_channels = stasis_unsubscribe_and_join(of_channels);
	of_bridges = stasis_unsubscribe_and_join(of_bridges);
	ast_mutex_lock(&lock);
	stopping = 1;
	ast_cond_signal(&changed);
	ast_mutex_unlock(&lock);
	if (thread != AST_PTHREADT_NULL) {
		pthread_join(thread, NULL);
		thread = AST_PTHREADT_NULL;
	}
	ao2_cleanup(pending);
	pending = NULL;
	ast_cond_destroy(&changed);
	ast_mutex_lock(&console_lock);
	if (console) {
		ast_zrtp_console_release(console);
		console = NULL;
	}
	ast_mutex_unlock(&console_lock);
}
