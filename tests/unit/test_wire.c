/* SPDX-License-Identifier: BSD-2-Clause */
/* What packets look like: plain RTCP against SRTCP. */
#include "unit.h"

#include "decide/wire.h"

enum { INDEX = 4, TAG = 10 };

static const uint8_t compound[] = {
	0x80, 201, 0, 1, 1, 2, 3, 4,                             /* an empty receiver report */
	0x81, 202, 0, 3, 1, 2, 3, 4, 1, 2, 'a', 'b', 0, 0, 0, 0, /* a CNAME */
	0x81, 203, 0, 1, 1, 2, 3, 4,                             /* BYE */
};

static void a_compound_is_plain(void **state)
{
	(void)state;
	assert_true(wire_is_plain_rtcp(compound, 8));
	assert_true(wire_is_plain_rtcp(compound, 24));
	assert_true(wire_is_plain_rtcp(compound, sizeof(compound)));
}

static void what_does_not_end_with_its_last_packet_is_not(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(compound); len++) {
		bool whole = len == 8 || len == 24;

		assert_int_equal(wire_is_plain_rtcp(compound, len), whole);
	}
}

static void another_version_or_type_is_not(void **state)
{
	uint8_t packet[8];

	(void)state;
	memcpy(packet, compound, sizeof(packet));
	packet[0] ^= 0x40;
	assert_false(wire_is_plain_rtcp(packet, sizeof(packet)));
	packet[0] ^= 0x40;
	for (unsigned type = 0; type < 256; type++) {
		packet[1] = (uint8_t)type;
		assert_int_equal(wire_is_plain_rtcp(packet, sizeof(packet)), type >= 192 && type <= 223);
	}
}

/* The index follows a report whose length says that nothing does. */
static void srtcp_is_not_whatever_its_index(void **state)
{
	(void)state;
	for (uint32_t index = 0; index < 0x7fffffff - 0x10000; index += 0xfff1) {
		for (unsigned tag = 4; tag <= TAG; tag += 6) {
			uint8_t packet[8 + INDEX + TAG] = { 0x80, 201, 0, 1, 1, 2, 3, 4 };

			packet[8] = (uint8_t)(0x80 | index >> 24);
			packet[9] = (uint8_t)(index >> 16);
			packet[10] = (uint8_t)(index >> 8);
			packet[11] = (uint8_t)index;
			memset(packet + 12, 0x5a, tag);
			if (packet[9] < 192 || packet[9] > 223) {
				assert_false(wire_is_plain_rtcp(packet, 8 + INDEX + tag));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_compound_is_plain),
		cmocka_unit_test(what_does_not_end_with_its_last_packet_is_not),
		cmocka_unit_test(another_version_or_type_is_not),
		cmocka_unit_test(srtcp_is_not_whatever_its_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
