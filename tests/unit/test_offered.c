/* SPDX-License-Identifier: BSD-2-Clause */
/* What a call is offered, by docs/cache.md: each line of its tables, and the room for two lines. */
#include "rules.h"

static void one_line_offers_its_newest_and_what_matched(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	offered(&t, "a", T, 0, 0, 0);
	put(&t, PHONE, "a", T, 1, 0);
	offered(&t, "a", T, 1, 0, 0);
	put(&t, PHONE, "a", T + MINUTE, 2, 1);
	offered(&t, "a", T + MINUTE, 2, 1, 0);
	put(&t, PHONE, "a", T + 2 * MINUTE, 3, 2);
	offered(&t, "a", T + 2 * MINUTE, 3, 2, 0);
	/* A match by rs2: the phone has lost 3, what matched is 2 still. */
	put(&t, PHONE, "a", T + 3 * MINUTE, 4, 2);
	offered(&t, "a", T + 3 * MINUTE, 4, 2, 0);
	stores_end(&t);
}

/* A call that knew nothing of others at the same time: generation 2, of secret 1. */
static void put_twin(struct test_store *t, bool peer_mitm, int64_t now, unsigned made)
{
	struct zrtp_retained in = stores_update(made, 1, ZRTP_MATCH_OWN);

	in.generation = 2;
	in.peer_mitm = peer_mitm;
	in.line = 0;
	in.endpoint = PHONE;
	in.changed = ZRTP_CHANGED_SECRET;
	stores_put(t, 1, "a", now, &in);
}

static void a_twin_goes_before_what_matched_for_ten_seconds(void **state)
{
	static const struct {
		int64_t apart;
		unsigned rs2;
	} cases[] = { { 0, 2 }, { 10, 2 }, { 11, 1 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Whichever is told first: of one moment the one with the greater octets is newest. */
		for (unsigned order = 0; order < 2; order++) {
			struct test_store t;

			open_memory(&t);
			put(&t, PHONE, "a", T, 1, 0);
			for (unsigned n = 0; n < 2; n++) {
				bool second = n != order;

				put_twin(&t, false, T + MINUTE + (second ? cases[i].apart : 0),
					 second ? 3 : 2);
			}
			offered(&t, "a", T + 5 * MINUTE, 3, cases[i].rs2, 0);
			stores_end(&t);
		}
	}
}

/* test_trunk.c has the rest of it. */
static void a_pbx_is_offered_what_matched_rather_than_a_twin(void **state)
{
	(void)state;
	for (unsigned apart = 0; apart < 12; apart += 11) {
		struct zrtp_retained r;
		struct test_store t;

		open_memory(&t);
		put(&t, PHONE, "a", T, 1, 0);
		put_twin(&t, true, T + MINUTE, 2);
		put_twin(&t, true, T + MINUTE + apart, 3);
		r = stores_get(&t, 1, "a", T + 5 * MINUTE);
		assert_true(stores_is_secret(r.rs1, 2) || stores_is_secret(r.rs1, 3));
		assert_true(r.has_rs2 && stores_is_secret(r.rs2, 1));
		stores_end(&t);
	}
}

/* What matched is no twin any more, told again or not; a twin of what matched is one still. */
static void what_matched_has_no_twin(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "a", T + 1, 2, 1);
	put(&t, PHONE, "a", T + 2, 3, 2);
	put_twin(&t, false, T + 1, 2); /* once more */
	offered(&t, "a", T + 2, 3, 2, 0);
	put(&t, PHONE, "a", T + 3, 4, 3);
	offered(&t, "a", T + 3, 4, 3, 0);
	stores_end(&t);
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put_twin(&t, false, T + MINUTE, 2);
	put_twin(&t, false, T + MINUTE + 1, 3);
	put(&t, PHONE, "a", T + MINUTE + 5, 4, 3);
	offered(&t, "a", T + MINUTE + 6, 4, 2, 0);
	stores_end(&t);
}

/* A node without its database had two calls and counted them, of which the phone has lost one; another node
 * had the phone's next call, and counted one less. By the clock that was the last one, so it is the twin at
 * any distance. */
static void a_twin_that_is_later_by_the_clock_has_no_bound(void **state)
{
	for (unsigned order = 0; order < 2; order++) {
		struct test_store t;

		(void)state;
		open_memory(&t);
		put(&t, PHONE, "a", T, 1, 0);
		for (unsigned n = 0; n < 2; n++) {
			bool late = n != order;
			struct zrtp_retained in = stores_update(late ? 3 : 2, 1, ZRTP_MATCH_OWN);

			in.generation = late ? 2 : 3;
			in.line = 0;
			in.endpoint = PHONE;
			in.changed = ZRTP_CHANGED_SECRET;
			stores_put(&t, 1, "a", T + MINUTE + (late ? MINUTE : 0), &in);
		}
		offered(&t, "a", T + 5 * MINUTE, 2, 3, 0);
		stores_end(&t);
	}
}

