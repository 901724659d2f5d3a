/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages: what is well formed, and what is not. */
#include "messages.h"

/* ---- tools ---- */

static enum zrtp_parse_status parse(const uint8_t *octets, size_t len)
{
	struct zrtp_message message;

	return zrtp_message_parse(&message, octets, len);
}

/* len octets of the message, its length field as it was or made right. */
static enum zrtp_parse_status parse_resized(struct octets message, size_t len, bool repair)
{
	uint8_t *copy = exactly(message.at, message.len, len);
	enum zrtp_parse_status status;

	if (repair) {
		set_words(copy, len / 4);
	}
	status = parse(copy, len);
	free(copy);
	return status;
}

/* ---- well formed ---- */

static size_t rewrite(const struct zrtp_message *m, uint8_t *out, size_t size)
{
	switch (m->type) {
	case ZRTP_MSG_HELLO:
		return zrtp_hello_write(out, size, &m->u.hello);
	case ZRTP_MSG_COMMIT:
		return zrtp_commit_write(out, size, &m->u.commit);
	case ZRTP_MSG_DHPART1:
	case ZRTP_MSG_DHPART2:
		return zrtp_dhpart_write(out, size, m->type, &m->u.dhpart);
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
	case ZRTP_MSG_SASRELAY:
		return zrtp_sealed_write(out, size, m->type, &m->u.sealed);
	case ZRTP_MSG_ERROR:
		return zrtp_error_write(out, size, m->u.error_code);
	case ZRTP_MSG_GOCLEAR:
		return zrtp_goclear_write(out, size, m->u.clear_mac);
	case ZRTP_MSG_PING:
		return zrtp_ping_write(out, size, m->u.ping.endpoint_hash);
	case ZRTP_MSG_PINGACK:
		return zrtp_pingack_write(out, size, &m->u.pingack);
	default:
		return zrtp_bare_write(out, size, m->type);
	}
}

/* The MAC that ends a message, NULL if none does. */
static const uint8_t *mac_of(const struct zrtp_message *m)
{
	switch (m->type) {
	case ZRTP_MSG_HELLO:
		return m->u.hello.mac;
	case ZRTP_MSG_COMMIT:
		return m->u.commit.mac;
	case ZRTP_MSG_DHPART1:
	case ZRTP_MSG_DHPART2:
		return m->u.dhpart.mac;
	default:
		return NULL;
	}
}

static void check_rewriting(struct octets message)
{
	uint8_t *copy = exactly(message.at, message.len, message.len), *again = malloc(message.len);
	struct zrtp_message m;

	assert_int_equal(zrtp_message_parse(&m, copy, message.len), ZRTP_PARSE_OK);
	assert_int_equal(rewrite(&m, again, message.len), message.len);
	if (mac_of(&m)) {
		memcpy(again + message.len - ZRTP_MAC_SIZE, mac_of(&m), ZRTP_MAC_SIZE);
	}
	assert_memory_equal(again, message.at, message.len);
	free(again);
	free(copy);
}

/* R250 R259 R261 R313 R314 R334 R339 R342 R345 R379 R388 R404 R408 */
static void every_message_is_parsed_and_written_again(void **state)
{
	(void)state;
	for_each_message(check_rewriting);
}

static void check_short_buffers(struct octets message)
{
	struct zrtp_message m;

	assert_int_equal(zrtp_message_parse(&m, message.at, message.len), ZRTP_PARSE_OK);
	for (size_t size = 0; size < message.len; size++) {
		uint8_t *out = malloc(size);

		assert_int_equal(rewrite(&m, out, size), 0);
		free(out);
	}
}

static void writers_stay_inside_a_short_buffer(void **state)
{
	(void)state;
	for_each_message(check_short_buffers);
}

/* ---- wrong lengths ---- */

static void check_truncations(struct octets message)
{
	for (size_t len = 0; len < message.len; len++) {
		assert_int_equal(parse_resized(message, len, false), ZRTP_PARSE_LENGTH);
	}
}

static void every_truncation_is_refused(void **state) /* R313 */
{
	(void)state;
	for_each_message(check_truncations);
}

