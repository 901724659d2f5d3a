/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end in memory: a hash table of peers, each with a list of pairs.
 * Bounded: the peer unchanged for the longest time goes first, those enrolled or
 * verified after all others, so that strangers cannot push them out. A
 * transaction copies each peer before its first change.
 */
#include "memory.h"

#include <openssl/rand.h>
#include <stdlib.h>

enum { FIRST_SIZE = 1024 /* buckets */ };

/* ---- rows ---- */

static size_t peer_size(const struct mem_peer *p)
{
	return sizeof(*p) + p->name_len + p->pbx_len + p->other_len + p->aux_len + p->endpoints_len;
}

static size_t pair_size(const struct mem_pair *p)
{
	return sizeof(*p) + p->label_len + p->rs1_len + p->rs2_len + p->lines_len;
}

static uint8_t *append(uint8_t *at, const void *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

static const uint8_t *cell_from(struct zrtp_store_cell *out, const uint8_t *at, uint8_t len)
{
	memset(out, 0, sizeof(*out));
	out->len = len;
	memcpy(out->octets, at, len);
	return at + len;
}

static struct mem_peer *make_peer(struct memory *memory, const struct zrtp_store_peer_row *row)
{
	const struct mem_peer head = {
		.revision = row->revision,
		.latest = row->latest,
		.first_use = row->first_use,
		.last_use = row->last_use,
		.scope = (uint8_t)row->scope,
		.name_len = (uint8_t)strnlen(row->name, sizeof(row->name) - 1),
		.pbx_len = row->pbx.len,
		.other_len = row->pbx_alternate.len,
		.aux_len = row->aux.len,
		.endpoints_len = (uint8_t)strnlen(row->endpoints, sizeof(row->endpoints) - 1),
	};
	struct mem_peer *peer = pool_get(memory->pool, peer_size(&head));
	uint8_t *at;

	if (!peer) {
		return NULL;
	}
	*peer = head;
	memcpy(peer->own_zid, row->own_zid, ZRTP_ZID_SIZE);
	memcpy(peer->peer_zid, row->peer_zid, ZRTP_ZID_SIZE);
	at = append(peer->octets, row->name, peer->name_len);
	at = append(at, row->pbx.octets, peer->pbx_len);
	at = append(at, row->pbx_alternate.octets, peer->other_len);
	at = append(at, row->aux.octets, peer->aux_len);
	append(at, row->endpoints, peer->endpoints_len);
	return peer;
}

void mem_peer_row(const struct mem_peer *peer, struct zrtp_store_peer_row *out)
{
	const uint8_t *at = peer->octets + peer->name_len;

	memset(out, 0, sizeof(*out));
	memcpy(out->own_zid, peer->own_zid, ZRTP_ZID_SIZE);
	memcpy(out->peer_zid, peer->peer_zid, ZRTP_ZID_SIZE);
	memcpy(out->name, peer->octets, peer->name_len);
	out->scope = peer->scope;
	at = cell_from(&out->pbx, at, peer->pbx_len);
	at = cell_from(&out->pbx_alternate, at, peer->other_len);
	at = cell_from(&out->aux, at, peer->aux_len);
	memcpy(out->endpoints, at, peer->endpoints_len);
	out->first_use = peer->first_use;
	out->last_use = peer->last_use;
	out->revision = peer->revision;
	out->latest = peer->latest;
}

static struct mem_pair *make_pair(struct memory *memory, const struct zrtp_store_pair_row *row)
{
	const struct mem_pair head = {
		.revision = row->revision,
		.last_use = row->last_use,
		.expires = row->expires,
		.preshared_count = row->preshared_count,
		.verified = row->verified,
		.label_len = (uint8_t)strnlen(row->label, sizeof(row->label) - 1),
		.rs1_len = row->rs1.len,
		.rs2_len = row->rs2.len,
		.lines_len = row->lines.len,
	};
	struct mem_pair *pair = pool_get(memory->pool, pair_size(&head));
	uint8_t *at;

	if (!pair) {
		return NULL;
	}
	*pair = head;
	at = append(pair->octets, row->label, pair->label_len);
	at = append(at, row->rs1.octets, pair->rs1_len);
	at = append(at, row->rs2.octets, pair->rs2_len);
	append(at, row->lines.octets, pair->lines_len);
	return pair;
}

void mem_pair_row(const struct mem_pair *pair, struct zrtp_store_pair_row *out)
{
	const uint8_t *at;

	memset(out, 0, sizeof(*out));
	memcpy(out->label, pair->octets, pair->label_len);
	at = cell_from(&out->rs1, pair->octets + pair->label_len, pair->rs1_len);
	at = cell_from(&out->rs2, at, pair->rs2_len);
	out->lines.len = pair->lines_len;
	memcpy(out->lines.octets, at, pair->lines_len);
	out->verified = pair->verified;
	out->preshared_count = pair->preshared_count;
	out->last_use = pair->last_use;
	out->expires = pair->expires;
	out->revision = pair->revision;
}

static void free_pairs(struct memory *memory, struct mem_pair *pair)
{
	struct mem_pair *next;

	for (; pair; pair = next) {
		next = pair->next;
		pool_put(memory->pool, pair, pair_size(pair));
	}
}

static void free_peer(struct memory *memory, struct mem_peer *peer)
{
	free_pairs(memory, peer->pairs);
	pool_put(memory->pool, peer, peer_size(peer));
}

/* ---- table and lists ---- */

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

static struct mem_peer *find(const struct memory *memory, const uint8_t *own_zid, const uint8_t *peer_zid)
{
	return *slot_of(memory, own_zid, peer_zid);
}

static void list_remove(struct memory *memory, struct mem_peer *peer)
{
	struct mem_list *list = &memory->lists[peer->kept];

	*(peer->older ? &peer->older->newer : &list->oldest) = peer->newer;
	*(peer->newer ? &peer->newer->older : &list->newest) = peer->older;
}

static void list_add(struct memory *memory, struct mem_peer *peer)
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

static void unlink_peer(struct memory *memory, struct mem_peer *peer)
{
	struct mem_peer **slot = slot_of(memory, peer->own_zid, peer->peer_zid);

	*slot = peer->chain;
	list_remove(memory, peer);
	memory->count--;
	free(memory->sorted);
	memory->sorted = NULL;
}

static void link_peer(struct memory *memory, struct mem_peer *peer)
{
	struct mem_peer **slot = slot_of(memory, peer->own_zid, peer->peer_zid);

	peer->chain = NULL;
	*slot = peer;
	list_add(memory, peer);
	memory->count++;
	free(memory->sorted);
	memory->sorted = NULL;
}

/* In another's place: same key. */
static void exchange_peer(struct memory *memory, struct mem_peer *old, struct mem_peer *peer)
{
	struct mem_peer **slot = slot_of(memory, peer->own_zid, peer->peer_zid);

	peer->chain = old->chain;
	*slot = peer;
	list_remove(memory, old);
	list_add(memory, peer);
	free(memory->sorted);
	memory->sorted = NULL;
}

static void grow(struct memory *memory)
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

static int by_key(const void *a, const void *b)
{
	const struct mem_peer *x = *(struct mem_peer *const *)a, *y = *(struct mem_peer *const *)b;
	int order = memcmp(x->own_zid, y->own_zid, ZRTP_ZID_SIZE);

	return order ? order : memcmp(x->peer_zid, y->peer_zid, ZRTP_ZID_SIZE);
}

/* All peers in the order of their keys, count of them; NULL: no memory. */
static struct mem_peer **mem_sorted(struct memory *memory)
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
	qsort(memory->sorted, n, sizeof(*memory->sorted), by_key);
	return memory->sorted;
}

