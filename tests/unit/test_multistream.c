/* SPDX-License-Identifier: BSD-2-Clause */
/* Several streams in one session (4.4.3), and the vectors M1, M2. */
#include "kat.h"
#include "pair.h"

#include "internal.h"

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

/* R140 R141 R157 R169: one DH exchange, one SAS, different keys. */
static void further_streams_use_multistream(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct zrtp_session_info before = pair_session_info(pair, 0), after;

	(void)state;
	for (unsigned index = 1; index < PAIR_STREAMS; index++) {
		pair_add_stream(pair, index);
		pair_start(pair, index);
		assert_true(pair_run_until_secure(pair, index, pair->now + 5000000));
		pair_run(pair, pair->now + 1000000);
		pair_assert_secure(pair, index);
		assert_string_equal(pair_info(pair, 0, index).algorithm[ZRTP_CLASS_KEX], "Mult");
		assert_true(pair_info(pair, 0, index).multistream);
		assert_memory_not_equal(pair->side[0].log[index].keys[0].key,
					pair->side[0].log[0].keys[0].key, 16);
	}
	after = pair_session_info(pair, 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(pair->side[0].puts, 1); /* R137 R194: the cache is not touched */
	pair_free(pair);
}

static unsigned commits[3]; /* DH, Mult, other */

static bool count_commits(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Commit  ")) {
		commits[!memcmp(packet->octets + 12 + 68, "Mult", 4) ? 1 : 0]++;
	}
	return true;
}

/* R045 R046 R079 R142: all streams start at once; one DH exchange at a time. */
static void streams_that_start_together_share_one_dh_exchange(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		unsigned dh = 0;

		pair->side[0].prng += round * 31;
		pair->side[1].prng += round * 77;
		pair->jitter = 30000;
		pair->prng += round;
		memset(commits, 0, sizeof(commits));
		pair->filter = count_commits;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 30000000));
		}
		pair_run(pair, pair->now + 2000000);
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_assert_secure(pair, i);
			dh += !pair_info(pair, 0, i).multistream;
		}
		assert_int_equal(dh, 1);
		pair_free(pair);
	}
}

/* Each side is told the hash of the other one's Hello, so that nothing of it is
 * taken for a stranger's. */
static void tell_hashes(struct pair *pair, unsigned index)
{
	for (unsigned side = 0; side < 2; side++) {
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

		zrtp_stream_hello_hash(pair->side[!side].log[index].stream, hash);
		assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[side].log[index].stream, hash),
				 ZRTP_OK);
	}
}

/* Two exchanges beside each other: the first one to be answered hangs before its
 * DHPart2 until the other one, which begins when its turn is over, is about to end. */
struct beside {
	const char *late; /* this message of the other one arrives after it was given up */
	unsigned first, other;
	bool answered, is_kept, is_over;
	struct pair_packet kept;
};

static bool beside(struct pair *pair, struct pair_packet *packet)
{
	struct beside *b = pair->filter_arg;

	if (b->is_over) {
		return true;
	}
	if (!b->answered && pair_is(packet, "DHPart1 ")) {
		b->answered = true;
		b->first = packet->stream;
		b->other = !packet->stream;
	}
	if (b->answered && packet->stream == b->other && pair_is(packet, b->late)) {
		b->kept = b->is_kept ? b->kept : *packet;
		b->is_kept = true;
		return false;
	}
	if (b->answered && packet->stream == b->first) {
		return b->is_kept || !pair_is(packet, "DHPart2 ");
	}
	/* So that the next exchange on it is where it takes such a message. */
	return !b->is_kept || !pair_is(packet, "Commit  ") || strcmp(b->late, "Confirm1");
}

static void comes_late(const char *late, unsigned seed)
{
	struct beside b = { .late = late };
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	pair->side[0].prng += seed; /* whose Commit wins */
	pair->filter = beside;
	pair->filter_arg = &b;
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		tell_hashes(pair, i);
		pair_start(pair, i);
	}
	pair_run(pair, pair->now + 1000000);
	assert_true(pair_run_until_secure(pair, b.first, pair->now + 9000000));
	assert_true(b.is_kept);
	pair_run(pair, pair->now + 100000);
	assert_int_equal(zrtp_stream_receive(pair->side[b.kept.to].log[b.other].stream, b.kept.octets,
					     b.kept.len, pair->now),
			 ZRTP_DROPPED);
	b.is_over = true;
	assert_true(pair_run_until_secure(pair, b.other, pair->now + 5000000));
	for (unsigned i = 0; i < 2; i++) {
		pair_assert_secure(pair, i);
		assert_int_equal(pair_info(pair, 0, i).multistream, i == b.other);
	}
	pair_free(pair);
}

