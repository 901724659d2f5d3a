/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The store of the cache, and the one thread that waits for it in calls.
 *
 * Loads and changes stand in one queue (store_queue.c), so that a load sees all that was changed
 * before it. A store that fails is down: changes wait,
 * and every few seconds one of them, or opening, is tried again. Loads from a
 * database that is down are answered at once with nothing, as it may hang. A
 * change carries its time and what it changes, and the store merges it with what
 * is there; so what is stored late never takes the place of something newer.
 *
 * A job that hangs keeps the thread. So the timers look after it (store_watch.c): then the store is down too, and
 * all loads are answered at once, until the job has ended and others were quick.
 */

#include "asterisk.h"

#include "asterisk/cli.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/general_keys.h"
#include "decide/store_pace.h"
#include "cache/cache.h"
#include "cache/known.h"
#include "cache/known_copy.h"
#include "cache/store_health.h"
#include "cache/store_jobs.h"
#include "cache/store_journal.h"
#include "cache/store_open.h"
#include "cache/store_opening.h"
#include "cache/store_queue.h"
#include "cache/store_shared.h"
#include "cache/store_watch.h"

/*! How long the end of the process, or of the module, waits for the last changes, milliseconds. */
#define SYNC_MAX 10000

static ast_cond_t wake, ended;
static pthread_t thread = AST_PTHREADT_NULL;
static int finished, configured, told_full, probing;

/*! \brief The store is of another own ZID than what waits: that stays where it is, in the journal, and nothing is known. */
static void disown(const uint8_t *zid)
{
	struct job *job;

	journal_disown();
	ast_mutex_lock(&store_shared.lock);
	while ((job = queue_take_other(zid))) {
		store_shared.status.waiting--;
		job_free(job);
	}
	ast_mutex_unlock(&store_shared.lock);
	known_copy_disown();
}

/*! \brief We are this one. \param open the store says so: it is open */
static void adopt(const uint8_t *zid, int open)
{
	ast_mutex_lock(&store_shared.lock);
	memcpy(store_shared.own_zid, zid, sizeof(store_shared.own_zid));
	store_shared.has_zid = 1;
	store_shared.status.open = !!open;
	ast_mutex_unlock(&store_shared.lock);
	known_wake(); /* whose copy it is: it may be written */
}

/*! \brief Open the store, in the thread or before it runs. */
static enum zrtp_store_status open_store(struct zrtp_store_error *error)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status result = store_open(zid, error);

	if (!result) {
		if (store_shared.has_zid && memcmp(store_shared.own_zid, zid, sizeof(store_shared.own_zid))) {
			disown(zid);
		}
		adopt(zid, 1);
	}

	return result;
}

static void open_late(void)
{
	struct zrtp_store_error error;

	if (open_store(&error)) {
		health_failed(&error);
	} else {
		opening_is_over();
	}
}

/*!
 * \brief Loads that a store which is down keeps waiting.
 * \param ask the store, where that can be done, as the thread alone may; else they are told that it cannot
 * \pre lock is held
 * \retval 0 there were none, and the lock was held all the time
 */
static int serve_loads(int ask)
{
	struct job *job;
	int res = 0;

	for (; (job = queue_take_load()); res = 1) {
		if (ask && watch_can_ask()) {
			watch_begin();
			jobs_load(job);
			watch_end();
		} else {
			ast_mutex_unlock(&store_shared.lock);
			job->done(job->data, 0);
			ast_mutex_lock(&store_shared.lock);
		}
		job_free(job);
	}

	return res;
}

static void answer_loads(void)
{
	ast_mutex_lock(&store_shared.lock);
	serve_loads(0);
	ast_mutex_unlock(&store_shared.lock);
}

