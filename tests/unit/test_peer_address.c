/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose packet is this, where does an answer go, and how much of it? Each rule
 * with the attacker in it and with the honest phone beside him.
 */
#include "unit.h"

#include "decide/peer_address.h"

enum { MS = 1000, S = 1000000 };

/* 192.0.2.host:port */
static struct net_address at(unsigned host, unsigned port)
{
	struct net_address address = { .host = { 192, 0, 2, (uint8_t)host },
				       .host_len = 4,
				       .port = (uint16_t)port };

	return address;
}

static const struct net_address nowhere;

enum { PHONE = 1, NAT = 2, PROXY = 3, OTHER = 4, STRANGER = 66, RTP = 4000 };

/* A phone that signalling names, audio to where it says. */
static struct peer_address phone(bool symmetric)
{
	struct peer_address peer = { .symmetric = symmetric };
	const struct net_address address = at(PHONE, RTP);

	peer_set_remote(&peer, &address, &address, 0);
	return peer;
}

/* The same behind NAT: signalling names an address that nobody can reach, the
 * phone's media and SIP come from another one. */
static struct peer_address hidden(void)
{
	struct peer_address peer = phone(true);

	peer.signaller = at(NAT, 5060);
	return peer;
}

static bool accepts(const struct peer_address *peer, unsigned host, unsigned port)
{
	const struct net_address source = at(host, port);

	return peer_accepts(peer, &source);
}

static void learn(struct peer_address *peer, unsigned host, unsigned port)
{
	const struct net_address source = at(host, port);

	peer_learn(peer, &source);
}

static void move(struct peer_address *peer, unsigned host, unsigned port, uint64_t now)
{
	const struct net_address address = at(host, port);

	peer_set_remote(peer, &address, &address, now);
}

static void hear(struct peer_address *peer, unsigned host, unsigned port, uint64_t now)
{
	const struct net_address source = at(host, port);

	peer_heard(peer, &source, now);
}

static bool sends_to(const struct peer_address *peer, const struct net_address *answered, unsigned host,
		     unsigned port)
{
	const struct net_address address = at(host, port);

	return net_address_equal(peer_send_to(peer, answered), &address);
}

/* ---- addresses ---- */

static void addresses_differ_by_each_part_and_none_equals_nothing(void **state)
{
	struct net_address a = at(1, 1), b = at(1, 2), c = at(2, 1),
			   six = { .host = { 192, 0, 2, 1 }, .host_len = 16 };
	struct net_address link = six;

	(void)state;
	link.scope = 3;
	assert_true(net_address_equal(&a, &a));
	assert_false(net_address_equal(&a, &b));
	assert_true(net_address_same_host(&a, &b));
	assert_false(net_address_same_host(&a, &c));
	assert_false(net_address_same_host(&a, &six));
	assert_false(net_address_same_host(&six, &link));
	for (unsigned i = 0; i < sizeof(six.host); i++) {
		struct net_address other = six;

		other.host[i] ^= 1;
		assert_false(net_address_same_host(&six, &other));
	}
	assert_false(net_address_is_set(&nowhere));
	assert_false(net_address_equal(&nowhere, &nowhere));
}

/* ---- whose packet ---- */

static void no_source_is_heard_before_there_is_an_address(void **state)
{
	const struct peer_address plain = { .symmetric = 0 }, nat = { .symmetric = 1 };

	(void)state;
	assert_false(accepts(&plain, PHONE, RTP));
	assert_false(accepts(&nat, PHONE, RTP));
}

/* Of the host that the description names another port is heard, until something comes from the right one. */
static void without_nat_only_the_addresses_of_media_and_signalling_are_heard(void **state)
{
	const struct net_address remote = at(OTHER, RTP), signalled = at(PHONE, RTP);

	(void)state;
	for (unsigned known = 0; known < 2; known++) {
		struct peer_address peer = phone(false);

		peer_set_remote(&peer, &remote, &signalled, 0);
		if (known) {
			learn(&peer, PHONE, RTP);
		}
		for (unsigned host = 0; host < 256; host++) {
			for (unsigned port = RTP - 1; port <= RTP + 1; port++) {
				bool expected = (host == PHONE && (!known || port == RTP)) ||
						(host == OTHER && port == RTP);

				assert_int_equal(accepts(&peer, host, port), expected);
			}
		}
	}
}

/* It is answered where its description says, whatever port its ZRTP comes from, by one account. */
static void without_nat_a_phone_may_send_from_another_port(void **state)
{
	struct peer_address peer = phone(false);
	const struct net_address source = at(PHONE, RTP + 4), here = at(PHONE, RTP);

	(void)state;
	assert_true(accepts(&peer, PHONE, RTP + 4));
	learn(&peer, PHONE, RTP + 4);
	assert_true(accepts(&peer, PHONE, RTP + 4));
	assert_false(accepts(&peer, PHONE, RTP + 5));
	assert_true(sends_to(&peer, &source, PHONE, RTP));
	assert_false(peer_may_send(&peer, &here, PEER_SENDS_ANSWER, 1));
	peer_received(&peer, &source, 100);
	assert_true(peer_may_send(&peer, &here, PEER_SENDS_ANSWER, 300));
	assert_false(peer_may_send(&peer, &here, PEER_SENDS_ANSWER, 1));
	/* The right port is the phone's for good. */
	assert_true(accepts(&peer, PHONE, RTP));
	learn(&peer, PHONE, RTP);
	assert_false(accepts(&peer, PHONE, RTP + 4));
}

