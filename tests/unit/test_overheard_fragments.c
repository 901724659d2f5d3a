/* SPDX-License-Identifier: BSD-2-Clause */
/* Exchanges that are overheard in fragments. */
#include "wire_of_two.h"

enum { FRAGMENT = 0x11, TOTAL_AT = 14, OFFSET_AT = 16, LEN_AT = 18, OF_A = 6 };

/* The recorded exchange of two Linphones with X3M3 in the order of its messages, which are listed by
 * sender: Hellos, Commit, DHPart1, DHPart2, Confirms. The Commit that lost comes before all of them. */
static const unsigned recorded[] = { 0, 6, 9, 10, 2, 3, 11, 12, 4, 13, 5 };

enum { RECORDED_COUNT = sizeof(recorded) / sizeof(*recorded) };

static bool is_first(struct kat_field datagram)
{
	return datagram.octets[0] == FRAGMENT && !datagram.octets[OFFSET_AT] &&
	       !datagram.octets[OFFSET_AT + 1];
}

/* Hears the recorded exchange but for some; swapped: of two fragments the second one first. */
static bool heard_recorded(bool (*without)(struct kat_field datagram), bool swapped)
{
	struct overheard phone[2];

	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < RECORDED_COUNT; i++) {
		unsigned at = recorded[i];
		struct kat_field datagram = kat_get(&kat_kem_packets[at], "packet");

		if (swapped && datagram.octets[0] == FRAGMENT) {
			at = is_first(datagram) ? at + 1 : at - 1;
			datagram = kat_get(&kat_kem_packets[at], "packet");
		}
		if (!without || !without(datagram)) {
			hear(phone, at >= OF_A, datagram.octets, datagram.len, nothing);
		}
	}
	return keyed(phone, nothing);
}

static bool is_further(struct kat_field datagram)
{
	return datagram.octets[0] == FRAGMENT && !is_first(datagram);
}

static void linphones_whose_messages_come_in_fragments_are_believed(void **state)
{
	(void)state;
	assert_true(heard_recorded(NULL, false));
	assert_true(heard_recorded(NULL, true));
	/* What is in the others is for the phones. */
	assert_true(heard_recorded(is_further, false));
	assert_false(heard_recorded(is_first, false));
}

/* A copy of its own, for the sanitizer to see its end. */
static bool is_read(const uint8_t *octets, size_t len)
{
	struct overheard_message message;
	uint8_t *copy = malloc(len + 1);
	int res;

	assert_non_null(copy);
	memcpy(copy, octets, len);
	res = overheard_read(copy, len, &message);
	free(copy);
	return !res;
}

static void a_fragment_that_is_malformed_or_not_the_first_is_not_read(void **state)
{
	static const unsigned at[] = { 1,      TOTAL_AT,   TOTAL_AT + 1, OFFSET_AT, OFFSET_AT + 1,
				       LEN_AT, LEN_AT + 1, 22,           23 };
	unsigned firsts = 0;

	(void)state;
	for (unsigned i = 0; i < KAT_COUNT(kat_kem_packets); i++) {
		struct kat_field datagram = kat_get(&kat_kem_packets[i], "packet");
		uint8_t changed[ZRTP_DATAGRAM_MAX];

		if (!is_first(datagram)) {
			assert_false(is_further(datagram) && is_read(datagram.octets, datagram.len));
			continue;
		}
		firsts++;
		assert_true(is_read(datagram.octets, datagram.len));
		for (size_t len = 0; len < datagram.len; len++) {
			assert_false(is_read(datagram.octets, len));
		}
		for (unsigned n = 0; n < sizeof(at) / sizeof(*at); n++) {
			memcpy(changed, datagram.octets, datagram.len);
			changed[at[n]] ^= 1;
			assert_false(is_read(changed, datagram.len));
		}
	}
	assert_int_equal(firsts, 3);
}

/* Each of what must be whole, cut behind its first words as a fragment: a Hello's hash and a Confirm
 * are those of the whole message. And none is too short to be looked at. */
static void only_a_commit_and_a_dhpart_are_read_from_a_fragment(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);

	(void)state;
	for (unsigned i = 0; i < wire->count; i++) {
		size_t size = wire->sent[i].len - 16;

		for (size_t cut = 4; cut <= size; cut += 4) {
			uint8_t octets[ZRTP_DATAGRAM_MAX] = { FRAGMENT };
			bool whole = cut == size, commit = wire->sent[i].what == OVERHEARD_COMMIT,
			     part = wire->sent[i].what & (OVERHEARD_DHPART1 | OVERHEARD_DHPART2);

			octets[13] = 1;
			octets[TOTAL_AT] = (uint8_t)(size / 4 >> 8);
			octets[TOTAL_AT + 1] = (uint8_t)(size / 4);
			octets[LEN_AT] = (uint8_t)(cut / 4 >> 8);
			octets[LEN_AT + 1] = (uint8_t)(cut / 4);
			memcpy(octets + 20, wire->sent[i].octets + 12, cut);
			assert_int_equal(is_read(octets, 20 + cut + 4),
					 whole || (commit && cut >= 72) || (part && cut >= 44));
		}
	}
	free(wire);
}

static void phones_with_a_kem_are_believed_also_in_fragments(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 4; i++) {
		struct wire *wire = calloc(1, sizeof(*wire));
		struct pair_config config;
		struct pair *pair;

		assert_non_null(wire);
		pair_config_init(&config);
		for (unsigned side = ALICE; side <= BOB; side++) {
			assert_int_equal(zrtp_policy_set(&config.policy[side], ZRTP_CLASS_KEX,
							 i & 1 ? "X3M3" : "X1M1", NULL),
					 ZRTP_OK);
			config.policy[side].mtu = i & 2 ? 600 : 0;
		}
		pair = pair_new(&config);
		pair->filter = record;
		pair->filter_arg = wire;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, 30 * SECOND));
		pair_free(pair);
		assert_true(heard_without(wire, 0, nothing));
		assert_false(heard_without(wire, OVERHEARD_COMMIT, nothing));
		assert_false(heard_without(wire, OVERHEARD_DHPART1, nothing));
		free(wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linphones_whose_messages_come_in_fragments_are_believed),
		cmocka_unit_test(a_fragment_that_is_malformed_or_not_the_first_is_not_read),
		cmocka_unit_test(only_a_commit_and_a_dhpart_are_read_from_a_fragment),
		cmocka_unit_test(phones_with_a_kem_are_believed_also_in_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
