/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The journal beside the store: changes that wait for it are on the disk too, and are there at the next start.
 *
 * A change that the store has not taken after a moment, or at once if the store is down, is written by a thread of its own, several
 * at a time with one fsync(). When it was stored its entry is overwritten, at once, so that as little as possible is stored twice
 * after a crash. That thread alone touches the disk: neither calls nor the store's thread wait for it, and the timers tell of it.
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

#include "common/clock.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/store_jobs.h"
#include "cache/store_journal.h"
#include "cache/store_open.h"
#include "cache/store_shared.h"
#include "cache/store_timer.h"

/*! So long a change may wait for a store that is up, milliseconds. */
#define PATIENCE 100
/*! Changes that are written with one fsync(). */
#define BATCH 64
/*! What the end of the module waits for it, milliseconds. */
#define SETTLE_MAX 5000
/*! What the store waits for its opening, and then for each next one of its entries, milliseconds. */
#define READ_MAX 5000
/*! A disk that has not answered for so long hangs, milliseconds. */
#define DISK_MAX 2000

AST_DLLIST_HEAD_NOLOCK(journal_jobs, job);

static ast_cond_t wake, settled;
static pthread_t thread = AST_PTHREADT_NULL;

/*! Guarded by store_shared.lock. Jobs that wait to be written, the one of the first change first. */
static struct journal_jobs waiting;
/*! Those that were stored, and are to be erased. */
static struct journal_jobs erasing;
static struct zrtp_journal *journal;    /* set by its thread before it is ready */
static size_t unwritten;                /* those that wait, and those which are written now */
static uint64_t number, retry;
static uint64_t busy_since;             /* when its thread asked the disk for something, by clock_now(), 0: it does not */
static unsigned int rounds;             /* how often the disk has answered */
static int ready, stopping, hurried, asked, failed, dirty, watched;
static int unused;                      /* it cannot be used, or is of another cache */
static char reason[400];

static int in_use(void)
{
	return ready && !unused;
}

/* ---- the start ---- */

/*! What it has at the start: its thread reads it, that of the store takes it. */
static struct {
	uint8_t zid[ZRTP_ZID_SIZE];
	unsigned int has_zid:1, mixed:1;
	struct journal_jobs jobs;
	size_t count;
} replay;

/*! \brief Is it of another own ZID than those before it? */
static int is_mixed(const uint8_t *zid)
{
	if (!replay.has_zid) {
		memcpy(replay.zid, zid, sizeof(replay.zid));
		replay.has_zid = 1;
	}

	return replay.mixed = !!memcmp(replay.zid, zid, sizeof(replay.zid));
}

