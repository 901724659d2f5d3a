/* SPDX-License-Identifier: BSD-2-Clause */
/* GoClear (4.7.2): who may, what it leaves, the way back, and bad networks. */
#include "clear.h"

/* ---- who may ---- */

static void goclear_needs_a_secure_stream_and_the_peers_a_flag(void **state) /* R210 R378 */
{
	(void)state;
	for (unsigned flags = 0; flags < 4; flags++) {
		bool allow[2] = { flags & 1, flags & 2 };
		struct pair_config config = allowing(allow[0], allow[1]);
		struct pair *pair = pair_started(&config);

		assert_int_equal(zrtp_stream_go_clear(stream_of(pair, 0, 0), pair->now), ZRTP_WRONG_STATE);
		pair_free(pair);
		pair = pair_secured(&config);
		for (unsigned i = 0; i < 2; i++) {
			enum zrtp_status expected = allow[!i] ? ZRTP_OK : ZRTP_WRONG_STATE;

			assert_int_equal(pair_session_info(pair, i).peer_allows_clear, allow[!i]);
			assert_int_equal(zrtp_stream_go_secure(stream_of(pair, i, 0), pair->now),
					 ZRTP_WRONG_STATE);
			assert_int_equal(zrtp_stream_go_clear(stream_of(pair, i, 0), pair->now), expected);
			assert_int_equal(state_of(pair, i, 0),
					 allow[!i] ? ZRTP_STATE_GOCLEAR_SENT : ZRTP_STATE_SECURE);
		}
		pair_free(pair);
	}
}

/* Make Alice believe that Bob has sent the A flag. */
static struct pair *with_a_hostile_alice(void)
{
	struct pair_config config = allowing(true, false);
	struct pair *pair = pair_secured(&config);

	pair->side[0].session->peer_confirm_flags |= ZRTP_CONFIRM_ALLOW_CLEAR;
	return pair;
}

/* R211 R376 R377 R380 */
static void goclear_that_was_not_allowed_is_refused_and_all_stay_secure(void **state)
{
	struct pair *pair = with_a_hostile_alice();
	struct pair_tap taps[] = { { .type = "Error   ", .to = 0 },
				   { .type = "ClearACK", .to = 0 },
				   { .type = "ErrorACK", .to = 1 },
				   { .type = "GoClear ", .to = 1 },
				   { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(taps[0].seen, 1);
	assert_memory_equal(taps[0].last.octets + 12 + 12, "\x00\x00\x01\x00", 4);
	assert_int_equal(taps[1].seen, 0);
	assert_int_equal(taps[2].seen, 1);
	assert_int_equal(taps[3].seen, 1);
	pair_assert_secure(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(told(pair, i, 0, ZRTP_EVENT_CLEAR_REFUSED));
		assert_memory_equal(keys_of(pair, i)->zrtpsess, zrtpsess, sizeof(zrtpsess));
		assert_int_equal(zrtp_stream_deadline(stream_of(pair, i, 0)), ZRTP_NEVER);
	}
	add_secure_stream(pair, 1); /* nothing was destroyed */
	pair_free(pair);
}

/* ---- clear ---- */

/* 4.7.2.1: the keys of all streams, whichever carried the GoClear. */
/* R213 R214 R218 R221 R222 R223 R262 */
static void goclear_clears_all_streams_once_and_destroys_their_keys(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2 * PAIR_STREAMS; round++) {
		unsigned requester = round % 2, carrier = round / 2;
		struct pair *pair = with_streams(PAIR_STREAMS);
		uint8_t zrtpsess[ZRTP_HASH_MAX];

		memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
		go_clear(pair, requester, carrier);
		assert_int_equal(pair->side[requester].log[carrier].clear, 0); /* not yet (R218) */
		pair_run(pair, pair->now + 30 * SECOND);
		for (unsigned i = 0; i < 2 * PAIR_STREAMS; i++) {
			unsigned side = i % 2, index = i / 2;

			assert_clear(pair, side, index, 1);
			assert_int_equal(pair->side[side].log[index].clear_reason,
					 side == requester ? ZRTP_CLEAR_REQUESTED : ZRTP_CLEAR_BY_PEER);
			assert_true(is_zero(&stream_of(pair, side, index)->keys,
					    sizeof(struct zrtp_stream_keys)));
			assert_null(stream_of(pair, side, index)->exchange);
		}
		assert_next_zrtpsess(pair, zrtpsess);
		pair_free(pair);
	}
}

static void nothing_but_zrtpsess_is_left_of_the_session_keys(void **state) /* R221 R222 R223 R426 */
{
	struct pair *pair = with_streams(1);
	struct zrtp_session_info before = pair_session_info(pair, 0);
	uint8_t key[ZRTP_EXPORTED_KEY_MAX];
	size_t len;

	(void)state;
	assert_int_equal(zrtp_session_exported_key(pair->side[0].session, key, &len), ZRTP_OK);
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_exported_key(pair->side[i].session, key, &len),
				 ZRTP_WRONG_STATE);
		assert_true(is_zero(keys_of(pair, i)->exported, ZRTP_HASH_MAX));
		assert_true(is_zero(keys_of(pair, i)->new_rs1, ZRTP_SECRET_SIZE));
		assert_false(is_zero(keys_of(pair, i)->zrtpsess, 32));
	}
	go_secure(pair, 1, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_exported_key(pair->side[i].session, key, &len),
				 ZRTP_WRONG_STATE);
	}
	assert_string_equal(pair_session_info(pair, 0).sas, before.sas); /* R426: one SAS for the call */
	pair_free(pair);
}

