/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does the peer speak ZRTP?
 */

#include "decide/evidence.h"

enum evidence evidence_judge(const struct evidence_facts *facts)
{
	if (facts->proved || facts->leg_keyed) {
		return EVIDENCE_KEYED;
	}
	if (facts->signalled || facts->leg_signalled) {
		return EVIDENCE_ANNOUNCED;
	}

	return facts->hello ? EVIDENCE_CLAIMED : EVIDENCE_NONE;
}

int evidence_speaks_zrtp(enum evidence evidence)
{
	return evidence != EVIDENCE_NONE && evidence != EVIDENCE_CLAIMED;
}

int evidence_starts_closed(enum evidence evidence, int further)
{
	switch (evidence) {
	case EVIDENCE_NONE:
	case EVIDENCE_CLAIMED:
		return 0;
	case EVIDENCE_ANNOUNCED:
		return further;
	default:
		return 1;
	}
}

enum evidence_end evidence_end(enum evidence evidence, int announced_clear, int require)
{
	if (require) {
		return EVIDENCE_END_CLOSED;
	}
	switch (evidence) {
	case EVIDENCE_NONE:
		return EVIDENCE_END_CLEAR;
	case EVIDENCE_CLAIMED:
		return EVIDENCE_END_CLEAR_ALERT;
	case EVIDENCE_ANNOUNCED:
		return announced_clear ? EVIDENCE_END_CLEAR_ALERT : EVIDENCE_END_CLOSED;
	default:
		return EVIDENCE_END_CLOSED;
	}
}

const char *evidence_text(enum evidence evidence)
{
	switch (evidence) {
	case EVIDENCE_NONE:
		return "none";
	case EVIDENCE_CLAIMED:
		return "hello";
	case EVIDENCE_ANNOUNCED:
		return "signalled";
	default:
		return "keys";
	}
}
