/* SPDX-License-Identifier: BSD-2-Clause */
#include "trunk.h"

#include <openssl/crypto.h>
#include <string.h>

/* An exchange takes half of that at most, from its begin to the later one of its two
 * ends: what the timers of ZRTP allow, as on a PBX that has too much to do. Seconds. */
enum { EXCHANGES = 40 };

/* While calls come all the time the two PBXs must choose the same of many: one of so
 * many, by its octets. */
enum { ONE_OF = 16 };

static bool is(const struct line_secret *a, const uint8_t *octets)
{
	return a->generation && CRYPTO_memcmp(a->octets, octets, ZRTP_SECRET_SIZE) == 0;
}

static void drop(struct line_secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}

static void set(struct line_secret *place, const struct line_secret *made, uint32_t after)
{
	*place = *made;
	if (place->generation <= after) {
		place->generation = after + 1;
	}
}

static int by_octets(const struct line_secret *a, const struct line_secret *b)
{
	return memcmp(a->octets, b->octets, ZRTP_SECRET_SIZE);
}

/* First calls, of which none knew of another: of many the same two at both sides. The more
 * there were, the less often is one of the last the greatest. */
static void take_first(struct line *line, const struct line_secret *made)
{
	struct line_secret kept;

	if (is(&line->newest, made->octets) || is(&line->twin, made->octets)) {
		return;
	}
	if (!line->newest.generation || by_octets(made, &line->newest) > 0) {
		kept = line->newest;
		line->newest = *made;
	} else {
		kept = *made;
	}
	if (kept.generation && (!line->twin.generation || by_octets(&kept, &line->twin) > 0)) {
		line->twin = kept;
	}
	drop(&kept);
}

/* The candidate has matched: the peer had it, and whatever the peer has finished since it
 * keeps it, either as its candidate or as what is held. */
static void hold(struct line *line, const struct line_secret *candidate, const struct line_secret *made)
{
	struct line_secret held = *candidate;

	held.at = made->at;
	set(&line->newest, made, held.generation);
	line->matched = held;
	drop(&line->twin);
	drop(&held);
}

/* What is held has matched, so the peer did not have our candidate. Once it will not
 * come to have it either, there is another. */
static void replace(struct line *line, const struct line_secret *made)
{
	int64_t last = line->matched.at > line->newest.at ? line->matched.at : line->newest.at;
	bool quiet = made->at > last + EXCHANGES;

	if (quiet || (made->at > line->newest.at + EXCHANGES && made->octets[0] % ONE_OF == 0)) {
		set(&line->newest, made, line->newest.generation);
	}
	if (made->at > line->matched.at) {
		line->matched.at = made->at;
	}
}

/* Of what there was before nothing is known. */
static void begin(struct line *line, const struct line_secret *made, const uint8_t *matched)
{
	line->newest = *made;
	drop(&line->twin);
	drop(&line->matched);
	if (matched) {
		line->matched.generation = made->generation > 1 ? made->generation - 1 : 1;
		line->matched.at = made->at;
		memcpy(line->matched.octets, matched, sizeof(line->matched.octets));
	}
}

bool trunk_is_first(const struct line *line, int64_t now)
{
	return line->peer_mitm && line->id == LINE_FIRST && !line->matched.generation &&
	       now <= line->born + EXCHANGES;
}

void trunk_take(struct line *line, const struct line_secret *made, const uint8_t *matched)
{
	if (is(&line->newest, made->octets) || is(&line->matched, made->octets)) {
		return; /* heard before */
	}
	if (!line->newest.generation) {
		begin(line, made, matched);
	} else if (trunk_is_first(line, made->at)) {
		take_first(line, made);
	} else if (!matched) {
		return; /* the two know what they have in common by now */
	} else if (is(&line->newest, matched)) {
		hold(line, &line->newest, made);
	} else if (is(&line->matched, matched)) {
		replace(line, made);
	} else if (is(&line->twin, matched)) {
		hold(line, &line->twin, made);
	} else if (made->generation > line_generation(line)) {
		/* Made by calls that are heard of later, or not at all. */
		begin(line, made, matched);
	}
}

void trunk_join(struct line *line, const struct line *in)
{
	if (!line->matched.generation && !in->matched.generation) {
		take_first(line, &in->newest);
		if (in->twin.generation) {
			take_first(line, &in->twin);
		}
	} else if (in->newest.generation > line->newest.generation ||
		   (in->newest.generation == line->newest.generation &&
		    by_octets(&in->newest, &line->newest) > 0)) {
		line->newest = in->newest;
		line->twin = in->twin;
		line->matched = in->matched;
	}
}
