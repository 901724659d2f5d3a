/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enrollment (7.3.1) and SASrelay (5.13, 7.3): Alice is the phone, Bob the PBX
 * unless a test says otherwise.
 */
#include "pair.h"
#include "replay.h"

#include "internal.h"

enum { SECOND = 1000000, PHONE = 0, PBX = 1 };

static const uint8_t far_sas[ZRTP_SECRET_SIZE] = { 0x51, 0x52, 0x53, 0x54, 9 };
static const uint8_t other_sas[ZRTP_SECRET_SIZE] = { 0xa1, 0xa2, 0xa3, 0xa4, 7 };

static struct pair_config with_pbx(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[PBX].mitm = true;
	return config;
}

static struct zrtp_session *session_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].session;
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].log[0].stream;
}

static enum zrtp_status relay(struct pair *pair, const char *type, const uint8_t *sashash)
{
	return zrtp_stream_relay_sas(stream_of(pair, PBX), type, sashash, false, false, pair->now);
}

static unsigned told(const struct pair *pair, unsigned side, enum zrtp_event event)
{
	return pair->side[side].log[0].event_count[event];
}

static void run_call(struct pair *pair)
{
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
}

static void call_again(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	run_call(pair);
}

/* A call to the enrollment extension; nobody has accepted yet. */
static struct pair *enrollment_call(const struct pair_config *config)
{
	struct pair *pair = pair_new(config);

	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	run_call(pair);
	return pair;
}

/* A phone and its PBX in an ordinary call after the enrollment. */
static struct pair *enrolled(const struct pair_config *config)
{
	struct pair *pair = enrollment_call(config);

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_OK);
	}
	call_again(pair, config);
	return pair;
}

static void assert_shows(const struct pair *pair, const char *type, const uint8_t sashash[4])
{
	struct zrtp_session_info info = pair_session_info(pair, PHONE);
	char text[ZRTP_SAS_TEXT_SIZE];

	zrtp_sas_find(type)->render((uint32_t)sashash[0] << 24 | (uint32_t)sashash[1] << 16 |
					    (uint32_t)sashash[2] << 8 | sashash[3],
				    text);
	assert_string_equal(info.sas, text);
	assert_string_equal(info.sas_type, type);
}

static void assert_shows_own(const struct pair *pair, const char *type)
{
	struct zrtp_session_info info = pair_session_info(pair, PHONE);

	assert_false(info.relayed);
	assert_shows(pair, type, info.sashash);
}

/* ---- enrollment ---- */

static void both_sides_of_an_enrollment_keep_the_same_pbxsecret(void **state) /* R472 R473 R474 R475 */
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

static void without_the_users_word_nothing_is_stored(void **state) /* R479 R480 */
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

static void the_pbxsecret_matches_in_every_later_call(void **state) /* R459 R460 */
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

static void enrolling_again_keeps_the_secret_that_matches(void **state)
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

/* ---- relaying ---- */

static void only_a_pbx_relays_and_a_sas_only_to_its_phones(void **state) /* R382 R385 R397 R461 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = pair_started(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE },
				   { .type = "SASrelay", .to = PBX },
				   { .type = NULL } };

	(void)state;
	assert_int_equal(relay(pair, "B32", NULL), ZRTP_WRONG_STATE); /* not secure */
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_WRONG_STATE); /* not enrolled */
	assert_int_equal(zrtp_stream_relay_sas(stream_of(pair, PHONE), "B32", NULL, false, false, pair->now),
			 ZRTP_WRONG_STATE); /* no M */
	assert_int_equal(relay(pair, "B31", NULL), ZRTP_INVALID);
	assert_int_equal(relay(pair, "", NULL), ZRTP_INVALID);
	assert_int_equal(taps[0].seen + taps[1].seen, 0);
	assert_int_equal(relay(pair, "B32", NULL), ZRTP_OK);
	assert_int_equal(relay(pair, "B32 ", NULL), ZRTP_OK);
	pair_free(pair);
}