/* R142: one that was given up, since another one was completed first, does not fail
 * the Multistream exchange that took its place. */
static void a_late_confirm_of_an_exchange_given_up_fails_nothing(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 8; seed++) {
		comes_late("Confirm1", seed);
		comes_late("Confirm2", seed);
	}
}

/* Two exchanges beside each other: the first, which one side begins, hangs before its
 * DHPart2 until its turn is over and the other side has begun on the other stream. Both
 * Confirm2 are on their way when either arrives. */
struct crossing {
	unsigned first, side; /* the stream, and who begins on it */
	bool answered;
	struct pair_packet kept[2]; /* the Confirm2 of each stream */
};

static bool cross(struct pair *pair, struct pair_packet *packet)
{
	struct crossing *c = pair->filter_arg;

	if (c->kept[0].len && c->kept[1].len) {
		return true;
	}
	c->answered |= pair_is(packet, "DHPart1 ");
	if (pair_is(packet, "Confirm2")) {
		c->kept[packet->stream] = *packet;
		return false;
	}
	if (pair_is(packet, "HelloACK")) { /* who has none begins nothing */
		return packet->to == c->side ? packet->stream == c->first
					     : c->answered && packet->stream != c->first;
	}
	return packet->stream != c->first || !pair_is(packet, "DHPart2 ") || c->kept[!c->first].len;
}

static struct pair *crossed(struct crossing *c, uint64_t seed, bool signalled)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	pair->side[0].prng += seed;
	pair->side[1].prng += 3 * seed;
	pair->filter = cross;
	pair->filter_arg = c;
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		if (signalled) {
			tell_hashes(pair, i);
		}
		pair_start(pair, i);
	}
	while (!c->kept[0].len || !c->kept[1].len) {
		pair_run(pair, pair->now + 10000);
		assert_true(pair->now < 15000000);
	}
	assert_int_equal(c->kept[c->first].to, !c->side);
	assert_int_equal(c->kept[!c->first].to, c->side);
	return pair;
}

static enum zrtp_status give(struct pair *pair, const struct pair_packet *packet)
{
	return zrtp_stream_receive(pair->side[packet->to].log[packet->stream].stream, packet->octets,
				   packet->len, pair->now);
}

/* Is the stream where the first exchange ran the one that both sides completed? */
static bool first_of_two_counts(uint64_t seed, bool signalled, unsigned arrives_first)
{
	struct crossing c = { .first = seed & 1, .side = seed >> 1 & 1 };
	struct pair *pair = crossed(&c, seed, signalled);
	struct zrtp_commit commit[2];
	bool first;

	for (unsigned i = 0; i < 2; i++) {
		commit[i] = zrtp_commit_in_force(pair->side[0].log[i].stream);
	}
	first = memcmp(commit[c.first].hvi, commit[!c.first].hvi, ZRTP_HVI_SIZE) > 0;
	for (unsigned i = 0; i < 2; i++) {
		unsigned stream = i ^ arrives_first;

		assert_int_equal(give(pair, &c.kept[stream]),
				 (stream == c.first) == first ? ZRTP_OK : ZRTP_DROPPED);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_run_until_secure(pair, i, pair->now + 5000000));
	}
	pair_run(pair, pair->now + 2000000);
	for (unsigned i = 0; i < 2; i++) {
		pair_assert_secure(pair, i);
		assert_int_equal(pair_info(pair, i, c.first).multistream, !first);
		assert_int_equal(pair_info(pair, i, !c.first).multistream, first);
		assert_int_equal(pair->side[i].puts, 1);
	}
	pair_free(pair);
	return first;
}

/* R045 R079: else either side completes the one where it is the responder and gives up
 * the other one: two session keys, and no further stream ever works. */
