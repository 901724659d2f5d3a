/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zrtp-cache: a connection to a database through unixODBC, and its statements. Everything goes and comes as
 * text, as in Asterisk's drivers. What the database says of an error is shown, values are not.
 */
#include "odbc.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOGIN_TIMEOUT = 15 }; /* seconds */

#define PEER_COLUMNS                                                                                         \
	"own_zid, peer_zid, name, endpoints, scope, pbx, pbx_alternate, aux, first_use, last_use, revision," \
	" latest"
#define PEER_KEY     "own_zid = ? AND peer_zid = ?"
#define PAIR_COLUMNS "rs1, rs2, verified, preshared_count, last_use, expires, revision"

/* ^ stands for the prefix of the tables, and what is behind | is left out where there is no column line_data.
 */
static const char *const statements[STATEMENTS] = {
	[META_GET] = "SELECT value FROM ^_meta WHERE property = ?",
	[META_INSERT] = "INSERT INTO ^_meta (property, value) VALUES (?, ?)",
	[META_UPDATE] = "UPDATE ^_meta SET value = ? WHERE property = ? AND value = ?",
	[META_DROP] = "DELETE FROM ^_meta WHERE property = ?",
	[PEER_LOAD] = "SELECT " PEER_COLUMNS " FROM ^_peers WHERE " PEER_KEY,
	[PEER_INSERT] = "INSERT INTO ^_peers (" PEER_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PEER_UPDATE] = "UPDATE ^_peers SET name = ?, endpoints = ?, scope = ?, pbx = ?, pbx_alternate = ?,"
			" aux = ?, first_use = ?, last_use = ?, revision = ?, latest = ? WHERE " PEER_KEY
			" AND revision = ?",
	[PEER_IS_AT] = "SELECT revision FROM ^_peers WHERE " PEER_KEY " AND revision = ?",
	[PEER_DROP] = "DELETE FROM ^_peers WHERE " PEER_KEY,
	[PEER_LIST] = "SELECT " PEER_COLUMNS " FROM ^_peers WHERE own_zid = ? AND peer_zid > ?"
		      " ORDER BY peer_zid LIMIT 64",
	[OWN_NEXT] = "SELECT min(own_zid) FROM ^_peers WHERE own_zid > ?",
	[PAIR_LOAD] =
		"SELECT label, " PAIR_COLUMNS "|, line_data| FROM ^_pairs WHERE " PEER_KEY " AND label = ?",
	[PAIR_INSERT] = "INSERT INTO ^_pairs (own_zid, peer_zid, label, " PAIR_COLUMNS "|, line_data|)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?|, ?|)",
	[PAIR_UPDATE] =
		"UPDATE ^_pairs SET rs1 = ?, rs2 = ?, verified = ?, preshared_count = ?, last_use = ?,"
		" expires = ?, revision = ?|, line_data = ?| WHERE " PEER_KEY " AND label = ?",
	[PAIR_LIST] = "SELECT label, " PAIR_COLUMNS "|, line_data| FROM ^_pairs WHERE " PEER_KEY
		      " ORDER BY revision DESC",
	[PAIR_PAGE] = "SELECT label, " PAIR_COLUMNS "|, line_data|, peer_zid FROM ^_pairs WHERE own_zid = ?"
		      " AND peer_zid >= ? AND peer_zid <= ? ORDER BY peer_zid, revision DESC",
	[PAIR_DROP] = "DELETE FROM ^_pairs WHERE " PEER_KEY " AND label = ? AND revision = ?",
	[PAIRS_DROP] = "DELETE FROM ^_pairs WHERE " PEER_KEY,
	[PURGE_PAIRS] = "DELETE FROM ^_pairs WHERE expires <= ?",
	/* A node writes a peer's row, and then its pair's. */
	[PURGE_PEERS] =
		"DELETE FROM ^_peers WHERE pbx = '' AND pbx_alternate = '' AND aux = '' AND last_use < ?"
		" AND NOT EXISTS (SELECT 1 FROM ^_pairs WHERE ^_pairs.own_zid = ^_peers.own_zid"
		" AND ^_pairs.peer_zid = ^_peers.peer_zid)",
};

enum zrtp_store_status odbc_fail(const struct odbc *be, enum zrtp_store_status status,
				 struct zrtp_store_error *error, const char *format, ...)
{
	int len = snprintf(error->text, sizeof(error->text), "%s: ", be->name);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(error->text + len, sizeof(error->text) - (size_t)len, format, args);
	va_end(args);
	zrtp_store_printable(error->text);
	return error->status = status;
}

