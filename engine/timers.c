/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Retransmission (6). One timer per stream: T1 for Hello, T2 for what the
 * initiator and a failing side repeat, and a plain wait for the responder.
 */
#include "internal.h"

#include "effects.h"
#include "timers.h"

enum {
	MS = 1000,
	T1_START = 50 * MS,
	T1_CAP = 200 * MS,
	T1_CROSSING = 10 * MS, /* a Hello that went out so lately may meet the peer's on its way: */
	T1_UNHEARD = 20 * MS,  /* then its HelloACK comes by that time */
	T1_COUNT = 20,
	T1_COUNT_EXTENDED = 62, /* the peer is there: go on for 12 s */
	T2_START = 150 * MS,
	T2_CAP = 1200 * MS,
	T2_COUNT = 10,
	RESPONDER_WAIT = 10000 * MS,
	LOST_WAIT = 1500 * MS, /* our own Commit lost against what may be a stranger's */
};

void zrtp_timer_t1(struct zrtp_stream *stream)
{
	stream->timer = (struct zrtp_timer){ stream->now + T1_START, T1_START, T1_CAP, T1_COUNT, false, false,
					     ZRTP_MSG_HELLO };
	zrtp_send(stream, ZRTP_MSG_HELLO);
}

void zrtp_timer_t1_extend(struct zrtp_stream *stream)
{
	if (stream->timer.message == ZRTP_MSG_HELLO && stream->timer.interval && !stream->timer.extended) {
		stream->timer.extended = true;
		stream->timer.left += T1_COUNT_EXTENDED - T1_COUNT;
	}
}

void zrtp_timer_t1_hurry(struct zrtp_stream *stream)
{
	struct zrtp_timer *timer = &stream->timer;
	uint64_t sent = timer->deadline - timer->interval;

	/* Two with one ZID go on by each other's Hello alone. */
	if (timer->message != ZRTP_MSG_HELLO || !timer->interval || stream->now - sent >= T1_CROSSING ||
	    stream->equal_zid || stream->session->own_zid) {
		zrtp_send(stream, ZRTP_MSG_HELLO);
	} else {
		timer->deadline = sent + T1_UNHEARD;
	}
}

void zrtp_timer_t2(struct zrtp_stream *stream, enum zrtp_message_type message)
{
	stream->timer = (struct zrtp_timer){
		stream->now + T2_START, T2_START, T2_CAP, T2_COUNT, false, false, message
	};
	zrtp_send(stream, message);
}

unsigned zrtp_timer_t2_sent(const struct zrtp_stream *stream, uint64_t *last)
{
	*last = stream->timer.deadline - stream->timer.interval;
	return T2_COUNT + 1U - stream->timer.left;
}

void zrtp_timer_wait(struct zrtp_stream *stream)
{
	stream->timer =
		(struct zrtp_timer){ .deadline = stream->now +
						 (stream->lost_commits ? LOST_WAIT : RESPONDER_WAIT) };
}

void zrtp_timer_turn(struct zrtp_stream *stream, uint64_t until)
{
	stream->timer = (struct zrtp_timer){ .deadline = until, .turn = true };
}

void zrtp_timer_stop(struct zrtp_stream *stream)
{
	stream->timer = (struct zrtp_timer){ .deadline = ZRTP_NEVER };
}

bool zrtp_timer_exhausted(struct zrtp_stream *stream)
{
	struct zrtp_timer *timer = &stream->timer;

	/* After the last repetition the answer gets one more interval. */
	if (!timer->left) {
		zrtp_timer_stop(stream);
		return true;
	}
	timer->left--;
	timer->interval = timer->interval * 2 < timer->cap ? timer->interval * 2 : timer->cap;
	timer->deadline = stream->now + timer->interval;
	stream->repeated++;
	zrtp_send(stream, timer->message);
	return false;
}
