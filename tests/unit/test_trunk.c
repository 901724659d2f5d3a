/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two PBXs of our making that call each other many times at once: each has a store, and
 * each ends the calls in an order of its own (docs/cache.md). The exchange is a model.
 */
#include "stores.h"

#include <stdlib.h>

enum { AT_ONCE = 200, ROUNDS = 3, CALLS = 3600, NUMBERS = 3 };

static const uint8_t zid[2][ZRTP_ZID_SIZE] = { "the first  ", "the second " };

struct call {
	struct zrtp_retained got[2];
	uint8_t made[ZRTP_SECRET_SIZE];
	uint8_t matched[ZRTP_SECRET_SIZE];
	bool begun, has_match, done[2], lost[2];
	const char *label[2]; /* as SIP has it at that end */
};

struct trunk {
	struct test_store end[2];
	struct call call[AT_ONCE];
	unsigned calls, made, alarms;
	bool numbers; /* each call under a label of its direction, and of the number that is called */
	int64_t clock;
	uint64_t prng;
};

static unsigned below(struct trunk *t, unsigned limit)
{
	return (unsigned)(pair_random(&t->prng) >> 33) % limit;
}

static struct zrtp_cache_key key_at(const struct call *c, unsigned end)
{
	return (struct zrtp_cache_key){ .own_zid = zid[end], .peer_zid = zid[!end], .label = c->label[end] };
}

/* The one that calls has its own number in From, the other one what was dialled in To. */
static void name_call(struct trunk *t, struct call *c)
{
	static const char *const dialled[NUMBERS] = { "sip:201@pbx", "sip:202@pbx", "sip:203@pbx" };
	unsigned caller = below(t, 2);

	c->label[0] = c->label[1] = "";
	if (t->numbers) {
		c->label[caller] = "sip:trunk@pbx";
		c->label[!caller] = below(t, 20) ? dialled[below(t, NUMBERS)] : ZRTP_STORE_LABEL_UNKNOWN;
	}
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
	name_call(t, c);
	for (unsigned end = 0; end < 2; end++) {
		const struct zrtp_cache_key key = key_at(c, end);
		enum zrtp_store_status status =
			zrtp_store_get(t->end[end].store, &key, t->clock, &c->got[end], &t->end[end].error);

		assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	}
	match(c, below(t, 2));
	stores_secret(c->made, ++t->made * 2654435761U);
	for (unsigned end = 0; end < 2; end++) {
		t->alarms += !c->has_match && c->got[end].has_rs1 && !c->got[end].first_calls;
	}
	c->begun = true;
}

/* As the engine does it (engine/secrets.c). */
static void end_call(struct trunk *t, struct call *c, unsigned end)
{
	const struct zrtp_cache_key key = key_at(c, end);
	struct zrtp_retained in = c->got[end];
	bool other = c->has_match && in.rs2_other && !memcmp(in.rs2, c->matched, sizeof(in.rs2));

	c->done[end] = true;
	if (c->lost[end]) {
		return;
	}
	in.match = c->has_match                    ? (other ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN)
		   : in.has_rs1 && !in.first_calls ? ZRTP_MATCH_FAILED
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

static void trunk_open(struct trunk *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->prng = seed;
	t->clock = 1000000;
	for (unsigned end = 0; end < 2; end++) {
		stores_prepare(&t->end[end], STORE_MEMORY);
		assert_int_equal(stores_open(&t->end[end]), ZRTP_STORE_OK);
	}
}

static void trunk_close(struct trunk *t)
{
	stores_end(&t->end[0]);
	stores_end(&t->end[1]);
}

static unsigned alarms_of(unsigned calls, bool numbers, uint64_t seed)
{
	static struct trunk t;

	trunk_open(&t, seed);
	t.numbers = numbers;
	t.calls = 1;
	if (!numbers) { /* else they do not know each other */
		round_of_calls(&t);
	}
	t.calls = calls;
	for (unsigned i = 0; i < ROUNDS; i++) {
		round_of_calls(&t);
	}
	trunk_close(&t);
	return t.alarms;
}

static void try_at_once(bool numbers)
{
	static const unsigned sizes[] = { 2, 5, 20, 50, 200 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned alarms = 0;

		for (unsigned run = 0; run < CALLS / ROUNDS / sizes[i] && run < 300; run++) {
			alarms += alarms_of(sizes[i], numbers, 31415 + run);
		}
		if (alarms) {
			fail_msg("%u at once: %u alarms", sizes[i], alarms);
		}
	}
}

static void calls_of_two_pbxs_at_once_make_no_alarm(void **state)
{
	(void)state;
	try_at_once(false);
}

static void nor_do_calls_at_once_of_many_numbers(void **state)
{
	(void)state;
	try_at_once(true);
}

/* ---- calls all the time ---- */

enum { LOADS = 2, CALLS_OF_LOAD = 600, SECOND = 1000 };

struct load {
	struct trunk t;
	unsigned begun;
	unsigned gap;     /* between the begins of two calls, at the mean, ms */
	unsigned losses;  /* of so many calls in one a side hears nothing of the other's last message */
	bool strangers;   /* the first calls come as fast */
	unsigned longest; /* of an exchange, ms */
	int64_t ms, next;
	int64_t ends[AT_ONCE][2]; /* when each call is over at that end */
};

/* An exchange is over at its two ends at different times. */
static void load_begin_call(struct load *l)
{
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct call *c = &l->t.call[i];

		if (c->begun && !(c->done[0] && c->done[1])) {
			continue;
		}
		memset(c, 0, sizeof(*c));
		begin_call(&l->t, c);
		l->begun++;
		for (unsigned end = 0; end < 2; end++) {
			l->ends[i][end] = l->ms + 100 + below(&l->t, l->longest - 100);
		}
		if (l->losses && l->begun > 1 && below(&l->t, l->losses) == 0) {
			c->lost[below(&l->t, 2)] = true;
		}
		break;
	}
	l->next = l->ms + 1 + below(&l->t, 2 * l->gap);
	if (l->begun == 1 && !l->strangers) {
		l->next += 60 * SECOND;
	}
}

