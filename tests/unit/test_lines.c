/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept and offered after many calls, in any order (docs/cache.md): phones that
 * keep rs2 and phones that forget it, nodes that store late, PBXs that call each other
 * many times at once, and callers that have seen a ZID.
 *
 * The exchange itself is a model here: which secrets match, and who stores what.
 * ZRTP_LINES_RUNS: how many random orders of each kind are tried.
 */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODES = 3, CALLS = 6, RUNS = 1500 };

static const uint8_t own_zid[ZRTP_ZID_SIZE] = "the own ZID", peer_zid[ZRTP_ZID_SIZE] = "the peer ZID";

static unsigned runs(void)
{
	const char *text = getenv("ZRTP_LINES_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 10) : RUNS;
}

static unsigned below(uint64_t *prng, unsigned limit)
{
	return (unsigned)(pair_random(prng) >> 33) % limit;
}

/* ---- one end of a call ---- */

/* How a phone stores what a call has made. */
enum habit {
	AS_RFC,      /* rs2 is the old rs1 */
	AS_OURS,     /* rs2 is what matched */
	AS_LINPHONE, /* as the RFC, but after a match by rs2 there is none */
	ONE_ONLY,    /* never has rs2 */
	HABITS
};

struct phone {
	enum habit habit;
	unsigned rs1, rs2; /* numbers of secrets, 0: none */
};

static void phone_store(struct phone *phone, const struct phone *began, unsigned made, unsigned matched)
{
	bool by_rs2 = matched && matched == began->rs2;

	if (began->rs1 && !matched) {
		return; /* an alarm: its user would have to compare the SAS */
	}
	switch (phone->habit) {
	case AS_RFC:
		phone->rs2 = began->rs1;
		break;
	case AS_OURS:
		phone->rs2 = matched;
		break;
	case AS_LINPHONE:
		phone->rs2 = by_rs2 ? 0 : began->rs1;
		break;
	case ONE_ONLY:
	case HABITS:
		phone->rs2 = 0;
		break;
	}
	phone->rs1 = made;
}

static unsigned number_of(bool has, const uint8_t *secret, unsigned last)
{
	uint8_t octets[ZRTP_SECRET_SIZE];

	for (unsigned i = last; has && i; i--) {
		stores_secret(octets, i);
		if (!memcmp(octets, secret, sizeof(octets))) {
			return i;
		}
	}
	return 0;
}

/* What the engine makes of a call (engine/secrets.c). */
static struct zrtp_retained engine_put(const struct zrtp_retained *got, unsigned made, unsigned matched,
				       unsigned rs2)
{
	struct zrtp_retained out = *got;
	bool other = matched && matched == rs2 && got->rs2_other;

	out.match = matched        ? (other || got->new_label ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN)
		    : got->has_rs1 ? ZRTP_MATCH_FAILED
				   : ZRTP_MATCH_NONE;
	out.line = matched ? (other ? got->other_line : got->line) : 0;
	out.generation = 1 + (matched ? (other ? got->other_generation : got->generation) : 0);
	out.has_rs2 = matched;
	stores_secret(out.rs2, matched);
	out.has_rs1 = true;
	stores_secret(out.rs1, made);
	out.verified = matched && (other ? got->other_verified : got->verified);
	out.rs2_other = out.line_unproved = out.new_label = false;
	out.expiry = UINT32_MAX;
	out.changed = ZRTP_CHANGED_SECRET;
	return out;
}

/* The initiator's rs1 against both of the responder's, then its rs2 (4.3). */
static unsigned match(const unsigned initiator[2], const unsigned responder[2])
{
	for (unsigned i = 0; i < 2; i++) {
		if (initiator[i] && (initiator[i] == responder[0] || initiator[i] == responder[1])) {
			return initiator[i];
		}
	}
	return 0;
}

static struct zrtp_retained get(struct test_store *t, const char *label, int64_t now)
{
	const struct zrtp_cache_key key = { own_zid, peer_zid, label };
	struct zrtp_retained out;
	enum zrtp_store_status status = zrtp_store_get(t->store, &key, now, &out, &t->error);

	assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	return out;
}

static void put(struct test_store *t, const char *label, int64_t now, const struct zrtp_retained *in)
{
	const struct zrtp_cache_key key = { own_zid, peer_zid, label };

	assert_int_equal(zrtp_store_put(t->store, &key, now, in, &t->error), ZRTP_STORE_OK);
}

static void forget(struct test_store *t)
{
	assert_int_equal(zrtp_store_remove(t->store, own_zid, peer_zid, &t->error), ZRTP_STORE_OK);
}

static void begin(struct test_store *t)
{
	stores_prepare(t, STORE_MEMORY);
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
}

/* ---- one call after the other ---- */

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
	unsigned spare = number_of(c->got.has_spare, c->got.spare, *c->made);

	return spare && (spare == theirs[0] || spare == theirs[1]);
}

