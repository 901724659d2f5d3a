/* SPDX-License-Identifier: BSD-2-Clause */
/* What an attacker makes of an exchange that is overheard: left out, forged, out of turn. */
#include "wire_of_two.h"

#include <ctype.h>

/* Both sums of what was heard, and what is made of them. */
static bool is_post_quantum(const struct wire *wire, bool further)
{
	struct overheard phone[2];
	unsigned sum[2];

	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
	}
	for (unsigned i = 0; i < 2; i++) {
		sum[i] = overheard_sum(&phone[i], NULL);
	}
	assert_true(overheard_keyed(sum[ALICE], sum[BOB]));
	assert_int_equal(overheard_post_quantum(sum[ALICE], sum[BOB], further),
			 overheard_post_quantum(sum[BOB], sum[ALICE], further));
	return overheard_post_quantum(sum[ALICE], sum[BOB], further);
}

/* Of Multistream only where it is another stream of the call: its keys are those of the first. */
static void key_agreements_that_are_not_post_quantum_are_distinguished(void **state)
{
	static const char *const kex[] = { "X255", "DH3k", "EC25" };
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct overheard nobody = { .confirms = 0 };
	struct wire *wire;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		wire = exchange_by(kex[i], hash, i);
		assert_false(is_post_quantum(wire, false));
		assert_false(is_post_quantum(wire, true));
		free(wire);
	}
	wire = multistream_exchange();
	assert_false(is_post_quantum(wire, false));
	assert_true(is_post_quantum(wire, true));
	free(wire);
	assert_false(
		overheard_post_quantum(overheard_sum(&nobody, NULL), overheard_sum(&nobody, NULL), true));
}

/* The Commit once more, of another key agreement: its hash chain is public then. */
static void hear_commit_forged(struct overheard phone[2], const struct wire *wire, const char *kex)
{
	for (unsigned i = 0; i < wire->count; i++) {
		uint8_t octets[sizeof(wire->sent[i].octets)];
		size_t at = 0;

		memcpy(octets, wire->sent[i].octets, wire->sent[i].len);
		while (at + 4 < wire->sent[i].len && memcmp(octets + at, kex, 4)) {
			at++;
		}
		if (wire->sent[i].what == OVERHEARD_COMMIT && at + 4 < wire->sent[i].len) {
			memcpy(octets + at, "X255", 4);
			hear(phone, wire->sent[i].from, octets, wire->sent[i].len, nothing);
		}
	}
}

/* What any host can send beside an exchange or after it. */
static void forged_commits_make_no_exchange_classic(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct overheard phone[2];
	struct wire *wire, *forged;

	(void)state;
	needs_mlkem();
	wire = exchange_by("X1M1", hash, 0);
	forged = exchange_by("X255", hash, 1);
	memset(phone, 0, sizeof(phone));
	hear_only(phone, forged, OVERHEARD_HELLO | OVERHEARD_COMMIT);
	hear_only(phone, wire, ~0u);
	hear_commit_forged(phone, wire, "X1M1");
	assert_true(overheard_post_quantum(overheard_sum(&phone[ALICE], NULL),
					   overheard_sum(&phone[BOB], NULL), false));
	/* Another exchange, whole, is one. */
	hear_only(phone, forged, OVERHEARD_DHPART1 | OVERHEARD_DHPART2);
	assert_false(overheard_post_quantum(overheard_sum(&phone[ALICE], NULL),
					    overheard_sum(&phone[BOB], NULL), false));
	free(wire);
	free(forged);
}

/* X3M3 and, with an MTU of 600, X1M1 come in fragments. */
static void post_quantum_key_agreements_are_recognised(void **state)
{
	static const char *const kex[] = { "X1M1", "X3M3" };
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 2; i++) {
		struct wire *wire = exchange_by(kex[i], hash, i);
		const char *const both[2] = { hash[ALICE], hash[BOB] };

		assert_true(heard_without(wire, 0, both));
		assert_true(is_post_quantum(wire, false));
		free(wire);
	}
}

static void no_message_of_an_exchange_can_be_left_out(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);

	(void)state;
	for (unsigned what = OVERHEARD_HELLO; what <= OVERHEARD_CONFIRM2; what <<= 1) {
		if (what != OVERHEARD_COMMIT_SHORT) {
			assert_false(heard_without(wire, what, nothing));
		}
	}
	assert_false(heard_without(wire, ~(unsigned)(OVERHEARD_CONFIRM1 | OVERHEARD_CONFIRM2), nothing));
	free(wire);
}

