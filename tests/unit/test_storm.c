/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of one phone at once, on up to three nodes whose changes wait (docs/cache.md): every
 * order of three calls, and random orders of up to six. The exchange is a model.
 *
 * ZRTP_LINES_RUNS: how many random orders are tried. ZRTP_STORM_ALL: every initiator of three calls.
 */
#include "habits.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODES = 3, CALLS = 6, RUNS = 1500, PLAN = 64, MOVES = NODES * 2 + CALLS * 2 };

static unsigned runs(void)
{
	const char *text = getenv("ZRTP_LINES_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 10) : RUNS;
}

struct node {
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
	bool phone_done, pbx_done;
};

/* Which move comes next: at random, or one plan after the other until all were tried. */
struct plan {
	unsigned step[PLAN], width[PLAN], len, at;
};

struct storm {
	struct test_store *t;
	struct phone phone;
	struct node node[NODES];
	struct open_call call[CALLS];
	unsigned calls, begun, made, alarms, nodes, used, at_once, burst;
	bool told[64]; /* secrets that the store was told of */
	bool lost;     /* the phone was ahead of what the node could know */
	bool matched;  /* the last call */
	int64_t clock;
	uint64_t prng;
	unsigned initiators; /* with a plan: a bit a call */
	struct plan *plan;   /* NULL: at random */
};

enum kind { BEGIN, PHONE, PBX, DELIVER };

struct move {
	enum kind kind;
	unsigned which; /* a node or a call */
};

static unsigned choose(struct storm *s, unsigned limit)
{
	struct plan *plan = s->plan;

	if (!plan) {
		return habits_below(&s->prng, limit);
	}
	if (plan->at == plan->len) {
		assert_in_range(plan->len, 0, PLAN - 1);
		plan->width[plan->len] = limit;
		plan->step[plan->len++] = 0;
	}
	assert_int_equal(plan->width[plan->at], limit);
	return plan->step[plan->at++];
}

/* false: there is no other. */
static bool plan_next(struct plan *plan)
{
	plan->at = 0;
	while (plan->len) {
		if (++plan->step[plan->len - 1] < plan->width[plan->len - 1]) {
			return true;
		}
		plan->len--;
	}
	return false;
}

static void deliver(struct storm *s, struct node *node)
{
	habits_put(s->t, "100", node->queue[node->stored].at, &node->queue[node->stored].in);
	s->told[habits_number(true, node->queue[node->stored].in.rs1, s->made)] = true;
	node->stored++;
}

static bool phone_initiates(struct storm *s)
{
	return s->plan ? s->initiators >> s->begun & 1 : habits_below(&s->prng, 2);
}

static void begin_call(struct storm *s, unsigned on)
{
	struct open_call *c = &s->call[s->begun];
	struct node *node = &s->node[on];
	unsigned ours[2], theirs[2] = { s->phone.rs1, s->phone.rs2 };

	while (node->stored < node->queued) {
		deliver(s, node);
	}
	s->clock += s->burst ? 0 : 15; /* an exchange takes less */
	s->burst++;
	s->used = on == s->used ? on + 1 : s->used;
	c->node = on;
	c->got = habits_get(s->t, "100", s->clock);
	c->began = s->phone;
	ours[0] = habits_number(c->got.has_rs1, c->got.rs1, s->made);
	ours[1] = habits_number(c->got.has_rs2, c->got.rs2, s->made);
	c->our_rs2 = ours[1];
	c->matched = phone_initiates(s) ? habits_match(theirs, ours) : habits_match(ours, theirs);
	c->made = ++s->made;
	s->begun++;
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
	struct zrtp_retained in = habits_update(&c->got, c->made, c->matched, c->our_rs2);
	unsigned spare = habits_number(c->got.has_spare, c->got.spare, s->made);

	if (!c->matched && spare && (spare == c->began.rs1 || spare == c->began.rs2)) {
		in = c->got;
		in.match = ZRTP_MATCH_FAILED;
		in.changed = ZRTP_CHANGED_SEEN;
	}
	node->queue[node->queued].in = in;
	node->queue[node->queued++].at = s->clock;
	c->pbx_done = true;
}

static unsigned open_calls(const struct storm *s)
{
	unsigned count = 0;

	for (unsigned i = 0; i < s->begun; i++) {
		count += !(s->call[i].phone_done && s->call[i].pbx_done);
	}
	return count;
}

/* A node that had no call yet is like every other such. */
static unsigned nodes_to_begin_on(struct storm *s)
{
	if (!open_calls(s)) {
		s->burst = 0;
	}
	if (s->begun == s->calls || s->burst == s->at_once) {
		return 0;
	}
	return s->used < s->nodes ? s->used + 1 : s->nodes;
}

static unsigned moves_now(struct storm *s, struct move out[MOVES])
{
	unsigned count = 0, nodes = nodes_to_begin_on(s);

	for (unsigned i = 0; i < nodes; i++) {
		out[count++] = (struct move){ BEGIN, i };
	}
	for (unsigned i = 0; i < s->begun; i++) {
		if (!s->call[i].phone_done) {
			out[count++] = (struct move){ PHONE, i };
		}
		if (!s->call[i].pbx_done) {
			out[count++] = (struct move){ PBX, i };
		}
	}
	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->node[i].stored < s->node[i].queued) {
			out[count++] = (struct move){ DELIVER, i };
		}
	}
	return count;
}