/* ---- transactions ---- */

static enum zrtp_store_status no_memory(struct zrtp_store_error *error)
{
	return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
}

static struct mem_peer *copy_of(struct memory *memory, const struct mem_peer *peer)
{
	struct mem_peer *copy = pool_get(memory->pool, peer_size(peer));
	struct mem_pair **at;

	if (!copy) {
		return NULL;
	}
	memcpy(copy, peer, peer_size(peer));
	copy->pairs = NULL;
	at = &copy->pairs;
	for (const struct mem_pair *pair = peer->pairs; pair; pair = pair->next) {
		*at = pool_get(memory->pool, pair_size(pair));
		if (!*at) {
			free_peer(memory, copy);
			return NULL;
		}
		memcpy(*at, pair, pair_size(pair));
		(*at)->next = NULL;
		at = &(*at)->next;
	}
	return copy;
}

/* Before the first change of a peer in a transaction. The latest ones first:
 * changes of one peer follow each other. */
static enum zrtp_store_status note(struct memory *memory, const uint8_t *own_zid, const uint8_t *peer_zid,
				   struct zrtp_store_error *error)
{
	const struct mem_peer *peer = find(memory, own_zid, peer_zid);
	struct mem_undo *undo = memory->undo;

	if (undo && !memcmp(undo->own_zid, own_zid, ZRTP_ZID_SIZE) &&
	    !memcmp(undo->peer_zid, peer_zid, ZRTP_ZID_SIZE)) {
		return ZRTP_STORE_OK;
	}
	undo = pool_get(memory->pool, sizeof(*undo));
	if (!undo) {
		return no_memory(error);
	}
	memcpy(undo->own_zid, own_zid, ZRTP_ZID_SIZE);
	memcpy(undo->peer_zid, peer_zid, ZRTP_ZID_SIZE);
	undo->before = peer ? copy_of(memory, peer) : NULL;
	if (peer && !undo->before) {
		pool_put(memory->pool, undo, sizeof(*undo));
		return no_memory(error);
	}
	undo->next = memory->undo;
	memory->undo = undo;
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_begin(void *be, bool write, struct zrtp_store_error *error)
{
	struct memory *memory = be;

	(void)error;
	memory->writing = write;
	memcpy(memory->old_meta, memory->meta, sizeof(memory->meta));
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_commit(void *be, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_undo *next;

	(void)error;
	for (struct mem_undo *undo = memory->undo; undo; undo = next) {
		next = undo->next;
		if (undo->before) {
			free_peer(memory, undo->before);
		}
		pool_put(memory->pool, undo, sizeof(*undo));
	}
	memory->undo = NULL;
	memory->changes += memory->writing;
	memory->writing = false;
	return ZRTP_STORE_OK;
}

static void mem_rollback(void *be)
{
	struct memory *memory = be;
	struct mem_undo *next;

	for (struct mem_undo *undo = memory->undo; undo; undo = next) {
		struct mem_peer *peer = find(memory, undo->own_zid, undo->peer_zid);

		next = undo->next;
		if (peer) {
			unlink_peer(memory, peer);
			free_peer(memory, peer);
		}
		if (undo->before) {
			link_peer(memory, undo->before);
		}
		pool_put(memory->pool, undo, sizeof(*undo));
	}
	memory->undo = NULL;
	memory->writing = false;
	memcpy(memory->meta, memory->old_meta, sizeof(memory->meta));
}

/* ---- properties ---- */

static enum zrtp_store_status mem_meta_get(void *be, const char *property, uint8_t *value, size_t *len,
					   struct zrtp_store_error *error)
{
	const struct memory *memory = be;

	for (unsigned i = 0; i < MEM_METAS; i++) {
		const struct mem_meta *meta = &memory->meta[i];

		if (meta->len && !strcmp(meta->property, property)) {
			if (meta->len > *len) {
				return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "property %s is too long",
						       property);
			}
			memcpy(value, meta->value, meta->len);
			*len = meta->len;
			return ZRTP_STORE_OK;
		}
	}
	return ZRTP_STORE_UNKNOWN;
}

static enum zrtp_store_status mem_meta_set(void *be, const char *property, const uint8_t *value, size_t len,
					   bool keep, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_meta *place = NULL;

	for (unsigned i = 0; i < MEM_METAS; i++) {
		struct mem_meta *meta = &memory->meta[i];

		if (meta->len && !strcmp(meta->property, property)) {
			if (keep) {
				return ZRTP_STORE_OK;
			}
			place = meta;
			break;
		}
		if (!meta->len && !place) {
			place = meta;
		}
	}
	if (!place || len > sizeof(place->value) || strlen(property) >= sizeof(place->property)) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "no place for property %s", property);
	}
	memset(place, 0, sizeof(*place));
	memcpy(place->property, property, strlen(property));
	memcpy(place->value, value, len);
	place->len = len;
	return ZRTP_STORE_OK;
}

