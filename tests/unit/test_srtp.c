/* SPDX-License-Identifier: BSD-2-Clause */
/* SRTP and SRTCP on libsrtp2: what is protected, and what is refused. */
#include "media.h"

#include <malloc.h>

/* ---- what works ---- */

static void packets_arrive_with_every_suite(void **state) /* R282 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		for (uint16_t n = 1; n < 50; n++) {
			arrives(&ends, false, sent(&ends, false, n), n);
			arrives(&ends, true, sent(&ends, true, n), n);
		}
		close_ends(&ends);
	}
}

/* And the header's ZRTP_SRTP_TRAILER_MAX */
static void the_trailer_has_its_known_size(void **state) /* R282 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		assert_int_equal(sent(&ends, false, 1).len, RTP_LEN + ends.tag);
		assert_int_equal(sent(&ends, true, 1).len, RTCP_LEN + 4 + ends.tag);
		assert_true(4 + ends.tag <= ZRTP_SRTP_TRAILER_MAX);
		close_ends(&ends);
	}
}

/* Headers stay readable, everything else is encrypted. */
static void the_payload_is_encrypted_and_the_header_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);
		struct packet plain = rtp(7), wire = sent(&ends, false, 7);

		assert_memory_equal(wire.octets, plain.octets, 12);
		for (unsigned at = 12; at < RTP_LEN; at += 16) {
			assert_memory_not_equal(wire.octets + at, plain.octets + at, 8);
		}
		plain = rtcp(7);
		wire = sent(&ends, true, 7);
		assert_memory_equal(wire.octets, plain.octets, 8);
		assert_memory_not_equal(wire.octets + 8, plain.octets + 8, RTCP_LEN - 8);
		/* The E bit: before the tag of an HMAC, behind that of AES-GCM. */
		assert_int_equal(wire.octets[i < HMAC_SUITES ? RTCP_LEN : wire.len - 4] >> 7, 1);
		close_ends(&ends);
	}
}

/* The smallest packets: a header alone. */
static void packets_without_payload_arrive(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet p = rtp(1);

	(void)state;
	p.len = 12;
	assert_int_equal(protect(ends.a, false, &p), ZRTP_OK);
	assert_int_equal(unprotect(ends.b, false, &p), ZRTP_OK);
	assert_int_equal(p.len, 12);
	p = rtcp(1);
	put32(p.octets, 0x80c90001); /* an empty receiver report */
	p.len = 8;
	assert_int_equal(protect(ends.a, true, &p), ZRTP_OK);
	assert_int_equal(unprotect(ends.b, true, &p), ZRTP_OK);
	assert_int_equal(p.len, 8);
	close_ends(&ends);
}

/* A receiving key serves any SSRC: they have indexes of their own. */
static void several_ssrcs_arrive_with_one_key(void **state)
{
	struct ends ends = open_ends(suites[0]);

	(void)state;
	for (uint32_t n = 0; n < 30; n++) {
		struct packet p = rtp((uint16_t)(65530 + n)), expected;

		put32(p.octets + 8, SSRC + n % 3);
		expected = p;
		assert_int_equal(protect(ends.a, false, &p), ZRTP_OK);
		assert_int_equal(unprotect(ends.b, false, &p), ZRTP_OK);
		assert_true(same(&p, &expected));
	}
	close_ends(&ends);
}

static unsigned collisions;

static void on_srtp_event(srtp_event_data_t *data)
{
	collisions += data->event == event_ssrc_collision;
}

/* A session is for one direction: libsrtp2 calls it a collision where it is used for the other. */
static void each_session_is_for_its_direction(void **state)
{
	(void)state;
	collisions = 0;
	assert_int_equal(srtp_install_event_handler(on_srtp_event), srtp_err_status_ok);
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		for (uint16_t n = 1; n < 4; n++) {
			arrives(&ends, false, sent(&ends, false, n), n);
			arrives(&ends, true, sent(&ends, true, n), n);
		}
		close_ends(&ends);
	}
	assert_int_equal(srtp_install_event_handler(NULL), srtp_err_status_ok);
	assert_int_equal(collisions, 0);
}

/* ---- forgeries ---- */

