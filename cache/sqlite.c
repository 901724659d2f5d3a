/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end on SQLite: any number of processes at once. A commit is on the
 * disk when it returns (WAL, synchronous=FULL). What opens, makes and sets aside
 * the file is in sqlite_open.c.
 */
#include "sqlite.h"

enum statement {
	BEGIN_READ,
	BEGIN_WRITE,
	COMMIT,
	ROLLBACK,
	META_GET,
	META_SET,
	META_ANEW,
	META_DROP,
	PEER_LOAD,
	PEER_SAVE,
	PEER_DROP,
	PEER_LIST,
	PAIR_LOAD,
	PAIR_SAVE,
	PAIR_LIST,
	PAIR_TRIM,
	PAIR_DROP,
	PAIRS_DROP,
	PURGE_PAIRS,
	PURGE_PEERS,
	STATEMENTS
};

#define PEER_COLUMNS                                                                                         \
	"own_zid, peer_zid, name, scope, pbx, pbx_alternate, aux, first_use, last_use, revision, latest,"    \
	" endpoints"
#define PAIR_COLUMNS "label, rs1, rs2, verified, preshared_count, last_use, expires, revision, lines"

static const char *const sql[STATEMENTS] = {
	[BEGIN_READ] = "BEGIN",
	[BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[META_GET] = "SELECT value FROM meta WHERE property = ?1",
	[META_SET] = "REPLACE INTO meta (property, value) VALUES (?1, ?2)",
	[META_ANEW] = "INSERT OR IGNORE INTO meta (property, value) VALUES (?1, ?2)",
	[META_DROP] = "DELETE FROM meta WHERE property = ?1",
	[PEER_LOAD] = "SELECT " PEER_COLUMNS " FROM peer WHERE own_zid = ?1 AND peer_zid = ?2",
	[PEER_SAVE] = "REPLACE INTO peer (" PEER_COLUMNS
		      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[PEER_DROP] = "DELETE FROM peer WHERE own_zid = ?1 AND peer_zid = ?2",
	[PEER_LIST] = "SELECT " PEER_COLUMNS " FROM peer WHERE (own_zid, peer_zid) > (?1, ?2)"
		      " AND (?3 IS NULL OR name LIKE ?3 OR hex(peer_zid) LIKE ?3)"
		      " ORDER BY own_zid, peer_zid LIMIT ?4",
	[PAIR_LOAD] = "SELECT " PAIR_COLUMNS " FROM pair WHERE own_zid = ?1 AND peer_zid = ?2 AND label = ?3",
	[PAIR_SAVE] = "REPLACE INTO pair (own_zid, peer_zid, " PAIR_COLUMNS
		      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[PAIR_LIST] = "SELECT " PAIR_COLUMNS " FROM pair WHERE own_zid = ?1 AND peer_zid = ?2"
		      " ORDER BY revision DESC LIMIT ?3",
	[PAIR_TRIM] = "DELETE FROM pair WHERE own_zid = ?1 AND peer_zid = ?2 AND revision NOT IN"
		      " (SELECT revision FROM pair WHERE own_zid = ?1 AND peer_zid = ?2"
		      " ORDER BY revision DESC LIMIT ?3)",
	[PAIR_DROP] =
		"DELETE FROM pair WHERE own_zid = ?1 AND peer_zid = ?2 AND label = ?3 AND revision = ?4",
	[PAIRS_DROP] = "DELETE FROM pair WHERE own_zid = ?1 AND peer_zid = ?2",
	[PURGE_PAIRS] = "DELETE FROM pair WHERE (own_zid, peer_zid, label) IN (SELECT own_zid, peer_zid,"
			" label FROM pair WHERE expires <= ?1 LIMIT " STORE_PURGE_TEXT ")",
	[PURGE_PEERS] =
		"DELETE FROM peer WHERE (own_zid, peer_zid) IN (SELECT own_zid, peer_zid FROM peer p"
		" WHERE coalesce(pbx, pbx_alternate, aux) IS NULL AND NOT EXISTS (SELECT 1 FROM pair q"
		" WHERE q.own_zid = p.own_zid AND q.peer_zid = p.peer_zid) LIMIT " STORE_PURGE_TEXT ")",
};

enum zrtp_store_status sq_fail(const struct sqlite *be, int code, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_IO;

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		status = ZRTP_STORE_BUSY;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		status = ZRTP_STORE_CORRUPT;
		break;
	case SQLITE_NOMEM:
		status = ZRTP_STORE_NO_MEMORY;
		break;
	default:
		break;
	}
	return zrtp_store_fail(error, status, "%s: %s", be->path,
			       be->db ? sqlite3_errmsg(be->db) : sqlite3_errstr(code));
}

