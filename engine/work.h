/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_WORK_H
#define ZRTP_WORK_H

#include "internal.h"

/* May a key pair be made, or a key agreement computed? The caller that does it says so. */
bool zrtp_work_allowed(struct zrtp_stream *stream);
void zrtp_work_done(struct zrtp_stream *stream);
/* When it may again. */
uint64_t zrtp_work_due(const struct zrtp_stream *stream);

#endif
