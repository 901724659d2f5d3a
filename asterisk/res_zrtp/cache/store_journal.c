/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The journal beside the store: changes that wait for it are on the disk too, and are there at the next start.
 *
 * A change that the store has not taken after a moment, or at once if the store is down, is written by a thread
 * of its own, several at a time with one fsync(): neither calls nor the thread of the store, which may hang, wait
 * for that. When it was stored its entry is overwritten, by the thread of the store at once, so that as little as
 * possible is stored twice after a crash; the other thread sees to it that this is on the disk, too.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/cli.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "base/clock.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/store_jobs.h"
#include "cache/store_journal.h"
#include "cache/store_open.h"
#include "cache/store_shared.h"

/*! So long a change may wait for a store that is up, milliseconds. */
#define PATIENCE 100
/*! Changes that are written with one fsync(). */
#define BATCH 64
/*! What the end of the module waits for it, milliseconds. */
#define SETTLE_MAX 5000

static ast_cond_t wake, settled;
static pthread_t thread = AST_PTHREADT_NULL;
static struct zrtp_journal *journal;   /* fixed while a thread runs */

/*! Guarded by store_shared.lock. Jobs that wait to be written, the one of the first change first. */
static AST_DLLIST_HEAD_NOLOCK_STATIC(waiting, job);
static size_t unwritten;                /* those, and those which are written now */
static uint64_t number, retry;
static int stopping, hurried, failed, dirty, disowned;
static char reason[400];

static int in_use(void)
{
	return journal && !disowned;
}

/* ---- the start ---- */

/*! What is told of the entries. */
struct replay {
	uint8_t zid[ZRTP_ZID_SIZE];
	int has_zid;
	void (*take)(struct job *job);
};

/*! \brief Is all of it of one own ZID? */
static int compare_zid(const struct zrtp_journal_entry *entry, void *data)
{
	struct replay *replay = data;

	if (!replay->has_zid) {
		memcpy(replay->zid, entry->key->own_zid, sizeof(replay->zid));
		replay->has_zid = 1;
	}

	return memcmp(replay->zid, entry->key->own_zid, sizeof(replay->zid));
}

static int take_entry(const struct zrtp_journal_entry *entry, void *data)
{
	struct replay *replay = data;
	struct job *job = job_alloc(entry->change ? JOB_CHANGE : JOB_BIND, entry->key);

	if (!job) {
		return -1;
	}
	job->journal.state = JOURNAL_HAS;
	job->journal.slot = entry->slot;
	job->journal.number = entry->number;
	number = MAX(number, entry->number);
	job->when = entry->now;
	if (entry->change) {
		job->change = *entry->change;
	} else {
		ast_copy_string(job->endpoint, entry->endpoint, sizeof(job->endpoint));
	}
	replay->take(job);

	return 0;
}

static void on_warning(const char *text, attribute_unused void *arg)
{
	ast_log(LOG_WARNING, "ZRTP cache: %s\n", text);
}

static void unusable(const char *why)
{
	ast_copy_string(reason, why, sizeof(reason));
	ast_log(LOG_ERROR, "ZRTP cache: its journal is left as it is and not used, so changes that wait when Asterisk ends "
		"are lost: %s\n", why);
	manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheJournal", "State: unusable\r\nPath: %s\r\nReason: %s\r\n",
		store_shared.config.journal, why);
}

static enum zrtp_store_status open_file(struct zrtp_store_error *error)
{
	struct zrtp_store_config how = { .capacity = STORE_WAITING_MAX, .warn = on_warning };
	struct zrtp_store_key key;
	enum zrtp_store_status result = ZRTP_STORE_OK;

	if (store_shared.config.sealed) {
		result = store_read_key(&key, error);
		how.key = &key;
	}
	if (!result) {
		result = zrtp_journal_open(&journal, store_shared.config.journal, &how, error);
	}
	OPENSSL_cleanse(&key, sizeof(key));

	return result;
}

static void close_file(void)
{
	zrtp_journal_close(journal, NULL);
	journal = NULL;
}

