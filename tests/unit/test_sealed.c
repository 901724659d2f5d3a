/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores whose secrets are encrypted, and stores that several have open. */
#include "on_stores.h"

#include <unistd.h>

/* ---- encryption at rest ---- */

static uint64_t purge_all(struct test_store *t)
{
	uint64_t pairs = 0;

	assert_int_equal(zrtp_store_purge(t->store, 5000, &pairs, NULL, &t->error), ZRTP_STORE_OK);
	return pairs;
}

/* Numbers of the secrets of a peer are its own times ten and more. */
static void put_all(struct test_store *t, unsigned peer, uint32_t expiry)
{
	struct zrtp_retained in = stores_update(10 * peer + 1, 0, ZRTP_MATCH_NONE);
	uint8_t aux[ZRTP_SECRET_SIZE], zid[ZRTP_ZID_SIZE];

	stores_zid(zid, peer);
	in.expiry = expiry;
	stores_put(t, peer, "a", 1000, &in);
	in = stores_update(10 * peer + 2, 10 * peer + 1, ZRTP_MATCH_OWN);
	in.expiry = expiry;
	in.changed |= ZRTP_CHANGED_PBX;
	in.has_pbx = in.has_pbx_alternate = true;
	stores_secret(in.pbxsecret, 10 * peer + 3);
	stores_secret(in.pbx_alternate, 10 * peer + 4);
	stores_put(t, peer, "a", 1001, &in);
	in = stores_update(10 * peer + 5, 0, ZRTP_MATCH_FAILED);
	in.expiry = expiry;
	stores_put(t, peer, "b", 1002, &in);
	stores_secret(aux, 10 * peer + 6);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, aux, sizeof(aux), 1003, &t->error), 0);
}

/* Secrets from to to of a peer: none of them, or all. */
static void assert_has(const struct stores_image *disk, unsigned peer, unsigned from, unsigned to, bool there)
{
	uint8_t secret[ZRTP_SECRET_SIZE];

	for (unsigned n = 10 * peer + from; n <= 10 * peer + to; n++) {
		stores_secret(secret, n);
		if (stores_have(disk, secret, sizeof(secret)) != there) {
			fail_msg("secret %u", n);
		}
	}
}

static void encrypted_secrets_are_nowhere_in_the_file(void **state)
{
	static struct stores_image disk;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		for (unsigned sealed = 0; sealed < 2; sealed++) {
			struct test_store t;

			stores_prepare(&t, (enum store_kind)kind);
			t.config.key = sealed ? &t.key : NULL;
			assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
			put_all(&t, 1, UINT32_MAX);
			assert_int_equal(zrtp_store_flush(t.store, &t.error), ZRTP_STORE_OK);
			stores_read_disk(&t, &disk);
			assert_has(&disk, 1, 1, 6, !sealed);
			stores_reopen(&t);
			stores_read_disk(&t, &disk);
			assert_has(&disk, 1, 1, 6, !sealed);
			stores_end(&t);
		}
	}
}

enum { ERASED_PEERS = 60 };

/* Of three peers one is removed, one unenrolled, and one has its auxsecret taken. */
static void take_away(struct test_store *t, struct stores_image *disk)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
		stores_zid(zid, peer);
		if (peer % 3 == 1) {
			assert_int_equal(zrtp_store_remove(t->store, stores_own, zid, &t->error), 0);
		} else if (peer % 3 == 2) {
			assert_int_equal(zrtp_store_unenroll(t->store, stores_own, zid, &t->error), 0);
		} else {
			assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, NULL, 0, 1, &t->error),
					 0);
		}
		stores_read_disk(t, disk);
		assert_has(disk, peer, peer % 3 == 1 ? 1 : 3 * (peer % 3 == 2) + 6 * (peer % 3 == 0),
			   peer % 3 == 2 ? 4 : 6, false);
	}
}

static void assert_only_the_rest(const struct test_store *t, struct stores_image *disk)
{
	stores_read_disk(t, disk);
	for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
		bool pairs = peer % 3 != 1 && peer % 7;

		assert_has(disk, peer, 1, 2, pairs);
		assert_has(disk, peer, 5, 5, pairs);
		assert_has(disk, peer, 3, 4, peer % 3 == 0);
		assert_has(disk, peer, 6, 6, peer % 3 == 2);
	}
}

