/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requirements of RFC 6189 that no other test program proves, one small test
 * each. The numbers are those of docs/rfc6189.md. Alice is side 0, Bob side 1.
 */
#include "pair.h"

#include "internal.h"
#include "packet.h"

#include <openssl/bn.h>

enum { SECOND = 1000000, ALICE = 0, BOB = 1 };

/* Where fields stand in messages. */
enum {
	AT_TYPE = 4,
	AT_VERSION = 12,      /* Hello, Ping, PingACK */
	AT_HELLO_ZID = 64,    /* Hello */
	AT_HELLO_COUNTS = 78, /* Hello: ciphers and tags */
	AT_IMAGE = 12,        /* Commit, DHPart */
	AT_NAMES = 56,        /* Commit */
	AT_HVI = 76,          /* Commit; the nonce too */
	AT_IDS = 44,          /* DHPart */
	AT_PV = 76,           /* DHPart */
	AT_MAC = 12,          /* Confirm */
	AT_IV = 20,           /* Confirm */
	AT_TEXT = 36,         /* Confirm, encrypted */
};

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

static struct pair_config initiator(unsigned side)
{
	struct pair_config config = defaults();

	config.policy[!side].passive = true;
	return config;
}

static void set_list(struct pair_config *config, enum zrtp_class which, const char *list)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config->policy[i], which, list, NULL), ZRTP_OK);
	}
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static enum zrtp_state state_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair_info(pair, side, index).state;
}

static bool told(const struct pair *pair, unsigned side, unsigned index, enum zrtp_event event)
{
	return pair->side[side].log[index].events & 1U << event;
}

static uint8_t *message_of(struct pair_packet *packet)
{
	return packet->octets + ZRTP_HEADER_SIZE;
}

static size_t message_len(const struct pair_packet *packet)
{
	return packet->len - ZRTP_PACKET_OVERHEAD;
}

static bool is_zero(const void *octets, size_t len)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < len; i++) {
		if (at[i]) {
			return false;
		}
	}
	return true;
}

/* A stream of a pair that is there, until it is secure. */
static void run_secure(struct pair *pair, unsigned index)
{
	pair_add_stream(pair, index);
	pair_start(pair, index);
	assert_true(pair_run_until_secure(pair, index, pair->now + 30 * SECOND));
	pair_run(pair, pair->now + SECOND);
}

static void call_again(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	run_secure(pair, 0);
	pair_assert_secure(pair, 0);
}

static void assert_not_secure(const struct pair *pair, unsigned side, unsigned index)
{
	const struct pair_log *log = &pair->side[side].log[index];

	assert_int_equal(log->secure, 0);
	assert_false(log->has_keys[ZRTP_SEND]);
}

/* A set of octet strings of one length, in which none may occur twice. */
struct different {
	size_t len;
	unsigned count;
	uint8_t octets[64][32];
};

static void add_different(struct different *set, const uint8_t *octets)
{
	assert_false(is_zero(octets, set->len));
	for (unsigned i = 0; i < set->count; i++) {
		assert_memory_not_equal(set->octets[i], octets, set->len);
	}
	assert_true(set->count < 64);
	memcpy(set->octets[set->count++], octets, set->len);
}

/* Changes packets of a type to one side; the CRC is right again. */
struct edit {
	const char *type;
	unsigned to;
	size_t offset;
	const void *octets; /* NULL: flip a bit */
	size_t len;
	unsigned times, done; /* 0 times: always */
};

static bool edit_packet(struct pair *pair, struct pair_packet *packet)
{
	struct edit *edit = pair->filter_arg;

	if (packet->to != edit->to || !pair_is(packet, edit->type) ||
	    (edit->times && edit->done == edit->times)) {
		return true;
	}
	edit->done++;
	if (edit->octets) {
		memcpy(message_of(packet) + edit->offset, edit->octets, edit->len);
	} else {
		message_of(packet)[edit->offset] ^= 1;
	}
	pair_repair(packet->octets, packet->len);
	return true;
}

/* ---- discovery (4.1) ---- */

static struct pair_packet kept;

static bool keep_commit(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Commit  ")) {
		kept = *packet;
	}
	return true;
}

static void a_commit_before_any_hello_is_ignored(void **state) /* R039 */
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->filter = keep_commit;
	run_secure(pair, 0);
	pair_free(pair);
	pair = pair_started(&config);
	pair->queued = 0;
	assert_int_equal(zrtp_stream_receive(stream_of(pair, BOB, 0), kept.octets, kept.len, pair->now),
			 ZRTP_DROPPED);
	assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_DISCOVERY);
	assert_int_equal(pair->queued, 0);
	pair_free(pair);
}

/* Bob has Alice's Hello; she has had none of his that she understands. */
static void a_commit_is_ignored_while_the_versions_differ(void **state) /* R023 R025 */
{
	struct pair_config config = defaults();
	struct edit edit = { "Hello   ", ALICE, AT_VERSION, "2.00", 4, 0, 0 };
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 2 * SECOND);
	assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_COMMIT_SENT);
	assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_DISCOVERY);
	assert_true(pair_info(pair, ALICE, 0).dropped[ZRTP_DROP_HASH_CHAIN] > 0);
	assert_int_equal(pair->side[ALICE].log[0].error, 0);
	pair_free(pair);
}