/* Generations are counted, so a clock that was put back changes nothing. */
static void the_generation_goes_before_the_clock(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "a", T - DAY, 2, 1);
	offered(&t, "a", T, 2, 1, 0);
	put(&t, PHONE, "a", T - 2 * DAY, 3, 2);
	offered(&t, "a", T, 3, 2, 0);
	stores_end(&t);
}

static void two_lines_offer_the_newest_of_each(void **state)
{
	struct zrtp_retained in, r;
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "a", T + MINUTE, 2, 1);
	put(&t, PHONE, "a", T + 2 * MINUTE, 3, 0); /* a mismatch */
	r = offered(&t, "a", T + 3 * MINUTE, 3, 2, 1);
	assert_true(r.rs2_other && r.line_unproved && !r.spare_other);
	/* The senior one is used: it comes first, its rs2 is the spare still. */
	put(&t, PHONE, "a", T + 4 * MINUTE, 4, 2);
	r = offered(&t, "a", T + 5 * MINUTE, 4, 3, 2);
	assert_true(r.rs2_other && !r.line_unproved);
	/* The peer was seen to have that one: then the senior line is offered alone. */
	in = stores_update(0, 0, ZRTP_MATCH_FAILED);
	in.changed = ZRTP_CHANGED_SEEN;
	in.endpoint = PHONE;
	stores_put(&t, 1, "a", T + 6 * MINUTE, &in);
	r = offered(&t, "a", T + 7 * MINUTE, 4, 2, 3);
	assert_true(!r.rs2_other && r.spare_other);
	/* And the other way round. */
	in.spare_other = true;
	stores_put(&t, 1, "a", T + 8 * MINUTE, &in);
	offered(&t, "a", T + 9 * MINUTE, 4, 3, 2);
	/* From another endpoint it moves nothing. */
	in.spare_other = false;
	in.endpoint = OTHER;
	stores_put(&t, 1, "a", T + 10 * MINUTE, &in);
	offered(&t, "a", T + 11 * MINUTE, 4, 3, 2);
	stores_end(&t);
}

static const char *one_line(void *arg)
{
	const char **line = arg, *given = *line;

	*line = NULL;
	return given;
}

/* A call of unknown label stores where all others do; beside that stands what was stored under
 * it elsewhere, or before. */
static void by_zid_what_has_no_label_stands_beside(void **state)
{
	struct test_store t;
	struct zrtp_retained r;
	uint8_t zid[ZRTP_ZID_SIZE], secret[ZRTP_SECRET_SIZE];
	char own[32], peer[32], rs1[80], text[400];
	const char *line = text;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 1);
	assert_int_equal(stores_find(&t, 1).scope, ZRTP_SCOPE_ZID);
	put(&t, PHONE, ZRTP_STORE_LABEL_UNKNOWN, T + 2 * MINUTE, 3, 2);
	offered(&t, "c", T + 3 * MINUTE, 3, 2, 0);
	assert_int_equal(stores_find(&t, 1).labels, 1);
	stores_zid(zid, 1);
	stores_secret(secret, 4);
	zrtp_store_hex(own, stores_own, ZRTP_ZID_SIZE);
	zrtp_store_hex(peer, zid, ZRTP_ZID_SIZE);
	zrtp_store_hex(rs1, secret, sizeof(secret));
	snprintf(text, sizeof(text),
		 "{\"type\":\"pair\",\"own\":\"%s\",\"peer\":\"%s\",\"label\":\"?\",\"rs1\":\"%s\","
		 "\"last_use\":%d}",
		 own, peer, rs1, T + 4 * MINUTE);
	assert_int_equal(zrtp_store_import(t.store, one_line, &line, NULL, &t.error), ZRTP_STORE_OK);
	assert_int_equal(stores_find(&t, 1).labels, 2);
	r = offered(&t, "c", T + 5 * MINUTE, 3, 4, 0);
	assert_true(r.rs2_other && r.unproved);
	stores_end(&t);
}

static void of_unknown_scope_the_other_labels_is_offered_too(void **state)
{
	struct test_store t;
	struct zrtp_retained r;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	r = offered(&t, "a", T + 2 * MINUTE, 1, 2, 0); /* the other is newer, and the phone's */
	assert_true(r.rs2_other && !r.new_label);
	offered(&t, "b", T + 2 * MINUTE, 2, 0, 0); /* its own is the newest */
	stores_end(&t);
	/* One that another endpoint began is not offered beside the phone's own; and where he
	 * was first under a label, the phone's first line is. */
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, OTHER, "b", T + MINUTE, 2, 0);
	offered(&t, "a", T + 2 * MINUTE, 1, 0, 0);
	r = offered(&t, "b", T + 2 * MINUTE, 2, 1, 0);
	assert_true(r.rs2_other && r.line_later && !r.other_later);
	stores_end(&t);
}

