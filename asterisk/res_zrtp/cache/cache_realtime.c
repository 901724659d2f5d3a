/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A back end of the store on Asterisk's realtime databases.
 *
 * Families zrtp_meta, zrtp_peers and zrtp_pairs of extconfig.conf. Realtime has
 * no transactions and drivers tell little of errors, so
 * - every update of a row names the revision it replaces: of two nodes that
 *   change a row at once one is told so, and the store merges again;
 * - a row that is not found is only believed to be missing when another one,
 *   which the installation made, is there.
 * Drivers write their SQL into the log: what is secret comes to this file sealed.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "base/text.h"
#include "cache/cache.h"

#define META "zrtp_meta"
#define PEERS "zrtp_peers"
#define PAIRS "zrtp_pairs"

/*! The row of zrtp_meta that the installation makes. */
#define SCHEMA "schema"
/*! Without and with the column "line_data". */
#define SCHEMA_BEFORE "1"
#define SCHEMA_VERSION "2"

/*! A name or label as stored: each octet may need three. */
#define TEXT_SIZE (3 * ZRTP_STORE_NAME_SIZE + 2)
#define CELL_TEXT_SIZE (2 * ZRTP_STORE_CELL_MAX + 1)
#define LINES_TEXT_SIZE (2 * ZRTP_STORE_LINES_MAX + 1)
#define NUMBER_SIZE 24

/*! Longer than a call takes from the peer's row to the pair's, seconds. */
#define WRITING_MAX 60

/*! Peers are listed by the first two digits of their ZIDs, as realtime has no limit. */
#define PREFIXES 256

struct realtime {
	/*! Revision of the pair that the transaction loaded, and which it was. */
	uint64_t pair_revision;
	char pair_label[ZRTP_LABEL_SIZE];
	unsigned int pair_loaded:1;
	unsigned int has_lines:1;      /*!< The tables have that column */
};

/*! A row to write, or a condition, in its making. */
struct fields {
	struct ast_variable *first, *last;
	unsigned int failed:1;
};

static void add(struct fields *fields, const char *name, const char *value)
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

static void add_number(struct fields *fields, const char *name, int64_t value)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add(fields, name, text);
}

static void add_zid(struct fields *fields, const char *name, const uint8_t zid[ZRTP_ZID_SIZE])
{
	char text[ZID_TEXT_SIZE];

	zid_text(text, zid);
	add(fields, name, text);
}

static void add_peer_key(struct fields *fields, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	add_zid(fields, "peer_zid", peer_zid);
	add_zid(fields, "own_zid", own_zid);
}

/*! \retval -1 it is not hexadecimal or too long */
static int text_to_octets(const char *text, uint8_t *out, size_t size, size_t *len)
{
	size_t digits = strlen(text);

	*len = digits / 2;

	return digits % 2 || *len > size || !zrtp_store_unhex(out, *len, text) ? -1 : 0;
}

static void add_cell(struct fields *fields, const char *name, const struct zrtp_store_cell *cell)
{
	char text[CELL_TEXT_SIZE];

	zrtp_store_hex(text, cell->octets, cell->len);
	add(fields, name, text);
}

/*!
 * \brief Text as it is stored: never empty, and without what realtime or SQL
 * patterns give a meaning. "=" and percent signs as in URIs.
 */
static void add_text(struct fields *fields, const char *name, const char *text)
{
	char out[TEXT_SIZE];
	size_t used = 0;

	out[used++] = '=';
	for (; *text && used + 4 < sizeof(out); text++) {
		unsigned char c = *text;

		/* Not all octets are good for all encodings of a database. */
		if (c < ' ' || c >= 0x7f || strchr(";^%\\'\"", c) || (c == ' ' && !text[1])) {
			used += snprintf(out + used, sizeof(out) - used, "%%%02x", c);
		} else {
			out[used++] = c;
		}
	}
	out[used] = '\0';
	add(fields, name, out);
}

