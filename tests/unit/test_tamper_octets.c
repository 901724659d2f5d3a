/* SPDX-License-Identifier: BSD-2-Clause */
/* An attacker who can write to the disk and has no key: each octet of a sealed cell and of a
 * file is changed. */
#include "tampered.h"

#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

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
		flip_each(&t, db, "pair", "rs1", LABEL_A);
		flip_each(&t, db, "pair", "rs2", LABEL_A);
		flip_each(&t, db, "pair", "lines", LABEL_A);
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
			const struct zrtp_cache_key key = { .own_zid = zids,
							    .peer_zid = zids + ZRTP_ZID_SIZE,
							    .label = "a" };
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
				 " preshared_count, last_use, expires, revision, lines FROM pair" LABEL_A,
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

/* A store in clear has sums that any program can make: the lengths are looked at all the same. */
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

/* A program that reads there ends. Nothing follows it for a page. */
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

/* Sums have no key: an attacker who writes there makes them right. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_octet_of_a_secret_counts),
		cmocka_unit_test(each_octet_of_both_zids_counts),
		cmocka_unit_test(lines_of_a_while_ago_say_nothing),
		cmocka_unit_test(a_secret_of_another_length_is_refused),
		cmocka_unit_test(lines_that_are_none_are_not_read),
		cmocka_unit_test(no_two_seals_have_one_nonce),
		cmocka_unit_test(each_octet_of_a_file_counts_whatever_its_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
