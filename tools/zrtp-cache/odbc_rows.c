/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zrtp-cache: the rows of the tables of zrtp-realtime.*.sql, as Asterisk's module writes and reads them. What
 * is not such a row is refused, with its table and key.
 */
#include "odbc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ZID_TEXT = 2 * ZRTP_ZID_SIZE,
	WRITING_MAX = 60 /* seconds; longer than a call takes from the peer's row to the pair's */
};

void odbc_give_zids(struct odbc *be, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	odbc_give_octets(be, own_zid, ZRTP_ZID_SIZE);
	odbc_give_octets(be, peer_zid, ZRTP_ZID_SIZE);
}

/* ---- transactions ---- */

static enum zrtp_store_status begin(void *arg, bool write, struct zrtp_store_error *error)
{
	/* The first statement begins it. */
	(void)write, (void)error;
	odbc_forget_pairs(arg);
	return ZRTP_STORE_OK;
}

static void rollback(void *arg)
{
	struct odbc *be = arg;

	SQLEndTran(SQL_HANDLE_DBC, be->connection, SQL_ROLLBACK);
}

static enum zrtp_store_status commit(void *arg, struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLRETURN code = SQLEndTran(SQL_HANDLE_DBC, be->connection, SQL_COMMIT);

	if (code != SQL_SUCCESS && code != SQL_SUCCESS_WITH_INFO) {
		rollback(be);
		return odbc_fail(be, ZRTP_STORE_IO, error,
				 "the database did not say that it committed: look with check what it has");
	}
	return ZRTP_STORE_OK;
}

/* ---- properties ---- */

/* Its text stays in the first column. */
static enum zrtp_store_status meta_text(struct odbc *be, const char *property, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;

	odbc_give(be, property);
	status = odbc_run(be, META_GET, NULL, error);
	if (!status) {
		status = odbc_next(be, META_GET, error);
		odbc_done(be, META_GET);
	}
	return status;
}

static enum zrtp_store_status meta_get(void *arg, const char *property, uint8_t *value, size_t *len,
				       struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	struct odbc_reading in = { .be = be };
	enum zrtp_store_status status = meta_text(be, property, error);

	if (status) {
		return status;
	}
	*len = odbc_read_octets(&in, "value", value, *len);
	if (in.wrong) {
		return odbc_fail(be, ZRTP_STORE_CORRUPT, error,
				 "table %s_meta, row with property %s: its value is none", be->prefix,
				 property);
	}
	return *len ? ZRTP_STORE_OK : ZRTP_STORE_UNKNOWN;
}

static enum zrtp_store_status meta_set(void *arg, const char *property, const uint8_t *value, size_t len,
				       bool keep, struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	char text[2 * ZRTP_STORE_META_MAX + 1];
	SQLLEN rows = 0;
	enum zrtp_store_status status = len ? meta_text(be, property, error) : ZRTP_STORE_OK;

	if (!len) {
		odbc_give(be, property);
		return odbc_run(be, META_DROP, NULL, error);
	}
	if (status == ZRTP_STORE_UNKNOWN) {
		odbc_give(be, property);
		odbc_give_octets(be, value, len);
		return odbc_run(be, META_INSERT, NULL, error);
	}
	zrtp_store_hex(text, value, len);
	/* Some drivers count no row that has the value already. */
	if (status || keep || !strcmp(text, be->columns[0].text)) {
		return status;
	}
	odbc_give(be, text);
	odbc_give(be, property);
	odbc_give(be, be->columns[0].text);
	status = odbc_run(be, META_UPDATE, &rows, error);
	if (!status && !rows) {
		status = odbc_fail(be, ZRTP_STORE_CONFLICT, error,
				   "another one has changed property %s meanwhile", property);
	}
	return status;
}

enum zrtp_store_status odbc_look(struct odbc *be, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = meta_text(be, "schema", error);
	const char *version = be->columns[0].text;

	if (status == ZRTP_STORE_UNKNOWN) {
		return odbc_fail(be, ZRTP_STORE_INVALID, error,
				 "table %s_meta is not that of zrtp-realtime.*.sql", be->prefix);
	}
	if (status) {
		return status;
	}
	be->has_lines = !strcmp(version, "2");
	if (!be->has_lines && strcmp(version, "1") != 0) {
		return odbc_fail(be, ZRTP_STORE_INVALID, error,
				 "the tables are those of another version, %.8s", version);
	}
	return commit(be, error);
}

