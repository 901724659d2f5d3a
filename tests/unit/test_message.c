/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages and packets: what is well formed and what is not. Octets to parse
 * lie in blocks of their exact size, so that a sanitizer sees each overread. */
#include "kat.h"
#include "pair.h"

#include "algorithms/algorithms.h"
#include "message.h"
#include "packet.h"

/* ---- the known messages ---- */

struct octets {
	const uint8_t *at;
	size_t len;
};

static bool is_message(const char *field)
{
	static const char *const names[] = { "Hello_i",
					     "Hello_r",
					     "Commit",
					     "DHPart1",
					     "DHPart2",
					     "Confirm1",
					     "Confirm2",
					     "GoClear_from_initiator",
					     "GoClear_from_responder",
					     "SASrelay_from_responder",
					     "SASrelay_empty_from_responder" };

	for (size_t i = 0; i < KAT_COUNT(names); i++) {
		if (!strcmp(field, names[i])) {
			return true;
		}
	}
	return false;
}

typedef void (*each_message)(struct octets message);

static unsigned each_of(const struct kat *kat, each_message each)
{
	unsigned seen = 0;

	for (const struct kat_field *f = kat->fields; f->name; f++) {
		if (is_message(f->name)) {
			each((struct octets){ f->octets, f->len });
			seen++;
		} else if (!strncmp(f->name, "packets.", 8)) {
			each((struct octets){ f->octets + ZRTP_HEADER_SIZE, f->len - ZRTP_PACKET_OVERHEAD });
			seen++;
		}
	}
	return seen;
}

/* The kinds that the vectors have no packet of. */
static unsigned each_written(each_message each)
{
	static const uint8_t hash[ZRTP_ENDPOINT_HASH_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const enum zrtp_message_type bare[] = { ZRTP_MSG_ERRORACK, ZRTP_MSG_CLEARACK,
						       ZRTP_MSG_RELAYACK };
	static const struct zrtp_pingack ack = { .sender_hash = hash,
						 .received_hash = hash,
						 .ssrc = 0x01020304 };
	uint8_t out[64];

	for (unsigned i = 0; i < KAT_COUNT(bare); i++) {
		each((struct octets){ out, zrtp_bare_write(out, sizeof(out), bare[i]) });
	}
	each((struct octets){ out, zrtp_error_write(out, sizeof(out), ZRTP_ERROR_BAD_PV) });
	each((struct octets){ out, zrtp_ping_write(out, sizeof(out), hash) });
	each((struct octets){ out, zrtp_pingack_write(out, sizeof(out), &ack) });
	return KAT_COUNT(bare) + 3;
}

static void for_each_message(each_message each)
{
	unsigned seen = 0;

	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		seen += each_of(&kat_dh[i], each);
	}
	for (size_t i = 0; i < KAT_COUNT(kat_multistream); i++) {
		seen += each_of(&kat_multistream[i], each);
	}
	for (size_t i = 0; i < KAT_COUNT(kat_preshared); i++) {
		seen += each_of(&kat_preshared[i], each);
	}
	seen += each_written(each);
	assert_true(seen >= 200);
}

/* ---- tools ---- */

/* A copy with nothing behind it; zeros where from has too little. */
static uint8_t *exactly(const uint8_t *from, size_t have, size_t len)
{
	uint8_t *copy = malloc(len);

	assert_non_null(copy);
	memset(copy, 0, len);
	memcpy(copy, from, have < len ? have : len);
	return copy;
}

static void set_words(uint8_t *message, size_t words)
{
	message[2] = (uint8_t)(words >> 8);
	message[3] = (uint8_t)words;
}

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

/* R313 R314 R334 R339 R342 R345 R379 R388 R404 R408 */
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

/* R313 */
static void every_truncation_is_refused(void **state)
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

static void every_extension_is_refused(void **state)
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

/* R336 R349 R393 R356 */
static void a_length_that_its_type_cannot_have_is_malformed(void **state)
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

/* R313 */
static void a_lying_length_field_is_refused(void **state)
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

/* R313 */
static void a_wrong_preamble_is_refused(void **state)
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

/* R314 R323 */
static void a_hello_with_seven_of_each_class_is_accepted(void **state)
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

/* R324 */
static void a_hello_with_empty_lists_is_accepted(void **state)
{
	static const unsigned none[ZRTP_CLASS_COUNT];
	struct octets hello = make_hello(none);

	(void)state;
	assert_int_equal(hello.len, ZRTP_HELLO_MIN);
	assert_int_equal(parse(hello.at, hello.len), ZRTP_PARSE_OK);
	assert_int_equal(parse_resized(hello, hello.len - 4, true), ZRTP_PARSE_MALFORMED);
	free((void *)hello.at);
}