static void of_two_confirm2_that_cross_both_sides_take_the_same(void **state)
{
	unsigned first = 0, calls = 0;

	(void)state;
	for (unsigned seed = 0; seed < 16; seed++) {
		for (unsigned way = 0; way < 4; way++, calls++) {
			first += first_of_two_counts(seed, way & 1, way >> 1);
		}
	}
	assert_true(first > 0 && first < calls); /* either may be the one */
}

/* Seconds until the stream that loses is secure on both sides, while the winning one is
 * cut off. */
static double alone(struct pair *pair, const struct crossing *c)
{
	uint64_t began = pair->now;

	assert_true(pair_run_until_secure(pair, !c->first, pair->now + 9000000));
	pair_assert_keys(pair, !c->first);
	return (double)(pair->now - began) / 1000000;
}

static bool cut_off(struct pair *pair, struct pair_packet *packet)
{
	const struct crossing *c = pair->filter_arg;

	return packet->stream != c->first;
}

enum unfinished { CUT_OFF, OTHER_ZID, NOT_SIGNALLED, LATE, OURS_LATE, WAYS };

static void make_unfinished(enum unfinished way, struct zrtp_stream *winner, struct zrtp_stream *loser)
{
	if (way == OTHER_ZID) {
		winner->peer_hello[12 + 4 + 16 + 32] ^= 1;
	} else if (way == NOT_SIGNALLED) {
		loser->hash_status = ZRTP_HASH_MATCHED;
	}
	winner->late = way == LATE;
	loser->late = way == OURS_LATE;
}

/* False: in this call the second exchange wins. */
static bool waits_as_it_should(enum unfinished way, uint64_t seed)
{
	struct crossing c = { .first = seed & 1, .side = seed >> 1 & 1 };
	struct pair *pair = crossed(&c, seed, false);
	struct zrtp_stream *winner = pair->side[c.side].log[c.first].stream;
	struct zrtp_stream *loser = pair->side[c.side].log[!c.first].stream;
	struct zrtp_commit own = zrtp_commit_in_force(winner), other = zrtp_commit_in_force(loser);
	bool wins = memcmp(own.hvi, other.hvi, ZRTP_HVI_SIZE) > 0;

	if (wins) {
		pair->filter = cut_off;
		make_unfinished(way, winner, loser);
		assert_int_equal(give(pair, &c.kept[!c.first]), way == CUT_OFF ? ZRTP_DROPPED : ZRTP_OK);
		if (way == CUT_OFF) {
			assert_in_range((unsigned)(10 * alone(pair, &c)), 30, 60);
		} else if (way != OURS_LATE) {
			assert_true(alone(pair, &c) < 1);
		}
	}
	pair_free(pair);
	return wins;
}

/* Whoever waits for the stream that wins does so for some seconds only, and not at all for
 * what may be a stranger's. */
static void nobody_waits_for_an_exchange_that_does_not_end(void **state)
{
	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		unsigned tried = 0;

		for (uint64_t seed = 0; tried < 4; seed++) {
			tried += waits_as_it_should((enum unfinished)way, seed);
		}
	}
}

static void loss_with_three_streams(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 100; seed++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->loss = 25;
		pair->jitter = seed % 4 * 5000;
		pair->prng = seed * 7001;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
			if (seed & 1) {
				tell_hashes(pair, i);
			}
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 60000000));
		}
		pair_free(pair);
	}
}

/* R045 R079: hundreds of calls on a network so bad that two exchanges run beside each other
 * in some of them: one session key for both sides, and all that can become secure does. */
