/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Pass-through: where a phone's packets come from and go to. The decisions are peer_address.h's.
 */
#ifndef RES_ZRTP_THROUGH_SOURCE_H
#define RES_ZRTP_THROUGH_SOURCE_H

#include "decide/peer_address.h"

struct net_address;

struct media;

/*! What is to be logged of a packet's source once the lock is free. */
enum source_news {
	SOURCE_NO_NEWS,
	SOURCE_MOVED,   /*!< The phone's RTP comes from there now */
	SOURCE_REFUSED, /*!< It would, if strictrtp let it */
};

/*!
 * \brief Is a packet from the phone? Learns. \pre media is locked
 * \param octets of RTP: at least its header
 */
int through_admits(struct media *media, enum peer_kind kind, const uint8_t *octets, const struct net_address *source,
	enum source_news *news);
/*! \brief Is RTCP from where RTP is? Its port is what the phone makes it. \pre media is locked */
int through_admits_rtcp(struct media *media, const struct net_address *source);
/*! \brief Log it. \pre media is not locked */
void through_tell(struct media *media, enum source_news news, const struct net_address *source);
/*! \brief Where RTCP for the phone goes that is passed on, if it has a port of its own. \pre media is locked */
void through_rtcp_at(const struct media *media, struct net_address *to);

#endif
