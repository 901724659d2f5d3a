/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Rows of Asterisk's realtime databases: their cells as text, read and written. Thread of the store, or one that has it.
 */
#ifndef RES_ZRTP_REALTIME_ROWS_H
#define RES_ZRTP_REALTIME_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

struct ast_config;
struct ast_variable;

#define META "zrtp_meta"
#define PEERS "zrtp_peers"
#define PAIRS "zrtp_pairs"

/*! A name or label as stored: each octet may need three. */
#define TEXT_SIZE (3 * ZRTP_STORE_NAME_SIZE + 2)
#define CELL_TEXT_SIZE (2 * ZRTP_STORE_CELL_MAX + 1)
#define LINES_TEXT_SIZE (2 * ZRTP_STORE_LINES_MAX + 1)
#define NUMBER_SIZE 24

/*! A row to write, or a condition, in its making. */
struct row_fields {
	struct ast_variable *first, *last;
	unsigned int failed:1;
};

void row_add(struct row_fields *fields, const char *name, const char *value);
void row_add_number(struct row_fields *fields, const char *name, int64_t value);
void row_add_peer_key(struct row_fields *fields, const uint8_t *own_zid, const uint8_t *peer_zid);
/*! \retval -1 it is not hexadecimal or too long */
int row_octets(const char *text, uint8_t *out, size_t size, size_t *len);
void row_add_cell(struct row_fields *fields, const char *name, const struct zrtp_store_cell *cell);
/*! \brief Text as it is stored, see zrtp_store_escape(): realtime gives some octets a meaning, and "" too. */
void row_add_text(struct row_fields *fields, const char *name, const char *text);
enum zrtp_store_status rows_fail(struct zrtp_store_error *error, enum zrtp_store_status status, const char *family,
	const char *what);
const char *row_column(const struct ast_variable *row, const char *name);
int row_zid(const struct ast_variable *row, const char *name, uint8_t *out);
enum zrtp_store_status row_peer(const struct ast_variable *row, struct zrtp_store_peer_row *out,
	struct zrtp_store_error *error);
enum zrtp_store_status row_pair(const struct ast_variable *row, struct zrtp_store_pair_row *out,
	struct zrtp_store_error *error);
/*! \brief Nothing was found: is there nothing, or did the database not answer? */
enum zrtp_store_status rows_nothing(const char *family, struct zrtp_store_error *error);
/*! \brief Have the tables the column "line_data"? */
int rows_have_lines(void);
/*! \brief One row, which the caller destroys. Consumes the condition. */
enum zrtp_store_status rows_load(const char *family, struct row_fields *where, struct ast_variable **out,
	struct zrtp_store_error *error);
size_t rows_count(struct ast_config *found);
/*! \brief All rows, NULL if there are none, which the caller destroys. Consumes the condition. */
enum zrtp_store_status rows_load_all(const char *family, struct row_fields *where, struct ast_config **out,
	struct zrtp_store_error *error);
/*! \brief Change the row that fits. Consumes both. */
enum zrtp_store_status rows_update(const char *family, struct row_fields *where, struct row_fields *what,
	struct zrtp_store_error *error);
/*! \brief A new row. Consumes it. \retval -1 it is there, or it cannot be stored */
int rows_insert(const char *family, struct row_fields *what);
enum zrtp_store_status rows_not_inserted(const char *family, enum zrtp_store_status present, struct zrtp_store_error *error);

#endif