int journal_open(const uint8_t *zid, uint8_t adopted[ZRTP_ZID_SIZE], void (*take)(struct job *job))
{
	struct replay replay = { .has_zid = !!zid, .take = take };
	struct zrtp_store_error error;
	enum zrtp_store_status result;
	char found[ZID_TEXT_SIZE];
	size_t count;

	if (ast_strlen_zero(store_shared.config.journal)) {
		return 0;
	}
	if (open_file(&error)) {
		unusable(error.text);
		return 0;
	}
	if (zid) {
		memcpy(replay.zid, zid, sizeof(replay.zid));
	}
	count = zrtp_journal_waiting(journal);
	result = zrtp_journal_read(journal, compare_zid, &replay, &error);
	if (result) {
		zid_text(found, replay.zid);
		if (result == ZRTP_STORE_INVALID) {
			snprintf(error.text, sizeof(error.text), "%.200s has changes of another own ZID than %s",
				store_shared.config.journal, found);
		}
		close_file();
		unusable(error.text);
		return 0;
	}
	if (!count) {
		return 0;
	}
	if (zrtp_journal_read(journal, take_entry, &replay, &error)) {
		ast_log(LOG_ERROR, "ZRTP cache: not all changes of its journal were read, the next start tries it again: %s\n", error.text);
	}
	ast_log(LOG_NOTICE, "ZRTP cache: its journal %s has %zu change%s of calls of before the start, to be stored now\n",
		store_shared.config.journal, count, ESS(count));
	memcpy(adopted, replay.zid, ZRTP_ZID_SIZE);

	return 1;
}

void journal_disown(void)
{
	disowned = 1;
	snprintf(reason, sizeof(reason), "%.200s has changes of another own ZID than the cache", store_shared.config.journal);
	while (!AST_DLLIST_EMPTY(&waiting)) {
		AST_DLLIST_REMOVE_HEAD(&waiting, journal.entry)->journal.state = JOURNAL_NOT;
		unwritten--;
	}
	ast_cond_broadcast(&settled);
}

/* ---- its thread ---- */

/*! \pre lock is held */
static void tell_works(const struct zrtp_store_error *error)
{
	int was = failed;

	failed = !!error;
	retry = failed ? clock_now() + STORE_RETRY * 1000000 : 0;
	ast_copy_string(reason, error ? error->text : "", sizeof(reason));
	if (was == failed) {
		return;
	}
	ast_mutex_unlock(&store_shared.lock);
	if (error) {
		ast_log(LOG_WARNING, "ZRTP cache: its journal cannot be written, changes that wait are in memory only: %s\n", error->text);
	} else {
		ast_log(LOG_NOTICE, "ZRTP cache: its journal is written again\n");
	}
	manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheJournal", "State: %s\r\nPath: %s\r\nReason: %s\r\n",
		error ? "failed" : "works", store_shared.config.journal, error ? error->text : "");
	ast_mutex_lock(&store_shared.lock);
}

static enum zrtp_store_status write_job(struct job *job, size_t *slot, struct zrtp_store_error *error)
{
	const struct zrtp_cache_key key = { .own_zid = job->own_zid, .peer_zid = job->zid, .label = job->label };
	const struct zrtp_journal_entry entry = {
		.key = &key,
		.change = job->kind == JOB_CHANGE ? &job->change : NULL,
		.change_size = sizeof(job->change),
		.endpoint = job->kind == JOB_BIND ? job->endpoint : NULL,
		.number = job->journal.number,
		.now = job->when,
	};

	return zrtp_journal_append(journal, &entry, slot, error);
}

static void erase(const struct job *job)
{
	struct zrtp_store_error error;

	if (zrtp_journal_erase(journal, job->journal.slot, &error)) {
		ast_log(LOG_WARNING, "ZRTP cache: a change that was stored stays in its journal, and is stored again at the next "
			"start: %s\n", error.text);
	}
}

/*! \brief It was written, or not; and is it still wanted? \pre lock is held */
static void settle_job(struct job *job, int written)
{
	if (!job->journal.stored && !written) {
		job->journal.state = JOURNAL_WAITS;
		AST_DLLIST_INSERT_HEAD(&waiting, job, journal.entry);
		return;
	}
	unwritten--;
	if (!job->journal.stored) {
		job->journal.state = JOURNAL_HAS;
		return;
	}
	if (written) {
		ast_mutex_unlock(&store_shared.lock);
		erase(job);
		ast_mutex_lock(&store_shared.lock);
		dirty = 1;
	}
	job->journal.state = JOURNAL_NOT;
	if (job->journal.released) {
		job_free(job);
	}
}

/*! \brief Has the first one waited for long enough? \pre lock is held */
static int is_due(uint64_t now)
{
	struct job *first = AST_DLLIST_FIRST(&waiting);

	return first && in_use() && (hurried || !store_shared.status.up || now >= first->journal.since + PATIENCE * 1000);
}

/*! \brief Those whose time it is, and what was erased. \pre lock is held */
static void write_batch(void)
{
	struct job *jobs[BATCH];
	struct zrtp_store_error error;
	enum zrtp_store_status result = ZRTP_STORE_OK;
	int i, count = 0, written = 0;

	while (count < BATCH && is_due(clock_now())) {
		jobs[count] = AST_DLLIST_REMOVE_HEAD(&waiting, journal.entry);
		jobs[count++]->journal.state = JOURNAL_WRITES;
	}
	dirty = 0;
	ast_mutex_unlock(&store_shared.lock);
	while (written < count && !(result = write_job(jobs[written], &jobs[written]->journal.slot, &error))) {
		written++;
	}
	if (!result) {
		result = zrtp_journal_sync(journal, &error);
	}
	ast_mutex_lock(&store_shared.lock);
	for (i = count - 1; i >= 0; i--) {
		settle_job(jobs[i], i < written);
	}
	dirty |= !!result;
	tell_works(result ? &error : NULL);
	if (!unwritten || failed) {
		ast_cond_broadcast(&settled);
	}
}

