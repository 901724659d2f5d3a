/* SPDX-License-Identifier: BSD-2-Clause */
/* An attacker and a call that is clear, since the peer has no ZRTP; Error, Ping, and what is counted. */
#include "attacker.h"

/* ---- Hello ---- */

static unsigned errors_seen;

static uint32_t error_seen;

static bool count_errors(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Error   ")) {
		errors_seen++;
		error_seen = (uint32_t)packet->octets[26] << 8 | packet->octets[27];
	}
	return true;
}

static void own_ssrc_ends_the_exchange_of_a_peer_without_another(void **state) /* R014 R015 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_new(&config);
	uint8_t message[16];

	(void)state;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_start(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	(void)inject_message(pair, 0, 1000, message,
			     zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK));
	assert_ended(pair, 0, ZRTP_ERROR_EQUAL_SSRC);
	pair_free(pair);
}

/* An attacker who sees our packets can send any message with our SSRC, at any moment. */
static void own_ssrc_ends_nothing_once_the_peer_has_another(void **state) /* R014 R015 */
{
	struct pair_config config = initiator_alice();

	(void)state;
	for (unsigned moment = 2; moment < 12; moment++) {
		struct pair *pair = pair_started(&config);
		uint8_t message[16];

		pair_run(pair, pair->now + moment * PAIR_DELAY);
		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(
				inject_message(pair, side, pair_info(pair, side, 0).ssrc, message,
					       zrtp_bare_write(message, sizeof(message), ZRTP_MSG_CONF2ACK)),
				ZRTP_DROPPED);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 10000000));
		pair_free(pair);
	}
}

/* Our first Hello comes back before the peer has said anything. */
static void our_own_hello_come_back_ends_nothing(void **state)
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_stream *stream;
	uint8_t hello[ZRTP_HELLO_MAX];

	(void)state;
	pair_add_stream(pair, 0);
	stream = pair->side[0].log[0].stream;
	assert_int_equal(zrtp_stream_start(stream, pair->now), ZRTP_OK);
	memcpy(hello, stream->hello, stream->hello_len);
	assert_int_equal(inject_message(pair, 0, pair_info(pair, 0, 0).ssrc, hello, stream->hello_len),
			 ZRTP_DROPPED);
	assert_int_equal(zrtp_stream_start(pair->side[1].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10000000));
	pair_free(pair);
}

static void set_version(struct change *change, const char *version)
{
	change->type = "Hello   ";
	change->offset = 12;
	change->octets = (const uint8_t *)version;
	change->len = 4;
}

static bool change_and_count_errors(struct pair *pair, struct pair_packet *packet)
{
	return count_errors(pair, packet) && change_packet(pair, packet);
}

static void a_lower_version_is_refused(void **state) /* R018 R029 R032 */
{
	static const char *const versions[] = { "0.90", "1.00" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_config config = initiator_alice();
		struct change change = { .done = false };
		struct pair *pair = pair_new(&config);

		set_version(&change, versions[i]);
		errors_seen = 0;
		pair->filter = change_and_count_errors;
		pair->filter_arg = &change;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 20000000);
		assert_int_equal(errors_seen, 2);
		assert_int_equal(error_seen, ZRTP_ERROR_VERSION);
		assert_int_equal(pair->side[0].log[0].secure + pair->side[1].log[0].secure, 0);
		pair_free(pair);
	}
}

/* ---- a call that is clear, since the peer has no ZRTP ---- */

/* Alice has given up: her call is clear. */
static struct pair *clear_call(void)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 10000000);
	assert_int_equal(pair->side[0].log[0].clear, 1);
	pair->side[0].log[0].order[0] = '\0';
	return pair;
}

static void assert_still_clear(struct pair *pair)
{
	const struct pair_log *log = &pair->side[0].log[0];

	pair_run(pair, pair->now + 60000000);
	assert_int_equal(log->error, 0);
	assert_int_equal(log->clear, 1);
	assert_null(strchr(log->order, '1')); /* media was never held */
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_NO_ZRTP);
}

