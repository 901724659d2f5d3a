/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does the store of the cache answer in time?
 */

#include "decide/store_pace.h"

void pace_begins(struct store_pace *pace, uint64_t now)
{
	pace->since = now;
}

/*! \brief Have quick jobs come for long enough? */
static int is_over(const struct store_pace *pace, uint64_t now)
{
	return pace->quick >= PACE_QUICK_JOBS && (!pace->again || now - pace->quick_since >= PACE_PATIENCE_USEC);
}

void pace_ends(struct store_pace *pace, uint64_t now, int worked)
{
	int quick = worked && now - pace->since < PACE_QUICK_USEC;

	pace->since = 0;
	pace->brisk = quick;
	if (pace->late == PACE_GOOD) {
		return;
	}
	if (!quick) {
		pace->quick = 0;
		return;
	}
	if (!pace->quick++) {
		pace->quick_since = now;
	}
	if (is_over(pace, now)) {
		pace->late = PACE_GOOD;
		pace->over_at = now;
	}
}

/*! \brief How long may a load wait for its turn now? */
static uint64_t patience(const struct store_pace *pace, uint64_t now)
{
	int brisk = pace->brisk && (!pace->since || now - pace->since < PACE_QUICK_USEC);

	return brisk && pace->late == PACE_GOOD ? PACE_BUSY_USEC : PACE_LATE_USEC;
}

enum pace pace_look(struct store_pace *pace, uint64_t now, uint64_t asked)
{
	enum pace found = pace->since && now - pace->since >= PACE_LATE_USEC ? PACE_HANGS
		: asked && now - asked >= patience(pace, now) ? PACE_SLOW : PACE_GOOD;

	if (found == PACE_GOOD) {
		return pace->late;
	}
	if (pace->late == PACE_GOOD) {
		pace->again = pace->over_at && now - pace->over_at < PACE_AGAIN_USEC;
	}
	pace->late = found;
	pace->quick = 0;

	return found;
}

int pace_hurries(const struct store_pace *pace)
{
	return pace->late != PACE_GOOD && pace->quick && pace->quick < PACE_QUICK_JOBS;
}
