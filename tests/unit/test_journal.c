/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A journal of changes: what is read is what was written, or is not there. Killed, cut, flipped, forged,
 * without room, with other keys. test_replay_journal.c puts what it has into a store.
 */
#include "journals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __has_builtin
#if __has_builtin(__builtin_clear_padding)
#define CLEAR_PADDING __builtin_clear_padding
#endif
#endif

static void begin_new(struct test_store *t)
{
	stores_prepare(t, STORE_FILE);
	assert_int_equal(journals_begin(t), ZRTP_STORE_OK);
}

static void end_all(struct test_store *t)
{
	journals_end();
	stores_end(t);
}

static enum zrtp_store_status append(unsigned peer, uint64_t number, const struct zrtp_retained *change,
				     const char *endpoint, size_t *slot)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_store_error error;
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "sip:100@pbx" };
	const struct zrtp_journal_entry entry = { .key = &key,
						  .change = change,
						  .change_size = sizeof(*change),
						  .endpoint = endpoint,
						  .number = number,
						  .now = (int64_t)number * 1000 };

	stores_zid(zid, peer);
	return zrtp_journal_append(journals_file, &entry, slot, &error);
}

/* An entry of that number, with the secret of that number. */
static size_t add(unsigned number)
{
	const struct zrtp_retained in = stores_update(number, 0, ZRTP_MATCH_NONE);
	size_t slot = 0;

	assert_int_equal(append(number, number, &in, NULL, &slot), ZRTP_STORE_OK);
	return slot;
}

static void use_key(struct test_store *t, uint8_t octet)
{
	memset(&t->key, octet, sizeof(t->key));
	t->config.key = &t->key;
}

/* ---- what is written is read ---- */

/* Each octet of it has a value; those between members do not count. */
static struct zrtp_retained full_change(void)
{
	struct zrtp_retained in;

	memset(&in, 1, sizeof(in));
	in.match = ZRTP_MATCH_OTHER;
	in.reserved = 0;
	in.others_under_way = 0; /* after a start none is */
	for (unsigned i = 0; i < ZRTP_SECRET_SIZE; i++) {
		in.rs1[i] = (uint8_t)i;
		in.spare[i] = (uint8_t)(i + 100);
	}
	in.line = 0x0123456789abcdef;
	in.known_since = INT64_MIN + 5;
	in.expiry = UINT32_MAX - 1;
#ifdef CLEAR_PADDING
	CLEAR_PADDING(&in);
#endif
	return in;
}

static void each_member_comes_back(void **state)
{
	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		const struct zrtp_retained in = full_change();
		const struct journals_told *told;
		struct test_store t;
		uint8_t zid[ZRTP_ZID_SIZE];
		struct stat st;
		size_t slot;

		stores_prepare(&t, STORE_FILE);
		if (sealed) {
			use_key(&t, 7);
		}
		assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
		assert_int_equal(append(9, 3, &in, NULL, &slot), ZRTP_STORE_OK);
		assert_int_equal(append(9, 4, NULL, "alice", &slot), ZRTP_STORE_OK);
		journals_end();
		assert_int_equal(stat(t.path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_int_equal(stores_on_disk(&t, in.rs1, ZRTP_SECRET_SIZE), !sealed);
		assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
		told = journals_read_all();
		assert_int_equal(told->count, 2);
		stores_zid(zid, 9);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(told->number[i], 3 + i);
			assert_int_equal(told->now[i], 3000 + 1000 * i);
			assert_memory_equal(told->peer[i], zid, sizeof(zid));
			assert_memory_equal(told->own[i], stores_own, sizeof(zid));
			assert_string_equal(told->label[i], "sip:100@pbx");
		}
#ifdef CLEAR_PADDING
		/* A member that comes later has to be named in cache/journal_entry.c. */
		assert_memory_equal(&told->change[0], &in, sizeof(in));
#endif
		assert_string_equal(told->endpoint[0], "");
		assert_string_equal(told->endpoint[1], "alice");
		assert_int_equal(t.warnings, 0);
		journals_end();
		stores_end(&t);
	}
}

