/* SPDX-License-Identifier: BSD-2-Clause */
/* a=zrtp-hash (8): our Hello for the signalling, the peer's from it. */
#include "internal.h"

#include "effects.h"
#include "hello.h"
#include "hellohash.h"
#include "peerhello.h"
#include "run.h"
#include "timers.h"

#include <stdio.h>

static void hash_of(const uint8_t *hello, size_t len, uint8_t out[ZRTP_HASH_MAX])
{
	const struct zrtp_piece piece = { hello, len };

	if (zrtp_digest(zrtp_implicit_hash(), &piece, 1, out)) {
		memset(out, 0, ZRTP_HASH_MAX); /* no Hello has this hash: fails closed */
	}
}

void zrtp_stream_hello_hash(const struct zrtp_stream *stream, char out[ZRTP_HELLO_HASH_TEXT_SIZE])
{
	uint8_t hash[ZRTP_HASH_MAX], former[ZRTP_HELLO_MAX];
	int n = snprintf(out, ZRTP_HELLO_HASH_TEXT_SIZE, "1.10 ");

	/* The one that was signalled, also when another one follows it: ownzid.c. */
	if (stream->session->own_zid && !stream->born_renamed) {
		hash_of(former, zrtp_write_hello(stream, stream->session->context->zid, former), hash);
	} else {
		hash_of(stream->hello, stream->hello_len, hash);
	}
	for (unsigned i = 0; i < ZRTP_HELLO_HASH_SIZE; i++) {
		n += snprintf(out + n, ZRTP_HELLO_HASH_TEXT_SIZE - (size_t)n, "%02x", hash[i]);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Digits and nothing else, at least one. Another version may have more. */
static bool is_hex(const char *text)
{
	size_t n = 0;

	while (hex_digit(text[n]) >= 0) {
		n++;
	}
	return n && !text[n];
}

/* Exactly 64 digits, nothing behind. */
static bool parse_hash(const char *text, uint8_t out[ZRTP_HELLO_HASH_SIZE])
{
	for (unsigned i = 0; i < ZRTP_HELLO_HASH_SIZE; i++, text += 2) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0) {
			return false;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
	return !*text;
}

static void tell_mismatch(struct zrtp_stream *stream)
{
	stream->hash_status = ZRTP_HASH_MISMATCH;
	stream->hash_mismatch_told = true;
	zrtp_tell(stream, ZRTP_EVENT_HELLO_HASH_MISMATCH);
	zrtp_stream_run(stream);
}

/* Who has acknowledged our Hello? Say it again. */
static void say_hello_again(struct zrtp_stream *stream)
{
	stream->hello_acked = false;
	if (stream->state == ZRTP_STATE_FOUND || stream->state == ZRTP_STATE_DISCOVERY) {
		stream->state = ZRTP_STATE_DISCOVERY;
		zrtp_timer_t1(stream);
		zrtp_timer_t1_extend(stream);
	}
}

/* A Hello of a host that is not meant: the right one may still come. */
static void forget_hello(struct zrtp_stream *stream)
{
	stream->peer_hello.len = 0;
	say_hello_again(stream);
}

void zrtp_hello_is_signalled(struct zrtp_stream *stream, const struct zrtp_message *hello)
{
	stream->hash_status = ZRTP_HASH_MATCHED;
	if (stream->peer_hello.len && !zrtp_is_peer_hello(stream, hello)) {
		zrtp_other_hello_drop(
			stream); /* with a tolerant policy there may be two that are not meant */
		forget_hello(stream);
	}
}

static bool has_hash(const struct zrtp_stored_hello *hello, const uint8_t hash[ZRTP_HELLO_HASH_SIZE])
{
	uint8_t seen[ZRTP_HASH_MAX];

	hash_of(hello->octets, hello->len, seen);
	return hello->len && zrtp_equal(seen, hash, ZRTP_HELLO_HASH_SIZE);
}

/* Two have said Hello, and the other one is meant: it takes the place of the one in use, unless an exchange
 * has begun with that, or has failed. */
static void use_the_one_meant(struct zrtp_stream *stream, const uint8_t hash[ZRTP_HELLO_HASH_SIZE])
{
	bool seeks = stream->state == ZRTP_STATE_DISCOVERY || stream->state == ZRTP_STATE_FOUND ||
		     stream->state == ZRTP_STATE_NO_ZRTP;

	if (seeks && zrtp_has_other_hello(stream) && !has_hash(&stream->peer_hello, hash) &&
	    has_hash(stream->other_hello.stored, hash)) {
		zrtp_swap_hello(stream);
		say_hello_again(stream);
	}
}

/* hash is filled in for a value of our version. */
static enum zrtp_status parse_value(const char *value, uint8_t hash[ZRTP_HELLO_HASH_SIZE])
{
	const char *space = strchr(value, ' ');

	if (!space || space - value != 4 || !is_hex(space + 1)) {
		return ZRTP_INVALID;
	}
	if (memcmp(value, "1.10", 3)) {
		return ZRTP_DROPPED;
	}
	return parse_hash(space + 1, hash) ? ZRTP_OK : ZRTP_INVALID;
}

bool zrtp_hello_hash_matches(const uint8_t *datagram, size_t len, const char *value)
{
	uint8_t hash[ZRTP_HELLO_HASH_SIZE], seen[ZRTP_HASH_MAX];
	struct zrtp_message hello;

	if (!zrtp_hello_in(&hello, datagram, len) || parse_value(value, hash) != ZRTP_OK) {
		return false;
	}
	hash_of(hello.octets, hello.len, seen);
	return zrtp_equal(seen, hash, sizeof(hash));
}

bool zrtp_stream_knows_hello(const struct zrtp_stream *stream, const uint8_t *datagram, size_t len)
{
	struct zrtp_message hello;

	return zrtp_hello_in(&hello, datagram, len) && zrtp_is_peer_hello(stream, &hello);
}

enum zrtp_status zrtp_hello_hash_check(const char *value)
{
	uint8_t hash[ZRTP_HELLO_HASH_SIZE];

	return parse_value(value, hash);
}

/* other: of another party than before. What came of that says nothing of this one. */
static enum zrtp_status expect_hash(struct zrtp_stream *stream, const char *value, bool other)
{
	uint8_t hash[ZRTP_HELLO_HASH_SIZE];
	enum zrtp_status status = parse_value(value, hash);
	bool tolerant = stream->session->policy.tolerate_mismatch;
	bool matches;

	if (status == ZRTP_DROPPED) {
		return ZRTP_OK; /* of a version we do not speak */
	}
	if (status != ZRTP_OK) {
		return status;
	}
	if (stream->equal_zid && stream->hash_status == ZRTP_HASH_MATCHED && stream->has_expected_hash &&
	    zrtp_equal(stream->expected_hash, hash, sizeof(hash))) {
		return ZRTP_OK; /* what is stored is the Hello that followed it: ownzid.c */
	}
	use_the_one_meant(stream, hash);
	matches = has_hash(&stream->peer_hello, hash);
	if (!matches && stream->peer_hello.len && zrtp_bound(stream) && !tolerant) {
		return ZRTP_WRONG_STATE;
	}
	memcpy(stream->expected_hash, hash, sizeof(hash));
	stream->has_expected_hash = true;
	if (matches || !tolerant || !stream->peer_hello.len) {
		zrtp_other_hello_drop(stream); /* its host can say Hello again, and is told apart then */
	}
	if (other && !matches && !zrtp_bound(stream)) {
		stream->hash_status = ZRTP_HASH_NONE;
		stream->hash_mismatch_told = false;
		if (stream->peer_hello.len) {
			forget_hello(stream);
		}
	}
	if (matches) {
		stream->hash_status = ZRTP_HASH_MATCHED;
		zrtp_stream_run(stream);
	} else if (!stream->peer_hello.len) {
		zrtp_timer_t1_extend(stream); /* the signalling promises a peer (6) */
	} else if (tolerant) {
		tell_mismatch(stream);
	} else {
		forget_hello(stream);
		tell_mismatch(stream);
	}
	return ZRTP_OK;
}

enum zrtp_status zrtp_stream_set_peer_hello_hash(struct zrtp_stream *stream, const char *value)
{
	return expect_hash(stream, value, false);
}

enum zrtp_status zrtp_stream_set_other_peer_hello_hash(struct zrtp_stream *stream, const char *value)
{
	return expect_hash(stream, value, true);
}

void zrtp_stream_forget_peer_hello_hash(struct zrtp_stream *stream)
{
	if (!stream->has_expected_hash || zrtp_bound(stream)) {
		return;
	}
	stream->has_expected_hash = false;
	stream->hash_status = ZRTP_HASH_NONE;
	stream->hash_mismatch_told = false;
	if (stream->peer_hello.len) {
		forget_hello(stream);
		zrtp_stream_run(stream);
	}
}