static void a_higher_version_does_not_disturb_our_hellos(void **state) /* R026 */
{
	static const unsigned expected[] = { 0,    50,   150,  350,  550,  750,  950,  1150, 1350, 1550, 1750,
					     1950, 2150, 2350, 2550, 2750, 2950, 3150, 3350, 3550, 3750 };
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "Hello   ", .to = BOB, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);
	uint8_t hello[ZRTP_HELLO_MAX];

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	memcpy(hello, stream_of(pair, BOB, 0)->hello, stream_of(pair, BOB, 0)->hello_len);
	memcpy(hello + AT_VERSION, "2.00", 4);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(pair_inject(pair, ALICE, 0, hello, stream_of(pair, BOB, 0)->hello_len),
				 ZRTP_DROPPED);
		pair_run(pair, pair->now + 70000);
	}
	assert_int_equal(taps[0].seen, 21);
	for (unsigned i = 0; i < taps[0].seen; i++) {
		assert_int_equal((taps[0].at[i] - taps[0].at[0]) / 1000, expected[i]);
	}
	assert_int_equal(pair->side[ALICE].log[0].error, 0);
	pair_free(pair);
}

/* A peer of several versions: its first Hellos are of a higher one. */
static bool first_hellos_are_higher(struct pair *pair, struct pair_packet *packet)
{
	unsigned *seen = pair->filter_arg;

	if (packet->to == ALICE && pair_is(packet, "Hello   ") && ++*seen <= 3) {
		memcpy(message_of(packet) + AT_VERSION, "2.00", 4);
		pair_repair(packet->octets, packet->len);
	}
	return *seen > 3 || packet->to == ALICE || !pair_is(packet, "HelloACK");
}

static void a_peer_that_comes_down_to_our_version_is_welcome(void **state) /* R030 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	unsigned seen = 0;

	(void)state;
	pair->filter = first_hellos_are_higher;
	pair->filter_arg = &seen;
	run_secure(pair, 0);
	assert_true(seen > 3);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

/* A HelloACK of the peer whose Hello is known, or its Commit. */
static void helloack_ends_the_hellos_and_so_does_commit(void **state) /* R012 R331 R415 */
{
	(void)state;
	for (unsigned commit = 0; commit < 2; commit++) {
		struct pair_config config = initiator(BOB);
		struct pair_tap taps[] = {
			{ .type = "Hello   ", .to = BOB },
			{ .type = "HelloACK", .to = ALICE, .lose = commit ? PAIR_LOSE_ALL : 4 },
			{ .type = "Commit  ", .to = ALICE, .lose = commit ? 0 : PAIR_LOSE_ALL },
			{ .type = "DHPart2 ", .to = ALICE, .lose = PAIR_LOSE_ALL },
			{ .type = NULL }
		};
		struct pair *pair = pair_new(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 9 * SECOND);
		/* Alice answered his first Hello with one more of hers. */
		assert_in_range(taps[0].seen, commit ? 1 : 5, 6);
		assert_int_equal(state_of(pair, ALICE, 0),
				 commit ? ZRTP_STATE_DHPART1_SENT : ZRTP_STATE_FOUND);
		pair_free(pair);
	}
}

/* ---- failures (4.1, 4.7.1, 5.9) ---- */

