/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peers in memory: a hash table, the two lists of those that go first and last when
 * there is no room, and all of them in the order of their keys.
 */
#include "memory.h"

#include <stdlib.h>

static struct mem_peer **slot_of(const struct memory *memory, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	struct mem_peer **at;
	uint64_t low, hash;
	uint32_t high;

	/* Multiply-shift with secret multipliers. */
	memcpy(&low, peer_zid, sizeof(low));
	memcpy(&high, peer_zid + sizeof(low), sizeof(high));
	hash = low * memory->salt[0] + high * memory->salt[1];
	at = &memory->buckets[hash >> 32 & (memory->size - 1)];
	while (*at && (memcmp((*at)->peer_zid, peer_zid, ZRTP_ZID_SIZE) ||
		       memcmp((*at)->own_zid, own_zid, ZRTP_ZID_SIZE))) {
		at = &(*at)->chain;
	}
	return at;
}

struct mem_peer *mem_find(const struct memory *memory, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	return *slot_of(memory, own_zid, peer_zid);
}

void mem_list_remove(struct memory *memory, struct mem_peer *peer)
{
	struct mem_list *list = &memory->lists[peer->kept];

	*(peer->older ? &peer->older->newer : &list->oldest) = peer->newer;
	*(peer->newer ? &peer->newer->older : &list->newest) = peer->older;
}

void mem_list_add(struct memory *memory, struct mem_peer *peer)
{
	struct mem_list *list;

	peer->kept = peer->pbx_len != 0;
	for (const struct mem_pair *pair = peer->pairs; pair; pair = pair->next) {
		peer->kept |= pair->verified;
	}
	list = &memory->lists[peer->kept];
	peer->newer = NULL;
	peer->older = list->newest;
	*(list->newest ? &list->newest->newer : &list->oldest) = peer;
	list->newest = peer;
}

void mem_unlink(struct memory *memory, struct mem_peer *peer)
{
	struct mem_peer **slot = slot_of(memory, peer->own_zid, peer->peer_zid);

	*slot = peer->chain;
	mem_list_remove(memory, peer);
	memory->count--;
	free(memory->sorted);
	memory->sorted = NULL;
}

void mem_link(struct memory *memory, struct mem_peer *peer)
{
	struct mem_peer **slot = slot_of(memory, peer->own_zid, peer->peer_zid);

	peer->chain = NULL;
	*slot = peer;
	mem_list_add(memory, peer);
	memory->count++;
	free(memory->sorted);
	memory->sorted = NULL;
}

void mem_exchange(struct memory *memory, struct mem_peer *old, struct mem_peer *peer)
{
	struct mem_peer **slot = slot_of(memory, peer->own_zid, peer->peer_zid);

	peer->chain = old->chain;
	*slot = peer;
	mem_list_remove(memory, old);
	mem_list_add(memory, peer);
	free(memory->sorted);
	memory->sorted = NULL;
}

void mem_grow(struct memory *memory)
{
	struct memory larger = *memory;

	larger.size *= 2;
	larger.buckets = calloc(larger.size, sizeof(*larger.buckets));
	if (!larger.buckets) {
		return; /* longer chains are slower, no more */
	}
	for (size_t i = 0; i < memory->size; i++) {
		for (struct mem_peer *next, *peer = memory->buckets[i]; peer; peer = next) {
			next = peer->chain;
			peer->chain = NULL;
			*slot_of(&larger, peer->own_zid, peer->peer_zid) = peer;
		}
	}
	free(memory->buckets);
	memory->buckets = larger.buckets;
	memory->size = larger.size;
}

int mem_by_key(const void *a, const void *b)
{
	const struct mem_peer *x = *(struct mem_peer *const *)a, *y = *(struct mem_peer *const *)b;
	int order = memcmp(x->own_zid, y->own_zid, ZRTP_ZID_SIZE);

	return order ? order : memcmp(x->peer_zid, y->peer_zid, ZRTP_ZID_SIZE);
}

struct mem_peer **mem_sorted(struct memory *memory)
{
	size_t n = 0;

	if (memory->sorted) {
		return memory->sorted;
	}
	memory->sorted = malloc((memory->count + 1) * sizeof(*memory->sorted));
	if (!memory->sorted) {
		return NULL;
	}
	for (unsigned kept = 0; kept < 2; kept++) {
		for (struct mem_peer *p = memory->lists[kept].oldest; p; p = p->newer) {
			memory->sorted[n++] = p;
		}
	}
	qsort(memory->sorted, n, sizeof(*memory->sorted), mem_by_key);
	return memory->sorted;
}
