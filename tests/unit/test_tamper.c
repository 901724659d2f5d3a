/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody who can write to the disk and has no key: what a row says is changed, moved
 * to another place, or damaged. Whatever a call is offered then is what was stored for
 * that peer, with the V, the count and the expiry that were said of it, or nothing.
 */
#include "../../cache/lines.h"
#include "stores.h"

#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint8_t other_own[ZRTP_ZID_SIZE] = {
	'a', 'n', 'o', 't', 'h', 'e', 'r', ' ', 'o', 'w', 'n', '!'
};

enum { NOW = 2000, EXPIRY_B = 9000 };

/* Numbers of secrets: of label a, verified, what matched before, another line; of label b;
 * of the other peer; of the same peer under another own ZID. */
enum { A1 = 11, A2, A_LINE, B1 = 21, B2, PBX = 31, PBX_OTHER, AUX, OF_TWO = 51, OF_TWO_PBX, OF_OTHER = 71 };

static struct zrtp_retained ask(struct test_store *t, const uint8_t *own, unsigned peer, const char *label,
				enum zrtp_store_status *status)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { own, zid, label };
	struct zrtp_retained out;

	stores_zid(zid, peer);
	*status = zrtp_store_get(t->store, &key, NOW, &out, &t->error);
	return out;
}

static void put_pbx(struct test_store *t, unsigned peer, unsigned pbx, unsigned alternate)
{
	struct zrtp_retained in;

	memset(&in, 0, sizeof(in));
	in.changed = ZRTP_CHANGED_PBX;
	in.has_pbx = true;
	stores_secret(in.pbxsecret, pbx);
	in.has_pbx_alternate = alternate;
	stores_secret(in.pbx_alternate, alternate);
	stores_put(t, peer, "a", 1000, &in);
}

static void put_aux(struct test_store *t, unsigned peer, unsigned number)
{
	uint8_t zid[ZRTP_ZID_SIZE], aux[ZRTP_SECRET_SIZE];

	stores_zid(zid, peer);
	stores_secret(aux, number);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, aux, sizeof(aux), 1000, &t->error), 0);
}

/* Something in every column. */
static void fill(struct test_store *t)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key other = { other_own, zid, "a" };
	struct zrtp_retained in = stores_update(A2, A1, ZRTP_MATCH_OWN);

	stores_put_secret(t, 1, "a", 1000, A1, 0, ZRTP_MATCH_NONE);
	in.verified = true;
	stores_put(t, 1, "a", 1060, &in);
	stores_put_secret(t, 1, "a", 1120, A_LINE, 0, ZRTP_MATCH_FAILED);
	stores_put_secret(t, 1, "b", 1180, B1, 0, ZRTP_MATCH_FAILED);
	in = stores_update(B2, B1, ZRTP_MATCH_OWN);
	in.expiry = EXPIRY_B;
	stores_put(t, 1, "b", 1240, &in);
	in = stores_update(B2 + 1, B2, ZRTP_MATCH_OWN);
	in.expiry = EXPIRY_B;
	in.preshared_count = 1;
	stores_put(t, 1, "b", 1300, &in);
	put_pbx(t, 1, PBX, PBX_OTHER);
	put_aux(t, 1, AUX);
	stores_zid(zid, 1);
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoë", &t->error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_set_endpoints(t->store, stores_own, zid, "zoe", &t->error),
			 ZRTP_STORE_OK);
	stores_put_secret(t, 2, "a", 1000, OF_TWO, 0, ZRTP_MATCH_NONE);
	put_pbx(t, 2, OF_TWO_PBX, OF_TWO_PBX + 1);
	put_aux(t, 2, OF_TWO_PBX + 2);
	in = stores_update(OF_OTHER, 0, ZRTP_MATCH_NONE);
	assert_int_equal(zrtp_store_put(t->store, &other, 1000, &in, &t->error), ZRTP_STORE_OK);
}

static void open_filled(struct test_store *t, enum store_kind kind, bool sealed)
{
	stores_prepare(t, kind);
	t->key.octets[0] = 7;
	t->config.key = sealed ? &t->key : NULL;
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
	fill(t);
}

static bool is_one_of(const uint8_t *octets, const unsigned *numbers)
{
	while (*numbers && !stores_is_secret(octets, *numbers)) {
		numbers++;
	}
	return *numbers;
}

