/* SPDX-License-Identifier: BSD-2-Clause */
/* a=zrtp-hash (8): what we say of our Hello, and what the signalling says of
 * the peer's. Alice is the side that is told; Bob is the peer. */
#include "pair.h"

#include "algorithms/algorithms.h"

#include <ctype.h>

enum { ALICE, BOB, HASH_AT = 5 /* in the text, behind the version */ };

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].log[0].stream;
}

static struct pair *prepared_with(bool alice_passive, bool alice_tolerant)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	config.policy[ALICE].passive = alice_passive;
	config.policy[ALICE].tolerate_mismatch = alice_tolerant;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	return pair;
}

static struct pair *prepared(bool alice_passive)
{
	return prepared_with(alice_passive, false);
}

static void right_hash(const struct pair *pair, char out[ZRTP_HELLO_HASH_TEXT_SIZE])
{
	zrtp_stream_hello_hash(stream_of(pair, BOB), out);
}

/* Differs in the last bit only. */
static void wrong_hash(const struct pair *pair, char out[ZRTP_HELLO_HASH_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *last = out + ZRTP_HELLO_HASH_TEXT_SIZE - 2;

	right_hash(pair, out);
	*last = digits[(strchr(digits, *last) - digits) ^ 1];
}

static enum zrtp_status tell(const struct pair *pair, const char *value)
{
	return zrtp_stream_set_peer_hello_hash(stream_of(pair, ALICE), value);
}

static void tell_right(const struct pair *pair)
{
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	right_hash(pair, text);
	assert_int_equal(tell(pair, text), ZRTP_OK);
}

static void tell_wrong(const struct pair *pair)
{
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	wrong_hash(pair, text);
	assert_int_equal(tell(pair, text), ZRTP_OK);
}

static enum zrtp_hash_status hash_status(const struct pair *pair)
{
	return pair_info(pair, ALICE, 0).hello_hash;
}

/* Counts Alice's mismatch events in *hook_arg. */
static void count_mismatches(struct pair_log *log, char what)
{
	unsigned *count = log->pair->hook_arg;

	if (log->side == ALICE && what == '0' + ZRTP_EVENT_HELLO_HASH_MISMATCH) {
		++*count;
	}
}

static void watch(struct pair *pair, unsigned *count)
{
	*count = 0;
	pair->hook = count_mismatches;
	pair->hook_arg = count;
}

static void becomes_secure(struct pair *pair, enum zrtp_hash_status status)
{
	assert_true(pair_run_until_secure(pair, 0, pair->now + 20000000));
	pair_assert_secure(pair, 0);
	assert_int_equal(hash_status(pair), status);
}

static void never_becomes_secure(struct pair *pair)
{
	assert_false(pair_run_until_secure(pair, 0, pair->now + 60000000));
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];

		assert_int_equal(log->secure, 0);
		assert_false(log->has_keys[ZRTP_SEND] || log->has_keys[ZRTP_RECEIVE]);
	}
}

/* ---- our own hash ---- */

/* R492 R489 */
static void the_text_is_version_blank_and_64_small_digits(void **state)
{
	struct pair *pair = prepared(false);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE + 1];

	(void)state;
	memset(text, '#', sizeof(text));
	right_hash(pair, text);
	assert_int_equal(strlen(text), ZRTP_HELLO_HASH_TEXT_SIZE - 1);
	assert_int_equal(text[ZRTP_HELLO_HASH_TEXT_SIZE], '#');
	assert_memory_equal(text, "1.10 ", HASH_AT);
	assert_int_equal(strspn(text + HASH_AT, "0123456789abcdef"), 64);
	pair_free(pair);
}

/* Keeps Bob's first Hello in *filter_arg. */
static bool keep_hello(struct pair *pair, struct pair_packet *packet)
{
	struct pair_packet *kept = pair->filter_arg;

	if (packet->to == ALICE && pair_is(packet, "Hello   ") && !kept->len) {
		*kept = *packet;
	}
	return true;
}