/*! \retval -1 it is not such a text or too long */
static int text_from(const char *stored, char *out, size_t size)
{
	size_t used = 0;
	uint8_t octet;

	if (ast_strlen_zero(stored)) {
		*out = '\0';
		return 0;
	}
	if (*stored++ != '=') {
		return -1;
	}
	for (; *stored && used + 1 < size; used++) {
		if (*stored == '%' && zrtp_store_unhex(&octet, 1, stored + 1)) {
			out[used] = octet;
			stored += 3;
		} else {
			out[used] = *stored++;
		}
	}
	out[used] = '\0';

	return *stored ? -1 : 0;
}

static enum zrtp_store_status fail(struct zrtp_store_error *error, enum zrtp_store_status status, const char *family,
	const char *what)
{
	error->status = status;
	snprintf(error->text, sizeof(error->text), "realtime family %s: %s", family, what);

	return status;
}

/* ---- reading ---- */

static const char *column(const struct ast_variable *row, const char *name)
{
	return S_OR(ast_variable_find_in_list(row, name), "");
}

/*! \retval -1 it is there and not a number */
static int column_number(const struct ast_variable *row, const char *name, int64_t *out)
{
	const char *text = column(row, name);
	char after;

	*out = 0;

	return ast_strlen_zero(text) || sscanf(text, "%30" SCNd64 "%1c", out, &after) == 1 ? 0 : -1;
}

static int column_cell(const struct ast_variable *row, const char *name, struct zrtp_store_cell *out)
{
	size_t len;

	if (text_to_octets(column(row, name), out->octets, sizeof(out->octets), &len)) {
		return -1;
	}
	out->len = len;

	return 0;
}

static int column_lines(const struct ast_variable *row, struct zrtp_store_lines *out)
{
	size_t len;

	if (text_to_octets(column(row, "line_data"), out->octets, sizeof(out->octets), &len)) {
		return -1;
	}
	out->len = len;

	return 0;
}

static int column_zid(const struct ast_variable *row, const char *name, uint8_t *out)
{
	return zid_from_text(column(row, name), out);
}

static enum zrtp_store_status read_peer(const struct ast_variable *row, struct zrtp_store_peer_row *out,
	struct zrtp_store_error *error)
{
	int64_t scope, revision, latest;

	memset(out, 0, sizeof(*out));
	if (column_zid(row, "own_zid", out->own_zid) || column_zid(row, "peer_zid", out->peer_zid)
		|| text_from(column(row, "name"), out->name, sizeof(out->name))
		|| text_from(column(row, "endpoints"), out->endpoints, sizeof(out->endpoints))
		|| column_number(row, "scope", &scope)
		|| column_cell(row, "pbx", &out->pbx) || column_cell(row, "pbx_alternate", &out->pbx_alternate)
		|| column_cell(row, "aux", &out->aux)
		|| column_number(row, "first_use", &out->first_use) || column_number(row, "last_use", &out->last_use)
		|| column_number(row, "revision", &revision) || column_number(row, "latest", &latest)
		|| scope < 0 || revision <= 0 || latest < 0) {
		return fail(error, ZRTP_STORE_CORRUPT, PEERS, "a row is not one of a peer");
	}
	out->scope = scope;
	out->revision = revision;
	out->latest = latest;

	return ZRTP_STORE_OK;
}

static enum zrtp_store_status read_pair(const struct ast_variable *row, struct zrtp_store_pair_row *out,
	struct zrtp_store_error *error)
{
	int64_t verified, count, revision;

	memset(out, 0, sizeof(*out));
	if (text_from(column(row, "label"), out->label, sizeof(out->label))
		|| column_cell(row, "rs1", &out->rs1) || column_cell(row, "rs2", &out->rs2)
		|| column_lines(row, &out->lines)
		|| column_number(row, "verified", &verified) || column_number(row, "preshared_count", &count)
		|| column_number(row, "last_use", &out->last_use) || column_number(row, "expires", &out->expires)
		|| column_number(row, "revision", &revision) || revision < 0 || count < 0 || count > UINT32_MAX) {
		return fail(error, ZRTP_STORE_CORRUPT, PAIRS, "a row is not one of a pair of secrets");
	}
	out->verified = verified != 0;
	out->preshared_count = count;
	out->revision = revision;

