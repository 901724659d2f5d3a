/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet.h"

#include "octets.h"

#include <zrtp/zrtp.h>

static const uint8_t cookie[4] = { 'Z', 'R', 'T', 'P' };

/* RFC 4960 appendix B puts the register on the wire lowest octet first. */
static void put_crc(uint8_t *at, uint32_t crc)
{
	for (unsigned i = 0; i < 4; i++) {
		at[i] = (uint8_t)(crc >> 8 * i);
	}
}

/* The upper two bits tell it from RTP and, with the cookie, from STUN and
 * DTLS; of the header's first 16 bits only the leading 0001 counts. */
bool zrtp_is_zrtp(const uint8_t *datagram, size_t len)
{
	return len >= ZRTP_HEADER_SIZE && datagram[0] >> 4 == 1 &&
	       !memcmp(datagram + 4, cookie, sizeof(cookie));
}

enum zrtp_packet_status zrtp_packet_open(struct zrtp_packet *packet, const uint8_t *datagram, size_t len)
{
	struct reader r = reader_on(datagram, len);
	uint8_t crc[ZRTP_CRC_SIZE];

	if (len < ZRTP_PACKET_OVERHEAD || len > ZRTP_DATAGRAM_MAX || !zrtp_is_zrtp(datagram, len)) {
		return ZRTP_PACKET_NOT_ZRTP;
	}
	put_crc(crc, zrtp_crc32c(datagram, len - ZRTP_CRC_SIZE));
	if (memcmp(crc, datagram + len - ZRTP_CRC_SIZE, ZRTP_CRC_SIZE)) {
		return ZRTP_PACKET_BAD_CRC;
	}
	read_u16(&r);
	packet->sequence = read_u16(&r);
	read_u32(&r);
	packet->ssrc = read_u32(&r);
	packet->message = r.at;
	packet->message_len = len - ZRTP_PACKET_OVERHEAD;
	return ZRTP_PACKET_OK;
}

size_t zrtp_packet_write(uint8_t *out, const struct zrtp_packet *packet)
{
	return zrtp_packet_write_as(out, packet, 0x1000);
}

size_t zrtp_packet_write_as(uint8_t *out, const struct zrtp_packet *packet, uint16_t first)
{
	size_t len = ZRTP_HEADER_SIZE + packet->message_len;
	struct writer w = writer_on(out, len);

	write_u16(&w, first);
	write_u16(&w, packet->sequence);
	write_octets(&w, cookie, sizeof(cookie));
	write_u32(&w, packet->ssrc);
	write_octets(&w, packet->message, packet->message_len);
	put_crc(out + len, zrtp_crc32c(out, len));
	return len + ZRTP_CRC_SIZE;
}
