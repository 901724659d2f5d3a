/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_CONFIRM_H
#define ZRTP_CONFIRM_H

#include "internal.h"

/* Our Confirm into exchange->confirm; 0 or -1. */
ZRTP_CHECK int zrtp_confirm_build(struct zrtp_stream *stream);

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_confirm1(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_confirm2(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_confirm2_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_conf2ack(struct zrtp_stream *stream, const struct zrtp_message *message);

#endif