/*! \brief Until there may be something to write. \pre lock is held */
static void rest(void)
{
	struct timespec until = clock_in(PATIENCE);

	if ((!dirty || !in_use()) && AST_DLLIST_EMPTY(&waiting)) {
		ast_cond_wait(&wake, &store_shared.lock);
	} else {
		ast_cond_timedwait(&wake, &store_shared.lock, &until);
	}
}

static void *run(attribute_unused void *data)
{
	uint64_t cleaned = 0;

	ast_mutex_lock(&store_shared.lock);
	while (!stopping) {
		uint64_t now = clock_now();

		if (now >= retry && in_use() && (is_due(now) || (dirty && now >= cleaned + PATIENCE * 1000))) {
			write_batch();
			cleaned = clock_now();
		} else {
			rest();
		}
	}
	ast_mutex_unlock(&store_shared.lock);

	return NULL;
}

/* ---- what the queue tells ---- */

void journal_add(struct job *job)
{
	if (!in_use() || thread == AST_PTHREADT_NULL) {
		return;
	}
	job->journal.state = JOURNAL_WAITS;
	job->journal.number = ++number;
	job->journal.since = clock_now();
	AST_DLLIST_INSERT_TAIL(&waiting, job, journal.entry);
	/* While others wait it looks by itself. */
	if (!unwritten++ || !store_shared.status.up) {
		ast_cond_signal(&wake);
	}
}

void journal_over(struct job *job)
{
	int erases;

	ast_mutex_lock(&store_shared.lock);
	erases = job->journal.state == JOURNAL_HAS && in_use();
	if (job->journal.state == JOURNAL_WAITS) {
		AST_DLLIST_REMOVE(&waiting, job, journal.entry);
		unwritten--;
		job->journal.state = JOURNAL_NOT;
	} else if (job->journal.state == JOURNAL_WRITES) {
		job->journal.stored = 1;
	}
	ast_mutex_unlock(&store_shared.lock);
	if (!erases) {
		return;
	}
	job->journal.state = JOURNAL_NOT;
	erase(job);
	ast_mutex_lock(&store_shared.lock);
	if (!dirty) {
		dirty = 1;
		ast_cond_signal(&wake);
	}
	ast_mutex_unlock(&store_shared.lock);
}

size_t journal_settle(void)
{
	struct timespec until = clock_in(SETTLE_MAX);

	if (!in_use() || thread == AST_PTHREADT_NULL) {
		return store_shared.status.waiting;
	}
	hurried = 1;
	ast_cond_signal(&wake);
	while (unwritten && !failed && !ast_cond_timedwait(&settled, &store_shared.lock, &until)) {
	}

	return unwritten;
}

void journal_get_status(struct store_status *out)
{
	out->journaled = journal ? zrtp_journal_waiting(journal) : 0;
	out->journal = ast_strlen_zero(store_shared.config.journal) ? "off" : !in_use() ? "unusable" : failed ? "failed" : "works";
	ast_copy_string(out->journal_reason, reason, sizeof(out->journal_reason));
}

/* ---- begin and end ---- */

void journal_begin(void)
{
	if (!journal) {
		return;
	}
	stopping = hurried = failed = 0;
	if (ast_pthread_create_background(&thread, NULL, run, NULL)) {
		thread = AST_PTHREADT_NULL;
		unusable(strerror(errno));
	}
}

void journal_end(void)
{
	if (thread != AST_PTHREADT_NULL) {
		ast_mutex_lock(&store_shared.lock);
		stopping = 1;
		ast_cond_signal(&wake);
		ast_mutex_unlock(&store_shared.lock);
		pthread_join(thread, NULL);
		thread = AST_PTHREADT_NULL;
	}
	while (!AST_DLLIST_EMPTY(&waiting)) {
		AST_DLLIST_REMOVE_HEAD(&waiting, journal.entry)->journal.state = JOURNAL_NOT;
	}
	unwritten = 0;
	disowned = dirty = 0;
	reason[0] = '\0';
	close_file();
}

void journal_init(void)
{
	clock_cond_init(&wake);
	clock_cond_init(&settled);
}

void journal_shutdown(void)
{
	ast_cond_destroy(&wake);
	ast_cond_destroy(&settled);
}
