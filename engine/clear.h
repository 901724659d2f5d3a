/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_CLEAR_H
#define ZRTP_CLEAR_H

#include "internal.h"

/* Is our GoClear under way? Then no exchange begins with a key about to go. */
bool zrtp_session_clearing(const struct zrtp_session *session);
bool zrtp_peer_allows_clear(const struct zrtp_session *session);
/* There is no SASrelay of ours to repeat any more. */
void zrtp_relay_drop(struct zrtp_stream *stream);
/* Nor anything that could carry it. */
void zrtp_relay_abandon(struct zrtp_stream *stream);
/* The exchange and the keys go. */
void zrtp_clear_stream(struct zrtp_stream *stream, enum zrtp_clear_reason reason);
/* A Commit in clear led to nothing: any host can replay one. */
ZRTP_CHECK enum zrtp_state zrtp_back_to_clear(struct zrtp_stream *stream);

#endif