/* What may be offered of peer 1 whatever was done to its rows: its own secrets, and of
 * them nothing that was not said of them. */
static void assert_honest(const struct zrtp_retained *r)
{
	static const unsigned its[] = { A1, A2, A_LINE, B1, B2, B2 + 1, 0 };

	assert_true(!r->has_rs1 || is_one_of(r->rs1, its));
	assert_true(!r->has_rs2 || is_one_of(r->rs2, its));
	assert_true(!r->has_spare || is_one_of(r->spare, its));
	assert_true(!r->verified || stores_is_secret(r->rs1, A2));
	assert_true(!r->other_verified || stores_is_secret(r->rs2, A2));
	if (r->has_rs1 && stores_is_secret(r->rs1, B2 + 1)) {
		assert_int_equal(r->preshared_count, 1);
		assert_true(r->expiry <= EXPIRY_B);
	}
	assert_true(!r->has_pbx || stores_is_secret(r->pbxsecret, PBX));
	assert_true(!r->has_pbx_alternate || stores_is_secret(r->pbx_alternate, PBX_OTHER));
	assert_true(!r->auxsecret_len || stores_is_secret(r->auxsecret, AUX));
}

static bool same(const struct zrtp_retained *a, const struct zrtp_retained *b)
{
	return a->has_rs1 == b->has_rs1 && !memcmp(a->rs1, b->rs1, sizeof(a->rs1)) &&
	       a->has_rs2 == b->has_rs2 && !memcmp(a->rs2, b->rs2, sizeof(a->rs2)) &&
	       a->verified == b->verified && a->other_verified == b->other_verified &&
	       a->preshared_count == b->preshared_count && a->expiry == b->expiry && a->line == b->line &&
	       a->other_line == b->other_line && a->has_pbx == b->has_pbx &&
	       !memcmp(a->pbxsecret, b->pbxsecret, sizeof(a->pbxsecret)) &&
	       a->has_pbx_alternate == b->has_pbx_alternate &&
	       !memcmp(a->pbx_alternate, b->pbx_alternate, sizeof(a->pbx_alternate)) &&
	       a->auxsecret_len == b->auxsecret_len &&
	       !memcmp(a->auxsecret, b->auxsecret, sizeof(a->auxsecret));
}

static void assert_nothing(const struct zrtp_retained *r)
{
	const struct zrtp_retained none = { .has_rs1 = false };

	assert_memory_equal(r, &none, sizeof(none));
}

/* ---- each column by SQL ---- */

#define OWN   "X'746865206F776E205A494400'"
#define OTHER "X'616E6F74686572206F776E21'"
#define ONE   "X'250000000000000000000001'"
#define TWO   "X'4A0000000000000000000002'"

