/* SPDX-License-Identifier: BSD-2-Clause */
/* Which message counts in which state, and from whom (5, 4.7.2). */
#include "pair.h"

#include "internal.h"
#include "exchange.h"
#include "state.h"
#include "packet.h"

enum { ALICE, BOB, SECOND = 1000000, FOREIGN_SSRC = 77 };

static struct pair_config both_clear(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[ALICE].allow_clear = config.policy[BOB].allow_clear = true;
	return config;
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static enum zrtp_state state_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair_info(pair, side, index).state;
}

/* ---- another SSRC ---- */

static unsigned tried[ZRTP_STATE_COUNT];
static unsigned accepted[ZRTP_STATE_COUNT][ZRTP_MSG_COUNT];

static enum zrtp_message_type type_of(const struct pair_packet *packet)
{
	struct zrtp_message message;

	assert_int_equal(
		zrtp_message_parse(&message, packet->octets + 12, packet->len - ZRTP_PACKET_OVERHEAD),
		ZRTP_PARSE_OK);
	return message.type;
}

static void set_ssrc(struct pair_packet *packet, uint32_t ssrc)
{
	for (unsigned i = 0; i < 4; i++) {
		packet->octets[8 + i] = (uint8_t)(ssrc >> 8 * (3 - i));
	}
	pair_repair(packet->octets, packet->len);
}

/* The peer's very message, from another host. */
static void give_as_foreign(struct pair *pair, const struct pair_packet *packet)
{
	struct zrtp_stream *stream = stream_of(pair, packet->to, packet->stream);
	struct pair_packet copy = *packet;
	enum zrtp_state before = stream->state;
	unsigned foreign = stream->dropped[ZRTP_DROP_SSRC], sent = stream->sent;
	enum zrtp_message_type type = type_of(packet);

	if (before < ZRTP_STATE_COMMIT_SENT || before > ZRTP_STATE_CLEAR || type == ZRTP_MSG_HELLO ||
	    type == ZRTP_MSG_PING || !zrtp_handler_for(before, type)) {
		return;
	}
	set_ssrc(&copy, FOREIGN_SSRC);
	assert_int_equal(zrtp_stream_receive(stream, copy.octets, copy.len, pair->now), ZRTP_DROPPED);
	assert_int_equal(stream->dropped[ZRTP_DROP_SSRC], foreign + 1);
	assert_int_equal(stream->state, before);
	assert_int_equal(stream->sent, sent);
	tried[before]++;
	accepted[before][type]++;
}

/* As pair_run(), and before each packet arrives the same comes from another host. */
static void run_with_echo(struct pair *pair, uint64_t until)
{
	while (pair->queued) {
		unsigned next = 0;

		for (unsigned i = 1; i < pair->queued; i++) {
			next = pair->queue[i].at < pair->queue[next].at ? i : next;
		}
		if (pair->queue[next].at > until) {
			break;
		}
		if (pair->queue[next].at > pair->now) {
			pair_run(pair, pair->queue[next].at - 1);
		}
		give_as_foreign(pair, &pair->queue[next]);
		pair_run(pair, pair->now + 1);
	}
	pair_run(pair, until);
}

static void run_for(struct pair *pair, uint64_t time)
{
	uint64_t until = pair->now + time;

	while (pair->now < until) {
		uint64_t step = pair->now + 1000;

		run_with_echo(pair, step < until ? step : until);
	}
}

static void whole_life_with_echo(bool preshared, bool swap)
{
	struct pair_config config = both_clear();
	struct pair *pair;

	config.policy[ALICE].mitm = true;
	config.policy[!swap].passive = true;
	config.policy[ALICE].preshared = config.policy[BOB].preshared = preshared;
	pair = pair_secured(&config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	pair_new_call(pair, &config);
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
		run_for(pair, SECOND);
		pair_assert_secure(pair, i);
	}
	assert_int_equal(pair_info(pair, ALICE, 0).preshared, preshared);
	assert_int_equal(
		zrtp_stream_relay_sas(stream_of(pair, ALICE, 0), "B32", NULL, false, false, pair->now),
		ZRTP_OK);
	run_for(pair, SECOND);
	assert_int_equal(pair->side[ALICE].log[0].event_count[ZRTP_EVENT_RELAY_DONE], 1);
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, swap, 0), pair->now), ZRTP_OK);
	run_for(pair, SECOND);
	assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_CLEAR);
	assert_int_equal(zrtp_stream_go_secure(stream_of(pair, swap, 0), pair->now), ZRTP_OK);
	run_for(pair, SECOND);
	pair_assert_keys(pair, 0);
	assert_int_equal(pair->side[ALICE].log[0].error + pair->side[BOB].log[0].error, 0);
	pair_free(pair);
}

