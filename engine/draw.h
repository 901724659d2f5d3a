/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_DRAW_H
#define ZRTP_DRAW_H

#include "internal.h"

/* H0 of a new stream and its first sequence number; 0 or -1. */
ZRTP_CHECK int zrtp_draw_beginning(struct zrtp_stream *stream, uint8_t sequence[2]);
/* A private value of the exchange; context is the stream. 0 or -1. */
ZRTP_CHECK int zrtp_draw_private(uint8_t *out, size_t len, void *context);
/* What the peer gets as it is: IDs, IVs, nonces. 0 or -1. */
ZRTP_CHECK int zrtp_draw_public(struct zrtp_stream *stream, uint8_t *out, size_t len,
				enum zrtp_random_use use);

#endif
