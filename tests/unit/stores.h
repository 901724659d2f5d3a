/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the cache share: a store of each kind in a directory of its
 * own, and phones that file their secrets in one way or another. */
#ifndef STORES_H
#define STORES_H

#include "pair.h"

#include <sys/resource.h>

#include <zrtp/cache.h>

enum store_kind { STORE_MEMORY, STORE_FILE, STORE_SQLITE, STORE_KINDS };

struct test_store {
	enum store_kind kind;
	char directory[64], path[80];
	struct zrtp_store_config config;
	struct zrtp_store_key key;
	struct zrtp_store *store;
	struct zrtp_store_error error;
	char warning[1024];
	unsigned warnings;
};

/* A directory, nothing opened. */
void stores_prepare(struct test_store *t, enum store_kind kind);
enum zrtp_store_status stores_open(struct test_store *t);
void stores_close(struct test_store *t);
/* Close and open: what an application's restart does. Memory: nothing. */
void stores_reopen(struct test_store *t);
/* Close, and remove the directory with all in it. */
void stores_end(struct test_store *t);

/* The own ZID that tests file under. */
extern const uint8_t stores_own[ZRTP_ZID_SIZE];

/* Octets from a number. */
void stores_zid(uint8_t out[ZRTP_ZID_SIZE], unsigned number);
void stores_secret(uint8_t out[ZRTP_SECRET_SIZE], unsigned number);

/* A retained secret of that number to put, with the one before as rs2 (0: none). */
struct zrtp_retained stores_update(unsigned rs1, unsigned rs2, enum zrtp_match match);

/* Peers by the number of their ZID, under stores_own. put and find must succeed, get
 * may find none. */
void stores_put(struct test_store *t, unsigned peer, const char *label, int64_t now,
		const struct zrtp_retained *in);
void stores_put_secret(struct test_store *t, unsigned peer, const char *label, int64_t now, unsigned rs1,
		       unsigned rs2, enum zrtp_match match);
struct zrtp_retained stores_get(struct test_store *t, unsigned peer, const char *label, int64_t now);
struct zrtp_store_peer stores_find(struct test_store *t, unsigned peer);
bool stores_is_secret(const uint8_t *octets, unsigned number);

/* SQL on the database, beside the store that may have it open. out: the first column of
 * the last row, NULL: not wanted. */
enum { STORES_TEXT = 2048 };
void stores_sql(const char *path, const char *text, char out[STORES_TEXT]);

/* The file's octets; it must be smaller. */
struct stores_image {
	uint8_t octets[1 << 23];
	size_t len;
};
void stores_read(const char *path, struct stores_image *out);
void stores_write(const char *path, const struct stores_image *image);

/* All files of the store's directory, one behind the other. */
void stores_read_disk(const struct test_store *t, struct stores_image *out);
bool stores_have(const struct stores_image *image, const uint8_t *octets, size_t len);
/* Is that in one of them? */
bool stores_on_disk(const struct test_store *t, const uint8_t *octets, size_t len);
/* No file of this process may grow beyond that: as a full disk. */
void stores_limit_files(rlim_t limit);

#endif
