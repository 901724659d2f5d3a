/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What CLI and AMI have in common when they look after the cache. All of
 * it waits for the store.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "cache.h"

#define PAGE 256

int zid_from_text(const char *text, uint8_t zid[ZRTP_ZID_SIZE])
{
	return strlen(text) == 2 * ZRTP_ZID_SIZE && zrtp_store_unhex(zid, ZRTP_ZID_SIZE, text) ? 0 : -1;
}

enum zrtp_store_status cache_each(struct zrtp_store *store, const char *like,
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
	if (cache_each(store, NULL, if_enrolled, &enrolled, &error)) {
		ast_log(LOG_WARNING, "Enrolled phones cannot be listed: %s\n", error.text);
	}
	store_release();
}

/*! \brief Is there such a phone, and enrolled? */
static enum zrtp_store_status find_enrolled(struct zrtp_store *store, const uint8_t *own, const uint8_t *zid,
	struct zrtp_store_error *error)
{
	struct zrtp_store_peer peer;
	enum zrtp_store_status status = zrtp_store_find(store, own, zid, &peer, error);

	return !status && !peer.has_pbx ? ZRTP_STORE_UNKNOWN : status;
}

int cache_set_endpoints(const uint8_t zid[ZRTP_ZID_SIZE], const char *endpoints, char *why, size_t size)
{
	struct zrtp_store_error error;
	struct zrtp_store *store;
	uint8_t own[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	store_settle(zid);
	store = store_get();
	if (!store) {
		ast_copy_string(why, "the cache is not open", size);
		return -1;
	}
	store_own_zid(own);
	status = find_enrolled(store, own, zid, &error);
	if (!status) {
		status = zrtp_store_set_endpoints(store, own, zid, endpoints, &error);
	}
	if (!status) {
		cache_rebind(zid, endpoints);
		store_administered();
	} else {
		ast_copy_string(why, status == ZRTP_STORE_UNKNOWN ? "no such phone is enrolled" : error.text, size);
	}
	store_release();

	return status ? -1 : 0;
}

int cache_revoke(const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct zrtp_store_error error;
	struct zrtp_store *store;
	uint8_t own[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	store_settle(zid);
	store = store_get();
	if (!store) {
		ast_log(LOG_WARNING, "The ZRTP cache is not open, nothing can be revoked\n");
		return -1;
	}
	store_own_zid(own);
	status = find_enrolled(store, own, zid, &error);
	if (!status) {
		status = zrtp_store_unenroll(store, own, zid, &error);
	}
	if (!status) {
		cache_unenroll(zid);
		store_administered();
	} else if (status != ZRTP_STORE_UNKNOWN) {
		ast_log(LOG_WARNING, "An enrollment cannot be revoked: %s\n", error.text);
	}
	store_release();

	return status ? -1 : 0;
}
