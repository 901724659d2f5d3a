/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of two sides that offer Preshared mode, one after the other. */
#ifndef PRESHARED_H
#define PRESHARED_H

#include "pair.h"
#include "replay.h"
#include "internal.h"

enum { SECOND = 1000000 };

static inline struct pair_config preshared_both(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[0].preshared = config.policy[1].preshared = true;
	return config;
}

/* Alice initiates. */
static inline struct pair_config preshared_by_alice(void)
{
	struct pair_config config = preshared_both();

	config.policy[1].passive = true;
	return config;
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

/* After a first call by DH in which both users have compared the SAS. */
static inline struct pair *verified(const struct pair_config *config)
{
	struct pair *pair = pair_secured(config);

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	return pair;
}

static inline void assert_mode(const struct pair *pair, bool preshared)
{
	for (unsigned i = 0; i < 2; i++) {
		struct zrtp_stream_info info = pair_info(pair, i, 0);

		assert_int_equal(info.preshared, preshared);
		assert_int_equal(!strcmp(info.algorithm[ZRTP_CLASS_KEX], "Prsh"), preshared);
		assert_false(info.multistream);
	}
}

static inline void give_auxsecret(struct pair *pair, unsigned side)
{
	static const uint8_t secret[] = "known to both";

	assert_int_equal(zrtp_session_set_auxsecret(pair->side[side].session, secret, sizeof(secret)),
			 ZRTP_OK);
}

static inline void give_pbxsecret(struct pair *pair, unsigned side)
{
	pair->side[side].stored.has_pbx = true;
	memset(pair->side[side].stored.pbxsecret, 0x77, ZRTP_SECRET_SIZE);
}

#endif