/*! \brief Do the first job, or several changes at once. The thread alone takes jobs off. \pre lock is held */
static void do_first(void)
{
	struct job *jobs[JOBS_AT_ONCE];
	unsigned char kept[JOBS_AT_ONCE] = { 0 };
	size_t i, done, count = queue_begin(jobs, jobs_at_once());

	watch_begin();
	done = jobs_do(jobs, count, kept);
	watch_end();
	queue_done(jobs, count, done);
	for (i = 0; i < done; i++) {
		health_counts(jobs[i]->kind == JOB_LOAD);
		if (!kept[i]) {
			job_free(jobs[i]);
		}
	}
}

/*! What else its thread does. */
static const struct store_regular *regular;

void store_regularly(const struct store_regular *wanted)
{
	regular = wanted;
}

static int64_t regular_due(void)
{
	return regular ? regular->due() : INT64_MAX;
}

/*! \brief What has its time. \pre lock is held */
static void do_housekeeping(int64_t now)
{
	if (now >= jobs_due()) {
		watch_begin();
		jobs_housekeep(now);
		watch_end();
	}
	if (now >= regular_due()) {
		watch_begin();
		regular->work(now);
		watch_end();
	}
}

/*! \pre lock is held */
static void wait_until(int64_t when)
{
	struct timespec until = { .tv_sec = when };

	ast_cond_timedwait(&wake, &store_shared.lock, &until);
}

/*! \brief One thing at a time. \pre lock is held */
static void work(int64_t now)
{
	if (!store_shared.status.open) {
		watch_begin();
		open_late();
		watch_end();
		return;
	}
	do_housekeeping(now);
	if (!queue_is_empty()) {
		do_first();
	} else if (!store_shared.status.up || probing) {
		probing = 0;
		watch_begin();
		jobs_probe();
		watch_end();
	} else {
		wait_until(MIN(jobs_due(), regular_due()));
	}
}

/*! \brief What could not be stored to the end. \pre lock is held */
static void tell_what_waits(void)
{
	const char *reason = S_OR(store_shared.status.reason, "it was never open");
	size_t waiting = store_shared.status.waiting;

	if (journal_settle() || jobs_unwritten()) {
		ast_log(LOG_ERROR, "ZRTP cache: the changes of the last calls are lost, as the cache is still down at "
			"unloading: %s\n", reason);
	} else if (waiting) {
		ast_log(LOG_WARNING, "ZRTP cache: its journal keeps %zu change%s of calls until Asterisk starts, as the cache is "
			"still down at unloading: %s\n", waiting, ESS(waiting), reason);
	}
}

/*! \brief All that is left, to the end or to the first failure. \pre lock is held */
static void finish(void)
{
	store_shared.failing = !store_shared.status.open;
	while (store_shared.stopping && !store_shared.failing && !queue_is_empty()) {
		do_first();
	}
	serve_loads(1);
	if (store_shared.status.open && jobs_unwritten()) {
		watch_begin();
		jobs_flush();
		watch_end();
	}
	if (store_shared.stopping) {
		tell_what_waits();
	}
}

/*! \brief It is not time yet to try a store that is down; changes go on while it is merely late. \pre lock is held */
static int must_rest(int64_t now, int64_t retry)
{
	if (store_shared.status.up || now >= retry) {
		return 0;
	}

	return store_shared.failing || !store_shared.status.open
		|| (queue_is_empty() && !pace_hurries(&store_shared.pace));
}

/*! \brief A change that waits since Asterisk ended. */
static void take_again(struct job *job)
{
	const struct zrtp_cache_key key = { .own_zid = job->own_zid, .peer_zid = job->zid, .label = job->label };
	uint8_t own[ZRTP_ZID_SIZE];

	if (!store_own_zid(own) && memcmp(own, job->own_zid, sizeof(own))) {
		known_copy_disown(); /* it is a copy, and this is not */
	}
	adopt(job->own_zid, 0);
	if (job->kind == JOB_CHANGE) {
		cache_recall(&key, &job->change, job->when);
	} else {
		cache_recall_endpoint(&key, job->endpoint);
	}
	ast_mutex_lock(&store_shared.lock);
	queue_add(job);
	store_shared.status.waiting++;
	ast_mutex_unlock(&store_shared.lock);
}