static bool call(struct caller *c)
{
	unsigned ours[2], theirs[2] = { c->phone.rs1, c->phone.rs2 }, matched;
	struct phone began = c->phone;

	*c->clock += 60;
	c->got = get(c->t, c->label, *c->clock);
	ours[0] = number_of(c->got.has_rs1, c->got.rs1, *c->made);
	ours[1] = number_of(c->got.has_rs2, c->got.rs2, *c->made);
	c->initiator ^= 1;
	matched = c->initiator ? match(theirs, ours) : match(ours, theirs);
	++*c->made;
	c->put = engine_put(&c->got, *c->made, matched, ours[1]);
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
		put(c->t, c->label, *c->clock, &c->put);
	}
	return matched;
}

static void say(struct caller *c, bool verified)
{
	c->put.verified = verified;
	c->put.changed = ZRTP_CHANGED_VERIFIED;
	++*c->clock;
	put(c->t, c->label, *c->clock, &c->put);
}

struct scene {
	struct test_store t;
	unsigned made;
	int64_t clock;
};

static void scene_begin(struct scene *s)
{
	begin(&s->t);
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

/* Whoever can call and has seen the ZID: a phone that takes any secret. */
static void attack(struct caller *c, uint64_t *prng, bool owns_endpoint)
{
	for (unsigned i = 1 + below(prng, 6); i; i--) {
		if (below(prng, 3) == 0) {
			c->phone.rs1 = c->phone.rs2 = 0; /* or without a secret again */
		}
		c->takes_any = true;
		call(c);
		assert_false(c->put.match != ZRTP_MATCH_FAILED && c->put.verified && !owns_endpoint);
		if (below(prng, 4) == 0) {
			say(c, false);
		} else if (!owns_endpoint && below(prng, 2)) {
			say(c, true);
			c->phone.rs1 = c->phone.rs2 = 0;
		}
	}
}

static void nobody_pushes_out_what_was_proved(void **state)
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
	assert_true(get(&s.t, "100", s.clock).rs2_other);
	s.clock += 91 * 24 * 3600;
	call(&c);
	assert_false(get(&s.t, "100", s.clock).rs2_other);
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

/* An ID of the phone's that whoever listened repeats: the phone on the second line has
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
		stranger.got = get(&s.t, "100", s.clock);
		assert_true(stranger.got.has_spare);
		stranger.phone.rs1 = number_of(true, stranger.got.spare, s.made);
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
		in = get(&s.t, "100", s.clock);
		s.made++;
		in = engine_put(&in, s.made, number_of(true, gone.put.rs1, s.made), 0);
		in.line = gone.got.line ^ 4711; /* as one that is there no more */
		in.endpoint = gone.endpoint;
		other = caller_of(&s, HABITS, "100", 1);
		other.takes_any = true;
		call(&other);
		in.verified = run / 2;
		in.changed = ZRTP_CHANGED_VERIFIED;
		put(&s.t, "100", ++s.clock, &in);
		assert_untouched(&honest);
		in.changed |= ZRTP_CHANGED_SECRET;
		put(&s.t, "100", ++s.clock, &in);
		assert_untouched(&honest);
		stores_end(&s.t);
	}
}

