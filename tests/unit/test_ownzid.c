/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer with our own ZID: a node of the same cluster, a clone, and what an
 * attacker makes of that. */
#include "pair.h"

#include "internal.h"

enum { SECOND = 1000000, HELLO_AT = 12 /* in a datagram */, ZID_AT = HELLO_AT + 64 };

static const uint8_t ours[ZRTP_ZID_SIZE] = { 7, 7, 7 };

static struct pair_config same_zid(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.zid[0] = config.zid[1] = ours;
	return config;
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

/* Each is told the other's Hello by the signalling. */
static void signal_hellos(const struct pair *pair, unsigned index)
{
	for (unsigned side = 0; side < 2; side++) {
		char text[ZRTP_HELLO_HASH_TEXT_SIZE];

		zrtp_stream_hello_hash(stream_of(pair, !side, index), text);
		assert_int_equal(zrtp_stream_set_peer_hello_hash(stream_of(pair, side, index), text),
				 ZRTP_OK);
	}
}

static struct pair *prepared(const struct pair_config *config, bool signalled)
{
	struct pair *pair = pair_new(config);

	pair_add_stream(pair, 0);
	if (signalled) {
		signal_hellos(pair, 0);
	}
	return pair;
}

static bool told(const struct pair *pair, unsigned side, enum zrtp_event event)
{
	return pair->side[side].log[0].events & 1U << event;
}

static void assert_renamed(const struct pair *pair)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct zrtp_session *session = pair->side[side].session,
					  *peer = pair->side[!side].session;

		assert_true(session->own_zid);
		assert_memory_not_equal(session->zid, ours, ZRTP_ZID_SIZE);
		assert_memory_equal(session->peer_zid, peer->zid, ZRTP_ZID_SIZE);
		/* On whichever stream it was found. */
		assert_true((pair->side[side].log[0].events | pair->side[side].log[1].events) &
			    1U << ZRTP_EVENT_EQUAL_ZID);
		assert_false(told(pair, side, ZRTP_EVENT_CACHE_MISMATCH));
		assert_false(told(pair, side, ZRTP_EVENT_HELLO_HASH_MISMATCH));
		assert_false(told(pair, side, ZRTP_EVENT_MAC_ALARM));
	}
}

static void two_nodes_become_secure(void **state) /* R234 */
{
	(void)state;
	for (unsigned signalled = 0; signalled < 2; signalled++) {
		struct pair_config config = same_zid();
		struct pair *pair = prepared(&config, signalled);

		for (unsigned call = 0; call < 4; call++) {
			pair_start(pair, 0);
			assert_true(pair_run_until_secure(pair, 0, pair->now + 5ULL * SECOND));
			pair_run(pair, pair->now + SECOND);
			pair_assert_secure(pair, 0);
			assert_renamed(pair);
			for (unsigned side = 0; side < 2; side++) {
				struct zrtp_session_info info = pair_session_info(pair, side);

				assert_int_equal(pair_info(pair, side, 0).hello_hash,
						 signalled ? ZRTP_HASH_MATCHED : ZRTP_HASH_NONE);
				assert_false(info.cache_mismatch || info.rs_matched);
				assert_int_equal(pair->side[side].session->expiry, 0);
			}
			pair_new_call(pair, &config);
			pair_add_stream(pair, 0);
			if (signalled) {
				signal_hellos(pair, 0);
			}
		}
		pair_free(pair);
	}
}

/* As a call has it: one says Hello for a while before the other one does. */
static void two_nodes_that_start_apart(void **state)
{
	(void)state;
	for (unsigned signalled = 0; signalled < 4; signalled++) { /* to none, one, the other, both */
		for (unsigned ms = 0; ms <= 2000; ms += 50) {
			struct pair_config config = same_zid();
			struct pair *pair = prepared(&config, false);

			for (unsigned side = 0; side < 2; side++) {
				char text[ZRTP_HELLO_HASH_TEXT_SIZE];

				if (signalled & 1U << side) {
					zrtp_stream_hello_hash(stream_of(pair, !side, 0), text);
					assert_int_equal(zrtp_stream_set_peer_hello_hash(
								 stream_of(pair, side, 0), text),
							 ZRTP_OK);
				}
			}
			assert_int_equal(zrtp_stream_start(stream_of(pair, 0, 0), pair->now), ZRTP_OK);
			pair_run(pair, pair->now + ms * 1000ULL);
			assert_int_equal(zrtp_stream_start(stream_of(pair, 1, 0), pair->now), ZRTP_OK);
			assert_true(pair_run_until_secure(pair, 0, pair->now + 5ULL * SECOND));
			pair_run(pair, pair->now + SECOND);
			pair_assert_keys(pair, 0);
			assert_renamed(pair);
			pair_free(pair);
		}
	}
}

