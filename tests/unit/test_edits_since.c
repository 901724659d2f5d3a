/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom administrators have changed since a process has looked: all of them, or it is said that some are
 * missing. */
#include "unit.h"

#include "decide/edits_since.h"

#include <stdlib.h>

enum { EDITS = 40, OTHERS = 1000 };

/* The edits of a past: number n, from 1, is of peer n, from fork on of other ones. */
static void zid_of(uint8_t out[ZRTP_ZID_SIZE], uint32_t number, uint32_t fork)
{
	uint32_t peer = number > fork ? number + OTHERS : number;

	memset(out, 0xa5, ZRTP_ZID_SIZE);
	memcpy(out, &peer, sizeof(peer));
}

/* The list of a store at a count, whose first edit had the number base + 1. */
static struct zrtp_store_edits list_at(uint32_t base, uint32_t count, uint32_t fork)
{
	struct zrtp_store_edits list = { .count = count };

	list.known = count - base < ZRTP_STORE_EDITS ? count - base : ZRTP_STORE_EDITS;
	for (unsigned i = 0; i < list.known; i++) {
		zid_of(list.peers[i], count - i, fork);
	}
	return list;
}

/* As store_follow.c does it, with as many looks as it takes. Returns the fit; told gets the numbers that were
 * named. */
static enum edits_fit follow(struct edits_mark *mark, uint32_t base, uint32_t count, uint32_t fork,
			     unsigned char told[EDITS + 1])
{
	struct zrtp_store_edits latest = list_at(base, count, fork), list = latest;
	unsigned fresh, reads = 0;
	int chained = 0;
	enum edits_fit fit;

	for (;;) {
		fit = edits_since(&list, mark, chained, &fresh);
		if (fit == EDITS_OTHER || (fit == EDITS_GAP && list.count != count)) {
			return EDITS_OTHER;
		}
		if (fit == EDITS_FIT) {
			for (unsigned i = 0; i < fresh; i++) {
				told[list.count - i - base] = 1;
			}
			edits_mark(mark, &list);
			if (list.count == count) {
				return EDITS_FIT;
			}
			chained = 1;
			list = latest;
			continue;
		}
		{
			uint32_t page = edits_page(mark, chained);

			assert_true(++reads <= EDITS / ZRTP_STORE_EDITS + 1);
			/* Kept when the next edit came, where it was whole; what goes round ends there. */
			if (page % ZRTP_STORE_EDITS || page - base >= count - base ||
			    page - base < ZRTP_STORE_EDITS) {
				return EDITS_OTHER;
			}
			list = list_at(base, page, fork);
		}
	}
}

static void all_edits_since_a_mark_are_named_once(void **state)
{
	(void)state;
	for (uint32_t from = 0; from <= EDITS; from++) {
		for (uint32_t to = from; to <= EDITS; to++) {
			unsigned char told[EDITS + 1] = { 0 };
			struct zrtp_store_edits list = list_at(0, from, UINT32_MAX);
			struct edits_mark mark, wanted;

			edits_mark(&mark, &list);
			list = list_at(0, to, UINT32_MAX);
			edits_mark(&wanted, &list);
			assert_int_equal(follow(&mark, 0, to, UINT32_MAX, told), EDITS_FIT);
			for (uint32_t i = 1; i <= EDITS; i++) {
				assert_int_equal(told[i], i > from && i <= to);
			}
			assert_memory_equal(&mark, &wanted, sizeof(mark));
		}
	}
}

/* A database is restored as it was at fork, and edits go on from there. */
static void a_mark_of_another_past_is_found_out(void **state)
{
	(void)state;
	for (uint32_t fork = 0; fork < EDITS; fork++) {
		for (uint32_t from = fork + 1; from <= EDITS; from++) {
			for (uint32_t to = fork; to <= EDITS; to++) {
				unsigned char told[EDITS + 1] = { 0 };
				struct zrtp_store_edits list = list_at(0, from, UINT32_MAX);
				struct edits_mark mark;

				edits_mark(&mark, &list);
				assert_int_equal(follow(&mark, 0, to, fork, told), EDITS_OTHER);
			}
		}
	}
}

/* Its count was drawn by a copy, and it names none. */
static void after_a_copy_all_is_named_or_it_is_found_out(void **state)
{
	(void)state;
	for (uint32_t base = UINT32_MAX - 20; base != 20; base++) {
		for (uint32_t to = base; to - base <= EDITS; to++) {
			unsigned char told[EDITS + 1] = { 0 };
			struct zrtp_store_edits list = list_at(base, base, UINT32_MAX);
			struct edits_mark mark, before = { .count = base + 3, .last = "of before" };

			edits_mark(&mark, &list);
			if (follow(&mark, base, to, UINT32_MAX, told) == EDITS_FIT) {
				for (uint32_t i = 1; i <= EDITS; i++) {
					assert_int_equal(told[i], i <= to - base);
				}
			} else {
				assert_true(to - base > ZRTP_STORE_EDITS);
			}
			assert_int_equal(follow(&before, base, to, UINT32_MAX, told), EDITS_OTHER);
		}
	}
}

static void a_mark_ahead_of_the_store_is_no_fit(void **state)
{
	struct zrtp_store_edits none = { .count = 0 }, list = list_at(0, 3, UINT32_MAX);
	struct edits_mark mark;
	unsigned fresh;

	(void)state;
	edits_mark(&mark, &list);
	assert_int_equal(edits_since(&none, &mark, 0, &fresh), EDITS_GAP);
	assert_int_equal(fresh, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_edits_since_a_mark_are_named_once),
		cmocka_unit_test(a_mark_of_another_past_is_found_out),
		cmocka_unit_test(after_a_copy_all_is_named_or_it_is_found_out),
		cmocka_unit_test(a_mark_ahead_of_the_store_is_no_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
