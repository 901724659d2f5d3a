/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A call that is clear for want of ZRTP, and keys of an exchange that came late: whose are they?
 *
 * An attacker who sees our packets can complete an exchange in the phone's name and send
 * SRTP from its address, but cannot keep the phone's own clear RTP away. So SRTP
 * takes over only after some time without any of that, and a phone that was
 * silent just then (held, or without speech) has its call back when its clear
 * RTP comes again. Decisions only, without Asterisk.
 */
#ifndef RES_ZRTP_LATE_CHOICE_H
#define RES_ZRTP_LATE_CHOICE_H

#include <stdint.h>

/*! SRTP has to come for so long, microseconds, and no clear RTP in that time, */
#define LATE_RUN_USEC 2000000
/*! with so many packets: in a silence a phone may send two or three in a second. */
#define LATE_RUN_PACKETS 10
/*! A pause of so long begins the count again. */
#define LATE_PAUSE_USEC 1000000
/*! Clear RTP has to come for so long, and no SRTP in that time, until the call is clear again, */
#define LATE_BACK_USEC 1000000
/*! with so many packets, */
#define LATE_BACK_PACKETS 10
/*! unless SRTP came for so long: pauses in it do not count, */
#define LATE_TRIED_USEC 30000000
/*! which begin after this. */
#define LATE_GAP_USEC 200000

/*! All zero at first, and when there are new keys. */
struct late_choice {
	uint64_t since;        /*!< The first packet of those in a row, 0: there is none */
	uint64_t last;
	unsigned int packets;
	uint64_t sealed_at;    /*!< The last SRTP after they took over */
	uint64_t tried;        /*!< For how long it has come since then */
	unsigned int doubt:1;  /*!< They have taken over, and may be a stranger's */
};

/*!
 * \brief SRTP that the keys open, from where media comes from, while they wait.
 * \param clear_at when clear RTP came from there the last time, 0: never
 * \retval 1 the keys take over
 */
int late_choice_waits(struct late_choice *choice, uint64_t now, uint64_t clear_at);
/*! \brief They have taken over. */
void late_choice_taken(struct late_choice *choice, uint64_t now);
/*! \brief SRTP that they open, after that. */
void late_choice_sealed(struct late_choice *choice, uint64_t now);
/*!
 * \brief RTP from where media comes from that they do not open, after that.
 * \retval 1 the call goes back to clear
 */
int late_choice_clear(struct late_choice *choice, uint64_t now);

#endif
