/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of a trusted PBX share. */
#ifndef RELAYS_H
#define RELAYS_H

#include "pair.h"
#include "replay.h"
#include "internal.h"

enum { SECOND = 1000000, PHONE = 0, PBX = 1 };

static const uint8_t far_sas[ZRTP_SECRET_SIZE] = { 0x51, 0x52, 0x53, 0x54, 9 };

static const uint8_t other_sas[ZRTP_SECRET_SIZE] = { 0xa1, 0xa2, 0xa3, 0xa4, 7 };

static inline struct pair_config with_pbx(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[PBX].mitm = true;
	return config;
}

static inline struct zrtp_session *session_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].session;
}

static inline struct zrtp_stream *stream_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].log[0].stream;
}

static inline enum zrtp_status relay(struct pair *pair, const char *type, const uint8_t *sashash)
{
	return zrtp_stream_relay_sas(stream_of(pair, PBX), type, sashash, false, false, pair->now);
}

static inline unsigned told(const struct pair *pair, unsigned side, enum zrtp_event event)
{
	return pair->side[side].log[0].event_count[event];
}

static inline void run_call(struct pair *pair)
{
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
}

static inline void call_again(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	run_call(pair);
}

/* A call to the enrollment extension; the user has not accepted yet. */
static inline struct pair *enrollment_call(const struct pair_config *config)
{
	struct pair *pair = pair_new(config);

	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	run_call(pair);
	return pair;
}

/* A phone and its PBX in an ordinary call after the enrollment. */
static inline struct pair *enrolled(const struct pair_config *config)
{
	struct pair *pair = enrollment_call(config);

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_OK);
	}
	call_again(pair, config);
	return pair;
}

static inline void assert_shows(const struct pair *pair, const char *type, const uint8_t sashash[4])
{
	struct zrtp_session_info info = pair_session_info(pair, PHONE);
	char text[ZRTP_SAS_TEXT_SIZE];

	zrtp_sas_find(type)->render((uint32_t)sashash[0] << 24 | (uint32_t)sashash[1] << 16 |
					    (uint32_t)sashash[2] << 8 | sashash[3],
				    text);
	assert_string_equal(info.sas, text);
	assert_string_equal(info.sas_type, type);
}

static inline void assert_shows_own(const struct pair *pair, const char *type)
{
	struct zrtp_session_info info = pair_session_info(pair, PHONE);

	assert_false(info.relayed);
	assert_shows(pair, type, info.sashash);
}

#endif