#define PEER_1 " WHERE own_zid = " OWN " AND peer_zid = " ONE
#define PEER_2 " WHERE own_zid = " OWN " AND peer_zid = " TWO
#define A      PEER_1 " AND label = 'a'"
#define B      PEER_1 " AND label = 'b'"

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
	{ "pair.own_zid", "DELETE FROM pair WHERE own_zid = " OTHER "; UPDATE pair SET own_zid = " OTHER A,
	  REFUSED, "a", other_own, 1 },
	{ "pair.peer_zid", "DELETE FROM pair" PEER_2 "; UPDATE pair SET peer_zid = " TWO A, REFUSED, "a",
	  NULL, 2 },
	{ "pair.label", "UPDATE pair SET label = 'z'" A, REFUSED, "z", NULL, 0 },
	{ "pair.label", "DELETE FROM pair" A "; UPDATE pair SET label = 'a'" B, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = rs2" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = (SELECT rs1 FROM pair" B ")" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = (SELECT rs1 FROM pair" PEER_2 ")" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = (SELECT pbx FROM peer" PEER_1 ")" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = X''" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = X'00'" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = substr(rs1, 1, length(rs1) - 1)" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs1", "UPDATE pair SET rs1 = CAST(rs1 || X'00' AS BLOB)" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = rs1" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = (SELECT rs2 FROM pair" A ")" B, REFUSED, "b", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = (SELECT rs1 FROM pair" PEER_2 ")" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = X'0002'" A, REFUSED, "a", NULL, 0 },
	{ "pair.rs2", "UPDATE pair SET rs2 = NULL" A, FREE, "a", NULL, 0 }, /* the lines have it */
	{ "pair.verified", "UPDATE pair SET verified = 0" A, REFUSED, "a", NULL, 0 },
	{ "pair.verified", "UPDATE pair SET verified = 1" B, REFUSED, "b", NULL, 0 },
	{ "pair.preshared_count", "UPDATE pair SET preshared_count = 5" A, REFUSED, "a", NULL, 0 },
	{ "pair.preshared_count", "UPDATE pair SET preshared_count = 0" B, REFUSED, "b", NULL, 0 },
	{ "pair.preshared_count", "UPDATE pair SET preshared_count = 16777217" B, REFUSED, "b", NULL, 0 },
	{ "pair.expires", "UPDATE pair SET expires = 5000" A, REFUSED, "a", NULL, 0 },
	{ "pair.expires", "UPDATE pair SET expires = 9223372036854775807" B, REFUSED, "b", NULL, 0 },
	{ "pair.expires", "UPDATE pair SET expires = expires + 4294967296" B, REFUSED, "b", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = (SELECT lines FROM pair" B ")" A, REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = (SELECT lines FROM pair" PEER_2 ")" A, REFUSED, "a", NULL,
	  0 },
	{ "pair.lines", "UPDATE pair SET lines = (SELECT lines FROM pair WHERE own_zid = " OTHER ")" A,
	  REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = rs1" A, REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = substr(lines, 1, 100)" A, REFUSED, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = NULL" A, FEWER, "a", NULL, 0 },
	{ "pair.lines", "UPDATE pair SET lines = X''" B, FEWER, "b", NULL, 0 },
	{ "pair.last_use", "UPDATE pair SET last_use = 9", FREE, "a", NULL, 0 },
	{ "pair.revision", "UPDATE pair SET revision = revision + 1000" A, FEWER, "a", NULL, 0 },
	{ "pair.revision", "UPDATE pair SET revision = 1" B, FEWER, "a", NULL, 0 },
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
	{ "peer.pbx", "UPDATE peer SET pbx = (SELECT rs1 FROM pair" A ")" PEER_1, REFUSED, "a", NULL, 0 },
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

/* ---- each octet of a cell ---- */

static size_t read_cell(sqlite3 *db, const char *column, const char *where, uint8_t out[ZRTP_STORE_LINES_MAX])
{
	char *sql = sqlite3_mprintf("SELECT %s FROM %s", column, where);
	sqlite3_stmt *s;
	size_t len;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	len = (size_t)sqlite3_column_bytes(s, 0);
	assert_true(len && len <= ZRTP_STORE_LINES_MAX);
	memcpy(out, sqlite3_column_blob(s, 0), len);
	sqlite3_finalize(s);
	sqlite3_free(sql);
	return len;
}

static void write_cell(sqlite3 *db, const char *table, const char *column, const char *where,
		       const uint8_t *octets, size_t len)
{
	char *sql = sqlite3_mprintf("UPDATE %s SET %s = ?1%s", table, column, where);
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	sqlite3_bind_blob(s, 1, octets, (int)len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	assert_int_equal(sqlite3_changes(db), 1);
	sqlite3_finalize(s);
	sqlite3_free(sql);
}

static void flip_each(struct test_store *t, sqlite3 *db, const char *table, const char *column,
		      const char *where)
{
	uint8_t cell[ZRTP_STORE_LINES_MAX];
	char *from = sqlite3_mprintf("%s%s", table, where);
	size_t len = read_cell(db, column, from, cell);
	enum zrtp_store_status status;
	struct zrtp_retained r;

	for (size_t i = 0; i < len; i++) {
		cell[i] ^= (uint8_t)(1U << i % 8);
		write_cell(db, table, column, where, cell, len);
		r = ask(t, stores_own, 1, "a", &status);
		/* A plain store takes a first octet of 1 for one that is sealed. */
		if (status != ZRTP_STORE_CORRUPT && !(!i && !t->config.key && status == ZRTP_STORE_KEY)) {
			fail_msg("%s.%s, octet %zu: %d", table, column, i, status);
		}
		assert_nothing(&r);
		cell[i] ^= (uint8_t)(1U << i % 8);
	}
	write_cell(db, table, column, where, cell, len);
	r = ask(t, stores_own, 1, "a", &status);
	assert_int_equal(status, ZRTP_STORE_OK);
	assert_honest(&r);
	sqlite3_free(from);
}

static void each_octet_of_a_secret_counts(void **state)
{
	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;
		sqlite3 *db;

		open_filled(&t, STORE_SQLITE, sealed);
		assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
		sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
		flip_each(&t, db, "pair", "rs1", A);
		flip_each(&t, db, "pair", "rs2", A);
		flip_each(&t, db, "pair", "lines", A);
		flip_each(&t, db, "peer", "pbx", PEER_1);
		flip_each(&t, db, "peer", "pbx_alternate", PEER_1);
		flip_each(&t, db, "peer", "aux", PEER_1);
		sqlite3_close(db);
		stores_end(&t);
	}
}

/* A row under ZIDs that differ from its own in one octet. */
static void each_octet_of_both_zids_counts(void **state)
{
	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;

		open_filled(&t, STORE_SQLITE, sealed);
		for (unsigned i = 0; i < 2 * ZRTP_ZID_SIZE; i++) {
			uint8_t zids[2 * ZRTP_ZID_SIZE];
			const struct zrtp_cache_key key = { zids, zids + ZRTP_ZID_SIZE, "a" };
			char hex[2][2 * ZRTP_ZID_SIZE + 1], sql[900];
			struct zrtp_retained r;

			memcpy(zids, stores_own, ZRTP_ZID_SIZE);
			stores_zid(zids + ZRTP_ZID_SIZE, 1);
			zids[i] ^= 1;
			zrtp_store_hex(hex[0], zids, ZRTP_ZID_SIZE);
			zrtp_store_hex(hex[1], zids + ZRTP_ZID_SIZE, ZRTP_ZID_SIZE);
			snprintf(sql, sizeof(sql),
				 "PRAGMA synchronous = OFF;"
				 "INSERT INTO peer (own_zid, peer_zid, name, scope, first_use, last_use, "
				 "revision, latest, endpoints) SELECT X'%s', X'%s', name, scope, first_use,"
				 " last_use, revision, latest, '' FROM peer" PEER_1 ";"
				 "INSERT INTO pair SELECT X'%s', X'%s', label, rs1, rs2, verified,"
				 " preshared_count, last_use, expires, revision, lines FROM pair" A,
				 hex[0], hex[1], hex[0], hex[1]);
			stores_sql(t.path, sql, NULL);
			assert_int_equal(zrtp_store_get(t.store, &key, NOW, &r, &t.error),
					 ZRTP_STORE_CORRUPT);
			assert_nothing(&r);
			snprintf(sql, sizeof(sql),
				 "PRAGMA synchronous = OFF; DELETE FROM pair WHERE own_zid = X'%s' AND"
				 " peer_zid = X'%s'; UPDATE peer SET pbx = (SELECT pbx FROM peer" PEER_1
				 ") WHERE own_zid = X'%s' AND peer_zid = X'%s'",
				 hex[0], hex[1], hex[0], hex[1]);
			stores_sql(t.path, sql, NULL);
			assert_int_equal(zrtp_store_get(t.store, &key, NOW, &r, &t.error),
					 ZRTP_STORE_CORRUPT);
			assert_nothing(&r);
		}
		stores_end(&t);
	}
}