/* ---- peers ---- */

static enum zrtp_store_status mem_peer_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    struct zrtp_store_peer_row *out, struct zrtp_store_error *error)
{
	const struct mem_peer *peer = find(be, own_zid, peer_zid);

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
	enum zrtp_store_status status = note(memory, peer->own_zid, peer->peer_zid, error);

	if (!status) {
		unlink_peer(memory, peer);
		free_peer(memory, peer);
	}
	return status;
}

static enum zrtp_store_status make_room(struct memory *memory, struct zrtp_store_error *error)
{
	struct mem_peer *oldest;

	if (memory->count < memory->capacity) {
		if (memory->count > memory->size && memory->size < UINT32_MAX / 2) {
			grow(memory);
		}
		return ZRTP_STORE_OK;
	}
	oldest = memory->lists[0].oldest ? memory->lists[0].oldest : memory->lists[1].oldest;
	return drop(memory, oldest, error);
}

static enum zrtp_store_status mem_peer_save(void *be, const struct zrtp_store_peer_row *row,
					    uint64_t expected, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *old = find(memory, row->own_zid, row->peer_zid), *peer;
	enum zrtp_store_status status;

	(void)expected; /* the store's lock is held */
	if (!old) {
		status = make_room(memory, error);
		if (status) {
			return status;
		}
	}
	status = note(memory, row->own_zid, row->peer_zid, error);
	if (status) {
		return status;
	}
	peer = make_peer(memory, row);
	if (!peer) {
		return no_memory(error);
	}
	if (old) {
		peer->pairs = old->pairs;
		exchange_peer(memory, old, peer);
		pool_put(memory->pool, old, peer_size(old));
	} else {
		link_peer(memory, peer);
	}
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_peer_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    struct zrtp_store_error *error)
{
	struct mem_peer *peer = find(be, own_zid, peer_zid);

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

		if (by_key(&sorted[middle], &at) <= 0) {
			low = middle + 1;
		} else {
			count = middle;
		}
	}
	return low;
}

