/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The store of the cache, and the one thread that waits for it in calls.
 *
 * Loads and changes stand in one queue and are done in its order, so that a load
 * sees all that was changed before it. A store that fails is down: changes wait,
 * and every few seconds one of them, or opening, is tried again. Loads from a
 * database that is down are answered at once with nothing, as it may hang. A
 * change carries its time and what it changes, and the store merges it with what
 * is there; so what is stored late never takes the place of something newer.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/cli.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/paths.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/general_keys.h"
#include "base/clock.h"
#include "base/text.h"
#include "cache/cache.h"

/*! Between two tries of a store that is down, seconds. */
#define RETRY_INTERVAL 2
/*! Between two removals of what has expired, seconds. */
#define PURGE_INTERVAL 3600
/*! How long an end of the module waits for the last changes, milliseconds. */
#define SYNC_MAX 10000
/*! How long an administrator waits for the changes of calls, and how often is looked, milliseconds. */
#define SETTLE_MAX 5000
#define SETTLE_STEP 10
/*! Tries of a change that fails while others succeed. */
#define TRIES_MAX 5
/*! Conflicts of a change in a row until the store is taken for one that fails. */
#define CONFLICTS_MAX 20
/*! Changes that may wait: more than any database is away for. */
#define WAITING_MAX 200000

enum job_kind {
	JOB_LOAD,   /*!< What is there of a peer, for done */
	JOB_CHANGE, /*!< What a call has changed */
	JOB_BIND,   /*!< An endpoint of an enrolled phone */
};

struct job {
	enum job_kind kind;
	void (*done)(void *data, int current);
	void *data;
	struct zrtp_retained change;
	int64_t when;
	unsigned int tries;            /*!< That failed while others succeeded */
	uint64_t others;               /*!< How many had, at the last one */
	unsigned int conflicts;
	uint8_t zid[ZRTP_ZID_SIZE];
	uint8_t own_zid[ZRTP_ZID_SIZE];
	char label[ZRTP_LABEL_SIZE];
	char endpoint[ZRTP_STORE_NAME_SIZE];
	AST_LIST_ENTRY(job) entry;
};

static const char * const kinds[] = {
	[CACHE_SQLITE] = "sqlite",
	[CACHE_FILE] = "file",
	[CACHE_MEMORY] = "memory",
	[CACHE_REALTIME] = "realtime",
};

/*! Guards all of this but the store's inside. */
AST_MUTEX_DEFINE_STATIC(lock);
static ast_cond_t wake, ended;
static AST_LIST_HEAD_NOLOCK_STATIC(queue, job);
static struct cache_config config;
static struct store_status status;
static pthread_t thread = AST_PTHREADT_NULL;
static int stopping, finished, configured, told_full;
static uint8_t own_zid[ZRTP_ZID_SIZE];

/*! Held for reading by whoever uses the store, for writing to open or close it. */
AST_RWLOCK_DEFINE_STATIC(store_lock);
static struct zrtp_store *store;

/* Of the thread alone. */
static int64_t flush_due, purge_due;
/*! Peers with changes that only memory has; the file back end. */
static AST_LIST_HEAD_NOLOCK_STATIC(unflushed, job);

/*! \brief Seconds for what has its time: those of the wall are put forward and back. */
static int64_t clock_of_work(void)
{
	return clock_now() / 1000000;
}

static struct zrtp_cache_key key_of(const struct job *job)
{
	struct zrtp_cache_key key = { .own_zid = job->own_zid, .peer_zid = job->zid, .label = job->label };

	return key;
}

static struct job *job_alloc(enum job_kind kind, const struct zrtp_cache_key *key)
{
	struct job *job = ast_calloc(1, sizeof(*job));

	if (job) {
		job->kind = kind;
		memcpy(job->own_zid, key->own_zid, sizeof(job->own_zid));
		memcpy(job->zid, key->peer_zid, sizeof(job->zid));
		ast_copy_string(job->label, key->label, sizeof(job->label));
	}