/* Each cell of before beside what the row says now: the row counts, and V that was taken
 * away does not come back. */
static void lines_of_a_while_ago_say_nothing(void **state)
{
	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		uint8_t zid[ZRTP_ZID_SIZE], lines[ZRTP_STORE_LINES_MAX], older[ZRTP_STORE_LINES_MAX];
		struct zrtp_retained in = stores_update(A1, 0, ZRTP_MATCH_NONE), r;
		size_t len, older_len;
		struct test_store t;
		sqlite3 *db;

		stores_prepare(&t, STORE_SQLITE);
		t.config.key = sealed ? &t.key : NULL;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
		stores_zid(zid, 1);
		stores_put(&t, 1, "a", 1000, &in);
		older_len = read_cell(db, "lines", "pair", older);
		in = stores_update(A2, A1, ZRTP_MATCH_OWN);
		in.verified = true;
		stores_put(&t, 1, "a", 1060, &in);
		len = read_cell(db, "lines", "pair", lines);
		r = stores_get(&t, 1, "a", NOW);
		assert_true(r.verified && !r.line_later);
		/* Of another secret. */
		write_cell(db, "pair", "lines", "", older, older_len);
		r = stores_get(&t, 1, "a", NOW);
		assert_true(stores_is_secret(r.rs1, A2) && stores_is_secret(r.rs2, A1));
		assert_true(r.verified && r.line_later);
		/* Of the same, but of another word. */
		write_cell(db, "pair", "lines", "", lines, len);
		assert_int_equal(zrtp_store_set_verified(t.store, stores_own, zid, false, &t.error), 0);
		write_cell(db, "pair", "lines", "", lines, len);
		r = stores_get(&t, 1, "a", NOW);
		assert_true(stores_is_secret(r.rs1, A2) && stores_is_secret(r.rs2, A1));
		assert_false(r.verified);
		sqlite3_close(db);
		stores_end(&t);
	}
}

