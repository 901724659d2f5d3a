/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line of two PBXs, which begin calls at any time, many at once, and finish each of
 * them at two times. Two IDs are offered, so both must have one secret in common
 * whatever the two have finished: that one is held until the next one is in common.
 *
 * Pure functions. docs/cache.md has the rule and why it holds.
 */
#ifndef ZRTP_TRUNK_H
#define ZRTP_TRUNK_H

#include "lines.h"

/* What a call has made. matched: the secret that matched, NULL: nothing was offered. others: calls may be
 * under way at this end that have looked up. */
void trunk_take(struct line *line, const struct line_secret *made, const uint8_t *matched, bool others);

/* Has none of the first calls matched yet, and may they all have begun at once? */
bool trunk_is_first(const struct line *line, int64_t now);

/* What another store has of the same line. */
void trunk_join(struct line *line, const struct line *in);

#endif
