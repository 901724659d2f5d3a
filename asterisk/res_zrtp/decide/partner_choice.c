/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief require_partner = yes: may a phone talk to the others of its bridge?
 */

#include <strings.h>

#include "decide/partner_choice.h"

enum partner_choice partner_choose(const struct partner_facts *facts)
{
	if (facts->encrypted >= facts->others) {
		return PARTNER_PASS;
	}

	return facts->encrypted + facts->undecided >= facts->others && facts->together_ms < PARTNER_PATIENCE
		? PARTNER_HOLD : PARTNER_REFUSE;
}

int partner_relays(const char *application, int answered)
{
	if (!application) {
		return 0;
	}
	/* The calling one until the other one answers; the called one until it does itself. */
	return !strcasecmp(application, "Dial") || !strcasecmp(application, "RetryDial")
		|| (!answered && !strcasecmp(application, "AppDial"));
}
