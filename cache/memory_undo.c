/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions in memory: a copy of each peer before its first change, to undo it. */
#include "memory.h"

enum zrtp_store_status mem_no_memory(struct zrtp_store_error *error)
{
	return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
}

static struct mem_peer *copy_of(struct memory *memory, const struct mem_peer *peer)
{
	struct mem_peer *copy = pool_get(memory->pool, mem_peer_size(peer));
	struct mem_pair **at;

	if (!copy) {
		return NULL;
	}
	memcpy(copy, peer, mem_peer_size(peer));
	copy->pairs = NULL;
	at = &copy->pairs;
	for (const struct mem_pair *pair = peer->pairs; pair; pair = pair->next) {
		*at = pool_get(memory->pool, mem_pair_size(pair));
		if (!*at) {
			mem_free_peer(memory, copy);
			return NULL;
		}
		memcpy(*at, pair, mem_pair_size(pair));
		(*at)->next = NULL;
		at = &(*at)->next;
	}
	return copy;
}

/* Before the first change of a peer in a transaction. The latest ones first:
 * changes of one peer follow each other. */
enum zrtp_store_status mem_note(struct memory *memory, const uint8_t *own_zid, const uint8_t *peer_zid,
				struct zrtp_store_error *error)
{
	const struct mem_peer *peer = mem_find(memory, own_zid, peer_zid);
	struct mem_undo *undo = memory->undo;

	if (undo && !memcmp(undo->own_zid, own_zid, ZRTP_ZID_SIZE) &&
	    !memcmp(undo->peer_zid, peer_zid, ZRTP_ZID_SIZE)) {
		return ZRTP_STORE_OK;
	}
	undo = pool_get(memory->pool, sizeof(*undo));
	if (!undo) {
		return mem_no_memory(error);
	}
	memcpy(undo->own_zid, own_zid, ZRTP_ZID_SIZE);
	memcpy(undo->peer_zid, peer_zid, ZRTP_ZID_SIZE);
	undo->before = peer ? copy_of(memory, peer) : NULL;
	if (peer && !undo->before) {
		pool_put(memory->pool, undo, sizeof(*undo));
		return mem_no_memory(error);
	}
	undo->next = memory->undo;
	memory->undo = undo;
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_begin(void *be, bool write, struct zrtp_store_error *error)
{
	struct memory *memory = be;

	(void)error;
	memory->writing = write;
	memcpy(memory->old_meta, memory->meta, sizeof(memory->meta));
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_commit(void *be, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_undo *next;

	(void)error;
	for (struct mem_undo *undo = memory->undo; undo; undo = next) {
		next = undo->next;
		if (undo->before) {
			mem_free_peer(memory, undo->before);
		}
		pool_put(memory->pool, undo, sizeof(*undo));
	}
	memory->undo = NULL;
	memory->changes += memory->writing;
	memory->writing = false;
	return ZRTP_STORE_OK;
}

void mem_rollback(void *be)
{
	struct memory *memory = be;
	struct mem_undo *next;

	for (struct mem_undo *undo = memory->undo; undo; undo = next) {
		struct mem_peer *peer = mem_find(memory, undo->own_zid, undo->peer_zid);

		next = undo->next;
		if (peer) {
			mem_unlink(memory, peer);
			mem_free_peer(memory, peer);
		}
		if (undo->before) {
			mem_link(memory, undo->before);
		}
		pool_put(memory->pool, undo, sizeof(*undo));
	}
	memory->undo = NULL;
	memory->writing = false;
	memcpy(memory->meta, memory->old_meta, sizeof(memory->meta));
}
