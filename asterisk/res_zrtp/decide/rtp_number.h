/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which sequence number the core gets for an RTP packet.
 *
 * The core has no audio of a packet whose number is behind the last one's by up to half of all numbers: its translators take
 * it for one that comes late. What came before the keys may come from any host, which could so have the phone unheard, or not
 * recorded, for minutes after them. So numbers go on from one state of the gate to the next, and from one SSRC to the
 * next, and those of a phone that is counted on anyway stay as they are. Decisions only, without Asterisk.
 */
#ifndef RES_ZRTP_RTP_NUMBER_H
#define RES_ZRTP_RTP_NUMBER_H

#include <stdint.h>

#include "decide/rtp_source.h"

/*! A gap of so many packets is one of the network, or of an exchange: a minute of speech (RFC 3550, A.1). */
#define RTP_NUMBER_GAP 3000

/*! All zero at first. */
struct rtp_number {
	unsigned int state;    /*!< That of the gate when the last packet passed, 0: none did */
	uint32_t ssrc;
	uint16_t latest;       /*!< The furthest number that the core got */
	uint16_t offset;       /*!< What is added to those that come */
};

/*!
 * \brief The number that the core gets for a packet that passes.
 * \param state of the gate, never 0
 */
uint16_t rtp_number_next(struct rtp_number *stream, unsigned int state, const struct rtp_mark *mark);

#endif
