/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_DISCOVERY_H
#define ZRTP_DISCOVERY_H

#include "internal.h"

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_hello(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_hello_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_hello_after_error(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_helloack(struct zrtp_stream *stream, const struct zrtp_message *message);
ZRTP_CHECK enum zrtp_state zrtp_hello_unanswered(struct zrtp_stream *stream);

#endif
