/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/stun_choice.h"

int stun_is(uint8_t first)
{
	return first < 4;
}

/*! \brief Is this where a peer with this address for RTP has its RTP, or its RTCP? */
static int is_at(const struct net_address *rtp, const struct net_address *source, int rtcp)
{
	struct net_address at = *rtp;

	if (!net_address_is_set(rtp)) {
		return 0;
	}
	at.port += rtcp ? 1 : 0;

	return net_address_equal(&at, source);
}

int stun_accepts(const struct peer_address *peer, const struct net_address *source, int ice, int rtcp)
{
	return ice || is_at(&peer->remote, source, rtcp) || is_at(&peer->signalled, source, rtcp)
		|| is_at(&peer->latched, source, rtcp) || is_at(&peer->heard, source, rtcp);
}
