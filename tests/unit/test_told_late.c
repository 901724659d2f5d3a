/* SPDX-License-Identifier: BSD-2-Clause */
/* a=zrtp-hash that comes late, or after a forged Hello; whose Hello is it? */
#include "hashes.h"

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

static void a_wrong_hash_after_the_hello_forgets_it(void **state) /* R494 */
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

/* Alice gets a Hello of no peer: her own with another SSRC and ZID. */
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

static void the_real_hello_may_follow_a_forged_one(void **state) /* R494 R513 */
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

static void the_hash_may_unmask_a_forged_hello(void **state) /* R494 R513 */
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
static void a_wrong_hello_after_another_party_is_reported(void **state)
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
		cmocka_unit_test(the_right_hash_may_come_after_the_hello),
		cmocka_unit_test(a_wrong_hash_after_the_hello_forgets_it),
		cmocka_unit_test(a_wrong_hash_that_overtakes_the_commit_defeats_it),
		cmocka_unit_test(another_party_without_a_hash_is_not_held_to_the_former_ones),
		cmocka_unit_test(another_party_with_a_hash_is_no_mismatch),
		cmocka_unit_test(a_wrong_hello_after_another_party_is_reported),
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
