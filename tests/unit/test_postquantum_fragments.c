/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of X1M1 and X3M3 in fragments, those of the peer and forged ones. */
#include "kems.h"

/* ---- fragments on the wire ---- */

struct wire {
	unsigned fragments, most, reversed, doubled;
	uint16_t last_id[2];
	struct pair_packet held; /* the first of two, to be sent after the second */
	bool holds;
};

static bool is_fragment(const struct pair_packet *packet)
{
	return packet->octets[0] == 0x11;
}

/* Swaps the fragments of a message in pairs. */
static bool swap(struct pair *pair, struct pair_packet *packet)
{
	struct wire *wire = pair->filter_arg;

	if (!is_fragment(packet)) {
		return true;
	}
	wire->fragments++;
	wire->most = packet->len > wire->most ? (unsigned)packet->len : wire->most;
	assert_true(packet->octets[12] << 8 | packet->octets[13]); /* never 0 */
	if (!wire->holds) {
		wire->held = *packet;
		wire->holds = true;
		return false;
	}
	pair->queue[pair->queued] = wire->held;
	pair->queue[pair->queued++].at = packet->at + 1;
	wire->holds = false;
	wire->reversed++;
	return true;
}

static void fragments_may_come_reversed_and_doubled(void **state)
{
	static const unsigned mtus[] = { 0, 1452, 1300, 900, 600 };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 10; i++) {
		unsigned mtu = mtus[i / 2];
		struct pair_config config = with(kems[i & 1], mtu);
		struct wire wire = { 0 };
		struct pair *pair;

		config.policy[BOB].passive = true;
		pair = pair_started(&config);
		pair->filter = swap;
		pair->filter_arg = &wire;
		pair->duplicate = 50;
		assert_true(pair_run_until_secure(pair, 0, pair->now + 20 * SECOND));
		pair_assert_keys(pair, 0);
		assert_true(wire.most <= (mtu ? mtu : 1452));
		/* X1M1 goes whole but for a small MTU. */
		assert_int_equal(wire.fragments > 0, (i & 1) || mtu == 900 || mtu == 600);
		pair_free(pair);
	}
}

/* ---- fragments that are not the peer's ---- */

/* Into Bob's stream, as if from that SSRC. */
static enum zrtp_status inject(struct pair *pair, uint32_t ssrc, const struct zrtp_fragment *fragment)
{
	uint8_t datagram[ZRTP_MTU_MAX];
	size_t len = zrtp_fragment_write(datagram, 9, ssrc, fragment);

	assert_true(len);
	return zrtp_stream_receive(pair->side[BOB].log[0].stream, datagram, len, pair->now);
}

static const struct zrtp_stream *bobs(const struct pair *pair)
{
	return pair->side[BOB].log[0].stream;
}

static bool no_commit(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return !pair_is(packet, "Commit  ") && !is_fragment(packet);
}

/* Nothing is kept before there is a Hello, of a stranger, for another message than may come,
 * and where no side has offered what could be so long. */
static void fragments_are_kept_only_where_they_mean_something(void **state)
{
	static const uint8_t octets[1428];
	const struct zrtp_fragment good = { 7, ZRTP_COMMIT_MAX, 0, octets, 1428 },
				   large = { 7, ZRTP_COMMIT_MAX + 4, 0, octets, 1428 };
	struct pair_config config = with("X3M3", 0);
	struct pair *pair;
	size_t before;

	(void)state;
	needs_mlkem();
	config.policy[BOB].passive = true;
	pair = pair_started(&config);
	before = pair->side[BOB].allocated;
	assert_int_equal(inject(pair, 1000, &good), ZRTP_DROPPED); /* no Hello yet */
	pair->filter = no_commit;
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(pair_info(pair, BOB, 0).state, ZRTP_STATE_FOUND);
	assert_int_equal(inject(pair, 4711, &good), ZRTP_DROPPED);
	assert_int_equal(inject(pair, 2000, &good), ZRTP_DROPPED); /* our own */
	assert_int_equal(inject(pair, 1000, &large), ZRTP_DROPPED);
	assert_null(bobs(pair)->assembly);
	assert_int_equal(pair->side[BOB].allocated, before);
	for (unsigned i = 0; i < 100; i++) { /* one buffer, whatever comes */
		struct zrtp_fragment other = good;

		other.id = (uint16_t)(i + 1);
		assert_int_equal(inject(pair, 1000, &other), ZRTP_OK);
	}
	assert_int_equal(pair->side[BOB].allocated, before + sizeof(struct zrtp_assembly));
	/* And the peer's own Commit comes through all the same. */
	pair->filter = NULL;
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10 * SECOND));
	pair_assert_secure(pair, 0);
	assert_null(bobs(pair)->assembly);
	assert_int_equal(inject(pair, 1000, &good), ZRTP_DROPPED); /* secure */
	pair_free(pair);
}

static void without_a_kem_in_the_policy_there_are_no_fragments(void **state)
{
	static const uint8_t octets[1428];
	const struct zrtp_fragment good = { 7, ZRTP_COMMIT_MAX, 0, octets, 1428 };
	struct pair_config config = with("X255", 0);
	struct pair *pair;

	(void)state;
	config.policy[BOB].passive = true;
	pair = pair_started(&config);
	pair->filter = no_commit;
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(pair_info(pair, BOB, 0).state, ZRTP_STATE_FOUND);
	assert_int_equal(inject(pair, 1000, &good), ZRTP_DROPPED);
	assert_null(bobs(pair)->assembly);
	pair_free(pair);
}

/* A message of fragments that is none costs one look at it, and its buffer goes back. */
static void a_forged_message_in_fragments_is_dropped(void **state)
{
	static uint8_t octets[ZRTP_COMMIT_MAX];
	struct pair_config config = with("X3M3", 0);
	struct pair *pair;
	size_t before;

	(void)state;
	needs_mlkem();
	config.policy[BOB].passive = true;
	pair = pair_started(&config);
	pair->filter = no_commit;
	pair_run(pair, pair->now + SECOND);
	before = pair->side[BOB].allocated;
	for (unsigned i = 0; i < 50; i++) {
		struct zrtp_fragment a = { 7, sizeof(octets), 0, octets, 1428 },
				     b = { 7, sizeof(octets), 1428, octets + 1428, sizeof(octets) - 1428 };

		assert_int_equal(inject(pair, 1000, &a), ZRTP_OK);
		assert_int_equal(inject(pair, 1000, &b), ZRTP_DROPPED);
		assert_int_equal(pair->side[BOB].allocated, before);
	}
	pair->filter = NULL;
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10 * SECOND));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_may_come_reversed_and_doubled),
		cmocka_unit_test(fragments_are_kept_only_where_they_mean_something),
		cmocka_unit_test(without_a_kem_in_the_policy_there_are_no_fragments),
		cmocka_unit_test(a_forged_message_in_fragments_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