	return ZRTP_STORE_OK;
}

/*! \brief Nothing was found: is there nothing, or nobody who could tell? */
static enum zrtp_store_status nothing(const char *family, struct zrtp_store_error *error)
{
	struct ast_variable *row = ast_load_realtime(META, "property", SCHEMA, SENTINEL);
	const char *value = column(row, "value");
	enum zrtp_store_status status = ZRTP_STORE_UNKNOWN;

	if (!row) {
		status = fail(error, ZRTP_STORE_IO, family, ast_check_realtime(META)
			? "the database does not answer, or its tables are not those of zrtp-realtime.*.sql"
			: "extconfig.conf does not map " META ", " PEERS " and " PAIRS " to a database that is loaded");
	} else if (strcmp(value, SCHEMA_VERSION) && strcmp(value, SCHEMA_BEFORE)) {
		status = fail(error, ZRTP_STORE_CORRUPT, META, "the tables are those of another version");
	}
	ast_variables_destroy(row);

	return status;
}

/*! \brief Have the tables the column "line_data"? */
static int has_lines(void)
{
	struct ast_variable *row = ast_load_realtime(META, "property", SCHEMA, SENTINEL);
	int res = !strcmp(column(row, "value"), SCHEMA_VERSION);

	ast_variables_destroy(row);
	if (!res) {
		ast_log(LOG_WARNING, "ZRTP cache: table " PAIRS " is of an earlier version and keeps one line of secrets: "
			"a phone that lost its cache raises an alarm in each call until its user compares the SAS, or the "
			"phone is deleted from the cache; and the endpoint that a phone called from is not kept. To upgrade it "
			"see zrtp-realtime-2.sql\n");
	}

	return res;
}

/*! \brief One row, which the caller destroys. Consumes the condition. */
static enum zrtp_store_status load(const char *family, struct fields *where, struct ast_variable **out,
	struct zrtp_store_error *error)
{
	*out = where->failed ? NULL : ast_load_realtime_fields(family, where->first);
	ast_variables_destroy(where->first);
	if (where->failed) {
		return fail(error, ZRTP_STORE_NO_MEMORY, family, "out of memory");
	}

	return *out ? ZRTP_STORE_OK : nothing(family, error);
}

static size_t count_rows(struct ast_config *found)
{
	struct ast_category *row = NULL;
	size_t count = 0;

	while (found && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		count++;
	}

	return count;
}

/*! \brief All rows, NULL if there are none, which the caller destroys. Consumes the condition. */
static enum zrtp_store_status load_all(const char *family, struct fields *where, struct ast_config **out,
	struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	*out = where->failed ? NULL : ast_load_realtime_multientry_fields(family, where->first);
	ast_variables_destroy(where->first);
	if (where->failed) {
		return fail(error, ZRTP_STORE_NO_MEMORY, family, "out of memory");
	}
	/* Some drivers give an empty configuration for no rows, some none. */
	if (!count_rows(*out)) {
		status = nothing(family, error);
		status = status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
	}

	return status;
}

/* ---- writing ---- */

/*! \brief Change the row that fits. Consumes both. */
static enum zrtp_store_status update(const char *family, struct fields *where, struct fields *what,
	struct zrtp_store_error *error)
{
	int rows = where->failed || what->failed ? -1 : ast_update2_realtime_fields(family, where->first, what->first);

	ast_variables_destroy(where->first);
	ast_variables_destroy(what->first);
	if (rows < 0) {
		return fail(error, ZRTP_STORE_IO, family, "the database did not take a change: see the lines of its driver in the log");
	}

	return rows ? ZRTP_STORE_OK : ZRTP_STORE_CONFLICT;
}

/*! \brief A new row. Consumes it. \retval -1 it is there, or it cannot be stored */
static int insert(const char *family, struct fields *what)
{
	int rows = what->failed ? -1 : ast_store_realtime_fields(family, what->first);

	ast_variables_destroy(what->first);

	return rows < 0 ? -1 : 0;
}

