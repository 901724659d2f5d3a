/* SPDX-License-Identifier: BSD-2-Clause */
/* How much is sent to an address before it has shown that a peer is there. */
#include "addresses.h"

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

/* A source that keeps asking for room does not push out a source that signalling knows. */
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

/* A phone that is let go was nowhere: the one that follows cannot come back to where it was. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stranger_gets_three_times_what_it_sent),
		cmocka_unit_test(many_sources_gain_nothing_from_each_other),
		cmocka_unit_test(the_signalled_address_gets_our_first_hellos_and_then_needs_credit),
		cmocka_unit_test(where_media_goes_and_what_was_signalled_share_one_account),
		cmocka_unit_test(who_has_keys_with_us_gets_all),
		cmocka_unit_test(strangers_do_not_flush_the_credit_of_the_phone),
		cmocka_unit_test(of_strangers_the_one_heard_longest_ago_makes_room),
		cmocka_unit_test(credit_has_a_bound),
		cmocka_unit_test(where_a_phone_was_is_forgotten_with_it),
		cmocka_unit_test(dh3k_through_nat_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
