/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer with the pairs that concern one label: loaded and opened, sealed and saved. */
#include "store.h"

#include <stdlib.h>

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