static void behind_nat_the_first_good_hello_shows_where_the_phone_is(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	assert_true(accepts(&peer, NAT, 7000));
	learn(&peer, NAT, 7000);
	assert_true(sends_to(&peer, &nowhere, NAT, 7000));
	assert_false(accepts(&peer, STRANGER, 7000));
	assert_false(accepts(&peer, NAT, 7001));
	assert_true(accepts(&peer, PHONE, RTP));
}

/* A stranger who is first does not shut the phone out. */
static void a_host_that_signalling_knows_displaces_one_that_it_does_not(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	learn(&peer, STRANGER, 1);
	assert_true(sends_to(&peer, &nowhere, STRANGER, 1));
	assert_true(accepts(&peer, NAT, 7000));
	learn(&peer, NAT, 7000);
	assert_true(sends_to(&peer, &nowhere, NAT, 7000));
	learn(&peer, STRANGER, 1);
	assert_true(sends_to(&peer, &nowhere, NAT, 7000));
	/* One that is where SDP says it is comes before all others. */
	learn(&peer, PHONE, RTP);
	assert_true(sends_to(&peer, &nowhere, PHONE, RTP));
	assert_false(accepts(&peer, NAT, 7000));
}

static void in_a_call_that_went_clear_only_where_rtp_comes_from_is_heard(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	peer.settled = 1;
	assert_true(accepts(&peer, NAT, 7000));
	peer.rtp_seen = 1;
	assert_false(accepts(&peer, NAT, 7000));
	assert_true(accepts(&peer, PHONE, RTP));
}

static void a_new_address_lets_the_phone_come_from_elsewhere_and_an_old_one_does_not(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	learn(&peer, NAT, 7000);
	move(&peer, PHONE, RTP, S); /* the same once more */
	assert_true(sends_to(&peer, &nowhere, NAT, 7000));
	move(&peer, OTHER, RTP, 2 * S);
	assert_true(accepts(&peer, NAT, 7001));
	assert_true(sends_to(&peer, &nowhere, OTHER, RTP));
	/* What the core has learnt from packets is no word of the signalling. */
	peer.moved = 0;
	peer_set_remote(&peer, &(struct net_address){ .host = { 10 }, .host_len = 4, .port = 1 },
			&peer.signalled, 3 * S);
	assert_false(peer.moved);
}

/* ---- passed through ---- */

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

static void passed_through_a_gap_or_another_source_begins_probation_anew(void **state)
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

/* One packet with the address of the SDP, which nobody can reach, must not
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
		/* The phone is still heard, so this is nobody but a copier. */
		peer = talked(*ways[i], RTP_SOURCE_PAUSE_USEC, &now);
		assert_false(follows_to(&peer, *ways[i], 7, 501, now));
		/* After a re-INVITE the stock engine learns anew, whatever strictrtp is. */
		peer = talked(*ways[i], RTP_SOURCE_PAUSE_USEC, &now);
		peer_renew(&peer, now);
		assert_true(follows_to(&peer, *ways[i], 9, 1, now));
		/* But not while the phone is heard where it was. */
		peer = talked(*ways[i], 20 * MS, &now);
		peer_renew(&peer, now);
		assert_false(follows_to(&peer, *ways[i], 9, 1, now - 20 * MS));
	}
}

/* Somebody who guesses what he cannot see, while a phone with keys is silent. */
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

/* ---- who may take a secure stream ---- */

static enum peer_claim claims(const struct peer_address *peer, enum peer_hash hash, bool same_zid,
			      unsigned host, uint64_t now)
{
	const struct net_address source = at(host, 9999);

	return peer_claims(peer, hash, same_zid, &source, now);
}

/* Every case of the rule, by the words of the header. */
static void only_who_signalling_vouches_for_claims_a_secure_stream(void **state)
{
	static const unsigned hosts[] = { PHONE, NAT, OTHER, STRANGER };
	static const uint64_t silences[] = { 0,
					     PEER_PAUSE_USEC,
					     PEER_PAUSE_USEC + 1,
					     PEER_SILENCE_USEC,
					     PEER_SILENCE_USEC + 1,
					     3600 * (uint64_t)S };

	(void)state;
	for (unsigned bits = 0; bits < 8 * 6 * 4; bits++) {
		bool renewed = bits & 1, moved = bits & 2, zid = bits & 4;
		uint64_t silence = silences[bits / 8 % 6], now = 7200 * (uint64_t)S;
		unsigned host = hosts[bits / 48];
		struct peer_address peer = hidden();
		bool open = renewed && host != STRANGER;
		enum peer_claim wanted = PEER_CLAIM_NONE;

		hear(&peer, OTHER, RTP, 10 * S); /* where authenticated media came from */
		peer.renewed = renewed;
		peer.moved = moved;
		peer.renewed_at = now - silence;
		if (open && zid && silence > PEER_PAUSE_USEC) {
			wanted = PEER_CLAIM_SAME;
		} else if (open && !zid && moved && silence > PEER_SILENCE_USEC) {
			wanted = PEER_CLAIM_OTHER;
		}
		assert_int_equal(claims(&peer, PEER_HASH_NONE, zid, host, now), wanted);
		assert_int_equal(claims(&peer, PEER_HASH_DIFFERS, zid, host, now), PEER_CLAIM_NONE);
		assert_int_equal(claims(&peer, PEER_HASH_MATCHES, zid, host, now), PEER_CLAIM_HASH);
		/* Silence counts from the last packet of the peer, if that is later. */
		peer.heard_at = now;
		assert_int_equal(claims(&peer, PEER_HASH_NONE, zid, host, now), PEER_CLAIM_NONE);
	}
}

