/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose packet is this where two phones are passed through: as StrictRTP learns it, and no more. */
#include "addresses.h"

static const struct peer_through locked, follows = { .follow = 1 }, srtp = { .keyed = 1, .follow = 1 },
					 locked_srtp = { .keyed = 1 };

static bool admits_at(struct peer_address *peer, enum peer_kind kind, const struct net_address *source,
		      uint32_t ssrc, uint16_t number, uint64_t now)
{
	const struct rtp_mark mark = { .ssrc = ssrc, .number = number };

	return peer_admits(peer, kind, source, &mark, locked, now);
}

static bool admits(struct peer_address *peer, enum peer_kind kind, unsigned host, uint16_t number)
{
	const struct net_address source = at(host, RTP);

	return admits_at(peer, kind, &source, 1, number, 1000 * (uint64_t)S);
}

static void passed_through_a_hello_or_rtp_in_sequence_makes_the_phone(void **state)
{
	struct peer_address peer = phone(true);

	(void)state;
	assert_false(admits(&peer, PEER_ANOTHER, NAT, 0));
	for (uint16_t n = 1; n < RTP_SOURCE_PROBATION; n++) {
		assert_false(admits(&peer, PEER_RTP, NAT, (uint16_t)(65533 + n)));
	}
	assert_true(admits(&peer, PEER_RTP, NAT, (uint16_t)(65533 + RTP_SOURCE_PROBATION)));
	assert_true(admits(&peer, PEER_ANOTHER, NAT, 0));
	assert_false(admits(&peer, PEER_HELLO, STRANGER, 0));
	peer = phone(true);
	assert_true(admits(&peer, PEER_HELLO, NAT, 0));
	assert_true(net_address_equal(
		peer_media_at(&peer),
		&(struct net_address){ .host = { 192, 0, 2, NAT }, .host_len = 4, .port = RTP }));
}

static void passed_through_a_gap_or_another_source_begins_probation_again(void **state)
{
	struct peer_address peer = phone(true);

	(void)state;
	for (uint16_t n = 0; n < 40; n++) {
		assert_false(admits(&peer, PEER_RTP, NAT, (uint16_t)(2 * n)));
	}
	for (uint16_t n = 0; n < 40; n++) {
		assert_false(admits(&peer, PEER_RTP, NAT, n));
		assert_false(admits(&peer, PEER_RTP, STRANGER, n));
	}
}

/* One who knows the phone's SSRC and numbers, and has many addresses. */
static void passed_through_several_sources_pass_no_probation_together(void **state)
{
	struct peer_address peer = phone(true);

	(void)state;
	for (uint16_t n = 0; n < 40; n++) {
		assert_false(admits(&peer, PEER_RTP, n % 2 ? STRANGER : NAT, n));
	}
}

/* A phone may send from another port than it receives at; its media goes where its SDP says. */
static void passed_through_without_nat_media_goes_where_sdp_says_and_comes_from_anywhere(void **state)
{
	const struct net_address sdp = at(PHONE, RTP), there = at(PHONE, 7000), stranger = at(STRANGER, RTP);
	struct peer_address peer = phone(false);
	uint64_t now = 100 * (uint64_t)S;

	(void)state;
	for (uint16_t n = 1; n < 100; n++, now += 20 * MS) {
		assert_int_equal(admits_at(&peer, PEER_RTP, &there, 1, n, now), n >= RTP_SOURCE_PROBATION);
		if (n > RTP_SOURCE_PROBATION) {
			assert_false(admits_at(&peer, PEER_RTP, &stranger, 1, n, now));
		}
		assert_true(net_address_equal(peer_media_at(&peer), &sdp));
	}
	assert_true(net_address_equal(peer_media_from(&peer), &there));
	assert_true(admits(&peer, PEER_ANOTHER, PHONE, 0));
	/* One that says Hello before it sends RTP; no other host does. */
	peer = phone(false);
	assert_false(admits_at(&peer, PEER_HELLO, &stranger, 0, 0, now));
	assert_true(admits_at(&peer, PEER_HELLO, &there, 0, 0, now));
	assert_true(admits_at(&peer, PEER_RTP, &there, 1, 1, now));
	assert_true(net_address_equal(peer_media_at(&peer), &sdp));
}

