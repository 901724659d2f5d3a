/* SPDX-License-Identifier: BSD-2-Clause */
/* A store copied to another one. */
#include "stores.h"

#include <stdlib.h>

enum { PEERS = 150 }; /* more than two pages */

static void open_store(struct test_store *t, enum store_kind kind, bool sealed)
{
	stores_prepare(t, kind);
	memset(t->key.octets, kind + 1, sizeof(t->key.octets));
	t->config.key = sealed ? &t->key : NULL;
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
}

static struct zrtp_store_sum sum_of(struct test_store *t)
{
	struct zrtp_store_sum sum;

	if (zrtp_store_sum(t->store, &sum, &t->error)) {
		fail_msg("sum: %s", t->error.text);
	}
	return sum;
}

static void assert_sums_equal(const struct zrtp_store_sum *a, const struct zrtp_store_sum *b)
{
	assert_int_equal(a->peers, b->peers);
	assert_int_equal(a->pairs, b->pairs);
	assert_int_equal(a->has_own_zid, b->has_own_zid);
	assert_memory_equal(a->own_zid, b->own_zid, sizeof(a->own_zid));
	assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
}

/* Of everything that a store can have. */
static void fill(struct test_store *t, unsigned first, unsigned peers)
{
	static const uint8_t aux[] = "common";
	struct zrtp_retained in;
	uint8_t zid[ZRTP_ZID_SIZE];

	assert_int_equal(zrtp_store_set_own_zid(t->store, stores_own, &t->error), ZRTP_STORE_OK);
	for (unsigned i = first; i < first + peers; i++) {
		in = stores_update(i, 0, ZRTP_MATCH_NONE);
		in.verified = i % 2;
		in.expiry = i % 3 ? UINT32_MAX : 10000;
		stores_put(t, i, "sip:100@pbx", 1000, &in);
		in = stores_update(i + 1, i, ZRTP_MATCH_OWN);
		in.changed |= ZRTP_CHANGED_PBX;
		in.has_pbx = i % 5 == 0;
		stores_secret(in.pbxsecret, i + 3);
		stores_put(t, i, "sip:100@pbx", 1001, &in);
		in = stores_update(i + 2, 0, ZRTP_MATCH_FAILED);
		stores_put(t, i, "sip:200@pbx", 1002, &in);
	}
	stores_zid(zid, first);
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoë ", &t->error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_set_endpoints(t->store, stores_own, zid, "alice,bob", &t->error),
			 ZRTP_STORE_OK);
	stores_zid(zid, first + peers);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, aux, sizeof(aux), 1000, &t->error),
			 ZRTP_STORE_OK);
}

static enum zrtp_store_status copy(struct test_store *from, struct test_store *to,
				   enum zrtp_store_copying how, struct zrtp_store_sum *sum)
{
	return zrtp_store_copy(from->store, to->store, how, sum, &to->error);
}

static void each_kind_copies_to_each_kind(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STORE_KINDS * STORE_KINDS * 4; i++) {
		struct test_store from, to;
		struct zrtp_store_sum before, copied, after;
		struct zrtp_retained had, has;

		open_store(&from, i % STORE_KINDS, i & 1);
		open_store(&to, i / STORE_KINDS % STORE_KINDS, i / (STORE_KINDS * STORE_KINDS) & 1);
		fill(&from, 1, PEERS);
		before = sum_of(&from);
		assert_int_equal(before.peers, PEERS + 1);
		assert_int_equal(before.pairs, 2 * PEERS);
		if (copy(&from, &to, ZRTP_COPY_ADD, &copied)) {
			fail_msg("%u: %s", i, to.error.text);
		}
		assert_sums_equal(&before, &copied);
		stores_reopen(&to);
		after = sum_of(&to);
		assert_sums_equal(&before, &after);
		after = sum_of(&from);
		assert_sums_equal(&before, &after);
		had = stores_get(&from, 7, "sip:100@pbx", 2000);
		has = stores_get(&to, 7, "sip:100@pbx", 2000);
		assert_memory_equal(&had, &has, sizeof(had));
		assert_string_equal(stores_find(&to, 1).name, "Zoë ");
		/* And it goes on from there. */
		stores_put_secret(&to, 7, "sip:100@pbx", 3000, 5000, 8, ZRTP_MATCH_OWN);
		stores_end(&from);
		stores_end(&to);
	}
}

