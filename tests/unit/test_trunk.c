/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two PBXs of our making that call each other many times at once: each has a store, and
 * each asks it and ends the calls in an order of its own (docs/cache.md). The exchange is a model.
 */
#include "stores.h"

#include <stdlib.h>

enum { AT_ONCE = 200, ROUNDS = 3, CALLS = 3600, NUMBERS = 3, ROUND = 12, LOST = 40 /* seconds */ };

static const uint8_t zid[2][ZRTP_ZID_SIZE] = { "the first  ", "the second " };

struct call {
	struct zrtp_retained got[2];
	uint8_t made[ZRTP_SECRET_SIZE];
	uint8_t matched[ZRTP_SECRET_SIZE];
	bool asked[2], has_match, done[2], lost[2];
	const char *label[2]; /* as SIP has it at that end */
};

struct trunk {
	struct test_store end[2];
	struct call call[AT_ONCE];
	unsigned calls, made, alarms;
	bool phone;   /* the peer is one to this end */
	bool alone;   /* of other calls nothing is told */
	bool numbers; /* each call under a label of its direction, and of the number that is called */
	int64_t clock, lost_until[2];
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

/* Each end asks its store when its own part of the exchange begins. */
static void ask(struct trunk *t, struct call *c, unsigned end)
{
	enum zrtp_store_status status;
	struct zrtp_cache_key key;

	if (!c->asked[!end]) {
		name_call(t, c);
	}
	key = key_at(c, end);
	status = zrtp_store_get(t->end[end].store, &key, t->clock, &c->got[end], &t->end[end].error);
	assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	c->asked[end] = true;
	if (!c->asked[!end]) {
		return;
	}
	match(c, below(t, 2));
	stores_secret(c->made, ++t->made * 2654435761U);
	for (unsigned i = 0; i < 2; i++) {
		t->alarms += !c->has_match && c->got[i].has_rs1 && !c->got[i].first_calls;
	}
}

/* Of a call that ends there without having been secure nothing is heard: so it counts for a while. */
static unsigned others_under_way(const struct trunk *t, const struct call *c, unsigned end)
{
	unsigned count = t->clock <= t->lost_until[end];

	for (unsigned i = 0; i < AT_ONCE; i++) {
		count += &t->call[i] != c && t->call[i].asked[end] && !t->call[i].done[end];
	}
	return count;
}

/* As the engine does it (engine/secrets.c). */
static void end_call(struct trunk *t, struct call *c, unsigned end)
{
	const struct zrtp_cache_key key = key_at(c, end);
	struct zrtp_retained in = c->got[end];
	bool other = c->has_match && in.rs2_other && !memcmp(in.rs2, c->matched, sizeof(in.rs2));

	c->done[end] = true;
	if (c->lost[end]) {
		t->lost_until[end] = t->clock + LOST;
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
	in.peer_mitm = !t->phone;
	in.others_under_way = t->alone ? 0 : others_under_way(t, c, end);
	in.changed = ZRTP_CHANGED_SECRET;
	assert_int_equal(zrtp_store_put(t->end[end].store, &key, t->clock, &in, &t->end[end].error),
			 ZRTP_STORE_OK);
}

/* Calls begin one soon after the other, and begin and end at each side when they like. */
static void round_of_calls(struct trunk *t)
{
	unsigned left = 4 * t->calls;

	memset(t->call, 0, sizeof(t->call));
	t->clock += 60;
	while (left) {
		struct call *c = &t->call[below(t, t->calls)];
		unsigned end = below(t, 2);

		if (!c->asked[end]) {
			ask(t, c, end);
		} else if (c->asked[!end] && !c->done[end] && below(t, 3) == 0) {
			end_call(t, c, end);
		} else {
			continue;
		}
		left--;
		t->clock += below(t, 4 * t->calls) < ROUND;
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

/* ---- calls all the time, or in bursts ---- */

enum { LOADS = 2, CALLS_OF_LOAD = 600, SECOND = 1000 };

/* What comes at each end of a call. */
enum { ASK, END, EVENTS };

struct load {
	struct trunk t;
	unsigned begun;
	unsigned gap;     /* between the begins of two calls, at the mean, ms */
	unsigned burst;   /* after so many calls there is a pause; 0: never */
	unsigned pause;   /* ms */
	unsigned losses;  /* of so many calls in one a side hears nothing of the other's last message */
	bool strangers;   /* the first calls come as fast */
	unsigned longest; /* of an exchange, ms */
	int64_t ms, next;
	int64_t when[AT_ONCE][2][EVENTS]; /* at each end of each call */
};

/* One end is slower than the other, both when it begins and when it ends. */
static void set_times(struct load *l, unsigned call)
{
	int64_t last = l->ms;

	for (unsigned end = 0; end < 2; end++) {
		l->when[call][end][ASK] = l->ms + below(&l->t, l->longest / 2);
		last = l->when[call][end][ASK] > last ? l->when[call][end][ASK] : last;
	}
	for (unsigned end = 0; end < 2; end++) {
		l->when[call][end][END] = last + 1 + below(&l->t, l->longest / 2);
	}
}

static bool is_over(const struct call *c)
{
	return c->done[0] && c->done[1];
}

static void load_begin_call(struct load *l)
{
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct call *c = &l->t.call[i];

		if (!is_over(c)) {
			continue;
		}
		memset(c, 0, sizeof(*c));
		set_times(l, i);
		l->begun++;
		if (l->losses && l->begun > 1 && below(&l->t, l->losses) == 0) {
			c->lost[below(&l->t, 2)] = true;
		}
		break;
	}
	l->next = l->ms + 1 + below(&l->t, 2 * l->gap);
	if (l->burst && l->begun % l->burst == 0) {
		l->next += l->pause;
	}
	if (l->begun == 1 && !l->strangers) {
		l->next += 60 * SECOND;
	}
}

/* What is next of the calls there are; false: a call begins before. */
static bool load_go_on(struct load *l)
{
	struct call *next = NULL;
	unsigned end = 0;
	int64_t at = l->next;

	for (unsigned i = 0; i < 2 * AT_ONCE; i++) {
		struct call *c = &l->t.call[i / 2];
		int64_t when = l->when[i / 2][i % 2][c->asked[i % 2] ? END : ASK];

		if (!c->done[i % 2] && when <= at) {
			at = when;
			next = c;
			end = i % 2;
		}
	}
	if (!next) {
		return false;
	}
	l->ms = at;
	l->t.clock = at / SECOND;
	if (next->asked[end]) {
		end_call(&l->t, next, end);
	} else {
		ask(&l->t, next, end);
	}
	return true;
}

static void load_open(struct load *l, uint64_t seed)
{
	bool numbers = l->strangers;

	trunk_open(&l->t, seed);
	l->t.numbers = numbers;
	l->begun = 0;
	l->ms = l->next = l->t.clock * SECOND;
	for (unsigned i = 0; i < AT_ONCE; i++) {
		l->t.call[i].done[0] = l->t.call[i].done[1] = true;
	}
}

/* The alarms of so many more calls. */
static unsigned load_run(struct load *l, unsigned calls)
{
	unsigned before = l->t.alarms, end = l->begun + calls;

	while (l->begun < end) {
		if (!load_go_on(l)) {
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

enum { BURST = 200, BURSTS = 20 };

/* Of two PBXs that do not know each other: of so many runs those with an alarm. */
static unsigned bad_bursts(unsigned runs, unsigned longest, unsigned pause, unsigned losses)
{
	static struct load l;
	unsigned bad = 0;

	for (unsigned run = 0; run < runs; run++) {
		memset(&l, 0, sizeof(l));
		l.gap = 5;
		l.burst = BURST;
		l.pause = pause;
		l.longest = longest;
		l.losses = losses;
		l.strangers = true;
		load_open(&l, 1618 + run);
		bad += load_run(&l, BURST * BURSTS) != 0;
		trunk_close(&l.t);
	}
	return bad;
}

static void bursts_of_calls_round_after_round_make_no_alarm(void **state)
{
	static const unsigned longest[] = { 500, 2000, 6000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(longest) / sizeof(*longest); i++) {
		unsigned bad = bad_bursts(3, longest[i], 12 * SECOND, 0);

		if (bad) {
			fail_msg("exchanges of %u ms: alarms in %u runs", longest[i], bad);
		}
	}
}

static void load_forget(struct load *l, unsigned end)
{
	assert_int_equal(zrtp_store_remove(l->t.end[end].store, zid[end], zid[!end], &l->t.end[end].error),
			 ZRTP_STORE_OK);
}

/* A call with a PBX that is no store: what that has is given. */
static void begin_other(struct trunk *t, struct call *c, const struct zrtp_retained *theirs)
{
	memset(c, 0, sizeof(*c));
	c->label[0] = c->label[1] = "";
	c->got[1] = *theirs;
	c->asked[1] = true;
	ask(t, c, 0);
}

static void call_other(struct trunk *t, struct call *c, const struct zrtp_retained *theirs)
{
	begin_other(t, c, theirs);
	t->clock++;
	end_call(t, c, 0);
}

/* What a PBX of another make has after a call. */
static void roll(struct zrtp_retained *theirs, const struct call *c)
{
	theirs->has_rs2 = theirs->has_rs1;
	memcpy(theirs->rs2, theirs->rs1, sizeof(theirs->rs2));
	theirs->has_rs1 = true;
	memcpy(theirs->rs1, c->made, sizeof(theirs->rs1));
}

/* One that keeps rs1 and rs2 as RFC 6189 has it, of another make. */
static void calls_of_another_make_that_follow_each_other_match(void **state)
{
	static struct trunk t;
	struct call *c = &t.call[0];
	struct zrtp_retained theirs = { .has_rs1 = false };

	(void)state;
	trunk_open(&t, 11);
	for (unsigned i = 0; i < 200; i++) {
		call_other(&t, c, &theirs);
		assert_true(c->has_match || !i);
		roll(&theirs, c);
		t.clock += i ? 0 : 60; /* the first calls are over */
	}
	trunk_close(&t);
}

/* Two at once, which it may finish in the other order: it keeps nothing of before. */
static void two_calls_at_once_of_another_make_match(void **state)
{
	static struct trunk t;

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct call *first = &t.call[i % 2], *last = &t.call[!(i % 2)];
		static struct zrtp_retained theirs;

		if (i % 200 == 0) { /* a phone to this end, or none waits for the other */
			trunk_open(&t, 13);
			*(i ? &t.phone : &t.alone) = true;
			memset(&theirs, 0, sizeof(theirs));
			call_other(&t, first, &theirs);
			roll(&theirs, first);
		}
		t.clock += 60;
		begin_other(&t, first, &theirs);
		begin_other(&t, last, &theirs);
		assert_true(first->has_match && last->has_match);
		end_call(&t, first, 0);
		end_call(&t, last, 0);
		roll(&theirs, i & 2 ? first : last);
		roll(&theirs, i & 2 ? last : first);
		if (i % 200 == 199) {
			trunk_close(&t);
		}
	}
}

/* By a journal that was not cleared, when there is another candidate. */
static void a_change_that_is_heard_of_twice_chooses_no_candidate(void **state)
{
	static struct trunk t;
	struct call *first = &t.call[0], *second = &t.call[1];
	struct zrtp_retained theirs = { .has_rs1 = false }, found;
	struct zrtp_cache_key key;

	(void)state;
	trunk_open(&t, 12);
	call_other(&t, first, &theirs);
	theirs.has_rs1 = true;
	memcpy(theirs.rs1, first->made, sizeof(theirs.rs1));
	t.clock += 60;
	call_other(&t, first, &theirs);
	call_other(&t, second, &theirs); /* of the one before they have heard nothing */
	end_call(&t, first, 0);
	key = key_at(first, 0);
	assert_int_equal(zrtp_store_get(t.end[0].store, &key, t.clock, &found, &t.end[0].error),
			 ZRTP_STORE_OK);
	assert_memory_equal(found.rs1, second->made, sizeof(found.rs1));
	assert_memory_equal(found.rs2, theirs.rs1, sizeof(found.rs2));
	trunk_close(&t);
}

static unsigned load_under_way(const struct load *l)
{
	unsigned count = 0;

	for (unsigned i = 0; i < AT_ONCE; i++) {
		count += !is_over(&l->t.call[i]) && (l->t.call[i].asked[0] || l->t.call[i].asked[1]);
	}
	return count;
}

/* One side loses its cache, and the alarms do not end by themselves. Deleting the peer at both sides at the
 * same moment ends them, but for calls that have looked up at one side then, and not at the other. */
static void a_peer_deleted_at_both_sides_is_the_cure_of_a_lost_cache(void **state)
{
	static const unsigned gaps[] = { 9000, 2000, 1000, 500, 200, 50 };
	static struct load l;
	unsigned under_way;

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
		under_way = load_under_way(&l);
		assert_true(load_run(&l, CALLS_OF_LOAD) <= under_way);
		assert_int_equal(load_run(&l, CALLS_OF_LOAD), 0);
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
		cmocka_unit_test(bursts_of_calls_round_after_round_make_no_alarm),
		cmocka_unit_test(calls_of_another_make_that_follow_each_other_match),
		cmocka_unit_test(two_calls_at_once_of_another_make_match),
		cmocka_unit_test(a_change_that_is_heard_of_twice_chooses_no_candidate),
		cmocka_unit_test(a_peer_deleted_at_both_sides_is_the_cure_of_a_lost_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