	return job;
}

static void job_free(struct job *job)
{
	OPENSSL_cleanse(&job->change, sizeof(job->change));
	ast_free(job);
}

struct zrtp_store *store_get(void)
{
	struct zrtp_store *open;

	ast_rwlock_rdlock(&store_lock);
	open = store;
	if (!open) {
		ast_rwlock_unlock(&store_lock);
	}

	return open;
}

void store_release(void)
{
	ast_rwlock_unlock(&store_lock);
}

/* ---- up and down ---- */

/*! \brief Called by the thread only. */
static void store_failed(const struct zrtp_store_error *error)
{
	int was_up;

	ast_mutex_lock(&lock);
	was_up = status.up;
	status.up = 0;
	status.failures++;
	ast_copy_string(status.reason, error->text, sizeof(status.reason));
	ast_mutex_unlock(&lock);
	if (was_up) {
		ast_log(LOG_WARNING, "The ZRTP cache is down, calls go on with the secrets in memory: %s%s\n", error->text,
			error->status == ZRTP_STORE_KEY ? ". If it got another key (zrtp-cache rekey): give zrtp.conf the new "
			"key, then unload and load res_zrtp.so" : "");
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheDown", "BackEnd: %s\r\nReason: %s\r\n",
			kinds[config.kind], error->text);
	}
}

static void store_works(void)
{
	int was_up;
	size_t waiting;

	ast_mutex_lock(&lock);
	was_up = status.up;
	status.up = 1;
	waiting = status.waiting;
	ast_mutex_unlock(&lock);
	if (!was_up) {
		ast_log(LOG_NOTICE, "The ZRTP cache is up, %zu change%s to store\n", waiting, ESS(waiting));
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheUp", "BackEnd: %s\r\nWaiting: %zu\r\n",
			kinds[config.kind], waiting);
	}
}

/*! \brief A load succeeded; that says little while changes fail. */
static void store_reads(void)
{
	size_t waiting;

	ast_mutex_lock(&lock);
	waiting = status.waiting;
	ast_mutex_unlock(&lock);
	if (!waiting) {
		store_works();
	}
}

/*! \brief The file cannot be written, but all of it is in memory. */
static void file_failed(const struct zrtp_store_error *error)
{
	int was_written;

	flush_due = clock_of_work() + RETRY_INTERVAL;
	ast_mutex_lock(&lock);
	was_written = !status.unwritten;
	status.unwritten = 1;
	status.failures++;
	ast_copy_string(status.reason, error->text, sizeof(status.reason));
	ast_mutex_unlock(&lock);
	if (was_written) {
		ast_log(LOG_WARNING, "The ZRTP cache cannot be written, it is in memory only: %s\n", error->text);
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheDown", "BackEnd: %s\r\nReason: %s\r\n",
			kinds[config.kind], error->text);
	}
}

static void file_works(void)
{
	int was_written;

	ast_mutex_lock(&lock);
	was_written = !status.unwritten;
	status.unwritten = 0;
	ast_mutex_unlock(&lock);
	if (!was_written) {
		ast_log(LOG_NOTICE, "The ZRTP cache is written again\n");
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheUp", "BackEnd: %s\r\nWaiting: 0\r\n", kinds[config.kind]);
	}
}

/*! \brief Will the same thing succeed another time? */
static int is_outage(enum zrtp_store_status result)
{
	switch (result) {
	case ZRTP_STORE_IO:
	case ZRTP_STORE_BUSY:
	case ZRTP_STORE_KEY:
	case ZRTP_STORE_NO_MEMORY:
	case ZRTP_STORE_CRYPTO:
	case ZRTP_STORE_CONFLICT:
		return 1;
	default:
		return 0;
	}
}

/* ---- open ---- */

