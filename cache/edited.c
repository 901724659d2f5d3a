/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom an administrator has changed: a property of the store, for other processes that have known these
 * peers. */
#include "admin.h"

enum { COUNT_SIZE = 4 };

#define PROPERTY "edits"

/* What is no such value, or damaged, counts as none: the next edit writes another. */
static enum zrtp_store_status read_edits(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store_edits *edits = arg;
	uint8_t value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status = store->backend->meta_get(store->be, PROPERTY, value, &len, error);

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

enum zrtp_store_status zrtp_store_note_edit(struct zrtp_store *store, const uint8_t *peer_zid,
					    struct zrtp_store_error *error)
{
	struct zrtp_store_edits edits;
	uint8_t value[COUNT_SIZE + sizeof(edits.peers)];
	unsigned known;
	enum zrtp_store_status status = read_edits(store, &edits, error);

	if (status) {
		return status;
	}
	edits.count++;
	value[0] = (uint8_t)(edits.count >> 24);
	value[1] = (uint8_t)(edits.count >> 16);
	value[2] = (uint8_t)(edits.count >> 8);
	value[3] = (uint8_t)edits.count;
	known = edits.known < ZRTP_STORE_EDITS ? edits.known : ZRTP_STORE_EDITS - 1;
	memcpy(value + COUNT_SIZE, peer_zid, ZRTP_ZID_SIZE);
	memcpy(value + COUNT_SIZE + ZRTP_ZID_SIZE, edits.peers, (size_t)known * ZRTP_ZID_SIZE);
	return store->backend->meta_set(store->be, PROPERTY, value,
					COUNT_SIZE + (size_t)(known + 1) * ZRTP_ZID_SIZE, false, error);
}

enum zrtp_store_status zrtp_store_edits(struct zrtp_store *store, struct zrtp_store_edits *out,
					struct zrtp_store_error *error)
{
	return zrtp_store_run(store, false, read_edits, out, error);
}
