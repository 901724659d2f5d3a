/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages in fragments: what is put together, and what is not. */
#include "kat.h"

#include "fragment.h"

#include "kem-pair-data.h"
#include "kem-packets-data.h"

#include <openssl/rand.h>

enum { TOTAL = 1740, SSRC = 0x1234, DATAGRAM = ZRTP_MTU_MAX };

/* A block of its exact size, so that a sanitizer sees what goes beyond. */
static struct zrtp_assembly *new_assembly(void)
{
	struct zrtp_assembly *assembly = calloc(1, sizeof(*assembly));

	assert_non_null(assembly);
	return assembly;
}

static uint8_t message[TOTAL];

static void fill_message(void)
{
	for (unsigned i = 0; i < TOTAL; i++) {
		message[i] = (uint8_t)(i * 7 + i / 256);
	}
}

static struct zrtp_fragment piece(uint16_t id, size_t offset, size_t len)
{
	return (struct zrtp_fragment){ id, TOTAL, offset, message + offset, len };
}

/* Through a datagram and back. */
static struct zrtp_fragment travelled(const struct zrtp_fragment *fragment, uint8_t datagram[DATAGRAM])
{
	size_t len = zrtp_fragment_write(datagram, 77, SSRC, fragment);
	struct zrtp_fragment out;
	struct zrtp_packet packet;

	assert_int_equal(len, fragment->len + ZRTP_FRAGMENT_HEADER + ZRTP_PACKET_OVERHEAD);
	assert_int_equal(zrtp_packet_open(&packet, datagram, len), ZRTP_PACKET_OK);
	assert_int_equal(packet.sequence, 77);
	assert_int_equal(packet.ssrc, SSRC);
	assert_true(zrtp_fragment_parse(&out, datagram, &packet));
	return out;
}

static void what_is_cut_is_put_together(void **state)
{
	(void)state;
	fill_message();
	for (size_t most = 576; most <= 1428; most += 4) {
		struct zrtp_assembly *assembly = new_assembly();
		bool complete = false;

		for (size_t at = 0; at < TOTAL; at += most) {
			struct zrtp_fragment f = piece(9, at, TOTAL - at < most ? TOTAL - at : most), got;
			uint8_t datagram[DATAGRAM];

			assert_false(complete);
			got = travelled(&f, datagram);
			complete = zrtp_assembly_add(assembly, SSRC, &got);
		}
		assert_true(complete);
		assert_int_equal(assembly->total, TOTAL);
		assert_memory_equal(assembly->octets, message, TOTAL);
		free(assembly);
	}
}

/* That of a whole message's first octets, too. */
static void any_id_is_one(void **state)
{
	static const uint16_t ids[] = { 1, 4096, 0x505a, UINT16_MAX };
	uint8_t datagram[DATAGRAM];

	(void)state;
	fill_message();
	for (unsigned i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct zrtp_fragment f = piece(ids[i], 1428, TOTAL - 1428);

		assert_int_equal(travelled(&f, datagram).id, ids[i]);
	}
}

/* Any order, with repetitions and overlaps. */
static void the_order_does_not_matter(void **state)
{
	(void)state;
	fill_message();
	for (unsigned seed = 0; seed < 200; seed++) {
		struct zrtp_assembly *assembly = new_assembly();
		bool complete = false;

		srand(seed);
		for (unsigned n = 0; n < 20000 && !complete; n++) {
			size_t at = 4 * ((size_t)rand() % (TOTAL / 4)), len = 4 + 4 * ((size_t)rand() % 40);
			struct zrtp_fragment f = piece(9, at, TOTAL - at < len ? TOTAL - at : len);

			complete = zrtp_assembly_add(assembly, SSRC, &f);
		}
		assert_true(complete);
		assert_memory_equal(assembly->octets, message, TOTAL);
		free(assembly);
	}
}

/* As bzrtp sends them. */
static void recorded_fragments_are_the_recorded_messages(void **state)
{
	const char *const names[] = { "commit", "dhpart1" };
	const struct kat *pair = NULL;
	struct zrtp_assembly *assembly = new_assembly();
	unsigned found[2] = { 0 }, fragments = 0;

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_kem_pair); i++) {
		pair = strcmp(kat_kem_pair[i].name, "bzrtp-X3M3") ? pair : &kat_kem_pair[i];
	}
	assert_non_null(pair);
	for (size_t i = 0; i < KAT_COUNT(kat_kem_packets); i++) {
		struct kat_field datagram = kat_get(&kat_kem_packets[i], "packet");
		struct zrtp_fragment fragment;
		struct zrtp_packet packet;
		uint8_t again[DATAGRAM];

		assert_int_equal(zrtp_packet_open(&packet, datagram.octets, datagram.len), ZRTP_PACKET_OK);
		if (!zrtp_fragment_parse(&fragment, datagram.octets, &packet)) {
			assert_int_equal(datagram.octets[0], 0x10);
			continue;
		}
		assert_int_equal(zrtp_fragment_write(again, packet.sequence, packet.ssrc, &fragment),
				 datagram.len);
		assert_memory_equal(again, datagram.octets, datagram.len);
		fragments++;
		if (zrtp_assembly_add(assembly, packet.ssrc, &fragment)) {
			for (unsigned n = 0; n < 2; n++) {
				struct kat_field want = kat_get(pair, names[n]);

				found[n] += assembly->total == want.len &&
					    !memcmp(assembly->octets, want.octets, want.len);
			}
		}
	}
	assert_int_equal(fragments, 6);
	assert_int_equal(found[0], 1);
	assert_int_equal(found[1], 1);
	free(assembly);
}

/* ---- what is none ---- */

