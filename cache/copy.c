/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that one store has into another one: a transaction of the one that is read, and inside it one of the
 * one that is written, which is read back before it is committed.
 */
#include "copy.h"

#include "sized.h"
#include "transfer.h"

#include <stdlib.h>

struct copy {
	struct zrtp_store *to;
	enum zrtp_store_copying how;
	struct zrtp_store *from;
	struct summing read;
	struct zrtp_store_sum written;
	struct record record; /* of a merge */
};

/* ---- what is there already ---- */

static enum zrtp_store_status drop_peer(struct zrtp_store *store, struct peer *peer, void *arg,
					struct zrtp_store_error *error)
{
	(void)arg;
	return store->backend->peer_drop(store->be, peer->row.own_zid, peer->row.peer_zid, error);
}

static enum zrtp_store_status refuse_peers(struct zrtp_store *to, struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row any;
	size_t count = 0;
	enum zrtp_store_status status =
		to->backend->peer_list(to->be, NULL, NULL, NULL, &any, 1, &count, error);

	OPENSSL_cleanse(&any, sizeof(any));
	return status || !count ? status
				: zrtp_store_fail(error, ZRTP_STORE_INVALID,
						  "what to copy to has peers already: nothing was copied");
}

/* The own ZID comes along; another one is never overwritten unasked. */
static enum zrtp_store_status take_own_zid(struct copy *copy, struct zrtp_store_error *error)
{
	struct zrtp_store *from = copy->from, *to = copy->to;
	uint8_t zid[ZRTP_STORE_META_MAX], present[ZRTP_STORE_META_MAX];
	size_t len = sizeof(zid), there = sizeof(present);
	char hex[2 * ZRTP_STORE_META_MAX + 1];
	enum zrtp_store_status status = from->backend->meta_get(from->be, "zid", zid, &len, error);

	if (status) {
		return status == ZRTP_STORE_UNKNOWN
			       ? zrtp_store_fail(error, ZRTP_STORE_UNKNOWN,
						 "what to copy has no own ZID: no PBX has used it")
			       : status;
	}
	status = to->backend->meta_get(to->be, "zid", present, &there, error);
	if (status == ZRTP_STORE_UNKNOWN) {
		there = 0;
	} else if (status) {
		return status;
	}
	if (there && copy->how != ZRTP_COPY_REPLACE && (there != len || memcmp(zid, present, len))) {
		zrtp_store_hex(hex, present, there);
		return zrtp_store_fail(error, ZRTP_STORE_INVALID,
				       "what to copy to has an own ZID already, %s, by which phones know it: "
				       "nothing was copied",
				       hex);
	}
	return to->backend->meta_set(to->be, "zid", zid, len, false, error);
}

/* ---- peer by peer ---- */

/* As it is, sealed with the key of the other store. */
static enum zrtp_store_status write_peer(struct copy *copy, const struct peer *peer, size_t count,
					 struct zrtp_store_error *error)
{
	struct zrtp_store *from = copy->from, *to = copy->to;
	struct peer own = *peer;
	enum zrtp_store_status status = zrtp_store_seal_peer(to, &own, error);

	if (!status) {
		status = to->backend->peer_save(to->be, &own.row, 0, error);
	}
	for (size_t i = 0; !status && i < count; i++) {
		struct zrtp_store_pair_row row;
		struct pair pair;

		status = zrtp_store_open_pair(from, peer, &from->rows[i], &pair, error);
		if (!status) {
			status = zrtp_store_seal_pair(to, &own, &pair, &row, error);
		}
		if (!status) {
			status = to->backend->pair_save(to->be, own.row.own_zid, own.row.peer_zid, &row,
							error);
		}
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	OPENSSL_cleanse(&own, sizeof(own));
	return status;
}

static void record_peer(struct record *record, const struct peer *peer)
{
	const struct zrtp_store_peer_row *row = &peer->row;

	memset(record, 0, sizeof(*record));
	record->join = true;
	memcpy(record->own_zid, row->own_zid, ZRTP_ZID_SIZE);
	memcpy(record->peer_zid, row->peer_zid, ZRTP_ZID_SIZE);
	memcpy(record->name, row->name, sizeof(record->name));
	memcpy(record->endpoints, row->endpoints, sizeof(record->endpoints));
	record->scope = row->scope;
	record->has_pbx = peer->has_pbx;
	record->has_pbx_alternate = peer->has_pbx_alternate;
	memcpy(record->pbx, peer->pbx, sizeof(record->pbx));
	memcpy(record->pbx_alternate, peer->pbx_alternate, sizeof(record->pbx_alternate));
	record->aux_len = peer->aux_len;
	memcpy(record->aux, peer->aux, sizeof(record->aux));
	record->first_use = row->first_use;
	record->last_use = row->last_use;
}

/* With what is there; the pair used last at the end, as a call would write it. */
static enum zrtp_store_status merge_peer(struct copy *copy, const struct peer *peer, size_t count,
					 struct zrtp_store_error *error)
{
	struct record *record = &copy->record;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	record_peer(record, peer);
	if (!count) {
		status = record_write(copy->to, record, error);
	}
	while (!status && count--) {
		record->has_pair = true;
		status = zrtp_store_open_pair(copy->from, peer, &copy->from->rows[count], &record->pair,
					      error);
		record->pair.revision = 0;
		if (!status) {
			status = record_write(copy->to, record, error);
		}
	}
	OPENSSL_cleanse(record, sizeof(*record));
	return status;
}

static enum zrtp_store_status copy_peer(struct zrtp_store *from, struct peer *peer, void *arg,
					struct zrtp_store_error *error)
{
	struct copy *copy = arg;
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_all_pairs(from, &peer->row, &count, error);

