/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The table of what is known of peers, and what its copy on the disk lacks.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/astobj2.h"
#include "asterisk/dlinkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "cache/cache.h"
#include "cache/known.h"

#define BUCKETS 4093
/*! How long before others are found to have changed much an answer of the store is believed, microseconds. */
#define DISTRUST_BEFORE 5000000

/*! Its lock guards all here. */
static struct ao2_container *table;
AST_DLLIST_HEAD_NOLOCK(knowns, known);
/*! The same, the one used last at the end. */
static struct knowns by_use;

/*! Those whose copy is behind, with a reference each, and slots of those that went: each stands there once. */
static struct knowns behind;
static ast_cond_t lacks;
static uint32_t *removed;
static size_t removals, removed_max;

int64_t cache_clock(void)
{
	return time(NULL);
}

static int known_hash(const void *obj, int flags)
{
	const uint8_t *zid = (flags & OBJ_SEARCH_MASK) == OBJ_SEARCH_KEY ? obj : ((const struct known *) obj)->zid;
	unsigned int hash;

	/* ZIDs are random. Labels of one peer share a bucket, so that all of them
	 * can be found. */
	memcpy(&hash, zid, sizeof(hash));

	return hash & INT_MAX;
}

static int known_cmp(void *obj, void *arg, int flags)
{
	const struct known *left = obj, *right = arg;

	if ((flags & OBJ_SEARCH_MASK) == OBJ_SEARCH_KEY) {
		return memcmp(left->zid, arg, sizeof(left->zid)) ? 0 : CMP_MATCH;
	}

	return memcmp(left->zid, right->zid, sizeof(left->zid)) || strcmp(left->label, right->label) ? 0 : CMP_MATCH | CMP_STOP;
}

static void known_destructor(void *obj)
{
	struct known *known = obj;

	OPENSSL_cleanse(&known->retained, sizeof(known->retained));
	ast_free(known->about);
}

void known_lock(void)
{
	ao2_lock(table);
}

void known_unlock(void)
{
	ao2_unlock(table);
}

struct known *known_find(const uint8_t *zid, const char *label)
{
	struct known key;

	memcpy(key.zid, zid, sizeof(key.zid));
	ast_copy_string(key.label, label, sizeof(key.label));

	return ao2_find(table, &key, OBJ_SEARCH_OBJECT | OBJ_NOLOCK);
}

struct known *known_any(const uint8_t *zid)
{
	return ao2_find(table, zid, OBJ_SEARCH_KEY | OBJ_NOLOCK);
}

struct known *known_latest(const uint8_t *zid)
{
	struct ao2_iterator *found = ao2_find(table, zid, OBJ_SEARCH_KEY | OBJ_MULTIPLE | OBJ_NOLOCK);
	struct known *known, *latest = NULL;

	while (found && (known = ao2_iterator_next(found))) {
		if (!latest || known->set_at > latest->set_at) {
			ao2_replace(latest, known);
		}
		ao2_ref(known, -1);
	}
	ao2_iterator_cleanup(found);

	return latest;
}

/*! \brief Have others not changed it, or a call since? */
static int is_believed(const struct known *known)
{
	return !known->doubted || known->pending;
}

/*! \brief Is it of the same line, and later in all ways? */
static int continues(const struct known *later, const struct known *known)
{
	const struct zrtp_retained *before = &known->retained, *after = &later->retained;

	return before->line && before->line == after->line && after->generation > before->generation
		&& later->set_at > known->set_at && is_believed(later);
}

struct known *known_continued(struct known *known)
{
	struct ao2_iterator *found = ao2_find(table, known->zid, OBJ_SEARCH_KEY | OBJ_MULTIPLE | OBJ_NOLOCK);
	struct known *other;

	while (found && (other = ao2_iterator_next(found))) {
		if (continues(other, known)) {
			ao2_replace(known, other);
		}
		ao2_ref(other, -1);
	}
	ao2_iterator_cleanup(found);

	return known;
}

struct known *known_touch(const uint8_t *zid, const char *label)
{
	struct known *known = known_find(zid, label);

	if (known) {
		AST_DLLIST_REMOVE(&by_use, known, entry);
		AST_DLLIST_INSERT_TAIL(&by_use, known, entry);
		return known;
	}
	if (ao2_container_count(table) >= KNOWN_MAX) {
		known_remove(AST_DLLIST_FIRST(&by_use));
	}
	known = ao2_alloc_options(sizeof(*known), known_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);
	if (!known) {
		return NULL;
	}
	memcpy(known->zid, zid, sizeof(known->zid));
	ast_copy_string(known->label, label, sizeof(known->label));
	if (!ao2_link_flags(table, known, OBJ_NOLOCK)) {
		ao2_ref(known, -1);
		return NULL;
	}
	AST_DLLIST_INSERT_TAIL(&by_use, known, entry);

	return known;
}

static void set(struct known *known, const struct zrtp_retained *retained, int64_t when, uint64_t at)
{
	known->retained = *retained;
	known->retained.changed = 0;
	known->set_at = at;
	known->doubted = 0;
	known->when = when;
	known->dies_at = retained->expiry == UINT32_MAX ? INT64_MAX : when + retained->expiry;
}

