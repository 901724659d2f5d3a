/* SPDX-License-Identifier: BSD-2-Clause */
/* What an administrator changes of a peer is told to other processes that know it. */
#include "on_stores.h"

static struct zrtp_store_edits edits_of(struct test_store *t)
{
	struct zrtp_store_edits edits;

	assert_int_equal(zrtp_store_edits(t->store, &edits, &t->error), ZRTP_STORE_OK);
	return edits;
}

static void assert_told(struct test_store *t, unsigned count, unsigned last)
{
	struct zrtp_store_edits edits = edits_of(t);
	uint8_t zid[ZRTP_ZID_SIZE];

	assert_int_equal(edits.count, count);
	assert_int_equal(edits.known, count < ZRTP_STORE_EDITS ? count : ZRTP_STORE_EDITS);
	stores_zid(zid, last);
	assert_memory_equal(edits.peers[0], zid, sizeof(zid));
}

static void edit(struct test_store *t)
{
	uint8_t zid[5][ZRTP_ZID_SIZE], unknown[ZRTP_ZID_SIZE];

	for (unsigned i = 0; i < 5; i++) {
		stores_zid(zid[i], i);
		stores_put_secret(t, i, "a", 1000, i + 1, 0, ZRTP_MATCH_NONE);
	}
	stores_zid(unknown, 99);
	/* Calls are no edits, nor is an endpoint that a phone enrolls from. */
	assert_int_equal(zrtp_store_add_endpoint(t->store, stores_own, zid[0], "a", &t->error),
			 ZRTP_STORE_OK);
	assert_int_equal(edits_of(t).count, 0);
	assert_int_equal(edits_of(t).known, 0);
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid[0], "Zoe", &t->error), ZRTP_STORE_OK);
	assert_told(t, 1, 0);
	assert_int_equal(zrtp_store_set_verified(t->store, stores_own, zid[1], true, &t->error),
			 ZRTP_STORE_OK);
	assert_told(t, 2, 1);
	assert_int_equal(zrtp_store_set_endpoints(t->store, stores_own, zid[2], "b", &t->error),
			 ZRTP_STORE_OK);
	assert_told(t, 3, 2);
	assert_int_equal(zrtp_store_unenroll(t->store, stores_own, zid[3], &t->error), ZRTP_STORE_OK);
	assert_told(t, 4, 3);
	assert_int_equal(zrtp_store_remove(t->store, stores_own, zid[4], &t->error), ZRTP_STORE_OK);
	assert_told(t, 5, 4);
	/* What was not changed is not told. */
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, unknown, "x", NULL), ZRTP_STORE_UNKNOWN);
	assert_int_equal(zrtp_store_remove(t->store, stores_own, unknown, NULL), ZRTP_STORE_UNKNOWN);
	assert_told(t, 5, 4);
	stores_reopen(t);
	assert_told(t, 5, 4);
	/* There is room for so many. */
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid[i % 3], "Zoe", &t->error),
				 ZRTP_STORE_OK);
		assert_told(t, 6 + i, i % 3);
	}
	for (unsigned i = 0; i < ZRTP_STORE_EDITS; i++) {
		assert_memory_equal(edits_of(t).peers[i], zid[(19 - i) % 3], ZRTP_ZID_SIZE);
	}
}

static void edits_are_counted_and_the_last_ones_told(void **state)
{
	(void)state;
	on_each(edit);
}

static void a_value_that_is_none_is_replaced(void **state)
{
	static const char *const values[] = { "x''",          "x'0000'", "x'00000001ff'",
					      "zeroblob(80)", "NULL",    "'text'" };
	uint8_t zid[ZRTP_ZID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct test_store t;
		char sql[160];

		stores_prepare(&t, STORE_SQLITE);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		stores_put_secret(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
		(void)snprintf(sql, sizeof(sql),
			       "INSERT OR IGNORE INTO meta (property, value) VALUES ('edits', %s)",
			       values[i]);
		stores_sql(t.path, sql, NULL);
		assert_int_equal(edits_of(&t).known, 0);
		stores_zid(zid, 1);
		assert_int_equal(zrtp_store_set_name(t.store, stores_own, zid, "Zoe", &t.error),
				 ZRTP_STORE_OK);
		assert_int_equal(edits_of(&t).known, 1);
		stores_end(&t);
	}
}

/* Lists that were full are kept, a hundred of them, for who has not looked for long; where several processes
 * may. */
static void keep_lists(struct test_store *t)
{
	const unsigned edits = 103 * ZRTP_STORE_EDITS + 1;
	struct zrtp_store_edits list;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status found;

	for (unsigned i = 0; i < 7; i++) {
		stores_put_secret(t, i, "a", 1000, i + 1, 0, ZRTP_MATCH_NONE);
	}
	for (unsigned i = 1; i <= edits; i++) {
		stores_zid(zid, i % 7);
		assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoe", &t->error),
				 ZRTP_STORE_OK);
	}
	for (unsigned count = 0; count <= edits + 10; count++) {
		found = zrtp_store_edits_at(t->store, count, &list, &t->error);
		if (t->kind != STORE_SQLITE || count % ZRTP_STORE_EDITS || count <= 3 * ZRTP_STORE_EDITS ||
		    count > edits) {
			assert_int_equal(found, ZRTP_STORE_UNKNOWN);
			continue;
		}
		assert_int_equal(found, ZRTP_STORE_OK);
		assert_int_equal(list.count, count);
		assert_int_equal(list.known, ZRTP_STORE_EDITS);
		for (unsigned i = 0; i < ZRTP_STORE_EDITS; i++) {
			stores_zid(zid, (count - i) % 7);
			assert_memory_equal(list.peers[i], zid, sizeof(zid));
		}
	}
}

static void full_lists_are_kept_for_other_processes(void **state)
{
	(void)state;
	on_each(keep_lists);
}

/* What comes from another store may be of any time: no count of before is right. */
static void a_copy_has_another_count(void **state)
{
	static const enum zrtp_store_copying hows[] = { ZRTP_COPY_REPLACE, ZRTP_COPY_MERGE };
	struct test_store stores[2], *from = &stores[0], *to = &stores[1];
	struct zrtp_store_edits before, after;
	struct zrtp_store_sum sum;
	uint8_t zid[ZRTP_ZID_SIZE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		stores_prepare(&stores[i], STORE_SQLITE);
		assert_int_equal(stores_open(&stores[i]), ZRTP_STORE_OK);
		assert_int_equal(zrtp_store_set_own_zid(stores[i].store, stores_own, NULL), ZRTP_STORE_OK);
		stores_put_secret(&stores[i], 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	}
	stores_zid(zid, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(zrtp_store_set_name(to->store, stores_own, zid, "Zoe", &to->error),
				 ZRTP_STORE_OK);
		before = edits_of(to);
		assert_int_equal(before.known, 1);
		assert_int_equal(zrtp_store_copy(from->store, to->store, hows[i], &sum, &to->error),
				 ZRTP_STORE_OK);
		after = edits_of(to);
		assert_int_equal(after.known, 0);
		assert_int_not_equal(after.count, before.count);
	}
	assert_int_equal(edits_of(from).count, 0);
	stores_end(from);
	stores_end(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_are_counted_and_the_last_ones_told),
		cmocka_unit_test(a_value_that_is_none_is_replaced),
		cmocka_unit_test(full_lists_are_kept_for_other_processes),
		cmocka_unit_test(a_copy_has_another_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
