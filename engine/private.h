/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_PRIVATE_H
#define ZRTP_PRIVATE_H

#include "internal.h"

/* A key pair for the exchange's key agreement: a fresh one, or one that fits and was not shown (4.2).
 * 0 or -1. */
ZRTP_CHECK int zrtp_private_make(struct zrtp_stream *stream);
/* The key pair is used up. */
void zrtp_private_drop(struct zrtp_exchange *exchange);
/* The exchange ends: its key pair is kept if its public value was not sent. */
void zrtp_private_spare(struct zrtp_stream *stream);
void zrtp_spare_drop(struct zrtp_session *session);

#endif
