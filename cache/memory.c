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

enum zrtp_store_status zrtp_store_open_memory_sized(struct zrtp_store **out,
						    const struct zrtp_store_config *config,
						    size_t config_size, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct zrtp_store_config own;
	struct memory *memory;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (!zrtp_store_configure(&own, config, config_size, error)) {
		return error->status;
	}
	memory = mem_new(own.capacity);
	if (!memory) {
		return mem_no_memory(error);
	}
	status = zrtp_store_open_backend(out, &mem_backend, memory, &own, error);
	if (status) {
		mem_free(memory);
	}
	return status;
}