/* Whatever a store has, its digest shows that it is another one. */
static void the_digest_is_of_everything(void **state)
{
	static const uint8_t other[] = "another";
	struct zrtp_store_sum sums[8];
	uint8_t zid[ZRTP_ZID_SIZE];
	struct test_store t;
	unsigned n = 0;

	(void)state;
	open_store(&t, STORE_SQLITE, false);
	fill(&t, 1, 4);
	stores_zid(zid, 1);
	sums[n++] = sum_of(&t);
	stores_sql(t.path, "UPDATE peer SET name = 'Eve' WHERE name <> ''", NULL);
	sums[n++] = sum_of(&t);
	stores_sql(t.path, "UPDATE peer SET endpoints = 'eve' WHERE endpoints <> ''", NULL);
	sums[n++] = sum_of(&t);
	stores_sql(t.path, "UPDATE pair SET last_use = last_use + 1", NULL);
	sums[n++] = sum_of(&t);
	stores_sql(t.path, "UPDATE meta SET value = zeroblob(12) WHERE property = 'zid'", NULL);
	sums[n++] = sum_of(&t);
	assert_int_equal(zrtp_store_set_aux(t.store, stores_own, zid, other, sizeof(other), 1, &t.error),
			 ZRTP_STORE_OK);
	sums[n++] = sum_of(&t);
	stores_put_secret(&t, 2, "sip:200@pbx", 5000, 77, 4, ZRTP_MATCH_OWN);
	sums[n++] = sum_of(&t);
	assert_int_equal(zrtp_store_unenroll(t.store, stores_own, zid, &t.error), ZRTP_STORE_OK);
	sums[n++] = sum_of(&t);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < i; j++) {
			assert_memory_not_equal(sums[i].digest, sums[j].digest, sizeof(sums[i].digest));
		}
	}
	stores_end(&t);
}

static void what_is_there_is_not_overwritten_unasked(void **state)
{
	static const uint8_t other[ZRTP_ZID_SIZE] = "another ZID";

	(void)state;
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		struct test_store from, to, strange;
		struct zrtp_store_sum before, after, sum;

		open_store(&from, STORE_MEMORY, false);
		open_store(&to, kind, true);
		open_store(&strange, kind, false);
		/* Nothing of its own to copy: no phone would know what comes of it. */
		assert_int_equal(copy(&from, &to, ZRTP_COPY_ADD, &sum), ZRTP_STORE_UNKNOWN);
		assert_int_equal(zrtp_store_copy(to.store, to.store, ZRTP_COPY_REPLACE, &sum, &to.error),
				 ZRTP_STORE_INVALID);
		fill(&from, 1, PEERS);
		fill(&to, 3, 70);
		before = sum_of(&to);
		assert_int_equal(copy(&from, &to, ZRTP_COPY_ADD, &sum), ZRTP_STORE_INVALID);
		assert_non_null(strstr(to.error.text, "has peers already"));
		after = sum_of(&to);
		assert_sums_equal(&before, &after);
		assert_int_equal(zrtp_store_set_own_zid(strange.store, other, &to.error), ZRTP_STORE_OK);
		before = sum_of(&strange);
		for (unsigned how = ZRTP_COPY_ADD; how <= ZRTP_COPY_MERGE; how++) {
			assert_int_equal(copy(&from, &strange, how, &sum), ZRTP_STORE_INVALID);
			assert_non_null(strstr(strange.error.text, "616e6f74686572205a494400"));
			after = sum_of(&strange);
			assert_sums_equal(&before, &after);
		}
		before = sum_of(&from);
		assert_int_equal(copy(&from, &strange, ZRTP_COPY_REPLACE, &sum), ZRTP_STORE_OK);
		assert_sums_equal(&before, &sum);
		assert_int_equal(copy(&from, &to, ZRTP_COPY_REPLACE, &sum), ZRTP_STORE_OK);
		stores_reopen(&to);
		after = sum_of(&to);
		assert_sums_equal(&before, &after);
		stores_end(&from);
		stores_end(&to);
		stores_end(&strange);
	}
}

