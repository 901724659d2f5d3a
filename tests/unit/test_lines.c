/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept and offered after many calls, one after the other (docs/cache.md): phones
 * that keep rs2 and phones that forget it, lost messages, and callers that have seen a ZID.
 * Calls at once: test_storm.c.
 *
 * ZRTP_LINES_RUNS: how many random orders of each kind are tried.
 */
#include "habits.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 1500 };

static unsigned runs(void)
{
	const char *text = getenv("ZRTP_LINES_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 10) : RUNS;
}

struct caller {
	struct test_store *t;
	struct phone phone;
	const char *label;
	uint64_t endpoint;
	unsigned *made; /* the last secret */
	int64_t *clock;
	struct zrtp_retained got, put;
	bool phone_misses, pbx_misses, takes_any; /* stores although nothing matched */
	unsigned initiator;
};

/* Has the phone the secret that found no room? The engine knows it by its ID. */
static bool is_spare(const struct caller *c, const unsigned theirs[2])
{
	unsigned spare = habits_number(c->got.has_spare, c->got.spare, *c->made);

	return spare && (spare == theirs[0] || spare == theirs[1]);
}

static bool call(struct caller *c)
{
	unsigned ours[2], theirs[2] = { c->phone.rs1, c->phone.rs2 }, matched;
	struct phone began = c->phone;

	*c->clock += 60;
	c->got = habits_get(c->t, c->label, *c->clock);
	ours[0] = habits_number(c->got.has_rs1, c->got.rs1, *c->made);
	ours[1] = habits_number(c->got.has_rs2, c->got.rs2, *c->made);
	c->initiator ^= 1;
	matched = c->initiator ? habits_match(theirs, ours) : habits_match(ours, theirs);
	++*c->made;
	c->put = habits_update(&c->got, *c->made, matched, ours[1]);
	c->put.endpoint = c->endpoint;
	if (!matched && is_spare(c, theirs)) {
		c->put = c->got;
		c->put.match = ZRTP_MATCH_FAILED;
		c->put.changed = ZRTP_CHANGED_SEEN;
		c->put.verified = false;
		c->put.endpoint = c->endpoint;
	}
	if (!c->phone_misses) {
		if (c->takes_any && !matched) {
			began.rs1 = began.rs2 = 0;
		}
		phone_store(&c->phone, &began, *c->made, matched);
	}
	if (!c->pbx_misses) {
		habits_put(c->t, c->label, *c->clock, &c->put);
	}
	return matched;
}

static void say(struct caller *c, bool verified)
{
	c->put.verified = verified;
	c->put.changed = ZRTP_CHANGED_VERIFIED;
	++*c->clock;
	habits_put(c->t, c->label, *c->clock, &c->put);
}

struct scene {
	struct test_store t;
	unsigned made;
	int64_t clock;
};

static void scene_begin(struct scene *s)
{
	habits_begin(&s->t);
	s->made = 0;
	s->clock = 1000000;
}

static struct caller caller_of(struct scene *s, enum habit habit, const char *label, uint64_t endpoint)
{
	return (struct caller){ .t = &s->t,
				.phone = { .habit = habit },
				.label = label,
				.endpoint = endpoint,
				.made = &s->made,
				.clock = &s->clock,
				.takes_any = habit == HABITS };
}

/* An attacker who can call and has seen the ZID: a phone that takes any secret. */
static void attack(struct caller *c, uint64_t *prng, bool owns_endpoint)
{
	for (unsigned i = 1 + habits_below(prng, 6); i; i--) {
		if (habits_below(prng, 3) == 0) {
			c->phone.rs1 = c->phone.rs2 = 0; /* or without a secret again */
		}
		c->takes_any = true;
		call(c);
		assert_false(c->put.match != ZRTP_MATCH_FAILED && c->put.verified && !owns_endpoint);
		if (habits_below(prng, 4) == 0) {
			say(c, false);
		} else if (!owns_endpoint && habits_below(prng, 2)) {
			say(c, true);
			c->phone.rs1 = c->phone.rs2 = 0;
		}
	}
}

static void no_peer_pushes_out_what_was_proved(void **state)
{
	(void)state;
	for (unsigned run = 0; run < runs() / 4; run++) {
		uint64_t prng = 4711 + run;
		struct scene s;
		struct caller honest, stranger;
		bool foreign = run % 2;

		scene_begin(&s);
		honest = caller_of(&s, (enum habit)(run / 2 % HABITS), "100", 1);
		stranger = caller_of(&s, AS_OURS, "100", foreign ? 2 : 1);
		for (unsigned i = 0; i < 3; i++) {
			call(&honest);
		}
		say(&honest, true);
		for (unsigned i = 0; i < 8; i++) {
			attack(&stranger, &prng, !foreign);
			if (!call(&honest) || !honest.put.verified) {
				fail_msg("run %u: %s", run,
					 honest.put.verified ? "no match" : "not verified");
			}
		}
		stores_end(&s.t);
	}
}

/* A phone that stores only what its user has confirmed, one call behind. */
static void an_attack_and_a_lost_message_make_one_alarm_at_most(void **state)
{
	(void)state;
	for (unsigned run = 0; run < runs() / 4; run++) {
		uint64_t prng = 815 + run;
		struct scene s;
		struct caller honest, stranger;

		scene_begin(&s);
		honest = caller_of(&s, AS_OURS, "100", 1);
		stranger = caller_of(&s, AS_OURS, "100", 1);
		for (unsigned i = 0; i < 3; i++) {
			call(&honest);
		}
		for (unsigned i = 0; i < 5; i++) {
			attack(&stranger, &prng, true);
			honest.phone_misses = true;
			assert_true(call(&honest));
			honest.phone_misses = false;
			attack(&stranger, &prng, true);
			if (!call(&honest)) {
				assert_true(call(&honest));
			}
		}
		stores_end(&s.t);
	}
}

/* It has called under two labels with one secret: from then on they are one to it. */
static struct caller caller_by_zid(struct scene *s, enum habit habit)
{
	struct caller c = caller_of(s, habit, "100", 1);

	for (unsigned i = 0; i < 4; i++) {
		c.label = i % 2 ? "200" : "100";
		assert_int_equal(call(&c), i > 0);
	}
	return c;
}

/* A phone that files by ZID, calls of others under labels of their own, lost messages. */
static void a_stranger_and_a_lost_message_are_no_alarm_to_a_phone_that_files_by_zid(void **state)
{
	static const char *const labels[] = { "100", "200", "300" };

	(void)state;
	for (unsigned run = 0; run < HABITS * 3 * 2; run++) {
		struct scene s;
		struct caller honest, stranger;

		scene_begin(&s);
		honest = caller_by_zid(&s, (enum habit)(run % HABITS));
		say(&honest, true);
		stranger = caller_of(&s, AS_OURS, labels[run / HABITS % 3], 2);
		stranger.takes_any = true;
		for (unsigned i = 0; i <= run / HABITS / 3; i++) {
			call(&stranger);
		}
		for (unsigned i = 0; i < 9; i++) {
			honest.label = labels[i % 3];
			honest.phone_misses = i % 4 == 1;
			assert_true(call(&honest) || i % 4 == 2);
			assert_true(honest.put.verified || i % 4 == 2);
		}
		stores_end(&s.t);
	}
}

static void a_phone_that_files_by_zid_and_lost_its_secrets_is_known_again(void **state)
{
	static const char *const labels[] = { "100", "200", "300" };

	(void)state;
	for (unsigned habit = 0; habit < HABITS; habit++) {
		struct scene s;
		struct caller honest, stranger;

		scene_begin(&s);
		honest = caller_by_zid(&s, (enum habit)habit);
		stranger = caller_of(&s, AS_OURS, "300", 2);
		stranger.takes_any = true;
		call(&stranger);
		honest.phone.rs1 = honest.phone.rs2 = 0;
		assert_false(call(&honest));
		for (unsigned i = 0; i < 6; i++) {
			honest.label = labels[i % 3];
			assert_true(call(&honest));
		}
		stores_end(&s.t);
	}
}

/* Nor do they decide how a phone files, of which that is not known yet. */
static void two_calls_of_a_stranger_under_other_labels_are_no_alarm(void **state)
{
	static const char *const labels[] = { "100", "200", "300", "400" };

	(void)state;
	for (unsigned run = 0; run < HABITS * 4 * 12; run++) {
		struct scene s;
		struct caller honest, stranger;

		scene_begin(&s);
		honest = caller_of(&s, (enum habit)(run % HABITS), "100", 1);
		call(&honest);
		assert_true(call(&honest));
		stranger = caller_of(&s, AS_OURS, "", 2);
		stranger.takes_any = true;
		/* Under one label or many, once or twice each. */
		for (unsigned i = 0; i < 1 + run / HABITS / 4; i++) {
			char label[8];

			snprintf(label, sizeof(label), "%u00", 2 + i);
			stranger.label = label;
			stranger.phone.rs1 = stranger.phone.rs2 = 0;
			call(&stranger);
			call(&stranger);
			stranger.label = "";
		}
		/* This one files by ZID, and calls there first, or at its own number. */
		for (unsigned i = 0; i < 8; i++) {
			honest.label = labels[(i + run / HABITS) % 4];
			if (!call(&honest)) {
				fail_msg("run %u, call %u", run, i);
			}
		}
		stores_end(&s.t);
	}
}

/* It lost its secrets, or is a new phone with the old ZID: the second call matches. */
static void a_phone_that_lost_its_secrets_is_known_again(void **state)
{
	(void)state;
	for (unsigned habit = 0; habit < HABITS; habit++) {
		struct scene s;
		struct caller c;

		scene_begin(&s);
		c = caller_of(&s, (enum habit)habit, "100", 1);
		for (unsigned i = 0; i < 4; i++) {
			assert_int_equal(call(&c), i > 0);
		}
		say(&c, true);
		c.phone.rs1 = c.phone.rs2 = 0;
		assert_false(call(&c));
		assert_false(c.put.verified);
		for (unsigned i = 0; i < 6; i++) {
			assert_true(call(&c));
			assert_false(c.put.verified);
		}
		/* Its user has compared the SAS in a call in which nothing matched. */
		c.phone.rs1 = c.phone.rs2 = 0;
		call(&c);
		say(&c, true);
		for (unsigned i = 0; i < 6; i++) {
			assert_true(call(&c));
			assert_true(c.put.verified);
			assert_false(c.got.rs2_other);
		}
		stores_end(&s.t);
	}
}

/* What was silent for a long time makes room. */
static void a_line_that_is_silent_for_months_makes_room(void **state)
{
	struct scene s;
	struct caller c;

	(void)state;
	scene_begin(&s);
	c = caller_of(&s, AS_RFC, "100", 1);
	call(&c);
	call(&c);
	c.phone.rs1 = c.phone.rs2 = 0;
	call(&c);
	call(&c);
	assert_true(habits_get(&s.t, "100", s.clock).rs2_other);
	s.clock += 91 * 24 * 3600;
	call(&c);
	assert_false(habits_get(&s.t, "100", s.clock).rs2_other);
	assert_true(call(&c));
	stores_end(&s.t);
}

/* Of another endpoint it does not: a holiday is no reason. */
static void a_silent_line_makes_no_room_for_another_endpoint(void **state)
{
	struct scene s;
	struct caller honest, stranger;

	(void)state;
	scene_begin(&s);
	honest = caller_of(&s, AS_RFC, "100", 1);
	stranger = caller_of(&s, AS_OURS, "100", 2);
	call(&honest);
	call(&honest);
	say(&honest, true);
	stranger.takes_any = true;
	call(&stranger);
	s.clock += 91 * 24 * 3600;
	call(&stranger);
	stranger.phone.rs1 = stranger.phone.rs2 = 0;
	for (unsigned i = 0; i < 4; i++) {
		call(&stranger);
	}
	assert_true(call(&honest));
	assert_true(honest.put.verified);
	stores_end(&s.t);
}

/* An ID of the phone's that a listener repeats: the phone on the second line has
 * its place all the same. */
static void an_id_that_was_listened_to_moves_nothing(void **state)
{
	(void)state;
	for (unsigned own = 0; own < 2; own++) {
		struct scene s;
		struct caller first, second, stranger;

		scene_begin(&s);
		first = caller_of(&s, AS_RFC, "100", 1);
		second = caller_of(&s, AS_RFC, "100", 1);
		for (unsigned i = 0; i < 3; i++) {
			call(&first);
		}
		second.takes_any = true;
		call(&second);
		second.takes_any = false;
		call(&second);
		stranger = caller_of(&s, AS_RFC, "100", own ? 1 : 2);
		stranger.got = habits_get(&s.t, "100", s.clock);
		assert_true(stranger.got.has_spare);
		stranger.phone.rs1 = habits_number(true, stranger.got.spare, s.made);
		assert_false(call(&stranger));
		assert_int_equal(stranger.put.changed, ZRTP_CHANGED_SEEN);
		assert_int_equal(call(&second), !own);
		stores_end(&s.t);
	}
}

/* A phone whose SAS was compared, and its line. */
static struct caller caller_verified(struct scene *s)
{
	struct caller c;

	scene_begin(s);
	c = caller_of(s, AS_RFC, "100", 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(call(&c), i > 0);
	}
	say(&c, true);
	return c;
}

static void assert_untouched(struct caller *c)
{
	assert_true(call(c));
	assert_true(c->put.verified);
	assert_true(call(c));
}

/* It began a line, and before its call is over another one took the place of that. */
static void an_update_of_a_line_that_is_gone_touches_no_other(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 2 * 2; run++) {
		struct scene s;
		struct caller honest = caller_verified(&s), gone, other;
		struct zrtp_retained in;

		gone = caller_of(&s, HABITS, "100", 1 + run % 2);
		gone.takes_any = true;
		call(&gone);
		in = habits_get(&s.t, "100", s.clock);
		s.made++;
		in = habits_update(&in, s.made, habits_number(true, gone.put.rs1, s.made), 0);
		in.line = gone.got.line ^ 4711; /* as one that is there no more */
		in.endpoint = gone.endpoint;
		other = caller_of(&s, HABITS, "100", 1);
		other.takes_any = true;
		call(&other);
		in.verified = run / 2;
		in.changed = ZRTP_CHANGED_VERIFIED;
		habits_put(&s.t, "100", ++s.clock, &in);
		assert_untouched(&honest);
		in.changed |= ZRTP_CHANGED_SECRET;
		habits_put(&s.t, "100", ++s.clock, &in);
		assert_untouched(&honest);
		stores_end(&s.t);
	}
}

