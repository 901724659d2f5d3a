/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The copy on the disk of what is known of peers, beside the journal: for a database that is away at the next start.
 *
 * One slot for each entry of the table, written over as it changes, by a thread of its own: neither calls nor the thread of
 * the store wait for its disk. The kernel has what was written, however Asterisk ends; fsync() comes now and then,
 * for the machine. Nothing of it ever reaches the store: it is what the store, or a call, had told this node.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/general_keys.h"
#include "cache/cache.h"
#include "cache/known.h"
#include "cache/known_copy.h"
#include "cache/known_file.h"
#include "cache/store_shared.h"
#include "cache/store_timer.h"

/*! Between two fsync() while something changes, and two tries of a disk that fails, microseconds. */
#define SYNC_EVERY 5000000
#define RETRY 2000000
/*! What the store waits for its opening, and for each next one of its entries, milliseconds. */
#define READ_MAX 2000
/*! A disk that has not answered for so long hangs, milliseconds. */
#define DISK_MAX 2000
/*! Between two removals of what has expired, microseconds. */
#define PURGE_EVERY 3600000000ULL

/*! Guarded by lock, which may be taken while known_lock() is held. */
static ast_mutex_t lock = AST_MUTEX_INIT_VALUE;
static ast_cond_t settled;
static pthread_t thread = AST_PTHREADT_NULL;
static uint64_t busy_since;             /* when its thread asked the disk for something, by clock_now(), 0: it does not */
static struct known_head head;
static int ready, unused, stopping, failed, watched, head_changed;
static size_t entries;
static char reason[400];

int known_copy_is_on(void)
{
	return store_shared.config.kind == CACHE_REALTIME && !ast_strlen_zero(store_shared.config.journal);
}

/* ---- its disk ---- */

/*! \brief Tell once that it does not work, or that it does again. \param why NULL: it works */
static void tell_works(const char *why)
{
	int was;

	ast_mutex_lock(&lock);
	was = failed;
	failed = !!why;
	ast_copy_string(reason, S_OR(why, ""), sizeof(reason));
	ast_mutex_unlock(&lock);
	if (why && !was) {
		ast_log(LOG_WARNING, "ZRTP cache: the copy of what is known cannot be written, a start while the database is away may "
			"find old secrets in it: %s\n", why);
	} else if (!why && was) {
		ast_log(LOG_NOTICE, "ZRTP cache: the copy of what is known is written again\n");
	}
}

/*! \pre lock is held */
static int is_late(void)
{
	return busy_since && clock_now() - busy_since >= DISK_MAX * 1000;
}

/*! \brief In the timers' thread: does the disk answer? */
static int look(attribute_unused const void *data)
{
	int late;

	ast_mutex_lock(&lock); /* disk_begin() leaves it to this one, or sees that it has ended */
	late = is_late();
	watched = busy_since && !late && !store_later(DISK_MAX, look);
	late = late && ready;
	ast_mutex_unlock(&lock);
	if (late) {
		tell_works("no answer from its disk for two seconds");
	}

	return 0;
}

static void disk_begin(void)
{
	ast_mutex_lock(&lock);
	busy_since = clock_now();
	watched = watched || !store_later(DISK_MAX + 1, look);
	ast_mutex_unlock(&lock);
}

static void disk_end(void)
{
	ast_mutex_lock(&lock);
	busy_since = 0;
	entries = known_file_entries();
	ast_mutex_unlock(&lock);
}

/* ---- the start ---- */

/*! \brief The disk answers: very many entries may take long. */
static int goes_on(void)
{
	SCOPED_MUTEX(guard, &lock);

	busy_since = clock_now();

	return !unused;
}

static void unusable(const char *why)
{
	ast_mutex_lock(&lock);
	unused = 1;
	ready = 0;
	ast_copy_string(reason, why, sizeof(reason));
	ast_cond_broadcast(&settled);
	ast_mutex_unlock(&lock);
	ast_log(LOG_WARNING, "ZRTP cache: there is no copy of what is known, so phones may show a mismatch if Asterisk starts while the "
		"database is away: %s\n", why);
}

