/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an administrator does with the cache; CLI and AMI only parse and print. All of it waits for
 * the store, in a thread of its own (store_ask.c): the command waits for some seconds.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/zid_range.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/known.h"
#include "cache/peers_wanted.h"
#include "cache/realtime_look.h"
#include "cache/store_ask.h"
#include "cache/store_open.h"

/*! Peers of a page, of one in a store that calls wait for, and of one of a database, about. */
#define PAGE 256
#define SHARED_PAGE 64
#define DATABASE_PAGE 512
/*! Between two pages of a shared store, for calls that wait, microseconds. */
#define SHARED_PAUSE 200
/*! A list that takes longer ends, so that nothing waits for it for ever, microseconds. */
#define LIST_MAX 60000000

static enum zrtp_store_status not_now(struct zrtp_store_error *error, const char *why)
{
	error->status = ZRTP_STORE_BUSY;
	ast_copy_string(error->text, why, sizeof(error->text));

	return error->status;
}

enum zrtp_store_status cache_admin_closed(struct zrtp_store_error *error)
{
	return not_now(error, "The cache is not open; see zrtp cache status");
}

static enum zrtp_store_status no_memory(struct zrtp_store_error *error)
{
	error->status = ZRTP_STORE_NO_MEMORY;
	ast_copy_string(error->text, "out of memory", sizeof(error->text));

	return error->status;
}

/*! \brief The sentence for a peer that is not there. \return status */
static enum zrtp_store_status explain(enum zrtp_store_status status, struct zrtp_store_error *error)
{
	if (status == ZRTP_STORE_UNKNOWN) {
		ast_copy_string(error->text, "There is no such peer", sizeof(error->text));
	}

	return status;
}

/*! A list on its way. An ao2 object: who asked for it may be gone before its page is there. */
struct listing {
	struct peers_wanted wanted;
	char *like, *begins;
	struct zrtp_store *store;      /*!< While a page is read */
	uint8_t own[ZRTP_ZID_SIZE];
	struct zid_range all;
	struct zid_walk walk;          /*!< In a database */
	struct zrtp_store_peer *page;
	size_t count;
	struct zrtp_store_peer last;   /*!< Of the page before, in other stores */
	unsigned int placed:1;         /*!< It is known where the first page begins */
	unsigned int begun:1;          /*!< There is a last */
	unsigned int shared:1;         /*!< With calls, which wait for each page */
	unsigned int over:1;
};

static enum zrtp_store_status database_page(struct listing *listing, struct zrtp_store_error *error)
{
	struct zid_range range = zid_walk_next(&listing->walk);
	size_t found;
	enum zrtp_store_status status;

	ast_free(listing->page);
	listing->page = NULL;
	status = realtime_look(listing->own, &range, &listing->wanted, &listing->page, &listing->count, &found, error);
	zid_walk_found(&listing->walk, found);
	listing->over = listing->walk.over;

	return status;
}

/*! \brief Of the last page, what does not fit is left out; beyond the digits that were typed nothing is read. */
static void keep_wanted(struct listing *listing)
{
	size_t i, kept = 0;

	for (i = 0; i < listing->count; i++) {
		const struct zrtp_store_peer *peer = &listing->page[i];

		if (listing->wanted.begins && (memcmp(peer->own_zid, listing->own, sizeof(listing->own))
			|| memcmp(peer->peer_zid, listing->all.last, sizeof(listing->all.last)) > 0)) {
			listing->over = 1;
			break;
		}
		if (peers_fit(&listing->wanted, peer)) {
			listing->page[kept++] = *peer;
		}
	}
	listing->count = kept;
}

static enum zrtp_store_status store_page(struct listing *listing, struct zrtp_store_error *error)
{
	/* Who shares the store looks at each peer by himself: a pattern that few fit would take long inside. */
	const char *like = listing->shared ? NULL : listing->wanted.like;
	size_t size = listing->shared ? SHARED_PAGE : PAGE;
	enum zrtp_store_status status;

	if (listing->shared && listing->begun) {
		usleep(SHARED_PAUSE);
	}
	status = zrtp_store_list(listing->store, like, listing->begun ? &listing->last : NULL, listing->page, size,
		&listing->count, error);
	listing->over = listing->count < size;
	if (!status && listing->count) {
		listing->last = listing->page[listing->count - 1];
		listing->begun = 1;
		keep_wanted(listing);
	}

	return status;
}