/* A re-INVITE names an address behind NAT, the phone is silent, and anybody
 * says Hello from anywhere. */
static void a_stranger_does_not_take_a_silent_call_behind_nat(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	hear(&peer, NAT, 7000, 10 * S);
	peer_secure(&peer, &nowhere);
	move(&peer, OTHER, RTP, 20 * S);
	for (uint64_t now = 20 * S; now < 60 * (uint64_t)S; now += 100 * MS) {
		assert_int_equal(claims(&peer, PEER_HASH_NONE, false, STRANGER, now), PEER_CLAIM_NONE);
		assert_int_equal(claims(&peer, PEER_HASH_NONE, true, STRANGER, now), PEER_CLAIM_NONE);
	}
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, OTHER, 22 * S), PEER_CLAIM_OTHER);
}

/* Behind NAT the core sends media to where any RTP comes from, also what no key
 * opens: that is not a word of the signalling's. */
static void rtp_that_moves_the_media_gives_a_stranger_no_claim(void **state)
{
	const struct net_address stranger = at(STRANGER, 9999), signalled = at(OTHER, RTP);

	(void)state;
	for (int moved = 0; moved <= 1; moved++) {
		struct peer_address peer = hidden();

		hear(&peer, NAT, 7000, 10 * S);
		peer_secure(&peer, &nowhere);
		if (moved) {
			move(&peer, OTHER, RTP, 20 * S);
		} else {
			peer_renew(&peer, 20 * S);
		}
		peer_set_remote(&peer, &stranger, moved ? &signalled : &nowhere, 21 * S);
		for (uint64_t now = 21 * S; now < 60 * (uint64_t)S; now += 100 * MS) {
			assert_int_equal(claims(&peer, PEER_HASH_NONE, false, STRANGER, now),
					 PEER_CLAIM_NONE);
			assert_int_equal(claims(&peer, PEER_HASH_NONE, true, STRANGER, now), PEER_CLAIM_NONE);
		}
		/* Nor is the stranger sent anything for an exchange that it begins. */
		peer_engage(&peer, &stranger);
		assert_false(peer_may_send(&peer, &stranger, PEER_SENDS_ANSWER, 1));
		/* Who is where signalling or keys say is still heard. */
		assert_int_equal(claims(&peer, PEER_HASH_NONE, false, moved ? OTHER : NAT, 30 * S),
				 moved ? PEER_CLAIM_OTHER : PEER_CLAIM_NONE);
		assert_int_equal(claims(&peer, PEER_HASH_NONE, true, NAT, 30 * S), PEER_CLAIM_SAME);
	}
}

/* Without NAT only signalling says where media goes, as with media passed by on the PBX. */
static void without_nat_where_media_goes_is_vouched_for(void **state)
{
	struct peer_address peer = phone(false);
	const struct net_address remote = at(NAT, 9999), signalled = at(OTHER, RTP);

	(void)state;
	hear(&peer, PHONE, RTP, 10 * S);
	peer_secure(&peer, &nowhere);
	peer_set_remote(&peer, &remote, &signalled, 20 * S);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, NAT, 30 * S), PEER_CLAIM_OTHER);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, STRANGER, 30 * S), PEER_CLAIM_NONE);
}

/* Whose RTP the stock engine, which believes any, may see on a secure stream. */
static void media_of_a_secure_stream_comes_from_where_it_is_known_to(void **state)
{
	static const struct {
		unsigned host, port;
		bool known;
	} sources[] = { { PHONE, RTP, true },     { OTHER, RTP, true },      { NAT, 7000, true },
			{ PROXY, 8000, true },    { PHONE, RTP + 1, false }, { NAT, 7001, false },
			{ STRANGER, RTP, false }, { STRANGER, 7000, false } };
	const struct net_address remote = at(OTHER, RTP), signalled = at(PHONE, RTP);
	struct peer_address peer = hidden();

	(void)state;
	peer_set_remote(&peer, &remote, &signalled, S);
	peer.latched = at(NAT, 7000);
	hear(&peer, PROXY, 8000, 2 * S);
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		const struct net_address source = at(sources[i].host, sources[i].port);

		assert_int_equal(peer_has_media_at(&peer, &source), sources[i].known);
	}
	assert_false(peer_has_media_at(&peer, &nowhere));
	/* A phone that the NAT gives another port is known by one packet that keys open. */
	hear(&peer, NAT, 7001, 3 * S);
	assert_true(peer_has_media_at(
		&peer, &(struct net_address){ .host = { 192, 0, 2, NAT }, .host_len = 4, .port = 7001 }));
}