static void entries_come_in_the_order_of_their_numbers(void **state)
{
	const struct journals_told *told;
	struct test_store t;
	size_t slots[10];

	(void)state;
	begin_new(&t);
	for (unsigned i = 0; i < 10; i++) {
		slots[i] = add(10 + i);
	}
	assert_int_equal(zrtp_journal_erase(journals_file, slots[2], NULL), ZRTP_STORE_OK);
	assert_int_equal(zrtp_journal_erase(journals_file, slots[7], NULL), ZRTP_STORE_OK);
	/* What is free is used again. */
	assert_int_equal(add(30), slots[2]);
	assert_int_equal(add(5), slots[7]);
	journals_end();
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	told = journals_read_all();
	assert_int_equal(told->count, 10);
	assert_int_equal(told->number[0], 5);
	assert_int_equal(told->number[9], 30);
	for (unsigned i = 1; i < 10; i++) {
		assert_true(told->number[i - 1] < told->number[i]);
		assert_true(stores_is_secret(told->change[i].rs1, (unsigned)told->number[i]));
	}
	assert_int_equal(add(31), 10);
	end_all(&t);
}

static void what_was_erased_is_not_on_the_disk(void **state)
{
	uint8_t secret[ZRTP_SECRET_SIZE];
	struct test_store t;
	size_t first, second;
	struct stat st;

	(void)state;
	begin_new(&t);
	first = add(1);
	second = add(2);
	stores_secret(secret, 1);
	assert_true(stores_on_disk(&t, secret, sizeof(secret)));
	assert_int_equal(zrtp_journal_erase(journals_file, first, NULL), ZRTP_STORE_OK);
	assert_false(stores_on_disk(&t, secret, sizeof(secret)));
	assert_int_equal(zrtp_journal_sync(journals_file, NULL), ZRTP_STORE_OK);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_size, 2 * JOURNALS_SLOT);
	assert_int_equal(zrtp_journal_erase(journals_file, second, NULL), ZRTP_STORE_OK);
	assert_int_equal(zrtp_journal_sync(journals_file, NULL), ZRTP_STORE_OK);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(add(3), 0);
	end_all(&t);
}

/* ---- keys, owners, and what is no journal ---- */

static void refused(struct test_store *t, enum zrtp_store_status expected, const char *why)
{
	static struct stores_image before, after;

	stores_read(t->path, &before);
	assert_int_equal(journals_begin(t), expected);
	assert_non_null(strstr(t->error.text, why));
	assert_non_null(strstr(t->error.text, t->path));
	stores_read(t->path, &after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.octets, after.octets, before.len);
}

static void another_key_is_refused_and_nothing_changed(void **state)
{
	struct test_store t;

	(void)state;
	begin_new(&t);
	add(1);
	journals_end();
	use_key(&t, 7);
	refused(&t, ZRTP_STORE_KEY, "is not encrypted, although there is a key");
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	add(1);
	add(2);
	journals_end();
	t.config.key = NULL;
	refused(&t, ZRTP_STORE_KEY, "there is no key");
	use_key(&t, 8);
	refused(&t, ZRTP_STORE_KEY, "another key");
	use_key(&t, 7);
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	assert_int_equal(journals_read_all()->count, 2);
	journals_end();
	assert_int_equal(t.warnings, 0);
	stores_end(&t);
}

static void what_is_no_journal_is_left_alone(void **state)
{
	static struct stores_image text = { "# this is the configuration of something else\n", 47 };
	char target[100];
	struct test_store t;
	struct stat st;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	memset(text.octets + text.len, 'x', 3 * JOURNALS_SLOT);
	text.len += 3 * JOURNALS_SLOT;
	stores_write(t.path, &text);
	assert_int_equal(chmod(t.path, 0644), 0);
	refused(&t, ZRTP_STORE_INVALID, "is not a journal");
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* Nor is what a link leads to. */
	snprintf(target, sizeof(target), "%s.target", t.path);
	assert_int_equal(rename(t.path, target), 0);
	assert_int_equal(symlink(target, t.path), 0);
	assert_int_equal(journals_begin(&t), ZRTP_STORE_IO);
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(mkfifo(t.path, 0600), 0);
	assert_int_equal(journals_begin(&t), ZRTP_STORE_INVALID);
	stores_end(&t);
}

