/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_DISPATCH_H
#define ZRTP_DISPATCH_H

#include "internal.h"

/* A well-formed message has come in: what the state makes of it; the next state. */
enum zrtp_state zrtp_dispatch(struct zrtp_stream *stream, const struct zrtp_message *message);

#endif
