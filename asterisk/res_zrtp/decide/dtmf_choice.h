/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which DTMF of RFC 4733 the core may have, and which of it counts as the phone's.
 *
 * The core builds a digit from several packets, and also ends one by itself
 * when other packets come. A digit of which one part came in another state of
 * the gate than the rest could have been begun by any host: it is refused.
 * Decisions only. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_DTMF_CHOICE_H
#define RES_ZRTP_DTMF_CHOICE_H

#include <stddef.h>
#include <stdint.h>

/*! Event 16, hook flash, as the core has it. */
#define DTMF_FLASH 'X'

/*! Between the first packet of an event and the change of the gate that was seen last, milliseconds. */
#define DTMF_TOLERANCE_MSEC 60

/*! What an RTP packet would be as a telephone event (RFC 4733, 2.3). */
struct dtmf_packet {
	uint8_t payload_type;
	char digit;            /*!< 0: none */
	uint16_t duration;     /*!< Since the event began, in units of its clock */
};

/*!
 * \brief Read an RTP packet, in clear or decrypted, as a telephone event.
 * Whether it is one depends on what its payload type stands for.
 * \retval -1 it is too short for one; out is empty
 */
int dtmf_read(const uint8_t *rtp, size_t len, struct dtmf_packet *out);

/*! What the payload type of a packet stands for. */
enum dtmf_kind {
	DTMF_KIND_OTHER,  /*!< Audio, or none of these */
	DTMF_KIND_EVENT,  /*!< RFC 4733 */
	DTMF_KIND_CISCO,  /*!< Without a begin that the core shows */
};

/*! A digit that the core has made of a packet, and what is known of it. */
struct dtmf_facts {
	uint8_t begins;        /*!< The key is pressed, else released */
	uint8_t audio;         /*!< The packet came on the stream of the channel's audio */
	uint8_t secure;        /*!< It was authenticated */
	char digit;
	char open;             /*!< Begun in the present state of the gate and not ended, 0: none */
	enum dtmf_kind kind;   /*!< Of the packet */
	char packet_digit;
	uint32_t packet_msec;  /*!< Since the event of the packet began */
	uint32_t state_msec;   /*!< Since the gate has its present state */
};

enum dtmf_verdict {
	DTMF_REFUSED,
	DTMF_PASSES,
	DTMF_AUTHENTIC,        /*!< It passes, and all of it was authenticated */
};

enum dtmf_verdict dtmf_choose(const struct dtmf_facts *facts);

#endif
