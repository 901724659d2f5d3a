/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_DHPART_H
#define ZRTP_DHPART_H

#include "internal.h"

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_dhpart1(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_dhpart2(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_dhpart2_again(struct zrtp_stream *stream, const struct zrtp_message *message);

#endif