/* Any message with our SSRC, whatever it says; before that a call was good. */
static void a_collision_of_ssrcs_is_told_to_the_peer(void **state) /* R014 R015 R373 */
{
	static const enum zrtp_message_type types[] = { ZRTP_MSG_HELLO, ZRTP_MSG_HELLOACK,
							ZRTP_MSG_CONF2ACK };
	struct pair_config config = initiator(ALICE);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained before = pair->side[ALICE].stored;
		struct pair_tap taps[] = { { .type = "Error   ", .to = BOB },
					   { .type = "Commit  ", .to = BOB },
					   { .type = NULL } };
		uint8_t message[ZRTP_HELLO_MAX], datagram[ZRTP_DATAGRAM_MAX];
		size_t len;

		pair_new_call(pair, &config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		len = stream_of(pair, BOB, 0)->hello_len;
		memcpy(message, stream_of(pair, BOB, 0)->hello, len);
		if (types[i] != ZRTP_MSG_HELLO) {
			len = zrtp_bare_write(message, sizeof(message), types[i]);
		}
		len = pair_wrap(datagram, pair_info(pair, ALICE, 0).ssrc, 1, message, len);
		(void)zrtp_stream_receive(stream_of(pair, ALICE, 0), datagram, len, pair->now);
		assert_int_equal(taps[0].seen, 1);
		assert_memory_equal(message_of(&taps[0].last) + 12, "\0\0\0\x91", 4);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[ALICE].log[0].error_code, ZRTP_ERROR_EQUAL_SSRC);
		assert_int_equal(taps[1].seen, 0);
		assert_not_secure(pair, ALICE, 0);
		assert_memory_equal(&before, &pair->side[ALICE].stored, sizeof(before));
		/* Anybody may have sent it: a peer with an SSRC of its own is heard. */
		assert_int_equal(zrtp_stream_start(stream_of(pair, BOB, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[ALICE].log[0].secure, 1);
		pair_free(pair);
	}
}

static void a_failure_is_told_to_the_peer_with_its_code(void **state)
/* R029 R201 R356 R357 R359 R361 R362 R363 R364 R365 */
{
	static const uint8_t many[] = { 0x88 };
	static const struct {
		struct edit edit;
		uint32_t code;
	} cases[] = {
		{ { "Hello   ", ALICE, AT_VERSION, "0.90", 4, 0, 0 }, 0x30 },
		{ { "Hello   ", ALICE, AT_HELLO_COUNTS, many, 1, 0, 0 }, 0x10 },
		{ { "Commit  ", BOB, AT_NAMES, "XXXX", 4, 0, 0 }, 0x51 },
		{ { "Commit  ", BOB, AT_NAMES + 4, "XXXX", 4, 0, 0 }, 0x52 },
		{ { "Commit  ", BOB, AT_NAMES + 8, "XXXX", 4, 0, 0 }, 0x54 },
		{ { "Commit  ", BOB, AT_NAMES + 12, "XXXX", 4, 0, 0 }, 0x53 },
		{ { "Commit  ", BOB, AT_NAMES + 16, "XXXX", 4, 0, 0 }, 0x55 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair_config config = initiator(ALICE);
		struct edit edit = cases[i].edit;
		const struct pair_log *hearer;
		struct pair *pair;

		pair = pair_new(&config);
		pair->filter = edit_packet;
		pair->filter_arg = &edit;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		hearer = &pair->side[!edit.to].log[0];
		assert_int_equal(hearer->error, 1);
		assert_true(hearer->error_from_peer);
		assert_int_equal(hearer->error_code, cases[i].code);
		assert_not_secure(pair, ALICE, 0);
		assert_not_secure(pair, BOB, 0);
		pair_free(pair);
	}
}

static void an_error_is_repeated_until_it_is_acknowledged(void **state) /* R377 R419 */
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = {
			{ .type = "Error   ", .to = BOB },
			{ .type = "ErrorACK", .to = ALICE, .lose = round ? 3 : PAIR_LOSE_ALL },
			{ .type = NULL }
		};
		struct pair *pair = pair_started(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_run(pair, pair->now + 3 * PAIR_DELAY);
		assert_int_equal(zrtp_stream_decline(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		if (round) {
			assert_int_equal(taps[0].seen, 4);
		} else {
			pair_assert_t2(&taps[0]);
		}
		assert_int_equal(taps[1].seen, taps[0].seen);
		pair_free(pair);
	}
}

static void assert_no_keys_left(const struct pair *pair, unsigned side, unsigned index)
{
	assert_true(is_zero(&stream_of(pair, side, index)->keys, sizeof(struct zrtp_stream_keys)));
	assert_null(stream_of(pair, side, index)->exchange);
}

static void a_failure_leaves_no_key_of_its_stream(void **state) /* R203 */
{
	static const struct edit edits[] = { { "DHPart2 ", BOB, AT_PV + 4, NULL, 0, 0, 0 },
					     { "Confirm1", ALICE, AT_TEXT, NULL, 0, 0, 0 },
					     { "Confirm2", BOB, AT_TEXT, NULL, 0, 0, 0 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = initiator(ALICE);
		struct edit edit = edits[i];
		struct pair *pair = pair_new(&config);

		pair->filter = edit_packet;
		pair->filter_arg = &edit;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(pair->side[side].log[0].error, 1);
			assert_no_keys_left(pair, side, 0);
			assert_false(pair->side[side].session->keyed);
		}
		pair_free(pair);
	}
}

static void a_failure_of_one_stream_leaves_the_others_secure(void **state) /* R204 */
{
	struct pair_config config = initiator(ALICE);
	struct edit edit = { "Confirm1", ALICE, AT_TEXT, NULL, 0, 0, 0 };
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_int_equal(pair->side[ALICE].log[1].error_code, ZRTP_ERROR_BAD_CONFIRM);
	pair_assert_secure(pair, 0);
	pair->filter = NULL;
	run_secure(pair, 2);
	pair_assert_secure(pair, 2);
	assert_true(pair_info(pair, ALICE, 2).multistream);
	pair_free(pair);
}

/* ---- contention (4.2) ---- */

/* Returns whether both sides did commit. */
static bool contend(struct pair *pair, unsigned index, size_t len, unsigned *top_bits_differ)
{
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "Commit  ", .to = ALICE },
				   { .type = NULL } };
	const uint8_t *alice = message_of(&taps[0].last) + AT_HVI, *bob = message_of(&taps[1].last) + AT_HVI;
	bool both;

	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	run_secure(pair, index);
	pair_assert_secure(pair, index);
	pair->filter = NULL;
	both = taps[0].seen && taps[1].seen;
	if (both) {
		assert_int_equal(pair_info(pair, ALICE, index).initiator, memcmp(alice, bob, len) > 0);
		*top_bits_differ += (*alice ^ *bob) >> 7;
	}
	return both;
}

static void the_lower_hvi_or_nonce_is_discarded(void **state) /* R042 R043 R152 */
{
	unsigned dh = 0, multistream = 0, top[2] = { 0, 0 };

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->side[ALICE].prng += round * 7919;
		pair->side[BOB].prng += round * 104729;
		dh += contend(pair, 0, ZRTP_HVI_SIZE, &top[0]);
		multistream += contend(pair, 1, ZRTP_NONCE_SIZE, &top[1]);
		pair_free(pair);
	}
	assert_true(dh > 5 && multistream > 5);
	assert_true(top[0] && top[1]); /* as unsigned numbers */
}

static void make_believe_keyed(struct zrtp_session *session)
{
	session->keyed = true;
	session->hash = zrtp_hash_find("S256");
	session->cipher = zrtp_cipher_find("AES1");
	session->tag = zrtp_tag_find("HS80");
	session->sas = zrtp_sas_find("B32 ");
}

