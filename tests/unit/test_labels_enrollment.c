/* SPDX-License-Identifier: BSD-2-Clause */
/* Enrollment with a phone that is known under several labels: by its secrets, or by its user's word. */
#include "filing.h"

static void the_stores_auxsecret_is_used(void **state)
{
	struct world *w = world_new(false);
	const uint8_t *phone = zrtp_context_zid(w->pair->side[PHONE].context);
	const uint8_t *pbx = zrtp_context_zid(w->pair->side[PBX].context);

	(void)state;
	assert_int_equal(
		zrtp_store_set_aux(w->t.store, pbx, phone, (const uint8_t *)"common", 6, 1, &w->t.error),
		ZRTP_STORE_OK);
	prepare(w, 0);
	assert_int_equal(
		zrtp_session_set_auxsecret(w->pair->side[PHONE].session, (const uint8_t *)"common", 6),
		ZRTP_OK);
	run(w);
	assert_true(pair_session_info(w->pair, PBX).aux_matched);
	call(w, 0); /* this time the phone has none */
	assert_false(pair_session_info(w->pair, PBX).aux_matched);
	assert_true(told(w, PBX, ZRTP_EVENT_AUX_MISMATCH));
	world_free(w);
}

static void enroll(struct world *w, bool phone_accepts)
{
	prepare(w, 0);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_OK);
	if (phone_accepts) {
		assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PHONE].session), ZRTP_OK);
	}
}

/* Enrolled, and enrolled again at the PBX while the phone did not match, but kept
 * its first secret and declined the second. */
static void a_phone_that_declines_the_second_enrollment_stays_trusted(void **state)
{
	struct world *w = world_new(false);
	struct zrtp_retained first;

	(void)state;
	enroll(w, true);
	first = w->kept[0];
	w->kept[0].has_pbx = false;
	enroll(w, false);
	w->kept[0].has_pbx = true;
	memcpy(w->kept[0].pbxsecret, first.pbxsecret, sizeof(first.pbxsecret));
	call(w, 0);
	assert_false(pair_session_info(w->pair, PBX).pbx_matched);
	assert_true(told(w, PBX, ZRTP_EVENT_PBX_ALTERNATE));
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	assert_false(told(w, PBX, ZRTP_EVENT_PBX_ALTERNATE));
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	world_free(w);
}

/* Some phones replace their secret at each enrollment, also one that matched. */
static void a_phone_that_takes_the_second_enrollment_stays_trusted(void **state)
{
	struct world *w = world_new(false);
	struct zrtp_cache_key key = { .own_zid = zrtp_context_zid(w->pair->side[PBX].context),
				      .peer_zid = zrtp_context_zid(w->pair->side[PHONE].context),
				      .label = labels[0] };
	struct zrtp_retained kept;

	(void)state;
	enroll(w, true);
	enroll(w, false);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	assert_int_equal(zrtp_store_get(w->t.store, &key, w->clock, &kept, &w->t.error), ZRTP_STORE_OK);
	assert_true(kept.has_pbx && kept.has_pbx_alternate);
	memcpy(w->kept[0].pbxsecret, kept.pbx_alternate, sizeof(kept.pbx_alternate));
	call(w, 0);
	assert_true(told(w, PBX, ZRTP_EVENT_PBX_ALTERNATE));
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	assert_int_equal(zrtp_store_get(w->t.store, &key, w->clock, &kept, &w->t.error), ZRTP_STORE_OK);
	assert_false(kept.has_pbx_alternate);
	world_free(w);
}

/* Called from whom: the same endpoint as before, or another one. */
static void enroll_without_secret(struct world *w, const char *endpoint)
{
	memset(w->has, 0, sizeof(w->has));
	prepare(w, 0);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, endpoint), ZRTP_OK);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	assert_true(pair_session_info(w->pair, PBX).cache_mismatch);
}