/* One exchange is with one SSRC. Whatever comes from another one, but a Hello
 * and a Ping, is nothing to it, in each state that has a peer. */
static void no_message_counts_from_another_ssrc(void **state) /* R254 R255 */
{
	static const struct {
		enum zrtp_state state;
		enum zrtp_message_type type;
	} seen[] = {
		{ ZRTP_STATE_COMMIT_SENT, ZRTP_MSG_DHPART1 },
		{ ZRTP_STATE_COMMIT_SENT, ZRTP_MSG_CONFIRM1 },
		{ ZRTP_STATE_DHPART1_SENT, ZRTP_MSG_DHPART2 },
		{ ZRTP_STATE_DHPART2_SENT, ZRTP_MSG_CONFIRM1 },
		{ ZRTP_STATE_CONFIRM1_SENT, ZRTP_MSG_CONFIRM2 },
		{ ZRTP_STATE_CONFIRM2_SENT, ZRTP_MSG_CONF2ACK },
		{ ZRTP_STATE_SECURE, ZRTP_MSG_SASRELAY },
		{ ZRTP_STATE_SECURE, ZRTP_MSG_RELAYACK },
		{ ZRTP_STATE_SECURE, ZRTP_MSG_GOCLEAR },
		{ ZRTP_STATE_GOCLEAR_SENT, ZRTP_MSG_CLEARACK },
		{ ZRTP_STATE_CLEAR, ZRTP_MSG_COMMIT },
	};

	(void)state;
	memset(tried, 0, sizeof(tried));
	memset(accepted, 0, sizeof(accepted));
	for (unsigned way = 0; way < 4; way++) {
		whole_life_with_echo(way & 1, way & 2);
	}
	for (unsigned i = 0; i < sizeof(seen) / sizeof(*seen); i++) {
		assert_true(accepted[seen[i].state][seen[i].type] > 0);
	}
	for (unsigned s = ZRTP_STATE_COMMIT_SENT; s <= ZRTP_STATE_CLEAR; s++) {
		assert_true(tried[s] > 0);
	}
}

/* What needs no key, in each state: an Error ends nothing, an acknowledgement stops nothing. */
static void bare_messages_of_another_ssrc_change_nothing(void **state) /* R255 */
{
	struct pair_config config = both_clear();
	uint8_t message[32], datagram[64];

	(void)state;
	for (unsigned s = ZRTP_STATE_COMMIT_SENT; s <= ZRTP_STATE_CLEAR; s++) {
		for (unsigned type = 0; type < ZRTP_MSG_COUNT; type++) {
			struct pair *pair;
			struct zrtp_stream *alice;
			size_t len = type == ZRTP_MSG_ERROR
					     ? zrtp_error_write(message, sizeof(message), ZRTP_ERROR_GOCLEAR)
					     : zrtp_bare_write(message, sizeof(message),
							       (enum zrtp_message_type)type);
			unsigned side =
				s == ZRTP_STATE_DHPART1_SENT || s == ZRTP_STATE_CONFIRM1_SENT ? BOB : ALICE;

			if (type != ZRTP_MSG_HELLOACK && type != ZRTP_MSG_CONF2ACK &&
			    type != ZRTP_MSG_ERROR && type != ZRTP_MSG_ERRORACK &&
			    type != ZRTP_MSG_CLEARACK && type != ZRTP_MSG_RELAYACK) {
				continue;
			}
			config.policy[BOB].passive = true;
			pair = pair_started(&config);
			if (s >= ZRTP_STATE_SECURE) {
				assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
			}
			if (s >= ZRTP_STATE_GOCLEAR_SENT) {
				pair_run(pair, pair->now + SECOND);
				assert_int_equal(zrtp_stream_go_clear(stream_of(pair, ALICE, 0), pair->now),
						 ZRTP_OK);
			}
			while (state_of(pair, side, 0) != (enum zrtp_state)s) {
				pair_run(pair, pair->now + 1000);
				assert_true(pair->now < 10 * SECOND);
			}
			alice = stream_of(pair, side, 0);
			assert_int_equal(
				zrtp_stream_receive(alice, datagram,
						    pair_wrap(datagram, FOREIGN_SSRC, 9, message, len),
						    pair->now),
				ZRTP_DROPPED);
			assert_int_equal(alice->state, s);
			pair_free(pair);
		}
	}
}

