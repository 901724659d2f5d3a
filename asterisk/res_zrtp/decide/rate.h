/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How many ZRTP datagrams of a stream are looked at, in time, and how many lines about them are logged.
 *
 * All calls share a few threads, and any host can send ZRTP. So what one stream
 * may take of them is bounded: a host that stands where the phone is expected has a
 * share of its own. A whole handshake has some dozens of datagrams, most of them
 * at most five in a second. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_RATE_H
#define RES_ZRTP_RATE_H

#include <stdint.h>

/*! So many at once, */
#define RATE_BURST 100
/*! and one more in so many microseconds. */
#define RATE_USEC 20000

/*! All zero: full. */
struct rate {
	uint64_t since;
	unsigned int used;
};

/*!
 * \brief May one more pass at this time, in microseconds? It counts then.
 * \param burst so many at once
 * \param usec and one more in so many microseconds
 */
int rate_pass_at(struct rate *rate, uint64_t now, unsigned int burst, uint64_t usec);

/*! \brief The same for datagrams. */
static inline int rate_pass(struct rate *rate, uint64_t now)
{
	return rate_pass_at(rate, now, RATE_BURST, RATE_USEC);
}

#endif
