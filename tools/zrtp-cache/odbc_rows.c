/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zrtp-cache: the rows of the tables of zrtp-realtime.*.sql, as Asterisk's module writes and reads them. What
 * is not such a row is refused, with its table and key.
 */
#include "odbc.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ZID_TEXT = 2 * ZRTP_ZID_SIZE,
	WRITING_MAX = 60 /* seconds; longer than a call takes from the peer's row to the pair's */
};

/* ---- columns ---- */

/* A row in the columns of be: what is read of it, and the first column that is wrong. */
struct reading {
	const struct odbc *be;
	unsigned at;
	const char *wrong;
};

static const char *column(struct reading *in, const char *name)
{
	const struct odbc_field *field = &in->be->columns[in->at++];

	if (field->len >= ODBC_TEXT || field->len == SQL_NO_TOTAL) {
		in->wrong = in->wrong ? in->wrong : name;
	}
	return field->text;
}

static void must(struct reading *in, bool right, const char *name)
{
	if (!right && !in->wrong) {
		in->wrong = name;
	}
}

/* Digits as we write them: another one finds no row by others. */
static void read_zid(struct reading *in, const char *name, uint8_t out[ZRTP_ZID_SIZE])
{
	const char *text = column(in, name);

	must(in,
	     strlen(text) == ZID_TEXT && strspn(text, "0123456789abcdef") == ZID_TEXT &&
		     zrtp_store_unhex(out, ZRTP_ZID_SIZE, text),
	     name);
}

static void read_text(struct reading *in, const char *name, char *out, size_t size)
{
	must(in, zrtp_store_unescape(out, size, column(in, name)), name);
}

static int64_t read_number(struct reading *in, const char *name, int64_t least, int64_t most)
{
	const char *text = column(in, name);
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	must(in, *text && !*end && !errno && number >= least && number <= most, name);
	return number;
}

static size_t read_octets(struct reading *in, const char *name, uint8_t *out, size_t size)
{
	const char *text = column(in, name);
	size_t len = strlen(text) / 2;

	must(in, strlen(text) % 2 == 0 && len <= size && zrtp_store_unhex(out, len <= size ? len : 0, text),
	     name);
	return in->wrong ? 0 : len;
}

static void read_cell(struct reading *in, const char *name, struct zrtp_store_cell *out)
{
	out->len = (uint8_t)read_octets(in, name, out->octets, sizeof(out->octets));
}

static enum zrtp_store_status read_peer(const struct odbc *be, struct zrtp_store_peer_row *out,
					struct zrtp_store_error *error)
{
	struct reading in = { .be = be };

	memset(out, 0, sizeof(*out));
	read_zid(&in, "own_zid", out->own_zid);
	read_zid(&in, "peer_zid", out->peer_zid);
	read_text(&in, "name", out->name, sizeof(out->name));
	read_text(&in, "endpoints", out->endpoints, sizeof(out->endpoints));
	out->scope = (unsigned)read_number(&in, "scope", 0, ZRTP_SCOPE_COUNT - 1);
	read_cell(&in, "pbx", &out->pbx);
	read_cell(&in, "pbx_alternate", &out->pbx_alternate);
	read_cell(&in, "aux", &out->aux);
	out->first_use = read_number(&in, "first_use", INT64_MIN, INT64_MAX);
	out->last_use = read_number(&in, "last_use", INT64_MIN, INT64_MAX);
	out->revision = (uint64_t)read_number(&in, "revision", 1, INT64_MAX);
	out->latest = (uint64_t)read_number(&in, "latest", 0, INT64_MAX);
	if (in.wrong) {
		return odbc_fail(be, ZRTP_STORE_CORRUPT, error,
				 "table %s_peers, row with own_zid %.24s and peer_zid %.24s: its %s is none",
				 be->prefix, be->columns[0].text, be->columns[1].text, in.wrong);
	}
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status read_pair(const struct odbc *be, const uint8_t *own_zid,
					const uint8_t *peer_zid, struct zrtp_store_pair_row *out,
					struct zrtp_store_error *error)
{
	struct reading in = { .be = be };
	char own[ZID_TEXT + 1], peer[ZID_TEXT + 1];

	memset(out, 0, sizeof(*out));
	read_text(&in, "label", out->label, sizeof(out->label));
	read_cell(&in, "rs1", &out->rs1);
	read_cell(&in, "rs2", &out->rs2);
	out->verified = read_number(&in, "verified", 0, 1);
	out->preshared_count = (uint32_t)read_number(&in, "preshared_count", 0, UINT32_MAX);
	out->last_use = read_number(&in, "last_use", INT64_MIN, INT64_MAX);
	out->expires = read_number(&in, "expires", INT64_MIN, INT64_MAX);
	out->revision = (uint64_t)read_number(&in, "revision", 0, INT64_MAX);
	if (be->has_lines) {
		out->lines.len =
			(uint16_t)read_octets(&in, "line_data", out->lines.octets, sizeof(out->lines.octets));
	}
	if (in.wrong) {
		zrtp_store_hex(own, own_zid, ZRTP_ZID_SIZE);
		zrtp_store_hex(peer, peer_zid, ZRTP_ZID_SIZE);
		return odbc_fail(
			be, ZRTP_STORE_CORRUPT, error,
			"table %s_pairs, row with own_zid %s, peer_zid %s and label %.128s: its %s is none",
			be->prefix, own, peer, be->columns[0].text, in.wrong);
	}
	return ZRTP_STORE_OK;
}

static void give_zids(struct odbc *be, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	odbc_give_octets(be, own_zid, ZRTP_ZID_SIZE);
	odbc_give_octets(be, peer_zid, ZRTP_ZID_SIZE);
}

/* ---- transactions ---- */

static enum zrtp_store_status begin(void *arg, bool write, struct zrtp_store_error *error)
{
	/* The first statement begins it. */
	(void)arg, (void)write, (void)error;
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
	struct reading in = { .be = be };
	enum zrtp_store_status status = meta_text(be, property, error);