static const struct rtp_mark *mark_of(uint16_t number)
{
	static struct rtp_mark mark = { .ssrc = 7 };

	mark.number = number;
	return &mark;
}

/* Behind NAT, with RTP that our keys open for ten seconds. */
static struct peer_address secure_phone(uint64_t *now)
{
	struct peer_address peer = phone(true);
	const struct net_address there = at(NAT, 7000);

	*now = 100 * (uint64_t)S;
	assert_true(peer_may_be_newcomer(&peer, &there, mark_of(1), *now));
	assert_int_equal(peer_newcomer(&peer, &there, mark_of(1), *now), 0); /* the stock engine learns it */
	for (uint16_t n = 2; n <= 500; n++) {
		assert_true(peer_has_media_at(&peer, &there));
		peer_heard_rtp(&peer, &there, mark_of(n), *now += 20 * MS);
	}
	return peer;
}

/* Not even a packet in the name of the address in SDP, which the stock engine would follow. */
static void a_secure_phone_that_is_heard_is_nowhere_else(void **state)
{
	static const unsigned hosts[] = { PHONE, NAT, OTHER, STRANGER };
	uint64_t now;
	struct peer_address peer = secure_phone(&now);
	const struct net_address there = at(NAT, 7000);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct net_address copier = at(hosts[i], RTP);

		assert_false(peer_has_media_at(&peer, &copier));
		for (uint16_t n = 501; n < 520; n++) {
			assert_false(peer_may_be_newcomer(&peer, &copier, mark_of(n), now + 100 * MS));
			assert_int_equal(peer_newcomer(&peer, &copier, mark_of(n), now + 100 * MS), 0);
		}
	}
	assert_true(peer_has_media_at(&peer, &there));
}

/* The stock engine would follow one packet in the name of the address in SDP; the keys have to open some. */
static void a_secure_phone_is_soon_where_a_session_description_says(void **state)
{
	uint64_t now;
	struct peer_address peer = secure_phone(&now);
	const struct net_address expected = at(PHONE, RTP), other = at(OTHER, RTP);

	(void)state;
	peer_renew(&peer, now);
	assert_false(peer_has_media_at(&peer, &expected));
	now += RTP_SOURCE_PAUSE_USEC - 1;
	assert_false(peer_may_be_newcomer(&peer, &expected, mark_of(501), now));
	now++;
	assert_false(peer_may_be_newcomer(&peer, &other, mark_of(501), now));
	/* It may begin its numbers anew. */
	for (uint16_t n = 0; n < RTP_SOURCE_PROBATION; n++) {
		assert_true(peer_may_be_newcomer(&peer, &expected, mark_of(1 + n), now));
		assert_int_equal(peer_newcomer(&peer, &expected, mark_of(1 + n), now),
				 n + 1 == RTP_SOURCE_PROBATION);
	}
	assert_true(peer_has_media_at(&peer, &expected));
}

static void a_secure_phone_moves_once_it_is_silent_and_several_newer_packets_came(void **state)
{
	uint64_t now;
	struct peer_address peer = secure_phone(&now);
	const struct net_address former = at(NAT, 7000), there = at(NAT, 7001);

	(void)state;
	now += RTP_SOURCE_GONE_USEC;
	for (uint16_t n = 0; n < RTP_SOURCE_PROBATION; n++) {
		assert_true(peer_may_be_newcomer(&peer, &there, mark_of(501 + n), now));
		assert_int_equal(peer_newcomer(&peer, &there, mark_of(501 + n), now),
				 n + 1 == RTP_SOURCE_PROBATION);
	}
	assert_true(peer_has_media_at(&peer, &there));
	assert_false(peer_has_media_at(&peer, &former));
	/* The former source: what it sent before, then something newer. */
	assert_false(peer_may_be_newcomer(&peer, &former, mark_of(500), now));
	assert_true(peer_may_be_newcomer(&peer, &former, mark_of(501), now));
	assert_true(rtp_source_was_copied(&peer.rtp, &former, mark_of(501))); /* the copier was first */
	assert_false(rtp_source_was_copied(&peer.rtp, &former, mark_of(500)));
	assert_false(rtp_source_was_copied(&peer.rtp, &former, mark_of(600)));
	assert_false(rtp_source_was_copied(&peer.rtp, &there, mark_of(501)));
	assert_int_equal(peer_was_copied(&peer, &there, mark_of(501), now), 0);
	assert_int_equal(peer_was_copied(&peer, &former, mark_of(501), now), 1);
	assert_true(peer_has_media_at(&peer, &former));
}

/* RTCP that shares the port: a copy that is opened would make the original a replay. */
static void rtcp_from_elsewhere_is_opened_once_the_phone_is_silent(void **state)
{
	uint64_t now;
	struct peer_address peer = secure_phone(&now), unheard = phone(true);

	(void)state;
	assert_false(peer_may_send_rtcp_elsewhere(&peer, now + RTP_SOURCE_GONE_USEC - 1));
	assert_true(peer_may_send_rtcp_elsewhere(&peer, now + RTP_SOURCE_GONE_USEC));
	assert_true(peer_may_send_rtcp_elsewhere(&unheard, 0));
}