/* Nor one that does not tell its line, of secrets that are there no more. */
static void an_update_that_names_no_line_touches_none(void **state)
{
	(void)state;
	for (unsigned endpoint = 1; endpoint <= 2; endpoint++) {
		struct scene s;
		struct caller honest = caller_verified(&s);
		struct zrtp_retained in = stores_update(700, 600, ZRTP_MATCH_OWN);

		in.endpoint = endpoint;
		in.verified = true;
		habits_put(&s.t, "100", ++s.clock, &in);
		assert_untouched(&honest);
		in.changed = ZRTP_CHANGED_VERIFIED;
		in.verified = false;
		stores_secret(in.rs1, 900);
		stores_secret(in.rs2, 800);
		habits_put(&s.t, "100", ++s.clock, &in);
		/* A no is no harm where it is of the phone's own endpoint. */
		assert_true(call(&honest));
		assert_int_equal(honest.put.verified, endpoint == 2);
		stores_end(&s.t);
	}
}

/* It found nothing, as the phone's own first call was not over: no part of that line. */
static void a_first_call_of_another_endpoint_is_no_part_of_the_line(void **state)
{
	struct scene s;
	struct caller honest, stranger;
	struct zrtp_retained in;

	(void)state;
	scene_begin(&s);
	honest = caller_of(&s, ONE_ONLY, "100", 1);
	stranger = caller_of(&s, AS_OURS, "100", 2);
	in = habits_get(&s.t, "100", s.clock);
	call(&honest);
	in = habits_update(&in, ++s.made, 0, 0);
	in.endpoint = stranger.endpoint;
	in.verified = true;
	in.changed |= ZRTP_CHANGED_VERIFIED;
	habits_put(&s.t, "100", s.clock, &in);
	assert_true(call(&honest));
	assert_false(honest.put.verified);
	in.changed = ZRTP_CHANGED_VERIFIED;
	habits_put(&s.t, "100", s.clock, &in);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(call(&honest));
		assert_false(honest.put.verified);
	}
	stores_end(&s.t);
}