static void others_may_not_read_it(void **state)
{
	struct test_store t;
	struct stat st;

	(void)state;
	begin_new(&t);
	add(1);
	journals_end();
	assert_int_equal(chmod(t.path, 0644), 0);
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	assert_int_equal(t.warnings, 1);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	end_all(&t);
}

/* ---- damage ---- */

static void make_image(struct test_store *t, struct stores_image *out)
{
	assert_int_equal(journals_begin(t), ZRTP_STORE_OK);
	for (unsigned i = 1; i <= JOURNALS_ENTRIES; i++) {
		add(i);
	}
	journals_end();
	stores_read(t->path, out);
	assert_int_equal(out->len, JOURNALS_ENTRIES * JOURNALS_SLOT);
}

static void each_truncation_costs_what_was_cut_off(void **state)
{
	static struct stores_image whole;

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;

		stores_prepare(&t, STORE_FILE);
		if (sealed) {
			use_key(&t, 7);
		}
		make_image(&t, &whole);
		for (size_t len = 0; len <= JOURNALS_ENTRIES * JOURNALS_SLOT; len++) {
			whole.len = len;
			assert_int_equal(journals_survivors(&t, &whole), len / JOURNALS_SLOT);
			assert_int_equal(t.warnings, len % JOURNALS_SLOT != 0);
			/* It is used again as if nothing had been. */
			assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
			add(JOURNALS_ENTRIES);
			journals_end();
		}
		stores_end(&t);
	}
}

static void each_flipped_octet_costs_one_entry(void **state)
{
	static struct stores_image whole;

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;

		stores_prepare(&t, STORE_FILE);
		if (sealed) {
			use_key(&t, 7);
		}
		make_image(&t, &whole);
		for (size_t i = 0; i < whole.len; i++) {
			whole.octets[i] ^= (uint8_t)(1 << i % 8);
			if (journals_survivors(&t, &whole) != JOURNALS_ENTRIES - 1 || t.warnings != 1) {
				fail_msg("octet %zu, %u warnings", i, t.warnings);
			}
			whole.octets[i] ^= (uint8_t)(1 << i % 8);
			/* It is told once. */
			t.warnings = 0;
			assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
			assert_int_equal(t.warnings, 0);
			journals_end();
		}
		stores_end(&t);
	}
}

/* An attacker who can write there, and has no key. */
static void without_the_key_no_entry_can_be_changed(void **state)
{
	static struct stores_image whole, forged;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	use_key(&t, 7);
	make_image(&t, &whole);
	forged.len = whole.len;
	for (size_t i = 0; i < JOURNALS_SLOT; i++) {
		memcpy(forged.octets, whole.octets, whole.len);
		forged.octets[JOURNALS_SLOT + i] ^= (uint8_t)(1 << i % 8);
		journals_sum_again(forged.octets + JOURNALS_SLOT);
		stores_write(t.path, &forged);
		if (i >= JOURNALS_SUM_AT && i < JOURNALS_SUM_AT + JOURNALS_SUM) {
			assert_int_equal(journals_survivors(&t, &forged), JOURNALS_ENTRIES);
		} else if (i < 8) {
			assert_int_equal(journals_survivors(&t, &forged), JOURNALS_ENTRIES - 1);
		} else {
			assert_int_equal(journals_begin(&t), i == 8 ? ZRTP_STORE_INVALID : ZRTP_STORE_KEY);
		}
	}
	/* The halves of two entries. */
	memcpy(forged.octets, whole.octets, whole.len);
	memcpy(forged.octets + JOURNALS_SLOT + JOURNALS_SLOT / 2, whole.octets + JOURNALS_SLOT / 2,
	       JOURNALS_SLOT / 2);
	journals_sum_again(forged.octets + JOURNALS_SLOT);
	stores_write(t.path, &forged);
	assert_int_equal(journals_begin(&t), ZRTP_STORE_KEY);
	stores_end(&t);
}