	if (status) {
		return status;
	}
	*len = read_octets(&in, "value", value, *len);
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
	if (status || keep) {
		return status;
	}
	odbc_give_octets(be, value, len);
	odbc_give(be, property);
	return odbc_run(be, META_UPDATE, NULL, error);
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

	give_zids(be, own_zid, peer_zid);
	status = odbc_run(be, PEER_LOAD, NULL, error);
	if (!status) {
		status = odbc_next(be, PEER_LOAD, error);
		status = status ? status : read_peer(be, out, error);
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
	give_zids(be, row->own_zid, row->peer_zid);
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

	if (!expected) {
		give_zids(be, row->own_zid, row->peer_zid);
		give_peer(be, row);
		return odbc_run(be, PEER_INSERT, NULL, error);
	}
	give_peer(be, row);
	give_zids(be, row->own_zid, row->peer_zid);
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

	/* The peer first: a node that writes a pair now looks for it after that. */
	give_zids(be, own_zid, peer_zid);
	status = odbc_run(be, PEER_DROP, &rows, error);
	if (!status) {
		give_zids(be, own_zid, peer_zid);
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
		status = read_peer(be, &out[*count], error);
		if (!status) {
			memcpy(peer, be->columns[1].text, ZID_TEXT + 1);
			*count += is_listed(&out[*count], like);
		}
	}
	odbc_done(be, PEER_LIST);
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

/* ---- pairs ---- */

static enum zrtp_store_status pair_load(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					const char *label, struct zrtp_store_pair_row *out,
					struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	enum zrtp_store_status status;

	give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, label);
	status = odbc_run(be, PAIR_LOAD, NULL, error);
	if (!status) {
		status = odbc_next(be, PAIR_LOAD, error);
		status = status ? status : read_pair(be, own_zid, peer_zid, out, error);
		odbc_done(be, PAIR_LOAD);
	}
	return status;
}

static void give_pair(struct odbc *be, const struct zrtp_store_pair_row *row)
{
	odbc_give_octets(be, row->rs1.octets, row->rs1.len);
	odbc_give_octets(be, row->rs2.octets, row->rs2.len);
	odbc_give_number(be, row->verified);
	odbc_give_number(be, row->preshared_count);
	odbc_give_number(be, row->last_use);
	odbc_give_number(be, row->expires);
	odbc_give_number(be, (int64_t)row->revision);
	if (be->has_lines) {
		odbc_give_octets(be, row->lines.octets, row->lines.len);
	}
}

/* Its peer's row was written in this transaction, which keeps others from both. */
static enum zrtp_store_status pair_save(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					const struct zrtp_store_pair_row *row, struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLLEN rows = 0;
	enum zrtp_store_status status;

	give_pair(be, row);
	give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, row->label);
	status = odbc_run(be, PAIR_UPDATE, &rows, error);
	if (status || rows) {
		return status;
	}
	give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, row->label);
	give_pair(be, row);
	return odbc_run(be, PAIR_INSERT, NULL, error);
}

static enum zrtp_store_status pair_list(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					struct zrtp_store_pair_row *out, size_t size, size_t *count,
					struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	enum zrtp_store_status status;

	*count = 0;
	give_zids(be, own_zid, peer_zid);
	status = odbc_run(be, PAIR_LIST, NULL, error);
	while (!status && *count < size) {
		status = odbc_next(be, PAIR_LIST, error);
		status = status ? status : read_pair(be, own_zid, peer_zid, &out[*count], error);
		*count += !status;
	}
	odbc_done(be, PAIR_LIST);
	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

static enum zrtp_store_status pair_drop(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					const char *label, uint64_t revision, struct zrtp_store_error *error)
{
	struct odbc *be = arg;

	give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, label);
	odbc_give_number(be, (int64_t)revision);
	return odbc_run(be, PAIR_DROP, NULL, error);
}

static enum zrtp_store_status pair_trim(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					size_t keep, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row *rows = calloc(ZRTP_STORE_LABELS_MAX, sizeof(*rows));
	struct odbc *be = arg;
	size_t count = 0;
	enum zrtp_store_status status;

	if (!rows) {
		return odbc_fail(be, ZRTP_STORE_NO_MEMORY, error, "out of memory");
	}
	status = pair_list(be, own_zid, peer_zid, rows, ZRTP_STORE_LABELS_MAX, &count, error);
	for (size_t i = keep; !status && i < count; i++) {
		status = pair_drop(be, own_zid, peer_zid, rows[i].label, rows[i].revision, error);
	}
	free(rows);
	return status;
}

static enum zrtp_store_status purge(void *arg, int64_t now, uint64_t *pairs, uint64_t *peers,
				    struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLLEN rows = 0;
	enum zrtp_store_status status;

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
	.pair_load = pair_load,
	.pair_save = pair_save,
	.pair_list = pair_list,
	.pair_trim = pair_trim,
	.pair_drop = pair_drop,
	.purge = purge,
};
