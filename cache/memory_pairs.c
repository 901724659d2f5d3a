/* SPDX-License-Identifier: BSD-2-Clause */
/* What a peer in memory has of each label, the greatest revision first. */
#include "memory.h"

static bool is_label(const struct mem_pair *pair, const char *label)
{
	return strlen(label) == pair->label_len && !memcmp(pair->octets, label, pair->label_len);
}

enum zrtp_store_status mem_pair_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				     const char *label, struct zrtp_store_pair_row *out,
				     struct zrtp_store_error *error)
{
	const struct mem_peer *peer = mem_find(be, own_zid, peer_zid);

	(void)error;
	for (const struct mem_pair *pair = peer ? peer->pairs : NULL; pair; pair = pair->next) {
		if (is_label(pair, label)) {
			mem_pair_row(pair, out);
			return ZRTP_STORE_OK;
		}
	}
	return ZRTP_STORE_UNKNOWN;
}

static void replace_pair(struct memory *memory, struct mem_peer *peer, struct mem_pair *pair,
			 const char *label)
{
	struct mem_pair **at = &peer->pairs, *old;

	while (*at && !is_label(*at, label)) {
		at = &(*at)->next;
	}
	old = *at;
	if (old) {
		*at = old->next;
		pool_put(memory->pool, old, mem_pair_size(old));
	}
	for (at = &peer->pairs; *at && (*at)->revision > pair->revision; at = &(*at)->next) {
	}
	pair->next = *at;
	*at = pair;
}

enum zrtp_store_status mem_pair_save(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				     const struct zrtp_store_pair_row *row, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *peer = mem_find(memory, own_zid, peer_zid);
	struct mem_pair *pair;
	enum zrtp_store_status status;

	if (!peer) {
		return ZRTP_STORE_UNKNOWN;
	}
	status = mem_note(memory, own_zid, peer_zid, error);
	if (status) {
		return status;
	}
	pair = mem_make_pair(memory, row);
	if (!pair) {
		return mem_no_memory(error);
	}
	mem_list_remove(memory, peer);
	replace_pair(memory, peer, pair, row->label);
	mem_list_add(memory, peer);
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_pair_list(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				     struct zrtp_store_pair_row *out, size_t size, size_t *count,
				     struct zrtp_store_error *error)
{
	const struct mem_peer *peer = mem_find(be, own_zid, peer_zid);

	(void)error;
	*count = 0;
	for (const struct mem_pair *pair = peer ? peer->pairs : NULL; pair && *count < size;
	     pair = pair->next) {
		mem_pair_row(pair, &out[(*count)++]);
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_pair_trim(void *be, const uint8_t *own_zid, const uint8_t *peer_zid, size_t keep,
				     struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *peer = mem_find(memory, own_zid, peer_zid);
	struct mem_pair **at;
	enum zrtp_store_status status;

	if (!peer) {
		return ZRTP_STORE_OK;
	}
	status = mem_note(memory, own_zid, peer_zid, error);
	if (status) {
		return status;
	}
	for (at = &peer->pairs; *at && keep; keep--) {
		at = &(*at)->next;
	}
	mem_list_remove(memory, peer);
	mem_free_pairs(memory, *at);
	*at = NULL;
	mem_list_add(memory, peer);
	return ZRTP_STORE_OK;
}

enum zrtp_store_status mem_pair_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				     const char *label, uint64_t revision, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *peer = mem_find(memory, own_zid, peer_zid);
	struct mem_pair **at = peer ? &peer->pairs : NULL, *old;
	enum zrtp_store_status status;

	while (at && *at && !(is_label(*at, label) && (*at)->revision == revision)) {
		at = &(*at)->next;
	}
	if (!at || !*at) {
		return ZRTP_STORE_OK;
	}
	status = mem_note(memory, own_zid, peer_zid, error);
	if (status) {
		return status;
	}
	mem_list_remove(memory, peer);
	old = *at;
	*at = old->next;
	pool_put(memory->pool, old, mem_pair_size(old));
	mem_list_add(memory, peer);
	return ZRTP_STORE_OK;
}