static bool parses(uint16_t first, size_t total, size_t offset, size_t len, size_t carried)
{
	uint8_t octets[DATAGRAM] = { 0 }, datagram[DATAGRAM + 64];
	const uint16_t words[] = { 9, (uint16_t)(total / 4), (uint16_t)(offset / 4), (uint16_t)(len / 4) };
	struct zrtp_packet packet = { .ssrc = SSRC, .message = octets, .message_len = 8 + carried };
	struct zrtp_fragment fragment;
	size_t size;

	for (unsigned i = 0; i < 4; i++) {
		octets[2 * i] = (uint8_t)(words[i] >> 8);
		octets[2 * i + 1] = (uint8_t)words[i];
	}
	size = zrtp_packet_write_as(datagram, &packet, first);
	assert_int_equal(zrtp_packet_open(&packet, datagram, size), ZRTP_PACKET_OK);
	return zrtp_fragment_parse(&fragment, datagram, &packet);
}

static void a_fragment_lies_within_its_message_and_carries_what_it_says(void **state)
{
	(void)state;
	assert_true(parses(0x1100, 1740, 0, 1428, 1428));
	assert_true(parses(0x1100, 1740, 1736, 4, 4));
	assert_false(parses(0x1000, 1740, 0, 1428, 1428)); /* a whole message */
	assert_false(parses(0x1101, 1740, 0, 1428, 1428));
	assert_false(parses(0x1100, 1740, 1740, 4, 4));
	assert_false(parses(0x1100, 1740, 1736, 8, 8));
	assert_false(parses(0x1100, 1740, 0, 1424, 1428));
	assert_false(parses(0x1100, 1740, 0, 1428, 1424));
	assert_false(parses(0x1100, 1740, 0, 0, 0));
	assert_false(parses(0x1100, 0, 0, 4, 4));
	assert_false(parses(0x1100, 1740, 262140, 4, 4)); /* the end wraps in no type */
}

static void a_message_larger_than_the_buffer_is_not_begun(void **state)
{
	struct zrtp_assembly *assembly = new_assembly();
	struct zrtp_fragment f = { 9, TOTAL + 4, 0, message, 4 };

	(void)state;
	assert_false(zrtp_assembly_add(assembly, SSRC, &f));
	f = (struct zrtp_fragment){ 9, 262140, 262136, message, 4 };
	assert_false(zrtp_assembly_add(assembly, SSRC, &f));
	f = (struct zrtp_fragment){ 9, TOTAL, TOTAL - 4, message, 8 };
	assert_false(zrtp_assembly_add(assembly, SSRC, &f));
	assert_int_equal(assembly->have, 0);
	free(assembly);
}

/* A total that changes, another sender, another message: what has come of the former is given
 * up, so that no attacker keeps the peer's own message out by a forged beginning. */
static void what_does_not_belong_together_begins_again(void **state)
{
	(void)state;
	fill_message();
	for (unsigned what = 0; what < 3; what++) {
		struct zrtp_assembly *assembly = new_assembly();
		struct zrtp_fragment forged = piece(what == 0 ? 60000 : 9, 0, 1428), f;
		uint8_t other[1428];

		memset(other, 0xee, sizeof(other));
		forged.octets = other;
		forged.total = what == 1 ? 1708 : TOTAL;
		assert_false(zrtp_assembly_add(assembly, what == 2 ? SSRC + 1 : SSRC, &forged));
		f = piece(9, 1428, TOTAL - 1428);
		assert_false(zrtp_assembly_add(assembly, SSRC, &f));
		f = piece(9, 0, 1428);
		assert_true(zrtp_assembly_add(assembly, SSRC, &f));
		assert_memory_equal(assembly->octets, message, TOTAL);
		free(assembly);
	}
}

/* Whatever comes: the counts are those of the octets, and nothing else is written. */
static void random_fragments_do_no_harm(void **state)
{
	struct zrtp_assembly *assembly = new_assembly();
	uint8_t octets[1428];

	(void)state;
	srand(1);
	for (unsigned n = 0; n < 200000; n++) {
		size_t total = 4 * ((size_t)rand() % 500), offset = 4 * ((size_t)rand() % 500),
		       len = 4 * (1 + (size_t)rand() % 357);
		struct zrtp_fragment f = { (uint16_t)(rand() % 3), total, offset, octets, len };
		unsigned words = 0;

		(void)!zrtp_assembly_add(assembly, SSRC, &f);
		for (size_t i = 0; i < sizeof(assembly->seen) * 8; i++) {
			words += assembly->seen[i / 8] >> i % 8 & 1;
		}
		assert_int_equal(assembly->have, 4 * words);
		assert_true(assembly->have <= assembly->total && assembly->total <= sizeof(assembly->octets));
	}
	free(assembly);
}

static void an_mtu_has_a_range(void **state)
{
	(void)state;
	for (unsigned mtu = 0; mtu < 2000; mtu++) {
		assert_int_equal(zrtp_mtu_valid(mtu), !mtu || (mtu >= 600 && mtu <= 1452 && mtu % 4 == 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_cut_is_put_together),
		cmocka_unit_test(any_id_is_one),
		cmocka_unit_test(the_order_does_not_matter),
		cmocka_unit_test(recorded_fragments_are_the_recorded_messages),
		cmocka_unit_test(a_fragment_lies_within_its_message_and_carries_what_it_says),
		cmocka_unit_test(a_message_larger_than_the_buffer_is_not_begun),
		cmocka_unit_test(what_does_not_belong_together_begins_again),
		cmocka_unit_test(random_fragments_do_no_harm),
		cmocka_unit_test(an_mtu_has_a_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
