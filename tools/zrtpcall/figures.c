/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures of a load: counts, reasons, percentiles. */
#include "figures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	unsigned percent;
} percentiles[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "max", 100 } };

enum { PERCENTILES = sizeof(percentiles) / sizeof(percentiles[0]) };

/* ---- counting ---- */

static int make_room(struct series *series, unsigned count)
{
	series->values = calloc(count, sizeof(*series->values));
	series->room = series->values ? count : 0;
	return series->values ? 0 : ENOMEM;
}

int figures_begin(struct figures *figures, unsigned calls)
{
	int err;

	memset(figures, 0, sizeof(*figures));
	err = make_room(&figures->setup, calls);
	return err ? err : make_room(&figures->secure_in, calls);
}

void figures_end(struct figures *figures)
{
	free(figures->setup.values);
	free(figures->secure_in.values);
}

static void add(struct series *series, uint64_t microseconds)
{
	if (series->count < series->room) {
		series->values[series->count++] =
			microseconds < UINT32_MAX ? (uint32_t)microseconds : UINT32_MAX;
	}
}

static void count_reason(struct figures *figures, const char *text)
{
	unsigned i = 0;

	while (i < FIGURES_REASONS - 1 && figures->reasons[i].count &&
	       strcmp(figures->reasons[i].text, text)) {
		i++;
	}
	if (i == FIGURES_REASONS - 1) {
		text = "other reasons";
	}
	(void)snprintf(figures->reasons[i].text, sizeof(figures->reasons[i].text), "%s", text);
	figures->reasons[i].count++;
}

static void count_code(struct figures *figures, unsigned code)
{
	for (unsigned i = 0; i < FIGURES_CODES; i++) {
		if (!figures->codes[i].count || figures->codes[i].code == code) {
			figures->codes[i].code = code;
			figures->codes[i].count++;
			return;
		}
	}
}

/* A stranger's text goes to a terminal. */
static void make_harmless(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~') {
			*text = '?';
		}
	}
}

/* ---- one call ---- */

static void take_refused(struct figures *figures, const struct call_record *record, const char *reason)
{
	char text[FIGURES_REASON_SIZE];

	if (record && record->code) {
		count_code(figures, record->code);
		(void)snprintf(text, sizeof(text), "not answered: SIP %u %s", record->code, record->reason);
	} else {
		(void)snprintf(text, sizeof(text), "not answered: %s",
			       record && *record->reason ? record->reason : reason);
	}
	make_harmless(text);
	count_reason(figures, text);
}

static void take_answered(struct figures *figures, const struct call_record *record)
{
	char text[FIGURES_REASON_SIZE];

	figures->answered++;
	count_code(figures, 200);
	add(&figures->setup, record->up_at - record->begun_at);
	if (record->failed) {
		figures->failed++;
		(void)snprintf(text, sizeof(text), "ZRTP failed: Error 0x%02x%s, %s", (unsigned)record->error,
			       record->error_from_peer ? " of the other side" : "",
			       zrtp_error_text(record->error));
		count_reason(figures, text);
	} else if (record->clear) {
		figures->clear++;
		count_reason(figures, record->clear_reason == ZRTP_CLEAR_NO_ZRTP
					      ? "in clear: no answer to Hello"
					      : "in clear");
	} else if (record->secure) {
		figures->secure++;
		add(&figures->secure_in, record->secure_in);
	} else {
		figures->unfinished++;
		count_reason(figures, "ended before it was secure");
	}
}

void figures_take(struct figures *figures, const struct call_record *record, const char *reason)
{
	if (record && record->up_at) {
		take_answered(figures, record);
	} else {
		take_refused(figures, record, reason);
	}
	if (record && record->alarm) {
		char text[FIGURES_REASON_SIZE];

		figures->alarms++;
		(void)snprintf(text, sizeof(text), "alarm: %s", record->alarm);
		count_reason(figures, text);
	}
}

/* ---- what came out ---- */

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort(struct series *series)
{
	qsort(series->values, series->count, sizeof(*series->values), ascending);
}