static void make_move(struct storm *s, const struct move *move)
{
	struct open_call *c = &s->call[move->which];

	switch (move->kind) {
	case BEGIN:
		begin_call(s, move->which);
		return;
	case PHONE:
		phone_store(&s->phone, &c->began, c->made, c->matched);
		c->phone_done = true;
		return;
	case PBX:
		end_at_pbx(s, c);
		return;
	case DELIVER:
		deliver(s, &s->node[move->which]);
		return;
	}
}

static void storm_run(struct storm *s, unsigned calls)
{
	struct move move[MOVES];
	unsigned count;

	memset(s->call, 0, sizeof(s->call));
	memset(s->node, 0, sizeof(s->node));
	s->calls = calls;
	s->begun = s->used = s->burst = 0;
	while ((count = moves_now(s, move)) > 0) {
		make_move(s, &move[count > 1 ? choose(s, count) : 0]);
		s->clock += !s->plan && habits_below(&s->prng, 6) == 0;
	}
}

static struct storm storm_begin(struct test_store *t, enum habit habit, uint64_t prng)
{
	return (struct storm){
		.t = t, .clock = 1000000, .prng = prng, .nodes = 1, .at_once = 1, .phone.habit = habit
	};
}

/* They have met before; after the storm there are quiet calls. What went wrong, or NULL. */
static const char *storm_with(struct storm *s, unsigned nodes, unsigned at_once, unsigned calls)
{
	struct plan *plan = s->plan;

	s->plan = NULL;
	storm_run(s, 1);
	s->plan = plan;
	s->alarms = 0;
	s->nodes = nodes;
	s->at_once = at_once;
	storm_run(s, calls);
	s->plan = NULL;
	for (unsigned i = 0; i < 3 && !(i && s->matched); i++) {
		storm_run(s, 1);
	}
	habits_forget(s->t);
	return s->alarms ? "an alarm" : s->matched ? NULL : "no match afterwards";
}

static void calls_at_once_in_random_orders_make_no_alarm(void **state)
{
	struct test_store t;

	(void)state;
	habits_begin(&t);
	for (unsigned run = 0; run < runs(); run++) {
		struct storm s = storm_begin(&t, (enum habit)(run / NODES % HABITS), 271828 + run);
		unsigned at_once = 1 + run / (NODES * HABITS) % 2, nodes = 1 + run % NODES;
		const char *wrong = storm_with(&s, nodes, at_once, 2 + habits_below(&s.prng, CALLS - 1));

		if (wrong) {
			fail_msg("run %u: %s, phone %u, %u nodes, %u at once", run, wrong,
				 (unsigned)s.phone.habit, nodes, at_once);
		}
	}
	stores_end(&t);
}

/* Every order of that many calls, each begun by whom the bits say. \return how many there are */
static unsigned every_order(struct test_store *t, enum habit habit, unsigned at_once, unsigned calls,
			    unsigned initiators)
{
	struct plan plan = { .len = 0 };
	unsigned count = 0;

	do {
		struct storm s = storm_begin(t, habit, 271828);
		const char *wrong;

		s.plan = &plan;
		s.initiators = initiators;
		wrong = storm_with(&s, NODES, at_once, calls);
		if (wrong) {
			fail_msg("order %u of %u calls: %s, phone %u, %u at once, initiators %u", count,
				 calls, wrong, (unsigned)habit, at_once, initiators);
		}
		count++;
	} while (plan_next(&plan));
	return count;
}

static void no_order_of_two_calls_makes_an_alarm(void **state)
{
	struct test_store t;

	(void)state;
	habits_begin(&t);
	for (unsigned i = 0; i < HABITS * 4; i++) {
		enum habit habit = (enum habit)(i / 4);

		assert_in_range(every_order(&t, habit, 1, 2, i % 4), 10, UINT32_MAX);
		assert_in_range(every_order(&t, habit, 2, 2, i % 4), 100, UINT32_MAX);
	}
	stores_end(&t);
}

static void no_order_of_three_calls_makes_an_alarm(void **state)
{
	/* Who begins which call: of the eight ways one a habit, unless all are asked for. */
	static const unsigned some[HABITS] = { 5, 2, 6, 1 };
	bool all = getenv("ZRTP_STORM_ALL");
	struct test_store t;
	unsigned orders = 0;

	(void)state;
	habits_begin(&t);
	for (unsigned i = 0; i < HABITS * 8; i++) {
		enum habit habit = (enum habit)(i / 8);

		if (all || some[habit] == i % 8) {
			assert_in_range(every_order(&t, habit, 1, 3, i % 8), 1000, UINT32_MAX);
			orders += every_order(&t, habit, 2, 3, i % 8);
		}
	}
	printf("%u orders of two calls at once\n", orders);
	assert_in_range(orders, 100000, UINT32_MAX);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_order_of_two_calls_makes_an_alarm),
		cmocka_unit_test(no_order_of_three_calls_makes_an_alarm),
		cmocka_unit_test(calls_at_once_in_random_orders_make_no_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
