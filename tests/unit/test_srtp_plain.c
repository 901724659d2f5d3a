/* SPDX-License-Identifier: BSD-2-Clause */
/* A plain libsrtp2 session understands us, and we understand it. */
#include "media.h"

static void a_plain_session_understands_us(void **state) /* R173 R174 R279 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);
		srtp_t plain = plain_session(&ends.keys, suites[i].tag_bits);

		for (uint16_t n = 1; n < 10; n++) {
			arrives_plainly(plain, false, sent(&ends, false, n), n);
			arrives_plainly(plain, true, sent(&ends, true, n), n);
		}
		srtp_dealloc(plain);
		close_ends(&ends);
	}
}

static void we_understand_a_plain_session(void **state) /* R173 R279 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);
		srtp_t plain = plain_session(&ends.keys, suites[i].tag_bits);

		for (uint16_t n = 1; n < 10; n++) {
			arrives(&ends, false, sent_plainly(plain, false, n), n);
			arrives(&ends, true, sent_plainly(plain, true, n), n);
		}
		srtp_dealloc(plain);
		close_ends(&ends);
	}
}

/* RFC 3711 wants 80 bits on SRTCP whatever SRTP has. */
static void srtcp_with_80_bits_is_accepted_with_hs32(void **state)
{
	(void)state;
	for (size_t i = 0; i < HMAC_SUITES; i += 2) {
		struct ends ends = open_ends(suites[i]);
		srtp_t plain = plain_session(&ends.keys, 80);
		struct packet wire;

		assert_int_equal(suites[i].tag_bits, 32);
		for (uint16_t n = 1; n < 10; n++) {
			wire = sent_plainly(plain, true, n);
			assert_int_equal(wire.len, RTCP_LEN + 4 + 10);
			arrives(&ends, true, wire, n);
			is_refused(ends.b, true, wire, ZRTP_DROPPED);
		}
		wire = sent_plainly(plain, true, 10);
		wire.octets[20] ^= 1;
		is_refused(ends.b, true, wire, ZRTP_DROPPED);
		srtp_dealloc(plain);
		close_ends(&ends);
	}
}

/* The first 32 of the 80 bits are the shorter tag: cut to them, the packet is
 * authentic once more, but it is still the same packet. */
static void srtcp_with_80_bits_is_not_replayed_with_32(void **state)
{
	(void)state;
	for (size_t i = 0; i < HMAC_SUITES; i += 2) {
		struct ends ends = open_ends(suites[i]);
		srtp_t plain = plain_session(&ends.keys, 80);

		for (uint16_t n = 1; n < 10; n++) {
			struct packet wire = sent_plainly(plain, true, n);

			arrives(&ends, true, wire, n);
			wire.len -= 10 - 4;
			is_refused(ends.b, true, wire, ZRTP_DROPPED);
		}
		srtp_dealloc(plain);
		close_ends(&ends);
	}
}

/* The other way round a short tag would be a weaker one. */
static void srtcp_with_32_bits_is_refused_with_hs80(void **state)
{
	(void)state;
	for (size_t i = 1; i < HMAC_SUITES; i += 2) {
		struct ends ends = open_ends(suites[i]);
		srtp_t plain = plain_session(&ends.keys, 32);

		assert_int_equal(suites[i].tag_bits, 80);
		is_refused(ends.b, true, sent_plainly(plain, true, 1), ZRTP_DROPPED);
		srtp_dealloc(plain);
		close_ends(&ends);
	}
}

/* The packet that libsrtp2 tests itself with, known for twenty years. */
static void a_known_packet_comes_out(void **state) /* R173 */
{
	static const uint8_t key[] = { 0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0,
				       0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39 },
			     salt[] = { 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe,
					0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6 },
			     header[] = { 0x80, 0x0f, 0x12, 0x34, 0xde, 0xca,
					  0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe },
			     cipher[] = { 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8, 0x8c,
					  0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
					  0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb };
	struct zrtp_srtp_keys keys = { .key_len = 16, .salt_len = 14, .tag_bits = 80 };
	struct packet p = { .len = 28 };
	struct zrtp_srtp *srtp;

	(void)state;
	memcpy(keys.key, key, sizeof(key));
	memcpy(keys.salt, salt, sizeof(salt));
	memset(p.octets, 0xab, 28);
	memcpy(p.octets, header, sizeof(header));
	srtp = make_end(ZRTP_SEND, &keys);
	assert_int_equal(protect(srtp, false, &p), ZRTP_OK);
	assert_int_equal(p.len, sizeof(header) + sizeof(cipher));
	assert_memory_equal(p.octets, header, sizeof(header));
	assert_memory_equal(p.octets + sizeof(header), cipher, sizeof(cipher));
	zrtp_srtp_free(srtp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_session_understands_us),
		cmocka_unit_test(we_understand_a_plain_session),
		cmocka_unit_test(srtcp_with_80_bits_is_accepted_with_hs32),
		cmocka_unit_test(srtcp_with_80_bits_is_not_replayed_with_32),
		cmocka_unit_test(srtcp_with_32_bits_is_refused_with_hs80),
		cmocka_unit_test(a_known_packet_comes_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
