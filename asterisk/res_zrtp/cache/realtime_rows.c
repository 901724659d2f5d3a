/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Rows of Asterisk's realtime databases: their cells as text, read and written.
 */

#include "asterisk.h"

#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "base/text.h"
#include "cache/cache.h"
#include "cache/realtime_rows.h"

/*! The row of zrtp_meta that the installation makes. */
#define SCHEMA "schema"
/*! Without and with the column "line_data". */
#define SCHEMA_BEFORE "1"
#define SCHEMA_VERSION "2"

void row_add(struct row_fields *fields, const char *name, const char *value)
{
	struct ast_variable *var = ast_variable_new(name, value, "");

	if (!var) {
		fields->failed = 1;
	} else if (fields->last) {
		fields->last = fields->last->next = var;
	} else {
		fields->first = fields->last = var;
	}
}

void row_add_number(struct row_fields *fields, const char *name, int64_t value)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRId64, value);
	row_add(fields, name, text);
}

static void row_add_zid(struct row_fields *fields, const char *name, const uint8_t zid[ZRTP_ZID_SIZE])
{
	char text[ZID_TEXT_SIZE];

	zid_text(text, zid);
	row_add(fields, name, text);
}

void row_add_peer_key(struct row_fields *fields, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	row_add_zid(fields, "peer_zid", peer_zid);
	row_add_zid(fields, "own_zid", own_zid);
}

/*! \retval -1 it is not hexadecimal or too long */
int row_octets(const char *text, uint8_t *out, size_t size, size_t *len)
{
	size_t digits = strlen(text);

	*len = digits / 2;

	return digits % 2 || *len > size || !zrtp_store_unhex(out, *len, text) ? -1 : 0;
}

void row_add_cell(struct row_fields *fields, const char *name, const struct zrtp_store_cell *cell)
{
	char text[CELL_TEXT_SIZE];

	zrtp_store_hex(text, cell->octets, cell->len);
	row_add(fields, name, text);
}

void row_add_text(struct row_fields *fields, const char *name, const char *text)
{
	char out[TEXT_SIZE];

	if (zrtp_store_escape(out, sizeof(out), text)) {
		row_add(fields, name, out);
	} else {
		fields->failed = 1;
	}
}

enum zrtp_store_status rows_fail(struct zrtp_store_error *error, enum zrtp_store_status status, const char *family,
	const char *what)
{
	error->status = status;
	snprintf(error->text, sizeof(error->text), "realtime family %s: %s", family, what);

	return status;
}

/* ---- reading ---- */

const char *row_column(const struct ast_variable *row, const char *name)
{
	return S_OR(ast_variable_find_in_list(row, name), "");
}

/*! \retval -1 it is there and not a number */
static int row_number(const struct ast_variable *row, const char *name, int64_t *out)
{
	const char *text = row_column(row, name);
	char after;

	*out = 0;

	return ast_strlen_zero(text) || sscanf(text, "%30" SCNd64 "%1c", out, &after) == 1 ? 0 : -1;
}

static int row_cell(const struct ast_variable *row, const char *name, struct zrtp_store_cell *out)
{
	size_t len;

	if (row_octets(row_column(row, name), out->octets, sizeof(out->octets), &len)) {
		return -1;
	}
	out->len = len;

	return 0;
}

static int row_lines(const struct ast_variable *row, struct zrtp_store_lines *out)
{
	size_t len;

	if (row_octets(row_column(row, "line_data"), out->octets, sizeof(out->octets), &len)) {
		return -1;
	}
	out->len = len;

	return 0;
}

int row_zid(const struct ast_variable *row, const char *name, uint8_t *out)
{
	return zid_from_text(row_column(row, name), out);
}

enum zrtp_store_status row_peer(const struct ast_variable *row, struct zrtp_store_peer_row *out,
	struct zrtp_store_error *error)
{
	int64_t scope, revision, latest;

	memset(out, 0, sizeof(*out));
	if (row_zid(row, "own_zid", out->own_zid) || row_zid(row, "peer_zid", out->peer_zid)
		|| !zrtp_store_unescape(out->name, sizeof(out->name), row_column(row, "name"))
		|| !zrtp_store_unescape(out->endpoints, sizeof(out->endpoints), row_column(row, "endpoints"))
		|| row_number(row, "scope", &scope)
		|| row_cell(row, "pbx", &out->pbx) || row_cell(row, "pbx_alternate", &out->pbx_alternate)
		|| row_cell(row, "aux", &out->aux)
		|| row_number(row, "first_use", &out->first_use) || row_number(row, "last_use", &out->last_use)
		|| row_number(row, "revision", &revision) || row_number(row, "latest", &latest)
		|| scope < 0 || revision <= 0 || latest < 0) {
		return rows_fail(error, ZRTP_STORE_CORRUPT, PEERS, "a row is not one of a peer");
	}
	out->scope = scope;
	out->revision = revision;
	out->latest = latest;

	return ZRTP_STORE_OK;
}

enum zrtp_store_status row_pair(const struct ast_variable *row, struct zrtp_store_pair_row *out,
	struct zrtp_store_error *error)
{
	int64_t verified, count, revision;

