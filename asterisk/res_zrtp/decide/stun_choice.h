/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose STUN may the stock engine see?
 *
 * It believes any Binding Request: RTCP goes to where the last one came from,
 * and so does RTP while no address is known. Where ICE runs, that has checked
 * the message before. Elsewhere STUN is a phone's keep-alive, and comes from
 * where its media comes from. Decisions only.
 */
#ifndef RES_ZRTP_STUN_CHOICE_H
#define RES_ZRTP_STUN_CHOICE_H

struct net_address;
struct peer_address;

/*! \brief Is a datagram with this first octet STUN (RFC 7983)? */
int stun_is(uint8_t first);

/*!
 * \brief May it go on to the stock engine?
 *
 * \param ice  ICE was agreed on for this stream
 * \param rtcp It came to the socket of RTCP
 */
int stun_accepts(const struct peer_address *peer, const struct net_address *source, int ice, int rtcp);

#endif