/*! \brief Before the store is asked, which may hang: calls need what was known, what waits, and the own ZID. */
static void read_what_was(void)
{
	struct known_head head;

	known_copy_open();
	if (known_copy_head(&head)) {
		adopt(head.own_zid, 0);
	}
	journal_open(take_again);
}

/*! \pre lock is held \retval -1 it cannot be used as it is, and cache_start() says so */
static int open_first(void)
{
	struct zrtp_store_error error;
	enum zrtp_store_status result;
	int waited;

	ast_mutex_unlock(&store_shared.lock);
	read_what_was();
	ast_mutex_lock(&store_shared.lock);
	watch_begin();
	result = open_store(&error);
	watch_end();
	waited = opening_ended(result, &error);
	if (waited && result && !opening_is_away(result)) {
		return -1;
	}
	ast_mutex_unlock(&store_shared.lock);
	if (result) {
		health_failed(&error);
	} else if (!waited) {
		opening_is_over();
	}
	ast_mutex_lock(&store_shared.lock);

	return 0;
}

/*! \brief All that comes, until it is to stop. \pre lock is held */
static void serve(void)
{
	int64_t retry = 0;

	while (!store_shared.stopping) {
		int64_t now = store_clock();

		if (must_rest(now, retry)) {
			if (!serve_loads(1)) {
				wait_until(retry);
			}
			continue;
		}
		if (!store_shared.status.up) {
			retry = now + STORE_RETRY;
		}
		work(now);
	}
}

static void *run(attribute_unused void *data)
{
	ast_mutex_lock(&store_shared.lock);
	if (!open_first()) {
		do {
			serve();
			finish();
		} while (!store_shared.stopping); /* store_stop() has thought better of it */
	}
	finished = 1;
	ast_cond_signal(&ended);
	ast_mutex_unlock(&store_shared.lock);

	return NULL;
}

/* ---- what others ask for ---- */

void store_probe(void)
{
	ast_mutex_lock(&store_shared.lock);
	probing = 1;
	ast_cond_signal(&wake);
	ast_mutex_unlock(&store_shared.lock);
}

/*! \retval -1 the job is not taken */
static int push(struct job *job)
{
	int res = -1, told, load = job->kind == JOB_LOAD;

	if (load && store_is_late()) {
		return -1;
	}
	ast_mutex_lock(&store_shared.lock);
	told = told_full;
	if (thread != AST_PTHREADT_NULL && !store_shared.stopping
		&& (load ? watch_can_ask() : store_shared.status.waiting < STORE_WAITING_MAX)) {
		queue_add(job);
		store_shared.status.waiting += !load;
		if (!load) {
			journal_add(job);
		}
		ast_cond_signal(&wake);
		res = 0;
	} else if (!load) {
		told_full = 1;
	}
	ast_mutex_unlock(&store_shared.lock);
	if (res && !load && !told) {
		ast_log(LOG_ERROR, "ZRTP cache: the queue is full, further changes of calls are lost until the store is back\n");
	}

	return res;
}

/*! \brief A change, which no longer waits if it is not taken. \param job NULL: no memory */
static void hand_over(struct job *job, const struct zrtp_cache_key *key)
{
	if (!job || push(job)) {
		cache_stored(key);
		if (job) {
			job_free(job);
		}
	}
}

void store_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, int64_t when, int alone)
{
	struct job *job = job_alloc(JOB_CHANGE, key);

	if (job) {
		job->change = *in;
		job->when = when;
		job->alone = !!alone;
	}
	hand_over(job, key);
}

int cache_load(const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *label,
	void (*done)(void *data, int current), void *data)
{
	uint8_t own[ZRTP_ZID_SIZE];
	struct zrtp_cache_key key = { .own_zid = own, .peer_zid = peer_zid, .label = label };
	struct job *job = store_own_zid(own) ? NULL : job_alloc(JOB_LOAD, &key);

	if (!job) {
		return -1;
	}
	job->done = done;
	job->data = data;
	job->asked = clock_now();
	if (push(job)) {
		job_free(job);
		return -1;
	}

	return 0;
}

