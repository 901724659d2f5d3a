/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of a cluster that lose their database, find it again and die, and a phone that calls at any of them,
 * one call after the other. Each node has its table of what is known and changes that wait, as asterisk/ has,
 * and with files of its own both outlive it, but for what was in flight when it was killed; the exchange is a
 * model. The rule of docs/cache.md: there is an alarm only where nothing the phone keeps is anywhere that the
 * node can look.
 *
 * ZRTP_LINES_RUNS: how many random orders are tried.
 */
#include "habits.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODES = 3, CALLS = 24, RUNS = 3000, CHAIN = 2 * CALLS };

struct node {
	struct zrtp_retained known, former; /* now, and before its last call */
	struct {
		struct zrtp_retained in;
		int64_t at;
		unsigned made, matched;
	} queue[CHAIN];
	unsigned queued;
	bool has, had, away;
	bool in_flight; /* its last call changed what no file has yet */
};

struct cluster {
	struct test_store *t;
	struct phone phone;
	struct node node[NODES];
	bool stored[2 * CHAIN]; /* by the number of the secret */
	bool proved[2 * CHAIN]; /* it matched in a call that is stored */
	bool files;             /* what waits and what is known outlive their node */
	bool hurried;           /* but perhaps not what its last call has changed */
	unsigned nodes;         /* that the phone calls */
	bool kept;              /* the store has the phone */
	unsigned made, alarms, windows;
	int64_t clock, pause;
	uint64_t prng;
};

