/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of docs/cache.md's tables share: a store in memory, and calls of a phone that has had
 * others. */
#ifndef RULES_H
#define RULES_H

#include "stores.h"

enum { T = 1000000, MINUTE = 60, DAY = 24 * 3600 };

/* Accounts: the phone's, another, and an application that has none. */
enum { NOBODY, PHONE, OTHER };

static inline void open_memory(struct test_store *t)
{
	stores_prepare(t, STORE_MEMORY);
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
}

static inline void put(struct test_store *t, uint64_t endpoint, const char *label, int64_t now, unsigned made,
		       unsigned matched)
{
	struct zrtp_retained in = stores_update(made, matched, matched ? ZRTP_MATCH_OWN : ZRTP_MATCH_NONE);
	struct zrtp_retained had = stores_get(t, 1, label, now);

	in.match = matched       ? (had.new_label || (had.rs2_other && stores_is_secret(had.rs2, matched))
					    ? ZRTP_MATCH_OTHER
					    : ZRTP_MATCH_OWN)
		   : had.has_rs1 ? ZRTP_MATCH_FAILED
				 : ZRTP_MATCH_NONE;
	in.line = !matched ? 0 : in.match == ZRTP_MATCH_OTHER && had.rs2_other ? had.other_line : had.line;
	in.generation = 1 + (!matched ? 0
				      : (in.line == had.other_line && had.rs2_other ? had.other_generation
										    : had.generation));
	in.changed = ZRTP_CHANGED_SECRET;
	in.endpoint = endpoint;
	stores_put(t, 1, label, now, &in);
}

static inline struct zrtp_retained offered(struct test_store *t, const char *label, int64_t now, unsigned rs1,
					   unsigned rs2, unsigned spare)
{
	struct zrtp_retained r = stores_get(t, 1, label, now);

	if (r.has_rs1 != (rs1 != 0) || r.has_rs2 != (rs2 != 0) || r.has_spare != (spare != 0) ||
	    (rs1 && !stores_is_secret(r.rs1, rs1)) || (rs2 && !stores_is_secret(r.rs2, rs2)) ||
	    (spare && !stores_is_secret(r.spare, spare))) {
		fail_msg("not %u %u %u but %d: %u, %d: %u, %d: %u", rs1, rs2, spare, r.has_rs1, r.rs1[0],
			 r.has_rs2, r.rs2[0], r.has_spare, r.spare[0]);
	}
	return r;
}

#endif
