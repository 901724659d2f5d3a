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

#include "decide/zid_range.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/realtime_look.h"
#include "cache/realtime_rows.h"

/*! Longer than a call takes from the peer's row to the pair's, seconds. */
#define WRITING_MAX 60

/*! Expired pairs that are removed in one step, between which calls have their turn. */
#define PURGE_STEP 4

struct realtime {
	/*! Revision of the pair that the transaction loaded, and which it was. */
	uint64_t pair_revision;
	char pair_label[ZRTP_LABEL_SIZE];
	/*! The property that the transaction has read last, and its value. */
	char meta_property[16];
	char meta_value[2 * ZRTP_STORE_META_MAX + 1];
	unsigned int pair_loaded:1;
	unsigned int has_lines:1;      /*!< The tables have that column */
	struct zid_walk purge;         /*!< Where the next step of it goes on */
};

static void realtime_close(void *be)
{
	ast_free(be);
}

static enum zrtp_store_status realtime_begin(void *be, attribute_unused bool write, attribute_unused struct zrtp_store_error *error)
{
	struct realtime *realtime = be;

	realtime->pair_loaded = 0;
	realtime->meta_property[0] = '\0';

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
	struct row_fields where = { NULL, };

	row_add(&where, "property", property);

	return rows_load(META, &where, row, error);
}

static enum zrtp_store_status realtime_meta_get(void *be, const char *property, uint8_t *value,
	size_t *len, struct zrtp_store_error *error)
{
	struct realtime *realtime = be;
	struct ast_variable *row;
	enum zrtp_store_status status = meta_load(property, &row, error);

	ast_copy_string(realtime->meta_property, property, sizeof(realtime->meta_property));
	ast_copy_string(realtime->meta_value, row_column(row, "value"), sizeof(realtime->meta_value));
	if (!status && row_octets(row_column(row, "value"), value, *len, len)) {
		realtime->meta_property[0] = '\0';
		status = rows_fail(error, ZRTP_STORE_CORRUPT, META, "a value is not hexadecimal or too long");
	}
	ast_variables_destroy(row);

	return status ? status : *len ? ZRTP_STORE_OK : ZRTP_STORE_UNKNOWN;
}

/*! \brief What the transaction has read is replaced only if it is there still. */
static enum zrtp_store_status realtime_meta_set(void *be, const char *property, const uint8_t *value,
	size_t len, bool keep, struct zrtp_store_error *error)
{
	const struct realtime *realtime = be;
	struct row_fields where = { NULL, }, what = { NULL, };
	char text[2 * ZRTP_STORE_META_MAX + 1];
	struct ast_variable *row;
	enum zrtp_store_status status;

	zrtp_store_hex(text, value, len);
	status = meta_load(property, &row, error);
	ast_variables_destroy(row);
	if (status == ZRTP_STORE_OK && keep) {
		return ZRTP_STORE_OK;
	}
	row_add(&what, "value", text);
	if (status == ZRTP_STORE_OK) {
		row_add(&where, "property", property);
		if (!strcmp(realtime->meta_property, property)) {
			row_add(&where, "value", realtime->meta_value);
		}
		return rows_update(META, &where, &what, error);
	}
	row_add(&what, "property", property);
	if (status != ZRTP_STORE_UNKNOWN) {
		ast_variables_destroy(what.first);
		return status;
	}
	if (!rows_insert(META, &what)) {
		return ZRTP_STORE_OK;
	}
	/* Another node may have been a moment faster. */
	status = meta_load(property, &row, error);
	ast_variables_destroy(row);

	return status == ZRTP_STORE_OK && keep ? ZRTP_STORE_OK : rows_not_inserted(META, status, error);
}

static enum zrtp_store_status realtime_peer_load(attribute_unused void *be, const uint8_t *own_zid,
	const uint8_t *peer_zid, struct zrtp_store_peer_row *out, struct zrtp_store_error *error)
{
	struct row_fields where = { NULL, };
	struct ast_variable *row;
	enum zrtp_store_status status;

	row_add_peer_key(&where, own_zid, peer_zid);
	status = rows_load(PEERS, &where, &row, error);
	if (!status) {
		status = row_peer(row, out, error);
	}
	ast_variables_destroy(row);

	return status;
}

static enum zrtp_store_status realtime_peer_save(void *be, const struct zrtp_store_peer_row *row, uint64_t expected,
	struct zrtp_store_error *error)
{
	struct row_fields where = { NULL, }, what = { NULL, };
	struct zrtp_store_peer_row present;