/* Something is wrong with Alice: she believes in a session key. */
static void multistream_against_diffie_hellman_gives_no_keys(void **state) /* R044 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "Commit  ", .to = ALICE },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);

	(void)state;
	make_believe_keyed(pair->side[ALICE].session);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60 * SECOND);
	assert_true(taps[0].seen && taps[1].seen);
	for (unsigned i = 0; i < 2; i++) {
		assert_not_secure(pair, i, 0);
		assert_int_equal(pair->side[i].log[0].error, 1);
		assert_no_keys_left(pair, i, 0);
	}
	pair_free(pair);
}

static void the_loser_of_a_contention_keeps_its_key_pair(void **state) /* R047 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "DHPart1 ", .to = ALICE },
				   { .type = "DHPart1 ", .to = BOB },
				   { .type = NULL } };
	struct pair *pair = pair_started(&config);
	uint8_t pv[2][32];
	unsigned responder;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_COMMIT_SENT ||
	       state_of(pair, BOB, 0) != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	for (unsigned i = 0; i < 2; i++) {
		memcpy(pv[i], stream_of(pair, i, 0)->exchange->private_pv, sizeof(pv[i]));
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	responder = pair_info(pair, ALICE, 0).initiator ? BOB : ALICE;
	assert_memory_equal(message_of(&taps[!responder].last) + AT_PV, pv[responder], sizeof(pv[0]));
	pair_free(pair);
}

/* ---- shared secrets (4.3) ---- */

static struct different *collected;
static const char *collected_types[2];
static size_t collected_at, collected_step, collected_count;

/* Takes strings out of all messages of some types. */
static bool collect(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	for (unsigned t = 0; t < 2; t++) {
		if (collected_types[t] && pair_is(packet, collected_types[t])) {
			for (size_t i = 0; i < collected_count; i++) {
				add_different(collected,
					      message_of(packet) + collected_at + i * collected_step);
			}
		}
	}
	return true;
}

static void collect_from(struct different *set, const char *a, const char *b, size_t at, size_t len)
{
	*set = (struct different){ .len = len };
	collected = set;
	collected_types[0] = a;
	collected_types[1] = b;
	collected_at = at;
	collected_step = len;
	collected_count = 1;
}

static void missing_secrets_have_random_ids(void **state) /* R049 */
{
	struct pair_config config = defaults();
	struct different ids;
	struct pair *pair;

	(void)state;
	config.cacheless[ALICE] = config.cacheless[BOB] = true;
	pair = pair_new(&config);
	collect_from(&ids, "DHPart1 ", "DHPart2 ", AT_IDS, ZRTP_ID_SIZE);
	collected_count = 4;
	pair->filter = collect;
	run_secure(pair, 0);
	call_again(pair, &config);
	assert_int_equal(ids.count, 2 * 2 * 4);
	pair_free(pair);
}

static void store_secrets(struct pair *pair, unsigned side, uint8_t rs1, uint8_t rs2)
{
	struct zrtp_retained *r = &pair->side[side].stored;

	pair->side[side].has_stored = r->has_rs1 = r->has_rs2 = true;
	r->expiry = UINT32_MAX;
	memset(r->rs1, rs1, sizeof(r->rs1));
	memset(r->rs2, rs2, sizeof(r->rs2));
}