static bool good(SQLRETURN code)
{
	return code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO;
}

/* What the driver says, and what that means for a transaction. */
static enum zrtp_store_status driver_failed(const struct odbc *be, SQLSMALLINT type, SQLHANDLE handle,
					    struct zrtp_store_error *error)
{
	SQLCHAR state[6] = "", text[300] = "";
	SQLINTEGER native = 0;
	SQLSMALLINT len;
	enum zrtp_store_status status = ZRTP_STORE_IO;

	if (!good(SQLGetDiagRec(type, handle, 1, state, &native, text, sizeof(text), &len))) {
		return odbc_fail(be, ZRTP_STORE_IO, error, "the database failed and does not say why");
	}
	if (!strncmp((char *)state, "23", 2) || !strncmp((char *)state, "40", 2)) {
		status = ZRTP_STORE_CONFLICT; /* a row is there already, or another transaction was first */
	} else if (!strcmp((char *)state, "HYT00") || native == 1205) {
		status = ZRTP_STORE_BUSY;
	}
	return odbc_fail(be, status, error, "%s (SQLSTATE %s)", (char *)text, (char *)state);
}

/* ---- statements ---- */

static void put_octet(char *out, size_t *used, char octet)
{
	out[*used] = octet;
	out[++*used] = '\0';
}

static void sql_of(const struct odbc *be, enum odbc_statement which, char *out, size_t size)
{
	const char *prefix;
	bool optional = false;
	size_t used = 0;

	for (const char *at = statements[which]; *at && used + sizeof(be->prefix) < size; at++) {
		if (*at == '|') {
			optional = !optional;
		} else if (optional && !be->has_lines) {
			continue;
		} else if (*at == '^') {
			for (prefix = be->prefix; *prefix; prefix++) {
				put_octet(out, &used, *prefix);
			}
		} else {
			put_octet(out, &used, *at);
		}
	}
}

/* Columns and values stay where they are, so they are bound once. */
static SQLRETURN bind(struct odbc *be, SQLHSTMT statement)
{
	SQLSMALLINT columns = 0;
	SQLRETURN code = SQLNumResultCols(statement, &columns);

	for (SQLUSMALLINT i = 0; good(code) && i < (SQLUSMALLINT)columns && i < ODBC_FIELDS; i++) {
		code = SQLBindCol(statement, i + 1, SQL_C_CHAR, be->columns[i].text, ODBC_TEXT,
				  &be->columns[i].len);
	}
	for (SQLUSMALLINT i = 0; good(code) && i < be->given; i++) {
		code = SQLBindParameter(statement, i + 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
					ODBC_TEXT - 1, 0, be->values[i].text, ODBC_TEXT, &be->values[i].len);
	}
	return code;
}

static enum zrtp_store_status prepared(struct odbc *be, enum odbc_statement which, SQLHSTMT *out,
				       struct zrtp_store_error *error)
{
	SQLHSTMT statement = be->statements[which];
	char sql[1024];
	SQLRETURN code;

	if (!statement) {
		if (!good(SQLAllocHandle(SQL_HANDLE_STMT, be->connection, &statement))) {
			return driver_failed(be, SQL_HANDLE_DBC, be->connection, error);
		}
		be->statements[which] = statement;
		sql_of(be, which, sql, sizeof(sql));
		code = SQLPrepare(statement, (SQLCHAR *)sql, SQL_NTS);
		if (good(code)) {
			code = bind(be, statement);
		}
		if (!good(code)) {
			enum zrtp_store_status status = driver_failed(be, SQL_HANDLE_STMT, statement, error);

			SQLFreeHandle(SQL_HANDLE_STMT, statement);
			be->statements[which] = NULL;
			be->given = 0;
			return status;
		}
	}
	*out = statement;
	return ZRTP_STORE_OK;
}

void odbc_give(struct odbc *be, const char *text)
{
	struct odbc_field *value = &be->values[be->given++];

	value->len = snprintf(value->text, sizeof(value->text), "%s", text);
}

void odbc_give_octets(struct odbc *be, const uint8_t *octets, size_t len)
{
	struct odbc_field *value = &be->values[be->given++];

	zrtp_store_hex(value->text, octets, len);
	value->len = (SQLLEN)(2 * len);
}

void odbc_give_number(struct odbc *be, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	odbc_give(be, text);
}