static void on_warning(const char *text, attribute_unused void *arg)
{
	ast_log(LOG_WARNING, "ZRTP cache: %s\n", text);
}

static enum zrtp_store_status read_key(struct zrtp_store_key *key, struct zrtp_store_error *error)
{
	const char *text;

	if (!ast_strlen_zero(config.key_file)) {
		return zrtp_store_key_file(key, config.key_file, error);
	}
	text = getenv(config.key_env);
	if (ast_strlen_zero(text)) {
		error->status = ZRTP_STORE_KEY;
		snprintf(error->text, sizeof(error->text), "the environment has no variable %s", config.key_env);
		return ZRTP_STORE_KEY;
	}

	return zrtp_store_key_text(key, text, error);
}

static enum zrtp_store_status open_kind(struct zrtp_store **out, const struct zrtp_store_config *how,
	struct zrtp_store_error *error)
{
	switch (config.kind) {
	case CACHE_MEMORY:
		return zrtp_store_open_memory(out, how, error);
	case CACHE_FILE:
		return zrtp_store_open_file(out, config.path, how, error);
	case CACHE_REALTIME:
		return realtime_open(out, how, error);
	default:
		return zrtp_store_open_sqlite(out, config.path, how, error);
	}
}

/*! \brief Open the store, in the thread or before it runs. */
static enum zrtp_store_status store_open(struct zrtp_store_error *error)
{
	struct zrtp_store_config how = { .capacity = config.peers, .warn = on_warning };
	struct zrtp_store_key key;
	struct zrtp_store *opened = NULL;
	enum zrtp_store_status result = ZRTP_STORE_OK;
	uint8_t zid[ZRTP_ZID_SIZE];

	memset(error, 0, sizeof(*error));
	if (config.sealed) {
		result = read_key(&key, error);
		how.key = &key;
	}
	if (!result) {
		result = open_kind(&opened, &how, error);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	if (!result) {
		result = zrtp_store_own_zid(opened, zid, error);
	}
	if (result) {
		zrtp_store_close(opened, NULL);
		return result;
	}
	ast_mutex_lock(&lock);
	memcpy(own_zid, zid, sizeof(own_zid));
	status.open = 1;
	ast_mutex_unlock(&lock);
	ast_rwlock_wrlock(&store_lock);
	store = opened;
	ast_rwlock_unlock(&store_lock);

	return ZRTP_STORE_OK;
}

int store_own_zid(uint8_t zid[ZRTP_ZID_SIZE])
{
	int res;

	ast_mutex_lock(&lock);
	res = status.open ? 0 : -1;
	memcpy(zid, own_zid, sizeof(own_zid));
	ast_mutex_unlock(&lock);

	return res;
}

/*! Called when the store could be opened late, by whoever does without it. */
static int (*opened_late)(void);

void store_on_late_opening(int (*opened)(void))
{
	__atomic_store_n(&opened_late, opened, __ATOMIC_RELEASE);
}

static void open_late(void)
{
	struct zrtp_store_error error;
	int (*opened)(void);

	if (store_open(&error)) {
		store_failed(&error);
		return;
	}
	store_works();
	opened = __atomic_load_n(&opened_late, __ATOMIC_ACQUIRE);
	if (opened && opened()) {
		ast_log(LOG_ERROR, "ZRTP goes on without its cache, which was opened but cannot be used; see the error "
			"before this line\n");
	}
}

/* ---- jobs ---- */

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

static void flush(void)
{
	struct zrtp_store_error error;
	struct job *job;

	if (zrtp_store_flush(store, &error)) {
		file_failed(&error);
		return;
	}
	flush_due = 0;
	while ((job = AST_LIST_REMOVE_HEAD(&unflushed, entry))) {
		job_free(job);
	}
	file_works();
}

/*!
 * \brief Of two calls of a peer in a row at most one may be lost in a crash. \retval 1 the job is kept
 *
 * Where one was, none of its next may be: a phone may have kept that one's secret only.
 */
static int remember_unflushed(struct job *job)
{
	int at_once = job->kind == JOB_CHANGE && job->change.peers_rs2 && job->change.changed & ZRTP_CHANGED_SECRET;
	int64_t due = clock_of_work() + (at_once ? 0 : config.flush);

	if (config.kind != CACHE_FILE) {
		return 0;
	}
	flush_due = flush_due ? MIN(flush_due, due) : due;
	if (is_unflushed(job->zid)) {
		return 0;
	}
	OPENSSL_cleanse(&job->change, sizeof(job->change));
	AST_LIST_INSERT_TAIL(&unflushed, job, entry);

	return 1;
}

/*! \brief One change that the store does not take must not keep all others waiting. */
static int is_poison(struct job *job)
{
	uint64_t others;

	ast_mutex_lock(&lock);
	others = status.puts;
	ast_mutex_unlock(&lock);
	job->tries += job->tries && others != job->others;
	job->tries = MAX(job->tries, 1);
	job->others = others;

	return job->tries > TRIES_MAX;
}

/*! \brief The endpoint is also the name of a peer that has none. */
static enum zrtp_store_status bind_peer(const struct job *job, struct zrtp_store_error *error)
{
	struct zrtp_store_peer peer;
	enum zrtp_store_status result = zrtp_store_add_endpoint(store, job->own_zid, job->zid, job->endpoint, error);