static void a_confirm2_counts_behind_a_confirm1_only(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		if (wire->sent[i].what != OVERHEARD_CONFIRM1) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
		}
	}
	assert_int_equal(phone[ALICE].confirms | phone[BOB].confirms, 0);
	free(wire);
}

/* Confirms that come first do not lie in wait for an exchange. */
static void forged_confirms_do_not_count_later(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < wire->count; i++) {
			if ((wire->sent[i].what >= OVERHEARD_CONFIRM1) == !round) {
				hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len,
				     nothing);
			}
			if (round && wire->sent[i].what < OVERHEARD_CONFIRM1) {
				assert_false(keyed(phone, nothing));
			}
		}
	}
	free(wire);
}

/* Commit, DHParts and Confirms of another exchange behind the phones' own Hellos. */
static void the_hash_chain_has_to_fit_the_hello(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash), *other = dh_exchange_of(hash, 77);
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		if (wire->sent[i].what == OVERHEARD_HELLO) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
		}
	}
	for (unsigned i = 0; i < other->count; i++) {
		if (other->sent[i].what != OVERHEARD_HELLO) {
			hear(phone, other->sent[i].from, other->sent[i].octets, other->sent[i].len, nothing);
		}
	}
	assert_false(keyed(phone, nothing));
	free(other);
	free(wire);
}

static void a_whole_exchange_of_a_stranger_does_not_fit_the_signalled_hash(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE], theirs[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash), *other = dh_exchange_of(theirs, 77);
	const char *const one[2] = { hash[ALICE], NULL }, *const upper[2] = { NULL, hash[BOB] };

	(void)state;
	assert_false(heard_without(other, 0, one));
	assert_false(heard_without(other, 0, upper));
	for (char *c = hash[BOB]; *c; c++) {
		*c = (char)toupper((unsigned char)*c);
	}
	assert_true(heard_without(wire, 0, upper));
	free(other);
	free(wire);
}

/* A stranger's Hellos, before and between, take nothing from phones that have ZRTP. */
static void a_flood_of_hellos_keeps_no_exchange_from_being_seen(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	uint8_t flood[ZRTP_DATAGRAM_MAX];
	struct overheard phone[2];

	(void)state;
	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
		for (unsigned n = 0; wire->sent[i].what == OVERHEARD_HELLO && n < 100; n++) {
			memcpy(flood, wire->sent[i].octets, wire->sent[i].len);
			flood[12 + 32] ^= (uint8_t)(n + 1);
			hear(phone, wire->sent[i].from, flood, wire->sent[i].len, nothing);
		}
	}
	assert_true(keyed(phone, nothing));
	free(wire);
}

/* Neither Confirm makes up for the other one. */
static void both_confirms_are_needed(void **state)
{
	const unsigned initiator = OVERHEARD_HELLO | OVERHEARD_INITIATOR;
	const unsigned responder = OVERHEARD_HELLO | OVERHEARD_RESPONDER;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		unsigned one = initiator | (way & 1 ? OVERHEARD_CONFIRM2 : 0);
		unsigned other = responder | (way & 2 ? OVERHEARD_CONFIRM1 : 0);

		assert_int_equal(!!overheard_keyed(one, other), way == 3);
		assert_int_equal(!!overheard_keyed(other, one), way == 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_agreements_that_are_not_post_quantum_are_distinguished),
		cmocka_unit_test(post_quantum_key_agreements_are_recognised),
		cmocka_unit_test(forged_commits_make_no_exchange_classic),
		cmocka_unit_test(no_message_of_an_exchange_can_be_left_out),
		cmocka_unit_test(a_confirm2_counts_behind_a_confirm1_only),
		cmocka_unit_test(forged_confirms_do_not_count_later),
		cmocka_unit_test(the_hash_chain_has_to_fit_the_hello),
		cmocka_unit_test(a_whole_exchange_of_a_stranger_does_not_fit_the_signalled_hash),
		cmocka_unit_test(a_flood_of_hellos_keeps_no_exchange_from_being_seen),
		cmocka_unit_test(both_confirms_are_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