/* More than one of the secrets would match: which one do both take? */
static void the_initiators_rs1_goes_before_its_rs2(void **state) /* R051 R052 R053 */
{
	static const struct {
		uint8_t own[2], peer[2], s1; /* 0: none */
	} cases[] = {
		{ { 'A', 'B' }, { 'A', 'B' }, 'A' }, { { 'A', 'B' }, { 'B', 'A' }, 'A' },
		{ { 'X', 'B' }, { 'B', 'Y' }, 'B' }, { { 'X', 'B' }, { 'Y', 'B' }, 'B' },
		{ { 'A', 'B' }, { 'X', 'Y' }, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		unsigned side = i % 2, c = i / 2;
		struct pair_config config = initiator(side);
		struct pair *pair = pair_new(&config);

		store_secrets(pair, side, cases[c].own[0], cases[c].own[1]);
		store_secrets(pair, !side, cases[c].peer[0], cases[c].peer[1]);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (state_of(pair, !side, 0) != ZRTP_STATE_CONFIRM1_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		for (unsigned k = 0; k < 2; k++) {
			const struct zrtp_shared *s1 = &stream_of(pair, k, 0)->exchange->shared[0];

			assert_int_equal(s1->len, cases[c].s1 ? ZRTP_SECRET_SIZE : 0);
			assert_true(!s1->len || s1->octets[0] == cases[c].s1);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_free(pair);
	}
}

static void a_matching_auxsecret_excuses_no_mismatch(void **state) /* R078 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->side[ALICE].stored.rs1[0] ^= 1;
	pair_new_call(pair, &config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_auxsecret(pair->side[i].session,
							    (const uint8_t *)"known to both", 13),
				 ZRTP_OK);
	}
	run_secure(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(pair, i).aux_matched);
		assert_true(told(pair, i, 0, ZRTP_EVENT_CACHE_MISMATCH));
	}
	pair_free(pair);
}

/* s2 is used once, in s0; who wants to know it later finds nothing. */
static void an_auxsecret_is_erased_when_it_was_used(void **state) /* R110 */
{
	static const uint8_t key[16] = { 1, 2, 3 }, salt[14] = { 4, 5, 6 };

	(void)state;
	for (unsigned sdes = 0; sdes < 2; sdes++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		for (unsigned i = 0; i < 2; i++) {
			struct zrtp_session *session = pair->side[i].session;

			assert_int_equal(sdes ? zrtp_session_set_sdes_key(session, key, 16, salt, 14)
					      : zrtp_session_set_auxsecret(session, key, 16),
					 ZRTP_OK);
		}
		run_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			const struct zrtp_session *session = pair->side[i].session;

			assert_true(pair_session_info(pair, i).aux_matched);
			assert_true(is_zero(session->auxsecret, sizeof(session->auxsecret)));
			assert_true(is_zero(session->sdes_key, sizeof(session->sdes_key)));
		}
		pair_free(pair);
	}
}

/* A cache of one entry that looks at the ZIDs. */
struct by_zid {
	unsigned gets, puts;
	uint8_t own[ZRTP_ZID_SIZE], peer[ZRTP_ZID_SIZE];
};

static int get_by_zid(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct by_zid *cache = arg;

	(void)out;
	cache->gets++;
	assert_memory_equal(key->own_zid, cache->own, ZRTP_ZID_SIZE);
	assert_memory_equal(key->peer_zid, cache->peer, ZRTP_ZID_SIZE);
	return -1;
}

static void put_by_zid(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct by_zid *cache = arg;

	(void)in;
	cache->puts++;
	assert_memory_equal(key->own_zid, cache->own, ZRTP_ZID_SIZE);
	assert_memory_equal(key->peer_zid, cache->peer, ZRTP_ZID_SIZE);
}

static void secrets_are_filed_under_the_peers_zid(void **state) /* R013 R238 R529 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct by_zid cache[2];

	(void)state;
	memset(cache, 0, sizeof(cache));
	for (unsigned i = 0; i < 2; i++) {
		memcpy(cache[i].own, zrtp_context_zid(pair->side[i].context), ZRTP_ZID_SIZE);
		memcpy(cache[i].peer, zrtp_context_zid(pair->side[!i].context), ZRTP_ZID_SIZE);
		pair->side[i].context->cache = (struct zrtp_cache){ get_by_zid, put_by_zid, &cache[i] };
	}
	run_secure(pair, 0);
	pair_assert_secure(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(cache[i].gets, 1);
		assert_int_equal(cache[i].puts, 1);
	}
	pair_free(pair);
}

/* ---- Diffie-Hellman (4.4.1) ---- */

static void each_exchange_has_a_fresh_public_value(void **state) /* R083 R090 */
{
	struct pair_config config = defaults();
	struct different values;
	struct pair *pair = pair_new(&config);

	(void)state;
	collect_from(&values, "DHPart1 ", "DHPart2 ", AT_PV, 32);
	pair->filter = collect;
	run_secure(pair, 0);
	for (unsigned i = 0; i < 4; i++) {
		call_again(pair, &config);
	}
	assert_int_equal(values.count, 10);
	pair_free(pair);
}

/* Alice is hostile: her DHPart2 is changed before she commits to it. */
static void commit_to_changed_dhpart2(struct pair *pair, struct pair_packet *commit, size_t offset,
				      const uint8_t *octets, size_t len, bool reseal)
{
	struct zrtp_stream *stream = stream_of(pair, ALICE, commit->stream);
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart2_octets *part = &exchange->dhpart2;
	const struct zrtp_piece hashed = { part->octets, part->len };

	memcpy(part->octets + offset, octets, len);
	assert_false(reseal &&
		     zrtp_message_seal(zrtp_implicit_hash(), part->octets, part->len, stream->h[0]));
	assert_int_equal(zrtp_hvi(exchange->choice.hash, hashed,
				  (struct zrtp_piece){ stream->peer_hello, stream->peer_hello_len },
				  exchange->commit.octets + AT_HVI),
			 0);
	assert_int_equal(zrtp_message_seal(zrtp_implicit_hash(), exchange->commit.octets,
					   exchange->commit.len, stream->h[1]),
			 0);
	memcpy(message_of(commit), exchange->commit.octets, exchange->commit.len);
	pair_repair(commit->octets, commit->len);
}

static bool commit_to_pv(struct pair *pair, struct pair_packet *packet)
{
	if (packet->to == BOB && pair_is(packet, "Commit  ")) {
		commit_to_changed_dhpart2(pair, packet, AT_PV, pair->filter_arg, 384, true);
	}
	return true;
}

static void a_bad_public_value_of_the_initiator_ends_the_exchange(void **state) /* R093 R094 R095 R367 */
{
	BIGNUM *p = BN_get_rfc3526_prime_3072(NULL);
	uint8_t values[3][384] = { { 0 }, { 0 }, { 0 } };

	(void)state;
	values[1][383] = 1;
	assert_true(BN_sub_word(p, 1));
	assert_int_equal(BN_bn2binpad(p, values[2], 384), 384);
	BN_free(p);
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = initiator(ALICE);
		struct pair *pair;

		set_list(&config, ZRTP_CLASS_KEX, "DH3k");
		pair = pair_new(&config);
		pair->filter = commit_to_pv;
		pair->filter_arg = values[i];
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		for (unsigned side = 0; side < 2; side++) {
			const struct pair_log *log = &pair->side[side].log[0];

			assert_int_equal(log->error_code, ZRTP_ERROR_BAD_PV);
			assert_int_equal(log->error_from_peer, side == ALICE);
			assert_not_secure(pair, side, 0);
		}
		pair_free(pair);
	}
}

static bool shorten(struct pair *pair, struct pair_packet *packet)
{
	if (pair_is(packet, pair->filter_arg)) {
		packet->len -= 4;
		pair_repair(packet->octets, packet->len);
	}
	return true;
}

static void a_public_value_of_another_length_ends_the_exchange(void **state) /* R305 R357 */
{
	static const char *const types[] = { "DHPart1 ", "DHPart2 " };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_config config = initiator(ALICE);
		struct pair *pair = pair_new(&config);

		pair->filter = shorten;
		pair->filter_arg = (void *)types[i];
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		assert_int_equal(pair->side[i].log[0].error_code, ZRTP_ERROR_MALFORMED);
		assert_false(pair->side[i].log[0].error_from_peer);
		assert_true(pair->side[!i].log[0].error_from_peer);
		assert_not_secure(pair, i, 0);
		pair_free(pair);
	}
}

static size_t exponent_len;

