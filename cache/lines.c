/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include "trunk.h"

#include <openssl/crypto.h>
#include <string.h>

/* A line that was not used so long, while another one was, makes room; and how long
 * one side may take to finish what the other has finished. Seconds. */
enum { SILENT = 90 * 24 * 3600, EXCHANGE_MAX = 10 };

static bool same(const uint8_t *a, const uint8_t *b)
{
	return CRYPTO_memcmp(a, b, ZRTP_SECRET_SIZE) == 0;
}

static int order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* ---- secrets of a line ---- */

/* Later than none is each. Of two made at one moment both sides must choose the same:
 * their octets decide. */
static bool later(const struct line_secret *a, const struct line_secret *b)
{
	int by = order(a->generation, b->generation);

	by = by ? by : order(a->at, b->at);
	return (by ? by : memcmp(a->octets, b->octets, ZRTP_SECRET_SIZE)) > 0;
}

static bool is_secret(const struct line_secret *a, const uint8_t *octets)
{
	return a->generation && same(a->octets, octets);
}

static bool has(const struct line *line, const uint8_t *octets)
{
	return is_secret(&line->newest, octets) || is_secret(&line->twin, octets) ||
	       is_secret(&line->matched, octets);
}

static void drop(struct line_secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}

/* By clocks: which call was over last? */
static bool ended_later(const struct line_secret *a, const struct line_secret *b)
{
	return a->at != b->at ? a->at > b->at : later(a, b);
}

static void exchange(struct line_secret *a, struct line_secret *b)
{
	struct line_secret kept = *a;

	*a = *b;
	*b = kept;
	drop(&kept);
}

static void set_order(struct line *line)
{
	if (later(&line->twin, &line->newest)) {
		exchange(&line->newest, &line->twin);
	}
}

/* Of those that matched in no call yet, the two whose calls were over last. */
static void add(struct line *line, const struct line_secret *in)
{
	struct line_secret *first = &line->newest, *last = &line->twin;

	if (!in->generation || is_secret(&line->matched, in->octets)) {
		return;
	}
	if (ended_later(last, first)) {
		exchange(first, last);
	}
	if (is_secret(first, in->octets)) {
		*first = later(in, first) ? *in : *first;
	} else if (is_secret(last, in->octets)) {
		*last = later(in, last) ? *in : *last;
	} else if (!last->generation || ended_later(in, last)) {
		*last = *in;
	}
	set_order(line);
}

/* Of those that matched, the one of the latest call: the peer has it, too. */
static void add_matched(struct line *line, const struct line_secret *in)
{
	if (!in->generation || !later(in, &line->matched)) {
		return;
	}
	line->matched = *in;
	if (is_secret(&line->newest, in->octets)) {
		drop(&line->newest);
	}
	if (is_secret(&line->twin, in->octets)) {
		drop(&line->twin);
	}
	set_order(line);
}

/* May they have been made at the same time? Or else the peer, which did not use the
 * older one, has lost it. */
static bool is_twin(const struct line_secret *twin, const struct line_secret *newest)
{
	return twin->generation && twin->at + EXCHANGE_MAX >= newest->at &&
	       newest->at + EXCHANGE_MAX >= twin->at && twin->generation + 2 >= newest->generation;
}

const struct line_secret *line_second(const struct line *line)
{
	const struct line_secret *matched = line->matched.generation ? &line->matched : NULL;

	if (line->peer_mitm) {
		return matched || !line->twin.generation ? matched : &line->twin;
	}
	/* A phone has the secrets of the two calls that it finished last. */
	return is_twin(&line->twin, &line->newest) ? &line->twin : matched;
}

uint32_t line_generation(const struct line *line)
{
	uint32_t most = line->newest.generation;

	most = line->twin.generation > most ? line->twin.generation : most;
	return line->matched.generation > most ? line->matched.generation : most;
}

/* ---- the two that are kept ---- */

static bool compatible(const struct line *a, const struct line *b)
{
	return a->endpoint == b->endpoint || !a->endpoint || !b->endpoint;
}

static int64_t confirmed(const struct line *line)
{
	return line->verified ? line->confirmed : 0;
}

/* Is line a thing of the past beside another one? */
static bool is_outdated(const struct line *line, const struct line *by)
{
	return compatible(line, by) &&
	       (confirmed(by) > confirmed(line) || (by->proved && by->newest.at - line->newest.at > SILENT));
}

