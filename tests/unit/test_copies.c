/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of copies of what is known: a journal whose entries are written over, and which is begun again where
 * it cannot be read. What it has in common with a journal of changes test_journal.c tries.
 */
#include "journals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VERSION_AT = 8, CHANGES = 2000 };

static void use_key(struct test_store *t, uint8_t octet)
{
	memset(&t->key, octet, sizeof(t->key));
	t->config.key = octet ? &t->key : NULL;
}

static void prepare(struct test_store *t, uint8_t key)
{
	stores_prepare(t, STORE_FILE);
	t->config.copies = 1;
	use_key(t, key);
}

/* All of it is what is known. */
static const struct journals_told *read_all(void)
{
	const struct journals_told *told = journals_read_all();

	for (unsigned i = 0; i < told->count; i++) {
		assert_string_equal(told->endpoint[i], "");
	}
	return told;
}

/* The secret of that number is what is known of a peer now. */
static enum zrtp_store_status write_over(unsigned peer, unsigned number, size_t *slot, bool has_slot)
{
	const struct zrtp_retained known = stores_update(number, 0, ZRTP_MATCH_NONE);
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "sip:100@pbx" };
	const struct zrtp_journal_entry entry = {
		.key = &key, .change = &known, .change_size = sizeof(known), .number = number, .now = number
	};

	stores_zid(zid, peer);
	return has_slot ? zrtp_journal_replace(journals_file, &entry, *slot, NULL)
			: zrtp_journal_append(journals_file, &entry, slot, NULL);
}

static void fill(struct test_store *t)
{
	size_t slot;

	assert_int_equal(journals_begin(t), ZRTP_STORE_OK);
	for (unsigned i = 1; i <= JOURNALS_ENTRIES; i++) {
		assert_int_equal(write_over(i, i, &slot, false), ZRTP_STORE_OK);
	}
	journals_end();
}

static void an_entry_is_written_over_where_it_is(void **state)
{
	static struct stores_image image;
	const struct journals_told *told;
	uint8_t secret[ZRTP_SECRET_SIZE];

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;
		size_t slot = 2;

		prepare(&t, sealed ? 7 : 0);
		fill(&t);
		assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
		for (unsigned i = 100; i < 200; i++) {
			assert_int_equal(write_over(3, i, &slot, true), ZRTP_STORE_OK);
		}
		journals_end();
		stores_read(t.path, &image);
		assert_int_equal(image.len, JOURNALS_ENTRIES * JOURNALS_SLOT);
		stores_secret(secret, 3);
		assert_false(stores_on_disk(&t, secret, sizeof(secret)));
		assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
		told = read_all();
		assert_int_equal(told->count, JOURNALS_ENTRIES);
		assert_int_equal(told->number[JOURNALS_ENTRIES - 1], 199);
		assert_true(stores_is_secret(told->change[JOURNALS_ENTRIES - 1].rs1, 199));
		assert_int_equal(t.warnings, 0);
		journals_end();
		stores_end(&t);
	}
}

/* What went makes room for what came. */
static void it_is_no_larger_than_what_is_known(void **state)
{
	static struct stores_image image;
	struct test_store t;
	size_t slots[JOURNALS_ENTRIES], slot;

	(void)state;
	prepare(&t, 7);
	t.config.capacity = JOURNALS_ENTRIES;
	assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
	for (unsigned i = 0; i < CHANGES; i++) {
		if (i >= JOURNALS_ENTRIES) {
			assert_int_equal(write_over(i, i, &slot, false), ZRTP_STORE_IO);
			assert_int_equal(zrtp_journal_erase(journals_file, slots[i % JOURNALS_ENTRIES], NULL),
					 ZRTP_STORE_OK);
		}
		assert_int_equal(write_over(i, i, &slots[i % JOURNALS_ENTRIES], false), ZRTP_STORE_OK);
	}
	journals_end();
	stores_read(t.path, &image);
	assert_int_equal(image.len, JOURNALS_ENTRIES * JOURNALS_SLOT);
	stores_end(&t);
}

static void begun_again(struct test_store *t, const char *why)
{
	static struct stores_image image;
	size_t slot;

	t->warnings = 0;
	assert_int_equal(journals_begin(t), ZRTP_STORE_OK);
	assert_int_equal(t->warnings, 1);
	assert_non_null(strstr(t->warning, why));
	assert_non_null(strstr(t->warning, t->path));
	assert_int_equal(read_all()->count, 0);
	stores_read(t->path, &image);
	assert_int_equal(image.len, 0);
	assert_int_equal(write_over(1, 1, &slot, false), ZRTP_STORE_OK);
	assert_int_equal(slot, 0);
	journals_end();
	t->warnings = 0;
	assert_int_equal(journals_begin(t), ZRTP_STORE_OK);
	assert_int_equal(read_all()->count, 1);
	assert_int_equal(t->warnings, 0);
	journals_end();
}

static void what_cannot_be_read_is_begun_again(void **state)
{
	struct test_store t;

	(void)state;
	prepare(&t, 0);
	fill(&t);
	use_key(&t, 7);
	begun_again(&t, "is not encrypted, although there is a key");
	use_key(&t, 8);
	begun_again(&t, "another key");
	use_key(&t, 0);
	begun_again(&t, "there is no key");
	stores_end(&t);
}

