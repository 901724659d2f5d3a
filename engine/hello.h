/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_HELLO_H
#define ZRTP_HELLO_H

#include "internal.h"

/* Our Hello with a ZID; its length, or 0. */
ZRTP_CHECK size_t zrtp_write_hello(const struct zrtp_stream *stream, const uint8_t *zid,
				   uint8_t out[ZRTP_HELLO_MAX]);
/* Write our Hello with the session's ZID; 0 or -1. */
ZRTP_CHECK int zrtp_make_hello(struct zrtp_stream *stream);

#endif