static void check_flipped_bits(struct suite suite, bool is_rtcp)
{
	struct ends ends = open_ends(suite);
	struct packet wire = sent(&ends, is_rtcp, 5);

	for (size_t bit = 0; bit < 8 * wire.len; bit++) {
		wire.octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
		is_refused(ends.b, is_rtcp, wire, ZRTP_DROPPED);
		wire.octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	arrives(&ends, is_rtcp, wire, 5);
	close_ends(&ends);
}

static void a_flipped_bit_anywhere_is_dropped(void **state) /* R007 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		check_flipped_bits(suites[i], false);
		check_flipped_bits(suites[i], true);
	}
}

static void check_resized(struct suite suite, bool is_rtcp)
{
	struct ends ends = open_ends(suite);
	struct packet wire = sent(&ends, is_rtcp, 5), other;
	size_t least = (is_rtcp ? 8 + 4 : 12) + ends.tag;

	for (size_t len = 0; len < wire.len + 20; len++) {
		other = wire;
		other.len = len;
		if (len != wire.len) {
			is_refused(ends.b, is_rtcp, other, len < least ? ZRTP_INVALID : ZRTP_DROPPED);
		}
	}
	arrives(&ends, is_rtcp, wire, 5);
	close_ends(&ends);
}

static void a_packet_cut_or_extended_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		check_resized(suites[i], false);
		check_resized(suites[i], true);
	}
}

static void a_replay_is_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct packet first = sent(&ends, is_rtcp, 1), second = sent(&ends, is_rtcp, 2);

			arrives(&ends, is_rtcp, second, 2);
			arrives(&ends, is_rtcp, first, 1);
			is_refused(ends.b, is_rtcp, first, ZRTP_DROPPED);
			is_refused(ends.b, is_rtcp, second, ZRTP_DROPPED);
		}
		close_ends(&ends);
	}
}

static void check_wrong_key(struct suite suite, const struct zrtp_srtp_keys *wrong)
{
	struct ends ends = open_ends(suite);
	struct zrtp_srtp *other = make_end(ZRTP_RECEIVE, wrong);

	for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
		struct packet wire = sent(&ends, is_rtcp, 1);

		is_refused(other, is_rtcp, wire, ZRTP_DROPPED);
		arrives(&ends, is_rtcp, wire, 1);
	}
	zrtp_srtp_free(other);
	close_ends(&ends);
}

static void a_wrong_key_or_salt_drops_everything(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct zrtp_srtp_keys keys = keys_of(suites[i], 1);

		keys.key[suites[i].key_len - 1] ^= 1;
		check_wrong_key(suites[i], &keys);
		keys = keys_of(suites[i], 1);
		keys.salt[keys.salt_len - 1] ^= 1;
		check_wrong_key(suites[i], &keys);
		keys = keys_of(suites[i], 1);
		if (suites[i].tag_bits == 128) {
			keys = keys_of((struct suite){ suites[i].key_len, 80 }, 1);
			check_wrong_key(suites[i], &keys);
			continue;
		}
		keys.tag_bits = suites[i].tag_bits == 32 ? 80 : 32;
		if (keys.tag_bits == 80) { /* RTCP with 80 bits is taken with HS32, on purpose */
			check_wrong_key(suites[i], &keys);
		}
	}
}

static void ones_own_packets_are_not_the_peers(void **state)
{
	const struct zrtp_srtp_keys mine = keys_of(suites[1], 1), theirs = keys_of(suites[1], 99);
	struct zrtp_srtp *srtp = make_end(ZRTP_SEND, &mine);
	struct packet p = rtp(1);

	(void)state;
	assert_int_equal(zrtp_srtp_set_keys(srtp, ZRTP_RECEIVE, &theirs), ZRTP_OK);
	assert_int_equal(protect(srtp, false, &p), ZRTP_OK);
	is_refused(srtp, false, p, ZRTP_DROPPED);
	zrtp_srtp_free(srtp);
}

/* ---- sequence numbers ---- */

static void a_repeated_sequence_number_is_not_sent(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet p;

	(void)state;
	arrives(&ends, false, sent(&ends, false, 10), 10);
	p = rtp(10);
	assert_int_equal(protect(ends.a, false, &p), ZRTP_CRYPTO);
	arrives(&ends, false, sent(&ends, false, 11), 11);
	p = rtp(10);
	assert_int_equal(protect(ends.a, false, &p), ZRTP_CRYPTO);
	arrives(&ends, false, sent(&ends, false, 12), 12);
	close_ends(&ends);
}

static void the_roll_over_counter_follows_the_wrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		for (uint16_t n = 65530; n != 11; n++) {
			arrives(&ends, false, sent(&ends, false, n), n);
		}
		close_ends(&ends);
	}
}