/* A store in clear has sums that anybody can make: the lengths are looked at all the same. */
static void a_secret_of_another_length_is_refused(void **state)
{
	uint8_t text[5 + 2 * ZRTP_ZID_SIZE + 4 + ZRTP_STORE_CELL_MAX] = "zrtp\001", cell[ZRTP_STORE_CELL_MAX];
	enum { PLACE = 5 + 2 * ZRTP_ZID_SIZE + 4 };
	uint8_t hash[EVP_MAX_MD_SIZE];
	enum zrtp_store_status status;
	struct zrtp_retained r;
	struct test_store t;
	sqlite3 *db;

	(void)state;
	open_filled(&t, STORE_SQLITE, false);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	memcpy(text + 5, stores_own, ZRTP_ZID_SIZE);
	stores_zid(text + 5 + ZRTP_ZID_SIZE, 1);
	memcpy(text + 5 + 2 * ZRTP_ZID_SIZE, "pbx1", 4);
	stores_secret(text + PLACE, PBX);
	for (size_t len = 1; len <= ZRTP_AUX_SECRET_MAX; len++) {
		assert_int_equal(EVP_Digest(text, PLACE + len, hash, NULL, EVP_sha256(), NULL), 1);
		cell[0] = 0;
		memcpy(cell + 1, text + PLACE, len);
		memcpy(cell + 1 + len, hash, 8);
		write_cell(db, "peer", "pbx", PEER_1, cell, 1 + len + 8);
		r = ask(&t, stores_own, 1, "a", &status);
		assert_int_equal(status, len == ZRTP_SECRET_SIZE ? ZRTP_STORE_OK : ZRTP_STORE_CORRUPT);
		assert_int_equal(r.has_pbx, len == ZRTP_SECRET_SIZE);
	}
	sqlite3_close(db);
	stores_end(&t);
}

/* Whoever reads at it ends. Nothing follows it for a page. */
static uint8_t *end_of_memory(size_t page)
{
	uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	return pages + page;
}

/* Lines are read from where memory ends behind them: cut at each place, longer, with flags
 * that there are not. */
static void lines_that_are_none_are_not_read(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t text[LINE_TEXT_MAX + 8] = { 0 }, *end = end_of_memory(page);
	struct lines lines, out;
	size_t len, one;

	(void)state;
	memset(&lines, 0, sizeof(lines));
	for (unsigned i = 0; i < LINES; i++) {
		lines.line[i].id = i + 1;
		lines.line[i].newest.generation = lines.line[i].matched.generation = 1;
		lines.line[i].twin.generation = 1;
	}
	len = lines_write(&lines, text);
	one = len / 2;
	assert_int_equal(len, LINE_TEXT_MAX);
	for (size_t cut = 0; cut <= len + 8; cut++) {
		memcpy(end - cut, text, cut);
		assert_int_equal(lines_read(&out, end - cut, cut), cut == len || cut == one);
	}
	assert_int_equal(munmap(end - page, 2 * page), 0);
	for (unsigned bit = 0; bit < 8; bit++) {
		text[0] ^= (uint8_t)(1U << bit);
		/* V, the PBX's flag and that of an ID that was seen are only flags. */
		assert_int_equal(lines_read(&out, text, len), bit >= 3 && bit <= 5);
		text[0] ^= (uint8_t)(1U << bit);
	}
	memset(text + 1, 0, 8); /* no line has the number 0 */
	assert_false(lines_read(&out, text, len));
}