void odbc_give_text(struct odbc *be, const char *text)
{
	struct odbc_field *value = &be->values[be->given++];

	/* Names and labels are shorter than a third of it. */
	(void)zrtp_store_escape(value->text, sizeof(value->text), text);
	value->len = (SQLLEN)strlen(value->text);
}

enum zrtp_store_status odbc_run(struct odbc *be, enum odbc_statement which, SQLLEN *rows,
				struct zrtp_store_error *error)
{
	SQLHSTMT statement = NULL;
	enum zrtp_store_status status = prepared(be, which, &statement, error);
	SQLRETURN code;

	be->given = 0;
	if (status) {
		return status;
	}
	code = SQLExecute(statement);
	/* Of a change that fits no row. */
	if (code != SQL_NO_DATA && !good(code)) {
		status = driver_failed(be, SQL_HANDLE_STMT, statement, error);
		odbc_done(be, which);
		return status;
	}
	if (rows && (code == SQL_NO_DATA || !good(SQLRowCount(statement, rows)))) {
		*rows = 0;
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status odbc_next(struct odbc *be, enum odbc_statement which, struct zrtp_store_error *error)
{
	SQLHSTMT statement = be->statements[which];
	SQLRETURN code;

	for (unsigned i = 0; i < ODBC_FIELDS; i++) {
		be->columns[i].text[0] = '\0';
		be->columns[i].len = 0;
	}
	code = SQLFetch(statement);
	if (code == SQL_NO_DATA) {
		return ZRTP_STORE_UNKNOWN;
	}
	if (!good(code)) {
		return driver_failed(be, SQL_HANDLE_STMT, statement, error);
	}
	for (unsigned i = 0; i < ODBC_FIELDS; i++) {
		struct odbc_field *column = &be->columns[i];

		if (column->len == SQL_NULL_DATA) {
			column->text[0] = '\0';
		}
	}
	return ZRTP_STORE_OK;
}

void odbc_done(struct odbc *be, enum odbc_statement which)
{
	if (be->statements[which]) {
		SQLFreeStmt(be->statements[which], SQL_CLOSE);
	}
}

/* ---- the connection ---- */

void odbc_close(void *arg)
{
	struct odbc *be = arg;

	for (unsigned i = 0; i < STATEMENTS; i++) {
		if (be->statements[i]) {
			SQLFreeHandle(SQL_HANDLE_STMT, be->statements[i]);
		}
	}
	if (be->connection) {
		SQLEndTran(SQL_HANDLE_DBC, be->connection, SQL_ROLLBACK);
		SQLDisconnect(be->connection);
		SQLFreeHandle(SQL_HANDLE_DBC, be->connection);
	}
	if (be->environment) {
		SQLFreeHandle(SQL_HANDLE_ENV, be->environment);
	}
	free(be->page.pairs);
	memset(be, 0, sizeof(*be));
	free(be);
}

/* "DSN" or "DSN/PREFIX"; a prefix is part of SQL, so it is letters, digits, _ and the dot of a schema. */
static bool parse_place(struct odbc *be, const char *place, char *dsn, size_t size)
{
	const char *slash = strchr(place, '/');
	size_t len = slash ? (size_t)(slash - place) : strlen(place);
	const char *prefix = slash ? slash + 1 : "zrtp";

	if (!len || len >= size || !*prefix || strlen(prefix) >= sizeof(be->prefix) ||
	    strspn(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") !=
		    strlen(prefix)) {
		return false;
	}
	memcpy(dsn, place, len);
	dsn[len] = '\0';
	memcpy(be->prefix, prefix, strlen(prefix) + 1);
	return true;
}

/* All that a transaction reads is of one moment. Another one's change to what it changes is a conflict with
 * PostgreSQL; MariaDB replaces it, so each change names what it replaces. */
static SQLRETURN isolate(SQLHDBC connection)
{
	SQLUINTEGER known = 0;
	SQLRETURN code = SQLGetInfo(connection, SQL_TXN_ISOLATION_OPTION, &known, sizeof(known), NULL);
	SQLULEN level = known & SQL_TXN_REPEATABLE_READ ? SQL_TXN_REPEATABLE_READ : SQL_TXN_SERIALIZABLE;

	if (good(code)) {
		code = SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF,
					 SQL_IS_UINTEGER);
	}
	if (good(code)) {
		code = SQLSetConnectAttr(connection, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)level,
					 SQL_IS_UINTEGER);
	}
	return code;
}

/* PWD={password};, where a brace that closes is written twice. */
static bool add_password(char *out, size_t size, size_t *used, const char *password)
{
	if (*used + 2 * strlen(password) + 8 > size) {
		return false;
	}
	*used += (size_t)snprintf(out + *used, size - *used, "PWD={");
	for (; *password; password++) {
		put_octet(out, used, *password);
		if (*password == '}') {
			put_octet(out, used, '}');
		}
	}
	put_octet(out, used, '}');
	put_octet(out, used, ';');
	return true;
}

/* Names of users are taken as they are: without what has a meaning there. */
static bool add_user(char *out, size_t size, size_t *used, const char *user)
{
	if (strpbrk(user, ";={}") || *used + strlen(user) + 6 > size) {
		return false;
	}
	*used += (size_t)snprintf(out + *used, size - *used, "UID=%s;", user);
	return true;
}

/* PostgreSQL's driver makes a savepoint before each statement of a transaction unless it is told not to, and
 * some ten thousand of them make each one slow. An error ends the transaction here in any case. */
static SQLRETURN connect_without_savepoints(SQLHDBC connection, const char *dsn, const char *user,
					    const char *password)
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "DSN=%s;Protocol=7.4-0;", dsn);
	size_t used = (size_t)len;
	SQLRETURN code = SQL_ERROR;

	if ((!user || add_user(text, sizeof(text), &used, user)) &&
	    (!password || add_password(text, sizeof(text), &used, password))) {
		code = SQLDriverConnect(connection, NULL, (SQLCHAR *)text, SQL_NTS, NULL, 0, NULL,
					SQL_DRIVER_NOPROMPT);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return code;
}

