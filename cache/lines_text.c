/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines as octets, which a store seals, and back. */
#include "lines.h"

#include <openssl/crypto.h>
#include <string.h>

enum { HAS_NEWEST = 1, HAS_TWIN = 2, HAS_MATCHED = 4, PEER_MITM = 8, VERIFIED = 16, DEEP = 32 };

static uint8_t *put(uint8_t *at, uint64_t number, unsigned len)
{
	while (len--) {
		*at++ = (uint8_t)(number >> 8 * len);
	}
	return at;
}

static uint8_t *put_secret(uint8_t *at, const struct line_secret *secret)
{
	if (!secret->generation) {
		return at;
	}
	at = put(put(at, secret->generation, 4), (uint64_t)secret->at, 8);
	memcpy(at, secret->octets, ZRTP_SECRET_SIZE);
	return at + ZRTP_SECRET_SIZE;
}

size_t lines_write(const struct lines *lines, uint8_t out[LINE_TEXT_MAX])
{
	uint8_t *at = out;

	for (unsigned i = 0; i < LINES && lines->line[i].id; i++) {
		const struct line *line = &lines->line[i];

		*at++ = (uint8_t)((line->newest.generation ? HAS_NEWEST : 0) |
				  (line->twin.generation ? HAS_TWIN : 0) |
				  (line->matched.generation ? HAS_MATCHED : 0) |
				  (line->peer_mitm ? PEER_MITM : 0) | (line->verified ? VERIFIED : 0) |
				  (line->deep ? DEEP : 0));
		at = put(put(at, line->id, 8), line->endpoint, 8);
		at = put(put(at, (uint64_t)line->born, 8), (uint64_t)line->proved, 8);
		at = put(put(at, (uint64_t)line->confirmed, 8), line->word_generation, 4);
		at = put(put(at, (uint64_t)line->word_at, 8), line->preshared_count, 4);
		at = put(put(at, (uint64_t)line->expires, 8), (uint64_t)line->deep_at, 8);
		at = put_secret(at, &line->newest);
		at = put_secret(at, &line->twin);
		at = put_secret(at, &line->matched);
	}
	return (size_t)(at - out);
}

struct octets {
	const uint8_t *at, *end;
	bool bad;
};

static uint64_t get(struct octets *in, unsigned len)
{
	uint64_t number = 0;

	if (in->bad || (size_t)(in->end - in->at) < len) {
		in->bad = true;
		return 0;
	}
	while (len--) {
		number = number << 8 | *in->at++;
	}
	return number;
}

static void get_secret(struct octets *in, bool there, struct line_secret *out)
{
	if (!there) {
		return;
	}
	out->generation = (uint32_t)get(in, 4);
	out->at = (int64_t)get(in, 8);
	if (in->bad || !out->generation || in->end - in->at < ZRTP_SECRET_SIZE) {
		in->bad = true;
		return;
	}
	memcpy(out->octets, in->at, ZRTP_SECRET_SIZE);
	in->at += ZRTP_SECRET_SIZE;
}

static void get_line(struct octets *in, struct line *line)
{
	unsigned flags = (unsigned)get(in, 1);

	line->id = get(in, 8);
	line->endpoint = get(in, 8);
	line->born = (int64_t)get(in, 8);
	line->proved = (int64_t)get(in, 8);
	line->confirmed = (int64_t)get(in, 8);
	line->word_generation = (uint32_t)get(in, 4);
	line->word_at = (int64_t)get(in, 8);
	line->preshared_count = (uint32_t)get(in, 4);
	line->expires = (int64_t)get(in, 8);
	line->deep_at = (int64_t)get(in, 8);
	line->deep = flags & DEEP;
	line->peer_mitm = flags & PEER_MITM;
	line->verified = flags & VERIFIED;
	get_secret(in, flags & HAS_NEWEST, &line->newest);
	get_secret(in, flags & HAS_TWIN, &line->twin);
	get_secret(in, flags & HAS_MATCHED, &line->matched);
	in->bad |= !line->id || !line->newest.generation || flags >> 6;
}

bool lines_read(struct lines *out, const uint8_t *octets, size_t len)
{
	struct octets in = { octets, octets + len, false };

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < LINES && in.at < in.end; i++) {
		get_line(&in, &out->line[i]);
	}
	if (in.bad || in.at != in.end || !out->line[0].id) {
		OPENSSL_cleanse(out, sizeof(*out));
		return false;
	}
	return true;
}