/* Of a sorted series: the least value that so many percent do not exceed, in seconds. */
static double at(const struct series *series, unsigned percent)
{
	uint64_t rank = ((uint64_t)series->count * percent + 99) / 100;

	return rank ? series->values[rank - 1] / 1e6 : 0;
}

static double rate(const struct figures *figures)
{
	double seconds = (double)(figures->dialled_at - figures->begun_at) / 1e6;

	return figures->attempted > 1 && seconds > 0 ? (figures->attempted - 1) / seconds : 0;
}

static void print_series(const char *name, struct series *series)
{
	sort(series);
	(void)printf("%-16s", name);
	for (unsigned i = 0; series->count && i < PERCENTILES; i++) {
		(void)printf("%s %.3f s  ", percentiles[i].name, at(series, percentiles[i].percent));
	}
	(void)printf("%s\n", series->count ? "" : "none");
}

void figures_print(struct figures *figures)
{
	(void)printf("calls           %u attempted, %u answered, %.1f a second, %u at once at most, %.1f s\n",
		     figures->attempted, figures->answered, rate(figures), figures->most_at_once,
		     (double)(figures->ended_at - figures->begun_at) / 1e6);
	(void)printf("ZRTP            %u secure, %u in clear, %u failed, %u ended before, %u alarms\n",
		     figures->secure, figures->clear, figures->failed, figures->unfinished, figures->alarms);
	print_series("set-up", &figures->setup);
	print_series("time to secure", &figures->secure_in);
	(void)printf("SIP status     ");
	for (unsigned i = 0; i < FIGURES_CODES && figures->codes[i].count; i++) {
		(void)printf(" %u: %u", figures->codes[i].code, figures->codes[i].count);
	}
	(void)printf("\n");
	for (unsigned i = 0; i < FIGURES_REASONS && figures->reasons[i].count; i++) {
		(void)printf("%15u %s\n", figures->reasons[i].count, figures->reasons[i].text);
	}
}

static void report_series(struct report *report, const char *name, struct series *series)
{
	sort(series);
	report_open(report, name);
	for (unsigned i = 0; series->count && i < PERCENTILES; i++) {
		report_decimal(report, percentiles[i].name, at(series, percentiles[i].percent));
	}
	report_close(report);
}

void figures_report(struct figures *figures)
{
	struct report report = report_begin("load", 0);
	char code[12];

	report_number(&report, "attempted", figures->attempted);
	report_number(&report, "answered", figures->answered);
	report_number(&report, "secure", figures->secure);
	report_number(&report, "clear", figures->clear);
	report_number(&report, "failed", figures->failed);
	report_number(&report, "unfinished", figures->unfinished);
	report_number(&report, "alarms", figures->alarms);
	report_number(&report, "most_at_once", figures->most_at_once);
	report_decimal(&report, "rate", rate(figures));
	report_decimal(&report, "seconds", (double)(figures->ended_at - figures->begun_at) / 1e6);
	report_series(&report, "setup", &figures->setup);
	report_series(&report, "time_to_secure", &figures->secure_in);
	report_open(&report, "sip");
	for (unsigned i = 0; i < FIGURES_CODES && figures->codes[i].count; i++) {
		(void)snprintf(code, sizeof(code), "%u", figures->codes[i].code);
		report_number(&report, code, figures->codes[i].count);
	}
	report_close(&report);
	report_open(&report, "reasons");
	for (unsigned i = 0; i < FIGURES_REASONS && figures->reasons[i].count; i++) {
		report_number(&report, figures->reasons[i].text, figures->reasons[i].count);
	}
	report_close(&report);
	report_end(&report);
}

enum exit_status figures_status(const struct figures *figures)
{
	if (figures->alarms) {
		return EXIT_ALARM;
	}
	if (figures->secure < figures->answered) {
		return EXIT_NOT_SECURE;
	}
	return figures->answered < figures->attempted || !figures->attempted ? EXIT_CALL : EXIT_AS_ASKED;
}