static void the_phone_shows_what_its_pbx_relays(void **state) /* R388 R395 R396 R462 R465 R481 R482 */
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) { /* R399: in both roles */
		struct pair_config config = with_pbx();
		struct pair *pair;
		struct zrtp_session_info before, after;

		config.policy[passive].passive = true;
		pair = enrolled(&config);
		before = pair_session_info(pair, PHONE);
		assert_int_equal(relay(pair, "B256", far_sas), ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		after = pair_session_info(pair, PHONE);
		assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAYED), 1);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
		assert_true(after.relayed);
		assert_shows(pair, "B256", far_sas);
		assert_memory_equal(after.sashash, before.sashash, sizeof(before.sashash));
		assert_false(pair_session_info(pair, PBX).relayed);
		assert_string_equal(pair_session_info(pair, PBX).sas, before.sas);
		assert_int_equal(zrtp_stream_deadline(stream_of(pair, PBX)), ZRTP_NEVER);
		pair_free(pair);
	}
}

static void flags_of_the_far_leg_arrive(void **state) /* R394 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);

	(void)state;
	for (unsigned flags = 0; flags < 4; flags++) {
		assert_int_equal(zrtp_stream_relay_sas(stream_of(pair, PBX), "B32", far_sas, flags & 1,
						       flags & 2, pair->now),
				 ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair_session_info(pair, PHONE).relayed_verified, flags & 1);
		assert_int_equal(pair_session_info(pair, PHONE).relayed_disclosed, flags >> 1);
	}
	pair_free(pair);
}

static void another_sas_takes_the_place_of_the_first_with_a_new_iv(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE }, { .type = NULL } };
	struct pair_packet first;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	first = taps[0].last;
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK);
	assert_memory_not_equal(taps[0].last.octets + 12 + 20, first.octets + 12 + 20, ZRTP_IV_SIZE);
	assert_int_equal(taps[0].last.len - 16, 19 * 4); /* R393 */
	pair_run(pair, pair->now + SECOND);
	assert_shows(pair, "B32 ", other_sas);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 2);
	pair_free(pair);
}

/* The first one was not yet acknowledged: only the second is repeated. */
static void a_newer_sas_is_sent_instead_of_the_one_under_way(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE, .lose = 4 }, { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 200000);
	assert_int_equal(taps[0].seen, 2);
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(taps[0].seen, 5);
	assert_shows(pair, "B32 ", other_sas);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAYED), 1);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 0);
	pair_free(pair);
}

/* Which SASrelay of those on their way to the phone is lost: the nth. */
static bool lose_one(struct pair *pair, struct pair_packet *packet)
{
	unsigned *nth = pair->filter_arg;

	return !pair_is(packet, "SASrelay") || --*nth;
}

/* A RelayACK names no SASrelay. The phone must not be left with the SAS of a
 * party that has gone, because the answer to its relay came late. */
static void a_late_answer_to_a_former_relay_does_not_count_for_the_newer_one(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	unsigned nth = 2;

	(void)state;
	pair->filter = lose_one;
	pair->filter_arg = &nth;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + PAIR_DELAY + 1); /* the answer is on its way */
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 0);
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK);
	pair_run(pair, pair->now + 100000);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 0);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_shows(pair, "B32 ", other_sas);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 0);
	pair_free(pair);
}

/* The same with an answer that comes twice, as the SASrelay was repeated. */
static void the_second_answer_to_a_repeated_relay_does_not_count_for_the_next_one(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	unsigned nth = 3;

	(void)state;
	pair->filter = lose_one;
	pair->filter_arg = &nth;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	/* As if the way took longer than the first repetition: sent twice by then. */
	assert_int_equal(zrtp_stream_deadline(stream_of(pair, PBX)), pair->now + 150000);
	pair->now += 150000;
	zrtp_stream_expire(stream_of(pair, PBX), pair->now);
	while (!told(pair, PBX, ZRTP_EVENT_RELAY_DONE)) {
		pair_run(pair, pair->now + 1);
	}
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK);
	pair_run(pair, pair->now + 100000);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_shows(pair, "B32 ", other_sas);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 2);
	pair_free(pair);
}

