/* SPDX-License-Identifier: BSD-2-Clause */
/* Strangers who speak ZRTP well, before the phone that is called does. */
#include "stranger.h"
#include "peerhello.h"

/* ---- the hash of the signalling ---- */

static void once_the_signalled_hello_is_there_no_other_changes_that(void **state)
{
	(void)state;
	for (unsigned tolerant = 0; tolerant < 2; tolerant++) {
		for (unsigned ms = 0; ms < 60; ms += 3) {
			struct pair_config config;
			char hash[ZRTP_HELLO_HASH_TEXT_SIZE];
			struct pair *pair;

			pair_config_init(&config);
			config.policy[PBX].tolerate_mismatch = tolerant;
			make_stranger(NULL, 4711);
			pair = pair_new(&config);
			pair_add_stream(pair, 0);
			zrtp_stream_hello_hash(pair->side[PHONE].log[0].stream, hash);
			assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[PBX].log[0].stream, hash),
					 ZRTP_OK);
			pair_start(pair, 0);
			pair_run(pair, pair->now + 6000 + ms * 1000);
			assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
			assert_int_equal(give(pair, 0, &stranger_hello), ZRTP_DROPPED);
			(void)give(pair, 0, &stranger_commit);
			assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
			assert_true(pair_run_until_secure(pair, 0, pair->now + 20 * SECOND));
			assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
			assert_int_equal(pair->side[PBX].log[0].event_count[ZRTP_EVENT_HELLO_HASH_MISMATCH],
					 0);
			assert_int_equal(pair->side[PBX].log[0].error, 0);
			pair_free(pair);
		}
	}
}

/* The other way round: a wrong Hello first is told, and the right one counts. */
static void a_wrong_hello_first_does_not_keep_the_right_one_out(void **state)
{
	struct pair_config config;
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	make_stranger(NULL, 4711);
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	zrtp_stream_hello_hash(pair->side[PHONE].log[0].stream, hash);
	assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[PBX].log[0].stream, hash), ZRTP_OK);
	pair_start(pair, 0);
	assert_int_equal(give(pair, 0, &stranger_hello), ZRTP_DROPPED);
	assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MISMATCH);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
	assert_int_equal(pair->side[PBX].log[0].event_count[ZRTP_EVENT_HELLO_HASH_MISMATCH], 1);
	pair_free(pair);
}

/* ---- our public value ---- */

static struct pair_packet dhpart1;

static unsigned dhparts;

static bool keep_dhpart1(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (packet->to == PHONE && pair_is(packet, "DHPart1 ")) {
		dhpart1 = *packet;
		dhparts++;
	}
	return true;
}

/* A second initiator who has seen it, before he commits, could look for a fitting
 * SAS. The first one, whose DHPart1 was lost, gets the same again. */
static void a_second_initiator_gets_another_public_value(void **state)
{
	struct pair_packet hello, commit, first;
	struct pair *pair = lonely_call(false);

	(void)state;
	pair->filter = keep_dhpart1;
	make_stranger(NULL, 4711);
	hello = stranger_hello;
	commit = stranger_commit;
	make_stranger((const uint8_t *)"the second..", 4712);
	dhparts = 0;
	(void)give(pair, 0, &hello);
	(void)give(pair, 0, &commit);
	pair_run(pair, pair->now + SECOND / 2);
	assert_int_equal(dhparts, 1);
	first = dhpart1;
	(void)give(pair, 0, &commit);
	pair_run(pair, pair->now + 2 * SECOND);
	assert_int_equal(dhparts, 2);
	assert_memory_equal(first.octets + PV, dhpart1.octets + PV, 32);
	(void)give(pair, 0, &stranger_hello);
	(void)give(pair, 0, &stranger_commit);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(dhparts, 3);
	assert_memory_not_equal(first.octets + PV, dhpart1.octets + PV, 32);
	pair_free(pair);
}

/* ---- another stream ---- */

/* Hello and Commit of a stranger on the second stream, at any moment of the
 * phone's own exchange on the first: with a ZID of his own or the phone's, with
 * a Commit that wins against every other or loses. */
