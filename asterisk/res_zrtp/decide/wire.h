/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Where things are in the packets of RTP, RTCP and ZRTP.
 */
#ifndef RES_ZRTP_WIRE_H
#define RES_ZRTP_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decide/rtp_source.h"

struct rtp_mark;

/*! The fixed header of RTP, and where the SSRC is in it and in RTCP (RFC 3550, 5.1 and 6.4). */
#define WIRE_RTP_HEADER 12
#define WIRE_RTP_SSRC_AT 8
#define WIRE_RTCP_SSRC_AT 4

/*! In a ZRTP datagram: the SSRC, the type of its message, and how long that is (RFC 6189, 5). */
#define WIRE_ZRTP_SSRC_AT 8
#define WIRE_ZRTP_TYPE_AT 16
#define WIRE_ZRTP_TYPE_SIZE 8

/*! \brief Does a datagram with this first octet have the version of RTP and RTCP? */
static inline int wire_is_media(uint8_t first)
{
	return first >> 6 == 2;
}

/*! \brief Is a datagram with that version and this second octet RTCP, where both share a port (RFC 5761, 4)? */
static inline int wire_is_rtcp(uint8_t second)
{
	return second >= 192 && second <= 223;
}

/*! \brief SSRC and sequence number of an RTP packet, which has its whole header. */
static inline void wire_mark(struct rtp_mark *mark, const void *packet)
{
	const uint8_t *octets = packet;

	memcpy(&mark->ssrc, octets + WIRE_RTP_SSRC_AT, sizeof(mark->ssrc));
	mark->number = octets[2] << 8 | octets[3];
}

static inline void wire_set_number(void *packet, uint16_t number)
{
	uint8_t *octets = packet;

	octets[2] = number >> 8;
	octets[3] = number & 0xff;
}

/*!
 * \brief Is this a compound of RTCP packets to its last octet (RFC 3550, 6.1)? SRTCP ends
 * with an index and a tag, which no RTCP packet does.
 */
static inline int wire_is_plain_rtcp(const uint8_t *octets, size_t len)
{
	size_t at = 0;

	while (at + 4 <= len) {
		if (!wire_is_media(octets[at]) || !wire_is_rtcp(octets[at + 1])) {
			return 0;
		}
		at += 4 * (1 + ((size_t) octets[at + 2] << 8 | octets[at + 3]));
	}

	return len && at == len;
}

/*! \brief Is this ZRTP datagram one with a message of this type, of eight characters? */
static inline int wire_is_message(const uint8_t *octets, size_t len, const char *type)
{
	return len >= WIRE_ZRTP_TYPE_AT + WIRE_ZRTP_TYPE_SIZE
		&& !memcmp(octets + WIRE_ZRTP_TYPE_AT, type, WIRE_ZRTP_TYPE_SIZE);
}

#endif
