/* SPDX-License-Identifier: BSD-2-Clause */
/* What copying and summing up share. */
#ifndef ZRTP_COPY_H
#define ZRTP_COPY_H

#include "admin.h"

#include <openssl/evp.h>

/* sum.c: a sum in its making. */
struct summing {
	EVP_MD_CTX *all, *one;
	struct zrtp_store_sum sum;
};

/* False: libcrypto failed. To be ended in either case. */
bool summing_begin(struct summing *summing);
void summing_end(struct summing *summing);
/* A peer, with the count pairs of it that are in store->rows. */
ZRTP_CHECK enum zrtp_store_status summing_add(struct summing *summing, struct zrtp_store *store,
					      const struct peer *peer, size_t count,
					      struct zrtp_store_error *error);
/* All peers are in it: summing->sum is complete. */
ZRTP_CHECK enum zrtp_store_status summing_finish(struct summing *summing, struct zrtp_store *store,
						 struct zrtp_store_error *error);
/* All of it, inside a transaction. */
ZRTP_CHECK enum zrtp_store_status summing_all(struct zrtp_store *store, struct zrtp_store_sum *out,
					      struct zrtp_store_error *error);

#endif
