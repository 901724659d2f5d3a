/* SPDX-License-Identifier: BSD-2-Clause */
/* SQLite: the file, its schema, and what is done with a damaged one. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "zrtp", in the header of the file (octets 68 to 71). */
#define APPLICATION_ID 0x7a727470

/* Larger files are not read through when opened; zrtp_store_check() does. */
enum { QUICK_CHECK_MAX = 8 << 20 };

/* What makes version n + 1 of version n. Never change one that was released. */
static const char *const migrations[] = {
	"CREATE TABLE meta (property TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE peer ("
	" own_zid BLOB NOT NULL, peer_zid BLOB NOT NULL, name TEXT NOT NULL, scope INTEGER NOT NULL,"
	" pbx BLOB, pbx_alternate BLOB, aux BLOB, first_use INTEGER NOT NULL, last_use INTEGER NOT NULL,"
	" revision INTEGER NOT NULL, latest INTEGER NOT NULL, PRIMARY KEY (own_zid, peer_zid)) WITHOUT ROWID;"
	"CREATE TABLE pair ("
	" own_zid BLOB NOT NULL, peer_zid BLOB NOT NULL, label TEXT NOT NULL, rs1 BLOB NOT NULL, rs2 BLOB,"
	" verified INTEGER NOT NULL, preshared_count INTEGER NOT NULL, last_use INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, revision INTEGER NOT NULL,"
	" PRIMARY KEY (own_zid, peer_zid, label)) WITHOUT ROWID;"
	"PRAGMA application_id = 2054321264;",
	/* So that a purge finds what has expired. */
	"CREATE INDEX pair_expires ON pair (expires) WHERE expires < 9223372036854775807;",
	/* The endpoints of an enrolled phone. */
	"ALTER TABLE peer ADD COLUMN endpoints TEXT NOT NULL DEFAULT '';",
	/* What calls without our secrets have left beside those that were proved. */
	"ALTER TABLE pair ADD COLUMN lines BLOB;",
};

enum { LATEST = sizeof(migrations) / sizeof(*migrations) };

void sq_close(void *arg)
{
	struct sqlite *be = arg;

	sq_finalize(be);
	sqlite3_close(be->db); /* NOLINT(clang-analyzer-core.NullDereference): there is one */
	free(be->path);
	free(be);
}

static int text_of(void *arg, int columns, char **values, char **names)
{
	char *out = arg;

	(void)names;
	(void)snprintf(out, 200, "%s", columns && values[0] ? values[0] : "");
	return 0;
}

/* The first column of a query's last row. */
static enum zrtp_store_status ask(struct sqlite *be, const char *query, char out[200],
				  struct zrtp_store_error *error)
{
	int code;

	out[0] = '\0';
	code = sqlite3_exec(be->db, query, text_of, out, NULL);
	return code == SQLITE_OK ? ZRTP_STORE_OK : sq_fail(be, code, error);
}

static enum zrtp_store_status number(struct sqlite *be, const char *query, long *out,
				     struct zrtp_store_error *error)
{
	char text[200];
	enum zrtp_store_status status = ask(be, query, text, error);

	*out = strtol(text, NULL, 10);
	return status;
}

enum zrtp_store_status sq_integrity(struct sqlite *be, const char *pragma, struct zrtp_store_error *error)
{
	char text[200];
	enum zrtp_store_status status = ask(be, pragma, text, error);

	if (!status && strcmp(text, "ok")) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "%s: %s", be->path, text);
	}
	return status;
}

/* ---- schema ---- */

static enum zrtp_store_status migrate(struct sqlite *be, long version, struct zrtp_store_error *error)
{
	char set[60];
	int code;

	for (; version < LATEST; version++) {
		code = sqlite3_exec(be->db, migrations[version], NULL, NULL, NULL);
		if (code != SQLITE_OK) {
			return sq_fail(be, code, error);
		}
	}
	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %d", LATEST);
	code = sqlite3_exec(be->db, set, NULL, NULL, NULL);
	return code == SQLITE_OK ? ZRTP_STORE_OK : sq_fail(be, code, error);
}

/* Is it ours, or empty? Nothing of another file may be changed. */
static enum zrtp_store_status inspect(struct sqlite *be, long *version, struct zrtp_store_error *error)
{
	long application, tables;
	enum zrtp_store_status status = number(be, "PRAGMA user_version", version, error);

