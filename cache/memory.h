/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables in memory, as the memory and the file back end use them. */
#ifndef ZRTP_MEMORY_H
#define ZRTP_MEMORY_H

#include "pool.h"
#include "store.h"

/* Rows as they are kept: as large as what is in them. */
struct mem_pair {
	struct mem_pair *next; /* of the peer, the greatest revision first */
	uint64_t revision;
	int64_t last_use, expires;
	uint32_t preshared_count;
	bool verified;
	uint8_t label_len, rs1_len, rs2_len;
	uint16_t lines_len;
	uint8_t octets[]; /* label, rs1, rs2, lines */
};

struct mem_peer {
	struct mem_peer *chain;         /* of the hash bucket */
	struct mem_peer *older, *newer; /* by last change, in one of two lists */
	struct mem_pair *pairs;
	uint64_t revision, latest;
	int64_t first_use, last_use;
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	uint8_t scope, name_len, pbx_len, other_len, aux_len, endpoints_len;
	bool kept;        /* enrolled or verified: goes last */
	uint8_t octets[]; /* name, pbx, pbx_alternate, aux, endpoints */
};

struct mem_meta {
	char property[8];
	size_t len;
	uint8_t value[ZRTP_STORE_META_MAX];
};

enum { MEM_METAS = 4 };

/* What a transaction changed, to undo it: the peer as it was before. */
struct mem_undo {
	struct mem_undo *next;
	struct mem_peer *before; /* with its pairs; NULL: there was none */
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
};

struct mem_list {
	struct mem_peer *oldest, *newest;
};

struct memory {
	struct pool *pool;
	unsigned capacity, count;
	struct mem_peer **buckets;
	size_t size;              /* a power of two, less than 2^32 */
	uint64_t salt[2];         /* of the hash: strangers choose ZIDs */
	struct mem_list lists[2]; /* by kept */
	struct mem_peer **sorted; /* all peers by key; NULL: to be made */
	struct mem_meta meta[MEM_METAS], old_meta[MEM_METAS];
	bool writing;
	struct mem_undo *undo;
	uint64_t changes; /* committed transactions that wrote */
	struct mem_file *file;
	/* What the file back end does instead; NULL: in memory only. */
	enum zrtp_store_status (*flush)(struct memory *memory, struct zrtp_store_error *error);
	void (*release)(struct memory *memory);
};

/* memory.c */
struct memory *mem_new(unsigned capacity);
void mem_free(struct memory *memory);

/* memory_rows.c: rows from and to the form above. */
size_t mem_peer_size(const struct mem_peer *p);
size_t mem_pair_size(const struct mem_pair *p);
/* NULL: no memory. */
struct mem_peer *mem_make_peer(struct memory *memory, const struct zrtp_store_peer_row *row);
struct mem_pair *mem_make_pair(struct memory *memory, const struct zrtp_store_pair_row *row);
void mem_peer_row(const struct mem_peer *peer, struct zrtp_store_peer_row *out);
void mem_pair_row(const struct mem_pair *pair, struct zrtp_store_pair_row *out);
/* A list of pairs; a peer with its pairs. */
void mem_free_pairs(struct memory *memory, struct mem_pair *pair);
void mem_free_peer(struct memory *memory, struct mem_peer *peer);

/* memory_table.c: who is there. */
struct mem_peer *mem_find(const struct memory *memory, const uint8_t *own_zid, const uint8_t *peer_zid);
void mem_link(struct memory *memory, struct mem_peer *peer);
void mem_unlink(struct memory *memory, struct mem_peer *peer);
/* In another's place: same key. */
void mem_exchange(struct memory *memory, struct mem_peer *old, struct mem_peer *peer);
/* Out of its list while its pairs change, and back as the newest of the list that it then is of. */
void mem_list_remove(struct memory *memory, struct mem_peer *peer);
void mem_list_add(struct memory *memory, struct mem_peer *peer);
/* Twice the buckets, if there is memory. */
void mem_grow(struct memory *memory);
/* qsort()'s order of struct mem_peer *. */
int mem_by_key(const void *a, const void *b);
/* All peers in the order of their keys, count of them; NULL: no memory. */
struct mem_peer **mem_sorted(struct memory *memory);

/* memory_undo.c: transactions. */
enum zrtp_store_status mem_no_memory(struct zrtp_store_error *error);
/* Before the first change of a peer in a transaction. */
ZRTP_CHECK enum zrtp_store_status mem_note(struct memory *memory, const uint8_t *own_zid,
					   const uint8_t *peer_zid, struct zrtp_store_error *error);

/* What struct zrtp_store_backend has; be is a struct memory. memory_undo.c: */
ZRTP_CHECK enum zrtp_store_status mem_begin(void *be, bool write, struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_commit(void *be, struct zrtp_store_error *error);
void mem_rollback(void *be);
/* memory_peers.c: */
ZRTP_CHECK enum zrtp_store_status mem_peer_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						struct zrtp_store_peer_row *out,
						struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_peer_save(void *be, const struct zrtp_store_peer_row *row,
						uint64_t expected, struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_peer_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_peer_list(void *be, const char *pattern, const uint8_t *own_zid,
						const uint8_t *peer_zid, struct zrtp_store_peer_row *out,
						size_t size, size_t *count, struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_purge(void *be, int64_t now, uint64_t *pairs, uint64_t *peers,
					    struct zrtp_store_error *error);
/* memory_pairs.c: */
ZRTP_CHECK enum zrtp_store_status mem_pair_load(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						const char *label, struct zrtp_store_pair_row *out,
						struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_pair_save(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						const struct zrtp_store_pair_row *row,
						struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_pair_list(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						struct zrtp_store_pair_row *out, size_t size, size_t *count,
						struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_pair_trim(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						size_t keep, struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status mem_pair_drop(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
						const char *label, uint64_t revision,
						struct zrtp_store_error *error);

/* The functions of struct zrtp_store_backend; be is a struct memory. */
extern const struct zrtp_store_backend mem_backend;

#endif
