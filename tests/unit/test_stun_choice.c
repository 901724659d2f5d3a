/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose STUN goes on to Asterisk's own engine: exhaustively, by address, port, socket and ICE. */
#include "unit.h"

#include "decide/peer_address.h"
#include "decide/stun_choice.h"

enum { RTP = 4000, HOSTS = 5 };

static struct net_address at(uint8_t host, uint16_t port)
{
	struct net_address address = { .host = { 192, 0, 2, host }, .port = port, .host_len = 4 };

	return address;
}

/* Hosts: 1 media goes there, 2 was signalled, 3 behind NAT, 4 authenticated media came from, 5 a stranger. */
static const struct peer_address peer = {
	.remote = { .host = { 192, 0, 2, 1 }, .port = RTP, .host_len = 4 },
	.signalled = { .host = { 192, 0, 2, 2 }, .port = RTP, .host_len = 4 },
	.latched = { .host = { 192, 0, 2, 3 }, .port = RTP, .host_len = 4 },
	.heard = { .host = { 192, 0, 2, 4 }, .port = RTP, .host_len = 4 },
};

static void only_where_media_comes_from(void **state)
{
	(void)state;
	for (uint8_t host = 1; host <= HOSTS; host++) {
		for (int port = RTP - 2; port <= RTP + 2; port++) {
			for (int rtcp = 0; rtcp <= 1; rtcp++) {
				struct net_address source = at(host, (uint16_t)port);

				assert_int_equal(stun_accepts(&peer, &source, 0, rtcp),
						 host < HOSTS && port == RTP + rtcp);
				assert_true(stun_accepts(&peer, &source, 1, rtcp));
			}
		}
	}
}

static void no_answer_before_an_address_is_known(void **state)
{
	const struct peer_address unknown = { .symmetric = 1 };
	const struct net_address source = at(1, 1), nowhere = { .port = 0 };

	(void)state;
	for (int rtcp = 0; rtcp <= 1; rtcp++) {
		assert_false(stun_accepts(&unknown, &source, 0, rtcp));
		assert_false(stun_accepts(&unknown, &nowhere, 0, rtcp));
		assert_true(stun_accepts(&unknown, &source, 1, rtcp));
	}
}

static void stun_by_the_first_octet(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++) {
		assert_int_equal(stun_is((uint8_t)first), first < 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_media_comes_from),
		cmocka_unit_test(no_answer_before_an_address_is_known),
		cmocka_unit_test(stun_by_the_first_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
