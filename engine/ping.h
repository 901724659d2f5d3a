/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_PING_H
#define ZRTP_PING_H

#include "internal.h"

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_ping(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_pingack(struct zrtp_stream *stream, const struct zrtp_message *message);

#endif
