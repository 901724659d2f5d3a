/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers in memory: found, stored, dropped, listed, and purged. */
#include "memory.h"

enum zrtp_store_status mem_peer_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				     struct zrtp_store_peer_row *out, struct zrtp_store_error *error)
{
	const struct mem_peer *peer = mem_find(be, own_zid, peer_zid);

	(void)error;
	if (!peer) {
		return ZRTP_STORE_UNKNOWN;
	}
	mem_peer_row(peer, out);
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status drop(struct memory *memory, struct mem_peer *peer,
				   struct zrtp_store_error *error)
{
	enum zrtp_store_status status = mem_note(memory, peer->own_zid, peer->peer_zid, error);

	if (!status) {
		mem_unlink(memory, peer);
		mem_free_peer(memory, peer);
	}
	return status;
}

static enum zrtp_store_status make_room(struct memory *memory, struct zrtp_store_error *error)
{
	struct mem_peer *oldest;

	if (memory->count < memory->capacity) {
		if (memory->count > memory->size && memory->size < UINT32_MAX / 2) {
			mem_grow(memory);
		}
		return ZRTP_STORE_OK;
	}
	oldest = memory->lists[0].oldest ? memory->lists[0].oldest : memory->lists[1].oldest;
	return drop(memory, oldest, error);
}

enum zrtp_store_status mem_peer_save(void *be, const struct zrtp_store_peer_row *row, uint64_t expected,
				     struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *old = mem_find(memory, row->own_zid, row->peer_zid), *peer;
	enum zrtp_store_status status;

	(void)expected; /* the store's lock is held */
	if (!old) {
		status = make_room(memory, error);
		if (status) {
			return status;
		}
	}
	status = mem_note(memory, row->own_zid, row->peer_zid, error);
	if (status) {
		return status;
	}
	peer = mem_make_peer(memory, row);
	if (!peer) {
		return mem_no_memory(error);
	}
	if (old) {
		peer->pairs = old->pairs;
		mem_exchange(memory, old, peer);
		pool_put(memory->pool, old, mem_peer_size(old));
	} else {
		mem_link(memory, peer);
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_peer_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				     struct zrtp_store_error *error)
{
	struct mem_peer *peer = mem_find(be, own_zid, peer_zid);

	return peer ? drop(be, peer, error) : ZRTP_STORE_UNKNOWN;
}

static bool chosen(const struct zrtp_store_peer_row *row, const char *pattern)
{
	char hex[2 * ZRTP_ZID_SIZE + 1];

	zrtp_store_hex(hex, row->peer_zid, ZRTP_ZID_SIZE);
	return !pattern || zrtp_store_like(row->name, pattern) || zrtp_store_like(hex, pattern);
}

/* The index of the first peer after a key. */
static size_t first_after(struct mem_peer **sorted, size_t count, const uint8_t *own_zid,
			  const uint8_t *peer_zid)
{
	struct mem_peer key;
	const struct mem_peer *at = &key;
	size_t low = 0;

	if (!own_zid) {
		return 0;
	}
	memcpy(key.own_zid, own_zid, ZRTP_ZID_SIZE);
	memcpy(key.peer_zid, peer_zid, ZRTP_ZID_SIZE);
	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (mem_by_key(&sorted[middle], &at) <= 0) {
			low = middle + 1;
		} else {
			count = middle;
		}
	}
	return low;
}

enum zrtp_store_status mem_peer_list(void *be, const char *pattern, const uint8_t *own_zid,
				     const uint8_t *peer_zid, struct zrtp_store_peer_row *out, size_t size,
				     size_t *count, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer **sorted = mem_sorted(memory);

	*count = 0;
	if (!sorted) {
		return mem_no_memory(error);
	}
	for (size_t i = first_after(sorted, memory->count, own_zid, peer_zid);
	     i < memory->count && *count < size; i++) {
		mem_peer_row(sorted[i], &out[*count]);
		*count += chosen(&out[*count], pattern);
	}
	return ZRTP_STORE_OK;
}

static bool has_expired(const struct mem_peer *peer, int64_t now)
{
	for (const struct mem_pair *pair = peer->pairs; pair; pair = pair->next) {
		if (pair->expires <= now) {
			return true;
		}
	}
	return false;
}

static bool is_empty(const struct mem_peer *peer)
{
	return !peer->pairs && !peer->pbx_len && !peer->other_len && !peer->aux_len;
}

static uint64_t purge_pairs(struct memory *memory, struct mem_peer *peer, int64_t now)
{
	struct mem_pair **at = &peer->pairs, *pair;
	uint64_t gone = 0;

	while ((pair = *at)) {
		if (pair->expires <= now) {
			*at = pair->next;
			pool_put(memory->pool, pair, mem_pair_size(pair));
			gone++;
		} else {
			at = &pair->next;
		}
	}
	return gone;
}

static enum zrtp_store_status purge_list(struct memory *memory, struct mem_list *list, int64_t now,
					 uint64_t *pairs, uint64_t *peers, struct zrtp_store_error *error)
{
	struct mem_peer *newer;

	for (struct mem_peer *peer = list->oldest; peer; peer = newer) {
		enum zrtp_store_status status;

		newer = peer->newer;
		if (!has_expired(peer, now) && !is_empty(peer)) {
			continue;
		}
		status = mem_note(memory, peer->own_zid, peer->peer_zid, error);
		if (status) {
			return status;
		}
		*pairs += purge_pairs(memory, peer, now);
		if (is_empty(peer)) {
			mem_unlink(memory, peer);
			mem_free_peer(memory, peer);
			++*peers;
		}
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_purge(void *be, int64_t now, uint64_t *pairs, uint64_t *peers,
				 struct zrtp_store_error *error)
{
	struct memory *memory = be;
	enum zrtp_store_status status;

	*pairs = *peers = 0;
	status = purge_list(memory, &memory->lists[0], now, pairs, peers, error);
	return status ? status : purge_list(memory, &memory->lists[1], now, pairs, peers, error);
}
