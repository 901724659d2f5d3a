/* SPDX-License-Identifier: BSD-2-Clause */
/* SASrelay (7.3): a trusted PBX has the phone show the SAS of the other leg. */
#include "relays.h"

/* ---- relaying ---- */

static void only_a_pbx_relays_and_a_sas_only_to_its_phones(void **state) /* R319 R382 R385 R397 R461 */
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

static void the_phone_shows_what_its_pbx_relays(void **state) /* R388 R395 R396 R399 R462 R465 R481 R482 */
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

static void another_sas_takes_the_place_of_the_first_with_a_new_iv(void **state) /* R393 R399 */
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

static bool lose_all(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	(void)packet;
	return false;
}

/* For so long an answer may be on its way, to the microsecond. */
static void an_answer_is_owed_for_half_a_second(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct pair_config config = with_pbx();
		struct pair *pair = enrolled(&config);
		uint8_t ack[64];
		uint64_t sent = pair->now;
		size_t len = zrtp_bare_write(ack, sizeof(ack), ZRTP_MSG_RELAYACK);

		pair->filter = lose_all;
		assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
		pair->now = sent + 1000;
		assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK);
		pair->now = sent + 500000 - !late;
		(void)pair_inject(pair, PBX, 0, ack, len);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), late);
		(void)pair_inject(pair, PBX, 0, ack, len);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
		pair_free(pair);
	}
}

/* To a phone that is not enrolled, and to one that is. */
static void an_empty_relay_changes_the_rendering_only(void **state) /* R466 */
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

/* ---- beside GoClear ---- */

/* Every relay ends in one of its two events (see zrtp_stream_relay_sas()). */
static void a_relay_that_goclear_interrupts_is_reported_as_failed(void **state)
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
/* R388 R389 R390 R393 R394 R397 R399 R465 */
static void sasrelay_messages_are_the_vectors_octet_for_octet(void **state)
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

static void an_enrollment_call_is_the_vector(void **state) /* R181 R474 */
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
		cmocka_unit_test(only_a_pbx_relays_and_a_sas_only_to_its_phones),
		cmocka_unit_test(the_phone_shows_what_its_pbx_relays),
		cmocka_unit_test(flags_of_the_far_leg_arrive),
		cmocka_unit_test(another_sas_takes_the_place_of_the_first_with_a_new_iv),
		cmocka_unit_test(a_newer_sas_is_sent_instead_of_the_one_under_way),
		cmocka_unit_test(a_late_answer_to_a_former_relay_does_not_count_for_the_newer_one),
		cmocka_unit_test(the_second_answer_to_a_repeated_relay_does_not_count_for_the_next_one),
		cmocka_unit_test(an_answer_is_owed_for_half_a_second),
		cmocka_unit_test(an_empty_relay_changes_the_rendering_only),
		cmocka_unit_test(the_phones_own_sashash_takes_a_relayed_one_back),
		cmocka_unit_test(a_relay_that_goclear_interrupts_is_reported_as_failed),
		cmocka_unit_test(in_clear_nothing_is_relayed),
		cmocka_unit_test(sasrelay_messages_are_the_vectors_octet_for_octet),
		cmocka_unit_test(an_enrollment_call_is_the_vector),
		cmocka_unit_test(the_pbxsecret_is_the_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