/* Does a come first? The first, unless the user has said otherwise. */
static bool is_senior(const struct line *a, const struct line *b)
{
	int by;

	if (is_outdated(a, b) != is_outdated(b, a)) {
		return is_outdated(b, a);
	}
	if ((a->id == LINE_FIRST) != (b->id == LINE_FIRST)) {
		return a->id == LINE_FIRST;
	}
	if (!a->proved != !b->proved) {
		return a->proved;
	}
	by = order(a->proved, b->proved);
	by = by ? by : order(a->born, b->born);
	return by ? by < 0 : a->id < b->id;
}

/* Which of two is kept beside the senior one? One of the same endpoint, one that was
 * proved, the one proved first; of those that were not, the last one. */
static bool is_preferred(const struct line *a, const struct line *b, const struct line *senior)
{
	int by;

	if (is_outdated(a, senior) != is_outdated(b, senior)) {
		return is_outdated(b, senior);
	}
	if (compatible(a, senior) != compatible(b, senior)) {
		return compatible(a, senior);
	}
	if (!a->proved != !b->proved) {
		return a->proved;
	}
	by = a->proved ? order(b->proved, a->proved) : order(a->born, b->born);
	return by ? by > 0 : a->id > b->id;
}

static void swap(struct line *a, struct line *b)
{
	struct line kept = *a;

	*a = *b;
	*b = kept;
	OPENSSL_cleanse(&kept, sizeof(kept));
}

/* The user's word has put a in the place of what was there first: it is as old. */
static void inherit(struct line *a, const struct line *dropped)
{
	if (dropped->id == LINE_FIRST && confirmed(a) && compatible(a, dropped) && dropped->born < a->born) {
		a->born = dropped->born;
	}
}

/* Of the lines there are and one more. */
static void choose(struct lines *lines, struct line *extra)
{
	struct line *a = &lines->line[0], *b = &lines->line[1];

	if (b->id && (!a->id || is_senior(b, a))) {
		swap(a, b);
	}
	if (extra->id && (!a->id || is_senior(extra, a))) {
		swap(a, extra);
	}
	if (extra->id && (!b->id || is_preferred(extra, b, a))) {
		swap(b, extra);
	}
	inherit(a, extra);
	OPENSSL_cleanse(extra, sizeof(*extra));
}

bool lines_two(const struct lines *lines)
{
	return lines->line[0].id && lines->line[1].id && !is_outdated(&lines->line[1], &lines->line[0]);
}

bool lines_deep(const struct lines *lines)
{
	const struct line *senior = &lines->line[0];

	return senior->deep && senior->deep_at >= lines->line[1].born && line_second(senior);
}

unsigned lines_latest(const struct lines *lines)
{
	return lines->line[1].id && lines->line[1].newest.at > lines->line[0].newest.at;
}

/* ---- updates ---- */

static uint64_t name_of(const uint8_t *secret)
{
	uint64_t id = 0;

	for (unsigned i = 0; i < 8; i++) {
		id = id << 8 | secret[i];
	}
	return id | 2;
}

static bool is_match(const struct zrtp_retained *in)
{
	return in->match == ZRTP_MATCH_OWN || in->match == ZRTP_MATCH_OTHER;
}

/* Has what matched no number? */
static bool is_untold(const struct zrtp_retained *in)
{
	return is_match(in) && !in->line;
}

/* Is an update not of another endpoint? */
static bool is_of(const struct line *line, const struct zrtp_retained *in)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): is_line() gives a line. */
	return !line->endpoint || !in->endpoint || line->endpoint == in->endpoint;
}

static bool is_line(const struct line *line, const struct zrtp_retained *in)
{
	if (is_untold(in)) {
		return has(line, in->rs1) || (in->has_rs2 && has(line, in->rs2));
	}
	if (is_match(in)) {
		return line->id == in->line;
	}
	if (line->id == name_of(in->rs1)) {
		return true;
	}
	if (in->unavailable && line->id == LINE_FIRST && has(line, in->rs1)) {
		return true; /* it was the first one after all */
	}
	/* A yes may be of a first call whose peer was deleted since, and had another one. */
	return in->match == ZRTP_MATCH_NONE && line->id == LINE_FIRST && is_of(line, in) &&
	       (in->changed & ZRTP_CHANGED_SECRET || !in->verified || has(line, in->rs1));
}

