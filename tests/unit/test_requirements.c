/* SPDX-License-Identifier: BSD-2-Clause */
/* Requirements of RFC 6189 about discovery, failures, contention and Confirm
 * that no other test program proves, one small test each. The numbers are those of docs/rfc6189.md. */
#include "requirements.h"

/* ---- discovery (4.1) ---- */

static struct pair_packet kept;

static bool keep_commit(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Commit  ")) {
		kept = *packet;
	}
	return true;
}

static void a_commit_before_any_hello_is_ignored(void **state) /* R039 */
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->filter = keep_commit;
	run_secure(pair, 0);
	pair_free(pair);
	pair = pair_started(&config);
	pair->queued = 0;
	assert_int_equal(zrtp_stream_receive(stream_of(pair, BOB, 0), kept.octets, kept.len, pair->now),
			 ZRTP_DROPPED);
	assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_DISCOVERY);
	assert_int_equal(pair->queued, 0);
	pair_free(pair);
}

/* Bob has Alice's Hello; she has had none of his that she understands. */
static void a_commit_is_ignored_while_the_versions_differ(void **state) /* R023 R025 */
{
	struct pair_config config = defaults();
	struct edit edit = { "Hello   ", ALICE, AT_VERSION, "2.00", 4, 0, 0 };
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 2 * SECOND);
	assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_COMMIT_SENT);
	assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_DISCOVERY);
	assert_true(pair_info(pair, ALICE, 0).dropped[ZRTP_DROP_HASH_CHAIN] > 0);
	assert_int_equal(pair->side[ALICE].log[0].error, 0);
	pair_free(pair);
}

static void a_higher_version_does_not_disturb_our_hellos(void **state) /* R026 */
{
	static const unsigned expected[] = { 0,    50,   150,  350,  550,  750,  950,  1150, 1350, 1550, 1750,
					     1950, 2150, 2350, 2550, 2750, 2950, 3150, 3350, 3550, 3750 };
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "Hello   ", .to = BOB, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);
	uint8_t hello[ZRTP_HELLO_MAX];

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	memcpy(hello, stream_of(pair, BOB, 0)->hello, stream_of(pair, BOB, 0)->hello_len);
	memcpy(hello + AT_VERSION, "2.00", 4);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(pair_inject(pair, ALICE, 0, hello, stream_of(pair, BOB, 0)->hello_len),
				 ZRTP_DROPPED);
		pair_run(pair, pair->now + 70000);
	}
	assert_int_equal(taps[0].seen, 21);
	for (unsigned i = 0; i < taps[0].seen; i++) {
		assert_int_equal((taps[0].at[i] - taps[0].at[0]) / 1000, expected[i]);
	}
	assert_int_equal(pair->side[ALICE].log[0].error, 0);
	pair_free(pair);
}

/* A peer of several versions: its first Hellos are of a higher one. */
static bool first_hellos_are_higher(struct pair *pair, struct pair_packet *packet)
{
	unsigned *seen = pair->filter_arg;

	if (packet->to == ALICE && pair_is(packet, "Hello   ") && ++*seen <= 3) {
		memcpy(message_of(packet) + AT_VERSION, "2.00", 4);
		pair_repair(packet->octets, packet->len);
	}
	return *seen > 3 || packet->to == ALICE || !pair_is(packet, "HelloACK");
}

