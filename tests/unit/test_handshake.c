/* SPDX-License-Identifier: BSD-2-Clause */
/* Two engines from Hello to secure: roles, order of callbacks, timers, a bad
 * network. */
#include "internal.h"
#include "draw.h"
#include "exchange.h"
#include "pair.h"

static struct pair_config with(enum zrtp_class which, const char *list)
{
	struct pair_config config;

	pair_config_init(&config);
	assert_int_equal(zrtp_policy_set(&config.policy[0], which, list, NULL), ZRTP_OK);
	assert_int_equal(zrtp_policy_set(&config.policy[1], which, list, NULL), ZRTP_OK);
	return config;
}

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

static void secure_with(enum zrtp_class which, const char *list)
{
	struct pair_config config = with(which, list);
	struct pair *pair = pair_secured(&config);

	assert_memory_equal(pair_info(pair, 0, 0).algorithm[which], list, strlen(list));
	assert_memory_equal(pair_info(pair, 1, 0).algorithm[which], list, strlen(list));
	pair_free(pair);
}

static bool zero(const uint8_t *octets, size_t len)
{
	while (len && !octets[len - 1]) {
		len--;
	}
	return !len;
}

/* What is drawn ahead is handed out once, and is gone then. */
static void nothing_is_drawn_twice(struct zrtp_stream *stream)
{
	enum { TIMES = 40, SIZE = 16 };
	const struct zrtp_ahead *ahead = &stream->exchange->ahead;
	uint8_t drawn[TIMES][SIZE];

	for (unsigned i = 0; i < TIMES; i++) {
		assert_int_equal(zrtp_draw_public(stream, drawn[i], SIZE, ZRTP_RANDOM_IV), 0);
		assert_false(zero(drawn[i], SIZE));
		assert_true(zero(ahead->octets + ahead->left, sizeof(ahead->octets) - ahead->left));
		for (unsigned k = 0; k < i; k++) {
			assert_memory_not_equal(drawn[i], drawn[k], SIZE);
		}
		if (i % 7 == 0) { /* nor with a private value between */
			assert_int_equal(zrtp_draw_private(drawn[i], SIZE, stream), 0);
		}
	}
}

/* The tests have a random source of their own; this is libcrypto's, as applications have it. */
static void with_libcryptos_randomness_it_is_secure_and_no_two_streams_are_alike(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	const struct zrtp_stream *streams[4];
	struct zrtp_stream *alice;

	(void)state;
	pair->side[0].session->context->system.random = NULL;
	pair->side[1].session->context->system.random = NULL;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	alice = pair->side[0].log[0].stream;
	while (!alice->exchange) {
		pair_run(pair, pair->now + 1000);
		assert_true(pair->now < 10000000);
	}
	nothing_is_drawn_twice(alice);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
	for (unsigned k = 0; k < 4; k++) {
		streams[k] = pair->side[k & 1].log[k >> 1].stream;
		assert_false(zero(streams[k]->h[0], ZRTP_IMAGE_SIZE));
		for (unsigned before = 0; before < k; before++) {
			assert_memory_not_equal(streams[k]->h[0], streams[before]->h[0], ZRTP_IMAGE_SIZE);
		}
	}
	pair_free(pair);
}

/* Through the whole machine */
/* F21 R103 R107 R172 R173 R174 R175 R176 R177 R178 R179 R266 R267 R276 R277 R281 R282 R286 R288 R307
 * R308 R325 */
static void every_algorithm_leads_to_secure(void **state)
{
	static const char *const lists[ZRTP_CLASS_COUNT][8] = {
		[ZRTP_CLASS_HASH] = { "S256", "S384", "S512" },
		[ZRTP_CLASS_CIPHER] = { "AES1", "AES2", "AES3" },
		[ZRTP_CLASS_TAG] = { "HS32", "HS80", "GCM " },
		[ZRTP_CLASS_KEX] = { "DH2k", "DH3k", "EC25", "X255", "X448" },
		[ZRTP_CLASS_SAS] = { "B32", "B256" },
	};

	(void)state;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		for (unsigned i = 0; lists[c][i]; i++) {
			secure_with((enum zrtp_class)c, lists[c][i]);
		}
	}
}

/* Both sides commit at once, and agree who goes on. */
static void contention_has_one_winner(void **state) /* R040 R041 R042 R043 */
{
	unsigned alice_initiates = 0;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->side[0].prng += round * 7919;
		pair->side[1].prng += round * 104729;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
		pair_assert_secure(pair, 0);
		alice_initiates += pair_info(pair, 0, 0).initiator;
		pair_free(pair);
	}
	assert_in_range(alice_initiates, 1, 19);
}

static void a_passive_side_is_the_responder(void **state) /* R320 */
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[passive].passive = true;
		pair = pair_secured(&config);
		assert_true(pair_info(pair, !passive, 0).initiator);
		pair_free(pair);
	}
}