struct line *lines_find(struct lines *lines, const struct zrtp_retained *in)
{
	for (unsigned i = 0; i < LINES; i++) {
		if (lines->line[i].id && is_line(&lines->line[i], in)) {
			return &lines->line[i];
		}
	}
	return NULL;
}

/* The number of a line that begins. One of which only the secret that matched is known may
 * have begun with that. */
static uint64_t id_to_begin(const struct zrtp_retained *in, const struct lines *others)
{
	if (is_match(in) && in->line) {
		return in->line;
	}
	if (in->match != ZRTP_MATCH_FAILED && !others->line[0].id) {
		return LINE_FIRST;
	}
	return name_of(is_match(in) && in->has_rs2 ? in->rs2 : in->rs1);
}

/* The generation of an update that does not tell it: times and the secret that it
 * replaced do. 0: it is of no use any more. */
static uint32_t guess(const struct line *line, const struct zrtp_retained *in, int64_t at)
{
	bool preshared = in->preshared_count, from = !preshared && in->has_rs2;

	if (!is_match(in) || !line->newest.generation) {
		return 1;
	}
	if (is_secret(&line->newest, in->rs1)) {
		return line->newest.generation;
	}
	if (from && is_secret(&line->matched, in->rs2)) {
		return line->newest.generation;
	}
	if ((from && has(line, in->rs2)) || at >= line->newest.at) {
		return line->newest.generation + 1;
	}
	return 0;
}

static void take_word(struct line *line, const struct zrtp_retained *in, uint32_t generation, int64_t at)
{
	int by = order(generation, line->word_generation);

	by = by ? by : order(at, line->word_at);
	by = by ? by : order(line->verified, in->verified); /* a no counts more */
	if (by >= 0) {
		line->verified = in->verified;
		line->word_generation = generation;
		line->word_at = at;
	}
	if (in->verified && in->match == ZRTP_MATCH_FAILED && at > line->confirmed) {
		line->confirmed = at;
	}
}

static void take_times(struct line *line, const struct zrtp_retained *in, uint32_t generation,
		       uint32_t before, int64_t expires)
{
	if (generation > before) {
		line->preshared_count = in->preshared_count;
		line->expires = expires;
	} else if (generation == before) {
		line->preshared_count = in->preshared_count > line->preshared_count ? in->preshared_count
										    : line->preshared_count;
		line->expires = expires < line->expires ? expires : line->expires;
	}
}

/* Of a phone, which has what it finished last. */
static void take_phone_secret(struct line *line, const struct zrtp_retained *in,
			      const struct line_secret *made, const uint8_t *from)
{
	struct line_secret matched = { .generation = made->generation, .at = made->at };

	if (from) {
		memcpy(matched.octets, from, sizeof(matched.octets));
		add_matched(line, &matched);
		drop(&matched);
	}
	if (in->preshared_count && made->generation > line->newest.generation) {
		/* The one before has matched, and takes no other's place (4.6.1). */
		drop(&line->newest);
		drop(&line->twin);
	}
	add(line, made);
}

static void take_secret(struct line *line, const struct zrtp_retained *in, uint32_t generation, int64_t at,
			int64_t expires)
{
	struct line_secret made = { .generation = generation, .at = at };
	uint32_t before = line->newest.generation;
	const uint8_t *from = is_match(in) && !in->preshared_count && in->has_rs2 ? in->rs2 : NULL;

	line->peer_mitm |= in->peer_mitm;
	memcpy(made.octets, in->rs1, sizeof(made.octets));
	if (!line->peer_mitm) {
		take_phone_secret(line, in, &made, from);
	} else if (in->preshared_count && line->newest.generation) {
		if (generation > before) {
			trunk_take(line, &made, line->newest.octets);
		}
	} else {
		trunk_take(line, &made, from);
	}
	take_times(line, in, generation, before, expires);
	drop(&made);
}

/* What the kind of call says of its line. */
static void take_call(struct line *line, const struct zrtp_retained *in, int64_t at)
{
	if (is_match(in) && (!line->proved || at < line->proved)) {
		line->proved = at;
	}
	if (!line->born || at < line->born) {
		line->born = at;
	}
	if (!line->endpoint || (!is_match(in) && in->endpoint && in->endpoint < line->endpoint)) {
		line->endpoint = in->endpoint;
	}
}

static void drop_expired(struct lines *lines, int64_t at)
{
	for (unsigned i = 0; i < LINES; i++) {
		if (lines->line[i].id && lines->line[i].expires <= at) {
			OPENSSL_cleanse(&lines->line[i], sizeof(lines->line[i]));
		}
	}
}