/* R323: although their names are all there. */
static void eight_to_fifteen_algorithms_of_a_class_are_malformed(void **state)
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
static void counts_must_add_up_to_the_length(void **state)
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

/* R316 R322 */
static void unused_bits_of_a_hello_are_ignored(void **state)
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

/* R336: the name of the key agreement decides the length. */
static void a_commit_has_the_length_of_its_mode(void **state)
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

/* R305; the ciphertext of a KEM is longer. */
static void a_public_value_has_one_to_406_words(void **state)
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

/* R345 R348: nine bits, one of them in the octet before. */
static void a_signature_length_straddles_two_octets(void **state)
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

/* R348 R349 */
static void a_wrong_signature_length_is_refused(void **state)
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

static void a_decrypted_confirm_that_is_too_short_is_refused(void **state)
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

/* R347 R350: 15 unused bits and four undefined flags. */
static void unused_bits_of_a_confirm_are_ignored(void **state)
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

/* R264 R265 */
static void an_unknown_type_is_told_from_a_malformed_message(void **state)
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

/* R261 R264 */
static void every_type_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(zrtp_message_name(ZRTP_MSG_HELLO), "Hello");
	assert_string_equal(zrtp_message_name(ZRTP_MSG_PINGACK), "PingACK");
	assert_string_equal(zrtp_message_name(ZRTP_MSG_COUNT), "unknown");
	for (unsigned t = 0; t < ZRTP_MSG_COUNT; t++) {
		assert_non_null(zrtp_message_name((enum zrtp_message_type)t));
	}
}

/* ---- mutations ---- */

static void inside(const struct zrtp_message *m, const uint8_t *view, size_t len)
{
	assert_true(view >= m->octets && view + len <= m->octets + m->len);
}

static void check_hello_views(const struct zrtp_message *m)
{
	const struct zrtp_hello *hello = &m->u.hello;

	inside(m, hello->version, 4);
	inside(m, hello->client_id, ZRTP_CLIENT_ID_SIZE);
	inside(m, hello->h3, ZRTP_IMAGE_SIZE);
	inside(m, hello->zid, ZRTP_ZID_SIZE);
	inside(m, hello->mac, ZRTP_MAC_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_true(hello->count[c] <= ZRTP_ALGORITHMS_MAX);
		inside(m, hello->names[c], (size_t)hello->count[c] * 4);
	}
}

static void check_commit_views(const struct zrtp_message *m)
{
	const struct zrtp_commit *commit = &m->u.commit;

	inside(m, commit->h2, ZRTP_IMAGE_SIZE);
	inside(m, commit->zid, ZRTP_ZID_SIZE);
	inside(m, commit->mac, ZRTP_MAC_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		inside(m, commit->name[c], 4);
	}
	if (commit->mode == ZRTP_MODE_DH) {
		inside(m, commit->hvi, ZRTP_HVI_SIZE);
	} else {
		inside(m, commit->nonce, ZRTP_NONCE_SIZE);
	}
	if (commit->mode == ZRTP_MODE_PRESHARED) {
		inside(m, commit->key_id, ZRTP_ID_SIZE);
	}
}

static void check_dhpart_views(const struct zrtp_message *m)
{
	const struct zrtp_dhpart *part = &m->u.dhpart;

	inside(m, part->h1, ZRTP_IMAGE_SIZE);
	inside(m, part->ids, 4 * ZRTP_ID_SIZE);
	assert_in_range(part->pv_len, 1, ZRTP_KEM_MAX);
	inside(m, part->pv, part->pv_len);
	inside(m, part->mac, ZRTP_MAC_SIZE);
}

static void check_sealed_views(const struct zrtp_message *m)
{
	const struct zrtp_sealed *sealed = &m->u.sealed;

	inside(m, sealed->mac, ZRTP_MAC_SIZE);
	inside(m, sealed->iv, ZRTP_IV_SIZE);
	assert_true(sealed->cipher_len >= ZRTP_CONFIRM_PLAIN);
	inside(m, sealed->cipher, sealed->cipher_len);
}