static enum zrtp_store_status mem_peer_list(void *be, const char *pattern, const uint8_t *own_zid,
					    const uint8_t *peer_zid, struct zrtp_store_peer_row *out,
					    size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer **sorted = mem_sorted(memory);

	*count = 0;
	if (!sorted) {
		return no_memory(error);
	}
	for (size_t i = first_after(sorted, memory->count, own_zid, peer_zid);
	     i < memory->count && *count < size; i++) {
		mem_peer_row(sorted[i], &out[*count]);
		*count += chosen(&out[*count], pattern);
	}
	return ZRTP_STORE_OK;
}

/* ---- pairs ---- */

static bool is_label(const struct mem_pair *pair, const char *label)
{
	return strlen(label) == pair->label_len && !memcmp(pair->octets, label, pair->label_len);
}

static enum zrtp_store_status mem_pair_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    const char *label, struct zrtp_store_pair_row *out,
					    struct zrtp_store_error *error)
{
	const struct mem_peer *peer = find(be, own_zid, peer_zid);

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
		pool_put(memory->pool, old, pair_size(old));
	}
	for (at = &peer->pairs; *at && (*at)->revision > pair->revision; at = &(*at)->next) {
	}
	pair->next = *at;
	*at = pair;
}

static enum zrtp_store_status mem_pair_save(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    const struct zrtp_store_pair_row *row,
					    struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *peer = find(memory, own_zid, peer_zid);
	struct mem_pair *pair;
	enum zrtp_store_status status;

	if (!peer) {
		return ZRTP_STORE_UNKNOWN;
	}
	status = note(memory, own_zid, peer_zid, error);
	if (status) {
		return status;
	}
	pair = make_pair(memory, row);
	if (!pair) {
		return no_memory(error);
	}
	list_remove(memory, peer);
	replace_pair(memory, peer, pair, row->label);
	list_add(memory, peer);
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_pair_list(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    struct zrtp_store_pair_row *out, size_t size, size_t *count,
					    struct zrtp_store_error *error)
{
	const struct mem_peer *peer = find(be, own_zid, peer_zid);

	(void)error;
	*count = 0;
	for (const struct mem_pair *pair = peer ? peer->pairs : NULL; pair && *count < size;
	     pair = pair->next) {
		mem_pair_row(pair, &out[(*count)++]);
	}
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_pair_trim(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    size_t keep, struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *peer = find(memory, own_zid, peer_zid);
	struct mem_pair **at;
	enum zrtp_store_status status;

	if (!peer) {
		return ZRTP_STORE_OK;
	}
	status = note(memory, own_zid, peer_zid, error);
	if (status) {
		return status;
	}
	for (at = &peer->pairs; *at && keep; keep--) {
		at = &(*at)->next;
	}
	list_remove(memory, peer);
	free_pairs(memory, *at);
	*at = NULL;
	list_add(memory, peer);
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_pair_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    const char *label, uint64_t revision,
					    struct zrtp_store_error *error)
{
	struct memory *memory = be;
	struct mem_peer *peer = find(memory, own_zid, peer_zid);
	struct mem_pair **at = peer ? &peer->pairs : NULL, *old;
	enum zrtp_store_status status;

	while (at && *at && !(is_label(*at, label) && (*at)->revision == revision)) {
		at = &(*at)->next;
	}
	if (!at || !*at) {
		return ZRTP_STORE_OK;
	}
	status = note(memory, own_zid, peer_zid, error);
	if (status) {
		return status;
	}
	list_remove(memory, peer);
	old = *at;
	*at = old->next;
	pool_put(memory->pool, old, pair_size(old));
	list_add(memory, peer);
	return ZRTP_STORE_OK;
}

/* ---- purge ---- */

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
			pool_put(memory->pool, pair, pair_size(pair));
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
		status = note(memory, peer->own_zid, peer->peer_zid, error);
		if (status) {
			return status;
		}
		*pairs += purge_pairs(memory, peer, now);
		if (is_empty(peer)) {
			unlink_peer(memory, peer);
			free_peer(memory, peer);
			++*peers;
		}
	}
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status mem_purge(void *be, int64_t now, uint64_t *pairs, uint64_t *peers,
					struct zrtp_store_error *error)
{
	struct memory *memory = be;
	enum zrtp_store_status status;

	*pairs = *peers = 0;
	status = purge_list(memory, &memory->lists[0], now, pairs, peers, error);
	return status ? status : purge_list(memory, &memory->lists[1], now, pairs, peers, error);
}

/* ---- life ---- */

struct memory *mem_new(unsigned capacity)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory) {
		return NULL;
	}
	memory->capacity = capacity ? capacity : 65536;
	memory->size = FIRST_SIZE;
	memory->buckets = calloc(memory->size, sizeof(*memory->buckets));
	memory->pool = pool_new();
	if (!memory->buckets || !memory->pool ||
	    RAND_bytes((unsigned char *)memory->salt, sizeof(memory->salt)) != 1) {
		mem_free(memory);
		return NULL;
	}
	memory->salt[0] |= 1;
	memory->salt[1] |= 1;
	return memory;
}