static void a_peer_that_comes_down_to_our_version_is_welcome(void **state) /* R030 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	unsigned seen = 0;

	(void)state;
	pair->filter = first_hellos_are_higher;
	pair->filter_arg = &seen;
	run_secure(pair, 0);
	assert_true(seen > 3);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

/* A HelloACK of the peer whose Hello is known, or its Commit. */
static void helloack_ends_the_hellos_and_so_does_commit(void **state) /* R012 R331 R415 */
{
	(void)state;
	for (unsigned commit = 0; commit < 2; commit++) {
		struct pair_config config = initiator(BOB);
		struct pair_tap taps[] = {
			{ .type = "Hello   ", .to = BOB },
			{ .type = "HelloACK", .to = ALICE, .lose = commit ? PAIR_LOSE_ALL : 4 },
			{ .type = "Commit  ", .to = ALICE, .lose = commit ? 0 : PAIR_LOSE_ALL },
			{ .type = "DHPart2 ", .to = ALICE, .lose = PAIR_LOSE_ALL },
			{ .type = NULL }
		};
		struct pair *pair = pair_new(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 9 * SECOND);
		/* Alice answered his first Hello with one more of hers. */
		assert_in_range(taps[0].seen, commit ? 1 : 5, 6);
		assert_int_equal(state_of(pair, ALICE, 0),
				 commit ? ZRTP_STATE_DHPART1_SENT : ZRTP_STATE_FOUND);
		pair_free(pair);
	}
}

/* ---- failures (4.1, 4.7.1, 5.9) ---- */

/* Any message with our SSRC, whatever it says; before that a call was good. */
static void a_collision_of_ssrcs_is_reported_to_the_peer(void **state) /* R014 R015 R373 */
{
	static const enum zrtp_message_type types[] = { ZRTP_MSG_HELLO, ZRTP_MSG_HELLOACK,
							ZRTP_MSG_CONF2ACK };
	struct pair_config config = initiator(ALICE);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained before = pair->side[ALICE].stored;
		struct pair_tap taps[] = { { .type = "Error   ", .to = BOB },
					   { .type = "Commit  ", .to = BOB },
					   { .type = NULL } };
		uint8_t message[ZRTP_HELLO_MAX], datagram[ZRTP_DATAGRAM_MAX];
		size_t len;

		pair_new_call(pair, &config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		len = stream_of(pair, BOB, 0)->hello_len;
		memcpy(message, stream_of(pair, BOB, 0)->hello, len);
		if (types[i] != ZRTP_MSG_HELLO) {
			len = zrtp_bare_write(message, sizeof(message), types[i]);
		}
		len = pair_wrap(datagram, pair_info(pair, ALICE, 0).ssrc, 1, message, len);
		(void)zrtp_stream_receive(stream_of(pair, ALICE, 0), datagram, len, pair->now);
		assert_int_equal(taps[0].seen, 1);
		assert_memory_equal(message_of(&taps[0].last) + 12, "\0\0\0\x91", 4);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[ALICE].log[0].error_code, ZRTP_ERROR_EQUAL_SSRC);
		assert_int_equal(taps[1].seen, 0);
		assert_not_secure(pair, ALICE, 0);
		assert_memory_equal(&before, &pair->side[ALICE].stored, sizeof(before));
		/* Anybody may have sent it: a peer with an SSRC of its own is heard. */
		assert_int_equal(zrtp_stream_start(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[ALICE].log[0].secure, 1);
		pair_free(pair);
	}
}

