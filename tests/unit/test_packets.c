/* SPDX-License-Identifier: BSD-2-Clause */
/* Requirements of RFC 6189 about packets and their repetition that no other test program proves, one
 * small test each. The numbers are those of docs/rfc6189.md. */
#include "requirements.h"
#include "context.h"

/* ---- Confirm (4.6, 5.7) ---- */

static void seal_confirm(const struct pair *pair, unsigned sender, struct pair_packet *packet,
			 const uint8_t plain[ZRTP_CONFIRM_PLAIN])
{
	const struct zrtp_stream *stream = stream_of(pair, sender, packet->stream);
	enum zrtp_role role = stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	const struct zrtp_hash *hash = stream->choice.hash;
	uint8_t *message = message_of(packet);

	assert_int_equal(zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], message + AT_IV, true,
				  plain, ZRTP_CONFIRM_PLAIN, message + AT_TEXT),
			 0);
	assert_int_equal(zrtp_mac64(hash, stream->keys.mackey[role], hash->size, message + AT_TEXT,
				    ZRTP_CONFIRM_PLAIN, message + AT_MAC),
			 0);
	pair_repair(packet->octets, packet->len);
}

/* ---- hash chain and MACs (8.1.1, 9) ---- */

enum spoilt { HELLO_I, HELLO_R, COMMIT, DHPART1, DHPART2, MULTISTREAM_COMMIT, SPOILT_COUNT };

/* Makes one MAC wrong: on the way, or where its sender believes in it too. */
static bool spoil(struct pair *pair, struct pair_packet *packet)
{
	static const char *const types[] = { "Hello   ", "Hello   ", "Commit  ",
					     "DHPart1 ", "Commit  ", "Commit  " };
	enum spoilt what = *(enum spoilt *)pair->filter_arg;
	unsigned to = what == HELLO_R || what == DHPART1 ? ALICE : BOB;
	struct zrtp_exchange *exchange = stream_of(pair, !to, packet->stream)->exchange;
	uint8_t *last = message_of(packet) + message_len(packet) - 1;

	if (packet->to != to || !pair_is(packet, types[what])) {
		return true;
	}
	if (what == DHPART2) {
		const uint8_t none[ZRTP_MAC_SIZE] = { 0 };

		commit_to_changed_dhpart2(pair, packet, exchange->dhpart2.len - sizeof(none), none,
					  sizeof(none), false);
		return true;
	}
	*last = (uint8_t)(what == DHPART1 || what == MULTISTREAM_COMMIT ? 0x5a : *last ^ 1);
	if (what == DHPART1) {
		exchange->dhpart1.octets[exchange->dhpart1.len - 1] = *last;
	} else if (what == MULTISTREAM_COMMIT) {
		exchange->commit.octets[exchange->commit.len - 1] = *last;
	}
	pair_repair(packet->octets, packet->len);
	return true;
}

/* The alarm, and no keys. */
static void assert_alarm(const struct pair *pair, unsigned side, unsigned index)
{
	const struct pair_log *log = &pair->side[side].log[index];

	assert_true(told(pair, side, index, ZRTP_EVENT_MAC_ALARM));
	assert_int_equal(log->error, 1);
	assert_false(log->error_from_peer);
	assert_int_equal(log->secure, 0);
}

/* R329 R337 R340 R343 R498 R499 R500 */
static void a_wrong_mac_raises_the_alarm_when_its_key_is_known(void **state)
{
	static const unsigned noticed_by[SPOILT_COUNT] = { BOB, ALICE, BOB, ALICE, BOB, BOB };

	(void)state;
	for (unsigned what = 0; what < SPOILT_COUNT; what++) {
		unsigned index = what == MULTISTREAM_COMMIT;
		enum spoilt arg = (enum spoilt)what;
		struct pair_config config = initiator(ALICE);
		struct pair *pair = index ? pair_secured(&config) : pair_new(&config);

		pair->filter = spoil;
		pair->filter_arg = &arg;
		pair_add_stream(pair, index);
		pair_start(pair, index);
		pair_run(pair, pair->now + 5 * SECOND);
		assert_alarm(pair, noticed_by[what], index);
		pair_free(pair);
	}
}

/* Without DHPart1 it is Confirm1 that shows the key of the responder's Hello. */
/* R329 R499 R500 */
static void a_wrong_mac_on_the_hello_of_a_multistream_responder_raises_the_alarm(void **state)
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_secured(&config);
	struct zrtp_stream *bob;

	(void)state;
	pair_add_stream(pair, 1);
	bob = stream_of(pair, BOB, 1);
	bob->hello[bob->hello_len - 1] ^= 1;
	pair_start(pair, 1);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_alarm(pair, ALICE, 1);
	pair_free(pair);
}