/* One packet with the address of the SDP, which no host can reach, must not
 * send the phone's media there. */
static void passed_through_a_phone_that_is_heard_is_not_moved_by_a_packet(void **state)
{
	const struct net_address there = at(NAT, 7000), forged = at(PHONE, RTP);
	struct peer_address peer = phone(true);
	uint64_t now = 100 * (uint64_t)S;

	(void)state;
	assert_true(admits_at(&peer, PEER_HELLO, &there, 0, 0, now));
	for (unsigned i = 0; i < 1000; i++) {
		now += 20 * MS;
		assert_true(admits_at(&peer, PEER_RTP, &there, 1, (uint16_t)i, now));
		assert_true(admits_at(&peer, PEER_HELLO, &forged, 2, (uint16_t)i,
				      now)); /* its own partner opens it, or not */
		assert_true(net_address_equal(peer_media_at(&peer), &there));
	}
	/* When it is silent there and comes from where SDP says, it is there. */
	now += RTP_SOURCE_GONE_USEC;
	assert_true(admits_at(&peer, PEER_RTP, &forged, 2, 1, now));
	assert_true(net_address_equal(peer_media_at(&peer), &forged));
	/* And when it goes on there after all, that packet has done nothing. */
	assert_true(admits_at(&peer, PEER_RTP, &there, 1, 1000, now + MS));
	assert_true(net_address_equal(peer_media_at(&peer), &there));
}

/* A phone behind NAT that has sent RTP for ten seconds, and is silent for a while. */
static struct peer_address talked(struct peer_through through, uint64_t silence, uint64_t *now)
{
	const struct net_address there = at(NAT, 7000);
	struct peer_address peer = phone(true);

	*now = 100 * (uint64_t)S;
	for (uint16_t n = 1; n <= 500; n++) {
		const struct rtp_mark mark = { .ssrc = 7, .number = n };

		peer_admits(&peer, PEER_RTP, &there, &mark, through, *now += 20 * MS);
	}
	assert_true(net_address_equal(peer_media_at(&peer), &there));
	*now += silence;
	return peer;
}

/* Some RTP in sequence from another port of the NAT; where does media go after it? */
static bool follows_to(struct peer_address *peer, struct peer_through through, uint32_t ssrc, uint16_t first,
		       uint64_t now)
{
	const struct net_address there = at(NAT, 7001);

	for (uint16_t n = 0; n < 10; n++) {
		const struct rtp_mark mark = { .ssrc = ssrc, .number = (uint16_t)(first + n) };

		peer_admits(peer, PEER_RTP, &there, &mark, through, now + n * 20 * MS);
	}
	return net_address_equal(peer_media_at(peer), &there);
}

/* A NAT forgets the call: where the stock engine follows, and no more without SRTP. */
static void passed_through_another_source_is_followed_where_strictrtp_lets_it(void **state)
{
	static const struct peer_through *const ways[] = { &locked, &follows, &locked_srtp, &srtp };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct peer_address peer;
		uint64_t now;

		peer = talked(*ways[i], RTP_SOURCE_GONE_USEC, &now);
		assert_int_equal(follows_to(&peer, *ways[i], 7, 501, now), ways[i]->follow);
		/* The phone is still heard, so this can only be a copy. */
		peer = talked(*ways[i], RTP_SOURCE_PAUSE_USEC, &now);
		assert_false(follows_to(&peer, *ways[i], 7, 501, now));
		/* After a re-INVITE the stock engine learns again, whatever strictrtp is. */
		peer = talked(*ways[i], RTP_SOURCE_PAUSE_USEC, &now);
		peer_renew(&peer, now);
		assert_true(follows_to(&peer, *ways[i], 9, 1, now));
		/* But not while the phone is heard where it was. */
		peer = talked(*ways[i], 20 * MS, &now);
		peer_renew(&peer, now);
		assert_false(follows_to(&peer, *ways[i], 9, 1, now - 20 * MS));
	}
}

