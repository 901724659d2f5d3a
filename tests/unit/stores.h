/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the cache share: a store of each kind in a directory of its
 * own, and phones that file their secrets in one way or another. */
#ifndef STORES_H
#define STORES_H

#include "pair.h"

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

/* Octets from a number. */
void stores_zid(uint8_t out[ZRTP_ZID_SIZE], unsigned number);
void stores_secret(uint8_t out[ZRTP_SECRET_SIZE], unsigned number);

/* A retained secret of that number to put, with the one before as rs2 (0: none). */
struct zrtp_retained stores_update(unsigned rs1, unsigned rs2, enum zrtp_match match);

#endif