static int note_exponent(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	exponent_len = use == ZRTP_RANDOM_PRIVATE ? len : exponent_len;
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	return 0;
}

static void the_exponent_is_twice_as_long_as_the_aes_key(void **state) /* R292 R293 R294 */
{
	static const char *const ciphers[] = { "AES1", "AES2", "AES3" };

	(void)state;
	for (unsigned i = 0; i < 3 * 2; i++) {
		struct pair_config config = defaults();
		struct pair *pair;

		set_list(&config, ZRTP_CLASS_KEX, i % 2 ? "DH2k" : "DH3k");
		set_list(&config, ZRTP_CLASS_CIPHER, ciphers[i / 2]);
		pair = pair_new(&config);
		for (unsigned side = 0; side < 2; side++) {
			pair->side[side].script = note_exponent;
		}
		exponent_len = 0;
		run_secure(pair, 0);
		assert_int_equal(exponent_len, 2 * (16 + 8 * (i / 2)));
		pair_free(pair);
	}
}

/* ---- Multistream (4.4.3) ---- */

static bool agreeing(const struct pair *pair, unsigned index)
{
	return state_of(pair, ALICE, index) >= ZRTP_STATE_COMMIT_SENT &&
	       state_of(pair, ALICE, index) <= ZRTP_STATE_CONFIRM2_SENT;
}

static void several_multistream_exchanges_may_run_at_once(void **state) /* R081 R138 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	bool at_once = false;

	(void)state;
	for (unsigned i = 1; i < 3; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
	}
	for (unsigned ms = 0; ms < 100; ms++) {
		pair_run(pair, pair->now + 1000);
		at_once = at_once || (agreeing(pair, 1) && agreeing(pair, 2));
	}
	assert_true(at_once);
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 1);
	pair_assert_secure(pair, 2);
	pair_free(pair);
}

/* Alice forgets that there is a session key, and proposes to make another. */
static void nothing_but_multistream_adds_a_stream(void **state) /* R112 R113 R140 */
{
	(void)state;
	for (unsigned preshared = 0; preshared < 2; preshared++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB }, { .type = NULL } };
		struct pair *pair;

		config.policy[ALICE].preshared = config.policy[BOB].preshared = preshared;
		pair = pair_secured(&config);
		assert_int_equal(zrtp_session_set_verified(pair->side[ALICE].session, true), ZRTP_OK);
		pair->side[ALICE].session->keyed = false;
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		pair_run(pair, pair->now + 5 * SECOND);
		assert_true(taps[0].seen > 1);
		assert_int_equal(!memcmp(message_of(&taps[0].last) + AT_NAMES + 12, "Prsh", 4), preshared);
		assert_int_equal(pair_info(pair, BOB, 1).dropped[ZRTP_DROP_CONTENTION], taps[0].seen);
		assert_not_secure(pair, BOB, 1);
		assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_SECURE);
		pair_free(pair);
	}
}

static bool first_stream_first(struct pair *pair, struct pair_packet *packet)
{
	bool secure = false;

	if (pair_is(packet, "Commit  ") && !memcmp(message_of(packet) + AT_NAMES + 12, "Mult", 4)) {
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			secure = secure || state_of(pair, !packet->to, i) == ZRTP_STATE_SECURE;
		}
		assert_true(secure);
		++*(unsigned *)pair->filter_arg;
	}
	return true;
}

static void no_multistream_commit_before_the_first_stream_is_secure(void **state) /* R142 */
{
	unsigned commits = 0;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->prng += round;
		pair->loss = 10;
		pair->jitter = 30000;
		pair->filter = first_stream_first;
		pair->filter_arg = &commits;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 60 * SECOND));
		}
		pair_free(pair);
	}
	assert_true(commits >= 20 * 2);
}

static void all_streams_have_the_zid_of_the_first(void **state) /* R143 */
{
	struct pair_config config = initiator(ALICE);
	struct edit edit = { "Hello   ", ALICE, AT_HELLO_ZID, NULL, 0, 0, 0 };
	struct pair *pair = pair_secured(&config);

	(void)state;
	run_secure(pair, 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(stream_of(pair, i, 1)->hello + AT_HELLO_ZID,
				    stream_of(pair, i, 0)->hello + AT_HELLO_ZID, ZRTP_ZID_SIZE);
	}
	/* And a Hello of somebody else is none of this session. */
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 2);
	pair_start(pair, 2);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_true(edit.done > 0);
	assert_int_equal(pair_info(pair, ALICE, 2).found_at, 0);
	assert_not_secure(pair, ALICE, 2);
	pair_free(pair);
}

static void further_streams_take_hash_cipher_and_tag_of_the_first(void **state) /* R145 */
{
	struct pair_config config = initiator(ALICE);
	struct zrtp_stream_info info;
	struct pair *pair;

	(void)state;
	set_list(&config, ZRTP_CLASS_HASH, "S384,S256");
	set_list(&config, ZRTP_CLASS_CIPHER, "AES3,AES1");
	set_list(&config, ZRTP_CLASS_TAG, "HS32,HS80");
	pair = pair_secured(&config);
	/* What she would take today. */
	zrtp_policy_init(&config.policy[ALICE]);
	set_list(&config, ZRTP_CLASS_CIPHER, "AES1,AES3");
	pair->side[ALICE].session->policy = config.policy[ALICE];
	run_secure(pair, 1);
	info = pair_info(pair, BOB, 1);
	assert_string_equal(info.algorithm[ZRTP_CLASS_HASH], "S384");
	assert_string_equal(info.algorithm[ZRTP_CLASS_CIPHER], "AES3");
	assert_string_equal(info.algorithm[ZRTP_CLASS_TAG], "HS32");
	pair_free(pair);
}