static void a_phone_without_our_secrets_enrolls_by_its_users_word_only(void **state)
{
	struct zrtp_session *session;
	struct world *w = world_new(false);

	(void)state;
	prepare(w, 0);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, "alice"), ZRTP_OK);
	run(w);
	enroll_without_secret(w, "alice");
	session = w->pair->side[PBX].session;
	assert_false(pair_session_info(w->pair, PBX).foreign_endpoint);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
	assert_int_equal(zrtp_session_set_verified(session, false), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
	enroll_without_secret(w, "mallory");
	session = w->pair->side[PBX].session;
	assert_true(pair_session_info(w->pair, PBX).foreign_endpoint);
	assert_int_equal(zrtp_session_set_verified(session, true), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
	/* Nor under a number that the phone never called. */
	memset(w->has, 0, sizeof(w->has));
	prepare(w, 1);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	assert_true(pair_session_info(w->pair, PBX).new_label);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_WRONG_STATE);
	enroll_without_secret(w, "alice");
	session = w->pair->side[PBX].session;
	assert_int_equal(zrtp_session_set_verified(session, true), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PHONE].session), ZRTP_OK);
	call(w, 0);
	assert_true(matched(w));
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	world_free(w);
}

static void call_from(struct world *w, unsigned label, const char *endpoint)
{
	prepare(w, label);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, endpoint), ZRTP_OK);
	run(w);
}

/* A call from that endpoint in which enrollment is announced; again: without secrets. */
static enum zrtp_status enroll_from(struct world *w, unsigned label, const char *endpoint, bool anew)
{
	if (anew) {
		memset(w->has, 0, sizeof(w->has));
	}
	prepare(w, label);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, endpoint), ZRTP_OK);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	return zrtp_session_accept_enrollment(w->pair->side[PBX].session);
}

/* His secret of the first call matches in the second. */
static void an_attacker_who_calls_twice_with_a_phones_zid_is_not_enrolled_in_its_name(void **state)
{
	(void)state;
	for (unsigned label = 0; label < 2; label++) { /* the phone's number, and another one */
		struct world *w = world_new(true);
		struct zrtp_retained kept[LABELS];
		struct zrtp_session *session;

		call_from(w, 0, "alice");
		memcpy(kept, w->kept, sizeof(kept));
		for (unsigned i = 0; i < 4; i++) {
			assert_int_equal(enroll_from(w, label, "mallory", i == 0), ZRTP_WRONG_STATE);
			session = w->pair->side[PBX].session;
			assert_int_equal(matched(w), i > 0);
			assert_true(pair_session_info(w->pair, PBX).foreign_endpoint);
			assert_true(pair_session_info(w->pair, PBX).enrollment_needs_word);
			/* Nor by his own word. */
			assert_int_equal(zrtp_session_set_verified(session, i % 2 == 0), ZRTP_OK);
			assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
		}
		/* The phone itself needs none. */
		memset(w->has, 0, sizeof(w->has));
		w->has[0] = true;
		memcpy(w->kept, kept, sizeof(kept));
		assert_int_equal(enroll_from(w, 0, "alice", false), ZRTP_OK);
		assert_true(matched(w));
		assert_false(pair_session_info(w->pair, PBX).enrollment_needs_word);
		world_free(w);
	}
}

static void a_further_number_of_a_phone_enrolls_by_its_users_word(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call_from(w, 0, "alice");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(enroll_from(w, 1, "alice", false), ZRTP_WRONG_STATE);
		assert_false(pair_session_info(w->pair, PBX).foreign_endpoint);
	}
	assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_OK);
	/* That counts for its next call, too. */
	assert_int_equal(enroll_from(w, 1, "alice", false), ZRTP_OK);
	world_free(w);
}

/* Where the update waits for the user: a stranger's word is none. */
static void a_word_in_a_call_of_another_endpoint_stores_nothing(void **state)
{
	(void)state;
	for (unsigned foreign = 0; foreign < 2; foreign++) {
		struct world *w = world_new(true);

		w->config.policy[PBX].resync = false;
		call_from(w, 0, "alice");
		assert_int_equal(enroll_from(w, 0, foreign ? "mallory" : "alice", true), ZRTP_WRONG_STATE);
		assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
		call(w, 0);
		assert_int_equal(matched(w), !foreign);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stores_auxsecret_is_used),
		cmocka_unit_test(a_phone_that_declines_the_second_enrollment_stays_trusted),
		cmocka_unit_test(a_phone_that_takes_the_second_enrollment_stays_trusted),
		cmocka_unit_test(a_phone_without_our_secrets_enrolls_by_its_users_word_only),
		cmocka_unit_test(an_attacker_who_calls_twice_with_a_phones_zid_is_not_enrolled_in_its_name),
		cmocka_unit_test(a_further_number_of_a_phone_enrolls_by_its_users_word),
		cmocka_unit_test(a_word_in_a_call_of_another_endpoint_stores_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
