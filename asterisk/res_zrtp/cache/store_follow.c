/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What administrators of other nodes and processes have changed in the store reaches the calls of this one.
 *
 * The store counts what administrators change and has the ZIDs of the last peers. As long as there is a call that one
 * property is read every few seconds, and each minute where what is known has a copy on the disk; with lists of before, some
 * at a time, where more were changed. A peer that was changed is read again, and its calls are told. Where some are not
 * told, or it is another past of the store, those of all calls are read
 * again, some at a time, and what was known of the others counts no more: their next call asks the store.
 */

#include "asterisk.h"

#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/edits_since.h"
#include "decide/general_keys.h"
#include "cache/cache.h"
#include "cache/known.h"
#include "cache/known_copy.h"
#include "cache/store_health.h"
#include "cache/store_jobs.h"
#include "cache/store_open.h"
#include "cache/store_queue.h"
#include "cache/store_shared.h"

/*! Between two looks, and between two while peers are to be read again, seconds. */
#define FOLLOW_EVERY 3
#define FOLLOW_SOON 1
/*! Without a call, where what is known is on the disk too, seconds. */
#define FOLLOW_IDLE 60
/*! Peers that are read again between two looks, under some labels each: loads of calls wait meanwhile. */
#define FOLLOW_AT_ONCE 16
/*! Lists of before that are read in one look. */
#define LISTS_AT_ONCE 4
/*! After this a look begins nothing more, so that it is none that hangs where the store is slow, microseconds. */
#define LOOK_MAX 300000

struct edited {
	uint8_t zid[ZRTP_ZID_SIZE];
	uint64_t when;                 /*!< What was set before may be old, by clock_now() */
	unsigned int asked;            /*!< Labels of it, since then */
	AST_LIST_ENTRY(edited) entry;
};

/*! To be read again. The thread's own. */
static AST_LIST_HEAD_NOLOCK_STATIC(behind, edited);
static int64_t due;
static struct edits_mark seen;
/*! What began has seen that, or cannot say though something was known; and it is to look without a call too. */
static int begun, has_seen, unsure, at_once = 1;
static const struct cache_follower *follower;

static const struct cache_follower *current(void)
{
	return __atomic_load_n(&follower, __ATOMIC_ACQUIRE);
}

void cache_tell(const uint8_t *zid, const struct cache_known *before)
{
	const struct cache_follower *calls = current();
	struct cache_known now;

	if (calls) {
		cache_known(zid, 0, &now);
		calls->changed(zid, now.verified == before->verified ? -1 : now.verified, now.enrolled);
	}
}

/*! \brief Others can change these. */
static int is_shared(void)
{
	return store_shared.config.kind == CACHE_SQLITE || store_shared.config.kind == CACHE_REALTIME;
}

static int64_t follow_due(void)
{
	const struct cache_follower *calls = current();

	if (!is_shared()) {
		return INT64_MAX;
	}
	if ((at_once && store_is_database()) || (calls && calls->in_calls()) || !AST_LIST_EMPTY(&behind)) {
		return due;
	}

	return known_copy_is_on() ? due + FOLLOW_IDLE - FOLLOW_EVERY : INT64_MAX;
}

static void begin_with(struct edited *edited)
{
	edited->when = clock_now();
	edited->asked = 0;
}

static void note(const uint8_t *zid, attribute_unused void *arg)
{
	struct edited *edited;

	AST_LIST_TRAVERSE(&behind, edited, entry) {
		if (!memcmp(edited->zid, zid, sizeof(edited->zid))) {
			begin_with(edited);
			return;
		}
	}
	edited = ast_calloc(1, sizeof(*edited));
	if (edited) {
		memcpy(edited->zid, zid, sizeof(edited->zid));
		begin_with(edited);
		AST_LIST_INSERT_TAIL(&behind, edited, entry);
	}
}

/*! \brief What is known was perhaps known before the start. */
static void begin(void)
{
	struct known_head head;

	if (!begun && known_copy_head(&head)) {
		seen = head.edits;
		has_seen = head.good_for;
		unsure = !head.good_for;
	}
	begun = 1;
}

/*! \brief Has a look that began then taken its time? */
static int is_over(uint64_t began)
{
	return clock_now() - began > LOOK_MAX;
}

/*! \brief Those of a list that are new, if it goes on from what was seen; then all of it was. */
static enum edits_fit note_new(const struct zrtp_store_edits *list, int chained)
{
	unsigned int i, fresh;
	enum edits_fit fit = edits_since(list, &seen, chained, &fresh);

	if (fit != EDITS_FIT) {
		return fit;
	}
	for (i = 0; i < fresh; i++) {
		note(list->peers[i], NULL);
	}
	edits_mark(&seen, list);

	return fit;
}

