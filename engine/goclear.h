/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_GOCLEAR_H
#define ZRTP_GOCLEAR_H

#include "internal.h"

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_goclear(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_goclear_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_clearack(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_error_to_goclear(struct zrtp_stream *stream, const struct zrtp_message *message);
ZRTP_CHECK enum zrtp_state zrtp_goclear_unanswered(struct zrtp_stream *stream);
/* What a Commit in clear began is not completed. */
ZRTP_CHECK enum zrtp_state zrtp_clear_expired(struct zrtp_stream *stream);

#endif