static enum zrtp_store_status not_inserted(const char *family, enum zrtp_store_status present, struct zrtp_store_error *error)
{
	if (present == ZRTP_STORE_OK) {
		return ZRTP_STORE_CONFLICT;
	}
	if (present == ZRTP_STORE_UNKNOWN) {
		return fail(error, ZRTP_STORE_IO, family, "the database did not take a new row: see the lines of its driver in the log");
	}

	return present;
}

/* ---- the back end ---- */

static void realtime_close(void *be)
{
	ast_free(be);
}

static enum zrtp_store_status realtime_begin(void *be, attribute_unused bool write, attribute_unused struct zrtp_store_error *error)
{
	((struct realtime *) be)->pair_loaded = 0;

	return ZRTP_STORE_OK;
}

static enum zrtp_store_status realtime_commit(attribute_unused void *be, attribute_unused struct zrtp_store_error *error)
{
	return ZRTP_STORE_OK;
}

static void realtime_rollback(attribute_unused void *be)
{
}

static enum zrtp_store_status meta_load(const char *property, struct ast_variable **row, struct zrtp_store_error *error)
{
	struct fields where = { NULL, };

	add(&where, "property", property);

	return load(META, &where, row, error);
}

static enum zrtp_store_status realtime_meta_get(attribute_unused void *be, const char *property, uint8_t *value,
	size_t *len, struct zrtp_store_error *error)
{
	struct ast_variable *row;
	enum zrtp_store_status status = meta_load(property, &row, error);

	if (!status && text_to_octets(column(row, "value"), value, *len, len)) {
		status = fail(error, ZRTP_STORE_CORRUPT, META, "a value is not hexadecimal or too long");
	}
	ast_variables_destroy(row);

	return status ? status : *len ? ZRTP_STORE_OK : ZRTP_STORE_UNKNOWN;
}

static enum zrtp_store_status realtime_meta_set(attribute_unused void *be, const char *property, const uint8_t *value,
	size_t len, bool anew, struct zrtp_store_error *error)
{
	struct fields where = { NULL, }, what = { NULL, };
	char text[2 * ZRTP_STORE_META_MAX + 1];
	struct ast_variable *row;
	enum zrtp_store_status status;

	zrtp_store_hex(text, value, len);
	status = meta_load(property, &row, error);
	ast_variables_destroy(row);
	if (status == ZRTP_STORE_OK && anew) {
		return ZRTP_STORE_OK;
	}
	add(&what, "value", text);
	if (status == ZRTP_STORE_OK) {
		add(&where, "property", property);
		return update(META, &where, &what, error);
	}
	add(&what, "property", property);
	if (status != ZRTP_STORE_UNKNOWN) {
		ast_variables_destroy(what.first);
		return status;
	}
	if (!insert(META, &what)) {
		return ZRTP_STORE_OK;
	}
	/* Another node may have been a moment faster. */
	status = meta_load(property, &row, error);
	ast_variables_destroy(row);

	return status == ZRTP_STORE_OK && anew ? ZRTP_STORE_OK : not_inserted(META, status, error);
}

static enum zrtp_store_status realtime_peer_load(attribute_unused void *be, const uint8_t *own_zid,
	const uint8_t *peer_zid, struct zrtp_store_peer_row *out, struct zrtp_store_error *error)
{
	struct fields where = { NULL, };
	struct ast_variable *row;
	enum zrtp_store_status status;

	add_peer_key(&where, own_zid, peer_zid);
	status = load(PEERS, &where, &row, error);
	if (!status) {
		status = read_peer(row, out, error);
	}
	ast_variables_destroy(row);

	return status;
}

static enum zrtp_store_status realtime_peer_save(void *be, const struct zrtp_store_peer_row *row, uint64_t expected,
	struct zrtp_store_error *error)
{
	struct fields where = { NULL, }, what = { NULL, };
	struct zrtp_store_peer_row present;

