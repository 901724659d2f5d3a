/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_SASRELAY_H
#define ZRTP_SASRELAY_H

#include "internal.h"

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_sasrelay(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_relayack(struct zrtp_stream *stream, const struct zrtp_message *message);
ZRTP_CHECK enum zrtp_state zrtp_relay_unanswered(struct zrtp_stream *stream);

#endif
