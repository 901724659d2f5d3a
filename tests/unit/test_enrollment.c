/* SPDX-License-Identifier: BSD-2-Clause */
/* Enrollment (7.3.1): a phone and a PBX come to share the pbxsecret. */
#include "relays.h"

/* ---- enrollment ---- */

static void both_sides_of_an_enrollment_keep_the_same_pbxsecret(void **state) /* R048 R472 R473 R474 R475 */
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) { /* in both roles */
		struct pair_config config = with_pbx();
		struct pair *pair;
		uint8_t expected[ZRTP_SECRET_SIZE];
		struct zrtp_session *phone, *pbx;

		config.policy[passive].passive = true;
		pair = enrollment_call(&config);
		phone = session_of(pair, PHONE);
		pbx = session_of(pair, PBX);
		assert_int_equal(told(pair, PHONE, ZRTP_EVENT_ENROLLMENT), 1);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_ENROLLMENT), 0);
		assert_true(pair_session_info(pair, PHONE).enrollment_offered);
		assert_false(pair_session_info(pair, PBX).enrollment_offered);
		assert_int_equal(zrtp_pbxsecret(phone->hash, phone->keys.zrtpsess,
						passive == PHONE ? pbx->context->zid : phone->context->zid,
						passive == PHONE ? phone->context->zid : pbx->context->zid,
						expected),
				 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_false(pair->side[i].stored.has_pbx);
			assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_OK);
			assert_true(pair->side[i].stored.has_pbx);
			assert_memory_equal(pair->side[i].stored.pbxsecret, expected, sizeof(expected));
		}
		pair_free(pair);
	}
}

static void without_the_users_word_nothing_is_stored(void **state) /* R057 R475 R479 R480 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrollment_call(&config);

	(void)state;
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PBX)), ZRTP_OK);
	call_again(pair, &config);
	assert_false(pair->side[PHONE].stored.has_pbx);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(pair_session_info(pair, i).pbx_matched);
		assert_true(pair_session_info(pair, i).rs_matched);
		assert_int_equal(told(pair, i, ZRTP_EVENT_CACHE_MISMATCH), 0);
	}
	pair_free(pair);
}

static void the_pbxsecret_matches_in_every_later_call(void **state) /* R056 R459 R460 R473 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct zrtp_retained kept = pair->side[PHONE].stored;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 2; i++) {
			assert_true(pair_session_info(pair, i).pbx_matched);
			assert_false(pair_session_info(pair, i).enrollment_offered);
			assert_int_equal(told(pair, i, ZRTP_EVENT_ENROLLMENT), 0);
			assert_memory_equal(pair->side[i].stored.pbxsecret, kept.pbxsecret,
					    sizeof(kept.pbxsecret));
		}
		call_again(pair, &config);
	}
	pair_free(pair);
}

static void an_enrollment_revoked_in_a_call_is_not_stored_again(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	const uint8_t sashash[ZRTP_SECRET_SIZE] = { 1 };

	(void)state;
	assert_true(pair_session_info(pair, PBX).pbx_matched);
	zrtp_session_forget_enrollment(session_of(pair, PBX));
	assert_int_equal(zrtp_session_set_verified(session_of(pair, PBX), true), ZRTP_OK);
	assert_false(pair->side[PBX].stored.has_pbx);
	assert_false(pair->side[PBX].stored.has_pbx_alternate);
	assert_true(pair->side[PBX].stored.has_rs1);
	assert_int_equal(
		zrtp_stream_relay_sas(stream_of(pair, PBX), "B32 ", sashash, false, false, pair->now),
		ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void enrolling_again_keeps_the_secret_that_matches(void **state) /* F26 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct zrtp_retained before = pair->side[PHONE].stored;

	(void)state;
	pair_new_call(pair, &config);
	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	run_call(pair);
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PHONE)), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PBX)), ZRTP_OK);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(pair->side[i].stored.pbxsecret, before.pbxsecret, ZRTP_SECRET_SIZE);
	}
	pair_free(pair);
}

static void a_phone_that_lost_its_secret_can_be_enrolled_again(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct zrtp_retained before = pair->side[PBX].stored;

	(void)state;
	pair->side[PHONE].stored.has_pbx = false;
	pair_new_call(pair, &config);
	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	run_call(pair);
	assert_false(pair_session_info(pair, PBX).pbx_matched);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_OK);
	}
	assert_memory_not_equal(pair->side[PBX].stored.pbxsecret, before.pbxsecret, ZRTP_SECRET_SIZE);
	/* The user may have declined: the former one is kept beside it until one has matched. */
	assert_true(pair->side[PBX].stored.has_pbx_alternate);
	assert_memory_equal(pair->side[PBX].stored.pbx_alternate, before.pbxsecret, ZRTP_SECRET_SIZE);
	assert_false(pair->side[PHONE].stored.has_pbx_alternate);
	for (unsigned i = 0; i < 2; i++) { /* and the same one is not stored twice */
		unsigned puts = pair->side[i].puts;

		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_OK);
		assert_int_equal(pair->side[i].puts, puts);
	}
	call_again(pair, &config);
	assert_true(pair_session_info(pair, PHONE).pbx_matched);
	assert_false(pair->side[PBX].stored.has_pbx_alternate);
	pair_free(pair);
}

