/* SPDX-License-Identifier: BSD-2-Clause */
/* ZRTP packets as they are on the wire, right and wrong ones. The engine's own reading and writing is
 * not used: what judges an endpoint must not share its mistakes. */
#ifndef ZRTPCALL_WIRE_H
#define ZRTPCALL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets in a datagram (RFC 6189, 5); those of a message's fields are from the message's beginning. */
enum {
	WIRE_SEQUENCE = 2,
	WIRE_SSRC = 8,
	WIRE_MESSAGE = 12,
	WIRE_CRC_SIZE = 4,
	WIRE_LEAST = WIRE_MESSAGE + 12 + WIRE_CRC_SIZE,
	MESSAGE_LENGTH = 2,
	MESSAGE_TYPE = 4,
	MESSAGE_BODY = 12,
	HELLO_ZID = MESSAGE_BODY + 4 + 16 + 32,
	HELLO_FLAGS = HELLO_ZID + 12,
	HELLO_LISTS = HELLO_FLAGS + 4,
	COMMIT_ZID = MESSAGE_BODY + 32,
	COMMIT_LISTS = COMMIT_ZID + 12, /* hash, cipher, tag, key agreement, SAS */
	COMMIT_KEX = COMMIT_LISTS + 12,
	DHPART_VALUE = MESSAGE_BODY + 32 + 32,
	TYPE_SIZE = 8,
};

uint16_t wire_u16(const uint8_t *at);
uint32_t wire_u32(const uint8_t *at);
void wire_put_u16(uint8_t *at, uint16_t value);
void wire_put_u32(uint8_t *at, uint32_t value);

/* Is it of this type, given without the blanks that fill it up? False for what is too short. */
bool wire_is(const uint8_t *datagram, size_t len, const char *type);
/* Is its CRC right? */
bool wire_whole(const uint8_t *datagram, size_t len);
/* Give it the right CRC; or a wrong one. */
void wire_seal(uint8_t *datagram, size_t len, bool right);
/* A datagram around a message; returns its length. size: of out, large enough. */
size_t wire_make(uint8_t *out, size_t size, uint16_t sequence, uint32_t ssrc, const char *type,
		 const uint8_t *body, size_t body_len);

#endif