static void check_views(const struct zrtp_message *m)
{
	switch (m->type) {
	case ZRTP_MSG_HELLO:
		check_hello_views(m);
		break;
	case ZRTP_MSG_COMMIT:
		check_commit_views(m);
		break;
	case ZRTP_MSG_DHPART1:
	case ZRTP_MSG_DHPART2:
		check_dhpart_views(m);
		break;
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
	case ZRTP_MSG_SASRELAY:
		check_sealed_views(m);
		break;
	case ZRTP_MSG_GOCLEAR:
		inside(m, m->u.clear_mac, ZRTP_MAC_SIZE);
		break;
	case ZRTP_MSG_PING:
		inside(m, m->u.ping.version, 4);
		inside(m, m->u.ping.endpoint_hash, ZRTP_ENDPOINT_HASH_SIZE);
		break;
	case ZRTP_MSG_PINGACK:
		inside(m, m->u.pingack.version, 4);
		inside(m, m->u.pingack.sender_hash, ZRTP_ENDPOINT_HASH_SIZE);
		inside(m, m->u.pingack.received_hash, ZRTP_ENDPOINT_HASH_SIZE);
		break;
	default:
		assert_true(m->type < ZRTP_MSG_COUNT);
	}
}

enum { SEEDS = 256, ROUNDS = 200000 };

static struct {
	struct octets seed[SEEDS];
	unsigned seeds, parsed[ZRTP_MSG_COUNT], refused;
	uint64_t prng;
} mutations;

static void collect(struct octets message)
{
	assert_true(mutations.seeds < SEEDS);
	mutations.seed[mutations.seeds++] =
		(struct octets){ exactly(message.at, message.len, message.len), message.len };
}

static unsigned draw(unsigned below)
{
	return (unsigned)((pair_random(&mutations.prng) >> 32) % below);
}

/* Near the front are the fields that decide how the rest is read. */
static size_t draw_place(size_t len)
{
	return draw(2) ? draw((unsigned)len) : draw(len < 96 ? (unsigned)len : 96);
}

static void mutate(uint8_t *octets, size_t len)
{
	for (unsigned n = draw(4); n && len; n--) {
		size_t at = draw_place(len);

		octets[at] = draw(2) ? octets[at] ^ (uint8_t)(1U << draw(8)) : (uint8_t)draw(256);
	}
}

static void mutate_and_parse(void)
{
	struct octets seed = mutations.seed[draw(mutations.seeds)];
	size_t len = draw(2) ? seed.len : draw(4) ? (size_t)draw(140) * 4 : draw(560);
	uint8_t *octets = exactly(seed.at, seed.len, len);
	struct zrtp_message m;

	mutate(octets, len);
	if (len >= 4 && draw(8)) {
		set_words(octets, len / 4);
	}
	if (zrtp_message_parse(&m, octets, len) == ZRTP_PARSE_OK) {
		assert_ptr_equal(m.octets, octets);
		assert_int_equal(m.len, len);
		check_views(&m);
		mutations.parsed[m.type]++;
	} else {
		mutations.refused++;
	}
	free(octets);
}

static void mutated_messages_keep_their_views_inside(void **state)
{
	(void)state;
	mutations.prng = 6189;
	for_each_message(collect);
	for (unsigned round = 0; round < ROUNDS; round++) {
		mutate_and_parse();
	}
	for (unsigned t = 0; t < ZRTP_MSG_COUNT; t++) {
		assert_true(mutations.parsed[t] > 0);
	}
	assert_true(mutations.refused > ROUNDS / 4);
	for (unsigned i = 0; i < mutations.seeds; i++) {
		free((void *)mutations.seed[i].at);
	}
}

/* ---- packets ---- */

/* A packet of len octets with the CRC right. */
static uint8_t *make_packet(size_t len)
{
	uint8_t *octets = malloc(len), *message = calloc(1, len);

	assert_int_equal(pair_wrap(octets, 0x11223344, 0x5566, message, len - ZRTP_PACKET_OVERHEAD), len);
	free(message);
	return octets;
}

static void repair_crc(uint8_t *datagram, size_t len)
{
	uint32_t crc = zrtp_crc32c(datagram, len - ZRTP_CRC_SIZE);

	for (unsigned i = 0; i < ZRTP_CRC_SIZE; i++) {
		datagram[len - ZRTP_CRC_SIZE + i] = (uint8_t)(crc >> 8 * i);
	}
}

static enum zrtp_packet_status open_packet(const uint8_t *datagram, size_t len)
{
	struct zrtp_packet packet;

	return zrtp_packet_open(&packet, datagram, len);
}