/* In clear the values are any, but never out of their range. */
static void values_out_of_range_are_damage(void **state)
{
	static struct stores_image whole, forged;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	make_image(&t, &whole);
	forged.len = whole.len;
	for (size_t i = 0; i < JOURNALS_SLOT; i++) {
		memcpy(forged.octets, whole.octets, whole.len);
		forged.octets[JOURNALS_SLOT + i] = 0xff;
		journals_sum_again(forged.octets + JOURNALS_SLOT);
		stores_write(t.path, &forged);
		if (journals_begin(&t) == ZRTP_STORE_OK) {
			assert_true(journals_read_all()->count >= JOURNALS_ENTRIES - 1);
			journals_end();
		}
	}
	stores_end(&t);
}

/* ---- no room, no memory, no permission ---- */

static void a_full_disk_is_told_and_costs_nothing(void **state)
{
	const struct zrtp_retained in = stores_update(9, 0, ZRTP_MATCH_NONE);
	struct test_store t;
	size_t slot;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	begin_new(&t);
	add(1);
	add(2);
	stores_limit_files(2 * JOURNALS_SLOT + 100);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(append(9, 9, &in, NULL, &slot), ZRTP_STORE_IO);
	}
	assert_int_equal(journals_read_all()->count, 2);
	stores_limit_files(RLIM_INFINITY);
	add(3);
	journals_end();
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	assert_int_equal(journals_read_all()->count, 3);
	journals_end();
	assert_int_equal(t.warnings, 0);
	stores_end(&t);
}

static void it_has_as_many_entries_as_was_said(void **state)
{
	const struct zrtp_retained in = stores_update(9, 0, ZRTP_MATCH_NONE);
	struct test_store t;
	size_t slot;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	t.config.capacity = 3;
	t.config.existing = true;
	assert_int_equal(journals_begin(&t), ZRTP_STORE_UNKNOWN);
	assert_int_equal(access(t.path, F_OK), -1);
	t.config.existing = false;
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	for (unsigned i = 1; i <= 3; i++) {
		add(i);
	}
	assert_int_equal(append(9, 9, &in, NULL, &slot), ZRTP_STORE_IO);
	assert_int_equal(zrtp_journal_erase(journals_file, 1, NULL), ZRTP_STORE_OK);
	assert_int_equal(add(4), 1);
	journals_end();
	/* With less room than it has, all of it is read. */
	t.config.capacity = 1;
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	assert_int_equal(journals_read_all()->count, 3);
	end_all(&t);
}

/* As a user who may not write there; in a child, for root may everywhere. */
static void a_directory_without_write_permission_is_told(void **state)
{
	struct test_store t;
	int status;
	pid_t child;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	assert_int_equal(chmod(t.directory, 0555), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (geteuid() == 0 && (setegid(65534) || seteuid(65534))) {
			_exit(2);
		}
		_exit(journals_begin(&t) == ZRTP_STORE_IO && strstr(t.error.text, t.path) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod(t.directory, 0755), 0);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_member_comes_back),
		cmocka_unit_test(entries_come_in_the_order_of_their_numbers),
		cmocka_unit_test(what_was_erased_is_not_on_the_disk),
		cmocka_unit_test(another_key_is_refused_and_nothing_changed),
		cmocka_unit_test(what_is_no_journal_is_left_alone),
		cmocka_unit_test(others_may_not_read_it),
		cmocka_unit_test(each_truncation_costs_what_was_cut_off),
		cmocka_unit_test(each_flipped_octet_costs_one_entry),
		cmocka_unit_test(without_the_key_no_entry_can_be_changed),
		cmocka_unit_test(values_out_of_range_are_damage),
		cmocka_unit_test(a_full_disk_is_told_and_costs_nothing),
		cmocka_unit_test(it_has_as_many_entries_as_was_said),
		cmocka_unit_test(a_directory_without_write_permission_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