/* Bob's Hello, as any host can make one. */
static struct pair_packet strangers_hello(struct pair *pair)
{
	struct pair_packet hello;

	record.count = 0;
	pair->filter = record_packet;
	assert_int_equal(zrtp_stream_start(pair->side[1].log[0].stream, pair->now), ZRTP_OK);
	pair->filter = NULL;
	zrtp_stream_stop(pair->side[1].log[0].stream);
	hello = record.packet[0];
	assert_true(pair_is(&hello, "Hello   "));
	return hello;
}

static void strangers_do_not_end_a_clear_call(void **state)
{
	static const struct {
		size_t offset;
		const char *octets;
		bool acknowledge, error, own_ssrc;
	} cases[] = {
		{ 12, "1.00", false, false, false }, /* a version too low */
		{ 12, "1.10", true, false, false },  /* makes us commit */
		{ 12, "1.10", true, true, false },
		{ 12, "1.10", false, true, false },
		{ 12, "1.10", false, false, true },
		{ 12, "1.10", false, false, false }, /* a Hello and silence */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair *pair = clear_call();
		struct pair_packet hello = strangers_hello(pair);
		uint8_t message[16];

		memcpy(hello.octets + 12 + cases[i].offset, cases[i].octets, 4);
		pair_repair(hello.octets, hello.len);
		(void)inject(pair, 0, hello.octets, hello.len);
		if (cases[i].acknowledge) {
			(void)inject_message(pair, 0, 2000, message,
					     zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK));
			assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_COMMIT_SENT);
		}
		if (cases[i].error) {
			(void)inject_message(pair, 0, 2000, message,
					     zrtp_error_write(message, sizeof(message), 0x20));
		}
		if (cases[i].own_ssrc) {
			(void)inject_message(pair, 0, 1000, message,
					     zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK));
		}
		assert_still_clear(pair);
		pair_free(pair);
	}
}

static void a_hello_with_our_zid_does_not_end_a_clear_call(void **state)
{
	struct pair *pair = clear_call();
	struct pair_packet hello = strangers_hello(pair);

	(void)state;
	memcpy(hello.octets + 12 + 64, zrtp_context_zid(pair->side[0].context), ZRTP_ZID_SIZE);
	pair_repair(hello.octets, hello.len);
	assert_int_equal(inject(pair, 0, hello.octets, hello.len), ZRTP_DROPPED);
	assert_still_clear(pair);
	pair_free(pair);
}