	if (!result) {
		result = zrtp_store_find(store, job->own_zid, job->zid, &peer, error);
	}
	if (result || !ast_strlen_zero(peer.name)) {
		return result;
	}

	return zrtp_store_set_name(store, job->own_zid, job->zid, job->endpoint, error);
}

/*! \retval 1 when it is done with, one way or the other */
static int do_change(struct job *job)
{
	struct zrtp_cache_key key = key_of(job);
	struct zrtp_store_error error;
	enum zrtp_store_status result = job->kind == JOB_BIND ? bind_peer(job, &error)
		: zrtp_store_put(store, &key, job->when, &job->change, &error);
	char zid[ZID_TEXT_SIZE];

	if (result == ZRTP_STORE_CONFLICT && ++job->conflicts % CONFLICTS_MAX) {
		/* Others write this peer all the time; no two of them wait as long. */
		usleep(1000 + ast_random() % 50000);
		return 0;
	}
	if (is_outage(result) && !is_poison(job)) {
		store_failed(&error);
		return 0;
	}
	cache_stored(&key);
	if (result) {
		zid_text(zid, job->zid);
		ast_log(LOG_ERROR, "ZRTP cache: the changes that a call made of peer %s cannot be stored: %s\n", zid, error.text);
		return 1;
	}
	store_works();

	return 1;
}

static void do_load(struct job *job)
{
	struct zrtp_cache_key key = key_of(job);
	struct zrtp_store_error error;
	struct zrtp_retained retained;
	struct zrtp_store_about about;
	enum zrtp_store_status result;
	char zid[ZID_TEXT_SIZE];

	if (is_unflushed(job->zid)) {
		flush();
	}
	result = zrtp_store_get_about(store, &key, cache_clock(), &retained, &about, &error);
	if (!result || result == ZRTP_STORE_UNKNOWN) {
		cache_learn(&key, result ? NULL : &retained, &about);
		store_reads();
	} else if (is_outage(result)) {
		store_failed(&error);
	} else {
		zid_text(zid, job->zid);
		ast_log(LOG_ERROR, "ZRTP cache: the entry of peer %s cannot be used: %s\n", zid, error.text);
	}
	OPENSSL_cleanse(&retained, sizeof(retained));
	job->done(job->data, !result || result == ZRTP_STORE_UNKNOWN);
}

/*!
 * \brief Loads that stand behind a change which cannot be stored.
 * \pre lock is held
 * \retval 0 there were none, and the lock was held all the time
 */
static int serve_loads(void)
{
	int ask = status.open && config.kind != CACHE_REALTIME;
	AST_LIST_HEAD_NOLOCK(, job) loads;
	struct job *job;

	AST_LIST_HEAD_INIT_NOLOCK(&loads);
	AST_LIST_TRAVERSE_SAFE_BEGIN(&queue, job, entry) {
		if (job->kind == JOB_LOAD) {
			AST_LIST_REMOVE_CURRENT(entry);
			AST_LIST_INSERT_TAIL(&loads, job, entry);
		}
	}
	AST_LIST_TRAVERSE_SAFE_END;
	if (AST_LIST_EMPTY(&loads)) {
		return 0;
	}
	ast_mutex_unlock(&lock);
	while ((job = AST_LIST_REMOVE_HEAD(&loads, entry))) {
		if (ask) {
			do_load(job);
		} else {
			job->done(job->data, 0);
		}
		job_free(job);
	}
	ast_mutex_lock(&lock);

	return 1;
}

/*!
 * \brief A change that failed comes after those of other peers: if it is the
 * only one that fails, they show it. Later ones of its own peer stay behind it,
 * so that an older word on the SAS never comes last. \pre lock is held
 */
static void put_back(struct job *failed)
{
	struct job *job;

	AST_LIST_INSERT_TAIL(&queue, failed, entry);
	AST_LIST_TRAVERSE_SAFE_BEGIN(&queue, job, entry) {
		if (job == failed) {
			break;
		}
		if (job->kind != JOB_LOAD && !memcmp(job->zid, failed->zid, sizeof(job->zid))) {
			AST_LIST_REMOVE_CURRENT(entry);
			AST_LIST_INSERT_TAIL(&queue, job, entry);
		}
	}
	AST_LIST_TRAVERSE_SAFE_END;
}

/*! \brief Do the first job. The thread alone takes jobs off. \pre lock is held */
static void do_first(void)
{
	struct job *job = AST_LIST_FIRST(&queue);
	int over = 1, kept = 0;

	ast_mutex_unlock(&lock);
	if (job->kind == JOB_LOAD) {
		do_load(job);
	} else {
		over = do_change(job);
		kept = over && remember_unflushed(job);
	}
	ast_mutex_lock(&lock);
	AST_LIST_REMOVE(&queue, job, entry);
	if (!over) {
		put_back(job);
		return;
	}
	if (job->kind == JOB_LOAD) {
		status.loads++;
	} else {
		status.puts++;
		status.waiting--;
	}
	if (!kept) {
		job_free(job);
	}
}

static void do_purge(void)
{
	struct zrtp_store_error error;
	uint64_t pairs = 0, peers = 0;

	purge_due = clock_of_work() + PURGE_INTERVAL;
	if (zrtp_store_purge(store, cache_clock(), &pairs, &peers, &error)) {
		ast_log(LOG_WARNING, "ZRTP cache: expired secrets were not removed: %s\n", error.text);
	} else if (pairs || peers) {
		ast_verb(3, "ZRTP cache: %" PRIu64 " expired secrets and %" PRIu64 " peers removed\n", pairs, peers);
	}
}

/*! \brief Is it there again? Nothing that waits could show it. */
static void probe(void)
{
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zrtp_store_own_zid(store, zid, &error)) {
		store_failed(&error);
	} else {
		store_works();
	}
}

