/* SPDX-License-Identifier: BSD-2-Clause */
/* What people see of a store: one peer, a page of peers, the labels of one. */
#include "admin.h"

#include <stdlib.h>

static enum zrtp_store_status describe(struct zrtp_store *store, const struct zrtp_store_peer_row *row,
				       struct zrtp_store_peer *out, struct zrtp_store_error *error)
{
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_check_row(row, error);

	if (!status) {
		status = zrtp_store_all_pairs(store, row, &count, error);
	}
	if (status) {
		return status;
	}
	memset(out, 0, sizeof(*out));
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
	return ZRTP_STORE_OK;
}

struct find {
	const uint8_t *own_zid, *peer_zid;
	struct zrtp_store_peer *out;
};

static enum zrtp_store_status find(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct find *find = arg;
	struct zrtp_store_peer_row row;
	enum zrtp_store_status status;

	memset(&row, 0, sizeof(row));
	status = store->backend->peer_load(store->be, find->own_zid, find->peer_zid, &row, error);
	return status ? status : describe(store, &row, find->out, error);
}

enum zrtp_store_status zrtp_store_find(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
				       const uint8_t peer_zid[ZRTP_ZID_SIZE], struct zrtp_store_peer *out,
				       struct zrtp_store_error *error)
{
	struct find arg = { own_zid, peer_zid, out };

	return zrtp_store_run(store, false, find, &arg, error);
}

struct list {
	const char *like;
	const struct zrtp_store_peer *after;
	struct zrtp_store_peer *out;
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
		status = describe(store, &list->rows[i], &list->out[i], error);
	}
	return status;
}

enum zrtp_store_status zrtp_store_list(struct zrtp_store *store, const char *like,
				       const struct zrtp_store_peer *after, struct zrtp_store_peer *out,
				       size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct list arg = { like, after, out, NULL, size, count };
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
	struct zrtp_store_label *out;
	size_t size, *count;
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
		struct zrtp_store_label *out = &labels->out[i];

		memcpy(out->label, pair->label, sizeof(out->label));
		zrtp_store_printable(out->label);
		out->has_rs2 = pair->rs2.len;
		out->verified = pair->verified;
		out->preshared_count = pair->preshared_count;
		out->last_use = pair->last_use;
		out->expires = pair->expires;
	}
	return status;
}

enum zrtp_store_status zrtp_store_labels(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					 const uint8_t peer_zid[ZRTP_ZID_SIZE], struct zrtp_store_label *out,
					 size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct labels arg = { own_zid, peer_zid, out, size, count };

	*count = 0;
	return zrtp_store_run(store, false, labels, &arg, error);
}