void known_set(struct known *known, const struct zrtp_retained *retained, int64_t when)
{
	set(known, retained, when, clock_now());
	known->recalled = 0;
	known_changed(known);
}

void known_recall(struct known *known, const struct zrtp_retained *retained, int64_t when, size_t slot, uint64_t rank)
{
	if (known->copied) {
		known_drop_slot(known->slot);
	}
	set(known, retained, when, rank);
	known->retained.first_calls = 0; /* none of them outlives the start */
	known->recalled = known->copied = 1;
	known->slot = slot;
}

int known_is_good(const struct known *known, int64_t now)
{
	return known->dies_at > now && is_believed(known);
}

void known_each_of(const uint8_t *zid, void (*each)(struct known *known, const void *arg), const void *arg)
{
	struct ao2_iterator *found;
	struct known *known;

	ao2_lock(table);
	found = ao2_find(table, zid, OBJ_SEARCH_KEY | OBJ_MULTIPLE | OBJ_NOLOCK);
	while (found && (known = ao2_iterator_next(found))) {
		each(known, arg);
		ao2_ref(known, -1);
	}
	ao2_iterator_cleanup(found);
	ao2_unlock(table);
}

void known_distrust(void)
{
	uint64_t before = clock_now() - DISTRUST_BEFORE;
	struct known *known;

	ao2_lock(table);
	AST_DLLIST_TRAVERSE(&by_use, known, entry) {
		/* What waits was made by a call, be it just now, of what was known before. */
		known->doubted |= known->pending || known->set_at < before;
		if (known->copied && known->doubted) {
			known_changed(known);
		}
	}
	ao2_unlock(table);
}

void known_forget_all(void)
{
	struct known *known;

	ao2_lock(table);
	while ((known = AST_DLLIST_FIRST(&by_use))) {
		known_remove(known);
	}
	ao2_unlock(table);
}

void known_purge(int64_t now)
{
	struct known *known, *next;

	ao2_lock(table);
	for (known = AST_DLLIST_FIRST(&by_use); known; known = next) {
		next = AST_DLLIST_NEXT(known, entry);
		if (known->dies_at <= now && !known->pending) {
			known_remove(known);
		}
	}
	ao2_unlock(table);
}

/* ---- what its copy lacks ---- */

void known_changed(struct known *known)
{
	if (!removed_max || known->changed || known->removed) {
		return;
	}
	known->changed = 1;
	ao2_ref(known, +1);
	AST_DLLIST_INSERT_TAIL(&behind, known, behind);
	ast_cond_signal(&lacks);
}

struct known *known_next_changed(void)
{
	struct known *known = AST_DLLIST_REMOVE_HEAD(&behind, behind);

	if (known) {
		known->changed = 0;
	}

	return known;
}

void known_drop_slot(size_t slot)
{
	if (removals < removed_max) {
		removed[removals++] = slot;
		ast_cond_signal(&lacks);
	}
}

int known_next_removed(size_t *slot)
{
	if (!removals) {
		return 0;
	}
	*slot = removed[--removals];

	return 1;
}

void known_remove(struct known *known)
{
	known->removed = 1;
	if (known->changed) {
		AST_DLLIST_REMOVE(&behind, known, behind);
		known->changed = 0;
		ao2_ref(known, -1);
	}
	if (known->copied && !known->copying) {
		known_drop_slot(known->slot);
		known->copied = 0;
	}
	AST_DLLIST_REMOVE(&by_use, known, entry);
	ao2_unlink_flags(table, known, OBJ_NOLOCK);
}

void known_wake(void)
{
	ao2_lock(table);
	ast_cond_signal(&lacks);
	ao2_unlock(table);
}

void known_rest(const struct timespec *until)
{
	ast_cond_timedwait(&lacks, (ast_mutex_t *) ao2_object_get_lockaddr(table), until);
}

int known_copies(int begin)
{
	struct known *known;
	int res;

	ao2_lock(table);
	while ((known = known_next_changed())) {
		ao2_ref(known, -1);
	}
	AST_DLLIST_TRAVERSE(&by_use, known, entry) {
		known->copied = 0;
	}
	ast_free(removed);
	removed = begin ? ast_calloc(KNOWN_SLOTS, sizeof(*removed)) : NULL;
	removed_max = removed ? KNOWN_SLOTS : 0;
	removals = 0;
	res = begin && !removed ? -1 : 0;
	ao2_unlock(table);

	return res;
}

int known_init(void)
{
	clock_cond_init(&lacks);
	table = ao2_container_alloc_hash(AO2_ALLOC_OPT_LOCK_MUTEX, 0, BUCKETS, known_hash, NULL, known_cmp);

	return table ? 0 : -1;
}

void known_shutdown(void)
{
	if (table) {
		known_forget_all();
		ao2_ref(table, -1);
		table = NULL;
	}
	ast_cond_destroy(&lacks);
}
