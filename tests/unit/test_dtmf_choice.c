/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digits of RFC 4733: none spans a change of the gate, each is of the audio
 * stream, and only those that were authenticated as a whole count as the phone's.
 */
#include "unit.h"

#include "decide/dtmf_choice.h"

static const struct dtmf_facts HONEST = {
	.begins = 1,
	.audio = 1,
	.secure = 1,
	.digit = '5',
	.kind = DTMF_KIND_EVENT,
	.packet_digit = '5',
	.packet_msec = 20,
	.state_msec = 5000,
};

static void a_whole_digit_counts(void **state)
{
	struct dtmf_facts facts = HONEST;

	(void)state;
	assert_int_equal(dtmf_choose(&facts), DTMF_AUTHENTIC);
	facts.begins = 0;
	facts.open = '5';
	facts.packet_msec = 120;
	assert_int_equal(dtmf_choose(&facts), DTMF_AUTHENTIC);
	/* All packets of its end were lost: the core ends it by the audio that follows. */
	facts.kind = DTMF_KIND_OTHER;
	assert_int_equal(dtmf_choose(&facts), DTMF_AUTHENTIC);
	/* All packets of its begin were lost. */
	facts.kind = DTMF_KIND_EVENT;
	facts.open = 0;
	assert_int_equal(dtmf_choose(&facts), DTMF_AUTHENTIC);
	/* In clear it is a digit, and of which phone is not known. */
	facts.secure = 0;
	assert_int_equal(dtmf_choose(&facts), DTMF_PASSES);
}

static void what_was_begun_in_another_state_is_refused(void **state)
{
	struct dtmf_facts facts = HONEST;

	(void)state;
	/* The core ends by SRTP what was begun in clear: by audio, or by another digit. */
	facts.begins = 0;
	facts.kind = DTMF_KIND_OTHER;
	assert_int_equal(dtmf_choose(&facts), DTMF_REFUSED);
	facts.kind = DTMF_KIND_EVENT;
	facts.packet_digit = '6';
	assert_int_equal(dtmf_choose(&facts), DTMF_REFUSED);
	facts.open = '6';
	assert_int_equal(dtmf_choose(&facts), DTMF_REFUSED);
	/* The phone itself began before the change and goes on after it. */
	facts = HONEST;
	facts.packet_msec = 700;
	facts.state_msec = 500;
	assert_int_equal(dtmf_choose(&facts), DTMF_REFUSED);
	facts.begins = 0;
	assert_int_equal(dtmf_choose(&facts), DTMF_REFUSED);
}

static void the_tolerance_is_two_packets(void **state)
{
	struct dtmf_facts facts = HONEST;

	(void)state;
	facts.state_msec = 0;
	facts.packet_msec = DTMF_TOLERANCE_MSEC;
	assert_int_equal(dtmf_choose(&facts), DTMF_AUTHENTIC);
	facts.packet_msec++;
	assert_int_equal(dtmf_choose(&facts), DTMF_REFUSED);
}

/* All combinations, against the rule in other words. */
static void every_case(void **state)
{
	static const char digits[] = { 0, '5', '6' };

	(void)state;
	for (unsigned bits = 0; bits < 8; bits++) {
		for (unsigned kind = 0; kind <= DTMF_KIND_CISCO; kind++) {
			for (unsigned open = 0; open < 3; open++) {
				for (unsigned packet = 0; packet < 3; packet++) {
					for (uint32_t age = 0; age <= 1000; age += 250) {
						struct dtmf_facts facts = {
							.begins = bits & 1,
							.audio = bits >> 1 & 1,
							.secure = bits >> 2 & 1,
							.digit = '5',
							.open = digits[open],
							.kind = kind,
							.packet_digit = digits[packet],
							.packet_msec = 500,
							.state_msec = age,
						};
						enum dtmf_verdict verdict = dtmf_choose(&facts);
						bool whole = (kind == DTMF_KIND_EVENT && packet == 1 &&
							      age >= 500) ||
							     (!facts.begins && open == 1 &&
							      kind != DTMF_KIND_CISCO);

						if (!facts.audio || (!whole && kind != DTMF_KIND_CISCO)) {
							assert_int_equal(verdict, DTMF_REFUSED);
						} else if (whole && facts.secure) {
							assert_int_equal(verdict, DTMF_AUTHENTIC);
						} else {
							assert_int_equal(verdict, DTMF_PASSES);
						}
					}
				}
			}
		}
	}
}

static void packets_are_read(void **state)
{
	static const char all[] = "0123456789*#ABCDX";
	uint8_t rtp[40] = { 0x80, 0x80 | 101 };
	struct dtmf_packet packet;

	(void)state;
	for (uint8_t event = 0; event < 20; event++) {
		rtp[12] = event;
		rtp[13] = 0x8a;
		rtp[14] = 0x03;
		rtp[15] = 0xe8;
		assert_int_equal(dtmf_read(rtp, 16, &packet), 0);
		assert_int_equal(packet.payload_type, 101);
		assert_int_equal(packet.digit, event < 17 ? all[event] : 0);
		assert_int_equal(packet.duration, 1000);
	}
	/* Behind two sources and an extension of two words. */
	memset(rtp, 0xff, sizeof(rtp));
	rtp[0] = 0x92;
	rtp[1] = 96;
	rtp[22] = 0;
	rtp[23] = 2;
	rtp[32] = 11;
	rtp[34] = 0;
	rtp[35] = 160;
	assert_int_equal(dtmf_read(rtp, 36, &packet), 0);
	assert_int_equal(packet.digit, '#');
	assert_int_equal(packet.duration, 160);
}

static void a_long_extension_is_passed_over(void **state)
{
	static uint8_t rtp[12 + 4 + 4 * 300 + 4];
	struct dtmf_packet packet;

	(void)state;
	memset(rtp, 0xff, sizeof(rtp));
	rtp[0] = 0x90;
	rtp[1] = 101;
	rtp[14] = 300 >> 8;
	rtp[15] = 300 & 0xff;
	rtp[sizeof(rtp) - 4] = 7;
	rtp[sizeof(rtp) - 2] = 3;
	rtp[sizeof(rtp) - 1] = 0xe8;
	assert_int_equal(dtmf_read(rtp, sizeof(rtp), &packet), 0);
	assert_int_equal(packet.digit, '7');
	assert_int_equal(packet.duration, 1000);
	assert_int_equal(dtmf_read(rtp, sizeof(rtp) - 1, &packet), -1);
}

static void short_packets_are_none(void **state)
{
	struct dtmf_packet packet;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		for (size_t len = 0; len < 40; len++) {
			/* Of exactly that size, so that reading behind it is seen. */
			uint8_t *rtp = calloc(1, len ? len : 1);
			size_t needed = 12 + 4 * (first & 15) + (first & 16 ? 4 : 0) + 4;

			assert_non_null(rtp);
			if (len) {
				rtp[0] = (uint8_t)first;
			}
			assert_int_equal(dtmf_read(rtp, len, &packet), len < (len ? needed : 16) ? -1 : 0);
			free(rtp);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_digit_counts),
		cmocka_unit_test(what_was_begun_in_another_state_is_refused),
		cmocka_unit_test(the_tolerance_is_two_packets),
		cmocka_unit_test(every_case),
		cmocka_unit_test(packets_are_read),
		cmocka_unit_test(a_long_extension_is_passed_over),
		cmocka_unit_test(short_packets_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