static void a_failure_is_reported_to_the_peer_with_its_code(void **state)
/* R029 R201 R356 R357 R359 R361 R362 R363 R364 R365 */
{
	static const uint8_t many[] = { 0x88 };
	static const struct {
		struct edit edit;
		uint32_t code;
	} cases[] = {
		{ { "Hello   ", ALICE, AT_VERSION, "0.90", 4, 0, 0 }, 0x30 },
		{ { "Hello   ", ALICE, AT_HELLO_COUNTS, many, 1, 0, 0 }, 0x10 },
		{ { "Commit  ", BOB, AT_NAMES, "XXXX", 4, 0, 0 }, 0x51 },
		{ { "Commit  ", BOB, AT_NAMES + 4, "XXXX", 4, 0, 0 }, 0x52 },
		{ { "Commit  ", BOB, AT_NAMES + 8, "XXXX", 4, 0, 0 }, 0x54 },
		{ { "Commit  ", BOB, AT_NAMES + 12, "XXXX", 4, 0, 0 }, 0x53 },
		{ { "Commit  ", BOB, AT_NAMES + 16, "XXXX", 4, 0, 0 }, 0x55 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair_config config = initiator(ALICE);
		struct edit edit = cases[i].edit;
		const struct pair_log *hearer;
		struct pair *pair;

		pair = pair_new(&config);
		pair->filter = edit_packet;
		pair->filter_arg = &edit;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		hearer = &pair->side[!edit.to].log[0];
		assert_int_equal(hearer->error, 1);
		assert_true(hearer->error_from_peer);
		assert_int_equal(hearer->error_code, cases[i].code);
		assert_not_secure(pair, ALICE, 0);
		assert_not_secure(pair, BOB, 0);
		pair_free(pair);
	}
}

static void an_error_is_repeated_until_it_is_acknowledged(void **state) /* R377 R419 */
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = {
			{ .type = "Error   ", .to = BOB },
			{ .type = "ErrorACK", .to = ALICE, .lose = round ? 3 : PAIR_LOSE_ALL },
			{ .type = NULL }
		};
		struct pair *pair = pair_started(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_run(pair, pair->now + 3 * PAIR_DELAY);
		assert_int_equal(zrtp_stream_decline(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		if (round) {
			assert_int_equal(taps[0].seen, 4);
		} else {
			pair_assert_t2(&taps[0]);
		}
		assert_int_equal(taps[1].seen, taps[0].seen);
		pair_free(pair);
	}
}

static void assert_no_keys_left(const struct pair *pair, unsigned side, unsigned index)
{
	assert_true(is_zero(&stream_of(pair, side, index)->keys, sizeof(struct zrtp_stream_keys)));
	assert_null(stream_of(pair, side, index)->exchange);
}

static void a_failure_leaves_no_key_of_its_stream(void **state) /* R203 */
{
	static const struct edit edits[] = { { "DHPart2 ", BOB, AT_PV + 4, NULL, 0, 0, 0 },
					     { "Confirm1", ALICE, AT_TEXT, NULL, 0, 0, 0 },
					     { "Confirm2", BOB, AT_TEXT, NULL, 0, 0, 0 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = initiator(ALICE);
		struct edit edit = edits[i];
		struct pair *pair = pair_new(&config);

		pair->filter = edit_packet;
		pair->filter_arg = &edit;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(pair->side[side].log[0].error, 1);
			assert_no_keys_left(pair, side, 0);
			assert_false(pair->side[side].session->keyed);
		}
		pair_free(pair);
	}
}

static void a_failure_of_one_stream_leaves_the_others_secure(void **state) /* R204 */
{
	struct pair_config config = initiator(ALICE);
	struct edit edit = { "Confirm1", ALICE, AT_TEXT, NULL, 0, 0, 0 };
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_int_equal(pair->side[ALICE].log[1].error_code, ZRTP_ERROR_BAD_CONFIRM);
	pair_assert_secure(pair, 0);
	pair->filter = NULL;
	run_secure(pair, 2);
	pair_assert_secure(pair, 2);
	assert_true(pair_info(pair, ALICE, 2).multistream);
	pair_free(pair);
}

/* ---- contention (4.2) ---- */

/* Returns whether both sides did commit. */
static bool contend(struct pair *pair, unsigned index, size_t len, unsigned *top_bits_differ)
{
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "Commit  ", .to = ALICE },
				   { .type = NULL } };
	const uint8_t *alice = message_of(&taps[0].last) + AT_HVI, *bob = message_of(&taps[1].last) + AT_HVI;
	bool both;

	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	run_secure(pair, index);
	pair_assert_secure(pair, index);
	pair->filter = NULL;
	both = taps[0].seen && taps[1].seen;
	if (both) {
		assert_int_equal(pair_info(pair, ALICE, index).initiator, memcmp(alice, bob, len) > 0);
		*top_bits_differ += (*alice ^ *bob) >> 7;
	}
	return both;
}