/* Nor one that does not tell its line, of secrets that are there no more. */
static void an_update_that_tells_no_line_touches_none(void **state)
{
	(void)state;
	for (unsigned endpoint = 1; endpoint <= 2; endpoint++) {
		struct scene s;
		struct caller honest = caller_verified(&s);
		struct zrtp_retained in = stores_update(700, 600, ZRTP_MATCH_OWN);

		in.endpoint = endpoint;
		in.verified = true;
		put(&s.t, "100", ++s.clock, &in);
		assert_untouched(&honest);
		in.changed = ZRTP_CHANGED_VERIFIED;
		in.verified = false;
		stores_secret(in.rs1, 900);
		stores_secret(in.rs2, 800);
		put(&s.t, "100", ++s.clock, &in);
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
	in = get(&s.t, "100", s.clock);
	call(&honest);
	in = engine_put(&in, ++s.made, 0, 0);
	in.endpoint = stranger.endpoint;
	in.verified = true;
	in.changed |= ZRTP_CHANGED_VERIFIED;
	put(&s.t, "100", s.clock, &in);
	assert_true(call(&honest));
	assert_false(honest.put.verified);
	in.changed = ZRTP_CHANGED_VERIFIED;
	put(&s.t, "100", s.clock, &in);
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
			alarms += !call(&c[below(&prng, 2)]);
		}
		assert_int_equal(alarms, 0);
		stores_end(&s.t);
	}
}

/* ---- many at once ---- */

struct node {
	struct zrtp_retained table; /* what a node without its database goes on with */
	struct {
		struct zrtp_retained in;
		int64_t at;
	} queue[CALLS];
	unsigned queued, stored;
};

struct open_call {
	unsigned node, made, matched, our_rs2;
	struct zrtp_retained got;
	struct phone began;
	bool begun, phone_done, pbx_done;
};

struct storm {
	struct test_store *t;
	struct phone phone;
	struct node node[NODES];
	struct open_call call[CALLS];
	unsigned calls, made, alarms, nodes, at_once, burst;
	bool told[64]; /* secrets that the store was told of */
	bool lost;     /* the phone was ahead of what the node could know */
	bool matched;  /* the last call */
	bool down;     /* changes wait, and loads get what the node knows */
	int64_t clock;
	uint64_t prng;
};

static void deliver(struct storm *s, struct node *node)
{
	if (node->stored < node->queued) {
		put(s->t, "100", node->queue[node->stored].at, &node->queue[node->stored].in);
		s->told[number_of(true, node->queue[node->stored].in.rs1, s->made)] = true;
		node->stored++;
	}
}

static void begin_call(struct storm *s, struct open_call *c)
{
	struct node *node = &s->node[c->node];
	unsigned ours[2], theirs[2] = { s->phone.rs1, s->phone.rs2 };

	while (!s->down && node->stored < node->queued) {
		deliver(s, node);
	}
	if (!s->down || !node->table.has_rs1) {
		node->table = get(s->t, "100", s->clock);
	}
	c->got = node->table;
	c->began = s->phone;
	ours[0] = number_of(c->got.has_rs1, c->got.rs1, s->made);
	ours[1] = number_of(c->got.has_rs2, c->got.rs2, s->made);
	c->our_rs2 = ours[1];
	c->matched = below(&s->prng, 2) ? match(theirs, ours) : match(ours, theirs);
	c->made = ++s->made;
	c->begun = true;
	s->matched = c->matched;
	if (!c->matched && c->got.has_rs1) {
		/* Where there are two secrets of one moment the third has no room. */
		bool told = s->told[s->phone.rs1] || (s->told[s->phone.rs2] && s->at_once == 1);

		s->alarms += told && !s->lost;
		s->lost |= !told;
	}
}

static void end_at_pbx(struct storm *s, struct open_call *c)
{
	struct node *node = &s->node[c->node];
	struct zrtp_retained in = engine_put(&c->got, c->made, c->matched, c->our_rs2);
	unsigned spare = number_of(c->got.has_spare, c->got.spare, s->made);

	if (!c->matched && spare && (spare == c->began.rs1 || spare == c->began.rs2)) {
		in = c->got;
		in.match = ZRTP_MATCH_FAILED;
		in.changed = ZRTP_CHANGED_SEEN;
	}
	node->queue[node->queued].in = in;
	node->queue[node->queued++].at = s->clock;
	node->table = in;
	c->pbx_done = true;
}

static unsigned open_calls(const struct storm *s)
{
	unsigned count = 0;

	for (unsigned i = 0; i < s->calls; i++) {
		count += s->call[i].begun && !(s->call[i].phone_done && s->call[i].pbx_done);
	}
	return count;
}

