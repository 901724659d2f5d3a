/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two PBXs of our making that call each other many times at once: each has a store, and
 * each ends the calls in an order of its own (docs/cache.md). The exchange is a model.
 */
#include "stores.h"

#include <stdlib.h>

enum { AT_ONCE = 20, ROUNDS = 3, RUNS = 60 };

static const uint8_t zid[2][ZRTP_ZID_SIZE] = { "the first  ", "the second " };

struct call {
	struct zrtp_retained got[2];
	uint8_t made[ZRTP_SECRET_SIZE];
	uint8_t matched[ZRTP_SECRET_SIZE];
	bool begun, has_match, done[2];
};

struct trunk {
	struct test_store end[2];
	struct call call[AT_ONCE];
	unsigned calls, made, alarms;
	int64_t clock;
	uint64_t prng;
};

static unsigned below(struct trunk *t, unsigned limit)
{
	return (unsigned)(pair_random(&t->prng) >> 33) % limit;
}

static struct zrtp_cache_key key_at(unsigned end)
{
	return (struct zrtp_cache_key){ zid[end], zid[!end], "" };
}

static const uint8_t *secret_of(const struct zrtp_retained *r, unsigned slot)
{
	if (slot) {
		return r->has_rs2 ? r->rs2 : NULL;
	}
	return r->has_rs1 ? r->rs1 : NULL;
}

/* The initiator's rs1 against both of the responder's, then its rs2 (4.3). */
static void match(struct call *c, unsigned initiator)
{
	for (unsigned i = 0; i < 4 && !c->has_match; i++) {
		const uint8_t *a = secret_of(&c->got[initiator], i / 2);
		const uint8_t *b = secret_of(&c->got[!initiator], i % 2);

		if (a && b && !memcmp(a, b, ZRTP_SECRET_SIZE)) {
			memcpy(c->matched, a, sizeof(c->matched));
			c->has_match = true;
		}
	}
}

static void begin_call(struct trunk *t, struct call *c)
{
	for (unsigned end = 0; end < 2; end++) {
		const struct zrtp_cache_key key = key_at(end);
		enum zrtp_store_status status =
			zrtp_store_get(t->end[end].store, &key, t->clock, &c->got[end], &t->end[end].error);

		assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	}
	match(c, below(t, 2));
	stores_secret(c->made, ++t->made * 2654435761U);
	t->alarms += !c->has_match && (c->got[0].has_rs1 || c->got[1].has_rs1);
	c->begun = true;
}

/* As the engine does it (engine/secrets.c). */
static void end_call(struct trunk *t, struct call *c, unsigned end)
{
	const struct zrtp_cache_key key = key_at(end);
	struct zrtp_retained in = c->got[end];
	bool other = c->has_match && in.rs2_other && !memcmp(in.rs2, c->matched, sizeof(in.rs2));

	in.match = c->has_match ? (other ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN)
		   : in.has_rs1 ? ZRTP_MATCH_FAILED
				: ZRTP_MATCH_NONE;
	in.line = c->has_match ? (other ? in.other_line : in.line) : 0;
	in.generation = 1 + (c->has_match ? (other ? in.other_generation : in.generation) : 0);
	in.has_rs2 = c->has_match;
	memcpy(in.rs2, c->matched, sizeof(in.rs2));
	in.has_rs1 = true;
	memcpy(in.rs1, c->made, sizeof(in.rs1));
	in.expiry = UINT32_MAX;
	in.peer_mitm = true;
	in.changed = ZRTP_CHANGED_SECRET;
	assert_int_equal(zrtp_store_put(t->end[end].store, &key, t->clock, &in, &t->end[end].error),
			 ZRTP_STORE_OK);
	c->done[end] = true;
}

/* Calls begin one soon after the other, and end at each side when they like. */
static void round_of_calls(struct trunk *t)
{
	unsigned left = 3 * t->calls;

	memset(t->call, 0, sizeof(t->call));
	t->clock += 60;
	while (left) {
		struct call *c = &t->call[below(t, t->calls)];
		unsigned end = below(t, 2);

		if (!c->begun) {
			begin_call(t, c);
		} else if (!c->done[end] && below(t, 3) == 0) {
			end_call(t, c, end);
		} else {
			continue;
		}
		left--;
		t->clock += below(t, 20) == 0;
	}
}

static unsigned alarms_of(unsigned calls, uint64_t seed)
{
	static struct trunk t;
	unsigned alarms;

	memset(&t, 0, sizeof(t));
	t.calls = 1;
	t.prng = seed;
	t.clock = 1000000;
	for (unsigned end = 0; end < 2; end++) {
		stores_prepare(&t.end[end], STORE_MEMORY);
		assert_int_equal(stores_open(&t.end[end]), ZRTP_STORE_OK);
	}
	round_of_calls(&t); /* they know each other */
	t.calls = calls;
	for (unsigned i = 0; i < ROUNDS; i++) {
		round_of_calls(&t);
	}
	alarms = t.alarms;
	stores_end(&t.end[0]);
	stores_end(&t.end[1]);
	return alarms;
}

static void calls_of_two_pbxs_at_once_make_no_alarm(void **state)
{
	static const unsigned sizes[] = { 2, 5, 20 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		unsigned alarms = 0;

		for (unsigned run = 0; run < RUNS; run++) {
			alarms += alarms_of(sizes[i], 31415 + run);
		}
		print_message("%u at once: %u alarms in %u calls\n", sizes[i], alarms,
			      RUNS * ROUNDS * sizes[i]);
		/* Twenty at once can still end in an order that two IDs do not bridge. */
		assert_true(sizes[i] <= 5 ? !alarms : alarms * 100 < RUNS * ROUNDS * sizes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_of_two_pbxs_at_once_make_no_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