static void check_extensions(struct octets message)
{
	for (size_t more = 1; more <= 64; more++) {
		assert_int_equal(parse_resized(message, message.len + more, false), ZRTP_PARSE_LENGTH);
	}
}

static void every_extension_is_refused(void **state) /* R313 */
{
	(void)state;
	for_each_message(check_extensions);
}

/* The shortest of a kind whose length is free; 0: it is not free. */
static size_t shortest(const uint8_t *message)
{
	if (!memcmp(message + 4, "DHPart", 6)) {
		return ZRTP_DHPART_MIN + 4;
	}
	if (!memcmp(message + 4, "Confirm", 7) || !memcmp(message + 4, "SASrelay", 8)) {
		return ZRTP_CONFIRM_MIN;
	}
	return 0;
}

/* The length field agrees with the datagram, but not with the type. */
static void check_repaired(struct octets message)
{
	size_t least = shortest(message.at);

	for (size_t len = ZRTP_PREAMBLE_SIZE; len < message.len + 64; len += 4) {
		bool possible = len == message.len || (least && len >= least);

		if (!memcmp(message.at + 4, "DHPart", 6) && len > ZRTP_DHPART_MAX) {
			possible = false;
		}
		assert_int_equal(parse_resized(message, len, true),
				 possible ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED);
	}
}

static void a_length_that_its_type_cannot_have_is_malformed(void **state) /* F07 R336 R349 R356 R393 */
{
	(void)state;
	for_each_message(check_repaired);
}

static void check_lies(struct octets message)
{
	size_t words = message.len / 4;
	const size_t lies[] = { words + 1, words - 1, 0, 0xffff, words << 8 & 0xffff, words | 0x8000 };
	uint8_t *copy = exactly(message.at, message.len, message.len);

	for (size_t i = 0; i < KAT_COUNT(lies); i++) {
		set_words(copy, lies[i]);
		assert_int_equal(parse(copy, message.len), ZRTP_PARSE_LENGTH);
	}
	set_words(copy, words);
	assert_int_equal(parse(copy, message.len), ZRTP_PARSE_OK);
	free(copy);
}

static void a_lying_length_field_is_refused(void **state) /* F06 R313 */
{
	(void)state;
	for_each_message(check_lies);
}

static void check_preamble(struct octets message)
{
	uint8_t *copy = exactly(message.at, message.len, message.len);

	copy[0] ^= 1;
	assert_int_equal(parse(copy, message.len), ZRTP_PARSE_LENGTH);
	copy[0] ^= 1;
	copy[1] ^= 0x80;
	assert_int_equal(parse(copy, message.len), ZRTP_PARSE_LENGTH);
	free(copy);
}

static void a_wrong_preamble_is_refused(void **state) /* R313 */
{
	(void)state;
	for_each_message(check_preamble);
}

/* ---- Hello ---- */

static const uint8_t filler[64], strangers[] = "XX01XX02XX03XX04XX05XX06XX07XX08XX09XX10XX11XX12XX13XX14XX15";

/* A Hello with count names in each class, as long as it takes. */
static struct octets make_hello(const unsigned count[ZRTP_CLASS_COUNT])
{
	struct zrtp_hello hello = { .client_id = filler, .h3 = filler, .zid = filler };
	uint8_t out[ZRTP_HELLO_MIN + ZRTP_CLASS_COUNT * 60];
	size_t len;

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		hello.count[c] = count[c];
		hello.names[c] = strangers;
	}
	len = zrtp_hello_write(out, sizeof(out), &hello);
	assert_int_not_equal(len, 0);
	return (struct octets){ exactly(out, len, len), len };
}

static void a_hello_with_seven_of_each_class_is_accepted(void **state) /* F05 R314 R323 */
{
	static const unsigned seven[] = { 7, 7, 7, 7, 7 };
	struct octets hello = make_hello(seven);
	struct zrtp_message m;

	(void)state;
	assert_int_equal(hello.len, ZRTP_HELLO_MAX);
	assert_int_equal(zrtp_message_parse(&m, hello.at, hello.len), ZRTP_PARSE_OK);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_int_equal(m.u.hello.count[c], 7);
		assert_memory_equal(m.u.hello.names[c], strangers, 28);
	}
	assert_int_equal(parse_resized(hello, hello.len + 4, true), ZRTP_PARSE_MALFORMED);
	assert_int_equal(parse_resized(hello, hello.len - 4, true), ZRTP_PARSE_MALFORMED);
	free((void *)hello.at);
}

