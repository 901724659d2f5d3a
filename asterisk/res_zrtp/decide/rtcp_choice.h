/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose RTCP is passed on, and where does RTCP for that phone go? Decisions only.
 */
#ifndef RES_ZRTP_RTCP_CHOICE_H
#define RES_ZRTP_RTCP_CHOICE_H

#include "decide/net_address.h"

/*! A phone with another port than is usual keeps it while it was heard within so long. */
#define RTCP_SILENCE_USEC 10000000

/*! A phone's RTCP. All zero before any came. */
struct rtcp_place {
	struct net_address at;
	uint64_t heard_at;
};

/*!
 * \brief May RTCP from here be the phone's? Learns.
 *
 * It comes from the host of the phone's RTP. The port after that of RTP is
 * always believed, another one, which NAT may have made, while no other has it.
 *
 * \param now of a clock that never goes back, in microseconds
 */
int rtcp_admits(struct rtcp_place *place, const struct net_address *rtp, const struct net_address *source, uint64_t now);

#endif
