/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_STREAM_H
#define ZRTP_STREAM_H

#include "internal.h"

/* Destroy it without a word to the session's other streams. */
void zrtp_stream_discard(struct zrtp_stream *stream);

#endif