/* R466: to a phone that is not enrolled, and to one that is. */
static void an_empty_relay_changes_the_rendering_only(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = pair_secured(&config);

	(void)state;
	assert_shows_own(pair, "B32 ");
	assert_int_equal(relay(pair, "B256", NULL), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAYED), 1);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 0);
	assert_shows_own(pair, "B256");
	pair_free(pair);
	pair = enrolled(&config);
	assert_int_equal(relay(pair, "B256", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(relay(pair, "B32", NULL), ZRTP_OK); /* the far leg is another one now */
	pair_run(pair, pair->now + SECOND);
	assert_shows_own(pair, "B32 ");
	pair_free(pair);
}

/* What every phone takes back another SAS for, as an empty one does not. */
static void the_phones_own_sashash_takes_a_relayed_one_back(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct zrtp_session_info info;

	(void)state;
	assert_int_equal(relay(pair, "B256", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_true(pair_session_info(pair, PHONE).relayed);
	info = pair_session_info(pair, PBX);
	assert_int_equal(relay(pair, "B32", info.sashash), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_shows_own(pair, "B32 ");
	assert_false(pair_session_info(pair, PHONE).relayed);
	assert_true(pair_session_info(pair, PHONE).relayed_own);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 0);
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_true(pair_session_info(pair, PHONE).relayed);
	/* Also once the enrollment is revoked at the PBX, where nothing else goes out. */
	zrtp_session_forget_enrollment(session_of(pair, PBX));
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_WRONG_STATE);
	assert_int_equal(relay(pair, "B32", info.sashash), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_shows_own(pair, "B32 ");
	pair_free(pair);
}

/* ---- whom the phone does not believe ---- */

static void assert_refused(struct pair *pair, const struct pair_tap *acks)
{
	struct zrtp_session_info before = pair_session_info(pair, PHONE), after;

	assert_int_equal(relay(pair, "B256", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	after = pair_session_info(pair, PHONE);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 1);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAYED), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_shows_own(pair, "B32 ");
	assert_int_equal(acks[0].seen, 1);
	assert_int_equal(acks[1].seen, 0); /* no Error: the call goes on */
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_assert_secure(pair, 0);
}

/* What a PBX asks before it chooses the rendering for two legs. */
static void the_peers_sas_types_are_known_once_the_peer_is(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair;

	(void)state;
	assert_int_equal(zrtp_policy_set(&config.policy[PBX], ZRTP_CLASS_SAS, "B256 B32", NULL), ZRTP_OK);
	assert_int_equal(zrtp_policy_set(&config.policy[PHONE], ZRTP_CLASS_SAS, "B256", NULL), ZRTP_OK);
	pair = pair_new(&config);
	assert_false(zrtp_session_peer_shows(session_of(pair, PBX), "B32"));
	run_call(pair);
	assert_true(zrtp_session_peer_shows(session_of(pair, PBX), "B256"));
	assert_true(zrtp_session_peer_shows(session_of(pair, PBX), "B32")); /* mandatory */
	assert_false(zrtp_session_peer_shows(session_of(pair, PBX), "B10D"));
	pair_free(pair);

	assert_int_equal(zrtp_policy_set(&config.policy[PHONE], ZRTP_CLASS_SAS, "B32", NULL), ZRTP_OK);
	pair = pair_new(&config);
	run_call(pair);
	assert_false(zrtp_session_peer_shows(session_of(pair, PBX), "B256"));
	assert_true(zrtp_session_peer_shows(session_of(pair, PBX), "B32 "));
	pair_free(pair);
}

static void any_sashash_can_be_rendered(void **state)
{
	static const uint8_t sashash[ZRTP_SECRET_SIZE] = { 0xe5, 0x82, 0x94, 0xf2 };
	char text[ZRTP_SAS_TEXT_SIZE] = "untouched";

	(void)state;
	assert_int_equal(zrtp_sas_text("B10D", sashash, text), ZRTP_INVALID);
	assert_string_equal(text, "untouched");
	assert_int_equal(zrtp_sas_text("B256", sashash, text), ZRTP_OK);
	assert_string_equal(text, "topmost:istanbul");
	assert_int_equal(zrtp_sas_text("B32", sashash, text), ZRTP_OK);
	assert_string_equal(text, "hsbj");
}

static void a_pbx_without_the_secret_is_not_believed(void **state) /* R398 R464 R481 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = pair_secured(&config);
	struct pair_tap taps[] = { { .type = "RelayACK", .to = PBX },
				   { .type = "Error   ", .to = PBX },
				   { .type = NULL } };

	(void)state;
	session_of(pair, PBX)->pbx_matched = true;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_refused(pair, taps);
	pair_free(pair);
}

/* Even with the secret: the Hello had no M flag. */
static void a_device_without_the_m_flag_is_not_believed(void **state) /* R386 R387 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "RelayACK", .to = PBX },
				   { .type = "Error   ", .to = PBX },
				   { .type = NULL } };

	(void)state;
	config.policy[PBX].mitm = false;
	call_again(pair, &config);
	assert_true(pair_session_info(pair, PHONE).pbx_matched);
	session_of(pair, PBX)->policy.mitm = true; /* it begins only now */
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_refused(pair, taps);
	pair_free(pair);
}

static void a_refused_relay_does_not_undo_a_trusted_one(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);

	(void)state;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	session_of(pair, PHONE)->pbx_matched = false;
	assert_int_equal(relay(pair, "B256", other_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 1);
	assert_shows(pair, "B32 ", far_sas);
	pair_free(pair);
}

/* A SASrelay of a hand-made text, with the PBX's keys. */
static size_t seal_relay(struct pair *pair, uint8_t *out, const uint8_t *plain, size_t len)
{
	const struct zrtp_stream *stream = stream_of(pair, PBX);
	enum zrtp_role role = stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	static const uint8_t iv[ZRTP_IV_SIZE] = { 3 };
	uint8_t text[ZRTP_MESSAGE_MAX], mac[ZRTP_MAC_SIZE];
	const struct zrtp_sealed sealed = { mac, iv, text, len };

	assert_int_equal(
		zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], iv, true, plain, len, text), 0);
	assert_int_equal(zrtp_mac64(stream->choice.hash, stream->keys.mackey[role], stream->choice.hash->size,
				    text, len, mac),
			 0);
	return zrtp_sealed_write(out, ZRTP_MESSAGE_MAX, ZRTP_MSG_SASRELAY, &sealed);
}