/* R492: the message without the packet around it. */
static void it_is_the_hash_of_the_hello_that_is_sent(void **state)
{
	struct pair *pair = prepared(false);
	struct pair_packet hello = { .len = 0 };
	struct zrtp_piece piece;
	uint8_t hash[ZRTP_HASH_MAX];
	char text[ZRTP_HELLO_HASH_TEXT_SIZE], before[ZRTP_HELLO_HASH_TEXT_SIZE];

	(void)state;
	right_hash(pair, before);
	pair->filter = keep_hello;
	pair->filter_arg = &hello;
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_NONE);
	piece = (struct zrtp_piece){ hello.octets + 12, hello.len - 16 };
	assert_int_equal(zrtp_digest(zrtp_hash_find("S256"), &piece, 1, hash), 0);
	right_hash(pair, text);
	assert_string_equal(text, before); /* for as long as the stream lives */
	for (unsigned i = 0; i < ZRTP_HELLO_HASH_SIZE; i++) {
		unsigned octet;

		assert_int_equal(sscanf(text + HASH_AT + 2 * i, "%2x", &octet), 1);
		assert_int_equal(octet, hash[i]);
	}
	pair_free(pair);
}

/* R493 */
static void each_stream_has_its_own_hash(void **state)
{
	struct pair *pair = prepared(false);
	char a[ZRTP_HELLO_HASH_TEXT_SIZE], b[ZRTP_HELLO_HASH_TEXT_SIZE];

	(void)state;
	pair_add_stream(pair, 1);
	zrtp_stream_hello_hash(pair->side[BOB].log[0].stream, a);
	zrtp_stream_hello_hash(pair->side[BOB].log[1].stream, b);
	assert_string_not_equal(a, b);
	pair_free(pair);
}

/* ---- the peer's, told in time ---- */

/* R495 */
static void without_a_hash_the_status_is_none(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_NONE);
	pair_free(pair);
}

static void the_right_hash_is_matched(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_right(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_NONE);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	assert_int_equal(pair_info(pair, ALICE, 0).dropped[ZRTP_DROP_HELLO_HASH], 0);
	pair_free(pair);
}