/* In the database, its log, the file: with the store open, and after it is closed. The
 * tables are large enough for pages to be split and joined. */
static void what_is_removed_is_nowhere_on_the_disk(void **state)
{
	static struct stores_image disk;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
			put_all(&t, peer, peer % 7 ? UINT32_MAX : 100);
		}
		assert_int_equal(zrtp_store_flush(t.store, &t.error), ZRTP_STORE_OK);
		stores_read_disk(&t, &disk);
		for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
			assert_has(&disk, peer, 1, 6, true);
		}
		take_away(&t, &disk);
		assert_int_equal(purge_all(&t), 2 * 5);
		assert_only_the_rest(&t, &disk);
		stores_reopen(&t);
		assert_only_the_rest(&t, &disk);
		t.key.octets[0] = 1;
		assert_int_equal(zrtp_store_rekey(t.store, &t.key, &t.error), ZRTP_STORE_OK);
		stores_read_disk(&t, &disk);
		for (unsigned peer = 1; peer <= ERASED_PEERS; peer++) {
			assert_has(&disk, peer, 1, 6, false);
		}
		assert_int_equal(t.warnings, 0);
		stores_end(&t);
	}
}

/* A process that reads keeps the log from being emptied: told, and removed all the same. */
static void what_could_not_be_erased_is_reported(void **state)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	struct test_store t;
	sqlite3 *db;

	(void)state;
	stores_zid(zid, 1);
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM pair", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(zrtp_store_remove(t.store, stores_own, zid, &t.error), ZRTP_STORE_OK);
	assert_int_equal(t.warnings, 1);
	assert_non_null(strstr(t.warning, "may still be on the disk"));
	assert_false(stores_get(&t, 1, "", 1001).has_rs1);
	sqlite3_close(db);
	stores_end(&t);
}

static void a_wrong_key_opens_nothing_and_changes_nothing(void **state)
{
	static struct stores_image before, after;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		struct zrtp_retained r;
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		t.config.key = &t.key;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
		stores_close(&t);
		stores_read(t.path, &before);
		for (unsigned i = 0; i < ZRTP_STORE_KEY_SIZE; i++) {
			t.key.octets[i] = 1;
			assert_int_equal(stores_open(&t), ZRTP_STORE_KEY);
			assert_string_equal(t.error.text, "this is not the key of the cache");
			t.key.octets[i] = 0;
		}
		t.config.key = NULL;
		assert_int_equal(stores_open(&t), ZRTP_STORE_KEY);
		assert_string_equal(t.error.text, "the cache is encrypted: give its key");
		stores_read(t.path, &after);
		assert_int_equal(after.len, before.len);
		assert_memory_equal(after.octets, before.octets, before.len);
		t.config.key = &t.key;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		assert_int_equal(t.warnings, 0);
		r = stores_get(&t, 1, "", 1001);
		assert_offers(&r, 1, 0);
		stores_end(&t);
	}
}

static void rekey(struct test_store *t)
{
	struct zrtp_store_key key = { { 1 } }, other = { { 2 } };
	struct zrtp_retained r;
	uint8_t secret[ZRTP_SECRET_SIZE], zid[ZRTP_ZID_SIZE];
	uint64_t peers, pairs;

	stores_zid(zid, 1);
	for (unsigned i = 1; i <= 100; i++) {
		stores_put_secret(t, i, "a", 1000, i, 0, ZRTP_MATCH_NONE);
		stores_put_secret(t, i, "b", 1000, i + 1000, i, ZRTP_MATCH_FAILED);
	}
	put_pbx(t, 1, 2);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, (const uint8_t *)"x", 1, 1, &t->error),
			 0);
	assert_int_equal(zrtp_store_rekey(t->store, &key, &t->error), ZRTP_STORE_OK);
	t->key = key;
	t->config.key = &t->key;
	stores_reopen(t);
	stores_secret(secret, 1001);
	assert_false(t->kind != STORE_MEMORY && stores_on_disk(t, secret, sizeof(secret)));
	assert_int_equal(zrtp_store_rekey(t->store, &other, &t->error), ZRTP_STORE_OK);
	t->key = other;
	stores_reopen(t);
	assert_int_equal(zrtp_store_check(t->store, &peers, &pairs, &t->error), ZRTP_STORE_OK);
	assert_int_equal(peers, 100);
	assert_int_equal(pairs, 200);
	r = stores_get(t, 77, "b", 1002);
	assert_offers(&r, 1077, 0);
	assert_pbx(t, 1, 2);
	assert_int_equal(zrtp_store_rekey(t->store, NULL, &t->error), ZRTP_STORE_OK);
	t->config.key = NULL;
	stores_reopen(t);
	r = stores_get(t, 77, "b", 1002);
	assert_offers(&r, 1077, 0);
}