/* ---- statements ---- */

int sq_prepare(struct sqlite *be)
{
	int code;

	be->statements = calloc(STATEMENTS, sizeof(*be->statements));
	if (!be->statements) {
		return SQLITE_NOMEM;
	}
	for (unsigned i = 0; i < STATEMENTS; i++) {
		code = sqlite3_prepare_v3(be->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &be->statements[i],
					  NULL);
		if (code != SQLITE_OK) {
			return code;
		}
	}
	return SQLITE_OK;
}

void sq_finalize(struct sqlite *be)
{
	for (unsigned i = 0; be->statements && i < STATEMENTS; i++) {
		sqlite3_finalize(be->statements[i]);
	}
	free(be->statements);
	be->statements = NULL;
}

/* Binds go by number from 1 on; what they point to lives until the step. */
static sqlite3_stmt *bound(struct sqlite *be, enum statement which, const uint8_t *own_zid,
			   const uint8_t *peer_zid)
{
	sqlite3_stmt *s = be->statements[which];

	if (own_zid) {
		sqlite3_bind_blob(s, 1, own_zid, ZRTP_ZID_SIZE, SQLITE_STATIC);
		sqlite3_bind_blob(s, 2, peer_zid, ZRTP_ZID_SIZE, SQLITE_STATIC);
	}
	return s;
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static void bind_cell(sqlite3_stmt *s, int at, const struct zrtp_store_cell *cell)
{
	if (cell->len) {
		sqlite3_bind_blob(s, at, cell->octets, cell->len, SQLITE_STATIC);
	} else {
		sqlite3_bind_null(s, at);
	}
}

/* Nothing of the values stays behind in the statement. */
static void done(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

/* Run a statement that gives no rows. */
static enum zrtp_store_status run(struct sqlite *be, sqlite3_stmt *s, struct zrtp_store_error *error)
{
	int code = sqlite3_step(s);
	enum zrtp_store_status status = code == SQLITE_DONE ? ZRTP_STORE_OK : sq_fail(be, code, error);

	done(s);
	return status;
}

/* The next row: OK, UNKNOWN if there is none. */
static enum zrtp_store_status next(struct sqlite *be, sqlite3_stmt *s, struct zrtp_store_error *error)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW) {
		return ZRTP_STORE_OK;
	}
	return code == SQLITE_DONE ? ZRTP_STORE_UNKNOWN : sq_fail(be, code, error);
}

/* A row that is none of ours, by its key as it is. */
static enum zrtp_store_status strange(const struct sqlite *be, const char *table, const void *peer_zid,
				      int len, const char *label, struct zrtp_store_error *error)
{
	char hex[2 * ZRTP_ZID_SIZE + 1] = "";

	if (peer_zid && len == ZRTP_ZID_SIZE) {
		zrtp_store_hex(hex, peer_zid, ZRTP_ZID_SIZE);
	}
	zrtp_store_fail(error, ZRTP_STORE_CORRUPT,
			"%s: table %s, peer ZID %s%s%.128s: a column has the wrong size", be->path, table,
			*hex ? hex : "of the wrong size", *label ? ", label " : "", label);
	zrtp_store_printable(error->text);
	return ZRTP_STORE_CORRUPT;
}

static enum zrtp_store_status strange_peer(const struct sqlite *be, sqlite3_stmt *s,
					   struct zrtp_store_error *error)
{
	const void *peer_zid = sqlite3_column_blob(s, 1);

	return strange(be, "peer", peer_zid, sqlite3_column_bytes(s, 1), "", error);
}

static enum zrtp_store_status strange_pair(const struct sqlite *be, sqlite3_stmt *s, const uint8_t *peer_zid,
					   struct zrtp_store_error *error)
{
	const char *label = (const char *)sqlite3_column_text(s, 0);