/* ---- Commit and HelloACK (5.3) ---- */

static void commit_says_what_helloack_says(void **state) /* R332 */
{
	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		struct pair_config config = both_clear();
		/* Alice's Hello is acknowledged before Bob's comes; or Bob never hears that his is. */
		struct pair_tap taps[] = { { .type = "Hello   ", .to = ALICE, .lose = way ? 0 : 2 },
					   { .type = "HelloACK", .to = BOB, .lose = way ? PAIR_LOSE_ALL : 0 },
					   { .type = "Hello   ", .to = ALICE },
					   { .type = NULL } };
		struct pair *pair;
		unsigned hellos;

		config.policy[BOB].passive = true;
		pair = pair_new(&config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (state_of(pair, BOB, 0) < ZRTP_STATE_DHPART1_SENT) {
			pair_run(pair, pair->now + 1000);
			assert_true(pair->now < 5 * SECOND);
		}
		if (!way) {
			assert_int_equal(taps[1].seen, 0);
		}
		assert_true(stream_of(pair, BOB, 0)->hello_acked);
		assert_int_equal(stream_of(pair, BOB, 0)->ack_ssrc, stream_of(pair, ALICE, 0)->ssrc);
		hellos = taps[2].seen;
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		assert_int_equal(taps[2].seen, hellos);
		pair_free(pair);
	}
}

/* ---- Confirm1 before DHPart1 ---- */

static void a_confirm1_before_dhpart1_ends_nothing(void **state)
{
	struct pair_config config;
	struct pair *pair;
	uint8_t message[ZRTP_CONFIRM_MIN], text[ZRTP_CONFIRM_PLAIN] = { 1, 2, 3 }, iv[16] = { 4 };
	const struct zrtp_sealed sealed = { iv, iv, text, sizeof(text) };
	size_t len = zrtp_sealed_write(message, sizeof(message), ZRTP_MSG_CONFIRM1, &sealed);

	(void)state;
	assert_true(len);
	pair_config_init(&config);
	config.policy[BOB].passive = true;
	pair = pair_started(&config);
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(pair_inject(pair, ALICE, 0, message, len), ZRTP_DROPPED);
		assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_COMMIT_SENT);
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

