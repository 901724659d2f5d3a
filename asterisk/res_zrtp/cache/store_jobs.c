/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is done with the store of the cache: one load or change, and what has its time.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/store_health.h"
#include "cache/store_jobs.h"
#include "cache/store_open.h"
#include "cache/store_shared.h"

/*! Between two removals of what has expired, seconds. */
#define PURGE_INTERVAL 3600
/*! The same where the store was busy. */
#define PURGE_AGAIN 60
/*! Tries of a change that fails while others succeed. */
#define TRIES_MAX 5
/*! Conflicts of a change in a row until the store is taken for one that fails. */
#define CONFLICTS_MAX 20

static int64_t flush_due, purge_due;
/*! Peers with changes that only memory has; the file back end. */
static AST_LIST_HEAD_NOLOCK_STATIC(unflushed, job);

static struct zrtp_cache_key key_of(const struct job *job)
{
	struct zrtp_cache_key key = { .own_zid = job->own_zid, .peer_zid = job->zid, .label = job->label };

	return key;
}

/*! \brief Does only memory have the last change of this peer? */
static int is_unflushed(const uint8_t *zid)
{
	struct job *job;

	AST_LIST_TRAVERSE(&unflushed, job, entry) {
		if (!memcmp(job->zid, zid, sizeof(job->zid))) {
			return 1;
		}
	}

	return 0;
}

static void forget_unflushed(void)
{
	struct job *job;

	ast_mutex_lock(&store_shared.lock); /* the journal may be erasing one */
	while ((job = AST_LIST_REMOVE_HEAD(&unflushed, entry))) {
		job_free(job);
	}
	ast_mutex_unlock(&store_shared.lock);
}

void jobs_flush(void)
{
	struct zrtp_store_error error;

	if (zrtp_store_flush(store_opened(), &error)) {
		flush_due = store_clock() + STORE_RETRY;
		health_file_failed(&error);
		return;
	}
	flush_due = 0;
	forget_unflushed();
	health_file_works();
}

/*!
 * \brief Of two calls of a peer in a row at most one may be lost in a crash. \retval 1 the job is kept
 *
 * Where one was, none of its next may be: a phone may have kept that one's secret only.
 */
static int remember(struct job *job)
{
	int at_once = job->kind == JOB_CHANGE && job->change.peers_rs2 && job->change.changed & ZRTP_CHANGED_SECRET;
	int64_t due = store_clock() + (at_once ? 0 : store_shared.config.flush);

	if (store_shared.config.kind != CACHE_FILE) {
		return 0;
	}
	flush_due = flush_due ? MIN(flush_due, due) : due;
	if (is_unflushed(job->zid)) {
		return 0;
	}
	ast_mutex_lock(&store_shared.lock);
	if (job->journal.state != JOURNAL_WRITES) { /* or the journal reads it: it is wiped as it is freed */
		OPENSSL_cleanse(&job->change, sizeof(job->change));
	}
	ast_mutex_unlock(&store_shared.lock);
	AST_LIST_INSERT_TAIL(&unflushed, job, entry);

	return 1;
}

/*! \brief One change that the store does not take must not keep all others waiting. */
static int is_poison(struct job *job)
{
	uint64_t others;

	ast_mutex_lock(&store_shared.lock);
	others = store_shared.status.puts;
	ast_mutex_unlock(&store_shared.lock);
	job->tries += job->tries && others != job->others;
	job->tries = MAX(job->tries, 1);
	job->others = others;

	return job->tries > TRIES_MAX;
}

/*! \brief The endpoint is also the name of a peer that has none. */
static enum zrtp_store_status bind_peer(const struct job *job, struct zrtp_store_error *error)
{
	struct zrtp_store_peer peer;
	enum zrtp_store_status result = zrtp_store_add_endpoint(store_opened(), job->own_zid, job->zid, job->endpoint, error);

	if (!result) {
		result = zrtp_store_find(store_opened(), job->own_zid, job->zid, &peer, error);
	}
	if (result || !ast_strlen_zero(peer.name)) {
		return result;
	}

	return zrtp_store_set_name(store_opened(), job->own_zid, job->zid, job->endpoint, error);
}