/*! \brief In its thread, before all else. \retval -1 it cannot be used */
static int begin(void)
{
	struct zrtp_store_error error;
	struct known_head found = { .has_zid = 0 };
	int failure = known_file_open(&error) || known_file_read(&found, goes_on, &error), late;

	ast_mutex_lock(&lock);
	late = unused; /* the store has gone on without it */
	unused |= failure; /* at once: who waits must not take it for no answer */
	ready = !unused;
	if (ready) {
		head = found;
		entries = known_file_entries();
	}
	busy_since = 0;
	ast_cond_broadcast(&settled);
	ast_mutex_unlock(&lock);
	if (failure && !late) {
		unusable(error.text);
	}

	return failure || late ? -1 : 0;
}

/* ---- what has changed ---- */

/*! \retval 1 what is written now has to be followed by the head \pre known_lock() is held */
static int takes_head(const struct known_round *round, struct edits_mark *edits)
{
	int taken;

	ast_mutex_lock(&lock);
	taken = head_changed && round->count < KNOWN_BATCH && round->removals < KNOWN_BATCH;
	head_changed &= !taken;
	*edits = head.edits;
	ast_mutex_unlock(&lock);

	return taken;
}

/*! When it does what, by clock_now(). */
struct times {
	uint64_t retry, synced, purged;
	unsigned int unsynced:1, sync_failed:1;
};

/*! \brief The disk has answered. */
static void ended(struct times *times, const struct zrtp_store_error *error)
{
	disk_end();
	times->retry = error ? clock_now() + RETRY : 0;
	if (error || !times->sync_failed) {
		tell_works(error ? error->text : NULL);
	}
}

/*! \brief Write what has changed. \pre known_lock() is held \retval 0 there was nothing */
static int write_some(struct times *times)
{
	struct known_round round;
	struct zrtp_store_error error;
	enum zrtp_store_status result;
	struct edits_mark edits;
	int with_head;

	if (known_file_collect(&round)) {
		return 0;
	}
	with_head = takes_head(&round, &edits);
	if (!round.count && !round.removals && !with_head) {
		return 0;
	}
	known_unlock();
	disk_begin();
	result = known_file_write(&round, &error);
	if (!result && with_head) {
		result = known_file_write_head(round.own_zid, &edits, &error);
	}
	ended(times, result ? &error : NULL);
	times->unsynced = 1;
	ast_mutex_lock(&lock);
	head_changed |= with_head && result;
	ast_mutex_unlock(&lock);
	known_lock();
	known_file_settle(&round);

	return 1;
}

/*! \brief What has its time. \pre known_lock() is held */
static void housekeep(struct times *times, uint64_t now)
{
	struct zrtp_store_error error;
	enum zrtp_store_status result;

	known_unlock();
	if (times->unsynced && now - times->synced >= SYNC_EVERY) {
		disk_begin();
		result = known_file_sync(&error);
		times->unsynced = times->sync_failed = !!result;
		times->synced = now;
		ended(times, result ? &error : NULL);
	}
	if (now - times->purged >= PURGE_EVERY) {
		known_purge(cache_clock());
		times->purged = now;
	}
	known_lock();
}

static int is_stopping(void)
{
	SCOPED_MUTEX(guard, &lock);

	return stopping;
}

/*! \brief How long there may be nothing to do, milliseconds. */
static unsigned int until_next(const struct times *times)
{
	return (times->retry ? RETRY : times->unsynced ? SYNC_EVERY : PURGE_EVERY) / 1000;
}