/* The first one of a type is not the peer's, though all else in it is right. */
static bool spoil_image_once(struct pair *pair, struct pair_packet *packet)
{
	struct edit *edit = pair->filter_arg;
	uint8_t plain[ZRTP_CONFIRM_PLAIN];

	if (packet->to != edit->to || !pair_is(packet, edit->type) || edit->done++) {
		return true;
	}
	if (memcmp(edit->type, "Confirm", 7)) {
		message_of(packet)[AT_IMAGE] ^= 1;
		pair_repair(packet->octets, packet->len);
	} else {
		open_confirm(pair, !packet->to, packet, plain);
		plain[0] ^= 1;
		seal_confirm(pair, !packet->to, packet, plain);
	}
	return true;
}

static void a_wrong_hash_image_is_passed_over(void **state) /* R510 R511 R513 */
{
	static const struct edit edits[] = {
		{ .type = "Commit  ", .to = BOB },   { .type = "DHPart1 ", .to = ALICE },
		{ .type = "DHPart2 ", .to = BOB },   { .type = "Confirm1", .to = ALICE },
		{ .type = "Confirm2", .to = BOB },   { .type = "Commit  ", .to = BOB },
		{ .type = "Confirm1", .to = ALICE }, { .type = "Confirm2", .to = BOB },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		unsigned index = i >= 5; /* the last three are of Multistream */
		struct edit edit = edits[i];
		struct pair_config config = initiator(ALICE);
		struct pair *pair = index ? pair_secured(&config) : pair_new(&config);

		pair->filter = spoil_image_once;
		pair->filter_arg = &edit;
		run_secure(pair, index);
		assert_true(edit.done > 1);
		assert_int_equal(pair_info(pair, edit.to, index).dropped[ZRTP_DROP_HASH_CHAIN], 1);
		pair_assert_secure(pair, index);
		pair_free(pair);
	}
}

/* ---- packets (5) ---- */

static bool check_numbers(struct pair *pair, struct pair_packet *packet)
{
	unsigned from = !packet->to, i = numbers.count[from]++;
	struct zrtp_packet opened;

	(void)pair;
	assert_int_equal(zrtp_packet_open(&opened, packet->octets, packet->len), ZRTP_PACKET_OK);
	assert_int_equal(opened.ssrc, 1000 * (from + 1) + packet->stream);
	if (i) {
		assert_int_equal(opened.sequence, numbers.next[from]);
	} else {
		numbers.first[from] = opened.sequence;
	}
	numbers.next[from] = (uint16_t)(opened.sequence + 1);
	return true;
}

static void each_packet_has_the_next_number_and_our_ssrc(void **state) /* R253 R254 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	memset(&numbers, 0, sizeof(numbers));
	pair->filter = check_numbers;
	pair->loss = 40; /* behind the filter */
	run_secure(pair, 0);
	assert_true(pair_info(pair, ALICE, 0).repeated + pair_info(pair, BOB, 0).repeated > 0);
	assert_int_not_equal(numbers.first[ALICE], numbers.first[BOB]);
	pair_free(pair);
}

static void any_sequence_number_is_accepted(void **state) /* R253 */
{
	static const uint16_t sequences[] = { 65534, 65535, 0, 1, 30000, 2 };
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	uint8_t datagram[ZRTP_DATAGRAM_MAX], message[24];
	static const uint8_t hash[ZRTP_ENDPOINT_HASH_SIZE] = { 1 };

	(void)state;
	pair_add_stream(pair, 0);
	for (unsigned i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		size_t len = zrtp_ping_write(message, sizeof(message), hash);

		len = pair_wrap(datagram, 99, sequences[i], message, len);
		assert_int_equal(zrtp_stream_receive(stream_of(pair, ALICE, 0), datagram, len, pair->now),
				 ZRTP_OK);
	}
	pair_free(pair);
}

static bool break_crc(struct pair *pair, struct pair_packet *packet)
{
	const char *type = pair->filter_arg;

	if (pair_is(packet, type)) {
		packet->octets[packet->len - 1] ^= 1;
	}
	return true;
}

