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

struct memory *mem_new(unsigned capacity);
void mem_free(struct memory *memory);
/* Rows from and to the form above. */
void mem_peer_row(const struct mem_peer *peer, struct zrtp_store_peer_row *out);
void mem_pair_row(const struct mem_pair *pair, struct zrtp_store_pair_row *out);

/* The functions of struct zrtp_store_backend; be is a struct memory. */
extern const struct zrtp_store_backend mem_backend;

#endif
