/* SPDX-License-Identifier: BSD-2-Clause */
/* An option of the command line is a row: what it is called, what it means, and what it sets. */
#ifndef ZRTPCALL_OPTION_ROW_H
#define ZRTPCALL_OPTION_ROW_H

#include "options.h"

#include <limits.h>

struct option_row {
	const char *name;
	const char *argument; /* as the help calls it, NULL: none */
	const char *help;
	/* False: value is wrong. */
	bool (*set)(struct options *options, const struct option_row *row, const char *value);
	/* What functions for several options need to know. */
	size_t offset;       /* of the member of struct options */
	unsigned long least; /* of a number; octets of a text */
	unsigned long most;
	enum zrtp_class which;
	bool phone_only; /* means nothing to a mode */
	char letter;     /* short form, 0: none */
};

/* ---- option_values.c: what a value may be, and where it goes ---- */

bool parse_unsigned(const char *text, unsigned long most, unsigned long *out);
/* Seconds, with a fraction perhaps. */
bool parse_ms(const char *text, uint32_t *out);

/* For options that only differ by the member they set. */
bool set_true(struct options *options, const struct option_row *row, const char *value);
bool set_text(struct options *options, const struct option_row *row, const char *value);
bool set_number(struct options *options, const struct option_row *row, const char *value);
bool set_seconds(struct options *options, const struct option_row *row, const char *value);
bool set_messages(struct options *options, const struct option_row *row, const char *value);

/* ---- what stands in a row ---- */

#define TEXT_MAX ULONG_MAX
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a function cannot stand in them. */
/* A member of another type than its setter writes does not compile. */
#define MEMBER(member, type)                                                                                 \
	.offset = _Generic(((struct options *)NULL)->member, type : offsetof(struct options, member))
#define FLAG(member) .set = set_true, MEMBER(member, bool)
#define TEXT(member, shortest, longest)                                                                      \
	.set = set_text, MEMBER(member, const char *), .least = (shortest), .most = (longest)
#define NUMBER(member, smallest, largest)                                                                    \
	.set = set_number, MEMBER(member, unsigned), .least = (smallest), .most = (largest)
#define SECONDS(member)  .set = set_seconds, MEMBER(member, uint32_t)
#define MESSAGES(member) .set = set_messages, MEMBER(member, struct message_list)
#define LIST(how, class) .set = how, .which = ZRTP_CLASS_##class
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
