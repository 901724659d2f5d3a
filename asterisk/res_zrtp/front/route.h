/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What of an RTP instance goes where: its datagrams, its beginning and its end.
 */
#ifndef RES_ZRTP_ROUTE_H
#define RES_ZRTP_ROUTE_H

struct ast_rtp_instance;
struct ast_sockaddr;
struct media;

int routes_init(void);
void routes_shutdown(void);

/*!
 * \brief Take a ZRTP datagram off the socket, if the next one is one.
 * \pre instance is locked
 * \retval 1 when one was there, whatever became of it
 * \retval 0 the next one is the core's, and where it is from is media_of_instance(media)->reading
 * \retval -1 there is none: the core must not read either, as what comes meanwhile was not checked
 */
int route_receive(struct media *media, struct ast_rtp_instance *instance, int fd);
/*! \brief Media may flow: start ZRTP as soon as there is an address. \pre instance is locked */
void route_activate(struct media *media, struct ast_rtp_instance *instance);
/*! \brief A new remote address. \pre instance is locked */
void route_set_remote(struct media *media, struct ast_rtp_instance *instance, const struct ast_sockaddr *address);

#endif