static void on_a_bad_network_both_sides_have_one_session_key(void **state)
{
	unsigned beside_each_other = 0, incomplete = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 800; seed++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		bool secure = true;

		pair->loss = 28;
		pair->jitter = seed % 4 * 20000;
		pair->prng = seed * 7001;
		pair->side[0].prng += seed;
		pair->side[1].prng += 3 * seed;
		for (unsigned i = 0; i < 2; i++) {
			pair_add_stream(pair, i);
			if (seed & 1) {
				tell_hashes(pair, i);
			}
			pair_start(pair, i);
		}
		while (pair_info(pair, 0, 0).state != ZRTP_STATE_SECURE && pair->now < 30000000) {
			pair_run(pair, pair->now + 50000);
			beside_each_other += pair_info(pair, 0, 0).state >= ZRTP_STATE_DHPART1_SENT &&
					     pair_info(pair, 0, 1).state >= ZRTP_STATE_DHPART1_SENT &&
					     !pair->side[0].session->keyed;
		}
		for (unsigned i = 0; i < 2; i++) {
			secure = pair_run_until_secure(pair, i, pair->now + 30000000) && secure;
		}
		incomplete += !secure; /* all eleven were lost */
		if (pair->side[0].session->keyed && pair->side[1].session->keyed) {
			assert_memory_equal(pair_session_info(pair, 0).sashash,
					    pair_session_info(pair, 1).sashash, ZRTP_SECRET_SIZE);
		}
		pair_free(pair);
	}
	assert_true(beside_each_other > 0);
	assert_true(incomplete <= 4); /* 0.2 per cent of them are to be expected */
}

/* The stream that was agreeing fails: another one takes over. */
static bool lose_stream_0(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return packet->stream || pair_is(packet, "Hello   ") || pair_is(packet, "HelloACK");
}

static void another_stream_takes_over_after_a_failure(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->filter = lose_stream_0;
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
	}
	pair_run(pair, pair->now + 60000000);
	assert_int_equal(pair->side[0].log[0].secure, 0);
	assert_int_equal(pair->side[0].log[1].secure, 1);
	assert_int_equal(pair->side[1].log[1].secure, 1);
	pair_free(pair);
}

/* R151: Mult without ZRTPSess. */
static void multistream_needs_a_session_key(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	/* Alice believes in a session that Bob does not have. */
	pair->side[0].session->keyed = true;
	pair->side[0].session->hash = zrtp_hash_find("S256");
	pair->side[0].session->cipher = zrtp_cipher_find("AES1");
	pair->side[0].session->tag = zrtp_tag_find("HS80");
	pair->side[0].session->sas = zrtp_sas_find("B32 ");
	pair_start(pair, 0);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair->side[1].log[0].error_code, ZRTP_ERROR_NO_SECRET);
	assert_int_equal(pair->side[1].log[0].secure, 0);
	pair_free(pair);
}

static bool lose_conf2ack(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return !pair_is(packet, "Conf2ACK");
}

/* A stream that was told to be clear becomes part of a secure session late, and
 * its end is lost: that is a failure, and no way back to clear. */
static void a_late_stream_that_fails_is_not_clear_again(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;
	struct pair_log *log;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	pair_add_stream(pair, 1);
	log = &pair->side[0].log[1];
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(log->stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 10000000);
	assert_int_equal(log->clear, 1);
	pair->loss = 0;
	pair->filter = lose_conf2ack;
	assert_int_equal(zrtp_stream_start(pair->side[1].log[1].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 40000000);
	assert_true(log->events & 1U << ZRTP_EVENT_HOLD_MEDIA);
	assert_int_equal(log->error, 1);
	assert_int_equal(log->clear, 1);
	pair_free(pair);
}

static int same_nonce(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = use == ZRTP_RANDOM_NONCE ? 5 : (uint8_t)(pair_random(&side->prng) >> 32);
	}
	return 0;
}

/* R150: a nonce that another stream has used. */
static void a_nonce_used_before_is_refused(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	pair->side[0].script = same_nonce;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
	pair_add_stream(pair, 2);
	pair_start(pair, 2);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair->side[1].log[2].error_code, ZRTP_ERROR_NONCE);
	pair_free(pair);
}

/* ---- the vectors ---- */

struct script {
	const struct kat *kat;
	bool initiator;
};

static int draw(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	const struct script *script = side->script_arg;
	const char *field = use == ZRTP_RANDOM_H0      ? (script->initiator ? "H0i" : "H0r")
			    : use == ZRTP_RANDOM_NONCE ? "nonce"
			    : use == ZRTP_RANDOM_IV    ? (script->initiator ? "Confirm2_iv" : "Confirm1_iv")
						       : NULL;

	memset(out, 1, len);
	if (use == ZRTP_RANDOM_IV) {
		struct kat_field confirm = kat_get(script->kat, script->initiator ? "Confirm2" : "Confirm1");

		memcpy(out, confirm.octets + 20, len);
	} else if (field) {
		memcpy(out, kat_get(script->kat, field).octets, len);
	}
	return 0;
}