/* Of a phone that called both, each call's secret stays, as when one node stores late. */
static void a_merge_keeps_what_both_have(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		struct test_store one, two;
		struct zrtp_store_sum sum, again;
		struct zrtp_retained r;
		uint8_t zid[ZRTP_ZID_SIZE];

		open_store(&one, STORE_SQLITE, true);
		open_store(&two, kind, false);
		fill(&one, 1, 2);
		assert_int_equal(copy(&one, &two, ZRTP_COPY_ADD, &sum), ZRTP_STORE_OK);
		/* Both go on: (1) at the first, (2) at the second, (9) and (8) are new. */
		stores_put_secret(&one, 1, "sip:100@pbx", 2000, 101, 2, ZRTP_MATCH_OWN);
		stores_put_secret(&two, 2, "sip:100@pbx", 2000, 102, 3, ZRTP_MATCH_OWN);
		stores_put_secret(&one, 9, "sip:100@pbx", 2000, 109, 0, ZRTP_MATCH_NONE);
		stores_put_secret(&two, 8, "sip:100@pbx", 2000, 108, 0, ZRTP_MATCH_NONE);
		stores_zid(zid, 2);
		assert_int_equal(zrtp_store_set_name(two.store, stores_own, zid, "Bob", &two.error),
				 ZRTP_STORE_OK);
		assert_int_equal(copy(&one, &two, ZRTP_COPY_MERGE, &sum), ZRTP_STORE_OK);
		assert_int_equal(sum.peers, 5);
		for (unsigned i = 0; i < 4; i++) {
			static const unsigned peers[] = { 1, 2, 9, 8 };

			r = stores_get(&two, peers[i], "sip:100@pbx", 3000);
			assert_true(r.has_rs1 && stores_is_secret(r.rs1, 100 + peers[i]));
		}
		assert_string_equal(stores_find(&two, 2).name, "Bob");
		/* It may be repeated. */
		r = stores_get(&two, 1, "sip:100@pbx", 3000);
		assert_int_equal(copy(&one, &two, ZRTP_COPY_MERGE, &again), ZRTP_STORE_OK);
		assert_int_equal(again.peers, sum.peers);
		assert_int_equal(again.pairs, sum.pairs);
		assert_true(stores_is_secret(stores_get(&two, 1, "sip:100@pbx", 3000).rs1, 101));
		stores_end(&one);
		stores_end(&two);
	}
}

