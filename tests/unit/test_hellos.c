/* SPDX-License-Identifier: BSD-2-Clause */
/* Hellos of another peer, and our own come back (4.1, 5.2, 5.3). */
#include "pair.h"

#include "internal.h"
#include "peerhello.h"

enum { ALICE, BOB, SECOND = 1000000, FOREIGN_SSRC = 77 };

static uint8_t stranger[ZRTP_HELLO_MAX];
static size_t stranger_len;

/* A genuine Hello of a third one. */
static void make_stranger(void)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) { /* Bob's second life has another chain */
		pair_add_stream(pair, i);
	}
	stranger_len = pair->side[BOB].log[1].stream->hello_len;
	memcpy(stranger, pair->side[BOB].log[1].stream->hello, stranger_len);
	stranger[64] ^= 0x55; /* and another ZID; of its MAC the key is not known yet */
	pair_free(pair);
}

static enum zrtp_status give(struct pair *pair, const uint8_t *message, size_t len)
{
	uint8_t datagram[ZRTP_DATAGRAM_MAX];

	len = pair_wrap(datagram, FOREIGN_SSRC, 4000, message, len);
	return zrtp_stream_receive(pair->side[ALICE].log[0].stream, datagram, len, pair->now);
}

static void run_until(struct pair *pair, enum zrtp_state state)
{
	while (pair_info(pair, ALICE, 0).state != state) {
		pair_run(pair, pair->now + 1000);
		assert_true(pair->now < 60 * SECOND);
	}
}

/* It may be the peer's as long as no peer has proved to be, and the signalling named none. */
static void another_hello_is_noted_while_it_may_be_the_peers(void **state)
{
	enum { MAY_BE, SIGNALLED, PROVED, OUR_OWN, WAYS };

	(void)state;
	make_stranger();
	for (unsigned way = 0; way < WAYS; way++) {
		struct pair_config config;
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];
		struct zrtp_stream *alice;
		struct pair *pair;

		pair_config_init(&config);
		config.policy[BOB].passive = true;
		pair = pair_new(&config);
		pair_add_stream(pair, 0);
		alice = pair->side[ALICE].log[0].stream;
		zrtp_stream_hello_hash(pair->side[BOB].log[0].stream, hash);
		if (way == SIGNALLED) {
			assert_int_equal(zrtp_stream_set_peer_hello_hash(alice, hash), ZRTP_OK);
		}
		pair_start(pair, 0);
		run_until(pair, way == PROVED ? ZRTP_STATE_CONFIRM2_SENT : ZRTP_STATE_COMMIT_SENT);
		assert_int_equal(way == OUR_OWN ? give(pair, alice->hello, alice->hello_len)
						: give(pair, stranger, stranger_len),
				 ZRTP_DROPPED);
		assert_int_equal(zrtp_has_other_hello(alice), way == MAY_BE);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		pair_assert_keys(pair, 0);
		pair_free(pair);
	}
}

static void our_own_hello_that_comes_back_is_no_peers(void **state)
{
	struct pair_config config;
	struct zrtp_stream *alice;
	struct pair *pair;

	(void)state;
	make_stranger();
	pair_config_init(&config);
	pair = pair_secured(&config);
	alice = pair->side[ALICE].log[0].stream;
	assert_int_equal(give(pair, alice->hello, alice->hello_len), ZRTP_DROPPED);
	assert_int_equal(pair->side[ALICE].log[0].event_count[ZRTP_EVENT_PEER_CHANGED], 0);
	assert_int_equal(give(pair, stranger, stranger_len), ZRTP_DROPPED);
	assert_int_equal(pair->side[ALICE].log[0].event_count[ZRTP_EVENT_PEER_CHANGED], 1);
	assert_int_equal(alice->state, ZRTP_STATE_SECURE);
	pair_free(pair);
}

static bool lose(struct pair *pair, struct pair_packet *packet)
{
	return !pair_is(packet, pair->filter_arg);
}