	add_text(&what, "name", row->name);
	add_text(&what, "endpoints", row->endpoints);
	add_number(&what, "scope", row->scope);
	add_cell(&what, "pbx", &row->pbx);
	add_cell(&what, "pbx_alternate", &row->pbx_alternate);
	add_cell(&what, "aux", &row->aux);
	add_number(&what, "first_use", row->first_use);
	add_number(&what, "last_use", row->last_use);
	add_number(&what, "revision", row->revision);
	add_number(&what, "latest", row->latest);
	if (expected) {
		add_peer_key(&where, row->own_zid, row->peer_zid);
		add_number(&where, "revision", expected);
		return update(PEERS, &where, &what, error);
	}
	add_peer_key(&what, row->own_zid, row->peer_zid);
	if (!insert(PEERS, &what)) {
		return ZRTP_STORE_OK;
	}

	return not_inserted(PEERS, realtime_peer_load(be, row->own_zid, row->peer_zid, &present, error), error);
}

static enum zrtp_store_status realtime_pair_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	const char *label, uint64_t revision, struct zrtp_store_error *error);
static enum zrtp_store_status realtime_pair_trim(void *be, const uint8_t *own_zid, const uint8_t *peer_zid, size_t keep,
	struct zrtp_store_error *error);

static enum zrtp_store_status realtime_peer_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	struct zrtp_store_error *error)
{
	char own[ZID_TEXT_SIZE], peer[ZID_TEXT_SIZE];

	zid_text(own, own_zid);
	zid_text(peer, peer_zid);
	/* The peer first: a node that writes a pair now looks for it after that. */
	if (ast_destroy_realtime(PEERS, "peer_zid", peer, "own_zid", own, SENTINEL) < 0) {
		return fail(error, ZRTP_STORE_IO, PEERS, "the database did not delete a row: see the lines of its driver in the log");
	}

	return realtime_pair_trim(be, own_zid, peer_zid, 0, error);
}

static int compare_peers(const void *left, const void *right)
{
	return memcmp(((const struct zrtp_store_peer_row *) left)->peer_zid,
		((const struct zrtp_store_peer_row *) right)->peer_zid, ZRTP_ZID_SIZE);
}

/*! \brief Is this row wanted, at this place of the list? */
static int is_listed(const struct zrtp_store_peer_row *row, const char *like, const uint8_t *after)
{
	char zid[ZID_TEXT_SIZE];

	zid_text(zid, row->peer_zid);

	return (!after || memcmp(row->peer_zid, after, ZRTP_ZID_SIZE) > 0)
		&& (!like || zrtp_store_like(row->name, like) || zrtp_store_like(zid, like));
}

/*! \brief Append those of a prefix that are wanted, in order, as many as fit. */
static enum zrtp_store_status list_prefix(const char *own, unsigned int prefix, const char *like, const uint8_t *after,
	struct zrtp_store_peer_row *out, size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct fields where = { NULL, };
	struct zrtp_store_peer_row *rows = NULL;
	struct ast_config *found = NULL;
	char pattern[8];
	size_t n;
	enum zrtp_store_status status;

	snprintf(pattern, sizeof(pattern), "%02x%%", prefix);
	add(&where, "peer_zid LIKE", pattern);
	add(&where, "own_zid", own);
	status = load_all(PEERS, &where, &found, error);
	n = status ? 0 : count_rows(found);
	rows = n ? ast_calloc(n, sizeof(*rows)) : NULL;
	if (n && !rows) {
		status = fail(error, ZRTP_STORE_NO_MEMORY, PEERS, "out of memory");
	} else if (rows) {
		struct ast_category *row = NULL;
		size_t i = 0;

		while (!status && i < n && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
			status = read_peer(ast_category_first(row), &rows[i++], error);
		}
		qsort(rows, n, sizeof(*rows), compare_peers);
		for (i = 0; !status && i < n && *count < size; i++) {
			if (is_listed(&rows[i], like, after)) {
				out[(*count)++] = rows[i];
			}
		}
	}
	ast_free(rows);
	ast_config_destroy(found);

	return status;
}