/* An SBC that makes one number of two: to the phone they are two strangers. */
static void two_labels_made_one_are_no_alarm_for_ever(void **state)
{
	(void)state;
	for (unsigned run = 0; run < runs() / 4; run++) {
		uint64_t prng = 99 + run;
		struct scene s;
		struct caller c[2];
		unsigned alarms = 0;

		scene_begin(&s);
		for (unsigned i = 0; i < 2; i++) {
			c[i] = caller_of(&s, (enum habit)(run % HABITS), "100", 1);
			call(&c[i]);
		}
		for (unsigned i = 0; i < 30; i++) {
			alarms += !call(&c[habits_below(&prng, 2)]);
		}
		assert_int_equal(alarms, 0);
		stores_end(&s.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_peer_pushes_out_what_was_proved),
		cmocka_unit_test(an_attack_and_a_lost_message_make_one_alarm_at_most),
		cmocka_unit_test(a_phone_that_lost_its_secrets_is_known_again),
		cmocka_unit_test(a_stranger_and_a_lost_message_are_no_alarm_to_a_phone_that_files_by_zid),
		cmocka_unit_test(a_phone_that_files_by_zid_and_lost_its_secrets_is_known_again),
		cmocka_unit_test(two_calls_of_a_stranger_under_other_labels_are_no_alarm),
		cmocka_unit_test(a_line_that_is_silent_for_months_makes_room),
		cmocka_unit_test(a_silent_line_makes_no_room_for_another_endpoint),
		cmocka_unit_test(an_id_that_was_listened_to_moves_nothing),
		cmocka_unit_test(an_update_of_a_line_that_is_gone_touches_no_other),
		cmocka_unit_test(an_update_that_names_no_line_touches_none),
		cmocka_unit_test(a_first_call_of_another_endpoint_is_no_part_of_the_line),
		cmocka_unit_test(two_labels_made_one_are_no_alarm_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
