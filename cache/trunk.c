/* SPDX-License-Identifier: BSD-2-Clause */
#include "trunk.h"

#include <openssl/crypto.h>
#include <string.h>

/* An exchange takes half of that at most, from its begin to the later one of its two
 * ends: what the timers of ZRTP allow, as on a PBX that has too much to do. Seconds. */
enum { FIRST_CALLS = 40 };

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

/* Another candidate. A call that is under way here has looked up without it, and would have nothing in common
 * with a peer that goes on from it: so there is none while others are. */
static void choose(struct line *line, const struct line_secret *made, bool others)
{
	if (!others) {
		set(&line->newest, made, line_generation(line));
		drop(&line->twin);
	}
}

/* The candidate has matched: the peer has chosen it, too, when none of its calls was under way, and goes on
 * from there. */
static void hold(struct line *line, const struct line_secret *candidate, const struct line_secret *made,
		 bool others)
{
	struct line_secret held = *candidate;

	held.at = made->at;
	held.generation = line_generation(line) + 1; /* what matched before is out of date */
	line->newest = line->matched = held;
	drop(&line->twin);
	choose(line, made, others);
	drop(&held);
}

/* What is held has matched. If no call is under way that could show that the peer has our candidate, it has
 * not: there is another one. */
static void stay(struct line *line, const struct line_secret *made, bool others)
{
	/* A call that is heard of late, or a second time, did not know as many. */
	choose(line, made, others || made->generation <= line_generation(line));
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
	       now <= line->born + FIRST_CALLS;
}

void trunk_take(struct line *line, const struct line_secret *made, const uint8_t *matched, bool others)
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
	} else if (is(&line->matched, matched)) {
		stay(line, made, others);
	} else if (is(&line->newest, matched)) {
		hold(line, &line->newest, made, others);
	} else if (is(&line->twin, matched)) {
		hold(line, &line->twin, made, others);
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
