/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_PARTS_H
#define ZRTP_PARTS_H

#include "internal.h"

/* Our DHPart1 or DHPart2 with this public value; its length, or 0. */
ZRTP_CHECK size_t zrtp_build_dhpart(struct zrtp_stream *stream, enum zrtp_message_type type,
				    const uint8_t *pv, size_t pv_len, uint8_t *out, size_t size);

/* What follows the names, by mode. */
struct zrtp_commit_rest {
	const uint8_t *hvi, *pk, *key_id;
};
/* Our Commit, in the exchange's mode with its algorithms. 0 or -1. */
ZRTP_CHECK int zrtp_write_commit(struct zrtp_stream *stream, const struct zrtp_commit_rest *rest);
/* The same in DH mode over our DHPart2; pk: of a KEM, or NULL. 0 or -1. */
ZRTP_CHECK int zrtp_write_dh_commit(struct zrtp_stream *stream, const uint8_t *pk);

#endif