/* Not one answer to any of them, also no Error. */
static void a_wrong_crc_is_met_with_silence(void **state) /* R258 */
{
	static const struct {
		const char *type, *answer;
		unsigned to;
	} cases[] = { { "Hello   ", "HelloACK", BOB },
		      { "Commit  ", "DHPart1 ", BOB },
		      { "DHPart2 ", "Confirm1", BOB },
		      { "Confirm2", "Conf2ACK", BOB } };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair_config config = initiator(ALICE);
		struct pair *pair = pair_new(&config);
		struct pair_log *bob = &pair->side[BOB].log[0];
		unsigned sends;

		pair->filter = break_crc;
		pair->filter_arg = (void *)cases[i].type;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + SECOND / 2);
		assert_true(pair_info(pair, BOB, 0).dropped[ZRTP_DROP_CRC] > 0);
		sends = bob->sends;
		if (i) { /* his Hello has been answered, so he says nothing */
			pair_run(pair, pair->now + 3 * SECOND);
			assert_int_equal(bob->sends, sends);
		}
		assert_int_equal(bob->error, 0);
		assert_not_secure(pair, BOB, 0);
		pair_free(pair);
	}
}

static void types_are_spelt_as_in_the_rfc(void **state) /* R259 R261 R264 */
{
	static const char *const types[ZRTP_MSG_COUNT] = {
		"Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1",
		"Confirm2", "Conf2ACK", "Error   ", "ErrorACK", "GoClear ", "ClearACK",
		"SASrelay", "RelayACK", "Ping    ", "PingACK ",
	};

	(void)state;
	for (unsigned t = 0; t < ZRTP_MSG_COUNT; t++) {
		uint8_t out[16];
		size_t len = zrtp_bare_write(out, sizeof(out), (enum zrtp_message_type)t);

		assert_int_equal(len, 12);
		assert_memory_equal(out, "\x50\x5a\x00\x03", 4);
		assert_memory_equal(out + AT_TYPE, types[t], 8);
	}
}

/* ---- Ping (5.15, 5.16) ---- */

static void ping_and_pingack_have_their_layout(void **state) /* R404 R406 R407 R408 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "Ping    ", .to = BOB },
				   { .type = "PingACK ", .to = ALICE },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);
	uint8_t ping[24], own[2][ZRTP_ENDPOINT_HASH_SIZE];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_endpoint_hash(pair->side[i].context, own[i]), 0);
	}
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(message_len(&taps[0].last), 6 * 4);
	memcpy(ping, message_of(&taps[0].last), sizeof(ping));
	assert_memory_equal(ping + AT_VERSION, "1.10", 4);
	assert_memory_equal(ping + 16, own[ALICE], 8);
	for (unsigned round = 0; round < 2; round++) { /* also to a version we do not know */
		assert_int_equal(taps[1].seen, round + 1);
		assert_int_equal(message_len(&taps[1].last), 9 * 4);
		assert_memory_equal(message_of(&taps[1].last) + AT_VERSION, "1.10", 4);
		assert_memory_equal(message_of(&taps[1].last) + 16, own[BOB], 8);
		assert_memory_equal(message_of(&taps[1].last) + 24, own[ALICE], 8);
		assert_memory_equal(message_of(&taps[1].last) + 32, "\0\0\x03\xe8", 4);
		memcpy(ping + AT_VERSION, "2.00", 4);
		assert_int_equal(pair_inject(pair, BOB, 0, ping, sizeof(ping)), ZRTP_OK);
	}
	pair_free(pair);
}

static void endpoint_hashes_differ_and_persist(void **state) /* R409 */
{
	static const uint8_t zid[2][ZRTP_ZID_SIZE] = { "zid of alice", "zid of bobby" };
	uint8_t hash[2][2][ZRTP_ENDPOINT_HASH_SIZE];

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.zid[ALICE] = zid[ALICE];
		config.zid[BOB] = zid[BOB];
		pair = pair_new(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_endpoint_hash(pair->side[i].context, hash[run][i]), 0);
		}
		pair_free(pair);
	}
	assert_memory_equal(hash[0], hash[1], sizeof(hash[0]));
	assert_memory_not_equal(hash[0][ALICE], hash[0][BOB], ZRTP_ENDPOINT_HASH_SIZE);
}

/* ---- retransmission (6) ---- */

/* The first message of each type in each direction; later ones are the same. */
static struct pair_packet first_of[2][ZRTP_MSG_COUNT];

static unsigned repetitions;

static bool same_again(struct pair *pair, struct pair_packet *packet)
{
	struct zrtp_message message;
	struct pair_packet *first;

	assert_int_equal(zrtp_message_parse(&message, message_of(packet), message_len(packet)),
			 ZRTP_PARSE_OK);
	first = &first_of[packet->to][message.type];
	if (first->len) {
		assert_int_equal(packet->len, first->len);
		assert_memory_equal(message_of(packet), message_of(first), message_len(first));
		assert_memory_not_equal(packet->octets, first->octets, ZRTP_HEADER_SIZE);
		assert_memory_not_equal(packet->octets + packet->len - 4, first->octets + first->len - 4, 4);
		repetitions++;
	} else {
		*first = *packet;
	}
	return pair_tapped(pair, packet);
}