/* What brings it back was not opened: whoever sees the call can say it. It counts once for a place where
 * nothing is heard. */
static void a_secure_phone_goes_back_once_by_what_cannot_be_decrypted(void **state)
{
	const struct net_address former = at(NAT, 7000), there = at(NAT, 7001);

	(void)state;
	for (int heard = 0; heard <= 1; heard++) {
		uint64_t now, heard_at;
		struct peer_address peer = secure_phone(&now);

		for (int turn = 0; turn <= 1; turn++) {
			now += RTP_SOURCE_GONE_USEC;
			for (uint16_t n = 0; n < RTP_SOURCE_PROBATION; n++) {
				assert_int_equal(
					peer_newcomer(&peer, &there, mark_of(601 + 10 * turn + n), now),
					n + 1 == RTP_SOURCE_PROBATION);
			}
			heard_at = peer.heard_at;
			assert_int_equal(peer_was_copied(&peer, &former, mark_of(601 + 10 * turn), now),
					 !turn || heard);
			assert_int_equal(peer.heard_at, heard_at);
			assert_true(net_address_equal(&peer.proved, &there));
			if (heard) {
				peer_heard_rtp(&peer, &former, mark_of(609), now);
			}
		}
	}
}

/* ICE has checked its addresses, and without rtp_symmetric media goes where SDP says. */
static void with_ice_or_without_nat_one_packet_makes_a_source_known(void **state)
{
	for (int ice = 0; ice <= 1; ice++) {
		struct peer_address peer = phone(ice);
		const struct net_address first = at(NAT, 7000), second = at(NAT, 7001);

		(void)state;
		peer.ice = ice != 0;
		peer_heard_rtp(&peer, &first, mark_of(1), 100 * (uint64_t)S);
		/* Not as long as it is heard: a copy would make the original a replay. */
		assert_false(peer_may_be_newcomer(&peer, &second, mark_of(2),
						  100 * (uint64_t)S + RTP_SOURCE_PAUSE_USEC - 1));
		assert_true(peer_may_be_newcomer(&peer, &second, mark_of(2),
						 100 * (uint64_t)S + RTP_SOURCE_PAUSE_USEC));
		assert_int_equal(peer_newcomer(&peer, &second, mark_of(2), 100 * (uint64_t)S), 0);
		assert_true(peer_has_media_at(&peer, &second));
	}
}

/* From Wi-Fi to LTE: the phone has its keys, and sends with them. */
static void a_phone_that_moves_itself_keeps_its_call(void **state)
{
	struct peer_address peer = phone(true);

	(void)state;
	hear(&peer, PHONE, RTP, 10 * S);
	peer_secure(&peer, &nowhere);
	move(&peer, OTHER, RTP, 20 * S);
	for (uint64_t now = 20 * S; now < 40 * S; now += 20 * MS) {
		hear(&peer, NAT, 7000, now);
		assert_int_equal(claims(&peer, PEER_HASH_NONE, false, OTHER, now + MS), PEER_CLAIM_NONE);
	}
	assert_false(peer.moved || peer.renewed);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, OTHER, 60 * (uint64_t)S), PEER_CLAIM_NONE);
}

/* What was on its way when the peer was replaced does not keep the place. */
static void late_packets_of_a_replaced_peer_do_not_shut_its_successor_out(void **state)
{
	struct peer_address peer = phone(false);

	(void)state;
	peer_secure(&peer, &nowhere);
	move(&peer, OTHER, RTP, 20 * S);
	hear(&peer, PHONE, RTP, 20 * S + 300 * MS);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, OTHER, 21 * S), PEER_CLAIM_NONE);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, OTHER, 22 * S), PEER_CLAIM_OTHER);
}

/* Held and resumed at one address: the phone may have begun anew, another may not. */
static void after_hold_the_same_phone_may_begin_anew_and_no_other(void **state)
{
	struct peer_address peer = phone(false);

	(void)state;
	hear(&peer, PHONE, RTP, 10 * S);
	peer_secure(&peer, &nowhere);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, true, PHONE, 30 * S), PEER_CLAIM_NONE);
	peer_renew(&peer, 40 * S);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, true, PHONE, 42 * S), PEER_CLAIM_SAME);
	assert_int_equal(claims(&peer, PEER_HASH_NONE, false, PHONE, 42 * S), PEER_CLAIM_NONE);
}

/* ---- how much ---- */

static bool may(struct peer_address *peer, unsigned host, unsigned port, enum peer_message message,
		size_t octets)
{
	const struct net_address to = at(host, port);

	return peer_may_send(peer, &to, message, octets);
}

static void got(struct peer_address *peer, unsigned host, unsigned port, size_t octets)
{
	const struct net_address source = at(host, port);

	peer_received(peer, &source, octets);
}

static size_t all_of(struct peer_address *peer, unsigned host, unsigned port, enum peer_message message,
		     size_t each)
{
	size_t sent = 0;

	for (unsigned i = 0; i < 1000 && may(peer, host, port, message, each); i++) {
		sent += each;
	}
	return sent;
}