	return strange(be, "pair", peer_zid, ZRTP_ZID_SIZE, label ? label : "", error);
}

static bool read_cell(sqlite3_stmt *s, int at, struct zrtp_store_cell *out)
{
	int len = sqlite3_column_bytes(s, at);

	if (len > ZRTP_STORE_CELL_MAX) {
		return false;
	}
	out->len = (uint8_t)len;
	if (len) {
		memcpy(out->octets, sqlite3_column_blob(s, at), (size_t)len);
	}
	return true;
}

static bool read_lines(sqlite3_stmt *s, int at, struct zrtp_store_lines *out)
{
	int len = sqlite3_column_bytes(s, at);

	if (len > ZRTP_STORE_LINES_MAX) {
		return false;
	}
	out->len = (uint16_t)len;
	if (len) {
		memcpy(out->octets, sqlite3_column_blob(s, at), (size_t)len);
	}
	return true;
}

static bool read_zid(sqlite3_stmt *s, int at, uint8_t out[ZRTP_ZID_SIZE])
{
	if (sqlite3_column_bytes(s, at) != ZRTP_ZID_SIZE) {
		return false;
	}
	memcpy(out, sqlite3_column_blob(s, at), ZRTP_ZID_SIZE);
	return true;
}

static bool read_text(sqlite3_stmt *s, int at, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s, at);
	size_t len = (size_t)sqlite3_column_bytes(s, at);

	if (!text || len >= size) {
		return false;
	}
	memcpy(out, text, len);
	return true;
}

/* ---- transactions ---- */

static enum zrtp_store_status sq_begin(void *arg, bool write, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;

	return run(be, be->statements[write ? BEGIN_WRITE : BEGIN_READ], error);
}

static void sq_rollback(void *arg)
{
	struct sqlite *be = arg;
	struct zrtp_store_error unwanted;

	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(be->db)) {
		(void)run(be, be->statements[ROLLBACK], &unwanted);
	}
}

static enum zrtp_store_status sq_commit(void *arg, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	enum zrtp_store_status status = run(be, be->statements[COMMIT], error);

	if (status) {
		sq_rollback(be);
	}
	return status;
}

/* ---- properties ---- */

static enum zrtp_store_status sq_meta_get(void *arg, const char *property, uint8_t *value, size_t *len,
					  struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = be->statements[META_GET];
	enum zrtp_store_status status;
	size_t n;

	bind_text(s, 1, property);
	status = next(be, s, error);
	if (!status) {
		n = (size_t)sqlite3_column_bytes(s, 0);
		if (n > *len) {
			status = zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "%s: %s has the wrong size",
						 be->path, property);
		} else if (n) {
			memcpy(value, sqlite3_column_blob(s, 0), n);
		}
		*len = n;
	}
	done(s);
	return status;
}

static enum zrtp_store_status sq_meta_set(void *arg, const char *property, const uint8_t *value, size_t len,
					  bool keep, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = be->statements[!len ? META_DROP : keep ? META_ANEW : META_SET];

	bind_text(s, 1, property);
	if (len) {
		sqlite3_bind_blob(s, 2, value, (int)len, SQLITE_STATIC);
	}
	return run(be, s, error);
}

/* ---- peers ---- */

static bool read_peer(sqlite3_stmt *s, struct zrtp_store_peer_row *out)
{
	memset(out, 0, sizeof(*out));
	out->scope = (unsigned)sqlite3_column_int(s, 3);
	out->first_use = sqlite3_column_int64(s, 7);
	out->last_use = sqlite3_column_int64(s, 8);
	out->revision = (uint64_t)sqlite3_column_int64(s, 9);
	out->latest = (uint64_t)sqlite3_column_int64(s, 10);
	return read_zid(s, 0, out->own_zid) && read_zid(s, 1, out->peer_zid) &&
	       read_text(s, 2, out->name, sizeof(out->name)) && read_cell(s, 4, &out->pbx) &&
	       read_cell(s, 5, &out->pbx_alternate) && read_cell(s, 6, &out->aux) &&
	       read_text(s, 11, out->endpoints, sizeof(out->endpoints));
}

