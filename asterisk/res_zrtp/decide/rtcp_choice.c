/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/net_address.h"
#include "decide/rtcp_choice.h"

int rtcp_admits(struct rtcp_place *place, const struct net_address *rtp, const struct net_address *source, uint64_t now)
{
	struct net_address usual = *rtp;
	int taken = net_address_same_host(&place->at, rtp) && !net_address_equal(&place->at, source)
		&& now - place->heard_at < RTCP_SILENCE_USEC;

	usual.port++;
	if (!net_address_same_host(rtp, source) || (taken && !net_address_equal(&usual, source))) {
		return 0;
	}
	place->at = *source;
	place->heard_at = now;

	return 1;
}
