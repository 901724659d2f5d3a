/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of a few sizes, cut from mappings of a megabyte that no core dump
 * contains (MADV_DONTDUMP). They are not locked into memory: the limit is a few
 * megabytes on most systems, a cache may have hundreds. */
#include "pool.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GRAIN = 32, CLASSES = POOL_MAX / GRAIN, REGION = 1 << 20 };

struct region {
	struct region *next;
	char pad[GRAIN - sizeof(struct region *)];
};

struct pool {
	void *spare[CLASSES]; /* blocks given back, linked by their first octets */
	struct region *regions;
	char *at, *end; /* what is left of the latest region */
};

struct pool *pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool *pool)
{
	struct region *next;

	for (struct region *r = pool ? pool->regions : NULL; r; r = next) {
		next = r->next;
		OPENSSL_cleanse(r, REGION);
		munmap(r, REGION);
	}
	free(pool);
}

static int grow(struct pool *pool)
{
	void *at = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct region *region = at;

	if (at == MAP_FAILED) {
		return -1;
	}
	(void)madvise(at, REGION, MADV_DONTDUMP);
	region->next = pool->regions;
	pool->regions = region;
	pool->at = (char *)at + sizeof(*region);
	pool->end = (char *)at + REGION;
	return 0;
}

void *pool_get(struct pool *pool, size_t size)
{
	size_t class = (size - 1) / GRAIN, whole = (class + 1) * GRAIN;
	void *block = pool->spare[class];

	if (block) {
		memcpy(&pool->spare[class], block, sizeof(void *));
		memset(block, 0, sizeof(void *));
		return block;
	}
	if ((!pool->at || (size_t)(pool->end - pool->at) < whole) && grow(pool)) {
		return NULL;
	}
	block = pool->at;
	pool->at += whole;
	return block;
}

void pool_put(struct pool *pool, void *block, size_t size)
{
	size_t class;

	if (!block) {
		return;
	}
	class = (size - 1) / GRAIN;
	OPENSSL_cleanse(block, size);
	memcpy(block, &pool->spare[class], sizeof(void *));
	pool->spare[class] = block;
}