/* And DHPart1 where Commit was not for Diffie-Hellman; nor are session keys derived there. */
static void a_dhpart1_in_multistream_mode_is_passed_over(void **state) /* R157 */
{
	static const uint8_t ids[4 * ZRTP_ID_SIZE], pv[32] = { 9 };
	static const struct zrtp_session_keys none;
	struct pair_config config;
	struct zrtp_dhpart part = { .ids = ids, .pv = pv, .pv_len = sizeof(pv) };
	struct zrtp_stream *bob;
	uint8_t message[ZRTP_DHPART_MAX];
	struct pair *pair;
	size_t len;

	(void)state;
	pair_config_init(&config);
	config.policy[BOB].passive = true;
	pair = pair_secured(&config);
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	while (state_of(pair, ALICE, 1) != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	bob = stream_of(pair, BOB, 1);
	part.h1 = bob->h[1];
	len = zrtp_dhpart_write(message, sizeof(message), ZRTP_MSG_DHPART1, &part);
	assert_int_equal(zrtp_message_seal(zrtp_implicit(bob), message, len, bob->h[0]), 0);
	assert_int_equal(pair_inject(pair, ALICE, 1, message, len), ZRTP_DROPPED);
	assert_int_equal(state_of(pair, ALICE, 1), ZRTP_STATE_COMMIT_SENT);
	while (state_of(pair, BOB, 1) != ZRTP_STATE_CONFIRM1_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	assert_memory_equal(&bob->exchange->session_keys, &none, sizeof(none));
	assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
	pair_assert_secure(pair, 1);
	pair_free(pair);
}

/* ---- DHPart2 again ---- */

/* Confirm1 is repeated for who repeats its DHPart2, and for nothing else. */
static void another_dhpart2_gets_no_second_confirm1(void **state)
{
	struct pair_config config;
	struct pair_tap taps[] = { { .type = "DHPart2 ", .to = BOB }, { .type = NULL } };
	struct pair *pair;
	uint8_t message[ZRTP_DHPART_MAX];
	size_t len;

	(void)state;
	pair_config_init(&config);
	config.policy[BOB].passive = true;
	pair = pair_new(&config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	while (state_of(pair, BOB, 0) != ZRTP_STATE_CONFIRM1_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	len = taps[0].last.len - ZRTP_PACKET_OVERHEAD;
	memcpy(message, taps[0].last.octets + 12, len);
	for (unsigned octet = 12; octet <= len; octet++) {
		unsigned sent = stream_of(pair, BOB, 0)->sent;

		message[octet < len ? octet : 12] ^= octet < len ? 1 : 0; /* at last as it was */
		assert_int_equal(pair_inject(pair, BOB, 0, message, len),
				 octet < len ? ZRTP_DROPPED : ZRTP_OK);
		message[octet < len ? octet : 12] ^= octet < len ? 1 : 0;
		assert_int_equal(stream_of(pair, BOB, 0)->sent, sent + (octet == len));
		assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_CONFIRM1_SENT);
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_free(pair);
}

/* ---- E in the Confirm (5.7) ---- */

static void e_stands_in_the_first_streams_confirm_only(void **state)
{
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.policy[BOB].mitm = config.policy[BOB].passive = true;
	pair = pair_new(&config);
	assert_int_equal(zrtp_session_enroll(pair->side[BOB].session), ZRTP_OK);
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
		while (state_of(pair, ALICE, i) != ZRTP_STATE_CONFIRM2_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		assert_int_equal(stream_of(pair, ALICE, i)->exchange->peer_flags & ZRTP_CONFIRM_ENROLL,
				 i ? 0 : ZRTP_CONFIRM_ENROLL);
		assert_true(pair_run_until_secure(pair, i, pair->now + SECOND));
	}
	pair_free(pair);
}

/* So does V, which is of the secret that matched there. */
static void v_stands_in_the_first_streams_confirm_only(void **state)
{
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.policy[BOB].passive = true;
	pair = pair_secured(&config);
	assert_int_equal(zrtp_session_set_verified(pair->side[BOB].session, true), ZRTP_OK);
	pair_new_call(pair, &config);
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
		while (state_of(pair, ALICE, i) != ZRTP_STATE_CONFIRM2_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		assert_int_equal(stream_of(pair, ALICE, i)->exchange->peer_flags & ZRTP_CONFIRM_VERIFIED,
				 i ? 0 : ZRTP_CONFIRM_VERIFIED);
		assert_true(pair_run_until_secure(pair, i, pair->now + SECOND));
	}
	pair_free(pair);
}

/* ---- Commit beside GoClear ---- */

static bool lose_clearack(struct pair *pair, struct pair_packet *packet)
{
	struct pair_packet *commit = pair->filter_arg;

	if (packet->to == ALICE && packet->stream == 1 && pair_is(packet, "Commit  ")) {
		*commit = *packet;
		return false;
	}
	return !pair_is(packet, "ClearACK") && !pair_is(packet, "GoClear ");
}

/* Its key is about to go: who answers it would be secure under one that the peer has
 * not got any more. It is no failure, and the peer's own next Commit is welcome. */
static void a_commit_while_goclear_waits_is_not_answered(void **state)
{
	struct pair_config config = both_clear();
	struct pair_packet commit = { .len = 0 };
	struct pair *pair;

	(void)state;
	config.policy[ALICE].passive = true;
	pair = pair_secured(&config);
	pair->filter = lose_clearack;
	pair->filter_arg = &commit;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	while (!commit.len) {
		pair_run(pair, pair->now + 1000);
	}
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	assert_int_equal(zrtp_stream_receive(stream_of(pair, ALICE, 1), commit.octets, commit.len, pair->now),
			 ZRTP_DROPPED);
	assert_null(stream_of(pair, ALICE, 1)->exchange);
	/* Bob hears it, and ZRTPSess is another one. */
	pair->filter = NULL;
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_CLEAR) {
		pair_run(pair, pair->now + 1000);
	}
	/* The Commit again, from before: whatever comes of it, no keys of it do. */
	(void)zrtp_stream_receive(stream_of(pair, ALICE, 1), commit.octets, commit.len, pair->now);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_CLEAR);
	assert_int_equal(state_of(pair, ALICE, 1) == ZRTP_STATE_SECURE,
			 state_of(pair, BOB, 1) == ZRTP_STATE_SECURE);
	if (state_of(pair, BOB, 1) == ZRTP_STATE_SECURE) {
		pair_assert_keys(pair, 1);
	}
	assert_int_equal(zrtp_stream_go_secure(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_assert_keys(pair, 0);
	pair_free(pair);
}

/* There is nothing any more that could carry it, on whatever stream GoClear came. */
static void a_sasrelay_that_the_peers_goclear_ends_has_failed(void **state)
{
	(void)state;
	for (unsigned carrier = 0; carrier < 2; carrier++) {
		struct pair_config config = both_clear();
		struct pair_tap taps[] = { { .type = "SASrelay", .to = ALICE, .lose = PAIR_LOSE_ALL },
					   { .type = NULL } };
		struct pair *pair;
		unsigned sent;

		config.policy[BOB].mitm = true;
		pair = pair_secured(&config);
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
		pair_run(pair, pair->now + SECOND);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		assert_int_equal(
			zrtp_stream_relay_sas(stream_of(pair, BOB, 0), "B32", NULL, false, false, pair->now),
			ZRTP_OK);
		assert_int_equal(zrtp_stream_go_clear(stream_of(pair, ALICE, carrier), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + SECOND / 10);
		assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_CLEAR);
		assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_RELAY_FAILED], 1);
		assert_int_equal(pair->side[BOB].log[1].event_count[ZRTP_EVENT_RELAY_FAILED], 0);
		sent = taps[0].seen;
		pair_run(pair, pair->now + 20 * SECOND);
		assert_int_equal(taps[0].seen, sent);
		assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_RELAY_FAILED], 1);
		pair_free(pair);
	}
}

