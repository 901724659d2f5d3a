/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose packet is this, and where does an answer go? Each rule with the attacker in
 * it and with the honest phone beside him.
 */
#include "addresses.h"

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

/* ---- how much ---- */

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

/* A muted phone behind NAT: where its ZRTP comes from is all that shows where it is. */
static void media_goes_where_zrtp_comes_from_until_rtp_does(void **state)
{
	const struct net_address nat = at(NAT, 5000), port = at(NAT, 5002);
	struct peer_address peer = hidden(), before;
	struct net_address to = nowhere;

	(void)state;
	learn(&peer, NAT, 5000);
	assert_false(peer_waits_at(&peer, &to)); /* no peer has keys */
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
		cmocka_unit_test(an_exchange_proves_a_host_that_signalling_knows_and_no_other),
		cmocka_unit_test(media_counts_for_who_has_sent_zrtp),
		cmocka_unit_test(another_peer_is_answered_where_it_came_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
