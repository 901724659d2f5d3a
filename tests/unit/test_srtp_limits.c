/* SPDX-License-Identifier: BSD-2-Clause */
/* SRTP and SRTCP on libsrtp2: short packets, long headers, lengths, and keys. */
#include "media.h"

/* ---- short and odd packets ---- */

/* In a block of its exact size, so that a sanitizer sees each overread. */
static enum zrtp_status unprotect_exact(struct zrtp_srtp *srtp, bool is_rtcp, const struct packet *p,
					size_t len)
{
	uint8_t *octets = malloc(len);
	enum zrtp_status status;

	memcpy(octets, p->octets, len);
	status = zrtp_srtp_unprotect(srtp, is_rtcp, octets, &len);
	free(octets);
	return status;
}

static void short_packets_are_refused(void **state) /* F08 */
{
	const struct packet media = rtp(1), report = rtcp(1);

	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		for (size_t len = 0; len < 16; len++) {
			assert_int_equal(unprotect_exact(ends.b, false, &media, len), ZRTP_INVALID);
			assert_int_equal(unprotect_exact(ends.b, true, &report, len), ZRTP_INVALID);
		}
		close_ends(&ends);
	}
}

static void short_packets_are_not_sent(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet p;

	(void)state;
	for (size_t len = 0; len < 12; len++) {
		p = rtp(1);
		p.len = len;
		assert_int_equal(protect(ends.a, false, &p), ZRTP_INVALID);
		assert_int_equal(p.len, len);
	}
	for (size_t len = 0; len < 8; len++) {
		p = rtcp(1);
		p.len = len;
		assert_int_equal(protect(ends.a, true, &p), ZRTP_INVALID);
	}
	close_ends(&ends);
}

/* CSRCs or an extension that the packet is too short for. */
static void a_header_longer_than_its_packet_is_refused(void **state)
{
	static const uint8_t first[] = { 0x8f, 0x90, 0x9f };
	struct ends ends = open_ends(suites[1]);

	(void)state;
	for (size_t i = 0; i < COUNT(first); i++) {
		struct packet p = rtp((uint16_t)(i + 1));

		p.octets[0] = first[i];
		p.len = 12 + ends.tag;
		assert_int_equal(unprotect_exact(ends.b, false, &p, p.len), ZRTP_DROPPED);
		p.len = 12;
		assert_int_equal(protect(ends.a, false, &p), ZRTP_CRYPTO);
	}
	arrives(&ends, false, sent(&ends, false, 9), 9);
	close_ends(&ends);
}

static void a_buffer_without_room_for_the_trailer_is_refused(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet p = rtp(1), before = p;

	(void)state;
	for (size_t room = 0; room < ZRTP_SRTP_TRAILER_MAX; room++) {
		assert_int_equal(zrtp_srtp_protect(ends.a, false, p.octets, &p.len, p.len + room),
				 ZRTP_INVALID);
		assert_true(same(&p, &before));
	}
	assert_int_equal(zrtp_srtp_protect(ends.a, false, p.octets, &p.len, p.len + ZRTP_SRTP_TRAILER_MAX),
			 ZRTP_OK);
	close_ends(&ends);
}

static void absurd_lengths_are_refused(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet p = rtp(1);
	size_t len = (size_t)INT32_MAX;

	(void)state;
	assert_int_equal(zrtp_srtp_protect(ends.a, false, p.octets, &len, SIZE_MAX), ZRTP_INVALID);
	len = (size_t)INT32_MAX + 1;
	assert_int_equal(zrtp_srtp_unprotect(ends.b, false, p.octets, &len), ZRTP_INVALID);
	len = SIZE_MAX;
	assert_int_equal(zrtp_srtp_protect(ends.a, false, p.octets, &len, SIZE_MAX), ZRTP_INVALID);
	assert_int_equal(zrtp_srtp_unprotect(ends.b, true, p.octets, &len), ZRTP_INVALID);
	close_ends(&ends);
}

/* ---- keys ---- */

