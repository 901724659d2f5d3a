/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How many ZRTP datagrams of a stream are looked at, in time.
 */

#include "decide/rate.h"

int rate_pass_at(struct rate *rate, uint64_t now, unsigned int burst, uint64_t usec)
{
	uint64_t earned = now > rate->since ? (now - rate->since) / usec : 0;

	if (earned >= rate->used) {
		rate->used = 0;
		rate->since = now;
	} else {
		rate->used -= earned;
		rate->since += earned * usec;
	}
	if (rate->used >= burst) {
		return 0;
	}
	rate->used++;

	return 1;
}
