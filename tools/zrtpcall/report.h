/* SPDX-License-Identifier: BSD-2-Clause */
/* One event is one JSON object on one line of stdout. */
#ifndef ZRTPCALL_REPORT_H
#define ZRTPCALL_REPORT_H

#include "libre.h"

struct report {
	struct mbuf *line; /* NULL once memory ran out: nothing is printed */
};

/* Begin an event. call: its number, 0 for none. */
struct report report_begin(const char *event, unsigned call);
/* Add a member. A NULL value adds nothing. Texts may hold any octets; those
 * outside ASCII come out as the Unicode characters of the same number. */
void report_text(struct report *report, const char *name, const char *value);
void report_pl(struct report *report, const char *name, const struct pl *value);
/* A name of four characters, without the blanks that fill it up. */
void report_name(struct report *report, const char *member, const char name[5]);
void report_number(struct report *report, const char *name, long long value);
void report_decimal(struct report *report, const char *name, double value);
void report_bool(struct report *report, const char *name, bool value);
void report_hex(struct report *report, const char *name, const uint8_t *value, size_t len);
/* A nested object, until report_close(). */
void report_open(struct report *report, const char *name);
void report_close(struct report *report);
/* Print the line. */
void report_end(struct report *report);
/* Print events no more, since who reads asked for something else; or again. */
void report_quiet(bool yes);

/* A complete event with one text. */
void report_simple(const char *event, unsigned call, const char *name, const char *value);

#endif