/* ---- nonces ---- */

static unsigned collect(sqlite3 *db, uint8_t nonces[][12], unsigned count)
{
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT rs1 c FROM pair UNION ALL SELECT rs2 FROM pair"
					    " UNION ALL SELECT lines FROM pair UNION ALL SELECT pbx FROM peer"
					    " UNION ALL SELECT pbx_alternate FROM peer"
					    " UNION ALL SELECT aux FROM peer"
					    " UNION ALL SELECT value FROM meta WHERE property = 'key'",
					    -1, &s, NULL),
			 SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		if (sqlite3_column_bytes(s, 0)) {
			const uint8_t *cell = sqlite3_column_blob(s, 0);

			assert_int_equal(cell[0], 1); /* sealed */
			memcpy(nonces[count++], cell + 1, 12);
		}
	}
	sqlite3_finalize(s);
	return count;
}

/* GCM fails wholly where two texts have one nonce. The same secrets are sealed again and
 * again, under the same key. */
static void no_two_seals_have_one_nonce(void **state)
{
	static uint8_t nonces[400][12];
	struct test_store t;
	unsigned count = 0, all;
	sqlite3 *db;

	(void)state;
	open_filled(&t, STORE_SQLITE, true);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	all = collect(db, nonces, 0);
	assert_int_equal(all, 17);
	for (unsigned i = 0; i < 8; i++) {
		count = collect(db, nonces, count);
		assert_int_equal(zrtp_store_rekey(t.store, &t.key, &t.error), ZRTP_STORE_OK);
	}
	assert_int_equal(count, 8 * all);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < i; j++) {
			assert_memory_not_equal(nonces[i], nonces[j], sizeof(nonces[i]));
		}
	}
	sqlite3_close(db);
	stores_end(&t);
}

/* ---- the file ---- */

enum { HEADER = 32, FRAME_HEAD = 8, SUM = 8, DIGEST = 32 };

static void digest(const uint8_t *octets, size_t len, uint8_t *out, size_t size)
{
	uint8_t whole[EVP_MAX_MD_SIZE];

	assert_int_equal(EVP_Digest(octets, len, whole, NULL, EVP_sha256(), NULL), 1);
	memcpy(out, whole, size);
}

static size_t body_len(const uint8_t *record)
{
	assert_memory_equal(record, "ZREC", 4);
	return (size_t)record[6] << 8 | record[7];
}

/* Sums have no key: whoever writes there makes them right. */
static void make_right(struct stores_image *image, uint8_t *record, size_t len)
{
	digest(record + 4, 4 + len, record + FRAME_HEAD + len, SUM);
	digest(image->octets, image->len - DIGEST, image->octets + image->len - DIGEST, DIGEST);
}

/* What an octet of a record is: nothing binds times and revisions, nor the name, the
 * endpoints and the scope of a peer; their lengths are something else. */
enum octet { BOUND, UNBOUND, CELL };

static void mark(const uint8_t *body, size_t len, enum octet *out)
{
	bool is_peer = body[0] == 2;
	size_t at = 1 + 2 * ZRTP_ZID_SIZE;

	for (size_t i = 0; i < len; i++) {
		out[i] = BOUND;
	}
	for (size_t n = body[at++]; n--; at++) { /* the name, or the label */
		out[at] = is_peer ? UNBOUND : BOUND;
	}
	out[at] = is_peer ? UNBOUND : BOUND; /* the scope, or a length */
	at += is_peer;
	for (unsigned cells = is_peer ? 3 : 2; cells--;) {
		for (size_t n = body[at++]; n--; at++) {
			out[at] = CELL;
		}
	}
	if (is_peer) { /* four numbers, endpoints */
		for (size_t i = at; i < len; i++) {
			out[i] = i == at + 32 ? BOUND : UNBOUND;
		}
		return;
	}
	for (size_t i = 0; i < 8; i++) {
		out[at + 5 + i] = out[at + 21 + i] = UNBOUND; /* last use, revision */
	}
	for (size_t i = at + 31; i < len; i++) {
		out[i] = CELL; /* the lines */
	}
}

