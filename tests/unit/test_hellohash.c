/* SPDX-License-Identifier: BSD-2-Clause */
/* a=zrtp-hash: our own, the peer's, and values that are none. */
#include "hashes.h"

/* ---- our own hash ---- */

static void the_text_is_version_blank_and_64_small_digits(void **state) /* R489 R492 */
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

/* The message without the packet around it. */
static void it_is_the_hash_of_the_hello_that_is_sent(void **state) /* R274 R492 */
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

static void each_stream_has_its_own_hash(void **state) /* R229 R493 R506 R508 */
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

static void without_a_hash_the_status_is_none(void **state) /* R485 R495 */
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

static void capital_digits_are_accepted(void **state) /* R489 */
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

/* The event once, although Bob repeats his Hello. */
static void a_wrong_hash_never_becomes_secure(void **state) /* R494 */
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

static void a_malformed_value_demands_nothing(void **state) /* R489 */
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

/* A list may hold values of versions that we do not speak. */
static void the_value_of_another_version_is_ignored(void **state) /* R021 */
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

static void the_value_of_another_version_replaces_none_of_ours(void **state) /* R021 */
{
	struct pair *pair = prepared(false);

	(void)state;
	tell_right(pair);
	tell_of_version(pair, "2.00");
	pair_start(pair, 0);
	becomes_secure(pair, ZRTP_HASH_MATCHED);
	pair_free(pair);
}

/* Another version may have another hash, of another length. */
static void the_value_of_another_version_may_be_of_another_length(void **state) /* R021 R275 */
{
	struct pair *pair = prepared(false);
	char text[ZRTP_HELLO_HASH_TEXT_SIZE], longer[128];

	(void)state;
	right_hash(pair, text);
	snprintf(longer, sizeof(longer), "2.00 %.64s%.32s", text + HASH_AT, text + HASH_AT);
	assert_int_equal(tell_copy(pair, longer), ZRTP_OK);
	pair_free(pair);
}

static void the_fourth_character_of_the_version_does_not_count(void **state) /* R031 */
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

/* ---- a policy that tolerates a mismatch ---- */

/* It is accepted, told once, and not called a match. */
static void a_tolerated_mismatch_is_reported_and_becomes_secure(void **state) /* R496 */
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
		cmocka_unit_test(a_tolerated_mismatch_is_reported_and_becomes_secure),
		cmocka_unit_test(a_policy_that_tolerates_mismatches_still_knows_a_match),
		cmocka_unit_test(a_value_is_checked_without_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
