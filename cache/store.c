/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: open and close, one call's get and put. What people do with it is
 * in admin.c; where the rows are, in the back ends. */
#include "store.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Tries before a conflict is the caller's. */
enum { TRIES = 8 };

/* Octets of the stack that a transaction may use. */
enum { STACK_USED = 32768 };

const char *zrtp_store_status_text(enum zrtp_store_status status)
{
	switch (status) {
	case ZRTP_STORE_OK:
		return "done";
	case ZRTP_STORE_UNKNOWN:
		return "there is none";
	case ZRTP_STORE_INVALID:
		return "an argument is out of its range";
	case ZRTP_STORE_NO_MEMORY:
		return "out of memory";
	case ZRTP_STORE_IO:
		return "the medium failed";
	case ZRTP_STORE_BUSY:
		return "in use by another process";
	case ZRTP_STORE_CORRUPT:
		return "damaged";
	case ZRTP_STORE_KEY:
		return "wrong key";
	case ZRTP_STORE_CONFLICT:
		return "changed by another process meanwhile";
	case ZRTP_STORE_CRYPTO:
		return "libcrypto failed";
	}
	return "unknown status";
}

enum zrtp_store_status zrtp_store_fail(struct zrtp_store_error *error, enum zrtp_store_status status,
				       const char *format, ...)
{
	va_list args;

	error->status = status;
	va_start(args, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return status;
}

void zrtp_store_warnf(zrtp_store_warn warn, void *arg, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!warn) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warn(text, arg);
}

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

/* ASan would have another stack for it, and that of the secrets stays. */
__attribute__((noinline, no_sanitize("address"))) void zrtp_store_wipe_stack(void)
{
	uint8_t below[STACK_USED];

	OPENSSL_cleanse(below, sizeof(below));
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
	pthread_mutex_destroy(&store->lock);
	free(store->rows);
	free(store);
}

enum zrtp_store_status zrtp_store_open_backend(struct zrtp_store **out,
					       const struct zrtp_store_backend *backend, void *be,
					       const struct zrtp_store_config *config,
					       struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct zrtp_store *store = calloc(1, sizeof(*store));
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	error->status = ZRTP_STORE_OK;
	error->text[0] = '\0';
	if (!store) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	pthread_mutex_init(&store->lock, NULL);
	store->backend = backend;
	store->be = be;
	if (config && config->key) {
		store->sealed = true;
		store->key = *config->key;
	}
	if (config) {
		store->warn = config->warn;
		store->warn_arg = config->warn_arg;
	}
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

/* ---- own ZID ---- */

static enum zrtp_store_status own_zid(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	uint8_t *zid = arg, value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status;

	status = store->backend->meta_set(store->be, "zid", zid, ZRTP_ZID_SIZE, true, error);
	if (!status) {
		status = store->backend->meta_get(store->be, "zid", value, &len, error);
	}
	if (!status && len != ZRTP_ZID_SIZE) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "the own ZID has not 12 octets");
	}
	if (!status) {
		memcpy(zid, value, ZRTP_ZID_SIZE);
	}
	return status;
}

static enum zrtp_store_status read_zid(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	uint8_t value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status = store->backend->meta_get(store->be, "zid", value, &len, error);

	if (!status && len != ZRTP_ZID_SIZE) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "the own ZID has not 12 octets");
	}
	if (!status) {
		memcpy(arg, value, ZRTP_ZID_SIZE);
	}
	return status;
}

enum zrtp_store_status zrtp_store_own_zid(struct zrtp_store *store, uint8_t zid[ZRTP_ZID_SIZE],
					  struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;
	uint8_t chosen[ZRTP_ZID_SIZE];

	error = error ? error : &unwanted;
	status = zrtp_store_run(store, false, read_zid, zid, error);
	if (status != ZRTP_STORE_UNKNOWN) {
		return status;
	}
	if (RAND_bytes(chosen, sizeof(chosen)) != 1) {
		return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto's random source failed");
	}
	status = zrtp_store_run(store, true, own_zid, chosen, error);
	if (!status) {
		memcpy(zid, chosen, ZRTP_ZID_SIZE);
	}
	return status;
}

