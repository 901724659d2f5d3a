/* SPDX-License-Identifier: BSD-2-Clause */
/* When phones that are passed through are believed to have keys: exchanges of
 * two engines as they went over the wire, and who the partner is. */
#include "wire_of_two.h"

static void phones_that_exchange_keys_are_believed(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	const char *const both[2] = { hash[ALICE], hash[BOB] };
	const char *const one[2] = { NULL, hash[BOB] };

	(void)state;
	assert_true(heard_without(wire, 0, nothing));
	assert_true(heard_without(wire, 0, one));
	assert_true(heard_without(wire, 0, both));
	free(wire);
}

static void multistream_without_dhparts_is_believed(void **state)
{
	struct wire *wire = multistream_exchange();

	(void)state;
	assert_true(heard_without(wire, 0, nothing));
	assert_false(heard_without(wire, OVERHEARD_COMMIT_SHORT, nothing));
	assert_false(heard_without(wire, OVERHEARD_HELLO, nothing));
	free(wire);
}

/* To whom it was joined before a phone may have said Commit and DHPart2: with another partner
 * that answers, its Confirm2 alone is no exchange. */
static void what_was_said_to_a_former_partner_says_nothing(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	const unsigned begins = OVERHEARD_COMMIT | OVERHEARD_DHPART2;
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	hear_only(phone, wire, ~0U);
	assert_true(keyed(phone, nothing));
	overheard_begin(&phone[ALICE]);
	overheard_begin(&phone[BOB]);
	hear_only(phone, wire, ~(unsigned)OVERHEARD_HELLO & ~begins);
	assert_false(keyed(phone, nothing));
	overheard_begin(&phone[ALICE]);
	overheard_begin(&phone[BOB]);
	hear_only(phone, wire, ~(unsigned)OVERHEARD_HELLO & ~(unsigned)OVERHEARD_DHPART1);
	assert_false(keyed(phone, nothing));
	hear_only(phone, wire, ~(unsigned)OVERHEARD_HELLO);
	assert_true(keyed(phone, nothing));
	free(wire);
}

/* A phone that draws another ZID says another Hello with the same hash chain: both are kept. */
static void two_hellos_of_one_chain_are_two(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	struct overheard_message message;
	struct overheard phone;
	uint8_t former[ZRTP_DATAGRAM_MAX];
	unsigned first = 0;

	(void)state;
	while (wire->sent[first].what != OVERHEARD_HELLO) {
		first++;
	}
	for (unsigned way = 0; way < 2; way++) {
		memset(&phone, 0, sizeof(phone));
		memcpy(former, wire->sent[first].octets, wire->sent[first].len);
		former[12 + 64] ^= 1;
		for (unsigned i = 0; i < 2; i++) {
			const uint8_t *hello = i == way ? wire->sent[first].octets : former;

			assert_int_equal(overheard_read(hello, wire->sent[first].len, &message), 0);
			overheard_take(&phone, &message);
		}
		assert_int_equal(overheard_sum(&phone, hash[wire->sent[first].from]), OVERHEARD_HELLO);
		assert_int_equal(phone.hello[1].said, OVERHEARD_HELLO);
		assert_int_equal(phone.hello[2].said, 0);
	}
	free(wire);
}

static void another_partner_begins_again(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
	}
	assert_true(keyed(phone, nothing));
	overheard_begin(&phone[BOB]);
	assert_false(keyed(phone, nothing));
	/* Its Hello need not come again. */
	for (unsigned i = 0; i < wire->count; i++) {
		if (wire->sent[i].what != OVERHEARD_HELLO) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
		}
	}
	assert_true(keyed(phone, nothing));
	free(wire);
}

/* Each phone is the one of whose Hello the exchange is, whatever else says Hello in its name. */
static void a_phone_is_who_has_the_exchange(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	uint8_t forged[ZRTP_DATAGRAM_MAX], zid[2][ZRTP_ZID_SIZE] = { { 0 } };
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	assert_null(overheard_speaker(&phone[ALICE], NULL));
	for (unsigned i = 0; i < wire->count; i++) {
		unsigned from = wire->sent[i].from;

		hear(phone, from, wire->sent[i].octets, wire->sent[i].len, nothing);
		if (wire->sent[i].what == OVERHEARD_HELLO) {
			assert_true(zrtp_hello_zid(wire->sent[i].octets, wire->sent[i].len, zid[from]));
		}
		for (unsigned n = 0; wire->sent[i].what == OVERHEARD_HELLO && n < 20; n++) {
			memcpy(forged, wire->sent[i].octets, wire->sent[i].len);
			memcpy(forged + 12 + 16, "BZRTPv1.1       ", 16);
			forged[12 + 32] ^= (uint8_t)(n + 1);
			forged[12 + 64] ^= 1;
			hear(phone, from, forged, wire->sent[i].len, nothing);
		}
	}
	assert_true(keyed(phone, nothing));
	for (unsigned i = 0; i < 2; i++) {
		const struct overheard_speaker *speaker = overheard_speaker(&phone[i], NULL);

		assert_non_null(speaker);
		assert_memory_equal(speaker->zid, zid[i], sizeof(zid[i]));
		assert_string_not_equal(speaker->client_id, "BZRTPv1.1");
		assert_ptr_equal(overheard_speaker(&phone[i], hash[i]), speaker);
		assert_null(overheard_speaker(&phone[i], hash[!i]));
	}
	free(wire);
}

/* Before an exchange, and where it has no chain, the last Hello counts. */
static void without_an_exchange_the_last_hello_counts(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	struct overheard_message message;
	struct overheard phone;
	uint8_t named[ZRTP_DATAGRAM_MAX];
	unsigned first = 0;

	(void)state;
	memset(&phone, 0, sizeof(phone));
	while (wire->sent[first].what != OVERHEARD_HELLO) {
		first++;
	}
	for (unsigned n = 0; n < 3; n++) {
		memcpy(named, wire->sent[first].octets, wire->sent[first].len);
		memcpy(named + 12 + 16,
		       n == 2 ? "\x01name~of\177"
				"16oct. "
			      : "BZRTPv1.1       ",
		       16);
		named[12 + 32] ^= (uint8_t)n;
		assert_int_equal(overheard_read(named, wire->sent[first].len, &message), 0);
		overheard_take(&phone, &message);
		assert_string_equal(overheard_speaker(&phone, NULL)->client_id,
				    n == 2 ? "?name~of?16oct." : "BZRTPv1.1");
	}
	free(wire);
}

static void what_is_malformed_or_cut_is_not_read(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	struct overheard_message message;

	(void)state;
	for (unsigned i = 0; i < wire->count; i++) {
		for (size_t len = 0; len < wire->sent[i].len; len++) {
			uint8_t *cut = malloc(len + 1); /* for the sanitizer to see its end */

			assert_non_null(cut);
			memcpy(cut, wire->sent[i].octets, len);
			assert_int_equal(overheard_read(cut, len, &message), -1);
			free(cut);
		}
	}
	free(wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phones_that_exchange_keys_are_believed),
		cmocka_unit_test(multistream_without_dhparts_is_believed),
		cmocka_unit_test(another_partner_begins_again),
		cmocka_unit_test(what_was_said_to_a_former_partner_says_nothing),
		cmocka_unit_test(two_hellos_of_one_chain_are_two),
		cmocka_unit_test(a_phone_is_who_has_the_exchange),
		cmocka_unit_test(without_an_exchange_the_last_hello_counts),
		cmocka_unit_test(what_is_malformed_or_cut_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