static void capital_digits_are_accepted(void **state)
{
	struct pair *pair = prepared(false);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	(void)state;
	right_hash(pair, text);
	for (char *c = text; *c; c++) {
		*c = (char)toupper((unsigned char)*c);
	}
	assert_int_equal(tell(pair, text), ZRTP_OK);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

/* R494: the event once, although Bob repeats his Hello. */
static void a_wrong_hash_never_becomes_secure(void **state)
{
	struct pair *pair = prepared(false);
	struct zrtp_stream_info info;
	unsigned events;

	(void)state;
	watch(pair, &events);
	tell_wrong(pair);
	pair_start(pair, 0);
	never_becomes_secure(pair);
	info = pair_info(pair, ALICE, 0);
	assert_int_equal(info.hello_hash, ZRTP_HASH_MISMATCH);
	assert_int_equal(events, 1);
	assert_true(info.dropped[ZRTP_DROP_HELLO_HASH] > 1);
	assert_int_equal(info.found_at, 0);
	pair_free(pair);
}

static void the_later_of_two_values_counts(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_wrong(pair);
	tell_right(pair);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

/* ---- values that are none ---- */

/* Value i that is no zrtp-hash, made of the right one; false: no more. */
static bool malformed_value(const struct pair *pair, unsigned i, char out[128])
{
	char right[ZRTP_HELLO_HASH_TEXT_SIZE];
	const char *hash = right + HASH_AT;

	right_hash(pair, right);
	switch (i) {
	case 0:
		return snprintf(out, 128, "%s", "") >= 0;
	case 1:
		return snprintf(out, 128, "1.10") > 0;
	case 2:
		return snprintf(out, 128, "1.10 ") > 0;
	case 3:
		return snprintf(out, 128, " ") > 0;
	case 4:
		return snprintf(out, 128, "%s", hash) > 0;
	case 5:
		return snprintf(out, 128, " %s", hash) > 0;
	case 6:
		return snprintf(out, 128, "1.10%s", hash) > 0;
	case 7:
		return snprintf(out, 128, "1.10 %.63s", hash) > 0;
	case 8:
		return snprintf(out, 128, "1.10 %.62s", hash) > 0;
	case 9:
		return snprintf(out, 128, "1.10 %s0", hash) > 0;
	case 10:
		return snprintf(out, 128, "1.10 %s00", hash) > 0;
	case 11:
		return snprintf(out, 128, "1.10 %s ", hash) > 0;
	case 12:
		return snprintf(out, 128, "1.10  %s", hash) > 0;
	case 13:
		return snprintf(out, 128, "1.10 g%s", hash + 1) > 0;
	case 14:
		return snprintf(out, 128, "1.10 %.63sg", hash) > 0;
	case 15:
		return snprintf(out, 128, "1.10 %.63s ", hash) > 0;
	case 16:
		return snprintf(out, 128, "1.10 0x%.62s", hash) > 0;
	case 17:
		return snprintf(out, 128, "1.10\t%s", hash) > 0;
	case 18:
		return snprintf(out, 128, "1.1 %s", hash) > 0;
	case 19:
		return snprintf(out, 128, "1.10 \xc3\xa4%.62s", hash) > 0;
	default:
		return false;
	}
}

/* In a block of its exact size, so that a sanitizer sees each overread. */
static enum zrtp_status tell_copy(const struct pair *pair, const char *value)
{
	char *copy = strdup(value);
	enum zrtp_status status = tell(pair, copy);

	free(copy);
	return status;
}

static void tell_malformed(const struct pair *pair)
{
	char value[128];
	unsigned i;

	for (i = 0; malformed_value(pair, i, value); i++) {
		if (tell_copy(pair, value) != ZRTP_INVALID) {
			fail_msg("\"%s\" was accepted", value);
		}
	}
	assert_int_equal(i, 20);
}

static void a_malformed_value_demands_nothing(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_malformed(pair);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_NONE);
	tell_malformed(pair);
	assert_int_equal(pair_info(pair, ALICE, 0).state, ZRTP_STATE_SECURE);
	pair_free(pair);
}

static void a_malformed_value_leaves_the_one_before_in_force(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_right(pair);
	tell_malformed(pair);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
	pair = prepared(false);
	tell_wrong(pair);
	tell_malformed(pair);
	pair_start(pair, 0);
	never_becomes_secure(pair);
	pair_free(pair);
}

/* ---- versions ---- */

static void tell_of_version(const struct pair *pair, const char *version)
{
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	wrong_hash(pair, text);
	memcpy(text, version, 4);
	assert_int_equal(tell(pair, text), ZRTP_OK);
}

/* R021: a list may hold values of versions that we do not speak. */
static void the_value_of_another_version_is_ignored(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_of_version(pair, "2.00");
	tell_of_version(pair, "1.20");
	tell_of_version(pair, "1.00");
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_NONE);
	tell_of_version(pair, "2.00");
	pair_free(pair);
}

static void the_value_of_another_version_replaces_none_of_ours(void **state)
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_right(pair);
	tell_of_version(pair, "2.00");
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

/* R021 R275: another version may have another hash, of another length. */
static void the_value_of_another_version_may_be_of_another_length(void **state)
{
	struct pair *pair = prepared(false);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE], longer[128];

	(void)state;
	right_hash(pair, text);
	snprintf(longer, sizeof(longer), "2.00 %.64s%.32s", text + HASH_AT, text + HASH_AT);
	assert_int_equal(tell_copy(pair, longer), ZRTP_OK);
	pair_free(pair);
}