/*! \brief What has its time. \pre lock is held */
static void do_housekeeping(int64_t now)
{
	ast_mutex_unlock(&lock);
	if (flush_due && now >= flush_due) {
		flush();
	}
	if (now >= purge_due) {
		do_purge();
	}
	ast_mutex_lock(&lock);
}

/*! \pre lock is held */
static void wait_until(int64_t when)
{
	struct timespec until = { .tv_sec = when };

	ast_cond_timedwait(&wake, &lock, &until);
}

/*! \brief One thing at a time. \pre lock is held */
static void work(int64_t now)
{
	if (!status.open) {
		ast_mutex_unlock(&lock);
		open_late();
		ast_mutex_lock(&lock);
		return;
	}
	do_housekeeping(now);
	if (!AST_LIST_EMPTY(&queue)) {
		do_first();
	} else if (!status.up) {
		ast_mutex_unlock(&lock);
		probe();
		ast_mutex_lock(&lock);
	} else {
		wait_until(flush_due ? MIN(flush_due, purge_due) : purge_due);
	}
}

/*! \brief All that is left, to the end or to the first failure. \pre lock is held */
static void finish(void)
{
	status.up = status.open;
	while (status.up && !AST_LIST_EMPTY(&queue)) {
		do_first();
	}
	serve_loads();
	if (status.open && flush_due) {
		ast_mutex_unlock(&lock);
		flush();
		ast_mutex_lock(&lock);
	}
	if (status.waiting || flush_due) {
		ast_log(LOG_ERROR, "ZRTP cache: the changes of the last calls are lost, as the cache is still down at "
			"unloading: %s\n",
			S_OR(status.reason, "it was never open"));
	}
}

