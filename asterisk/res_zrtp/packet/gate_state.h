/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a gate is made of: for gate.c and gate_state.c alone.
 */
#ifndef RES_ZRTP_GATE_STATE_H
#define RES_ZRTP_GATE_STATE_H

#include <zrtp/srtp.h>

struct media;

/*! The largest packets, before protection. */
#define GATE_RTP_MAX 8192
#define GATE_RTCP_MAX 1536

/*!
 * \brief Protected packets on their way out. The core uses them after
 * protect() has returned, so RTP, sent by the thread of the channel, and
 * RTCP, sent by a timer, have a place each.
 */
struct gate_output {
	unsigned char rtp[GATE_RTP_MAX + ZRTP_SRTP_TRAILER_MAX];
	unsigned char rtcp[GATE_RTCP_MAX + ZRTP_SRTP_TRAILER_MAX];
};

/*! \brief Wipe the keys in force, and close both directions. \pre media is locked */
void gate_wipe_locked(struct media *media);
/*!
 * \brief Is a gate in clear still right? Another stream of its call may have got
 * keys just now, and from then on this one carries nothing without. \pre media is locked
 */
int gate_passes_clear(const struct media *media);

#endif
