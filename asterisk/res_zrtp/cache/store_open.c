/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The store of the cache, open or closed.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "cache/cache.h"
#include "cache/store_health.h"
#include "cache/store_open.h"
#include "cache/store_shared.h"

/*!
 * How long SQLite waits for another process, milliseconds: less than what counts as no answer, and than loading waits, so
 * that a journal is read in time for the first call.
 */
#define BUSY_MAX 1500

/*! Held for reading by a thread that uses the store, for writing to open or close it. */
AST_RWLOCK_DEFINE_STATIC(store_lock);
static struct zrtp_store *store;
/*! The same one once more, for what an administrator reads: calls do not wait for that. NULL: a kind that has no second. */
static struct zrtp_store *looked_at;

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

struct zrtp_store *store_look(void)
{
	struct zrtp_store *open = store_get();

	return open && looked_at ? looked_at : open;
}

void store_release(void)
{
	ast_rwlock_unlock(&store_lock);
}

static void on_warning(const char *text, attribute_unused void *arg)
{
	ast_log(LOG_WARNING, "ZRTP cache: %s\n", text);
}

enum zrtp_store_status store_read_key(struct zrtp_store_key *key, struct zrtp_store_error *error)
{
	const char *text;

	if (!ast_strlen_zero(store_shared.config.key_file)) {
		return zrtp_store_key_file(key, store_shared.config.key_file, error);
	}
	text = getenv(store_shared.config.key_env);
	if (ast_strlen_zero(text)) {
		error->status = ZRTP_STORE_KEY;
		snprintf(error->text, sizeof(error->text), "the environment has no variable %s", store_shared.config.key_env);
		return ZRTP_STORE_KEY;
	}

	return zrtp_store_key_text(key, text, error);
}

static enum zrtp_store_status open_kind(struct zrtp_store **out, const struct zrtp_store_config *how,
	struct zrtp_store_error *error)
{
	switch (store_shared.config.kind) {
	case CACHE_MEMORY:
		return zrtp_store_open_memory(out, how, error);
	case CACHE_FILE:
		return zrtp_store_open_file(out, store_shared.config.path, how, error);
	case CACHE_REALTIME:
		return realtime_open(out, how, 1, error);
	default:
		return zrtp_store_open_sqlite(out, store_shared.config.path, how, error);
	}
}

/*!
 * \brief A handle beside the first one, where two have no lock in common. Not of SQLite: opening it again closes the file
 * once, and that ends all locks which this process has on it.
 */
static struct zrtp_store *open_beside(const struct zrtp_store_config *how)
{
	struct zrtp_store *beside = NULL;
	struct zrtp_store_error error;

	return store_shared.config.kind != CACHE_REALTIME || realtime_open(&beside, how, 0, &error) ? NULL : beside;
}

enum zrtp_store_status store_open(uint8_t zid[ZRTP_ZID_SIZE], struct zrtp_store_error *error)
{
	struct zrtp_store_config how = { .capacity = store_shared.config.peers, .busy_ms = BUSY_MAX, .warn = on_warning };
	struct zrtp_store_key key;
	struct zrtp_store *opened = NULL, *beside = NULL;
	enum zrtp_store_status result = ZRTP_STORE_OK;

	memset(error, 0, sizeof(*error));
	if (store_shared.config.sealed) {
		result = store_read_key(&key, error);
		how.key = &key;
	}
	if (!result) {
		result = open_kind(&opened, &how, error);
	}
	if (!result) {
		result = zrtp_store_own_zid(opened, zid, error);
	}
	if (!result) {
		beside = open_beside(&how);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	if (result) {
		zrtp_store_close(opened, NULL);
		return result;
	}
	ast_rwlock_wrlock(&store_lock);
	store = opened;
	looked_at = beside;
	ast_rwlock_unlock(&store_lock);

	return ZRTP_STORE_OK;
}

struct zrtp_store *store_opened(void)
{
	return store;
}

int store_is_database(void)
{
	return store_shared.config.kind == CACHE_REALTIME;
}

void store_administered(void)
{
	struct zrtp_store_error error;

	if (store_shared.config.kind == CACHE_FILE && zrtp_store_flush(store_opened(), &error)) {
		ast_log(LOG_WARNING, "ZRTP cache: what the administrator changed is in memory only, its file cannot be written: %s\n", error.text);
	}
}

void store_close(void)
{
	struct zrtp_store_error error;

	ast_rwlock_wrlock(&store_lock);
	zrtp_store_close(looked_at, NULL);
	looked_at = NULL;
	if (store && zrtp_store_close(store, &error)) {
		ast_log(LOG_ERROR, "ZRTP cache: %s\n", error.text);
	}
	store = NULL;
	ast_rwlock_unlock(&store_lock);
}

void store_configure(const struct cache_config *from)
{
	store_shared.config = *from;
	memset(&store_shared.status, 0, sizeof(store_shared.status));
	memset(&store_shared.pace, 0, sizeof(store_shared.pace));
	store_shared.failing = 0;
	store_shared.status.kind = store_kind();
	store_shared.status.sealed = store_shared.config.sealed;
	ast_copy_string(store_shared.status.place, store_shared.config.kind == CACHE_MEMORY ? "" : store_shared.config.kind == CACHE_REALTIME
		? "zrtp_peers, zrtp_pairs, zrtp_meta" : store_shared.config.path, sizeof(store_shared.status.place));
}