enum zrtp_store_status zrtp_store_set_own_zid(struct zrtp_store *store, const uint8_t zid[ZRTP_ZID_SIZE],
					      struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	uint8_t kept[ZRTP_ZID_SIZE];
	char hex[2 * ZRTP_ZID_SIZE + 1];
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	memcpy(kept, zid, sizeof(kept));
	status = zrtp_store_run(store, true, own_zid, kept, error);
	if (!status && memcmp(kept, zid, sizeof(kept))) {
		zrtp_store_hex(hex, kept, ZRTP_ZID_SIZE);
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "the cache belongs to ZID %s", hex);
	}
	return status;
}

/* ---- a peer with the pairs that concern one label ---- */

/* Newest pairs to look at for one that calls have proved. */
enum { LOOKED_AT = 8 };

static bool is_proved(const struct pair *pair)
{
	return pair->lines.line[0].id == LINE_FIRST || pair->lines.line[0].proved;
}

static bool is_loaded(const struct peer *peer, const struct zrtp_store_pair_row *row)
{
	return (peer->has[OWN] && row->revision == peer->pair[OWN].revision) ||
	       (peer->has[BASE] && row->revision == peer->pair[BASE].revision);
}

static enum zrtp_store_status take_newest(struct zrtp_store *store, struct peer *peer,
					  const struct zrtp_store_pair_row *rows, size_t count,
					  struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	for (size_t i = 0; !status && i < count && !peer->has[KNOWN]; i++) {
		enum which place = peer->has[NEWEST] ? KNOWN : NEWEST;

		/* The newest first: what comes after the own one is older than that. */
		if (is_loaded(peer, &rows[i])) {
			if (!peer->has[NEWEST]) {
				return ZRTP_STORE_OK;
			}
			continue;
		}
		status = zrtp_store_open_pair(store, peer, &rows[i], &peer->pair[place], error);
		peer->has_more |= place == KNOWN;
		peer->has[place] = !status && (place == NEWEST || is_proved(&peer->pair[place]));
		if (place == NEWEST && peer->has[NEWEST] &&
		    peer->pair[NEWEST].lines.line[0].id == LINE_FIRST) {
			peer->has_more |= i + 1 < count;
			break;
		}
	}
	return status;
}

static enum zrtp_store_status load_newest(struct zrtp_store *store, struct peer *peer,
					  struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row *rows = calloc(LOOKED_AT, sizeof(*rows));
	size_t count = 0;
	enum zrtp_store_status status;

	if (!rows) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = store->backend->pair_list(store->be, peer->row.own_zid, peer->row.peer_zid, rows, LOOKED_AT,
					   &count, error);
	if (!status) {
		status = take_newest(store, peer, rows, count, error);
	}
	OPENSSL_cleanse(rows, LOOKED_AT * sizeof(*rows));
	free(rows);
	return status;
}

static enum zrtp_store_status load_pair(struct zrtp_store *store, const char *label, struct peer *peer,
					enum which place, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row row;
	enum zrtp_store_status status;

	status = store->backend->pair_load(store->be, peer->row.own_zid, peer->row.peer_zid, label, &row,
					   error);
	if (!status) {
		status = zrtp_store_open_pair(store, peer, &row, &peer->pair[place], error);
		peer->has[place] = !status;
	} else if (status == ZRTP_STORE_UNKNOWN) {
		status = ZRTP_STORE_OK;
	}
	OPENSSL_cleanse(&row, sizeof(row));
	return status;
}

/* However many labels of others are newer, what the peer's own calls began is offered. */
static enum zrtp_store_status load_known(struct zrtp_store *store, struct peer *peer,
					 struct zrtp_store_error *error)
{
	enum zrtp_store_status status = zrtp_store_load_first(store, peer, error);

	for (unsigned place = OWN; place < PLACES; place++) {
		if (peer->has[place] && !strcmp(peer->pair[place].label, peer->first.label)) {
			return status;
		}
	}
	if (status || !peer->first.known) {
		return status;
	}
	peer->has[KNOWN] = false;
	return load_pair(store, peer->first.label, peer, KNOWN, error);
}

