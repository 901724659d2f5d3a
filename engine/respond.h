/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_RESPOND_H
#define ZRTP_RESPOND_H

#include "internal.h"

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_commit(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_commit_contended(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_commit_again(struct zrtp_stream *stream, const struct zrtp_message *message);

#endif
