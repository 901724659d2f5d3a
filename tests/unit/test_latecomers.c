/* SPDX-License-Identifier: BSD-2-Clause */
/* Strangers in a call that is clear, for want of ZRTP or by GoClear. */
#include "stranger.h"
#include "peerhello.h"

/* ---- a call that is clear for want of ZRTP ---- */

static void assert_clear_as_before(struct pair *pair)
{
	const struct pair_log *log = &pair->side[PBX].log[0];

	assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_NO_ZRTP);
	assert_null(strchr(log->order, '1')); /* media was never held */
	assert_null(strchr(log->order, 's'));
	assert_int_equal(log->error, 0);
	assert_int_equal(log->secure, 0);
	assert_int_equal(log->clear, 1);
	assert_int_equal(pair->side[PBX].puts, 0);
}

/* Everything that can be sent blindly, alone and one after the other. */
static void blind_packets_do_not_mute_a_clear_call(void **state)
{
	static const enum zrtp_message_type bare[] = { ZRTP_MSG_HELLOACK, ZRTP_MSG_CONF2ACK,
						       ZRTP_MSG_ERRORACK, ZRTP_MSG_CLEARACK,
						       ZRTP_MSG_RELAYACK };

	(void)state;
	make_stranger(NULL, 4711);
	for (unsigned way = 0; way < 64; way++) {
		struct pair *pair = lonely_call(true);
		uint8_t message[32];

		pair->side[PBX].log[0].order[0] = '\0';
		for (unsigned i = 0; i < 5; i++) {
			if (way & 1) {
				(void)give(pair, 0, &stranger_hello);
			}
			if (way & 2) {
				(void)give(pair, 0, &stranger_commit);
			}
			if (way & 4) {
				give_message(pair, 0, message,
					     zrtp_bare_write(message, sizeof(message), bare[i]));
			}
			if (way & 8) {
				give_message(pair, 0, message,
					     zrtp_error_write(message, sizeof(message), 0x20));
			}
			if (way & 16) {
				give_message(pair, 0, message,
					     zrtp_goclear_write(message, sizeof(message),
								(const uint8_t *)"12345678"));
			}
			pair_run(pair, pair->now + (way & 32 ? 20 * SECOND : 1000));
		}
		pair_run(pair, pair->now + 60 * SECOND);
		assert_clear_as_before(pair);
		pair_free(pair);
	}
}

/* Bob speaks ZRTP from now on: a stranger who sees everything, or the phone. */
static struct pair *late_exchange(bool passive, bool media)
{
	struct pair *pair = lonely_call(true);

	pair->side[PHONE].session->policy.passive = passive;
	pair->loss = 0;
	pair->no_media = !media;
	pair->side[PBX].log[0].order[0] = '\0';
	assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
	return pair;
}

/* A whole exchange, but no media under its keys. */
static void a_complete_exchange_takes_no_clear_call_over(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair *pair = late_exchange(passive, false);
		const struct pair_log *log = &pair->side[PBX].log[0];
		uint8_t message[32];

		pair_run(pair, pair->now + SECOND);
		assert_int_equal(log->event_count[ZRTP_EVENT_LATE_KEYS], 1);
		assert_true(log->has_keys[ZRTP_RECEIVE]);
		assert_int_equal(pair_session_info(pair, PBX).has_sas, false);
		/* Nor does any host's Error end it. */
		give_message(pair, 0, message, zrtp_error_write(message, sizeof(message), 0x20));
		assert_int_not_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_NO_ZRTP);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(log->event_count[ZRTP_EVENT_LATE_FAILED], 1);
		assert_clear_as_before(pair);
		pair_free(pair);
	}
}

static void a_phone_that_begins_late_becomes_secure_with_its_media(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair *pair = late_exchange(passive, true);

		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_assert_keys(pair, 0);
		assert_int_equal(pair->side[PBX].log[0].event_count[ZRTP_EVENT_LATE_FAILED], 0);
		assert_true(pair->side[PBX].puts > 0);
		assert_true(pair_info(pair, PBX, 0).late);
		pair_free(pair);
	}
}

/* The Hello that the signalling named is the phone's: nothing more has to show. */
static void a_late_phone_that_the_signalling_named_is_not_kept_waiting(void **state)
{
	(void)state;
	for (unsigned named = 0; named < 2; named++) {
		struct pair *pair = lonely_call(true);
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

		zrtp_stream_hello_hash(pair->side[PHONE].log[0].stream, hash);
		if (named) {
			assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[PBX].log[0].stream, hash),
					 ZRTP_OK);
		}
		pair->loss = 0;
		pair->no_media = true;
		assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
		assert_int_equal(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND), named);
		assert_int_equal(pair->side[PBX].log[0].event_count[ZRTP_EVENT_LATE_KEYS], !named);
		pair_free(pair);
	}
}

/* ---- a further stream ---- */