static void rekeying_keeps_everything(void **state)
{
	(void)state;
	on_each(rekey);
}

/* Two stores on one database: the key changes under the second. */
static void no_store_writes_with_a_key_that_was_replaced(void **state)
{
	struct zrtp_store_key key = { { 1 } };
	struct zrtp_retained in = stores_update(2, 0, ZRTP_MATCH_NONE);
	struct zrtp_store *second;
	struct test_store t;
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key cache_key = { .own_zid = stores_own, .peer_zid = zid, .label = "" };

	(void)state;
	stores_zid(zid, 1);
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	assert_int_equal(zrtp_store_open_sqlite(&second, t.path, &t.config, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_rekey(t.store, &key, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(second, &cache_key, 1001, &in, &t.error), ZRTP_STORE_KEY);
	assert_int_equal(zrtp_store_get(second, &cache_key, 1001, &in, &t.error), ZRTP_STORE_KEY);
	in = stores_get(&t, 1, "", 1001);
	assert_offers(&in, 1, 0);
	assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
	stores_end(&t);
}

/* A key for a store that was begun without one: it must not half encrypt it. */
static void a_key_does_not_encrypt_by_itself(void **state)
{
	struct test_store t;

	(void)state;
	for (unsigned kind = STORE_FILE; kind < STORE_KINDS; kind++) {
		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
		stores_close(&t);
		t.config.key = &t.key;
		assert_int_equal(stores_open(&t), ZRTP_STORE_KEY);
		assert_non_null(strstr(t.error.text, "rekey"));
		stores_end(&t);
	}
}

static void write_text(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static void keys_are_read_from_safe_files_only(void **state)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
	struct zrtp_store_key key;
	struct zrtp_store_error error;
	struct test_store t;
	char text[100];

	(void)state;
	stores_prepare(&t, STORE_MEMORY);
	snprintf(text, sizeof(text), "  %s\n", hex);
	write_text(t.path, text, 0600);
	assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_OK);
	for (unsigned i = 0; i < ZRTP_STORE_KEY_SIZE; i++) {
		assert_int_equal(key.octets[i], i);
	}
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		write_text(t.path, text, 0600 | bit);
		assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_KEY);
		assert_non_null(strstr(error.text, "chmod 600"));
	}
	assert_int_equal(zrtp_store_key_file(&key, t.directory, &error), ZRTP_STORE_KEY);
	write_text(t.path, "", 0600);
	assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_KEY);
	/* A FIFO that no process writes into is not waited for. */
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(mkfifo(t.path, 0600), 0);
	assert_int_equal(zrtp_store_key_file(&key, t.path, &error), ZRTP_STORE_KEY);
	assert_int_equal(zrtp_store_key_file(&key, "/nowhere/key", &error), ZRTP_STORE_IO);
	assert_int_equal(zrtp_store_key_text(&key, hex, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_key_text(&key, hex + 1, &error), ZRTP_STORE_KEY);
	snprintf(text, sizeof(text), "%s0", hex);
	assert_int_equal(zrtp_store_key_text(&key, text, &error), ZRTP_STORE_KEY);
	stores_end(&t);
}

/* ---- sharing ---- */