static void each_commit_has_a_nonce_of_its_own(void **state) /* R122 R124 R148 R149 */
{
	struct pair_config config = defaults();
	struct different nonces;
	struct pair *pair;

	(void)state;
	config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
	pair = pair_secured(&config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	collect_from(&nonces, "Commit  ", NULL, AT_HVI, ZRTP_NONCE_SIZE);
	pair->filter = collect;
	for (unsigned call = 0; call < 4; call++) {
		call_again(pair, &config);
		assert_true(pair_info(pair, ALICE, 0).preshared);
		run_secure(pair, 1);
		run_secure(pair, 2);
	}
	assert_true(nonces.count >= 4 * 3);
	pair_free(pair);
}

static void the_session_key_of_one_call_is_of_no_use_in_the_next(void **state) /* R165 */
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_secured(&config);
	struct zrtp_session_keys keys = pair->side[ALICE].session->keys;

	(void)state;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	make_believe_keyed(pair->side[ALICE].session);
	pair->side[ALICE].session->keys = keys;
	pair_start(pair, 0);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_int_equal(pair->side[BOB].log[0].error_code, ZRTP_ERROR_NO_SECRET);
	assert_not_secure(pair, BOB, 0);
	pair_free(pair);
}

/* ---- the end of a call (4.5.2, 4.7.3) ---- */

static void (*plain_free)(void *block, size_t size, void *arg);
static size_t freed;

static void watched_free(void *block, size_t size, void *arg)
{
	assert_true(is_zero(block, size));
	freed += size;
	plain_free(block, size, arg);
}

static void the_end_of_a_session_leaves_nothing_in_memory(void **state) /* R166 R180 R227 R228 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct pair_side *side = &pair->side[ALICE];

	(void)state;
	run_secure(pair, 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_stream_keys *keys = &stream_of(pair, ALICE, i)->keys;

		/* SRTP has its keys, the engine has none of them any more. */
		assert_true(is_zero(keys->srtpkey, sizeof(keys->srtpkey)));
		assert_true(is_zero(keys->srtpsalt, sizeof(keys->srtpsalt)));
		assert_false(is_zero(keys->mackey, sizeof(keys->mackey)));
	}
	assert_false(is_zero(side->session->keys.zrtpsess, 32));
	plain_free = side->context->system.free;
	side->context->system.free = watched_free;
	freed = 0;
	zrtp_session_free(side->session);
	side->session = NULL;
	assert_int_equal(freed, sizeof(struct zrtp_session) + 2 * sizeof(struct zrtp_stream));
	side->context->system.free = plain_free;
	pair_free(pair);
}

/* ---- Confirm (4.6, 5.7) ---- */

/* Opens the Confirm that a side has sent. */
static void open_confirm(const struct pair *pair, unsigned sender, struct pair_packet *packet,
			 uint8_t plain[ZRTP_CONFIRM_PLAIN])
{
	const struct zrtp_stream *stream = stream_of(pair, sender, packet->stream);
	enum zrtp_role role = stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	uint8_t *message = message_of(packet);

	assert_int_equal(message_len(packet), ZRTP_CONFIRM_MIN);
	assert_int_equal(zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], message + AT_IV, false,
				  message + AT_TEXT, ZRTP_CONFIRM_PLAIN, plain),
			 0);
	assert_memory_equal(plain, stream->h[0], ZRTP_IMAGE_SIZE);
}

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

static void each_flag_of_a_confirm_stands_at_its_place(void **state) /* R181 R346 R350 R351 R526 R528 */
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		bool enroll = bits & ZRTP_CONFIRM_ENROLL;
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB },
					   { .type = "Confirm1", .to = ALICE },
					   { .type = NULL } };
		struct pair *pair;

		config.policy[BOB].mitm = true;
		for (unsigned i = 0; i < 2; i++) {
			config.policy[i].disclose = bits & ZRTP_CONFIRM_DISCLOSE;
			config.policy[i].allow_clear = bits & ZRTP_CONFIRM_ALLOW_CLEAR;
		}
		pair = pair_secured(&config);
		pair_new_call(pair, &config);
		for (unsigned i = 0; i < 2; i++) {
			pair->side[i].stored.verified = bits & ZRTP_CONFIRM_VERIFIED;
		}
		if (enroll) {
			assert_int_equal(zrtp_session_enroll(pair->side[BOB].session), ZRTP_OK);
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		run_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			unsigned expected = i == ALICE ? bits & 7 : enroll ? bits & ~2U : bits;
			uint8_t plain[ZRTP_CONFIRM_PLAIN];

			open_confirm(pair, i, &taps[i].last, plain);
			assert_true(is_zero(plain + 32, 3));
			assert_int_equal(plain[35], expected);
			assert_memory_equal(plain + 36, "\xff\xff\xff\xff", 4);
			assert_int_equal(pair_session_info(pair, !i).peer_disclosed, expected & 1);
			assert_int_equal(pair_session_info(pair, !i).peer_verified, expected >> 2 & 1);
		}
		pair_free(pair);
	}
}

static void a_cacheless_endpoint_says_so_in_its_confirm(void **state) /* R247 R248 R249 */
{
	(void)state;
	for (unsigned cacheless = 0; cacheless < 2; cacheless++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Confirm2", .to = BOB },
					   { .type = "Confirm1", .to = ALICE },
					   { .type = "Commit  ", .to = BOB },
					   { .type = NULL } };
		uint8_t plain[ZRTP_CONFIRM_PLAIN];
		struct pair *pair;

		config.cacheless[cacheless] = true;
		config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
		pair = pair_secured(&config);
		assert_int_equal(zrtp_session_set_verified(pair->side[cacheless].session, true),
				 ZRTP_WRONG_STATE);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		call_again(pair, &config);
		open_confirm(pair, cacheless, &taps[cacheless].last, plain);
		assert_int_equal(plain[35], 0);
		assert_true(is_zero(plain + 36, 4));
		assert_memory_not_equal(message_of(&taps[2].last) + AT_NAMES + 12, "Prsh", 4);
		pair_free(pair);
	}
}