static unsigned runs(void)
{
	const char *text = getenv("ZRTP_LINES_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 10) : RUNS;
}

static void store_all(struct cluster *c, struct node *node)
{
	for (unsigned i = 0; i < node->queued; i++) {
		habits_put(c->t, "100", node->queue[i].at, &node->queue[i].in);
		c->stored[node->queue[i].made] = c->kept = true;
		c->proved[node->queue[i].matched] = true;
	}
	node->queued = 0;
	node->in_flight = false;
}

/* What the node offers. false: nothing, as it is not known who the phone is. */
static bool look_up(struct cluster *c, struct node *node, struct zrtp_retained *out)
{
	if (!node->away) {
		store_all(c, node);
		node->known = habits_get(c->t, "100", c->clock);
		node->has = node->known.has_rs1;
	}
	*out = node->has ? node->known : (struct zrtp_retained){ .has_rs1 = false };
	return node->has || !node->away;
}

static bool is_known(const struct cluster *c, const struct node *node, unsigned number)
{
	return node->has && (habits_number(node->known.has_rs1, node->known.rs1, c->made) == number ||
			     habits_number(node->known.has_rs2, node->known.rs2, c->made) == number);
}

/* Two later ones have no room beside it, where no call that is stored says which of them the phone has. */
static bool is_crowded_out(const struct cluster *c, unsigned number)
{
	unsigned later = 0;

	for (unsigned i = number + 1; i <= c->made; i++) {
		later += c->stored[i] && !c->proved[i];
	}
	return later > 1;
}

/* Is this secret where the node looks? What waits there is stored before, if the database is there. */
static bool is_in_reach(const struct cluster *c, const struct node *node, unsigned number)
{
	if (!number) {
		return false;
	}
	if (node->away) {
		return is_known(c, node, number);
	}
	for (unsigned i = 0; i < node->queued; i++) {
		if (node->queue[i].made == number) {
			return true;
		}
	}
	return c->stored[number] && !is_crowded_out(c, number);
}

static void update(struct cluster *c, struct node *node, const struct zrtp_retained *got, bool asked,
		   unsigned matched, unsigned our_rs2)
{
	struct zrtp_retained in = habits_update(got, c->made, matched, our_rs2);

	in.unavailable = !asked;
	node->former = node->known;
	node->had = node->has;
	node->in_flight = true;
	node->queue[node->queued].in = in;
	node->queue[node->queued].made = c->made;
	node->queue[node->queued].matched = matched;
	node->queue[node->queued++].at = c->clock;
	node->known = in;
	node->known.changed = 0;
	node->has = true;
}

/* false: an alarm */
static bool call(struct cluster *c, struct node *node)
{
	const struct phone began = c->phone;
	bool allowed = began.rs1 && !is_in_reach(c, node, began.rs1) && !is_in_reach(c, node, began.rs2);
	unsigned ours[2], theirs[2] = { began.rs1, began.rs2 }, matched;
	struct zrtp_retained got;
	bool asked = look_up(c, node, &got);

	ours[0] = habits_number(got.has_rs1, got.rs1, c->made);
	ours[1] = habits_number(got.has_rs2, got.rs2, c->made);
	matched = habits_below(&c->prng, 2) ? habits_match(theirs, ours) : habits_match(ours, theirs);
	c->made++;
	if (began.rs1 && !matched) {
		c->alarms += !allowed;
		c->windows += allowed;
		return false;
	}
	phone_store(&c->phone, &began, c->made, matched);
	update(c, node, &got, asked, matched, ours[1]);
	return true;
}

static void die(struct cluster *c, struct node *node)
{
	if (!c->files) {
		node->has = false;
		node->queued = 0;
	} else if (c->hurried && node->in_flight) {
		node->known = node->former;
		node->has = node->had;
		node->queued--;
	}
	node->in_flight = false;
}

/* Something happens to a node, then there is a call. \return false: an alarm */
static bool step(struct cluster *c)
{
	struct node *node = &c->node[habits_below(&c->prng, c->nodes)];

	switch (habits_below(&c->prng, 24)) {
	case 0:
		node->away = true;
		break;
	case 1:
		die(c, node);
		break;
	case 2:
	case 3:
	case 4:
		node->away = false;
		break;
	default:
		break;
	}
	c->clock += habits_below(&c->prng, 4) ? c->pause : 15;
	for (unsigned i = 0; i < c->nodes; i++) {
		if (!c->node[i].away && habits_below(&c->prng, 4)) {
			store_all(c, &c->node[i]);
		}
	}
	return call(c, &c->node[habits_below(&c->prng, c->nodes)]);
}

static void run_cluster(struct cluster *c)
{
	for (unsigned i = 0; i < CALLS; i++) {
		if (!step(c)) {
			return;
		}
	}
	/* The database is back for all, in any order. */
	for (unsigned i = 0, first = habits_below(&c->prng, c->nodes); i < c->nodes; i++) {
		c->node[(first + i) % c->nodes].away = false;
		store_all(c, &c->node[(first + i) % c->nodes]);
	}
	for (unsigned i = 0; i < c->nodes && call(c, &c->node[i]); i++) {
	}
}

static struct cluster prepare(struct test_store *t, unsigned run)
{
	struct cluster c = {
		.t = t, .clock = 1000000, .prng = 31415 + run, .nodes = NODES, .pause = run & 2 ? 11 : 1
	};

	c.phone.habit = (enum habit)(run / 2 % HABITS);
	return c;
}

static void no_alarm_while_a_node_can_look_where_a_secret_of_the_phone_is(void **state)
{
	struct test_store t;
	unsigned windows = 0;

	(void)state;
	habits_begin(&t);
	for (unsigned run = 0; run < runs(); run++) {
		struct cluster c = prepare(&t, run);

		c.files = run % 2;
		c.hurried = run & 4;
		run_cluster(&c);
		if (c.kept) {
			habits_forget(&t);
		}
		if (c.alarms) {
			fail_msg("run %u: an alarm, phone %u, %s files", run, (unsigned)c.phone.habit,
				 c.files ? "with" : "without");
		}
		windows += c.windows;
	}
	printf("%u alarms where nothing was in reach\n", windows);
	assert_in_range(windows, 1, runs() - 1);
	stores_end(&t);
}

/* However often it is killed, and its database away from its start on. */
static void no_alarm_at_a_phone_that_stays_at_its_node(void **state)
{
	struct test_store t;
	unsigned without = 0;

	(void)state;
	habits_begin(&t);
	for (unsigned run = 0; run < runs(); run++) {
		struct cluster c = prepare(&t, run);

		c.nodes = 1;
		c.files = run % 4;
		run_cluster(&c);
		if (c.kept) {
			habits_forget(&t);
		}
		if (c.files && c.alarms + c.windows) {
			fail_msg("run %u: an alarm, phone %u", run, (unsigned)c.phone.habit);
		}
		without += c.windows;
	}
	printf("%u alarms at nodes without files\n", without);
	assert_in_range(without, 1, runs() / 4);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_alarm_while_a_node_can_look_where_a_secret_of_the_phone_is),
		cmocka_unit_test(no_alarm_at_a_phone_that_stays_at_its_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
