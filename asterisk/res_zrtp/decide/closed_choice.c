/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief When is a leg through which nothing passes let go?
 */

#include "decide/closed_choice.h"

enum closed_choice closed_choose(const struct closed_facts *facts)
{
	if (facts->passes || facts->over || facts->asked) {
		return CLOSED_FORGET;
	}
	/* What rings costs nothing, and may begin ZRTP when it is answered. */
	if (!facts->answered || facts->answered_ms < CLOSED_ANSWERED_MIN || facts->closed_ms < CLOSED_MIN) {
		return CLOSED_WAIT;
	}

	return facts->busy && facts->closed_ms < CLOSED_BUSY_MAX ? CLOSED_WAIT : CLOSED_REFUSE;
}
