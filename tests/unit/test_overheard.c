/* SPDX-License-Identifier: BSD-2-Clause */
/* When phones that are passed through are believed to have keys: exchanges of
 * two engines as they went over the wire, and what a stranger makes of them. */
#include "kat.h"
#include "needs_mlkem.h"
#include "pair.h"

#include "kem-packets-data.h"
#include "decide/overheard.h"

#include <ctype.h>

enum { ALICE, BOB, SECOND = 1000000, RECORDED = 200 };

struct wire {
	unsigned count;
	struct {
		unsigned from, what;
		size_t len;
		uint8_t octets[ZRTP_DATAGRAM_MAX];
	} sent[RECORDED];
};

static bool record(struct pair *pair, struct pair_packet *packet)
{
	struct wire *wire = pair->filter_arg;
	struct overheard_message message;

	if (!overheard_read(packet->octets, packet->len, &message) && wire->count < RECORDED) {
		wire->sent[wire->count].from = !packet->to;
		wire->sent[wire->count].what = message.what;
		wire->sent[wire->count].len = packet->len;
		memcpy(wire->sent[wire->count].octets, packet->octets, packet->len);
		wire->count++;
	}
	return true;
}

static void hear(struct overheard phone[2], unsigned from, const uint8_t *octets, size_t len,
		 const char *const signalled[2])
{
	struct overheard_message message;
	unsigned sum;

	if (overheard_read(octets, len, &message)) {
		return;
	}
	overheard_hear(&phone[from], &message, signalled[from],
		       overheard_sum(&phone[!from], signalled[!from]), &sum);
	assert_int_equal(sum, overheard_sum(&phone[from], signalled[from]));
}

static bool keyed(const struct overheard phone[2], const char *const signalled[2])
{
	return overheard_keyed(overheard_sum(&phone[ALICE], signalled[ALICE]),
			       overheard_sum(&phone[BOB], signalled[BOB]));
}

/* Hears all but the messages of these kinds. */
static bool heard_without(const struct wire *wire, unsigned without, const char *const signalled[2])
{
	struct overheard phone[2];

	memset(phone, 0, sizeof(phone));
	for (unsigned i = 0; i < wire->count; i++) {
		if (!(wire->sent[i].what & without)) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, signalled);
		}
	}
	return keyed(phone, signalled);
}

static const char *const nothing[2];

/* An exchange by such a key agreement, with the hash that each phone signals. */
static struct wire *exchange_by(const char *kex, char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE], uint64_t seed)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct pair_config config;
	struct pair *pair;

	assert_non_null(wire);
	pair_config_init(&config);
	for (unsigned i = 0; kex && i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_KEX, kex, NULL), ZRTP_OK);
		config.policy[i].mtu = 600;
	}
	pair = pair_new(&config);
	pair->filter = record;
	pair->filter_arg = wire;
	pair->side[ALICE].prng += seed;
	pair->side[BOB].prng += seed;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, 30 * SECOND));
	for (unsigned i = 0; i < 2; i++) {
		zrtp_stream_hello_hash(pair->side[i].log[0].stream, hash[i]);
	}
	pair_free(pair);
	return wire;
}

static struct wire *dh_exchange_of(char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE], uint64_t seed)
{
	return exchange_by(NULL, hash, seed);
}

static struct wire *dh_exchange(char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE])
{
	return dh_exchange_of(hash, 0);
}

/* Multistream: of the second stream alone. */
static struct wire *multistream_exchange(void)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct pair_config config;
	struct pair *pair;

	assert_non_null(wire);
	pair_config_init(&config);
	pair = pair_secured(&config);
	pair->filter = record;
	pair->filter_arg = wire;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 30 * SECOND));
	pair_free(pair);
	return wire;
}

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

/* Both hear the messages of these kinds. */
static void hear_only(struct overheard phone[2], const struct wire *wire, unsigned what)
{
	for (unsigned i = 0; i < wire->count; i++) {
		if (wire->sent[i].what & what) {
			hear(phone, wire->sent[i].from, wire->sent[i].octets, wire->sent[i].len, nothing);
		}
	}
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

/* What anybody can say beside an exchange or after it. */
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

static void another_partner_begins_anew(void **state)
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

/* ---- fragments ---- */

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
		cmocka_unit_test(phones_that_exchange_keys_are_believed),
		cmocka_unit_test(multistream_without_dhparts_is_believed),
		cmocka_unit_test(key_agreements_that_are_not_post_quantum_are_distinguished),
		cmocka_unit_test(post_quantum_key_agreements_are_recognised),
		cmocka_unit_test(forged_commits_make_no_exchange_classic),
		cmocka_unit_test(no_message_of_an_exchange_can_be_left_out),
		cmocka_unit_test(a_confirm2_counts_behind_a_confirm1_only),
		cmocka_unit_test(forged_confirms_do_not_count_later),
		cmocka_unit_test(the_hash_chain_has_to_fit_the_hello),
		cmocka_unit_test(a_whole_exchange_of_a_stranger_does_not_fit_the_signalled_hash),
		cmocka_unit_test(a_flood_of_hellos_keeps_no_exchange_from_being_seen),
		cmocka_unit_test(another_partner_begins_anew),
		cmocka_unit_test(both_confirms_are_needed),
		cmocka_unit_test(what_was_said_to_a_former_partner_says_nothing),
		cmocka_unit_test(two_hellos_of_one_chain_are_two),
		cmocka_unit_test(a_phone_is_who_has_the_exchange),
		cmocka_unit_test(without_an_exchange_the_last_hello_counts),
		cmocka_unit_test(what_is_malformed_or_cut_is_not_read),
		cmocka_unit_test(linphones_whose_messages_come_in_fragments_are_believed),
		cmocka_unit_test(a_fragment_that_is_malformed_or_not_the_first_is_not_read),
		cmocka_unit_test(only_a_commit_and_a_dhpart_are_read_from_a_fragment),
		cmocka_unit_test(phones_with_a_kem_are_believed_also_in_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