static void the_lower_hvi_or_nonce_is_discarded(void **state) /* R042 R043 R152 */
{
	unsigned dh = 0, multistream = 0, top[2] = { 0, 0 };

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->side[ALICE].prng += round * 7919;
		pair->side[BOB].prng += round * 104729;
		dh += contend(pair, 0, ZRTP_HVI_SIZE, &top[0]);
		multistream += contend(pair, 1, ZRTP_NONCE_SIZE, &top[1]);
		pair_free(pair);
	}
	assert_true(dh > 5 && multistream > 5);
	assert_true(top[0] && top[1]); /* as unsigned numbers */
}

/* Something is wrong with Alice: she believes in a session key. */
static void multistream_against_diffie_hellman_gives_no_keys(void **state) /* R044 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "Commit  ", .to = ALICE },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);

	(void)state;
	make_believe_keyed(pair->side[ALICE].session);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60 * SECOND);
	assert_true(taps[0].seen && taps[1].seen);
	for (unsigned i = 0; i < 2; i++) {
		assert_not_secure(pair, i, 0);
		assert_int_equal(pair->side[i].log[0].error, 1);
		assert_no_keys_left(pair, i, 0);
	}
	pair_free(pair);
}

static void the_loser_of_a_contention_keeps_its_key_pair(void **state) /* R047 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "DHPart1 ", .to = ALICE },
				   { .type = "DHPart1 ", .to = BOB },
				   { .type = NULL } };
	struct pair *pair = pair_started(&config);
	uint8_t pv[2][32];
	unsigned responder;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_COMMIT_SENT ||
	       state_of(pair, BOB, 0) != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	for (unsigned i = 0; i < 2; i++) {
		memcpy(pv[i], stream_of(pair, i, 0)->exchange->private_pv, sizeof(pv[i]));
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	responder = pair_info(pair, ALICE, 0).initiator ? BOB : ALICE;
	assert_memory_equal(message_of(&taps[!responder].last) + AT_PV, pv[responder], sizeof(pv[0]));
	pair_free(pair);
}

static void each_flag_of_a_confirm_stands_at_its_place(void **state) /* R181 R346 R350 R351 R526 R528 */
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		bool enroll = bits & ZRTP_CONFIRM_ENROLL;
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB },
					   { .type = "Confirm1", .to = ALICE },
					   { .type = NULL } };
		struct pair *pair;

		config.policy[BOB].mitm = true;
		for (unsigned i = 0; i < 2; i++) {
			config.policy[i].disclose = bits & ZRTP_CONFIRM_DISCLOSE;
			config.policy[i].allow_clear = bits & ZRTP_CONFIRM_ALLOW_CLEAR;
		}
		pair = pair_secured(&config);
		pair_new_call(pair, &config);
		for (unsigned i = 0; i < 2; i++) {
			pair->side[i].stored.verified = bits & ZRTP_CONFIRM_VERIFIED;
		}
		if (enroll) {
			assert_int_equal(zrtp_session_enroll(pair->side[BOB].session), ZRTP_OK);
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		run_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			unsigned expected = i == ALICE ? bits & 7 : enroll ? bits & ~2U : bits;
			uint8_t plain[ZRTP_CONFIRM_PLAIN];

			open_confirm(pair, i, &taps[i].last, plain);
			assert_true(is_zero(plain + 32, 3));
			assert_int_equal(plain[35], expected);
			assert_memory_equal(plain + 36, "\xff\xff\xff\xff", 4);
			assert_int_equal(pair_session_info(pair, !i).peer_disclosed, expected & 1);
			assert_int_equal(pair_session_info(pair, !i).peer_verified, expected >> 2 & 1);
		}
		pair_free(pair);
	}
}