static void disturb(unsigned ms, bool same_zid, uint8_t hvi, bool passive)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	config.zid[PHONE] = phone_zid;
	config.policy[PHONE].passive = passive;
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		assert_int_equal(zrtp_stream_start(pair->side[PBX].log[i].stream, pair->now), ZRTP_OK);
	}
	make_stranger(same_zid ? phone_zid : NULL, 4711);
	memset(stranger_commit.octets + HVI, hvi, ZRTP_HVI_SIZE);
	pair_repair(stranger_commit.octets, stranger_commit.len);
	if (ms < 30) {
		pair_run(pair, pair->now + ms * 1000);
		(void)give(pair, 1, &stranger_hello);
		(void)give(pair, 1, &stranger_commit);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[i].stream, pair->now), ZRTP_OK);
	}
	if (ms >= 30) {
		pair_run(pair, pair->now + (ms - 30) * 1000);
		(void)give(pair, 1, &stranger_hello);
		(void)give(pair, 1, &stranger_commit);
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + 8 * SECOND));
	pair_assert_keys(pair, 0);
	assert_memory_equal(pair_session_info(pair, PBX).peer_zid, phone_zid, ZRTP_ZID_SIZE);
	assert_int_equal(pair->side[PBX].log[0].error, 0);
	if (!same_zid) {
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[PBX].log[1].secure, 1);
	}
	pair_free(pair);
}

static void a_strangers_commit_on_another_stream_binds_nothing(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		for (unsigned ms = 10; ms < 80; ms += 4) {
			disturb(ms, way & 1, way & 2 ? 0xff : 0, way & 4);
		}
	}
}

/* The phone answers Commit as soon as strangers, each with a Hello of his own and a
 * Commit that wins, have begun on the other stream. When is it secure? */
static uint64_t outlasts_strangers(bool signalled, unsigned strangers)
{
	struct pair_config config;
	struct pair *pair;
	uint64_t began;

	pair_config_init(&config);
	config.zid[PHONE] = phone_zid;
	config.policy[PHONE].passive = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	pair_add_stream(pair, 1);
	if (signalled) {
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

		zrtp_stream_hello_hash(pair->side[PHONE].log[0].stream, hash);
		assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[PBX].log[0].stream, hash),
				 ZRTP_OK);
	}
	pair_start(pair, 0);
	assert_int_equal(zrtp_stream_start(pair->side[PBX].log[1].stream, pair->now), ZRTP_OK);
	while (pair_info(pair, PBX, 0).state != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	began = pair->now;
	for (unsigned i = 0; i < strangers; i++) {
		make_stranger(NULL, 4711 + i);
		memset(stranger_commit.octets + HVI, 0xff, ZRTP_HVI_SIZE);
		pair_repair(stranger_commit.octets, stranger_commit.len);
		(void)give(pair, 1, &stranger_hello);
		(void)give(pair, 1, &stranger_commit);
		if (pair_run_until_secure(pair, 0, pair->now + 3900000)) {
			break;
		}
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + 20 * SECOND));
	assert_int_equal(pair->side[PBX].log[0].error, 0);
	began = pair->now - began;
	pair_free(pair);
	return began;
}

static void commits_on_another_stream_do_not_end_an_exchange(void **state)
{
	(void)state;
	assert_true(outlasts_strangers(false, 3) < 7 * SECOND);
	assert_true(outlasts_strangers(true, 3) < SECOND);
	assert_true(outlasts_strangers(false, 0) < SECOND); /* only the phone */
}

/* What the session knows of its peer is the peer's who has completed. */
static void an_unproved_exchange_leaves_no_trace_in_the_session(void **state)
{
	static const uint8_t stranger_zid[ZRTP_ZID_SIZE] = "a stranger..";
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.zid[PHONE] = phone_zid;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_new_call(pair, &config); /* with a retained secret */
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		assert_int_equal(zrtp_stream_start(pair->side[PBX].log[i].stream, pair->now), ZRTP_OK);
	}
	make_stranger(stranger_zid, 4711);
	(void)give(pair, 1, &stranger_hello);
	(void)give(pair, 1, &stranger_commit);
	assert_int_equal(pair_info(pair, PBX, 1).state, ZRTP_STATE_DHPART1_SENT);
	assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 8 * SECOND));
	assert_true(pair_session_info(pair, PBX).rs_matched);
	assert_false(pair_session_info(pair, PBX).cache_mismatch);
	assert_int_not_equal(pair_info(pair, PBX, 1).state, ZRTP_STATE_DHPART1_SENT);
	pair_free(pair);
}