void mem_free(struct memory *memory)
{
	pool_free(memory->pool);
	free(memory->buckets);
	free(memory->sorted);
	OPENSSL_cleanse(memory, sizeof(*memory));
	free(memory);
}

static enum zrtp_store_status mem_flush(void *be, struct zrtp_store_error *error)
{
	struct memory *memory = be;

	return memory->flush ? memory->flush(memory, error) : ZRTP_STORE_OK;
}

/* A file is written as a whole. */
static enum zrtp_store_status mem_erase(void *be, bool whole, struct zrtp_store_error *error)
{
	(void)whole;
	return mem_flush(be, error);
}

static void mem_close(void *be)
{
	struct memory *memory = be;

	if (memory->release) {
		memory->release(memory);
	} else {
		mem_free(memory);
	}
}

const struct zrtp_store_backend mem_backend = {
	.name = "memory",
	.close = mem_close,
	.begin = mem_begin,
	.commit = mem_commit,
	.rollback = mem_rollback,
	.flush = mem_flush,
	.erase = mem_erase,
	.meta_get = mem_meta_get,
	.meta_set = mem_meta_set,
	.peer_load = mem_peer_load,
	.peer_save = mem_peer_save,
	.peer_drop = mem_peer_drop,
	.peer_list = mem_peer_list,
	.pair_load = mem_pair_load,
	.pair_save = mem_pair_save,
	.pair_list = mem_pair_list,
	.pair_trim = mem_pair_trim,
	.pair_drop = mem_pair_drop,
	.purge = mem_purge,
};

enum zrtp_store_status zrtp_store_open_memory(struct zrtp_store **out, const struct zrtp_store_config *config,
					      struct zrtp_store_error *error)
{
	struct memory *memory = mem_new(config ? config->capacity : 0);
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;

	if (!memory) {
		return no_memory(error ? error : &unwanted);
	}
	status = zrtp_store_open_backend(out, &mem_backend, memory, config, error);
	if (status) {
		mem_free(memory);
	}
	return status;
}
