/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: opened and closed, and transactions under its lock. One call's get and put are in
 * call.c; what people do with it in look.c, edit.c and maintain.c; where the rows are, in the
 * back ends. */
#include "store.h"

#include "sized.h"

#include <stdlib.h>

/* Tries before a conflict is the caller's. */
enum { TRIES = 8 };

/* Octets of the stack that a transaction may use. */
enum { STACK_USED = 32768 };

/* ---- transactions ---- */

/* Another process may have given the store another key since we opened it. */
static enum zrtp_store_status check_key(struct zrtp_store *store, struct zrtp_store_error *error)
{
	uint8_t value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status = store->backend->meta_get(store->be, "key", value, &len, error);

	if (status == ZRTP_STORE_UNKNOWN) {
		len = 0;
	} else if (status) {
		return status;
	}
	if (len != store->check_len || (len && memcmp(value, store->check, len))) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "the cache was given another key meanwhile");
	}
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status attempt(struct zrtp_store *store, bool write, zrtp_store_work work, void *arg,
				      struct zrtp_store_error *error)
{
	enum zrtp_store_status status = store->backend->begin(store->be, write, error);

	if (status) {
		return status;
	}
	if (write) {
		status = check_key(store, error);
	}
	if (!status) {
		status = work(store, arg, error);
	}
	if (status) {
		store->backend->rollback(store->be);
		return status;
	}
	return store->backend->commit(store->be, error);
}

/* At each call: by libc, which is several times as fast as libcrypto's loop.
 * ASan would have another stack for it, and that of the secrets stays. */
__attribute__((noinline, no_sanitize("address"))) void zrtp_store_wipe_stack(void)
{
	uint8_t below[STACK_USED];

	explicit_bzero(below, sizeof(below));
}

enum zrtp_store_status zrtp_store_run(struct zrtp_store *store, bool write, zrtp_store_work work, void *arg,
				      struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;
	unsigned tries = 0;

	error = error ? error : &unwanted;
	pthread_mutex_lock(&store->lock);
	do {
		error->status = ZRTP_STORE_OK;
		error->text[0] = '\0';
		status = attempt(store, write, work, arg, error);
	} while (status == ZRTP_STORE_CONFLICT && ++tries < TRIES);
	if (store->rows) {
		OPENSSL_cleanse(store->rows, store->rows_used * sizeof(*store->rows));
	}
	store->rows_used = 0;
	pthread_mutex_unlock(&store->lock);
	zrtp_store_wipe_stack();
	if (status && !error->text[0]) {
		zrtp_store_fail(error, status, "%s", zrtp_store_status_text(status));
	}
	error->status = status;
	return status;
}

/* ---- open ---- */

static enum zrtp_store_status adopt_key(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;
	struct zrtp_store_peer_row any;
	size_t len = sizeof(store->check), count = 0;

	(void)arg;
	status = store->backend->meta_get(store->be, "key", store->check, &len, error);
	if (!status) {
		store->check_len = len;
		return zrtp_store_verify_check(store, store->check, len, error);
	}
	if (status != ZRTP_STORE_UNKNOWN || !store->sealed) {
		store->check_len = 0;
		return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
	}
	status = store->backend->peer_list(store->be, NULL, NULL, NULL, &any, 1, &count, error);
	OPENSSL_cleanse(&any, sizeof(any));
	if (!status && count) {
		status = zrtp_store_fail(error, ZRTP_STORE_KEY,
					 "there is a key, but the cache is not encrypted: rekey it first");
	}
	if (!status) {
		status = zrtp_store_make_check(store, error);
	}
	/* Of two processes that begin a store at once the first one's text stays. */
	if (!status) {
		status = store->backend->meta_set(store->be, "key", store->check, store->check_len, true,
						  error);
	}
	len = sizeof(store->check);
	if (!status) {
		status = store->backend->meta_get(store->be, "key", store->check, &len, error);
	}
	store->check_len = len;
	return status ? status : zrtp_store_verify_check(store, store->check, len, error);
}

/* check_key() has nothing to compare with yet: so not zrtp_store_run(). */
static enum zrtp_store_status begin_with_key(struct zrtp_store *store, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = store->backend->begin(store->be, store->sealed, error);

	if (status) {
		return status;
	}
	status = adopt_key(store, NULL, error);
	if (status) {
		store->backend->rollback(store->be);
		return status;
	}
	return store->backend->commit(store->be, error);
}

static void destroy(struct zrtp_store *store)
{
	OPENSSL_cleanse(&store->key, sizeof(store->key));
	zrtp_store_unfetch(store);
	pthread_mutex_destroy(&store->lock);
	free(store->rows);
	free(store);
}

bool zrtp_store_configure(struct zrtp_store_config *own, const struct zrtp_store_config *config, size_t size,
			  struct zrtp_store_error *error)
{
	error->status = ZRTP_STORE_OK;
	error->text[0] = '\0';
	memset(own, 0, sizeof(*own));
	if (config && !zrtp_sized_take(own, sizeof(*own), config, size)) {
		(void)zrtp_store_fail(error, ZRTP_STORE_INVALID,
				      "the configuration has something that this library does not know");
		return false;
	}
	return true;
}

/* Of an older application too: what is added later is optional. */
static bool has_all(const struct zrtp_store_backend *table)
{
	return table->name && table->close && table->begin && table->commit && table->rollback &&
	       table->meta_get && table->meta_set && table->peer_load && table->peer_save &&
	       table->peer_drop && table->peer_list && table->pair_load && table->pair_save &&
	       table->pair_list && table->pair_trim && table->pair_drop && table->purge;
}

enum zrtp_store_status zrtp_store_open_backend_sized(struct zrtp_store **out,
						     const struct zrtp_store_backend *backend,
						     size_t backend_size, void *be,
						     const struct zrtp_store_config *config,
						     size_t config_size, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct zrtp_store_config own;
	struct zrtp_store *store;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (!zrtp_store_configure(&own, config, config_size, error)) {
		return error->status;
	}
	store = calloc(1, sizeof(*store));
	if (!store) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	if (!zrtp_sized_take(&store->table, sizeof(store->table), backend, backend_size)) {
		free(store);
		return zrtp_store_fail(error, ZRTP_STORE_INVALID,
				       "the back end has something that this library does not know");
	}
	if (!has_all(&store->table)) {
		free(store);
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "the back end lacks a mandatory function");
	}
	pthread_mutex_init(&store->lock, NULL);
	zrtp_store_fetch(store);
	store->backend = &store->table;
	store->be = be;
	if (own.key) {
		store->sealed = true;
		store->key = *own.key;
	}
	store->warn = own.warn;
	store->warn_arg = own.warn_arg;
	status = begin_with_key(store, error);
	if (status) {
		destroy(store);
		return error->status = status;
	}
	*out = store;
	return ZRTP_STORE_OK;
}

enum zrtp_store_status zrtp_store_flush(struct zrtp_store *store, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	error = error ? error : &unwanted;
	pthread_mutex_lock(&store->lock);
	if (store->backend->flush) {
		status = store->backend->flush(store->be, error);
	}
	pthread_mutex_unlock(&store->lock);
	zrtp_store_wipe_stack();
	return status;
}

enum zrtp_store_status zrtp_store_close(struct zrtp_store *store, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;

	if (!store) {
		return ZRTP_STORE_OK;
	}
	status = zrtp_store_flush(store, error);
	store->backend->close(store->be);
	destroy(store);
	return status;
}
