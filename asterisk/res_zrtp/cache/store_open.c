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
#include "cache/store_open.h"
#include "cache/store_shared.h"

/*! Held for reading by a thread that uses the store, for writing to open or close it. */
AST_RWLOCK_DEFINE_STATIC(store_lock);
static struct zrtp_store *store;

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

static void on_warning(const char *text, attribute_unused void *arg)
{
	ast_log(LOG_WARNING, "ZRTP cache: %s\n", text);
}

static enum zrtp_store_status read_key(struct zrtp_store_key *key, struct zrtp_store_error *error)
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
		return realtime_open(out, how, error);
	default:
		return zrtp_store_open_sqlite(out, store_shared.config.path, how, error);
	}
}

enum zrtp_store_status store_open(uint8_t zid[ZRTP_ZID_SIZE], struct zrtp_store_error *error)
{
	struct zrtp_store_config how = { .capacity = store_shared.config.peers, .warn = on_warning };
	struct zrtp_store_key key;
	struct zrtp_store *opened = NULL;
	enum zrtp_store_status result = ZRTP_STORE_OK;

	memset(error, 0, sizeof(*error));
	if (store_shared.config.sealed) {
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
	ast_rwlock_wrlock(&store_lock);
	store = opened;
	ast_rwlock_unlock(&store_lock);

	return ZRTP_STORE_OK;
}

struct zrtp_store *store_opened(void)
{
	return store;
}

void store_close(void)
{
	struct zrtp_store_error error;

	ast_rwlock_wrlock(&store_lock);
	if (store && zrtp_store_close(store, &error)) {
		ast_log(LOG_ERROR, "ZRTP cache: %s\n", error.text);
	}
	store = NULL;
	ast_rwlock_unlock(&store_lock);
}