/* And a real peer that comes late still gets through after all that. */
static void a_real_peer_gets_through_after_a_stranger(void **state)
{
	struct pair *pair = clear_call();
	struct pair_config config = initiator_alice();
	struct pair *other = pair_new(&config);
	struct pair_packet hello;

	(void)state;
	other->side[1].prng = 4711;
	pair_add_stream(other, 0);
	hello = strangers_hello(other);
	(void)inject(pair, 0, hello.octets, hello.len);
	pair_run(pair, pair->now + 30000000);
	pair->loss = 0;
	assert_int_equal(zrtp_stream_start(pair->side[1].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_free(other);
	pair_free(pair);
}

/* An unasked PingACK is nothing to tell. */
static void an_unasked_pingack_is_dropped(void **state)
{
	struct pair *pair = record_exchange();
	uint8_t ping[24], message[36];
	static const uint8_t hash[8] = { 1 };

	(void)state;
	pair->queued = 0;
	(void)inject_message(pair, 0, 2000, ping, zrtp_ping_write(ping, sizeof(ping), hash));
	assert_true(pair_is(&pair->queue[0], "PingACK "));
	memcpy(message, pair->queue[0].octets + 12, sizeof(message));
	memcpy(message + 24, message + 16, 8); /* as if it answered us */
	memcpy(message + 32, "\0\0\x03\xe8", 4);
	pair->side[0].log[0].events = 0;
	assert_int_equal(inject_message(pair, 0, 2000, message, sizeof(message)), ZRTP_DROPPED);
	assert_int_equal(pair->side[0].log[0].events, 0);
	pair_free(pair);
}

/* Acknowledged, so that it stops, and otherwise ignored; our own
 * Hello goes on. */
static void a_higher_version_is_waited_out(void **state) /* R025 R026 R330 */
{
	struct pair_config config = initiator_alice();
	struct change change = { .watch = "HelloACK" };
	struct pair *pair;

	(void)state;
	set_version(&change, "2.00");
	pair = run_changed(&config, &change);
	assert_true(change.seen_after > 0);
	assert_int_equal(pair->side[0].log[0].secure, 0);
	assert_int_equal(pair->side[0].log[0].error, 0);
	pair_free(pair);
}

/* Seen from the version check alone: the MAC of a changed Hello is wrong,
 * so the alarm comes, and not the version error. */
static void the_fourth_octet_of_the_version_does_not_count(void **state) /* R031 */
{
	static const char *const versions[] = { "1.1 ", "1.11", "1.1a" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = initiator_alice();
		struct change change = { .done = false };
		struct pair *pair;

		set_version(&change, versions[i]);
		pair = run_changed(&config, &change);
		assert_int_equal(pair->side[1].log[0].error_code, ZRTP_ERROR_MALFORMED);
		assert_true(pair->side[1].log[0].events & 1U << ZRTP_EVENT_MAC_ALARM);
		pair_free(pair);
	}
}

/* More names than the RFC allows: told once, and the exchange goes on. */
static void malformed_hello_is_answered_once_and_does_no_harm(void **state) /* R357 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_started(&config);
	struct pair_packet hello = pair->queue[0];
	unsigned before;

	(void)state;
	assert_true(pair_is(&hello, "Hello   "));
	hello.octets[12 + 78] |= 0x80; /* 8 or more ciphers */
	pair_repair(hello.octets, hello.len);
	before = pair->queued;
	assert_int_equal(inject(pair, hello.to, hello.octets, hello.len), ZRTP_DROPPED);
	assert_int_equal(pair->queued, before + 1);
	assert_true(pair_is(&pair->queue[before], "Error   "));
	assert_int_equal(inject(pair, hello.to, hello.octets, hello.len), ZRTP_DROPPED);
	assert_int_equal(pair->queued, before + 1);
	assert_int_equal(pair_info(pair, hello.to, 0).dropped[ZRTP_DROP_MALFORMED], 2);
	pair->queued = before; /* an Error would end the other side's exchange */
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_free(pair);
}

/* A Hello of 1216 octets with the CRC right, and 35 names with one more. */
static void an_oversized_hello_is_dropped(void **state) /* F04 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_started(&config);
	struct pair_packet hello = pair->queue[0];

	(void)state;
	memset(hello.octets + hello.len - 4, 'x', 1216);
	for (unsigned count = 0; count < 2; count++) {
		memcpy(hello.octets + 12 + 77, count ? "\7\x77\x77" : "\2\x22\x42", 3);
		pair_repair(hello.octets, 1216 + 16);
		assert_int_equal(inject(pair, hello.to, hello.octets, 1216 + 16), ZRTP_DROPPED);
	}
	assert_int_equal(pair_info(pair, hello.to, 0).dropped[ZRTP_DROP_MALFORMED], 2);
	pair_free(pair);
}

/* ---- the log ---- */

static char logged[65536];

static void keep_log(enum zrtp_log_level level, const char *text, void *arg)
{
	size_t n = strlen(logged);

	(void)level;
	(void)arg;
	snprintf(logged + n, sizeof(logged) - n, "%s\n", text);
}

static void assert_not_logged(const uint8_t *secret, size_t len)
{
	for (size_t at = 0; at + 4 <= len; at += 4) {
		char lower[9], upper[9];

		snprintf(lower, sizeof(lower), "%02x%02x%02x%02x", secret[at], secret[at + 1], secret[at + 2],
			 secret[at + 3]);
		snprintf(upper, sizeof(upper), "%02X%02X%02X%02X", secret[at], secret[at + 1], secret[at + 2],
			 secret[at + 3]);
		assert_null(strstr(logged, lower));
		assert_null(strstr(logged, upper));
	}
}

/* Whatever is logged, at any level: neither keys nor retained secrets. */
static void no_secret_is_logged(void **state) /* F19 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_new(&config);

	(void)state;
	logged[0] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		pair->side[i].context->system.log = keep_log;
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	assert_non_null(strstr(logged, "Confirm2"));
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];

		assert_not_logged(log->keys[0].key, log->keys[0].key_len);
		assert_not_logged(log->keys[1].key, log->keys[1].key_len);
		assert_not_logged(pair->side[i].stored.rs1, ZRTP_SECRET_SIZE);
	}
	pair_free(pair);
}

/* ---- Error, Ping ---- */

static void an_error_before_any_hello_is_ignored(void **state)
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_started(&config);
	uint8_t message[16];

	(void)state;
	assert_int_equal(
		inject_message(pair, 0, 2000, message, zrtp_error_write(message, sizeof(message), 0x30)),
		ZRTP_DROPPED);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_free(pair);
}