static bool is_latest(const struct peer *peer, enum which place)
{
	return peer->has[place] && peer->pair[place].revision == peer->row.latest;
}

static enum zrtp_store_status load_pairs(struct zrtp_store *store, const char *label, struct peer *peer,
					 struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (peer->row.scope == ZRTP_SCOPE_ZID && *label) {
		status = load_pair(store, "", peer, BASE, error);
	}
	/* The common case, one pair that is its own newest, needs no look around. */
	if (!status && !is_latest(peer, BASE)) {
		status = load_pair(store, label, peer, OWN, error);
	}
	if (!status && !is_latest(peer, BASE) && !is_latest(peer, OWN)) {
		status = load_newest(store, peer, error);
	}
	return status ? status : load_known(store, peer, error);
}

enum zrtp_store_status zrtp_store_load(struct zrtp_store *store, const uint8_t *own_zid,
				       const uint8_t *peer_zid, const char *label, struct peer *out,
				       struct zrtp_store_error *error)
{
	enum zrtp_store_status status;

	memset(out, 0, sizeof(*out));
	memcpy(out->row.own_zid, own_zid, ZRTP_ZID_SIZE);
	memcpy(out->row.peer_zid, peer_zid, ZRTP_ZID_SIZE);
	status = store->backend->peer_load(store->be, own_zid, peer_zid, &out->row, error);
	if (!status) {
		status = zrtp_store_open_peer(store, out, error);
	}
	return status || !label ? status : load_pairs(store, label, out, error);
}

enum zrtp_store_status zrtp_store_save(struct zrtp_store *store, struct peer *peer, struct pair *pair,
				       struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row row;
	uint64_t expected = peer->row.revision;
	enum zrtp_store_status status = zrtp_store_seal_peer(store, peer, error);

	if (status) {
		return status;
	}
	peer->row.revision++;
	if (pair) {
		pair->revision = peer->row.latest = peer->row.revision;
	}
	/* The peer's row first: its revision is what two writers contend for. */
	status = store->backend->peer_save(store->be, &peer->row, expected, error);
	if (status || !pair) {
		return status;
	}
	status = zrtp_store_seal_pair(store, peer, pair, &row, error);
	if (!status) {
		status = store->backend->pair_save(store->be, peer->row.own_zid, peer->row.peer_zid, &row,
						   error);
	}
	OPENSSL_cleanse(&row, sizeof(row));
	return status;
}

/* ---- get and put ---- */

struct get {
	const struct zrtp_cache_key *key;
	int64_t now;
	struct zrtp_retained *out;
	struct zrtp_store_about *about;
};