	row_add_text(&what, "name", row->name);
	row_add_text(&what, "endpoints", row->endpoints);
	row_add_number(&what, "scope", row->scope);
	row_add_cell(&what, "pbx", &row->pbx);
	row_add_cell(&what, "pbx_alternate", &row->pbx_alternate);
	row_add_cell(&what, "aux", &row->aux);
	row_add_number(&what, "first_use", row->first_use);
	row_add_number(&what, "last_use", row->last_use);
	row_add_number(&what, "revision", row->revision);
	row_add_number(&what, "latest", row->latest);
	if (expected) {
		row_add_peer_key(&where, row->own_zid, row->peer_zid);
		row_add_number(&where, "revision", expected);
		return rows_update(PEERS, &where, &what, error);
	}
	row_add_peer_key(&what, row->own_zid, row->peer_zid);
	if (!rows_insert(PEERS, &what)) {
		return ZRTP_STORE_OK;
	}

	return rows_not_inserted(PEERS, realtime_peer_load(be, row->own_zid, row->peer_zid, &present, error), error);
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
		return rows_fail(error, ZRTP_STORE_IO, PEERS, "the database did not delete a row: see the lines of its driver in the log");
	}

	return realtime_pair_trim(be, own_zid, peer_zid, 0, error);
}

/*! \brief Those of our own ZID, which is what a cluster has one of. */
static enum zrtp_store_status realtime_peer_list(void *be, const char *like, attribute_unused const uint8_t *own_zid,
	const uint8_t *peer_zid, struct zrtp_store_peer_row *out, size_t size, size_t *count, struct zrtp_store_error *error)
{
	uint8_t own[ZRTP_STORE_META_MAX];
	size_t len = sizeof(own);
	enum zrtp_store_status status = realtime_meta_get(be, "zid", own, &len, error);

	*count = 0;
	if (status) {
		return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
	}
	if (len != ZRTP_ZID_SIZE) {
		return rows_fail(error, ZRTP_STORE_CORRUPT, META, "the row \"zid\" is not a ZID");
	}

	return peers_after(own, like, peer_zid, out, size, count, error);
}

