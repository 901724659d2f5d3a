/* SPDX-License-Identifier: BSD-2-Clause */
/* Two sides whose caches say what a test gives them: Alice of Bob, and Bob of Alice. */
#ifndef KNOWN_H
#define KNOWN_H

#include "pair.h"
#include "internal.h"

enum { ALICE, BOB, SECOND = 1000000 };

/* A secret by its number; 0: none. */
static inline void fill(uint8_t secret[ZRTP_SECRET_SIZE], unsigned number)
{
	memset(secret, (int)number, ZRTP_SECRET_SIZE);
}

static inline bool is(const uint8_t secret[ZRTP_SECRET_SIZE], unsigned number)
{
	uint8_t expected[ZRTP_SECRET_SIZE];

	fill(expected, number);
	return !memcmp(secret, expected, sizeof(expected));
}

static inline struct zrtp_retained known(unsigned rs1, unsigned rs2)
{
	struct zrtp_retained r = { .has_rs1 = rs1, .has_rs2 = rs2, .expiry = UINT32_MAX };

	fill(r.rs1, rs1);
	fill(r.rs2, rs2);
	return r;
}

/* A call of two that know that; Alice is the initiator, or Bob. */
struct call {
	struct zrtp_retained alice, bob;
	struct zrtp_policy policy[2];
	const char *endpoint; /* of Bob, says Alice */
	struct pair *pair;
};

static inline struct call between(unsigned alice_rs1, unsigned alice_rs2, unsigned bob_rs1, unsigned bob_rs2)
{
	struct call call = { .alice = known(alice_rs1, alice_rs2), .bob = known(bob_rs1, bob_rs2) };

	zrtp_policy_init(&call.policy[ALICE]);
	zrtp_policy_init(&call.policy[BOB]);
	call.policy[BOB].passive = true;
	return call;
}

static inline void bob_begins(struct call *call, bool bob)
{
	call->policy[ALICE].passive = bob;
	call->policy[BOB].passive = !bob;
}

static inline void make(struct call *call)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[ALICE] = call->policy[ALICE];
	config.policy[BOB] = call->policy[BOB];
	call->pair = pair_new(&config);
	call->pair->side[ALICE].stored = call->alice;
	call->pair->side[BOB].stored = call->bob;
	call->pair->side[ALICE].has_stored = call->pair->side[BOB].has_stored = true;
	assert_int_equal(zrtp_session_set_cache_endpoint(call->pair->side[ALICE].session, call->endpoint),
			 ZRTP_OK);
	pair_add_stream(call->pair, 0);
}

static inline void become_secure(struct call *call)
{
	pair_start(call->pair, 0);
	assert_true(pair_run_until_secure(call->pair, 0, call->pair->now + 5 * SECOND));
	pair_run(call->pair, call->pair->now + SECOND);
	pair_assert_secure(call->pair, 0);
}

static inline struct zrtp_retained *run(struct call *call)
{
	make(call);
	become_secure(call);
	return &call->pair->side[ALICE].stored;
}

static inline bool told(const struct call *call, enum zrtp_event event)
{
	return call->pair->side[ALICE].log[0].event_count[event] != 0;
}

#endif
