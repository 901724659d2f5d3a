/* SPDX-License-Identifier: BSD-2-Clause */
#include "trunks.h"

enum { NUMBERS = 3, ROUND = 12, LOST = 40 /* seconds */ };

const uint8_t trunks_zid[2][ZRTP_ZID_SIZE] = { "the first  ", "the second " };

unsigned trunks_below(struct trunk *t, unsigned limit)
{
	return (unsigned)(pair_random(&t->prng) >> 33) % limit;
}

struct zrtp_cache_key trunks_key_at(const struct call *c, unsigned end)
{
	return (struct zrtp_cache_key){ .own_zid = trunks_zid[end],
					.peer_zid = trunks_zid[!end],
					.label = c->label[end] };
}

/* The one that calls has its own number in From, the other one what was dialled in To. */
static void name_call(struct trunk *t, struct call *c)
{
	static const char *const dialled[NUMBERS] = { "sip:201@pbx", "sip:202@pbx", "sip:203@pbx" };
	unsigned caller = trunks_below(t, 2);

	c->label[0] = c->label[1] = "";
	c->endpoint[caller] = t->ways ? 1 : 0;
	c->endpoint[!caller] = t->ways ? 2 : 0;
	if (t->numbers) {
		c->label[caller] = "sip:trunk@pbx";
		c->label[!caller] =
			trunks_below(t, 20) ? dialled[trunks_below(t, NUMBERS)] : ZRTP_STORE_LABEL_UNKNOWN;
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

/* Is a call without a match one of the first ones, of which that says nothing? As the engine has it. */
static bool is_first(const struct call *c, unsigned end)
{
	const struct zrtp_retained *got = &c->got[end];

	return got->first_calls && (!got->made_by || got->made_by == c->endpoint[end]);
}

void trunks_ask(struct trunk *t, struct call *c, unsigned end)
{
	enum zrtp_store_status status;
	struct zrtp_cache_key key;

	if (!c->asked[!end]) {
		name_call(t, c);
	}
	key = trunks_key_at(c, end);
	status = zrtp_store_get(t->end[end].store, &key, t->clock, &c->got[end], &t->end[end].error);
	assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	c->asked[end] = true;
	if (!c->asked[!end]) {
		return;
	}
	match(c, trunks_below(t, 2));
	stores_secret(c->made, ++t->made * 2654435761U);
	for (unsigned i = 0; i < 2; i++) {
		t->alarms += !c->has_match && c->got[i].has_rs1 && !is_first(c, i);
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

void trunks_end_call(struct trunk *t, struct call *c, unsigned end)
{
	const struct zrtp_cache_key key = trunks_key_at(c, end);
	struct zrtp_retained in = c->got[end];
	bool other = c->has_match && in.rs2_other && !memcmp(in.rs2, c->matched, sizeof(in.rs2));

	c->done[end] = true;
	if (c->lost[end]) {
		t->lost_until[end] = t->clock + LOST;
		return;
	}
	in.match = c->has_match                      ? (other ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN)
		   : in.has_rs1 && !is_first(c, end) ? ZRTP_MATCH_FAILED
						     : ZRTP_MATCH_NONE;
	in.endpoint = c->endpoint[end];
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

void trunks_round(struct trunk *t)
{
	unsigned left = 4 * t->calls;

	memset(t->call, 0, sizeof(t->call));
	t->clock += 60;
	while (left) {
		struct call *c = &t->call[trunks_below(t, t->calls)];
		unsigned end = trunks_below(t, 2);

		if (!c->asked[end]) {
			trunks_ask(t, c, end);
		} else if (c->asked[!end] && !c->done[end] && trunks_below(t, 3) == 0) {
			trunks_end_call(t, c, end);
		} else {
			continue;
		}
		left--;
		t->clock += trunks_below(t, 4 * t->calls) < ROUND;
	}
}

void trunks_open(struct trunk *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->prng = seed;
	t->clock = 1000000;
	for (unsigned end = 0; end < 2; end++) {
		stores_prepare(&t->end[end], STORE_MEMORY);
		assert_int_equal(stores_open(&t->end[end]), ZRTP_STORE_OK);
	}
}

void trunks_close(struct trunk *t)
{
	stores_end(&t->end[0]);
	stores_end(&t->end[1]);
}
