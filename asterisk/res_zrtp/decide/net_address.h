/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A transport address, without Asterisk and sockets.
 */
#ifndef RES_ZRTP_NET_ADDRESS_H
#define RES_ZRTP_NET_ADDRESS_H

#include <stdint.h>

/*! Without padding that differs; an IPv4 address is one in whatever form it came. */
struct net_address {
	uint8_t host[16];  /*!< In network order, zero behind its length */
	uint32_t scope;    /*!< Of a link-local IPv6 address */
	uint16_t port;     /*!< In host order */
	uint16_t host_len; /*!< 0: no address, 4: IPv4, 16: IPv6 */
};

int net_address_is_set(const struct net_address *address);
int net_address_equal(const struct net_address *a, const struct net_address *b);
/*! \brief The same host, whatever the port? No: one of them is not set. */
int net_address_same_host(const struct net_address *a, const struct net_address *b);

#endif
