/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock that the engine is told, and its alarm on libre's main loop. */
#ifndef ZRTP_LIBRE_CLOCK_H
#define ZRTP_LIBRE_CLOCK_H

#include "libre.h"

#include <zrtp/zrtp.h>

/* Microseconds of a clock that does not go back. Any thread. */
uint64_t clock_us(void);

/* The streams of one session, called when they are due. */
struct alarm {
	struct tmr tmr;
	struct zrtp_session *session; /* NULL: never due */
	void *owner;                  /* libre's memory that the alarm and the session are of, which stays
				       * while the engine is called; NULL: it stays anyway */
};

/* Set the alarm anew: after each call of the engine for a stream of the session. */
void alarm_set(struct alarm *alarm);
/* Before the session ends. */
void alarm_stop(struct alarm *alarm);

#endif