/* ---- peers ---- */

static enum zrtp_store_status peer_load(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					struct zrtp_store_peer_row *out, struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	enum zrtp_store_status status;

	odbc_give_zids(be, own_zid, peer_zid);
	status = odbc_run(be, PEER_LOAD, NULL, error);
	if (!status) {
		status = odbc_next(be, PEER_LOAD, error);
		status = status ? status : odbc_read_peer(be, out, error);
		odbc_done(be, PEER_LOAD);
	}
	return status;
}

static void give_peer(struct odbc *be, const struct zrtp_store_peer_row *row)
{
	odbc_give_text(be, row->name);
	odbc_give_text(be, row->endpoints);
	odbc_give_number(be, row->scope);
	odbc_give_octets(be, row->pbx.octets, row->pbx.len);
	odbc_give_octets(be, row->pbx_alternate.octets, row->pbx_alternate.len);
	odbc_give_octets(be, row->aux.octets, row->aux.len);
	odbc_give_number(be, row->first_use);
	odbc_give_number(be, row->last_use);
	odbc_give_number(be, (int64_t)row->revision);
	odbc_give_number(be, (int64_t)row->latest);
}

/* No row was changed: for drivers that do not count one that was the same before, this may be as it should.
 */
static enum zrtp_store_status is_at(struct odbc *be, const struct zrtp_store_peer_row *row, uint64_t expected,
				    struct zrtp_store_error *error)
{
	enum zrtp_store_status status;

	if (row->revision != expected) {
		return odbc_fail(be, ZRTP_STORE_CONFLICT, error, "changed by another process meanwhile");
	}
	odbc_give_zids(be, row->own_zid, row->peer_zid);
	odbc_give_number(be, (int64_t)expected);
	status = odbc_run(be, PEER_IS_AT, NULL, error);
	if (!status) {
		status = odbc_next(be, PEER_IS_AT, error);
		odbc_done(be, PEER_IS_AT);
	}
	return status == ZRTP_STORE_UNKNOWN
		       ? odbc_fail(be, ZRTP_STORE_CONFLICT, error, "changed by another process meanwhile")
		       : status;
}

static enum zrtp_store_status peer_save(void *arg, const struct zrtp_store_peer_row *row, uint64_t expected,
					struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLLEN rows = 0;
	enum zrtp_store_status status;

	odbc_forget_pairs(be);
	if (!expected) {
		odbc_give_zids(be, row->own_zid, row->peer_zid);
		give_peer(be, row);
		return odbc_run(be, PEER_INSERT, NULL, error);
	}
	give_peer(be, row);
	odbc_give_zids(be, row->own_zid, row->peer_zid);
	odbc_give_number(be, (int64_t)expected);
	status = odbc_run(be, PEER_UPDATE, &rows, error);
	return status || rows ? status : is_at(be, row, expected, error);
}

static enum zrtp_store_status peer_drop(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLLEN rows = 0;
	enum zrtp_store_status status;

	odbc_forget_pairs(be);
	/* The peer first: a node that writes a pair now looks for it after that. */
	odbc_give_zids(be, own_zid, peer_zid);
	status = odbc_run(be, PEER_DROP, &rows, error);
	if (!status) {
		odbc_give_zids(be, own_zid, peer_zid);
		status = odbc_run(be, PAIRS_DROP, NULL, error);
	}
	return status || rows ? status : ZRTP_STORE_UNKNOWN;
}

/* The first own ZID after that one ("": of all), in out. */
static enum zrtp_store_status next_own(struct odbc *be, char out[ZID_TEXT + 1],
				       struct zrtp_store_error *error)
{
	enum zrtp_store_status status;

