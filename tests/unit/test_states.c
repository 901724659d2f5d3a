/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a message is worth in the state in which it comes: which ones are looked at at all
 * (4, 6), what a forged one gets (5.8, 5.11), and what it may cost.
 */
#include "pair.h"
#include "stack.h"

#include "internal.h"
#include "peerhello.h"
#include "secrets.h"
#include "state.h"
#include "system.h"
#include "turns.h"

enum { ALICE, BOB, SECOND = 1000000, FOREIGN_SSRC = 77 };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Alice is the initiator. */
static struct pair_config by_alice(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[BOB].passive = true;
	config.policy[ALICE].allow_clear = config.policy[BOB].allow_clear = true;
	return config;
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static void run_until(struct pair *pair, unsigned side, enum zrtp_state state)
{
	while (pair_info(pair, side, 0).state != state) {
		pair_run(pair, pair->now + 1000);
		assert_true(pair->now < 90 * SECOND);
	}
}

/* ---- the table ---- */

#define BIT(type) (1U << ZRTP_MSG_##type)

/* A Hello, a Ping and its answer may come at any time; what else changes anything. */
static const struct {
	enum zrtp_state state;
	unsigned types;
} looked_at[] = {
	{ ZRTP_STATE_IDLE, 0 },
	{ ZRTP_STATE_DISCOVERY, BIT(HELLO) | BIT(HELLOACK) | BIT(COMMIT) | BIT(ERROR) },
	{ ZRTP_STATE_NO_ZRTP, BIT(HELLO) | BIT(HELLOACK) | BIT(COMMIT) },
	{ ZRTP_STATE_FOUND, BIT(HELLO) | BIT(HELLOACK) | BIT(COMMIT) | BIT(ERROR) },
	{ ZRTP_STATE_COMMIT_SENT, BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(COMMIT) | BIT(GOCLEAR) |
					  BIT(DHPART1) | BIT(CONFIRM1) },
	{ ZRTP_STATE_DHPART1_SENT, BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(COMMIT) | BIT(DHPART2) },
	{ ZRTP_STATE_DHPART2_SENT, BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(CONFIRM1) },
	{ ZRTP_STATE_CONFIRM1_SENT,
	  BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(COMMIT) | BIT(DHPART2) | BIT(CONFIRM2) },
	{ ZRTP_STATE_CONFIRM2_SENT, BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(CONF2ACK) },
	{ ZRTP_STATE_SECURE, BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(CONFIRM2) | BIT(CONF2ACK) |
				     BIT(GOCLEAR) | BIT(SASRELAY) | BIT(RELAYACK) },
	{ ZRTP_STATE_GOCLEAR_SENT,
	  BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(CONFIRM2) | BIT(GOCLEAR) | BIT(CLEARACK) },
	{ ZRTP_STATE_CLEAR,
	  BIT(HELLO) | BIT(HELLOACK) | BIT(ERROR) | BIT(COMMIT) | BIT(GOCLEAR) | BIT(CLEARACK) },
	{ ZRTP_STATE_ERROR_SENT, BIT(HELLO) | BIT(ERROR) | BIT(ERRORACK) },
	{ ZRTP_STATE_ERROR, BIT(HELLO) | BIT(ERROR) },
	{ ZRTP_STATE_STOPPED, 0 },
};

static void each_state_looks_at_its_messages_and_at_no_other(void **state)
{
	(void)state;
	assert_int_equal(COUNT(looked_at), ZRTP_STATE_COUNT);
	for (unsigned i = 0; i < COUNT(looked_at); i++) {
		unsigned expected = looked_at[i].types, known = 0;

		if (looked_at[i].state != ZRTP_STATE_STOPPED) {
			expected |= BIT(PING) | BIT(PINGACK);
		}
		for (unsigned type = 0; type < ZRTP_MSG_COUNT; type++) {
			known |= zrtp_handler_for(looked_at[i].state, (enum zrtp_message_type)type)
					 ? 1U << type
					 : 0;
		}
		if (known != expected) {
			fail_msg("%s: %#x instead of %#x", zrtp_state_text(looked_at[i].state), known,
				 expected);
		}
	}
}

/* Any host can send an acknowledgement: of what was not sent yet it says nothing. */
static void an_acknowledgement_ahead_of_its_message_completes_nothing(void **state)
{
	static const enum zrtp_message_type acks[] = { ZRTP_MSG_HELLOACK, ZRTP_MSG_CONF2ACK,
						       ZRTP_MSG_CLEARACK, ZRTP_MSG_ERRORACK,
						       ZRTP_MSG_RELAYACK };

	(void)state;
	for (unsigned s = ZRTP_STATE_COMMIT_SENT; s < ZRTP_STATE_CONFIRM2_SENT; s++) {
		unsigned side = s == ZRTP_STATE_DHPART1_SENT || s == ZRTP_STATE_CONFIRM1_SENT ? BOB : ALICE;
		struct pair_config config = by_alice();
		struct pair *pair = pair_started(&config);

		run_until(pair, side, (enum zrtp_state)s);
		for (unsigned i = 0; i < COUNT(acks); i++) {
			uint8_t message[32];

			(void)pair_inject(pair, side, 0, message,
					  zrtp_bare_write(message, sizeof(message), acks[i]));
			assert_int_equal(pair_info(pair, side, 0).state, s);
		}
		assert_false(pair->side[side].log[0].has_keys[ZRTP_SEND]);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

/* ---- what a forged one gets ---- */

/* A Confirm2 that comes again is answered if it is the initiator's, to its last octet. */
static void each_octet_of_a_confirm2_counts_when_it_comes_again(void **state)
{
	struct pair_config config = by_alice();
	struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB }, { .type = NULL } };
	struct pair *pair = pair_new(&config);
	uint8_t message[ZRTP_CONFIRM_MIN];

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(taps[0].last.len - 16, sizeof(message));
	memcpy(message, taps[0].last.octets + 12, sizeof(message));
	for (unsigned way = 0; way < 2; way++) { /* as it came; while a GoClear waits */
		if (way) {
			pair->loss = 100;
			assert_int_equal(zrtp_stream_go_clear(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
		}
		for (unsigned octet = 12; octet < sizeof(message); octet++) {
			unsigned sent = stream_of(pair, BOB, 0)->sent;
			bool covered = octet < 12 + 8 || octet >= 12 + 8 + 16; /* all but the IV */

			message[octet] ^= 0x10;
			assert_int_equal(pair_inject(pair, BOB, 0, message, sizeof(message)),
					 covered ? ZRTP_DROPPED : ZRTP_OK);
			message[octet] ^= 0x10;
			assert_int_equal(stream_of(pair, BOB, 0)->sent, sent + !covered);
		}
		assert_int_equal(pair_inject(pair, BOB, 0, message, sizeof(message)), ZRTP_OK);
		/* Nor does the initiator answer its own that comes back. */
		assert_int_equal(pair_inject(pair, ALICE, 0, message, sizeof(message)), ZRTP_DROPPED);
	}
	pair_free(pair);
}

static void each_octet_of_a_goclears_mac_counts(void **state) /* R381 */
{
	(void)state;
	for (unsigned sent = 0; sent < 2; sent++) { /* while ours waits, too */
		struct pair_config config = by_alice();
		struct pair_tap taps[] = { { .type = "GoClear ", .to = BOB, .lose = PAIR_LOSE_ALL },
					   { .type = NULL } };
		struct pair *pair = pair_secured(&config);
		uint8_t message[32];
		size_t len;

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		assert_int_equal(zrtp_stream_go_clear(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		len = taps[0].last.len - 16;
		memcpy(message, taps[0].last.octets + 12, len);
		if (sent) {
			pair->loss = 100;
			assert_int_equal(zrtp_stream_go_clear(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
		}
		for (unsigned octet = 12; octet < len; octet++) {
			enum zrtp_state before = pair_info(pair, BOB, 0).state;

			message[octet] ^= 1;
			assert_int_equal(pair_inject(pair, BOB, 0, message, len), ZRTP_DROPPED);
			message[octet] ^= 1;
			assert_int_equal(pair_info(pair, BOB, 0).state, before);
		}
		assert_int_equal(pair_inject(pair, BOB, 0, message, len), ZRTP_OK);
		assert_int_equal(pair_info(pair, BOB, 0).state, ZRTP_STATE_CLEAR);
		/* The keys are gone: what is known of it still counts to its last octet. */
		for (unsigned octet = 12; octet < len; octet++) {
			message[octet] ^= 1;
			assert_int_equal(pair_inject(pair, BOB, 0, message, len), ZRTP_DROPPED);
			message[octet] ^= 1;
		}
		assert_int_equal(pair_inject(pair, BOB, 0, message, len), ZRTP_OK);
		pair_free(pair);
	}
}

/* ---- what it costs ---- */

/* Without budget DHPart2 waits, as Commit and DHPart1 do: its sender repeats it. */
static void what_is_above_the_budget_is_repeated(void **state)
{
	static const struct {
		enum zrtp_state state;
		unsigned side;
	} cases[] = { { ZRTP_STATE_DISCOVERY, BOB },
		      { ZRTP_STATE_COMMIT_SENT, ALICE },
		      { ZRTP_STATE_DHPART1_SENT, BOB } };

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct pair_config config = by_alice();
		struct pair *pair = pair_started(&config);
		struct zrtp_session *session = pair->side[cases[i].side].session;

		run_until(pair, cases[i].side, cases[i].state);
		session->work_left = 0;
		session->work_at = pair->now;
		pair_run(pair, pair->now + 100000);
		assert_int_equal(pair_info(pair, cases[i].side, 0).dropped[ZRTP_DROP_BUDGET], 1);
		assert_true(pair_info(pair, cases[i].side, 0).state <= cases[i].state ||
			    cases[i].state == ZRTP_STATE_DISCOVERY);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

/* The turn is four seconds, once for each stream, and not another stream's to take. */
static void a_turn_is_given_once(void **state)
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session = pair->side[ALICE].session;
	struct zrtp_stream *first, *second;
	uint64_t until;

	(void)state;
	pair_add_stream(pair, 0);
	pair_add_stream(pair, 1);
	first = stream_of(pair, ALICE, 0);
	second = stream_of(pair, ALICE, 1);
	first->now = second->now = pair->now;
	zrtp_turn_begin(first);
	until = first->turn_until;
	assert_int_equal(until, pair->now + 4 * SECOND);
	assert_ptr_equal(zrtp_turn_holder(second), first);
	assert_null(zrtp_turn_holder(first));
	first->now = second->now = pair->now + SECOND;
	zrtp_turn_begin(first); /* another Commit makes it no longer */
	zrtp_turn_begin(second);
	assert_ptr_equal(session->agreeing, first);
	assert_int_equal(first->turn_until, until);
	first->now = second->now = until;
	assert_null(zrtp_turn_holder(second));
	zrtp_turn_begin(first); /* it has had it: no stream waits for it any more */
	assert_null(zrtp_turn_holder(second));
	zrtp_turn_begin(second);
	assert_ptr_equal(zrtp_turn_holder(first), second);
	assert_int_equal(second->turn_until, until + 4 * SECOND);
	pair_free(pair);
}

/* ---- what is of no stream ---- */

static void match_nothing(void *arg)
{
	uint8_t ids[4 * ZRTP_ID_SIZE];

	memset(ids, 0xa5, sizeof(ids));
	assert_int_equal(zrtp_secrets_match(arg, ids), 0);
}

/* Whatever the memory has where the ID of a secret would be. */
static void an_id_of_a_secret_that_we_have_not_matches_nothing(void **state)
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_started(&config);
	struct zrtp_session *session = pair->side[ALICE].session;

	(void)state;
	run_until(pair, ALICE, ZRTP_STATE_COMMIT_SENT);
	stack_fill(0xa5);
	stack_call(match_nothing, stream_of(pair, ALICE, 0));
	assert_false(session->rs_matched || session->aux_matched || session->pbx_matched);
	assert_int_equal(session->match, ZRTP_MATCH_NONE);
	pair_free(pair);
}

/* The secret that waits for the user's word after a mismatch goes with the keys. */
static void goclear_leaves_no_secret_that_waits(void **state) /* R223 */
{
	static const uint8_t none[ZRTP_SECRET_SIZE];
	struct pair_config config = by_alice();
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->side[ALICE].stored.rs1[0] ^= 1;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair->side[i].session->update_waits);
		assert_memory_not_equal(pair->side[i].session->keys.new_rs1, none, sizeof(none));
	}
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair_info(pair, i, 0).state, ZRTP_STATE_CLEAR);
		assert_false(pair->side[i].session->update_waits);
		assert_memory_equal(pair->side[i].session->keys.new_rs1, none, sizeof(none));
	}
	pair_free(pair);
}

/* Once late keys have been proved, no Commit is another one's any more. */
static void the_other_ones_commit_is_nothing_after_the_proof(void **state)
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_stream *bob;
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB }, { .type = NULL } };

	(void)state;
	pair->no_media = true;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	bob = stream_of(pair, BOB, 0);
	assert_int_equal(zrtp_stream_start(bob, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(bob->state, ZRTP_STATE_NO_ZRTP);
	assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	run_until(pair, BOB, ZRTP_STATE_DHPART1_SENT);
	zrtp_other_hello_keep(bob, &bob->peer_hello, FOREIGN_SSRC);
	assert_true(zrtp_has_other_hello(bob));
	while (!bob->awaits_media) {
		pair_run(pair, pair->now + 1000);
		assert_true(pair->now < 60 * SECOND);
	}
	assert_int_equal(bob->state, ZRTP_STATE_CONFIRM1_SENT);
	for (unsigned i = 0; i < 4; i++) {
		taps[0].last.octets[8 + i] = (uint8_t)(FOREIGN_SSRC >> 8 * (3 - i));
	}
	pair_repair(taps[0].last.octets, taps[0].last.len);
	assert_int_equal(zrtp_stream_receive(bob, taps[0].last.octets, taps[0].last.len, pair->now),
			 ZRTP_DROPPED);
	assert_int_equal(bob->dropped[ZRTP_DROP_SSRC], 1);
	assert_true(bob->awaits_media);
	pair_free(pair);
}

/* ---- what the application gets ---- */

static void the_tag_is_the_negotiated_one(void **state)
{
	static const struct {
		const char *name;
		unsigned bits;
	} tags[] = { { "HS32", 32 }, { "HS80", 80 } };

	(void)state;
	for (unsigned i = 0; i < COUNT(tags); i++) {
		struct pair_config config = by_alice();
		struct pair *pair;

		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(
				zrtp_policy_set(&config.policy[side], ZRTP_CLASS_TAG, tags[i].name, NULL),
				ZRTP_OK);
		}
		pair = pair_secured(&config);
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
		for (unsigned n = 0; n < 8; n++) {
			const struct pair_log *log = &pair->side[n & 1].log[n >> 1 & 1];

			assert_int_equal(log->keys[n >> 2].tag_bits, tags[i].bits);
		}
		pair_free(pair);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_looks_at_its_messages_and_at_no_other),
		cmocka_unit_test(an_acknowledgement_ahead_of_its_message_completes_nothing),
		cmocka_unit_test(each_octet_of_a_confirm2_counts_when_it_comes_again),
		cmocka_unit_test(each_octet_of_a_goclears_mac_counts),
		cmocka_unit_test(what_is_above_the_budget_is_repeated),
		cmocka_unit_test(a_turn_is_given_once),
		cmocka_unit_test(an_id_of_a_secret_that_we_have_not_matches_nothing),
		cmocka_unit_test(goclear_leaves_no_secret_that_waits),
		cmocka_unit_test(the_other_ones_commit_is_nothing_after_the_proof),
		cmocka_unit_test(the_tag_is_the_negotiated_one),
	};

	(void)argc;
	stack_bind_now(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