/*! \brief Those of our own ZID, which is what a cluster has one of. */
static enum zrtp_store_status realtime_peer_list(void *be, const char *like, attribute_unused const uint8_t *own_zid,
	const uint8_t *peer_zid, struct zrtp_store_peer_row *out, size_t size, size_t *count, struct zrtp_store_error *error)
{
	uint8_t value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	char own[2 * ZRTP_STORE_META_MAX + 1];
	unsigned int prefix = peer_zid ? peer_zid[0] : 0;
	enum zrtp_store_status status = realtime_meta_get(be, "zid", value, &len, error);

	*count = 0;
	if (status) {
		return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
	}
	zrtp_store_hex(own, value, len);
	for (; !status && prefix < PREFIXES && *count < size; prefix++) {
		status = list_prefix(own, prefix, like, peer_zid, out, size, count, error);
	}

	return status;
}

static enum zrtp_store_status realtime_pair_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	const char *label, struct zrtp_store_pair_row *out, struct zrtp_store_error *error)
{
	struct realtime *realtime = be;
	struct fields where = { NULL, };
	struct ast_variable *row;
	enum zrtp_store_status status;

	add_peer_key(&where, own_zid, peer_zid);
	add_text(&where, "label", label);
	status = load(PAIRS, &where, &row, error);
	if (!status) {
		status = read_pair(row, out, error);
	}
	ast_variables_destroy(row);
	realtime->pair_loaded = status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN;
	realtime->pair_revision = status == ZRTP_STORE_OK ? out->revision : 0;
	ast_copy_string(realtime->pair_label, label, sizeof(realtime->pair_label));

	return status;
}

