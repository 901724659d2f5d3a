/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief mode = auto, before two phones have keys: are they passed through, or is the PBX the end of their ZRTP?
 */

#include "decide/auto_choice.h"

/*! How long a phone waits for a bridge before the PBX answers it, milliseconds. */
#define ALONE_MAX 500
/*! How long two phones in a bridge wait for each other's first Hello. */
#define STRANGERS_MAX 1200
/*! The same where the SDP of the one that is silent announces it; phones repeat theirs for some four seconds. */
#define ANNOUNCED_MAX 2400
/*! How long a phone is silent that waits to hear something. */
#define SILENT_MIN 500
/*! How long a bridge that was asked to join two phones natively may take. */
#define ASKED_MAX 500

static struct auto_choice end(enum auto_reason reason)
{
	return (struct auto_choice) { .step = AUTO_END, .reason = reason };
}

static struct auto_choice step(enum auto_step step)
{
	return (struct auto_choice) { .step = step, .reason = AUTO_UNDECIDED };
}

/*! \brief How long is a first Hello waited for? */
static int64_t patience(const struct auto_facts *facts)
{
	int own = facts->own.hello || facts->own.announced;
	int far = facts->far.hello || facts->far.announced || facts->passes;

	return own && far && !(facts->own.hello && facts->far.hello) ? ANNOUNCED_MAX : STRANGERS_MAX;
}

struct auto_choice auto_choose(const struct auto_facts *facts)
{
	if (!facts->waits) {
		if (facts->there) {
			return end(AUTO_NO_PARTNER);
		}
		return facts->alone < ALONE_MAX ? step(AUTO_WAIT) : end(AUTO_ALONE);
	}
	if (facts->asked >= 0) {
		/* Other news may have this looked at before the bridge has done anything. */
		return facts->asked < ASKED_MAX ? step(AUTO_WAIT) : end(AUTO_NO_BRIDGE);
	}
	if (facts->own.hello && (facts->far.hello || facts->passes) && !facts->rings) {
		return step(AUTO_ASK);
	}
	if (facts->together >= patience(facts)) {
		if (facts->own.hello && (facts->far.hello || facts->passes)) {
			return end(AUTO_NO_BRIDGE); /* one of them still rings */
		}
		return end(facts->own.hello ? AUTO_FAR_SILENT : AUTO_OWN_SILENT);
	}

	return step(facts->own.hello && !facts->far.hello && facts->far.announced && !facts->apart && !facts->rings
		&& facts->together >= SILENT_MIN ? AUTO_HAND_OVER : AUTO_WAIT);
}

static const struct {
	const char *why;
	int told;
} texts[AUTO_REASONS] = {
	[AUTO_UNDECIDED] = { "it is not known yet", 0 },
	[AUTO_ALONE] = { "no bridge with another phone", 0 },
	[AUTO_NO_PARTNER] = { "the channel at the other side cannot be passed through: it has no RTP engine with ZRTP, "
		"or the PBX is the ZRTP endpoint of its phone already, or by its policy", 1 },
	[AUTO_NO_BRIDGE] = { "the bridge does not join the phones natively", 1 },
	[AUTO_OWN_SILENT] = { "the phone sent no ZRTP Hello in time", 1 },
	[AUTO_FAR_SILENT] = { "the phone at the other side sent no ZRTP Hello in time", 1 },
};

const char *auto_why(enum auto_reason reason)
{
	return texts[reason].why;
}

int auto_is_told(enum auto_reason reason)
{
	return texts[reason].told;
}
