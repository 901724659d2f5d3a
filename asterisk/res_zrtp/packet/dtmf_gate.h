/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief No digit spans a change of the gate.
 *
 * Each state of a gate has a number. The frames of RFC 4733 events carry in
 * their ts the one that they came in: see dtmf_mark_is_own().
 */
#ifndef RES_ZRTP_DTMF_GATE_H
#define RES_ZRTP_DTMF_GATE_H

#include "asterisk/channel.h"
#include "asterisk/frame.h"
#include "asterisk/rtp_engine.h"

#include "decide/dtmf_choice.h"

struct ast_channel;
struct ast_frame;
struct ast_rtp_instance;

struct media;

/*! Guarded by the lock of the media object it is part of. */
struct dtmf_gate {
	unsigned int rx, keys;     /*!< The state that has the number */
	unsigned int state;        /*!< 0 before the first look; odd: what comes is authenticated */
	uint64_t since;            /*!< Microseconds; 0: from the start */
	char open;                 /*!< Begun in this state and not ended */
	unsigned int ended:1;      /*!< The core has noted when a digit ended in this state */
	unsigned int renew:1;      /*!< The core is to forget that */
	struct dtmf_packet packet; /*!< The latest one that passed, and in which state */
	unsigned int packet_state;
};

/*! \brief Does the ts of a digit's frame say that all of it came authenticated? */
static inline int dtmf_mark_is_own(long mark)
{
	return mark > 0 && (mark & 1);
}

/*! \brief Are both of the same state of a gate? */
static inline int dtmf_mark_is_of(long mark, unsigned int state)
{
	return (mark | 1) == (long) (state | 1);
}

/*! \brief The number of the present state of the gate, never 0. */
unsigned int dtmf_gate_state(struct media *media);

/*! \brief An RTP packet passes the gate to the core; it is looked at, and may be changed. \pre media is locked */
void dtmf_gate_packet(struct media *media, uint8_t *rtp, size_t len);

/*!
 * \brief Mark the digits among the frames that the stock engine made of a
 * packet, and take away those that began in another state of the gate.
 * \pre instance is locked
 * \return what is left, at least the null frame
 */
struct ast_frame *dtmf_gate_read(struct media *media, struct ast_rtp_instance *instance, struct ast_frame *frames);

#endif
