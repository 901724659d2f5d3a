/* SPDX-License-Identifier: BSD-2-Clause */
/* What a conformance test found, for a person, a program and a browser. */
#ifndef ZRTPCALL_FINDINGS_H
#define ZRTPCALL_FINDINGS_H

#include "rows.h"

#include <stdio.h>

enum { ROWS_MAX = 64 };

struct findings {
	const char *target;
	char client[64]; /* what the endpoint calls itself in its Hello */
	bool wanted[ROWS_MAX];
	struct finding of[ROWS_MAX]; /* by row */
	unsigned count[VERDICT_COUNT];
};

/* Count the verdicts. */
void findings_count(struct findings *findings);
void findings_text(const struct findings *findings, FILE *out);
void findings_json(const struct findings *findings, FILE *out);
/* One page that needs nothing else. */
void findings_html(const struct findings *findings, FILE *out);

#endif