/* Some late, some lost, on both sides of the wrap. */
static void the_roll_over_counter_survives_a_bad_network(void **state)
{
	struct ends ends = open_ends(suites[0]);
	struct packet wire[21];

	(void)state;
	for (unsigned i = 0; i < 21; i++) {
		wire[i] = sent(&ends, false, (uint16_t)(65526 + i));
	}
	for (unsigned i = 0; i + 1 < 21; i += 2) { /* swapped in pairs, two lost */
		for (unsigned n = 0; n < 2; n++) {
			unsigned k = i + 1 - n;

			if (k != 4 && k != 10) {
				arrives(&ends, false, wire[k], (uint16_t)(65526 + k));
			}
		}
	}
	close_ends(&ends);
}

/* The number is in clear: a host that sees the stream can forge any. */
static void forged_numbers_do_not_move_the_roll_over_counter(void **state) /* F17 */
{
	static const uint16_t far[] = { 0, 1, 32767, 32768, 32769, 65534, 65535, 40000, 100 };
	struct ends ends = open_ends(suites[0]);

	(void)state;
	for (uint16_t n = 65500; n != 100; n++) {
		struct packet forged = rtp(far[n % COUNT(far)]);

		memset(forged.octets + RTP_LEN, n & 0xff, ends.tag);
		forged.len += ends.tag;
		is_refused(ends.b, false, forged, ZRTP_DROPPED);
		arrives(&ends, false, sent(&ends, false, n), n);
	}
	close_ends(&ends);
}

static void forged_rtcp_indexes_do_not_disturb(void **state)
{
	struct ends ends = open_ends(suites[0]);

	(void)state;
	for (uint16_t n = 1; n < 100; n++) {
		struct packet wire = sent(&ends, true, n), forged = wire;

		put32(forged.octets + RTCP_LEN, 0x80000000 | 0x12345U * n);
		is_refused(ends.b, true, forged, ZRTP_DROPPED);
		put32(forged.octets + RTCP_LEN, 0xffffffff);
		is_refused(ends.b, true, forged, ZRTP_DROPPED);
		arrives(&ends, true, wire, n);
	}
	close_ends(&ends);
}

#if defined(__SANITIZE_ADDRESS__)
extern size_t __sanitizer_get_current_allocated_bytes(void);
#define allocated() __sanitizer_get_current_allocated_bytes()
#else
#define allocated() mallinfo2().uordblks
#endif

/* Forgeries with ever new SSRCs cost no memory and no state: afterwards the
 * stream goes on, and so does one that begins. */
static void forged_ssrcs_do_not_disturb(void **state)
{
	struct ends ends = open_ends(suites[1]);
	struct packet forged = rtp(1);
	size_t before;

	(void)state;
	arrives(&ends, false, sent(&ends, false, 1), 1);
	forged.len += ends.tag;
	put32(forged.octets + 8, SSRC + 1001); /* what the allocator keeps of the first is none of it */
	is_refused(ends.b, false, forged, ZRTP_DROPPED);
	before = allocated();
	for (uint32_t n = 0; n < 1000; n++) {
		put32(forged.octets + 8, SSRC + 1 + n);
		is_refused(ends.b, false, forged, ZRTP_DROPPED);
	}
	assert_int_equal(allocated(), before);
	arrives(&ends, false, sent(&ends, false, 2), 2);
	close_ends(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_arrive_with_every_suite),
		cmocka_unit_test(the_trailer_has_its_known_size),
		cmocka_unit_test(the_payload_is_encrypted_and_the_header_is_not),
		cmocka_unit_test(packets_without_payload_arrive),
		cmocka_unit_test(several_ssrcs_arrive_with_one_key),
		cmocka_unit_test(each_session_is_for_its_direction),
		cmocka_unit_test(a_flipped_bit_anywhere_is_dropped),
		cmocka_unit_test(a_packet_cut_or_extended_is_refused),
		cmocka_unit_test(a_replay_is_dropped),
		cmocka_unit_test(a_wrong_key_or_salt_drops_everything),
		cmocka_unit_test(ones_own_packets_are_not_the_peers),
		cmocka_unit_test(a_repeated_sequence_number_is_not_sent),
		cmocka_unit_test(the_roll_over_counter_follows_the_wrap),
		cmocka_unit_test(the_roll_over_counter_survives_a_bad_network),
		cmocka_unit_test(forged_numbers_do_not_move_the_roll_over_counter),
		cmocka_unit_test(forged_rtcp_indexes_do_not_disturb),
		cmocka_unit_test(forged_ssrcs_do_not_disturb),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
