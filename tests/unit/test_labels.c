/* SPDX-License-Identifier: BSD-2-Clause */
/* A PBX with a store and a phone that files its secrets by label or by ZID: what matches, and what is an
 * alarm. */
#include "filing.h"

/* ---- the PBX's ---- */

static void blind_call(struct world *w, unsigned label)
{
	w->blind = true;
	call(w, label);
	w->blind = false;
}

/* ---- tests ---- */

static void a_phone_that_files_by_label_never_sees_an_alarm(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call(w, 0);
	assert_int_equal(w->pbx_alarms, 0);
	call(w, 1); /* the first under this number: no continuity, and no proof of an attack */
	assert_false(matched(w));
	assert_int_equal(w->new_labels, 1);
	call(w, 0);
	assert_true(matched(w));
	call(w, 2);
	assert_false(matched(w));
	assert_true(pair_session_info(w->pair, PBX).new_label);
	assert_int_equal(w->new_labels, 2);
	for (unsigned i = 0; i < 12; i++) {
		call(w, i % 3);
		assert_true(matched(w));
		assert_false(pair_session_info(w->pair, PBX).new_label);
	}
	assert_int_equal(w->phone_alarms, 0);
	assert_int_equal(w->pbx_alarms, 0);
	world_free(w);
}

static void a_phone_that_files_by_zid_is_known_under_each_label(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	call(w, 0);
	for (unsigned i = 1; i < 12; i++) {
		call(w, i % LABELS);
		assert_true(matched(w));
	}
	assert_int_equal(w->phone_alarms + w->pbx_alarms + w->new_labels, 0);
	world_free(w);
}

/* One side or the other misses its update, never both sides twice in a row: what
 * rs2 is for. */
static void missed_updates_are_repaired_under_each_label(void **state)
{
	(void)state;
	for (unsigned by_label = 0; by_label < 2; by_label++) {
		struct world *w = world_new(by_label);
		bool missed[LABELS] = { false };
		uint64_t prng = 4711;

		for (unsigned i = 0; i < 2 * LABELS; i++) {
			call(w, i % LABELS);
		}
		w->phone_alarms = w->pbx_alarms = 0;
		for (unsigned i = 0; i < 120; i++) {
			unsigned label = (unsigned)(pair_random(&prng) >> 20) % LABELS;
			bool *last = &missed[by_label ? label : 0];
			unsigned who = *last ? 2 : (unsigned)(pair_random(&prng) >> 20) % 3;

			w->phone_misses = who == 0;
			w->pbx_misses = who == 1;
			*last = who < 2;
			call(w, label);
			assert_true(matched(w));
		}
		assert_int_equal(w->phone_alarms + w->pbx_alarms, 0);
		world_free(w);
	}
}

static void what_was_verified_under_one_label_says_nothing_of_another(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call(w, 0);
	assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
	call(w, 1);
	assert_false(pair_session_info(w->pair, PBX).verified);
	assert_false(pair_session_info(w->pair, PHONE).peer_verified);
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).verified);
	assert_true(pair_session_info(w->pair, PHONE).peer_verified);
	call(w, 1);
	assert_true(matched(w));
	assert_false(pair_session_info(w->pair, PBX).verified);
	call(w, 2);
	assert_false(pair_session_info(w->pair, PHONE).peer_verified);
	world_free(w);
}

static void what_was_verified_by_zid_holds_under_each_label(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	call(w, 0);
	assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
	for (unsigned i = 1; i < 5; i++) {
		call(w, i % LABELS);
		assert_true(pair_session_info(w->pair, PBX).verified);
		assert_true(pair_session_info(w->pair, PHONE).peer_verified);
	}
	world_free(w);
}

static void a_call_of_unknown_label_does_not_show_how_a_phone_files(void **state)
{
	struct world *w = world_new(true);
	struct zrtp_store_peer peer;

	(void)state;
	call(w, 0);
	blind_call(w, 0);
	assert_true(matched(w));
	assert_int_equal(zrtp_store_find(w->t.store, zrtp_context_zid(w->pair->side[PBX].context),
					 zrtp_context_zid(w->pair->side[PHONE].context), &peer, &w->t.error),
			 ZRTP_STORE_OK);
	assert_int_equal(peer.scope, ZRTP_SCOPE_UNKNOWN);
	assert_int_equal(peer.labels, 1);
	call(w, 1);
	assert_false(matched(w));
	call(w, 0);
	assert_true(matched(w));
	call(w, 1);
	assert_true(matched(w));
	assert_int_equal(w->phone_alarms, 0);
	assert_int_equal(w->pbx_alarms, 0);
	world_free(w);
}

static void what_calls_of_unknown_label_began_goes_on_under_the_label(void **state)
{
	(void)state;
	for (unsigned by_label = 0; by_label < 2; by_label++) {
		struct world *w = world_new(by_label);

		for (unsigned i = 0; i < 3; i++) {
			blind_call(w, 0);
			assert_int_equal(matched(w), i > 0);
		}
		call(w, 0);
		assert_true(matched(w));
		blind_call(w, 0);
		assert_true(matched(w));
		call(w, 1);
		assert_int_equal(matched(w), !by_label);
		call(w, 0);
		assert_true(matched(w));
		assert_int_equal(w->phone_alarms, 0);
		world_free(w);
	}
}

