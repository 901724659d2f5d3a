/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Keys that wait beside what is in force, until they take over.
 *
 * Nothing is sent with them, and what they open goes nowhere: that a host
 * has them is all that is learnt. What is in force, other keys or clear media,
 * stays so. Which keys open a packet is decided by its SSRC, or on a copy.
 */
#ifndef RES_ZRTP_GATE_NEXT_H
#define RES_ZRTP_GATE_NEXT_H

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "decide/late_choice.h"
#include "packet/packet_news.h"

struct zrtp_srtp;
struct zrtp_srtp_keys;

struct media;
struct net_address;

/*! Part of a gate, guarded by the lock of the media object. */
struct gate_next {
	struct zrtp_srtp *srtp;     /*!< NULL: there are none */
	unsigned int receive:1;     /*!< It has keys for this direction */
	unsigned int send:1;
	unsigned int noticed:1;     /*!< The first packet under them has come */
	unsigned int late:1;        /*!< In the place of clear media, which has to have stopped */
	struct late_choice choice;  /*!< Of late ones */
	enum packet_news opened;    /*!< What the first packet that they open tells */
};

/*!
 * \brief Put keys beside what is in force. Serializer only.
 * \param opened what the first packet that they open tells
 * \retval -1 they cannot be used
 */
int gate_next_set_keys(struct media *media, enum zrtp_direction direction, const struct zrtp_srtp_keys *keys,
	enum packet_news opened);

/*!
 * \brief Is this packet under the keys that wait? It stays as it is. \pre media is locked
 * \retval 1 yes, and nothing is to be done with it
 * \param news receives what is to be told when the lock is free
 */
int gate_next_opens(struct media *media, const void *packet, int len, int rtcp, enum packet_news *news);

/*!
 * \brief The keys that wait are those of an exchange in a call that is clear for
 * want of ZRTP. An attacker who sees our packets can complete one: they take over as
 * late_choice.h has it. Until then what they open is heard like that. Serializer only.
 */
void gate_next_late(struct media *media);

/*!
 * \brief Open a packet with such keys, on a copy. \pre media is locked
 * \param source where it comes from
 * \retval 1 it was one of theirs: it and len are what the peer has said
 * \param news receives what is to be told when the lock is free
 */
int gate_next_hears(struct media *media, void *packet, int *len, int rtcp, const struct net_address *source,
	enum packet_news *news);

/*!
 * \brief The keys that wait are in force from now on, for both directions; those before are wiped.
 * \retval -1 they are not there for both directions, nothing has changed
 */
int gate_next_take_over(struct media *media);

/*! \brief Wipe the keys that wait. */
void gate_next_wipe(struct media *media);

#endif
