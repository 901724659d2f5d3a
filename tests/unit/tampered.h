/* SPDX-License-Identifier: BSD-2-Clause */
/* A store with something in every column, and what a call may be offered of it. */
#ifndef TAMPERED_H
#define TAMPERED_H

#include "../../cache/lines.h"
#include "stores.h"

static const uint8_t other_own[ZRTP_ZID_SIZE] = {
	'a', 'n', 'o', 't', 'h', 'e', 'r', ' ', 'o', 'w', 'n', '!'
};

enum { NOW = 2000, EXPIRY_B = 9000 };

/* Numbers of secrets: of label a, verified, what matched before, another line; of label b;
 * of the other peer; of the same peer under another own ZID. */
enum { A1 = 11, A2, A_LINE, B1 = 21, B2, PBX = 31, PBX_OTHER, AUX, OF_TWO = 51, OF_TWO_PBX, OF_OTHER = 71 };

static inline struct zrtp_retained ask(struct test_store *t, const uint8_t *own, unsigned peer,
				       const char *label, enum zrtp_store_status *status)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = own, .peer_zid = zid, .label = label };
	struct zrtp_retained out;

	stores_zid(zid, peer);
	*status = zrtp_store_get(t->store, &key, NOW, &out, &t->error);
	return out;
}

static inline void put_pbx(struct test_store *t, unsigned peer, unsigned pbx, unsigned alternate)
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

static inline void put_aux(struct test_store *t, unsigned peer, unsigned number)
{
	uint8_t zid[ZRTP_ZID_SIZE], aux[ZRTP_SECRET_SIZE];

	stores_zid(zid, peer);
	stores_secret(aux, number);
	assert_int_equal(zrtp_store_set_aux(t->store, stores_own, zid, aux, sizeof(aux), 1000, &t->error), 0);
}

/* Something in every column. */
static inline void fill(struct test_store *t)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key other = { .own_zid = other_own, .peer_zid = zid, .label = "a" };
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

static inline void open_filled(struct test_store *t, enum store_kind kind, bool sealed)
{
	stores_prepare(t, kind);
	t->key.octets[0] = 7;
	t->config.key = sealed ? &t->key : NULL;
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
	fill(t);
}

static inline bool is_one_of(const uint8_t *octets, const unsigned *numbers)
{
	while (*numbers && !stores_is_secret(octets, *numbers)) {
		numbers++;
	}
	return *numbers;
}

/* What may be offered of peer 1 whatever was done to its rows: its own secrets, and of
 * them nothing that was not said of them. */
static inline void assert_honest(const struct zrtp_retained *r)
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

static inline bool same(const struct zrtp_retained *a, const struct zrtp_retained *b)
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

static inline void assert_nothing(const struct zrtp_retained *r)
{
	const struct zrtp_retained none = { .has_rs1 = false };

	assert_memory_equal(r, &none, sizeof(none));
}

#define OWN     "X'746865206F776E205A494400'"
#define ONE     "X'250000000000000000000001'"
#define PEER_1  " WHERE own_zid = " OWN " AND peer_zid = " ONE
#define LABEL_A PEER_1 " AND label = 'a'"

#endif
