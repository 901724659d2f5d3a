/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of two Commits counts (4.2), and what becomes of the other one. */
#include "pair.h"

#include "internal.h"
#include "contention.h"
#include "exchange.h"

enum { ALICE, BOB, SECOND = 1000000, AT_HVI = 12 + 76 };

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

static enum zrtp_state state_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair_info(pair, side, index).state;
}

/* ---- the order ---- */

static bool wins(const struct pair *pair, enum zrtp_mode mode, const uint8_t *own, const uint8_t *peer)
{
	const struct zrtp_commit a = { .mode = mode, .hvi = own, .nonce = own };
	const struct zrtp_commit b = { .mode = mode, .hvi = peer, .nonce = peer };

	return zrtp_own_commit_wins(pair->side[ALICE].log[0].stream, &a, &b);
}

/* In Preshared mode alone, and where one of the two has it. */
static void the_m_flag_counts_in_preshared_mode_only(void **state) /* R041 R042 */
{
	static const uint8_t low[ZRTP_HVI_SIZE] = { 1 }, high[ZRTP_HVI_SIZE] = { 2 };

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		bool own = way & 1, peer = way & 2;
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[ALICE].mitm = own;
		config.policy[BOB].mitm = peer;
		pair = pair_secured(&config);
		assert_true(wins(pair, ZRTP_MODE_DH, high, low));
		assert_false(wins(pair, ZRTP_MODE_DH, low, high));
		assert_true(wins(pair, ZRTP_MODE_MULTISTREAM, high, low));
		assert_false(wins(pair, ZRTP_MODE_MULTISTREAM, low, high));
		assert_int_equal(wins(pair, ZRTP_MODE_PRESHARED, high, low), own == peer || peer);
		assert_int_equal(wins(pair, ZRTP_MODE_PRESHARED, low, high), own != peer && peer);
		pair_free(pair);
	}
}

static void every_octet_of_hvi_and_nonce_counts(void **state) /* R043 */
{
	static const struct {
		enum zrtp_mode mode;
		unsigned size;
	} modes[] = { { ZRTP_MODE_DH, ZRTP_HVI_SIZE },
		      { ZRTP_MODE_MULTISTREAM, ZRTP_NONCE_SIZE },
		      { ZRTP_MODE_PRESHARED, ZRTP_NONCE_SIZE } };
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	for (unsigned m = 0; m < 3; m++) {
		uint8_t own[ZRTP_HVI_SIZE], peer[ZRTP_HVI_SIZE];

		for (unsigned i = 0; i < modes[m].size; i++) {
			/* Behind the first octet that differs the others do not count. */
			memset(own, 0, sizeof(own));
			memset(peer, 0xff, sizeof(peer));
			memset(own, 0x42, i);
			memset(peer, 0x42, i);
			own[i] = 0x80; /* of an unsigned number */
			peer[i] = 0x7f;
			assert_true(wins(pair, modes[m].mode, own, peer));
			assert_false(wins(pair, modes[m].mode, peer, own));
		}
		/* What stands behind is no part of it. */
		memset(own, 0x42, modes[m].size);
		memset(peer, 0x42, modes[m].size);
		assert_false(wins(pair, modes[m].mode, own, peer));
		assert_false(wins(pair, modes[m].mode, peer, own));
	}
	pair_free(pair);
}

/* ---- hvi ---- */

static unsigned flipped;

/* By the initiator itself, who has seen the answer and would like another DHPart2. */
static bool commit_to_another(struct pair *pair, struct pair_packet *packet)
{
	if (packet->to == BOB && pair_is(packet, "Commit  ")) {
		struct zrtp_stream *alice = pair->side[ALICE].log[0].stream;

		packet->octets[AT_HVI + flipped] ^= 0x20;
		assert_int_equal(zrtp_message_seal(zrtp_implicit(alice), packet->octets + 12,
						   packet->len - 16, alice->h[1]),
				 0);
		pair_repair(packet->octets, packet->len);
	}
	return true;
}

