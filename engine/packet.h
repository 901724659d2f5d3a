/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet around a message (5): header, sequence number, SSRC, CRC. */
#ifndef ZRTP_PACKET_H
#define ZRTP_PACKET_H

#include "crc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ZRTP_HEADER_SIZE = 12,
	ZRTP_CRC_SIZE = 4,
	ZRTP_PACKET_OVERHEAD = ZRTP_HEADER_SIZE + ZRTP_CRC_SIZE,
};

struct zrtp_packet {
	uint16_t sequence;
	uint32_t ssrc;
	const uint8_t *message; /* into the datagram */
	size_t message_len;
};

enum zrtp_packet_status { ZRTP_PACKET_OK, ZRTP_PACKET_NOT_ZRTP, ZRTP_PACKET_BAD_CRC };

enum zrtp_packet_status zrtp_packet_open(struct zrtp_packet *packet, const uint8_t *datagram, size_t len);

/* Write header, message and CRC into out, which has room for
 * message_len + ZRTP_PACKET_OVERHEAD octets. Returns the datagram's length. */
size_t zrtp_packet_write(uint8_t *out, const struct zrtp_packet *packet);
/* With other octets than 0x1000 at its start. */
size_t zrtp_packet_write_as(uint8_t *out, const struct zrtp_packet *packet, uint16_t first);

#endif
