/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does the RTP of a phone come from another address now?
 */


#include <string.h>

#include "decide/net_address.h"
#include "decide/rtp_source.h"

static int newer(uint16_t number, uint16_t than)
{
	return (int16_t) (uint16_t) (number - than) > 0;
}

void rtp_source_set(struct rtp_source *source, const struct net_address *address, uint64_t now)
{
	memset(source, 0, sizeof(*source));
	source->at = *address;
	source->heard_at = now;
}

/*! \brief Remember the newest packet; another SSRC begins again. */
static void note(struct rtp_source *source, const struct rtp_mark *mark)
{
	if (!source->marked || source->newest.ssrc != mark->ssrc || newer(mark->number, source->newest.number)) {
		source->newest = *mark;
		source->marked = 1;
	}
}

void rtp_source_heard(struct rtp_source *source, const struct rtp_mark *mark, uint64_t now)
{
	source->heard_at = now;
	source->probes = 0;
	source->by_copy = 0;
	if (mark) {
		note(source, mark);
	}
}

int rtp_source_is_here(const struct rtp_source *source, uint64_t now, uint64_t usec)
{
	return net_address_is_set(&source->at) && now - source->heard_at < usec;
}

/*! \brief Is this from the former source, and newer than all RTP that it sent, if it sent any? */
static int is_newer_from_former(const struct rtp_source *source, const struct net_address *address,
	const struct rtp_mark *mark)
{
	return net_address_equal(&source->former, address) && (!source->former_marked
		|| (source->former_newest.ssrc == mark->ssrc && newer(mark->number, source->former_newest.number)));
}

int rtp_source_was_copied(const struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark)
{
	return source->former_marked && is_newer_from_former(source, address, mark) && source->marked
		&& source->newest.ssrc == mark->ssrc && !newer(mark->number, source->newest.number);
}

int rtp_source_returns(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark,
	uint64_t now)
{
	struct net_address back = source->former;

	if (!is_newer_from_former(source, address, mark)) {
		return 0;
	}
	rtp_source_set(source, &back, now);
	note(source, mark);

	return 1;
}

/*! \brief May this packet belong to the stream that the source has sent? */
static int fits(const struct rtp_source *source, const struct rtp_mark *mark, enum rtp_source_rule rule)
{
	return rule == RTP_SOURCE_ANY || !source->marked
		|| (source->newest.ssrc == mark->ssrc && newer(mark->number, source->newest.number));
}

/*! \brief Count packets in sequence from one address. */
static int passes_probation(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark)
{
	if (source->probes && source->next.ssrc == mark->ssrc && source->next.number == mark->number
		&& net_address_equal(&source->probe, address)) {
		source->probes++;
	} else {
		source->probes = 1;
		source->probe = *address;
		source->next.ssrc = mark->ssrc;
	}
	source->next.number = mark->number + 1;

	return source->probes >= RTP_SOURCE_PROBATION;
}

void rtp_source_go(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark,
	uint64_t now)
{
	struct rtp_source former = *source;

	rtp_source_set(source, address, now);
	if (mark) {
		note(source, mark);
	}
	source->former = former.at;
	source->former_newest = former.newest;
	source->former_marked = former.marked;
	if (former.by_copy) {
		/* It was there by packets that no key opens: that is believed once. */
		memset(&source->former, 0, sizeof(source->former));
		source->former_marked = 0;
	}
}

int rtp_source_moves(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark,
	enum rtp_source_rule rule, uint64_t usec, uint64_t now)
{
	if (rtp_source_is_here(source, now, usec) || !fits(source, mark, rule)
		|| !passes_probation(source, address, mark)) {
		return 0;
	}
	rtp_source_go(source, address, mark, now);

	return 1;
}
