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
 * \brief Take the next datagram off the RTP socket if it is of a secure stream, from a source that is not known.
 *
 * One that the keys open makes the source known if none was; else the phone must have been
 * silent where it was, and several newer ones make it the phone's, see peer_newcomer(). It
 * is gone as well: to open it twice would be a replay. Where it came from is media_of_instance(media)->reading.
 *
 * \param first its first octet
 * \pre instance is locked
 * \retval 1 it is gone
 */
int newcomer_refuse(struct media *media, struct ast_rtp_instance *instance, int fd, unsigned char first);

#endif
