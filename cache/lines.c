/* SPDX-License-Identifier: BSD-2-Clause */
/* Which two lines a label keeps, and what a call or another store makes of them. */
#include "line_secrets.h"
#include "trunk.h"

#include <openssl/crypto.h>
#include <string.h>

/* A line that was not used so long, while another one was, makes room. Seconds. */
enum { SILENT = 90 * 24 * 3600 };

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
	by = line_order(a->proved, b->proved);
	by = by ? by : line_order(a->born, b->born);
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
	by = a->proved ? line_order(b->proved, a->proved) : line_order(a->born, b->born);
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
		return line_has(line, in->rs1) || (in->has_rs2 && line_has(line, in->rs2));
	}
	if (is_match(in)) {
		return line->id == in->line;
	}
	if (line->id == name_of(in->rs1)) {
		return true;
	}
	if (in->unavailable && line->id == LINE_FIRST && line_has(line, in->rs1)) {
		return true; /* it was the first one after all */
	}
	/* A yes may be of a first call whose peer was deleted since, and had another one. */
	return in->match == ZRTP_MATCH_NONE && line->id == LINE_FIRST && is_of(line, in) &&
	       (in->changed & ZRTP_CHANGED_SECRET || !in->verified || line_has(line, in->rs1));
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
	if (line_is_secret(&line->newest, in->rs1)) {
		return line->newest.generation;
	}
	if (from && line_is_secret(&line->matched, in->rs2)) {
		return line->newest.generation;
	}
	if ((from && line_has(line, in->rs2)) || at >= line->newest.at) {
		return line->newest.generation + 1;
	}
	return 0;
}

static void take_word(struct line *line, const struct zrtp_retained *in, uint32_t generation, int64_t at)
{
	int by = line_order(generation, line->word_generation);

	by = by ? by : line_order(at, line->word_at);
	by = by ? by : line_order(line->verified, in->verified); /* a no counts more */
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
		line_add_matched(line, &matched);
		line_drop(&matched);
	}
	if (in->preshared_count && made->generation > line->newest.generation) {
		/* The one before has matched, and takes no other's place (4.6.1). */
		line_drop(&line->newest);
		line_drop(&line->twin);
	}
	line_add(line, made);
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
			trunk_take(line, &made, line->newest.octets, in->others_under_way);
		}
	} else {
		trunk_take(line, &made, from, in->others_under_way);
	}
	take_times(line, in, generation, before, expires);
	line_drop(&made);
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
	uint32_t generation = in->generation            ? in->generation
			      : line_has(line, in->rs1) ? line->newest.generation
							: 0;

	if (in->changed & ZRTP_CHANGED_VERIFIED && (generation || !in->verified)) {
		take_word(line, in, generation ? generation : line->newest.generation, at);
	}
	if (in->changed & ZRTP_CHANGED_SEEN && at >= line->deep_at && is_of(line, in)) {
		line->deep = !in->spare_other;
		line->deep_at = at;
	}
	if (in->changed & ZRTP_CHANGED_EXPIRY && line_is_secret(&line->newest, in->rs1) &&
	    line->expires > at) {
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
		line_add_matched(line, &in->matched);
		line_add(line, &in->newest);
		line_add(line, &in->twin);
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