static void assert_file_honest(struct test_store *t, bool may_differ, const struct zrtp_retained *before)
{
	static const char *const labels[] = { "a", "b" };
	bool differs = t->warnings; /* a record is lost */

	for (unsigned i = 0; i < 2; i++) {
		enum zrtp_store_status status;
		struct zrtp_retained r = ask(t, stores_own, 1, labels[i], &status);

		assert_true(!status || status == ZRTP_STORE_CORRUPT || status == ZRTP_STORE_UNKNOWN ||
			    (status == ZRTP_STORE_KEY && !t->config.key)); /* "sealed" */
		assert_honest(&r);
		differs |= status || !same(&r, &before[i]);
	}
	if (!may_differ) {
		assert_true(differs);
	}
}

/* Octets of the records of peer 1, each with its sums made right. */
static void flip_file(struct test_store *t, struct stores_image *image, const struct zrtp_retained *before)
{
	static const uint8_t one[ZRTP_ZID_SIZE] = { 0x25, [11] = 1 };
	uint8_t *record = image->octets + HEADER;
	enum octet kind[1536];
	unsigned seen = 0;

	for (size_t len; record < image->octets + image->len - DIGEST; record += FRAME_HEAD + len + SUM) {
		uint8_t *body = record + FRAME_HEAD;

		len = body_len(record);
		if (body[0] == 1 || memcmp(body + 1, stores_own, ZRTP_ZID_SIZE) ||
		    memcmp(body + 1 + ZRTP_ZID_SIZE, one, sizeof(one))) {
			continue;
		}
		mark(body, len, kind);
		/* Of the cells themselves samples: see each_octet_of_a_secret_counts(). */
		for (size_t i = 0; i < len; i++) {
			if (kind[i] == CELL && i % 16) {
				continue;
			}
			body[i] ^= 1;
			make_right(image, record, len);
			stores_write(t->path, image);
			t->warnings = 0;
			assert_int_equal(stores_open(t), ZRTP_STORE_OK);
			assert_file_honest(t, kind[i] == UNBOUND, before);
			stores_close(t);
			body[i] ^= 1;
		}
		make_right(image, record, len);
		seen++;
	}
	assert_int_equal(seen, 3); /* the peer and its two labels */
}

static void each_octet_of_a_file_counts_whatever_its_sums(void **state)
{
	static struct stores_image image;

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct zrtp_retained before[2];
		enum zrtp_store_status status;
		struct test_store t;

		open_filled(&t, STORE_FILE, sealed);
		before[0] = ask(&t, stores_own, 1, "a", &status);
		before[1] = ask(&t, stores_own, 1, "b", &status);
		assert_true(before[0].has_rs1 && before[1].has_rs1);
		stores_close(&t);
		stores_read(t.path, &image);
		flip_file(&t, &image, before);
		stores_end(&t);
	}
}

/* ---- rows of any kind ---- */

static int discard(const char *text, size_t len, void *arg)
{
	(void)text;
	*(size_t *)arg += len;
	return 0;
}

/* All that anybody does with a store: whatever is in the row, nothing of it is
 * believed, read or written beyond its size. */
static void do_everything(struct test_store *t)
{
	static struct zrtp_store_label labels[ZRTP_STORE_LABELS_MAX];
	struct zrtp_store_peer peers[8], last;
	const struct zrtp_retained in = stores_update(99, 0, ZRTP_MATCH_FAILED);
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { stores_own, zid, "a" };
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
		cmocka_unit_test(each_octet_of_a_secret_counts),
		cmocka_unit_test(each_octet_of_both_zids_counts),
		cmocka_unit_test(lines_of_a_while_ago_say_nothing),
		cmocka_unit_test(a_secret_of_another_length_is_refused),
		cmocka_unit_test(lines_that_are_none_are_not_read),
		cmocka_unit_test(no_two_seals_have_one_nonce),
		cmocka_unit_test(each_octet_of_a_file_counts_whatever_its_sums),
		cmocka_unit_test(a_row_of_any_kind_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