/* A Commit of the time before the GoClear, on the stream that it was for. */
static void a_commit_replayed_after_goclear_is_not_answered(void **state)
{
	struct pair_config config = both_clear();
	struct pair_tap taps[] = { { .type = "Commit  ", .to = ALICE }, { .type = NULL } };
	struct pair *pair;
	unsigned sent;

	(void)state;
	config.policy[ALICE].passive = true;
	pair = pair_secured(&config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
	pair->filter = NULL;
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(state_of(pair, ALICE, 1), ZRTP_STATE_CLEAR);
	sent = stream_of(pair, ALICE, 1)->sent;
	assert_int_equal(zrtp_stream_receive(stream_of(pair, ALICE, 1), taps[0].last.octets, taps[0].last.len,
					     pair->now),
			 ZRTP_DROPPED);
	assert_int_equal(state_of(pair, ALICE, 1), ZRTP_STATE_CLEAR);
	assert_int_equal(stream_of(pair, ALICE, 1)->sent, sent);
	assert_null(stream_of(pair, ALICE, 1)->exchange);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_message_counts_from_another_ssrc),
		cmocka_unit_test(bare_messages_of_another_ssrc_change_nothing),
		cmocka_unit_test(commit_says_what_helloack_says),
		cmocka_unit_test(a_confirm1_before_dhpart1_ends_nothing),
		cmocka_unit_test(a_dhpart1_in_multistream_mode_is_passed_over),
		cmocka_unit_test(another_dhpart2_gets_no_second_confirm1),
		cmocka_unit_test(e_stands_in_the_first_streams_confirm_only),
		cmocka_unit_test(v_stands_in_the_first_streams_confirm_only),
		cmocka_unit_test(a_commit_while_goclear_waits_is_not_answered),
		cmocka_unit_test(a_sasrelay_that_the_peers_goclear_ends_has_failed),
		cmocka_unit_test(a_commit_replayed_after_goclear_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