	if (!status) {
		status = number(be, "PRAGMA application_id", &application, error);
	}
	if (!status) {
		status = number(be, "SELECT count(*) FROM sqlite_master", &tables, error);
	}
	if (status) {
		return status;
	}
	if (application != APPLICATION_ID && (application || *version || tables)) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s is a database of something else",
				       be->path);
	}
	if (*version < 0 || *version > LATEST) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID,
				       "%s was made by a later version (schema %ld, known is %d)", be->path,
				       *version, LATEST);
	}
	return ZRTP_STORE_OK;
}

/* In one look: another process may be making it. */
static enum zrtp_store_status inspect_once(struct sqlite *be, long *version, struct zrtp_store_error *error)
{
	int code = sqlite3_exec(be->db, "BEGIN", NULL, NULL, NULL);
	enum zrtp_store_status status;

	if (code != SQLITE_OK) {
		return sq_fail(be, code, error);
	}
	status = inspect(be, version, error);
	sqlite3_exec(be->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

/* Inside a transaction: all who open the file at once see it made only once. */
static enum zrtp_store_status make_schema(struct sqlite *be, struct zrtp_store_error *error)
{
	long version;
	enum zrtp_store_status status = inspect(be, &version, error);

	return !status && version < LATEST ? migrate(be, version, error) : status;
}

static enum zrtp_store_status prepare_schema(struct sqlite *be, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;
	long version = 0;
	int code;

	/* The usual case takes no write lock. */
	status = inspect_once(be, &version, error);
	if (status || version == LATEST) {
		return status;
	}
	code = sqlite3_exec(be->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code != SQLITE_OK) {
		return sq_fail(be, code, error);
	}
	status = make_schema(be, error);
	if (status) {
		sqlite3_exec(be->db, "ROLLBACK", NULL, NULL, NULL);
		return status;
	}
	code = sqlite3_exec(be->db, "COMMIT", NULL, NULL, NULL);
	return code == SQLITE_OK ? ZRTP_STORE_OK : sq_fail(be, code, error);
}

/* ---- the file ---- */

/* With mode 0600; SQLite gives its -wal and -shm the same. */
static enum zrtp_store_status make_file(const char *path, const struct zrtp_store_config *config, off_t *size,
					struct zrtp_store_error *error)
{
	bool existing = config && config->existing;
	int fd = open(path, O_RDWR | O_CLOEXEC | (existing ? 0 : O_CREAT), 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		enum zrtp_store_status status =
			existing && errno == ENOENT ? ZRTP_STORE_UNKNOWN : ZRTP_STORE_IO;

		zrtp_store_fail(error, status, "%s: %s", path, strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	if (st.st_mode & 077 && config) {
		zrtp_store_warnf(config->warn, config->warn_arg,
				 "%s: others than its owner may read it (mode %03o)", path,
				 (unsigned)st.st_mode & 0777);
	}
	*size = st.st_size;
	close(fd);
	return zrtp_store_sync_directory(path, error);
}

/* Of several that begin a database at once all but one are refused this at once: SQLite
 * does not wait where two might wait for each other. */
static int begin_log(struct sqlite *be)
{
	unsigned waited = 0;
	int code;

	do {
		code = sqlite3_exec(be->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	} while ((code & 0xff) == SQLITE_BUSY && waited < be->busy &&
		 (waited += (unsigned)sqlite3_sleep(10)));
	return code;
}

static enum zrtp_store_status configure(struct sqlite *be, off_t size, struct zrtp_store_error *error)
{
	static const char pragmas[] = "PRAGMA synchronous = FULL;"
				      "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;"
				      "PRAGMA cache_size = -16384; PRAGMA mmap_size = 1073741824";
	enum zrtp_store_status status;
	long version;
	int code;

	status = inspect_once(be, &version, error);
	if (status) {
		return status;
	}
	code = begin_log(be);
	if (code == SQLITE_OK) {
		code = sqlite3_exec(be->db, pragmas, NULL, NULL, NULL);
	}
	if (code != SQLITE_OK) {
		return sq_fail(be, code, error);
	}
	status = prepare_schema(be, error);
	if (!status && size && size <= QUICK_CHECK_MAX) {
		status = sq_integrity(be, "PRAGMA quick_check(1)", error);
	}
	if (status) {
		return status;
	}
	code = sq_prepare(be);
	return code == SQLITE_OK ? ZRTP_STORE_OK : sq_fail(be, code, error);
}

static enum zrtp_store_status open_database(struct sqlite **out, const char *path,
					    const struct zrtp_store_config *config,
					    struct zrtp_store_error *error)
{
	struct sqlite *be = calloc(1, sizeof(*be));
	enum zrtp_store_status status;
	off_t size;
	int code;

	if (!be || !(be->path = strdup(path))) {
		free(be);
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	be->busy = config && config->busy_ms ? config->busy_ms : 5000;
	status = make_file(path, config, &size, error);
	if (!status) {
		code = sqlite3_open_v2(path, &be->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
		status = code == SQLITE_OK ? ZRTP_STORE_OK : sq_fail(be, code, error);
	}
	if (!status) {
		sqlite3_busy_timeout(be->db, (int)be->busy);
		status = configure(be, size, error);
	}
	if (status) {
		sq_close(be);
		return status;
	}
	*out = be;
	return ZRTP_STORE_OK;
}

/* ---- damage ---- */

/* Was it ours? Its first octets and its application id tell, some of them
 * damaged perhaps. Nothing else may be renamed. */
static bool was_ours(const char *path)
{
	static const char magic[] = "SQLite format 3\0zrtp"; /* 20 octets and a NUL */
	uint8_t octets[20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ours;

	if (fd < 0) {
		return false;
	}
	ours = pread(fd, octets, 16, 0) == 16 && pread(fd, octets + 16, 4, 68) == 4 &&
	       zrtp_store_resembles(octets, sizeof(octets), (const uint8_t *)magic, sizeof(octets));
	close(fd);
	return ours;
}

static void move_beside(const char *path, const char *aside, const char *suffix)
{
	char from[4096], to[4096];

	if ((size_t)snprintf(from, sizeof(from), "%s%s", path, suffix) < sizeof(from) &&
	    (size_t)snprintf(to, sizeof(to), "%s%s", aside, suffix) < sizeof(to)) {
		(void)rename(from, to); /* most often there is none */
	}
}

/* Under a lock, and after another look: of two processes that find the damage
 * only one renames the file, and never the new one. */
static enum zrtp_store_status replace(struct sqlite **out, const char *path,
				      const struct zrtp_store_config *config, struct zrtp_store_error *error)
{
	char lock[4096], aside[4096], reason[sizeof(error->text)];
	enum zrtp_store_status status;
	int fd = -1;

	if ((size_t)snprintf(lock, sizeof(lock), "%s.lock", path) < sizeof(lock)) {
		fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	}
	if (fd < 0 || flock(fd, LOCK_EX)) {
		status = zrtp_store_fail(error, ZRTP_STORE_IO, "%s.lock: %s", path, strerror(errno));
		goto out;
	}
	status = open_database(out, path, config, error);
	if (status != ZRTP_STORE_CORRUPT || !was_ours(path)) {
		goto out;
	}
	memcpy(reason, error->text, sizeof(reason));
	status = zrtp_store_set_aside(path, aside, sizeof(aside), error);
	if (status) {
		goto out;
	}
	move_beside(path, aside, "-wal");
	move_beside(path, aside, "-shm");
	if (config) {
		zrtp_store_warnf(config->warn, config->warn_arg,
				 "%s; kept as %s, a new cache is begun: its peers are unknown from now on",
				 reason, aside);
	}
	status = open_database(out, path, config, error);
out:
	if (fd >= 0) {
		close(fd);
	}
	return status;
}

enum zrtp_store_status zrtp_store_open_sqlite_sized(struct zrtp_store **out, const char *path,
						    const struct zrtp_store_config *config,
						    size_t config_size, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct zrtp_store_config own;
	struct sqlite *be = NULL;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (!zrtp_store_configure(&own, config, config_size, error)) {
		return error->status;
	}
	status = open_database(&be, path, &own, error);
	if (status == ZRTP_STORE_CORRUPT && was_ours(path) && !own.existing) {
		status = replace(&be, path, &own, error);
	}
	if (status) {
		return status;
	}
	status = zrtp_store_open_backend(out, &sq_backend, be, &own, error);
	if (status) {
		sq_close(be);
	}
	return status;
}
