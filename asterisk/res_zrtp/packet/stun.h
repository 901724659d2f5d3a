/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief STUN of strangers is dropped before the stock engine believes it.
 */
#ifndef RES_ZRTP_STUN_H
#define RES_ZRTP_STUN_H

struct ast_rtp_engine;
struct ast_rtp_engine_ice;
struct media;

/*!
 * \brief Take the next datagram off the socket if it is STUN that may not be believed.
 * \pre instance is locked
 * \retval 1 when it was that, and is gone
 */
int stun_refuse(struct media *media, int fd, int rtcp);

/*! \brief The callbacks for ICE of an engine around the stock one, NULL if that has none. */
struct ast_rtp_engine_ice *stun_ice(const struct ast_rtp_engine *stock);

#endif
