/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Has another branch of a forked call answered than the one that has keys?
 */

#include "decide/branch_choice.h"

enum branch_choice branch_choose(const struct branch_facts *facts)
{
	if (!facts->begun || facts->over) {
		return BRANCH_SAME;
	}
	if (facts->other_hash) {
		return BRANCH_ANOTHER;
	}
	if (facts->hash || facts->heard_ms >= BRANCH_SETTLE) {
		return BRANCH_SAME;
	}

	return facts->since_ms < BRANCH_SILENCE ? BRANCH_WAIT : BRANCH_ANOTHER;
}