/*! \brief The first page begins after the ZID before the first one. */
static void begin_at(struct listing *listing)
{
	int i = ZRTP_ZID_SIZE - 1;

	memcpy(listing->last.own_zid, listing->own, sizeof(listing->own));
	memcpy(listing->last.peer_zid, listing->all.first, sizeof(listing->all.first));
	while (i >= 0 && !listing->last.peer_zid[i]--) {
		i--;
	}
	listing->begun = i >= 0;
}

/*! \brief Where the first page begins. */
static enum zrtp_store_status place(struct listing *listing, struct zrtp_store_error *error)
{
	listing->shared = listing->store == store_opened();
	store_own_zid(listing->own);
	begin_at(listing);
	zid_walk_begin(&listing->walk, &listing->all, DATABASE_PAGE);
	listing->placed = 1;
	if (!store_is_database() && !(listing->page = ast_calloc(PAGE, sizeof(*listing->page)))) {
		return no_memory(error);
	}

	return ZRTP_STORE_OK;
}

static enum zrtp_store_status next_page(void *arg, struct zrtp_store_error *error)
{
	struct listing *listing = arg;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	listing->count = 0;
	listing->store = store_look();
	if (!listing->store) {
		return cache_admin_closed(error);
	}
	if (!listing->placed) {
		status = place(listing, error);
	}
	if (!status) {
		status = store_is_database() ? database_page(listing, error) : store_page(listing, error);
	}
	store_release();

	return status;
}

static void listing_destructor(void *obj)
{
	struct listing *listing = obj;

	ast_free(listing->page);
	ast_free(listing->like);
	ast_free(listing->begins);
}

static struct listing *listing_alloc(const struct peers_wanted *wanted)
{
	struct listing *listing = ao2_alloc_options(sizeof(*listing), listing_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (!listing) {
		return NULL;
	}
	listing->wanted = *wanted;
	listing->wanted.like = listing->like = wanted->like ? ast_strdup(wanted->like) : NULL;
	listing->wanted.begins = listing->begins = wanted->begins ? ast_strdup(wanted->begins) : NULL;
	if (!listing->like != !wanted->like || !listing->begins != !wanted->begins) {
		ao2_ref(listing, -1);
		return NULL;
	}

	return listing;
}

/*! \brief Must it end before its end? */
static enum zrtp_store_status must_end(int64_t began, struct zrtp_store_error *error)
{
	if (store_ends() || ast_shutting_down()) {
		return not_now(error, "The list was ended with ZRTP");
	}
	if (clock_now() - began > LIST_MAX) {
		return not_now(error, "The list was ended after a minute: the cache is too slow, see zrtp cache status");
	}

	return ZRTP_STORE_OK;
}

enum zrtp_store_status cache_admin_each(const struct peers_wanted *wanted,
	int (*each)(const struct zrtp_store_peer *peer, void *arg), int (*gone)(void *arg), void *arg,
	struct zrtp_store_error *error)
{
	static const struct asking asking = { .work = next_page };
	struct listing *listing = listing_alloc(wanted);
	enum zrtp_store_status status = ZRTP_STORE_OK;
	int64_t began = clock_now();
	int over, stop = 0;
	size_t i;

	if (!listing) {
		return no_memory(error);
	}
	over = zid_range_of(&listing->all, S_OR(wanted->begins, ""));
	if (wanted->enrolled && !wanted->at_once) {
		store_settle_enrollments();
	}
	while (!over && !stop && !(gone && gone(arg)) && !(status = must_end(began, error))
		&& !(status = store_ask(&asking, listing, NULL, error))) {
		for (i = 0; !stop && i < listing->count; i++) {
			stop = each(&listing->page[i], arg);
		}
		over = listing->over;
	}
	ao2_ref(listing, -1);

