/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of messages and packets share. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "kat.h"
#include "pair.h"
#include "algorithms/algorithms.h"
#include "message.h"
#include "packet.h"

struct octets {
	const uint8_t *at;
	size_t len;
};

static inline bool is_message(const char *field)
{
	static const char *const names[] = { "Hello_i",
					     "Hello_r",
					     "Commit",
					     "DHPart1",
					     "DHPart2",
					     "Confirm1",
					     "Confirm2",
					     "GoClear_from_initiator",
					     "GoClear_from_responder",
					     "SASrelay_from_responder",
					     "SASrelay_empty_from_responder" };

	for (size_t i = 0; i < KAT_COUNT(names); i++) {
		if (!strcmp(field, names[i])) {
			return true;
		}
	}
	return false;
}

typedef void (*each_message)(struct octets message);

static inline unsigned each_of(const struct kat *kat, each_message each)
{
	unsigned seen = 0;

	for (const struct kat_field *f = kat->fields; f->name; f++) {
		if (is_message(f->name)) {
			each((struct octets){ f->octets, f->len });
			seen++;
		} else if (!strncmp(f->name, "packets.", 8)) {
			each((struct octets){ f->octets + ZRTP_HEADER_SIZE, f->len - ZRTP_PACKET_OVERHEAD });
			seen++;
		}
	}
	return seen;
}

/* The kinds that the vectors have no packet of. */
static inline unsigned each_written(each_message each)
{
	static const uint8_t hash[ZRTP_ENDPOINT_HASH_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const enum zrtp_message_type bare[] = { ZRTP_MSG_ERRORACK, ZRTP_MSG_CLEARACK,
						       ZRTP_MSG_RELAYACK };
	static const struct zrtp_pingack ack = { .sender_hash = hash,
						 .received_hash = hash,
						 .ssrc = 0x01020304 };
	uint8_t out[64];

	for (unsigned i = 0; i < KAT_COUNT(bare); i++) {
		each((struct octets){ out, zrtp_bare_write(out, sizeof(out), bare[i]) });
	}
	each((struct octets){ out, zrtp_error_write(out, sizeof(out), ZRTP_ERROR_BAD_PV) });
	each((struct octets){ out, zrtp_ping_write(out, sizeof(out), hash) });
	each((struct octets){ out, zrtp_pingack_write(out, sizeof(out), &ack) });
	return KAT_COUNT(bare) + 3;
}

static inline void for_each_message(each_message each)
{
	unsigned seen = 0;

	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		seen += each_of(&kat_dh[i], each);
	}
	for (size_t i = 0; i < KAT_COUNT(kat_multistream); i++) {
		seen += each_of(&kat_multistream[i], each);
	}
	for (size_t i = 0; i < KAT_COUNT(kat_preshared); i++) {
		seen += each_of(&kat_preshared[i], each);
	}
	seen += each_written(each);
	assert_true(seen >= 200);
}

/* A copy with nothing behind it; zeros where from has too little. */
static inline uint8_t *exactly(const uint8_t *from, size_t have, size_t len)
{
	uint8_t *copy = malloc(len);

	assert_non_null(copy);
	memset(copy, 0, len);
	memcpy(copy, from, have < len ? have : len);
	return copy;
}

static inline void set_words(uint8_t *message, size_t words)
{
	message[2] = (uint8_t)(words >> 8);
	message[3] = (uint8_t)words;
}

#endif