static void every_octet_of_hvi_is_compared_with_dhpart2(void **state) /* R087 */
{
	(void)state;
	for (flipped = 0; flipped < ZRTP_HVI_SIZE; flipped++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[BOB].passive = true;
		pair = pair_new(&config);
		pair->filter = commit_to_another;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 20 * SECOND);
		assert_int_equal(pair->side[BOB].log[0].error_code, ZRTP_ERROR_BAD_HVI);
		assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_MAC_ALARM], 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(pair->side[i].log[0].secure, 0);
			assert_false(pair->side[i].log[0].has_keys[0] || pair->side[i].log[0].has_keys[1]);
		}
		pair_free(pair);
	}
}

/* ---- the key pair ---- */

/* Alice wants another key agreement than what her Hello lists first, at the moment of
 * her Commit only. */
static bool both_commit(struct pair *pair, struct pair_packet *packet)
{
	if (pair_is(packet, "Commit  ")) {
		const char **alices = pair->filter_arg;

		if (packet->to == BOB) {
			assert_memory_equal(packet->octets + 12 + 68, alices[0], 4);
			assert_int_equal(zrtp_policy_set(&pair->side[ALICE].session->policy, ZRTP_CLASS_KEX,
							 "X255,EC25,DH3k", NULL),
					 ZRTP_OK);
		} else {
			assert_memory_equal(packet->octets + 12 + 68, "X255", 4);
			alices[1] = "both";
		}
	}
	return true;
}

/* The one that loses answers with a key pair of the other one's type. */
static void the_loser_makes_a_key_pair_of_the_winners_type(void **state) /* R047 */
{
	unsigned alice_lost = 0, alice_won = 0;

	(void)state;
	for (unsigned seed = 0; seed < 16; seed++) {
		const char *alices[2] = { "DH3k", NULL };
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		bool initiator;

		pair->side[ALICE].prng += seed;
		pair->side[BOB].prng += 5 * seed;
		pair->filter = both_commit;
		pair->filter_arg = alices;
		pair_add_stream(pair, 0);
		assert_int_equal(
			zrtp_policy_set(&pair->side[ALICE].session->policy, ZRTP_CLASS_KEX, "DH3k", NULL),
			ZRTP_OK);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		assert_non_null(alices[1]);
		initiator = pair_info(pair, ALICE, 0).initiator;
		alice_won += initiator;
		alice_lost += !initiator;
		assert_string_equal(pair_info(pair, BOB, 0).algorithm[ZRTP_CLASS_KEX],
				    initiator ? "DH3k" : "X255");
		pair_free(pair);
	}
	assert_true(alice_lost && alice_won);
}

/* ---- other Commits of the peer ---- */

/* Of Bob, with his hash chain. */
static size_t another_commit(const struct pair *pair, enum zrtp_mode mode, uint8_t out[ZRTP_COMMIT_MAX])
{
	static const uint8_t hvi[ZRTP_HVI_SIZE] = { 0x99 };
	const struct zrtp_stream *bob = pair->side[BOB].log[0].stream;
	const struct zrtp_commit commit = {
		.h2 = bob->h[2],
		.zid = pair->side[BOB].session->zid,
		.name = { (const uint8_t *)"S256", (const uint8_t *)"AES3", (const uint8_t *)"HS80",
			  (const uint8_t *)(mode == ZRTP_MODE_DH ? "X255" : "Mult"),
			  (const uint8_t *)"B32 " },
		.mode = mode,
		.hvi = hvi,
		.nonce = hvi,
	};
	size_t len = zrtp_commit_write(out, ZRTP_COMMIT_MAX, &commit);

	assert_true(len);
	assert_int_equal(zrtp_message_seal(zrtp_implicit(bob), out, len, bob->h[1]), 0);
	return len;
}