/* R031 */
static void the_fourth_character_of_the_version_does_not_count(void **state)
{
	struct pair *pair = prepared(false);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	(void)state;
	right_hash(pair, text);
	text[3] = '9';
	assert_int_equal(tell(pair, text), ZRTP_OK);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

/* ---- told late ---- */

static bool drop_commits(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return !pair_is(packet, "Commit  ");
}

/* Alice has Bob's Hello and waits for his Commit. */
static struct pair *found(void)
{
	struct pair *pair = prepared(true);

	pair->filter = drop_commits;
	pair_start(pair, 0);
	pair_run(pair, pair->now + 100000);
	assert_int_equal(pair_info(pair, ALICE, 0).state, ZRTP_STATE_FOUND);
	pair->filter = NULL;
	return pair;
}

static void the_right_hash_may_come_after_the_hello(void **state)
{
	struct pair *pair = found();
	unsigned events;

	(void)state;
	watch(pair, &events);
	tell_right(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MATCHED);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	assert_int_equal(events, 0);
	pair_free(pair);
}

/* R494 */
static void a_wrong_hash_after_the_hello_forgets_it(void **state)
{
	struct pair *pair = found();
	unsigned events;

	(void)state;
	watch(pair, &events);
	tell_wrong(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MISMATCH);
	assert_int_equal(events, 1);
	never_becomes_secure(pair);
	assert_int_equal(events, 1);
	pair_free(pair);
}

/* Tells Alice while Bob's Commit is on its way to her. */
static bool tell_wrong_at_commit(struct pair *pair, struct pair_packet *packet)
{
	if (packet->to == ALICE && pair_is(packet, "Commit  ") && hash_status(pair) == ZRTP_HASH_NONE) {
		tell_wrong(pair);
	}
	return true;
}

static void a_wrong_hash_that_overtakes_the_commit_defeats_it(void **state)
{
	struct pair *pair = prepared(true);
	unsigned events;

	(void)state;
	watch(pair, &events);
	pair->filter = tell_wrong_at_commit;
	pair_start(pair, 0);
	never_becomes_secure(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MISMATCH);
	assert_int_equal(events, 1);
	assert_true(pair_info(pair, ALICE, 0).dropped[ZRTP_DROP_HASH_CHAIN] > 0);
	pair_free(pair);
}

/* ---- a policy that tolerates a mismatch ---- */

/* R496: it is accepted, told once, and not called a match. */
static void a_tolerated_mismatch_is_told_and_becomes_secure(void **state)
{
	struct pair *pair = prepared_with(false, true);
	unsigned events;

	(void)state;
	watch(pair, &events);
	tell_wrong(pair);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MISMATCH);
	assert_int_equal(events, 1);
	assert_int_equal(pair_info(pair, ALICE, 0).dropped[ZRTP_DROP_HELLO_HASH], 0);
	tell_right(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MATCHED);
	tell_wrong(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MISMATCH);
	assert_int_equal(pair_info(pair, ALICE, 0).state, ZRTP_STATE_SECURE);
	pair_free(pair);
}

static void a_policy_that_tolerates_mismatches_still_knows_a_match(void **state)
{
	struct pair *pair = prepared_with(false, true);
	unsigned events;

	(void)state;
	watch(pair, &events);
	tell_right(pair);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	assert_int_equal(events, 0);
	pair_free(pair);
}

/* ---- without a stream ---- */

static void a_value_is_checked_without_a_stream(void **state)
{
	struct pair *pair = prepared(false);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE], value[128];

	(void)state;
	right_hash(pair, text);
	assert_int_equal(zrtp_hello_hash_check(text), ZRTP_OK);
	for (unsigned i = 0; malformed_value(pair, i, value); i++) {
		assert_int_equal(zrtp_hello_hash_check(value), ZRTP_INVALID);
	}
	assert_int_equal(zrtp_hello_hash_check("2.00 0123"), ZRTP_DROPPED);
	pair_free(pair);
}

/* ---- a forged Hello before the real one ---- */

static bool lose_all(struct pair *pair, struct pair_packet *packet)
{
	struct pair_packet *kept = pair->filter_arg;

	if (pair_is(packet, "Hello   ")) {
		*kept = *packet;
	}
	return false;
}

static void start(struct pair *pair, unsigned side)
{
	assert_int_equal(zrtp_stream_start(stream_of(pair, side), pair->now), ZRTP_OK);
}

/* Only Alice has started, and the network carries nothing yet. */
static struct pair *lonely(bool alice_passive, struct pair_packet *hello, unsigned *events)
{
	struct pair *pair = prepared(alice_passive);

	watch(pair, events);
	pair->filter = lose_all;
	pair->filter_arg = hello;
	start(pair, ALICE);
	assert_true(pair_is(hello, "Hello   "));
	return pair;
}

/* Now the real peer comes up. */
static void bob_comes(struct pair *pair)
{
	pair_run(pair, pair->now + 100000);
	pair->filter = NULL;
	start(pair, BOB);
}