/* One thing that may happen now; false: this one may not. */
static bool happen(struct storm *s)
{
	struct open_call *c = &s->call[below(&s->prng, s->calls)];

	switch (below(&s->prng, 4)) {
	case 0:
		if (!open_calls(s)) {
			s->burst = 0;
		}
		if (c->begun || s->burst == s->at_once) {
			return false;
		}
		s->clock += s->burst ? 0 : 15; /* an exchange takes less */
		s->burst++;
		begin_call(s, c);
		return true;
	case 1:
		if (!c->begun || c->phone_done) {
			return false;
		}
		phone_store(&s->phone, &c->began, c->made, c->matched);
		return c->phone_done = true;
	case 2:
		if (!c->begun || c->pbx_done) {
			return false;
		}
		end_at_pbx(s, c);
		return true;
	default:
		deliver(s, &s->node[below(&s->prng, s->nodes)]);
		return true;
	}
}

static bool is_over(const struct storm *s)
{
	for (unsigned i = 0; i < s->calls; i++) {
		if (!s->call[i].phone_done || !s->call[i].pbx_done) {
			return false;
		}
	}
	return true;
}

static void storm_run(struct storm *s)
{
	memset(s->call, 0, sizeof(s->call));
	memset(s->node, 0, sizeof(s->node));
	for (unsigned i = 0; i < s->calls; i++) {
		s->call[i].node = below(&s->prng, s->nodes);
	}
	while (!is_over(s)) {
		if (happen(s)) {
			s->clock += below(&s->prng, 6) == 0;
		}
	}
	/* What waited comes in any order. */
	for (unsigned left = 0; left < 100; left++) {
		deliver(s, &s->node[below(&s->prng, s->nodes)]);
	}
	for (unsigned i = 0; i < s->nodes; i++) {
		while (s->node[i].stored < s->node[i].queued) {
			deliver(s, &s->node[i]);
		}
	}
}

/* Two exchanges of one phone at once, changes that wait on three nodes. */
static void calls_of_a_phone_at_once_make_no_alarm(void **state)
{
	static struct storm s;
	struct test_store t;

	(void)state;
	begin(&t);
	for (unsigned run = 0; run < runs(); run++) {
		memset(&s, 0, sizeof(s));
		s = (struct storm){
			.t = &t, .clock = 1000000, .prng = 271828 + run, .nodes = 1 + run % NODES
		};
		s.phone.habit = (enum habit)(run / NODES % HABITS);
		s.at_once = 1 + run / (NODES * HABITS) % 2;
		s.calls = 1; /* they have met before */
		storm_run(&s);
		s.alarms = 0;
		s.calls = 2 + below(&s.prng, CALLS - 1);
		storm_run(&s);
		s.calls = 1;
		storm_run(&s);
		for (unsigned i = 0; i < 2 && !s.matched; i++) {
			storm_run(&s);
		}
		if (s.alarms || !s.matched) {
			fail_msg("run %u: %u alarms, phone %u, %u nodes, %u at once", run, s.alarms,
				 (unsigned)s.phone.habit, s.nodes, s.at_once);
		}
		forget(&t);
	}
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_pushes_out_what_was_proved),
		cmocka_unit_test(an_attack_and_a_lost_message_make_one_alarm_at_most),
		cmocka_unit_test(a_phone_that_lost_its_secrets_is_known_again),
		cmocka_unit_test(a_stranger_and_a_lost_message_are_no_alarm_to_a_phone_that_files_by_zid),
		cmocka_unit_test(a_phone_that_files_by_zid_and_lost_its_secrets_is_known_again),
		cmocka_unit_test(two_calls_of_a_stranger_under_other_labels_are_no_alarm),
		cmocka_unit_test(a_line_that_is_silent_for_months_makes_room),
		cmocka_unit_test(a_silent_line_makes_no_room_for_another_endpoint),
		cmocka_unit_test(an_id_that_was_listened_to_moves_nothing),
		cmocka_unit_test(an_update_of_a_line_that_is_gone_touches_no_other),
		cmocka_unit_test(an_update_that_tells_no_line_touches_none),
		cmocka_unit_test(a_first_call_of_another_endpoint_is_no_part_of_the_line),
		cmocka_unit_test(two_labels_made_one_are_no_alarm_for_ever),
		cmocka_unit_test(calls_of_a_phone_at_once_make_no_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
