/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of an import become part of what there is. */
#include "transfer.h"

#include <stdlib.h>

struct batch *batch_new(struct zrtp_store *store, struct zrtp_store_error *error)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch) {
		zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
		return NULL;
	}
	batch->store = store;
	return batch;
}

void batch_free(struct batch *batch)
{
	if (batch) {
		OPENSSL_cleanse(batch, sizeof(*batch));
		free(batch);
	}
}

static bool same(const uint8_t *a, const uint8_t *b)
{
	return CRYPTO_memcmp(a, b, ZRTP_SECRET_SIZE) == 0;
}

static void merge_pbx(struct peer *peer, const struct record *in)
{
	if (in->has_pbx && !peer->has_pbx) {
		peer->has_pbx = true;
		memcpy(peer->pbx, in->pbx, sizeof(peer->pbx));
	} else if (in->has_pbx && !peer->has_pbx_alternate && !same(peer->pbx, in->pbx)) {
		peer->has_pbx_alternate = true;
		memcpy(peer->pbx_alternate, in->pbx, sizeof(peer->pbx_alternate));
	}
	if (in->has_pbx_alternate && !peer->has_pbx_alternate && !same(peer->pbx, in->pbx_alternate)) {
		peer->has_pbx_alternate = true;
		memcpy(peer->pbx_alternate, in->pbx_alternate, sizeof(peer->pbx_alternate));
	}
}

static void merge_peer(struct peer *peer, const struct record *in, bool anew)
{
	struct zrtp_store_peer_row *row = &peer->row;

	if (!*row->name) {
		memcpy(row->name, in->name, sizeof(row->name));
	}
	if (!peer->has_pbx) {
		memcpy(row->endpoints, in->endpoints, sizeof(row->endpoints));
	}
	if (anew || (in->join && row->scope == ZRTP_SCOPE_UNKNOWN)) {
		row->scope = in->scope;
	}
	if (!peer->aux_len) {
		peer->aux_len = in->aux_len;
		memcpy(peer->aux, in->aux, sizeof(peer->aux));
	}
	if (!row->first_use || (in->first_use && in->first_use < row->first_use)) {
		row->first_use = in->first_use;
	}
	if (in->last_use > row->last_use) {
		row->last_use = in->last_use;
	}
	merge_pbx(peer, in);
}

/* Two pairs of one moment, as of a peer that others know under two URIs: which of
 * them it will use is not known. */
static bool merge_twin(struct pair *own, const struct pair *in)
{
	struct line *line = &own->lines.line[0];

	if (own->last_use != in->last_use || same(own->rs1, in->rs1) ||
	    (own->has_rs2 && same(own->rs2, in->rs1))) {
		return false;
	}
	line->twin = in->lines.line[0].newest;
	line->twin.generation = line->newest.generation;
	line->peer_mitm = false;
	line->verified &= in->verified;
	return true;
}

/* A pair of an import beside what there is. False: nothing to write. */
static bool merge_pair(struct peer *peer, const struct pair *in, bool join)
{
	struct pair *own = &peer->pair[OWN];

	if (peer->has[OWN] && join) {
		lines_join(&own->lines, &in->lines);
		own->last_use = in->last_use > own->last_use ? in->last_use : own->last_use;
	} else if (!peer->has[OWN] || own->last_use < in->last_use) {
		*own = *in;
	} else if (!merge_twin(own, in)) {
		return false; /* used since */
	}
	peer->has[OWN] = true;
	pair_settle(own);
	return true;
}

enum zrtp_store_status record_write(struct zrtp_store *store, struct record *in,
				    struct zrtp_store_error *error)
{
	struct peer peer;
	bool with_pair = in->has_pair;
	struct room room = { .enough = true };
	enum zrtp_store_status status;

	status = zrtp_store_load(store, in->own_zid, in->peer_zid, in->has_pair ? in->pair.label : NULL,
				 &peer, error);
	if (!status || status == ZRTP_STORE_UNKNOWN) {
		merge_peer(&peer, in, status == ZRTP_STORE_UNKNOWN);
		status = ZRTP_STORE_OK;
	}
	if (with_pair) {
		pair_complete(&in->pair);
		with_pair = merge_pair(&peer, &in->pair, in->join);
	}
	if (!status && with_pair && !peer.pair[OWN].revision) {
		status = zrtp_store_make_room(store, &peer, &peer.pair[OWN], &room, error);
	}
	if (!status) {
		status = zrtp_store_save(store, &peer, with_pair && room.enough ? &peer.pair[OWN] : NULL,
					 error);
	}
	if (!status && room.drops) {
		status = store->backend->pair_drop(store->be, in->own_zid, in->peer_zid, room.label,
						   room.revision, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

static enum zrtp_store_status write_all(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct batch *batch = arg;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	for (size_t i = 0; !status && i < batch->used; i++) {
		status = record_write(store, &batch->records[i], error);
	}
	return status;
}

enum zrtp_store_status batch_write(struct batch *batch, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (batch->used) {
		status = zrtp_store_run(batch->store, true, write_all, batch, error);
	}
	if (!status) {
		batch->count += batch->used;
		batch->used = 0;
	}
	return status;
}

struct record *batch_next(struct batch *batch, struct zrtp_store_error *error)
{
	struct record *record;

	if (batch->used == BATCH && batch_write(batch, error)) {
		return NULL;
	}
	record = &batch->records[batch->used++];
	memset(record, 0, sizeof(*record));
	return record;
}

void batch_discard(struct batch *batch)
{
	batch->used--;
}
