/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes out in place of RTCP that may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide/keepalive.h"
#include "decide/stun_choice.h"
#include "decide/wire.h"

static void is_a_binding_indication_and_neither_rtp_rtcp_nor_zrtp(void **state)
{
	const uint8_t id[KEEPALIVE_ID_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	const uint8_t expected[KEEPALIVE_SIZE] = { 0x00, 0x11, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 1,  2,
						   3,    4,    5,    6,    7,    8,    9,    10,   11, 12 };
	uint8_t out[KEEPALIVE_SIZE + 1];

	(void)state;
	memset(out, 0x55, sizeof(out));
	keepalive_write(out, id);
	assert_memory_equal(out, expected, sizeof(expected));
	assert_int_equal(out[KEEPALIVE_SIZE], 0x55);
	assert_true(stun_is(out[0]));
	assert_false(wire_is_media(out[0]));
	assert_int_not_equal(out[0] >> 4, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_binding_indication_and_neither_rtp_rtcp_nor_zrtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