/* Receiving keys come before the packet that lets the peer start, and before
 * the sending keys; secure comes last (4.6). */
static void keys_come_receiver_first(void **state) /* R006 R008 R184 */
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	/* '.' a packet, '0' peer found, '1' hold media, r and s keys, S secure.
	 * Initiator: Commit, DHPart2, key, Confirm2; responder:
	 * DHPart1, Confirm1, key, Conf2ACK. */
	assert_string_equal(strchr(pair->side[0].log[0].order, '1'), "1..r.sS");
	assert_string_equal(strchr(pair->side[1].log[0].order, '1'), "1..r.sS");
	pair_free(pair);
}

/* No wait that the protocol does not ask for: with 5 ms from end to end the
 * whole exchange takes the six half round trips of its messages. */
static void handshake_waits_for_nothing(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct zrtp_stream_info info = pair_info(pair, 0, 0);

	(void)state;
	assert_in_range(info.secure_at - info.started_at, 1, 7 * PAIR_DELAY);
	assert_int_equal(info.repeated, 0);
	pair_free(pair);
}

static void bad_network(unsigned loss, unsigned duplicate, unsigned jitter)
{
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_started(&config);

		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = loss;
		pair->duplicate = duplicate;
		pair->jitter = jitter;
		assert_true(pair_run_until_secure(pair, 0, pair->now + 60000000));
		pair_run(pair, pair->now + 3000000);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

static void thirty_per_cent_loss_each_way_still_becomes_secure(void **state) /* R104 */
{
	(void)state;
	bad_network(30, 0, 0);
}

static void reordering_and_duplication_still_become_secure(void **state)
{
	(void)state;
	bad_network(0, 50, 400000);
	bad_network(15, 30, 100000);
}

/* ---- timers ---- */

static uint64_t sent_at[128];
static unsigned sent_count;

static bool record_and_lose(struct pair *pair, struct pair_packet *packet)
{
	if (!packet->to) {
		return false;
	}
	assert_true(sent_count < 128);
	sent_at[sent_count++] = pair->now;
	return false;
}

/* Section 6: 20 repetitions of Hello, 50 ms, then doubling to 200. */
static void hello_is_repeated_as_often_as_the_rfc_says(void **state) /* R012 R411 R414 */
{
	static const unsigned expected[] = { 0,    50,   150,  350,  550,  750,  950,  1150, 1350, 1550, 1750,
					     1950, 2150, 2350, 2550, 2750, 2950, 3150, 3350, 3550, 3750 };
	struct pair_config config = defaults();
	struct pair *pair = pair_started(&config);

	(void)state;
	pair_free(pair);
	sent_count = 0;
	pair = pair_new(&config);
	pair->filter = record_and_lose;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60000000);
	assert_int_equal(sent_count, 21);
	for (unsigned i = 0; i < sent_count; i++) {
		assert_int_equal((sent_at[i] - sent_at[0]) / 1000, expected[i]);
	}
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_NO_ZRTP);
	assert_int_equal(pair->side[0].log[0].clear, 1);
	assert_int_equal(pair->side[0].log[0].error, 0);
	assert_int_equal(zrtp_stream_deadline(pair->side[0].log[0].stream), ZRTP_NEVER);
	pair_free(pair);
}

/* Lose every packet of one type to one side. */
struct lost {
	const char *type;
	unsigned to;
};

static bool lose_type(struct pair *pair, struct pair_packet *packet)
{
	const struct lost *lost = pair->filter_arg;

	if (packet->to != lost->to || !pair_is(packet, lost->type)) {
		return true;
	}
	assert_true(sent_count < 128);
	sent_at[sent_count++] = pair->now;
	return false;
}

/* Alice initiates; the message never reaches its side. */
static struct pair *run_losing(const char *type, unsigned to)
{
	static struct lost lost;
	struct pair_config config = defaults();
	struct pair *pair;

	lost = (struct lost){ type, to };
	config.policy[1].passive = true;
	sent_count = 0;
	pair = pair_new(&config);
	pair->filter = lose_type;
	pair->filter_arg = &lost;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 40000000);
	return pair;
}

static void check_t2(void)
{
	static const unsigned expected[] = { 0, 150, 450, 1050, 2250, 3450, 4650, 5850, 7050, 8250, 9450 };

	assert_int_equal(sent_count, 11);
	for (unsigned i = 0; i < sent_count; i++) {
		assert_int_equal((sent_at[i] - sent_at[0]) / 1000, expected[i]);
	}
}

static void assert_failed(const struct pair *pair, unsigned side, uint32_t code)
{
	const struct pair_log *log = &pair->side[side].log[0];

	assert_int_equal(log->error, 1);
	assert_int_equal(log->error_code, code);
	assert_int_equal(log->secure, 0);
	assert_int_equal(pair_info(pair, side, 0).state, ZRTP_STATE_ERROR);
}