	odbc_give(be, out);
	status = odbc_run(be, OWN_NEXT, NULL, error);
	if (status) {
		return status;
	}
	status = odbc_next(be, OWN_NEXT, error);
	odbc_done(be, OWN_NEXT);
	if (!status && !be->columns[0].text[0]) {
		return ZRTP_STORE_UNKNOWN;
	}
	if (!status && strlen(be->columns[0].text) != ZID_TEXT) {
		return odbc_fail(be, ZRTP_STORE_CORRUPT, error,
				 "table %s_peers, row with own_zid %.24s: that is none", be->prefix,
				 be->columns[0].text);
	}
	if (!status) {
		memcpy(out, be->columns[0].text, ZID_TEXT + 1);
	}
	return status;
}

/* Is it wanted? */
static bool is_listed(const struct zrtp_store_peer_row *row, const char *like)
{
	char zid[ZID_TEXT + 1];

	zrtp_store_hex(zid, row->peer_zid, ZRTP_ZID_SIZE);
	return !like || zrtp_store_like(row->name, like) || zrtp_store_like(zid, like);
}

/* Peers of an own ZID after that of peer, which is moved on. *more: there may be further ones. */
static enum zrtp_store_status list_some(struct odbc *be, const char *own, char peer[ZID_TEXT + 1],
					const char *like, struct zrtp_store_peer_row *out, size_t size,
					size_t *count, bool *more, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;
	unsigned seen = 0;

	odbc_give(be, own);
	odbc_give(be, peer);
	status = odbc_run(be, PEER_LIST, NULL, error);
	while (!status && *count < size) {
		status = odbc_next(be, PEER_LIST, error);
		if (status) {
			break;
		}
		seen++;
		status = odbc_read_peer(be, &out[*count], error);
		if (!status) {
			memcpy(peer, be->columns[1].text, ZID_TEXT + 1);
			*count += is_listed(&out[*count], like);
		}
	}
	odbc_done(be, PEER_LIST);
	be->page.listed = seen && zrtp_store_unhex(be->page.own_zid, ZRTP_ZID_SIZE, own) &&
			  zrtp_store_unhex(be->page.last, ZRTP_ZID_SIZE, peer);
	be->page.read = false;
	*more = seen == ODBC_PAGE || *count == size;
	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

static enum zrtp_store_status peer_list(void *arg, const char *like, const uint8_t *own_zid,
					const uint8_t *peer_zid, struct zrtp_store_peer_row *out, size_t size,
					size_t *count, struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	char own[ZID_TEXT + 1] = "", peer[ZID_TEXT + 1] = "";
	enum zrtp_store_status status = ZRTP_STORE_OK;
	bool more;

	*count = 0;
	if (own_zid) {
		zrtp_store_hex(own, own_zid, ZRTP_ZID_SIZE);
		zrtp_store_hex(peer, peer_zid, ZRTP_ZID_SIZE);
	} else {
		status = next_own(be, own, error);
	}
	while (!status && *count < size) {
		status = list_some(be, own, peer, like, out, size, count, &more, error);
		if (!status && !more) {
			peer[0] = '\0';
			status = next_own(be, own, error);
		}
	}
	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

/* ---- the whole ---- */

static enum zrtp_store_status purge(void *arg, int64_t now, uint64_t *pairs, uint64_t *peers,
				    struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLLEN rows = 0;
	enum zrtp_store_status status;

	odbc_forget_pairs(be);
	odbc_give_number(be, now);
	status = odbc_run(be, PURGE_PAIRS, &rows, error);
	*pairs = (uint64_t)rows;
	if (!status) {
		odbc_give_number(be, now - WRITING_MAX);
		status = odbc_run(be, PURGE_PEERS, &rows, error);
		*peers = (uint64_t)rows;
	}
	return status;
}

const struct zrtp_store_backend odbc_backend = {
	.name = "odbc",
	.close = odbc_close,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.meta_get = meta_get,
	.meta_set = meta_set,
	.peer_load = peer_load,
	.peer_save = peer_save,
	.peer_drop = peer_drop,
	.peer_list = peer_list,
	.pair_load = odbc_pair_load,
	.pair_save = odbc_pair_save,
	.pair_list = odbc_pair_list,
	.pair_trim = odbc_pair_trim,
	.pair_drop = odbc_pair_drop,
	.purge = purge,
};