static void a_second_commit_of_the_peer_does_not_replace_the_first(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;
	uint8_t message[ZRTP_COMMIT_MAX];
	size_t len;

	(void)state;
	config.policy[ALICE].passive = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	for (enum zrtp_state s = ZRTP_STATE_DHPART1_SENT; s <= ZRTP_STATE_CONFIRM1_SENT; s += 2) {
		while (state_of(pair, ALICE, 0) != s) {
			pair_run(pair, pair->now + 1000);
			assert_true(pair->now < 5 * SECOND);
		}
		len = another_commit(pair, ZRTP_MODE_DH, message);
		assert_int_equal(pair_inject(pair, ALICE, 0, message, len), ZRTP_DROPPED);
		assert_memory_not_equal(pair->side[ALICE].log[0].stream->exchange->commit.octets + AT_HVI -
						12,
					message + AT_HVI - 12, ZRTP_HVI_SIZE);
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

/* One of the two has a session that the other knows nothing of. */
static void multistream_against_our_diffie_hellman_is_an_error(void **state) /* R044 */
{
	struct pair_config config = defaults();
	struct pair *pair;
	uint8_t message[ZRTP_COMMIT_MAX];
	size_t len;

	(void)state;
	config.policy[BOB].passive = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	len = another_commit(pair, ZRTP_MODE_MULTISTREAM, message);
	/* As long as it has its turn, it may be a Conf2ACK ahead of us. */
	assert_int_equal(pair_inject(pair, ALICE, 0, message, len), ZRTP_DROPPED);
	pair->side[ALICE].session->agreeing = NULL;
	(void)pair_inject(pair, ALICE, 0, message, len);
	assert_int_equal(pair->side[ALICE].log[0].error_code, ZRTP_ERROR_SOFTWARE);
	pair_free(pair);
}

/* ---- what it costs, and what is left ---- */

static void each_key_pair_and_agreement_is_counted_and_no_exponent_is_kept(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[BOB].passive = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_CONFIRM2_SENT) {
		for (unsigned i = 0; i < 2; i++) {
			const struct zrtp_exchange *exchange = pair->side[i].log[0].stream->exchange;
			enum zrtp_state s = state_of(pair, i, 0);

			assert_false((s == ZRTP_STATE_DHPART2_SENT || s == ZRTP_STATE_CONFIRM1_SENT) &&
				     exchange->private_key);
		}
		pair_run(pair, pair->now + 1000);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair->side[i].session->work_left, 16 - 2);
	}
	pair_free(pair);
}

/* ---- a Commit that lost ---- */

/* Alice's Commit is on stream 0, Bob's on stream 1, and wins. */
struct withdrawn {
	struct pair_packet commit, dhpart1;
	unsigned commits; /* of Alice on stream 0 */
};

static bool withdraw(struct pair *pair, struct pair_packet *packet)
{
	struct withdrawn *w = pair->filter_arg;

	if (packet->to == BOB && packet->stream == 0 && pair_is(packet, "Commit  ")) {
		w->commits++;
		if (!w->commit.len) {
			w->commit = *packet;
			return false;
		}
	}
	if (packet->to == ALICE && packet->stream == 0 && pair_is(packet, "DHPart1 ")) {
		w->dhpart1 = *packet;
		return false;
	}
	/* Who has no HelloACK begins nothing. */
	return !pair_is(packet, "HelloACK") || packet->to == (packet->stream ? BOB : ALICE);
}

/* Bob answers it all the same: it had reached him before his own was sent. */
static bool answers_withdrawn(struct pair *pair, struct withdrawn *w)
{
	struct zrtp_stream *bob = pair->side[BOB].log[0].stream;

	pair->side[BOB].session->agreeing = NULL; /* so it was before */
	(void)zrtp_stream_receive(bob, w->commit.octets, w->commit.len, pair->now);
	return w->dhpart1.len != 0;
}

/* NULL: Alice's has won. */
static struct pair *lost(struct withdrawn *w, uint64_t seed, bool signalled)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	uint64_t until = pair->now + 100000;

	pair->side[ALICE].prng += seed;
	pair->filter = withdraw;
	pair->filter_arg = w;
	for (unsigned i = 0; i < 2; i++) {
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

		pair_add_stream(pair, i);
		zrtp_stream_hello_hash(pair->side[BOB].log[i].stream, hash);
		if (signalled) {
			assert_int_equal(
				zrtp_stream_set_peer_hello_hash(pair->side[ALICE].log[i].stream, hash),
				ZRTP_OK);
		}
		pair_start(pair, i);
	}
	while (state_of(pair, ALICE, 1) < ZRTP_STATE_DHPART1_SENT && pair->now < until) {
		pair_run(pair, pair->now + 1000);
	}
	if (state_of(pair, ALICE, 1) != ZRTP_STATE_DHPART1_SENT) {
		assert_true(pair_info(pair, ALICE, 1).dropped[ZRTP_DROP_CONTENTION] > 0);
		pair_free(pair);
		return NULL;
	}
	assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_COMMIT_SENT);
	pair->queued = 0;
	w->commits = 0;
	return pair;
}

