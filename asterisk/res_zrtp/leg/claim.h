/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Another ZRTP peer than that of a secure stream, or the same one begun again, asks for its place.
 */
#ifndef RES_ZRTP_CLAIM_H
#define RES_ZRTP_CLAIM_H

#include "decide/peer_address.h"

struct media;

/*! \brief A Hello that is not its peer's came for a secure stream: is that another peer? Serializer only; called by the ZRTP engine. */
void claim_knock(struct media *media);
/*! \brief What claim has the peer whose Hello the datagram at hand is? Serializer only. */
enum peer_claim claim_of(struct media *media);

#endif