/* Only after one that may have been a stranger's, and only of another peer. */
static void after_a_failure_another_hello_begins_again(void **state)
{
	(void)state;
	make_stranger();
	for (unsigned way = 0; way < 4; way++) {
		bool proved = way & 1, same = way & 2;
		struct pair_config config;
		struct zrtp_stream *alice;
		struct pair *pair;

		pair_config_init(&config);
		config.policy[BOB].passive = true;
		pair = pair_new(&config);
		pair->filter = lose;
		pair->filter_arg = proved ? "Conf2ACK" : "DHPart1 ";
		pair_add_stream(pair, 0);
		alice = pair->side[ALICE].log[0].stream;
		pair_start(pair, 0);
		run_until(pair, ZRTP_STATE_ERROR);
		assert_int_equal(alice->unproven, !proved);
		(void)(same ? give(pair, alice->peer_hello.octets, alice->peer_hello.len)
			    : give(pair, stranger, stranger_len));
		assert_int_equal(alice->state != ZRTP_STATE_ERROR, !proved && !same);
		pair_free(pair);
	}
}

/* Ours goes on until the peer has it. */
static void a_helloack_of_another_peer_is_none(void **state) /* R331 */
{
	struct pair_config config;
	struct zrtp_stream *alice;
	struct pair *pair;
	uint8_t message[32];
	size_t len = zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK);

	(void)state;
	pair_config_init(&config);
	pair = pair_new(&config);
	pair->filter = lose;
	pair->filter_arg = "HelloACK";
	pair_add_stream(pair, 0);
	alice = pair->side[ALICE].log[0].stream;
	pair_start(pair, 0);
	pair_run(pair, pair->now + SECOND / 10);
	assert_true(alice->peer_hello.len);
	assert_int_equal(give(pair, message, len), ZRTP_DROPPED);
	assert_false(alice->hello_acked);
	assert_int_equal(alice->state, ZRTP_STATE_DISCOVERY);
	assert_int_equal(pair_inject(pair, ALICE, 0, message, len), ZRTP_OK); /* the peer's own */
	assert_int_equal(alice->state, ZRTP_STATE_COMMIT_SENT);
	pair_free(pair);
}

/* What SDP said of it holds on when it is said again with another ZID; a stream that comes
 * after that has one Hello only. */
static void after_a_change_of_the_zid_the_signalled_hash_is_the_same(void **state)
{
	static const uint8_t zid[ZRTP_ZID_SIZE] = "a cluster...";
	char before[ZRTP_HELLO_HASH_TEXT_SIZE], after[ZRTP_HELLO_HASH_TEXT_SIZE],
		late[ZRTP_HELLO_HASH_TEXT_SIZE];
	struct pair_config config;
	struct zrtp_stream *alice;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.zid[ALICE] = config.zid[BOB] = zid;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	alice = pair->side[ALICE].log[0].stream;
	zrtp_stream_hello_hash(alice, before);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10 * SECOND));
	assert_int_equal(pair->side[ALICE].log[0].event_count[ZRTP_EVENT_EQUAL_ZID], 1);
	zrtp_stream_hello_hash(alice, after);
	assert_string_equal(before, after);
	pair_add_stream(pair, 1);
	zrtp_stream_hello_hash(pair->side[ALICE].log[1].stream, late);
	assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[BOB].log[1].stream, late), ZRTP_OK);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
	assert_int_equal(pair_info(pair, BOB, 1).hello_hash, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_hello_is_noted_while_it_may_be_the_peers),
		cmocka_unit_test(our_own_hello_that_comes_back_is_no_peers),
		cmocka_unit_test(after_a_failure_another_hello_begins_again),
		cmocka_unit_test(after_a_change_of_the_zid_the_signalled_hash_is_the_same),
		cmocka_unit_test(a_helloack_of_another_peer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
