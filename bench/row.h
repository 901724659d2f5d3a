/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table that the benchmarks print, in Markdown: `make bench` prints its head. */
#ifndef ROW_H
#define ROW_H

#include <stdio.h>

struct row {
	const char *what, *unit;
	double ours;
	/* What a bare library takes for the same, and another implementation, each with the
	 * median of the rounds' ratios; 0: there is none. */
	double bare, of_bare, peer, of_peer;
};

static inline void row_number(double number, int decimals)
{
	if (number > 0) {
		printf(" %.*f |", decimals, number);
	} else {
		printf(" |");
	}
}

static inline void row_print(const struct row *row)
{
	int decimals = row->ours < 100 ? 1 : 0;

	printf("| %s | %s |", row->what, row->unit);
	row_number(row->ours, decimals);
	row_number(row->bare, decimals);
	row_number(row->of_bare, 2);
	row_number(row->peer, decimals);
	row_number(row->of_peer, 2);
	printf("\n");
	fflush(stdout);
}

#endif