static enum zrtp_store_status realtime_pair_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
	const char *label, struct zrtp_store_pair_row *out, struct zrtp_store_error *error)
{
	struct realtime *realtime = be;
	struct row_fields where = { NULL, };
	struct ast_variable *row;
	enum zrtp_store_status status;

	row_add_peer_key(&where, own_zid, peer_zid);
	row_add_text(&where, "label", label);
	status = rows_load(PAIRS, &where, &row, error);
	if (!status) {
		status = row_pair(row, out, error);
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
	struct row_fields where = { NULL, }, what = { NULL, };
	struct zrtp_store_pair_row present;
	char lines[LINES_TEXT_SIZE];
	uint64_t expected;
	enum zrtp_store_status status = present_revision(be, own_zid, peer_zid, row->label, &expected, error);

	if (status) {
		return status;
	}
	row_add_cell(&what, "rs1", &row->rs1);
	row_add_cell(&what, "rs2", &row->rs2);
	if (realtime->has_lines) {
		zrtp_store_hex(lines, row->lines.octets, row->lines.len);
		row_add(&what, "line_data", lines);
	}
	row_add_number(&what, "verified", row->verified);
	row_add_number(&what, "preshared_count", row->preshared_count);
	row_add_number(&what, "last_use", row->last_use);
	row_add_number(&what, "expires", row->expires);
	row_add_number(&what, "revision", row->revision);
	if (expected) {
		row_add_peer_key(&where, own_zid, peer_zid);
		row_add_text(&where, "label", row->label);
		row_add_number(&where, "revision", expected);
		return rows_update(PAIRS, &where, &what, error);
	}
	row_add_peer_key(&what, own_zid, peer_zid);
	row_add_text(&what, "label", row->label);
	if (!rows_insert(PAIRS, &what)) {
		return ZRTP_STORE_OK;
	}

	return rows_not_inserted(PAIRS, realtime_pair_load(be, own_zid, peer_zid, row->label, &present, error), error);
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
	struct row_fields where = { NULL, };
	struct ast_config *found = NULL;
	struct ast_category *row = NULL;
	enum zrtp_store_status status;
	size_t n;

	*out = NULL;
	*count = 0;
	row_add_peer_key(&where, own_zid, peer_zid);
	status = rows_load_all(PAIRS, &where, &found, error);
	n = status ? 0 : rows_count(found);
	if (n && !(*out = ast_calloc(n, sizeof(**out)))) {
		status = rows_fail(error, ZRTP_STORE_NO_MEMORY, PAIRS, "out of memory");
	}
	while (!status && *count < n && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		status = row_pair(ast_category_first(row), *out + (*count)++, error);
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
	struct row_fields stored = { NULL, };
	int rows = -1;

	zid_text(own, own_zid);
	zid_text(peer, peer_zid);
	snprintf(number, sizeof(number), "%" PRIu64, revision);
	row_add_text(&stored, "label", label);
	if (!stored.failed) {
		/* With the revision: one that was used meanwhile stays. */
		rows = ast_destroy_realtime(PAIRS, "peer_zid", peer, "own_zid", own, "label", stored.first->value,
			"revision", number, SENTINEL);
	}
	ast_variables_destroy(stored.first);

	return rows < 0 ? rows_fail(error, ZRTP_STORE_IO, PAIRS, "the database did not delete a row: see the lines of its driver in the log")
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

/*! \brief Delete a peer without pairs, unless another node has written it meanwhile. */
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
		return rows_fail(error, ZRTP_STORE_IO, PEERS, "the database did not delete a row: see the lines of its driver in the log");
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

static void begin_purge(struct realtime *realtime)
{
	struct zid_range all;

	zid_range_of(&all, "");
	zid_walk_begin(&realtime->purge, &all, PURGE_STEP);
}

static enum zrtp_store_status purge_pair(void *be, const uint8_t *peer_zid, const struct ast_variable *row, int64_t now,
	uint64_t *pairs, uint64_t *peers, struct zrtp_store_error *error)
{
	uint8_t own_zid[ZRTP_ZID_SIZE];
	struct zrtp_store_pair_row pair;
	enum zrtp_store_status status = row_pair(row, &pair, error);

	if (!status && row_zid(row, "own_zid", own_zid)) {
		status = rows_fail(error, ZRTP_STORE_CORRUPT, PAIRS, "a row is not one of a pair of secrets");
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

/*! \brief What has expired in a range, up to the end of a peer. \param last gets that peer \param over that was all */
static enum zrtp_store_status purge_range(void *be, struct ast_config *found, int64_t now, uint64_t *pairs,
	uint64_t *peers, uint8_t *last, int *over, struct zrtp_store_error *error)
{
	struct ast_category *row = NULL;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status = ZRTP_STORE_OK;

	*over = 0;
	while (!status && found && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		if (row_zid(ast_category_first(row), "peer_zid", zid)) {
			return rows_fail(error, ZRTP_STORE_CORRUPT, PAIRS, "a row is not one of a pair of secrets");
		}
		if (*pairs >= PURGE_STEP && memcmp(zid, last, sizeof(zid))) {
			return ZRTP_STORE_OK;
		}
		memcpy(last, zid, sizeof(zid));
		status = purge_pair(be, zid, ast_category_first(row), now, pairs, peers, error);
	}
	*over = 1;

	return status;
}

/*! \brief The next ones that have expired, some at a time; none: all peers were looked at. */
static enum zrtp_store_status realtime_purge(void *be, int64_t now, uint64_t *pairs, uint64_t *peers,
	struct zrtp_store_error *error)
{
	struct realtime *realtime = be;
	struct zid_walk *walk = &realtime->purge;
	uint8_t last[ZRTP_ZID_SIZE];
	struct zid_range range;
	int over = 1;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	*pairs = *peers = 0;
	while (!status && !walk->over && !*pairs) {
		struct row_fields more = { NULL, };
		struct ast_config *found = NULL;

		range = zid_walk_next(walk);
		memcpy(last, range.first, sizeof(last));
		row_add_number(&more, "expires <=", now);
		status = rows_in_range(PAIRS, NULL, &range, &more, &found, error);
		if (!status) {
			size_t count = rows_count(found);

			status = purge_range(be, found, now, pairs, peers, last, &over, error);
			zid_walk_found(walk, count);
		}
		ast_config_destroy(found);
	}
	if (!over) {
		walk->over = zid_range_after(&range, last) != 0;
		memcpy(walk->left.first, range.first, sizeof(range.first));
	}
	if (!status && !*pairs) {
		begin_purge(realtime);
	}

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

enum zrtp_store_status realtime_open(struct zrtp_store **out, const struct zrtp_store_config *config, int calls,
	struct zrtp_store_error *error)
{
	struct realtime *be = ast_calloc(1, sizeof(*be));
	enum zrtp_store_status status;

	if (!be) {
		return rows_fail(error, ZRTP_STORE_NO_MEMORY, PEERS, "out of memory");
	}
	begin_purge(be);
	status = rows_nothing(PEERS, error);
	if (status == ZRTP_STORE_UNKNOWN) {
		be->has_lines = calls && rows_have_lines();
		status = zrtp_store_open_backend(out, &backend, be, config, error);
	}
	if (status) {
		ast_free(be);
	}

	return status;
}
