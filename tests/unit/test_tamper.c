/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An attacker who can write to the disk and has no key: what a row says is changed or moved to
 * another place. Whatever a call is offered then is what was stored for that peer, with the V,
 * the count and the expiry that were said of it, or nothing.
 */
#include "tampered.h"

#include <sqlite3.h>
#include <stdio.h>

/* ---- each column by SQL ---- */

#define OTHER   "X'616E6F74686572206F776E21'"
#define TWO     "X'4A0000000000000000000002'"
#define PEER_2  " WHERE own_zid = " OWN " AND peer_zid = " TWO
#define LABEL_B PEER_1 " AND label = 'b'"

enum outcome {
	REFUSED, /* the call gets an error and nothing else */
	FREE,    /* what is offered is what it was */
	FEWER,   /* or less of it, or in another order */
};

static const struct tampering {
	const char *column, *sql;
	enum outcome outcome;
	const char *label;  /* of the call */
	const uint8_t *own; /* NULL: stores_own */
	unsigned peer;      /* 0: 1 */
} tamperings[] = {
	{ "pair.own_zid",
	  "DELETE FROM pair WHERE own_zid = " OTHER "; UPDATE pair SET own_zid = " OTHER LABEL_A, REFUSED,
	  "a", other_own, 1 },
	{ "pair.peer_zid", "DELETE FROM pair" PEER_2 "; UPDATE pair SET peer_zid = " TWO LABEL_A, REFUSED,
	  "a", NULL, 2 },
	{ "pair.label", "UPDATE pair SET label = 'z'" LABEL_A, REFUSED, "z", NULL, 0 },
	{ "pair.label", "DELETE FROM pair" LABEL_A "; UPDATE pair SET label = 'a'" LABEL_B, REFUSED, "a",
	  NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = rs2" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = (SELECT rs1 FROM pair" LABEL_B ")" LABEL_A, REFUSED, "a", NULL,
	  0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = (SELECT rs1 FROM pair" PEER_2 ")" LABEL_A, REFUSED, "a", NULL,
	  0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = (SELECT pbx FROM peer" PEER_1 ")" LABEL_A, REFUSED, "a", NULL,
	  0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = X''" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = X'00'" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = substr(rs1, 1, length(rs1) - 1)" LABEL_A, REFUSED, "a", NULL,
	  0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = CAST(rs1 || X'00' AS BLOB)" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = rs1" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = (SELECT rs2 FROM pair" LABEL_A ")" LABEL_B, REFUSED, "b", NULL,
	  0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = (SELECT rs1 FROM pair" PEER_2 ")" LABEL_A, REFUSED, "a", NULL,
	  0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = X'0002'" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = NULL" LABEL_A, FREE, "a", NULL, 0 }, /* the lines have it */
	{ "pair.verified", "UPDATE pair SET verified = 0" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.verified", "UPDATE pair SET verified = 1" LABEL_B, REFUSED, "b", NULL, 0 },
	{ "pair.preshared_count", "UPDATE pair SET preshared_count = 5" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.preshared_count", "UPDATE pair SET preshared_count = 0" LABEL_B, REFUSED, "b", NULL, 0 },
	{ "pair.preshared_count", "UPDATE pair SET preshared_count = 16777217" LABEL_B, REFUSED, "b", NULL,
	  0 },
	{ "pair.expires", "UPDATE pair SET expires = 5000" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.expires", "UPDATE pair SET expires = 9223372036854775807" LABEL_B, REFUSED, "b", NULL, 0 },
	{ "pair.expires", "UPDATE pair SET expires = expires + 4294967296" LABEL_B, REFUSED, "b", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = (SELECT lines FROM pair" LABEL_B ")" LABEL_A, REFUSED, "a",
	  NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = (SELECT lines FROM pair" PEER_2 ")" LABEL_A, REFUSED, "a",
	  NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = (SELECT lines FROM pair WHERE own_zid = " OTHER ")" LABEL_A,
	  REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = rs1" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = substr(lines, 1, 100)" LABEL_A, REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = NULL" LABEL_A, FEWER, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = X''" LABEL_B, FEWER, "b", NULL, 0 },
	{ "pair.last_use", "UPDATE pair SET last_use = 9", FREE, "a", NULL, 0 },
	{ "pair.revision", "UPDATE pair SET revision = revision + 1000" LABEL_A, FEWER, "a", NULL, 0 },
	{ "pair.revision", "UPDATE pair SET revision = 1" LABEL_B, FEWER, "a", NULL, 0 },
	{ "peer.own_zid",
	  "DELETE FROM peer WHERE own_zid = " OTHER "; UPDATE peer SET own_zid = " OTHER PEER_1, REFUSED, "a",
	  other_own, 1 },
	{ "peer.peer_zid", "DELETE FROM peer" PEER_2 "; UPDATE peer SET peer_zid = " TWO PEER_1, REFUSED, "a",
	  NULL, 2 },
	{ "peer.name", "UPDATE peer SET name = 'Eve'", FREE, "a", NULL, 0 },
	{ "peer.endpoints", "UPDATE peer SET endpoints = 'eve'", FREE, "a", NULL, 0 },
	{ "peer.scope", "UPDATE peer SET scope = 1", FEWER, "a", NULL, 0 },
	{ "peer.scope", "UPDATE peer SET scope = 2", FEWER, "b", NULL, 0 },
	{ "peer.scope", "UPDATE peer SET scope = 3", REFUSED, "a", NULL, 0 },
	{ "peer.pbx", "UPDATE peer SET pbx = pbx_alternate" PEER_1, REFUSED, "a", NULL, 0 },
	{ "peer.pbx", "UPDATE peer SET pbx = aux" PEER_1, REFUSED, "a", NULL, 0 },
	{ "peer.pbx", "UPDATE peer SET pbx = (SELECT pbx FROM peer" PEER_2 ")" PEER_1, REFUSED, "a", NULL,
	  0 },
	{ "peer.pbx", "UPDATE peer SET pbx = (SELECT rs1 FROM pair" LABEL_A ")" PEER_1, REFUSED, "a", NULL,
	  0 },
	{ "peer.pbx", "UPDATE peer SET pbx = NULL" PEER_1, FEWER, "a", NULL, 0 },
	{ "peer.pbx_alternate", "UPDATE peer SET pbx_alternate = pbx" PEER_1, REFUSED, "a", NULL, 0 },
	{ "peer.pbx_alternate",
	  "UPDATE peer SET pbx_alternate = (SELECT pbx_alternate FROM peer" PEER_2 ")" PEER_1, REFUSED, "a",
	  NULL, 0 },
	{ "peer.aux", "UPDATE peer SET aux = pbx" PEER_1, REFUSED, "a", NULL, 0 },
	{ "peer.aux", "UPDATE peer SET aux = (SELECT aux FROM peer" PEER_2 ")" PEER_1, REFUSED, "a", NULL,
	  0 },
	{ "peer.aux", "UPDATE peer SET aux = X'00'" PEER_1, REFUSED, "a", NULL, 0 },
	{ "peer.first_use", "UPDATE peer SET first_use = 1", FREE, "a", NULL, 0 },
	{ "peer.first_use", "UPDATE peer SET first_use = 99999", FREE, "a", NULL, 0 },
	{ "peer.last_use", "UPDATE peer SET last_use = 1", FREE, "a", NULL, 0 },
	{ "peer.revision", "UPDATE peer SET revision = 1", FREE, "a", NULL, 0 },
	{ "peer.latest", "UPDATE peer SET latest = 1", FEWER, "a", NULL, 0 },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void tamper(struct test_store *t, const struct tampering *with, const struct zrtp_retained *before)
{
	const uint8_t *own = with->own ? with->own : stores_own;
	enum zrtp_store_status status;
	struct zrtp_retained r;

	stores_sql(t->path, with->sql, NULL);
	r = ask(t, own, with->peer ? with->peer : 1, with->label, &status);
	if (with->outcome == REFUSED) {
		if (status != ZRTP_STORE_CORRUPT) {
			fail_msg("%s: %d", with->sql, status);
		}
		assert_nothing(&r);
		assert_int_equal(zrtp_store_check(t->store, NULL, NULL, &t->error), ZRTP_STORE_CORRUPT);
		return;
	}
	if (status) {
		fail_msg("%s: %s", with->sql, t->error.text);
	}
	assert_honest(&r);
	if (with->outcome == FREE && !same(&r, before)) {
		fail_msg("%s: another secret, or V", with->sql);
	}
}

static void a_row_changed_or_moved_by_hand_is_refused(void **state)
{
	static struct stores_image whole;

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		enum zrtp_store_status status;
		struct zrtp_retained before;
		struct test_store t;

		open_filled(&t, STORE_SQLITE, sealed);
		before = ask(&t, stores_own, 1, "a", &status);
		assert_true(before.has_rs1 && before.has_rs2 && before.has_pbx && before.auxsecret_len);
		stores_close(&t);
		stores_read(t.path, &whole);
		for (unsigned i = 0; i < COUNT(tamperings); i++) {
			stores_write(t.path, &whole);
			assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
			tamper(&t, &tamperings[i], &before);
			assert_int_equal(t.warnings, 0);
			stores_close(&t);
		}
		stores_end(&t);
	}
}

/* A column that comes later has to be thought of here. */
static void no_column_was_forgotten(void **state)
{
	char text[STORES_TEXT];
	struct test_store t;
	unsigned columns = 0;

	(void)state;
	open_filled(&t, STORE_SQLITE, true);
	stores_sql(t.path,
		   "SELECT group_concat(t.name || '.' || c.name, ' ') FROM sqlite_master t,"
		   " pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> 'meta'",
		   text);
	for (const char *name = strtok(text, " "); name; name = strtok(NULL, " ")) {
		unsigned i = 0;

		while (i < COUNT(tamperings) && strcmp(tamperings[i].column, name)) {
			i++;
		}
		if (i == COUNT(tamperings)) {
			fail_msg("nobody has changed %s", name);
		}
		columns++;
	}
	assert_int_equal(columns, 23);
	stores_sql(t.path, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", text);
	assert_string_equal(text, "3");
	stores_end(&t);
}

/* ---- rows of any kind ---- */

static int discard(const char *text, size_t len, void *arg)
{
	(void)text;
	*(size_t *)arg += len;
	return 0;
}

/* All that is done with a store: whatever is in the row, nothing of it is
 * believed, read or written beyond its size. */
static void do_everything(struct test_store *t)
{
	static struct zrtp_store_label labels[ZRTP_STORE_LABELS_MAX];
	struct zrtp_store_peer peers[8], last;
	const struct zrtp_retained in = stores_update(99, 0, ZRTP_MATCH_FAILED);
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "a" };
	enum zrtp_store_status status;
	struct zrtp_retained r;
	size_t count, octets = 0;

	stores_zid(zid, 1);
	r = ask(t, stores_own, 1, "a", &status);
	assert_honest(&r);
	r = ask(t, stores_own, 1, "b", &status);
	assert_honest(&r);
	(void)!zrtp_store_check(t->store, NULL, NULL, &t->error);
	(void)!zrtp_store_export(t->store, discard, &octets, NULL, &t->error);
	status = zrtp_store_list(t->store, NULL, NULL, peers, 8, &count, &t->error);
	for (size_t i = 0; !status && i < count; i++) {
		assert_true(peers[i].scope < ZRTP_SCOPE_COUNT);
		assert_true(zrtp_store_is_printable(peers[i].name));
		assert_true(zrtp_store_is_printable(peers[i].endpoints));
	}
	if (!zrtp_store_find(t->store, stores_own, zid, &last, &t->error)) {
		assert_true(last.scope < ZRTP_SCOPE_COUNT && zrtp_store_is_printable(last.name));
	}
	status = zrtp_store_labels(t->store, stores_own, zid, labels, ZRTP_STORE_LABELS_MAX, &count,
				   &t->error);
	for (size_t i = 0; !status && i < count; i++) {
		assert_true(zrtp_store_is_printable(labels[i].label));
	}
	(void)!zrtp_store_put(t->store, &key, 3000, &in, &t->error);
	(void)!zrtp_store_set_name(t->store, stores_own, zid, "x", &t->error);
	(void)!zrtp_store_set_verified(t->store, stores_own, zid, true, &t->error);
	(void)!zrtp_store_purge(t->store, 4000, NULL, NULL, &t->error);
	(void)!zrtp_store_rekey(t->store, NULL, &t->error);
	(void)!zrtp_store_remove(t->store, stores_own, zid, &t->error);
}

/* False: the database itself refuses that value there. */
static bool spoil(struct test_store *t, const struct stores_image *whole, const char *column,
		  const char *value)
{
	const char *dot = strchr(column, '.');
	char *sql = sqlite3_mprintf("PRAGMA synchronous = OFF; UPDATE OR REPLACE %.*s SET %s = %s",
				    (int)(dot - column), column, dot + 1, value);
	bool good;
	sqlite3 *db;

	stores_write(t->path, whole);
	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	good = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	sqlite3_free(sql);
	if (good && !stores_open(t)) {
		do_everything(t);
		(void)!zrtp_store_close(t->store, &t->error);
		t->store = NULL;
	}
	return good;
}

static void a_row_of_any_kind_does_no_harm(void **state)
{
	static const char *const values[] = {
		"NULL",
		"-1",
		"9223372036854775807",
		"1e300",
		"''",
		"X'780078'",
		"'a' || char(0, 27, 10, 155)",
		"printf('%.127c', 'x')",
		"printf('%.128c', 'x')",
		"printf('%.100000c', 'x')",
		"X'00'",
		"zeroblob(12)",
		"zeroblob(93)",
		"zeroblob(94)",
		"zeroblob(440)",
		"zeroblob(441)",
	};
	static struct stores_image whole;
	unsigned spoilt = 0;

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;

		open_filled(&t, STORE_SQLITE, sealed);
		stores_close(&t);
		/* Else the database itself keeps some of them out. */
		stores_sql(
			t.path,
			"PRAGMA writable_schema = ON;"
			"UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'",
			NULL);
		stores_read(t.path, &whole);
		for (unsigned c = 0; c < COUNT(tamperings); c++) {
			bool again = c && !strcmp(tamperings[c].column, tamperings[c - 1].column);

			for (unsigned v = sealed; !again && v < COUNT(values); v += sealed ? 4 : 2) {
				spoilt += spoil(&t, &whole, tamperings[c].column, values[v]);
			}
		}
		for (unsigned v = sealed; v < COUNT(values); v += sealed ? 4 : 2) {
			spoilt += spoil(&t, &whole, "meta.value", values[v]);
			spoilt += spoil(&t, &whole, "meta.property", values[v]);
		}
		stores_end(&t);
	}
	assert_true(spoilt > 250); /* a key is never NULL */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_changed_or_moved_by_hand_is_refused),
		cmocka_unit_test(no_column_was_forgotten),
		cmocka_unit_test(a_row_of_any_kind_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
