/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of one line, for lines.c. Pure functions. */
#ifndef ZRTP_LINE_SECRETS_H
#define ZRTP_LINE_SECRETS_H

#include "lines.h"

/* -1, 0, 1 */
int line_order(int64_t a, int64_t b);
/* Was a made after b? Later than none is each. */
bool line_later(const struct line_secret *a, const struct line_secret *b);
bool line_is_secret(const struct line_secret *a, const uint8_t *octets);
bool line_has(const struct line *line, const uint8_t *octets);
void line_drop(struct line_secret *secret);
/* One that a call made. */
void line_add(struct line *line, const struct line_secret *in);
/* One that matched in a call. */
void line_add_matched(struct line *line, const struct line_secret *in);

#endif
