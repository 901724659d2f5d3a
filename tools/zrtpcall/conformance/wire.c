/* SPDX-License-Identifier: BSD-2-Clause */
/* ZRTP packets as they are on the wire. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

uint16_t wire_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t wire_u32(const uint8_t *at)
{
	return (uint32_t)wire_u16(at) << 16 | wire_u16(at + 2);
}

void wire_put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void wire_put_u32(uint8_t *at, uint32_t value)
{
	wire_put_u16(at, (uint16_t)(value >> 16));
	wire_put_u16(at + 2, (uint16_t)value);
}

bool wire_is(const uint8_t *datagram, size_t len, const char *type)
{
	char padded[TYPE_SIZE + 1];

	if (len < WIRE_LEAST) {
		return false;
	}
	(void)snprintf(padded, sizeof(padded), "%-8s", type);
	return !memcmp(datagram + WIRE_MESSAGE + MESSAGE_TYPE, padded, TYPE_SIZE);
}

/* CRC-32c (RFC 4960, appendix B), bit by bit. */
static uint32_t crc32c(const uint8_t *octets, size_t len)
{
	uint32_t crc = UINT32_MAX;

	while (len--) {
		crc ^= *octets++;
		for (int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
		}
	}
	return ~crc;
}

/* Its least significant octet comes first. */
static uint32_t on_wire(uint32_t crc)
{
	return crc << 24 | (crc & 0xff00) << 8 | (crc >> 8 & 0xff00) | crc >> 24;
}

bool wire_whole(const uint8_t *datagram, size_t len)
{
	return len >= WIRE_LEAST &&
	       wire_u32(datagram + len - WIRE_CRC_SIZE) == on_wire(crc32c(datagram, len - WIRE_CRC_SIZE));
}

void wire_seal(uint8_t *datagram, size_t len, bool right)
{
	uint32_t crc = on_wire(crc32c(datagram, len - WIRE_CRC_SIZE));

	wire_put_u32(datagram + len - WIRE_CRC_SIZE, right ? crc : ~crc);
}

size_t wire_make(uint8_t *out, size_t size, uint16_t sequence, uint32_t ssrc, const char *type,
		 const uint8_t *body, size_t body_len)
{
	size_t message = MESSAGE_BODY + body_len, len = WIRE_MESSAGE + message + WIRE_CRC_SIZE;
	char padded[TYPE_SIZE + 1];

	if (len > size) {
		return 0;
	}
	(void)snprintf(padded, sizeof(padded), "%-8s", type);
	memcpy(out, "\x10\0\0\0ZRTP", WIRE_SSRC);
	wire_put_u16(out + WIRE_SEQUENCE, sequence);
	wire_put_u32(out + WIRE_SSRC, ssrc);
	out += WIRE_MESSAGE;
	wire_put_u16(out, 0x505a);
	wire_put_u16(out + MESSAGE_LENGTH, (uint16_t)(message / 4));
	memcpy(out + MESSAGE_TYPE, padded, TYPE_SIZE);
	memcpy(out + MESSAGE_BODY, body, body_len);
	wire_seal(out - WIRE_MESSAGE, len, true);
	return len;
}
