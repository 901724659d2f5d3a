/* SPDX-License-Identifier: BSD-2-Clause */
/* A journal, of changes or of copies, in the directory of a store: one at a time. */
#ifndef JOURNALS_H
#define JOURNALS_H

#include "stores.h"

enum { JOURNALS_SLOT = 512, JOURNALS_SUM_AT = 12, JOURNALS_SUM = 8, JOURNALS_ENTRIES = 5 };

/* What it has, in the order in which it tells it. */
struct journals_told {
	unsigned count;
	uint64_t number[64];
	size_t slot[64];
	struct zrtp_retained change[64];
	uint8_t peer[64][ZRTP_ZID_SIZE], own[64][ZRTP_ZID_SIZE];
	char label[64][ZRTP_LABEL_SIZE], endpoint[64][ZRTP_STORE_NAME_SIZE];
	int64_t now[64];
};

/* The one that is open. */
extern struct zrtp_journal *journals_file;

enum zrtp_store_status journals_begin(struct test_store *t);
void journals_end(void);
/* All of it, until the next call. */
const struct journals_told *journals_read_all(void);
/* Entries that are left of JOURNALS_ENTRIES with the secret of their number, none of them changed. */
unsigned journals_survivors(struct test_store *t, const struct stores_image *image);
/* The sum of a slot that was changed is right again. */
void journals_sum_again(uint8_t *slot);

#endif
