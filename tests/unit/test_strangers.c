/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before an exchange is complete nothing shows who is there: what somebody who
 * can send packets, and no more, neither binds nor spoils nor spends.
 */
#include "pair.h"

#include "internal.h"

enum { PBX, PHONE, SECOND = 1000000, HVI = 12 + 76, PV = 12 + 76 };

/* ---- a stranger's packets: a genuine Hello and Commit, the chain and all ---- */

static struct pair_packet stranger_hello, stranger_commit;
static uint8_t stranger_chain[4][ZRTP_IMAGE_SIZE];

static bool record(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (packet->to == PBX && pair_is(packet, "Hello   ")) {
		stranger_hello = *packet;
	} else if (packet->to == PBX && pair_is(packet, "Commit  ")) {
		stranger_commit = *packet;
	}
	return true;
}

static void make_stranger_with(const uint8_t *zid, uint64_t seed, const char *kex)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	assert_int_equal(zrtp_policy_set(&config.policy[PHONE], ZRTP_CLASS_KEX, kex, NULL), ZRTP_OK);
	config.policy[PBX].passive = true;
	config.zid[PHONE] = zid;
	pair = pair_new(&config);
	pair->side[PHONE].prng = seed;
	pair->filter = record;
	stranger_hello.len = stranger_commit.len = 0;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 100000);
	assert_true(stranger_hello.len && stranger_commit.len);
	memcpy(stranger_chain, pair->side[PHONE].log[0].stream->h, sizeof(stranger_chain));
	pair_free(pair);
}

static void make_stranger(const uint8_t *zid, uint64_t seed)
{
	make_stranger_with(zid, seed, "X255,EC25,DH3k");
}

static enum zrtp_status give(struct pair *pair, unsigned index, const struct pair_packet *packet)
{
	return zrtp_stream_receive(pair->side[PBX].log[index].stream, packet->octets, packet->len, pair->now);
}

static void give_message(struct pair *pair, unsigned index, const uint8_t *message, size_t len)
{
	uint8_t datagram[ZRTP_DATAGRAM_MAX];

	/* With the SSRC of the stranger's Hello. */
	(void)zrtp_stream_receive(pair->side[PBX].log[index].stream, datagram,
				  pair_wrap(datagram, 2000, 4000, message, len), pair->now);
}

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

/* ---- a call with nobody there yet ---- */

static unsigned key_pairs;

static int count_key_pairs(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	key_pairs += use == ZRTP_RANDOM_PRIVATE;
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)pair_random(&side->prng);
	}
	return 0;
}

/* The PBX has given up on ZRTP, or is still looking for it. */
static struct pair *lonely_call(bool clear)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	pair = pair_new(&config);
	pair->side[PBX].script = count_key_pairs;
	pair_add_stream(pair, 0);
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(pair->side[PBX].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + (clear ? 10 * SECOND : 1000));
	key_pairs = 0;
	return pair;
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

static const uint8_t phone_zid[ZRTP_ZID_SIZE] = "the phone...";

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
	assert_true(outlasts_strangers(false, 0) < SECOND); /* nobody but the phone */
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
 * with its SSRC. His Commit is answered, since the phone may have begun anew, and
 * ours was not for him; if his Hello is none of his, nothing changes. */
static void a_stranger_with_the_phones_ssrc_does_not_get_our_commit(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 6; way++) {
		struct pair_config config;
		struct pair *pair;
		bool poor = way >= 4; /* there is no key pair left for anybody */
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

/* Whatever anybody can send leads at most to an error that says so. */
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
		/* And whoever is really there comes late, but comes. */
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

/* Nor is one that was sent: whoever commits after it could look for a fitting SAS. */
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
		/* Nor does anybody's Error end it. */
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
		stream->peer_hello_len = stranger_hello.len - 16;
		memcpy(stream->peer_hello, stranger_hello.octets + 12, stream->peer_hello_len);
		stream->peer_ssrc = 2000;
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
		cmocka_unit_test(a_late_phone_that_the_signalling_named_is_not_kept_waiting),
		cmocka_unit_test(a_multistream_commit_of_another_peer_is_not_answered),
		cmocka_unit_test(a_commit_that_cannot_be_answered_does_nothing_in_clear),
		cmocka_unit_test(many_forged_commits_mute_no_longer_than_one),
		cmocka_unit_test(calls_of_honest_phones_are_within_the_budget),
		cmocka_unit_test(blind_packets_do_not_mute_a_clear_call),
		cmocka_unit_test(a_complete_exchange_takes_no_clear_call_over),
		cmocka_unit_test(a_phone_that_begins_late_becomes_secure_with_its_media),
		cmocka_unit_test(a_forged_multistream_commit_mutes_nothing_after_goclear),
		cmocka_unit_test(a_forged_multistream_commit_does_not_keep_us_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