static int read_entry(const struct zrtp_journal_entry *entry, attribute_unused void *data)
{
	struct job *job;

	ast_mutex_lock(&store_shared.lock);
	busy_since = clock_now(); /* the disk answers: very many of them take more than READ_MAX */
	ast_mutex_unlock(&store_shared.lock);
	if (is_mixed(entry->key->own_zid) || !(job = job_alloc(entry->change ? JOB_CHANGE : JOB_BIND, entry->key))) {
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
	AST_DLLIST_INSERT_TAIL(&replay.jobs, job, journal.entry);

	return 0;
}

static void on_warning(const char *text, attribute_unused void *arg)
{
	ast_log(LOG_WARNING, "ZRTP cache: %s\n", text);
}

static void unusable(const char *why)
{
	ast_mutex_lock(&store_shared.lock);
	unused = 1;
	ast_copy_string(reason, why, sizeof(reason));
	ast_mutex_unlock(&store_shared.lock);
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

/*! \brief Open it and read what it has. \retval -1 it cannot be used */
static int read_all(struct zrtp_store_error *error)
{
	if (open_file(error)) {
		return -1;
	}
	replay.count = zrtp_journal_waiting(journal);
	if (!zrtp_journal_read(journal, read_entry, NULL, error)) {
		return 0;
	}
	if (replay.mixed) {
		snprintf(error->text, sizeof(error->text), "%.200s has changes of more than one own ZID", store_shared.config.journal);
	} else if (replay.has_zid) {
		ast_log(LOG_ERROR, "ZRTP cache: not all changes of its journal were read, the next start tries it again: %s\n", error->text);
		return 0;
	}

	return -1;
}

/*! \brief What was read is not wanted any more. */
static void drop_read(void)
{
	struct job *job;

	while ((job = AST_DLLIST_REMOVE_HEAD(&replay.jobs, journal.entry))) {
		job->journal.state = JOURNAL_NOT;
		job_free(job);
	}
}

/*! \brief In its thread, before all else. */
static void begin(void)
{
	struct zrtp_store_error error;
	int failure = read_all(&error), told;

	ast_mutex_lock(&store_shared.lock);
	told = unused; /* the store has gone on without it */
	ready = !failure && !told;
	ast_mutex_unlock(&store_shared.lock);
	if (failure || told) {
		drop_read();
		close_file();
	}
	if (failure && !told) {
		unusable(error.text);
	}
	ast_mutex_lock(&store_shared.lock);
	busy_since = 0;
	rounds++;
	ast_cond_broadcast(&settled);
	ast_mutex_unlock(&store_shared.lock);
}

static void *run(void *data);

/*! \brief Its thread begins, and has read all. \retval -1 it has not, and that was told */
static int wait_for_it(void)
{
	struct timespec until;
	int late;

	busy_since = clock_now();
	if (ast_pthread_create_background(&thread, NULL, run, NULL)) {
		thread = AST_PTHREADT_NULL;
		busy_since = 0;
		unusable(strerror(errno));
		return -1;
	}
	ast_mutex_lock(&store_shared.lock);
	while (!ready && !unused && clock_now() - busy_since < READ_MAX * 1000) {
		until = clock_in(PATIENCE);
		ast_cond_timedwait(&settled, &store_shared.lock, &until);
	}
	late = !ready && !unused;
	unused |= late;
	ast_mutex_unlock(&store_shared.lock);
	if (late) {
		unusable("no answer from its disk for five seconds");
	}

	return unused ? -1 : 0;
}

void journal_open(void (*take)(struct job *job))
{
	struct job *job;

	stopping = hurried = asked = failed = 0;
	retry = 0;
	if (ast_strlen_zero(store_shared.config.journal) || wait_for_it() || !replay.count) {
		return;
	}
	while ((job = AST_DLLIST_REMOVE_HEAD(&replay.jobs, journal.entry))) {
		take(job);
	}
	ast_log(LOG_NOTICE, "ZRTP cache: its journal %s has %zu change%s of calls of before the start, to be stored now\n",
		store_shared.config.journal, replay.count, ESS(replay.count));
}

void journal_disown(void)
{
	char text[sizeof(reason)];
	int any;

	ast_mutex_lock(&store_shared.lock);
	unused |= any = store_shared.status.waiting > 0;
	while (any && !AST_DLLIST_EMPTY(&waiting)) {
		AST_DLLIST_REMOVE_HEAD(&waiting, journal.entry)->journal.state = JOURNAL_NOT;
		unwritten--;
	}
	ast_cond_broadcast(&settled);
	ast_mutex_unlock(&store_shared.lock);
	if (any) {
		snprintf(text, sizeof(text), "%.200s has changes of another own ZID than the cache", store_shared.config.journal);
		unusable(text);
	}
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

/*! \brief In the timers' thread: does the disk answer? */
static int look(attribute_unused const void *data)
{
	struct zrtp_store_error error = { .status = ZRTP_STORE_IO, .text = "no answer from its disk for two seconds" };

	ast_mutex_lock(&store_shared.lock);
	watched = 0;
	if (busy_since && clock_now() - busy_since < DISK_MAX * 1000) {
		watched = !store_later(DISK_MAX, look);
	} else if (busy_since && in_use()) {
		tell_works(&error);
		ast_cond_broadcast(&settled);
	}
	ast_mutex_unlock(&store_shared.lock);

	return 0;
}

/*! \brief The disk is asked for something: the lock is let go. \pre lock is held */
static void disk_begin(void)
{
	busy_since = clock_now();
	watched = watched || !store_later(DISK_MAX + 1, look);
	ast_mutex_unlock(&store_shared.lock);
}

/*! \brief It has answered: the lock is held again. */
static void disk_end(void)
{
	ast_mutex_lock(&store_shared.lock);
	busy_since = 0;
	rounds++;
	ast_cond_broadcast(&settled);
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

/*! \brief It has no part in it any more. \pre lock is held */
static void let_go(struct job *job)
{
	job->journal.state = JOURNAL_NOT;
	if (job->journal.released) {
		job_free(job);
	}
}

/*! \pre lock is held */
static void to_erase(struct job *job)
{
	job->journal.state = JOURNAL_ERASES;
	AST_DLLIST_INSERT_TAIL(&erasing, job, journal.entry);
	ast_cond_signal(&wake);
}

/*! \brief It was written, or not; and is it still wanted? \pre lock is held */
static void settle_job(struct job *job, int written)
{
	if (!job->journal.stored && !written && !unused) {
		job->journal.state = JOURNAL_WAITS;
		AST_DLLIST_INSERT_HEAD(&waiting, job, journal.entry);
		return;
	}
	unwritten--;
	if (job->journal.stored && written) {
		to_erase(job);
	} else if (written && !job->journal.released) {
		job->journal.state = JOURNAL_HAS;
	} else {
		let_go(job); /* also of a journal that is of another cache since: it keeps it as it is */
	}
}

/*! \brief Zeros over what was stored, at once; they are on the disk with the next fsync(). \pre lock is held */
static void erase_batch(void)
{
	struct job *jobs[BATCH];
	int i, count = 0;

	while (count < BATCH && !AST_DLLIST_EMPTY(&erasing)) {
		jobs[count++] = AST_DLLIST_REMOVE_HEAD(&erasing, journal.entry);
	}
	dirty = 1;
	disk_begin();
	for (i = 0; i < count; i++) {
		erase(jobs[i]);
	}
	disk_end();
	for (i = 0; i < count; i++) {
		let_go(jobs[i]);
	}
}

/*! \brief Has the first one waited for long enough? \pre lock is held */
static int is_due(uint64_t now)
{
	struct job *first = AST_DLLIST_FIRST(&waiting);

	return first && in_use() && (hurried || !store_shared.status.up || now >= first->journal.since + PATIENCE * 1000);
}

/*! \brief Those whose time it is, and one fsync(), for what was erased too. \pre lock is held */
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
	disk_begin();
	while (written < count && !(result = write_job(jobs[written], &jobs[written]->journal.slot, &error))) {
		written++;
	}
	if (!result) {
		result = zrtp_journal_sync(journal, &error);
	}
	disk_end();
	for (i = count - 1; i >= 0; i--) {
		settle_job(jobs[i], i < written);
	}
	dirty |= !!result;
	tell_works(result ? &error : NULL);
	ast_cond_broadcast(&settled);
}

/*! \brief Is it time to write, or to sync what was erased? \pre lock is held */
static int must_write(uint64_t now, uint64_t cleaned)
{
	return in_use() && now >= retry && (is_due(now) || (dirty && (hurried || now >= cleaned + PATIENCE * 1000)));
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

/*! \pre lock is held */
static void serve(void)
{
	uint64_t cleaned = 0;

	while (!stopping) {
		if (!AST_DLLIST_EMPTY(&erasing)) {
			erase_batch();
		} else if (must_write(clock_now(), cleaned) || (asked && in_use())) {
			asked = 0;
			write_batch();
			cleaned = clock_now();
		} else {
			rest();
		}
	}
	while (!AST_DLLIST_EMPTY(&erasing)) {
		erase_batch();
	}
}

static void *run(attribute_unused void *data)
{
	begin();
	ast_mutex_lock(&store_shared.lock);
	serve();
	ast_mutex_unlock(&store_shared.lock);
	close_file();

	return NULL;
}

/* ---- what the queue tells ---- */

void journal_add(struct job *job)
{
	if (!in_use()) {
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
	ast_mutex_lock(&store_shared.lock);
	if (job->journal.state == JOURNAL_WAITS) {
		AST_DLLIST_REMOVE(&waiting, job, journal.entry);
		unwritten--;
		job->journal.state = JOURNAL_NOT;
	} else if (job->journal.state == JOURNAL_WRITES) {
		job->journal.stored = 1;
	} else if (job->journal.state == JOURNAL_HAS && in_use()) {
		to_erase(job);
	}
	ast_mutex_unlock(&store_shared.lock);
}

size_t journal_settle(void)
{
	struct timespec until = clock_in(SETTLE_MAX);

	if (!in_use()) {
		return store_shared.status.waiting;
	}
	hurried = 1;
	ast_cond_signal(&wake);
	while ((unwritten || dirty || !AST_DLLIST_EMPTY(&erasing)) && !failed && !ast_cond_timedwait(&settled, &store_shared.lock, &until)) {
	}

	return unwritten;
}

int journal_is_hung(void)
{
	SCOPED_MUTEX(guard, &store_shared.lock);
	struct timespec until = clock_in(DISK_MAX);
	unsigned int before = rounds;

	asked = in_use();
	ast_cond_signal(&wake);
	while ((asked || busy_since) && before == rounds && !ast_cond_timedwait(&settled, &store_shared.lock, &until)) {
	}

	return busy_since && before == rounds;
}

void journal_get_status(struct store_status *out)
{
	out->journaled = ready ? zrtp_journal_waiting(journal) : 0;
	out->journal = ast_strlen_zero(store_shared.config.journal) ? "off" : !in_use() ? "unusable" : failed ? "failed" : "works";
	ast_copy_string(out->journal_reason, reason, sizeof(out->journal_reason));
}

/* ---- the end ---- */

void journal_end(void)
{
	if (thread != AST_PTHREADT_NULL) {
		ast_mutex_lock(&store_shared.lock);
		stopping = 1;
		ready = 0;
		ast_cond_signal(&wake);
		ast_mutex_unlock(&store_shared.lock);
		pthread_join(thread, NULL);
		thread = AST_PTHREADT_NULL;
	}
	while (!AST_DLLIST_EMPTY(&waiting)) {
		AST_DLLIST_REMOVE_HEAD(&waiting, journal.entry)->journal.state = JOURNAL_NOT;
	}
	memset(&replay, 0, sizeof(replay));
	unwritten = unused = dirty = 0;
	reason[0] = '\0';
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