static void *run(attribute_unused void *data)
{
	int64_t retry = 0;

	ast_mutex_lock(&lock);
	while (!stopping) {
		int64_t now = clock_of_work();

		if (!status.up && now < retry) {
			if (!serve_loads()) {
				wait_until(retry);
			}
			continue;
		}
		if (!status.up) {
			retry = now + RETRY_INTERVAL;
		}
		work(now);
	}
	finish();
	finished = 1;
	ast_cond_signal(&ended);
	ast_mutex_unlock(&lock);

	return NULL;
}

/* ---- what others ask for ---- */

/*! \brief A database that is down may hang; a file does not. \pre lock is held */
static int can_load(void)
{
	return status.open && (status.up || config.kind != CACHE_REALTIME);
}

/*! \retval -1 the job is not taken */
static int push(struct job *job)
{
	int res = -1, told, load = job->kind == JOB_LOAD;

	ast_mutex_lock(&lock);
	told = told_full;
	if (thread != AST_PTHREADT_NULL && !stopping && (load ? can_load() : status.waiting < WAITING_MAX)) {
		AST_LIST_INSERT_TAIL(&queue, job, entry);
		status.waiting += !load;
		ast_cond_signal(&wake);
		res = 0;
	} else if (!load) {
		told_full = 1;
	}
	ast_mutex_unlock(&lock);
	if (res && !load && !told) {
		ast_log(LOG_ERROR, "ZRTP cache: the queue is full, further changes of calls are lost until the store is back\n");
	}

	return res;
}

void store_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, int64_t when)
{
	struct job *job = job_alloc(JOB_CHANGE, key);

	if (job) {
		job->change = *in;
		job->when = when;
	}
	if (!job || push(job)) {
		cache_stored(key);
		if (job) {
			job_free(job);
		}
	}
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
	if (!job || push(job)) {
		cache_stored(key);
		if (job) {
			job_free(job);
		}
	}
}

/*! \brief Does a change of this peer wait? \param soon it is tried all the time */
static int is_waiting(const uint8_t *zid, int *soon)
{
	struct job *job;
	int found = 0;

	ast_mutex_lock(&lock);
	AST_LIST_TRAVERSE(&queue, job, entry) {
		found |= job->kind != JOB_LOAD && !memcmp(job->zid, zid, sizeof(job->zid));
	}
	*soon = status.up;
	ast_mutex_unlock(&lock);

	return found;
}

int store_settle(const uint8_t zid[ZRTP_ZID_SIZE])
{
	int i, waits, soon;

	for (i = 0; (waits = is_waiting(zid, &soon)) && soon && i < SETTLE_MAX / SETTLE_STEP; i++) {
		usleep(SETTLE_STEP * 1000);
	}

	return waits ? -1 : 0;
}

