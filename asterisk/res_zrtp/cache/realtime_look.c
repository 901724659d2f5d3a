/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Many rows of a realtime database, by ranges of ZIDs.
 *
 * Realtime knows no LIMIT, but its drivers take any operator of SQL. So a page is a range of ZIDs: one statement
 * for its peers, and one for all of their pairs.
 */

#include "asterisk.h"

#include "asterisk/config.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/zid_range.h"
#include "base/text.h"
#include "cache/peers_wanted.h"
#include "cache/realtime_look.h"
#include "cache/realtime_rows.h"

enum zrtp_store_status rows_in_range(const char *family, const uint8_t *own_zid, const struct zid_range *range,
	struct row_fields *more, struct ast_config **out, struct zrtp_store_error *error)
{
	struct row_fields where = { NULL, };
	char own[ZID_TEXT_SIZE], first[ZID_TEXT_SIZE], last[ZID_TEXT_SIZE];

	zid_text(first, range->first);
	zid_text(last, range->last);
	/* Drivers sort by the first one. */
	row_add(&where, "peer_zid >=", first);
	row_add(&where, "peer_zid <=", last);
	if (own_zid) {
		zid_text(own, own_zid);
		row_add(&where, "own_zid", own);
	}
	if (where.failed) {
		ast_variables_destroy(more->first);
	} else {
		where.last->next = more->first;
		where.failed = more->failed;
	}

	return rows_load_all(family, &where, out, error);
}

static int compare_peers(const void *left, const void *right)
{
	return memcmp(((const struct zrtp_store_peer_row *) left)->peer_zid,
		((const struct zrtp_store_peer_row *) right)->peer_zid, ZRTP_ZID_SIZE);
}

enum zrtp_store_status peers_in_range(const uint8_t *own_zid, const struct zid_range *range, int enrolled,
	struct zrtp_store_peer_row **out, size_t *count, struct zrtp_store_error *error)
{
	struct row_fields more = { NULL, };
	struct ast_config *found = NULL;
	struct ast_category *row = NULL;
	enum zrtp_store_status status;
	size_t n;

	*out = NULL;
	*count = 0;
	if (enrolled) {
		row_add(&more, "pbx LIKE", "_%");
	}
	status = rows_in_range(PEERS, own_zid, range, &more, &found, error);
	n = status ? 0 : rows_count(found);
	if (n && !(*out = ast_calloc(n, sizeof(**out)))) {
		status = rows_fail(error, ZRTP_STORE_NO_MEMORY, PEERS, "out of memory");
	}
	while (!status && *count < n && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		status = row_peer(ast_category_first(row), *out + (*count)++, error);
	}
	ast_config_destroy(found);
	if (status) {
		ast_free(*out);
		*out = NULL;
		*count = 0;
	} else if (*out) {
		qsort(*out, *count, sizeof(**out), compare_peers);
	}

	return status;
}

/*! \brief Is this row wanted? */
static int is_listed(const struct zrtp_store_peer_row *row, const char *like)
{
	char zid[ZID_TEXT_SIZE];

	zid_text(zid, row->peer_zid);

	return !like || zrtp_store_like(row->name, like) || zrtp_store_like(zid, like);
}

enum zrtp_store_status peers_after(const uint8_t *own_zid, const char *like, const uint8_t *after,
	struct zrtp_store_peer_row *out, size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row *rows;
	struct zid_range all;
	struct zid_walk walk;
	enum zrtp_store_status status = ZRTP_STORE_OK;
	size_t i, n;

	*count = 0;
	if (after ? zid_range_after(&all, after) : zid_range_of(&all, "")) {
		return ZRTP_STORE_OK;
	}
	for (zid_walk_begin(&walk, &all, size); !status && !walk.over && *count < size; zid_walk_found(&walk, n)) {
		struct zid_range range = zid_walk_next(&walk);

		status = peers_in_range(own_zid, &range, 0, &rows, &n, error);
		for (i = 0; i < n && *count < size; i++) {
			if (is_listed(&rows[i], like)) {
				out[(*count)++] = rows[i];
			}
		}
		ast_free(rows);
	}

	return status;
}