/* Alice gets a Hello of nobody: her own with another SSRC and ZID. */
static enum zrtp_status forge_hello(struct pair *pair, const struct pair_packet *hello)
{
	enum { SSRC_AT = 8, ZID_AT = 12 + 64, FLAGS_AT = 12 + 76 };
	struct pair_packet forged = *hello;

	forged.octets[SSRC_AT] ^= 1;
	forged.octets[ZID_AT] ^= 1;
	forged.octets[FLAGS_AT] = 0; /* not passive */
	pair_repair(forged.octets, forged.len);
	return zrtp_stream_receive(stream_of(pair, ALICE), forged.octets, forged.len, pair->now);
}

static enum zrtp_status forge_helloack(struct pair *pair)
{
	uint8_t datagram[28];
	size_t len = pair_wrap(datagram, pair_info(pair, ALICE, 0).peer_ssrc, 1,
			       (const uint8_t *)"PZ\0\3HelloACK", 12);

	return zrtp_stream_receive(stream_of(pair, ALICE), datagram, len, pair->now);
}

/* R494 R513 */
static void the_real_hello_may_follow_a_forged_one(void **state)
{
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(false, &hello, &events);

	(void)state;
	tell_right(pair);
	assert_int_equal(forge_hello(pair, &hello), ZRTP_DROPPED);
	assert_int_equal(forge_hello(pair, &hello), ZRTP_DROPPED);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MISMATCH);
	assert_int_equal(pair_info(pair, ALICE, 0).dropped[ZRTP_DROP_HELLO_HASH], 2);
	bob_comes(pair);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	assert_int_equal(events, 1);
	pair_free(pair);
}

/* R494 R513 */
static void the_hash_may_unmask_a_forged_hello(void **state)
{
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(false, &hello, &events);

	(void)state;
	assert_int_equal(forge_hello(pair, &hello), ZRTP_OK);
	assert_int_equal(hash_status(pair), ZRTP_HASH_NONE);
	tell_right(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MISMATCH);
	assert_int_equal(events, 1);
	bob_comes(pair);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	assert_int_equal(events, 1);
	pair_free(pair);
}

