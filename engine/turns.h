/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_TURNS_H
#define ZRTP_TURNS_H

#include "internal.h"

/* The stream's exchange has the turn. */
void zrtp_turn_begin(struct zrtp_stream *stream);
/* May it begin one? If not, it is woken when it may. */
bool zrtp_turn_is_ours(struct zrtp_stream *stream);
/* The other stream that has the turn, or NULL. */
struct zrtp_stream *zrtp_turn_holder(const struct zrtp_stream *stream);
/* Our Commit lost against one on another stream: give that some time. */
void zrtp_turn_lost(struct zrtp_stream *stream, uint64_t now);
/* The exchange of this stream is complete and the session keyed: those of others are over. */
void zrtp_turns_end(struct zrtp_stream *winner);

#endif