static void a_stranger_gets_three_times_what_it_sent(void **state)
{
	(void)state;
	for (size_t each = 1; each < 600; each += 13) {
		struct peer_address peer = hidden();
		size_t sent = 0, received = 0;

		for (unsigned round = 0; round < 40; round++) {
			got(&peer, STRANGER, 7, 140 + round);
			received += 140 + round;
			sent += all_of(&peer, STRANGER, 7, round % 2 ? PEER_SENDS_HELLO : PEER_SENDS_ANSWER,
				       each);
			assert_true(sent <= PEER_FACTOR * received);
			assert_true(sent + each > PEER_FACTOR * received);
		}
		assert_int_equal(all_of(&peer, STRANGER, 8, PEER_SENDS_ANSWER, 1), 0);
		assert_int_equal(all_of(&peer, STRANGER, 7, PEER_SENDS_REQUEST, PEER_FACTOR * 200), 0);
	}
}

/* Of many sources at once, in any order, none gets more than it may. */
static void many_sources_gain_nothing_from_each_other(void **state)
{
	size_t sent[16] = { 0 }, received[16] = { 0 };
	struct peer_address peer = hidden();
	unsigned dice = 1;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		unsigned host = (dice = dice * 1103515245 + 12345) >> 16 & 15;
		unsigned octets = dice >> 20 & 511;

		if (dice & 0x40000000) {
			got(&peer, 100 + host, 7, octets);
			received[host] += octets;
		} else if (may(&peer, 100 + host, 7, PEER_SENDS_ANSWER, octets)) {
			sent[host] += octets;
		}
		assert_true(sent[host] <= PEER_FACTOR * received[host]);
	}
	assert_true(sent[3] > 0);
}

static void the_signalled_address_gets_our_first_hellos_and_then_needs_credit(void **state)
{
	struct peer_address peer = phone(false);

	(void)state;
	assert_false(may(&peer, PHONE, RTP, PEER_SENDS_ANSWER, 28));
	assert_int_equal(all_of(&peer, PHONE, RTP, PEER_SENDS_HELLO, 150), PEER_HELLOS * 150);
	got(&peer, PHONE, RTP, 140);
	assert_int_equal(all_of(&peer, PHONE, RTP, PEER_SENDS_HELLO, 150), 300);
	/* Another address that signalling names is to hear of us as well, */
	move(&peer, OTHER, RTP, S);
	assert_int_equal(all_of(&peer, OTHER, RTP, PEER_SENDS_HELLO, 150), PEER_HELLOS * 150);
	/* and for longer where it announced ZRTP (6). */
	peer_announce(&peer);
	assert_int_equal(all_of(&peer, OTHER, RTP, PEER_SENDS_HELLO, 150), PEER_HELLOS_PROMISED * 150);
}

static void where_media_goes_and_what_was_signalled_share_one_account(void **state)
{
	struct peer_address peer = phone(true);
	const struct net_address learnt = at(NAT, 7000), signalled = at(PHONE, RTP);

	(void)state;
	peer_set_remote(&peer, &learnt, &signalled, 0);
	got(&peer, PHONE, RTP, 100);
	assert_true(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, 200));
	assert_true(may(&peer, PHONE, RTP, PEER_SENDS_ANSWER, 100));
	assert_false(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, 1));
}

static void who_has_keys_with_us_gets_all(void **state)
{
	struct peer_address peer = hidden();
	const struct net_address source = at(NAT, 7000);

	(void)state;
	peer_secure(&peer, &source);
	assert_int_equal(all_of(&peer, NAT, 7000, PEER_SENDS_ANSWER, 500), 500 * 1000);
	assert_false(may(&peer, STRANGER, 7000, PEER_SENDS_ANSWER, 28));
	hear(&peer, OTHER, 1, S); /* it has moved */
	assert_true(may(&peer, OTHER, 1, PEER_SENDS_ANSWER, 500));
	assert_false(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, 500));
	/* What we begin ourselves goes to where media goes even so. */
	assert_true(may(&peer, PHONE, RTP, PEER_SENDS_REQUEST, 28));
}

/* Whoever keeps asking for room does not push out whom signalling knows. */
static void strangers_do_not_flush_the_credit_of_the_phone(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	got(&peer, PHONE, RTP, 100);
	got(&peer, NAT, 7000, 100);
	for (unsigned host = 100; host < 200; host++) {
		got(&peer, host, 7, 1000);
	}
	assert_true(may(&peer, PHONE, RTP, PEER_SENDS_ANSWER, 300));
	assert_true(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, 300));
	assert_false(may(&peer, 100, 7, PEER_SENDS_ANSWER, 1));
}

/* Among strangers the one that was heard longest ago makes room. */
static void of_strangers_the_one_heard_longest_ago_makes_room(void **state)
{
	struct peer_address peer = hidden();

	(void)state;
	for (unsigned host = 100; host < 100 + PEER_SOURCES; host++) {
		got(&peer, host, 7, 100);
	}
	got(&peer, 100, 7, 100); /* heard again */
	got(&peer, 200, 7, 100);
	assert_true(may(&peer, 100, 7, PEER_SENDS_ANSWER, 1));
	assert_true(may(&peer, 200, 7, PEER_SENDS_ANSWER, 1));
	assert_false(may(&peer, 101, 7, PEER_SENDS_ANSWER, 1));
	for (unsigned host = 102; host < 100 + PEER_SOURCES; host++) {
		assert_true(may(&peer, host, 7, PEER_SENDS_ANSWER, 1));
	}
}