static enum zrtp_status inject_plain(struct pair *pair, const uint8_t *plain, size_t len)
{
	uint8_t message[ZRTP_MESSAGE_MAX];

	return pair_inject(pair, PHONE, 0, message, seal_relay(pair, message, plain, len));
}

static void unused_bits_and_a_signature_do_not_disturb(void **state) /* R391 R392 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[40 + 511 * 4] = { 0xff, 0xfe, 0, 4, 'B', '3', '2', ' ' };

	(void)state;
	memcpy(plain + 8, far_sas, sizeof(far_sas));
	assert_int_equal(inject_plain(pair, plain, 40), ZRTP_OK);
	assert_shows(pair, "B32 ", far_sas);
	assert_true(pair_session_info(pair, PHONE).relayed_verified);
	memcpy(plain + 8, other_sas, sizeof(other_sas));
	plain[1] |= 1;
	plain[2] = 0xff;
	assert_int_equal(inject_plain(pair, plain, sizeof(plain)), ZRTP_OK);
	assert_shows(pair, "B32 ", other_sas);
	pair_free(pair);
}

static void a_relay_with_a_false_signature_length_is_dropped(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[44] = { 0, 0, 1, 0, 'B', '3', '2', ' ', 1 };
	unsigned sends = pair->side[PHONE].log[0].sends;

	(void)state;
	assert_int_equal(inject_plain(pair, plain, 40), ZRTP_DROPPED);
	plain[2] = 0;
	assert_int_equal(inject_plain(pair, plain, 44), ZRTP_DROPPED);
	assert_int_equal(pair->side[PHONE].log[0].sends, sends);
	assert_shows_own(pair, "B32 ");
	pair_free(pair);
}

/* A scheme that this phone does not have. */
static void an_unknown_rendering_scheme_is_not_shown(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[40] = { 0, 0, 0, 0, 'X', '1', '7', ' ' };

	(void)state;
	memcpy(plain + 8, far_sas, sizeof(far_sas));
	assert_int_equal(inject_plain(pair, plain, sizeof(plain)), ZRTP_OK);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 1);
	assert_shows_own(pair, "B32 ");
	pair_free(pair);
}