/* The order counts between two streams as on one; and the key pair of the Commit that lost
 * is of no use any more once the other exchange is complete. */
static void of_two_commits_on_two_streams_one_wins(void **state) /* R045 */
{
	unsigned won = 0;

	(void)state;
	for (unsigned seed = 0; seed < 24; seed++) {
		struct withdrawn w = { .commits = 0 };
		struct pair *pair = lost(&w, seed, false);

		if (!pair) {
			won++;
			continue;
		}
		pair->filter = NULL;
		for (unsigned i = 0; i < 2; i++) {
			assert_true(pair_run_until_secure(pair, !i, pair->now + 15 * SECOND));
			pair_assert_keys(pair, !i);
		}
		for (unsigned i = 0; i < 2; i++) {
			assert_null(pair->side[i].session->spare_key);
		}
		pair_free(pair);
	}
	assert_true(won > 2 && won < 22);
}

/* A late Confirm1 of it could be taken for that of the next exchange. */
static void a_preshared_commit_is_not_answered_beside_another_exchange(void **state)
{
	(void)state;
	for (unsigned alone = 0; alone < 2; alone++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[ALICE].passive = true;
		config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
		pair = pair_secured(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
		}
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_add_stream(pair, 1);
		if (!alone) { /* one by DH, which hangs */
			pair->side[BOB].session->policy.preshared = false;
			pair_start(pair, 0);
			while (state_of(pair, ALICE, 0) != ZRTP_STATE_DHPART1_SENT) {
				pair_run(pair, pair->now + 1000);
			}
			pair->queued = 0;
			pair->side[BOB].session->policy.preshared = true;
			zrtp_stream_stop(pair->side[BOB].log[0].stream);
		}
		pair_start(pair, 1);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair->side[ALICE].log[1].secure, alone);
		assert_int_equal(pair_info(pair, ALICE, 1).dropped[ZRTP_DROP_CONTENTION] != 0, !alone);
		pair_free(pair);
	}
}

/* What lost is not sent for a while, and an answer that comes late does not count; but for
 * the peer that the signalling named, since what has won may be a stranger's. */
static void a_commit_that_lost_is_withdrawn(void **state) /* R046 */
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		bool signalled = way & 1, answered = way & 2;

		for (unsigned seed = 0, seen = 0; seen < 4; seed++) {
			struct withdrawn w = { .commits = 0 };
			struct pair *pair = lost(&w, seed, signalled);

			assert_true(seed < 64);
			if (!pair) {
				continue;
			}
			seen++;
			if (answered) {
				struct zrtp_stream *alice = pair->side[ALICE].log[0].stream;

				assert_true(answers_withdrawn(pair, &w));
				assert_int_equal(zrtp_stream_receive(alice, w.dhpart1.octets, w.dhpart1.len,
								     pair->now),
						 signalled ? ZRTP_OK : ZRTP_DROPPED);
				assert_int_equal(state_of(pair, ALICE, 0), signalled
										   ? ZRTP_STATE_DHPART2_SENT
										   : ZRTP_STATE_COMMIT_SENT);
			}
			pair->loss = 100; /* so the exchange on stream 1 goes no further */
			if (!answered || !signalled) {
				pair_run(pair, pair->now + SECOND);
				assert_int_equal(w.commits, 0);
				pair_run(pair, pair->now + SECOND);
				assert_true(w.commits > 0);
			}
			pair_free(pair);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_octet_of_hvi_and_nonce_counts),
		cmocka_unit_test(the_m_flag_counts_in_preshared_mode_only),
		cmocka_unit_test(every_octet_of_hvi_is_compared_with_dhpart2),
		cmocka_unit_test(the_loser_makes_a_key_pair_of_the_winners_type),
		cmocka_unit_test(a_second_commit_of_the_peer_does_not_replace_the_first),
		cmocka_unit_test(multistream_against_our_diffie_hellman_is_an_error),
		cmocka_unit_test(each_key_pair_and_agreement_is_counted_and_no_exponent_is_kept),
		cmocka_unit_test(of_two_commits_on_two_streams_one_wins),
		cmocka_unit_test(a_preshared_commit_is_not_answered_beside_another_exchange),
		cmocka_unit_test(a_commit_that_lost_is_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
