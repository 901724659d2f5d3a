/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls at once of two PBXs make no alarm (docs/cache.md, Trunks). */
#include "trunks.h"

#include <stdlib.h>

enum { ROUNDS = 3, CALLS = 3600 };

static unsigned alarms_of(unsigned calls, bool numbers, bool ways, uint64_t seed)
{
	static struct trunk t;

	trunks_open(&t, seed);
	t.numbers = numbers;
	t.ways = ways;
	t.calls = 1;
	if (!numbers) { /* else they do not know each other */
		trunks_round(&t);
	}
	t.calls = calls;
	for (unsigned i = 0; i < ROUNDS; i++) {
		trunks_round(&t);
	}
	trunks_close(&t);
	return t.alarms;
}

static void try_at_once(bool numbers, bool ways)
{
	static const unsigned sizes[] = { 2, 5, 20, 50, 200 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned alarms = 0;

		for (unsigned run = 0; run < CALLS / ROUNDS / sizes[i] && run < 300; run++) {
			alarms += alarms_of(sizes[i], numbers, ways, 31415 + run);
		}
		if (alarms) {
			fail_msg("%u at once: %u alarms", sizes[i], alarms);
		}
	}
}

static void calls_of_two_pbxs_at_once_make_no_alarm(void **state)
{
	(void)state;
	try_at_once(false, false);
}

static void nor_do_calls_at_once_of_many_numbers(void **state)
{
	(void)state;
	try_at_once(true, false);
}

/* Where one call was made before. */
static void nor_do_calls_at_once_of_an_endpoint_for_each_direction(void **state)
{
	(void)state;
	try_at_once(false, true);
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
		l->when[call][end][ASK] = l->ms + trunks_below(&l->t, l->longest / 2);
		last = l->when[call][end][ASK] > last ? l->when[call][end][ASK] : last;
	}
	for (unsigned end = 0; end < 2; end++) {
		l->when[call][end][END] = last + 1 + trunks_below(&l->t, l->longest / 2);
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
		if (l->losses && l->begun > 1 && trunks_below(&l->t, l->losses) == 0) {
			c->lost[trunks_below(&l->t, 2)] = true;
		}
		break;
	}
	l->next = l->ms + 1 + trunks_below(&l->t, 2 * l->gap);
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
		trunks_end_call(&l->t, next, end);
	} else {
		trunks_ask(&l->t, next, end);
	}
	return true;
}

static void load_open(struct load *l, uint64_t seed)
{
	bool numbers = l->strangers;

	trunks_open(&l->t, seed);
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
	trunks_close(&l->t);
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
		trunks_close(&l.t);
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
	assert_int_equal(zrtp_store_remove(l->t.end[end].store, trunks_zid[end], trunks_zid[!end],
					   &l->t.end[end].error),
			 ZRTP_STORE_OK);
}

/* A call with a PBX that is no store: what that has is given. */
static void begin_other(struct trunk *t, struct call *c, const struct zrtp_retained *theirs)
{
	memset(c, 0, sizeof(*c));
	c->label[0] = c->label[1] = "";
	c->got[1] = *theirs;
	c->asked[1] = true;
	trunks_ask(t, c, 0);
}

static void call_other(struct trunk *t, struct call *c, const struct zrtp_retained *theirs)
{
	begin_other(t, c, theirs);
	t->clock++;
	trunks_end_call(t, c, 0);
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
	trunks_open(&t, 11);
	for (unsigned i = 0; i < 200; i++) {
		call_other(&t, c, &theirs);
		assert_true(c->has_match || !i);
		roll(&theirs, c);
		t.clock += i ? 0 : 60; /* the first calls are over */
	}
	trunks_close(&t);
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
			trunks_open(&t, 13);
			*(i ? &t.phone : &t.alone) = true;
			memset(&theirs, 0, sizeof(theirs));
			call_other(&t, first, &theirs);
			roll(&theirs, first);
		}
		t.clock += 60;
		begin_other(&t, first, &theirs);
		begin_other(&t, last, &theirs);
		assert_true(first->has_match && last->has_match);
		trunks_end_call(&t, first, 0);
		trunks_end_call(&t, last, 0);
		roll(&theirs, i & 2 ? first : last);
		roll(&theirs, i & 2 ? last : first);
		if (i % 200 == 199) {
			trunks_close(&t);
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
	trunks_open(&t, 12);
	call_other(&t, first, &theirs);
	theirs.has_rs1 = true;
	memcpy(theirs.rs1, first->made, sizeof(theirs.rs1));
	t.clock += 60;
	call_other(&t, first, &theirs);
	call_other(&t, second, &theirs); /* of the one before they have heard nothing */
	trunks_end_call(&t, first, 0);
	key = trunks_key_at(first, 0);
	assert_int_equal(zrtp_store_get(t.end[0].store, &key, t.clock, &found, &t.end[0].error),
			 ZRTP_STORE_OK);
	assert_memory_equal(found.rs1, second->made, sizeof(found.rs1));
	assert_memory_equal(found.rs2, theirs.rs1, sizeof(found.rs2));
	trunks_close(&t);
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
		trunks_close(&l.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_of_two_pbxs_at_once_make_no_alarm),
		cmocka_unit_test(nor_do_calls_at_once_of_many_numbers),
		cmocka_unit_test(nor_do_calls_at_once_of_an_endpoint_for_each_direction),
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
