/* SPDX-License-Identifier: BSD-2-Clause */
/* Two engines whose messages are recorded as they go over the wire, and heard again with changes. */
#ifndef WIRE_OF_TWO_H
#define WIRE_OF_TWO_H

#include "kat.h"
#include "needs_mlkem.h"
#include "pair.h"
#include "kem-packets-data.h"
#include "decide/overheard.h"

enum { ALICE, BOB, SECOND = 1000000, RECORDED = 200 };

struct wire {
	unsigned count;
	struct {
		unsigned from, what;
		size_t len;
		uint8_t octets[ZRTP_DATAGRAM_MAX];
	} sent[RECORDED];
};

static inline bool record(struct pair *pair, struct pair_packet *packet)
{
	struct wire *wire = pair->filter_arg;
	struct overheard_message message;

	if (!overheard_read(packet->octets, packet->len, &message) && wire->count < RECORDED) {
		wire->sent[wire->count].from = !packet->to;
		wire->sent[wire->count].what = message.what;
		wire->sent[wire->count].len = packet->len;
		memcpy(wire->sent[wire->count].octets, packet->octets, packet->len);
		wire->count++;
	}
	return true;
}

static inline void hear(struct overheard phone[2], unsigned from, const uint8_t *octets, size_t len,
			const char *const signalled[2])
{
	struct overheard_message message;
	unsigned sum;

	if (overheard_read(octets, len, &message)) {
		return;
	}
	overheard_hear(&phone[from], &message, signalled[from],
		       overheard_sum(&phone[!from], signalled[!from]), &sum);
	assert_int_equal(sum, overheard_sum(&phone[from], signalled[from]));
}

static inline bool keyed(const struct overheard phone[2], const char *const signalled[2])
{
	return overheard_keyed(overheard_sum(&phone[ALICE], signalled[ALICE]),
			       overheard_sum(&phone[BOB], signalled[BOB]));
}

/* Hears all but the messages of these kinds. */
static inline bool heard_without(const struct wire *wire, unsigned without, const char *const signalled[2])
{
	struct overheard phone[2];

	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		if (!(wire->sent[i].what & without)) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, signalled);
		}
	}
	return keyed(phone, signalled);
}

static const char *const nothing[2];

/* An exchange by such a key agreement, with the hash that each phone signals. */
static inline struct wire *exchange_by(const char *kex, char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE],
				       uint64_t seed)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct pair_config config;
	struct pair *pair;

	assert_non_null(wire);
	pair_config_init(&config);
	for (unsigned i = 0; kex && i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_KEX, kex, NULL), ZRTP_OK);
		config.policy[i].mtu = 600;
	}
	pair = pair_new(&config);
	pair->filter = record;
	pair->filter_arg = wire;
	pair->side[ALICE].prng += seed;
	pair->side[BOB].prng += seed;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, 30 * SECOND));
	for (unsigned i = 0; i < 2; i++) {
		zrtp_stream_hello_hash(pair->side[i].log[0].stream, hash[i]);
	}
	pair_free(pair);
	return wire;
}

static inline struct wire *dh_exchange_of(char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE], uint64_t seed)
{
	return exchange_by(NULL, hash, seed);
}

static inline struct wire *dh_exchange(char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE])
{
	return dh_exchange_of(hash, 0);
}

/* Multistream: of the second stream alone. */
static inline struct wire *multistream_exchange(void)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct pair_config config;
	struct pair *pair;

	assert_non_null(wire);
	pair_config_init(&config);
	pair = pair_secured(&config);
	pair->filter = record;
	pair->filter_arg = wire;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 30 * SECOND));
	pair_free(pair);
	return wire;
}

/* Both hear the messages of these kinds. */
static inline void hear_only(struct overheard phone[2], const struct wire *wire, unsigned what)
{
	for (unsigned i = 0; i < wire->count; i++) {
		if (wire->sent[i].what & what) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
		}
	}
}

#endif