/* Hours of media are no credit for a flood. */
static void credit_has_a_bound(void **state)
{
	struct peer_address peer = hidden();
	size_t all;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		got(&peer, STRANGER, 7, 1500);
	}
	all = all_of(&peer, STRANGER, 7, PEER_SENDS_ANSWER, 1000);
	assert_true(all <= 65536 && all >= 60000);
}

/* Who is let go was nowhere: whoever follows cannot come back to where he was. */
static void where_a_phone_was_is_forgotten_with_it(void **state)
{
	static const struct rtp_source unknown;
	struct peer_address peer = hidden();
	uint64_t now = 1000000;

	(void)state;
	for (uint16_t n = 1; n < 10; n++) {
		const struct net_address source = at(NAT, 7000);

		now += 20000;
		peer_heard_rtp(&peer, &source, mark_of(n), now);
	}
	assert_true(net_address_is_set(&peer.rtp.at));
	peer_forget(&peer);
	assert_memory_equal(&peer.rtp, &unknown, sizeof(unknown));
	assert_false(net_address_is_set(&peer.heard) || net_address_is_set(&peer.latched) ||
		     net_address_is_set(&peer.proved));
	assert_int_equal(peer.heard_at, 0);
}

static void an_exchange_proves_a_host_that_signalling_knows_and_no_other(void **state)
{
	static const unsigned hosts[] = { PHONE, NAT, STRANGER };

	(void)state;
	for (unsigned h = 0; h < 3; h++) {
		struct peer_address peer = hidden();
		const struct net_address source = at(hosts[h], RTP);

		peer_engage(&peer, &source);
		assert_int_equal(all_of(&peer, hosts[h], RTP, PEER_SENDS_ANSWER, 1),
				 hosts[h] == STRANGER ? 0 : 1000);
	}
}

static void media_counts_for_who_has_sent_zrtp(void **state)
{
	struct peer_address peer = hidden();
	const struct net_address source = at(STRANGER, 7);

	(void)state;
	peer_received_media(&peer, &source, 172);
	assert_false(may(&peer, STRANGER, 7, PEER_SENDS_ANSWER, 1));
	got(&peer, STRANGER, 7, 100);
	peer_received_media(&peer, &source, 172);
	assert_int_equal(all_of(&peer, STRANGER, 7, PEER_SENDS_ANSWER, 1), PEER_FACTOR * 272);
}

static void another_peer_is_answered_where_it_came_from(void **state)
{
	struct peer_address peer = hidden();
	const struct net_address source = at(NAT, 8000);

	(void)state;
	learn(&peer, NAT, 7000);
	hear(&peer, NAT, 7000, S);
	move(&peer, OTHER, RTP, 20 * S);
	peer_replace(&peer, &source);
	assert_true(sends_to(&peer, &nowhere, NAT, 8000));
	assert_true(may(&peer, NAT, 8000, PEER_SENDS_ANSWER, 5000));
	assert_false(peer.moved || peer.renewed);
}

/* The largest exchange there is, over a network that loses every other answer
 * of ours: DHPart1 of DH3k is 484 octets, the Commit that asks for it 132. */
static void dh3k_through_nat_fits(void **state)
{
	enum { HELLO = 156, ACK = 28, COMMIT = 132, DHPART = 484, CONFIRM = 92 };
	struct peer_address peer = hidden();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		got(&peer, NAT, 7000, HELLO);
		assert_true(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, ACK));
		assert_true(may(&peer, NAT, 7000, PEER_SENDS_HELLO, HELLO));
	}
	for (unsigned i = 0; i < 2; i++) {
		got(&peer, NAT, 7000, COMMIT);
		assert_true(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, DHPART));
	}
	for (unsigned i = 0; i < 10; i++) {
		got(&peer, NAT, 7000, DHPART);
		assert_true(may(&peer, NAT, 7000, PEER_SENDS_ANSWER, CONFIRM));
	}
}

/* A muted phone behind NAT: where its ZRTP comes from is all that shows where it is. */
static void media_goes_where_zrtp_comes_from_until_rtp_does(void **state)
{
	const struct net_address nat = at(NAT, 5000), port = at(NAT, 5002);
	struct peer_address peer = hidden(), before;
	struct net_address to = nowhere;

	(void)state;
	learn(&peer, NAT, 5000);
	assert_false(peer_waits_at(&peer, &to)); /* nobody has keys */
	peer_secure(&peer, &nat);
	assert_true(peer_waits_at(&peer, &to));
	assert_true(net_address_equal(&to, &nat));
	/* Once done it goes on like that, and says so no more. */
	before = peer;
	peer_set_remote(&peer, &nat, &peer.signalled, S);
	assert_false(peer_waits_at(&peer, &to));
	/* RTP shows another port, whether it is the first thing or comes later. */
	peer_heard(&peer, &port, 2 * S);
	peer_set_remote(&peer, &port, &peer.signalled, 2 * S);
	assert_false(peer_waits_at(&peer, &to));
	peer = before;
	peer_heard(&peer, &port, S);
	assert_false(peer_waits_at(&peer, &to));
	peer = before;
	peer.rtp_seen = 1;
	assert_false(peer_waits_at(&peer, &to));
	/* RTCP shows nothing of it: its port is another one. */
	peer = before;
	peer_heard(&peer, &nowhere, S);
	assert_true(peer_waits_at(&peer, &to));
}