static void each_confirm_has_an_iv_of_its_own(void **state) /* R182 */
{
	struct pair_config config = defaults();
	struct different ivs;
	struct pair *pair = pair_new(&config);

	(void)state;
	collect_from(&ivs, "Confirm1", "Confirm2", AT_IV, ZRTP_IV_SIZE);
	pair->filter = collect;
	run_secure(pair, 0);
	run_secure(pair, 1);
	call_again(pair, &config);
	assert_int_equal(ivs.count, 6);
	pair_free(pair);
}

static void the_initiator_updates_its_cache_after_conf2ack_or_srtp(void **state) /* R185 R190 */
{
	(void)state;
	for (unsigned srtp = 0; srtp < 2; srtp++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Conf2ACK", .to = ALICE, .lose = 3 },
					   { .type = "Confirm2", .to = BOB },
					   { .type = NULL } };
		struct pair *pair = pair_new(&config);

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 900000);
		assert_int_equal(state_of(pair, ALICE, 0), ZRTP_STATE_CONFIRM2_SENT);
		assert_int_equal(pair->side[BOB].puts, 1);
		assert_int_equal(pair->side[ALICE].puts, 0);
		if (srtp) {
			zrtp_stream_srtp_authenticated(stream_of(pair, ALICE, 0), pair->now);
			assert_int_equal(pair->side[ALICE].puts, 1);
		}
		pair_run(pair, pair->now + 20 * SECOND);
		assert_int_equal(pair->side[ALICE].puts, 1);
		assert_int_equal(taps[1].seen, srtp ? 3 : 4);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
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

static void a_wrong_mac_raises_the_alarm_when_its_key_is_known(void **state)
/* R329 R337 R340 R343 R498 R499 R500 */
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
static void a_wrong_mac_on_the_hello_of_a_multistream_responder_raises_the_alarm(void **state)
/* R329 R499 R500 */
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

static struct {
	unsigned count[2];
	uint16_t first[2], next[2];
} numbers;

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

/* R412 R417 R418: three of each, and nothing more. */
static void the_responder_answers_each_repetition_with_the_same_octets(void **state) /* R412 R417 R418 */
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

static struct {
	uint64_t at[2][512];
	size_t len[2][512];
	unsigned count[2];
} traffic;

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
		cmocka_unit_test(a_commit_before_any_hello_is_ignored),
		cmocka_unit_test(a_commit_is_ignored_while_the_versions_differ),
		cmocka_unit_test(a_higher_version_does_not_disturb_our_hellos),
		cmocka_unit_test(a_peer_that_comes_down_to_our_version_is_welcome),
		cmocka_unit_test(helloack_ends_the_hellos_and_so_does_commit),
		cmocka_unit_test(a_collision_of_ssrcs_is_told_to_the_peer),
		cmocka_unit_test(a_failure_is_told_to_the_peer_with_its_code),
		cmocka_unit_test(an_error_is_repeated_until_it_is_acknowledged),
		cmocka_unit_test(a_failure_leaves_no_key_of_its_stream),
		cmocka_unit_test(a_failure_of_one_stream_leaves_the_others_secure),
		cmocka_unit_test(the_lower_hvi_or_nonce_is_discarded),
		cmocka_unit_test(multistream_against_diffie_hellman_gives_no_keys),
		cmocka_unit_test(the_loser_of_a_contention_keeps_its_key_pair),
		cmocka_unit_test(missing_secrets_have_random_ids),
		cmocka_unit_test(the_initiators_rs1_goes_before_its_rs2),
		cmocka_unit_test(a_matching_auxsecret_excuses_no_mismatch),
		cmocka_unit_test(an_auxsecret_is_erased_when_it_was_used),
		cmocka_unit_test(secrets_are_filed_under_the_peers_zid),
		cmocka_unit_test(each_exchange_has_a_fresh_public_value),
		cmocka_unit_test(a_bad_public_value_of_the_initiator_ends_the_exchange),
		cmocka_unit_test(a_public_value_of_another_length_ends_the_exchange),
		cmocka_unit_test(the_exponent_is_twice_as_long_as_the_aes_key),
		cmocka_unit_test(several_multistream_exchanges_may_run_at_once),
		cmocka_unit_test(nothing_but_multistream_adds_a_stream),
		cmocka_unit_test(no_multistream_commit_before_the_first_stream_is_secure),
		cmocka_unit_test(all_streams_have_the_zid_of_the_first),
		cmocka_unit_test(further_streams_take_hash_cipher_and_tag_of_the_first),
		cmocka_unit_test(each_commit_has_a_nonce_of_its_own),
		cmocka_unit_test(the_session_key_of_one_call_is_of_no_use_in_the_next),
		cmocka_unit_test(the_end_of_a_session_leaves_nothing_in_memory),
		cmocka_unit_test(each_flag_of_a_confirm_stands_at_its_place),
		cmocka_unit_test(a_cacheless_endpoint_says_so_in_its_confirm),
		cmocka_unit_test(each_confirm_has_an_iv_of_its_own),
		cmocka_unit_test(the_initiator_updates_its_cache_after_conf2ack_or_srtp),
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
