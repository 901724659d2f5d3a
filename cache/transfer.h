/* SPDX-License-Identifier: BSD-2-Clause */
/* What is imported, wherever it comes from. */
#ifndef ZRTP_TRANSFER_H
#define ZRTP_TRANSFER_H

#include "store.h"

/* A peer, and perhaps one of its pairs, in clear. */
struct record {
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	char name[ZRTP_STORE_NAME_SIZE], endpoints[ZRTP_STORE_NAME_SIZE];
	unsigned scope;
	bool has_pbx, has_pbx_alternate, has_pair;
	bool join; /* the pair is of a store of ours: it is joined with what is there, line by line */
	uint8_t pbx[ZRTP_SECRET_SIZE], pbx_alternate[ZRTP_SECRET_SIZE];
	uint8_t aux[ZRTP_AUX_SECRET_MAX];
	uint8_t aux_len;
	int64_t first_use, last_use;
	struct pair pair; /* its revision is not looked at */
};

/* Inside a transaction: it becomes part of what there is. */
ZRTP_CHECK enum zrtp_store_status record_write(struct zrtp_store *store, struct record *in,
					       struct zrtp_store_error *error);

/* Records on their way in, some at a time in one transaction. Too large for a
 * stack. */
enum { BATCH = 128 };

struct batch {
	struct zrtp_store *store;
	size_t used;
	uint64_t count;
	struct record records[BATCH];
};

struct batch *batch_new(struct zrtp_store *store, struct zrtp_store_error *error);
/* A zeroed record to fill in; the next one writes it. NULL: see *error. */
struct record *batch_next(struct batch *batch, struct zrtp_store_error *error);
/* Take the last record back: it turned out to be none. */
void batch_discard(struct batch *batch);
/* Write what is left. */
ZRTP_CHECK enum zrtp_store_status batch_write(struct batch *batch, struct zrtp_store_error *error);
void batch_free(struct batch *batch);

#endif