static SQLRETURN connect_to(SQLHDBC connection, const char *dsn, const char *user, const char *password)
{
	SQLCHAR driver[64] = "";
	SQLRETURN code;

	code = SQLConnect(connection, (SQLCHAR *)(uintptr_t)dsn, SQL_NTS, (SQLCHAR *)(uintptr_t)user,
			  user ? SQL_NTS : 0, (SQLCHAR *)(uintptr_t)password, password ? SQL_NTS : 0);
	if (good(code) && good(SQLGetInfo(connection, SQL_DRIVER_NAME, driver, sizeof(driver), NULL)) &&
	    !strncmp((char *)driver, "psqlodbc", 8)) {
		SQLDisconnect(connection);
		code = connect_without_savepoints(connection, dsn, user, password);
	}
	return code;
}

static enum zrtp_store_status log_in(struct odbc *be, const char *dsn, const char *user, const char *password,
				     struct zrtp_store_error *error)
{
	SQLRETURN code;

	if (!good(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &be->environment)) ||
	    !good(SQLSetEnvAttr(be->environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0)) ||
	    !good(SQLAllocHandle(SQL_HANDLE_DBC, be->environment, &be->connection))) {
		return odbc_fail(be, ZRTP_STORE_NO_MEMORY, error, "unixODBC does not start");
	}
	SQLSetConnectAttr(be->connection, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)(SQLULEN)LOGIN_TIMEOUT,
			  SQL_IS_UINTEGER);
	code = connect_to(be->connection, dsn, user, password);
	if (good(code)) {
		code = isolate(be->connection);
	}
	return good(code) ? ZRTP_STORE_OK : driver_failed(be, SQL_HANDLE_DBC, be->connection, error);
}

enum zrtp_store_status odbc_connect(struct odbc **out, const char *place, const char *user,
				    const char *password, struct zrtp_store_error *error)
{
	struct odbc *be = calloc(1, sizeof(*be));
	char dsn[64];
	enum zrtp_store_status status;

	if (!be) {
		error->status = ZRTP_STORE_NO_MEMORY;
		snprintf(error->text, sizeof(error->text), "out of memory");
		return error->status;
	}
	snprintf(be->name, sizeof(be->name), "odbc:%s", place);
	if (!parse_place(be, place, dsn, sizeof(dsn))) {
		status = odbc_fail(be, ZRTP_STORE_INVALID, error,
				   "a database is odbc:DSN or odbc:DSN/PREFIX, a DSN of odbc.ini and the "
				   "beginning of the names of the tables");
	} else {
		status = log_in(be, dsn, user, password, error);
	}
	if (!status) {
		status = odbc_look(be, error);
	}
	if (status) {
		odbc_close(be);
		return status;
	}
	*out = be;
	return ZRTP_STORE_OK;
}