static void take_flags(struct line *line, const struct zrtp_retained *in, int64_t at)
{
	uint32_t generation = in->generation       ? in->generation
			      : has(line, in->rs1) ? line->newest.generation
						   : 0;

	if (in->changed & ZRTP_CHANGED_VERIFIED && (generation || !in->verified)) {
		take_word(line, in, generation ? generation : line->newest.generation, at);
	}
	if (in->changed & ZRTP_CHANGED_SEEN && at >= line->deep_at && is_of(line, in)) {
		line->deep = !in->spare_other;
		line->deep_at = at;
	}
	if (in->changed & ZRTP_CHANGED_EXPIRY && is_secret(&line->newest, in->rs1) && line->expires > at) {
		line->expires = at;
	}
}

bool lines_begin(const struct zrtp_retained *in)
{
	return in->changed & ZRTP_CHANGED_SECRET ||
	       (in->changed & ZRTP_CHANGED_VERIFIED && in->verified && in->match == ZRTP_MATCH_FAILED);
}

void lines_update(struct lines *lines, const struct zrtp_retained *in, int64_t at, int64_t expires)
{
	struct line extra, *line;
	uint32_t generation;

	memset(&extra, 0, sizeof(extra));
	if (!lines_begin(in)) {
		line = in->changed & ZRTP_CHANGED_SEEN ? &lines->line[0] : lines_find(lines, in);
		if (!line && is_untold(in) && !in->verified && is_of(&lines->line[0], in)) {
			line = &lines->line[0]; /* a no counts, but none of another endpoint */
		}
		if (line && line->id) {
			take_flags(line, in, at);
			choose(lines, &extra);
		}
		return;
	}
	drop_expired(lines, at);
	line = lines_find(lines, in);
	if (!line && is_untold(in) && lines->line[0].id && at < lines->line[0].newest.at) {
		return; /* too late to be of use */
	}
	if (!line) {
		/* Gone, or never heard of: another one, none of those there are. */
		line = &extra;
		line->id = id_to_begin(in, lines);
	}
	generation = in->generation ? in->generation : guess(line, in, at);
	if (generation) {
		take_secret(line, in, generation, at, expires);
		take_call(line, in, at);
		if (in->changed & ZRTP_CHANGED_VERIFIED) {
			take_word(line, in, generation, at);
		}
	}
	choose(lines, &extra);
}

static void join_line(struct line *line, const struct line *in)
{
	if (in->newest.generation > line->newest.generation) {
		line->preshared_count = in->preshared_count;
		line->expires = in->expires;
	} else if (in->newest.generation == line->newest.generation) {
		line->preshared_count = in->preshared_count > line->preshared_count ? in->preshared_count
										    : line->preshared_count;
		line->expires = in->expires < line->expires ? in->expires : line->expires;
	}
	if (line->peer_mitm || in->peer_mitm) {
		trunk_join(line, in);
	} else {
		add_matched(line, &in->matched);
		add(line, &in->newest);
		add(line, &in->twin);
	}
	line->endpoint = line->endpoint ? line->endpoint : in->endpoint;
	line->born = in->born < line->born ? in->born : line->born;
	if (in->proved && (!line->proved || in->proved < line->proved)) {
		line->proved = in->proved;
	}
	line->confirmed = in->confirmed > line->confirmed ? in->confirmed : line->confirmed;
	line->peer_mitm |= in->peer_mitm;
	if (in->deep_at > line->deep_at) {
		line->deep = in->deep;
		line->deep_at = in->deep_at;
	}
	if (in->word_generation > line->word_generation ||
	    (in->word_generation == line->word_generation && in->word_at >= line->word_at)) {
		line->verified = in->verified && (line->verified || in->word_at != line->word_at ||
						  in->word_generation != line->word_generation);
		line->word_generation = in->word_generation;
		line->word_at = in->word_at;
	}
}

void lines_join(struct lines *lines, const struct lines *in)
{
	for (unsigned i = 0; i < LINES; i++) {
		struct line extra = in->line[i];
		struct line *line = NULL;

		for (unsigned j = 0; extra.id && j < LINES; j++) {
			line = lines->line[j].id == extra.id ? &lines->line[j] : line;
		}
		if (line) {
			join_line(line, &extra);
			memset(&extra, 0, sizeof(extra));
		}
		choose(lines, &extra);
	}
}

/* ---- octets ---- */

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