static enum zrtp_store_status sq_peer_load(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   struct zrtp_store_peer_row *out, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PEER_LOAD, own_zid, peer_zid);
	enum zrtp_store_status status = next(be, s, error);

	if (!status && !read_peer(s, out)) {
		status = strange_peer(be, s, error);
	}
	done(s);
	return status;
}

static enum zrtp_store_status sq_peer_save(void *arg, const struct zrtp_store_peer_row *row,
					   uint64_t expected, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PEER_SAVE, row->own_zid, row->peer_zid);

	(void)expected; /* BEGIN IMMEDIATE keeps all others out */
	bind_text(s, 3, row->name);
	sqlite3_bind_int(s, 4, (int)row->scope);
	bind_cell(s, 5, &row->pbx);
	bind_cell(s, 6, &row->pbx_alternate);
	bind_cell(s, 7, &row->aux);
	sqlite3_bind_int64(s, 8, row->first_use);
	sqlite3_bind_int64(s, 9, row->last_use);
	sqlite3_bind_int64(s, 10, (sqlite3_int64)row->revision);
	sqlite3_bind_int64(s, 11, (sqlite3_int64)row->latest);
	bind_text(s, 12, row->endpoints);
	return run(be, s, error);
}

static enum zrtp_store_status sq_peer_drop(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	enum zrtp_store_status status = run(be, bound(be, PAIRS_DROP, own_zid, peer_zid), error);

	if (!status) {
		status = run(be, bound(be, PEER_DROP, own_zid, peer_zid), error);
	}
	return !status && !sqlite3_changes(be->db) ? ZRTP_STORE_UNKNOWN : status;
}

static enum zrtp_store_status sq_peer_list(void *arg, const char *like, const uint8_t *own_zid,
					   const uint8_t *peer_zid, struct zrtp_store_peer_row *out,
					   size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	static const uint8_t least[1];
	sqlite3_stmt *s = bound(be, PEER_LIST, own_zid, peer_zid);
	enum zrtp_store_status status;

	if (!own_zid) {
		sqlite3_bind_blob(s, 1, least, 0, SQLITE_STATIC);
		sqlite3_bind_blob(s, 2, least, 0, SQLITE_STATIC);
	}
	bind_text(s, 3, like);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)size);
	*count = 0;
	while (!(status = next(be, s, error))) {
		if (!read_peer(s, &out[*count])) {
			status = strange_peer(be, s, error);
			break;
		}
		++*count;
	}
	done(s);
	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

/* ---- pairs ---- */

static bool read_pair(sqlite3_stmt *s, struct zrtp_store_pair_row *out)
{
	memset(out, 0, sizeof(*out));
	out->verified = sqlite3_column_int(s, 3);
	out->preshared_count = (uint32_t)sqlite3_column_int64(s, 4);
	out->last_use = sqlite3_column_int64(s, 5);
	out->expires = sqlite3_column_int64(s, 6);
	out->revision = (uint64_t)sqlite3_column_int64(s, 7);
	return read_text(s, 0, out->label, sizeof(out->label)) && read_cell(s, 1, &out->rs1) &&
	       read_cell(s, 2, &out->rs2) && read_lines(s, 8, &out->lines);
}

static enum zrtp_store_status sq_pair_load(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   const char *label, struct zrtp_store_pair_row *out,
					   struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PAIR_LOAD, own_zid, peer_zid);
	enum zrtp_store_status status;

	bind_text(s, 3, label);
	status = next(be, s, error);
	if (!status && !read_pair(s, out)) {
		status = strange_pair(be, s, peer_zid, error);
	}
	done(s);
	return status;
}

static enum zrtp_store_status sq_pair_save(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   const struct zrtp_store_pair_row *row,
					   struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PAIR_SAVE, own_zid, peer_zid);

	bind_text(s, 3, row->label);
	bind_cell(s, 4, &row->rs1);
	bind_cell(s, 5, &row->rs2);
	sqlite3_bind_int(s, 6, row->verified);
	sqlite3_bind_int64(s, 7, row->preshared_count);
	sqlite3_bind_int64(s, 8, row->last_use);
	sqlite3_bind_int64(s, 9, row->expires);
	sqlite3_bind_int64(s, 10, (sqlite3_int64)row->revision);
	if (row->lines.len) {
		sqlite3_bind_blob(s, 11, row->lines.octets, row->lines.len, SQLITE_STATIC);
	}
	return run(be, s, error);
}