/* Who is called under its label is known, whatever was before: phones like Linphone
 * keep what they have where nothing matched. */
static void calls_of_unknown_label_make_no_alarms_later(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 8; run++) {
		bool by_label = run % 2;
		struct world *w = world_new(by_label);
		uint64_t prng = 4711 + run;

		for (unsigned i = 0; i < LABELS; i++) {
			call(w, i);
		}
		for (unsigned i = 0; i < 60; i++) {
			unsigned label = (unsigned)(pair_random(&prng) >> 20) % LABELS;

			if ((pair_random(&prng) >> 20) % 2) {
				blind_call(w, label);
				assert_true(by_label || matched(w));
			} else {
				call(w, label);
				assert_true(matched(w));
			}
		}
		world_free(w);
	}
}

/* An attacker with the phone's ZID and none of its secrets, under the old number. */
static void a_stranger_under_a_known_label_is_an_alarm(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		call(w, i % 2);
	}
	w->pbx_alarms = 0;
	memset(w->has, 0, sizeof(w->has));
	call(w, 0);
	assert_int_equal(w->pbx_alarms, 1);
	assert_false(pair_session_info(w->pair, PBX).verified);
	world_free(w);
}

/* Whom such a call lets in, the next one knows: so not without a word. */
static void a_stranger_in_a_call_of_unknown_label_is_an_alarm(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		call(w, i % 2);
	}
	w->pbx_alarms = w->new_labels = 0;
	memset(w->has, 0, sizeof(w->has));
	blind_call(w, 0);
	assert_int_equal(w->pbx_alarms, 1);
	assert_int_equal(w->new_labels, 0);
	call(w, 0);
	assert_false(pair_session_info(w->pair, PBX).verified);
	world_free(w);
}

/* A label known to be of a phone that files by label, a new label, and the
 * expiration interval 0: nothing is stored, nothing is lost. */
static void interval_zero_under_a_new_label_leaves_the_others(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call(w, 0);
	call(w, 1);
	call(w, 0);
	w->config.policy[PHONE].cache_expiry = 0;
	call(w, 2);
	w->config.policy[PHONE].cache_expiry = UINT32_MAX;
	call(w, 0);
	assert_true(matched(w));
	call(w, 1);
	assert_true(matched(w));
	world_free(w);
}

static void a_label_is_checked(void **state)
{
	struct world *w = world_new(true);
	struct zrtp_session *session = w->pair->side[PBX].session;
	char longest[ZRTP_LABEL_SIZE + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[ZRTP_LABEL_SIZE] = '\0';
	assert_int_equal(zrtp_session_set_cache_label(session, longest), ZRTP_INVALID);
	longest[ZRTP_LABEL_SIZE - 1] = '\0';
	assert_int_equal(zrtp_session_set_cache_label(session, longest), ZRTP_OK);
	assert_int_equal(zrtp_session_set_cache_label(session, "a\tb"), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_cache_label(session, NULL), ZRTP_OK);
	call(w, 0);
	assert_int_equal(zrtp_session_set_cache_label(w->pair->side[PBX].session, "x"), ZRTP_WRONG_STATE);
	world_free(w);
}

/* ---- auxsecret and pbxsecret of the store ---- */

/* A PBX that started with a clock ahead of time, until NTP put it right. */
static void a_clock_that_is_put_back_makes_no_false_alarms(void **state)
{
	(void)state;
	for (unsigned by_label = 0; by_label < 2; by_label++) {
		struct world *w = world_new(by_label);

		call(w, 0);
		call(w, 0);
		w->clock -= 7200;
		for (unsigned i = 0; i < 4; i++) {
			call(w, 0);
			assert_true(matched(w));
		}
		assert_int_equal(w->phone_alarms + w->pbx_alarms, 0);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_that_files_by_label_never_sees_an_alarm),
		cmocka_unit_test(a_phone_that_files_by_zid_is_known_under_each_label),
		cmocka_unit_test(missed_updates_are_repaired_under_each_label),
		cmocka_unit_test(what_was_verified_under_one_label_says_nothing_of_another),
		cmocka_unit_test(what_was_verified_by_zid_holds_under_each_label),
		cmocka_unit_test(a_call_of_unknown_label_does_not_show_how_a_phone_files),
		cmocka_unit_test(what_calls_of_unknown_label_began_goes_on_under_the_label),
		cmocka_unit_test(calls_of_unknown_label_make_no_alarms_later),
		cmocka_unit_test(a_stranger_under_a_known_label_is_an_alarm),
		cmocka_unit_test(a_stranger_in_a_call_of_unknown_label_is_an_alarm),
		cmocka_unit_test(interval_zero_under_a_new_label_leaves_the_others),
		cmocka_unit_test(a_label_is_checked),
		cmocka_unit_test(a_clock_that_is_put_back_makes_no_false_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