/*! \brief Into the table of what is known with what the store has. \retval 0 the store has not answered */
static int ask(const struct zrtp_cache_key *key)
{
	struct zrtp_store_error error;
	struct zrtp_retained retained;
	struct zrtp_store_about about;
	enum zrtp_store_status result;
	char zid[ZID_TEXT_SIZE];

	result = zrtp_store_get_about(store_opened(), key, cache_clock(), &retained, &about, &error);
	if (!result || result == ZRTP_STORE_UNKNOWN) {
		cache_learn(key, result ? NULL : &retained, &about);
		health_reads();
	} else if (health_is_outage(result)) {
		health_failed(&error);
	} else {
		zid_text(zid, key->peer_zid);
		ast_log(LOG_ERROR, "ZRTP cache: the entry of peer %s cannot be used: %s\n", zid, error.text);
	}
	OPENSSL_cleanse(&retained, sizeof(retained));

	return !result || result == ZRTP_STORE_UNKNOWN;
}

/*! \brief What a call has changed, as the store takes it. Wipe it. */
static void change_of(const struct job *job, struct zrtp_retained *change)
{
	*change = job->change;
	change->others_under_way = job->under_way;
}

/*! \retval 1 when it is done with, one way or the other */
static int change_one(struct job *job)
{
	struct zrtp_cache_key key = key_of(job);
	struct zrtp_retained change;
	struct zrtp_store_error error;
	enum zrtp_store_status result;
	char zid[ZID_TEXT_SIZE];

	change_of(job, &change);
	result = job->kind == JOB_BIND ? bind_peer(job, &error) : zrtp_store_put(store_opened(), &key, job->when, &change, &error);
	OPENSSL_cleanse(&change, sizeof(change));
	if (result == ZRTP_STORE_CONFLICT && ++job->conflicts % CONFLICTS_MAX) {
		/* Others write this peer all the time; no two of them wait as long. */
		usleep(1000 + ast_random() % 50000);
		return 0;
	}
	if (health_is_outage(result) && !is_poison(job)) {
		health_failed(&error);
		return 0;
	}
	cache_stored(&key);
	if (result) {
		zid_text(zid, job->zid);
		ast_log(LOG_ERROR, "ZRTP cache: the changes that a call made of peer %s cannot be stored: %s\n", zid, error.text);
		return 1;
	}
	health_works();

	return 1;
}

/*! Changes that are stored one by one, since they were not at once. */
static size_t singly;

size_t jobs_at_once(void)
{
	/* A database has no transaction for several, memory needs none. */
	return store_shared.config.kind != CACHE_SQLITE || !store_shared.status.up || singly ? 1 : JOBS_AT_ONCE;
}

/*! \brief What several calls have changed, with one wait for the disk. If that fails nothing is stored. */
static enum zrtp_store_status change_all(struct job *const *jobs, size_t count)
{
	struct zrtp_cache_key keys[JOBS_AT_ONCE];
	struct zrtp_journal_entry entries[JOBS_AT_ONCE];
	struct zrtp_retained changes[JOBS_AT_ONCE];
	struct zrtp_store_error error;
	enum zrtp_store_status result;
	size_t i;

	for (i = 0; i < count; i++) {
		keys[i] = key_of(jobs[i]);
		change_of(jobs[i], &changes[i]);
		entries[i] = (struct zrtp_journal_entry) { .key = &keys[i], .change = &changes[i],
			.change_size = sizeof(changes[i]), .now = jobs[i]->when };
	}
	result = zrtp_store_put_several(store_opened(), entries, count, &error);
	OPENSSL_cleanse(changes, count * sizeof(*changes));
	if (result == ZRTP_STORE_BUSY) {
		health_failed(&error);
	}
	if (result) {
		return result;
	}
	for (i = 0; i < count; i++) {
		cache_stored(&keys[i]);
	}
	health_works();

	return ZRTP_STORE_OK;
}

static size_t change(struct job *const *jobs, size_t count)
{
	if (count > 1) {
		enum zrtp_store_status result = change_all(jobs, count);

		/* Another process writes: one that waits for it once more would look as if the store hung. */
		if (!result || result == ZRTP_STORE_BUSY) {
			return result ? 0 : count;
		}
		singly = count;
	}
	singly -= !!singly;

	return change_one(jobs[0]);
}

/*!
 * \brief Has a trunk another candidate now (cache/trunk.c)? Then no call is offered what was there before, even if
 * the store does not answer that one in time.
 */