static void an_error_in_the_exchange_ends_it_and_is_acknowledged(void **state) /* R377 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_started(&config);
	uint8_t message[16];

	(void)state;
	pair_run(pair, pair->now + 3 * PAIR_DELAY);
	pair->queued = 0;
	assert_int_equal(
		inject_message(pair, 0, 2000, message, zrtp_error_write(message, sizeof(message), 0x20)),
		ZRTP_OK);
	assert_int_equal(pair->queued, 1);
	assert_true(pair_is(&pair->queue[0], "ErrorACK"));
	assert_ended(pair, 0, ZRTP_ERROR_SOFTWARE);
	assert_true(pair->side[0].log[0].error_from_peer);
	pair_free(pair);
}

/* 0xA0 while the exchange runs; a secure stream is not declined. */
/* A HelloACK of an unknown peer must not keep our Hello from the peer. */
static void a_stray_helloack_does_not_silence_our_hello(void **state)
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_new(&config);
	uint8_t message[16];

	(void)state;
	pair_add_stream(pair, 0);
	pair->loss = 100; /* no peer is there yet */
	assert_int_equal(zrtp_stream_start(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	assert_int_equal(inject_message(pair, 0, 4711, message,
					zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK)),
			 ZRTP_OK);
	pair_run(pair, pair->now + 500000);
	pair->loss = 0;
	assert_int_equal(zrtp_stream_start(pair->side[1].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_free(pair);
}

static void a_declined_exchange_ends_on_both_sides(void **state) /* R374 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_started(&config);

	(void)state;
	pair_run(pair, pair->now + 3 * PAIR_DELAY);
	assert_int_equal(zrtp_stream_decline(pair->side[1].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 1000000);
	assert_ended(pair, 0, ZRTP_ERROR_UNAVAILABLE);
	assert_ended(pair, 1, ZRTP_ERROR_UNAVAILABLE);
	assert_int_equal(zrtp_stream_decline(pair->side[1].log[0].stream, pair->now), ZRTP_WRONG_STATE);
	pair_free(pair);
	pair = pair_secured(&config);
	assert_int_equal(zrtp_stream_decline(pair->side[0].log[0].stream, pair->now), ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void check_ping(struct pair *pair)
{
	static const uint8_t hash[8] = { 8, 7, 6, 5, 4, 3, 2, 1 };
	uint8_t message[24];
	unsigned before = pair->queued;

	assert_int_equal(
		inject_message(pair, 0, 0x01020304, message, zrtp_ping_write(message, sizeof(message), hash)),
		ZRTP_OK);
	assert_int_equal(pair->queued, before + 1);
	assert_true(pair_is(&pair->queue[before], "PingACK "));
	assert_memory_equal(pair->queue[before].octets + 12 + 24, hash, sizeof(hash));
	assert_memory_equal(pair->queue[before].octets + 12 + 32, "\x01\x02\x03\x04", 4);
	pair->queued = before;
}

static void ping_is_answered_in_every_state(void **state) /* R263 R401 R405 R408 */
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair_add_stream(pair, 0);
	check_ping(pair);
	pair_start(pair, 0);
	for (unsigned i = 0; i < 12; i++) {
		check_ping(pair);
		pair_run(pair, pair->now + PAIR_DELAY);
	}
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_SECURE);
	check_ping(pair);
	pair_free(pair);
}

