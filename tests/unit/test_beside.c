/* SPDX-License-Identifier: BSD-2-Clause */
/* Two exchanges of one session beside each other, as a bad network has it (4.2, 4.4.1). */
#include "pair.h"

#include "internal.h"
#include "exchange.h"
#include "contention.h"

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
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

/* One that was given up, since another one was completed first, does not fail
 * the Multistream exchange that took its place. */
static void a_late_confirm_of_an_exchange_given_up_fails_nothing(void **state) /* R142 */
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
		commit[i] = zrtp_commit_view(&pair->side[0].log[i].stream->exchange->commit);
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

/* Else either side completes the one where it is the responder and gives up
 * the other one: two session keys, and no further stream ever works. */
static void of_two_confirm2_that_cross_both_sides_take_the_same(void **state) /* R045 R079 */
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
		winner->peer_hello.octets[12 + 4 + 16 + 32] ^= 1;
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
	struct zrtp_commit own = zrtp_commit_view(&winner->exchange->commit),
			   other = zrtp_commit_view(&loser->exchange->commit);
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

/* A stream that waits for the one that wins does so for some seconds only, and not at all for
 * what may be a stranger's. */
static void no_stream_waits_for_an_exchange_that_does_not_end(void **state) /* R046 */
{
	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		unsigned tried = 0;

		for (uint64_t seed = 0; tried < 4; seed++) {
			tried += waits_as_it_should((enum unfinished)way, seed);
		}
	}
}

static bool each_begins_one(struct pair *pair, struct pair_packet *packet)
{
	struct pair_packet *kept = pair->filter_arg;

	if (pair_is(packet, "Confirm2") && !kept[packet->stream].len) {
		kept[packet->stream] = *packet;
		return false;
	}
	return !pair_is(packet, "HelloACK") || packet->to == packet->stream % 2;
}

/* Multistream exchanges do not wait for each other. */
static void multistream_exchanges_that_cross_are_both_completed(void **state) /* R138 */
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_secured(&config);
		struct pair_packet kept[PAIR_STREAMS] = { { .len = 0 } };

		pair->side[0].prng += seed;
		pair->filter = each_begins_one;
		pair->filter_arg = kept;
		for (unsigned i = 1; i < 3; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		while (!kept[1].len || !kept[2].len) {
			pair_run(pair, pair->now + 1000);
			assert_true(pair->now < 10000000);
		}
		for (unsigned i = 1; i < 3; i++) {
			assert_int_equal(give(pair, &kept[i]), ZRTP_OK);
			assert_true(pair_run_until_secure(pair, i, pair->now + 50000));
			pair_assert_secure(pair, i);
		}
		pair_free(pair);
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

/* Hundreds of calls on a network so bad that two exchanges run beside each other
 * in some of them: one session key for both sides, and all that can become secure does. */
static void on_a_bad_network_both_sides_have_one_session_key(void **state) /* R045 R079 */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_confirm_of_an_exchange_given_up_fails_nothing),
		cmocka_unit_test(of_two_confirm2_that_cross_both_sides_take_the_same),
		cmocka_unit_test(no_stream_waits_for_an_exchange_that_does_not_end),
		cmocka_unit_test(multistream_exchanges_that_cross_are_both_completed),
		cmocka_unit_test(loss_with_three_streams),
		cmocka_unit_test(on_a_bad_network_both_sides_have_one_session_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
