/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A secure stream that gets nothing but packets its keys do not open.
 *
 * It looks secure, and the phone is not heard. That is to be reported, but not by
 * a host that can send a few packets: good ones in between are proof that all is
 * well, and there is a word in a while only. Decisions only, without Asterisk.
 */
#ifndef RES_ZRTP_UNAUTHENTIC_H
#define RES_ZRTP_UNAUTHENTIC_H

#include <stdint.h>

/*! Nothing else came for so long, microseconds, */
#define UNAUTHENTIC_USEC 5000000
/*! and of that so many packets: fewer are no speech. */
#define UNAUTHENTIC_PACKETS 50
/*! A pause of so long begins the count again: what came then was no stream of packets. */
#define UNAUTHENTIC_PAUSE_USEC 2000000
/*! So long after one word there is no other. */
#define UNAUTHENTIC_QUIET_USEC 60000000

/*! All zero at first, and when there are new keys. */
struct unauthentic {
	uint64_t since;        /*!< The first of those in a row, 0: there is none */
	uint64_t last;
	uint64_t told_at;      /*!< 0: never */
	unsigned int packets;  /*!< Since the last good one */
	unsigned int deaf:1;   /*!< That is how it is now */
	unsigned int heard:1;  /*!< A good one came before them */
};

/*!
 * \brief A packet that no key opens.
 * \retval 1 it is time to tell
 */
int unauthentic_packet(struct unauthentic *stream, uint64_t now);
/*! \brief One that the keys open. */
void unauthentic_good(struct unauthentic *stream);

#endif
