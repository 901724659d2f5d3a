/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A phone that may be passed through, but has no keys: why, and what to do.
 */

#include "decide/unjoined.h"

/*! Two phones in a bridge, both with ZRTP: how long the bridge may take to join them, milliseconds. */
#define BRIDGE_MAX 1200
/*! How long a first Hello may take: phones repeat theirs for about as long. */
#define HELLO_MAX 4000
/*! How long two phones that are joined may take to have keys. */
#define KEYS_MAX 5000
/*! To become a phone's ZRTP endpoint, while it still says Hello. */
#define ENDPOINT_MAX 500

/*! \brief Could both sides of this call have ZRTP, one way or the other? */
static int both_could(const struct unjoined_facts *facts)
{
	return facts->speaks && facts->partner_speaks && facts->partner >= UNJOINED_ENDPOINT;
}

static enum unjoined_reason not_joined(const struct unjoined_facts *facts)
{
	if (facts->codes) {
		return UNJOINED_CODES;
	}
	if (facts->wanted) {
		return UNJOINED_LISTENER;
	}

	return facts->differs ? UNJOINED_CODECS : UNJOINED_BRIDGE;
}

static enum unjoined_reason reason_of(const struct unjoined_facts *facts)
{
	if (!facts->speaks) {
		return UNJOINED_PHONE;
	}
	switch (facts->partner) {
	case UNJOINED_NOBODY:
		return UNJOINED_ALONE;
	case UNJOINED_FOREIGN:
		return UNJOINED_CHANNEL;
	case UNJOINED_ENDPOINT:
		return UNJOINED_POLICY;
	case UNJOINED_WAITING:
		return facts->partner_speaks ? not_joined(facts) : UNJOINED_PARTNER;
	default:
		return facts->partner_speaks ? UNJOINED_KEYS : UNJOINED_PARTNER;
	}
}

/*! \brief May the PBX take the phone's ZRTP? Not while it goes to another phone. */
static int may_become_end(const struct unjoined_facts *facts)
{
	return facts->wish == NO_PASSTHROUGH_ENDPOINT && facts->speaks && facts->partner != UNJOINED_JOINED;
}

static int64_t patience(const struct unjoined_facts *facts)
{
	if (facts->partner == UNJOINED_JOINED) {
		return KEYS_MAX;
	}
	if (may_become_end(facts) && facts->partner != UNJOINED_WAITING) {
		return ENDPOINT_MAX;
	}
	/* Phones that say Hello for four seconds have to be answered before. */
	return both_could(facts) || may_become_end(facts) ? BRIDGE_MAX : HELLO_MAX;
}

struct unjoined_choice unjoined_choose(const struct unjoined_facts *facts)
{
	struct unjoined_choice choice = { .step = UNJOINED_WAIT };

	if (!facts->up || facts->ms < patience(facts)) {
		return choice;
	}
	choice.reason = reason_of(facts);
	choice.warn = both_could(facts);
	if (may_become_end(facts)) {
		choice.step = UNJOINED_BECOME_END;
	} else if (choice.warn && facts->wish == NO_PASSTHROUGH_HANGUP) {
		choice.step = UNJOINED_HANG_UP;
	} else {
		choice.step = UNJOINED_TELL;
	}

	return choice;
}

static const struct {
	const char *event, *why, *remedy;
} texts[UNJOINED_REASONS] = {
	[UNJOINED_UNDECIDED] = { "", "it is not known yet", "" },
	[UNJOINED_PHONE] = { "NoZrtp", "the phone does not speak ZRTP", "" },
	[UNJOINED_PARTNER] = { "PartnerNoZrtp", "the phone at the other side does not speak ZRTP", "" },
	[UNJOINED_ALONE] = { "NoPartner", "there is no other phone to have ZRTP with",
		"with mode = auto the PBX is the ZRTP endpoint of such calls" },
	[UNJOINED_CHANNEL] = { "PartnerChannel", "the channel at the other side has no RTP engine with ZRTP",
		"set rtp_engine there, or mode = auto here" },
	[UNJOINED_POLICY] = { "PartnerPolicy", "the PBX is the ZRTP endpoint of the phone at the other side",
		"give both the same mode, or mode = auto" },
	[UNJOINED_CODES] = { "FeatureCodes", "the bridge waits for feature codes",
		"call without the Dial options hHtTkKwWxX, or with mode = auto" },
	[UNJOINED_LISTENER] = { "Listener", "something in the PBX records, listens or plays",
		"end it, or use mode = auto" },
	[UNJOINED_CODECS] = { "Codecs", "the first codecs of the phones, or their payload types, differ",
		"allow the same codecs in the same order, or use mode = auto" },
	[UNJOINED_BRIDGE] = { "Bridge", "the bridge does not join the phones natively",
		"see docs/guide/passthrough.md, or use mode = auto" },
	[UNJOINED_KEYS] = { "NoKeys", "the phones speak ZRTP and have no keys with each other",
		"compare their settings, and see whether something on the way drops their packets" },
};

const char *unjoined_reason_text(enum unjoined_reason reason)
{
	return texts[reason].event;
}

const char *unjoined_why(enum unjoined_reason reason)
{
	return texts[reason].why;
}

const char *unjoined_remedy(enum unjoined_reason reason)
{
	return texts[reason].remedy;
}
