/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_TIMERS_H
#define ZRTP_TIMERS_H

#include "internal.h"

void zrtp_timer_t1(struct zrtp_stream *stream);
void zrtp_timer_t1_extend(struct zrtp_stream *stream);
/* The peer has come up: our Hello now, or, where it has just gone out, the next one soon. */
void zrtp_timer_t1_hurry(struct zrtp_stream *stream);
void zrtp_timer_t2(struct zrtp_stream *stream, enum zrtp_message_type message);
/* How often, and when last, T2 has sent its present message. */
unsigned zrtp_timer_t2_sent(const struct zrtp_stream *stream, uint64_t *last);
void zrtp_timer_wait(struct zrtp_stream *stream);
/* Wait for our turn until then. */
void zrtp_timer_turn(struct zrtp_stream *stream, uint64_t until);
void zrtp_timer_stop(struct zrtp_stream *stream);
/* Repeat what is due; true when there is nothing left to repeat. */
bool zrtp_timer_exhausted(struct zrtp_stream *stream);

#endif
