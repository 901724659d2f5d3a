/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_CONTEXT_H
#define ZRTP_CONTEXT_H

#include "internal.h"

/* An endpoint's name in Ping: not the ZID itself, which a stranger need not learn, but constant like it.
 * 0 or -1. */
ZRTP_CHECK int zrtp_endpoint_hash(const struct zrtp_context *context, uint8_t out[ZRTP_ENDPOINT_HASH_SIZE]);

#endif