/* What is over first; false: a call begins before. */
static bool load_end_call(struct load *l)
{
	unsigned call = AT_ONCE, end = 0;
	int64_t at = l->next;

	for (unsigned i = 0; i < 2 * AT_ONCE; i++) {
		const struct call *c = &l->t.call[i / 2];

		if (c->begun && !c->done[i % 2] && l->ends[i / 2][i % 2] <= at) {
			at = l->ends[i / 2][i % 2];
			call = i / 2;
			end = i % 2;
		}
	}
	if (call == AT_ONCE) {
		return false;
	}
	l->ms = at;
	l->t.clock = at / SECOND;
	end_call(&l->t, &l->t.call[call], end);
	return true;
}

static void load_open(struct load *l, uint64_t seed)
{
	bool numbers = l->strangers;

	trunk_open(&l->t, seed);
	l->t.numbers = numbers;
	l->begun = 0;
	l->ms = l->next = l->t.clock * SECOND;
}

/* The alarms of so many more calls. */
static unsigned load_run(struct load *l, unsigned calls)
{
	unsigned before = l->t.alarms, end = l->begun + calls;

	while (l->begun < end) {
		if (!load_end_call(l)) {
			l->ms = l->next;
			l->t.clock = l->ms / SECOND;
			load_begin_call(l);
		}
	}
	return l->t.alarms - before;
}

static unsigned alarms_of_load(struct load *l, uint64_t seed)
{
	load_open(l, seed);
	load_run(l, CALLS_OF_LOAD);
	trunk_close(&l->t);
	return l->t.alarms;
}

static void try_loads(bool strangers, unsigned losses, unsigned longest)
{
	static const unsigned gaps[] = { 20000, 9000, 5000, 2000, 1000, 500, 200, 50, 10 };
	static struct load l;

	for (unsigned i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		unsigned alarms = 0;

		l.gap = gaps[i];
		l.strangers = strangers;
		l.losses = losses;
		l.longest = longest;
		for (unsigned run = 0; run < LOADS; run++) {
			alarms += alarms_of_load(&l, 2718 + 100 * i + run);
		}
		if (alarms) {
			fail_msg("a call each %u ms: %u alarms in %u calls", gaps[i], alarms,
				 LOADS * CALLS_OF_LOAD);
		}
	}
}

static void a_trunk_that_is_never_quiet_makes_no_alarm(void **state)
{
	(void)state;
	try_loads(false, 0, 500);
}

static void the_first_calls_of_a_trunk_at_once_make_no_alarm(void **state)
{
	(void)state;
	try_loads(true, 0, 500);
}

static void lost_messages_on_a_busy_trunk_make_no_alarm(void **state)
{
	(void)state;
	try_loads(false, 20, 500);
}

/* As long as the timers of ZRTP let one last. */
static void exchanges_of_a_pbx_that_has_too_much_to_do_make_no_alarm(void **state)
{
	(void)state;
	try_loads(false, 20, 19 * SECOND);
}

static void load_forget(struct load *l, unsigned end)
{
	assert_int_equal(zrtp_store_remove(l->t.end[end].store, zid[end], zid[!end], &l->t.end[end].error),
			 ZRTP_STORE_OK);
}

/* One side loses its cache, and the alarms do not end by themselves. Deleting the peer at both sides at the
 * same moment ends them, with calls under way or without. */
static void a_peer_deleted_at_both_sides_is_the_cure_of_a_lost_cache(void **state)
{
	static const unsigned gaps[] = { 9000, 2000, 1000, 500, 200, 50 };
	static struct load l;

	(void)state;
	for (unsigned i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		memset(&l, 0, sizeof(l));
		l.gap = gaps[i];
		l.longest = 500;
		load_open(&l, 99 + i);
		assert_int_equal(load_run(&l, 100), 0);
		load_forget(&l, 1);
		assert_true(load_run(&l, CALLS_OF_LOAD) > 0);
		load_forget(&l, 0);
		load_forget(&l, 1);
		assert_int_equal(load_run(&l, 2 * CALLS_OF_LOAD), 0);
		trunk_close(&l.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_of_two_pbxs_at_once_make_no_alarm),
		cmocka_unit_test(nor_do_calls_at_once_of_many_numbers),
		cmocka_unit_test(a_trunk_that_is_never_quiet_makes_no_alarm),
		cmocka_unit_test(the_first_calls_of_a_trunk_at_once_make_no_alarm),
		cmocka_unit_test(lost_messages_on_a_busy_trunk_make_no_alarm),
		cmocka_unit_test(exchanges_of_a_pbx_that_has_too_much_to_do_make_no_alarm),
		cmocka_unit_test(a_peer_deleted_at_both_sides_is_the_cure_of_a_lost_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