/* Whether a phone has kept its side shows in a later call, and is remembered. */
static void a_phone_shows_in_a_later_call_that_it_is_enrolled(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrollment_call(&config);
	const struct zrtp_retained *kept = &pair->side[PBX].stored;

	(void)state;
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PBX)), ZRTP_OK);
	for (unsigned round = 0; round < 3; round++) { /* one that cannot enroll */
		assert_true(kept->has_pbx && kept->has_pbx_alternate);
		call_again(pair, &config);
		assert_true(pair_session_info(pair, PBX).pbx_unproved);
	}
	pair_free(pair);
	pair = enrolled(&config); /* with the call after it */
	for (unsigned round = 0; round < 3; round++) {
		assert_true(pair->side[PBX].stored.has_pbx && !pair->side[PBX].stored.has_pbx_alternate);
		assert_false(pair_session_info(pair, PBX).pbx_unproved);
		call_again(pair, &config);
	}
	pair_free(pair);
}

/* Like GNU ZRTP, which stores the secret of each enrollment that its user confirms. */
static void a_phone_that_takes_each_enrollment_is_known_again(void **state)
{
	for (unsigned takes = 0; takes < 2; takes++) {
		struct pair_config config = with_pbx();
		struct pair *pair = enrolled(&config);

		(void)state;
		pair_new_call(pair, &config);
		assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
		run_call(pair);
		assert_true(pair_session_info(pair, PBX).pbx_matched);
		if (takes) {
			zrtp_session_forget_enrollment(session_of(pair, PHONE));
			assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PHONE)), ZRTP_OK);
		}
		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PBX)), ZRTP_OK);
		assert_true(pair->side[PBX].stored.has_pbx_alternate);
		call_again(pair, &config);
		assert_false(pair_session_info(pair, PBX).pbx_unproved);
		call_again(pair, &config);
		assert_true(pair_session_info(pair, PBX).pbx_matched);
		assert_true(pair_session_info(pair, PHONE).pbx_matched);
		assert_false(pair->side[PBX].stored.has_pbx_alternate);
		pair_free(pair);
	}
}

static void enrollment_has_its_time_and_its_place(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = pair_new(&config);

	(void)state;
	assert_int_equal(zrtp_session_enroll(session_of(pair, PHONE)), ZRTP_WRONG_STATE); /* no M */
	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PBX)), ZRTP_WRONG_STATE);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_WRONG_STATE);
	pair_free(pair);
	pair = pair_secured(&config); /* an ordinary call */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_WRONG_STATE);
		assert_false(pair->side[i].stored.has_pbx);
	}
	pair_free(pair);
	config.cacheless[PHONE] = true;
	pair = enrollment_call(&config);
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PHONE)), ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void enrollment_by_a_device_that_is_no_pbx_means_nothing(void **state)
{
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	pair = pair_new(&config);
	session_of(pair, PBX)->enroll = true; /* no M flag in its Hello */
	run_call(pair);
	assert_int_equal(session_of(pair, PHONE)->peer_confirm_flags & ZRTP_CONFIRM_ENROLL,
			 ZRTP_CONFIRM_ENROLL);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_ENROLLMENT), 0);
	assert_false(pair_session_info(pair, PHONE).enrollment_offered);
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PHONE)), ZRTP_WRONG_STATE);
	assert_int_equal(pair->side[PHONE].puts, 1);
	pair_free(pair);
}

