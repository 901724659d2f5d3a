/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom an administrator has changed: a property of the store, for other processes that have known these
 * peers. */
#include "admin.h"

#include <openssl/rand.h>

enum {
	COUNT_SIZE = 4,
	PAGES = 100, /* lists that were full, kept */
	PAGE_NAME = 16,
};

#define PROPERTY "edits"

/* What is no such value, or damaged, counts as none: the next edit writes another. */
static enum zrtp_store_status read_list(struct zrtp_store *store, const char *property,
					struct zrtp_store_edits *edits, struct zrtp_store_error *error)
{
	uint8_t value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status = store->backend->meta_get(store->be, property, value, &len, error);

	memset(edits, 0, sizeof(*edits));
	if (status) {
		return status == ZRTP_STORE_UNKNOWN || status == ZRTP_STORE_CORRUPT ? ZRTP_STORE_OK : status;
	}
	if (len < COUNT_SIZE || (len - COUNT_SIZE) % ZRTP_ZID_SIZE ||
	    len > COUNT_SIZE + sizeof(edits->peers)) {
		return ZRTP_STORE_OK;
	}
	edits->count =
		(uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 | (uint32_t)value[2] << 8 | value[3];
	edits->known = (unsigned)((len - COUNT_SIZE) / ZRTP_ZID_SIZE);
	memcpy(edits->peers, value + COUNT_SIZE, len - COUNT_SIZE);
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status write_list(struct zrtp_store *store, const char *property,
					 const struct zrtp_store_edits *edits, struct zrtp_store_error *error)
{
	uint8_t value[COUNT_SIZE + sizeof(edits->peers)];
	size_t octets = edits->known * (size_t)ZRTP_ZID_SIZE;

	value[0] = (uint8_t)(edits->count >> 24);
	value[1] = (uint8_t)(edits->count >> 16);
	value[2] = (uint8_t)(edits->count >> 8);
	value[3] = (uint8_t)edits->count;
	memcpy(value + COUNT_SIZE, edits->peers, octets);
	return store->backend->meta_set(store->be, property, value, COUNT_SIZE + octets, false, error);
}

static enum zrtp_store_status read_edits(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	return read_list(store, PROPERTY, arg, error);
}

/* ---- lists of before ---- */

/* Only whole lists that follow each other without a gap are kept. */
static bool is_page(const struct zrtp_store_edits *edits)
{
	return edits->known == ZRTP_STORE_EDITS && edits->count % ZRTP_STORE_EDITS == 0;
}

static void page_name(char out[PAGE_NAME], uint32_t count)
{
	(void)snprintf(out, PAGE_NAME, PROPERTY ".%u", (unsigned)(count / ZRTP_STORE_EDITS % PAGES));
}

/* Before the list loses any of it, so that who reads the next one finds it. Two processes that are at it at
 * once write the same; what is there already is not written again, as some databases say then that they have
 * changed no row. */
static enum zrtp_store_status keep_page(struct zrtp_store *store, const struct zrtp_store_edits *edits,
					struct zrtp_store_error *error)
{
	struct zrtp_store_edits kept;
	char name[PAGE_NAME];
	enum zrtp_store_status status;

	page_name(name, edits->count);
	status = read_list(store, name, &kept, error);
	if (status || !memcmp(&kept, edits, sizeof(kept))) {
		return status;
	}
	return write_list(store, name, edits, error);
}

/* A store that is written out (memory, file) is of one process: no other one asks, and it has no room. */
static bool is_shared(const struct zrtp_store *store)
{
	return !store->backend->flush;
}

enum zrtp_store_status zrtp_store_note_edit(struct zrtp_store *store, const uint8_t *peer_zid,
					    struct zrtp_store_error *error)
{
	struct zrtp_store_edits edits;
	enum zrtp_store_status status = read_edits(store, &edits, error);

	if (!status && is_page(&edits) && is_shared(store)) {
		status = keep_page(store, &edits, error);
		/* Read last, what is written next is compared with it by a back end that has no transactions.
		 */
		status = status ? status : read_edits(store, &edits, error);
	}
	if (status) {
		return status;
	}
	edits.count++;
	edits.known += edits.known < ZRTP_STORE_EDITS;
	memmove(edits.peers[1], edits.peers[0], sizeof(edits.peers) - sizeof(edits.peers[0]));
	memcpy(edits.peers[0], peer_zid, sizeof(edits.peers[0]));
	return write_list(store, PROPERTY, &edits, error);
}

enum zrtp_store_status zrtp_store_note_copy(struct zrtp_store *store, struct zrtp_store_error *error)
{
	struct zrtp_store_edits edits = { .known = 0 };

	if (RAND_bytes((uint8_t *)&edits.count, sizeof(edits.count)) != 1) {
		return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto's random source failed");
	}
	return write_list(store, PROPERTY, &edits, error);
}

enum zrtp_store_status zrtp_store_edits(struct zrtp_store *store, struct zrtp_store_edits *out,
					struct zrtp_store_error *error)
{
	return zrtp_store_run(store, false, read_edits, out, error);
}

static enum zrtp_store_status read_page(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store_edits *page = arg;
	uint32_t count = page->count;
	char name[PAGE_NAME];
	enum zrtp_store_status status;

	page_name(name, count);
	status = read_list(store, name, page, error);
	if (!status && (!is_page(page) || page->count != count)) {
		status = ZRTP_STORE_UNKNOWN;
	}
	page->count = count; /* it may be tried again */
	return status;
}

enum zrtp_store_status zrtp_store_edits_at(struct zrtp_store *store, uint32_t count,
					   struct zrtp_store_edits *out, struct zrtp_store_error *error)
{
	memset(out, 0, sizeof(*out));
	out->count = count;
	return zrtp_store_run(store, false, read_page, out, error);
}
