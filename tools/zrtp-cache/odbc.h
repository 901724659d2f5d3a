/* SPDX-License-Identifier: BSD-2-Clause */
/* The database of a cluster, through unixODBC: a back end of the store on the tables of zrtp-realtime.*.sql,
 * which Asterisk's realtime has as families zrtp_meta, zrtp_peers and zrtp_pairs. */
#ifndef ODBC_H
#define ODBC_H

#include <zrtp/cache.h>

#include <sql.h>
#include <sqlext.h>

enum odbc_statement {
	META_GET,
	META_INSERT,
	META_UPDATE,
	META_DROP,
	PEER_LOAD,
	PEER_INSERT,
	PEER_UPDATE,
	PEER_IS_AT,
	PEER_DROP,
	PEER_LIST,
	OWN_NEXT,
	PAIR_LOAD,
	PAIR_INSERT,
	PAIR_UPDATE,
	PAIR_LIST,
	PAIR_PAGE,
	PAIR_DROP,
	PAIRS_DROP,
	PURGE_PAIRS,
	PURGE_PEERS,
	STATEMENTS
};

enum {
	ODBC_FIELDS = 12, /* columns of a row, or values of a statement, at most */
	ODBC_TEXT = 896,  /* of one; the longest column has 880 */
	ODBC_PAGE = 64    /* peers at a time, what PEER_LIST is limited to */
};

/* Values on their way in, or columns on their way out. All secrets in them are sealed. */
struct odbc_field {
	char text[ODBC_TEXT];
	SQLLEN len;
};

struct odbc_pair {
	uint8_t peer_zid[ZRTP_ZID_SIZE];
	struct zrtp_store_pair_row row;
};

/* Peers that were listed, all of one own ZID, and the pairs of some of them. */
struct odbc_page {
	uint8_t own_zid[ZRTP_ZID_SIZE];
	uint8_t last[ZRTP_ZID_SIZE]; /* of the peers listed */
	uint8_t from[ZRTP_ZID_SIZE]; /* pairs are there from this one on, up to last */
	bool listed, read;
	struct odbc_pair *pairs; /* by peer, the greatest revision first */
	size_t count, room;
};

struct odbc {
	SQLHENV environment;
	SQLHDBC connection;
	SQLHSTMT statements[STATEMENTS]; /* NULL: not needed yet */
	char name[128];                  /* for messages: odbc:DSN, or odbc:DSN/PREFIX */
	char prefix[64];                 /* of the names of the tables */
	bool has_lines;                  /* the tables have the column line_data */
	struct odbc_page page;
	unsigned given; /* values of the statement that is being made */
	struct odbc_field values[ODBC_FIELDS], columns[ODBC_FIELDS];
};

/* A database by its DSN, or DSN/PREFIX. user, password: NULL, as the DSN has them. */
ZRTP_CHECK enum zrtp_store_status odbc_connect(struct odbc **out, const char *place, const char *user,
					       const char *password, struct zrtp_store_error *error);
void odbc_close(void *be);

/* odbc.c: the next value of a statement. */
void odbc_give(struct odbc *be, const char *text);
void odbc_give_octets(struct odbc *be, const uint8_t *octets, size_t len);
void odbc_give_number(struct odbc *be, int64_t number);
void odbc_give_text(struct odbc *be, const char *text);

/* Run it with the values given, in their order. *rows: how many it changed; may be NULL. */
ZRTP_CHECK enum zrtp_store_status odbc_run(struct odbc *be, enum odbc_statement which, SQLLEN *rows,
					   struct zrtp_store_error *error);
/* Its next row into columns: ZRTP_STORE_UNKNOWN, there is none. */
ZRTP_CHECK enum zrtp_store_status odbc_next(struct odbc *be, enum odbc_statement which,
					    struct zrtp_store_error *error);
void odbc_done(struct odbc *be, enum odbc_statement which);
ZRTP_CHECK enum zrtp_store_status odbc_fail(const struct odbc *be, enum zrtp_store_status status,
					    struct zrtp_store_error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A row in the columns of be: what is read of it, and the first column that is wrong. */
struct odbc_reading {
	const struct odbc *be;
	unsigned at;
	const char *wrong;
};

/* odbc_columns.c: a row that stands in the columns. */
size_t odbc_read_octets(struct odbc_reading *in, const char *name, uint8_t *out, size_t size);
ZRTP_CHECK enum zrtp_store_status odbc_read_peer(const struct odbc *be, struct zrtp_store_peer_row *out,
						 struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status odbc_read_pair(const struct odbc *be, const uint8_t *own_zid,
						 const uint8_t *peer_zid, struct zrtp_store_pair_row *out,
						 struct zrtp_store_error *error);

/* odbc_pairs.c: what struct zrtp_store_backend has. */
enum zrtp_store_status odbc_pair_load(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      const char *label, struct zrtp_store_pair_row *out,
				      struct zrtp_store_error *error);
enum zrtp_store_status odbc_pair_save(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      const struct zrtp_store_pair_row *row, struct zrtp_store_error *error);
enum zrtp_store_status odbc_pair_list(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      struct zrtp_store_pair_row *out, size_t size, size_t *count,
				      struct zrtp_store_error *error);
enum zrtp_store_status odbc_pair_trim(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid, size_t keep,
				      struct zrtp_store_error *error);
enum zrtp_store_status odbc_pair_drop(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      const char *label, uint64_t revision, struct zrtp_store_error *error);
/* What is kept of a page is of another moment from now on. */
void odbc_forget_pairs(struct odbc *be);

/* odbc_rows.c */
void odbc_give_zids(struct odbc *be, const uint8_t *own_zid, const uint8_t *peer_zid);
extern const struct zrtp_store_backend odbc_backend;
/* Are these tables ours, and of which version? */
ZRTP_CHECK enum zrtp_store_status odbc_look(struct odbc *be, struct zrtp_store_error *error);

#endif
