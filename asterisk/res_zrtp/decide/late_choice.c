/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A call that is clear for want of ZRTP, and keys of an exchange that came late: whose are they?
 */

#include "decide/late_choice.h"

/*! \brief One more packet of those in a row, which began again if stale. */
static void count(struct late_choice *choice, uint64_t now, int stale)
{
	if (!choice->since || stale || now - choice->last > LATE_PAUSE_USEC) {
		choice->since = now;
		choice->packets = 0;
	}
	choice->last = now;
	choice->packets++;
}

int late_choice_waits(struct late_choice *choice, uint64_t now, uint64_t clear_at)
{
	count(choice, now, clear_at >= choice->since);

	return choice->packets >= LATE_RUN_PACKETS && now - choice->since >= LATE_RUN_USEC;
}

void late_choice_taken(struct late_choice *choice, uint64_t now)
{
	*choice = (struct late_choice) { .sealed_at = now, .doubt = 1 };
}

void late_choice_sealed(struct late_choice *choice, uint64_t now)
{
	uint64_t gap = now - choice->sealed_at;

	if (!choice->doubt) {
		return;
	}
	choice->since = 0;
	choice->sealed_at = now;
	choice->tried += gap < LATE_GAP_USEC ? gap : LATE_GAP_USEC;
	choice->doubt = choice->tried < LATE_TRIED_USEC;
}

int late_choice_clear(struct late_choice *choice, uint64_t now)
{
	if (!choice->doubt) {
		return 0;
	}
	count(choice, now, 0);

	return choice->packets >= LATE_BACK_PACKETS && now - choice->since >= LATE_BACK_USEC;
}