	return status;
}

/*! What is looked for, and found. */
struct finding {
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_store_peer peer;
	struct zrtp_store_label labels[ZRTP_STORE_LABELS_MAX];
	size_t count;
};

static enum zrtp_store_status find(void *arg, struct zrtp_store_error *error)
{
	struct finding *finding = arg;
	struct zrtp_store *store = store_look();
	uint8_t own[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	store_own_zid(own);
	status = zrtp_store_find(store, own, finding->zid, &finding->peer, error);
	if (!status) {
		status = zrtp_store_labels(store, own, finding->zid, finding->labels, ZRTP_STORE_LABELS_MAX, &finding->count, error);
	}
	store_release();

	return status;
}

enum zrtp_store_status cache_admin_find(const uint8_t *zid, struct zrtp_store_peer *peer, struct zrtp_store_label *labels,
	size_t *count, struct zrtp_store_error *error)
{
	static const struct asking asking = { .work = find };
	struct finding *finding = ao2_alloc_options(sizeof(*finding), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);
	enum zrtp_store_status status;

	if (!finding) {
		return no_memory(error);
	}
	memcpy(finding->zid, zid, sizeof(finding->zid));
	status = store_ask(&asking, finding, NULL, error);
	if (!status) {
		*peer = finding->peer;
		*count = finding->count;
		memcpy(labels, finding->labels, finding->count * sizeof(*labels));
	}
	ao2_ref(finding, -1);

	return explain(status, error);
}

/*! Between two parts of a purge, so that calls have their turn, microseconds. */
#define PURGE_PAUSE 2000

struct purging {
	uint64_t pairs, peers;
};

static enum zrtp_store_status purge(void *arg, struct zrtp_store_error *error)
{
	struct purging *purging = arg;
	/* SQLite would make two writers wait for each other. */
	struct zrtp_store *store = store_is_database() ? store_look() : store_get();
	uint64_t pairs, peers;
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	do {
		usleep(PURGE_PAUSE);
		pairs = peers = 0;
		status = zrtp_store_purge(store, cache_clock(), &pairs, &peers, error);
		purging->pairs += pairs;
		purging->peers += peers;
	} while (!status && (pairs || peers) && !store_ends());
	store_administered();
	store_release();
	known_purge(cache_clock());

	return status;
}

enum zrtp_store_status cache_admin_purge(uint64_t *pairs, uint64_t *peers, struct zrtp_store_error *error)
{
	static const struct asking asking = { .work = purge, .is_long = 1 };
	struct purging *purging = ao2_alloc_options(sizeof(*purging), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);
	enum zrtp_store_status status;

	*pairs = *peers = 0;
	if (!purging) {
		return no_memory(error);
	}
	status = store_ask(&asking, purging, "removal of what has expired", error);
	if (status != ZRTP_STORE_BUSY) {
		*pairs = purging->pairs;
		*peers = purging->peers;
	}
	ao2_ref(purging, -1);

	return status;
}

/*! An administrator's word on one peer. */
struct verb {
	const char *name;
	/*! \brief What becomes of the store. */
	enum zrtp_store_status (*change)(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid, const void *arg,
		struct zrtp_store_error *error);
	/*! \brief What becomes of what is known beside it. */
	void (*known)(const uint8_t *zid, const void *arg);
	unsigned int takes:1;          /*!< It takes away: also from what is known of a peer that the store has no more */
};

struct word {
	const struct verb *verb;
	uint8_t zid[ZRTP_ZID_SIZE];
	uint64_t arg[];                /*!< A copy of what the verb wants */
};

/*! \brief In the store, in what is known, and in the file. */
static enum zrtp_store_status say_word(void *arg, struct zrtp_store_error *error)
{
	struct word *word = arg;
	struct zrtp_store *store = store_get();
	struct cache_known before;
	uint8_t own[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	store_own_zid(own);
	status = word->verb->change(store, own, word->zid, word->arg, error);
	if (!status || (status == ZRTP_STORE_UNKNOWN && word->verb->takes)) {
		cache_known(word->zid, 0, &before);
		word->verb->known(word->zid, word->arg);
		cache_tell(word->zid, &before);
		store_administered();
	}
	store_release();

	return status;
}

/*! \brief The one way of all of them: after what calls have changed of the peer. \param size of arg */
static enum zrtp_store_status carry_out(const struct verb *verb, const uint8_t *zid, const void *arg, size_t size,
	struct zrtp_store_error *error)
{
	static const struct asking asking = { .work = say_word };
	struct word *word;
	char peer[ZID_TEXT_SIZE], what[64];
	enum zrtp_store_status status;

	if (store_settle(zid)) {
		return not_now(error, "Refused: changes that calls made of this peer wait for the store, and would undo "
			"it; try again when zrtp cache status shows nothing waiting");
	}
	word = ao2_alloc_options(sizeof(*word) + size, NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);
	if (!word) {
		return no_memory(error);
	}
	word->verb = verb;
	memcpy(word->zid, zid, sizeof(word->zid));
	if (size) {
		memcpy(word->arg, arg, size);
	}
	zid_text(peer, zid);
	snprintf(what, sizeof(what), "%s of peer %s", verb->name, peer);
	status = store_ask(&asking, word, what, error);
	ao2_ref(word, -1);