static void a_later_version_is_begun_again(void **state)
{
	static struct stores_image image;
	struct test_store t;

	(void)state;
	prepare(&t, 7);
	fill(&t);
	stores_read(t.path, &image);
	image.octets[VERSION_AT]++;
	journals_sum_again(image.octets);
	stores_write(t.path, &image);
	begun_again(&t, "later version");
	stores_end(&t);
}

static void left_alone(struct test_store *t, const char *why)
{
	static struct stores_image before, after;

	stores_read(t->path, &before);
	t->warnings = 0;
	assert_int_equal(journals_begin(t), ZRTP_STORE_INVALID);
	assert_non_null(strstr(t->error.text, why));
	assert_int_equal(t->warnings, 0);
	stores_read(t->path, &after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.octets, after.octets, before.len);
}

/* A journal of changes has what would be lost, and copies must never be stored. */
static void neither_kind_is_taken_for_the_other_one(void **state)
{
	static struct stores_image text = { "# this is the configuration of something else\n", 47 };

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;

		prepare(&t, sealed ? 7 : 0);
		for (unsigned copies = 0; copies < 2; copies++) {
			t.config.copies = copies;
			fill(&t);
			t.config.copies = !copies;
			left_alone(&t, copies ? "is not a journal" : "is not a copy of what is known");
			/* Not with another key either. */
			use_key(&t, 9);
			left_alone(&t, copies ? "is not a journal" : "is not a copy of what is known");
			use_key(&t, sealed ? 7 : 0);
			assert_int_equal(unlink(t.path), 0);
		}
		t.config.copies = 1;
		stores_write(t.path, &text);
		left_alone(&t, "is not a copy of what is known");
		stores_end(&t);
	}
}

static void damage_costs_the_entries_that_it_meets(void **state)
{
	static struct stores_image whole;
	struct test_store t;

	(void)state;
	prepare(&t, 7);
	fill(&t);
	stores_read(t.path, &whole);
	for (size_t i = 0; i < whole.len; i++) {
		whole.octets[i] ^= (uint8_t)(1 << i % 8);
		if (journals_survivors(&t, &whole) != JOURNALS_ENTRIES - 1 || t.warnings != 1) {
			fail_msg("octet %zu, %u warnings", i, t.warnings);
		}
		whole.octets[i] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t len = 0; len <= JOURNALS_ENTRIES * JOURNALS_SLOT; len += 37) {
		whole.len = len;
		assert_int_equal(journals_survivors(&t, &whole), len / JOURNALS_SLOT);
	}
	stores_end(&t);
}

static void change_for_ever(struct test_store *t, int told)
{
	size_t slots[JOURNALS_ENTRIES];

	if (journals_begin(t)) {
		_exit(1);
	}
	for (unsigned i = 0;; i++) {
		if (write_over(i % JOURNALS_ENTRIES, i, &slots[i % JOURNALS_ENTRIES],
			       i >= JOURNALS_ENTRIES)) {
			_exit(1);
		}
		if (i + 1 == JOURNALS_ENTRIES && write(told, "", 1) != 1) {
			_exit(2);
		}
	}
}

/* The last value of each, or the one before: never none, never another one's. Two of three are killed once
 * all are there, the third one may be at its beginning. */
static void a_kill_leaves_each_entry_whole(void **state)
{
	struct test_store t;
	unsigned most = 0;

	(void)state;
	prepare(&t, 7);
	for (unsigned run = 0; run < 15; run++) {
		const struct journals_told *told;
		uint8_t zid[ZRTP_ZID_SIZE];
		int pipes[2], status;
		pid_t child;
		char any;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			change_for_ever(&t, pipes[1]);
		}
		close(pipes[1]);
		if (run % 3) {
			assert_int_equal(read(pipes[0], &any, 1), 1);
		}
		usleep(run * 1000);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(pipes[0]);
		assert_int_equal(journals_begin(&t), ZRTP_STORE_OK);
		assert_int_equal(t.warnings, 0);
		told = read_all();
		for (unsigned i = 0; i < told->count; i++) {
			stores_zid(zid, (unsigned)told->number[i] % JOURNALS_ENTRIES);
			assert_memory_equal(told->peer[i], zid, sizeof(zid));
			assert_true(stores_is_secret(told->change[i].rs1, (unsigned)told->number[i]));
			assert_true(!i || told->number[i] - told->number[i - 1] <= 2);
		}
		most = told->count > most ? told->count : most;
		journals_end();
		assert_int_equal(unlink(t.path), 0);
	}
	assert_int_equal(most, JOURNALS_ENTRIES);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_written_over_where_it_is),
		cmocka_unit_test(it_is_no_larger_than_what_is_known),
		cmocka_unit_test(what_cannot_be_read_is_begun_again),
		cmocka_unit_test(a_later_version_is_begun_again),
		cmocka_unit_test(neither_kind_is_taken_for_the_other_one),
		cmocka_unit_test(damage_costs_the_entries_that_it_meets),
		cmocka_unit_test(a_kill_leaves_each_entry_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
