/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of single requirements share. Alice is side 0, Bob side 1. */
#ifndef REQUIREMENTS_H
#define REQUIREMENTS_H

#include "pair.h"
#include "internal.h"
#include "exchange.h"
#include "packet.h"

#include <openssl/bn.h>

enum { SECOND = 1000000, ALICE = 0, BOB = 1 };

/* Where fields stand in messages. */
enum {
	AT_TYPE = 4,
	AT_VERSION = 12,      /* Hello, Ping, PingACK */
	AT_HELLO_ZID = 64,    /* Hello */
	AT_HELLO_COUNTS = 78, /* Hello: ciphers and tags */
	AT_IMAGE = 12,        /* Commit, DHPart */
	AT_NAMES = 56,        /* Commit */
	AT_HVI = 76,          /* Commit; the nonce too */
	AT_IDS = 44,          /* DHPart */
	AT_PV = 76,           /* DHPart */
	AT_MAC = 12,          /* Confirm */
	AT_IV = 20,           /* Confirm */
	AT_TEXT = 36,         /* Confirm, encrypted */
};

static inline struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

static inline struct pair_config initiator(unsigned side)
{
	struct pair_config config = defaults();

	config.policy[!side].passive = true;
	return config;
}

static inline void set_list(struct pair_config *config, enum zrtp_class which, const char *list)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config->policy[i], which, list, NULL), ZRTP_OK);
	}
}

static inline struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static inline enum zrtp_state state_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair_info(pair, side, index).state;
}

static inline bool told(const struct pair *pair, unsigned side, unsigned index, enum zrtp_event event)
{
	return pair->side[side].log[index].events & 1U << event;
}

static inline uint8_t *message_of(struct pair_packet *packet)
{
	return packet->octets + ZRTP_HEADER_SIZE;
}

static inline size_t message_len(const struct pair_packet *packet)
{
	return packet->len - ZRTP_PACKET_OVERHEAD;
}

static inline bool is_zero(const void *octets, size_t len)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < len; i++) {
		if (at[i]) {
			return false;
		}
	}
	return true;
}

/* A stream of a pair that is there, until it is secure. */
static inline void run_secure(struct pair *pair, unsigned index)
{
	pair_add_stream(pair, index);
	pair_start(pair, index);
	assert_true(pair_run_until_secure(pair, index, pair->now + 30 * SECOND));
	pair_run(pair, pair->now + SECOND);
}

static inline void call_again(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	run_secure(pair, 0);
	pair_assert_secure(pair, 0);
}

static inline void assert_not_secure(const struct pair *pair, unsigned side, unsigned index)
{
	const struct pair_log *log = &pair->side[side].log[index];

	assert_int_equal(log->secure, 0);
	assert_false(log->has_keys[ZRTP_SEND]);
}

/* A set of octet strings of one length, in which none may occur twice. */
struct different {
	size_t len;
	unsigned count;
	uint8_t octets[64][32];
};

static inline void add_different(struct different *set, const uint8_t *octets)
{
	assert_false(is_zero(octets, set->len));
	for (unsigned i = 0; i < set->count; i++) {
		assert_memory_not_equal(set->octets[i], octets, set->len);
	}
	assert_true(set->count < 64);
	memcpy(set->octets[set->count++], octets, set->len);
}

/* Changes packets of a type to one side; the CRC is right again. */
struct edit {
	const char *type;
	unsigned to;
	size_t offset;
	const void *octets; /* NULL: flip a bit */
	size_t len;
	unsigned times, done; /* 0 times: always */
};

static inline bool edit_packet(struct pair *pair, struct pair_packet *packet)
{
	struct edit *edit = pair->filter_arg;

	if (packet->to != edit->to || !pair_is(packet, edit->type) ||
	    (edit->times && edit->done == edit->times)) {
		return true;
	}
	edit->done++;
	if (edit->octets) {
		memcpy(message_of(packet) + edit->offset, edit->octets, edit->len);
	} else {
		message_of(packet)[edit->offset] ^= 1;
	}
	pair_repair(packet->octets, packet->len);
	return true;
}

static inline void make_believe_keyed(struct zrtp_session *session)
{
	session->keyed = true;
	session->hash = zrtp_hash_find("S256");
	session->cipher = zrtp_cipher_find("AES1");
	session->tag = zrtp_tag_find("HS80");
	session->sas = zrtp_sas_find("B32 ");
}

static struct different *collected;

static const char *collected_types[2];

static size_t collected_at, collected_step, collected_count;

/* Takes strings out of all messages of some types. */
static inline bool collect(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	for (unsigned t = 0; t < 2; t++) {
		if (collected_types[t] && pair_is(packet, collected_types[t])) {
			for (size_t i = 0; i < collected_count; i++) {
				add_different(collected,
					      message_of(packet) + collected_at + i * collected_step);
			}
		}
	}
	return true;
}

static inline void collect_from(struct different *set, const char *a, const char *b, size_t at, size_t len)
{
	*set = (struct different){ .len = len };
	collected = set;
	collected_types[0] = a;
	collected_types[1] = b;
	collected_at = at;
	collected_step = len;
	collected_count = 1;
}

/* Alice is hostile: her DHPart2 is changed before she commits to it. */
static inline void commit_to_changed_dhpart2(struct pair *pair, struct pair_packet *commit, size_t offset,
					     const uint8_t *octets, size_t len, bool reseal)
{
	struct zrtp_stream *stream = stream_of(pair, ALICE, commit->stream);
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart2_octets *part = &exchange->dhpart2;
	const struct zrtp_piece hashed = { part->octets, part->len };

	memcpy(part->octets + offset, octets, len);
	assert_false(reseal &&
		     zrtp_message_seal(zrtp_implicit_hash(), part->octets, part->len, stream->h[0]));
	assert_int_equal(zrtp_hvi(exchange->choice.hash, hashed,
				  (struct zrtp_piece){ stream->peer_hello.octets, stream->peer_hello.len },
				  exchange->commit.octets + AT_HVI),
			 0);
	assert_int_equal(zrtp_message_seal(zrtp_implicit_hash(), exchange->commit.octets,
					   exchange->commit.len, stream->h[1]),
			 0);
	memcpy(message_of(commit), exchange->commit.octets, exchange->commit.len);
	pair_repair(commit->octets, commit->len);
}

static void (*plain_free)(void *block, size_t size, void *arg);

/* Opens the Confirm that a side has sent. */
static inline void open_confirm(const struct pair *pair, unsigned sender, struct pair_packet *packet,
				uint8_t plain[ZRTP_CONFIRM_PLAIN])
{
	const struct zrtp_stream *stream = stream_of(pair, sender, packet->stream);
	enum zrtp_role role = stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	uint8_t *message = message_of(packet);

	assert_int_equal(message_len(packet), ZRTP_CONFIRM_MIN);
	assert_int_equal(zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], message + AT_IV, false,
				  message + AT_TEXT, ZRTP_CONFIRM_PLAIN, plain),
			 0);
	assert_memory_equal(plain, stream->h[0], ZRTP_IMAGE_SIZE);
}

static struct {
	unsigned count[2];
	uint16_t first[2], next[2];
} numbers;

static struct {
	uint64_t at[2][512];
	size_t len[2][512];
	unsigned count[2];
} traffic;

static inline void assert_no_keys_left(const struct pair *pair, unsigned side, unsigned index)
{
	assert_true(is_zero(&stream_of(pair, side, index)->keys, sizeof(struct zrtp_stream_keys)));
	assert_null(stream_of(pair, side, index)->exchange);
}

#endif