/* The flags of the last Confirm of a type, opened with the sender's key. */
static unsigned confirm_flags(struct pair *pair, const struct pair_tap *tap, unsigned sender, unsigned index)
{
	const struct zrtp_stream *stream = pair->side[sender].log[index].stream;
	enum zrtp_role role = stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	const uint8_t *message = tap->last.octets + 12;
	uint8_t plain[ZRTP_CONFIRM_PLAIN];
	struct zrtp_confirm_plain confirm;

	assert_int_equal(zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], message + 20, false,
				  message + 36, sizeof(plain), plain),
			 0);
	assert_true(zrtp_confirm_parse(&confirm, plain, sizeof(plain)));
	assert_memory_equal(confirm.h0, stream->h[0], ZRTP_IMAGE_SIZE);
	return confirm.flags;
}

/* E excludes A, in the first stream and in those that follow. */
static void an_enrollment_call_has_no_goclear(void **state) /* R476 R477 R478 */
{
	struct pair_config config = with_pbx();
	struct pair *pair;
	struct pair_tap taps[] = { { .type = "Confirm1", .to = PHONE }, { .type = NULL } };

	(void)state;
	config.policy[PHONE].allow_clear = config.policy[PBX].allow_clear = true;
	config.policy[PBX].passive = true;
	pair = pair_new(&config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	run_call(pair);
	assert_int_equal(confirm_flags(pair, &taps[0], PBX, 0), ZRTP_CONFIRM_ENROLL);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(pair_session_info(pair, i).peer_allows_clear);
		assert_int_equal(zrtp_stream_go_clear(stream_of(pair, i), pair->now), ZRTP_WRONG_STATE);
	}
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
	assert_int_equal(confirm_flags(pair, &taps[0], PBX, 1) & ZRTP_CONFIRM_ALLOW_CLEAR, 0);
	pair_free(pair);
}

static void an_a_flag_beside_e_counts_for_nothing(void **state) /* R477 */
{
	struct pair_config config = with_pbx();
	struct pair *pair;

	(void)state;
	config.policy[PHONE].allow_clear = true;
	pair = enrollment_call(&config);
	session_of(pair, PHONE)->peer_confirm_flags |= ZRTP_CONFIRM_ALLOW_CLEAR;
	assert_false(pair_session_info(pair, PHONE).peer_allows_clear);
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, PHONE), pair->now), ZRTP_WRONG_STATE);
	pair_free(pair);
}

/* A hostile PBX that sends GoClear in its enrollment call is refused. */
static void goclear_in_an_enrollment_call_is_refused(void **state) /* R478 */
{
	struct pair_config config = with_pbx();
	struct pair *pair;

	(void)state;
	config.policy[PHONE].allow_clear = true;
	pair = enrollment_call(&config);
	session_of(pair, PBX)->enroll = false;
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, PBX), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_CLEAR_REFUSED), 1);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_CLEAR_REFUSED), 1);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

static void after_goclear_there_is_no_key_to_enroll_with(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrollment_call(&config);

	(void)state;
	session_of(pair, PHONE)->destroyed = true;
	assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, PHONE)), ZRTP_WRONG_STATE);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_of_an_enrollment_keep_the_same_pbxsecret),
		cmocka_unit_test(without_the_users_word_nothing_is_stored),
		cmocka_unit_test(the_pbxsecret_matches_in_every_later_call),
		cmocka_unit_test(an_enrollment_revoked_in_a_call_is_not_stored_again),
		cmocka_unit_test(enrolling_again_keeps_the_secret_that_matches),
		cmocka_unit_test(a_phone_that_lost_its_secret_can_be_enrolled_again),
		cmocka_unit_test(a_phone_shows_in_a_later_call_that_it_is_enrolled),
		cmocka_unit_test(a_phone_that_takes_each_enrollment_is_known_again),
		cmocka_unit_test(enrollment_has_its_time_and_its_place),
		cmocka_unit_test(enrollment_by_a_device_that_is_no_pbx_means_nothing),
		cmocka_unit_test(an_enrollment_call_has_no_goclear),
		cmocka_unit_test(an_a_flag_beside_e_counts_for_nothing),
		cmocka_unit_test(goclear_in_an_enrollment_call_is_refused),
		cmocka_unit_test(after_goclear_there_is_no_key_to_enroll_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
