/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers of a database, read by ranges of their ZIDs: all of them, once, with few statements. */
#include "unit.h"

#include "decide/zid_range.h"

#include <stdlib.h>

enum { WANTED = 500 };

static void zid_of(uint8_t out[ZRTP_ZID_SIZE], const char *digits)
{
	struct zid_range range;

	assert_int_equal(zid_range_of(&range, digits), 0);
	memcpy(out, range.first, ZRTP_ZID_SIZE);
}

static void a_range_of_digits_is_what_begins_with_them(void **state)
{
	static const char digits[] = "0a9F3bC1d2E48576a0b1c2d3";
	struct zid_range range;
	char typed[sizeof(digits)], first[2 * ZRTP_ZID_SIZE + 1], last[sizeof(first)];

	(void)state;
	for (size_t count = 0; count < sizeof(digits); count++) {
		snprintf(typed, sizeof(typed), "%.*s", (int)count, digits);
		assert_int_equal(zid_range_of(&range, typed), 0);
		for (size_t i = 0; i < ZRTP_ZID_SIZE; i++) {
			snprintf(first + 2 * i, 3, "%02x", range.first[i]);
			snprintf(last + 2 * i, 3, "%02x", range.last[i]);
		}
		for (size_t i = 0; i < sizeof(digits) - 1; i++) {
			int lower = digits[i] < 'a' && digits[i] >= 'A' ? digits[i] + 'a' - 'A' : digits[i];

			assert_int_equal(first[i], i < count ? lower : '0');
			assert_int_equal(last[i], i < count ? lower : 'f');
		}
	}
	assert_int_equal(zid_range_of(&range, "0a9F3bC1d2E48576a0b1c2d34"), -1);
	assert_int_equal(zid_range_of(&range, "0g"), -1);
	assert_int_equal(zid_range_of(&range, "%"), -1);
}

static void after_a_zid_comes_the_next_one(void **state)
{
	struct zid_range range;
	uint8_t zid[ZRTP_ZID_SIZE], next[ZRTP_ZID_SIZE];

	(void)state;
	zid_of(zid, "00000000000000000000ffff");
	zid_of(next, "000000000000000000010000");
	assert_int_equal(zid_range_after(&range, zid), 0);
	assert_memory_equal(range.first, next, sizeof(next));
	zid_of(zid, "fffffffffffffffffffffffe");
	assert_int_equal(zid_range_after(&range, zid), 0);
	memset(zid, 0xff, sizeof(zid));
	assert_memory_equal(range.first, zid, sizeof(zid));
	assert_memory_equal(range.last, zid, sizeof(zid));
	assert_int_equal(zid_range_after(&range, zid), -1);
}

static int by_octets(const void *left, const void *right)
{
	return memcmp(left, right, ZRTP_ZID_SIZE);
}

struct walked {
	size_t statements, peers, most;
};

/* Walk through sorted ZIDs; what is read of them must be a part without gaps. */
static struct walked walk(uint8_t (*zids)[ZRTP_ZID_SIZE], size_t count, const char *digits)
{
	struct zid_walk walk;
	struct zid_range all, before;
	struct walked walked = { 0, 0, 0 };
	size_t at = 0;

	assert_int_equal(zid_range_of(&all, digits), 0);
	while (at < count && by_octets(zids[at], all.first) < 0) {
		at++;
	}
	for (zid_walk_begin(&walk, &all, WANTED); !walk.over; walked.statements++) {
		struct zid_range asked = zid_walk_next(&walk);
		size_t found = 0;

		assert_true(by_octets(asked.first, asked.last) <= 0);
		assert_true(!walked.statements || by_octets(before.last, asked.first) < 0);
		before = asked;
		while (at < count && by_octets(zids[at], asked.last) <= 0) {
			assert_true(by_octets(zids[at++], asked.first) >= 0);
			found++;
		}
		walked.peers += found;
		walked.most = found > walked.most ? found : walked.most;
		zid_walk_found(&walk, found);
		assert_true(walked.statements < 100000);
	}
	assert_memory_equal(before.last, all.last, sizeof(all.last));
	assert_true(at == count || by_octets(zids[at], all.last) > 0);
	return walked;
}

static uint8_t (*drawn(size_t count))[ZRTP_ZID_SIZE]
{
	uint8_t(*zids)[ZRTP_ZID_SIZE] = calloc(count + 1, ZRTP_ZID_SIZE);

	assert_non_null(zids);
	srand(6189);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < ZRTP_ZID_SIZE; j++) {
			zids[i][j] = (uint8_t)(rand() >> 8);
		}
	}
	qsort(zids, count, ZRTP_ZID_SIZE, by_octets);
	return zids;
}

static void drawn_zids_take_few_statements_and_little_memory(void **state)
{
	static const struct {
		size_t peers, statements;
	} sizes[] = { { 0, 3 }, { 1, 3 }, { 10, 3 }, { 1000, 6 }, { 10000, 25 }, { 200000, 420 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t(*zids)[ZRTP_ZID_SIZE] = drawn(sizes[i].peers);
		struct walked all = walk(zids, sizes[i].peers, "");

		assert_int_equal(all.peers, sizes[i].peers);
		assert_in_range(all.statements, 1, sizes[i].statements);
		assert_in_range(all.most, 0, 2 * WANTED);
		free(zids);
	}
}

static void what_was_typed_bounds_the_walk(void **state)
{
	uint8_t(*zids)[ZRTP_ZID_SIZE] = drawn(20000);
	struct walked some = walk(zids, 20000, "3");

	(void)state;
	assert_in_range(some.peers, 1000, 1500);
	assert_in_range(some.statements, 1, 6);
	some = walk(zids, 20000, "3a");
	assert_in_range(some.peers, 40, 130);
	assert_int_equal(some.statements, 1);
	assert_int_equal(walk(zids, 20000, "3a51").statements, 1);
	free(zids);
}

/* A peer need not draw its ZID: whatever they are, none is passed over and the walk ends. */
static void zids_that_are_no_random_numbers_are_all_found(void **state)
{
	enum { COUNT = 3000 };
	uint8_t(*zids)[ZRTP_ZID_SIZE] = calloc(COUNT, ZRTP_ZID_SIZE);
	struct walked all;

	(void)state;
	assert_non_null(zids);
	/* A third with the same first ten octets, a third at either end. */
	for (size_t i = 0; i < COUNT; i++) {
		memset(zids[i], i % 3 == 0 ? 0 : i % 3 == 1 ? 0x77 : 0xff, ZRTP_ZID_SIZE);
		zids[i][10] = (uint8_t)(i >> 8);
		zids[i][11] = (uint8_t)i;
	}
	qsort(zids, COUNT, ZRTP_ZID_SIZE, by_octets);
	all = walk(zids, COUNT, "");
	assert_int_equal(all.peers, COUNT);
	assert_in_range(all.statements, 3, 20);
	assert_int_equal(walk(zids, COUNT, "77777777777777777777").peers, COUNT / 3);
	/* The very first and the very last one. */
	memset(zids[0], 0, ZRTP_ZID_SIZE);
	memset(zids[1], 0xff, ZRTP_ZID_SIZE);
	assert_int_equal(walk(zids, 2, "").peers, 2);
	free(zids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_of_digits_is_what_begins_with_them),
		cmocka_unit_test(after_a_zid_comes_the_next_one),
		cmocka_unit_test(drawn_zids_take_few_statements_and_little_memory),
		cmocka_unit_test(what_was_typed_bounds_the_walk),
		cmocka_unit_test(zids_that_are_no_random_numbers_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
