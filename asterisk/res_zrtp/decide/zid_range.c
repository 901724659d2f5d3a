/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Ranges of ZIDs by which peers are read from a database.
 */

#include <string.h>

#include "decide/zid_range.h"

/*! Octets in which a width counts: phones draw their ZIDs, so that more do not tell them apart. */
#define LEADING 8
/*! 2^64: all ZIDs. */
#define ALL 18446744073709551616.0
#define BEGIN (ALL / 256)
/*! What was found may be the edge of what is denser. */
#define GROWTH_MAX 16

static uint64_t leading(const uint8_t *zid)
{
	uint64_t number = 0;
	unsigned int i;

	for (i = 0; i < LEADING; i++) {
		number = number << 8 | zid[i];
	}

	return number;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int zid_range_of(struct zid_range *out, const char *digits)
{
	size_t i, count = strlen(digits);

	memset(out->first, 0, sizeof(out->first));
	memset(out->last, 0xff, sizeof(out->last));
	if (count > 2 * ZRTP_ZID_SIZE) {
		return -1;
	}
	for (i = 0; i < count; i++) {
		unsigned int shift = i % 2 ? 0 : 4;
		int value = digit(digits[i]);

		if (value < 0) {
			return -1;
		}
		out->first[i / 2] |= value << shift;
		out->last[i / 2] &= ~((0xf ^ value) << shift);
	}

	return 0;
}

int zid_range_after(struct zid_range *out, const uint8_t zid[ZRTP_ZID_SIZE])
{
	int i = ZRTP_ZID_SIZE - 1;

	memcpy(out->first, zid, sizeof(out->first));
	memset(out->last, 0xff, sizeof(out->last));
	while (i >= 0 && !++out->first[i]) {
		i--;
	}

	return i < 0 ? -1 : 0;
}

void zid_walk_begin(struct zid_walk *walk, const struct zid_range *all, size_t wanted)
{
	memset(walk, 0, sizeof(*walk));
	walk->left = *all;
	walk->width = BEGIN;
	walk->wanted = wanted;
}

struct zid_range zid_walk_next(const struct zid_walk *walk)
{
	struct zid_range next = walk->left;
	uint64_t first = leading(next.first), rest = leading(next.last) - first;
	unsigned int i;

	if (walk->width < rest) {
		uint64_t last = first + (uint64_t) walk->width;

		/* With the last octets of what is left: at least the ZIDs that have the first ones in common. */
		for (i = 0; i < LEADING; i++) {
			next.last[i] = last >> 8 * (LEADING - 1 - i);
		}
	}

	return next;
}

void zid_walk_found(struct zid_walk *walk, size_t peers)
{
	struct zid_range asked = zid_walk_next(walk), after;
	double factor = peers ? (double) walk->wanted / peers : GROWTH_MAX;

	walk->over = !memcmp(asked.last, walk->left.last, sizeof(asked.last)) || zid_range_after(&after, asked.last);
	if (!walk->over) {
		memcpy(walk->left.first, after.first, sizeof(after.first));
	}
	walk->width *= factor < GROWTH_MAX ? factor : GROWTH_MAX;
	walk->width = walk->width < ALL ? walk->width : ALL;
}