/* Packets lost and out of order. */
static void two_nodes_that_start_apart_on_a_bad_network(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 60; seed++) {
		struct pair_config config = same_zid();
		struct pair *pair = prepared(&config, false);

		pair->prng = seed;
		pair->loss = 20;
		pair->jitter = 60000;
		assert_int_equal(zrtp_stream_start(stream_of(pair, 0, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + seed * 30000ULL);
		assert_int_equal(zrtp_stream_start(stream_of(pair, 1, 0), pair->now), ZRTP_OK);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 20ULL * SECOND));
		pair_free(pair);
	}
}

static void two_nodes_on_a_bad_network(void **state)
{
	struct pair_config config = same_zid();

	(void)state;
	for (unsigned seed = 1; seed < 40; seed++) {
		struct pair *pair = prepared(&config, true);

		pair->prng = seed;
		pair->loss = 20;
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 20ULL * SECOND));
		pair_free(pair);
	}
}

/* The video of the call, there from the beginning or added later. */
static void further_streams_go_along(void **state)
{
	(void)state;
	for (unsigned later = 0; later < 2; later++) {
		struct pair_config config = same_zid();
		struct pair *pair = prepared(&config, true);

		if (!later) {
			pair_add_stream(pair, 1);
			signal_hellos(pair, 1);
		}
		pair_start(pair, 0);
		if (!later) {
			pair_start(pair, 1);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5ULL * SECOND));
		if (later) {
			pair_add_stream(pair, 1);
			signal_hellos(pair, 1);
			pair_start(pair, 1);
		}
		assert_true(pair_run_until_secure(pair, 1, pair->now + 5ULL * SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_keys(pair, 0);
		pair_assert_keys(pair, 1);
		assert_renamed(pair);
		pair_free(pair);
	}
}

/* Session timers repeat the description that was there before. */
static void a_repeated_description_changes_nothing(void **state)
{
	struct pair_config config = same_zid();
	struct pair *pair = prepared(&config, true);

	(void)state;
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5ULL * SECOND));
	signal_hellos(pair, 0);
	pair_run(pair, pair->now + SECOND);
	pair_assert_keys(pair, 0);
	pair_free(pair);
}

/* A Hello of another version of us: it has no other one. */
static bool keep_zid(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return !pair_is(packet, "Hello   ") || !memcmp(packet->octets + ZID_AT, ours, ZRTP_ZID_SIZE);
}

static void a_peer_that_keeps_our_zid_is_a_failure_and_no_clear_call(void **state) /* R372 */
{
	struct pair_config config = same_zid();
	struct pair *pair = prepared(&config, true);

	(void)state;
	pair->filter = keep_zid;
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60ULL * SECOND);
	for (unsigned side = 0; side < 2; side++) {
		assert_int_equal(pair->side[side].log[0].clear, 0);
		assert_int_equal(pair->side[side].log[0].error, 1);
		assert_int_equal(pair_info(pair, side, 0).error_code, ZRTP_ERROR_EQUAL_ZID);
	}
	pair_free(pair);
}

/* ---- attackers ---- */

static struct pair_packet seen;

static bool keep_hello(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Hello   ") && packet->to == 1) {
		seen = *packet; /* Alice's */
	}
	return true;
}

static void inject(struct pair *pair, unsigned side, const uint8_t *datagram, size_t len)
{
	(void)!zrtp_stream_receive(stream_of(pair, side, 0), datagram, len, pair->now);
}

/* In the name of another peer, so that it is not dropped for its SSRC. */
static void send_back(struct pair *pair)
{
	struct pair_packet packet = seen;

	packet.octets[8] ^= 0x55;
	pair_repair(packet.octets, packet.len);
	inject(pair, 0, packet.octets, packet.len);
}

/* A Hello with our ZID that is none of this call's. */
static void send_strange(struct pair *pair)
{
	struct pair_packet packet = seen;

	packet.octets[8] ^= 0x55;
	packet.octets[HELLO_AT + 40] ^= 0x55; /* in H3 */
	memcpy(packet.octets + ZID_AT, ours, ZRTP_ZID_SIZE);
	pair_repair(packet.octets, packet.len);
	inject(pair, 0, packet.octets, packet.len);
}

static bool lose_all(struct pair *pair, struct pair_packet *packet)
{
	(void)keep_hello(pair, packet);
	return false;
}