static void without_a_key_nothing_works(void **state)
{
	struct zrtp_srtp *srtp = zrtp_srtp_new();
	struct packet p = rtp(1), before = p;

	(void)state;
	for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
		assert_int_equal(protect(srtp, is_rtcp, &p), ZRTP_WRONG_STATE);
		assert_int_equal(unprotect(srtp, is_rtcp, &p), ZRTP_WRONG_STATE);
	}
	assert_true(same(&p, &before));
	zrtp_srtp_free(srtp);
	zrtp_srtp_free(NULL);
}

static void each_direction_has_its_own_key(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet p = rtp(1);

	(void)state;
	assert_int_equal(unprotect(ends.a, false, &p), ZRTP_WRONG_STATE);
	assert_int_equal(protect(ends.b, false, &p), ZRTP_WRONG_STATE);
	close_ends(&ends);
}

static void wiped_keys_are_gone(void **state) /* R180 R227 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct packet wire = sent(&ends, is_rtcp, 1), p = make(is_rtcp, 2);

			assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, NULL), ZRTP_OK);
			is_refused(ends.b, is_rtcp, wire, ZRTP_WRONG_STATE);
			assert_int_equal(zrtp_srtp_set_keys(ends.a, ZRTP_SEND, NULL), ZRTP_OK);
			assert_int_equal(protect(ends.a, is_rtcp, &p), ZRTP_WRONG_STATE);
			assert_int_equal(zrtp_srtp_set_keys(ends.a, ZRTP_SEND, &ends.keys), ZRTP_OK);
			assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, &ends.keys), ZRTP_OK);
		}
		close_ends(&ends);
	}
}

static void replaced_keys_take_the_place_of_the_old(void **state)
{
	struct ends ends = open_ends(suites[0]);
	const struct zrtp_srtp_keys next = keys_of(suites[5], 77);
	struct packet old = sent(&ends, false, 2), p = rtp(3), expected = p;

	(void)state;
	arrives(&ends, false, sent(&ends, false, 3), 3);
	assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, &next), ZRTP_OK);
	is_refused(ends.b, false, old, ZRTP_DROPPED);
	assert_int_equal(zrtp_srtp_set_keys(ends.a, ZRTP_SEND, &next), ZRTP_OK);
	assert_int_equal(protect(ends.a, false, &p), ZRTP_OK); /* a number of the old key's */
	assert_int_equal(p.len, RTP_LEN + 10);
	assert_int_equal(unprotect(ends.b, false, &p), ZRTP_OK);
	assert_true(same(&p, &expected));
	close_ends(&ends);
}

/* They are refused, and the old ones are gone all the same. */
static void keys_of_another_size_are_refused(void **state)
{
	static const struct suite odd[] = { { 0, 80 },  { 15, 80 }, { 20, 80 },
					    { 32, 64 }, { 16, 0 },  { 24, 128 } };

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct ends ends = open_ends(suites[0]);
		const struct zrtp_srtp_keys keys = keys_of(odd[i], 1);
		struct packet p = rtp(1);

		assert_int_equal(zrtp_srtp_set_keys(ends.a, ZRTP_SEND, &keys), ZRTP_CRYPTO);
		assert_int_equal(protect(ends.a, false, &p), ZRTP_WRONG_STATE);
		assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, &keys), ZRTP_CRYPTO);
		is_refused(ends.b, false, p, ZRTP_WRONG_STATE);
		close_ends(&ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_packets_are_refused),
		cmocka_unit_test(short_packets_are_not_sent),
		cmocka_unit_test(a_header_longer_than_its_packet_is_refused),
		cmocka_unit_test(a_buffer_without_room_for_the_trailer_is_refused),
		cmocka_unit_test(absurd_lengths_are_refused),
		cmocka_unit_test(without_a_key_nothing_works),
		cmocka_unit_test(each_direction_has_its_own_key),
		cmocka_unit_test(wiped_keys_are_gone),
		cmocka_unit_test(replaced_keys_take_the_place_of_the_old),
		cmocka_unit_test(keys_of_another_size_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