	return explain(status, error);
}

static enum zrtp_store_status rename_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	const void *arg, struct zrtp_store_error *error)
{
	return zrtp_store_set_name(store, own, zid, arg, error);
}

static void rename_known(const uint8_t *zid, const void *arg)
{
	cache_rename(zid, arg);
}

enum zrtp_store_status cache_admin_rename(const uint8_t *zid, const char *name, struct zrtp_store_error *error)
{
	static const struct verb verb = { .name = "name", .change = rename_peer, .known = rename_known };

	return carry_out(&verb, zid, name, strlen(name) + 1, error);
}

static enum zrtp_store_status verify_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	const void *arg, struct zrtp_store_error *error)
{
	return zrtp_store_set_verified(store, own, zid, *(const int *) arg, error);
}

static void verify_known(const uint8_t *zid, const void *arg)
{
	cache_verify(zid, *(const int *) arg);
}

enum zrtp_store_status cache_admin_verify(const uint8_t *zid, int verified, struct zrtp_store_error *error)
{
	static const struct verb verb = { .name = "verification", .change = verify_peer, .known = verify_known };

	return carry_out(&verb, zid, &verified, sizeof(verified), error);
}

/*
 * A database has no transactions here. So it may have failed when a peer was gone, or not enrolled any more, but other nodes were
 * not told of that: who says it again tells them, whatever he finds.
 */
static enum zrtp_store_status say_again(enum zrtp_store_status found, enum zrtp_store_status done)
{
	return !found || (done && done != ZRTP_STORE_UNKNOWN) ? done : found;
}

static enum zrtp_store_status delete_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	attribute_unused const void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store_peer peer;
	enum zrtp_store_status found = zrtp_store_find(store, own, zid, &peer, error);

	if (found == ZRTP_STORE_CORRUPT) {
		found = ZRTP_STORE_OK; /* it is there, and may go */
	}
	if (found && found != ZRTP_STORE_UNKNOWN) {
		return found;
	}

	return say_again(found, zrtp_store_remove(store, own, zid, error));
}

static void delete_known(const uint8_t *zid, attribute_unused const void *arg)
{
	cache_forget(zid);
}

enum zrtp_store_status cache_admin_delete(const uint8_t *zid, struct zrtp_store_error *error)
{
	static const struct verb verb = { .name = "deletion", .change = delete_peer, .known = delete_known, .takes = 1 };

	return carry_out(&verb, zid, NULL, 0, error);
}

/*! \brief Is there such a phone, and enrolled? */
static enum zrtp_store_status find_enrolled(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	struct zrtp_store_error *error)
{
	struct zrtp_store_peer peer;
	enum zrtp_store_status status = zrtp_store_find(store, own, zid, &peer, error);

	return !status && !peer.has_pbx ? ZRTP_STORE_UNKNOWN : status;
}

static enum zrtp_store_status bind_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	const void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = find_enrolled(store, own, zid, error);

	return status ? status : zrtp_store_set_endpoints(store, own, zid, arg, error);
}

static void bind_known(const uint8_t *zid, const void *arg)
{
	cache_rebind(zid, arg);
}

int cache_set_endpoints(const uint8_t zid[ZRTP_ZID_SIZE], const char *endpoints, char *why, size_t size)
{
	static const struct verb verb = { .name = "endpoints", .change = bind_peer, .known = bind_known };
	struct zrtp_store_error error;
	enum zrtp_store_status status = carry_out(&verb, zid, endpoints, strlen(endpoints) + 1, &error);

	if (status) {
		ast_copy_string(why, status == ZRTP_STORE_UNKNOWN ? "no such phone is enrolled" : error.text, size);
	}

	return status ? -1 : 0;
}

static enum zrtp_store_status revoke_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	attribute_unused const void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status found = find_enrolled(store, own, zid, error);

	if (found && found != ZRTP_STORE_UNKNOWN) {
		return found;
	}

	return say_again(found, zrtp_store_unenroll(store, own, zid, error));
}

static void revoke_known(const uint8_t *zid, attribute_unused const void *arg)
{
	cache_unenroll(zid);
}

int cache_revoke(const uint8_t zid[ZRTP_ZID_SIZE], char *why, size_t size)
{
	static const struct verb verb = { .name = "revoked enrollment", .change = revoke_peer, .known = revoke_known, .takes = 1 };
	struct zrtp_store_error error;
	enum zrtp_store_status status = carry_out(&verb, zid, NULL, 0, &error);

	if (status) {
		ast_copy_string(why, status == ZRTP_STORE_UNKNOWN ? "no such phone is enrolled" : error.text, size);
	}

	return status ? -1 : 0;
}

const char *store_state_text(const struct store_status *status)
{
	return !status->open ? "closed" : status->up ? "up" : "down";
}
