/* SPDX-License-Identifier: BSD-2-Clause */
/* Phones and other hosts as the tests of peer_address.c have them. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include "unit.h"

#include "decide/peer_address.h"

enum { MS = 1000, S = 1000000 };

/* 192.0.2.host:port */
static inline struct net_address at(unsigned host, unsigned port)
{
	struct net_address address = { .host = { 192, 0, 2, (uint8_t)host },
				       .host_len = 4,
				       .port = (uint16_t)port };

	return address;
}

static const struct net_address nowhere;

enum { PHONE = 1, NAT = 2, PROXY = 3, OTHER = 4, STRANGER = 66, RTP = 4000 };

/* A phone that signalling names, audio to where it says. */
static inline struct peer_address phone(bool symmetric)
{
	struct peer_address peer = { .symmetric = symmetric };
	const struct net_address address = at(PHONE, RTP);

	peer_set_remote(&peer, &address, &address, 0);
	return peer;
}

/* The same behind NAT: signalling names an address that no host can reach, the
 * phone's media and SIP come from another one. */
static inline struct peer_address hidden(void)
{
	struct peer_address peer = phone(true);

	peer.signaller = at(NAT, 5060);
	return peer;
}

static inline void move(struct peer_address *peer, unsigned host, unsigned port, uint64_t now)
{
	const struct net_address address = at(host, port);

	peer_set_remote(peer, &address, &address, now);
}

static inline void hear(struct peer_address *peer, unsigned host, unsigned port, uint64_t now)
{
	const struct net_address source = at(host, port);

	peer_heard(peer, &source, now);
}

static inline const struct rtp_mark *mark_of(uint16_t number)
{
	static struct rtp_mark mark = { .ssrc = 7 };

	mark.number = number;
	return &mark;
}

static inline bool may(struct peer_address *peer, unsigned host, unsigned port, enum peer_message message,
		       size_t octets)
{
	const struct net_address to = at(host, port);

	return peer_may_send(peer, &to, message, octets);
}

static inline void got(struct peer_address *peer, unsigned host, unsigned port, size_t octets)
{
	const struct net_address source = at(host, port);

	peer_received(peer, &source, octets);
}

static inline size_t all_of(struct peer_address *peer, unsigned host, unsigned port,
			    enum peer_message message, size_t each)
{
	size_t sent = 0;

	for (unsigned i = 0; i < 1000 && may(peer, host, port, message, each); i++) {
		sent += each;
	}
	return sent;
}

#endif