static void goclear_leaves_the_cache_alone(void **state)
{
	struct pair *pair = with_streams(2);
	struct zrtp_retained before[2] = { pair->side[0].stored, pair->side[1].stored };
	struct pair_config config = both();

	(void)state;
	go_clear(pair, 1, 1);
	pair_run(pair, pair->now + SECOND);
	go_secure(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair->side[i].puts, 1);
		assert_memory_equal(&before[i], &pair->side[i].stored, sizeof(before[i]));
	}
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	assert_true(pair_session_info(pair, 0).rs_matched);
	pair_free(pair);
}

/* ---- and secure again ---- */

/* Clear by one side, secure again by one side, all three streams. */
static void cycle(struct pair *pair, unsigned clearer, unsigned securer, unsigned round)
{
	struct zrtp_srtp_keys before[PAIR_STREAMS];

	for (unsigned i = 0; i < PAIR_STREAMS; i++) {
		before[i] = pair->side[0].log[i].keys[ZRTP_SEND];
	}
	go_clear(pair, clearer, round % PAIR_STREAMS);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < PAIR_STREAMS; i++) {
		go_secure(pair, securer, i);
	}
	for (unsigned i = 0; i < PAIR_STREAMS; i++) {
		assert_true(pair_run_until_secure(pair, i, pair->now + 5 * SECOND));
		pair_assert_keys(pair, i);
		assert_int_equal(pair_info(pair, securer, i).initiator, true);
		assert_string_equal(pair_info(pair, 0, i).algorithm[ZRTP_CLASS_KEX], "Mult");
		assert_memory_not_equal(pair->side[0].log[i].keys[ZRTP_SEND].key, before[i].key,
					before[i].key_len);
	}
	pair_run(pair, pair->now + SECOND);
}

