/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtpcall load: many calls to one URI, at a rate, so many at once, and what came out of them. */
#include "phone.h"

#include "figures.h"
#include "mode.h"
#include "option_row.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { PACE_MS = 5, PROGRESS_MS = 1000, MOST_CALLS = 1000000, MOST_AT_ONCE = 30000, LATE_US = 100000 };

struct load {
	struct phone *phone;
	const struct load_options *options;
	struct figures figures;
	struct tmr pace, progress;
	uint64_t next_at; /* clock_us(): when the next call is due */
	unsigned active;
};

/* ---- progress, for a person who waits ---- */

static void on_progress(void *arg)
{
	struct load *load = arg;
	const struct figures *figures = &load->figures;

	tmr_start(&load->progress, PROGRESS_MS, on_progress, load);
	(void)fprintf(stderr, "\r%5.0f s  %u of %u calls begun, %u at once, %u secure, %u not  ",
		      (double)(clock_us() - figures->begun_at) / 1e6, figures->attempted,
		      load->options->calls, load->active, figures->secure,
		      figures->attempted - load->active - figures->secure);
}

/* ---- pace ---- */

static void finish_if_done(struct load *load)
{
	if (!load->active && (load->phone->closing || load->figures.attempted == load->options->calls)) {
		load->figures.ended_at = clock_us();
		tmr_cancel(&load->pace);
		phone_quit(load->phone);
	}
}

static void begin_one(struct load *load, uint64_t now)
{
	struct figures *figures = &load->figures;
	int err;

	figures->attempted++;
	figures->dialled_at = now;
	load->active++; /* the call may end before call_dial() does */
	err = call_dial(NULL, load->phone, load->phone->options->target, NULL);
	if (err) {
		load->active--;
		figures_take(figures, NULL, strerror(err));
	}
	if (load->active > figures->most_at_once) {
		figures->most_at_once = load->active;
	}
}

static void on_pace(void *arg)
{
	struct load *load = arg;
	const struct load_options *options = load->options;
	uint64_t now = clock_us(), interval = 1000000000ull / options->rate_milli;

	if (load->phone->closing || load->figures.attempted == options->calls) {
		finish_if_done(load);
		return;
	}
	tmr_start(&load->pace, PACE_MS, on_pace, load);
	/* What was missed while all were busy is not made up for in a burst. */
	if (load->next_at + LATE_US < now) {
		load->next_at = now;
	}
	while (load->next_at <= now && load->active < options->at_once &&
	       load->figures.attempted < options->calls) {
		begin_one(load, now);
		load->next_at += interval;
	}
}

static void on_news(struct call *call, enum call_news news, void *mode)
{
	struct load *load = mode;

	if (news == CALL_NEWS_ENDED) {
		load->active--;
		figures_take(&load->figures, &call->record,
			     load->phone->closing ? "interrupted" : "no answer in time");
		finish_if_done(load);
	}
}

/* ---- the mode ---- */

static void on_ready(struct phone *phone)
{
	struct load *load = phone->mode;

	load->figures.begun_at = load->next_at = load->figures.dialled_at = clock_us();
	on_pace(load);
	if (isatty(STDERR_FILENO)) {
		tmr_start(&load->progress, PROGRESS_MS, on_progress, load);
	}
}

static void destroy(void *arg)
{
	struct load *load = arg;

	tmr_cancel(&load->pace);
	tmr_cancel(&load->progress);
	figures_end(&load->figures);
}

static int begin(void **state, struct phone *phone)
{
	struct load *load = mem_zalloc(sizeof(*load), destroy);

	if (!load) {
		return ENOMEM;
	}
	*state = phone->mode = load;
	load->phone = phone;
	load->options = &phone->options->load;
	phone->ready = on_ready;
	phone->news = on_news;
	return figures_begin(&load->figures, load->options->calls);
}

static int end(void *state, const struct phone *phone)
{
	struct load *load = state;
	int status = (int)figures_status(&load->figures);

	if (!load->figures.ended_at) {
		load->figures.ended_at = clock_us();
	}
	if (tmr_isrunning(&load->progress)) {
		(void)fprintf(stderr, "\n");
	}
	if (!load->figures.attempted && phone->status == EXIT_CALL) {
		(void)fprintf(stderr, "zrtpcall: the registration failed\n");
	}
	if (load->options->json) {
		report_quiet(false);
		figures_report(&load->figures);
	} else {
		figures_print(&load->figures);
	}
	mem_deref(load);
	return status;
}

static void set_defaults(struct options *options)
{
	options->load = (struct load_options){ .calls = 100, .at_once = 100, .rate_milli = 10000 };
	options->duration = 10000;
	options->stay = true;
}

static const char *check_options(const struct options *options)
{
	unsigned pairs = (unsigned)(options->rtp_max - options->rtp_min) / 2;

	return pairs < options->load.at_once ? "--rtp-ports has fewer pairs of ports than --at-once takes"
	       : !options->load.rate_milli   ? "--rate 0 makes no call"
					     : NULL;
}

static const struct option_row rows[] = {
	{ "calls", "N", "how many calls (default: 100)", NUMBER(load.calls, 1, MOST_CALLS) },
	{ "at-once", "N", "how many at the same time at most (default: 100)",
	  NUMBER(load.at_once, 1, MOST_AT_ONCE) },
	{ "rate", "NUMBER", "calls to begin in a second at most (default: 10)", SECONDS(load.rate_milli) },
	{ "hold", "SECONDS", "hang up so long after the answer (default: 10)", SECONDS(duration) },
	{ "patience", "SECONDS", "give up a call that is not answered (default: 60)", SECONDS(patience) },
	{ "packets", "N", "RTP packets a call sends in a second, 0 for none (default: 50)",
	  NUMBER(packets, 0, 50) },
	{ "json", NULL, "the summary as one JSON object", FLAG(load.json) },
};

const struct mode load_mode = {
	.name = "load",
	.head = "usage: zrtpcall load [OPTIONS] URI\n\n"
		"Calls URI again and again and reports how many calls were secure, and how soon.\n\n",
	.tail = "\nexit status: 0 every call was secure, 1 wrong usage or it could not start, 2 calls were "
		"not\n"
		"answered, 3 answered calls were not secure, 4 the SAS or the keys give cause for alarm\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.set_defaults = set_defaults,
	.check = check_options,
	.usage_status = EXIT_USAGE,
	.begin = begin,
	.end = end,
};
