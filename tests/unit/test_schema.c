/* SPDX-License-Identifier: BSD-2-Clause */
/* SQLite files of other versions, and of others. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t peer[ZRTP_ZID_SIZE] = "the peer ZID";

static void fill(struct test_store *t)
{
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = peer, .label = "" };
	const struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE);

	stores_prepare(t, STORE_SQLITE);
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(t->store, &key, 1000, &in, &t->error), ZRTP_STORE_OK);
	stores_close(t);
}

/* What each version had less than the next one; the latest first. */
static void an_older_schema_is_brought_up_to_date(void **state)
{
	static const char *const less[] = { "ALTER TABLE pair DROP COLUMN lines",
					    "ALTER TABLE peer DROP COLUMN endpoints",
					    "DROP INDEX pair_expires" };
	enum { LATEST = 4 };
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = peer, .label = "" };

	(void)state;
	for (unsigned version = LATEST; version; version--) {
		char text[STORES_TEXT] = "", before[STORES_TEXT] = "", sql[400];
		struct zrtp_retained r;
		struct test_store t;

		fill(&t);
		stores_sql(t.path, "SELECT group_concat(type || name) FROM sqlite_master ORDER BY name",
			   before);
		for (unsigned i = 0; i < LATEST - version; i++) {
			stores_sql(t.path, less[i], NULL);
		}
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", version);
		stores_sql(t.path, sql, NULL);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		assert_int_equal(zrtp_store_get(t.store, &key, 1001, &r, &t.error), ZRTP_STORE_OK);
		assert_true(r.has_rs1 && stores_is_secret(r.rs1, 1));
		assert_int_equal(r.line_later, version < LATEST);
		stores_sql(t.path, "PRAGMA user_version", text);
		assert_string_equal(text, "4");
		stores_sql(t.path, "SELECT group_concat(type || name) FROM sqlite_master ORDER BY name",
			   text);
		assert_string_equal(text, before);
		assert_int_equal(zrtp_store_set_endpoints(t.store, stores_own, peer, "alice", &t.error), 0);
		assert_int_equal(t.warnings, 0);
		stores_end(&t);
	}
}

static void a_later_schema_is_left_alone(void **state)
{
	struct test_store t;
	char text[STORES_TEXT] = "";

	(void)state;
	fill(&t);
	stores_sql(t.path, "PRAGMA user_version = 99", NULL);
	assert_int_equal(stores_open(&t), ZRTP_STORE_INVALID);
	assert_non_null(strstr(t.error.text, "later version"));
	stores_sql(t.path, "SELECT count(*) FROM pair", text);
	assert_string_equal(text, "1");
	stores_end(&t);
}

static void a_database_of_something_else_is_not_touched(void **state)
{
	struct test_store t;
	char text[STORES_TEXT] = "";

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	stores_sql(t.path, "CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('x')", NULL);
	assert_int_equal(stores_open(&t), ZRTP_STORE_INVALID);
	assert_non_null(strstr(t.error.text, "something else"));
	stores_sql(t.path, "SELECT count(*) FROM sqlite_master", text);
	assert_string_equal(text, "1");
	stores_sql(t.path, "PRAGMA journal_mode", text);
	assert_string_equal(text, "delete");
	stores_end(&t);
}

/* An attacker with write access and no key sets V by hand. */
static void a_flag_set_by_hand_is_refused(void **state)
{
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = peer, .label = "" };
	struct zrtp_retained r;
	struct test_store t;

	(void)state;
	fill(&t);
	stores_sql(t.path, "UPDATE pair SET verified = 1", NULL);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_get(t.store, &key, 1001, &r, &t.error), ZRTP_STORE_CORRUPT);
	assert_false(r.has_rs1 || r.verified);
	assert_int_equal(zrtp_store_check(t.store, NULL, NULL, &t.error), ZRTP_STORE_CORRUPT);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_schema_is_brought_up_to_date),
		cmocka_unit_test(a_later_schema_is_left_alone),
		cmocka_unit_test(a_database_of_something_else_is_not_touched),
		cmocka_unit_test(a_flag_set_by_hand_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
