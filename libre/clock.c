/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

uint64_t clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void on_due(void *arg)
{
	struct alarm *alarm = arg;
	void *owner = mem_ref(alarm->owner);

	zrtp_session_expire(alarm->session, clock_us());
	alarm_set(alarm);
	mem_deref(owner);
}

void alarm_set(struct alarm *alarm)
{
	uint64_t now = clock_us();
	uint64_t first = alarm->session ? zrtp_session_deadline(alarm->session) : ZRTP_NEVER;

	if (first == ZRTP_NEVER) {
		tmr_cancel(&alarm->tmr);
	} else {
		tmr_start(&alarm->tmr, first > now ? (first - now + 999) / 1000 : 0, on_due, alarm);
	}
}

void alarm_stop(struct alarm *alarm)
{
	tmr_cancel(&alarm->tmr);
	alarm->session = NULL;
}
