/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an administrator does with the cache; CLI and AMI only parse and print. All of it waits for
 * the store.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "cache/cache.h"

#define PAGE 256

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

/*! \brief The sentence for a peer that is not there. \return status */
static enum zrtp_store_status explain(enum zrtp_store_status status, struct zrtp_store_error *error)
{
	if (status == ZRTP_STORE_UNKNOWN) {
		ast_copy_string(error->text, "There is no such peer", sizeof(error->text));
	}

	return status;
}

static enum zrtp_store_status each_peer(struct zrtp_store *store, const char *like,
	int (*each)(const struct zrtp_store_peer *peer, void *arg), void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store_peer *page = ast_calloc(PAGE, sizeof(*page));
	struct zrtp_store_peer last;
	enum zrtp_store_status status = page ? ZRTP_STORE_OK : ZRTP_STORE_NO_MEMORY;
	size_t i, count = PAGE;
	int first = 1, stop = 0;

	snprintf(error->text, sizeof(error->text), "out of memory");
	while (!status && !stop && count == PAGE) {
		status = zrtp_store_list(store, like, first ? NULL : &last, page, PAGE, &count, error);
		for (i = 0; !status && !stop && i < count; i++) {
			stop = each(&page[i], arg);
		}
		if (!status && count) {
			last = page[count - 1];
			first = 0;
		}
	}
	ast_free(page);

	return status;
}

enum zrtp_store_status cache_admin_each(const char *like, int (*each)(const struct zrtp_store_peer *peer, void *arg),
	void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store *store = store_get();
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	status = each_peer(store, like, each, arg, error);
	store_release();

	return status;
}

enum zrtp_store_status cache_admin_find(const uint8_t *zid, struct zrtp_store_peer *peer, struct zrtp_store_label *labels,
	size_t *count, struct zrtp_store_error *error)
{
	struct zrtp_store *store = store_get();
	uint8_t own[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	store_own_zid(own);
	status = zrtp_store_find(store, own, zid, peer, error);
	if (!status) {
		status = zrtp_store_labels(store, own, zid, labels, ZRTP_STORE_LABELS_MAX, count, error);
	}
	store_release();

	return explain(status, error);
}

enum zrtp_store_status cache_admin_purge(uint64_t *pairs, uint64_t *peers, struct zrtp_store_error *error)
{
	struct zrtp_store *store = store_get();
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	status = zrtp_store_purge(store, cache_clock(), pairs, peers, error);
	store_administered();
	store_release();

	return status;
}

/*! What cache_each_enrolled() was asked to do. */
struct enrolled {
	void (*each)(const struct zrtp_store_peer *peer, void *arg);
	void *arg;
};

static int if_enrolled(const struct zrtp_store_peer *peer, void *arg)
{
	struct enrolled *enrolled = arg;

	if (peer->has_pbx) {
		enrolled->each(peer, enrolled->arg);
	}

	return 0;
}

void cache_each_enrolled(void (*each)(const struct zrtp_store_peer *peer, void *arg), void *arg)
{
	struct enrolled enrolled = { each, arg };
	struct zrtp_store *store = store_get();
	struct zrtp_store_error error;

	if (!store) {
		ast_log(LOG_WARNING, "The ZRTP cache is not open, enrolled phones cannot be listed\n");
		return;
	}
	if (each_peer(store, NULL, if_enrolled, &enrolled, &error)) {
		ast_log(LOG_WARNING, "Enrolled phones cannot be listed: %s\n", error.text);
	}
	store_release();
}

/*! An administrator's word on one peer. */
struct verb {
	/*! \brief What becomes of the store. */
	enum zrtp_store_status (*change)(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid, const void *arg,
		struct zrtp_store_error *error);
	/*! \brief What becomes of what is known beside it. */
	void (*known)(const uint8_t *zid, const void *arg);
};

/*!
 * \brief The one way of all of them: after what calls have changed of the peer, in the
 * store, in what is known, and in the file.
 */
static enum zrtp_store_status carry_out(const struct verb *verb, const uint8_t *zid, const void *arg,
	struct zrtp_store_error *error)
{
	struct zrtp_store *store;
	struct cache_known before;
	uint8_t own[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	if (store_settle(zid)) {
		return not_now(error, "Refused: changes that calls made of this peer wait for the store, and would undo "
			"it; try again when zrtp cache status shows nothing waiting");
	}
	store = store_get();
	if (!store) {
		return cache_admin_closed(error);
	}
	store_own_zid(own);
	status = verb->change(store, own, zid, arg, error);
	if (!status) {
		cache_known(zid, &before);
		verb->known(zid, arg);
		cache_tell(zid, &before);
		store_administered();
	}
	store_release();

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
	static const struct verb verb = { rename_peer, rename_known };

	return carry_out(&verb, zid, name, error);
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
	static const struct verb verb = { verify_peer, verify_known };

	return carry_out(&verb, zid, &verified, error);
}

static enum zrtp_store_status delete_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	attribute_unused const void *arg, struct zrtp_store_error *error)
{
	return zrtp_store_remove(store, own, zid, error);
}

static void delete_known(const uint8_t *zid, attribute_unused const void *arg)
{
	cache_forget(zid);
}

enum zrtp_store_status cache_admin_delete(const uint8_t *zid, struct zrtp_store_error *error)
{
	static const struct verb verb = { delete_peer, delete_known };

	return carry_out(&verb, zid, NULL, error);
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
	static const struct verb verb = { bind_peer, bind_known };
	struct zrtp_store_error error;
	enum zrtp_store_status status = carry_out(&verb, zid, endpoints, &error);

	if (status) {
		ast_copy_string(why, status == ZRTP_STORE_UNKNOWN ? "no such phone is enrolled" : error.text, size);
	}

	return status ? -1 : 0;
}

static enum zrtp_store_status revoke_peer(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	attribute_unused const void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = find_enrolled(store, own, zid, error);

	return status ? status : zrtp_store_unenroll(store, own, zid, error);
}

static void revoke_known(const uint8_t *zid, attribute_unused const void *arg)
{
	cache_unenroll(zid);
}

int cache_revoke(const uint8_t zid[ZRTP_ZID_SIZE], char *why, size_t size)
{
	static const struct verb verb = { revoke_peer, revoke_known };
	struct zrtp_store_error error;
	enum zrtp_store_status status = carry_out(&verb, zid, NULL, &error);

	if (status) {
		ast_copy_string(why, status == ZRTP_STORE_UNKNOWN ? "no such phone is enrolled" : error.text, size);
	}

	return status ? -1 : 0;
}

const char *store_state_text(const struct store_status *status)
{
	return !status->open ? "closed" : status->up ? "up" : "down";
}
