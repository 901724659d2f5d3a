/* SPDX-License-Identifier: BSD-2-Clause */
/* What people see of a store: one peer, a page of peers, the labels of one. */
#include "admin.h"

#include "sized.h"

#include <stdlib.h>

static enum zrtp_store_status describe(struct zrtp_store *store, const struct zrtp_store_peer_row *row,
				       void *theirs, size_t size, struct zrtp_store_error *error)
{
	struct zrtp_store_peer own = { .labels = 0 }, *out = &own;
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_check_row(row, error);

	if (!status) {
		status = zrtp_store_all_pairs(store, row, &count, error);
	}
	if (status) {
		return status;
	}
	memcpy(out->own_zid, row->own_zid, ZRTP_ZID_SIZE);
	memcpy(out->peer_zid, row->peer_zid, ZRTP_ZID_SIZE);
	memcpy(out->name, row->name, sizeof(out->name));
	memcpy(out->endpoints, row->endpoints, sizeof(out->endpoints));
	zrtp_store_printable(out->name);
	zrtp_store_printable(out->endpoints);
	out->scope = (enum zrtp_store_scope)row->scope;
	out->has_pbx = row->pbx.len;
	out->has_pbx_alternate = row->pbx_alternate.len;
	out->has_aux = row->aux.len;
	out->labels = (unsigned)count;
	out->first_use = row->first_use;
	out->last_use = row->last_use;
	if (count) {
		out->verified = store->rows[0].verified;
		out->expires = store->rows[0].expires;
	}
	zrtp_sized_give(theirs, size, &own, sizeof(own));
	return ZRTP_STORE_OK;
}

struct find {
	const uint8_t *own_zid, *peer_zid;
	struct zrtp_store_peer *out;
	size_t out_size;
};

static enum zrtp_store_status find(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct find *find = arg;
	struct zrtp_store_peer_row row;
	enum zrtp_store_status status;

	memset(&row, 0, sizeof(row));
	status = store->backend->peer_load(store->be, find->own_zid, find->peer_zid, &row, error);
	return status ? status : describe(store, &row, find->out, find->out_size, error);
}

enum zrtp_store_status zrtp_store_find_sized(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					     const uint8_t peer_zid[ZRTP_ZID_SIZE],
					     struct zrtp_store_peer *out, size_t out_size,
					     struct zrtp_store_error *error)
{
	struct find arg = { own_zid, peer_zid, out, out_size };

	return zrtp_store_run(store, false, find, &arg, error);
}

struct list {
	const char *like;
	const struct zrtp_store_peer *after;
	uint8_t *out; /* of peer_size each */
	size_t peer_size;
	struct zrtp_store_peer_row *rows;
	size_t size, *count;
};

static enum zrtp_store_status list(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct list *list = arg;
	const uint8_t *own_zid = list->after ? list->after->own_zid : NULL;
	const uint8_t *peer_zid = list->after ? list->after->peer_zid : NULL;
	enum zrtp_store_status status;

	status = store->backend->peer_list(store->be, list->like, own_zid, peer_zid, list->rows, list->size,
					   list->count, error);
	for (size_t i = 0; !status && i < *list->count; i++) {
		status = describe(store, &list->rows[i], list->out + i * list->peer_size, list->peer_size,
				  error);
	}
	return status;
}

enum zrtp_store_status zrtp_store_list_sized(struct zrtp_store *store, const char *like,
					     const struct zrtp_store_peer *after, struct zrtp_store_peer *out,
					     size_t peer_size, size_t size, size_t *count,
					     struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct list arg = { like, after, (uint8_t *)out, peer_size, NULL, size, count };
	enum zrtp_store_status status;

	*count = 0;
	if (!size || (like && strlen(like) >= ZRTP_STORE_PATTERN_SIZE)) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "no room for a page, or the pattern is too long");
	}
	arg.rows = malloc(size * sizeof(*arg.rows));
	if (!arg.rows) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = zrtp_store_run(store, false, list, &arg, error);
	OPENSSL_cleanse(arg.rows, size * sizeof(*arg.rows));
	free(arg.rows);
	return status;
}

struct labels {
	const uint8_t *own_zid, *peer_zid;
	uint8_t *out; /* of label_size each */
	size_t label_size, size, *count;
};

static enum zrtp_store_status labels(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct labels *labels = arg;
	struct zrtp_store_peer_row row;
	enum zrtp_store_status status;

	memset(&row, 0, sizeof(row));
	status = store->backend->peer_load(store->be, labels->own_zid, labels->peer_zid, &row, error);
	if (!status) {
		status = zrtp_store_all_pairs(store, &row, labels->count, error);
	}
	for (size_t i = 0; !status && i < *labels->count && i < labels->size; i++) {
		const struct zrtp_store_pair_row *pair = &store->rows[i];
		struct zrtp_store_label own = { .has_rs2 = pair->rs2.len,
						.verified = pair->verified,
						.preshared_count = pair->preshared_count,
						.last_use = pair->last_use,
						.expires = pair->expires };

		memcpy(own.label, pair->label, sizeof(own.label));
		zrtp_store_printable(own.label);
		zrtp_sized_give(labels->out + i * labels->label_size, labels->label_size, &own, sizeof(own));
	}
	return status;
}

enum zrtp_store_status zrtp_store_labels_sized(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					       const uint8_t peer_zid[ZRTP_ZID_SIZE],
					       struct zrtp_store_label *out, size_t label_size, size_t size,
					       size_t *count, struct zrtp_store_error *error)
{
	struct labels arg = { own_zid, peer_zid, (uint8_t *)out, label_size, size, count };

	*count = 0;
	return zrtp_store_run(store, false, labels, &arg, error);
}