static int has_moved(const struct job *job)
{
	return job->kind == JOB_CHANGE && job->change.peer_mitm && !job->under_way;
}

/*!
 * \brief The store names a line that a call has begun, and once more when a phone turns out to file by ZID: calls of other numbers
 * go on from there (known_continued()).
 */
static void ask_names(const struct job *job)
{
	struct zrtp_cache_key key = key_of(job);
	struct cache_known known;
	size_t i;

	if (job->change.match == ZRTP_MATCH_OTHER) {
		cache_known(job->zid, clock_now(), &known);
		for (i = 0; i < known.labels; i++) {
			jobs_learn(job->zid, known.label[i]);
		}
	} else if (!job->change.line) {
		ask(&key);
	}
}

/*! \brief Store changes; the store is told of the calls that are under way. */
static size_t change_told(struct job *const *jobs, size_t count)
{
	size_t i, done;

	for (i = 0; i < count; i++) {
		jobs[i]->under_way = jobs[i]->alone ? 0 : cache_under_way(jobs[i]->zid);
	}
	done = change(jobs, count);
	for (i = 0; i < done; i++) {
		struct zrtp_cache_key key = key_of(jobs[i]);

		if (has_moved(jobs[i])) {
			ask(&key);
		} else if (jobs[i]->kind == JOB_CHANGE && store_is_database()) {
			ask_names(jobs[i]);
		}
	}

	return done;
}

void jobs_load(struct job *job)
{
	struct zrtp_cache_key key = key_of(job);
	int answered;

	if (is_unflushed(job->zid)) {
		jobs_flush();
	}
	answered = ask(&key);
	if (answered) {
		cache_begins(job->zid); /* before the next change */
	}
	job->done(job->data, answered);
}

size_t jobs_do(struct job *const *jobs, size_t count, unsigned char *kept)
{
	size_t i, done;

	if (jobs[0]->kind == JOB_LOAD) {
		jobs_load(jobs[0]);
		return 1;
	}
	done = change_told(jobs, count);
	for (i = 0; i < done; i++) {
		journal_over(jobs[i]);
		kept[i] = remember(jobs[i]);
	}

	return done;
}

void jobs_learn(const uint8_t *zid, const char *label)
{
	uint8_t own[ZRTP_ZID_SIZE];
	struct zrtp_cache_key key = { .own_zid = own, .peer_zid = zid, .label = label };

	if (!store_own_zid(own)) {
		ask(&key);
	}
}

/*! \brief Some at a time, and between these a job of the queue. */
static void purge(void)
{
	static uint64_t all_pairs, all_peers;
	struct zrtp_store_error error;
	uint64_t pairs = 0, peers = 0;
	enum zrtp_store_status result = zrtp_store_purge(store_opened(), cache_clock(), &pairs, &peers, &error);

	all_pairs += pairs;
	all_peers += peers;
	if (!result && (pairs || peers)) {
		return;
	}
	if (result == ZRTP_STORE_BUSY) { /* another process writes: it can wait */
		purge_due = store_clock() + PURGE_AGAIN;
		return;
	}
	purge_due = store_clock() + PURGE_INTERVAL;
	if (result) {
		ast_log(LOG_WARNING, "ZRTP cache: expired secrets were not removed: %s\n", error.text);
	} else if (all_pairs || all_peers) {
		ast_verb(3, "ZRTP cache: %" PRIu64 " expired secrets and %" PRIu64 " peers removed\n", all_pairs, all_peers);
	}
	all_pairs = all_peers = 0;
}

/*! \brief Is it there again? Nothing that waits could show it. */
void jobs_probe(void)
{
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zrtp_store_own_zid(store_opened(), zid, &error)) {
		health_failed(&error);
	} else {
		health_works();
	}
}

void jobs_begin(void)
{
	purge_due = store_clock();
}

int jobs_unwritten(void)
{
	return flush_due != 0;
}

int64_t jobs_due(void)
{
	return flush_due ? MIN(flush_due, purge_due) : purge_due;
}

void jobs_housekeep(int64_t now)
{
	if (flush_due && now >= flush_due) {
		jobs_flush();
	}
	if (now >= purge_due) {
		purge();
	}
}

void jobs_end(void)
{
	forget_unflushed();
}
