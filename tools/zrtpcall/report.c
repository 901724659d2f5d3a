/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON lines on stdout. Everything outside printable ASCII is escaped, so that
 * whatever a peer puts into its names the line stays valid. */
#include "report.h"

#include <stdio.h>

/* As stdout is, for the whole process. */
static bool quiet;

void report_quiet(bool yes)
{
	quiet = yes;
}

static void write_text(struct report *report, const char *text)
{
	if (report->line && mbuf_write_str(report->line, text)) {
		report->line = mem_deref(report->line);
	}
}

static void write_quoted(struct report *report, const char *text, size_t len)
{
	char one[8];

	write_text(report, "\"");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\') {
			(void)snprintf(one, sizeof(one), "\\%c", c);
		} else if (c < 0x20 || c > 0x7e) {
			(void)snprintf(one, sizeof(one), "\\u%04x", c);
		} else {
			(void)snprintf(one, sizeof(one), "%c", c);
		}
		write_text(report, one);
	}
	write_text(report, "\"");
}

/* The name of a member, with a comma unless it is the first of its object. */
static void write_name(struct report *report, const char *name)
{
	const struct mbuf *line = report->line;

	if (line && line->end && line->buf[line->end - 1] != '{') {
		write_text(report, ",");
	}
	write_quoted(report, name, strlen(name));
	write_text(report, ":");
}

struct report report_begin(const char *event, unsigned call)
{
	struct report report = { mbuf_alloc(512) };

	write_text(&report, "{");
	report_text(&report, "event", event);
	report_decimal(&report, "time", (double)tmr_jiffies() / 1000);
	if (call) {
		report_number(&report, "call", call);
	}
	return report;
}

void report_text(struct report *report, const char *name, const char *value)
{
	if (value) {
		write_name(report, name);
		write_quoted(report, value, strlen(value));
	}
}

void report_pl(struct report *report, const char *name, const struct pl *value)
{
	if (value->p) {
		write_name(report, name);
		write_quoted(report, value->p, value->l);
	}
}

void report_name(struct report *report, const char *member, const char name[5])
{
	struct pl pl = { name, strcspn(name, " ") };

	report_pl(report, member, &pl);
}

void report_number(struct report *report, const char *name, long long value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", value);
	write_name(report, name);
	write_text(report, text);
}

void report_decimal(struct report *report, const char *name, double value)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "%.3f", value);
	write_name(report, name);
	write_text(report, text);
}

void report_bool(struct report *report, const char *name, bool value)
{
	write_name(report, name);
	write_text(report, value ? "true" : "false");
}

void report_hex(struct report *report, const char *name, const uint8_t *value, size_t len)
{
	char octet[3];

	write_name(report, name);
	write_text(report, "\"");
	for (size_t i = 0; i < len; i++) {
		(void)snprintf(octet, sizeof(octet), "%02x", value[i]);
		write_text(report, octet);
	}
	write_text(report, "\"");
}

void report_open(struct report *report, const char *name)
{
	write_name(report, name);
	write_text(report, "{");
}

void report_close(struct report *report)
{
	write_text(report, "}");
}

void report_end(struct report *report)
{
	write_text(report, "}\n");
	if (report->line && !quiet) {
		(void)fwrite(report->line->buf, 1, report->line->end, stdout);
		(void)fflush(stdout);
	}
	report->line = mem_deref(report->line);
}

void report_simple(const char *event, unsigned call, const char *name, const char *value)
{
	struct report report = report_begin(event, call);

	report_text(&report, name, value);
	report_end(&report);
}
