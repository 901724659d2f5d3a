/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief May RTP of two phones be passed from one to the other as it is, by its payload types?
 *
 * SRTP authenticates them, so none can be changed on the way. Decisions only;
 * nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_PAYLOAD_CHOICE_H
#define RES_ZRTP_PAYLOAD_CHOICE_H

#include <stdint.h>

/*! Payload types are less than that. */
#define PAYLOAD_TYPES 128

/*! What a payload type stands for. */
enum payload_use {
	PAYLOAD_NOTHING,
	PAYLOAD_MEDIA, /*!< A codec, or comfort noise */
	PAYLOAD_DTMF,  /*!< RFC 4733 */
};

/*! What one phone and the PBX have agreed on. */
struct payload_side {
	int sent;                          /*!< The payload type of the first codec in what the phone sends, negative: none */
	int expected;                      /*!< The same in what it is sent */
	unsigned int dtmf:1;               /*!< It may send DTMF by RFC 4733 */
	uint8_t sends[PAYLOAD_TYPES];      /*!< enum payload_use of what it sends; read for DTMF only */
	uint8_t expects[PAYLOAD_TYPES];    /*!< The same of what it is sent */
};

/*! \brief Have both the same payload types for their first codec, and is no DTMF of one taken for media by the other? */
int payload_choice_fits(const struct payload_side *one, const struct payload_side *other);

#endif