/* A database that cuts, refuses at the last row, or is damaged: nothing is there that was not before. */
static void it_is_all_or_nothing(void **state)
{
	static const struct {
		const char *sql, *told;
		enum zrtp_store_status status;
		bool at_source;
	} cases[] = {
		{ "CREATE TRIGGER cut AFTER INSERT ON peer WHEN NEW.name <> ''"
		  " BEGIN UPDATE peer SET name = 'Z' WHERE peer_zid = NEW.peer_zid; END",
		  "read back is not what was written", ZRTP_STORE_CORRUPT, false },
		{ "CREATE TRIGGER lost AFTER INSERT ON pair BEGIN DELETE FROM pair WHERE revision = 3; END",
		  "read back is not what was written", ZRTP_STORE_CORRUPT, false },
		{ "CREATE TRIGGER refused BEFORE INSERT ON pair WHEN (SELECT count(*) FROM peer) > 140"
		  " BEGIN SELECT RAISE(ABORT, 'no room'); END",
		  "no room", ZRTP_STORE_IO, false },
		{ "UPDATE pair SET rs1 = zeroblob(41) WHERE peer_zid = (SELECT max(peer_zid) FROM pair)"
		  " AND label = 'sip:200@pbx'",
		  "label sip:200@pbx is damaged", ZRTP_STORE_CORRUPT, true },
		{ "UPDATE pair SET lines = zeroblob(4000) WHERE peer_zid = (SELECT max(peer_zid) FROM pair)"
		  " AND label = 'sip:200@pbx'",
		  "table pair, peer ZID ff", ZRTP_STORE_CORRUPT, true },
		{ "UPDATE peer SET aux = zeroblob(94) WHERE peer_zid = (SELECT max(peer_zid) FROM peer)",
		  "table peer, peer ZID ff", ZRTP_STORE_CORRUPT, true },
		{ "UPDATE peer SET scope = 9", "scope is 9", ZRTP_STORE_CORRUPT, true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_store from, to;
		struct zrtp_store_sum sum;
		char count[STORES_TEXT];

		open_store(&from, STORE_SQLITE, false);
		open_store(&to, STORE_SQLITE, true);
		fill(&from, 1, PEERS);
		stores_sql(cases[i].at_source ? from.path : to.path, cases[i].sql, NULL);
		if (copy(&from, &to, ZRTP_COPY_ADD, &sum) != cases[i].status ||
		    !strstr(to.error.text, cases[i].told)) {
			fail_msg("%u: %s", i, to.error.text);
		}
		stores_sql(to.path,
			   "SELECT (SELECT count(*) FROM peer) + (SELECT count(*) FROM pair)"
			   " + (SELECT count(*) FROM meta WHERE property = 'zid')",
			   count);
		assert_string_equal(count, "0");
		stores_sql(from.path, "SELECT count(*) FROM peer", count);
		assert_string_equal(count, "151");
		stores_end(&from);
		stores_end(&to);
	}
}

/* Text for databases of any encoding, and back. */
static void text_survives_a_column(void **state)
{
	static const struct {
		const char *text, *stored;
	} cases[] = {
		{ "", "=" },
		{ "Bob", "=Bob" },
		{ "sip:100@pbx.example", "=sip:100@pbx.example" },
		{ "Zoë", "=Zo%c3%ab" },
		{ "a b ", "=a b%20" },
		{ "100%;^\\'\"\n\x7f", "=100%25%3b%5e%5c%27%22%0a%7f" },
	};
	static const char *const wrong[] = { "Bob", "=%00", "=a%00b", "=0123456789abcdef", " =" };
	char out[64], back[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(zrtp_store_escape(out, 3 * strlen(cases[i].text) + 2, cases[i].text));
		assert_string_equal(out, cases[i].stored);
		assert_false(zrtp_store_escape(out, 3 * strlen(cases[i].text) + 1, cases[i].text));
		if (strlen(cases[i].text) < sizeof(back)) {
			assert_true(zrtp_store_unescape(back, sizeof(back), cases[i].stored));
			assert_string_equal(back, cases[i].text);
		}
	}
	assert_true(zrtp_store_unescape(back, sizeof(back), ""));
	assert_string_equal(back, "");
	assert_true(zrtp_store_unescape(back, sizeof(back), "=%4"));
	assert_string_equal(back, "%4");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_false(zrtp_store_unescape(back, sizeof(back), wrong[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_copies_to_each_kind),
		cmocka_unit_test(the_digest_is_of_everything),
		cmocka_unit_test(what_is_there_is_not_overwritten_unasked),
		cmocka_unit_test(a_merge_keeps_what_both_have),
		cmocka_unit_test(it_is_all_or_nothing),
		cmocka_unit_test(text_survives_a_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