	memset(out, 0, sizeof(*out));
	if (!zrtp_store_unescape(out->label, sizeof(out->label), row_column(row, "label"))
		|| row_cell(row, "rs1", &out->rs1) || row_cell(row, "rs2", &out->rs2)
		|| row_lines(row, &out->lines)
		|| row_number(row, "verified", &verified) || row_number(row, "preshared_count", &count)
		|| row_number(row, "last_use", &out->last_use) || row_number(row, "expires", &out->expires)
		|| row_number(row, "revision", &revision) || revision < 0 || count < 0 || count > UINT32_MAX) {
		return rows_fail(error, ZRTP_STORE_CORRUPT, PAIRS, "a row is not one of a pair of secrets");
	}
	out->verified = verified != 0;
	out->preshared_count = count;
	out->revision = revision;

	return ZRTP_STORE_OK;
}

/*! \brief Nothing was found: is there nothing, or did the database not answer? */
enum zrtp_store_status rows_nothing(const char *family, struct zrtp_store_error *error)
{
	struct ast_variable *row = ast_load_realtime(META, "property", SCHEMA, SENTINEL);
	const char *value = row_column(row, "value");
	enum zrtp_store_status status = ZRTP_STORE_UNKNOWN;

	if (!row) {
		status = rows_fail(error, ZRTP_STORE_IO, family, ast_check_realtime(META)
			? "the database does not answer, or its tables are not those of zrtp-realtime.*.sql"
			: "extconfig.conf does not map " META ", " PEERS " and " PAIRS " to a database that is loaded");
	} else if (strcmp(value, SCHEMA_VERSION) && strcmp(value, SCHEMA_BEFORE)) {
		status = rows_fail(error, ZRTP_STORE_CORRUPT, META, "the tables are those of another version");
	}
	ast_variables_destroy(row);

	return status;
}

/*! \brief Have the tables the column "line_data"? */
int rows_have_lines(void)
{
	struct ast_variable *row = ast_load_realtime(META, "property", SCHEMA, SENTINEL);
	int res = !strcmp(row_column(row, "value"), SCHEMA_VERSION);

	ast_variables_destroy(row);
	if (!res) {
		ast_log(LOG_WARNING, "ZRTP cache: table zrtp_pairs is of an earlier version and keeps one line of secrets: "
			"a phone that lost its cache raises an alarm in each call until its user compares the SAS, or the "
			"phone is deleted from the cache; and the endpoint that a phone called from is not kept. To upgrade it "
			"see zrtp-realtime-2.sql\n");
	}

	return res;
}

/*! \brief One row, which the caller destroys. Consumes the condition. */
enum zrtp_store_status rows_load(const char *family, struct row_fields *where, struct ast_variable **out,
	struct zrtp_store_error *error)
{
	*out = where->failed ? NULL : ast_load_realtime_fields(family, where->first);
	ast_variables_destroy(where->first);
	if (where->failed) {
		return rows_fail(error, ZRTP_STORE_NO_MEMORY, family, "out of memory");
	}

	return *out ? ZRTP_STORE_OK : rows_nothing(family, error);
}

size_t rows_count(struct ast_config *found)
{
	struct ast_category *row = NULL;
	size_t count = 0;

	while (found && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		count++;
	}

	return count;
}

/*! \brief All rows, NULL if there are none, which the caller destroys. Consumes the condition. */
enum zrtp_store_status rows_load_all(const char *family, struct row_fields *where, struct ast_config **out,
	struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	*out = where->failed ? NULL : ast_load_realtime_multientry_fields(family, where->first);
	ast_variables_destroy(where->first);
	if (where->failed) {
		return rows_fail(error, ZRTP_STORE_NO_MEMORY, family, "out of memory");
	}
	/* Some drivers give an empty configuration for no rows, some none. */
	if (!rows_count(*out)) {
		status = rows_nothing(family, error);
		status = status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
	}

	return status;
}

/* ---- writing ---- */

/*! \brief Change the row that fits. Consumes both. */
enum zrtp_store_status rows_update(const char *family, struct row_fields *where, struct row_fields *what,
	struct zrtp_store_error *error)
{
	int rows = where->failed || what->failed ? -1 : ast_update2_realtime_fields(family, where->first, what->first);

	ast_variables_destroy(where->first);
	ast_variables_destroy(what->first);
	if (rows < 0) {
		return rows_fail(error, ZRTP_STORE_IO, family, "the database did not take a change: see the lines of its driver in the log");
	}

	return rows ? ZRTP_STORE_OK : ZRTP_STORE_CONFLICT;
}

/*! \brief A new row. Consumes it. \retval -1 it is there, or it cannot be stored */
int rows_insert(const char *family, struct row_fields *what)
{
	int rows = what->failed ? -1 : ast_store_realtime_fields(family, what->first);

	ast_variables_destroy(what->first);

	return rows < 0 ? -1 : 0;
}

enum zrtp_store_status rows_not_inserted(const char *family, enum zrtp_store_status present, struct zrtp_store_error *error)
{
	if (present == ZRTP_STORE_OK) {
		return ZRTP_STORE_CONFLICT;
	}
	if (present == ZRTP_STORE_UNKNOWN) {
		return rows_fail(error, ZRTP_STORE_IO, family, "the database did not take a new row: see the lines of its driver in the log");
	}

	return present;
}
