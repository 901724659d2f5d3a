/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_FAILURE_H
#define ZRTP_FAILURE_H

#include "internal.h"

/* End the exchange with this error code of Table 8. */
ZRTP_CHECK enum zrtp_state zrtp_fail(struct zrtp_stream *stream, uint32_t code);
/* The right image but a wrong MAC: an earlier message was not the peer's. */
ZRTP_CHECK enum zrtp_state zrtp_forged(struct zrtp_stream *stream);
/* Forget the exchange and every key, answer nothing more. */
void zrtp_stream_shut(struct zrtp_stream *stream);
/* In a call reported as clear a host says Hello, but has shown nothing yet
 * that only a real peer can: then nothing may end that call. */
bool zrtp_peer_unproven(const struct zrtp_stream *stream);
ZRTP_CHECK enum zrtp_state zrtp_forget_peer(struct zrtp_stream *stream);
/* A late exchange is over: the keys that were delivered are void. */
void zrtp_late_over(struct zrtp_stream *stream);

/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_error(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_error_late(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_errorack(struct zrtp_stream *stream, const struct zrtp_message *message);

#endif