/*! \pre known_lock() is held */
static void serve(void)
{
	struct times times = { .purged = clock_now() - PURGE_EVERY };

	for (;;) {
		housekeep(&times, clock_now());
		/* From here to the rest the lock is not let go, unless something is written. */
		if (is_stopping()) {
			break;
		}
		if (clock_now() < times.retry || !write_some(&times)) {
			struct timespec until = clock_in(until_next(&times));

			known_rest(&until);
		}
	}
	while (!times.retry && write_some(&times)) {
	}
}

static void *run(attribute_unused void *data)
{
	if (!begin()) {
		known_lock();
		serve();
		known_unlock();
	}
	known_file_close();

	return NULL;
}

/* ---- what others ask for ---- */

/*! \brief Its thread begins, and has read all. \retval -1 it has not, and that was told */
static int wait_for_it(void)
{
	int late;

	busy_since = clock_now();
	if (ast_pthread_create_background(&thread, NULL, run, NULL)) {
		thread = AST_PTHREADT_NULL;
		busy_since = 0;
		unusable(strerror(errno));
		return -1;
	}
	ast_mutex_lock(&lock);
	while (!ready && !unused && clock_now() - busy_since < READ_MAX * 1000) {
		struct timespec until = clock_in(READ_MAX / 10);

		ast_cond_timedwait(&settled, &lock, &until);
	}
	late = !ready && !unused;
	unused |= late;
	ast_mutex_unlock(&lock);
	if (late) {
		unusable("no answer from its disk for two seconds");
	}

	return unused ? -1 : 0;
}

void known_copy_open(void)
{
	unused = ready = failed = stopping = head_changed = 0;
	memset(&head, 0, sizeof(head));
	entries = 0;
	if (!known_copy_is_on()) {
		return;
	}
	if (known_copies(1)) {
		unusable("out of memory");
		return;
	}
	if (wait_for_it()) {
		known_copies(0);
		known_forget_all();
		head.has_zid = 0;
	} else if (head.has_zid) {
		ast_log(LOG_NOTICE, "ZRTP cache: what was known of peers before the start is known from its copy, %zu entr%s\n", entries,
			entries == 1 ? "y" : "ies");
	}
}

int known_copy_head(struct known_head *out)
{
	SCOPED_MUTEX(guard, &lock);

	*out = head;

	return head.has_zid;
}

void known_copy_good_for(const struct edits_mark *edits)
{
	int changed;

	ast_mutex_lock(&lock);
	changed = ready && (!head.good_for || memcmp(&head.edits, edits, sizeof(*edits)));
	head_changed |= changed;
	head.good_for = 1;
	head.edits = *edits;
	ast_mutex_unlock(&lock);
	if (changed) {
		known_wake();
	}
}

void known_copy_disown(void)
{
	if (ready) {
		ast_log(LOG_NOTICE, "ZRTP cache: the copy of what is known is of another own ZID than the store, it is begun again\n");
	}
	known_forget_all();
	ast_mutex_lock(&lock);
	head.good_for = 0;
	ast_mutex_unlock(&lock);
}

int known_copy_is_hung(void)
{
	SCOPED_MUTEX(guard, &lock);

	return is_late();
}

void known_copy_get_status(struct store_status *out)
{
	ast_mutex_lock(&lock);
	out->copied = ready ? entries : 0;
	out->copy = !known_copy_is_on() ? "off" : unused || !ready ? "unusable" : failed ? "failed" : "works";
	ast_copy_string(out->copy_reason, reason, sizeof(out->copy_reason));
	ast_mutex_unlock(&lock);
}

void known_copy_end(void)
{
	if (thread == AST_PTHREADT_NULL) {
		return;
	}
	ast_mutex_lock(&lock);
	stopping = 1;
	ast_mutex_unlock(&lock);
	known_wake();
	pthread_join(thread, NULL);
	thread = AST_PTHREADT_NULL;
	ready = 0;
	known_copies(0);
}

void known_copy_init(void)
{
	clock_cond_init(&settled);
}

void known_copy_shutdown(void)
{
	ast_cond_destroy(&settled);
}