/* Section 6: the initiator repeats Commit, DHPart2, Confirm2 ten times. */
static void initiator_repeats_ten_times_and_gives_up(void **state) /* F27 R375 R411 R416 */
{
	static const char *const types[] = { "Commit  ", "DHPart2 ", "Confirm2" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair *pair = run_losing(types[i], 1);

		check_t2();
		assert_failed(pair, 0, ZRTP_ERROR_TIMEOUT);
		assert_int_equal(pair->side[1].log[0].secure, 0);
		pair_free(pair);
	}
}

/* The responder does not wait for ever: after 10 s without progress it fails,
 * whatever the initiator does. */
static void responder_gives_up_too(void **state) /* F18 R425 */
{
	static const char *const answers[] = { "DHPart2 ", "Confirm2" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair *pair = run_losing(answers[i], 1);

		assert_failed(pair, 1, ZRTP_ERROR_TIMEOUT);
		pair_free(pair);
	}
}

static void lost_conf2ack_is_sent_again(void **state) /* R355 R417 */
{
	struct pair *pair = run_losing("Conf2ACK", 0);

	(void)state;
	assert_int_equal(pair->side[1].log[0].secure, 1);
	assert_int_equal(sent_count, 11); /* one for each Confirm2 */
	assert_failed(pair, 0, ZRTP_ERROR_TIMEOUT);
	assert_int_equal(pair_info(pair, 1, 0).state, ZRTP_STATE_SECURE);
	pair_free(pair);
}

static void first_srtp_packet_stands_for_conf2ack(void **state) /* R185 R186 R355 */
{
	struct pair_config config = defaults();
	struct lost lost = { "Conf2ACK", 0 };
	struct pair *pair = pair_new(&config);

	(void)state;
	config.policy[1].passive = true;
	pair_free(pair);
	pair = pair_new(&config);
	pair->filter = lose_type;
	pair->filter_arg = &lost;
	sent_count = 0;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 1000000);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_CONFIRM2_SENT);
	zrtp_stream_srtp_authenticated(pair->side[0].log[0].stream, pair->now);
	pair_assert_secure(pair, 0);
	zrtp_stream_srtp_authenticated(pair->side[0].log[0].stream, pair->now);
	assert_int_equal(pair->side[0].log[0].secure, 1);
	pair_free(pair);
}

/* Neither side may send SRTP before its turn. */
static void no_sending_key_before_confirm2_or_conf2ack(void **state) /* R007 R009 */
{
	struct pair *pair = run_losing("Conf2ACK", 0);

	(void)state;
	assert_false(pair->side[0].log[0].has_keys[ZRTP_SEND]);
	assert_true(pair->side[0].log[0].has_keys[ZRTP_RECEIVE]);
	pair_free(pair);
	pair = run_losing("Confirm2", 1);
	assert_false(pair->side[1].log[0].has_keys[ZRTP_SEND]);
	assert_false(pair->side[1].log[0].has_keys[ZRTP_RECEIVE]);
	pair_free(pair);
}

static void a_late_hello_wakes_a_stream_that_gave_up(void **state) /* R012 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair_add_stream(pair, 0);
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 10000000);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_NO_ZRTP);
	pair->loss = 0;
	assert_int_equal(zrtp_stream_start(pair->side[1].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	assert_int_equal(pair->side[0].log[0].clear, 1);
	pair_free(pair);
}

/* The peer's Hello was seen: go on for 12 seconds (section 6). */
static void hello_is_repeated_longer_when_the_peer_is_there(void **state) /* R333 R421 */
{
	struct pair_config config = defaults();
	struct lost lost = { "HelloACK", 0 };
	struct pair *pair = pair_new(&config);

	(void)state;
	config.policy[1].passive = true;
	pair_free(pair);
	pair = pair_new(&config);
	pair->filter = lose_type;
	pair->filter_arg = &lost;
	sent_count = 0;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 11000000);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_DISCOVERY);
	assert_true(sent_count > 50);
	pair_run(pair, pair->now + 15000000);
	assert_int_equal(pair->side[0].log[0].error_code, ZRTP_ERROR_TIMEOUT);
	pair_free(pair);
}

/* ---- life of the objects ---- */