/* From any sender, in any state: four a second and no more. */
static void pings_are_answered_four_a_second(void **state)
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_secured(&config);
	uint64_t begin = pair->now;
	unsigned answers = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		static const uint8_t hash[8] = { 0 };
		uint8_t message[24];
		unsigned before = pair->queued;

		pair->now += 2000;
		(void)inject_message(pair, 0, i, message, zrtp_ping_write(message, sizeof(message), hash));
		answers += pair->queued - before;
		pair->queued = before;
	}
	assert_int_equal(answers, 3 * 16);
	assert_int_equal(pair->now - begin, 10000000);
	pair->now += 5000000;
	check_ping(pair);
	pair_free(pair);
}

/* ---- what is counted ---- */

static void every_dropped_packet_is_counted(void **state) /* R265 */
{
	struct pair *pair = record_exchange();
	struct pair_packet commit = record.packet[0];
	uint8_t message[32];
	struct zrtp_stream_info info;

	(void)state;
	for (unsigned i = 0; i < record.count; i++) {
		commit = pair_is(&record.packet[i], "Commit  ") ? record.packet[i] : commit;
	}
	assert_int_equal(inject(pair, 1, (const uint8_t *)"\x80", 1), ZRTP_DROPPED);
	commit.octets[commit.len - 1] ^= 1;
	assert_int_equal(inject(pair, 1, commit.octets, commit.len), ZRTP_DROPPED);
	commit.octets[commit.len - 1] ^= 1;
	assert_int_equal(inject(pair, 1, commit.octets, commit.len), ZRTP_DROPPED);
	memcpy(message, "\x50\x5a\x00\x03Whatever", 12);
	assert_int_equal(inject_message(pair, 1, 1000, message, 12), ZRTP_DROPPED);
	message[3] = 4;
	assert_int_equal(inject_message(pair, 1, 1000, message, 12), ZRTP_DROPPED);
	info = pair_info(pair, 1, 0);
	assert_int_equal(info.dropped[ZRTP_DROP_NOT_ZRTP], 1);
	assert_int_equal(info.dropped[ZRTP_DROP_CRC], 1);
	assert_int_equal(info.dropped[ZRTP_DROP_UNEXPECTED], 1);
	assert_int_equal(info.dropped[ZRTP_DROP_UNKNOWN], 1);
	assert_int_equal(info.dropped[ZRTP_DROP_LENGTH], 1);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_ssrc_ends_the_exchange_of_a_peer_without_another),
		cmocka_unit_test(own_ssrc_ends_nothing_once_the_peer_has_another),
		cmocka_unit_test(our_own_hello_come_back_ends_nothing),
		cmocka_unit_test(a_lower_version_is_refused),
		cmocka_unit_test(strangers_do_not_end_a_clear_call),
		cmocka_unit_test(a_hello_with_our_zid_does_not_end_a_clear_call),
		cmocka_unit_test(a_real_peer_gets_through_after_a_stranger),
		cmocka_unit_test(an_unasked_pingack_is_dropped),
		cmocka_unit_test(a_higher_version_is_waited_out),
		cmocka_unit_test(the_fourth_octet_of_the_version_does_not_count),
		cmocka_unit_test(malformed_hello_is_answered_once_and_does_no_harm),
		cmocka_unit_test(an_oversized_hello_is_dropped),
		cmocka_unit_test(no_secret_is_logged),
		cmocka_unit_test(an_error_before_any_hello_is_ignored),
		cmocka_unit_test(an_error_in_the_exchange_ends_it_and_is_acknowledged),
		cmocka_unit_test(a_stray_helloack_does_not_silence_our_hello),
		cmocka_unit_test(a_declined_exchange_ends_on_both_sides),
		cmocka_unit_test(ping_is_answered_in_every_state),
		cmocka_unit_test(pings_are_answered_four_a_second),
		cmocka_unit_test(every_dropped_packet_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
