/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of stores share. */
#ifndef ON_STORES_H
#define ON_STORES_H

#include "stores.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Run a test on every kind of store. */
static inline void on_each(void (*test)(struct test_store *t))
{
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		test(&t);
		stores_end(&t);
	}
}

static inline void assert_offers(const struct zrtp_retained *r, unsigned rs1, unsigned rs2)
{
	uint8_t secret[ZRTP_SECRET_SIZE];

	assert_int_equal(r->has_rs1, rs1 != 0);
	assert_int_equal(r->has_rs2, rs2 != 0);
	if (rs1) {
		stores_secret(secret, rs1);
		assert_memory_equal(r->rs1, secret, sizeof(secret));
	}
	if (rs2) {
		stores_secret(secret, rs2);
		assert_memory_equal(r->rs2, secret, sizeof(secret));
	}
}

static inline void enroll_peer(struct test_store *t, unsigned peer, unsigned pbx, unsigned alternate)
{
	struct zrtp_retained in;

	memset(&in, 0, sizeof(in));
	in.changed = ZRTP_CHANGED_PBX;
	in.has_pbx = pbx;
	stores_secret(in.pbxsecret, pbx);
	in.has_pbx_alternate = alternate;
	stores_secret(in.pbx_alternate, alternate);
	stores_put(t, peer, "", 1000, &in);
}

static inline void put_pbx(struct test_store *t, unsigned pbx, unsigned alternate)
{
	enroll_peer(t, 1, pbx, alternate);
}

static inline void assert_pbx(struct test_store *t, unsigned pbx, unsigned alternate)
{
	struct zrtp_retained r = stores_get(t, 1, "", 1001);
	uint8_t secret[ZRTP_SECRET_SIZE];

	assert_true(r.has_pbx);
	stores_secret(secret, pbx);
	assert_memory_equal(r.pbxsecret, secret, sizeof(secret));
	assert_int_equal(r.has_pbx_alternate, alternate != 0);
	if (alternate) {
		stores_secret(secret, alternate);
		assert_memory_equal(r.pbx_alternate, secret, sizeof(secret));
	}
}

static inline void put_from(struct test_store *t, uint64_t endpoint, const char *label, int64_t now,
			    unsigned rs1, unsigned rs2, enum zrtp_match match)
{
	struct zrtp_retained in = stores_update(rs1, rs2, match);

	in.endpoint = endpoint;
	stores_put(t, 1, label, now, &in);
}

static inline unsigned list_all(struct test_store *t, const char *like, size_t size)
{
	struct zrtp_store_peer page[16], last;
	unsigned total = 0;
	size_t count;

	do {
		assert_int_equal(
			zrtp_store_list(t->store, like, total ? &last : NULL, page, size, &count, &t->error),
			ZRTP_STORE_OK);
		for (size_t i = 0; i < count; i++) {
			assert_true(!total || memcmp(last.peer_zid, page[i].peer_zid, ZRTP_ZID_SIZE) < 0);
			last = page[i];
			total++;
		}
	} while (count == size);
	return total;
}

#endif
