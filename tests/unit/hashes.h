/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of a=zrtp-hash share. */
#ifndef HASHES_H
#define HASHES_H

#include "pair.h"
#include "algorithms/algorithms.h"

#include <ctype.h>

enum { ALICE, BOB, HASH_AT = 5 /* in the text, behind the version */ };

static inline struct zrtp_stream *stream_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].log[0].stream;
}

static inline struct pair *prepared_with(bool alice_passive, bool alice_tolerant)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	config.policy[ALICE].passive = alice_passive;
	config.policy[ALICE].tolerate_mismatch = alice_tolerant;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	return pair;
}

static inline struct pair *prepared(bool alice_passive)
{
	return prepared_with(alice_passive, false);
}

static inline void right_hash(const struct pair *pair, char out[ZRTP_HELLO_HASH_TEXT_SIZE])
{
	zrtp_stream_hello_hash(stream_of(pair, BOB), out);
}

/* Differs in the last bit only. */
static inline void wrong_hash(const struct pair *pair, char out[ZRTP_HELLO_HASH_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *last = out + ZRTP_HELLO_HASH_TEXT_SIZE - 2;

	right_hash(pair, out);
	*last = digits[(strchr(digits, *last) - digits) ^ 1];
}

static inline enum zrtp_status tell(const struct pair *pair, const char *value)
{
	return zrtp_stream_set_peer_hello_hash(stream_of(pair, ALICE), value);
}

static inline void tell_right(const struct pair *pair)
{
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	right_hash(pair, text);
	assert_int_equal(tell(pair, text), ZRTP_OK);
}

static inline void tell_wrong(const struct pair *pair)
{
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	wrong_hash(pair, text);
	assert_int_equal(tell(pair, text), ZRTP_OK);
}

static inline enum zrtp_hash_status hash_status(const struct pair *pair)
{
	return pair_info(pair, ALICE, 0).hello_hash;
}

/* Counts Alice's mismatch events in *hook_arg. */
static inline void count_mismatches(struct pair_log *log, char what)
{
	unsigned *count = log->pair->hook_arg;

	if (log->side == ALICE && what == '0' + ZRTP_EVENT_HELLO_HASH_MISMATCH) {
		++*count;
	}
}

static inline void watch(struct pair *pair, unsigned *count)
{
	*count = 0;
	pair->hook = count_mismatches;
	pair->hook_arg = count;
}

static inline void becomes_secure(struct pair *pair, enum zrtp_hash_status status)
{
	assert_true(pair_run_until_secure(pair, 0, pair->now + 20000000));
	pair_assert_secure(pair, 0);
	assert_int_equal(hash_status(pair), status);
}

static inline void never_becomes_secure(struct pair *pair)
{
	assert_false(pair_run_until_secure(pair, 0, pair->now + 60000000));
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];

		assert_int_equal(log->secure, 0);
		assert_false(log->has_keys[ZRTP_SEND] || log->has_keys[ZRTP_RECEIVE]);
	}
}

#endif
