/* SPDX-License-Identifier: BSD-2-Clause */
/* A stranger's packets: a genuine Hello and Commit, the chain and all. */
#ifndef STRANGER_H
#define STRANGER_H

#include "pair.h"
#include "internal.h"

enum { PBX, PHONE, SECOND = 1000000, HVI = 12 + 76, PV = 12 + 76 };

static struct pair_packet stranger_hello, stranger_commit;

static uint8_t stranger_chain[4][ZRTP_IMAGE_SIZE];

static inline bool record(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (packet->to == PBX && pair_is(packet, "Hello   ")) {
		stranger_hello = *packet;
	} else if (packet->to == PBX && pair_is(packet, "Commit  ")) {
		stranger_commit = *packet;
	}
	return true;
}

static inline void make_stranger_with(const uint8_t *zid, uint64_t seed, const char *kex)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	assert_int_equal(zrtp_policy_set(&config.policy[PHONE], ZRTP_CLASS_KEX, kex, NULL), ZRTP_OK);
	config.policy[PBX].passive = true;
	config.zid[PHONE] = zid;
	pair = pair_new(&config);
	pair->side[PHONE].prng = seed;
	pair->filter = record;
	stranger_hello.len = stranger_commit.len = 0;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 100000);
	assert_true(stranger_hello.len && stranger_commit.len);
	memcpy(stranger_chain, pair->side[PHONE].log[0].stream->h, sizeof(stranger_chain));
	pair_free(pair);
}

static inline void make_stranger(const uint8_t *zid, uint64_t seed)
{
	make_stranger_with(zid, seed, "X255,EC25,DH3k");
}

enum { STRANGERS_SSRC = 7777 };

/* The same message from another SSRC than the phone's. */
static inline void readdress(struct pair_packet *packet)
{
	uint8_t message[ZRTP_DATAGRAM_MAX];
	size_t len = packet->len - 16;

	memcpy(message, packet->octets + 12, len);
	packet->len = pair_wrap(packet->octets, STRANGERS_SSRC, 4000, message, len);
}

static inline enum zrtp_status give(struct pair *pair, unsigned index, const struct pair_packet *packet)
{
	return zrtp_stream_receive(pair->side[PBX].log[index].stream, packet->octets, packet->len, pair->now);
}

static inline void give_message(struct pair *pair, unsigned index, const uint8_t *message, size_t len)
{
	uint8_t datagram[ZRTP_DATAGRAM_MAX];

	/* With the SSRC of the stranger's Hello. */
	(void)zrtp_stream_receive(pair->side[PBX].log[index].stream, datagram,
				  pair_wrap(datagram, 2000, 4000, message, len), pair->now);
}

/* The stranger has heard our Hello. */
static inline void acknowledge(struct pair *pair)
{
	uint8_t message[12], datagram[64];
	size_t len = zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK);

	(void)zrtp_stream_receive(pair->side[PBX].log[0].stream, datagram,
				  pair_wrap(datagram, STRANGERS_SSRC, 4001, message, len), pair->now);
}

static unsigned key_pairs;

static inline int count_key_pairs(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	key_pairs += use == ZRTP_RANDOM_PRIVATE;
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)pair_random(&side->prng);
	}
	return 0;
}

/* The PBX has given up on ZRTP, or is still looking for it. */
static inline struct pair *lonely_call(bool clear)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	pair = pair_new(&config);
	pair->side[PBX].script = count_key_pairs;
	pair_add_stream(pair, 0);
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(pair->side[PBX].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + (clear ? 10 * SECOND : 1000));
	key_pairs = 0;
	return pair;
}

static const uint8_t phone_zid[ZRTP_ZID_SIZE] = "the phone...";

#endif