/* A call with a phone without ZRTP, and everything we say comes back. */
static void a_hello_that_comes_back_changes_nothing(void **state)
{
	struct pair_config config = same_zid();
	struct pair *pair = prepared(&config, false);

	(void)state;
	pair->filter = lose_all;
	pair_start(pair, 0);
	for (unsigned i = 0; i < 100; i++) {
		pair_run(pair, pair->now + SECOND / 10);
		send_back(pair);
	}
	assert_false(pair->side[0].session->own_zid);
	assert_false(told(pair, 0, ZRTP_EVENT_EQUAL_ZID));
	assert_int_equal(pair->side[0].log[0].clear, 1);
	assert_int_equal(pair->side[0].log[0].error, 0);
	pair_free(pair);
}

/* The honest peer has a ZID of its own: it keeps what it knows of us. */
static void a_strangers_hello_with_our_zid_does_not_change_ours(void **state)
{
	static const uint8_t other[ZRTP_ZID_SIZE] = { 8 };

	(void)state;
	for (unsigned signalled = 0; signalled < 2; signalled++) {
		struct pair_config config = same_zid();
		struct pair *pair;

		config.zid[1] = other;
		pair = prepared(&config, signalled);
		pair->filter = keep_hello;
		pair_start(pair, 0);
		for (unsigned i = 0; i < 20; i++) {
			send_strange(pair);
			pair_run(pair, pair->now + SECOND / 100);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5ULL * SECOND));
		for (unsigned i = 0; i < 20; i++) {
			send_strange(pair);
			pair_run(pair, pair->now + SECOND / 10);
		}
		pair_assert_keys(pair, 0);
		assert_false(pair->side[0].session->own_zid);
		assert_memory_equal(pair->side[1].session->peer_zid, ours, ZRTP_ZID_SIZE);
		pair_free(pair);
	}
}

/* Alice only waits and knows her peer by its audio; the stranger comes on the video. */
static void it_does_not_change_it_on_another_stream_either(void **state)
{
	static const uint8_t other[ZRTP_ZID_SIZE] = { 8 };
	struct pair_config config = same_zid();
	struct pair *pair;

	(void)state;
	config.zid[1] = other;
	config.policy[0].passive = config.policy[1].passive = true;
	pair = prepared(&config, false);
	pair_add_stream(pair, 1);
	pair->filter = keep_hello;
	pair_start(pair, 0);
	pair_run(pair, pair->now + SECOND / 10);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_FOUND);
	assert_int_equal(zrtp_stream_start(stream_of(pair, 0, 1), pair->now), ZRTP_OK);
	for (unsigned i = 0; i < 20; i++) {
		struct pair_packet packet = seen;

		packet.octets[8] ^= 0x55;
		packet.octets[HELLO_AT + 40] ^= 0x55;
		memcpy(packet.octets + ZID_AT, ours, ZRTP_ZID_SIZE);
		pair_repair(packet.octets, packet.len);
		(void)!zrtp_stream_receive(stream_of(pair, 0, 1), packet.octets, packet.len, pair->now);
		pair_run(pair, pair->now + SECOND / 10);
	}
	assert_false(pair->side[0].session->own_zid);
	pair_free(pair);
}

/* A phone without ZRTP, and an attacker who sends Hello with our ZID: no failure. */
static void a_plain_call_does_not_end_by_it(void **state)
{
	struct pair_config config = same_zid();
	struct pair *pair = prepared(&config, false);

	(void)state;
	pair->filter = lose_all;
	pair_start(pair, 0);
	for (unsigned i = 0; i < 300; i++) {
		pair_run(pair, pair->now + SECOND / 10);
		send_strange(pair);
	}
	assert_true(pair->side[0].log[0].clear > 0);
	assert_int_equal(pair->side[0].log[0].error, 0);
	assert_true(told(pair, 0, ZRTP_EVENT_EQUAL_ZID));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_nodes_become_secure),
		cmocka_unit_test(two_nodes_that_start_apart),
		cmocka_unit_test(two_nodes_that_start_apart_on_a_bad_network),
		cmocka_unit_test(two_nodes_on_a_bad_network),
		cmocka_unit_test(further_streams_go_along),
		cmocka_unit_test(a_repeated_description_changes_nothing),
		cmocka_unit_test(a_peer_that_keeps_our_zid_is_a_failure_and_no_clear_call),
		cmocka_unit_test(a_hello_that_comes_back_changes_nothing),
		cmocka_unit_test(a_strangers_hello_with_our_zid_does_not_change_ours),
		cmocka_unit_test(it_does_not_change_it_on_another_stream_either),
		cmocka_unit_test(a_plain_call_does_not_end_by_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