/* All streams are with the peer of the first, however a stranger's Hello came to be there. */
static void a_multistream_commit_of_another_peer_is_not_answered(void **state)
{
	(void)state;
	for (unsigned phones = 0; phones < 2; phones++) {
		struct pair_config config;
		struct pair *pair;
		uint8_t message[ZRTP_COMMIT_MAX], nonce[ZRTP_NONCE_SIZE] = { 1 };
		struct zrtp_commit commit = { .mode = ZRTP_MODE_MULTISTREAM, .nonce = nonce };
		struct zrtp_message hello;
		struct zrtp_stream *stream;
		size_t len;

		pair_config_init(&config);
		config.zid[PHONE] = phone_zid;
		pair = pair_new(&config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		pair_add_stream(pair, 1);
		stream = pair->side[PBX].log[1].stream;
		make_stranger(phones ? phone_zid : (const uint8_t *)"a stranger..", 4711);
		assert_int_equal(zrtp_stream_start(stream, pair->now), ZRTP_OK);
		assert_int_equal(
			zrtp_message_parse(&hello, stranger_hello.octets + 12, stranger_hello.len - 16),
			ZRTP_PARSE_OK);
		hello.ssrc = 2000;
		zrtp_peer_hello_store(stream, &hello);
		commit.h2 = stranger_chain[2];
		commit.zid = phones ? phone_zid : (const uint8_t *)"a stranger..";
		for (unsigned i = 0; i < ZRTP_CLASS_COUNT; i++) {
			static const char *const names[] = { "S256", "AES3", "HS80", "Mult", "B32 " };

			commit.name[i] = (const uint8_t *)names[i];
		}
		len = zrtp_commit_write(message, sizeof(message), &commit);
		assert_true(len);
		assert_int_equal(zrtp_message_seal(zrtp_implicit(stream), message, len, stranger_chain[1]),
				 0);
		give_message(pair, 1, message, len);
		assert_int_equal(pair_info(pair, PBX, 1).state,
				 phones ? ZRTP_STATE_CONFIRM1_SENT : ZRTP_STATE_DISCOVERY);
		pair_free(pair);
	}
}

/* ---- clear by GoClear ---- */

static uint8_t forged_second; /* octet of the nonce */

/* What the phone has published is enough to make a Multistream Commit. */
static struct pair_packet forged_multistream_with(const struct pair *pair, uint8_t number, const char *hash,
						  const char *cipher)
{
	struct zrtp_stream *phone = pair->side[PHONE].log[0].stream;
	uint8_t message[ZRTP_COMMIT_MAX], nonce[ZRTP_NONCE_SIZE] = { number, forged_second };
	const struct zrtp_commit commit = {
		.h2 = phone->h[2],
		.zid = pair->side[PHONE].context->zid,
		.name = { (const uint8_t *)(hash ? hash : phone->choice.hash->name),
			  (const uint8_t *)(cipher ? cipher : phone->choice.cipher->name),
			  (const uint8_t *)phone->choice.tag->name, (const uint8_t *)"Mult",
			  (const uint8_t *)"B32 " },
		.mode = ZRTP_MODE_MULTISTREAM,
		.nonce = nonce,
	};
	struct pair_packet packet = { .to = PBX };
	size_t len = zrtp_commit_write(message, sizeof(message), &commit);

	assert_true(len);
	assert_int_equal(zrtp_message_seal(zrtp_implicit(phone), message, len, phone->h[1]), 0);
	packet.len = pair_wrap(packet.octets, phone->ssrc, (uint16_t)(5000 + number), message, len);
	return packet;
}

static struct pair_packet forged_multistream(const struct pair *pair, uint8_t number)
{
	return forged_multistream_with(pair, number, NULL, NULL);
}

static void a_forged_multistream_commit_mutes_nothing_after_goclear(void **state)
{
	struct pair_config config;
	struct pair *pair;
	struct pair_log *log;
	uint8_t message[32];

	(void)state;
	pair_config_init(&config);
	config.policy[PBX].allow_clear = config.policy[PHONE].allow_clear = true;
	pair = pair_secured(&config);
	log = &pair->side[PBX].log[0];
	assert_int_equal(zrtp_stream_go_clear(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_CLEAR);
	log->order[0] = '\0';
	for (uint8_t i = 0; i < 50; i++) {
		struct pair_packet packet = forged_multistream(pair, i);

		(void)give(pair, 0, &packet);
		if (i % 3 == 0) {
			give_message(pair, 0, message, zrtp_error_write(message, sizeof(message), 0x20));
		}
		pair_run(pair, pair->now + (i % 7 ? 1000 : 15 * SECOND));
	}
	assert_null(strchr(log->order, '1'));
	assert_null(strchr(log->order, 'C'));
	assert_int_equal(log->error, 0);
	/* The phone goes secure all the same, whatever comes in between. */
	pair_run(pair, pair->now + 30 * SECOND);
	for (uint8_t i = 60; i < 64; i++) {
		struct pair_packet packet = forged_multistream(pair, i);

		(void)give(pair, 0, &packet);
	}
	pair_run(pair, pair->now + 1000);
	assert_int_equal(zrtp_stream_go_secure(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_assert_keys(pair, 0);
	pair_free(pair);
}

/* We go secure again, and a Commit that wins comes in the phone's name: once, or
 * again and again. */
static void a_forged_multistream_commit_does_not_keep_us_in_clear(void **state)
{
	(void)state;
	for (unsigned always = 0; always < 2; always++) {
		struct pair_config config;
		struct pair *pair;
		struct pair_log *log;
		struct pair_packet packet;
		uint8_t message[32];
		unsigned cleared;
		uint64_t until;

		pair_config_init(&config);
		config.policy[PBX].allow_clear = config.policy[PHONE].allow_clear = true;
		pair = pair_secured(&config);
		log = &pair->side[PBX].log[0];
		packet = forged_multistream(pair, 0xff);
		assert_int_equal(zrtp_stream_go_clear(log->stream, pair->now), ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_CLEAR);
		assert_int_equal(zrtp_stream_go_secure(log->stream, pair->now), ZRTP_OK);
		(void)give(pair, 0, &packet);
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_CONFIRM1_SENT);
		give_message(pair, 0, message, zrtp_error_write(message, sizeof(message), 0x20));
		if (!always) {
			assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
			pair_assert_keys(pair, 0);
		} else {
			cleared = log->clear;
			until = pair->now + 9 * SECOND;
			while (pair->now < until && log->clear == cleared) {
				(void)give(pair, 0, &packet);
				pair_run(pair, pair->now + 1000);
			}
			/* Not muted for ever. */
			assert_int_equal(log->clear, cleared + 1);
			assert_int_equal(log->error, 0);
			pair_run(pair, pair->now + 30 * SECOND);
			assert_int_equal(zrtp_stream_go_secure(log->stream, pair->now), ZRTP_OK);
			assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
		}
		pair_free(pair);
	}
}

/* Nor one that we cannot answer: it neither beats ours nor ends anything. */
static void a_commit_that_cannot_be_answered_does_nothing_in_clear(void **state)
{
	static const char *const names[][2] = { { "S384", NULL }, { "XXXX", NULL }, { NULL, "XXXX" } };

	(void)state;
	for (unsigned way = 0; way < 6; way++) {
		struct pair_config config;
		struct pair *pair;
		struct pair_log *log;
		struct pair_packet packet;

		pair_config_init(&config);
		config.policy[PBX].allow_clear = config.policy[PHONE].allow_clear = true;
		config.policy[PHONE].passive = true;
		pair = pair_secured(&config);
		log = &pair->side[PBX].log[0];
		packet = forged_multistream_with(pair, 0xff, names[way % 3][0], names[way % 3][1]);
		assert_int_equal(zrtp_stream_go_clear(log->stream, pair->now), ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		log->order[0] = '\0';
		if (way < 3) {
			assert_int_equal(zrtp_stream_go_secure(log->stream, pair->now), ZRTP_OK);
			(void)give(pair, 0, &packet);
			assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_COMMIT_SENT);
			assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND / 10));
		} else {
			(void)give(pair, 0, &packet);
			pair_run(pair, pair->now + SECOND);
			assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_CLEAR);
			assert_string_equal(log->order, "");
		}
		assert_int_equal(log->error, 0);
		pair_free(pair);
	}
}