static void a_hello_with_empty_lists_is_accepted(void **state) /* R314 R324 */
{
	static const unsigned none[ZRTP_CLASS_COUNT];
	struct octets hello = make_hello(none);

	(void)state;
	assert_int_equal(hello.len, ZRTP_HELLO_MIN);
	assert_int_equal(parse(hello.at, hello.len), ZRTP_PARSE_OK);
	assert_int_equal(parse_resized(hello, hello.len - 4, true), ZRTP_PARSE_MALFORMED);
	free((void *)hello.at);
}

/* Although their names are all there. */
static void eight_to_fifteen_algorithms_of_a_class_are_malformed(void **state) /* R323 */
{
	(void)state;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		for (unsigned n = 7; n <= 15; n++) {
			unsigned count[ZRTP_CLASS_COUNT] = { 1, 1, 1, 1, 1 };
			struct octets hello;

			count[c] = n;
			hello = make_hello(count);
			assert_int_equal(parse(hello.at, hello.len),
					 n == 7 ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED);
			free((void *)hello.at);
		}
	}
}

/* The word of flags and counts in a Hello. */
enum { COUNTS_AT = ZRTP_PREAMBLE_SIZE + 4 + ZRTP_CLIENT_ID_SIZE + ZRTP_IMAGE_SIZE + ZRTP_ZID_SIZE };

static void set_counts(uint8_t *hello, const unsigned count[ZRTP_CLASS_COUNT])
{
	hello[COUNTS_AT + 1] = (uint8_t)count[0];
	hello[COUNTS_AT + 2] = (uint8_t)(count[1] << 4 | count[2]);
	hello[COUNTS_AT + 3] = (uint8_t)(count[3] << 4 | count[4]);
}

/* Every combination of three counts in a Hello with room for six names. */
static void counts_must_add_up_to_the_length(void **state) /* F04 R323 */
{
	static const unsigned two[] = { 2, 0, 2, 0, 2 };
	struct octets hello = make_hello(two);
	uint8_t *octets = exactly(hello.at, hello.len, hello.len);

	(void)state;
	for (unsigned i = 0; i < 8 * 8 * 8; i++) {
		const unsigned count[] = { i & 7, 0, i >> 3 & 7, 0, i >> 6 };
		bool fits = count[0] + count[2] + count[4] == 6;

		set_counts(octets, count);
		assert_int_equal(parse(octets, hello.len), fits ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED);
	}
	free(octets);
	free((void *)hello.at);
}

static void unused_bits_of_a_hello_are_ignored(void **state) /* R316 R322 */
{
	static const unsigned one[] = { 1, 1, 1, 1, 1 };
	struct octets hello = make_hello(one);
	uint8_t *octets = exactly(hello.at, hello.len, hello.len);
	struct zrtp_message m;

	(void)state;
	octets[COUNTS_AT] = 0x8f | ZRTP_HELLO_MITM << 4;
	octets[COUNTS_AT + 1] |= 0xf0;
	assert_int_equal(zrtp_message_parse(&m, octets, hello.len), ZRTP_PARSE_OK);
	assert_int_equal(m.u.hello.flags, ZRTP_HELLO_MITM);
	assert_int_equal(m.u.hello.count[ZRTP_CLASS_HASH], 1);
	octets[COUNTS_AT] = 0x70;
	assert_int_equal(zrtp_message_parse(&m, octets, hello.len), ZRTP_PARSE_OK);
	assert_int_equal(m.u.hello.flags, ZRTP_HELLO_SIGNATURE | ZRTP_HELLO_MITM | ZRTP_HELLO_PASSIVE);
	free(octets);
	free((void *)hello.at);
}

/* ---- Commit, DHPart ---- */