static void a_stream_starts_once(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	/* Before that nothing is due. */
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_deadline(pair->side[0].log[0].stream), ZRTP_NEVER);
	zrtp_stream_expire(pair->side[0].log[0].stream, pair->now);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_IDLE);
	assert_int_equal(pair->side[0].log[0].sends, 0);
	pair_start(pair, 0);
	assert_int_equal(zrtp_stream_start(pair->side[0].log[0].stream, pair->now), ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void a_stopped_stream_is_silent(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	unsigned sends = pair->side[0].log[0].sends;
	uint8_t ping[40] = { 0 };

	(void)state;
	zrtp_stream_stop(pair->side[0].log[0].stream);
	assert_int_equal(zrtp_stream_receive(pair->side[0].log[0].stream, ping, sizeof(ping), pair->now),
			 ZRTP_DROPPED);
	pair_run(pair, pair->now + 60000000);
	assert_int_equal(pair->side[0].log[0].sends, sends);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_STOPPED);
	pair_free(pair);
}

static void free_in_callback(struct pair_log *log, char what)
{
	if (what == *(const char *)log->pair->hook_arg && log->side == 0 && log->stream) {
		zrtp_stream_free(log->stream);
		log->stream = NULL;
	}
}

/* The application may destroy a stream in any of its callbacks. */
static void a_stream_may_be_destroyed_in_each_callback(void **state)
{
	static const char callbacks[] = ".01rsS";

	(void)state;
	for (const char *what = callbacks; *what; what++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		char arg = *what;

		pair->hook = free_in_callback;
		pair->hook_arg = &arg;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 30000000);
		assert_null(pair->side[0].log[0].stream);
		pair_free(pair);
	}
}

static void refused_keys_end_in_an_error(void **state) /* R358 */
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_started(&config);

		pair->side[side].refuse_keys = true;
		pair_run(pair, pair->now + 30000000);
		assert_int_equal(pair->side[side].log[0].error_code, ZRTP_ERROR_SOFTWARE);
		assert_int_equal(pair->side[side].log[0].secure, 0);
		pair_free(pair);
	}
}

/* Side_free() in pair.c also sees that each block was wiped. */
static void memory_of_a_secure_stream_is_small(void **state) /* R110 R195 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	size_t allocations = pair->side[0].allocations;

	(void)state;
	assert_in_range(pair->side[0].allocated, 1, 6 * 1024);
	assert_int_equal(pair->side[0].blocks, 3); /* context, session, stream */
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t junk[64] = { 0x10, 0, 0, (uint8_t)i, 'Z', 'R', 'T', 'P' };

		(void)zrtp_stream_receive(pair->side[0].log[0].stream, junk, sizeof(junk), pair->now);
	}
	assert_int_equal(pair->side[0].allocations, allocations);
	pair_free(pair);
}

/* Every allocation may fail: an error or no object, never a crash. */
static void exhausted_memory_is_survived(void **state) /* F12 */
{
	(void)state;
	for (unsigned n = 2; n < 8; n++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		struct pair_log *log = &pair->side[0].log[0];

		pair->side[0].fail_after = n - 1;
		*log = (struct pair_log){ .pair = pair };
		if (zrtp_stream_new(&log->stream, pair->side[0].session, 1000, log) == ZRTP_OK) {
			struct pair_log *peer = &pair->side[1].log[0];

			*peer = (struct pair_log){ .pair = pair, .side = 1 };
			assert_int_equal(zrtp_stream_new(&peer->stream, pair->side[1].session, 2000, peer),
					 ZRTP_OK);
			pair_start(pair, 0);
			pair_run(pair, pair->now + 30000000);
			assert_true(log->secure || log->error_code == ZRTP_ERROR_SOFTWARE);
		}
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_leads_to_secure),
		cmocka_unit_test(with_libcryptos_randomness_it_is_secure_and_no_two_streams_are_alike),
		cmocka_unit_test(contention_has_one_winner),
		cmocka_unit_test(a_passive_side_is_the_responder),
		cmocka_unit_test(keys_come_receiver_first),
		cmocka_unit_test(handshake_waits_for_nothing),
		cmocka_unit_test(thirty_per_cent_loss_each_way_still_becomes_secure),
		cmocka_unit_test(reordering_and_duplication_still_become_secure),
		cmocka_unit_test(hello_is_repeated_as_often_as_the_rfc_says),
		cmocka_unit_test(initiator_repeats_ten_times_and_gives_up),
		cmocka_unit_test(responder_gives_up_too),
		cmocka_unit_test(lost_conf2ack_is_sent_again),
		cmocka_unit_test(first_srtp_packet_stands_for_conf2ack),
		cmocka_unit_test(no_sending_key_before_confirm2_or_conf2ack),
		cmocka_unit_test(a_late_hello_wakes_a_stream_that_gave_up),
		cmocka_unit_test(hello_is_repeated_longer_when_the_peer_is_there),
		cmocka_unit_test(a_stream_starts_once),
		cmocka_unit_test(a_stopped_stream_is_silent),
		cmocka_unit_test(a_stream_may_be_destroyed_in_each_callback),
		cmocka_unit_test(refused_keys_end_in_an_error),
		cmocka_unit_test(memory_of_a_secure_stream_is_small),
		cmocka_unit_test(exhausted_memory_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
