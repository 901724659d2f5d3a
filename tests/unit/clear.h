/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of GoClear share. */
#ifndef CLEAR_H
#define CLEAR_H

#include "pair.h"
#include "replay.h"
#include "internal.h"

enum { SECOND = 1000000 };

/* Which sides allow the peer's GoClear. */
static inline struct pair_config allowing(bool alice, bool bob)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[0].allow_clear = alice;
	config.policy[1].allow_clear = bob;
	return config;
}

static inline struct pair_config both(void)
{
	return allowing(true, true);
}

static inline void add_secure_stream(struct pair *pair, unsigned index)
{
	pair_add_stream(pair, index);
	pair_start(pair, index);
	assert_true(pair_run_until_secure(pair, index, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_keys(pair, index);
}

static inline struct pair *with_streams(unsigned count)
{
	struct pair_config config = both();
	struct pair *pair = pair_secured(&config);

	for (unsigned i = 1; i < count; i++) {
		add_secure_stream(pair, i);
	}
	return pair;
}

static inline struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static inline enum zrtp_state state_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair_info(pair, side, index).state;
}

static inline void go_clear(struct pair *pair, unsigned side, unsigned index)
{
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, side, index), pair->now), ZRTP_OK);
}

static inline void go_secure(struct pair *pair, unsigned side, unsigned index)
{
	assert_int_equal(zrtp_stream_go_secure(stream_of(pair, side, index), pair->now), ZRTP_OK);
}

static inline bool told(const struct pair *pair, unsigned side, unsigned index, enum zrtp_event event)
{
	return pair->side[side].log[index].events & 1U << event;
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

static inline struct zrtp_session_keys *keys_of(const struct pair *pair, unsigned side)
{
	return &pair->side[side].session->keys;
}

/* Both have the same ZRTPSess, which is not the one before; it becomes before. */
static inline void assert_next_zrtpsess(const struct pair *pair, uint8_t before[ZRTP_HASH_MAX])
{
	assert_memory_equal(keys_of(pair, 0)->zrtpsess, keys_of(pair, 1)->zrtpsess, ZRTP_HASH_MAX);
	assert_memory_not_equal(keys_of(pair, 0)->zrtpsess, before, ZRTP_HASH_MAX);
	memcpy(before, keys_of(pair, 0)->zrtpsess, ZRTP_HASH_MAX);
}

static inline void assert_clear(const struct pair *pair, unsigned side, unsigned index, unsigned times)
{
	const struct pair_log *log = &pair->side[side].log[index];

	assert_int_equal(state_of(pair, side, index), ZRTP_STATE_CLEAR);
	assert_int_equal(log->clear, times);
	assert_int_equal(log->error, 0);
	assert_int_equal(zrtp_stream_deadline(log->stream), ZRTP_NEVER);
}

static inline enum zrtp_status inject_bare(struct pair *pair, unsigned side, unsigned index,
					   enum zrtp_message_type type)
{
	uint8_t message[32];

	return pair_inject(pair, side, index, message, zrtp_bare_write(message, sizeof(message), type));
}

static struct {
	unsigned count;
	struct pair_packet packet[128];
} record;

#endif
