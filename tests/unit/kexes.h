/* SPDX-License-Identifier: BSD-2-Clause */
/* The key agreements of the engine, and parties of an exchange with one. */
#ifndef KEXES_H
#define KEXES_H

#include "pair.h"
#include "algorithms/algorithms.h"

#include <openssl/rand.h>

static const char *const names[] = { "DH2k", "DH3k", "EC25", "EC38", "EC52", "X255", "X448" };

static const char *const modp[] = { "DH2k", "DH3k" };

static const char *const curves[] = { "EC25", "EC38", "EC52" };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum { STRENGTH = 64 };

/* The rows of a context have what is costly to make, those of the table have not. */
static struct zrtp_constants constants;

static bool of_context;

static inline const struct zrtp_kex *find(const char *name)
{
	const struct zrtp_kex *kex = zrtp_kex_find(name);

	assert_non_null(kex);
	return of_context ? &constants.kex[kex - zrtp_kex_rows()] : kex;
}

static inline int make_constants(void **state)
{
	(void)state;
	zrtp_constants_make(&constants);
	of_context = true;
	return 0;
}

static inline int free_constants(void **state)
{
	(void)state;
	zrtp_constants_free(&constants);
	of_context = false;
	return 0;
}

static inline int fill(uint8_t *out, size_t len, void *arg)
{
	(void)arg;
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : -1;
}

static const struct zrtp_random real = { fill, NULL };

/* One side. The public value lies in a block of its exact size. */
struct party {
	const struct zrtp_kex *kex;
	void *key;
	uint8_t *pv;
};

static inline struct party make_party(const struct zrtp_kex *kex, const struct zrtp_random *random)
{
	struct party party = { kex, NULL, malloc(kex->pv_size) };

	assert_int_equal(kex->ops->generate(kex, random, STRENGTH, &party.key, party.pv), 0);
	assert_non_null(party.key);
	return party;
}

static inline void drop_party(struct party *party)
{
	party->kex->ops->release(party->key);
	free(party->pv);
}

static inline enum zrtp_kex_result derive(const struct party *party, const uint8_t *pv, uint8_t *out)
{
	uint8_t *result = malloc(party->kex->result_size);
	enum zrtp_kex_result status = zrtp_kex_derive(party->kex, party->key, pv, result);

	if (out && status == ZRTP_KEX_OK) {
		memcpy(out, result, party->kex->result_size);
	}
	free(result);
	return status;
}

static inline uint8_t *number(const struct zrtp_kex *kex, uint8_t n)
{
	uint8_t *pv = calloc(1, kex->pv_size);

	pv[kex->pv_size - 1] = n;
	return pv;
}

static inline size_t from_hex(uint8_t *out, const char *hex)
{
	size_t n = 0;

	for (; hex[2 * n]; n++) {
		char pair[3] = { hex[2 * n], hex[2 * n + 1], '\0' };

		out[n] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

/* Draws in their order; the last one is then repeated, or fails. */
struct script {
	unsigned count, drawn;
	const uint8_t *draw[8]; /* ZRTP_PRIVATE_MAX octets, right-aligned */
	bool fails;
	size_t asked; /* octets, of the last draw */
};

static inline int play(uint8_t *out, size_t len, void *arg)
{
	struct script *script = arg;
	unsigned i = script->drawn++;

	script->asked = len;
	if (i >= script->count) {
		return -1;
	}
	assert_true(len <= ZRTP_PRIVATE_MAX);
	memcpy(out, script->draw[i] + ZRTP_PRIVATE_MAX - len, len);
	return script->fails && i + 1 == script->count ? -1 : 0;
}

static const uint8_t zero[ZRTP_PRIVATE_MAX], one[ZRTP_PRIVATE_MAX] = { [ZRTP_PRIVATE_MAX - 1] = 1 },
					     two[ZRTP_PRIVATE_MAX] = { [ZRTP_PRIVATE_MAX - 1] = 2 };

static inline struct party make_scripted(const struct zrtp_kex *kex, struct script *script)
{
	const struct zrtp_random random = { play, script };

	return make_party(kex, &random);
}

static long blocks; /* of libcrypto, not yet freed, */
static long taken;  /* and all that there were */

static inline void *counting_malloc(size_t size, const char *file, int line)
{
	void *block = malloc(size);

	(void)file;
	(void)line;
	blocks += block != NULL;
	taken += block != NULL;
	return block;
}

static inline void counting_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	blocks -= block != NULL;
	free(block);
}

static inline void *counting_realloc(void *block, size_t size, const char *file, int line)
{
	if (!block) {
		return counting_malloc(size, file, line);
	}
	if (!size) {
		counting_free(block, file, line);
		return NULL;
	}
	return realloc(block, size);
}

#endif