static void a_second_process_is_kept_out_of_a_file(void **state)
{
	struct zrtp_store *second;
	struct test_store t;
	struct stat st;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_open_file(&second, t.path, &t.config, &t.error), ZRTP_STORE_BUSY);
	assert_non_null(strstr(t.error.text, "in use by another process"));
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_close(&t);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(zrtp_store_open_file(&second, t.path, &t.config, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
	stores_end(&t);
}

static void remove_lines(struct test_store *t)
{
	stores_close(t);
	stores_sql(t->path, "UPDATE pair SET lines = NULL", NULL);
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
}

/* Rows of a version before, or of tables that have no room for more. */
static void a_row_without_lines_does_not_say_who_began_it(void **state)
{
	struct test_store t;
	struct zrtp_retained r;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	put_from(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	r = stores_get(&t, 1, "a", 1001);
	assert_false(r.line_later);
	assert_int_equal(r.made_by, 1);
	put_from(&t, 2, "b", 1001, 2, 0, ZRTP_MATCH_FAILED);
	r = stores_get(&t, 1, "b", 1002);
	assert_true(r.line_later);
	assert_int_equal(r.made_by, 1);
	remove_lines(&t);
	r = stores_get(&t, 1, "a", 1003);
	assert_true(r.has_rs1 && r.line_later);
	r = stores_get(&t, 1, "b", 1003);
	assert_true(r.has_rs1 && r.line_later);
	/* What is written has them again. */
	put_from(&t, 1, "a", 1004, 3, 1, ZRTP_MATCH_OWN);
	r = stores_get(&t, 1, "a", 1005);
	assert_false(r.line_later);
	stores_end(&t);
}

/* Such tables keep the senior line: it is not lost to a call without a match, and a
 * phone that has lost it is known again by its user's word. */
static void one_line_changes_by_a_word_only_where_there_is_no_room_for_two(void **state)
{
	struct zrtp_retained in = stores_update(3, 0, ZRTP_MATCH_FAILED), r;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_put_secret(&t, 1, "a", 1060, 2, 1, ZRTP_MATCH_OWN);
	for (unsigned word = 0; word < 2; word++) {
		in.verified = word;
		in.changed |= word ? ZRTP_CHANGED_VERIFIED : 0U;
		stores_put(&t, 1, "a", 1120 + 60 * word, &in);
		remove_lines(&t);
		r = stores_get(&t, 1, "a", 1300);
		assert_offers(&r, word ? 3 : 2, word ? 0 : 1);
		assert_int_equal(r.verified, word);
	}
	stores_end(&t);
}

static void two_stores_share_a_database(void **state)
{
	struct zrtp_store *second, *first;
	struct zrtp_retained r;
	struct test_store t;
	struct stat st;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_open_sqlite(&second, t.path, &t.config, &t.error), ZRTP_STORE_OK);
	first = t.store;
	for (unsigned i = 1; i <= 20; i++) {
		t.store = i % 2 ? first : second;
		r = stores_get(&t, 1, "", 1000 + i);
		assert_offers(&r, i - 1, i > 1 ? i - 2 : 0);
		stores_put_secret(&t, 1, "", 1000 + i, i, i - 1, i == 1 ? ZRTP_MATCH_NONE : ZRTP_MATCH_OWN);
	}
	t.store = first;
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypted_secrets_are_nowhere_in_the_file),
		cmocka_unit_test(what_is_removed_is_nowhere_on_the_disk),
		cmocka_unit_test(what_could_not_be_erased_is_reported),
		cmocka_unit_test(a_wrong_key_opens_nothing_and_changes_nothing),
		cmocka_unit_test(rekeying_keeps_everything),
		cmocka_unit_test(no_store_writes_with_a_key_that_was_replaced),
		cmocka_unit_test(a_key_does_not_encrypt_by_itself),
		cmocka_unit_test(keys_are_read_from_safe_files_only),
		cmocka_unit_test(a_second_process_is_kept_out_of_a_file),
		cmocka_unit_test(a_row_without_lines_does_not_say_who_began_it),
		cmocka_unit_test(one_line_changes_by_a_word_only_where_there_is_no_room_for_two),
		cmocka_unit_test(two_stores_share_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