/* R251 */
static void a_packet_gives_its_fields(void **state)
{
	uint8_t *datagram = make_packet(40);
	struct zrtp_packet packet;

	(void)state;
	assert_int_equal(zrtp_packet_open(&packet, datagram, 40), ZRTP_PACKET_OK);
	assert_int_equal(packet.sequence, 0x5566);
	assert_int_equal(packet.ssrc, 0x11223344);
	assert_ptr_equal(packet.message, datagram + ZRTP_HEADER_SIZE);
	assert_int_equal(packet.message_len, 24);
	free(datagram);
}

/* R252 */
static void unused_bits_of_the_header_are_ignored(void **state)
{
	uint8_t *datagram = make_packet(40);

	(void)state;
	assert_int_equal(datagram[0], 0x10);
	assert_int_equal(datagram[1], 0);
	datagram[0] = 0x1f;
	datagram[1] = 0xff;
	assert_int_equal(open_packet(datagram, 40), ZRTP_PACKET_BAD_CRC);
	repair_crc(datagram, 40);
	assert_int_equal(open_packet(datagram, 40), ZRTP_PACKET_OK);
	free(datagram);
}

/* R251 R256 */
static void only_0001_begins_a_packet(void **state)
{
	uint8_t *datagram = make_packet(40);

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		datagram[0] = (uint8_t)first;
		repair_crc(datagram, 40);
		assert_int_equal(open_packet(datagram, 40),
				 first >> 4 == 1 ? ZRTP_PACKET_OK : ZRTP_PACKET_NOT_ZRTP);
	}
	free(datagram);
}