/* Without NAT signalling says where media goes; and what it says later counts. */
static void media_follows_zrtp_only_behind_nat_and_not_after_a_move(void **state)
{
	const struct net_address nat = at(NAT, 5000), moved = at(OTHER, RTP);
	struct peer_address peer = phone(false);
	struct net_address to = nowhere;

	(void)state;
	peer_secure(&peer, &nat);
	assert_false(peer_waits_at(&peer, &to));
	peer = hidden();
	peer_secure(&peer, &nat);
	peer_set_remote(&peer, &moved, &moved, S);
	assert_false(peer_waits_at(&peer, &to));
	peer = hidden();
	peer_engage(&peer, &(struct net_address){ .host_len = 0 });
	assert_false(peer_waits_at(&peer, &to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_goes_where_zrtp_comes_from_until_rtp_does),
		cmocka_unit_test(media_follows_zrtp_only_behind_nat_and_not_after_a_move),
		cmocka_unit_test(addresses_differ_by_each_part_and_none_equals_nothing),
		cmocka_unit_test(no_source_is_heard_before_there_is_an_address),
		cmocka_unit_test(without_nat_only_the_addresses_of_media_and_signalling_are_heard),
		cmocka_unit_test(without_nat_a_phone_may_send_from_another_port),
		cmocka_unit_test(behind_nat_the_first_good_hello_shows_where_the_phone_is),
		cmocka_unit_test(a_host_that_signalling_knows_displaces_one_that_it_does_not),
		cmocka_unit_test(in_a_call_that_went_clear_only_where_rtp_comes_from_is_heard),
		cmocka_unit_test(a_new_address_lets_the_phone_come_from_elsewhere_and_an_old_one_does_not),
		cmocka_unit_test(passed_through_a_hello_or_rtp_in_sequence_makes_the_phone),
		cmocka_unit_test(passed_through_a_gap_or_another_source_begins_probation_anew),
		cmocka_unit_test(passed_through_several_sources_pass_no_probation_together),
		cmocka_unit_test(
			passed_through_without_nat_media_goes_where_sdp_says_and_comes_from_anywhere),
		cmocka_unit_test(passed_through_another_source_is_followed_where_strictrtp_lets_it),
		cmocka_unit_test(passed_through_srtp_goes_on_with_its_ssrc_and_numbers),
		cmocka_unit_test(passed_through_the_phone_s_next_packet_brings_it_back),
		cmocka_unit_test(passed_through_a_phone_that_is_heard_is_not_moved_by_a_packet),
		cmocka_unit_test(only_who_signalling_vouches_for_claims_a_secure_stream),
		cmocka_unit_test(a_stranger_does_not_take_a_silent_call_behind_nat),
		cmocka_unit_test(rtp_that_moves_the_media_gives_a_stranger_no_claim),
		cmocka_unit_test(without_nat_where_media_goes_is_vouched_for),
		cmocka_unit_test(media_of_a_secure_stream_comes_from_where_it_is_known_to),
		cmocka_unit_test(a_secure_phone_that_is_heard_is_nowhere_else),
		cmocka_unit_test(passed_through_a_stranger_s_burst_takes_no_phone_away),
		cmocka_unit_test(a_secure_phone_is_soon_where_a_session_description_says),
		cmocka_unit_test(a_secure_phone_goes_back_once_by_what_cannot_be_decrypted),
		cmocka_unit_test(rtcp_from_elsewhere_is_opened_once_the_phone_is_silent),
		cmocka_unit_test(a_secure_phone_moves_once_it_is_silent_and_several_newer_packets_came),
		cmocka_unit_test(with_ice_or_without_nat_one_packet_makes_a_source_known),
		cmocka_unit_test(a_phone_that_moves_itself_keeps_its_call),
		cmocka_unit_test(late_packets_of_a_replaced_peer_do_not_shut_its_successor_out),
		cmocka_unit_test(after_hold_the_same_phone_may_begin_anew_and_no_other),
		cmocka_unit_test(a_stranger_gets_three_times_what_it_sent),
		cmocka_unit_test(many_sources_gain_nothing_from_each_other),
		cmocka_unit_test(the_signalled_address_gets_our_first_hellos_and_then_needs_credit),
		cmocka_unit_test(where_media_goes_and_what_was_signalled_share_one_account),
		cmocka_unit_test(who_has_keys_with_us_gets_all),
		cmocka_unit_test(strangers_do_not_flush_the_credit_of_the_phone),
		cmocka_unit_test(of_strangers_the_one_heard_longest_ago_makes_room),
		cmocka_unit_test(credit_has_a_bound),
		cmocka_unit_test(where_a_phone_was_is_forgotten_with_it),
		cmocka_unit_test(an_exchange_proves_a_host_that_signalling_knows_and_no_other),
		cmocka_unit_test(media_counts_for_who_has_sent_zrtp),
		cmocka_unit_test(another_peer_is_answered_where_it_came_from),
		cmocka_unit_test(dh3k_through_nat_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
