/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of one line: which of them are kept, and which is the newer one. */
#include "line_secrets.h"

#include <openssl/crypto.h>
#include <string.h>

/* How long one side may take to finish what the other has finished. Seconds. */
enum { EXCHANGE_MAX = 10 };

static bool same(const uint8_t *a, const uint8_t *b)
{
	return CRYPTO_memcmp(a, b, ZRTP_SECRET_SIZE) == 0;
}

int line_order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* Later than none is each. Of two made at one moment both sides must choose the same:
 * their octets decide. */
bool line_later(const struct line_secret *a, const struct line_secret *b)
{
	int by = line_order(a->generation, b->generation);

	by = by ? by : line_order(a->at, b->at);
	return (by ? by : memcmp(a->octets, b->octets, ZRTP_SECRET_SIZE)) > 0;
}

bool line_is_secret(const struct line_secret *a, const uint8_t *octets)
{
	return a->generation && same(a->octets, octets);
}

bool line_has(const struct line *line, const uint8_t *octets)
{
	return line_is_secret(&line->newest, octets) || line_is_secret(&line->twin, octets) ||
	       line_is_secret(&line->matched, octets);
}

void line_drop(struct line_secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}

/* By clocks: which call was over last? */
static bool ended_later(const struct line_secret *a, const struct line_secret *b)
{
	return a->at != b->at ? a->at > b->at : line_later(a, b);
}

static void exchange(struct line_secret *a, struct line_secret *b)
{
	struct line_secret kept = *a;

	*a = *b;
	*b = kept;
	line_drop(&kept);
}

static void set_order(struct line *line)
{
	if (line_later(&line->twin, &line->newest)) {
		exchange(&line->newest, &line->twin);
	}
}

/* Of those that matched in no call yet, the two whose calls were over last. */
void line_add(struct line *line, const struct line_secret *in)
{
	struct line_secret *first = &line->newest, *last = &line->twin;

	if (!in->generation || line_is_secret(&line->matched, in->octets)) {
		return;
	}
	if (ended_later(last, first)) {
		exchange(first, last);
	}
	if (line_is_secret(first, in->octets)) {
		*first = line_later(in, first) ? *in : *first;
	} else if (line_is_secret(last, in->octets)) {
		*last = line_later(in, last) ? *in : *last;
	} else if (!last->generation || ended_later(in, last)) {
		*last = *in;
	}
	set_order(line);
}

/* Of those that matched, the one of the latest call: the peer has it, too. */
void line_add_matched(struct line *line, const struct line_secret *in)
{
	if (!in->generation || !line_later(in, &line->matched)) {
		return;
	}
	line->matched = *in;
	if (line_is_secret(&line->newest, in->octets)) {
		line_drop(&line->newest);
	}
	if (line_is_secret(&line->twin, in->octets)) {
		line_drop(&line->twin);
	}
	set_order(line);
}

/* May they have been made at the same time, or the twin later, at a node that did not know of as many calls?
 * Or else the peer, which did not use the older one, has lost it. */
static bool is_twin(const struct line_secret *twin, const struct line_secret *newest)
{
	return twin->generation && twin->at + EXCHANGE_MAX >= newest->at &&
	       twin->generation + 2 >= newest->generation;
}

const struct line_secret *line_second(const struct line *line)
{
	const struct line_secret *matched = line->matched.generation ? &line->matched : NULL;

	if (line->peer_mitm && matched) {
		return same(matched->octets, line->newest.octets) ? NULL : matched;
	}
	if (line->peer_mitm) {
		return line->twin.generation ? &line->twin : NULL;
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
