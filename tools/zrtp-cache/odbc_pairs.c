/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zrtp-cache: the rows of zrtp_pairs. What goes through all peers asks for the pairs of each: those of a
 * page of peers are read at once, and kept until something is written or the transaction ends.
 */
#include "odbc.h"

#include <stdlib.h>
#include <string.h>

enum zrtp_store_status odbc_pair_load(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      const char *label, struct zrtp_store_pair_row *out,
				      struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	enum zrtp_store_status status;

	odbc_give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, label);
	status = odbc_run(be, PAIR_LOAD, NULL, error);
	if (!status) {
		status = odbc_next(be, PAIR_LOAD, error);
		status = status ? status : odbc_read_pair(be, own_zid, peer_zid, out, error);
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
enum zrtp_store_status odbc_pair_save(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      const struct zrtp_store_pair_row *row, struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	SQLLEN rows = 0;
	enum zrtp_store_status status;

	odbc_forget_pairs(be);
	give_pair(be, row);
	odbc_give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, row->label);
	status = odbc_run(be, PAIR_UPDATE, &rows, error);
	if (status || rows) {
		return status;
	}
	odbc_give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, row->label);
	give_pair(be, row);
	return odbc_run(be, PAIR_INSERT, NULL, error);
}

/* ---- a page ---- */

void odbc_forget_pairs(struct odbc *be)
{
	be->page.listed = be->page.read = false;
	be->page.count = 0;
}

/* The row in the columns, unless its peer has as many as are looked at already. */
static enum zrtp_store_status keep(struct odbc *be, struct zrtp_store_error *error)
{
	const char *zid = be->columns[be->has_lines ? 9 : 8].text;
	struct odbc_page *page = &be->page;
	struct odbc_pair *pair, *more;

	if (page->count == page->room) {
		more = realloc(page->pairs, (page->room + ODBC_PAGE) * 2 * sizeof(*more));
		if (!more) {
			return odbc_fail(be, ZRTP_STORE_NO_MEMORY, error, "out of memory");
		}
		page->pairs = more;
		page->room = (page->room + ODBC_PAGE) * 2;
	}
	pair = &page->pairs[page->count];
	if (strlen(zid) != 2 * ZRTP_ZID_SIZE || !zrtp_store_unhex(pair->peer_zid, ZRTP_ZID_SIZE, zid)) {
		return odbc_fail(be, ZRTP_STORE_CORRUPT, error,
				 "table %s_pairs, row with peer_zid %.24s: that is none", be->prefix, zid);
	}
	if (page->count >= ZRTP_STORE_LABELS_MAX &&
	    !memcmp(pair[-ZRTP_STORE_LABELS_MAX].peer_zid, pair->peer_zid, ZRTP_ZID_SIZE)) {
		return ZRTP_STORE_OK;
	}
	page->count++;
	return odbc_read_pair(be, page->own_zid, pair->peer_zid, &pair->row, error);
}

/* Of the peers listed, from this one on. */
static enum zrtp_store_status read_page(struct odbc *be, const uint8_t *peer_zid,
					struct zrtp_store_error *error)
{
	struct odbc_page *page = &be->page;
	enum zrtp_store_status status;

	page->count = 0;
	page->read = false;
	odbc_give_zids(be, page->own_zid, peer_zid);
	odbc_give_octets(be, page->last, ZRTP_ZID_SIZE);
	status = odbc_run(be, PAIR_PAGE, NULL, error);
	while (!status) {
		status = odbc_next(be, PAIR_PAGE, error);
		status = status ? status : keep(be, error);
	}
	odbc_done(be, PAIR_PAGE);
	if (status != ZRTP_STORE_UNKNOWN) {
		return status;
	}
	memcpy(page->from, peer_zid, ZRTP_ZID_SIZE);
	page->read = true;
	return ZRTP_STORE_OK;
}

static bool is_on_page(const struct odbc_page *page, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	return page->listed && !memcmp(page->own_zid, own_zid, ZRTP_ZID_SIZE) &&
	       memcmp(peer_zid, page->last, ZRTP_ZID_SIZE) <= 0;
}

static enum zrtp_store_status list_of_page(struct odbc *be, const uint8_t *peer_zid,
					   struct zrtp_store_pair_row *out, size_t size, size_t *count,
					   struct zrtp_store_error *error)
{
	struct odbc_page *page = &be->page;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (!page->read || memcmp(peer_zid, page->from, ZRTP_ZID_SIZE) < 0) {
		status = read_page(be, peer_zid, error);
	}
	for (size_t i = 0; !status && i < page->count && *count < size; i++) {
		if (!memcmp(page->pairs[i].peer_zid, peer_zid, ZRTP_ZID_SIZE)) {
			out[(*count)++] = page->pairs[i].row;
		}
	}
	return status;
}

enum zrtp_store_status odbc_pair_list(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      struct zrtp_store_pair_row *out, size_t size, size_t *count,
				      struct zrtp_store_error *error)
{
	struct odbc *be = arg;
	enum zrtp_store_status status;

	*count = 0;
	if (is_on_page(&be->page, own_zid, peer_zid)) {
		return list_of_page(be, peer_zid, out, size, count, error);
	}
	odbc_give_zids(be, own_zid, peer_zid);
	status = odbc_run(be, PAIR_LIST, NULL, error);
	while (!status && *count < size) {
		status = odbc_next(be, PAIR_LIST, error);
		status = status ? status : odbc_read_pair(be, own_zid, peer_zid, &out[*count], error);
		*count += !status;
	}
	odbc_done(be, PAIR_LIST);
	return status == ZRTP_STORE_UNKNOWN ? ZRTP_STORE_OK : status;
}

/* ---- dropped ---- */

enum zrtp_store_status odbc_pair_drop(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid,
				      const char *label, uint64_t revision, struct zrtp_store_error *error)
{
	struct odbc *be = arg;

	odbc_forget_pairs(be);
	odbc_give_zids(be, own_zid, peer_zid);
	odbc_give_text(be, label);
	odbc_give_number(be, (int64_t)revision);
	return odbc_run(be, PAIR_DROP, NULL, error);
}

enum zrtp_store_status odbc_pair_trim(void *arg, const uint8_t *own_zid, const uint8_t *peer_zid, size_t keep,
				      struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row *rows = calloc(ZRTP_STORE_LABELS_MAX, sizeof(*rows));
	struct odbc *be = arg;
	size_t count = 0;
	enum zrtp_store_status status;

	if (!rows) {
		return odbc_fail(be, ZRTP_STORE_NO_MEMORY, error, "out of memory");
	}
	status = odbc_pair_list(be, own_zid, peer_zid, rows, ZRTP_STORE_LABELS_MAX, &count, error);
	for (size_t i = keep; !status && i < count; i++) {
		status = odbc_pair_drop(be, own_zid, peer_zid, rows[i].label, rows[i].revision, error);
	}
	free(rows);
	return status;
}