/* The forger's HelloACK was not the peer's, who has yet to get our Hello. */
static void an_unmasked_forgers_acknowledgement_is_forgotten(void **state)
{
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(true, &hello, &events);

	(void)state;
	assert_int_equal(forge_hello(pair, &hello), ZRTP_OK);
	assert_int_equal(forge_helloack(pair), ZRTP_OK);
	assert_int_equal(pair_info(pair, ALICE, 0).state, ZRTP_STATE_FOUND);
	tell_right(pair);
	bob_comes(pair);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

/* ---- told when it is too late ---- */

static void in_secure_the_same_value_is_confirmed(void **state)
{
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	pair = pair_secured(&config);
	tell_right(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MATCHED);
	tell_right(pair);
	assert_int_equal(pair_info(pair, ALICE, 0).state, ZRTP_STATE_SECURE);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

static void in_secure_another_value_changes_nothing(void **state)
{
	struct pair_config config;
	struct zrtp_stream_info before, after;
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];
	struct pair *pair;
	unsigned events;

	(void)state;
	pair_config_init(&config);
	pair = pair_secured(&config);
	watch(pair, &events);
	tell_right(pair);
	before = pair_info(pair, ALICE, 0);
	wrong_hash(pair, text);
	assert_int_equal(tell(pair, text), ZRTP_WRONG_STATE);
	pair_run(pair, pair->now + 20000000);
	after = pair_info(pair, ALICE, 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(after.state, ZRTP_STATE_SECURE);
	assert_int_equal(events, 0);
	tell_right(pair);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

/* From Commit on the Hello is in use. */
static void during_the_exchange_another_value_is_refused(void **state)
{
	struct pair *pair = prepared(true);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	(void)state;
	pair_start(pair, 0);
	while (pair_info(pair, ALICE, 0).state != ZRTP_STATE_DHPART1_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	wrong_hash(pair, text);
	assert_int_equal(tell(pair, text), ZRTP_WRONG_STATE);
	becomes_secure(pair, ZRTP_HASH_NONE);
	pair_free(pair);
}

/* ---- whose Hello is this? ---- */

static struct pair_tap hellos[3];

static void a_hello_is_recognised_by_its_hash_and_by_who_has_it(void **state)
{
	struct pair *pair = prepared(false);
	char right[ZRTP_HELLO_HASH_TEXT_SIZE], wrong[ZRTP_HELLO_HASH_TEXT_SIZE];
	const struct pair_packet *hello = &hellos[0].last, *ack = &hellos[1].last;
	struct pair_packet other;

	(void)state;
	hellos[0] = (struct pair_tap){ .type = "Hello   ", .to = ALICE };
	hellos[1] = (struct pair_tap){ .type = "HelloACK", .to = ALICE };
	pair->filter = pair_tapped;
	pair->filter_arg = hellos;
	right_hash(pair, right);
	wrong_hash(pair, wrong);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	assert_true(zrtp_hello_hash_matches(hello->octets, hello->len, right));
	assert_false(zrtp_hello_hash_matches(hello->octets, hello->len, wrong));
	assert_false(zrtp_hello_hash_matches(hello->octets, hello->len, "1.10 "));
	assert_false(zrtp_hello_hash_matches(hello->octets, hello->len - 1, right));
	assert_false(zrtp_hello_hash_matches(ack->octets, ack->len, right));
	assert_true(zrtp_stream_knows_hello(stream_of(pair, ALICE), hello->octets, hello->len));
	assert_false(zrtp_stream_knows_hello(stream_of(pair, BOB), hello->octets, hello->len));
	assert_false(zrtp_stream_knows_hello(stream_of(pair, ALICE), ack->octets, ack->len));
	for (size_t at = 16; at < hello->len; at++) {
		other = *hello;
		other.octets[at] ^= 1;
		pair_repair(other.octets, other.len);
		if (at < hello->len - 4) {
			assert_false(zrtp_hello_hash_matches(other.octets, other.len, right));
			assert_false(
				zrtp_stream_knows_hello(stream_of(pair, ALICE), other.octets, other.len));
		}
	}
	pair_free(pair);
}

/* ---- another party answers ---- */

static void forget(const struct pair *pair)
{
	zrtp_stream_forget_peer_hello_hash(stream_of(pair, ALICE));
}

static void another_party_without_a_hash_is_not_held_to_the_former_ones(void **state)
{
	struct pair *pair = prepared(false);
	unsigned events;

	(void)state;
	watch(pair, &events);
	tell_wrong(pair); /* of the phone that rang */
	forget(pair);
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_NONE);
	assert_int_equal(events, 0);
	pair_free(pair);
}

/* Two phones ring, both with a hash, and the Hello of the first has come. */
static void another_party_with_a_hash_is_no_mismatch(void **state)
{
	char right[ZRTP_HELLO_HASH_TEXT_SIZE];
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(false, &hello, &events);

	(void)state;
	right_hash(pair, right);
	assert_int_equal(forge_hello(pair, &hello), ZRTP_OK);
	assert_int_equal(zrtp_stream_set_other_peer_hello_hash(stream_of(pair, ALICE), right), ZRTP_OK);
	assert_int_equal(hash_status(pair), ZRTP_HASH_NONE);
	assert_int_equal(events, 0);
	bob_comes(pair);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	assert_int_equal(events, 0);
	pair_free(pair);
}

/* From then on another Hello is a wrong one, as ever. */
static void a_wrong_hello_after_another_party_is_told(void **state)
{
	char right[ZRTP_HELLO_HASH_TEXT_SIZE];
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(false, &hello, &events);

	(void)state;
	right_hash(pair, right);
	tell_wrong(pair);
	assert_int_equal(forge_hello(pair, &hello), ZRTP_DROPPED);
	assert_int_equal(events, 1);
	assert_int_equal(zrtp_stream_set_other_peer_hello_hash(stream_of(pair, ALICE), right), ZRTP_OK);
	assert_int_equal(hash_status(pair), ZRTP_HASH_NONE);
	assert_int_equal(forge_hello(pair, &hello), ZRTP_DROPPED);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MISMATCH);
	assert_int_equal(events, 2);
	pair_free(pair);
}

/* The same phone with another tag, as behind an SBC: it does not repeat a Hello that was acknowledged. */
static void another_tag_of_the_same_phone_keeps_its_hello(void **state)
{
	char right[ZRTP_HELLO_HASH_TEXT_SIZE];
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(false, &hello, &events);

	(void)state;
	start(pair, BOB);
	assert_int_equal(zrtp_stream_receive(stream_of(pair, ALICE), hello.octets, hello.len, pair->now),
			 ZRTP_OK);
	right_hash(pair, right);
	assert_int_equal(zrtp_stream_set_other_peer_hello_hash(stream_of(pair, ALICE), right), ZRTP_OK);
	assert_int_equal(hash_status(pair), ZRTP_HASH_MATCHED);
	assert_int_equal(events, 0);
	pair_free(pair);
}

static void the_hello_of_the_former_party_is_forgotten_with_its_hash(void **state)
{
	struct pair_packet hello;
	unsigned events;
	struct pair *pair = lonely(false, &hello, &events);

	(void)state;
	tell_wrong(pair);
	assert_int_equal(forge_hello(pair, &hello), ZRTP_DROPPED);
	forget(pair);
	assert_int_equal(hash_status(pair), ZRTP_HASH_NONE);
	bob_comes(pair);
	becomes_secure(pair, ZRTP_HASH_NONE);
	pair_free(pair);
}

static void in_secure_nothing_is_forgotten(void **state)
{
	struct pair_config config;
	struct zrtp_stream_info before, after;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	pair = pair_secured(&config);
	tell_right(pair);
	before = pair_info(pair, ALICE, 0);
	forget(pair);
	after = pair_info(pair, ALICE, 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(after.hello_hash, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_version_blank_and_64_small_digits),
		cmocka_unit_test(it_is_the_hash_of_the_hello_that_is_sent),
		cmocka_unit_test(each_stream_has_its_own_hash),
		cmocka_unit_test(without_a_hash_the_status_is_none),
		cmocka_unit_test(the_right_hash_is_matched),
		cmocka_unit_test(capital_digits_are_accepted),
		cmocka_unit_test(a_wrong_hash_never_becomes_secure),
		cmocka_unit_test(the_later_of_two_values_counts),
		cmocka_unit_test(a_malformed_value_demands_nothing),
		cmocka_unit_test(a_malformed_value_leaves_the_one_before_in_force),
		cmocka_unit_test(the_value_of_another_version_is_ignored),
		cmocka_unit_test(the_value_of_another_version_replaces_none_of_ours),
		cmocka_unit_test(the_value_of_another_version_may_be_of_another_length),
		cmocka_unit_test(the_fourth_character_of_the_version_does_not_count),
		cmocka_unit_test(the_right_hash_may_come_after_the_hello),
		cmocka_unit_test(a_wrong_hash_after_the_hello_forgets_it),
		cmocka_unit_test(a_wrong_hash_that_overtakes_the_commit_defeats_it),
		cmocka_unit_test(a_tolerated_mismatch_is_told_and_becomes_secure),
		cmocka_unit_test(a_policy_that_tolerates_mismatches_still_knows_a_match),
		cmocka_unit_test(a_value_is_checked_without_a_stream),
		cmocka_unit_test(another_party_without_a_hash_is_not_held_to_the_former_ones),
		cmocka_unit_test(another_party_with_a_hash_is_no_mismatch),
		cmocka_unit_test(a_wrong_hello_after_another_party_is_told),
		cmocka_unit_test(another_tag_of_the_same_phone_keeps_its_hello),
		cmocka_unit_test(the_hello_of_the_former_party_is_forgotten_with_its_hash),
		cmocka_unit_test(in_secure_nothing_is_forgotten),
		cmocka_unit_test(the_real_hello_may_follow_a_forged_one),
		cmocka_unit_test(the_hash_may_unmask_a_forged_hello),
		cmocka_unit_test(an_unmasked_forgers_acknowledgement_is_forgotten),
		cmocka_unit_test(in_secure_the_same_value_is_confirmed),
		cmocka_unit_test(in_secure_another_value_changes_nothing),
		cmocka_unit_test(during_the_exchange_another_value_is_refused),
		cmocka_unit_test(a_hello_is_recognised_by_its_hash_and_by_who_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
