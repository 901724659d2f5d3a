/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief RTP of a secure stream from a source that is not known: it has to authenticate.
 *
 * The stock engine learns addresses before the gate sees a packet: a few of a
 * stranger's in sequence, which no key opens, and media goes to him.
 */
#ifndef RES_ZRTP_NEWCOMER_H
#define RES_ZRTP_NEWCOMER_H

#include <stddef.h>

struct ast_rtp_instance;
struct media;

/*!
 * \brief Is the next datagram of the RTP socket, which is no ZRTP, media of a secure stream from a source that is not known?
 *
 * If not it goes on to the stock engine, and what its source may be answered with grows by it. Where it came from is
 * media_of_instance(media)->reading.
 *
 * \param first its first octet
 * \param len how long it is
 * \pre instance is locked
 */
int newcomer_is(struct media *media, unsigned char first, size_t len);

/*!
 * \brief Take such a datagram off the RTP socket.
 *
 * One that the keys open makes the source known if none was; else the phone must have been
 * silent where it was, and several newer ones make it the phone's, see peer_newcomer(). It
 * is gone as well: to open it twice would be a replay.
 *
 * \pre instance is locked
 * \retval 0 it could not be taken
 */
int newcomer_take(struct media *media, struct ast_rtp_instance *instance, int fd);

#endif