/* The phone has not answered our Commit for a while, and a stranger's Hello has come
 * with its SSRC. His Commit is answered, since the phone may have begun again, and
 * ours was not for him; if his Hello is none of his, nothing changes. */
static void a_stranger_with_the_phones_ssrc_does_not_get_our_commit(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 6; way++) {
		struct pair_config config;
		struct pair *pair;
		bool poor = way >= 4; /* there is no key pair left at all */
		bool forged = way & 1 || poor;

		pair_config_init(&config);
		config.zid[PHONE] = phone_zid;
		config.policy[PHONE].passive = true;
		make_stranger((const uint8_t *)"a stranger..", 4711);
		memset(stranger_commit.octets + HVI, way & 2 ? 0xff : 0, ZRTP_HVI_SIZE);
		pair_repair(stranger_commit.octets, stranger_commit.len);
		if (way & 1 && !poor) {
			stranger_hello.octets[12 + 20] ^= 1; /* its MAC is wrong now */
			pair_repair(stranger_hello.octets, stranger_hello.len);
		}
		pair = pair_new(&config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (pair_info(pair, PBX, 0).state != ZRTP_STATE_COMMIT_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		pair->loss = 100;
		pair->queued = 0;
		(void)give(pair, 0, &stranger_hello);
		pair_run(pair, pair->now + 2 * SECOND);
		if (poor) {
			pair->side[PBX].session->work_left = 0;
			pair->side[PBX].session->work_at = pair->now;
		}
		(void)give(pair, 0, &stranger_commit);
		assert_int_equal(pair_info(pair, PBX, 0).dropped[ZRTP_DROP_BUDGET], poor);
		assert_int_equal(pair_info(pair, PBX, 0).state,
				 forged ? ZRTP_STATE_COMMIT_SENT : ZRTP_STATE_DHPART1_SENT);
		if (forged) {
			pair->loss = 0;
			assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
			pair_assert_keys(pair, 0);
		} else { /* and the phone's turn comes again */
			static const struct zrtp_stream_keys none;
			struct zrtp_stream *stream = pair->side[PBX].log[0].stream;

			memset(&stream->keys, 0x55, sizeof(stream->keys)); /* with him */
			pair_run(pair, pair->now + 10500000);
			assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_COMMIT_SENT);
			assert_memory_equal(&stream->keys, &none, sizeof(none));
			assert_true(stream->begun_anew); /* a late Confirm may be his */
		}
		assert_memory_equal(zrtp_peer_hello(pair->side[PBX].log[0].stream).zid, phone_zid,
				    ZRTP_ZID_SIZE);
		assert_int_equal(pair->side[PBX].log[0].error, 0);
		pair_free(pair);
	}
}

/* Nor does a stranger's exchange change the auxsecret that an SDES key gives. */
static void a_strangers_exchange_leaves_the_auxsecret_of_an_sdes_key(void **state)
{
	static const uint8_t key[16] = { 1, 2, 3 }, salt[14] = { 4, 5, 6 };

	(void)state;
	for (unsigned strangers = 0; strangers < 2; strangers++) {
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		config.zid[PHONE] = phone_zid;
		config.policy[PBX].passive = true;
		make_stranger(NULL, 4711);
		pair = pair_new(&config);
		for (unsigned i = 0; i < 2; i++) {
			pair_add_stream(pair, i);
			assert_int_equal(zrtp_session_set_sdes_key(pair->side[i].session, key, sizeof(key),
								   salt, sizeof(salt)),
					 ZRTP_OK);
		}
		pair_start(pair, 0);
		assert_int_equal(zrtp_stream_start(pair->side[PBX].log[1].stream, pair->now), ZRTP_OK);
		while (pair_info(pair, PBX, 0).state != ZRTP_STATE_DHPART1_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		if (strangers) {
			(void)give(pair, 1, &stranger_hello);
			(void)give(pair, 1, &stranger_commit);
			assert_int_equal(pair_info(pair, PBX, 1).state, ZRTP_STATE_DHPART1_SENT);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND));
		pair_assert_keys(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_true(pair->side[i].session->aux_matched);
			assert_int_equal(pair->side[i].log[0].event_count[ZRTP_EVENT_AUX_MISMATCH], 0);
		}
		pair_free(pair);
	}
}