/*! \brief Not all are told: peers that have a call are read again, and of others nothing is believed. */
static void lose(const struct zrtp_store_edits *latest)
{
	const struct cache_follower *calls = current();

	if (calls) {
		calls->each_peer(note, NULL);
	}
	known_distrust();
	edits_mark(&seen, latest);
}

/*!
 * \brief By lists of before from what was seen to the latest one.
 * \param fit gets EDITS_GAP if that takes further looks
 */
static enum zrtp_store_status read_lists(const struct zrtp_store_edits *latest, uint64_t began, enum edits_fit *fit,
	struct zrtp_store_error *error)
{
	struct zrtp_store_edits list;
	enum zrtp_store_status result;
	int count;

	for (count = 0; *fit == EDITS_GAP && count < LISTS_AT_ONCE && (!count || !is_over(began)); count++) {
		result = zrtp_store_edits_at(store_opened(), edits_page(&seen, count), &list, error);
		if (result && result != ZRTP_STORE_UNKNOWN) {
			return result;
		}
		*fit = result || note_new(&list, count) != EDITS_FIT ? EDITS_OTHER : note_new(latest, 1);
	}

	return ZRTP_STORE_OK;
}

/*! \brief Whom have others changed since? \retval 1 there are more of them \retval -1 the store does not answer */
static int look(uint64_t began)
{
	struct zrtp_store_edits latest;
	struct zrtp_store_error error;
	enum zrtp_store_status result = zrtp_store_edits(store_opened(), &latest, &error);
	enum edits_fit fit = EDITS_OTHER;

	if (!result && !has_seen && !unsure) {
		edits_mark(&seen, &latest);
		fit = EDITS_FIT;
	} else if (!result && !unsure) {
		fit = note_new(&latest, 0);
		result = read_lists(&latest, began, &fit, &error);
	}
	if (result) {
		if (health_is_outage(result)) {
			health_failed(&error);
		}
		return -1;
	}
	if (fit == EDITS_OTHER) {
		lose(&latest);
	}
	has_seen = 1;
	unsure = 0;

	return fit == EDITS_GAP;
}

/*! \brief One label at least. \retval 1 there may be further ones */
static int read_again(struct edited *edited, uint64_t began)
{
	struct cache_known before;
	size_t i;

	cache_known(edited->zid, edited->when, &before);
	for (i = 0; i < before.labels && (!i || !is_over(began)); i++) {
		jobs_learn(edited->zid, before.label[i]);
	}
	if (i) {
		cache_tell(edited->zid, &before);
	}
	edited->asked += i;

	return (i < before.labels || i == CACHE_KNOWN_LABELS) && edited->asked < ZRTP_STORE_LABELS_MAX;
}

/*! \brief What a call has changed of it is newer than any answer, until that is stored, or dropped as the peer is gone. */
static int is_waiting(const uint8_t *zid)
{
	SCOPED_MUTEX(guard, &store_shared.lock);

	return queue_has(zid);
}

/*! \brief Is all stored, or dropped, that calls made of what was known before others changed it? */
static int nothing_waits(void)
{
	SCOPED_MUTEX(guard, &store_shared.lock);

	return !store_shared.status.waiting;
}

/*! \brief As many as one look may, and none twice that waits. */
static void catch_up(uint64_t began)
{
	struct edited *edited, *waits = NULL;
	int count;

	for (count = 0; count < FOLLOW_AT_ONCE && (!count || !is_over(began)) && (edited = AST_LIST_FIRST(&behind))
		&& edited != waits; count++) {
		int again = is_waiting(edited->zid);

		if (again) {
			begin_with(edited);
			waits = waits ? waits : edited;
		}
		again |= read_again(edited, began);
		if (store_shared.failing) {
			return; /* this one comes again */
		}
		AST_LIST_REMOVE_HEAD(&behind, entry);
		if (again) {
			AST_LIST_INSERT_TAIL(&behind, edited, entry);
		} else {
			ast_free(edited);
		}
	}
}

/*! \brief Look. */
static void follow(int64_t now)
{
	uint64_t began = clock_now();
	int more;

	begin();
	more = look(began);
	if (more >= 0) {
		catch_up(began);
		if (AST_LIST_EMPTY(&behind) && nothing_waits()) {
			known_copy_good_for(&seen);
			at_once = more;
		}
	}
	due = now + (more <= 0 && AST_LIST_EMPTY(&behind) ? FOLLOW_EVERY : FOLLOW_SOON);
}

static void follow_end(void)
{
	struct edited *edited;

	while ((edited = AST_LIST_REMOVE_HEAD(&behind, entry))) {
		ast_free(edited);
	}
	due = 0;
	begun = has_seen = unsure = 0;
	at_once = 1;
}

static const struct store_regular regular = {
	.due = follow_due,
	.work = follow,
	.end = follow_end,
};

void cache_followed_by(const struct cache_follower *wanted)
{
	__atomic_store_n(&follower, wanted, __ATOMIC_RELEASE);
	if (wanted) {
		store_regularly(&regular);
	}
}
