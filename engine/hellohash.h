/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_HELLOHASH_H
#define ZRTP_HELLOHASH_H

#include "internal.h"

/* This Hello is the one that the signalling named (8.1): another one that was in use, or beside it, is not.
 * So the status of the hash is always that of the Hello in use, and none beside it can take its place. */
void zrtp_hello_is_signalled(struct zrtp_stream *stream, const struct zrtp_message *hello);

#endif
