/* SPDX-License-Identifier: BSD-2-Clause */
/* What came out of many calls: counted, never kept call by call. */
#ifndef ZRTPCALL_FIGURES_H
#define ZRTPCALL_FIGURES_H

#include "call.h"

enum { FIGURES_REASONS = 24, FIGURES_REASON_SIZE = 96, FIGURES_CODES = 24 };

/* Microseconds, one for each call that has any. */
struct series {
	uint32_t *values;
	unsigned count, room;
};

struct figures {
	unsigned attempted, answered, secure, clear, failed;
	unsigned unfinished; /* answered, and ended before ZRTP had a result */
	unsigned alarms;
	unsigned most_at_once;
	uint64_t begun_at, dialled_at, ended_at; /* clock_us(): the first call, the last one, all */
	struct series setup, secure_in;
	/* Why calls were not answered or not secure; those beyond are in the last one. */
	struct {
		char text[FIGURES_REASON_SIZE];
		unsigned count;
	} reasons[FIGURES_REASONS];
	/* SIP statuses that calls were answered or refused with. */
	struct {
		unsigned code, count;
	} codes[FIGURES_CODES];
};

/* Room for so many calls. ENOMEM. */
int figures_begin(struct figures *figures, unsigned calls);
void figures_end(struct figures *figures);
/* A call has ended, or with NULL could not even begin, for this reason. */
void figures_take(struct figures *figures, const struct call_record *record, const char *reason);
/* For a person, or one JSON object as an event. */
void figures_print(struct figures *figures);
void figures_report(struct figures *figures);
/* The worst of it, as an exit status. */
enum exit_status figures_status(const struct figures *figures);

#endif
