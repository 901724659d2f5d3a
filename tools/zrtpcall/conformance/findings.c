/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a conformance test in its three forms. What the endpoint calls itself, and whatever else
 * came from it, is a stranger's text in each. */
#include "findings.h"

#include <time.h>

static const char *const verdicts[VERDICT_COUNT] = { "pass", "FAIL", "n/a", "not tested" };
static const char *const names[VERDICT_COUNT] = { "passed", "failed", "not applicable", "not tested" };

void findings_count(struct findings *findings)
{
	memset(findings->count, 0, sizeof(findings->count));
	for (unsigned i = 0; i < row_count; i++) {
		findings->count[findings->of[i].verdict] += findings->wanted[i];
	}
}

/* ---- text ---- */

/* Printable, whatever it was. */
static void put_plain(const char *text, FILE *out)
{
	for (; *text; text++) {
		(void)fputc((unsigned char)*text < ' ' || (unsigned char)*text > '~' ? '?' : *text, out);
	}
}

void findings_text(const struct findings *findings, FILE *out)
{
	(void)fputs("endpoint    ", out);
	put_plain(findings->target, out);
	(void)fputs(", ZRTP client \"", out);
	put_plain(findings->client, out);
	(void)fputs("\"\n", out);
	for (unsigned i = 0; i < row_count; i++) {
		const struct finding *finding = &findings->of[i];

		if (!findings->wanted[i]) {
			continue;
		}
		(void)fprintf(out, "%-11s %s (%s): ", verdicts[finding->verdict], rows[i].title, rows[i].ids);
		put_plain(finding->seen, out);
		(void)fputs("\n", out);
		if (finding->verdict == VERDICT_FAIL) {
			(void)fprintf(out, "            done: %s\n            expected: %s\n",
				      acts[rows[i].act].done, rows[i].expected);
		}
	}
	for (int i = 0; i < VERDICT_COUNT; i++) {
		(void)fprintf(out, "%s%u %s", i ? ", " : "", findings->count[i], names[i]);
	}
	(void)fputs("\n", out);
}

/* ---- JSON ---- */

static void put_json(const char *name, const char *text, const char *end, FILE *out)
{
	(void)fprintf(out, "\"%s\":\"", name);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~' || c == '"' || c == '\\') {
			(void)fprintf(out, "\\u%04x", c);
		} else {
			(void)fputc(c, out);
		}
	}
	(void)fprintf(out, "\"%s", end);
}

static void put_time(FILE *out)
{
	time_t now = time(NULL);
	struct tm broken;
	char text[32];

	(void)fputs(gmtime_r(&now, &broken) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken)
			    ? text
			    : "?",
		    out);
}

void findings_json(const struct findings *findings, FILE *out)
{
	bool first = true;

	(void)fputs("{", out);
	put_json("program", "zrtpcall " ZRTP_ENGINE_VERSION, ",", out);
	(void)fputs("\"time\":\"", out);
	put_time(out);
	(void)fputs("\",", out);
	put_json("target", findings->target, ",", out);
	put_json("client", findings->client, ",\n\"rows\":[", out);
	for (unsigned i = 0; i < row_count; i++) {
		if (!findings->wanted[i]) {
			continue;
		}
		(void)fputs(first ? "\n{" : ",\n{", out);
		first = false;
		put_json("ids", rows[i].ids, ",", out);
		put_json("title", rows[i].title, ",", out);
		put_json("done", acts[rows[i].act].done, ",", out);
		put_json("expected", rows[i].expected, ",", out);
		put_json("seen", findings->of[i].seen, ",", out);
		put_json("verdict", names[findings->of[i].verdict], "}", out);
	}
	(void)fputs("]", out);
	for (int i = 0; i < VERDICT_COUNT; i++) {
		(void)fprintf(out, ",\"%s\":%u", names[i], findings->count[i]);
	}
	(void)fputs("}\n", out);
}

/* ---- HTML ---- */

static void put_html(const char *text, FILE *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~') {
			(void)fputc('?', out);
		} else if (strchr("<>&\"'", c)) {
			(void)fprintf(out, "&#%d;", c);
		} else {
			(void)fputc(c, out);
		}
	}
}

static void put_cell(const char *text, FILE *out)
{
	(void)fputs("<td>", out);
	put_html(text, out);
	(void)fputs("</td>", out);
}

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	"'unsafe-inline'\">\n"
	"<title>ZRTP conformance</title>\n<style>\n"
	"body{font:15px/1.4 sans-serif;margin:2em;max-width:80em}table{border-collapse:collapse}\n"
	"td,th{border:1px solid #bbb;padding:.3em .5em;text-align:left;vertical-align:top}\n"
	".v0 td:first-child{background:#cfc}.v1 td:first-child{background:#fbb;font-weight:bold}\n"
	".v2 td:first-child,.v3 td:first-child{background:#eee}\n"
	"</style></head><body>\n<h1>ZRTP conformance</h1>\n<p>";

void findings_html(const struct findings *findings, FILE *out)
{
	(void)fputs(page_head, out);
	put_html(findings->target, out);
	(void)fputs(", ZRTP client &#34;", out);
	put_html(findings->client, out);
	(void)fputs("&#34;, ", out);
	put_time(out);
	(void)fputs(", zrtpcall " ZRTP_ENGINE_VERSION ".</p>\n<p>", out);
	for (int i = 0; i < VERDICT_COUNT; i++) {
		(void)fprintf(out, "%s%u %s", i ? ", " : "", findings->count[i], names[i]);
	}
	(void)fputs(".</p>\n<table><tr><th>verdict</th><th>RFC "
		    "6189</th><th>what</th><th>done</th><th>expected</th>"
		    "<th>seen</th></tr>\n",
		    out);
	for (unsigned i = 0; i < row_count; i++) {
		if (!findings->wanted[i]) {
			continue;
		}
		(void)fprintf(out, "<tr class=\"v%d\">", (int)findings->of[i].verdict);
		put_cell(names[findings->of[i].verdict], out);
		put_cell(rows[i].ids, out);
		put_cell(rows[i].title, out);
		put_cell(acts[rows[i].act].done, out);
		put_cell(rows[i].expected, out);
		put_cell(findings->of[i].seen, out);
		(void)fputs("</tr>\n", out);
	}
	(void)fputs("</table></body></html>\n", out);
}
