/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with all peers of a store: purge, rekey, check. */
#include "admin.h"

#include <stdlib.h>

/* Peers at a time in what goes through all of them. */
enum { PAGE = 64 };

struct purge {
	int64_t now;
	uint64_t pairs, peers;
	bool erase;
};

static enum zrtp_store_status purge(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct purge *purge = arg;
	enum zrtp_store_status status =
		store->backend->purge(store->be, purge->now, &purge->pairs, &purge->peers, error);
	bool more = purge->pairs >= STORE_PURGE_MAX || purge->peers >= STORE_PURGE_MAX;

	/* Once, when all of it is removed. */
	purge->erase = !status && !more && (store->unerased || purge->pairs || purge->peers);
	store->unerased = (store->unerased || more) && !purge->erase;
	return status;
}

enum zrtp_store_status zrtp_store_purge(struct zrtp_store *store, int64_t now, uint64_t *pairs,
					uint64_t *peers, struct zrtp_store_error *error)
{
	struct purge arg = { .now = now };
	enum zrtp_store_status status = zrtp_store_run(store, true, purge, &arg, error);

	if (!status && arg.erase) {
		zrtp_store_erase(store, false);
	}
	if (!status && pairs) {
		*pairs = arg.pairs;
	}
	if (!status && peers) {
		*peers = arg.peers;
	}
	return status;
}

static enum zrtp_store_status visit_page(struct zrtp_store *store, struct zrtp_store_peer_row *rows,
					 size_t count, zrtp_store_visit each, void *arg,
					 struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	for (size_t i = 0; !status && i < count; i++) {
		struct peer peer;

		memset(&peer, 0, sizeof(peer));
		peer.row = rows[i];
		status = zrtp_store_open_peer(store, &peer, error);
		if (!status) {
			status = each(store, &peer, arg, error);
		}
		OPENSSL_cleanse(&peer, sizeof(peer));
	}
	return status;
}

enum zrtp_store_status zrtp_store_each_peer(struct zrtp_store *store, zrtp_store_visit each, void *arg,
					    struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row *rows = malloc(PAGE * sizeof(*rows)), last;
	enum zrtp_store_status status = ZRTP_STORE_OK;
	size_t count = 0;
	bool first = true;

	if (!rows) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	do {
		status = store->backend->peer_list(store->be, NULL, first ? NULL : last.own_zid,
						   first ? NULL : last.peer_zid, rows, PAGE, &count, error);
		if (!status && count) {
			last = rows[count - 1];
			first = false;
			status = visit_page(store, rows, count, each, arg, error);
		}
	} while (!status && count == PAGE);
	OPENSSL_cleanse(rows, PAGE * sizeof(*rows));
	free(rows);
	return status;
}

/* as: a store with the key to seal with. */
static enum zrtp_store_status rekey_peer(struct zrtp_store *store, struct peer *peer, void *arg,
					 struct zrtp_store_error *error)
{
	const struct zrtp_store *as = arg;
	size_t count;
	enum zrtp_store_status status = zrtp_store_seal_peer(as, peer, error);

	if (!status) {
		status = store->backend->peer_save(store->be, &peer->row, peer->row.revision, error);
	}
	return status ? status : zrtp_store_reseal_pairs(store, peer, NULL, as, &count, error);
}

static enum zrtp_store_status rekey(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store *as = arg;
	enum zrtp_store_status status = zrtp_store_make_check(as, error);

	if (!status) {
		status = zrtp_store_each_peer(store, rekey_peer, as, error);
	}
	return status ? status
		      : store->backend->meta_set(store->be, "key", as->check, as->check_len, false, error);
}

enum zrtp_store_status zrtp_store_rekey(struct zrtp_store *store, const struct zrtp_store_key *key,
					struct zrtp_store_error *error)
{
	struct zrtp_store as = { .sealed = key != NULL };
	enum zrtp_store_status status;

	if (key) {
		as.key = *key;
	}
	status = zrtp_store_run(store, true, rekey, &as, error);
	if (!status) {
		pthread_mutex_lock(&store->lock);
		store->sealed = as.sealed;
		store->key = as.key;
		memcpy(store->check, as.check, sizeof(store->check));
		store->check_len = as.check_len;
		pthread_mutex_unlock(&store->lock);
		zrtp_store_erase(store, true);
	}
	OPENSSL_cleanse(&as, sizeof(as));
	return status;
}

struct check {
	uint64_t peers, pairs;
};

static enum zrtp_store_status check_peer(struct zrtp_store *store, struct peer *peer, void *arg,
					 struct zrtp_store_error *error)
{
	struct check *check = arg;
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_all_pairs(store, &peer->row, &count, error);

	for (size_t i = 0; !status && i < count; i++) {
		struct pair pair;

		status = zrtp_store_open_pair(store, peer, &store->rows[i], &pair, error);
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	check->peers++;
	check->pairs += count;
	return status;
}

static enum zrtp_store_status check(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	memset(arg, 0, sizeof(struct check));
	if (store->backend->check) {
		status = store->backend->check(store->be, error);
	}
	return status ? status : zrtp_store_each_peer(store, check_peer, arg, error);
}

enum zrtp_store_status zrtp_store_check(struct zrtp_store *store, uint64_t *peers, uint64_t *pairs,
					struct zrtp_store_error *error)
{
	struct check arg = { 0, 0 };
	enum zrtp_store_status status = zrtp_store_run(store, false, check, &arg, error);

	if (!status && peers) {
		*peers = arg.peers;
	}
	if (!status && pairs) {
		*pairs = arg.pairs;
	}
	return status;
}