/* An attacker who guesses what he cannot see, while a phone with keys is silent. */
static void passed_through_srtp_goes_on_with_its_ssrc_and_numbers(void **state)
{
	struct peer_address peer;
	uint64_t now;

	(void)state;
	peer = talked(srtp, RTP_SOURCE_GONE_USEC, &now);
	assert_false(follows_to(&peer, srtp, 8, 501, now));
	assert_false(follows_to(&peer, srtp, 7, 400, now));
	assert_true(follows_to(&peer, srtp, 7, 700, now + S));
}

/* A copier's packets move media until the phone's next one, whatever number his had. */
static void passed_through_the_phone_s_next_packet_brings_it_back(void **state)
{
	const struct net_address there = at(NAT, 7000);
	struct peer_address peer;
	uint64_t now;

	(void)state;
	peer = talked(srtp, RTP_SOURCE_GONE_USEC, &now);
	assert_true(follows_to(&peer, srtp, 7, 30000, now));
	/* One that was seen before is a copy. */
	assert_false(admits_at(&peer, PEER_RTP, &there, 7, 500, now + S / 4));
	assert_false(admits_at(&peer, PEER_RTP, &there, 8, 501, now + S / 4));
	assert_true(admits_at(&peer, PEER_RTP, &there, 7, 501, now + S / 4));
	assert_true(net_address_equal(peer_media_at(&peer), &there));
}

/* Media of this peer goes to that host. */
static bool is_at(const struct peer_address *peer, unsigned host)
{
	const struct net_address address = at(host, RTP);

	return net_address_equal(peer_media_at(peer), &address);
}

/* Soon after a session description a phone that is busy with ZRTP sends no RTP. */
static void passed_through_a_stranger_s_burst_takes_no_phone_away(void **state)
{
	const uint64_t now = 1000 * (uint64_t)S, later = now + RTP_SOURCE_PAUSE_USEC;
	const struct net_address nat = at(NAT, RTP), stranger = at(STRANGER, RTP);
	const enum peer_kind back[] = { PEER_ANOTHER, PEER_RTP };

	(void)state;
	for (int known = 0; known <= 1; known++) {
		for (size_t i = 0; i < 2; i++) {
			struct peer_address peer = known ? hidden() : phone(true);

			peer_renew(&peer, now);
			assert_true(admits_at(&peer, PEER_HELLO, &nat, 0, 0, now));
			for (uint16_t n = 1; n <= 10; n++) {
				(void)admits_at(&peer, PEER_RTP, &stranger, 9, n, later);
			}
			/* Where signalling knows the host no stranger is the phone; else until the phone's
			 * next packet. */
			assert_int_equal(is_at(&peer, NAT), known);
			assert_true(admits_at(&peer, back[i], &nat, 1, 1, later));
			assert_true(is_at(&peer, NAT));
			assert_false(admits_at(&peer, PEER_RTP, &stranger, 9, 11, later));
			assert_false(admits_at(&peer, PEER_ANOTHER, &stranger, 0, 0, later));
			assert_true(is_at(&peer, NAT));
		}
	}
	/* A stranger whose Hello was first has no way back once the phone has said one. */
	struct peer_address peer = hidden();

	assert_true(admits_at(&peer, PEER_HELLO, &stranger, 0, 0, now));
	assert_true(admits_at(&peer, PEER_HELLO, &nat, 0, 0, later + RTP_SOURCE_GONE_USEC));
	assert_false(admits_at(&peer, PEER_RTP, &stranger, 9, 1, later + RTP_SOURCE_GONE_USEC));
	assert_true(is_at(&peer, NAT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passed_through_a_hello_or_rtp_in_sequence_makes_the_phone),
		cmocka_unit_test(passed_through_a_gap_or_another_source_begins_probation_again),
		cmocka_unit_test(passed_through_several_sources_pass_no_probation_together),
		cmocka_unit_test(
			passed_through_without_nat_media_goes_where_sdp_says_and_comes_from_anywhere),
		cmocka_unit_test(passed_through_another_source_is_followed_where_strictrtp_lets_it),
		cmocka_unit_test(passed_through_srtp_goes_on_with_its_ssrc_and_numbers),
		cmocka_unit_test(passed_through_the_phone_s_next_packet_brings_it_back),
		cmocka_unit_test(passed_through_a_phone_that_is_heard_is_not_moved_by_a_packet),
		cmocka_unit_test(passed_through_a_stranger_s_burst_takes_no_phone_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