static void describe(struct zrtp_store_peer *out, const struct zrtp_store_peer_row *row)
{
	memcpy(out->own_zid, row->own_zid, sizeof(out->own_zid));
	memcpy(out->peer_zid, row->peer_zid, sizeof(out->peer_zid));
	ast_copy_string(out->name, row->name, sizeof(out->name));
	ast_copy_string(out->endpoints, row->endpoints, sizeof(out->endpoints));
	zrtp_store_printable(out->name);
	zrtp_store_printable(out->endpoints);
	out->scope = row->scope < ZRTP_SCOPE_COUNT ? row->scope : ZRTP_SCOPE_UNKNOWN;
	out->has_pbx = row->pbx.len != 0;
	out->has_pbx_alternate = row->pbx_alternate.len != 0;
	out->has_aux = row->aux.len != 0;
	out->first_use = row->first_use;
	out->last_use = row->last_use;
}

static int compare_zid(const void *zid, const void *peer)
{
	return memcmp(zid, ((const struct zrtp_store_peer *) peer)->peer_zid, ZRTP_ZID_SIZE);
}

/*! \brief One more pair; the one with the greatest revision is what the list tells of its peer. */
static enum zrtp_store_status add_pair(const struct ast_variable *row, struct zrtp_store_peer *peers, size_t count,
	uint64_t *newest, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row pair;
	struct zrtp_store_peer *peer;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status = row_pair(row, &pair, error);

	if (!status && row_zid(row, "peer_zid", zid)) {
		status = rows_fail(error, ZRTP_STORE_CORRUPT, PAIRS, "a row is not one of a pair of secrets");
	}
	peer = status ? NULL : bsearch(zid, peers, count, sizeof(*peers), compare_zid);
	if (!peer) {
		return status;
	}
	if (!peer->labels || pair.revision > newest[peer - peers]) {
		newest[peer - peers] = pair.revision;
		peer->verified = pair.verified;
		peer->expires = pair.expires;
	}
	peer->labels += peer->labels < ZRTP_STORE_LABELS_MAX;

	return ZRTP_STORE_OK;
}

/*! \brief What the pairs of peers in order tell of them. */
static enum zrtp_store_status add_pairs(const uint8_t *own_zid, struct zrtp_store_peer *peers, size_t count,
	struct zrtp_store_error *error)
{
	uint64_t *newest = ast_calloc(count, sizeof(*newest));
	struct row_fields none = { NULL, };
	struct ast_config *found = NULL;
	struct ast_category *row = NULL;
	struct zid_range range;
	enum zrtp_store_status status;

	if (!newest) {
		return rows_fail(error, ZRTP_STORE_NO_MEMORY, PAIRS, "out of memory");
	}
	memcpy(range.first, peers[0].peer_zid, sizeof(range.first));
	memcpy(range.last, peers[count - 1].peer_zid, sizeof(range.last));
	status = rows_in_range(PAIRS, own_zid, &range, &none, &found, error);
	while (!status && found && (row = ast_category_browse_filtered(found, NULL, row, NULL))) {
		status = add_pair(ast_category_first(row), peers, count, newest, error);
	}
	ast_config_destroy(found);
	ast_free(newest);

	return status;
}

enum zrtp_store_status realtime_look(const uint8_t *own_zid, const struct zid_range *range, const struct peers_wanted *wanted,
	struct zrtp_store_peer **out, size_t *count, size_t *found, struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row *rows;
	enum zrtp_store_status status = peers_in_range(own_zid, range, wanted->enrolled, &rows, found, error);
	size_t i;

	*count = 0;
	*out = *found ? ast_calloc(*found, sizeof(**out)) : NULL;
	if (*found && !*out) {
		status = rows_fail(error, ZRTP_STORE_NO_MEMORY, PEERS, "out of memory");
	}
	for (i = 0; !status && i < *found; i++) {
		describe(*out + *count, &rows[i]);
		*count += peers_fit(wanted, *out + *count);
	}
	if (!status && *count && !wanted->bare) {
		status = add_pairs(own_zid, *out, *count, error);
	}
	ast_free(rows);

	return status;
}
