/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_READY_H
#define ZRTP_READY_H

#include "internal.h"

/* When the stream can go on that waits for the cache, whatever that says; ZRTP_NEVER: it does not wait. */
uint64_t zrtp_ready_due(const struct zrtp_stream *stream);
/* That time has come. Callbacks are made, and the stream may be gone afterwards. */
void zrtp_ready_expire(struct zrtp_stream *stream, uint64_t now);

#endif
