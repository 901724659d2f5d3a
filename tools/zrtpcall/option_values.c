/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of options, and the functions that several options share. */
#include "option_row.h"

#include <errno.h>
#include <stdlib.h>

/* ---- values ---- */

bool parse_unsigned(const char *text, unsigned long most, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= most;
}

bool parse_ms(const char *text, uint32_t *out)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0 && seconds <= 1000000)) {
		return false;
	}
	*out = (uint32_t)(seconds * 1000);
	return true;
}

/* ---- options that only differ by the member they set ---- */

static void *member(struct options *options, const struct option_row *row)
{
	return (char *)options + row->offset;
}

bool set_true(struct options *options, const struct option_row *row, const char *value)
{
	(void)value;
	*(bool *)member(options, row) = true;
	return true;
}

bool set_text(struct options *options, const struct option_row *row, const char *value)
{
	*(const char **)member(options, row) = value;
	return strlen(value) >= row->least && strlen(value) <= row->most;
}

bool set_number(struct options *options, const struct option_row *row, const char *value)
{
	unsigned long number;

	if (!parse_unsigned(value, row->most, &number) || number < row->least) {
		return false;
	}
	*(unsigned *)member(options, row) = (unsigned)number;
	return true;
}

bool set_seconds(struct options *options, const struct option_row *row, const char *value)
{
	return parse_ms(value, member(options, row));
}

bool set_messages(struct options *options, const struct option_row *row, const char *value)
{
	struct message_list *list = member(options, row);
	size_t len = strlen(value);

	if (!len || len > 8 || list->count == MESSAGES_MAX) {
		return false;
	}
	memcpy(list->name[list->count++], value, len + 1);
	return true;
}