/*! \brief What the transaction knows of the pair that it is about to write. */
static enum zrtp_store_status present_revision(struct realtime *realtime, const uint8_t *own_zid, const uint8_t *peer_zid,
	const char *label, uint64_t *out, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row present;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (!realtime->pair_loaded || strcmp(realtime->pair_label, label)) {
		status = realtime_pair_load(realtime, own_zid, peer_zid, label, &present, error);
	}
	*out = realtime->pair_revision;
	realtime->pair_loaded = 0;

	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

static enum zrtp_store_status pair_write(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	const struct zrtp_store_pair_row *row, struct zrtp_store_error *error)
{
	const struct realtime *realtime = be;
	struct fields where = { NULL, }, what = { NULL, };
	struct zrtp_store_pair_row present;
	char lines[LINES_TEXT_SIZE];
	uint64_t expected;
	enum zrtp_store_status status = present_revision(be, own_zid, peer_zid, row->label, &expected, error);

	if (status) {
		return status;
	}
	add_cell(&what, "rs1", &row->rs1);
	add_cell(&what, "rs2", &row->rs2);
	if (realtime->has_lines) {
		zrtp_store_hex(lines, row->lines.octets, row->lines.len);
		add(&what, "line_data", lines);
	}
	add_number(&what, "verified", row->verified);
	add_number(&what, "preshared_count", row->preshared_count);
	add_number(&what, "last_use", row->last_use);
	add_number(&what, "expires", row->expires);
	add_number(&what, "revision", row->revision);
	if (expected) {
		add_peer_key(&where, own_zid, peer_zid);
		add_text(&where, "label", row->label);
		add_number(&where, "revision", expected);
		return update(PAIRS, &where, &what, error);
	}
	add_peer_key(&what, own_zid, peer_zid);
	add_text(&what, "label", row->label);
	if (!insert(PAIRS, &what)) {
		return ZRTP_STORE_OK;
	}

	return not_inserted(PAIRS, realtime_pair_load(be, own_zid, peer_zid, row->label, &present, error), error);
}

/*! \brief Another node may have deleted the peer since its row was written: the pair is to go too. */
static enum zrtp_store_status realtime_pair_save(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	const struct zrtp_store_pair_row *row, struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row peer;
	enum zrtp_store_status status = pair_write(be, own_zid, peer_zid, row, error);

	if (status) {
		return status;
	}
	status = realtime_peer_load(be, own_zid, peer_zid, &peer, error);
	OPENSSL_cleanse(&peer, sizeof(peer));
	if (status != ZRTP_STORE_UNKNOWN) {
		return status;
	}
	status = realtime_pair_drop(be, own_zid, peer_zid, row->label, row->revision, error);

	return status ? status : ZRTP_STORE_CONFLICT;
}

static int compare_pairs(const void *left, const void *right)
{
	const struct zrtp_store_pair_row *a = left, *b = right;

	return a->revision < b->revision ? 1 : a->revision > b->revision ? -1 : 0;
}

/*! \brief All pairs of a peer, the greatest revision first; the caller frees *out. */
static enum zrtp_store_status all_pairs(const uint8_t *own_zid, const uint8_t *peer_zid, struct zrtp_store_pair_row **out,
	size_t *count, struct zrtp_store_error *error)
{
	struct fields where = { NULL, };
	struct ast_config *found = NULL;
	struct ast_category *row = NULL;
	enum zrtp_store_status status;
	size_t n;

	*out = NULL;
	*count = 0;
	add_peer_key(&where, own_zid, peer_zid);
	status = load_all(PAIRS, &where, &found, error);
	n = status ? 0 : count_rows(found);
	if (n && !(*out = ast_calloc(n, sizeof(**out)))) {
		status = fail(error, ZRTP_STORE_NO_MEMORY, PAIRS, "out of memory");
	}
	while (!status && *count < n && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		status = read_pair(ast_category_first(row), *out + (*count)++, error);
	}
	ast_config_destroy(found);
	if (status) {
		ast_free(*out);
		*out = NULL;
	} else if (*out) {
		qsort(*out, *count, sizeof(**out), compare_pairs);
	}

	return status;
}

static enum zrtp_store_status realtime_pair_list(attribute_unused void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	struct zrtp_store_pair_row *out, size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row *rows;
	enum zrtp_store_status status = all_pairs(own_zid, peer_zid, &rows, count, error);

	if (!status && rows) {
		*count = MIN(*count, size);
		memcpy(out, rows, *count * sizeof(*rows));
	}
	ast_free(rows);

	return status;
}

static enum zrtp_store_status realtime_pair_drop(attribute_unused void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	const char *label, uint64_t revision, struct zrtp_store_error *error)
{
	char own[ZID_TEXT_SIZE], peer[ZID_TEXT_SIZE], number[NUMBER_SIZE];
	struct fields stored = { NULL, };
	int rows = -1;

	zid_text(own, own_zid);
	zid_text(peer, peer_zid);
	snprintf(number, sizeof(number), "%" PRIu64, revision);
	add_text(&stored, "label", label);
	if (!stored.failed) {
		/* With the revision: one that was used meanwhile stays. */
		rows = ast_destroy_realtime(PAIRS, "peer_zid", peer, "own_zid", own, "label", stored.first->value,
			"revision", number, SENTINEL);
	}
	ast_variables_destroy(stored.first);

	return rows < 0 ? fail(error, ZRTP_STORE_IO, PAIRS, "the database did not delete a row: see the lines of its driver in the log")
		: ZRTP_STORE_OK;
}

static enum zrtp_store_status realtime_pair_trim(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	size_t keep, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row *rows;
	size_t i, count;
	enum zrtp_store_status status = all_pairs(own_zid, peer_zid, &rows, &count, error);

	for (i = keep; !status && i < count; i++) {
		status = realtime_pair_drop(be, own_zid, peer_zid, rows[i].label, rows[i].revision, error);
	}
	ast_free(rows);

	return status;
}

/*! \brief A call writes the peer first: is the pair that it is about to write the one that is missing? */
static int is_written(const struct zrtp_store_peer_row *peer, uint64_t dropped, int64_t now)
{
	return peer->latest != dropped && peer->last_use > now - WRITING_MAX;
}

/*! \brief Delete a peer without pairs, unless somebody has written it meanwhile. */
static enum zrtp_store_status peer_drop_unchanged(const struct zrtp_store_peer_row *row, uint64_t *peers,
	struct zrtp_store_error *error)
{
	char own[ZID_TEXT_SIZE], peer[ZID_TEXT_SIZE], number[NUMBER_SIZE];
	int rows;

	zid_text(own, row->own_zid);
	zid_text(peer, row->peer_zid);
	snprintf(number, sizeof(number), "%" PRIu64, row->revision);
	rows = ast_destroy_realtime(PEERS, "peer_zid", peer, "own_zid", own, "revision", number, SENTINEL);
	if (rows < 0) {
		return fail(error, ZRTP_STORE_IO, PEERS, "the database did not delete a row: see the lines of its driver in the log");
	}
	*peers += rows;

	return ZRTP_STORE_OK;
}

/*! \brief A peer that has lost a pair, of this revision, goes if it has nothing else. */
static enum zrtp_store_status purge_peer(void *be, const uint8_t *own_zid, const uint8_t *peer_zid, uint64_t dropped,
	int64_t now, uint64_t *peers, struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row peer;
	struct zrtp_store_pair_row *rows = NULL;
	size_t count = 0;
	enum zrtp_store_status status = realtime_peer_load(be, own_zid, peer_zid, &peer, error);

	if (!status && !peer.pbx.len && !peer.pbx_alternate.len && !peer.aux.len) {
		status = all_pairs(own_zid, peer_zid, &rows, &count, error);
		if (!status && !count && !is_written(&peer, dropped, now)) {
			status = peer_drop_unchanged(&peer, peers, error);
		}
		ast_free(rows);
	}

	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

static enum zrtp_store_status purge_pair(void *be, const struct ast_variable *row, int64_t now, uint64_t *pairs,
	uint64_t *peers, struct zrtp_store_error *error)
{
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	struct zrtp_store_pair_row pair;
	enum zrtp_store_status status = read_pair(row, &pair, error);

	if (!status && (column_zid(row, "own_zid", own_zid) || column_zid(row, "peer_zid", peer_zid))) {
		status = fail(error, ZRTP_STORE_CORRUPT, PAIRS, "a row is not one of a pair of secrets");
	}
	if (!status) {
		status = realtime_pair_drop(be, own_zid, peer_zid, pair.label, pair.revision, error);
	}
	if (!status) {
		++*pairs;
		status = purge_peer(be, own_zid, peer_zid, pair.revision, now, peers, error);
	}

	return status;
}

static enum zrtp_store_status realtime_purge(void *be, int64_t now, uint64_t *pairs, uint64_t *peers,
	struct zrtp_store_error *error)
{
	struct fields where = { NULL, };
	struct ast_config *found = NULL;
	struct ast_category *row = NULL;
	enum zrtp_store_status status;

	*pairs = *peers = 0;
	add_number(&where, "expires <=", now);
	status = load_all(PAIRS, &where, &found, error);
	while (!status && found && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		status = purge_pair(be, ast_category_first(row), now, pairs, peers, error);
	}
	ast_config_destroy(found);

	return status;
}

static const struct zrtp_store_backend backend = {
	.name = "realtime",
	.close = realtime_close,
	.begin = realtime_begin,
	.commit = realtime_commit,
	.rollback = realtime_rollback,
	.meta_get = realtime_meta_get,
	.meta_set = realtime_meta_set,
	.peer_load = realtime_peer_load,
	.peer_save = realtime_peer_save,
	.peer_drop = realtime_peer_drop,
	.peer_list = realtime_peer_list,
	.pair_load = realtime_pair_load,
	.pair_save = realtime_pair_save,
	.pair_list = realtime_pair_list,
	.pair_trim = realtime_pair_trim,
	.pair_drop = realtime_pair_drop,
	.purge = realtime_purge,
};

enum zrtp_store_status realtime_open(struct zrtp_store **out, const struct zrtp_store_config *config,
	struct zrtp_store_error *error)
{
	struct realtime *be = ast_calloc(1, sizeof(*be));
	enum zrtp_store_status status;

	if (!be) {
		return fail(error, ZRTP_STORE_NO_MEMORY, PEERS, "out of memory");
	}
	status = nothing(PEERS, error);
	if (status == ZRTP_STORE_UNKNOWN) {
		be->has_lines = has_lines();
		status = zrtp_store_open_backend(out, &backend, be, config, error);
	}
	if (status) {
		ast_free(be);
	}

	return status;
}
