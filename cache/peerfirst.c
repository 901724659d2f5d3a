/* SPDX-License-Identifier: BSD-2-Clause */
/* What takes a look at all pairs of a peer: which of its lines was there first, and which
 * pair makes room. */
#include "store.h"

#include <stdlib.h>

enum zrtp_store_status zrtp_store_all_pairs(struct zrtp_store *store, const struct zrtp_store_peer_row *peer,
					    size_t *count, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;
	size_t used;

	if (!store->rows) { /* the store's lock is held */
		store->rows = malloc(ZRTP_STORE_LABELS_MAX * sizeof(*store->rows));
		if (!store->rows) {
			return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
		}
	}
	status = store->backend->pair_list(store->be, peer->own_zid, peer->peer_zid, store->rows,
					   ZRTP_STORE_LABELS_MAX, count, error);
	/* One more: what was read before an error may be in it. */
	used = *count + (*count < ZRTP_STORE_LABELS_MAX);
	store->rows_used = used > store->rows_used ? used : store->rows_used;
	return status;
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

		/* One that is damaged makes its own label's calls fail only. */
		if (!zrtp_store_open_pair(store, peer, &store->rows[i], &pair, error)) {
			peer_take_first(peer, &pair);
		}
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	return status;
}

enum zrtp_store_status zrtp_store_make_room(struct zrtp_store *store, const struct peer *peer,
					    const struct pair *pair, struct room *out,
					    struct zrtp_store_error *error)
{
	unsigned least = peer_values(peer, pair) + 1;
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_all_pairs(store, &peer->row, &count, error);

	memset(out, 0, sizeof(*out));
	out->enough = count < ZRTP_STORE_LABELS_MAX;
	/* The one used least recently is the last. */
	for (size_t i = count; !status && !out->enough && i--;) {
		const struct zrtp_store_pair_row *row = &store->rows[i];
		struct pair other;
		/* One that is damaged is worth nothing. */
		bool opened = !zrtp_store_open_pair(store, peer, row, &other, error);
		unsigned value = opened ? peer_values(peer, &other) : 0;

		OPENSSL_cleanse(&other, sizeof(other));
		if (value < least) {
			least = value;
			out->drops = true;
			memcpy(out->label, row->label, sizeof(out->label));
			out->revision = row->revision;
		}
	}
	out->enough |= out->drops;
	return status;
}
