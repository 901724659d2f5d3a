/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Datagrams of the streams of a leg, which wait for its serializer.
 */
#ifndef RES_ZRTP_LEG_QUEUE_H
#define RES_ZRTP_LEG_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct media;
struct net_address;

/*! \brief Queue a received datagram; drops it when too many wait. */
void leg_push_datagram(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source);
/*! \brief The ZRTP engine has gone on with a message it had kept, which came from its source. Serializer only. */
void leg_engage(struct media *media);

#endif