/* ---- what a failure says ---- */

/* Whatever a host can send leads at most to an error that says so. */
static void errors_before_a_confirm_are_marked(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct pair_config config;
		uint8_t message[32];
		struct pair *pair;

		pair_config_init(&config);
		make_stranger(NULL, 4711);
		pair = pair_new(&config);
		pair_add_stream(pair, 0);
		assert_int_equal(zrtp_stream_start(pair->side[PBX].log[0].stream, pair->now), ZRTP_OK);
		(void)give(pair, 0, &stranger_hello);
		if (way == 1) {
			(void)give(pair, 0, &stranger_commit);
		} else if (way == 2) {
			give_message(pair, 0, message,
				     zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK));
		} else if (way == 3) {
			give_message(pair, 0, message, zrtp_error_write(message, sizeof(message), 0x20));
		}
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[PBX].log[0].error, 1);
		assert_true(pair->side[PBX].log[0].error_unproven);
		/* And the peer that is really there comes late, but comes. */
		assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 10 * SECOND));
		pair_free(pair);
	}
}

static bool lose_conf2ack(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return !pair_is(packet, "Conf2ACK");
}

static void an_error_after_the_confirm_is_the_peers(void **state)
{
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.policy[PHONE].passive = true;
	pair = pair_new(&config);
	pair->filter = lose_conf2ack;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[PBX].log[0].error, 1);
	assert_false(pair->side[PBX].log[0].error_unproven);
	pair_free(pair);
}

/* ---- what it costs ---- */

/* One attempt after the other, each with a Hello of its own. */
static void attempt(struct pair *pair, unsigned number, bool commit)
{
	uint8_t message[32];
	struct pair_packet hello = stranger_hello;

	if (commit) {
		(void)give(pair, 0, &stranger_hello);
		(void)give(pair, 0, &stranger_commit);
	} else {
		hello.octets[12 + 20] = (uint8_t)number; /* in the client id */
		pair_repair(hello.octets, hello.len);
		(void)give(pair, 0, &hello);
		give_message(pair, 0, message, zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK));
	}
	give_message(pair, 0, message, zrtp_error_write(message, sizeof(message), 0x20));
}

static void attempts_cost_few_key_pairs(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct pair *pair = lonely_call(way & 1);
		uint64_t began = pair->now;
		size_t blocks = pair->side[PBX].blocks, most = 0;

		make_stranger(NULL, 4711);
		for (unsigned i = 0; i < 2000; i++) {
			attempt(pair, i, way & 2);
			pair_run(pair, pair->now + 5000);
			most = pair->side[PBX].blocks > most ? pair->side[PBX].blocks : most;
		}
		/* As initiator no public value was shown: one key pair does for all. */
		assert_true(key_pairs <= (way & 2 ? 16 + (pair->now - began) / 500000 + 1 : 1));
		assert_true(most <= blocks + 2);
		/* The phone comes after all that. */
		pair->loss = 0;
		assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 20 * SECOND));
		pair_free(pair);
	}
}

/* A key pair that came to nothing is used again for an exchange of its type only. */
static void a_spare_key_pair_of_another_type_is_not_used(void **state)
{
	static const char *const types[] = { "EC25", "DH3k", "X255" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair *pair = lonely_call(true);

		make_stranger_with(NULL, 4711, types[i]);
		attempt(pair, 1, false);
		assert_non_null(pair->side[PBX].session->spare_key);
		assert_string_equal(pair->side[PBX].session->spare_kex->name, types[i]);
		assert_int_equal(key_pairs, 1);
		pair->loss = 0;
		pair->side[PHONE].session->policy.passive = true;
		assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_assert_keys(pair, 0);
		assert_string_equal(pair_info(pair, PBX, 0).algorithm[ZRTP_CLASS_KEX], "X255");
		assert_int_equal(key_pairs, i == 2 ? 1 : 2);
		assert_null(pair->side[PBX].session->spare_key); /* there is no other exchange */
		pair_free(pair);
	}
}