/* Three of each, and nothing more. */
static void the_responder_answers_each_repetition_with_the_same_octets(void **state) /* R355 R412 R417 R418 */
{
	struct pair_config config = initiator(ALICE);
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "DHPart1 ", .to = ALICE, .lose = 2 },
				   { .type = "DHPart2 ", .to = BOB },
				   { .type = "Confirm1", .to = ALICE, .lose = 2 },
				   { .type = "Confirm2", .to = BOB },
				   { .type = "Conf2ACK", .to = ALICE, .lose = 2 },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);

	(void)state;
	memset(first_of, 0, sizeof(first_of));
	repetitions = 0;
	pair->filter = same_again;
	pair->filter_arg = taps;
	run_secure(pair, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	pair_assert_secure(pair, 0);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(taps[i].seen, 3);
	}
	assert_true(repetitions >= 12);
	pair_free(pair);
}

static void goclear_and_error_are_repeated_as_they_were(void **state) /* R412 */
{
	struct pair_config config = initiator(ALICE);
	struct pair_tap taps[] = { { .type = "ClearACK", .to = ALICE, .lose = PAIR_LOSE_ALL },
				   { .type = "ErrorACK", .to = ALICE, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };
	struct pair *pair;

	(void)state;
	config.policy[BOB].allow_clear = true;
	pair = pair_secured(&config);
	for (unsigned error = 0; error < 2; error++) {
		if (error) {
			pair_new_call(pair, &config);
			pair_add_stream(pair, 0);
			pair_start(pair, 0);
			pair_run(pair, pair->now + 3 * PAIR_DELAY);
		}
		memset(first_of, 0, sizeof(first_of));
		repetitions = 0;
		pair->filter = same_again;
		pair->filter_arg = taps;
		assert_int_equal(error ? zrtp_stream_decline(stream_of(pair, ALICE, 0), pair->now)
				       : zrtp_stream_go_clear(stream_of(pair, ALICE, 0), pair->now),
				 ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(repetitions, 2 * 10); /* the answers too */
		pair->filter = NULL;
	}
	pair_free(pair);
}

static bool count_octets(struct pair *pair, struct pair_packet *packet)
{
	unsigned from = !packet->to, i = traffic.count[from]++;

	assert_true(i < 512);
	traffic.at[from][i] = pair->now;
	traffic.len[from][i] = packet->len + 28; /* with the headers of UDP and IP */
	return true;
}

/* The most that a side has sent in any second. */
static size_t busiest_second(unsigned side)
{
	size_t most = 0;

	for (unsigned i = 0; i < traffic.count[side]; i++) {
		size_t sum = 0;

		for (unsigned k = i;
		     k < traffic.count[side] && traffic.at[side][k] < traffic.at[side][i] + SECOND; k++) {
			sum += traffic.len[side][k];
		}
		most = sum > most ? sum : most;
	}
	return most;
}

/* The largest messages on bad networks, against 64 kbit/s of a phone call. */
static void no_second_of_an_exchange_exceeds_a_phone_call(void **state) /* R413 */
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair_config config = defaults();
		struct pair *pair;

		set_list(&config, ZRTP_CLASS_KEX, "DH3k");
		pair = pair_new(&config);
		memset(&traffic, 0, sizeof(traffic));
		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = seed * 2;
		pair->filter = count_octets;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_in_range(busiest_second(ALICE), 1, 64000 / 8);
		assert_in_range(busiest_second(BOB), 1, 64000 / 8);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_mac_raises_the_alarm_when_its_key_is_known),
		cmocka_unit_test(a_wrong_mac_on_the_hello_of_a_multistream_responder_raises_the_alarm),
		cmocka_unit_test(a_wrong_hash_image_is_passed_over),
		cmocka_unit_test(each_packet_has_the_next_number_and_our_ssrc),
		cmocka_unit_test(any_sequence_number_is_accepted),
		cmocka_unit_test(a_wrong_crc_is_met_with_silence),
		cmocka_unit_test(types_are_spelt_as_in_the_rfc),
		cmocka_unit_test(ping_and_pingack_have_their_layout),
		cmocka_unit_test(endpoint_hashes_differ_and_persist),
		cmocka_unit_test(the_responder_answers_each_repetition_with_the_same_octets),
		cmocka_unit_test(goclear_and_error_are_repeated_as_they_were),
		cmocka_unit_test(no_second_of_an_exchange_exceeds_a_phone_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