	if (!status) {
		status = summing_add(&copy->read, from, peer, count, error);
	}
	if (status) {
		return status;
	}
	return copy->how == ZRTP_COPY_MERGE ? merge_peer(copy, peer, count, error)
					    : write_peer(copy, peer, count, error);
}

/* ---- the whole ---- */

static enum zrtp_store_status write_all(struct copy *copy, struct zrtp_store_error *error)
{
	struct zrtp_store *to = copy->to;
	enum zrtp_store_status status = take_own_zid(copy, error);

	if (!status && copy->how == ZRTP_COPY_REPLACE) {
		status = zrtp_store_each_peer(to, drop_peer, NULL, error);
	} else if (!status && copy->how == ZRTP_COPY_ADD) {
		status = refuse_peers(to, error);
	}
	if (!status) {
		status = zrtp_store_each_peer(copy->from, copy_peer, copy, error);
	}
	if (!status) {
		status = summing_finish(&copy->read, copy->from, error);
	}
	if (!status) {
		status = zrtp_store_note_copy(to, error);
	}
	return status ? status : summing_all(to, &copy->written, error);
}

/* Inside both transactions. A database may cut what it has no room for. */
static enum zrtp_store_status write_and_compare(struct zrtp_store *to, void *arg,
						struct zrtp_store_error *error)
{
	struct copy *copy = arg;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	(void)to;
	if (!summing_begin(&copy->read)) {
		status = zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto failed to make a digest");
	}
	if (!status) {
		status = write_all(copy, error);
	}
	if (!status && copy->how != ZRTP_COPY_MERGE &&
	    memcmp(copy->written.digest, copy->read.sum.digest, sizeof(copy->written.digest))) {
		status = zrtp_store_fail(error, ZRTP_STORE_CORRUPT,
					 "what was read back is not what was written: nothing was copied");
	}
	summing_end(&copy->read);
	return status;
}

static enum zrtp_store_status copy_all(struct zrtp_store *from, void *arg, struct zrtp_store_error *error)
{
	struct copy *copy = arg;
	enum zrtp_store_status status = zrtp_store_run(copy->to, true, write_and_compare, copy, error);

	(void)from;
	/* It was tried again already. */
	return status == ZRTP_STORE_CONFLICT ? ZRTP_STORE_BUSY : status;
}

enum zrtp_store_status zrtp_store_copy_sized(struct zrtp_store *from, struct zrtp_store *to,
					     enum zrtp_store_copying how, struct zrtp_store_sum *out,
					     size_t out_size, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct copy *copy = from == to ? NULL : calloc(1, sizeof(*copy));
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (from == to) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "a store cannot be copied to itself");
	}
	if (!copy) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	copy->from = from;
	copy->to = to;
	copy->how = how;
	status = zrtp_store_run(from, false, copy_all, copy, error);
	if (!status) {
		status = zrtp_store_flush(to, error);
	}
	if (!status && how == ZRTP_COPY_REPLACE) {
		zrtp_store_erase(to, true);
	}
	zrtp_sized_give(out, out_size, &copy->written, sizeof(copy->written));
	OPENSSL_cleanse(copy, sizeof(*copy));
	free(copy);
	return status;
}