static void each_changed_octet_makes_a_relay_silence(void **state) /* R389 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[40] = { 0, 0, 0, 4, 'B', '3', '2', ' ' }, message[128];
	unsigned sends = pair->side[PHONE].log[0].sends;
	size_t len;

	(void)state;
	memcpy(plain + 8, far_sas, sizeof(far_sas));
	len = seal_relay(pair, message, plain, sizeof(plain));
	for (size_t i = 12; i < len; i++) {
		if (i >= 20 && i < 36) {
			continue; /* the IV is not under the MAC (5.13) */
		}
		message[i] ^= 0x10;
		assert_int_equal(pair_inject(pair, PHONE, 0, message, len), ZRTP_DROPPED);
		message[i] ^= 0x10;
	}
	assert_int_equal(pair->side[PHONE].log[0].sends, sends);
	assert_shows_own(pair, "B32 ");
	assert_int_equal(pair_inject(pair, PHONE, 0, message, len), ZRTP_OK);
	assert_int_equal(pair_inject(pair, PBX, 0, message, len), ZRTP_DROPPED); /* sent back */
	pair_free(pair);
}

/* ---- loss ---- */

static void a_relay_nobody_acknowledges_fails_and_the_call_goes_on(void **state) /* R384 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE },
				   { .type = "RelayACK", .to = PBX, .lose = PAIR_LOSE_ALL },
				   { .type = "Error   ", .to = PHONE },
				   { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 10 * SECOND);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 0);
	pair_run(pair, pair->now + 20 * SECOND);
	pair_assert_t2(&taps[0]);
	assert_int_equal(taps[1].seen, 11); /* each one answered */
	assert_int_equal(taps[2].seen, 0);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 1);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 0);
	assert_shows(pair, "B32 ", far_sas);
	pair_assert_keys(pair, 0);
	assert_int_equal(zrtp_stream_deadline(stream_of(pair, PBX)), ZRTP_NEVER);
	pair->filter = NULL;
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK); /* and may be tried again */
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_free(pair);
}

static void repetitions_are_the_same_octets(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE, .lose = 3 }, { .type = NULL } };
	struct pair_packet first;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	first = taps[0].last;
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(taps[0].seen, 4);
	assert_memory_equal(first.octets + 12, taps[0].last.octets + 12, first.len - 16);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_free(pair);
}

static void a_relayack_that_nobody_waits_for_is_ignored(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t message[16];
	size_t len = zrtp_bare_write(message, sizeof(message), ZRTP_MSG_RELAYACK);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair_inject(pair, i, 0, message, len), ZRTP_DROPPED);
		assert_int_equal(told(pair, i, ZRTP_EVENT_RELAY_DONE), 0);
	}
	pair_free(pair);
}

/* The PBX relays although the phone, the initiator, still repeats Confirm2. */
static void a_relay_before_the_phone_is_secure_is_repeated_until_it_is(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair;
	struct pair_tap taps[] = { { .type = "Conf2ACK", .to = PHONE, .lose = 3 }, { .type = NULL } };

	(void)state;
	config.policy[PBX].passive = true;
	pair = enrolled(&config);
	pair_new_call(pair, &config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	while (!taps[0].seen) {
		pair_run(pair, pair->now + 1000);
	}
	assert_int_equal(pair_info(pair, PHONE, 0).state, ZRTP_STATE_CONFIRM2_SENT);
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 30 * SECOND);
	pair_assert_keys(pair, 0);
	assert_int_equal(taps[0].seen, 4);
	assert_shows(pair, "B32 ", far_sas);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_free(pair);
}