void store_bind(const struct zrtp_cache_key *key, const char *endpoint)
{
	struct job *job = job_alloc(JOB_BIND, key);

	if (job) {
		ast_copy_string(job->endpoint, endpoint, sizeof(job->endpoint));
	}
	hand_over(job, key);
}

/* ---- begin and end ---- */

static void ask_to_stop(void)
{
	ast_mutex_lock(&store_shared.lock);
	store_shared.stopping = 1;
	ast_cond_signal(&wake);
	ast_mutex_unlock(&store_shared.lock);
}

/*! \brief Let the thread end. \retval -1 it has not, in time */
static int stop(void)
{
	struct timespec until = clock_in(SYNC_MAX);
	int res;

	ask_to_stop();
	ast_mutex_lock(&store_shared.lock);
	while (!finished && !ast_cond_timedwait(&ended, &store_shared.lock, &until)) {
	}
	res = finished ? 0 : -1;
	ast_mutex_unlock(&store_shared.lock);

	return res;
}

/*! \brief The end of the process unloads nothing. */
static void at_exit(void)
{
	if (stop()) {
		ast_mutex_lock(&store_shared.lock);
		tell_what_waits();
		ast_mutex_unlock(&store_shared.lock);
	}
}

/*! \brief What waits is in the journal, or lost. The thread has ended. \param forget calls do not know it either */
static void drop_all(int forget)
{
	struct job *job;

	journal_end();
	known_copy_end();
	while ((job = queue_take())) {
		job_free(job);
	}
	if (forget) {
		known_forget_all();
	}
	store_shared.has_zid = 0;
}

int store_stop(void)
{
	if (thread == AST_PTHREADT_NULL || (!store_is_hung() && !journal_is_hung() && !known_copy_is_hung() && !stop())) {
		return 0;
	}
	ast_mutex_lock(&store_shared.lock);
	store_shared.stopping = finished;
	ast_mutex_unlock(&store_shared.lock);

	return finished ? 0 : -1;
}

static void join(void)
{
	pthread_join(thread, NULL);
	thread = AST_PTHREADT_NULL;
}

int cache_start(const struct cache_config *wanted)
{
	struct zrtp_store_error error;

	if (configured) {
		if (memcmp(&store_shared.config, wanted, sizeof(store_shared.config))) {
			ast_log(LOG_NOTICE, "The cache settings of zrtp.conf have changed; they take effect when res_zrtp.so "
				"is unloaded and loaded\n");
		}
		return 0;
	}
	store_configure(wanted);
	store_shared.status.up = 1;
	jobs_begin();
	store_shared.stopping = finished = 0;
	opening_begin();
	watch_answers_by(answer_loads);
	if (ast_pthread_create_background(&thread, NULL, run, NULL)) {
		ast_log(LOG_ERROR, "ZRTP cache: its thread cannot be started: %s\n", strerror(errno));
		thread = AST_PTHREADT_NULL;
		return -1;
	}
	if (opening_wait(&error)) {
		/* Nothing runs then, so the next reload opens it. */
		join();
		drop_all(1);
		ast_log(LOG_ERROR, "ZRTP cache: %s\n", error.text);
		return -1;
	}
	configured = 1;
	ast_register_atexit(at_exit);

	return 0;
}

int cache_config_get(struct cache_config *out)
{
	*out = store_shared.config;

	return configured;
}

int store_init(void)
{
	journal_init();
	known_copy_init();
	clock_cond_init(&wake);
	clock_cond_init(&ended);
	opening_init();

	return 0;
}

void store_shutdown(void)
{
	ast_unregister_atexit(at_exit);
	if (thread != AST_PTHREADT_NULL) {
		ask_to_stop();
		join();
	}
	drop_all(0);
	jobs_end();
	if (regular) {
		regular->end();
		regular = NULL;
	}
	store_close();
	configured = 0;
	journal_shutdown();
	known_copy_shutdown();
	ast_cond_destroy(&wake);
	ast_cond_destroy(&ended);
	opening_shutdown();
}