static enum zrtp_store_status sq_pair_list(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   struct zrtp_store_pair_row *out, size_t size, size_t *count,
					   struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PAIR_LIST, own_zid, peer_zid);
	enum zrtp_store_status status;

	sqlite3_bind_int64(s, 3, (sqlite3_int64)size);
	*count = 0;
	while (!(status = next(be, s, error))) {
		if (!read_pair(s, &out[*count])) {
			status = strange_pair(be, s, peer_zid, error);
			break;
		}
		++*count;
	}
	done(s);
	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

static enum zrtp_store_status sq_pair_trim(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   size_t keep, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PAIR_TRIM, own_zid, peer_zid);

	sqlite3_bind_int64(s, 3, (sqlite3_int64)keep);
	return run(be, s, error);
}

static enum zrtp_store_status sq_pair_drop(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
					   const char *label, uint64_t revision,
					   struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	sqlite3_stmt *s = bound(be, PAIR_DROP, own_zid, peer_zid);

	sqlite3_bind_text(s, 3, label, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)revision);
	return run(be, s, error);
}

/* ---- the whole ---- */

/* Calls wait for this store meanwhile: larger databases are not written again for what was
 * removed from them, and other processes are not waited for long (ms). */
enum { REWRITE_MAX = 8 << 20, ERASE_BUSY = 200 };

static int64_t size_of(struct sqlite *be)
{
	sqlite3_stmt *s = NULL;
	int64_t size = 0;

	if (sqlite3_prepare_v2(
		    be->db, "SELECT c.page_count * s.page_size FROM pragma_page_count c, pragma_page_size s",
		    -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW) {
		size = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	return size;
}

/* secure_delete overwrites a row where it is, but not the copy that stays in the free space of a page when
 * rows move to another one: so the whole is written again, in memory and not through a file elsewhere. Then
 * the log goes into the database and is emptied: until then it has the pages as they were. */
static enum zrtp_store_status sq_erase(void *arg, bool whole, struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	enum zrtp_store_status status;
	int code = SQLITE_OK;

	if (!whole && be->busy > ERASE_BUSY) {
		sqlite3_busy_timeout(be->db, ERASE_BUSY);
	}
	if (whole || size_of(be) <= REWRITE_MAX) {
		code = sqlite3_exec(be->db, "PRAGMA temp_store = MEMORY; VACUUM", NULL, NULL, NULL);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_wal_checkpoint_v2(be->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	status = code == SQLITE_OK ? ZRTP_STORE_OK : sq_fail(be, code, error);
	sqlite3_busy_timeout(be->db, (int)be->busy);
	return status;
}

static enum zrtp_store_status sq_purge(void *arg, int64_t now, uint64_t *pairs, uint64_t *peers,
				       struct zrtp_store_error *error)
{
	struct sqlite *be = arg;
	enum zrtp_store_status status;

	sqlite3_bind_int64(be->statements[PURGE_PAIRS], 1, now);
	status = run(be, be->statements[PURGE_PAIRS], error);
	*pairs = status ? 0 : (uint64_t)sqlite3_changes(be->db);
	if (!status && *pairs < STORE_PURGE_MAX) {
		status = run(be, be->statements[PURGE_PEERS], error);
		*peers = (uint64_t)sqlite3_changes(be->db);
	}
	return status;
}

static enum zrtp_store_status sq_check(void *arg, struct zrtp_store_error *error)
{
	return sq_integrity(arg, "PRAGMA integrity_check(1)", error);
}

const struct zrtp_store_backend sq_backend = {
	.name = "sqlite",
	.close = sq_close,
	.begin = sq_begin,
	.commit = sq_commit,
	.rollback = sq_rollback,
	.check = sq_check,
	.erase = sq_erase,
	.meta_get = sq_meta_get,
	.meta_set = sq_meta_set,
	.peer_load = sq_peer_load,
	.peer_save = sq_peer_save,
	.peer_drop = sq_peer_drop,
	.peer_list = sq_peer_list,
	.pair_load = sq_pair_load,
	.pair_save = sq_pair_save,
	.pair_list = sq_pair_list,
	.pair_trim = sq_pair_trim,
	.pair_drop = sq_pair_drop,
	.purge = sq_purge,
};
