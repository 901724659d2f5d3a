/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief require_partner = yes: may a phone talk to the others of its bridge?
 */

#include "partner_choice.h"

enum partner_choice partner_choose(const struct partner_facts *facts)
{
	if (facts->encrypted >= facts->others) {
		return PARTNER_PASS;
	}

	return facts->encrypted + facts->undecided >= facts->others && facts->together_ms < PARTNER_PATIENCE
		? PARTNER_HOLD : PARTNER_REFUSE;
}
