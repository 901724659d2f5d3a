/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How many calls with a PBX have asked the cache, and are not over?
 */

#include <string.h>

#include "decide/under_way.h"

static void pass_time(struct under_way *calls, uint64_t now)
{
	uint64_t passed = now - calls->since;

	if (passed < UNDER_WAY_USEC) {
		return;
	}
	if (passed < 2 * UNDER_WAY_USEC) {
		calls->before = calls->recent;
		calls->since += UNDER_WAY_USEC;
	} else {
		calls->before = 0;
		calls->since = now;
	}
	calls->recent = 0;
}

void under_way_begins(struct under_way *calls, uint64_t now)
{
	pass_time(calls, now);
	calls->recent++;
}

void under_way_ends(struct under_way *calls, uint64_t now)
{
	pass_time(calls, now);
	if (calls->before) {
		calls->before--;
	} else if (calls->recent) {
		calls->recent--;
	}
}

unsigned int under_way_count(struct under_way *calls, uint64_t now)
{
	pass_time(calls, now);

	return calls->before + calls->recent;
}

int under_way_counts(const char *client_id)
{
	static const char freeswitch[] = "FreeSWITCH"; /* always with the M flag, on libzrtp */

	return strncmp(client_id, freeswitch, sizeof(freeswitch) - 1) != 0;
}