static size_t write_commit(uint8_t *out, size_t size, const char *kex, enum zrtp_mode mode)
{
	const uint8_t *name = (const uint8_t *)kex;
	const struct zrtp_commit commit = {
		.h2 = filler,
		.zid = filler,
		.name = { name, name, name, name, name },
		.mode = mode,
		.hvi = filler,
		.nonce = filler,
		.key_id = filler,
	};

	return zrtp_commit_write(out, size, &commit);
}

/* The name of the key agreement decides the length. */
static void a_commit_has_the_length_of_its_mode(void **state) /* R306 R336 */
{
	static const char *const kex[] = { "DH3k", "Mult", "Prsh" };
	static const size_t words[] = { 29, 25, 27 };
	uint8_t out[ZRTP_COMMIT_MAX];

	(void)state;
	for (unsigned name = 0; name < 3; name++) {
		for (unsigned mode = 0; mode < 3; mode++) {
			size_t len = write_commit(out, sizeof(out), kex[name], (enum zrtp_mode)mode);

			assert_int_equal(len, 4 * words[mode]);
			assert_int_equal(parse_resized((struct octets){ out, len }, len, false),
					 name == mode ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED);
		}
	}
}

/* The ciphertext of a KEM is longer. */
static void a_public_value_has_one_to_406_words(void **state) /* R305 */
{
	uint8_t pv[ZRTP_KEM_MAX + 4] = { 0 }, out[ZRTP_DHPART_MAX + 4];
	struct zrtp_dhpart part = { .h1 = filler, .ids = filler, .pv = pv };

	(void)state;
	for (size_t words = 0; words <= 407; words++) {
		size_t len;

		part.pv_len = 4 * words;
		len = zrtp_dhpart_write(out, sizeof(out), ZRTP_MSG_DHPART2, &part);
		assert_int_equal(len, 4 * (21 + words));
		assert_int_equal(parse_resized((struct octets){ out, len }, len, false),
				 words && words <= 406 ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED);
	}
}

/* ---- Confirm ---- */

/* A decrypted Confirm that says it has words of signature, and has actual. */
static bool parse_plain(unsigned words, size_t actual, struct zrtp_confirm_plain *out)
{
	const struct zrtp_confirm_plain in = { filler, words, ZRTP_CONFIRM_VERIFIED, 0x01020304 };
	uint8_t head[ZRTP_CONFIRM_PLAIN], *octets;
	bool ok;

	assert_int_equal(zrtp_confirm_plain_write(head, sizeof(head), &in), sizeof(head));
	octets = exactly(head, sizeof(head), sizeof(head) + actual);
	ok = zrtp_confirm_parse(out, octets, sizeof(head) + actual);
	free(octets);
	return ok;
}

/* Nine bits, one of them in the octet before. */
static void a_signature_length_straddles_two_octets(void **state) /* R345 R348 */
{
	static const unsigned lengths[] = { 0, 1, 0x7f, 0xff, 0x100, 0x101, 0x1fe, 0x1ff };
	struct zrtp_confirm_plain plain;

	(void)state;
	for (unsigned i = 0; i < KAT_COUNT(lengths); i++) {
		assert_true(parse_plain(lengths[i], 4 * lengths[i], &plain));
		assert_int_equal(plain.signature_words, lengths[i]);
		assert_int_equal(plain.flags, ZRTP_CONFIRM_VERIFIED);
		assert_int_equal(plain.expiry, 0x01020304);
	}
}

static void a_wrong_signature_length_is_refused(void **state) /* R348 R349 */
{
	struct zrtp_confirm_plain plain;

	(void)state;
	assert_false(parse_plain(0, 4, &plain));
	assert_false(parse_plain(1, 0, &plain));
	assert_false(parse_plain(1, 3, &plain));
	assert_false(parse_plain(1, 5, &plain));
	assert_false(parse_plain(0x100, 0, &plain));
	assert_false(parse_plain(0x1ff, 0xff * 4, &plain));
	assert_false(parse_plain(0x1ff, 0x1fe * 4, &plain));
	assert_false(parse_plain(0x1ff, 0x1ff * 4 + 4, &plain));
}