static void a_cacheless_endpoint_says_so_in_its_confirm(void **state) /* R247 R248 R249 */
{
	(void)state;
	for (unsigned cacheless = 0; cacheless < 2; cacheless++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB },
					   { .type = "Confirm1", .to = ALICE },
					   { .type = "Commit  ", .to = BOB },
					   { .type = NULL } };
		uint8_t plain[ZRTP_CONFIRM_PLAIN];
		struct pair *pair;

		config.cacheless[cacheless] = true;
		config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
		pair = pair_secured(&config);
		assert_int_equal(zrtp_session_set_verified(pair->side[cacheless].session, true),
				 ZRTP_WRONG_STATE);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		call_again(pair, &config);
		open_confirm(pair, cacheless, &taps[cacheless].last, plain);
		assert_int_equal(plain[35], 0);
		assert_true(is_zero(plain + 36, 4));
		assert_memory_not_equal(message_of(&taps[2].last) + AT_NAMES + 12, "Prsh", 4);
		pair_free(pair);
	}
}

static void each_confirm_has_an_iv_of_its_own(void **state) /* R182 */
{
	struct pair_config config = defaults();
	struct different ivs;
	struct pair *pair = pair_new(&config);

	(void)state;
	collect_from(&ivs, "Confirm1", "Confirm2", AT_IV, ZRTP_IV_SIZE);
	pair->filter = collect;
	run_secure(pair, 0);
	run_secure(pair, 1);
	call_again(pair, &config);
	assert_int_equal(ivs.count, 6);
	pair_free(pair);
}

static void the_initiator_updates_its_cache_after_conf2ack_or_srtp(void **state) /* R185 R190 */
{
	(void)state;
	for (unsigned srtp = 0; srtp < 2; srtp++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Conf2ACK", .to = ALICE, .lose = 3 },
					   { .type = "Confirm2", .to = BOB },
					   { .type = NULL } };
		struct pair *pair = pair_new(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 900000);
		assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_CONFIRM2_SENT);
		assert_int_equal(pair->side[BOB].puts, 1);
		assert_int_equal(pair->side[ALICE].puts, 0);
		if (srtp) {
			zrtp_stream_srtp_authenticated(stream_of(pair, ALICE, 0), pair->now);
			assert_int_equal(pair->side[ALICE].puts, 1);
		}
		pair_run(pair, pair->now + 20 * SECOND);
		assert_int_equal(pair->side[ALICE].puts, 1);
		assert_int_equal(taps[1].seen, srtp ? 3 : 4);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_before_any_hello_is_ignored),
		cmocka_unit_test(a_commit_is_ignored_while_the_versions_differ),
		cmocka_unit_test(a_higher_version_does_not_disturb_our_hellos),
		cmocka_unit_test(a_peer_that_comes_down_to_our_version_is_welcome),
		cmocka_unit_test(helloack_ends_the_hellos_and_so_does_commit),
		cmocka_unit_test(a_collision_of_ssrcs_is_reported_to_the_peer),
		cmocka_unit_test(a_failure_is_reported_to_the_peer_with_its_code),
		cmocka_unit_test(an_error_is_repeated_until_it_is_acknowledged),
		cmocka_unit_test(a_failure_leaves_no_key_of_its_stream),
		cmocka_unit_test(a_failure_of_one_stream_leaves_the_others_secure),
		cmocka_unit_test(the_lower_hvi_or_nonce_is_discarded),
		cmocka_unit_test(multistream_against_diffie_hellman_gives_no_keys),
		cmocka_unit_test(the_loser_of_a_contention_keeps_its_key_pair),
		cmocka_unit_test(each_flag_of_a_confirm_stands_at_its_place),
		cmocka_unit_test(a_cacheless_endpoint_says_so_in_its_confirm),
		cmocka_unit_test(each_confirm_has_an_iv_of_its_own),
		cmocka_unit_test(the_initiator_updates_its_cache_after_conf2ack_or_srtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