static void a_new_label_is_offered_the_newest_and_the_first(void **state)
{
	struct test_store t;
	struct zrtp_retained r;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	r = offered(&t, "new", T + 1, 1, 0, 0);
	assert_true(r.new_label);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	put(&t, PHONE, "c", T + 2 * MINUTE, 3, 0);
	r = offered(&t, "new", T + 3 * MINUTE, 3, 1, 0);
	assert_true(r.new_label && r.rs2_other && r.line_later && !r.other_later);
	stores_end(&t);
}

/* An ID that was seen before the other line was there says nothing of the two. */
static void an_id_seen_before_moves_nothing(void **state)
{
	struct zrtp_retained in = stores_update(0, 0, ZRTP_MATCH_FAILED);
	struct test_store t;

	(void)state;
	in.changed = ZRTP_CHANGED_SEEN;
	in.endpoint = PHONE;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "a", T + MINUTE, 2, 1);
	stores_put(&t, 1, "a", T + 2 * MINUTE, &in);
	put(&t, PHONE, "a", T + 3 * MINUTE, 3, 0);
	offered(&t, "a", T + 4 * MINUTE, 3, 2, 1);
	stores_end(&t);
}

/* ---- room for two lines ---- */

/* Under a label that the peer did not call first: the one that is proved is the senior. */
static void the_senior_line_is_the_one_proved_first(void **state)
{
	struct test_store t;

	(void)state;
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "b", T + MINUTE, 2, 0);
	put(&t, PHONE, "b", T + 2 * MINUTE, 3, 0);
	put(&t, PHONE, "b", T + 3 * MINUTE, 4, 3);
	offered(&t, "b", T + 4 * MINUTE, 4, 2, 3);
	put(&t, PHONE, "b", T + 5 * MINUTE, 5, 2);
	/* Both are proved now: 3 was first. */
	offered(&t, "b", T + 6 * MINUTE, 5, 4, 3);
	stores_end(&t);
}

static void who_stays_beside_the_senior_line(void **state)
{
	struct test_store t;

	(void)state;
	/* Of those not proved the last. */
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, PHONE, "a", T + MINUTE, 2, 0);
	put(&t, PHONE, "a", T + 2 * MINUTE, 3, 0);
	offered(&t, "a", T + 3 * MINUTE, 3, 1, 0);
	/* One that is proved, rather than any that is not. */
	put(&t, PHONE, "a", T + 4 * MINUTE, 4, 3);
	put(&t, PHONE, "a", T + 5 * MINUTE, 5, 0);
	offered(&t, "a", T + 6 * MINUTE, 4, 1, 0);
	stores_end(&t);
	/* One of the same endpoint, rather than a proved one of another. */
	open_memory(&t);
	put(&t, PHONE, "a", T, 1, 0);
	put(&t, OTHER, "a", T + MINUTE, 2, 0);
	put(&t, OTHER, "a", T + 2 * MINUTE, 3, 2);
	put(&t, PHONE, "a", T + 3 * MINUTE, 4, 0);
	offered(&t, "a", T + 4 * MINUTE, 4, 1, 0);
	put(&t, OTHER, "a", T + 5 * MINUTE, 5, 0);
	offered(&t, "a", T + 6 * MINUTE, 4, 1, 0);
	stores_end(&t);
}

/* Silence counts from what the other line's calls say, and of one endpoint only. */
static void ninety_days_of_silence_make_room(void **state)
{
	static const struct {
		uint64_t endpoint;
		int64_t days;
		bool proved, room;
	} cases[] = { { PHONE, 89, true, false },
		      { PHONE, 91, true, true },
		      { PHONE, 91, false, false },
		      { OTHER, 91, true, false } };

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t later = T + cases[i].days * DAY;
		struct test_store t;

		open_memory(&t);
		put(&t, PHONE, "a", T, 1, 0);
		put(&t, cases[i].endpoint, "a", later - MINUTE, 2, 0);
		if (cases[i].proved) {
			put(&t, cases[i].endpoint, "a", later, 3, 2);
		}
		offered(&t, "a", later + MINUTE, cases[i].proved ? 3 : 2, cases[i].room ? 2 : 1, 0);
		stores_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_offers_its_newest_and_what_matched),
		cmocka_unit_test(a_twin_goes_before_what_matched_for_ten_seconds),
		cmocka_unit_test(a_pbx_is_offered_what_matched_rather_than_a_twin),
		cmocka_unit_test(what_matched_has_no_twin),
		cmocka_unit_test(a_twin_that_is_later_by_the_clock_has_no_bound),
		cmocka_unit_test(the_generation_goes_before_the_clock),
		cmocka_unit_test(two_lines_offer_the_newest_of_each),
		cmocka_unit_test(by_zid_what_has_no_label_stands_beside),
		cmocka_unit_test(of_unknown_scope_the_other_labels_is_offered_too),
		cmocka_unit_test(a_new_label_is_offered_the_newest_and_the_first),
		cmocka_unit_test(an_id_seen_before_moves_nothing),
		cmocka_unit_test(the_senior_line_is_the_one_proved_first),
		cmocka_unit_test(who_stays_beside_the_senior_line),
		cmocka_unit_test(ninety_days_of_silence_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
