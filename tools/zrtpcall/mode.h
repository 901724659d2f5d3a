/* SPDX-License-Identifier: BSD-2-Clause */
/* A mode is a word before the options that makes zrtpcall another tool: check, load, conformance.
 * Each has a file that defines its mode; main.c knows them all. */
#ifndef ZRTPCALL_MODE_H
#define ZRTPCALL_MODE_H

#include "options.h"

struct option_row;
struct phone;

struct mode {
	const char *name;
	const char *head, *tail; /* of its help */
	const struct option_row *rows;
	unsigned count;
	void (*set_defaults)(struct options *options);
	/* What is wrong with the options as a whole, NULL: nothing. */
	const char *(*check)(const struct options *options);
	/* Wrong usage, or it could not start. */
	int usage_status;
	const char *usage_line; /* for stdout then, NULL: none */
	/* The phone is there: what begins and goes on from its hooks. */
	int (*begin)(void **state, struct phone *phone);
	/* All is over: say what came out, for the exit status. state is released. */
	int (*end)(void *state, const struct phone *phone);
};

extern const struct mode check_mode, load_mode, conformance_mode;

#endif