static void relays_on_a_bad_network_arrive(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair_config config = with_pbx();
		struct pair *pair = enrolled(&config);

		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = 30;
		pair->duplicate = 30;
		pair->jitter = 30000;
		assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
		pair_run(pair, pair->now + 20 * SECOND);
		assert_shows(pair, "B32 ", far_sas);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
		pair_assert_keys(pair, 0);
		pair_free(pair);
	}
}

/* ---- beside GoClear ---- */

/* Every relay ends in one of its two events (see zrtp_stream_relay_sas()). */
static void a_relay_that_goclear_interrupts_is_told_to_have_failed(void **state)
{
	(void)state;
	for (unsigned refused = 0; refused < 2; refused++) {
		struct pair_config config = with_pbx();
		struct pair *pair;
		struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE, .lose = PAIR_LOSE_ALL },
					   { .type = NULL } };

		config.policy[PHONE].allow_clear = true;
		pair = enrolled(&config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		session_of(pair, PHONE)->policy.allow_clear = !refused;
		assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
		assert_int_equal(zrtp_stream_go_clear(stream_of(pair, PBX), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair_info(pair, PBX, 0).state,
				 refused ? ZRTP_STATE_SECURE : ZRTP_STATE_CLEAR);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 0);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 1);
		pair_free(pair);
	}
}

static void in_clear_nothing_is_relayed(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair;

	(void)state;
	config.policy[PHONE].allow_clear = true;
	pair = enrolled(&config);
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, PBX), pair->now), ZRTP_OK);
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_WRONG_STATE);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_WRONG_STATE);
	assert_int_equal(zrtp_stream_go_secure(stream_of(pair, PBX), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK); /* with the keys of Multistream */
	pair_run(pair, pair->now + SECOND);
	assert_shows(pair, "B32 ", far_sas);
	pair_free(pair);
}

/* ---- the vectors ---- */

static const struct kat *dh_vector(const char *prefix)
{
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		if (!strncmp(kat_dh[i].name, prefix, strlen(prefix))) {
			return &kat_dh[i];
		}
	}
	fail_msg("no vector %s", prefix);
	return NULL;
}