/* Nor is one that was sent: a peer that commits after it could look for a fitting SAS. */
static void a_key_pair_that_was_sent_is_not_kept(void **state)
{
	(void)state;
	for (unsigned commit = 0; commit < 2; commit++) {
		struct pair *pair = lonely_call(true);

		make_stranger(NULL, 4711);
		attempt(pair, 1, commit);
		assert_null(pair->side[PBX].log[0].stream->exchange);
		assert_int_equal(pair->side[PBX].session->spare_key != NULL, !commit);
		pair_free(pair);
	}
}

/* Whatever costs a key pair or a key agreement waits until there is something left for it;
 * then the exchange goes on. */
static void what_is_above_the_budget_waits(void **state)
{
	static const struct {
		enum zrtp_state state, dropped_in; /* where nothing is left; IDLE: not dropped */
		bool passive;
	} ways[] = { { ZRTP_STATE_DISCOVERY, ZRTP_STATE_IDLE, false },
		     { ZRTP_STATE_DISCOVERY, ZRTP_STATE_DISCOVERY, true },
		     { ZRTP_STATE_COMMIT_SENT, ZRTP_STATE_COMMIT_SENT, false },
		     { ZRTP_STATE_DHPART1_SENT, ZRTP_STATE_DHPART1_SENT, true } };

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct pair_config config;
		struct zrtp_session *pbx;
		struct pair *pair;
		uint64_t since;

		pair_config_init(&config);
		config.policy[PBX].passive = ways[way].passive;
		config.policy[PHONE].passive = !ways[way].passive;
		pair = pair_new(&config);
		pbx = pair->side[PBX].session;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (pair_info(pair, PBX, 0).state != ways[way].state) {
			pair_run(pair, pair->now + 1000);
		}
		pbx->work_left = 0;
		pbx->work_at = since = pair->now;
		if (ways[way].dropped_in == ZRTP_STATE_IDLE) { /* our own Commit */
			pair_run(pair, since + 4 * SECOND / 10);
			assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_FOUND);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		assert_true(pair->now - since >= SECOND / 2);
		if (ways[way].dropped_in != ZRTP_STATE_IDLE) {
			assert_true(pair_info(pair, PBX, 0).dropped[ZRTP_DROP_BUDGET] > 0);
		}
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

static void calls_of_honest_phones_are_within_the_budget(void **state)
{
	(void)state;
	for (unsigned calls = 0; calls < 3; calls++) {
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		pair = pair_new(&config);
		pair->prng = calls + 1;
		pair->loss = 20;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 60 * SECOND));
			assert_int_equal(pair_info(pair, PBX, i).dropped[ZRTP_DROP_BUDGET], 0);
			assert_int_equal(pair_info(pair, PHONE, i).dropped[ZRTP_DROP_BUDGET], 0);
		}
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_the_signalled_hello_is_there_no_other_changes_that),
		cmocka_unit_test(a_wrong_hello_first_does_not_keep_the_right_one_out),
		cmocka_unit_test(a_second_initiator_gets_another_public_value),
		cmocka_unit_test(a_strangers_commit_on_another_stream_binds_nothing),
		cmocka_unit_test(commits_on_another_stream_do_not_end_an_exchange),
		cmocka_unit_test(an_unproved_exchange_leaves_no_trace_in_the_session),
		cmocka_unit_test(a_stranger_with_the_phones_ssrc_does_not_get_our_commit),
		cmocka_unit_test(a_strangers_exchange_leaves_the_auxsecret_of_an_sdes_key),
		cmocka_unit_test(errors_before_a_confirm_are_marked),
		cmocka_unit_test(an_error_after_the_confirm_is_the_peers),
		cmocka_unit_test(attempts_cost_few_key_pairs),
		cmocka_unit_test(a_spare_key_pair_of_another_type_is_not_used),
		cmocka_unit_test(a_key_pair_that_was_sent_is_not_kept),
		cmocka_unit_test(what_is_above_the_budget_waits),
		cmocka_unit_test(calls_of_honest_phones_are_within_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