static const struct kat *watched;

static bool watch(struct pair *pair, struct pair_packet *packet)
{
	static const struct {
		const char *type, *field;
	} fields[] = { { "Commit  ", "Commit" }, { "Confirm1", "Confirm1" }, { "Confirm2", "Confirm2" } };

	(void)pair;
	if (pair_is(packet, "HelloACK") && packet->to == 1) {
		return false; /* so the responder of the vectors never commits */
	}
	for (unsigned i = 0; i < 3; i++) {
		if (pair_is(packet, fields[i].type)) {
			kat_same(watched, fields[i].field, packet->octets + 12, packet->len - 16);
		}
	}
	return true;
}

static char client_ids[2][17];

static void configure(struct pair_config *config, const struct kat *kat)
{
	pair_config_init(config);
	for (unsigned i = 0; i < 2; i++) {
		struct kat_field hello = kat_get(kat, i ? "Hello_r" : "Hello_i");

		memcpy(client_ids[i], hello.octets + 16, 16);
		config->client_id[i] = client_ids[i];
		config->zid[i] = kat_get(kat, i ? "ZIDr" : "ZIDi").octets;
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_HASH, "S256", NULL), ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_CIPHER, "AES1", NULL),
				 ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_TAG, "HS32", NULL), ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_KEX, "DH3k", NULL), ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_SAS, "B32", NULL), ZRTP_OK);
	}
}

/* The session as the first stream left it. */
static void give_zrtpsess(struct zrtp_session *session, const struct kat *kat, const uint8_t *peer_zid)
{
	session->keyed = session->has_peer = true;
	session->hash = zrtp_hash_find("S256");
	session->cipher = zrtp_cipher_find("AES1");
	session->tag = zrtp_tag_find("HS32");
	session->sas = zrtp_sas_find("B32 ");
	memcpy(session->peer_zid, peer_zid, ZRTP_ZID_SIZE);
	memcpy(session->keys.zrtpsess, kat_get(kat, "ZRTPSess_in").octets, 32);
}

static void replay(const struct kat *kat)
{
	struct pair_config config;
	struct script script[2] = { { kat, true }, { kat, false } };
	struct pair *pair;

	configure(&config, kat);
	pair = pair_new(&config);
	watched = kat;
	pair->filter = watch;
	for (unsigned i = 0; i < 2; i++) {
		pair->side[i].script = draw;
		pair->side[i].script_arg = &script[i];
		give_zrtpsess(pair->side[i].session, kat, config.zid[!i]);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	kat_same(kat, "srtpkeyi", pair->side[0].log[0].keys[ZRTP_SEND].key, 16);
	kat_same(kat, "srtpkeyr", pair->side[0].log[0].keys[ZRTP_RECEIVE].key, 16);
	kat_same(kat, "srtpsalti", pair->side[1].log[0].keys[ZRTP_RECEIVE].salt, 14);
	kat_same(kat, "srtpsaltr", pair->side[1].log[0].keys[ZRTP_SEND].salt, 14);
	pair_free(pair);
}

static void multistream_exchanges_are_the_vectors_octet_for_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_multistream); i++) {
		replay(&kat_multistream[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(further_streams_use_multistream),
		cmocka_unit_test(streams_that_start_together_share_one_dh_exchange),
		cmocka_unit_test(of_two_confirm2_that_cross_both_sides_take_the_same),
		cmocka_unit_test(nobody_waits_for_an_exchange_that_does_not_end),
		cmocka_unit_test(loss_with_three_streams),
		cmocka_unit_test(on_a_bad_network_both_sides_have_one_session_key),
		cmocka_unit_test(a_late_confirm_of_an_exchange_given_up_fails_nothing),
		cmocka_unit_test(another_stream_takes_over_after_a_failure),
		cmocka_unit_test(multistream_needs_a_session_key),
		cmocka_unit_test(a_late_stream_that_fails_is_not_clear_again),
		cmocka_unit_test(a_nonce_used_before_is_refused),
		cmocka_unit_test(multistream_exchanges_are_the_vectors_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