/* R139 R153 R164 R220 R226 R290 R338 */
static void either_side_may_make_it_secure_again_and_again(void **state)
{
	struct pair *pair = with_streams(PAIR_STREAMS);
	struct zrtp_session_info before = pair_session_info(pair, 0);
	struct pair_tap taps[] = { { .type = "DHPart1 ", .to = 0 },
				   { .type = "DHPart1 ", .to = 1 },
				   { .type = "Hello   ", .to = 0 },
				   { .type = "Hello   ", .to = 1 },
				   { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	for (unsigned round = 0; round < 8; round++) {
		cycle(pair, round & 1, round >> 1 & 1, round);
		assert_next_zrtpsess(pair, zrtpsess);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(taps[i].seen, 0); /* no Diffie-Hellman, no new Hello */
	}
	assert_string_equal(pair_session_info(pair, 0).sas, before.sas);
	assert_int_equal(pair->side[0].log[2].clear, 8);
	assert_int_equal(pair->side[0].log[2].secure, 9);
	pair_free(pair);
}

static void both_sides_may_make_it_secure_at_once(void **state) /* R043 */
{
	unsigned alice_initiates = 0;

	(void)state;
	for (unsigned round = 0; round < 16; round++) {
		struct pair_config config = both();
		struct pair *pair = pair_new(&config);

		pair->side[0].prng += round * 7919;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_run(pair, pair->now + SECOND);
		go_clear(pair, 0, 0);
		pair_run(pair, pair->now + SECOND);
		go_secure(pair, 0, 0);
		go_secure(pair, 1, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_assert_keys(pair, 0);
		alice_initiates += pair_info(pair, 0, 0).initiator;
		pair_free(pair);
	}
	assert_in_range(alice_initiates, 1, 15);
}

/* It never sends a Commit (5.2), so it must not leave the state in which the
 * peer's is welcome, nor run into a timeout. */
static void a_passive_side_waits_for_the_peer_to_begin(void **state)
{
	struct pair_config config = both();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	go_clear(pair, 1, 0);
	pair_run(pair, pair->now + SECOND);
	if (zrtp_stream_go_secure(stream_of(pair, 1, 0), pair->now)) {
		assert_int_equal(state_of(pair, 1, 0), ZRTP_STATE_CLEAR);
	}
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[1].log[0].error, 0);
	go_secure(pair, 0, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_assert_keys(pair, 0);
	pair_free(pair);
}

static void a_stream_added_in_clear_becomes_secure_with_the_new_zrtpsess(void **state)
{
	struct pair *pair = with_streams(1);

	(void)state;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	add_secure_stream(pair, 1);
	assert_true(pair_info(pair, 0, 1).multistream);
	assert_int_equal(state_of(pair, 0, 0), ZRTP_STATE_CLEAR);
	pair_free(pair);
}

/* ---- the vectors ---- */

static const struct kat *vector(const struct kat *table, size_t count, const char *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (!strncmp(table[i].name, prefix, strlen(prefix))) {
			return &table[i];
		}
	}
	fail_msg("no vector %s", prefix);
	return NULL;
}

/* Replayed to secure; A is not in the vectors' Confirms, so those differ. */
static struct pair *replayed(struct replay *replay, const struct kat *kat)
{
	struct pair_config config;
	struct pair *pair;

	replay_config(replay, kat, &config);
	config.policy[0].allow_clear = config.policy[1].allow_clear = true;
	pair = replay_new(replay, &config);
	replay_expect(replay, "Commit  ", kat, "Commit");
	replay_run(pair);
	replay_same_keys(kat, pair);
	return pair;
}

static void goclear_messages_and_the_next_zrtpsess_are_the_vectors(void **state) /* R205 R224 R379 */
{
	(void)state;
	for (size_t i = 0; i < 2 * KAT_COUNT(kat_dh); i++) {
		const struct kat *kat = &kat_dh[i / 2];
		struct replay replay;
		struct pair *pair = replayed(&replay, kat);
		unsigned side = i % 2;

		replay.compared = 0;
		replay_expect(&replay, "GoClear ", kat,
			      side ? "GoClear_from_responder" : "GoClear_from_initiator");
		go_clear(pair, side, 0);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(replay.compared, 1);
		for (unsigned s = 0; s < 2; s++) {
			kat_same(kat, "ZRTPSess_after_GoClear", keys_of(pair, s)->zrtpsess,
				 pair->side[s].session->hash->size);
		}
		pair_free(pair);
	}
}

/* Vector M3: exchange V1, GoClear, and secure again on the same stream. */
static void the_exchange_after_a_goclear_is_the_vector(void **state) /* R139 R226 R514 */
{
	const struct kat *v1 = vector(kat_dh, KAT_COUNT(kat_dh), "V1"),
			 *m3 = vector(kat_multistream, KAT_COUNT(kat_multistream), "M3");
	struct replay replay;
	struct pair *pair = replayed(&replay, v1);

	(void)state;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	kat_same(m3, "ZRTPSess_in", keys_of(pair, 1)->zrtpsess, 32);
	for (unsigned i = 0; i < 2; i++) {
		replay.side[i].iv = kat_get(m3, i ? "Confirm1" : "Confirm2").octets + 20;
		replay.side[i].nonce = kat_get(m3, "nonce").octets;
		pair->side[i].session->policy.allow_clear = false; /* the vector's Confirms have no A */
	}
	replay_expect(&replay, "Commit  ", m3, "Commit");
	replay_expect(&replay, "Confirm1", m3, "Confirm1");
	replay_expect(&replay, "Confirm2", m3, "Confirm2");
	replay.compared = 0;
	go_secure(pair, 0, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	assert_int_equal(replay.compared, 3);
	replay_same_keys(m3, pair);
	pair_free(pair);
}

/* ---- loss ---- */

static void goclear_is_repeated_and_each_one_acknowledged(void **state) /* R206 R213 R218 R419 */
{
	struct pair *pair = with_streams(1);
	struct pair_tap taps[] = { { .type = "GoClear ", .to = 1 },
				   { .type = "ClearACK", .to = 0, .lose = 10 },
				   { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + 9 * SECOND);
	assert_int_equal(state_of(pair, 0, 0), ZRTP_STATE_GOCLEAR_SENT);
	assert_int_equal(pair->side[0].log[0].clear, 0);
	assert_clear(pair, 1, 0, 1);
	pair_run(pair, pair->now + 20 * SECOND);
	pair_assert_t2(&taps[0]);
	assert_int_equal(taps[1].seen, 11);
	for (unsigned i = 0; i < 2; i++) {
		assert_clear(pair, i, 0, 1);
	}
	assert_int_equal(pair->side[0].log[0].clear_reason, ZRTP_CLEAR_REQUESTED);
	assert_next_zrtpsess(pair, zrtpsess); /* once on each side */
	pair_free(pair);
}

static void without_any_answer_all_streams_stay_secure(void **state) /* R219 */
{
	struct pair *pair = with_streams(2);
	struct pair_tap taps[] = { { .type = "GoClear ", .to = 1, .lose = PAIR_LOSE_ALL }, { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	pair_assert_t2(&taps[0]);
	assert_true(told(pair, 0, 0, ZRTP_EVENT_CLEAR_UNANSWERED));
	for (unsigned index = 0; index < 2; index++) {
		pair_assert_keys(pair, index);
		assert_int_equal(pair->side[0].log[index].clear, 0);
		assert_int_equal(state_of(pair, 1, index), ZRTP_STATE_SECURE);
	}
	assert_memory_equal(keys_of(pair, 0)->zrtpsess, zrtpsess, sizeof(zrtpsess));
	assert_int_equal(inject_bare(pair, 0, 0, ZRTP_MSG_CLEARACK), ZRTP_DROPPED); /* too late */
	pair_assert_keys(pair, 0);
	pair_free(pair);
}

/* The peer did obey, but none of its ClearACKs came: asking again ends it. */
static void after_lost_clearacks_goclear_can_be_sent_again(void **state)
{
	struct pair *pair = with_streams(2);
	struct pair_tap taps[] = { { .type = "ClearACK", .to = 0, .lose = PAIR_LOSE_ALL }, { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_true(told(pair, 0, 0, ZRTP_EVENT_CLEAR_UNANSWERED));
	assert_int_equal(state_of(pair, 0, 0), ZRTP_STATE_SECURE);
	assert_clear(pair, 1, 0, 1);
	pair->filter = NULL;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	for (unsigned index = 0; index < 2; index++) {
		assert_clear(pair, 0, index, 1);
		assert_clear(pair, 1, index, 1);
	}
	assert_next_zrtpsess(pair, zrtpsess);
	pair_free(pair);
}

static void cycles_on_a_bad_network_end_in_the_same_keys(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair *pair = with_streams(1);
		uint8_t zrtpsess[ZRTP_HASH_MAX];

		memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = 25;
		pair->duplicate = 30;
		pair->jitter = 40000;
		for (unsigned round = 0; round < 3; round++) {
			go_clear(pair, round % 2, 0);
			pair_run(pair, pair->now + 15 * SECOND);
			assert_next_zrtpsess(pair, zrtpsess);
			go_secure(pair, (round + seed) % 2, 0);
			pair_run(pair, pair->now + 15 * SECOND);
			pair_assert_keys(pair, 0);
		}
		pair_free(pair);
	}
}

/* The responder wants to be in clear at once, and its Conf2ACK was lost. */
static void a_lost_conf2ack_is_repeated_while_goclear_waits(void **state)
{
	struct pair_config config = both();
	struct pair *pair = pair_new(&config);
	struct pair_tap taps[] = { { .type = "Conf2ACK", .to = 0, .lose = 1 }, { .type = NULL } };

	(void)state;
	pair_free(pair);
	config.policy[1].passive = true;
	pair = pair_new(&config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	while (!taps[0].seen) {
		pair_run(pair, pair->now + 1000);
	}
	go_clear(pair, 1, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[0].log[0].secure, 1);
	assert_clear(pair, 0, 0, 1);
	assert_clear(pair, 1, 0, 1);
	assert_memory_equal(keys_of(pair, 0)->zrtpsess, keys_of(pair, 1)->zrtpsess, ZRTP_HASH_MAX);
	pair_free(pair);
}

/* The ClearACK was lost, and who got the GoClear wants to be secure again: the
 * repeated GoClear still gets its answer. */
static void a_lost_clearack_does_not_stop_the_peer_from_going_secure(void **state)
{
	struct pair *pair = with_streams(1);
	struct pair_tap taps[] = { { .type = "ClearACK", .to = 0, .lose = 1 }, { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + 10000);
	assert_clear(pair, 1, 0, 1);
	go_secure(pair, 1, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30 * SECOND));
	pair_assert_keys(pair, 0);
	assert_int_equal(pair->side[0].log[0].clear, 1);
	assert_int_equal(pair->side[0].log[0].error + pair->side[1].log[0].error, 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goclear_needs_a_secure_stream_and_the_peers_a_flag),
		cmocka_unit_test(goclear_that_was_not_allowed_is_refused_and_all_stay_secure),
		cmocka_unit_test(goclear_clears_all_streams_once_and_destroys_their_keys),
		cmocka_unit_test(nothing_but_zrtpsess_is_left_of_the_session_keys),
		cmocka_unit_test(goclear_leaves_the_cache_alone),
		cmocka_unit_test(either_side_may_make_it_secure_again_and_again),
		cmocka_unit_test(both_sides_may_make_it_secure_at_once),
		cmocka_unit_test(a_passive_side_waits_for_the_peer_to_begin),
		cmocka_unit_test(a_stream_added_in_clear_becomes_secure_with_the_new_zrtpsess),
		cmocka_unit_test(goclear_messages_and_the_next_zrtpsess_are_the_vectors),
		cmocka_unit_test(the_exchange_after_a_goclear_is_the_vector),
		cmocka_unit_test(goclear_is_repeated_and_each_one_acknowledged),
		cmocka_unit_test(without_any_answer_all_streams_stay_secure),
		cmocka_unit_test(after_lost_clearacks_goclear_can_be_sent_again),
		cmocka_unit_test(cycles_on_a_bad_network_end_in_the_same_keys),
		cmocka_unit_test(a_lost_conf2ack_is_repeated_while_goclear_waits),
		cmocka_unit_test(a_lost_clearack_does_not_stop_the_peer_from_going_secure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
