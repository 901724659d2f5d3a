/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may take over a stream that is secure, and when a secure phone may be somewhere else. */
#include "addresses.h"

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

/* A re-INVITE names an address behind NAT, the phone is silent, and any host
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
	/* It may begin its numbers again. */
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

/* What brings it back was not opened: any host that sees the call can send it. It counts once for a place
 * where nothing is heard. */
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

/* Held and resumed at one address: the phone may have begun again, another may not. */
static void after_hold_the_same_phone_may_begin_again_and_no_other(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_signalling_vouches_for_claims_a_secure_stream),
		cmocka_unit_test(a_stranger_does_not_take_a_silent_call_behind_nat),
		cmocka_unit_test(rtp_that_moves_the_media_gives_a_stranger_no_claim),
		cmocka_unit_test(without_nat_where_media_goes_is_vouched_for),
		cmocka_unit_test(media_of_a_secure_stream_comes_from_where_it_is_known_to),
		cmocka_unit_test(a_secure_phone_that_is_heard_is_nowhere_else),
		cmocka_unit_test(a_secure_phone_is_soon_where_a_session_description_says),
		cmocka_unit_test(a_secure_phone_goes_back_once_by_what_cannot_be_decrypted),
		cmocka_unit_test(rtcp_from_elsewhere_is_opened_once_the_phone_is_silent),
		cmocka_unit_test(a_secure_phone_moves_once_it_is_silent_and_several_newer_packets_came),
		cmocka_unit_test(with_ice_or_without_nat_one_packet_makes_a_source_known),
		cmocka_unit_test(a_phone_that_moves_itself_keeps_its_call),
		cmocka_unit_test(late_packets_of_a_replaced_peer_do_not_shut_its_successor_out),
		cmocka_unit_test(after_hold_the_same_phone_may_begin_again_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