static void a_decrypted_confirm_that_is_too_short_is_refused(void **state) /* F07 */
{
	struct zrtp_confirm_plain plain;

	(void)state;
	for (size_t len = 0; len < ZRTP_CONFIRM_PLAIN; len++) {
		uint8_t *octets = exactly(filler, sizeof(filler), len);

		assert_false(zrtp_confirm_parse(&plain, octets, len));
		free(octets);
	}
	assert_true(zrtp_confirm_parse(&plain, filler, ZRTP_CONFIRM_PLAIN));
}

/* 15 unused bits and four undefined flags. */
static void unused_bits_of_a_confirm_are_ignored(void **state) /* R347 R350 */
{
	struct zrtp_confirm_plain plain;
	uint8_t octets[ZRTP_CONFIRM_PLAIN] = { 0 };

	(void)state;
	octets[32] = 0xff;
	octets[33] = 0xfe;
	octets[35] = 0xf0 | ZRTP_CONFIRM_DISCLOSE;
	assert_true(zrtp_confirm_parse(&plain, octets, sizeof(octets)));
	assert_int_equal(plain.signature_words, 0);
	assert_int_equal(plain.flags, ZRTP_CONFIRM_DISCLOSE);
}

/* ---- types ---- */

static void an_unknown_type_is_not_taken_for_a_malformed_message(void **state) /* R264 R265 */
{
	static const char *const types[] = { "Hello\0\0\0", "hello   ", "HELLO   ", "HelloAC ",
					     "KEMPart1",    "DHPart3 ", "Confirm3", "\0\0\0\0\0\0\0" };
	uint8_t octets[16];

	(void)state;
	for (unsigned i = 0; i < KAT_COUNT(types); i++) {
		memcpy(octets, "PZ\0\4", 4);
		memcpy(octets + 4, types[i], 8);
		memset(octets + 12, 0, 4);
		assert_int_equal(parse(octets, sizeof(octets)), ZRTP_PARSE_UNKNOWN);
	}
	memcpy(octets + 4, "Hello   ", 8);
	assert_int_equal(parse(octets, sizeof(octets)), ZRTP_PARSE_MALFORMED);
}

static void every_type_has_a_name(void **state) /* R261 R264 */
{
	(void)state;
	assert_string_equal(zrtp_message_name(ZRTP_MSG_HELLO), "Hello");
	assert_string_equal(zrtp_message_name(ZRTP_MSG_PINGACK), "PingACK");
	assert_string_equal(zrtp_message_name(ZRTP_MSG_COUNT), "unknown");
	for (unsigned t = 0; t < ZRTP_MSG_COUNT; t++) {
		assert_non_null(zrtp_message_name((enum zrtp_message_type)t));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_parsed_and_written_again),
		cmocka_unit_test(writers_stay_inside_a_short_buffer),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_extension_is_refused),
		cmocka_unit_test(a_length_that_its_type_cannot_have_is_malformed),
		cmocka_unit_test(a_lying_length_field_is_refused),
		cmocka_unit_test(a_wrong_preamble_is_refused),
		cmocka_unit_test(a_hello_with_seven_of_each_class_is_accepted),
		cmocka_unit_test(a_hello_with_empty_lists_is_accepted),
		cmocka_unit_test(eight_to_fifteen_algorithms_of_a_class_are_malformed),
		cmocka_unit_test(counts_must_add_up_to_the_length),
		cmocka_unit_test(unused_bits_of_a_hello_are_ignored),
		cmocka_unit_test(a_commit_has_the_length_of_its_mode),
		cmocka_unit_test(a_public_value_has_one_to_406_words),
		cmocka_unit_test(a_signature_length_straddles_two_octets),
		cmocka_unit_test(a_wrong_signature_length_is_refused),
		cmocka_unit_test(a_decrypted_confirm_that_is_too_short_is_refused),
		cmocka_unit_test(unused_bits_of_a_confirm_are_ignored),
		cmocka_unit_test(an_unknown_type_is_not_taken_for_a_malformed_message),
		cmocka_unit_test(every_type_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