/* R251 */
static void every_bit_of_the_cookie_counts(void **state)
{
	uint8_t *datagram = make_packet(40);

	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		datagram[4 + bit / 8] ^= (uint8_t)(1U << bit % 8);
		repair_crc(datagram, 40);
		assert_int_equal(open_packet(datagram, 40), ZRTP_PACKET_NOT_ZRTP);
		datagram[4 + bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	free(datagram);
}

/* R257 R258: CRC-32c sees every single bit error. */
static void a_flipped_bit_is_seen_by_the_crc(void **state)
{
	uint8_t *datagram = make_packet(200);

	(void)state;
	for (unsigned bit = 0; bit < 200 * 8; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(open_packet(datagram, 200), ZRTP_PACKET_OK);
		if (bit / 8 >= 8) {
			assert_int_equal(open_packet(datagram, 200), ZRTP_PACKET_BAD_CRC);
		}
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(open_packet(datagram, 200), ZRTP_PACKET_OK);
	free(datagram);
}

static void a_datagram_shorter_than_its_frame_is_refused(void **state)
{
	uint8_t *whole = make_packet(ZRTP_PACKET_OVERHEAD);

	(void)state;
	for (size_t len = 0; len < ZRTP_PACKET_OVERHEAD; len++) {
		uint8_t *part = exactly(whole, ZRTP_PACKET_OVERHEAD, len);

		if (len >= ZRTP_CRC_SIZE) {
			repair_crc(part, len);
		}
		assert_int_equal(open_packet(part, len), ZRTP_PACKET_NOT_ZRTP);
		free(part);
	}
	assert_int_equal(open_packet(whole, ZRTP_PACKET_OVERHEAD), ZRTP_PACKET_OK);
	free(whole);
}

/* The largest is a Confirm with 511 words of signature. */
static void a_datagram_longer_than_any_packet_is_refused(void **state)
{
	uint8_t *largest = make_packet(ZRTP_DATAGRAM_MAX), *larger = make_packet(ZRTP_DATAGRAM_MAX + 1),
		*huge = make_packet(65535);

	(void)state;
	assert_int_equal(ZRTP_DATAGRAM_MAX, ZRTP_PACKET_OVERHEAD + ZRTP_CONFIRM_MIN + 0x1ff * 4);
	assert_int_equal(open_packet(largest, ZRTP_DATAGRAM_MAX), ZRTP_PACKET_OK);
	assert_int_equal(open_packet(larger, ZRTP_DATAGRAM_MAX + 1), ZRTP_PACKET_NOT_ZRTP);
	assert_int_equal(open_packet(huge, 65535), ZRTP_PACKET_NOT_ZRTP);
	free(largest);
	free(larger);
	free(huge);
}

/* ---- what else comes in on the port of RTP ---- */

static bool is_zrtp(const void *octets, size_t len)
{
	uint8_t *copy = exactly(octets, len, len);
	bool is = zrtp_is_zrtp(copy, len);

	free(copy);
	return is;
}

/* R256 */
static void rtp_is_not_zrtp(void **state)
{
	/* The timestamp is where the cookie would be. */
	uint8_t rtp[] = "\x80\x00\x00\x01ZRTP\0\0\0\1payload";
	static const uint8_t rtcp[] = { 0x80, 200, 0, 6, 'Z', 'R', 'T', 'P', 0, 0, 0, 1, 0, 0, 0, 0 };

	(void)state;
	for (unsigned first = 0x80; first <= 0xbf; first++) {
		rtp[0] = (uint8_t)first;
		assert_false(is_zrtp(rtp, sizeof(rtp)));
	}
	assert_false(is_zrtp(rtcp, sizeof(rtcp)));
	rtp[0] = 0x10;
	assert_true(is_zrtp(rtp, sizeof(rtp)));
}

/* R256 */
static void stun_is_not_zrtp(void **state)
{
	uint8_t stun[20] = { 0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42 };

	(void)state;
	assert_false(is_zrtp(stun, sizeof(stun)));
	for (unsigned first = 0; first < 0x40; first++) { /* any class and method */
		stun[0] = (uint8_t)first;
		assert_false(is_zrtp(stun, sizeof(stun)));
	}
}

/* DTLS records begin with 20 to 63, of which 20 to 31 look like us. */
static void dtls_is_not_zrtp(void **state)
{
	uint8_t dtls[32] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 19 };

	(void)state;
	for (unsigned first = 20; first < 64; first++) {
		dtls[0] = (uint8_t)first;
		assert_false(is_zrtp(dtls, sizeof(dtls)));
	}
}

static void fewer_than_twelve_octets_are_not_zrtp(void **state)
{
	static const char packet[] = "\x10\0\0\1ZRTP\0\0\0\1";

	(void)state;
	for (size_t len = 0; len < 12; len++) {
		assert_false(is_zrtp(packet, len));
	}
	assert_true(is_zrtp(packet, 12));
}

/* Only a whole Hello tells whose it is. */
static void a_hello_tells_its_zid_and_nothing_else_does(void **state)
{
	uint8_t message[ZRTP_HELLO_MAX], datagram[ZRTP_HELLO_MAX + ZRTP_PACKET_OVERHEAD];
	const uint8_t fill[ZRTP_IMAGE_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	const struct zrtp_hello hello = {
		.version = (const uint8_t *)"1.10", .client_id = fill, .h3 = fill, .zid = fill + 1
	};
	struct zrtp_packet packet = { .message = message };
	uint8_t zid[ZRTP_ZID_SIZE] = { 0 };
	size_t len;

	(void)state;
	packet.message_len = zrtp_hello_write(message, sizeof(message), &hello);
	len = zrtp_packet_write(datagram, &packet);
	for (size_t bit = 0; bit < len * 8; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(zrtp_hello_zid(datagram, len, zid));
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_false(zrtp_hello_zid(datagram, len - 1, zid));
	packet.message_len = zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK);
	assert_false(zrtp_hello_zid(datagram, zrtp_packet_write(datagram, &packet), zid));
	assert_int_equal(zid[0], 0);

	packet.message_len = zrtp_hello_write(message, sizeof(message), &hello);
	assert_true(zrtp_hello_zid(datagram, zrtp_packet_write(datagram, &packet), zid));
	assert_memory_equal(zid, fill + 1, sizeof(zid));
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
		cmocka_unit_test(an_unknown_type_is_told_from_a_malformed_message),
		cmocka_unit_test(every_type_has_a_name),
		cmocka_unit_test(mutated_messages_keep_their_views_inside),
		cmocka_unit_test(a_packet_gives_its_fields),
		cmocka_unit_test(unused_bits_of_the_header_are_ignored),
		cmocka_unit_test(only_0001_begins_a_packet),
		cmocka_unit_test(every_bit_of_the_cookie_counts),
		cmocka_unit_test(a_flipped_bit_is_seen_by_the_crc),
		cmocka_unit_test(a_datagram_shorter_than_its_frame_is_refused),
		cmocka_unit_test(a_datagram_longer_than_any_packet_is_refused),
		cmocka_unit_test(a_hello_tells_its_zid_and_nothing_else_does),
		cmocka_unit_test(rtp_is_not_zrtp),
		cmocka_unit_test(stun_is_not_zrtp),
		cmocka_unit_test(dtls_is_not_zrtp),
		cmocka_unit_test(fewer_than_twelve_octets_are_not_zrtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