static enum zrtp_store_status get(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct get *get = arg;
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, get->key->own_zid, get->key->peer_zid, get->key->label, &peer, error);
	if (!status) {
		zrtp_store_compose(&peer, get->key->label, get->now, get->out);
	}
	if (!status && get->about) {
		memcpy(get->about->name, peer.row.name, sizeof(get->about->name));
		memcpy(get->about->endpoints, peer.row.endpoints, sizeof(get->about->endpoints));
		zrtp_store_printable(get->about->name);
		zrtp_store_printable(get->about->endpoints);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

static bool is_label(const char *label)
{
	return strnlen(label, ZRTP_LABEL_SIZE) < ZRTP_LABEL_SIZE;
}

enum zrtp_store_status zrtp_store_get_about(struct zrtp_store *store, const struct zrtp_cache_key *key,
					    int64_t now, struct zrtp_retained *out,
					    struct zrtp_store_about *about, struct zrtp_store_error *error)
{
	struct get arg = { key, now, out, about };
	struct zrtp_store_error unwanted;

	memset(out, 0, sizeof(*out));
	if (about) {
		memset(about, 0, sizeof(*about));
	}
	if (!is_label(key->label)) {
		return zrtp_store_fail(error ? error : &unwanted, ZRTP_STORE_INVALID,
				       "the label is too long");
	}
	return zrtp_store_run(store, false, get, &arg, error);
}

enum zrtp_store_status zrtp_store_get(struct zrtp_store *store, const struct zrtp_cache_key *key, int64_t now,
				      struct zrtp_retained *out, struct zrtp_store_error *error)
{
	return zrtp_store_get_about(store, key, now, out, NULL, error);
}

struct put {
	const struct zrtp_cache_key *key;
	int64_t now;
	const struct zrtp_retained *in;
};

static enum zrtp_store_status write_merged(struct zrtp_store *store, struct peer *peer, const struct put *put,
					   struct zrtp_store_error *error)
{
	const uint8_t *own_zid = peer->row.own_zid, *peer_zid = peer->row.peer_zid;
	enum zrtp_store_status status = ZRTP_STORE_OK;
	struct room room = { .enough = true };
	struct pair *pair;
	bool only;

	zrtp_store_merge(peer, put->key->label, put->now, put->in, &pair, &only);
	if (pair && !pair->revision) {
		status = zrtp_store_make_room(store, peer, pair, &room, error);
	}
	if (!status) {
		status = zrtp_store_save(store, peer, room.enough ? pair : NULL, error);
	}
	if (!status && only) {
		status = store->backend->pair_trim(store->be, own_zid, peer_zid, 1, error);
	} else if (!status && room.drops) {
		status = store->backend->pair_drop(store->be, own_zid, peer_zid, room.label, room.revision,
						   error);
	}
	return status;
}

/* Did the call begin with an entry of the peer, or make one? If there is none any more, it
 * was deleted meanwhile, and comes back with the next exchange only. */
static bool had_entry(const struct zrtp_retained *in)
{
	return in->known_since || in->again || in->match != ZRTP_MATCH_NONE;
}

static enum zrtp_store_status put(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct put *put = arg;
	struct peer peer;
	bool makes = true;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, put->key->own_zid, put->key->peer_zid, put->key->label, &peer, error);
	if (status == ZRTP_STORE_UNKNOWN) {
		/* Flags of a secret that is not there any more say nothing. */
		makes = put->in->changed & (ZRTP_CHANGED_SECRET | ZRTP_CHANGED_PBX) && !had_entry(put->in);
		status = ZRTP_STORE_OK;
	} else if (!status && put->in->known_since) {
		/* Another one of the same peer, later than that? An import makes it older at most. */
		makes = peer.row.first_use <= put->in->known_since;
	}
	if (!status && makes) {
		status = write_merged(store, &peer, put, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

enum zrtp_store_status zrtp_store_put(struct zrtp_store *store, const struct zrtp_cache_key *key, int64_t now,
				      const struct zrtp_retained *in, struct zrtp_store_error *error)
{
	struct put arg = { key, now, in };
	struct zrtp_store_error unwanted;

	if (!is_label(key->label) || (in->changed & ZRTP_CHANGED_SECRET && !in->has_rs1)) {
		return zrtp_store_fail(error ? error : &unwanted, ZRTP_STORE_INVALID,
				       "the label is too long, or there is no secret");
	}
	return zrtp_store_run(store, true, put, &arg, error);
}

/* ---- as the engine's cache ---- */

static void tell(const struct zrtp_store_link *link, const struct zrtp_store_error *error)
{
	if (error->status && error->status != ZRTP_STORE_UNKNOWN && link->failed) {
		link->failed(error, link->arg);
	}
}

static int link_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct zrtp_store_link *link = arg;
	struct zrtp_store_error error;
	enum zrtp_store_status status = zrtp_store_get(link->store, key, link->clock(link->arg), out, &error);

	tell(link, &error);
	return status ? -1 : 0;
}

static void link_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	const struct zrtp_store_link *link = arg;
	struct zrtp_store_error error;

	if (zrtp_store_put(link->store, key, link->clock(link->arg), in, &error)) {
		tell(link, &error);
	}
}

struct zrtp_cache zrtp_store_cache(struct zrtp_store_link *link)
{
	return (struct zrtp_cache){ link_get, link_put, link };
}
