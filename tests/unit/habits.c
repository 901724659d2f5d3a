/* SPDX-License-Identifier: BSD-2-Clause */
#include "habits.h"

static const uint8_t own_zid[ZRTP_ZID_SIZE] = "the own ZID", peer_zid[ZRTP_ZID_SIZE] = "the peer ZID";

unsigned habits_below(uint64_t *prng, unsigned limit)
{
	return (unsigned)(pair_random(prng) >> 33) % limit;
}

void phone_store(struct phone *phone, const struct phone *began, unsigned made, unsigned matched)
{
	bool by_rs2 = matched && matched == began->rs2;

	if (began->rs1 && !matched) {
		return; /* an alarm: its user would have to compare the SAS */
	}
	switch (phone->habit) {
	case AS_RFC:
		phone->rs2 = began->rs1;
		break;
	case AS_OURS:
		phone->rs2 = matched;
		break;
	case AS_LINPHONE:
		phone->rs2 = by_rs2 ? 0 : began->rs1;
		break;
	case ONE_ONLY:
	case HABITS:
		phone->rs2 = 0;
		break;
	}
	phone->rs1 = made;
}

unsigned habits_number(bool has, const uint8_t *secret, unsigned last)
{
	uint8_t octets[ZRTP_SECRET_SIZE];

	for (unsigned i = last; has && i; i--) {
		stores_secret(octets, i);
		if (!memcmp(octets, secret, sizeof(octets))) {
			return i;
		}
	}
	return 0;
}

struct zrtp_retained habits_update(const struct zrtp_retained *got, unsigned made, unsigned matched,
				   unsigned rs2)
{
	struct zrtp_retained out = *got;
	bool other = matched && matched == rs2 && got->rs2_other;

	out.match = matched        ? (other || got->new_label ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN)
		    : got->has_rs1 ? ZRTP_MATCH_FAILED
				   : ZRTP_MATCH_NONE;
	out.line = matched ? (other ? got->other_line : got->line) : 0;
	out.generation = 1 + (matched ? (other ? got->other_generation : got->generation) : 0);
	out.has_rs2 = matched;
	stores_secret(out.rs2, matched);
	out.has_rs1 = true;
	stores_secret(out.rs1, made);
	out.verified = matched && (other ? got->other_verified : got->verified);
	out.rs2_other = out.line_unproved = out.new_label = false;
	out.expiry = UINT32_MAX;
	out.changed = ZRTP_CHANGED_SECRET;
	return out;
}

unsigned habits_match(const unsigned initiator[2], const unsigned responder[2])
{
	for (unsigned i = 0; i < 2; i++) {
		if (initiator[i] && (initiator[i] == responder[0] || initiator[i] == responder[1])) {
			return initiator[i];
		}
	}
	return 0;
}

struct zrtp_retained habits_get(struct test_store *t, const char *label, int64_t now)
{
	const struct zrtp_cache_key key = { .own_zid = own_zid, .peer_zid = peer_zid, .label = label };
	struct zrtp_retained out;
	enum zrtp_store_status status = zrtp_store_get(t->store, &key, now, &out, &t->error);

	assert_true(status == ZRTP_STORE_OK || status == ZRTP_STORE_UNKNOWN);
	return out;
}

void habits_put(struct test_store *t, const char *label, int64_t now, const struct zrtp_retained *in)
{
	const struct zrtp_cache_key key = { .own_zid = own_zid, .peer_zid = peer_zid, .label = label };

	assert_int_equal(zrtp_store_put(t->store, &key, now, in, &t->error), ZRTP_STORE_OK);
}

void habits_forget(struct test_store *t)
{
	assert_int_equal(zrtp_store_remove(t->store, own_zid, peer_zid, &t->error), ZRTP_STORE_OK);
}

void habits_begin(struct test_store *t)
{
	stores_prepare(t, STORE_MEMORY);
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
}
