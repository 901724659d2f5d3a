/* SPDX-License-Identifier: BSD-2-Clause */
/* Where RTCP of a phone goes that is passed through: one packet of a stranger does not move it. */
#include "unit.h"

#include "decide/rtcp_choice.h"

enum { RTP = 4000, RTCP = RTP + 1, OTHER = 9000, STRANGER = 9999 };

static struct net_address at(uint8_t host, uint16_t port)
{
	struct net_address address = { .host = { 192, 0, 2, host }, .port = port, .host_len = 4 };

	return address;
}

static int comes(struct rtcp_place *place, uint8_t host, uint16_t port, uint64_t now)
{
	const struct net_address rtp = at(1, RTP), source = at(host, port);

	return rtcp_admits(place, &rtp, &source, now);
}

static void rtcp_is_not_moved_by_a_packet_while_it_is_heard(void **state)
{
	struct rtcp_place place = { .heard_at = 0 };

	(void)state;
	assert_true(comes(&place, 1, RTCP, 1));
	assert_false(comes(&place, 1, STRANGER, 2));
	assert_false(comes(&place, 2, RTCP, 3));
	assert_int_equal(place.at.port, RTCP);
}

static void rtcp_of_another_host_than_that_of_rtp_is_not_the_peers(void **state)
{
	struct rtcp_place place = { .heard_at = 0 };

	(void)state;
	assert_false(comes(&place, 2, RTCP, 1));
	assert_false(comes(&place, 2, OTHER, 2));
	assert_int_equal(place.at.host_len, 0);
}

static void rtcp_at_the_usual_port_comes_back_from_a_stranger(void **state)
{
	struct rtcp_place place = { .heard_at = 0 };

	(void)state;
	assert_true(comes(&place, 1, STRANGER, 1));
	assert_true(comes(&place, 1, RTCP, 2));
	assert_int_equal(place.at.port, RTCP);
	assert_false(comes(&place, 1, STRANGER, 3));
}

static void rtcp_behind_nat_has_any_port_and_may_change_it(void **state)
{
	struct rtcp_place place = { .heard_at = 0 };

	(void)state;
	assert_true(comes(&place, 1, OTHER, 1));
	assert_true(comes(&place, 1, OTHER, 2));
	assert_false(comes(&place, 1, OTHER + 2, 2 + RTCP_SILENCE_USEC - 1));
	assert_true(comes(&place, 1, OTHER + 2, 2 + RTCP_SILENCE_USEC));
	assert_int_equal(place.at.port, OTHER + 2);
}

static void rtcp_of_a_phone_that_has_moved_is_heard_from_its_new_host(void **state)
{
	struct rtcp_place place = { .heard_at = 0 };
	const struct net_address rtp = at(3, RTP), source = at(3, OTHER);

	(void)state;
	assert_true(comes(&place, 1, RTCP, 1));
	assert_true(rtcp_admits(&place, &rtp, &source, 2));
	assert_true(net_address_equal(&place.at, &source));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtcp_is_not_moved_by_a_packet_while_it_is_heard),
		cmocka_unit_test(rtcp_of_another_host_than_that_of_rtp_is_not_the_peers),
		cmocka_unit_test(rtcp_at_the_usual_port_comes_back_from_a_stranger),
		cmocka_unit_test(rtcp_behind_nat_has_any_port_and_may_change_it),
		cmocka_unit_test(rtcp_of_a_phone_that_has_moved_is_heard_from_its_new_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