/* Each of them another one: none makes ours, or the clear media, wait longer. */
static void many_forged_commits_mute_no_longer_than_one(void **state)
{
	struct pair_config config;
	struct pair *pair;
	struct pair_log *log;
	unsigned cleared;
	uint64_t until;

	(void)state;
	pair_config_init(&config);
	config.policy[PBX].allow_clear = config.policy[PHONE].allow_clear = true;
	pair = pair_secured(&config);
	log = &pair->side[PBX].log[0];
	assert_int_equal(zrtp_stream_go_clear(log->stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	cleared = log->clear;
	assert_int_equal(zrtp_stream_go_secure(log->stream, pair->now), ZRTP_OK);
	until = pair->now + 9 * SECOND;
	while (pair->now < until && log->clear == cleared) {
		struct pair_packet packet;

		forged_second++;
		packet = forged_multistream(pair, 0xff);
		(void)give(pair, 0, &packet);
		pair_run(pair, pair->now + 1000);
	}
	assert_int_equal(log->clear, cleared + 1);
	assert_int_equal(log->error, 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_phone_that_the_signalling_named_is_not_kept_waiting),
		cmocka_unit_test(a_multistream_commit_of_another_peer_is_not_answered),
		cmocka_unit_test(a_commit_that_cannot_be_answered_does_nothing_in_clear),
		cmocka_unit_test(many_forged_commits_mute_no_longer_than_one),
		cmocka_unit_test(blind_packets_do_not_mute_a_clear_call),
		cmocka_unit_test(a_complete_exchange_takes_no_clear_call_over),
		cmocka_unit_test(a_phone_that_begins_late_becomes_secure_with_its_media),
		cmocka_unit_test(a_forged_multistream_commit_mutes_nothing_after_goclear),
		cmocka_unit_test(a_forged_multistream_commit_does_not_keep_us_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
