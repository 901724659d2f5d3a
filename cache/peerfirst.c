/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of a peer's lines was there first: it takes a look at all its pairs. */
#include "store.h"

#include <stdlib.h>

enum zrtp_store_status zrtp_store_all_pairs(struct zrtp_store *store, const struct zrtp_store_peer_row *peer,
					    size_t *count, struct zrtp_store_error *error)
{
	if (!store->rows) { /* the store's lock is held */
		store->rows = malloc(ZRTP_STORE_LABELS_MAX * sizeof(*store->rows));
		if (!store->rows) {
			return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
		}
	}
	return store->backend->pair_list(store->be, peer->own_zid, peer->peer_zid, store->rows,
					 ZRTP_STORE_LABELS_MAX, count, error);
}

/* There was nothing of the peer before: so nothing is older. */
static bool is_certain(const struct peer *peer)
{
	return peer->first.known && peer->first.born <= peer->row.first_use;
}

enum zrtp_store_status zrtp_store_load_first(struct zrtp_store *store, struct peer *peer,
					     struct zrtp_store_error *error)
{
	enum zrtp_store_status status;
	size_t count = 0;

	for (unsigned place = OWN; place < PLACES; place++) {
		if (peer->has[place]) {
			peer_take_first(peer, &peer->pair[place]);
		}
	}
	if (is_certain(peer)) {
		return ZRTP_STORE_OK;
	}
	status = zrtp_store_all_pairs(store, &peer->row, &count, error);
	for (size_t i = 0; !status && i < count && !is_certain(peer); i++) {
		struct pair pair;

		/* One that is damaged hurts its own label's calls only. */
		if (!zrtp_store_open_pair(store, peer, &store->rows[i], &pair, error)) {
			peer_take_first(peer, &pair);
		}
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	return status;
}