void store_get_status(struct store_status *out)
{
	ast_mutex_lock(&lock);
	*out = status;
	out->up = status.up && !status.unwritten;
	ast_mutex_unlock(&lock);
}

void store_administered(void)
{
	struct zrtp_store_error error;

	if (config.kind == CACHE_FILE && zrtp_store_flush(store, &error)) {
		ast_log(LOG_WARNING, "ZRTP cache: not written yet: %s\n", error.text);
	}
}

/* ---- begin and end ---- */

/*! \brief The end of the process unloads nothing. */
static void at_exit(void)
{
	struct timespec until = { .tv_sec = clock_of_work() + SYNC_MAX / 1000 };

	ast_mutex_lock(&lock);
	stopping = 1;
	ast_cond_signal(&wake);
	while (!finished && !ast_cond_timedwait(&ended, &lock, &until)) {
	}
	ast_mutex_unlock(&lock);
}

static void copy_config(const struct cache_config *from)
{
	config = *from;
	memset(&status, 0, sizeof(status));
	status.kind = kinds[config.kind];
	status.sealed = config.sealed;
	ast_copy_string(status.place, config.kind == CACHE_MEMORY ? "" : config.kind == CACHE_REALTIME
		? "zrtp_peers, zrtp_pairs, zrtp_meta" : config.path, sizeof(status.place));
}

int cache_start(const struct cache_config *wanted)
{
	struct zrtp_store_error error;
	enum zrtp_store_status result;

	if (configured) {
		if (memcmp(&config, wanted, sizeof(config))) {
			ast_log(LOG_NOTICE, "The cache settings of zrtp.conf have changed; they take effect when res_zrtp.so "
				"is unloaded and loaded\n");
		}
		return 0;
	}
	copy_config(wanted);
	status.up = 1;
	result = store_open(&error);
	if (result && result != ZRTP_STORE_IO && result != ZRTP_STORE_BUSY) {
		/* Nothing runs yet, so the next reload opens it. */
		ast_log(LOG_ERROR, "ZRTP cache: %s\n", error.text);
		ast_mutex_lock(&lock);
		status.up = 0;
		status.failures = 1;
		ast_copy_string(status.reason, error.text, sizeof(status.reason));
		ast_mutex_unlock(&lock);
		return -1;
	}
	purge_due = clock_of_work();
	stopping = finished = 0;
	if (result) {
		store_failed(&error);
	}
	if (ast_pthread_create_background(&thread, NULL, run, NULL)) {
		ast_log(LOG_ERROR, "ZRTP cache: its thread cannot be started: %s\n", strerror(errno));
		thread = AST_PTHREADT_NULL;
		return -1;
	}
	configured = 1;
	ast_register_atexit(at_exit);

	return 0;
}

int store_init(void)
{
	clock_cond_init(&wake);
	clock_cond_init(&ended);

	return 0;
}

void store_shutdown(void)
{
	struct zrtp_store_error error;
	struct job *job;

	ast_unregister_atexit(at_exit);
	if (thread != AST_PTHREADT_NULL) {
		ast_mutex_lock(&lock);
		stopping = 1;
		ast_cond_signal(&wake);
		ast_mutex_unlock(&lock);
		pthread_join(thread, NULL);
		thread = AST_PTHREADT_NULL;
	}
	while ((job = AST_LIST_REMOVE_HEAD(&queue, entry)) || (job = AST_LIST_REMOVE_HEAD(&unflushed, entry))) {
		job_free(job);
	}
	ast_rwlock_wrlock(&store_lock);
	if (store && zrtp_store_close(store, &error)) {
		ast_log(LOG_ERROR, "ZRTP cache: %s\n", error.text);
	}
	store = NULL;
	ast_rwlock_unlock(&store_lock);
	configured = 0;
	ast_cond_destroy(&wake);
	ast_cond_destroy(&ended);
}
