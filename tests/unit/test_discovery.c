/* SPDX-License-Identifier: BSD-2-Clause */
/* Discovery (4.1): Hellos of other versions, HelloACK, and a Commit that comes too early. */
#include "requirements.h"

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
static void a_commit_is_ignored_while_the_versions_differ(void **state) /* R023 R025 R333 */
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
static void helloack_ends_the_hellos_and_so_does_commit(void **state) /* R012 R331 R332 R415 */
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
		assert_in_range(taps[0].seen, commit ? 1 : 5, 6);
		assert_int_equal(state_of(pair, ALICE, 0),
				 commit ? ZRTP_STATE_DHPART1_SENT : ZRTP_STATE_FOUND);
		pair_free(pair);
	}
}

/* Two that begin at once have each other's Hello already: five packets each, and none of them twice. */
static void hellos_that_cross_are_not_repeated(void **state)
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_new(&config);

	(void)state;
	run_secure(pair, 0);
	assert_int_equal(pair_info(pair, ALICE, 0).sent, 5);
	assert_int_equal(pair_info(pair, BOB, 0).sent, 5);
	pair_free(pair);
}

/* Alice's Hello is lost, and Bob comes up so many milliseconds later: when is the call secure? */
static uint64_t secure_after(unsigned ms)
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_new(&config);
	uint64_t since;

	pair_add_stream(pair, 0);
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	since = pair->now;
	pair_run(pair, pair->now + ms * 1000ULL);
	pair->loss = 0;
	assert_int_equal(zrtp_stream_start(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	since = pair_info(pair, BOB, 0).secure_at - since;
	pair_free(pair);
	return since / 1000 - ms;
}

/* A Hello of ours that may still arrive comes again 20 ms after it, an older one at once. */
static void a_peer_that_comes_up_has_our_hello_soon(void **state) /* R012 */
{
	const unsigned exchange = 8 * PAIR_DELAY / 1000;

	(void)state;
	assert_in_range(secure_after(1), 19, 19 + exchange);
	assert_in_range(secure_after(6), 0, exchange);
	assert_in_range(secure_after(40), 0, exchange);
	assert_in_range(secure_after(1000), 0, exchange);
	/* 140 ms after the last one: the next one would be later than that. */
	assert_in_range(secure_after(490), 0, exchange);
	/* Just after one of those that come each 200 ms. */
	assert_in_range(secure_after(752), 10, 18 + exchange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_before_any_hello_is_ignored),
		cmocka_unit_test(a_commit_is_ignored_while_the_versions_differ),
		cmocka_unit_test(a_higher_version_does_not_disturb_our_hellos),
		cmocka_unit_test(a_peer_that_comes_down_to_our_version_is_welcome),
		cmocka_unit_test(helloack_ends_the_hellos_and_so_does_commit),
		cmocka_unit_test(hellos_that_cross_are_not_repeated),
		cmocka_unit_test(a_peer_that_comes_up_has_our_hello_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