static void check_relay(struct pair *pair, struct replay *replay, const struct kat *kat, const char *field,
			const char *plain_field)
{
	struct kat_field plain = kat_get(kat, plain_field);
	bool empty = !strcmp(plain_field, "SASrelay_empty_plain");
	char type[5] = "";

	memcpy(type, plain.octets + 4, 4);
	replay_expect(replay, "SASrelay", kat, field);
	replay->side[PBX].iv = kat_get(kat, field).octets + 20;
	replay->compared = 0;
	assert_int_equal(zrtp_stream_relay_sas(stream_of(pair, PBX), type, empty ? NULL : plain.octets + 8,
					       plain.octets[3] & ZRTP_CONFIRM_VERIFIED,
					       plain.octets[3] & ZRTP_CONFIRM_DISCLOSE, pair->now),
			 ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(replay->compared, 1);
	assert_int_equal(pair_session_info(pair, PHONE).relayed, !empty);
	if (!empty) {
		assert_shows(pair, type, plain.octets + 8);
		kat_same(kat, "SASrelay_relayed_sas_B32", pair_session_info(pair, PHONE).sas, 4);
		assert_true(pair_session_info(pair, PHONE).relayed_verified);
	}
}

/* Every vector has the messages; V2's exchange has the M flag and pbxsecrets
 * by itself, and with enrollment its Confirm1; the others are made to. */
static void sasrelay_messages_are_the_vectors_octet_for_octet(void **state) /* R388 R389 R393 R399 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		const struct kat *kat = &kat_dh[i];
		struct pair_config config;
		struct replay replay;
		struct pair *pair;

		replay_config(&replay, kat, &config);
		pair = replay_new(&replay, &config);
		replay_run(pair);
		if (kat != dh_vector("V2")) {
			session_of(pair, PBX)->policy.mitm = true;
			session_of(pair, PBX)->pbx_matched = session_of(pair, PHONE)->pbx_matched = true;
			session_of(pair, PHONE)->peer_hello_flags |= ZRTP_HELLO_MITM;
		}
		check_relay(pair, &replay, kat, "SASrelay_from_responder", "SASrelay_from_responder_plain");
		check_relay(pair, &replay, kat, "SASrelay_empty_from_responder", "SASrelay_empty_plain");
		pair_free(pair);
	}
}

static void an_enrollment_call_is_the_vector(void **state) /* R474 */
{
	const struct kat *v2 = dh_vector("V2");
	struct pair_config config;
	struct replay replay;
	struct pair *pair;

	(void)state;
	replay_config(&replay, v2, &config);
	pair = replay_new(&replay, &config);
	assert_int_equal(zrtp_session_enroll(session_of(pair, PBX)), ZRTP_OK);
	replay_expect(&replay, "Confirm1", v2, "Confirm1"); /* it has E */
	replay_expect(&replay, "Confirm2", v2, "Confirm2");
	replay_run(pair);
	assert_int_equal(replay.compared, 2);
	assert_true(pair_session_info(pair, PHONE).enrollment_offered);
	assert_true(pair_session_info(pair, PHONE).pbx_matched);
	pair_free(pair);
}

static void the_pbxsecret_is_the_vector(void **state) /* R472 */
{
	const struct kat *v1 = dh_vector("V1");
	struct pair_config config;
	struct replay replay;
	struct pair *pair;

	(void)state;
	replay_config(&replay, v1, &config);
	pair = replay_new(&replay, &config);
	session_of(pair, PBX)->enroll = true; /* no M in the vector's Hello */
	replay_run(pair);
	session_of(pair, PHONE)->peer_hello_flags |= ZRTP_HELLO_MITM;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_accept_enrollment(session_of(pair, i)), ZRTP_OK);
		kat_same(v1, "pbxsecret", pair->side[i].stored.pbxsecret, ZRTP_SECRET_SIZE);
	}
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
		cmocka_unit_test(only_a_pbx_relays_and_a_sas_only_to_its_phones),
		cmocka_unit_test(the_phone_shows_what_its_pbx_relays),
		cmocka_unit_test(flags_of_the_far_leg_arrive),
		cmocka_unit_test(another_sas_takes_the_place_of_the_first_with_a_new_iv),
		cmocka_unit_test(a_newer_sas_is_sent_instead_of_the_one_under_way),
		cmocka_unit_test(a_late_answer_to_a_former_relay_does_not_count_for_the_newer_one),
		cmocka_unit_test(the_second_answer_to_a_repeated_relay_does_not_count_for_the_next_one),
		cmocka_unit_test(an_empty_relay_changes_the_rendering_only),
		cmocka_unit_test(the_phones_own_sashash_takes_a_relayed_one_back),
		cmocka_unit_test(the_peers_sas_types_are_known_once_the_peer_is),
		cmocka_unit_test(any_sashash_can_be_rendered),
		cmocka_unit_test(a_pbx_without_the_secret_is_not_believed),
		cmocka_unit_test(a_device_without_the_m_flag_is_not_believed),
		cmocka_unit_test(a_refused_relay_does_not_undo_a_trusted_one),
		cmocka_unit_test(unused_bits_and_a_signature_do_not_disturb),
		cmocka_unit_test(a_relay_with_a_false_signature_length_is_dropped),
		cmocka_unit_test(an_unknown_rendering_scheme_is_not_shown),
		cmocka_unit_test(each_changed_octet_makes_a_relay_silence),
		cmocka_unit_test(a_relay_nobody_acknowledges_fails_and_the_call_goes_on),
		cmocka_unit_test(repetitions_are_the_same_octets),
		cmocka_unit_test(a_relayack_that_nobody_waits_for_is_ignored),
		cmocka_unit_test(a_relay_before_the_phone_is_secure_is_repeated_until_it_is),
		cmocka_unit_test(relays_on_a_bad_network_arrive),
		cmocka_unit_test(a_relay_that_goclear_interrupts_is_told_to_have_failed),
		cmocka_unit_test(in_clear_nothing_is_relayed),
		cmocka_unit_test(sasrelay_messages_are_the_vectors_octet_for_octet),
		cmocka_unit_test(an_enrollment_call_is_the_vector),
		cmocka_unit_test(the_pbxsecret_is_the_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
